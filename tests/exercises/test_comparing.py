"""Comparing an answer with what is right: what is said of a difference."""

import numpy as np
import pytest
from students import judge

from course_exercises import chapter01
from course_exercises.engine.comparing import difference, is_nearly
from course_exercises.engine.reply import Outcome
from course_exercises.engine.showing import show


@pytest.mark.parametrize(
    ("got", "expected", "said"),
    [
        (1, 1, ""),
        (1 + 1e-12, 1, ""),
        (1 + 1e-6, 1, "These differ."),
        (np.nan, 1.0, 'There is nan in it, "not a number".'),
        (np.nan, np.nan, ""),
        (np.inf, np.inf, ""),
        (np.array([1.0]), 1.0, "It should be one number, but it is an array of shape (1,)."),
        (1.0, np.array([1.0]), "It should be a NumPy array, but its type is `float`."),
        (
            [1.0],
            np.array([1.0]),
            "The numbers are right, but their type is `list`. `np.array(...)` makes an "
            "array of them, with which NumPy can go on computing.",
        ),
        ([1.5], np.array([1.0]), "It should be a NumPy array, but its type is `list`."),
        (["a", [1]], np.array([1.0]), "It should be a NumPy array, but its type is `list`."),
        (np.float32(0.1), 0.1, ""),
        (np.float32(0.10001), 0.1, "These differ."),
        (
            np.array([0.667]),
            np.array([2 / 3]),
            "It is rounded. Give it back as it is, with all its digits.",
        ),
        (np.ones(3), np.ones((1, 3)), "It should have shape (1, 3), but it has shape (3,)."),
        (1j, 1.0, "It should be a number, but its type is `complex`."),
        (np.array(["a"]), np.ones(1), "It should hold real numbers, but its type is `<U1`."),
        ((1, 2), (1, 2), ""),
        ([1, 2], (1, 2), ""),
        (np.array([1, 2]), (1, 2), ""),
        ((1, 2, 3), (1, 2), "Its length should be 2, but it is 3."),
        (3, (1, 2), "It should be a tuple of length 2, but its type is `int`."),
        (np.array(3), (1, 2), "It should be a tuple of length 2, but its type is `ndarray`."),
        ("a", "a", ""),
        (np.array(["a"]), "a", "These differ."),
        ({"a": 1}, {"a": 1}, ""),
        ({"a": 2}, {"a": 1}, "Look at 'a'."),
        ({"a": [1]}, {"a": 1}, "Look at 'a'. It should be a number, but its type is `list`."),
        ({"a": 1, "c": 3}, {"a": 1, "b": 2}, "Its keys should be a, b."),
        ([1], {"a": 1}, "It should be a dictionary, but its type is `list`."),
    ],
)
def test_what_differs_is_named(got, expected, said):
    assert str(difference(got, expected) or "") == said


@pytest.mark.parametrize(
    ("returned", "value", "nearly"),
    [
        (0.8124, 0.8125, True),
        (np.float32(0.8122), 0.8125, True),
        (0.81, 0.8125, False),
        (81.25, 0.8125, False),
        ([0.5, 0.6], np.array([0.5, 0.6]), True),
        (1, 1.0, False),  # a count, not an accuracy
        ("0.8125", 0.8125, False),
        (None, 0.8125, False),
    ],
)
def test_an_accuracy_may_be_rounded(returned, value, nearly):
    assert is_nearly(returned, value) == nearly


@pytest.mark.parametrize("kind", ["bool", "np.int64", "np.float32", "np.array"])
def test_a_number_of_any_kind_will_do(kind):
    reply = judge(chapter01.nor, f"def NOR(x1, x2): return {kind}(not x1 | x2)")
    assert reply.kind == Outcome.RIGHT


def test_a_large_array_of_texts_is_shown_by_its_shape():
    assert show(np.array(["a"] * 100)) == "array of shape (100,), <U1"
    assert show(np.arange(100)) == "array of shape (100,), numbers from 0 to 99"
