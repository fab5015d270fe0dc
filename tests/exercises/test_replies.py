"""What the student sees: replies, hints, solutions, outcomes; and what makes an exercise."""

import dataclasses

import pytest
from students import judge, made_by, text_of

from course_exercises import chapter01, chapter04, chapter05, progress
from course_exercises.engine.exercise import Exercise
from course_exercises.engine.reply import Outcome, Reply
from course_utils.message import Message


def test_a_reply_as_text_and_as_html():
    reply = Reply(
        Outcome.WRONG,
        Message("Exercise {number}: a < b", number="0.0"),
        rows=(("input", "f([1,\n2])"), ("expected", Message("<{what}>", what="b"))),
        paragraphs=("Use `a < b` & no more.", Message("- {said}", said=Message("{}"))),
    )
    assert repr(reply) == (
        "Exercise 0.0: a < b\n"
        "  input     f([1,\n"
        "            2])\n"
        "  expected  <b>\n"
        "Use `a < b` & no more.\n"
        "- {}"
    )
    html = reply._repr_html_()
    assert "✗ Exercise 0.0: a &lt; b</div>" in html
    assert "<code>a &lt; b</code> &amp; no more." in html
    assert "expected  &lt;b&gt;</pre>" in html


def test_the_outcomes_stand_in_their_order():
    assert [*Outcome] == ["not attempted", "wrong", "right"]


@pytest.mark.parametrize("body", ["...", "pass", "return", "return ...", '"""Doc."""\n    ...'])
def test_a_function_that_does_nothing_is_not_attempted(body):
    reply = judge(chapter01.nor, f"def NOR(x1, x2):\n    {body}")
    assert repr(reply) == (
        "Exercise 1.1, NOR: not attempted yet\n"
        "Put your code in place of the dots, run that cell, then run this one again."
    )


@pytest.mark.parametrize("answer", [None, ...])
def test_an_answer_that_is_not_there_is_not_attempted(answer):
    assert chapter01.nor.judge(answer).kind == Outcome.NOT_ATTEMPTED
    assert chapter04.shape_puzzle.judge(answer).kind == Outcome.NOT_ATTEMPTED


def test_each_call_of_hint_shows_one_more_and_the_last_one_again(capsys):
    exercise = dataclasses.replace(chapter01.nor, hints=("First.", "Second."))
    shown = []
    for _ in range(3):
        exercise.hint()
        shown.append(capsys.readouterr().out)
    assert shown[0] == "Exercise 1.1, NOR: hint 1 of 2\nFirst.\n"
    assert shown[1] == (
        "Exercise 1.1, NOR: hint 2 of 2\n"
        "Second.\n"
        "This was the last hint. `q.solution()` shows a solution.\n"
    )
    assert shown[2] == shown[1]


def test_the_solution_is_shown_with_highlighting(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda reply, **_: shown.append(reply))
    chapter01.nor.solution()
    [reply] = shown
    keyword = "color: var(--jp-mirror-editor-keyword-color, #006800)"  # as the theme has it
    assert f'<span style="{keyword}">def</span>' in reply._repr_html_()
    assert "neuron(x1, x2, -0.5, -0.5, 0.2)" in repr(reply)
    assert chapter01.nor.explanation in repr(reply)


def test_check_shows_the_reply_and_keeps_the_outcome(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.setattr(progress, "_known", progress.nothing())
    chapter01.nor.check(lambda x1, x2: 1)
    assert "Exercise 1.1, NOR: not right yet" in capsys.readouterr().out
    assert progress.outcomes() == {"01/nor": "wrong"}
    chapter01.nor.check(*made_by(chapter01.nor, chapter01.nor.code))
    assert "Exercise 1.1, NOR: right" in capsys.readouterr().out
    assert progress.outcomes() == {"01/nor": "right"}


def test_the_check_cell_of_an_exercise():
    assert chapter05.find_the_bug.check_cell == (
        "from course_exercises.chapter05 import find_the_bug as q\n\n"
        "q.check(published_sigmoid, published_softmax, published_predict)\n"
        "# q.hint()\n# q.solution()"
    )


# ---------------------------------------------------------------- making an exercise

PROGRAM = "def half(x):\n    return x * 2 if x else x * 2\n"


def program(**changes):
    """Return a *find the bug* exercise with a test that any answer passes."""
    given = {
        "number": "12.3",
        "slug": "half-it",
        "title": "half of it",
        "names": ("half",),
        "hints": ("Look.", "Look again."),
        "explanation": "Half of it is meant.",
        "right": "And so on.",
        "test": lambda answer: None,
        "starter": PROGRAM,
        "repairs": (("x * 2", "x / 2"),),
    }
    return Exercise(**given | changes)


def test_repairs_make_a_solution_of_the_starter():
    exercise = program()
    assert exercise.code == "def half(x):\n    return x / 2 if x else x / 2\n"
    assert exercise.key == "12/half-it"
    assert dataclasses.replace(exercise, seconds=1).code == exercise.code
    reply = judge(exercise, PROGRAM)
    assert reply.kind == Outcome.NOT_ATTEMPTED
    assert "Repair the program, run that cell" in text_of(reply)
    assert judge(exercise, exercise.code).kind == Outcome.RIGHT


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"repairs": (("x * 3", "x / 3"),)}, "12/half-it: its starter has no 'x \\* 3' to repair"),
        ({"repairs": ()}, "12/half-it has no solution"),
    ],
)
def test_an_exercise_without_a_solution_is_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        program(**changes)


def test_the_texts_of_an_exercise_are_what_can_be_looked_up():
    texts = chapter01.other_xor.texts()
    assert texts[0] == "another XOR"
    assert {chapter01.other_xor.right, chapter01.other_xor.explanation} < set(texts)
    assert set(chapter01.other_xor.hints) < set(texts)
    assert set(chapter01.other_xor.test.mistakes) < set(texts)
    assert "This calls the `XOR` of the chapter. Build it from other gates." in texts
    assert set(chapter05.find_the_bug.test.defects) < set(chapter05.find_the_bug.texts())
