"""Calling what a student wrote: what is said of a call, whatever it returns."""

import warnings

import numpy as np
import pytest
from students import judge, labels_of, text_of

from course_exercises import chapter01, chapter03, chapter04
from course_exercises.engine.reply import Outcome


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([], "Hand over your answer: `q.check(NOR)`"),
        ([1, 2], "Hand over your answer: `q.check(NOR)`"),
        ([1], "Write its name alone: `q.check(NOR)`"),
        (
            [lambda x1: 1],
            "input NOR(0, 0) `NOR` is called as in the cell that you started from, but yours is "
            "defined as `NOR(x1)`.",
        ),
        ([max], "expected 1 got 0"),
    ],
)
def test_handing_over_something_else_is_explained(answers, said):
    reply = chapter01.nor.judge(*answers)
    assert reply.kind == Outcome.WRONG
    assert said in text_of(reply)


def test_changing_the_argument_is_reported_with_what_it_was():
    code = "def log_softmax(x):\n    x -= x.max(axis=-1, keepdims=True)\n    return x"
    reply = judge(chapter03.log_softmax, code)
    assert "It changes its argument." in text_of(reply)
    assert labels_of(reply) == ["input", "expected", "got"]


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ("network.clear()", "{}"),
        ("network.pop('W1')", "'b1'"),
        ("network['W1'] = None", "'W1': None"),
        ("network['b1'] += 1", "'b1'"),
    ],
)
def test_changing_a_dictionary_is_reported_also_if_the_result_is_right(change, after):
    code = (
        "def forward_any(network, x):\n"
        "    n = len(network) // 2\n"
        "    for k in range(1, n + 1):\n"
        "        a = x @ network[f'W{k}'] + network[f'b{k}']\n"
        "        x = sigmoid(a) if k < n else a\n"
        f"    {change}\n"
        "    return x"
    )
    reply = judge(chapter04.any_depth, code)
    assert "It changes its argument." in text_of(reply)
    assert after in dict(reply.rows)["after"]


def test_a_right_answer_that_warns_of_an_overflow_is_not_right():
    code = (
        "def log_softmax(x):\n"
        "    np.exp(1000 * np.max(np.abs(x)))\n"
        "    z = x - np.max(x, axis=-1, keepdims=True)\n"
        "    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))"
    )
    reply = judge(chapter03.log_softmax, code)
    assert reply.kind == Outcome.WRONG
    assert [*map(str, reply.paragraphs)] == ["NumPy warns here: overflow encountered in exp."]


def test_warnings_count_even_if_the_notebook_silenced_them():
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reply = judge(chapter03.log_softmax, "def log_softmax(x): return np.log(softmax(x))")
    assert "log(0)" in text_of(reply)


def test_a_right_answer_that_prints_is_right():
    reply = judge(chapter01.nor, "def NOR(x1, x2):\n    print(x1)\n    return int(not x1 | x2)")
    assert reply.kind == Outcome.RIGHT
    assert "it also prints something" in text_of(reply)


def test_the_line_that_failed_is_shown(tmp_path):
    path = tmp_path / "cell.py"
    path.write_text("def NOR(x1, x2):\n    y = x1 + x2\n    return y.shape\n", encoding="utf-8")
    namespace = {}
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), namespace)
    reply = chapter01.nor.judge(namespace["NOR"])
    assert ("your line", "return y.shape") in reply.rows
    assert str(tmp_path) not in text_of(reply)
