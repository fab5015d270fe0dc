"""For instructors: the outcomes of the exercises in a folder of submitted notebooks.

Each notebook runs in a process of its own, as it is. This is no sandbox: what a notebook does, it
does with your rights, and it can report whatever it likes.
"""

import csv
import json
import os
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import nbformat
import psutil
from nbclient import NotebookClient

import course_exercises as exercises
from course_exercises.progress import OUTCOMES
from course_utils.files import replacing

IMPORT = re.compile(r"course_exercises\.chapter(\d\d)")
NO_NOTEBOOK, NO_EXERCISES = "not a notebook", "no exercises"
NOT_CHECKED = "not checked"  # it ran to its end, but the check of the exercise did not run
STOPPED, CRASHED = "stopped", "crashed"  # and the check had not run yet


def find(folder):
    """Return the notebooks below a folder, in the order of their names."""
    found = Path(folder).rglob("*.ipynb")
    return sorted(path for path in found if ".ipynb_checkpoints" not in path.parts)


def judge(path, seconds):
    """Run a submitted notebook and return what came of its exercises.

    Parameters
    ----------
    path : path-like
        Any file; nothing in it makes this raise. It is only read.
    seconds : float
        After so long the notebook is stopped.

    Returns
    -------
    list of (str, str)
        The key of each exercise of the chapter, ``"01/nor"``, and its outcome: "right", "wrong",
        "not attempted", "not checked", "stopped" or "crashed". One pair with an empty key if the
        file is "not a notebook" or has "no exercises".
    """
    path = Path(path)
    try:
        code = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")
    except Exception:  # nbformat meets a file that is none with errors of many kinds
        return [("", NO_NOTEBOOK)]
    chapters = sorted(set(IMPORT.findall(code)) & set(exercises.chapters()))
    keys = [exercise.key for chapter in chapters for exercise in exercises.of_chapter(chapter)]
    if not keys:
        return [("", NO_EXERCISES)]

    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "progress.json"
        command = [sys.executable, "-m", "course_tools.collect", str(path.resolve())]
        ending = _run_for(seconds, command, os.environ | {"COURSE_PROGRESS": str(kept)})
        outcomes = _outcomes_in(kept)
    return [(key, outcomes.get(key, ending)) for key in keys]


def _outcomes_in(path):
    """Return the outcomes in a file of progress; a notebook may have written anything there."""
    try:
        outcomes = json.loads(path.read_text(encoding="utf-8"))["exercises"]
        return {key: outcome for key, outcome in outcomes.items() if outcome in OUTCOMES}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def read(path):
    """Return a notebook of whatever age."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # cells without an id
        return nbformat.reads(Path(path).read_text(encoding="utf-8"), as_version=4)


def _run_for(seconds, command, environment):
    """Run a command; return the outcome of an exercise whose check it did not reach."""
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        return NOT_CHECKED if process.wait(seconds) == 0 else CRASHED
    except subprocess.TimeoutExpired:
        return STOPPED
    finally:
        _kill(process)


def _kill(process):
    """End a process and all that it started: the kernel would outlive it."""
    try:
        started = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        started = []
    process.kill()
    process.wait()
    for child in started:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(started, timeout=10)  # a busy machine takes a moment


def write_csv(path, rows):
    """Write rows of file, exercise and outcome as CSV.

    UTF-8 with a mark at its beginning, by which spreadsheets tell the encoding. A file whose name
    a spreadsheet would compute, such as ``=1+1.ipynb``, gets an apostrophe in front.
    """
    with replacing(path, "w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "exercise", "outcome"])
        for name, *rest in rows:
            writer.writerow([f"'{name}" if name.startswith(("=", "+", "-", "@")) else name, *rest])


class _Client(NotebookClient):
    """Runs a notebook and throws its outputs away: one that prints for ever fills no memory."""

    def output(self, *_):
        return None


def _run(path):
    """Run a notebook to its end, whatever its cells raise; the checks note their outcomes."""
    client = _Client(
        read(path),
        kernel_name="python3",
        timeout=None,
        allow_errors=True,
        resources={"metadata": {"path": str(Path(path).parent)}},
    )
    client.execute()


if __name__ == "__main__":
    _run(sys.argv[1])
