"""For instructors: copies of the notebooks in which the exercises are solved."""

from pathlib import Path

import nbformat

import course_exercises as exercises
from course_tools.execute import NotebookError
from course_utils.files import replacing


def write_solved(path, folder):
    """Write a copy of a notebook with a solution in every starter cell.

    Parameters
    ----------
    path : path-like
        A notebook of the course.
    folder : path-like
        Where the copy goes, under the same name; made if it is not there.

    Returns
    -------
    int
        How many exercises were solved.

    Raises
    ------
    NotebookError
        `folder` holds the notebook itself, or a starter cell is missing.

    Notes
    -----
    A cell is found by its id. From the first starter on the outputs are left out: they are those
    of unsolved exercises.
    """
    path, folder = Path(path), Path(folder)
    if folder.resolve() == path.resolve().parent:
        raise NotebookError(f"{folder} holds the notebooks of the students: name another folder")
    notebook = nbformat.read(path, as_version=4)
    codes = {
        f"exercise-{exercise.slug}-starter": exercise.code.rstrip()
        for exercise in _exercises_of(path)
    }
    missing = set(codes) - {cell.id for cell in notebook.cells}
    if missing:
        raise NotebookError(f"{path.name} has no cell {min(missing)}: bring back the course's own")

    is_unsolved = False
    for cell in notebook.cells:
        if cell.id in codes:
            cell.source, is_unsolved = codes[cell.id], True
        if is_unsolved and cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / path.name, "w", encoding="utf-8", newline="\n") as file:
        file.write(nbformat.writes(notebook) + "\n")
    return len(codes)


def _exercises_of(path):
    chapter = path.stem[:2]
    return exercises.of_chapter(chapter) if chapter in exercises.chapters() else []
