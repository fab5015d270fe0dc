"""How pytest treats the notebooks: see "For maintainers" in the README."""

import os
import signal

import pytest
from hypothesis import settings
from nbval.plugin import IPyNbCell

from course_utils.mnist import full_mnist_folder

pytest_plugins = ["nbval_numbers"]  # compares numbers with the tolerance that a cell states

os.environ["COURSE_OFFLINE"] = "1"  # no test, and no notebook under test, reaches the internet
os.environ.pop("FASHION_MNIST_DIR", None)  # its images are not those that chapter 10 stores
os.environ["COURSE_PROGRESS"] = "off"  # and none counts as an exercise that you solved
FULL_MNIST = full_mnist_folder()

# A shell lets what it starts in the background ignore Ctrl-C; what the tests start should not.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, and no time limit that a busy machine would break.
settings.register_profile("course", deadline=None, derandomize=True)
settings.load_profile("course")


def pytest_report_header():
    if FULL_MNIST:
        return "MNIST: the full set; every stored output is compared"
    return "MNIST: the offline sample; outputs of cells tagged full-mnist are not compared"


def pytest_collection_modifyitems(items):
    """On the offline sample, run the cells whose text comes from full MNIST without comparing."""
    for item in items:
        if isinstance(item, IPyNbCell) and not FULL_MNIST:
            if "full-mnist" in item.cell.metadata.get("tags", []):
                item.options["check"] = False


@pytest.fixture
def full_mnist():
    """Return the folder of full MNIST; skip the test where there is none."""
    if not FULL_MNIST:
        pytest.skip("needs full MNIST: set MNIST_DIR, or run course fetch")
    return FULL_MNIST
