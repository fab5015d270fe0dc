"""Which exercises are solved: kept in one small file, which never leaves the machine."""

import json
import os
import time
from contextlib import contextmanager
from pathlib import Path

from course_exercises.engine.reply import Outcome
from course_utils.files import replacing
from course_utils.message import Message

FILE = Path(__file__).resolve().parent.parent / "progress.json"
ABOUT = "The outcomes of the exercises of the course. Delete this file to start anew."
ORDER = list(Outcome)  # from worse to better; the best is kept

_known = {}  # the outcomes since Python was started


def file():
    """Return the path of the file, or None if nothing is to be written.

    The environment variable ``COURSE_PROGRESS`` names another file, or says ``off``: then the
    outcomes are forgotten when Python ends. Tests set it to ``off``.
    """
    named = os.environ.get("COURSE_PROGRESS") or FILE
    return None if named == "off" else Path(named)


def record(key, outcome):
    """Keep the outcome of an exercise, unless it was better before.

    Parameters
    ----------
    key : str
        `Exercise.key`, ``"01/nor"``.
    outcome : Outcome
    """
    _keep_best(_known, {key: outcome})
    path = file()
    if path is None:
        return
    try:
        with _locked(path):
            kept = _read(path)
            if _keep_best(kept, _known):
                with replacing(path, "w", encoding="utf-8", newline="\n") as opened:
                    json.dump({"about": ABOUT, "exercises": kept}, opened, indent=1)
    except OSError as error:
        text = "Your progress could not be kept in {path} ({reason})."
        print(Message(text, path=path, reason=error.strerror))


def outcomes():
    """Return ``{key: outcome}`` for all exercises that were ever checked."""
    best, path = dict(_known), file()
    if path is not None:
        try:
            _keep_best(best, _read(path))
        except OSError as error:
            text = "Your progress could not be read from {path} ({reason})."
            print(Message(text, path=path, reason=error.strerror))
    return best


def _keep_best(kept, new):
    """Take over from `new` what is better than in `kept`; return whether anything was."""
    better = {
        key: outcome
        for key, outcome in new.items()
        if key not in kept or ORDER.index(outcome) > ORDER.index(kept[key])
    }
    kept |= better
    return bool(better)


def _read(path):
    """Return the outcomes in a file; set it aside, and say so, if it is damaged."""
    try:
        exercises = json.loads(path.read_text(encoding="utf-8"))["exercises"]
        if not all(outcome in ORDER for outcome in exercises.values()):
            raise ValueError("an outcome that does not exist")
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        aside = path.with_name(f"{path.stem}.damaged{path.suffix}")
        path.replace(aside)
        text = "{file} was damaged. It is called {aside} now, and progress starts anew."
        print(Message(text, file=path.name, aside=aside.name))
        return {}
    return exercises


@contextmanager
def _locked(path):
    """Let one process at a time read the file and write it."""
    lock = path.with_name(f".{path.name}.lock")
    give_up = time.monotonic() + 1
    while True:
        try:
            lock.touch(exist_ok=False)
            break
        except (FileExistsError, PermissionError) as error:
            # Windows says the latter also while the lock is deleted; elsewhere it will not pass.
            if isinstance(error, PermissionError) and os.name != "nt":
                raise
            if time.monotonic() > give_up:  # left by a process that was killed
                break
            time.sleep(0.02)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
