"""Each exercise that needs NumPy only, and answers to it that no list of mistakes foresees."""

import numpy as np
import pytest
from every_exercise import EveryExercise
from students import EXERCISES, WITH_NUMPY, first_paragraph, judge, labels_of, made_by, text_of

import course_exercises
from course_exercises import chapter03, chapter04, chapter05, chapter06
from course_exercises.engine.comparing import Repaired
from course_exercises.engine.reply import Outcome


class TestEveryExercise(EveryExercise):
    EXERCISES = WITH_NUMPY


def test_every_exercise_is_found_in_the_order_of_its_chapter():
    exercises = EXERCISES.values()
    numbers = [(exercise.chapter, int(exercise.number.split(".")[1])) for exercise in exercises]
    assert numbers == sorted(numbers)
    with pytest.raises(ValueError, match=r"'00' has no exercises; these have: \['01', '02'"):
        course_exercises.of_chapter("00")


# ---------------------------------------------------------------- right in another way

UNUSUAL = {
    "01/nor with other numbers": "def NOR(a, b): return neuron(a, b, -1, -1, 0.5)",
    "01/nor from gates": "def NOR(x1, x2): return NAND(OR(x1, x2), OR(x1, x2))",
    "01/other-xor from AND and NOR": "def other_xor(x1, x2):\n"
    "    return NOR(AND(x1, x2), NOR(x1, x2))",
    "01/other-xor with a gate of one's own": "def NOT(x): return NAND(x, x)\n"
    "def other_xor(a, b): return OR(AND(a, NOT(b)), AND(NOT(a), b))",
    "01/other-xor with a neuron": "def other_xor(a, b):\n"
    "    return neuron(AND(a, b), OR(a, b), -1, 0.5, -0.2)",
    "01/half-adder with a list": "def half_adder(a, b): return [(a + b) % 2, (a + b) // 2]",
    "02/leaky-relu in float32": "def leaky_relu(x, leak=0.01):\n"
    "    return np.where(x > 0, x, leak * x).astype(np.float32)",
    "02/leaky-relu in a loop": "def leaky_relu(z, k=0.01):\n"
    "    y = np.zeros(z.shape)\n"
    "    for place, v in np.ndenumerate(z):\n"
    "        y[place] = v if v > 0 else k * v\n"
    "    return y",
    "02/tanh as a difference": "def tanh(x): return sigmoid(2 * x) - sigmoid(-2 * x)",
    "02/plateau as the lower one of two slopes": "def plateau(x, start, end):\n"
    "    return relu(np.minimum(np.minimum(x - start, end - x), 1))",
    "03/softmax-batch turned": "def softmax_batch(x, axis=1):\n"
    "    return softmax(x) if axis else softmax(x.T).T",
    "03/log-softmax in float32": "def log_softmax(x):\n"
    "    z = (x - x.max(-1, keepdims=True)).astype('f4')\n"
    "    return z - np.log(np.exp(z).sum(-1, keepdims=True))",
    "04/add-a-layer in a loop": "def forward_four_layers(network, x):\n"
    "    for k in (1, 2, 3):\n"
    "        x = sigmoid(np.dot(x, network[f'W{k}']) + network[f'b{k}'])\n"
    "    return x @ network['W4'] + network['b4']",
    "04/any-depth by recursion": "def forward_any(network, x, k=1):\n"
    "    a = x @ network[f'W{k}'] + network[f'b{k}']\n"
    "    return forward_any(network, sigmoid(a), k + 1) if f'W{k + 1}' in network else a",
    "05/per-class-accuracy counted": "def per_class_accuracy(p, t, n_classes=10):\n"
    "    hits = np.bincount(t[p == t], minlength=n_classes)\n"
    "    return (hits / np.bincount(t, minlength=n_classes)).astype('f4')",
    "05/top-two by rank": "def top_two_accuracy(y, t):\n"
    "    own = y[np.arange(len(t)), t]\n"
    "    return np.float32(np.mean((y > own[:, None]).sum(1) < 2))",
    "06/five-points of arrays": "def five_point(f, x, h):\n"
    "    return np.array([1, -8, 0, 8, -1]) @ f(x + h * np.arange(-2, 3)) / (12 * h)",
    "06/effect-of-h of arrays": "def best_h(f, x, slope, candidates):\n"
    "    c = np.array(candidates)\n"
    "    return c[np.argmin((central(f, x, c) - slope) ** 2)]",
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_answer_is_right(name):
    reply = judge(EXERCISES[name.split()[0]], UNUSUAL[name])
    assert reply.kind == Outcome.RIGHT, reply


# ---------------------------------------------------------------- wrong in another way

TOLD = {
    "01/other-xor of the chapter": (
        "def other_xor(x1, x2):\n    y = AND(NAND(x1, x2), OR(x1, x2))\n    return y",
        "the last gate is AND",
    ),
    "01/other-xor of Python": ("def other_xor(x1, x2): return x1 ^ x2", "no gate is used"),
    "01/other-xor with XOR inside": (
        "def other_xor(x1, x2): return (lambda a: XOR(a, x2))(x1)",
        "This calls the `XOR` of the chapter.",
    ),
    "02/tanh with tanh inside": (
        "def tanh(x): return np.array([*map(lambda v: np.tanh(v), x)])",
        "a ready-made tanh",
    ),
    "04/any-depth from layer 0": (
        "def forward_any(network, x): return x @ network['W0']",
        "There is no layer 0: `range(n)` begins at 0, but the layers are counted from 1. "
        "It stops with KeyError: 'W0' There is no such key.",
    ),
    "05/per-class-accuracy of predicted classes": (
        "def per_class_accuracy(predictions, t, n_classes=10):\n"
        "    return np.array([np.mean(predictions[t == k] == k) for k in set(predictions)])",
        "It should have shape (3,), but it has shape (2,).",
    ),
    "05/per-class-accuracy rounded": (
        "def per_class_accuracy(predictions, t, n_classes=10):\n"
        "    y = np.array([np.mean(predictions[t == k] == k) for k in range(n_classes)])\n"
        "    return y.round(3)",
        "It is rounded.",
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_wrong_answer_is_told_what_is_wrong(name):
    code, said = TOLD[name]
    reply = judge(EXERCISES[name.split()[0]], code)
    assert reply.kind == Outcome.WRONG
    assert said in text_of(reply)


WRONG_VALUES = {
    "These are the arrays themselves.": {"W1": np.ones((4, 3)), "b1": np.ones(3)},
    "as many as the columns of `x`": {"W1": (2, 6), "b1": (6,), "W2": (6, 2), "b2": (2,)},
    "as many as the columns of `z1`": {"W1": (4, 3), "b1": (3,), "W2": (4, 2), "b2": (2,)},
    "Look at 'W1'. It should be a tuple of length 2, but its type is `str`.": {"W1": "(4, 3)"},
    "In Python `(3)` is the number 3.": {"W1": (4, 3), "b1": (3), "W2": (3, 2), "b2": (2)},
    "Rows and columns": {"W1": (3, 4), "b1": (3,), "W2": (2, 3), "b2": (2,)},
    "There is a 5": {"W1": (4, 3), "b1": (5, 3), "W2": (3, 2), "b2": (5, 2)},
    "should hold 12 numbers": {"W1": (4, 6), "b1": (6,), "W2": (6, 2), "b2": (2,)},
    "only one axis": {"W1": (4, 3), "b1": (1, 3), "W2": (3, 2), "b2": (1, 2)},
    "not to its inputs": {"W1": (4, 3), "b1": (4,), "W2": (3, 2), "b2": (3,)},
    "Its keys should be W1, b1, W2, b2.": {"W1": (4, 3), "W2": (3, 2)},
    "It should be a dictionary, but its type is `list`.": [(4, 3), (3,), (3, 2), (2,)],
    "Look at 'b2'. Its length should be 1, but it is 3.": {
        "W1": (4, 3), "b1": (3,), "W2": (3, 2), "b2": (2, 2, 2)
    },
}  # fmt: skip


@pytest.mark.parametrize("said", WRONG_VALUES)
def test_wrong_shapes_get_their_own_message(said):
    reply = chapter04.shape_puzzle.judge(WRONG_VALUES[said])
    assert reply.kind == Outcome.WRONG
    assert said in first_paragraph(reply)


def test_shapes_may_be_lists():
    lists = {"W1": [4, 3], "b1": [3], "W2": [3, 2], "b2": [2]}
    assert chapter04.shape_puzzle.judge(lists).kind == Outcome.RIGHT


# ---------------------------------------------------------------- programs to be repaired

PROGRAMS = [exercise for exercise in WITH_NUMPY if isinstance(exercise.test, Repaired)]


@pytest.mark.parametrize("exercise", PROGRAMS, ids=lambda exercise: exercise.key)
def test_a_program_to_repair_with_a_comment_in_it_is_still_not_attempted(exercise):
    code = exercise.starter.replace("\n", "\n    # here?\n", 1)
    assert judge(exercise, code).kind == Outcome.NOT_ATTEMPTED


# For each program: what a student changes, and what is said then.
REPAIRS_03 = {
    "only the sum": ([("np.sum(exps)", "np.sum(exps, axis=1, keepdims=True)")], ["far above"]),
    "only the maximum": (
        [("np.max(logits)", "np.max(logits, axis=1, keepdims=True)")],
        ["other photos join"],
    ),
    "the level instead": ([("level=0.9", "level=0.3")], ["other photos join", "far above"]),
    "without keepdims": (
        [("np.sum(exps)", "np.sum(exps, axis=1)")],
        ["It stops with ValueError", "Two shapes do not fit"],
    ),
    "the wrong axis": (
        [("np.max(logits)", "np.max(logits, axis=0)"), ("np.sum(exps)", "np.sum(exps, axis=0)")],
        ["other photos join"],
    ),
    "another level too": (
        [
            ("np.sum(exps)", "np.sum(exps, axis=1, keepdims=True)"),
            ("np.max(logits)", "np.max(logits, axis=1, keepdims=True)"),
            ("best > level", "best > 0.9"),
        ],
        ["sure_photos(", "expected", "got"],
    ),
}
REPAIRS_05 = {
    "only the sigmoid": ([("x / (1", "1 / (1")], ["1 of 2", "does not sum to 1"]),
    "only the softmax": (
        [("np.sum(exp_a)", "np.sum(exp_a, axis=-1, keepdims=True)")],
        ["1 of 2", "Even for a single image"],
    ),
    "the sign": (
        [("x / (1 + np.exp(-x))", "1 / (1 + np.exp(x))")],
        ["0 of 2", "Even for a single image", "does not sum to 1"],
    ),
    "axis=1, which a single image has not": (
        [("x / (1", "1 / (1"), ("np.sum(exp_a)", "np.sum(exp_a, axis=1, keepdims=True)")],
        ["stops with AxisError"],
    ),
    "all but the maximum": (
        [("x / (1", "1 / (1"), ("np.sum(exp_a)", "np.sum(exp_a, axis=-1, keepdims=True)")],
        ["published_softmax(", "There is nan in it", "NumPy warns here: invalid value"],
    ),
}


@pytest.mark.parametrize(
    ("exercise", "changes", "said"),
    [
        pytest.param(exercise, *repair, id=f"{exercise.chapter} {name}")
        for exercise, repairs in [
            (chapter03.find_the_bug, REPAIRS_03),
            (chapter05.find_the_bug, REPAIRS_05),
        ]
        for name, repair in repairs.items()
    ],
)
def test_a_half_repaired_program_is_told_what_is_left_but_not_where(exercise, changes, said):
    code = exercise.starter
    for old, new in changes:
        assert old in code
        code = code.replace(old, new)
    reply = judge(exercise, code)
    assert reply.kind == Outcome.WRONG
    for part in said:
        assert part in text_of(reply)


# Chapter 06: what repairs each of the six defects, and what is said while it is there.
REPAIRS_06 = {
    "A network cannot be made": ("__int__", "__init__"),
    "bias of its own": ("self.b2 = rng.random(n_out)", "self.b3 = rng.random(n_out)"),
    "does not step downhill": ("] = -", "] -= "),
    "asks for something that does not exist": ("self.learn_rate", "self.learning_rate"),
    "does not see an image as": ("outputs(pixels)", "outputs(0.01 + 0.99 * pixels / 255)"),
    "start with the same sign": ("rng.random((", "rng.standard_normal(("),
}


def repaired(*names):
    code = chapter06.find_the_bug.starter
    for name in names:
        assert REPAIRS_06[name][0] in code
        code = code.replace(*REPAIRS_06[name])
    return code


def still_there(reply):
    return [name for name in REPAIRS_06 if name in text_of(reply)]


@pytest.mark.parametrize("name", REPAIRS_06)
def test_each_defect_of_the_class_is_found_by_itself(name):
    others = [other for other in REPAIRS_06 if other != name]
    one_repaired = judge(chapter06.find_the_bug, repaired(name))
    assert still_there(one_repaired) == others
    assert "1 of 6 defects repaired." in text_of(one_repaired)
    one_left = judge(chapter06.find_the_bug, repaired(*others))
    assert still_there(one_left) == [name]
    assert "5 of 6 defects repaired." in text_of(one_left)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("] -= ", "] += ", "does not step downhill"),
        ("0.99 * pixels / 255)", "0.99 * pixels)", "does not see an image as"),
        ("outputs(0.01 + 0.99 * pixels / 255)", "outputs(pixels / 255)", ""),
        ("rng.standard_normal((", "-rng.random((", "start with the same sign"),
        ("self.b3 = rng.random(n_out)", "self.b3 = rng.random(1)", "bias of its own"),
        ("rng.standard_normal((n_in", "rng.standard_norm((n_in", "stops with AttributeError"),
        ("z1 @ self.W2", "z1 @ self.W3", "It stops with ValueError"),
        ("learning_rate=0.1, seed", "rate=0.1, seed", "It stops with NameError"),
    ],
)
def test_a_class_with_another_fault_is_told_so(old, new, said):
    code = repaired(*REPAIRS_06)
    assert old in code
    reply = judge(chapter06.find_the_bug, code.replace(old, new))
    assert said in text_of(reply)
    assert (reply.kind == Outcome.RIGHT) == (said == "")  # pixels / 255 is nearly what train does


def test_a_crash_inside_a_class_shows_the_line(tmp_path):
    code = repaired(*REPAIRS_06).replace("self.outputs(0.01", "self.output(0.01")
    path = tmp_path / "cell.py"
    path.write_text(code, encoding="utf-8")
    reply = chapter06.find_the_bug.judge(*made_by(chapter06.find_the_bug, code, file=path))
    assert labels_of(reply) == ["your line"]
    assert "self.output(0.01" in reply.rows[0][1]


def test_large_inputs_are_shown_by_their_shapes():
    code = chapter05.find_the_bug.code.replace("1 / (1 + np", "1 / (1 + nq")
    reply = judge(chapter05.find_the_bug, code)
    assert "{'W1': array of shape (4, 3), numbers from" in repr(reply)
    assert len(repr(reply).splitlines()) < 20
