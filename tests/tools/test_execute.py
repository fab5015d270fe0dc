"""Re-executing a notebook, and comparing it with nbval, on small notebooks made for the purpose."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course_tools import execute as notebooks

ROOT = Path(__file__).resolve().parents[2]


def write(path, *cells):
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


@pytest.fixture
def picture(tmp_path):
    """A notebook with text, a picture, a widget, and an error that is meant."""
    return write(
        tmp_path / "00_그림.ipynb",
        new_code_cell("import matplotlib.pyplot as plt\n\nprint(1 + 1)", id="text"),
        new_code_cell("plt.plot([1, 3, 2])\nplt.show()", id="picture"),
        new_code_cell("import ipywidgets\n\nipywidgets.FloatSlider()", id="slider"),
        new_code_cell("1 / 0", id="error", metadata={"tags": ["raises-exception"]}),
    )


@pytest.fixture
def stale(tmp_path):
    """A notebook whose two stored outputs are not what its cells print."""
    output = new_output("stream", name="stdout", text="70,000 digits\n")
    cells = [
        new_code_cell("print('5,000 digits')", id="data", outputs=[output], execution_count=1),
        new_code_cell("print('plain')", id="plain", outputs=[output], execution_count=2),
    ]
    cells[0].metadata["tags"] = ["full-mnist"]
    return write(tmp_path / "stale.ipynb", *cells)


def test_running_an_unchanged_notebook_again_changes_no_byte(picture):
    assert notebooks.execute(picture)
    once = picture.read_bytes()
    assert not notebooks.execute(picture)
    assert picture.read_bytes() == once

    cells = nbformat.read(picture, as_version=4).cells
    assert [cell.execution_count for cell in cells] == [1, 2, 3, 4]
    assert cells[0].outputs[0].text == "2\n"
    assert "image/png" in cells[1].outputs[0].data
    assert notebooks.WIDGET_VIEW not in cells[2].outputs[0].data
    assert cells[3].outputs[0].ename == "ZeroDivisionError"
    assert b"\r" not in once


def test_old_outputs_are_replaced(tmp_path):
    old = new_output("stream", name="stdout", text="old\n")
    path = write(tmp_path / "a.ipynb", new_code_cell("print('new')", id="a", outputs=[old]))
    notebooks.execute(path)
    assert nbformat.read(path, as_version=4).cells[0].outputs[0].text == "new\n"


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
    with pytest.raises(notebooks.NotebookError, match=r"(?s)cell divide: .*by zero") as error:
        notebooks.execute(path)
    assert "\x1b" not in str(error.value)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_outputs_of_the_sample_are_not_stored_as_those_of_full_mnist(stale, monkeypatch):
    monkeypatch.setattr(notebooks, "full_mnist_folder", lambda: None)
    before = stale.read_bytes()
    with pytest.raises(notebooks.NotebookError, match=r"full MNIST \(cell data\), which"):
        notebooks.execute(stale)
    assert stale.read_bytes() == before


def test_a_kernel_that_dies_is_named_with_its_cell(tmp_path):
    path = write(
        tmp_path / "dies.ipynb",
        new_code_cell("import os", id="first"),
        new_code_cell("os._exit(1)", id="exit"),
    )
    with pytest.raises(notebooks.NotebookError, match=r"dies.ipynb, cell exit: Kernel died"):
        notebooks.execute(path)


def test_a_failing_cell_without_an_id_is_named_by_its_place(tmp_path):
    cell = new_code_cell("1 / 0")
    del cell["id"]
    path = tmp_path / "old.ipynb"
    nbformat.write(new_notebook(cells=[cell], nbformat_minor=4), path)
    with pytest.raises(notebooks.NotebookError, match=r"old.ipynb, cell 0: "):
        notebooks.execute(path)


@pytest.mark.parametrize(
    "content",
    [b"# not JSON", b"", b"{}", b"[]", b"3", b'{"cells": 3, "nbformat": 4}', b"\xff\xfe\x00"],
)
def test_what_is_not_a_notebook_is_named(tmp_path, content):
    path = tmp_path / "00_text.ipynb"
    path.write_bytes(content)
    with pytest.raises(notebooks.NotebookError, match=r"00_text.ipynb is not a notebook"):
        notebooks.execute(path)


@pytest.mark.parametrize("name", ["missing.ipynb", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    with pytest.raises(notebooks.NotebookError, match="cannot be read: "):
        notebooks.execute(tmp_path / name)


@pytest.mark.parametrize("name", ["3", "03", "03_softmax", "notebooks/03_softmax.ipynb"])
def test_a_chapter_is_found_by_any_of_its_names(name):
    assert [path.name for path in notebooks.find([name])] == ["03_softmax.ipynb"]


def test_without_a_name_all_chapters_are_found_in_their_order():
    names = [path.stem for path in notebooks.find()]
    assert names == sorted(names)
    assert names[:2] == ["00_start_here", "01_perceptron"]


@pytest.mark.parametrize("name", ["99", "003", "0312", "softmax", "03_relu", ""])
def test_an_unknown_chapter_is_named_beside_those_that_exist(name):
    with pytest.raises(notebooks.NotebookError, match=f"no chapter '{name}'.*01_perceptron"):
        notebooks.find([name])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of chapters with a student's copy of one, and beside it one with another copy."""
    monkeypatch.setattr(notebooks, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path)
    for name in ("notebooks/03_softmax", "notebooks/03_softmax_mine", "solved/03_softmax"):
        path = tmp_path / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("3", "notebooks/03_softmax.ipynb"),
        ("03_softmax", "notebooks/03_softmax.ipynb"),
        ("03_softmax_mine", "notebooks/03_softmax_mine.ipynb"),
        ("notebooks/03_softmax_mine.ipynb", "notebooks/03_softmax_mine.ipynb"),
        ("solved/03_softmax.ipynb", "solved/03_softmax.ipynb"),
    ],
)
def test_a_copy_does_not_take_the_place_of_a_chapter(folder, name, found):
    assert notebooks.find([name]) == [folder / found]


def test_a_copy_is_not_a_chapter_of_its_own(folder):
    assert notebooks.find() == [folder / "notebooks/03_softmax.ipynb"]


@pytest.mark.parametrize("name", ["solved/04_forward_pass.ipynb", "03_softmax.ipynb"])
def test_a_path_names_exactly_one_file(folder, name):
    with pytest.raises(notebooks.NotebookError, match=f"there is no file '{name}'"):
        notebooks.find([name])


# ---------------------------------------------------------------- comparing with nbval


def run_nbval(path, **environment):
    """Run pytest on one notebook outside the repository, with the repository's settings."""
    settings = ["-p", "conftest", "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *settings, "--numprocesses=0", "--verbose", str(path)],
        cwd=path.parent,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
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
