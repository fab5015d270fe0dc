"""What functions ask of their arguments, one question each; an error says what they got, and where.

What is not made of real numbers is a TypeError, anything else a ValueError.
"""

import math
import numbers

import numpy as np


def real(name, values):
    """Ask for real numbers; return them as an array, as the next three do."""
    values = np.asarray(values)
    if values.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got {values.dtype} (shape {values.shape})")
    return values


def finite(name, values):
    """Ask for real numbers, neither nan nor infinite."""
    values = real(name, values)
    return _each(np.isfinite(values), name, values, "hold finite numbers")


def shares(name, values):
    """Ask for real numbers from 0 to 1, at least one."""
    values = real(name, values)
    if not values.size:
        raise ValueError(f"{name} is empty (shape {values.shape})")
    return _each((values >= 0) & (values <= 1), name, values, "lie in 0 to 1")  # nan does not


def labels(name, values, n_classes):
    """Ask for whole numbers from 0 to ``n_classes - 1``."""
    values = real(name, values)
    good = (values >= 0) & (values < n_classes) & (values.dtype.kind in "iu")
    return _each(good, name, values, f"hold integers in 0 to {n_classes - 1}")


def _each(good, name, values, rule):
    if not good.all():
        at = tuple(int(i) for i in np.argwhere(~good)[0])
        raise ValueError(f"{name} must {rule}, got {values[at]} at index {at}")
    return values


def shape(name, values, wanted):
    """Ask for an array of this shape."""
    if values.shape != wanted:
        raise ValueError(f"{name} must have shape {wanted}, got {values.shape}")


def whole(name, value, least):
    """Ask for a whole number of at least `least`, and not for True; return it as an int."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise ValueError(f"{name} must be a whole number, {least} or more; got {value!r}")
    return int(value)


def above_0(name, value):
    """Ask for a finite number above 0."""
    if not (isinstance(value, numbers.Real) and 0 < value < math.inf):
        raise ValueError(f"{name} must be a number above 0, got {value!r}")


def known(what, name, names):
    """Ask for one of `names`; return it."""
    if name not in names:
        raise ValueError(f"unknown {what} {name!r}: choose from {', '.join(map(repr, names))}")
    return name
