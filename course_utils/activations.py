"""Activation functions, written so that no finite input overflows.

Every function takes a scalar or an array of any shape and works element by element; `softmax`
works along the last axis.
"""

import numpy as np


def _real(x):
    """Return `x` as an array of real numbers, or say what it is instead."""
    x = np.asarray(x)
    if x.dtype.kind not in "biuf":
        raise TypeError(f"expected real numbers, got {x.dtype} (shape {x.shape})")
    return x


def _floating(x):
    """Return `x` as a floating-point array: integers and booleans become float64."""
    x = _real(x)
    return x if x.dtype.kind == "f" else x.astype(np.float64)


def step_function(x):
    """Return 1 where `x` is above 0, else 0.

    Parameters
    ----------
    x : scalar or array_like of real numbers, any shape

    Returns
    -------
    int or ndarray of int, shape of `x`
        0 or 1. The threshold itself, ``x == 0``, gives 0.

    Raises
    ------
    TypeError
        `x` does not hold real numbers.
    """
    return (_real(x) > 0).astype(int)[()]


def sigmoid(x):
    """Return ``1 / (1 + exp(-x))``.

    Parameters
    ----------
    x : scalar or array_like of real numbers, any shape

    Returns
    -------
    floating scalar or ndarray, shape of `x`
        In [0, 1]. float32 stays float32, integers give float64.

    Raises
    ------
    TypeError
        `x` does not hold real numbers.

    Notes
    -----
    ``exp`` only ever sees ``-|x|``, which cannot overflow: for negative `x` the fraction is
    written as ``exp(x) / (1 + exp(x))``, the same number.
    """
    x = _floating(x)
    with np.errstate(under="ignore"):  # exp(-1000) is 0, which is the right answer
        z = np.exp(-np.abs(x))
        return (np.where(x >= 0, 1, z) / (1 + z))[()]


def relu(x):
    """Return `x` where it is above 0, else 0.

    Parameters
    ----------
    x : scalar or array_like of real numbers, any shape

    Returns
    -------
    scalar or ndarray, shape and dtype of `x`

    Raises
    ------
    TypeError
        `x` does not hold real numbers.
    """
    x = _real(x)
    return np.maximum(x, x.dtype.type(0))[()]


def identity(x):
    """Return `x` itself: the output of a network that predicts a quantity.

    Parameters
    ----------
    x : scalar or array_like of real numbers, any shape

    Returns
    -------
    scalar or ndarray, shape and dtype of `x`

    Raises
    ------
    TypeError
        `x` does not hold real numbers.
    """
    return _real(x)[()]


def softmax(x):
    """Return the numbers along the last axis as shares of 1: ``exp(x) / sum(exp(x))``.

    Parameters
    ----------
    x : scalar or array_like of real numbers, any shape
        The logits. In a batch, shape (n, n_classes), every row is normalised by itself.

    Returns
    -------
    floating scalar or ndarray, shape of `x`
        In [0, 1], each row sums to 1. float32 stays float32, integers give float64.

    Raises
    ------
    TypeError
        `x` does not hold real numbers.
    ValueError
        The last axis is empty.

    Notes
    -----
    The largest number of each row is subtracted first. That changes numerator and denominator
    by the same factor, and leaves ``exp`` nothing larger than 0 to work on.
    """
    x = _floating(x)
    if x.ndim and x.shape[-1] == 0:
        raise ValueError(f"softmax needs at least one number in a row, got shape {x.shape}")
    rows = np.atleast_1d(x)
    # Subtracting may reach -inf, and exp may reach 0: both give the right share, 0.
    with np.errstate(over="ignore", under="ignore"):
        exps = np.exp(rows - rows.max(axis=-1, keepdims=True))
        return (exps / exps.sum(axis=-1, keepdims=True)).reshape(x.shape)[()]
