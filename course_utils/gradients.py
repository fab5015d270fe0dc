"""The slope of a function in every direction, found by trying it out."""

import numpy as np


def numerical_gradient(f, x, h=1e-4):
    """Return the central difference of `f` at every element of `x`.

    ``(f(x with x[i] + h) - f(x with x[i] - h)) / (2 * h)``, two calls of `f` for each element.

    Parameters
    ----------
    f : callable
        Takes `x` and returns one number.
    x : ndarray of float, any shape
        Where the slope is wanted. `f` sees this very array with one element moved; afterwards it
        is exactly as it was, also when `f` raises.
    h : float
        The step, above 0. In float64, 1e-4 to 1e-5 balances truncation against rounding.
        In float32 it is too small for large `x`: from about 2,000 on, ``x + 1e-4 == x``, and the
        slope comes out as 0.

    Returns
    -------
    ndarray, shape and dtype of `x`

    Raises
    ------
    TypeError
        `x` is not an array of floats (a step of 1e-4 would vanish in an array of integers), or
        `f` does not return one number.
    ValueError
        `h` is not a number above 0.
    """
    if not isinstance(x, np.ndarray) or x.dtype.kind != "f":
        kind = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(
            f"x must be a NumPy array of floats, got {kind}; try np.array(x, dtype=float)"
        )
    if not (np.isfinite(h) and h > 0):
        raise ValueError(f"h must be a number above 0, got {h}")

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
    """Return `value` as a float, or say that `f` returned something else."""
    if value is None:
        raise TypeError("f must return one number, got None; does it end with return?")
    value = np.asarray(value)
    if value.size != 1:
        raise TypeError(f"f must return one number, got an array of shape {value.shape}")
    if value.dtype.kind not in "biuf":
        raise TypeError(f"f must return one number, got {value.item()!r}")
    return float(value.item())
