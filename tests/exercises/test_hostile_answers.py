"""Answers that do what none should, tried in full on each kind of check that needs NumPy only.

Those that need TensorFlow meet the same answers in test_tensorflow_exercises.py.
"""

import dataclasses
import threading
import warnings

import numpy as np
import pytest
from students import HOSTILE, hostile, hostile_class, text_of

from course_exercises import chapter01, chapter03, chapter04, chapter06
from course_exercises.engine.reply import Outcome

ON_VALUES = ("__getitem__", "__contains__", "__iter__", "__len__", "__eq__", "keys", "items")


def judge_hostile(exercise, name, capsys, *answers):
    """Return what is replied to a hostile answer, once it is sure that it left nothing behind."""
    before = warnings.filters[:]
    quick = dataclasses.replace(exercise, seconds=0.3 if "loop" in name else 30)
    reply = quick.judge(*answers)
    assert reply.kind == Outcome.WRONG
    assert "course_utils" not in text_of(reply)
    assert "Traceback" not in text_of(reply)
    assert reply._repr_html_().startswith("<div")
    assert capsys.readouterr() == ("", "")
    assert warnings.filters == before
    assert not [thread for thread in threading.enumerate() if thread.name == "check"]
    return reply


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_function_is_reported(name, capsys):
    reply = judge_hostile(chapter01.nor, name, capsys, hostile(name))
    assert HOSTILE[name][1] in text_of(reply)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_program_is_reported(name, capsys):
    reply = judge_hostile(chapter03.find_the_bug, name, capsys, *[hostile(name)] * 3)
    assert HOSTILE[name][1] in text_of(reply)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_class_is_reported(name, capsys):
    cls = hostile_class(hostile(name), "__init__", "train", "predict")
    reply = judge_hostile(chapter06.find_the_bug, name, capsys, cls)
    said = HOSTILE[name][1]
    if said.startswith("It stops"):  # else it is judged by what it does, not by what it returns
        assert said in text_of(reply)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_value_is_reported(name, capsys):
    cls = hostile_class(hostile(name), *ON_VALUES, base=dict, __hash__=None)
    judge_hostile(chapter04.shape_puzzle, name, capsys, cls(W1=(4, 3), b1=(3,)))


@pytest.mark.parametrize("value", ["a", 3, [1], {"W1": "a"}, {1: 2}, np.zeros(3), print, object()])
def test_a_strange_value_is_reported(value, capsys):
    judge_hostile(chapter04.shape_puzzle, "a value", capsys, value)
