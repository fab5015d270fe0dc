"""A pytest plugin: nbval compares the numbers in outputs with a tolerance that the cell states.

Without a word of the cell, nbval compares its text exactly. In the cell's metadata,

- ``"nbval": {"numbers": {"rel": 0.01, "abs": 0.002}}`` lets a number with a decimal point or an
  exponent differ from the stored one by one part in a hundred or by 0.002, whichever allows more;
- ``"whole": 3`` beside them lets a whole number differ by 3: without it, counts are exact;
- ``"times": "any"`` beside them lets a number be any number if "s", "ms", "µs", "min", "seconds",
  "hours" or "times as fast" stands behind it;
- ``"nbval": {"numbers": "any"}`` lets every number be any number, for cells that measure speed.

All the rest of the text, and how many numbers there are, is compared exactly as before. ``nan`` and
``inf`` are text. Spaces beside a number are alignment, and any number of them will do.
"""

import copy
import math
import re
from functools import partial

from nbval.plugin import IPyNbCell

from course_tools.numerals import NUMBER, TIME, form

WHOLE = re.compile(r"[-+−]?[\d,]+")


def pytest_itemcollected(item):
    """Let a cell that states a tolerance compare with it."""
    if isinstance(item, IPyNbCell):
        tolerance = item.cell.metadata.get("nbval", {}).get("numbers")
        if tolerance is not None:
            item.compare_outputs = partial(_compare, item.compare_outputs, tolerance)


def _compare(compare_outputs, tolerance, test, ref, *args):
    """Compare as nbval does, after numbers that are near enough became the stored ones."""
    pairs = zip(test, ref, strict=False)
    test = [*(with_stored_numbers(*pair, tolerance) for pair in pairs), *test[len(ref) :]]
    return compare_outputs(test, ref, *args)


def with_stored_numbers(output, stored, tolerance):
    """Return an output in which each text that is near enough to the stored one is replaced by it.

    Parameters
    ----------
    output, stored : nbformat.NotebookNode
        What a cell gave now, and what its notebook stores.
    tolerance : dict or "any"
        As in the cell's metadata.
    """
    output = copy.deepcopy(output)
    for texts, stored_texts in ((output, stored), (output.get("data", {}), stored.get("data", {}))):
        for key in texts.keys() & stored_texts.keys():
            text, stored_text = texts[key], stored_texts[key]
            if isinstance(text, str) and isinstance(stored_text, str):
                if is_near(text, stored_text, tolerance):
                    texts[key] = stored_text
    return output


def is_near(text, stored, tolerance):
    """Tell whether two texts are the same but for numbers that are near enough to each other."""
    if form(text) != form(stored):
        return False
    if tolerance == "any":
        return True
    if tolerance.get("times") == "any":
        text, stored = TIME.sub("#", text), TIME.sub("#", stored)
    pairs = zip(NUMBER.findall(text), NUMBER.findall(stored), strict=True)
    return all(_is_near(*pair, **tolerance) for pair in pairs)


def _is_near(number, stored, rel=0.0, abs=0.0, whole=0, times=None):
    difference = math.fabs(_value(number) - _value(stored))
    are_whole = [bool(WHOLE.fullmatch(text)) for text in (number, stored)]
    if any(are_whole):  # as text, so that 5 is neither 5.0 nor 05
        return number == stored or (all(are_whole) and 0 < difference <= whole)
    return difference <= max(rel * math.fabs(_value(stored)), abs)


def _value(number):
    return float(number.replace(",", "").replace("−", "-"))
