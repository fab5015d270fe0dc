"""Showing what went into a student's function and what came out: values as short texts."""

import re
from textwrap import indent

import numpy as np

from course_utils.message import Message

MOST = 12  # entries of a list or a dictionary that are shown


def show(value, largest=40):
    """Return a value as a short text that is the same in every run.

    Of an array with more than `largest` numbers, the shape and the range stand for it.
    """
    if isinstance(value, np.ndarray):
        if value.size > largest and value.dtype.kind not in "biuf":
            return str(
                Message("array of shape {shape}, {type}", shape=value.shape, type=value.dtype)
            )
        if value.size > largest:
            text = "array of shape {shape}, numbers from {low:.4g} to {high:.4g}"
            return str(Message(text, shape=value.shape, low=value.min(), high=value.max()))
        with np.printoptions(precision=8, threshold=40, linewidth=70, suppress=False):
            return np.array_repr(value)
    if type(value) is float:
        return str(float(f"{value:.12g}"))  # 0.42, not 0.42000000000000004
    if isinstance(value, np.generic):
        return str(value)
    if isinstance(value, dict):
        texts = [_beside(f"{k!r}: ", show(v, largest)) for k, v in [*value.items()][:MOST]]
        texts += ["..."] if len(value) > MOST else []
        return _beside("{", ",\n".join(texts)) + "}"
    if type(value) is list or (isinstance(value, tuple) and value):
        texts = [show(entry, largest) for entry in value[:MOST]]
        texts += ["..."] if len(value) > MOST else []
        left, right = "[]" if type(value) is list else ("(", ",)" if len(value) == 1 else ")")
        if sum(map(len, texts)) > 80 or "\n" in "".join(texts):
            return _beside(left, ",\n".join(texts)) + right
        return left + ", ".join(texts) + right
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    try:
        text = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
    except Exception:
        return str(Message("something of the type `{type}`", type=type(value).__name__))
    return text if len(text) <= 300 else text[:300] + " ..."


def show_call(name, args):
    """Return the call of a function as the student would type it, if that is not too long."""
    texts = [show(arg) for arg in args]
    if "\n".join(texts).count("\n") > 14:
        texts = [show(arg, largest=4) for arg in args]
    if any("\n" in text for text in texts):
        return f"{name}(\n" + indent(",\n".join(texts), "    ") + "\n)"
    return f"{name}({', '.join(texts)})"


def _beside(left, text):
    """Return a text of one line or several that begins right of `left`."""
    return left + text.replace("\n", "\n" + " " * len(left))
