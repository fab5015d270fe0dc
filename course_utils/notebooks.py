"""Re-execute the notebooks, so that running an unchanged one again changes no byte of it."""

import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from course_utils.files import replacing
from course_utils.mnist import full_mnist_folder

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"

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
        Chapter numbers (``"3"`` or ``"03"``), stems (``"03_softmax"``) or paths.

    Raises
    ------
    NotebookError
        There is no such notebook.
    """
    chapters = {path.stem[:2]: path for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))}
    if not names:
        return list(chapters.values())
    found = []
    for name in names:
        stem = Path(name).stem
        path = chapters.get(stem[:2].zfill(2) if stem.isdigit() else stem[:2])
        if path is None or not (stem.isdigit() or path.stem == stem):
            stems = ", ".join(chapter.stem for chapter in chapters.values())
            raise NotebookError(f"there is no chapter {name!r}; the chapters are {stems}")
        found.append(path)
    return found


def read(path):
    """Read a notebook, or raise `NotebookError` if the file is none."""
    try:
        return nbformat.read(path, as_version=4)
    except nbformat.reader.NotJSONError as error:
        raise NotebookError(f"{Path(path).name} is not a notebook: it holds no JSON") from error


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
        or a cell failed that is not tagged ``raises-exception``. The file is left as it was.
    """
    path = Path(path)
    before = path.read_text(encoding="utf-8")
    notebook = read(path)
    tagged = [cell.id for cell in notebook.cells if "full-mnist" in cell.metadata.get("tags", [])]
    if tagged and not full_mnist_folder():
        raise NotebookError(
            f"{path.name}: stored outputs come from full MNIST (cell {tagged[0]}), which is not "
            "here; run python -m course_utils fetch, or set MNIST_DIR"
        )
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=1800,
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=KERNEL_ARGUMENTS,
        resources={"metadata": {"path": str(path.parent)}},
    )
    try:
        # A fixed hash seed gives sets the same order in every run.
        client.execute(env=os.environ | {"PYTHONHASHSEED": "0", "COURSE_PROGRESS": "off"})
    except CellExecutionError as error:
        raise NotebookError(f"{path.name}, cell {_failed(notebook)}: {error}") from error
    make_reproducible(notebook)
    after = nbformat.writes(notebook) + "\n"
    if after == before:
        return False
    with replacing(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(after)
    return True


def _failed(notebook):
    """Return the id of the cell that stopped a run: the last one that has an error."""
    outputs = ((cell.id, output) for cell in notebook.cells for output in cell.get("outputs", []))
    return [name for name, output in outputs if output.output_type == "error"][-1]


def make_reproducible(notebook):
    """Take out of an executed notebook, in place, what would differ in the next run."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
