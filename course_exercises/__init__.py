"""The exercises of the course, one module a chapter.

In a notebook, below the cell to fill in::

    from course_exercises.chapter01 import nor as q

    q.check(NOR)
    # q.hint()
    # q.solution()

Around the predictions, see `course_exercises.predicting`::

    from course_exercises.predicting import Predictions

    guess = Predictions("01")

And in its last cell::

    from course_exercises import show_progress

    show_progress("01")
"""

import importlib
import pkgutil

from course_exercises import progress
from course_exercises.engine.reply import PROGRESS, Outcome, Reply
from course_exercises.predicting import summary
from course_utils import browser
from course_utils.message import Message

SOLVED = "Chapter {chapter}: {solved} of {all} exercises solved"
MARKS = {
    Outcome.RIGHT: "solved",
    Outcome.WRONG: "tried",
    Outcome.NOT_ATTEMPTED: "not yet",
}


def chapters():
    """Return the numbers of the chapters that have exercises: ``["01", "02", ...]``."""
    modules = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name.removeprefix("chapter") for name in modules if name.startswith("chapter"))


def of_chapter(number):
    """Return the exercises of a chapter, in their order.

    Parameters
    ----------
    number : str
        ``"01"``, or ``"A1"`` for a refresher.

    Raises
    ------
    ValueError
        No chapter of that number has exercises.
    """
    from course_exercises.engine.exercise import Exercise  # brings NumPy

    if number not in chapters():
        raise ValueError(f"chapter {number!r} has no exercises; these have: {chapters()}")
    module = importlib.import_module(f"{__name__}.chapter{number}")
    found = [value for value in vars(module).values() if isinstance(value, Exercise)]
    return sorted(found, key=lambda exercise: exercise.number)


def overview(number):
    """Return which exercises of a chapter are solved, and how its predictions did, as a `Reply`.

    Parameters and errors are those of `of_chapter`.
    """
    told = summary(number)
    exercises = of_chapter(number) if number in chapters() or not told else []
    outcomes = progress.outcomes()
    best = [outcomes.get(exercise.key, Outcome.NOT_ATTEMPTED) for exercise in exercises]
    heading = Message(
        SOLVED if exercises else "Chapter {chapter}",
        chapter=number,
        solved=best.count(Outcome.RIGHT),
        all=len(exercises),
    )
    rows = [
        (
            Message("{number} {title}", number=exercise.number, title=Message(exercise.title)),
            Message(MARKS[outcome]),
        )
        for exercise, outcome in zip(exercises, best, strict=True)
    ]
    return Reply(PROGRESS, heading, rows=tuple(rows), paragraphs=tuple(told))


def show_progress(number):
    """Show the exercises and predictions of a chapter: the last cell of the chapter."""
    overview(number).show()
    if browser.IN_BROWSER:
        progress.offer()
