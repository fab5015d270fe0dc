import errno
import os
import sys
from pathlib import Path

import pytest

from course_utils import files
from course_utils.files import command, python, replacing


def test_the_new_file_takes_the_place_of_the_old(tmp_path):
    path = tmp_path / "한글 name.txt"
    path.write_text("old", encoding="utf-8")
    with replacing(path, "w", encoding="utf-8") as file:
        file.write("새 text")
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "새 text"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("executable", "typed"),
    [
        (files.COURSE / "no venv" / "bin" / "python", f'"{Path("no venv", "bin", "python")}"'),
        (files.COURSE / "venv" / "bin" / "python", str(Path("venv", "bin", "python"))),
        ("", "python"),  # Python does not know where it is
    ],
)
def test_what_to_type_names_the_python_of_the_course(monkeypatch, executable, typed):
    monkeypatch.setattr(sys, "executable", str(executable))
    assert python("-m pip list") == f"{typed} -m pip list"
    assert command("fetch") == f"{typed} -m course_tools fetch"


@pytest.mark.parametrize("script", ["course", "course.exe"])
def test_a_command_is_the_one_of_this_environment(tmp_path, monkeypatch, script):
    (tmp_path / script).touch()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert command("fetch") == f"{tmp_path / 'course'} fetch"
    monkeypatch.setattr(files, "COURSE", tmp_path.parent)
    assert command("fetch") == f"{Path(tmp_path.name, 'course')} fetch"


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "result.bin"
    path.write_bytes(b"old")
    with pytest.raises(error), replacing(path) as file:
        file.write(b"half of the")
        raise error
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"), replacing(tmp_path / "nowhere" / "a"):
        pass


@pytest.mark.parametrize("place", ["pathlib.Path.open", "os.fsync", "os.replace"])
def test_an_error_names_the_file_and_not_the_temporary_one(tmp_path, monkeypatch, place):
    def refuse(*names, **_):
        raise OSError(errno.ENOSPC, "No space left on device", *map(str, names[:1]))

    def refuse_without_a_name(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "result.bin"
    path.write_bytes(b"old")
    monkeypatch.setattr(place, refuse_without_a_name if place == "os.fsync" else refuse)
    with pytest.raises(OSError) as caught, replacing(path) as file:
        file.write(b"new")
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(path.resolve())
    assert ".part" not in str(caught.value)
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_of_another_file_keeps_its_name(tmp_path):
    with pytest.raises(FileNotFoundError) as caught, replacing(tmp_path / "result.bin"):
        (tmp_path / "other").read_bytes()
    assert caught.value.filename == str(tmp_path / "other")


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such rights")
@pytest.mark.parametrize("mode", [0o664, 0o600])
def test_who_may_read_and_write_stays(tmp_path, mode):
    path = tmp_path / "result.bin"
    path.write_bytes(b"old")
    path.chmod(mode)
    with replacing(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == mode


def test_through_a_link_the_file_behind_it_is_written(tmp_path):
    path, link = tmp_path / "real", tmp_path / "link"
    path.write_bytes(b"old")
    try:
        link.symlink_to(path)
    except OSError:
        pytest.skip("this user may not make links (Windows)")
    with replacing(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
