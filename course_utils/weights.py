"""The trained weights that come with the course: the network of chapter 05."""

import zipfile
from pathlib import Path

import numpy as np

from course_utils.files import DATA, is_folder, shown

SAMPLE_WEIGHT = DATA / "sample_weight.npz"
SHAPES = {
    "W1": (784, 50),
    "b1": (50,),
    "W2": (50, 100),
    "b2": (100,),
    "W3": (100, 10),
    "b3": (10,),
}


class WeightsFileError(ValueError):
    """A file of weights that cannot be used; the message says which, why and what to do."""


def load_weights(path=SAMPLE_WEIGHT):
    """Return the weights of the 784-50-100-10 network, read from an .npz file.

    Parameters
    ----------
    path : path-like
        The file; the trained weights of the course if left out.

    Returns
    -------
    dict of str to ndarray of float32
        W1 (784, 50), b1 (50,), W2 (50, 100), b2 (100,), W3 (100, 10), b3 (10,); all finite.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    WeightsFileError
        It is no .npz file, is damaged, holds pickled objects, or holds other arrays than these.

    Notes
    -----
    A pickle can run any program when it is read, so none is ever read here.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            return _read(file)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {shown(path)}; {_cure(path)}") from None
    except WeightsFileError as error:
        raise WeightsFileError(f"{shown(path)} {error}; {_cure(path)}") from error.__cause__
    except OSError as error:
        problem = "is a folder, not a file" if is_folder(path) else f"is unreadable ({error})"
        raise WeightsFileError(f"{shown(path)} {problem}; {_cure(path)}") from error


def _cure(path):
    """Say how to get whole weights."""
    if path.resolve() == SAMPLE_WEIGHT:
        return "to get it back: git checkout -- data/sample_weight.npz"
    return "load_weights() without a path reads the weights of the course"


def _read(file):
    """Return the checked arrays of an open .npz file; errors complete "the file ..."."""
    # Asked first, because NumPy takes whatever is no zip archive for a pickle.
    if not zipfile.is_zipfile(file):
        raise WeightsFileError("is no .npz file, or is cut short")
    file.seek(0)
    try:
        arrays = np.load(file, allow_pickle=False)
        keys = list(arrays)
    except Exception as error:  # zipfile and NumPy raise errors of many kinds on damaged bytes
        raise WeightsFileError(f"is a damaged .npz file ({error})") from error

    expected = ", ".join(SHAPES)
    if missing := [key for key in SHAPES if key not in keys]:
        raise WeightsFileError(f"lacks {missing[0]}: expected {expected}, found {keys}")
    if len(keys) != len(SHAPES):
        raise WeightsFileError(f"holds too many arrays: expected {expected}, found {keys}")

    weights = {}
    for key, shape in SHAPES.items():
        try:
            array = arrays[key]
        except Exception as error:
            raise WeightsFileError(f"has an unreadable array {key} ({error})") from error
        if not isinstance(array, np.ndarray):
            raise WeightsFileError(f"has no array under the name {key}, but other bytes")
        if array.shape != shape or array.dtype != np.float32:
            raise WeightsFileError(
                f"holds another {key}: expected float32 of shape {shape}, "
                f"found {array.dtype} of shape {array.shape}"
            )
        if not np.isfinite(array).all():
            where = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise WeightsFileError(f"holds {array[where]} in {key} at index {where}")
        weights[key] = array
    return weights
