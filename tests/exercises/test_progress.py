"""The file that says which exercises are solved: kept, shared, damaged, or not to be written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import course_exercises
from course_exercises import progress
from course_exercises.engine.reply import Outcome
from course_tools.command import main

ROOT = Path(__file__).resolve().parents[2]
SET_BY_CONFTEST = os.environ.get("COURSE_PROGRESS")


@pytest.fixture(autouse=True)
def path(tmp_path, monkeypatch):
    """Keep the progress in a folder with a Korean name, and begin with nothing."""
    path = tmp_path / "진도" / "progress.json"
    path.parent.mkdir()
    monkeypatch.setenv("COURSE_PROGRESS", str(path))
    monkeypatch.setattr(progress, "_known", progress.nothing())
    return path


def restart(monkeypatch):
    """Forget what only the running Python knows."""
    monkeypatch.setattr(progress, "_known", progress.nothing())


def test_the_best_outcome_is_kept(path, monkeypatch):
    for outcome in (*Outcome, "wrong", "not attempted"):
        progress.record("01/nor", outcome)
    progress.record("01/half-adder", "wrong")
    restart(monkeypatch)
    assert progress.outcomes() == {"01/nor": "right", "01/half-adder": "wrong"}
    assert json.loads(path.read_text(encoding="utf-8"))["exercises"] == progress.outcomes()
    assert list(path.parent.iterdir()) == [path]


def test_what_is_known_already_is_not_written_again(path):
    progress.record("01/nor", "right")
    path.write_bytes(path.read_bytes() + b"\n")
    before = path.read_bytes()
    progress.record("01/nor", "wrong")
    assert path.read_bytes() == before


def test_off_writes_nothing_and_knows_only_this_python(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    monkeypatch.setattr(progress, "FILE", tmp_path / "progress.json")
    progress.record("01/nor", "right")
    assert progress.outcomes() == {"01/nor": "right"}
    assert not progress.FILE.exists()
    restart(monkeypatch)
    assert progress.outcomes() == {}


def test_without_the_variable_it_is_kept_beside_the_notebooks_and_ignored_by_git(monkeypatch):
    monkeypatch.delenv("COURSE_PROGRESS")
    assert progress.file() == ROOT / "progress.json"
    assert "progress.json" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_tests_themselves_keep_nothing():
    assert SET_BY_CONFTEST == "off"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"exercises": {"01/nor"',
        b"[]",
        b"null",
        b'{"exercises": []}',
        b'{"exercises": {"01/nor": "perfect"}}',
        b'{"exercises": {"01/nor": ["right"]}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_set_aside_and_said(path, content, capsys):
    path.write_bytes(content)
    progress.record("01/nor", "right")
    assert capsys.readouterr().out == (
        "progress.json was damaged. It is called progress.damaged.json now, "
        "and progress starts anew.\n"
    )
    assert path.with_name("progress.damaged.json").read_bytes() == content
    assert progress.outcomes() == {"01/nor": "right"}
    assert capsys.readouterr().out == ""


def test_a_place_that_cannot_be_written_is_named_and_does_no_harm(path, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_PROGRESS", str(path.parent / "missing" / "progress.json"))
    progress.record("01/nor", "right")
    assert "could not be kept in" in capsys.readouterr().out
    assert progress.outcomes() == {"01/nor": "right"}

    monkeypatch.setenv("COURSE_PROGRESS", str(path.parent))  # a folder
    assert progress.outcomes() == {"01/nor": "right"}
    assert "could not be read from" in capsys.readouterr().out


@pytest.mark.skipif(os.name == "nt", reason="there a lock that is being deleted says the same")
def test_a_folder_that_is_read_only_is_not_waited_for(path, monkeypatch, capsys):
    def touch(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", touch)
    monkeypatch.setattr(progress.time, "sleep", lambda _: pytest.fail("it waits"))
    progress.record("01/nor", "right")
    assert "could not be kept in" in capsys.readouterr().out
    assert progress.outcomes() == {"01/nor": "right"}


def test_the_lock_of_a_process_that_was_killed_is_not_waited_for_long(path, monkeypatch):
    lock = path.with_name(".progress.json.lock")
    lock.touch()
    progress.record("01/nor", "right")
    restart(monkeypatch)
    assert progress.outcomes() == {"01/nor": "right"}
    assert not lock.exists()


def test_kernels_that_write_at_the_same_time_lose_nothing(path):
    code = (
        "import sys; from course_exercises import progress\n"
        "for k in range(20): progress.record(f'{sys.argv[1]}/{k}', 'right')"
    )
    kernels = [subprocess.Popen([sys.executable, "-c", code, str(n)]) for n in range(4)]
    assert [kernel.wait(60) for kernel in kernels] == [0, 0, 0, 0]
    assert len(progress.outcomes()) == 80
    assert list(path.parent.iterdir()) == [path]


def test_the_overview_of_a_chapter():
    progress.record("01/nor", "right")
    progress.record("01/half-adder", "wrong")
    assert repr(course_exercises.overview("01")) == (
        "Chapter 01: 1 of 3 exercises solved\n"
        "  1.1 NOR           solved\n"
        "  1.2 another XOR   not yet\n"
        "  1.3 a half adder  tried"
    )


def test_to_store_and_to_list_takes_no_numpy():
    code = (
        "import sys, course_exercises; course_exercises.chapters(); print('numpy' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    assert subprocess.check_output(command, text=True).strip() == "False"


def test_the_last_cell_of_a_chapter_shows_it(capsys):
    course_exercises.show_progress("01")
    assert capsys.readouterr().out.startswith("Chapter 01: 0 of 3 exercises solved\n")


def test_the_command_line_shows_every_chapter_in_plain_ascii(path, capsys):
    progress.record("01/nor", "right")
    assert main(["progress"]) == 0
    shown = capsys.readouterr().out
    assert "Chapter 01: 1 of 3 exercises solved" in shown
    for number in course_exercises.chapters():
        assert f"Chapter {number}: " in shown
    assert shown.endswith(f"Kept in {path}\n")
    assert shown.replace(str(path), "").isascii()


def test_the_command_line_shows_the_predictions_of_a_chapter_without_exercises(capsys):
    prediction = {"said": "1", "answer": "0", "right": False, "surprise": 0.5}
    progress.record_prediction("00/fires", prediction)
    assert main(["progress"]) == 0
    assert capsys.readouterr().out.startswith(
        "Chapter 00\nPredictions: 1 of 1 made, 0 of them right."
    )


def test_the_command_line_says_when_nothing_is_kept(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_PROGRESS", "off")
    assert main(["progress"]) == 0
    assert "COURSE_PROGRESS is off" in capsys.readouterr().out
