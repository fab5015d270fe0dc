"""What instructors use: solved copies of notebooks, and the outcomes of submitted ones."""

import csv
import subprocess
import time

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_exercises import chapter01
from course_tools import collect as submissions
from course_tools.command import main
from course_tools.execute import NotebookError
from course_tools.solve import write_solved

NEURON = """\
def neuron(x1, x2, w1, w2, b):
    return 1 if b + w1 * x1 + w2 * x2 > 0 else 0"""
STARTER = "def NOR(x1, x2):\n    ..."
WRONG = "def NOR(x1, x2):\n    return x1 | x2"
CHECK = chapter01.nor.check_cell


def write(path, *sources):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)


# ---------------------------------------------------------------- solved copies


@pytest.fixture
def chapter(tmp_path):
    """A chapter 01 with its three starters and stale outputs."""
    cells = [new_code_cell(NEURON, id="neuron", execution_count=1)]
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
    assert write_solved(chapter, tmp_path / "new" / "solved") == 3
    assert chapter.read_bytes() == before

    copy = nbformat.read(tmp_path / "new" / "solved" / chapter.name, as_version=4)
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


def test_a_chapter_without_exercises_is_copied(tmp_path):
    write(tmp_path / "00_start_here.ipynb", "1 + 1")
    assert write_solved(tmp_path / "00_start_here.ipynb", tmp_path / "solved") == 0


def test_the_command_that_writes_solved_copies(tmp_path, capsys):
    assert main(["solve", "01", "--to", str(tmp_path / "solved")]) == 0
    assert capsys.readouterr().out.endswith("01_perceptron.ipynb: 3 exercises solved\n")
    assert (tmp_path / "solved" / "01_perceptron.ipynb").exists()
    assert main(["solve", "99", "--to", str(tmp_path)]) == 1
    assert "there is no chapter '99'" in capsys.readouterr().err


# ---------------------------------------------------------------- submitted notebooks


def test_what_comes_of_the_exercises_of_a_submitted_notebook(tmp_path):
    path = tmp_path / "김.ipynb"
    failing = ["1 / 0", "input()", "%no_such_magic"]
    untouched = [STARTER, CHECK]
    not_defined = [chapter01.other_xor.check_cell]
    wrong_then_right = [
        "half_adder = max",
        chapter01.half_adder.check_cell,
        "def half_adder(x1, x2):\n    return x1 ^ x2, x1 & x2",
        chapter01.half_adder.check_cell,
    ]
    write(path, *failing, *untouched, *not_defined, *wrong_then_right)
    before = path.read_bytes()
    assert submissions.judge(path, 120) == [
        ("01/nor", "not attempted"),
        ("01/other-xor", "not checked"),
        ("01/half-adder", "right"),
    ]
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_notebook_that_ends_its_kernel_keeps_what_it_had(tmp_path):
    write(tmp_path / "dies.ipynb", WRONG, CHECK, "import os\nos._exit(1)", CHECK)
    outcomes = dict(submissions.judge(tmp_path / "dies.ipynb", 120))
    assert outcomes == {"01/nor": "wrong", "01/other-xor": "crashed", "01/half-adder": "crashed"}


def test_a_notebook_that_hangs_is_stopped_with_its_kernel(tmp_path, monkeypatch):
    hanging = tmp_path / "hanging"

    def wait(process, timeout=None):
        """Let the time be up as soon as the notebook hangs."""
        while timeout == 120 and process.poll() is None:
            if hanging.exists():
                raise subprocess.TimeoutExpired(process.args, timeout)
            time.sleep(0.05)
        return real_wait(process, timeout)

    real_wait = subprocess.Popen.wait
    monkeypatch.setattr(subprocess.Popen, "wait", wait)
    hang = "open('hanging', 'w').close()\nwhile True: print('x' * 10_000)"
    write(tmp_path / "hangs.ipynb", WRONG, CHECK, hang, CHECK)
    outcomes = dict(submissions.judge(tmp_path / "hangs.ipynb", 120))
    assert outcomes == {"01/nor": "wrong", "01/other-xor": "stopped", "01/half-adder": "stopped"}
    inside = [process for process in psutil.process_iter() if folder_of(process) == str(tmp_path)]
    assert inside == []


def test_a_notebook_that_takes_too_long_is_stopped(tmp_path):
    write(tmp_path / "slow.ipynb", "import time\ntime.sleep(600)", CHECK)
    assert set(dict(submissions.judge(tmp_path / "slow.ipynb", 1)).values()) == {"stopped"}


def test_a_notebook_that_spoils_the_file_of_its_progress_is_a_row(tmp_path):
    spoiled = '{"exercises": {"01/nor": ["right"], "01/other-xor": "right"}}'
    spoil = f"import os\nopen(os.environ['COURSE_PROGRESS'], 'w').write({spoiled!r})"
    write(tmp_path / "spoils.ipynb", spoil, "# course_exercises.chapter01")
    outcomes = dict(submissions.judge(tmp_path / "spoils.ipynb", 120))
    assert outcomes == {
        "01/nor": "not checked",
        "01/other-xor": "right",  # it can report whatever it likes, as the module says
        "01/half-adder": "not checked",
    }


@pytest.mark.parametrize("content", ["[]", "3", '{"exercises": []}', "[" * 100_000, "{"])
def test_a_spoiled_file_of_progress_holds_no_outcomes(content, tmp_path):
    (tmp_path / "progress.json").write_text(content, encoding="utf-8")
    assert submissions._outcomes_in(tmp_path / "progress.json") == {}


def folder_of(process):
    try:
        return process.cwd()
    except psutil.Error:
        return None


@pytest.mark.parametrize(
    "content",
    [b"", b"not JSON", b"{}", b"[]", b'{"cells": 3}', b'{"cells": [], "nbformat', b"\xff\xfe\x00"],
)
def test_what_is_not_a_notebook_is_a_row(content, tmp_path):
    path = tmp_path / "broken.ipynb"
    path.write_bytes(content)
    assert submissions.judge(path, 10) == [("", "not a notebook")]


def test_what_cannot_be_read_is_a_row(tmp_path):
    (tmp_path / "folder.ipynb").mkdir()
    assert submissions.judge(tmp_path / "folder.ipynb", 10) == [("", "not a notebook")]


def test_a_notebook_without_exercises_is_a_row_and_is_not_run(tmp_path):
    path = tmp_path / "other.ipynb"
    write(path, f"open({str(tmp_path / 'it ran')!r}, 'w')")
    assert submissions.judge(path, 10) == [("", "no exercises")]
    assert not (tmp_path / "it ran").exists()


def test_the_command_that_collects_a_folder(tmp_path, capsys):
    folder = tmp_path / "submitted"
    write(folder / "이" / "01.ipynb", WRONG, CHECK)
    write(folder / "이" / ".ipynb_checkpoints" / "01.ipynb", WRONG, CHECK)
    (folder / "broken.ipynb").write_text("{", encoding="utf-8")
    (folder / "readme.txt").write_text("x", encoding="utf-8")
    (folder / "=1+1.ipynb").write_text("{", encoding="utf-8")
    table = tmp_path / "outcomes.csv"

    assert main(["collect", str(folder), "--to", str(table), "--seconds", "120"]) == 0

    assert f"Written to {table}" in capsys.readouterr().out
    assert table.read_bytes().startswith(b"\xef\xbb\xbffile,exercise,outcome\r\n")
    with table.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1:] == [
            ["'=1+1.ipynb", "", "not a notebook"],
            ["broken.ipynb", "", "not a notebook"],
            ["이/01.ipynb", "01/nor", "wrong"],
            ["이/01.ipynb", "01/other-xor", "not checked"],
            ["이/01.ipynb", "01/half-adder", "not checked"],
        ]


def test_a_folder_without_notebooks_is_said(tmp_path, capsys):
    assert main(["collect", str(tmp_path / "nowhere")]) == 1
    assert "there is no notebook in" in capsys.readouterr().err


def test_a_table_that_cannot_be_written_is_said(tmp_path, capsys):
    write(tmp_path / "other.ipynb", "1")
    table = tmp_path / "missing" / "outcomes.csv"
    assert main(["collect", str(tmp_path), "--to", str(table)]) == 1
    assert "could not be written" in capsys.readouterr().err
