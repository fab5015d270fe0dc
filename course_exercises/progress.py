"""What the student did, exercises and predictions: one small file that never leaves the machine."""

import json
import os
import time
from base64 import b64encode
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from course_exercises.engine.reply import Outcome
from course_utils import browser
from course_utils.files import replacing
from course_utils.message import Message

FILE = Path(__file__).resolve().parent.parent / "progress.json"
ABOUT = "Your exercises and predictions in the course. Delete this file to start anew."
KEPT_HERE = (
    "Your progress is kept in this browser, and nowhere else. In the course's folder on a computer "
    "this file is your progress there:"
)
SAVE = "save progress.json"
ORDER = list(Outcome)  # from worse to better; the best is kept
PREDICTION = {"said": str, "answer": str, "right": bool, "surprise": float}


def nothing():
    """Return what is known of a student who has done nothing yet."""
    return {"exercises": {}, "predictions": {}}


_known = nothing()  # what was done since Python was started


if browser.IN_BROWSER and not os.environ.get("COURSE_PROGRESS"):
    browser.kept_folder()  # what the browser keeps is there when the next cell runs


def file():
    """Return the path of the file, or None if nothing is to be written.

    The environment variable ``COURSE_PROGRESS`` names another file, or says ``off``: then the
    outcomes are forgotten when Python ends. Tests set it to ``off``. In a browser's tab the file
    is where the browser keeps it.
    """
    named = os.environ.get("COURSE_PROGRESS")
    if browser.IN_BROWSER and not named:
        return browser.kept_folder() / FILE.name
    return None if named == "off" else Path(named or FILE)


def record(key, outcome):
    """Keep the outcome of an exercise, unless it was better before.

    Parameters
    ----------
    key : str
        `Exercise.key`, ``"01/nor"``.
    outcome : Outcome
    """
    _keep({"exercises": {key: outcome}, "predictions": {}})


def record_prediction(key, prediction):
    """Keep a prediction and what it was compared with, unless one was kept before.

    Parameters
    ----------
    key : str
        Chapter and name, ``"01/weighted-sum"``.
    prediction : dict
        What was ``said`` and the ``answer``, as texts, whether it was ``right``, and the
        ``surprise``, from 0.0 to 1.0.
    """
    _keep({"exercises": {}, "predictions": {key: prediction}})


def outcomes():
    """Return ``{key: outcome}`` for all exercises that were ever checked."""
    return _everything()["exercises"]


def predictions():
    """Return ``{key: prediction}`` for all predictions that were ever compared."""
    return _everything()["predictions"]


def _keep(new):
    _take_over(_known, new)
    path = file()
    if path is not None and browser.IN_BROWSER:
        browser.keep(partial(_write, path))
    elif path is not None:
        _write(path)


def _write(path):
    try:
        with _locked(path):
            kept = _read(path)
            if _take_over(kept, _known):
                with replacing(path, "w", encoding="utf-8", newline="\n") as opened:
                    json.dump({"about": ABOUT} | kept, opened, indent=1, ensure_ascii=False)
    except OSError as error:
        text = "Your progress could not be kept in {path} ({reason})."
        print(Message(text, path=path, reason=error.strerror))


def offer():
    """Show a link that saves what was done in a file: in a tab only the browser keeps it."""
    from IPython.display import display

    content = json.dumps({"about": ABOUT} | _everything(), indent=1, ensure_ascii=False)
    address = f"data:application/json;base64,{b64encode(content.encode()).decode()}"
    link = f'<a download="{FILE.name}" href="{address}">{Message(SAVE)}</a>'
    html = f"<p>{Message(KEPT_HERE)} {link}</p>"
    display({"text/html": html, "text/plain": ""}, raw=True)  # there is no link in a text


def _everything():
    all_of_it, path = nothing(), file()
    _take_over(all_of_it, _known)
    if path is not None:
        try:
            _take_over(all_of_it, _read(path))
        except OSError as error:
            text = "Your progress could not be read from {path} ({reason})."
            print(Message(text, path=path, reason=error.strerror))
    return all_of_it


def _take_over(kept, new):
    """Take over better outcomes, and predictions that are not there; return whether any was."""
    better = {
        key: outcome
        for key, outcome in new["exercises"].items()
        if key not in kept["exercises"]
        or ORDER.index(outcome) > ORDER.index(kept["exercises"][key])
    }
    more = {k: p for k, p in new["predictions"].items() if k not in kept["predictions"]}
    kept["exercises"] |= better
    kept["predictions"] |= more
    return bool(better or more)


def _read(path):
    """Return what is kept in a file; set it aside, and say so, if it is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        # A file of the first edition knows exercises only.
        kept = {"exercises": content["exercises"], "predictions": content.get("predictions", {})}
        if not all(outcome in ORDER for outcome in kept["exercises"].values()):
            raise ValueError("an outcome that does not exist")
        for prediction in kept["predictions"].values():
            if {key: type(value) for key, value in prediction.items()} != PREDICTION:
                raise ValueError("a prediction of another form")
    except FileNotFoundError:
        return nothing()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        aside = path.with_name(f"{path.stem}.damaged{path.suffix}")
        path.replace(aside)
        text = "{file} was damaged. It is called {aside} now, and progress starts anew."
        print(Message(text, file=path.name, aside=aside.name))
        return nothing()
    return kept


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
