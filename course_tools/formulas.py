"""Formulas as MathML, which browsers draw without a script, and a font for them."""

import re
from importlib.metadata import distribution

from latex2mathml.converter import convert

from course_utils.message import CourseError

FONT = distribution("ziamath").locate_file("ziamath/fonts/STIXTwoMath-Regular.ttf")
MATHML_REPAIRS = [
    # The converter takes every minus for a difference; behind = or ( it is a sign, and set close.
    (
        r"(<mo[^>]*>(?:[=,(]|&#x0003[CDE];|&#x000(?:28|2C);)</mo>)<mo>&#x02212;</mo>",
        r'\1<mo form="prefix">&#x02212;</mo>',
    ),
    # It writes "t log y" without the spaces, and 1/2, |x| and max(0, x) with too many.
    (r"<mi>(log|ln|exp|tanh)</mi>", r'<mo lspace="0.17em" rspace="0.17em">\1</mo>'),
    (r"<mo[^>]*>(&#x0002F;|&#x0007C;)</mo>", r'<mo lspace="0" rspace="0">\1</mo>'),
    (r"<mi>&#x0007E;</mi>", "<mo>&#x0223C;</mo>"),
    (r"<mo>&#x0221E;</mo>", "<mi>&#x0221E;</mi>"),
    (r"<mo>(max|min)</mo>", r'<mo lspace="0.17em" rspace="0">\1</mo>'),
]


class FormulaError(CourseError):
    """A formula that cannot be drawn; the message says which, and what to look for."""


def mathml(latex, display):
    """Return a formula as MathML; `display` is "block" or "inline".

    Raises
    ------
    FormulaError
        The formula is not one that can be drawn.
    """
    try:
        formula = convert(latex, display=display)
    except Exception as error:  # of many kinds, without a word on what is wrong
        raise FormulaError(
            "The formula {formula} cannot be drawn ({kind}): is every bracket in it closed?",
            formula=repr(latex),
            kind=type(error).__name__,
        ) from error
    for found, repaired in MATHML_REPAIRS:
        formula = re.sub(found, repaired, formula)
    return formula
