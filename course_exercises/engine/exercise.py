"""An exercise: what it is called, how its answer is judged, and what it tells the student."""

import dis
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FunctionType

import numpy as np

from course_exercises import progress
from course_exercises.engine import buttons
from course_exercises.engine.calling import Answer
from course_exercises.engine.reply import HINT, SOLUTION, Outcome, Reply, Wrong
from course_exercises.engine.session import run
from course_utils.message import Message

HEADINGS = {
    Outcome.RIGHT: "Exercise {number}, {title}: right",
    Outcome.WRONG: "Exercise {number}, {title}: not right yet",
    Outcome.NOT_ATTEMPTED: "Exercise {number}, {title}: not attempted yet",
    HINT: "Exercise {number}, {title}: hint {shown} of {all}",
    SOLUTION: "Exercise {number}, {title}: a solution",
}
LAST_HINT = "This was the last hint. `q.solution()` shows a solution."
FILL_IN = "Put your code in place of the dots, run that cell, then run this one again."
REPAIR = "Repair the program, run that cell, then run this one again."
PRINTS_TOO = "By the way, it also prints something. You can take that out."


@dataclass(eq=False, kw_only=True)
class Exercise:
    """One exercise of the course.

    In the notebook its text is the cell ``exercise-<slug>``, the cell to fill in is
    ``exercise-<slug>-starter``, and the cell that checks it is ``exercise-<slug>-check``.
    """

    number: str  # as in the text, "1.1"
    slug: str
    title: str
    names: tuple  # what the student defines and hands to `check`, in this order
    hints: tuple  # from a nudge to nearly the whole answer; `code` stands between backticks
    explanation: str  # why the solution is right
    right: str  # what a right answer is told: something that it did not have to know
    test: Callable  # takes the answers, each as a `calling.Answer`; raises `Wrong`
    code: str = ""  # a solution: what takes the place of the starter
    starter: str = ""  # the program of a *find the bug* exercise, with its defects
    repairs: tuple = ()  # what makes a solution of that: pairs of an old text and a new one
    seconds: float = 5.0  # how long the whole check may take
    hints_shown: int = 0

    def __post_init__(self):
        """Make the solution of a program to be repaired."""
        self.code = self.starter if self.repairs else self.code
        for old, new in self.repairs:
            if old not in self.starter:
                raise ValueError(f"exercise {self.key}: its starter has no {old!r} to repair")
            self.code = self.code.replace(old, new)
        if not self.code:
            raise ValueError(f"exercise {self.key} has no solution: give it code, or repairs")

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

    def texts(self):
        """Return the sentences that a student can be shown, as templates without their values.

        A sentence of a function that raises `Wrong` itself stands in the code of that function.
        """
        test = vars(self.test)
        of_test = [*test.get("mistakes", {}), *test.get("defects", {})]
        of_test += test.get("forbidden", {}).values()
        return [self.title, *self.hints, self.explanation, self.right, *of_test]

    def check(self, *answers):
        """Show whether the answer is right, wrong (and in what), or not attempted yet."""
        buttons.show(self, self.checked(*answers).show())

    def hint(self):
        """Show the next hint; after the last one, the last one again."""
        self.next_hint().show()

    def solution(self):
        """Show a worked solution, and why it is right."""
        self.worked_solution().show()

    def checked(self, *answers):
        """Return what `check` shows, and keep the outcome."""
        reply = self.judge(*answers)
        progress.record(self.key, reply.kind)
        return reply

    def next_hint(self):
        """Return what `hint` shows."""
        self.hints_shown = min(self.hints_shown + 1, len(self.hints))
        more = [LAST_HINT] if self.hints_shown == len(self.hints) else []
        return self.reply(HINT, self.hints[self.hints_shown - 1], *more)

    def worked_solution(self):
        """Return what `solution` shows."""
        return self.reply(SOLUTION, self.explanation, code=self.code)

    def judge(self, *answers):
        """Return what comes of a check.

        Parameters
        ----------
        *answers : object
            One for each of `names`: what the student has made, or left as it was.

        Returns
        -------
        Reply
            Its kind is an `Outcome`. Whatever the answers do, this does not raise; what they
            print is not shown.
        """
        if len(answers) != len(self.names):
            text = Message("Hand over your answer: `q.check({names})`", names=", ".join(self.names))
            return self.reply(Outcome.WRONG, text)

        def examine(session):
            if self._is_untouched(answers):
                return Outcome.NOT_ATTEMPTED, REPAIR if self.repairs else FILL_IN
            self.test(*[Answer(*named, session) for named in zip(self.names, answers, strict=True)])
            prints = session.printed.getvalue().strip()
            return Outcome.RIGHT, self.right, *([PRINTS_TOO] if prints else [])

        try:
            return self.reply(*run(examine, self.seconds))
        except Wrong as wrong:
            return self.reply(Outcome.WRONG, *wrong.sentences, rows=wrong.rows)
        except BaseException as error:
            # An object that no check foresaw, such as one that raises when it is compared.
            text = "The check can do nothing with what your code gives back ({error})."
            return self.reply(Outcome.WRONG, Message(text, error=type(error).__name__))

    def _is_untouched(self, answers):
        """Tell whether the starter cell is as it was."""
        if any(_is_empty(answer) for answer in answers):
            return True
        if not self.starter:
            return False
        namespace = {"np": np}
        exec(self.starter, namespace)
        return [*map(_does, answers)] == [_does(namespace[name]) for name in self.names]

    def reply(self, kind, *paragraphs, **more):
        """Return a `Reply` about this exercise."""
        values = {"number": self.number, "title": Message(self.title)}
        values |= {"shown": self.hints_shown, "all": len(self.hints)}
        return Reply(kind, Message(HEADINGS[kind], **values), paragraphs=paragraphs, **more)


def _is_empty(answer):
    """Tell whether an answer is ``...``, or a function that does nothing at all."""
    if not isinstance(answer, FunctionType):
        return answer is None or answer is ...
    harmless = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
    steps = [step for step in dis.get_instructions(answer) if step.opname != "RESUME"]
    return all(step.opname in harmless and step.argval in (None, ...) for step in steps)


def _does(answer):
    """Return what a function does, or each function of a class, wherever it stands in a file."""
    if isinstance(answer, type):
        return {name: _does(f) for name, f in vars(answer).items() if isinstance(f, FunctionType)}
    if isinstance(answer, FunctionType):
        return repr(answer.__defaults__), *_does(answer.__code__)
    if isinstance(answer, CodeType):
        constants = [_does(c) if isinstance(c, CodeType) else repr(c) for c in answer.co_consts]
        return answer.co_code, answer.co_names, answer.co_varnames, constants
    return answer
