"""The exercises of the course, one module a chapter.

In a notebook, below the cell to fill in::

    from course_exercises.chapter01 import nor as q

    q.check(NOR)
    # q.hint()
    # q.solution()
"""

import importlib
import pkgutil

from course_exercises.engine.exercise import Exercise


def chapters():
    """Return the numbers of the chapters that have exercises: ``["01", "02", ...]``."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.removeprefix("chapter") for name in modules if name.startswith("chapter"))


def of_chapter(number):
    """Return the exercises of a chapter, in their order.

    Parameters
    ----------
    number : str
        Two digits, ``"01"``.

    Raises
    ------
    ValueError
        No chapter of that number has exercises.
    """
    if number not in chapters():
        raise ValueError(f"chapter {number!r} has no exercises; these have: {chapters()}")
    module = importlib.import_module(f"{__name__}.chapter{number}")
    found = [value for value in vars(module).values() if isinstance(value, Exercise)]
    return sorted(found, key=lambda exercise: exercise.number)
