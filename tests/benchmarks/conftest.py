"""Collects what the benchmarks measure, and ends the run with a table of ratios."""

import numpy as np
import pytest

from course_utils.mnist import load_mnist

ROWS = pytest.StashKey[list]()


def pytest_configure(config):
    config.stash[ROWS] = []


@pytest.fixture(scope="session")
def mnist():
    """Return x, t, x_test, labels_test as chapter 06 trains on them."""
    (x, labels), (x_test, labels_test) = load_mnist()
    for images in (x, x_test):  # in place: a second copy would take 188 MB
        images *= 0.99
        images += 0.01
    return x, 0.01 + 0.98 * np.eye(10)[labels], x_test, labels_test


@pytest.fixture
def report(request):
    """Return a function that adds a row to the table: a heading, what was measured, the result.

    A result is a text, or seconds; the seconds below one heading are compared with the row that
    is marked as ``unit``.
    """
    return lambda heading, name, result, unit=False: request.config.stash[ROWS].append(
        (heading, name, result, unit)
    )


def pytest_terminal_summary(terminalreporter, config):
    rows = config.stash[ROWS]
    for heading in dict.fromkeys(row[0] for row in rows):
        terminalreporter.section(heading, sep="-")
        below = [row[1:] for row in rows if row[0] == heading]
        units = [result for _, result, unit in below if unit]
        for name, result, _ in below:
            if isinstance(result, str):
                line = f"{name:<56}{result}"
            else:
                ratio = f"{result / units[0]:>12,.3g} x" if units else ""
                line = f"{name:<56}{result * 1000:>12,.3f} ms{ratio}"
            terminalreporter.write_line(line)
