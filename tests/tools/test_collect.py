"""The outcomes of the exercises in submitted notebooks, for instructors."""

import csv
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_exercises import chapter01
from course_tools import collect as submissions
from course_tools.command import main

WRONG = "def NOR(x1, x2):\n    return x1 | x2"
CHECK = chapter01.nor.check_cell
SPOILED = '{"exercises": {"01/nor": ["right"], "01/other-xor": "right"}}'
SUBMITTED = {
    "김 01": [
        *["1 / 0", "input()", "%no_such_magic"],  # cells that fail
        *["def NOR(x1, x2):\n    ...", CHECK],
        chapter01.other_xor.check_cell,  # of a function that is not defined
        *["half_adder = max", chapter01.half_adder.check_cell],
        "def half_adder(x1, x2):\n    return x1 ^ x2, x1 & x2",
        chapter01.half_adder.check_cell,
    ],
    "before the move": [WRONG, CHECK.replace("course_exercises", "course_utils.exercises")],
    "dies": [WRONG, CHECK, "import os\nos._exit(1)", CHECK],
    "hangs": [WRONG, CHECK, "open('hanging', 'w').close()\nwhile True: print('x' * 10_000)", CHECK],
    "spoils": [
        f"import os\nopen(os.environ['COURSE_PROGRESS'], 'w').write({SPOILED!r})",
        "# course_exercises.chapter01",
    ],
}


def write(path, *sources):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)
    return path


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Judge the submitted notebooks, two at once; return what came of each, by its name."""
    folder = tmp_path_factory.mktemp("submitted")
    paths = {name: write(folder / f"{name}.ipynb", *SUBMITTED[name]) for name in SUBMITTED}
    before = {path: path.read_bytes() for path in paths.values()}
    real_wait = subprocess.Popen.wait

    def wait(process, timeout=None):
        """Let the time be up as soon as the notebook hangs."""
        while timeout == 599 and process.poll() is None:
            if (folder / "hanging").exists():
                raise subprocess.TimeoutExpired(process.args, timeout)
            time.sleep(0.05)
        return real_wait(process, timeout)

    def judge(name):
        return dict(submissions.judge(paths[name], 599 if name == "hangs" else 600))

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(subprocess.Popen, "wait", wait)
        outcomes = dict(zip(SUBMITTED, pool.map(judge, SUBMITTED), strict=True))
    (folder / "hanging").unlink()
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert [process for process in psutil.process_iter() if runs_in(process, folder)] == []
    return outcomes


def runs_in(process, folder):
    try:
        return process.cwd() == str(folder)
    except psutil.Error:
        return False


@pytest.mark.parametrize(
    ("name", "nor", "other_xor", "half_adder"),
    [
        ("김 01", "not attempted", "not checked", "right"),
        ("before the move", "wrong", "not checked", "not checked"),
        ("dies", "wrong", "crashed", "crashed"),
        ("hangs", "wrong", "stopped", "stopped"),
        # It can report whatever it likes, as the module says, but nothing that is no outcome.
        ("spoils", "not checked", "right", "not checked"),
    ],
)
def test_what_comes_of_the_exercises_of_a_submitted_notebook(
    judged, name, nor, other_xor, half_adder
):
    expected = {"01/nor": nor, "01/other-xor": other_xor, "01/half-adder": half_adder}
    assert judged[name] == expected


def test_a_submission_of_before_the_move_finds_what_it_imports(tmp_path):
    old = "from course_utils.keras_progress import ProgressBar"
    path = write(tmp_path / "old.ipynb", old, "from course_utils.exercises.chapter07 import width")
    first, second = submissions._read(path).cells
    assert first.source == "from keras.callbacks import Callback as ProgressBar"
    assert second.source == "from course_exercises.chapter07 import width"


def test_a_kernel_that_cannot_start_is_not_the_students_fault(tmp_path, monkeypatch, capsys):
    write(tmp_path / "submitted" / "a.ipynb", WRONG, CHECK)
    (tmp_path / "kernels" / "python3").mkdir(parents=True)
    spec = '{"argv": ["/opt/other/bin/python", "-m", "ipykernel_launcher"]}'
    (tmp_path / "kernels" / "python3" / "kernel.json").write_text(spec, encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    table = tmp_path / "outcomes.csv"
    table.write_text("yesterday", encoding="utf-8")
    assert main(["collect", str(tmp_path / "submitted"), "--to", str(table)]) == 1
    assert "The notebook kernel runs on another Python" in capsys.readouterr().err
    assert table.read_text(encoding="utf-8") == "yesterday"


@pytest.mark.parametrize("content", ["[]", "3", '{"exercises": []}', "[" * 100_000, "{"])
def test_a_spoiled_file_of_progress_holds_no_outcomes(content, tmp_path):
    (tmp_path / "progress.json").write_text(content, encoding="utf-8")
    assert submissions._outcomes_in(tmp_path / "progress.json") == {}


@pytest.mark.parametrize("content", [b"", b"not JSON", b'{"cells": 3}', b"\xff\xfe\x00"])
def test_what_is_not_a_notebook_is_a_row(content, tmp_path):
    path = tmp_path / "broken.ipynb"
    path.write_bytes(content)
    assert submissions.judge(path, 10) == [("", "not a notebook")]


def test_what_cannot_be_read_is_a_row(tmp_path):
    (tmp_path / "folder.ipynb").mkdir()
    assert submissions.judge(tmp_path / "folder.ipynb", 10) == [("", "not a notebook")]


def test_a_notebook_without_exercises_is_a_row_and_is_not_run(tmp_path):
    path = write(tmp_path / "other.ipynb", f"open({str(tmp_path / 'it ran')!r}, 'w')")
    assert submissions.judge(path, 10) == [("", "no exercises")]
    assert not (tmp_path / "it ran").exists()


def test_the_command_that_collects_a_folder(tmp_path, capsys):
    folder = tmp_path / "submitted"
    write(folder / "이" / "01.ipynb", "import time\ntime.sleep(600)", CHECK)
    write(folder / "B.IPYNB", "1")  # as some learning platforms write it
    write(folder / "이" / ".ipynb_checkpoints" / "01.ipynb", WRONG, CHECK)
    (folder / "broken.ipynb").write_text("{", encoding="utf-8")
    (folder / "readme.txt").write_text("x", encoding="utf-8")
    (folder / "=1+1.ipynb").write_text("{", encoding="utf-8")
    table = tmp_path / "outcomes.csv"

    assert main(["collect", str(folder), "--to", str(table), "--seconds", "0.5"]) == 0

    assert f"Written to {table}" in capsys.readouterr().out
    assert table.read_bytes().startswith(b"\xef\xbb\xbffile,exercise,outcome\r\n")
    with table.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1:] == [
            ["'=1+1.ipynb", "", "not a notebook"],
            ["B.IPYNB", "", "no exercises"],
            ["broken.ipynb", "", "not a notebook"],
            ["이/01.ipynb", "01/nor", "stopped"],
            ["이/01.ipynb", "01/other-xor", "stopped"],
            ["이/01.ipynb", "01/half-adder", "stopped"],
        ]


@pytest.mark.parametrize("name", ["01.ipynb", "01.IPYNB"])
def test_a_submission_is_never_overwritten_by_the_table(name, tmp_path, capsys):
    path = write(tmp_path / name, "1")
    before = path.read_bytes()
    assert main(["collect", str(tmp_path), "--to", str(path)]) == 1
    assert "is a notebook: name another file" in capsys.readouterr().err
    assert path.read_bytes() == before
