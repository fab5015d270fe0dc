"""Which notebooks a command is about, and reading them."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_tools import notebooks
from course_tools.notebooks import NotebookError
from course_utils import chapters


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Let the course be in a folder, with a student's copy of chapter 03 and a solved one."""
    monkeypatch.setattr(chapters, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path)
    for name in ("notebooks/03_softmax", "notebooks/03_mine", "solved/03_softmax", "내 공책"):
        path = tmp_path / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return tmp_path


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("3", "notebooks/03_softmax.ipynb"),
        ("03", "notebooks/03_softmax.ipynb"),
        ("03_softmax", "notebooks/03_softmax.ipynb"),
        ("notebooks/03_mine.ipynb", "notebooks/03_mine.ipynb"),
        ("solved/03_softmax.ipynb", "solved/03_softmax.ipynb"),
        ("내 공책.ipynb", "내 공책.ipynb"),
    ],
)
def test_a_notebook_is_found_by_its_names(folder, name, found):
    assert notebooks.find([name]) == [folder / found]


def test_without_a_name_all_chapters_are_found_in_their_order():
    assert notebooks.find() == [chapter.path for chapter in chapters.CHAPTERS]


def test_a_notebook_named_twice_is_found_once(folder):
    names = ["03", "3", "notebooks/../notebooks/03_softmax.ipynb"]
    assert notebooks.find(names) == [folder / "notebooks/03_softmax.ipynb"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (
            ["99"],
            rf"^There is no chapter '99'; the chapters are 00_.*, {chapters.CHAPTERS[-1].file}\.$",
        ),
        (["003"], "no chapter '003'"),
        (["softmax"], "no chapter 'softmax'"),
        (["03_mine"], "no chapter '03_mine'"),
        ([""], "no chapter ''"),
        (["x" * 300], "no chapter 'xxx"),
        (["03_softmax.ipynb"], "no file '03_softmax.ipynb'"),
        (["solved/04_forward_pass.ipynb"], "no file 'solved/04_forward_pass.ipynb'"),
        (["04"], "04_forward_pass.ipynb is missing; to get it back: "),
        (["solved"], "^solved is a folder"),
        (["."], "is a folder"),
        (["03", "solved/03_softmax.ipynb"], "Two notebooks are called 03_softmax.ipynb"),
    ],
)
def test_what_cannot_be_found_is_said(folder, names, said):
    with pytest.raises(NotebookError, match=said):
        notebooks.find(names)


@pytest.mark.parametrize(
    "content",
    [
        b"# not JSON",
        b"",
        b"{}",
        b"[]",
        b"3",
        b'{"cells": 3, "nbformat": 4}',
        b'{"cells": [3], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("strict", [True, False])
def test_what_is_not_a_notebook_is_named(tmp_path, content, strict):
    path = tmp_path / "00_글.ipynb"
    path.write_bytes(content)
    with pytest.raises(NotebookError, match=r"^00_글.ipynb is not a notebook: .") as error:
        notebooks.read(path, strict)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["missing.ipynb", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    with pytest.raises(NotebookError, match=r"cannot be read: .+\.$"):
        notebooks.read(tmp_path / name)


def test_an_old_notebook_is_read_without_a_warning(tmp_path, recwarn):
    cell = new_code_cell("1")
    del cell["id"]  # notebooks before format 4.5 have none
    nbformat.write(new_notebook(cells=[cell], nbformat_minor=4), tmp_path / "old.ipynb")
    assert notebooks.read(tmp_path / "old.ipynb").cells[0].source == "1"
    assert not recwarn.list


def test_a_notebook_is_written_only_if_it_changed(tmp_path):
    notebook = new_notebook(cells=[new_code_cell("print('글')")])
    assert notebooks.write(tmp_path / "a.ipynb", notebook)
    content = (tmp_path / "a.ipynb").read_bytes()
    assert not notebooks.write(tmp_path / "a.ipynb", notebook)
    assert "글".encode() in content and b"\r" not in content
    notebook.cells[0].source = "2"
    assert notebooks.write(tmp_path / "a.ipynb", notebook)
