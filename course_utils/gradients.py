"""The slope of a function in every direction, found by trying it out."""

import numpy as np

from course_utils.checks import above_0


def numerical_gradient(f, x, h=1e-4):
    """Return the central difference of `f` at every element of `x`, shape and dtype of `x`.

    ``(f(x with x[i] + h) - f(x with x[i] - h)) / (2 * h)``, two calls of `f` for each element.

    Parameters
    ----------
    f : callable
        Takes `x` and returns one number; another thing is a TypeError. It sees this very array
        with one element moved; afterwards the array is exactly as it was, also when `f` raises.
    x : ndarray of float, any shape
        Where the slope is wanted; integers, in which a step of 1e-4 would vanish, are a TypeError.
    h : float above 0
        The step. In float64, 1e-4 to 1e-5 balances truncation against rounding. In float32 it is
        too small for large `x`: from about 2,000 on, ``x + 1e-4 == x``, and the slope is 0.
    """
    if not isinstance(x, np.ndarray) or x.dtype.kind != "f":
        kind = f"{getattr(x, 'dtype', type(x).__name__)}; try np.array(x, dtype=float)"
        raise TypeError(f"x must be a NumPy array of floats, got {kind}")
    above_0("h", h)

    gradient = np.empty_like(x)
    for i in np.ndindex(x.shape):
        original = x[i]
        try:
            x[i] = original + h
            above = _number(f(x))
            x[i] = original - h
            below = _number(f(x))
        finally:
            x[i] = original
        gradient[i] = (above - below) / (2 * h)
    return gradient


def _number(value):
    if value is None:
        raise TypeError("f must return one number, got None; does it end with return?")
    value = np.asarray(value)
    if value.size != 1:
        raise TypeError(f"f must return one number, got an array of shape {value.shape}")
    if value.dtype.kind not in "biuf":
        raise TypeError(f"f must return one number, got {value.item()!r}")
    return float(value.item())
