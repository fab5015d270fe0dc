"""Solved copies of notebooks, for instructors."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_exercises import chapter01
from course_tools.command import main
from course_tools.notebooks import NotebookError
from course_tools.solve import FILL_IN, put_starters, write_solved
from course_utils import chapters as table


@pytest.fixture
def chapter(tmp_path):
    """A chapter 01 with its three starters and stale outputs."""
    cells = [new_code_cell("x = 1", id="neuron", execution_count=1)]
    cells[0].outputs = [new_output("stream", text="before\n")]
    for exercise in (chapter01.nor, chapter01.other_xor, chapter01.half_adder):
        name = f"exercise-{exercise.slug}"
        cells.append(new_markdown_cell("text", id=name))
        cells.append(new_code_cell("...", id=f"{name}-starter", metadata={"tags": ["exercise"]}))
        cells.append(new_code_cell(exercise.check_cell, id=f"{name}-check", execution_count=3))
        cells[-1].outputs = [new_output("stream", text="not attempted\n")]
    path = tmp_path / "notebooks" / "01_perceptron.ipynb"
    path.parent.mkdir()
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_a_solved_copy_differs_in_the_starters_and_in_the_outputs_after_them(chapter, tmp_path):
    before = chapter.read_bytes()
    assert write_solved(chapter, tmp_path / "new" / "풀이") == 3
    assert chapter.read_bytes() == before

    copy = nbformat.read(tmp_path / "new" / "풀이" / chapter.name, as_version=4)
    original = nbformat.read(chapter, as_version=4)
    nbformat.validate(copy)
    cells = {cell.id: cell for cell in copy.cells}
    assert list(cells) == [cell.id for cell in original.cells]
    assert cells["exercise-nor-starter"].source == chapter01.nor.code.strip()
    assert cells["exercise-nor-starter"].metadata.tags == ["exercise"]
    assert cells["exercise-nor-check"].source == chapter01.nor.check_cell
    assert cells["exercise-nor-check"].outputs == []
    assert cells["exercise-nor-check"].execution_count is None
    assert cells["neuron"].outputs[0].text == "before\n"


def test_the_notebooks_of_the_students_are_never_overwritten(chapter):
    before = chapter.read_bytes()
    with pytest.raises(NotebookError, match="holds the notebooks of the students"):
        write_solved(chapter, chapter.parent / ".." / "notebooks")
    assert chapter.read_bytes() == before


def test_a_missing_starter_is_named(chapter, tmp_path):
    notebook = nbformat.read(chapter, as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "exercise-nor-starter"]
    nbformat.write(notebook, chapter)
    with pytest.raises(
        NotebookError, match=r"01_perceptron.ipynb has no cell exercise-nor-starter"
    ):
        write_solved(chapter, tmp_path / "solved")
    assert not (tmp_path / "solved").exists()


def test_the_command_that_writes_solved_copies(tmp_path, capsys):
    assert main(["solve", "00", "01", "--to", str(tmp_path / "solved")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path / 'solved' / '00_start_here.ipynb'}: exercises solved: 0",
        f"{tmp_path / 'solved' / '01_perceptron.ipynb'}: exercises solved: 3",
    ]
    assert (tmp_path / "solved" / "01_perceptron.ipynb").exists()


@pytest.mark.parametrize("path", [chapter.path for chapter in table.CHAPTERS], ids=lambda p: p.stem)
def test_starters_take_the_place_of_answers_again(path, tmp_path):
    def lines(cell):
        return [line for line in cell.source.splitlines() if line.strip() not in ("", FILL_IN)]

    n_solved = write_solved(path, tmp_path)
    solved = nbformat.read(tmp_path / path.name, as_version=4)
    assert len(put_starters(path, solved)) == n_solved
    original = nbformat.read(path, as_version=4)
    assert put_starters(path, original) == []
    assert [*map(lines, solved.cells)] == [*map(lines, original.cells)]
