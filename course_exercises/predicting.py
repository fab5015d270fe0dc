"""*Predict first*: a box that takes a prediction, and says later how far off it was.

In a notebook, below the question, and at the end of the cell that answers it::

    guess.ask("how-many")
    ...
    guess.reveal("how-many", len(found))

Quick questions at the end of a section know their answers::

    guess.quiz("bias-moves", ["the line turns", "the line moves"], "the line moves")
"""

import html
import re

from course_exercises import progress
from course_exercises.engine.reply import PREDICTION, Reply
from course_utils.message import Message

RIGHT = "You said {said}, and so it is."
NEAR = "You said {said}. It is {answer}: near enough."
WRONG = "You said {said}. It is {answer}."
NOTED = "You say {said}. Now run the next cell."
NO_NUMBER = "{text} is no number. Write it in digits, for example 0.5 or 1200."
RIGHT_ANSWER = "{said}: right."
WRONG_ANSWER = "{said}: no. Think again."
BLANK = "______"
PREDICTED = "Predictions: {made} of {all} made, {right} of them right."
ANSWERED = "Quick questions: {answered} of {all} answered right."
SURPRISES = "Your biggest surprises, from which you learn the most:"
SURPRISE = "- {name}: you said {said}, it is {answer}."
MOST = 3  # surprises that are shown
YOURS = "Your prediction:"
YOUR_ANSWER = "Your answer:"

QUIZ = "quiz/"  # how the names of quick questions begin
_asked = {}  # by chapter, the names of the boxes shown since Python was started


class Predictions:
    """The predictions of one chapter.

    Parameters
    ----------
    chapter : str
        Its number, ``"01"``.
    """

    def __init__(self, chapter):
        self.chapter = chapter
        self._boxes = {}  # by name

    def ask(self, name, choices=None, near=0, unit=""):
        """Show a box that takes a prediction. Nobody has to answer.

        Parameters
        ----------
        name : str
            What the prediction is about, in words with hyphens, ``"how-many"``.
        choices : list of str, optional
            What can be chosen. Without them, a number can be typed.
        near : float
            How far from the answer a number may be and still count as right.
        unit : str
            What stands behind the number.
        """
        box = _Box(choices, near, unit)
        if name in self._boxes:
            box.answer = self._boxes[name].answer
        self._show(name, box)

    def quiz(self, name, choices, answer, near=0, unit=""):
        """Show a quick question, which says at once whether the answer is right.

        Parameters
        ----------
        name, choices, near, unit
            As for `ask`; `choices` is None for a number.
        answer : str or number
            The right one.
        """
        box = _Box(choices, near, unit, is_quiz=True)
        box.answer = box.read(answer)
        self._show(f"{QUIZ}{name}", box)

    def reveal(self, name, answer):
        """Compare the prediction with the answer, and show both; say nothing if there is none.

        Parameters
        ----------
        name : str
            A box that `ask` has shown.
        answer : str or number
            What it is: one of the choices, or a number.

        Raises
        ------
        ValueError
            No such box was shown, or the answer is none that it could take.
        """
        if name not in self._boxes:
            raise ValueError(
                f"no prediction {name!r} was asked for: run the box above this cell first"
            )
        box = self._boxes[name]
        box.answer = box.read(answer)
        if box.answer is None:
            raise ValueError(f"{answer!r} is no answer to {name!r}: {box.choices or 'a number'}")
        self._compare(name)
        if box.is_compared():
            Reply(PREDICTION, box.comparison()).show()

    def _show(self, name, box):
        from IPython.display import display

        self._boxes[name] = box
        _asked.setdefault(self.chapter, set()).add(name)
        kept = progress.predictions().get(f"{self.chapter}/{name}")
        if kept:
            box.take(kept["said"])
        box.told = lambda: self._compare(name)
        self._compare(name)
        display(box)

    def _compare(self, name):
        box = self._boxes[name]
        box.refresh()
        # Of a prediction the first is kept, of a quick question the right answer.
        if box.is_compared() and (box.is_right() or not box.is_quiz):
            progress.record_prediction(f"{self.chapter}/{name}", box.outcome())


def summary(chapter):
    """Return how the predictions of a chapter turned out, as sentences; none if there are none."""
    kept = {
        key.partition("/")[2]: prediction
        for key, prediction in progress.predictions().items()
        if key.startswith(f"{chapter}/")
    }
    names = _asked.get(chapter, set()) | kept.keys()
    quiz = {name for name in names if name.startswith(QUIZ)}
    made = {name: prediction for name, prediction in kept.items() if name not in quiz}
    wrong = sorted(
        (-prediction["surprise"], name.replace("-", " "), prediction)
        for name, prediction in made.items()
        if not prediction["right"]
    )
    lines = []
    if names - quiz:
        counts = {"made": len(made), "all": len(names - quiz), "right": len(made) - len(wrong)}
        lines.append(Message(PREDICTED, **counts))
    if wrong:
        lines.append(Message(SURPRISES))
        lines += [Message(SURPRISE, name=name, **_parts(p)) for _, name, p in wrong[:MOST]]
    if quiz:
        lines.append(Message(ANSWERED, answered=len(quiz & kept.keys()), all=len(quiz)))
    return lines


def _parts(prediction):
    return {"said": prediction["said"], "answer": prediction["answer"]}


class _Box:
    """A question's choices or number, what was said and what it is, and how that looks."""

    def __init__(self, choices, near, unit, is_quiz=False):
        self.choices = [str(choice) for choice in choices or []]
        self.near, self.unit, self.is_quiz = near, unit, is_quiz
        self.label = YOUR_ANSWER if is_quiz else YOURS
        self.said = self.answer = None  # one of the choices, or a float
        self.told = lambda: None  # is called when something was said
        self._widget = self._note = None

    def read(self, value):
        """Return a choice or a number as the box keeps it; None if it is neither."""
        if self.choices:
            return str(value) if str(value) in self.choices else None
        return number_in(str(value), self.unit)

    def take(self, value):
        """Keep what was said; return whether it can be taken."""
        said = self.read(value)
        self.said = said if said is not None else self.said
        return said is not None

    def written(self, value):
        """Return a choice or a number as it is shown."""
        if self.choices:
            return value
        short = f"{value:,.0f}" if abs(value) >= 1000 and value == int(value) else f"{value:.4g}"
        return f"{short} {self.unit}".strip()

    def is_compared(self):
        return self.said is not None and self.answer is not None

    def is_right(self):
        if self.choices:
            return self.said == self.answer
        return abs(self.said - self.answer) <= max(self.near, 1e-9 * abs(self.answer))

    def outcome(self):
        """Return the prediction as `progress` keeps it."""
        surprise = 0.0 if self.is_right() else 0.5
        if not self.choices and not self.is_right():
            surprise = abs(self.said - self.answer) / (abs(self.said) + abs(self.answer))
        texts = {"said": self.written(self.said), "answer": self.written(self.answer)}
        return texts | {"right": self.is_right(), "surprise": round(surprise, 3)}

    def comparison(self):
        parts = _parts(self.outcome())
        if self.is_quiz:
            return Message(RIGHT_ANSWER if self.is_right() else WRONG_ANSWER, said=parts["said"])
        if not self.is_right():
            return Message(WRONG, **parts)
        return Message(RIGHT if parts["said"] == parts["answer"] else NEAR, **parts)

    def refresh(self):
        """Say below the box how it stands."""
        if self._note is None or self.said is None:
            return
        noted = Message(NOTED, said=self.written(self.said))
        self._say(self.comparison() if self.is_compared() else noted)

    def _say(self, sentence):
        self._note.value = html.escape(str(sentence), quote=False)

    def __repr__(self):
        spaces = "   ".join(f"( ) {choice}" for choice in self.choices)
        return f"{self.label} {spaces or f'{BLANK} {self.unit}'.rstrip()}"

    def _repr_mimebundle_(self, **_):
        data = {"text/plain": repr(self)}
        widget = self._made()
        return data | {key: v for key, v in widget._repr_mimebundle_().items() if "widget" in key}

    def _made(self):
        """Return the widget, made when it is first shown."""
        import ipywidgets as widgets  # slow to import, and needed here alone

        if self._widget is None:
            self._note = widgets.HTML()
            label = {
                "description": str(Message(self.label)),
                "style": {"description_width": "initial"},
            }
            if self.choices:
                field = widgets.ToggleButtons(options=self.choices, value=self.said, **label)
                field.style.button_width = "auto"
            else:
                said = "" if self.said is None else f"{self.said:.10g}"
                field = widgets.Text(said, placeholder="a number", **label)
                field.continuous_update = False
                field.layout.width = "16em"
            field.observe(self._changed, names="value")
            unit = [widgets.HTML(self.unit)] if self.unit else []
            row = {"flex_flow": "row wrap", "align_items": "center"}
            self._widget = widgets.HBox([field, *unit, self._note], layout=row)
            self.refresh()
        return self._widget

    def _changed(self, change):
        if not change["new"]:
            return
        if self.take(change["new"]):
            self.told()
        else:
            self._say(Message(NO_NUMBER, text=change["new"]))


def number_in(text, unit=""):
    """Return the number in a text: 1200, 1,200, 0.5, 0,500, 1/3, 97 %, -2; None without one."""
    text = text.strip().removesuffix(unit).strip().replace("−", "-").replace("_", "")
    hundreds = text.endswith("%") and not unit  # where a share is asked for
    text = text.removesuffix("%").strip()
    if re.fullmatch(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", text):
        text = text.replace(",", "")
    above, slash, below = text.replace(",", ".").partition("/")
    try:
        value = float(above) / (float(below) if slash else 1) / (100 if hundreds else 1)
    except (ValueError, ZeroDivisionError):
        return None
    return value if abs(value) < float("inf") else None
