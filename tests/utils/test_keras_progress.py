"""The progress bar of Keras: what a student sees, and what a stored notebook keeps of it."""

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_tools import execute as notebooks
from course_utils.quiet import load_tensorflow

pytest.importorskip("keras", reason="TensorFlow is not installed")

TRAINING = """\
import numpy as np
from course_utils.quiet import load_tensorflow

load_tensorflow()
import keras
import tensorflow as tf

from course_utils.keras_progress import ProgressBar

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
model.compile(loss="mse", optimizer="adam", metrics=["accuracy"])
x, t = np.ones((8, 4)), np.ones((8, 2))
history = model.fit(x, t, epochs=3, verbose=0, callbacks=[ProgressBar()])
print(len(history.history["loss"]), tf.constant(1).numpy())
"""


@pytest.fixture
def fit():
    """Return a function that trains a tiny network for at most five epochs, with a bar."""
    load_tensorflow()
    import keras

    from course_utils.keras_progress import ProgressBar

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.0))
    x, t = np.ones((8, 4)), np.ones((8, 2))

    def train(*callbacks):
        model.set_weights([np.zeros((4, 2)), np.zeros(2)])  # the loss is 1
        return model.fit(x, t, epochs=5, verbose=0, callbacks=[ProgressBar(), *callbacks])

    return train


def last_line(capsys):
    return capsys.readouterr().err.strip().splitlines()[-1].rpartition("\r")[2]


def test_the_bar_counts_epochs_and_shows_the_loss(fit, capsys):
    fit()
    line = last_line(capsys)
    assert line.startswith("training: 100%|")
    assert " 5/5 " in line
    assert "loss 1.000" in line


def test_a_training_that_stops_early_leaves_a_full_bar(fit, capsys):
    from keras.callbacks import EarlyStopping

    history = fit(EarlyStopping("loss", patience=2))
    assert len(history.epoch) == 3
    line = last_line(capsys)
    assert line.startswith("training: 100%|")
    assert " 3/3 " in line


def test_a_stored_notebook_keeps_one_line_that_never_changes_and_no_log_line(tmp_path):
    path = tmp_path / "training.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(TRAINING, id="train")]), path)
    assert notebooks.execute(path)
    bar, printed = nbformat.read(path, as_version=4).cells[0].outputs
    assert dict(bar.data) == {"text/plain": "training:   0%|          | 0/3 [00:00<?, ? epochs/s]"}
    assert (printed.name, printed.text) == ("stdout", "3 1\n")
    assert not notebooks.execute(path)
