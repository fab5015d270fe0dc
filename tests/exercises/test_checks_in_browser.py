"""The checks in a browser's tab, where no thread can be started: they say the same."""

import asyncio
import dataclasses
import shutil
import sys
import threading
import types

import pytest
from students import HOSTILE, WITH_NUMPY, hostile, judge, text_of

from course_exercises import chapter01, progress
from course_exercises.engine import session
from course_exercises.engine.reply import Outcome
from course_utils import browser


@pytest.fixture(autouse=True)
def in_browser(monkeypatch):
    def start(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(browser, "IN_BROWSER", True)
    monkeypatch.setattr(threading.Thread, "start", start)


@pytest.mark.parametrize("exercise", WITH_NUMPY, ids=lambda exercise: exercise.key)
def test_a_right_answer_is_right(exercise):
    reply = judge(exercise, exercise.code)
    assert reply.kind == Outcome.RIGHT, text_of(reply)


# Nothing stops the first there: it needs Restart Kernel. The second, of one line, is stopped from
# Python 3.12 on, which Pyodide has.
NOT_STOPPED = {"a loop that holds on"} | ({"a loop"} if sys.version_info < (3, 12) else set())


@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - NOT_STOPPED))
def test_a_hostile_function_is_reported(name, capsys):
    seconds = 0.3 if "loop" in name else 30
    before = sys.gettrace()
    reply = dataclasses.replace(chapter01.nor, seconds=seconds).judge(hostile(name))
    assert reply.kind == Outcome.WRONG
    assert HOSTILE[name][1] in text_of(reply)
    assert capsys.readouterr() == ("", "")
    assert sys.gettrace() is before


def test_a_loop_is_ended_and_the_input_is_shown():
    namespace = {}
    exec("def NOR(x1, x2):\n    while True:\n        x1 += 1", namespace)
    reply = dataclasses.replace(chapter01.nor, seconds=0.3).judge(namespace["NOR"])
    assert "input NOR(0, 0) Your code was still at work after 0.3 seconds." in text_of(reply)


def test_what_a_job_returns_or_raises_is_handed_on():
    assert session.run(lambda _: 3, seconds=5) == 3
    with pytest.raises(ZeroDivisionError):
        session.run(lambda _: 1 / 0, seconds=5)


def test_progress_is_kept_where_jupyterlite_keeps_files(tmp_path, monkeypatch):
    monkeypatch.delenv("COURSE_PROGRESS")
    monkeypatch.setattr(browser, "DRIVE", tmp_path)
    monkeypatch.setattr(progress, "_known", progress.nothing())
    progress.record("01/nor", Outcome.RIGHT)
    assert progress.file() == tmp_path / "progress.json"
    monkeypatch.setattr(progress, "_known", progress.nothing())  # as after a reload
    assert progress.outcomes() == {"01/nor": "right"}


def test_without_a_drive_two_tabs_add_to_one_data_base(tmp_path, monkeypatch):
    """The data base is a folder here; what the tab itself has is another one, as in a browser."""
    kept, base = tmp_path / "kept", tmp_path / "base"
    base.mkdir()

    async def synchronise(comes_in):
        shutil.copytree(*((base, kept) if comes_in else (kept, base)), dirs_exist_ok=True)

    mount = types.SimpleNamespace(filesystems=types.SimpleNamespace(IDBFS=None), mount=lambda *_: 0)
    monkeypatch.setitem(sys.modules, "pyodide_js", types.SimpleNamespace(FS=mount))
    monkeypatch.delenv("COURSE_PROGRESS")
    monkeypatch.setattr(browser, "DRIVE", tmp_path / "missing")
    monkeypatch.setattr(browser, "KEPT", kept)
    monkeypatch.setattr(browser, "_synchronise", synchronise)

    async def tab(key):
        monkeypatch.setattr(progress, "_known", progress.nothing())
        shutil.rmtree(kept, ignore_errors=True)
        browser.kept_folder()
        progress.record(key, Outcome.RIGHT)
        await asyncio.gather(*browser._tasks)

    async def reloaded():
        monkeypatch.setattr(progress, "_known", progress.nothing())
        shutil.rmtree(kept)
        browser.kept_folder()
        await asyncio.gather(*browser._tasks)
        return progress.outcomes()

    asyncio.run(tab("01/nor"))
    asyncio.run(tab("02/plateau"))
    assert asyncio.run(reloaded()) == {"01/nor": "right", "02/plateau": "right"}
