"""What is a number in a text, for whoever compares outputs of cells: one answer for all of them."""

import re

NUMBER = re.compile(
    r"""
    (?<![\w.])                       # not inside a name: W1, float64, x.5
    (?>                               # once found it stays whole: 1.5 in 1.5s is not 1
        [-+−]?
        (?:\d{1,3}(?:,\d{3})+|\d+)   # 1,234 or 1234
        (?:\.\d*)?                   # 0.25 and 1.
        (?:[eE][-+]?\d+)?
    )
    """,
    re.VERBOSE,
)
_UNITS = r"(?=[ ]*(?:s|ms|µs|min|seconds|hours|times[ ]as[ ]fast)\b)"
TIME = re.compile(NUMBER.pattern + _UNITS, re.VERBOSE)  # a time, or how much of it was saved


def form(text, numbers=NUMBER):
    """Return a text without its `numbers` (or times), and without the spaces that align them."""
    return re.sub(" *# *", "#", numbers.sub("#", text))
