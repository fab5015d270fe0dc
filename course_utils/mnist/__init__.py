"""MNIST, 70,000 handwritten digits, from the first source that has them."""

import os

import numpy as np

from course_utils.files import DATA, command, is_folder, shown
from course_utils.mnist.csv import read_csv, write_csv
from course_utils.mnist.download import DownloadError, fetch
from course_utils.mnist.idx import FILES, read_folder
from course_utils.mnist.picture import preprocess
from course_utils.mnist.sample import read_sample

__all__ = ["full_mnist_folder", "load_mnist", "preprocess", "read_csv", "write_csv"]


def load_mnist(normalize=True, flatten=True, one_hot_label=False):
    """Return MNIST's training and test digits, and print in one line which source they are from.

    The sources, in this order: the full set in the folder that the environment variable
    ``MNIST_DIR`` names (a relative one counts from the course's folder), or in ``data/mnist/``;
    the full set, downloaded there unless the environment variable ``COURSE_OFFLINE`` is ``1``;
    the offline sample, 4,000 training and 1,000 test digits. Every file is verified before it is
    used. The line says what stood in an earlier source's way.

    Returns
    -------
    (x_train, t_train), (x_test, t_test) : pairs of ndarrays
        Images: float32 in [0, 1] if normalised, else uint8 in [0, 255], 0 is black; shape
        (n, 784) if flattened, else (n, 28, 28), without a fourth axis for colour.
        Labels: int64, shape (n,), 0 to 9; or one-hot, float32, shape (n, 10). They are int64 and
        not uint8 as in the files, because in uint8 ``3 - 5`` is 254.
    """
    folder, arrays, notes = _full_set_or_notes()
    x_train, t_train, x_test, t_test = arrays if folder else read_sample()
    line = "MNIST: the full set" if folder else "MNIST: the offline sample"
    line += f", {len(x_train):,} training and {len(x_test):,} test digits"
    print(f"{line} ({'; '.join(notes)})" if notes else line)
    pairs = []
    for x, t in (x_train, t_train), (x_test, t_test):
        x = np.divide(x, 255, dtype=np.float32) if normalize else x.copy()
        t = np.eye(10, dtype=np.float32)[t] if one_hot_label else t.astype(np.int64)
        pairs.append((x.reshape(len(x), -1) if flatten else x, t))
    return tuple(pairs)


def full_mnist_folder():
    """Return the folder, ``MNIST_DIR`` or ``data/mnist/``, whose full set can be used, or None."""
    return find_full_set()[0]


def given_folder():
    """Return the folder that ``MNIST_DIR`` names, or None; a relative one is the course's."""
    given = os.environ.get("MNIST_DIR")
    # Path.expanduser would raise an error for a user who does not exist.
    return DATA.parent / os.path.expanduser(given) if given else None  # noqa: PTH111


def find_full_set():
    """Return the full set's folder (or None), its four arrays, and notes on what is amiss."""
    home, given, notes = DATA / "mnist", given_folder(), []
    for folder in dict.fromkeys([given or home, home]):
        arrays, problems = read_folder(folder)
        notes += [str(error.problem) for error in problems]
        if len(arrays) == len(FILES):
            return folder, list(arrays.values()), notes
        missing = FILES.keys() - arrays - {p.path.name.removesuffix(".gz") for p in problems}
        if folder == given and not is_folder(folder) and not problems:
            notes.append(f"MNIST_DIR: there is no folder {folder}")
        elif is_folder(folder) and missing and (folder == given or len(missing) < len(FILES)):
            notes.append(f"{shown(folder)} lacks {', '.join(sorted(missing))}")
    return None, [], notes


def _full_set_or_notes():
    """Return what `find_full_set` does, if need be after a download."""
    folder, arrays, notes = find_full_set()
    if not folder and os.environ.get("COURSE_OFFLINE", "0") not in ("", "0"):
        notes.append("COURSE_OFFLINE is set")
    elif not folder:
        try:
            set_aside = [shown(path) for path in fetch(DATA / "mnist")]
            folder, arrays, notes = find_full_set()
            notes.append(f"downloaded into {shown(DATA / 'mnist')}")
            notes += [f"a damaged file is now called {name}" for name in set_aside]
        except DownloadError as error:
            notes.append(str(error))
    return folder, arrays, notes if folder else [*notes, f"for the full set: {command('fetch')}"]
