"""Interrupt in a notebook ends a training in good order: with a real kernel and a real signal."""

import importlib.util
from textwrap import indent

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel
from nbval_numbers import is_near

from course_utils.chapters import CHAPTERS

SECONDS = 120  # after which a test gives up
MLP = """
import numpy as np
from course_utils.network import MLP
x, t = np.eye(4), np.eye(4)[:, :2]
net = MLP([4, 3, 2], seed=0)
history = net.fit(x, t, epochs=10**6, learning_rate=0.1)
"""
KERAS = """
keras.utils.set_random_seed(0)
x, t = np.eye(4), np.eye(4)[:, :2]
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="sigmoid")])
model.compile(loss="mse", metrics=["accuracy"])
with ProgressBar() as progress_bar:
    history = model.fit(x, t, epochs=10**6, verbose=0, callbacks=[progress_bar])
"""


class Kernel:
    """A kernel that runs cells and can be interrupted while one of them runs."""

    def __init__(self):
        self.manager, self.client = start_new_kernel()

    def run(self, source, interrupt_at=None):
        """Run a cell, and interrupt it when a text appears; return its status and what it shows."""
        texts, due = [], [interrupt_at] if interrupt_at else []

        def look(message):
            texts.append(message["content"].get("text", ""))
            if due and due[0] in texts[-1]:
                due.clear()
                self.manager.interrupt_kernel()

        reply = self.client.execute_interactive(source, output_hook=look, timeout=SECONDS)
        lines = "".join(texts).rstrip("\n").split("\n")
        return reply["content"]["status"], [line.rpartition("\r")[2] for line in lines]

    def stop(self):
        """Stop it and whatever listens to it."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture
def kernel():
    started = Kernel()
    yield started
    started.stop()


def test_interrupt_ends_fit_with_one_line_and_the_next_cell_works(kernel):
    status, lines = kernel.run(MLP, interrupt_at="loss")  # the bar, after the first steps
    assert status == "ok"
    header, *log, said = lines
    assert header.split()[0] == "step"
    assert 0 < len(log) <= 6
    stopped = "Training stopped after step 1 of 4,000,000. The network keeps what it has learned;"
    assert is_near(said.partition(";")[0] + ";", stopped, "any")
    assert kernel.run("print(len(history) > 0, np.isfinite(history).all())")[1] == ["True True"]
    assert kernel.run("net.fit(x, t, epochs=1, learning_rate=0.1, progress=False)")[0] == "ok"


def test_interrupt_does_what_it_did_after_a_training(kernel):
    kernel.run(MLP, interrupt_at="loss")
    status, _ = kernel.run("print('asleep', flush=True)\nimport time\ntime.sleep(60)", "asleep")
    assert status == "error"


@pytest.fixture
def kernel_with_keras(kernel):
    """Run those cells of chapter 07 that load Keras and define the progress bar."""
    if not importlib.util.find_spec("tensorflow"):
        pytest.skip("chapter 07 needs TensorFlow")
    path = next(chapter.path for chapter in CHAPTERS if chapter.number == "07")
    cells = {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}
    for source in cells["imports"].source, "import keras", cells["define-progress-bar"].source:
        assert kernel.run(source)[0] == "ok"
    return kernel


def test_interrupt_ends_a_training_of_keras_in_the_same_way(kernel_with_keras):
    kernel = kernel_with_keras
    status, lines = kernel.run(KERAS, interrupt_at="loss")
    assert status == "ok"
    header, *log, said = lines
    assert header.split() == ["epoch", "accuracy", "loss", "elapsed"]
    assert 0 < len(log) <= 6
    stopped = "Training stopped in epoch 1 of 1000000. The model keeps what it has learned;"
    assert is_near(said.partition(";")[0] + ";", stopped, "any")
    assert kernel.run("print(len(history.history['loss']) > 0)")[1] == ["True"]
    again = "model.fit(x, t, epochs=2, verbose=0, callbacks=[progress_bar])"
    assert kernel.run(f"history = {again}\nprint(len(history.epoch))")[1][-1] == "2"


FAILING = f"""
import signal
before = signal.getsignal(signal.SIGINT)
try:
{indent(KERAS.replace("[progress_bar]", "[progress_bar, failing]"), "    ")}
except ZeroDivisionError:
    print(signal.getsignal(signal.SIGINT) is before)
"""


def test_interrupt_does_what_it_did_when_a_training_of_keras_failed(kernel_with_keras):
    kernel = kernel_with_keras
    kernel.run("failing = keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: 1 / 0)")
    status, lines = kernel.run(FAILING)
    assert (status, lines) == ("ok", ["True"])
