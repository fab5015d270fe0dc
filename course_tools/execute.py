"""Re-execute the notebooks, so that running an unchanged one again changes no byte of it."""

import os
import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError

from course_tools import notebooks
from course_tools.notebooks import NotebookError
from course_tools.numerals import NUMBER, TIME, form
from course_utils.files import command
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
# What a notebook stores depends neither on a network nor on what was solved;
# a fixed hash seed gives sets the same order in every run.
SETTINGS = {"COURSE_OFFLINE": "1", "COURSE_PROGRESS": "off", "PYTHONHASHSEED": "0"}
KERNEL_ARGUMENTS = [
    "--log-level=ERROR",
    "--InlineBackend.print_figure_kwargs={'bbox_inches': 'tight', 'metadata': {'Software': None}}",
]


def run(chapters):
    """Re-execute chapters, and say of each whether that changed it."""
    for path in notebooks.find(chapters):
        print(f"{path.name}: ", end="", flush=True)
        try:
            print("changed" if execute(path) else "unchanged")
        except BaseException:
            print("left as it was", flush=True)
            raise


def execute(path):
    """Run a notebook from top to bottom in a fresh kernel and store its outputs in it.

    Of a cell that measures (tagged ``nbval-ignore-output``, or any number will do for its test),
    the stored outputs stay if the new ones differ from them in numbers only; where any time will
    do, if they differ in times only.

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
        The file is no notebook, a cell or its kernel failed, or its outputs come from full MNIST
        and that is not here. The file is left as it was.
    """
    path = Path(path)
    notebook = notebooks.read(path)
    _refuse_the_sample(path.name, notebook)
    stored = [cell.get("outputs", []) for cell in notebook.cells]
    _run_cells(path, notebook)
    make_reproducible(notebook)
    for cell, outputs in zip(notebook.cells, stored, strict=True):
        measured = _measured(cell)
        if measured and _form(cell.outputs, measured) == _form(outputs, measured):
            cell.outputs = outputs
            for output in outputs:
                if "execution_count" in output:
                    output.execution_count = cell.execution_count
    return notebooks.write(path, notebook)


def _refuse_the_sample(name, notebook):
    tagged = [
        cell.get("id", k)  # notebooks before format 4.5 have no ids
        for k, cell in enumerate(notebook.cells)
        if "full-mnist" in cell.metadata.get("tags", [])
    ]
    if tagged and not full_mnist_folder():
        raise NotebookError(
            "{file}: its stored outputs come from full MNIST (cell {cell}), which is not here: "
            "run {fetch}, or set MNIST_DIR",
            file=name,
            cell=tagged[0],
            fetch=command("fetch"),
        )


def _run_cells(path, notebook):
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
        client.execute(env=os.environ | SETTINGS)
    except (CellExecutionError, CellTimeoutError, RuntimeError) as error:  # the last: no kernel
        raise NotebookError(
            "{file}, cell {cell}: {problem}",
            file=path.name,
            cell=started[-1] if started else 0,
            problem=COLOUR_CODE.sub("", str(error)),
        ) from error


def make_reproducible(notebook):
    """Take out of an executed notebook, in place, what would differ in the next run."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET_VIEW, None)
        if "outputs" in cell:  # of buttons nothing is left
            cell.outputs = [output for output in cell.outputs if output.get("data", True)]


def _measured(cell):
    """Return a pattern for the numbers that a cell measures, or None."""
    numbers = cell.metadata.get("nbval", {}).get("numbers")
    if numbers == "any" or "nbval-ignore-output" in cell.metadata.get("tags", []):
        return NUMBER
    return TIME if numbers and "times" in numbers else None


def _form(outputs, measured):
    """Return outputs, or a part of them, with each text in them in its form."""
    if isinstance(outputs, list):
        return [_form(part, measured) for part in outputs]
    if isinstance(outputs, dict):
        kept = outputs.keys() - {"execution_count"}
        return {key: _form(outputs[key], measured) for key in kept}
    return form(outputs, measured) if isinstance(outputs, str) else outputs
