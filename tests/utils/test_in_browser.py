"""What the course does in a browser's tab: no downloads, no threads, the sample at once."""

import os
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

from course_tools import doctor
from course_utils import browser, mnist
from course_utils.mnist import fashion
from course_utils.network import MLP

LINE = "MNIST: the offline sample, 4,000 training and 1,000 test digits "
LINE += "(nothing is downloaded in a browser's tab; for the full set: install the course)\n"
# What Pyodide lacks, or has only when it was asked for.
LACKING = "psutil requests pooch jupyter_client scipy sklearn pandas anywidget nbformat".split()
MODULES = "course_utils.training course_utils.network course_utils.layers course_utils.optimisers "
MODULES += "course_utils.drawing course_utils.weights course_utils.mnist course_utils.plotting "
MODULES += "course_exercises.predicting course_exercises.progress course_tools.doctor"


@pytest.fixture(autouse=True)
def in_browser(monkeypatch):
    def start(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(browser, "IN_BROWSER", True)
    monkeypatch.setattr(threading.Thread, "start", start)
    monkeypatch.setenv("COURSE_OFFLINE", "0")


def test_this_machine_is_no_browser(monkeypatch):
    monkeypatch.undo()
    assert not browser.IN_BROWSER


def test_mnist_is_the_sample_at_once(data_folder, monkeypatch, capsys):
    monkeypatch.setattr(mnist, "fetch", lambda folder: pytest.fail("a download was tried"))
    (x_train, _), _ = mnist.load_mnist()
    assert x_train.shape == (4000, 784)
    assert capsys.readouterr() == (LINE, "")


def test_fashion_mnist_is_not_downloaded(monkeypatch, capsys):
    monkeypatch.setattr(fashion, "received", lambda *_: pytest.fail("a download was tried"))
    assert fashion.load_fashion_mnist() is None
    assert "nothing is downloaded in a browser's tab" in capsys.readouterr().out


def test_a_training_shows_its_bar_without_a_warning(capsys):
    net = MLP([4, 3, 2], seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.fit(np.ones((20, 4)), np.eye(2)[[0, 1] * 10], epochs=1, learning_rate=0.1)
    out, err = capsys.readouterr()
    assert "mean loss" in out and "disabling monitor" not in out + err


def test_the_doctor_looks_at_what_there_is(capsys):
    report = doctor.report()
    assert report.well
    assert [subject for subject, _, _ in report.rows] == [
        "system",
        "offline sample",
        "trained weights",
    ]


def test_the_packages_are_imported_without_what_pyodide_lacks():
    code = f"import sys; sys.modules.update(dict.fromkeys({LACKING})); "
    code += f"import {', '.join(MODULES.split())}"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ
    )
    assert (run.returncode, run.stderr) == (0, "")
