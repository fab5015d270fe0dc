"""Re-executing a notebook, and comparing it with nbval, on small notebooks made for the purpose."""

import os
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbval_numbers import is_near

from course_tools import execute as executing
from course_tools.execute import execute
from course_tools.notebooks import NotebookError
from course_utils.files import COURSE


def write(path, *cells):
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


def printed(text):
    return [new_output("stream", name="stdout", text=text)]


@pytest.fixture
def stale(tmp_path):
    """A notebook whose two stored outputs are not what its cells print."""
    cells = [
        new_code_cell("print('5,000 digits')", id="data", metadata={"tags": ["full-mnist"]}),
        new_code_cell("print('plain')", id="plain"),
    ]
    for cell in cells:
        cell.update(outputs=printed("70,000 digits\n"), execution_count=1)
    return write(tmp_path / "stale.ipynb", *cells)


def test_running_an_unchanged_notebook_again_changes_no_byte(tmp_path):
    measured = {"tags": ["nbval-ignore-output"]}
    any_number = {"nbval": {"numbers": "any"}}
    path = write(
        tmp_path / "00_그림.ipynb",
        new_code_cell("import time\n\nprint(1 + 1)", id="text", outputs=printed("old\n")),
        new_code_cell("import matplotlib.pyplot as plt\n\nplt.plot([1, 3, 2])\nplt.show()"),
        new_code_cell("import ipywidgets\n\nipywidgets.FloatSlider()"),
        new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]}),
        new_code_cell("print(f'it is {time.time_ns():>30,} ns')", metadata=measured),
        new_code_cell("time.perf_counter()", metadata=any_number),
    )
    assert execute(path)
    once = path.read_bytes()
    assert not execute(path)
    assert path.read_bytes() == once

    cells = nbformat.read(path, as_version=4).cells
    assert [cell.execution_count for cell in cells] == [1, 2, 3, 4, 5, 6]
    assert cells[0].outputs[0].text == "2\n"
    assert "image/png" in cells[1].outputs[0].data
    assert executing.WIDGET_VIEW not in cells[2].outputs[0].data
    assert cells[3].outputs[0].ename == "ZeroDivisionError"
    assert b"\r" not in once


def test_a_measured_output_stays_only_if_the_new_one_differs_in_numbers_alone(tmp_path):
    def measured(source, stored):
        metadata = {"tags": ["nbval-ignore-output"]}
        return new_code_cell(source, metadata=metadata, outputs=printed(stored))

    path = write(
        tmp_path / "a.ipynb",
        measured("print('step:   0.125 ms, 1e-9')", "step: 1,250 ms, 3.5e+10\n"),
        measured("print('step: 0.1 s')", "step: 120 ms\n"),
        measured("print('one', 1)", "one 1\ntwo 2\n"),
        new_code_cell("print(2)", outputs=printed("1\n")),
    )
    execute(path)
    texts = [cell.outputs[0].text for cell in nbformat.read(path, as_version=4).cells]
    assert texts == ["step: 1,250 ms, 3.5e+10\n", "step: 0.1 s\n", "one 1\n", "2\n"]


@pytest.mark.parametrize(
    ("now", "stays"),
    [
        ("step 2  loss 0.5  31.7 s", True),
        ("step 2  loss 0.4  31.7 s", False),
        ("step 2  loss 0.5  31.7 s\nmore", False),
    ],
)
def test_where_any_time_will_do_the_stored_output_stays_if_times_alone_differ(tmp_path, now, stays):
    stored = "step 2  loss 0.5  7.5 s\n"
    metadata = {"nbval": {"numbers": {"rel": 0.5, "times": "any"}}}
    cell = new_code_cell(f"print({now!r})", metadata=metadata, outputs=printed(stored))
    path = write(tmp_path / "a.ipynb", cell)
    execute(path)
    text = nbformat.read(path, as_version=4).cells[0].outputs[0].text
    assert text == (stored if stays else f"{now}\n")


IN_ITS_OWN_TIME = {"rel": 0.0, "times": "any"}


@pytest.mark.parametrize(
    ("now", "stored", "numbers", "stays"),
    [
        ("took 3s", "took 4s", IN_ITS_OWN_TIME, True),
        ("first\n3 s", "first\n4 s", IN_ITS_OWN_TIME, True),  # no n3, as JSON would write it
        ("W1 took 3 s", "W2 took 3 s", IN_ITS_OWN_TIME, False),
        ("W1 took 3 s", "W2 took 3 s", "any", False),
        ("float32 3", "float64 3", "any", False),
        ("loss 1.5E-3", "loss   2.25", "any", True),
    ],
)
def test_an_output_stays_just_where_nbval_finds_no_difference(
    tmp_path, now, stored, numbers, stays
):
    metadata = {"nbval": {"numbers": numbers}}
    cell = new_code_cell(f"print({now!r})", metadata=metadata, outputs=printed(f"{stored}\n"))
    path = write(tmp_path / "a.ipynb", cell)
    execute(path)
    text = nbformat.read(path, as_version=4).cells[0].outputs[0].text
    assert text == f"{stored if stays else now}\n"
    assert is_near(now, stored, numbers) == stays


def test_a_training_stores_its_log_and_nbval_agrees(tmp_path):
    source = """\
import numpy as np
from course_utils.network import MLP
history = MLP([2, 3, 1], seed=0).fit(np.eye(2), np.eye(2)[:, :1], epochs=600, learning_rate=0.1)"""
    metadata = {"nbval": {"numbers": {"rel": 0.01, "times": "any"}}}
    path = write(tmp_path / "a.ipynb", new_code_cell(source, metadata=metadata))
    assert execute(path)
    (output,) = nbformat.read(path, as_version=4).cells[0].outputs
    assert [line.split()[0] for line in output.text.splitlines()] == [
        *("step", "200", "400", "600", "800", "1,000", "1,200")
    ]
    assert "\r" not in output.text
    assert not execute(path)
    result = run_nbval(path)
    assert "Cell 0 PASSED" in result.stdout


def test_a_failing_cell_is_named_and_the_file_stays_as_it_was(tmp_path):
    path = write(
        tmp_path / "fails.ipynb",
        new_code_cell("x = 1", id="first"),
        new_code_cell("x / 0", id="divide"),
        # What an earlier run stored further down must not be taken for the failure.
        new_code_cell(
            "int('one')",
            id="meant",
            metadata={"tags": ["raises-exception"]},
            outputs=[new_output("error", ename="ValueError", evalue="one", traceback=[])],
        ),
    )
    before = path.read_bytes()
    with pytest.raises(NotebookError, match=r"(?s)cell divide: .*by zero") as error:
        execute(path)
    assert "\x1b" not in str(error.value)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_outputs_of_the_sample_are_not_stored_as_those_of_full_mnist(stale, monkeypatch):
    monkeypatch.setattr(executing, "full_mnist_folder", lambda: None)
    before = stale.read_bytes()
    with pytest.raises(NotebookError, match=r"full MNIST \(cell data\), which"):
        execute(stale)
    assert stale.read_bytes() == before


def test_a_kernel_that_dies_is_named_with_its_cell_by_place_if_it_has_no_id(tmp_path):
    cells = [new_code_cell("import os"), new_code_cell("os._exit(1)")]
    for cell in cells:
        del cell["id"]
    path = tmp_path / "old.ipynb"
    nbformat.write(new_notebook(cells=cells, nbformat_minor=4), path)
    with pytest.raises(NotebookError, match=r"old.ipynb, cell 1: Kernel died"):
        execute(path)


# ---------------------------------------------------------------- comparing with nbval


def run_nbval(path, **environment):
    """Run pytest on one notebook outside the repository, with the repository's settings."""
    settings = ["-p", "conftest", "-c", str(COURSE / "pyproject.toml"), "-p", "no:cacheprovider"]
    settings += ["-o", "pythonpath=", "--numprocesses=0", "--verbose"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *settings, str(path)],
        cwd=path.parent,
        env=os.environ | {"PYTHONPATH": f"{COURSE}{os.pathsep}{COURSE / 'tests'}"} | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def test_on_the_sample_only_cells_tagged_full_mnist_may_differ(stale):
    result = run_nbval(stale, MNIST_DIR=str(stale.parent / "nothing here"))
    assert result.returncode == 1
    assert "Cell 0 PASSED" in result.stdout
    assert "Cell 1 FAILED" in result.stdout
    assert "offline sample" in result.stdout


def test_with_full_mnist_every_cell_is_compared(stale, full_mnist):
    result = run_nbval(stale, MNIST_DIR=str(full_mnist))
    assert result.returncode == 1
    assert "Cell 0 FAILED" in result.stdout
    assert "Cell 1 FAILED" in result.stdout
