"""The trained weights that come with the course: the network of chapter 05."""

from pathlib import Path

import numpy as np

from course_utils import checks
from course_utils.files import DATA, read_npz, restore, shown
from course_utils.message import CourseError, Message

SAMPLE_WEIGHT = DATA / "sample_weight.npz"
SHAPES = {"W1": (784, 50), "b1": (50,), "W2": (50, 100), "b2": (100,), "W3": (100, 10), "b3": (10,)}


class WeightsFileError(CourseError, ValueError):
    """A file of weights that cannot be used."""


def load_weights(path=SAMPLE_WEIGHT):
    """Return the weights of the 784-50-100-10 network, read from an .npz file.

    A dict of ndarrays of float32, all finite, with the names and shapes of `SHAPES`. A file that
    is not there, or holds anything else, is a WeightsFileError.
    """
    cure = Message("load_weights() without a path reads the weights of the course")
    if Path(path).resolve() == SAMPLE_WEIGHT:
        cure = restore("data/sample_weight.npz")
    weights = {k: np.asarray(v) for k, v in read_npz(path, WeightsFileError, cure).items()}
    forms = {key: f"{array.dtype} {array.shape}" for key, array in weights.items()}
    expected = {key: f"float32 {shape}" for key, shape in SHAPES.items()}
    values = {"file": shown(path), "cure": cure}
    if forms != expected:
        problem = "{file} must hold {expected}, found {forms}; {cure}"
        raise WeightsFileError(problem, expected=expected, forms=forms, **values)
    for key, array in weights.items():
        try:
            checks.finite(key, array)
        except ValueError as error:
            raise WeightsFileError("{file}: {problem}; {cure}", problem=error, **values) from error
    return {key: weights[key] for key in SHAPES}
