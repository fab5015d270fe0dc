"""Which exercises are solved: kept in one small file, which never leaves the machine."""

import json
import os
import time
from contextlib import contextmanager
from pathlib import Path

from course_utils.files import replacing

FILE = Path(__file__).resolve().parent.parent / "progress.json"
ABOUT = "The outcomes of the exercises of the course. Delete this file to start anew."
OUTCOMES = ["not attempted", "wrong", "right"]  # from worse to better; the best is kept
MARKS = {"right": "solved", "wrong": "tried", "not attempted": "not yet"}

_session = {}  # the outcomes since Python was started


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
    outcome : str
        "not attempted", "wrong" or "right".
    """
    _keep_best(_session, {key: outcome})
    path = file()
    if path is None:
        return
    try:
        with _locked(path):
            kept = _read(path)
            if _keep_best(kept, _session):
                with replacing(path, "w", encoding="utf-8", newline="\n") as opened:
                    json.dump({"about": ABOUT, "exercises": kept}, opened, indent=1)
    except OSError as error:
        print(f"Your progress could not be kept in {path} ({error.strerror}).")


def outcomes():
    """Return ``{key: outcome}`` for all exercises that were ever checked."""
    best, path = dict(_session), file()
    if path is not None:
        try:
            _keep_best(best, _read(path))
        except OSError as error:
            print(f"Your progress could not be read from {path} ({error.strerror}).")
    return best


def overview(chapter):
    """Return which exercises of a chapter are solved, as a `Message`.

    Parameters
    ----------
    chapter : str
        Two digits, ``"01"``.
    """
    import course_exercises as exercises
    from course_exercises.engine.message import PROGRESS, Message

    best = outcomes()
    rows = [
        (f"{exercise.number} {exercise.title}", MARKS[best.get(exercise.key, "not attempted")])
        for exercise in exercises.of_chapter(chapter)
    ]
    n_solved = sum(mark == MARKS["right"] for _, mark in rows)
    heading = f"Chapter {chapter}: {n_solved} of {len(rows)} exercises solved"
    return Message(PROGRESS, heading, rows=tuple(rows))


def show(chapter):
    """Show which exercises of a chapter are solved: the last cell of the chapter."""
    from IPython.display import display

    display(overview(chapter))


def _keep_best(kept, new):
    """Take over from `new` what is better than in `kept`; return whether anything was."""
    better = {
        key: outcome
        for key, outcome in new.items()
        if key not in kept or OUTCOMES.index(outcome) > OUTCOMES.index(kept[key])
    }
    kept |= better
    return bool(better)


def _read(path):
    """Return the outcomes in a file; set it aside, and say so, if it is damaged."""
    try:
        exercises = json.loads(path.read_text(encoding="utf-8"))["exercises"]
        if not all(outcome in OUTCOMES for outcome in exercises.values()):
            raise ValueError("an outcome that does not exist")
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        aside = path.with_name(f"{path.stem}.damaged{path.suffix}")
        path.replace(aside)
        print(f"{path.name} was damaged. It is called {aside.name} now, and progress starts anew.")
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
