"""Activation functions, written so that no finite input overflows.

Each takes a scalar or an array of real numbers (else: TypeError) and returns one of that shape. It
works element by element; `softmax` works along the last axis.
"""

import numpy as np

from course_utils.checks import real


def step_function(x):
    """Return the integer 1 where `x` is above 0, else 0; the threshold itself gives 0."""
    return (real("x", x) > 0).astype(int)[()]


def sigmoid(x):
    """Return ``1 / (1 + exp(-x))``, in [0, 1]; float32 stays float32, integers give float64.

    ``exp`` only ever sees ``-|x|``, which cannot overflow: for negative `x` the fraction is
    written as ``exp(x) / (1 + exp(x))``, the same number.
    """
    x = real("x", x) * 1.0
    with np.errstate(under="ignore"):  # exp(-1000) is 0, which is the right answer
        z = np.exp(-np.abs(x))
        return (np.where(x >= 0, 1, z) / (1 + z))[()]


def relu(x):
    """Return `x` where it is above 0, else 0, in the dtype of `x`."""
    x = real("x", x)
    return np.maximum(x, x.dtype.type(0))[()]


def identity(x):
    """Return `x` itself: the output of a network that predicts a quantity."""
    return real("x", x)[()]


def softmax(x):
    """Return the numbers along the last axis, the logits, as shares of 1: ``exp(x) / sum(exp(x))``.

    In a batch, shape (n, n_classes), every row is normalised by itself; an empty row is a
    ValueError. Shares lie in [0, 1]; float32 stays float32, integers give float64.

    The largest number of each row is subtracted first. That changes numerator and denominator
    by the same factor, and leaves ``exp`` nothing larger than 0 to work on.
    """
    x = real("x", x) * 1.0
    if x.ndim and x.shape[-1] == 0:
        raise ValueError(f"softmax needs at least one number in a row, got shape {x.shape}")
    rows = np.atleast_1d(x)
    # Subtracting may reach -inf, and exp may reach 0: both give the right share, 0.
    with np.errstate(over="ignore", under="ignore"):
        exps = np.exp(rows - rows.max(axis=-1, keepdims=True))
        return (exps / exps.sum(axis=-1, keepdims=True)).reshape(x.shape)[()]
