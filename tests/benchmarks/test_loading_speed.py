"""How fast the data is there. Run by ``python -m pytest tests/benchmarks -n 0``.

Every time is the fastest of several rounds; what is compared takes turns in one run.
"""

import subprocess
import sys
import time

import numpy as np
import pytest

from course_utils.mnist import load_mnist, read_csv, write_csv
from course_utils.mnist.sample import read_sample

ROUNDS = 9


def fastest(functions):
    """Return the fewest seconds that each function took, all of them taking turns."""
    times = {name: [] for name in functions}
    for _ in range(ROUNDS):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            times[name].append(time.perf_counter() - start)
    return {name: min(seconds) for name, seconds in times.items()}


def test_load_mnist_beside_keras_kind_of_npz(full_mnist, tmp_path, report):
    """`load_mnist` unpacks, verifies and normalises; `np.load` only unpacks."""
    (x_train, y_train), (x_test, y_test) = load_mnist(normalize=False, flatten=False)
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    np.savez_compressed(tmp_path / "mnist.npz", **arrays)

    def load_npz():
        with np.load(tmp_path / "mnist.npz", allow_pickle=False) as file:
            return [file[name] for name in arrays]

    times = fastest(
        {
            "np.load of an npz like Keras's": load_npz,
            "load_mnist()": load_mnist,
            "load_mnist(normalize=False)": lambda: load_mnist(normalize=False),
            "the offline sample": read_sample,
        }
    )
    for name, seconds in times.items():
        report("loading", name, seconds, unit=name.startswith("np.load"))
    assert times["load_mnist()"] < 0.4
    assert times["the offline sample"] < 1


def test_read_csv_beside_loadtxt(full_mnist, tmp_path, report):
    """`read_csv` checks every number and names the bad place; `np.loadtxt` only reads."""
    (x, t), _ = load_mnist(normalize=False)
    path = tmp_path / "mnist_train.csv"
    write_csv(path, x, t)

    times = fastest(
        {
            "np.loadtxt of the 60,000 rows of CSV": lambda: np.loadtxt(
                path, dtype=np.uint8, delimiter=","
            ),
            "read_csv": lambda: read_csv(path),
        }
    )
    for name, seconds in times.items():
        report("CSV", name, seconds, unit=name.startswith("np.loadtxt"))
    assert times["read_csv"] <= 1.3 * times["np.loadtxt of the 60,000 rows of CSV"]


@pytest.mark.parametrize("module", ["numpy", "course_utils", "course_utils.mnist"])
def test_import(module, report):
    code = f"import time; s = time.perf_counter(); import {module}; print(time.perf_counter() - s)"
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(5)
    ]
    seconds = min(float(run.stdout) for run in runs)
    report("import", module, seconds)
    assert seconds < 0.3
