"""MNIST, 70,000 handwritten digits, from the first source that has them."""

import os
from pathlib import Path

import numpy as np

from course_utils.mnist_files import DATA, FILES, read_folder, shown
from course_utils.mnist_sample import read_sample

FETCH = "for the full set: python -m course_utils fetch"


def load_mnist(normalize=True, flatten=True, one_hot_label=False):
    """Return MNIST's training and test digits, and print in one line which source they are from.

    The sources, in this order: the full set in the folder that the environment variable
    ``MNIST_DIR`` names, or in ``data/mnist/``; the full set, downloaded into ``data/mnist/``
    unless the environment variable ``COURSE_OFFLINE`` is ``1``; the offline sample, 4,000
    training and 1,000 test digits. Every file is verified before it is used. What stood in the
    way of an earlier source is said in the line.

    Parameters
    ----------
    normalize : bool
        Divide the pixels by 255.
    flatten : bool
        Lay the 28 rows of each image end to end.
    one_hot_label : bool
        Return each label as ten numbers, 1 at the label's place and 0 elsewhere.

    Returns
    -------
    (x_train, t_train), (x_test, t_test) : pairs of ndarrays
        Images: float32 in [0, 1] if normalised, else uint8 in [0, 255]; shape (n, 784) if
        flattened, else (n, 28, 28), without a fourth axis for colour. 0 is black.
        Labels: int64, shape (n,), 0 to 9; or one-hot, float32, shape (n, 10). They are int64 and
        not uint8 as in the files, because in uint8 ``3 - 5`` is 254.

    Raises
    ------
    SampleError
        Not even the offline sample can be read.
    """
    which, arrays, notes = _first_source()
    x_train, t_train, x_test, t_test = arrays
    line = f"MNIST: {which}, {len(x_train):,} training and {len(x_test):,} test digits"
    print(f"{line} ({'; '.join(notes)})" if notes else line)
    return tuple(
        (_images(x, normalize, flatten), _labels(t, one_hot_label))
        for x, t in [(x_train, t_train), (x_test, t_test)]
    )


def full_mnist_folder():
    """Return the folder, ``MNIST_DIR`` or ``data/mnist/``, whose full set can be used, or None."""
    for folder in filter(None, (os.environ.get("MNIST_DIR"), DATA / "mnist")):
        if len(read_folder(folder)[0]) == len(FILES):
            return Path(folder)
    return None


def _first_source():
    """Return the name of the source, its four arrays, and what stood in the way of others."""
    notes = []
    if given := os.environ.get("MNIST_DIR"):
        arrays, problems = read_folder(given)
        notes += [f"{shown(problem.path)} {problem.problem}" for problem in problems]
        if len(arrays) == len(FILES):
            return "the full set", arrays.values(), notes
        if not problems:
            notes.append(_missing(Path(given), arrays))

    arrays, problems = read_folder(DATA / "mnist")
    notes += [f"{shown(problem.path)} {problem.problem}" for problem in problems]
    if len(arrays) == len(FILES):
        return "the full set", arrays.values(), notes
    return "the offline sample", read_sample(), [*notes, FETCH]


def _missing(folder, arrays):
    """Say what `folder` lacks that was meant to hold MNIST."""
    if not folder.is_dir():
        return f"MNIST_DIR: there is no folder {folder}"
    names = [name for name in FILES if name not in arrays]
    return f"{folder} lacks {', '.join(names)}"


def _images(x, normalize, flatten):
    """Return images of uint8 in the form that was asked for, as an array of their own."""
    x = np.divide(x, 255, dtype=np.float32) if normalize else x.copy()
    return x.reshape(len(x), -1) if flatten else x


def _labels(t, one_hot_label):
    """Return labels of uint8 in the form that was asked for."""
    return np.eye(10, dtype=np.float32)[t] if one_hot_label else t.astype(np.int64)
