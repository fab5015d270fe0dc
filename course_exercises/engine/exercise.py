"""An exercise: what it is called, how its answer is judged, and what it tells the student."""

import dis
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FunctionType

import numpy as np

from course_exercises import progress
from course_exercises.engine import session as guard
from course_exercises.engine.comparing import Answer, Wrong, show_call
from course_exercises.engine.message import HINT, RIGHT, SOLUTION, UNTOUCHED, WRONG, Message

HEADINGS = {RIGHT: "right", WRONG: "not right yet", UNTOUCHED: "not attempted yet"}


@dataclass(eq=False, kw_only=True)
class Exercise:
    """One exercise of the course.

    In the notebook its text is the cell ``exercise-<slug>``, the cell to fill in is
    ``exercise-<slug>-starter``, and the cell that checks it is ``exercise-<slug>-check``.

    Attributes
    ----------
    number : str
        As in the text, ``"1.1"``.
    slug, title : str
    names : tuple of str
        What the student defines and hands to `check`, in this order.
    hints : tuple of str
        From a nudge to nearly the whole answer. `Code` stands between backticks.
    code : str
        A solution: what takes the place of the starter.
    explanation : str
        Why the solution is right.
    right : str
        What a right answer is told: something that it did not have to know.
    test : callable
        Takes the answers, each as a `judging.Answer`; raises `judging.Wrong`.
    starter : str
        The program of a *find the bug* exercise, with its defects; "" for others.
    seconds : float
        How long the whole check may take.
    """

    number: str
    slug: str
    title: str
    names: tuple
    hints: tuple
    code: str
    explanation: str
    right: str
    test: Callable
    starter: str = ""
    seconds: float = 5.0
    hints_shown: int = 0

    @property
    def chapter(self):
        """The number of the chapter, ``"01"``."""
        return self.number.split(".")[0].zfill(2)

    @property
    def key(self):
        """The name under which the outcome is kept, ``"01/nor"``."""
        return f"{self.chapter}/{self.slug}"

    @property
    def check_cell(self):
        """The source of the notebook cell that checks the answer."""
        variable = self.slug.replace("-", "_")
        return (
            f"from course_exercises.chapter{self.chapter} import {variable} as q\n\n"
            f"q.check({', '.join(self.names)})\n# q.hint()\n# q.solution()"
        )

    def check(self, *answers):
        """Show whether the answer is right, wrong (and in what), or not attempted yet."""
        message = self.judge(*answers)
        progress.record(self.key, message.kind)
        _display(message)

    def hint(self):
        """Show the next hint; after the last one, the last one again."""
        n_hints = len(self.hints)
        self.hints_shown = min(self.hints_shown + 1, n_hints)
        paragraphs = [self.hints[self.hints_shown - 1]]
        if self.hints_shown == n_hints:
            paragraphs.append("This was the last hint. `q.solution()` shows a solution.")
        heading = f"Exercise {self.number}, {self.title}: hint {self.hints_shown} of {n_hints}"
        _display(Message(HINT, heading, paragraphs=tuple(paragraphs)))

    def solution(self):
        """Show a worked solution, and why it is right."""
        heading = f"Exercise {self.number}, {self.title}: a solution"
        _display(Message(SOLUTION, heading, paragraphs=(self.explanation,), code=self.code))

    def judge(self, *answers):
        """Return what `check` shows.

        Parameters
        ----------
        *answers : object
            One for each of `names`: what the student has made, or left as it was.

        Returns
        -------
        Message
            Its kind is "right", "wrong" or "not attempted". Whatever the answers do, this does
            not raise; what they print is not shown.
        """
        if len(answers) != len(self.names):
            return self._message(
                WRONG, f"Hand over your answer: `q.check({', '.join(self.names)})`"
            )
        if self._is_untouched(answers):
            todo = "Repair the program" if self.starter else "Put your code in place of the dots"
            return self._message(UNTOUCHED, f"{todo}, run that cell, then run this one again.")
        try:
            note = guard.run(lambda: self._examine(answers), self.seconds)
        except Wrong as wrong:
            return self._message(WRONG, *wrong.paragraphs, rows=wrong.rows)
        except guard.OutOfTime as error:
            return self._out_of_time(error)
        except BaseException as error:
            # An object that no check foresaw, such as one that raises when it is compared.
            kind = type(error).__name__
            return self._message(
                WRONG, f"The check can do nothing with what your code gives back ({kind})."
            )
        return self._message(RIGHT, self.right, *note)

    def _examine(self, answers):
        """Run the test in the thread of `guard.run`; return what else there is to say."""
        self.test(*map(Answer, self.names, answers))
        if threading.current_thread().printed.text.strip():
            return ("By the way, it also prints something. You can take that out.",)
        return ()

    def _is_untouched(self, answers):
        """Tell whether the starter cell is as it was."""
        if any(_is_empty(answer) for answer in answers):
            return True
        if not self.starter:
            return False
        namespace = {"np": np}
        exec(self.starter, namespace)
        return all(
            _codes(answer) == _codes(namespace[name])
            for name, answer in zip(self.names, answers, strict=True)
        )

    def _out_of_time(self, error):
        rows = () if error.doing is None else (("input", show_call(*error.doing)),)
        if error.interrupted:
            text = "You interrupted the check."
        else:
            text = (
                f"Your code was still at work after {self.seconds:g} seconds. "
                "Is there a loop in it that never ends?"
            )
        if error.stopped:
            return self._message(WRONG, text, rows=rows)
        more = "It could not be stopped. Choose Kernel > Restart Kernel before you go on."
        return self._message(WRONG, text, more, rows=rows)

    def _message(self, kind, *paragraphs, rows=()):
        heading = f"Exercise {self.number}, {self.title}: {HEADINGS[kind]}"
        return Message(kind, heading, rows=rows, paragraphs=paragraphs)


def _display(message):
    from IPython.display import display

    display(message)


def _is_empty(answer):
    """Tell whether an answer is ``...``, or a function that does nothing at all."""
    if answer is None or answer is ...:
        return True
    if not isinstance(answer, FunctionType):
        return False
    steps = [step for step in dis.get_instructions(answer) if step.opname not in ("RESUME", "NOP")]
    return all(
        step.opname in ("LOAD_CONST", "RETURN_CONST", "RETURN_VALUE") and step.argval in (None, ...)
        for step in steps
    )


def _codes(answer):
    """Return the code of a function, or of all the functions of a class, to compare it."""
    if isinstance(answer, FunctionType):
        return _comparable(answer.__code__), repr(answer.__defaults__)
    if isinstance(answer, type):
        return {name: _codes(f) for name, f in vars(answer).items() if isinstance(f, FunctionType)}
    return answer


def _comparable(code):
    """Return what code does, without its place in a file: nested code included."""
    constants = (_comparable(c) if isinstance(c, CodeType) else repr(c) for c in code.co_consts)
    return code.co_code, code.co_names, code.co_varnames, tuple(constants)
