"""Re-execute the notebooks, so that running an unchanged one again changes no byte of it."""

import os
import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from course_utils.chapters import NOTEBOOKS
from course_utils.files import command, replacing
from course_utils.mnist import full_mnist_folder

# The same for everyone, whatever Python re-executed the notebook.
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
    # How jupyterlab-rise shows the notebook as slides; its own theme would ask for web fonts.
    "rise": {"scroll": True, "slideNumber": "c/t", "theme": "white", "transition": "none"},
}
COLOUR_CODE = re.compile(r"\x1b\[[0-9;]*m")  # the kernel colours its tracebacks for a terminal
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
KERNEL_ARGUMENTS = [
    "--log-level=ERROR",
    "--InlineBackend.print_figure_kwargs={'bbox_inches': 'tight', 'metadata': {'Software': None}}",
]


class NotebookError(Exception):
    """A notebook that cannot be found or executed; the message says which, where and why."""


def find(names=()):
    """Return the paths of the notebooks called `names`, or of all of them.

    Parameters
    ----------
    names : iterable of str
        Chapter numbers (``"3"`` or ``"03"``), stems (``"03_softmax"``), or paths: what holds a
        folder or a suffix is that very file, wherever it is.

    Raises
    ------
    NotebookError
        There is no such notebook.

    Notes
    -----
    Of several notebooks with one number, the chapter is the one with the shortest name: a copy
    called ``03_softmax_mine.ipynb`` does not take its place, but is found by its stem.
    """
    chapters = {}
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"), key=lambda path: len(path.stem)):
        chapters.setdefault(int(path.stem[:2]), path)
    chapters = dict(sorted(chapters.items()))
    if not names:
        return list(chapters.values())
    found = []
    for name in names:
        is_path = Path(name).name != name or Path(name).suffix
        if name.isdecimal() and len(name) <= 2:
            path = chapters.get(int(name))
        else:
            path = Path(name).resolve() if is_path else NOTEBOOKS / f"{name}.ipynb"
        if path is None or not path.is_file():
            stems = ", ".join(chapter.stem for chapter in chapters.values())
            kind = "file" if is_path else "chapter"
            raise NotebookError(f"there is no {kind} {name!r}; the chapters are {stems}")
        found.append(path)
    return found


def read(path):
    """Read a notebook, or raise `NotebookError` if the file is none or cannot be read."""
    path = Path(path)
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except OSError as error:
        raise NotebookError(f"{path.name} cannot be read: {error.strerror}") from error
    # What nbformat raises when JSON has another shape than a notebook.
    except (nbformat.ValidationError, ValueError, AttributeError, KeyError, TypeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise NotebookError(f"{path.name} is not a notebook: {reason}") from error
    return notebook


def execute(path):
    """Run a notebook from top to bottom in a fresh kernel and store its outputs in it.

    Parameters
    ----------
    path : path-like
        The notebook; replaced only if every cell ran and something changed.

    Returns
    -------
    bool
        Whether the file changed.

    Raises
    ------
    NotebookError
        The file is no notebook, it has cells tagged ``full-mnist`` and full MNIST is not at hand,
        a cell failed that is not tagged ``raises-exception`` or took more than 30 minutes, or the
        kernel died. The file is left as it was.
    """
    path = Path(path)
    notebook = read(path)
    before = path.read_text(encoding="utf-8")
    tagged = [
        cell.get("id", k)  # notebooks before format 4.5 have no ids
        for k, cell in enumerate(notebook.cells)
        if "full-mnist" in cell.metadata.get("tags", [])
    ]
    if tagged and not full_mnist_folder():
        raise NotebookError(
            f"{path.name}: stored outputs come from full MNIST (cell {tagged[0]}), which is not "
            f"here; run {command('course_utils fetch')}, or set MNIST_DIR"
        )
    started = []  # the cells that ran, the last one being that which stops a run
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=1800,
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=KERNEL_ARGUMENTS,
        resources={"metadata": {"path": str(path.parent)}},
        on_cell_execute=lambda cell, cell_index: started.append(cell.get("id", cell_index)),
    )
    try:
        # A fixed hash seed gives sets the same order in every run.
        client.execute(env=os.environ | {"PYTHONHASHSEED": "0", "COURSE_PROGRESS": "off"})
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        message = COLOUR_CODE.sub("", str(error))
        raise NotebookError(f"{path.name}, cell {started[-1]}: {message}") from error
    make_reproducible(notebook)
    after = nbformat.writes(notebook) + "\n"
    if after == before:
        return False
    with replacing(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(after)
    return True


def make_reproducible(notebook):
    """Take out of an executed notebook, in place, what would differ in the next run."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
