"""For instructors: the outcomes of the exercises in a folder of submitted notebooks.

Each notebook runs in a process of its own, as it is. This is no sandbox: what a notebook does, it
does with your rights, and it can report whatever it likes.
"""

import contextlib
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
from nbclient import NotebookClient

import course_exercises
from course_exercises.engine.reply import Outcome
from course_tools import doctor, notebooks
from course_utils.files import replacing
from course_utils.message import CourseError, Message

CHAPTER = re.compile(r"course_exercises\.chapter([0-9A]\d)")
# In old submissions; a callback that does nothing stands for the progress bar.
FORMER_NAMES = {
    r"\bcourse_utils\.exercises\b": "course_exercises",
    r"from course_utils\.keras_progress import": "from keras.callbacks import Callback as",
}
# Of a file; and of an exercise whose check did not run though the notebook ran to its end, or
# because it was stopped or crashed before.
NO_NOTEBOOK, NO_EXERCISES = "not a notebook", "no exercises"
NOT_CHECKED, STOPPED, CRASHED = "not checked", "stopped", "crashed"


def run(folder, to, seconds):
    """Judge the notebooks below a folder; write a table that grows with each of them."""
    if not Path(folder).is_dir():
        problem = "{folder} is no folder: name the one that holds the submitted notebooks."
        raise CourseError(problem, folder=folder)
    if Path(to).suffix.lower() == ".ipynb":
        raise CourseError("{file} is a notebook: name another file with --to.", file=to)
    paths = sorted(
        path
        for path in Path(folder).rglob("*")
        if path.suffix.lower() == ".ipynb" and ".ipynb_checkpoints" not in path.parts
    )
    if not paths:
        raise CourseError("There is no notebook in {folder}.", folder=Path(folder).absolute())
    found, cure = doctor.kernel()
    if cure:
        raise CourseError("The notebook kernel {found}; {cure}", found=found, cure=cure)
    rows = []
    if not Path(to).exists():
        write_csv(to, rows)  # says at once if that cannot be
    for path in paths:
        name = path.relative_to(folder).as_posix()
        outcomes = judge(path, seconds)
        rows += [(name, key, outcome) for key, outcome in outcomes]
        print(f"{name}: {', '.join(outcome for _, outcome in outcomes)}", flush=True)
        write_csv(to, rows)
    print(Message("Written to {file}", file=to))


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
        The key of each exercise of the chapter, ``"01/nor"``, and an `Outcome` or "not checked",
        "stopped" or "crashed". One pair with an empty key if the file is "not a notebook" or has
        "no exercises".
    """
    try:
        cells = _read(path).cells
    except notebooks.NotebookError:
        return [("", NO_NOTEBOOK)]
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    chapters = sorted(set(CHAPTER.findall(code)) & set(course_exercises.chapters()))
    keys = [exercise.key for number in chapters for exercise in course_exercises.of_chapter(number)]
    if not keys:
        return [("", NO_EXERCISES)]

    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "progress.json"
        process = [sys.executable, "-m", __name__, str(Path(path).resolve())]
        ending = _run_for(seconds, process, os.environ | {"COURSE_PROGRESS": str(kept)})
        outcomes = _outcomes_in(kept)
    return [(key, outcomes.get(key, ending)) for key in keys]


def _read(path):
    """Return a submitted notebook, with what has moved since under its present name."""
    notebook = notebooks.read(path, strict=False)
    for cell in notebook.cells:
        for former, present in FORMER_NAMES.items():
            cell.source = re.sub(former, present, cell.source)
    return notebook


def _outcomes_in(path):
    """Return the outcomes in a file of progress; a notebook may have written anything there."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["exercises"]
        return {key: Outcome(outcome) for key, outcome in found.items() if outcome in list(Outcome)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


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
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    psutil.wait_procs(started, timeout=10)  # a busy machine takes a moment


def write_csv(path, rows):
    """Write rows of file, exercise and outcome as CSV.

    UTF-8 with a mark at its beginning, by which spreadsheets tell the encoding. A file whose name
    a spreadsheet would compute, such as ``=1+1.ipynb``, gets an apostrophe in front.
    """
    text = {"encoding": "utf-8-sig", "errors": "backslashreplace", "newline": ""}
    with replacing(path, "w", **text) as file:
        writer = csv.writer(file)
        writer.writerow(["file", "exercise", "outcome"])
        for name, *rest in rows:
            writer.writerow([f"'{name}" if name.startswith(("=", "+", "-", "@")) else name, *rest])


class _Client(NotebookClient):
    """Runs a notebook and throws its outputs away: one that prints for ever fills no memory."""

    def output(self, *_):
        return None


def _run_cells(path):
    """Run a notebook to its end, whatever its cells raise; the checks note their outcomes."""
    client = _Client(
        _read(path),
        kernel_name="python3",
        timeout=None,
        allow_errors=True,
        resources={"metadata": {"path": str(Path(path).parent)}},
    )
    client.execute()


if __name__ == "__main__":
    _run_cells(sys.argv[1])
