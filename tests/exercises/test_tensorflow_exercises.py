"""Each exercise that needs TensorFlow; answers that no list of mistakes foresees; hostile ones.

Everything that needs TensorFlow stands in this file: one process alone has to load it.
"""

import numpy as np
import pytest
from every_exercise import EveryExercise
from students import (
    EXERCISES,
    HAS_TENSORFLOW,
    HOSTILE,
    WITH_TENSORFLOW,
    hostile,
    hostile_class,
    judge,
    labels_of,
    text_of,
)
from test_hostile_answers import judge_hostile

from course_exercises import chapter07
from course_exercises.engine.reply import Outcome
from course_utils.mnist.sample import read_sample
from course_utils.quiet import load_tensorflow

pytestmark = pytest.mark.skipif(not HAS_TENSORFLOW, reason="TensorFlow is not installed")


@pytest.fixture(autouse=True)
def tensorflow_is_loaded():
    """Load it before anything is checked, as the notebooks do: it takes seconds."""
    load_tensorflow()


class TestEveryExercise(EveryExercise):
    EXERCISES = WITH_TENSORFLOW


UNUSUAL = {
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


TOLD = {
    "07/width without a network": (
        "def build_with_width(width): return width",
        "It should return a Keras network, but its type is `int`.",
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
        "and `x_train` itself knows it.",
    ),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_an_unusual_answer_is_right(name):
    reply = judge(EXERCISES[name.split()[0]], UNUSUAL[name])
    assert reply.kind == Outcome.RIGHT, reply


@pytest.mark.parametrize("name", TOLD)
def test_a_wrong_answer_is_told_what_is_wrong(name, capfd):
    code, said = TOLD[name]
    reply = judge(EXERCISES[name.split()[0]], code)
    assert reply.kind == Outcome.WRONG
    assert said in text_of(reply)
    assert capfd.readouterr() == ("", "")  # TensorFlow writes past Python


# ---------------------------------------------------------------- a trained network


@pytest.fixture
def small(monkeypatch):
    """Exercise 7.3, judged by 200 digits of the sample."""
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
    reply = small.judge(network)
    assert reply.kind == Outcome.WRONG
    assert said in text_of(reply)


def test_a_small_network_that_is_good_enough_is_right(small, monkeypatch):
    x, t, _ = chapter07._test_digits()
    monkeypatch.setattr(chapter07, "_test_digits", lambda: (x, t, 0.7))
    assert small.judge(averages()).kind == Outcome.RIGHT


@pytest.mark.parametrize("full", [True, False])
def test_the_accuracy_to_beat_depends_on_the_digits(full, monkeypatch):
    tiny = [np.full((2, 28, 28), 255, np.uint8), np.zeros(2, np.uint8)] * 2
    monkeypatch.setattr(chapter07, "find_full_set", lambda: ("here" if full else None, tiny, []))
    monkeypatch.setattr(chapter07, "read_sample", lambda: tiny)
    x, t, to_beat = chapter07._test_digits()
    assert x.shape == (2, 784)
    assert x.max() == 1
    assert len(t) == 2
    assert to_beat == (0.985 if full else 0.955)


# ---------------------------------------------------------------- watched trainings


def test_a_watched_function_may_call_others_of_its_notebook():
    namespace = {}
    exec(
        "def last(history): return history.history['val_accuracy'][-1]\n"
        "def validation_accuracy(optimizer):\n"
        "    return last(trained(build_model(), optimizer))\n"
        "def trained(model, optimizer): return train_model(model, 3, optimizer)\n",
        namespace,
    )
    assert chapter07.optimiser.judge(namespace["validation_accuracy"]).kind == Outcome.RIGHT
    assert "train_model" not in namespace


@pytest.mark.parametrize("exercise", ["07/optimiser", "08/batch-size"])
def test_a_watched_training_with_another_fault_is_described(exercise):
    code = {
        "07/optimiser": "def validation_accuracy(optimizer):\n"
        "    return train_model(build_model(), 7, 'sgd').history['val_loss'][0]",
        "08/batch-size": "def accuracy_for(batch_size):\n"
        "    start_anew()\n"
        "    for _ in range(7):\n"
        "        train_step(x_train[:batch_size], t_train[:batch_size], 0.1, summed_loss)\n"
        "    return accuracy(x_train, t_train)",
    }[exercise]
    reply = judge(EXERCISES[exercise], code)
    assert reply.kind == Outcome.WRONG
    assert labels_of(reply) == ["input", "expected", "got"]
    assert str(reply.rows[2][1]) in ("epochs: 7", "steps with train_step: 7")


# ---------------------------------------------------------------- hostile


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_to_a_watched_training_is_reported(name, capsys):
    reply = judge_hostile(chapter07.optimiser, name, capsys, hostile(name))
    said = HOSTILE[name][1]
    if said.startswith("It stops"):  # else it is judged by what it does, not by what it returns
        assert said in text_of(reply)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_network_is_reported(name, small, capsys):
    import keras

    cls = hostile_class(hostile(name), "predict", "call", base=keras.Model)
    judge_hostile(small, name, capsys, cls())
