"""MNIST, 70,000 handwritten digits, from the first source that has them."""

import math
import os

import numpy as np

from course_utils import browser
from course_utils.files import DATA, command, is_folder, shown
from course_utils.mnist import idx
from course_utils.mnist.csv import read_csv, write_csv
from course_utils.mnist.download import DownloadError, fetch
from course_utils.mnist.picture import preprocess
from course_utils.mnist.sample import read_sample

__all__ = ["full_mnist_folder", "load_idx", "load_mnist", "preprocess", "read_csv", "write_csv"]


def load_mnist(normalize=True, flatten=True, one_hot_label=False):
    """Return MNIST's training and test digits, and print in one line which source they are from.

    The sources, in this order: the full set in the folder that the environment variable
    ``MNIST_DIR`` names (a relative one counts from the course's folder), or in ``data/mnist/``;
    the full set, downloaded there unless the environment variable ``COURSE_OFFLINE`` is ``1``;
    the offline sample, 4,000 training and 1,000 test digits. Every file is verified before it is
    used, and then its name does not matter. The line says what stood in an earlier source's way.

    Returns
    -------
    (x_train, t_train), (x_test, t_test) : pairs of ndarrays
        Images: float32 in [0, 1] if normalised, else uint8 in [0, 255], 0 is black; shape
        (n, 784) if flattened, else (n, 28, 28), without a fourth axis for colour.
        Labels: int64, shape (n,), 0 to 9; or one-hot, float32, shape (n, 10). They are int64 and
        not uint8 as in the files, because in uint8 ``3 - 5`` is 254. In a browser's tab, where
        NumPy counts in 32 bits and `np.bincount` takes no more, they are int32.
    """
    folder, arrays, notes = _full_set_or_notes()
    arrays = arrays if folder else read_sample()
    line = "MNIST: the full set" if folder else "MNIST: the offline sample"
    line += f", {len(arrays[0]):,} training and {len(arrays[2]):,} test digits"
    print(f"{line} ({'; '.join(notes)})" if notes else line)
    return _in_form(arrays, normalize, flatten, one_hot_label)


def load_idx(folder, normalize=True, flatten=True, one_hot_label=False):
    """Return the training and test images of any set in MNIST's form: Fashion-MNIST, KMNIST, ...

    `folder` holds the set, or a folder in it does: ``train-images-idx3-ubyte`` and the three
    others, compressed (``.gz``) or not, under these names or similar ones, or one .npz file with
    the arrays ``x_train``, ``y_train``, ``x_test`` and ``y_test``.

    Returns
    -------
    (x_train, t_train), (x_test, t_test) : pairs of ndarrays
        As `load_mnist` returns them, images of any height and width; one-hot labels have more
        than 10 columns if there are labels above 9. What is no such set is an IdxError, a
        ValueError, that names the file and the reason.
    """
    return _in_form(idx.read_set(folder), normalize, flatten, one_hot_label)


def _in_form(arrays, normalize, flatten, one_hot_label):
    n_classes = 1 + max(9, *(int(labels.max(initial=0)) for labels in arrays[1::2]))
    pairs = []
    for x, t in arrays[:2], arrays[2:]:
        x = np.divide(x, 255, dtype=np.float32) if normalize else x.copy()
        t = np.eye(n_classes, dtype=np.float32)[t] if one_hot_label else t.astype(np.intp)
        pairs.append((x.reshape(len(x), math.prod(x.shape[1:])) if flatten else x, t))
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
    folder, found, notes = _search()
    return folder, [array for array, _ in found.values()] if folder else [], notes


def _search():
    """Return the full set's folder (or None), a dict of (array, path), notes on what is amiss."""
    home, given, notes = DATA / "mnist", given_folder(), []
    for folder in dict.fromkeys([given or home, home]):
        found, problems = idx.read_folder(folder)
        others = [error for error in problems if isinstance(error, idx.OtherSetError)]
        notes += [error.note for error in problems if error not in others]
        if others:
            more = f", and {len(others) - 1} more beside it" if len(others) > 1 else ""
            notes.append(f"{others[0].problem}{more}: {others[0].cure}")
        if len(found) == len(idx.FILES):
            return folder, found, notes
        missing = idx.FILES.keys() - found - {idx.part_of(error.path) for error in problems}
        if folder == given and not is_folder(folder) and not problems:
            notes.append(f"MNIST_DIR: {idx.no_folder(folder).note}")
        elif is_folder(folder) and missing and (folder == given or len(missing) < len(idx.FILES)):
            notes.append(f"{shown(folder)} lacks {', '.join(sorted(missing))}")
            for path in idx.usual_paths(folder):  # a name may mislead
                held = idx.parts_or_problem(path) if idx.part_of(path) in missing else []
                notes += [f"{shown(path)} holds what {part} should" for part in held]
    return None, {}, notes


def _full_set_or_notes():
    """Return what `find_full_set` does, if need be after a download, and where it was read."""
    folder, found, notes = _search()
    if not folder and (why := offline()):
        notes.append(why)
    elif not folder:
        try:
            set_aside = [shown(path) for path in fetch(DATA / "mnist")]
            folder, found, notes = _search()
            notes.append(f"downloaded into {shown(DATA / 'mnist')}")
            notes += [f"a damaged file is now called {name}" for name in set_aside]
        except DownloadError as error:
            notes.append(str(error))
    if not folder:
        cure = _in_tab() if browser.IN_BROWSER else command("fetch")
        return None, [], [*notes, f"for the full set: {cure}"]
    usual = {path.name: path for path in idx.usual_paths(folder)}
    odd = [path for _, path in found.values() if path != usual.get(path.name)]
    odd = dict.fromkeys(path.parent if path.name in usual else path for path in odd)
    names = [path.name if path == folder else str(path.relative_to(folder)) for path in odd]
    notes = [f"read from {', '.join(names)}", *notes] if names else notes
    return folder, [array for array, _ in found.values()], notes


def _in_tab():
    """Return how full MNIST is had in a browser's tab."""
    on_site = os.environ.get("COURSE_MIRRORS")
    return "from course_tools import fetch; fetch.run()" if on_site else "install the course"


def offline():
    """Return why nothing may be downloaded, or None."""
    if browser.IN_BROWSER:
        return "nothing is downloaded in a browser's tab"
    value = os.environ.get("COURSE_OFFLINE", "").strip()
    if value.lower() in ("1", "true", "yes", "on"):
        return "COURSE_OFFLINE is set"
    if value.lower() not in ("", "0", "false", "no", "off"):
        takes = "it takes 1, true, yes or on, or else 0, false, no or off"
        return f"nothing is downloaded, because COURSE_OFFLINE is {value!r}: {takes}"
    return None
