"""Every exercise: its solution, its untouched starter, wrong and hostile answers."""

import ast
import dataclasses
import importlib.util
import re
import threading
import time
import warnings

import nbformat
import numpy as np
import pytest

import course_exercises as exercises
from course_exercises import chapter01, chapter03, chapter04, chapter05, chapter06, progress
from course_exercises.engine import session as guard
from course_exercises.engine.comparing import Compare, Repaired, SameValue, difference
from course_exercises.engine.message import RIGHT, UNTOUCHED, WRONG, Message
from course_tools.execute import NOTEBOOKS
from course_utils import losses
from course_utils.activations import sigmoid, softmax
from course_utils.gradients import numerical_gradient
from course_utils.mnist.sample import read_sample
from course_utils.quiet import load_tensorflow

HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None
NEED_TENSORFLOW = {"07", "08"}
CHAPTERS = [
    number for number in exercises.chapters() if HAS_TENSORFLOW or number not in NEED_TENSORFLOW
]
ALL = [exercise for number in CHAPTERS for exercise in exercises.of_chapter(number)]
TRAINED = "07/small-and-good"  # takes a trained network: tested in its own place
FAST = [exercise for exercise in ALL if exercise.key != TRAINED]
FUNCTIONS = [exercise for exercise in FAST if not isinstance(exercise.test, SameValue)]
COMPARED = [exercise for exercise in ALL if isinstance(exercise.test, Compare)]
PROGRAMS = [exercise for exercise in ALL if isinstance(exercise.test, Repaired)]

# What the chapters define before their exercises.
GATES = """
def neuron(x1, x2, w1, w2, b):
    return 1 if b + w1 * x1 + w2 * x2 > 0 else 0
def AND(x1, x2):
    return neuron(x1, x2, 1, 1, -1.5)
def NAND(x1, x2):
    return neuron(x1, x2, -1, -1, 1.5)
def OR(x1, x2):
    return neuron(x1, x2, 0.5, 0.5, -0.2)
def XOR(x1, x2):
    return AND(NAND(x1, x2), OR(x1, x2))
def NOR(x1, x2):
    return neuron(x1, x2, -0.5, -0.5, 0.2)
"""


@pytest.fixture(autouse=True)
def tensorflow_is_loaded(request):
    """Load it before chapters 07 and 08 are checked, as their notebooks do: it takes seconds."""
    params = request.node.callspec.params if hasattr(request.node, "callspec") else {}
    exercise = params.get("exercise")
    if getattr(exercise, "chapter", None) in NEED_TENSORFLOW:
        load_tensorflow()


def key(exercise):
    return exercise.key


def made_by(exercise, code):
    """Return what a student's code defines of an exercise, as `check` gets it.

    What comes after the definitions, the trying out, is left to the solved notebooks.
    """
    namespace = {"np": np, "losses": losses, "numerical_gradient": numerical_gradient}
    namespace |= {"sigmoid": sigmoid, "softmax": softmax, "central": chapter06.central}
    if exercise.chapter in NEED_TENSORFLOW:
        load_tensorflow()
        import keras
        import tensorflow as tf

        namespace |= {"keras": keras, "tf": tf}
    exec(GATES, namespace)
    tree = ast.parse(code)
    if any(isinstance(node, ast.FunctionDef) for node in tree.body):
        tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    exec(compile(tree, "answer", "exec"), namespace)
    return [namespace[name] for name in exercise.names]


def judge(exercise, code):
    return exercise.judge(*made_by(exercise, code))


def text_of(message):
    """Return a message as one line."""
    return " ".join(repr(message).split())


def each(exercises):
    return pytest.mark.parametrize("exercise", exercises, ids=key)


# ---------------------------------------------------------------- right, and not attempted


@each(FAST)
def test_the_solution_is_right(exercise):
    message = judge(exercise, exercise.code)
    assert message.kind == RIGHT, message
    assert message.paragraphs == (exercise.right,)


@each(ALL)
def test_the_untouched_starter_of_the_notebook_is_not_attempted(exercise):
    path = next(NOTEBOOKS.glob(f"{exercise.chapter}_*.ipynb"), None)
    if path is None:
        pytest.skip("the chapter is in the making")
    cells = {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}
    starter = cells[f"exercise-{exercise.slug}-starter"]
    assert judge(exercise, starter).kind == UNTOUCHED
    if exercise.starter:
        assert exercise.starter.strip() == starter.strip()
    text = cells[f"exercise-{exercise.slug}"]
    assert f"Exercise {exercise.number}: {exercise.title}" in text


@pytest.mark.parametrize("body", ["...", "pass", "return", "return ...", '"""Doc."""\n    ...'])
def test_a_function_that_does_nothing_is_not_attempted(body):
    assert judge(chapter01.nor, f"def NOR(x1, x2):\n    {body}").kind == UNTOUCHED


@pytest.mark.parametrize("answer", [None, ...])
def test_an_answer_that_is_not_there_is_not_attempted(answer):
    assert chapter01.nor.judge(answer).kind == UNTOUCHED
    assert chapter04.shape_puzzle.judge(answer).kind == UNTOUCHED


@each(PROGRAMS)
def test_a_program_to_repair_with_a_comment_in_it_is_still_not_attempted(exercise):
    code = exercise.starter.replace("\n", "\n    # here?\n", 1)
    assert judge(exercise, code).kind == UNTOUCHED


@each(ALL)
def test_its_texts_are_complete(exercise):
    assert len(exercise.hints) >= 2
    assert len(set(exercise.hints)) == len(exercise.hints)
    for text in (*exercise.hints, exercise.explanation, exercise.right):
        assert text.endswith((".", "?", "`")), text
        assert text.count("`") % 2 == 0, text


def test_every_exercise_is_found_in_the_order_of_its_chapter():
    numbers = [exercise.number for exercise in ALL]
    assert numbers == sorted(numbers)
    assert len(set(map(key, ALL))) == len(ALL)
    with pytest.raises(ValueError, match=r"'00' has no exercises; these have: \['01', '02'"):
        exercises.of_chapter("00")


# ---------------------------------------------------------------- wrong


@each(COMPARED)
def test_every_common_mistake_gets_its_own_message(exercise):
    mistakes = exercise.test.mistakes
    assert len({mistake.message for mistake in mistakes}) == len(mistakes) >= 3
    for mistake in mistakes:
        message = exercise.judge(mistake.function)
        assert message.kind == WRONG
        assert message.paragraphs[0] == mistake.message
        labels = [label for label, _ in message.rows]
        assert labels[0] == "input"
        assert {"expected", "your line"} & set(labels)


@each(COMPARED)
def test_an_answer_that_repeats_the_example_is_wrong(exercise):
    example = next(iter(exercise.test.cases(np.random.default_rng(0))))
    assert exercise.judge(lambda *args: exercise.test.expected(*example)).kind == WRONG


@each(COMPARED)
def test_cases_and_expectations_are_the_same_in_every_run(exercise):
    def repeated():
        return [repr(args) for args in exercise.test.cases(np.random.default_rng(0))]

    assert repeated() == repeated()
    assert len(repeated()) >= 3


WRONG_VALUES = {
    "These are the arrays themselves.": {"W1": np.ones((4, 3)), "b1": np.ones(3)},
    "as many as the columns of `x`": {"W1": (2, 6), "b1": (6,), "W2": (6, 2), "b2": (2,)},
    "as many as the columns of `z1`": {"W1": (4, 3), "b1": (3,), "W2": (4, 2), "b2": (2,)},
    "Look at 'W1'. It should be a tuple of 2, but it is a text.": {"W1": "(4, 3)", "W2": "(3, 2)"},
    "In Python `(3)` is the number 3.": {"W1": (4, 3), "b1": (3), "W2": (3, 2), "b2": (2)},
    "Rows and columns": {"W1": (3, 4), "b1": (3,), "W2": (2, 3), "b2": (2,)},
    "There is a 5": {"W1": (4, 3), "b1": (5, 3), "W2": (3, 2), "b2": (5, 2)},
    "should hold 12 numbers": {"W1": (4, 6), "b1": (6,), "W2": (6, 2), "b2": (2,)},
    "only one axis": {"W1": (4, 3), "b1": (1, 3), "W2": (3, 2), "b2": (1, 2)},
    "not to its inputs": {"W1": (4, 3), "b1": (4,), "W2": (3, 2), "b2": (3,)},
    "Its keys should be W1, b1, W2, b2.": {"W1": (4, 3), "W2": (3, 2)},
    "It should be a dictionary, but it is a list.": [(4, 3), (3,), (3, 2), (2,)],
    "Look at 'b2'. It should have 1 entries": {
        "W1": (4, 3), "b1": (3,), "W2": (3, 2), "b2": (2, 2, 2)
    },
}  # fmt: skip


@pytest.mark.parametrize("said", WRONG_VALUES)
def test_wrong_shapes_get_their_own_message(said):
    message = chapter04.shape_puzzle.judge(WRONG_VALUES[said])
    assert message.kind == WRONG
    assert said in message.paragraphs[0], message


def test_shapes_may_be_lists():
    assert (
        chapter04.shape_puzzle.judge({"W1": [4, 3], "b1": [3], "W2": [3, 2], "b2": [2]}).kind
        == RIGHT
    )


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
    "02/three-linear-layers by asking": "def collapse(W1, b1, W2, b2, W3, b3):\n"
    "    f = lambda x: ((x @ W1 + b1) @ W2 + b2) @ W3 + b3\n"
    "    b = f(np.zeros(len(W1)))\n"
    "    return [f(np.eye(len(W1))) - b, b]",
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
    "07/width with functions": "def build_with_width(width):\n"
    "    x = keras.Input((784,))\n"
    "    dense = keras.layers.Dense\n"
    "    h = dense(width, 'relu')(dense(width, 'relu')(x))\n"
    "    return keras.Model(x, dense(10, 'softmax')(h))",
    "07/optimiser with evaluate": "def validation_accuracy(optimizer):\n"
    "    model = build_model()\n"
    "    train_model(model, 3, optimizer)\n"
    "    return model.evaluate(x_valid, t_valid, verbose=0)[1]",
    "07/optimiser in float32, rounded": "def validation_accuracy(optimizer):\n"
    "    history = train_model(build_model(), 3, optimizer).history\n"
    "    return np.float32(round(history['val_accuracy'][2], 3))",
    "08/hidden-layer with maximum": "def hidden_layer_logits(x, params):\n"
    "    hidden = tf.maximum(tf.matmul(x, params[0]) + params[1], 0.0)\n"
    "    return tf.matmul(hidden, params[2]) + params[3]",
    "08/batch-size that keeps its losses": "def accuracy_for(batch_size):\n"
    "    start_anew()\n"
    "    losses = []\n"
    "    for k in np.random.default_rng(0).integers(0, len(x_train), (1000, batch_size)):\n"
    "        losses.append(train_step(x_train[k], t_train[k], 0.01, logits_loss).numpy())\n"
    "    return float(accuracy(x_valid, labels_valid))",
    "08/momentum with a constant": "def momentum_step(variable, velocity, slope, rate):\n"
    "    velocity.assign(tf.constant(0.9) * velocity - rate * slope)\n"
    "    variable.assign(variable + velocity)",
}


def exercise_of(name):
    """Return the exercise whose key begins a name; skip without TensorFlow."""
    found = [exercise for exercise in ALL if exercise.key == name.split()[0]]
    return found[0] if found else pytest.skip("no TensorFlow")


@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_answer_is_right(name):
    message = judge(exercise_of(name), UNUSUAL[name])
    assert message.kind == RIGHT, message


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
    "07/width without a network": (
        "def build_with_width(width): return width",
        "It should return a Keras network, but it is a number.",
    ),
    "07/width of images": (
        "def build_with_width(width):\n"
        "    return keras.Sequential([keras.Input((28, 28)), keras.layers.Dense(width)])",
        "It should take rows of 784 pixels.",
    ),
    "07/optimiser by hand": (
        "def validation_accuracy(optimizer): return build_model().compile(optimizer=optimizer)",
        "this check knows no model.compile: train with train_model",
    ),
    "07/optimiser on test digits": (
        "def validation_accuracy(optimizer):\n"
        "    model = build_model()\n"
        "    train_model(model, 3, optimizer)\n"
        "    return model.evaluate([[0.0]], [[1.0]])[1]",
        "These are not the validation digits.",
    ),
    "08/hidden-layer that changes a variable": (
        "def hidden_layer_logits(x, params):\n"
        "    params[1].assign(params[1] + 1)\n"
        "    return tf.nn.relu(x @ params[0] + params[1]) @ params[2] + params[3]",
        "It changes the variable `b1`.",
    ),
    "08/hidden-layer that does not fit": (
        "def hidden_layer_logits(x, params): return x * params[0]",
        "InvalidArgumentError: Incompatible shapes: [2,784] vs. [784,100] Two shapes do not fit",
    ),
    "08/batch-size of 55,000 digits": (
        "def accuracy_for(batch_size):\n    start_anew()\n    x_train[54_999]",
        "draw from `range(len(x_train))`",
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_wrong_answer_is_told_what_is_wrong(name, capfd):
    code, said = TOLD[name]
    message = judge(exercise_of(name), code)
    assert message.kind == WRONG
    assert said in text_of(message)
    assert capfd.readouterr() == ("", "")  # TensorFlow writes past Python


def test_a_crash_inside_a_class_shows_the_line(tmp_path):
    code = repaired(*REPAIRS_06).replace("self.outputs(0.01", "self.output(0.01")
    path = tmp_path / "cell.py"
    path.write_text(code, encoding="utf-8")
    namespace = {"np": np, "losses": losses, "sigmoid": sigmoid}
    namespace["numerical_gradient"] = numerical_gradient
    exec(compile(code, path, "exec"), namespace)
    message = chapter06.find_the_bug.judge(namespace["PublishedNetwork"])
    assert [label for label, _ in message.rows] == ["your line"]
    assert "self.output(0.01" in message.rows[0][1]


def test_large_inputs_are_shown_by_their_shapes():
    code = chapter05.find_the_bug.code.replace("1 / (1 + np", "1 / (1 + nq")
    message = judge(chapter05.find_the_bug, code)
    assert "{'W1': array of shape (4, 3), numbers from" in repr(message)
    assert len(repr(message).splitlines()) < 20


# ---------------------------------------------------------------- half repaired

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
    message = judge(exercise, code)
    assert message.kind == WRONG
    for part in said:
        assert part in text_of(message)


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


def still_there(message):
    return [name for name in REPAIRS_06 if name in text_of(message)]


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
    message = judge(chapter06.find_the_bug, code.replace(old, new))
    assert said in text_of(message)
    assert (message.kind == RIGHT) == (said == "")  # pixels / 255 is nearly what train does


# ---------------------------------------------------------------- a trained network


@pytest.fixture
def small(monkeypatch):
    """Exercise 7.3, judged by 200 digits of the sample."""
    chapter07 = pytest.importorskip("course_exercises.chapter07")
    pytest.importorskip("tensorflow")
    load_tensorflow()
    _, _, x_test, t_test = read_sample()
    digits = x_test[:200].reshape(200, 784).astype(np.float32) / 255, t_test[:200]
    monkeypatch.setattr(chapter07, "_test_digits", lambda: (*digits, 0.955))
    return chapter07.small_and_good


def dense(*sizes, n_inputs=784):
    import keras

    layers = [keras.layers.Dense(size, activation="softmax") for size in sizes]
    return keras.Sequential([keras.Input((n_inputs,)), *layers])


def averages():
    """Return a network that takes a digit for the average digit that it resembles most."""
    x_train, t_train, _, _ = read_sample()
    x = x_train.reshape(-1, 784) / 255
    means = np.array([x[t_train == digit].mean(axis=0) for digit in range(10)])
    model = dense(10)
    model.set_weights([means.T, -0.5 * np.sum(means**2, axis=1)])
    return model


def with_convolution(model):
    import keras

    convolution = keras.layers.Conv2D(10, 1)
    layers = [model, keras.layers.Reshape((1, 1, 10)), convolution, keras.layers.Flatten()]
    model = keras.Sequential(layers)
    convolution.set_weights([np.eye(10).reshape(1, 1, 10, 10), np.zeros(10)])  # changes nothing
    return model


WRONG_NETWORKS = {
    "needs fewer than 200,000 parameters": lambda: dense(512, 256, 10),
    "has it been trained?": lambda: dense(10),
    "does not take images as rows of 784 pixels": lambda: dense(10, n_inputs=28),
    "should have shape (n, 10), but it is (200, 5)": lambda: dense(5),
    "Convolution sees which pixels are neighbours": averages,
    "take more filters": lambda: with_convolution(averages()),
    "not a function that builds one": lambda: averages,
    "This is what `fit` returns": lambda: dense(10).fit,
    "needs a trained Keras network, but got 0.99": lambda: 0.99,
}


@pytest.mark.parametrize("said", WRONG_NETWORKS)
def test_a_network_that_is_too_large_or_not_good_enough_is_told_so(small, said):
    network = WRONG_NETWORKS[said]()
    if "fit" in said:  # what it returns: an object with a history
        network = type("History", (), {"history": {"val_accuracy": [0.99]}})()
    message = small.judge(network)
    assert message.kind == WRONG
    assert said in text_of(message)


def test_a_small_network_that_is_good_enough_is_right(small, monkeypatch):
    from course_exercises import chapter07

    x, t, _ = chapter07._test_digits()
    monkeypatch.setattr(chapter07, "_test_digits", lambda: (x, t, 0.7))
    assert small.judge(averages()).kind == RIGHT


@pytest.mark.parametrize("full", [True, False])
def test_the_accuracy_to_beat_depends_on_the_digits(full, monkeypatch):
    from course_exercises import chapter07

    tiny = [np.full((2, 28, 28), 255, np.uint8), np.zeros(2, np.uint8)] * 2
    monkeypatch.setattr(chapter07, "find_full_set", lambda: ("here" if full else None, tiny, []))
    monkeypatch.setattr(chapter07, "read_sample", lambda: tiny)
    x, t, to_beat = chapter07._test_digits()
    assert x.shape == (2, 784)
    assert x.max() == 1
    assert len(t) == 2
    assert to_beat == (0.985 if full else 0.955)


# ---------------------------------------------------------------- watched trainings


@pytest.mark.skipif(not HAS_TENSORFLOW, reason="chapters 07 and 08 need TensorFlow")
def test_a_watched_function_may_call_others_of_its_notebook():
    from course_exercises import chapter07

    namespace = {}
    exec(
        "def last(history): return history.history['val_accuracy'][-1]\n"
        "def validation_accuracy(optimizer):\n"
        "    return last(trained(build_model(), optimizer))\n"
        "def trained(model, optimizer): return train_model(model, 3, optimizer)\n",
        namespace,
    )
    assert chapter07.optimiser.judge(namespace["validation_accuracy"]).kind == RIGHT
    assert "train_model" not in namespace


@pytest.mark.parametrize("exercise", ["07/optimiser", "08/batch-size"])
def test_a_watched_training_with_another_fault_is_described(exercise):
    [exercise] = [each for each in ALL if each.key == exercise] or [pytest.skip("no TensorFlow")]
    code = {
        "07/optimiser": "def validation_accuracy(optimizer):\n"
        "    return train_model(build_model(), 7, 'sgd').history['val_loss'][0]",
        "08/batch-size": "def accuracy_for(batch_size):\n"
        "    start_anew()\n"
        "    for _ in range(7):\n"
        "        train_step(x_train[:batch_size], t_train[:batch_size], 0.1, summed_loss)\n"
        "    return accuracy(x_train, t_train)",
    }[exercise.key]
    message = judge(exercise, code)
    assert message.kind == WRONG
    assert [label for label, _ in message.rows] == ["input", "expected", "got"]
    assert message.rows[2][1] in ("epochs: 7", "steps with train_step: 7")


# ---------------------------------------------------------------- hostile

HOSTILE = {
    "raises": ("raise RuntimeError('no')", "It stops with RuntimeError: no"),
    "divides by zero": ("return 1 / 0", "It stops with ZeroDivisionError: division by zero"),
    "a name that does not exist": ("return nothing_of_that_name", "Is the name spelled"),
    "no return": ("x = 1", "It returns None. Is a `return` missing?"),
    "prints": ("print(1)", "It prints its answer."),
    "a text": ("return 'one'", "but it is a text"),
    "a set of texts": ("return {'one'}", "but it is of the type set"),
    "a complex number": ("return 1j", "of the type complex"),
    "objects": ("return np.array([None, 'a'])", "object"),
    "a generator": ("yield 1", "of the type generator"),
    "a function": ("return print", "builtin_function_or_method"),
    "an enormous number": ("return 10**5000", ""),
    "an evil object": ("return Evil()", ""),
    "a loop": ("while True: pass", "Is there a loop in it that never ends?"),
    "a loop that holds on": (
        "while True:\n        try: int('1')\n        except BaseException: pass",
        "Is there a loop in it that never ends?",
    ),
    "recursion": ("return hostile(*args)", "It calls itself"),
    "exit": ("import sys; sys.exit(3)", "It stops with SystemExit: 3"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "It stops with KeyboardInterrupt"),
    "input": ("return input('?')", "input() has nobody to ask here"),
    "memory": ("return np.zeros(10**15)", "It asks for more memory than there is."),
}
# Not by what they return.
JUDGED_BY_WHAT_THEY_DO = {"06/find-the-bug", "07/optimiser", "08/batch-size", "08/momentum"}
EVIL = """
class Evil:
    def __getattribute__(self, name): raise RuntimeError(name)
    __eq__ = __len__ = __repr__ = __iter__ = __array__ = __bool__ = lambda *_: 1 / 0
"""


@each(FUNCTIONS)
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_reported_and_leaves_nothing_behind(exercise, name, capsys):
    body, said = HOSTILE[name]
    namespace = {"np": np}
    exec(f"{EVIL}\ndef hostile(*args, **kwargs):\n    {body}", namespace)
    before = warnings.filters[:]
    quick = dataclasses.replace(exercise, seconds=0.3 if "loop" in name else 30)

    hostile = namespace["hostile"]
    if exercise is chapter06.find_the_bug:
        hostile = type("Hostile", (), dict.fromkeys(("__init__", "train", "predict"), hostile))
    message = quick.judge(*[hostile] * len(exercise.names))

    assert message.kind == WRONG
    if said.startswith("It stops") or exercise.key not in JUDGED_BY_WHAT_THEY_DO:
        assert said in text_of(message)
    assert "course_utils" not in text_of(message)
    assert "Traceback" not in text_of(message)
    assert message._repr_html_().startswith("<div")
    assert capsys.readouterr() == ("", "")
    assert warnings.filters == before
    assert not [thread for thread in threading.enumerate() if isinstance(thread, guard.Worker)]


@pytest.mark.parametrize("value", ["a", 3, [1], {"W1": "a"}, {1: 2}, np.zeros(3), print, object()])
def test_a_strange_value_is_reported(value):
    assert chapter04.shape_puzzle.judge(value).kind == WRONG


def test_changing_the_argument_is_reported_with_what_it_was():
    code = "def log_softmax(x):\n    x -= x.max(axis=-1, keepdims=True)\n    return x"
    message = judge(chapter03.log_softmax, code)
    assert "It changes its argument." in text_of(message)

    code = (
        "def forward_any(network, x):\n"
        "    n = len(network) // 2\n"
        "    for k in range(1, n + 1):\n"
        "        a = x @ network.pop(f'W{k}') + network.pop(f'b{k}')\n"
        "        x = sigmoid(a) if k < n else a\n"
        "    return x"
    )
    message = judge(chapter04.any_depth, code)
    assert "It changes its argument." in text_of(message)
    assert ("after", "{}") in message.rows


def test_a_right_answer_that_warns_of_an_overflow_is_not_right():
    code = (
        "def log_softmax(x):\n"
        "    np.exp(1000 * np.max(np.abs(x)))\n"
        "    z = x - np.max(x, axis=-1, keepdims=True)\n"
        "    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))"
    )
    message = judge(chapter03.log_softmax, code)
    assert message.kind == WRONG
    assert message.paragraphs == ("NumPy warns here: overflow encountered in exp.",)


def test_warnings_count_even_if_the_notebook_silenced_them():
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        message = judge(chapter03.log_softmax, "def log_softmax(x): return np.log(softmax(x))")
    assert "log(0)" in text_of(message)


def test_a_right_answer_that_prints_is_right():
    message = judge(chapter01.nor, "def NOR(x1, x2):\n    print(x1)\n    return int(not x1 | x2)")
    assert message.kind == RIGHT
    assert "it also prints something" in text_of(message)


@pytest.mark.parametrize("kind", ["bool", "np.int64", "np.float32", "np.array"])
def test_a_number_of_any_kind_will_do(kind):
    assert judge(chapter01.nor, f"def NOR(x1, x2): return {kind}(not x1 | x2)").kind == RIGHT


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([], "Hand over your answer: `q.check(NOR)`"),
        ([1, 2], "Hand over your answer: `q.check(NOR)`"),
        ([1], "Write its name alone: `q.check(NOR)`"),
        ([lambda x1: 1], "`NOR` is called with 2 arguments"),
        ([max], "expected 1 got 0"),
    ],
)
def test_handing_over_something_else_is_explained(answers, said):
    message = chapter01.nor.judge(*answers)
    assert message.kind == WRONG
    assert said in text_of(message)


def test_the_line_that_failed_is_shown(tmp_path):
    path = tmp_path / "cell.py"
    path.write_text("def NOR(x1, x2):\n    y = x1 + x2\n    return y.shape\n", encoding="utf-8")
    namespace = {}
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), namespace)
    message = chapter01.nor.judge(namespace["NOR"])
    assert ("your line", "return y.shape") in message.rows
    assert str(tmp_path) not in text_of(message)


# ---------------------------------------------------------------- the thread


def test_code_that_cannot_be_stopped_is_left_behind(monkeypatch):
    monkeypatch.setattr(guard, "GRACE", 0.2)
    woken = threading.Event()
    namespace = {"woken": woken}
    exec("def NOR(x1, x2): woken.wait(30)", namespace)
    started = time.monotonic()
    message = dataclasses.replace(chapter01.nor, seconds=0.2).judge(namespace["NOR"])
    assert time.monotonic() - started < 10
    assert "Your code was still at work after 0.2 seconds." in text_of(message)
    assert "Choose Kernel > Restart Kernel" in text_of(message)
    woken.set()


def test_an_interrupt_by_the_student_ends_the_check(monkeypatch):
    join = guard.Worker.join
    interrupts = [KeyboardInterrupt]

    def interrupted_once(self, timeout=None):
        if interrupts:
            raise interrupts.pop()
        join(self, timeout)

    monkeypatch.setattr(guard.Worker, "join", interrupted_once)
    message = judge(chapter01.nor, "def NOR(x1, x2):\n    while True: pass")
    assert "You interrupted the check." in text_of(message)
    assert not [thread for thread in threading.enumerate() if isinstance(thread, guard.Worker)]


def test_what_is_printed_without_end_does_not_fill_the_memory():
    printed = guard.Printed()
    for _ in range(100):
        print("x" * 1000, file=printed)
    assert len(printed.text) == guard.KEPT


# ---------------------------------------------------------------- comparing


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
        (1.0, np.array([1.0]), "It should be a NumPy array, but it is a number."),
        (
            [1.0],
            np.array([1.0]),
            "The numbers are right, but in a list. `np.array(...)` makes an "
            "array of it, with which NumPy can go on computing.",
        ),
        ([1.5], np.array([1.0]), "It should be a NumPy array, but it is a list."),
        (["a", [1]], np.array([1.0]), "It should be a NumPy array, but it is a list."),
        (np.float32(0.1), 0.1, ""),
        (np.float32(0.10001), 0.1, "These differ."),
        (
            np.array([0.667]),
            np.array([2 / 3]),
            "It is rounded. Give it back as it is, with all its digits.",
        ),
        (np.ones(3), np.ones((1, 3)), "It should have shape (1, 3), but it has shape (3,)."),
        ((1, 2), (1, 2), ""),
        ([1, 2], (1, 2), ""),
        (np.array([1, 2]), (1, 2), ""),
        ((1, 2, 3), (1, 2), "It should have 2 entries, but it has 3."),
        (3, (1, 2), "It should be a tuple of 2, but it is a number."),
        (np.array(3), (1, 2), "It should be a tuple of 2, but it is an array."),
        ("a", "a", ""),
        (np.array(["a"]), "a", "These differ."),
    ],
)
def test_what_differs_is_named(got, expected, said):
    assert difference(got, expected) == said


# ---------------------------------------------------------------- what the student sees


def test_a_message_as_text_and_as_html():
    message = Message(
        WRONG,
        "Exercise 0.0: a < b",
        rows=(("input", "f([1,\n2])"), ("expected", "<b>")),
        paragraphs=("Use `a < b` & no more.",),
    )
    assert repr(message) == (
        "Exercise 0.0: a < b\n"
        "  input     f([1,\n"
        "            2])\n"
        "  expected  <b>\n"
        "Use `a < b` & no more."
    )
    html = message._repr_html_()
    assert "<code>a &lt; b</code> &amp; no more." in html
    assert "expected  &lt;b&gt;</pre>" in html


@each(FUNCTIONS)
def test_messages_are_the_same_in_every_run(exercise, capsys):
    def all_of_it():
        fresh = dataclasses.replace(exercise, hints_shown=0)
        for _ in exercise.hints:
            fresh.hint()
        fresh.solution()
        wrong = fresh.judge(*[lambda *args: object()] * len(exercise.names))
        return capsys.readouterr().out, repr(wrong), wrong._repr_html_()

    assert all_of_it() == all_of_it()
    assert " at 0x" not in "".join(all_of_it())


def test_each_call_of_hint_shows_one_more_and_the_last_one_again(capsys):
    exercise = dataclasses.replace(chapter01.nor, hints=("First.", "Second."))
    shown = []
    for _ in range(3):
        exercise.hint()
        shown.append(capsys.readouterr().out)
    assert "hint 1 of 2" in shown[0]
    assert "First." in shown[0]
    assert "Second." not in shown[0]
    assert "hint 2 of 2" in shown[1]
    assert "`q.solution()` shows a solution" in shown[1]
    assert shown[2] == shown[1]


def test_the_solution_is_shown_with_highlighting(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    chapter01.nor.solution()
    [message] = shown
    html = message._repr_html_()
    assert re.search(r'<span style="color: #\w+[^>]*>def</span>', html)
    assert "neuron(x1, x2, -0.5, -0.5, 0.2)" in repr(message)
    assert chapter01.nor.explanation in repr(message)


def test_check_shows_the_message_and_keeps_the_outcome(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("COURSE_PROGRESS", str(tmp_path / "progress.json"))
    monkeypatch.setattr(progress, "_session", {})
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


@each(ALL)
def test_the_check_cell_finds_its_exercise(exercise):
    namespace = {}
    exec(exercise.check_cell.splitlines()[0], namespace)
    assert namespace["q"] is exercise
