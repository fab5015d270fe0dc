"""Boxes that take a prediction: what can be said, how it is compared, what is kept of it."""

import json

import ipywidgets
import pytest

import course_exercises
from course_exercises import predicting, progress
from course_exercises.predicting import Predictions, number_in


@pytest.fixture(autouse=True)
def path(tmp_path, monkeypatch):
    """Keep the progress in an empty folder, and begin with nothing."""
    path = tmp_path / "진도.json"
    monkeypatch.setenv("COURSE_PROGRESS", str(path))
    restart(monkeypatch)
    return path


def restart(monkeypatch):
    """Forget what only the running Python knows."""
    monkeypatch.setattr(progress, "_known", progress.nothing())
    monkeypatch.setattr(predicting, "_asked", {})


@pytest.fixture
def boxes(monkeypatch):
    """Return the boxes that are shown, in their order; each is made as a notebook would."""
    shown = []

    def display(box, **_):
        if "_Box" in type(box).__name__:
            box._repr_mimebundle_()
            shown.append(box)
        else:
            print(box)

    monkeypatch.setattr("IPython.display.display", display)
    return shown


def say(box, value):
    """Do what a student does with a box."""
    [field] = [
        widget
        for widget in box._widget.children
        if isinstance(widget, ipywidgets.Text | ipywidgets.ToggleButtons)
    ]
    field.value = value


def note(box):
    return box._note.value


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3),
        (" -0.2 ", -0.2),
        ("−0.2", -0.2),
        ("0,5", 0.5),
        ("1,200", 1200),
        ("15,625.5", 15625.5),
        ("15_625", 15625),
        ("1/4", 0.25),
        ("97 %", 0.97),
        ("0,500", 0.5),
        ("1e-7", 1e-7),
        ("", None),
        ("many", None),
        ("1/0", None),
        ("nan", None),
        ("inf", None),
        ("1 2", None),
    ],
)
def test_numbers_as_people_write_them(text, number):
    assert number_in(text) == number


def test_a_unit_may_be_typed_too():
    assert number_in("20 seconds", "seconds") == 20
    assert number_in("97 %", "%") == number_in("97", "%") == number_in("97 %", "of 100") == 97


def test_a_number_is_noted_then_compared(boxes, capsys):
    guess = Predictions("01")
    guess.ask("how-many", near=5)
    say(boxes[0], "1,000")
    assert note(boxes[0]) == "You say 1,000. Now run the next cell."
    guess.reveal("how-many", 2236)
    assert note(boxes[0]) == "You said 1,000. It is 2,236."
    assert capsys.readouterr().out == "You said 1,000. It is 2,236.\n"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("2236", "You said 2,236, and so it is."),
        ("2240", "You said 2,240. It is 2,236: near enough."),
        ("2242", "You said 2,242. It is 2,236."),
    ],
)
def test_near_enough_counts_as_right(boxes, said, sentence):
    guess = Predictions("01")
    guess.ask("how-many", near=5)
    say(boxes[0], said)
    guess.reveal("how-many", 2236)
    assert note(boxes[0]) == sentence
    assert progress.predictions()["01/how-many"]["right"] == (said != "2242")


def test_what_is_no_number_is_said_and_not_kept(boxes):
    guess = Predictions("01")
    guess.ask("how-many")
    say(boxes[0], "lots & <b>")
    assert note(boxes[0]).startswith("lots &amp; &lt;b&gt; is no number.")
    guess.reveal("how-many", 3)
    assert progress.predictions() == {}


def test_a_choice_is_compared(boxes, path):
    guess = Predictions("01")
    guess.ask("fires", ["0", "1"])
    assert repr(boxes[0]) == "Your prediction: ( ) 0   ( ) 1"
    say(boxes[0], "1")
    guess.reveal("fires", 0)
    assert note(boxes[0]) == "You said 1. It is 0."
    assert json.loads(path.read_text(encoding="utf-8"))["predictions"] == {
        "01/fires": {"said": "1", "answer": "0", "right": False, "surprise": 0.5}
    }


def test_whoever_predicts_nothing_reads_nothing(boxes, capsys):
    guess = Predictions("01")
    guess.ask("how-many", unit="%")
    guess.reveal("how-many", 3)
    assert capsys.readouterr().out == ""
    assert progress.predictions() == {}
    assert repr(boxes[0]) == "Your prediction: ______ %"


def test_who_predicts_after_the_cell_ran_is_compared_at_once(boxes):
    guess = Predictions("01")
    guess.ask("how-many")
    guess.reveal("how-many", 3)
    say(boxes[0], "4")
    assert note(boxes[0]) == "You said 4. It is 3."
    guess.ask("how-many")  # the cell of the box is run again
    assert note(boxes[1]) == "You said 4. It is 3."


def test_the_first_prediction_counts_and_is_there_after_a_restart(boxes, monkeypatch, capsys):
    guess = Predictions("01")
    guess.ask("how-many")
    guess.reveal("how-many", 3)
    for said in "4", "3":
        say(boxes[0], said)
    restart(monkeypatch)
    guess = Predictions("01")
    guess.ask("how-many")
    assert note(boxes[-1]) == "You say 4. Now run the next cell."
    guess.reveal("how-many", 3)
    assert capsys.readouterr().out == "You said 4. It is 3.\n"


def test_to_reveal_what_was_not_asked_says_what_to_do(boxes):
    with pytest.raises(ValueError, match="'fires' was asked for: run the box above"):
        Predictions("01").reveal("fires", 1)


def test_an_answer_that_cannot_be_chosen_is_a_mistake_of_the_author(boxes):
    guess = Predictions("01")
    guess.ask("fires", ["0", "1"])
    with pytest.raises(ValueError, match="'2' is no answer"):
        guess.reveal("fires", "2")


def test_a_quick_question_answers_at_once_and_keeps_what_is_right(boxes):
    Predictions("01").quiz("bias", ["it turns", "it moves"], "it moves")
    assert repr(boxes[0]) == "Your answer: ( ) it turns   ( ) it moves"
    say(boxes[0], "it turns")
    assert note(boxes[0]) == "it turns: no. Think again."
    assert progress.predictions() == {}
    say(boxes[0], "it moves")
    assert note(boxes[0]) == "it moves: right."
    assert progress.predictions()["01/quiz/bias"]["right"]


def test_the_recap_has_a_score_and_the_biggest_surprises(boxes):
    guess = Predictions("01")
    answers = {"a-little-off": 11, "far-off": 1000, "opposite": -10, "right": 10, "skipped": 1}
    for k, (name, answer) in enumerate(answers.items()):
        guess.ask(name)
        if name != "skipped":
            say(boxes[k], "10")
        guess.reveal(name, answer)
    guess.ask("which", ["0", "1"])
    say(boxes[-1], "1")
    guess.reveal("which", 0)
    guess.quiz("bias", ["yes", "no"], "yes")
    assert repr(course_exercises.overview("01")).splitlines()[4:] == [
        "Predictions: 5 of 6 made, 1 of them right.",
        "Your biggest surprises, from which you learn the most:",
        "- opposite: you said 10, it is -10.",
        "- far off: you said 10, it is 1,000.",
        "- which: you said 1, it is 0.",
        "Quick questions: 0 of 1 answered right.",
    ]


def test_a_chapter_without_exercises_has_an_overview_of_its_predictions(boxes):
    Predictions("00").ask("fires", ["0", "1"])
    assert repr(course_exercises.overview("00")) == (
        "Chapter 00\nPredictions: 0 of 1 made, 0 of them right."
    )


@pytest.mark.parametrize(
    "kept",
    [
        [],
        {"01/fires": "1"},
        {"01/fires": {"said": "1"}},
        {"01/fires": {"said": "1", "answer": "0", "right": 1, "surprise": 0.5}},
    ],
)
def test_a_damaged_prediction_is_set_aside(path, kept, capsys):
    path.write_text(json.dumps({"exercises": {}, "predictions": kept}), encoding="utf-8")
    assert progress.predictions() == {}
    assert "was damaged" in capsys.readouterr().out
    assert path.with_name("진도.damaged.json").exists()


def test_a_file_of_the_first_edition_is_read(path):
    path.write_text('{"about": "", "exercises": {"01/nor": "right"}}', encoding="utf-8")
    prediction = {"said": "1", "answer": "0", "right": False, "surprise": 0.5}
    progress.record_prediction("01/fires", prediction)
    assert progress.outcomes() == {"01/nor": "right"}
    assert progress.predictions() == {"01/fires": prediction}
