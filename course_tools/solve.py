"""For instructors: copies of the notebooks in which the exercises are solved."""

import ast
from pathlib import Path

import course_exercises
from course_tools import notebooks
from course_tools.notebooks import NotebookError
from course_utils.message import Message

FILL_IN = "# your code in place of the dots"


def run(chapters, to):
    """Write solved copies of chapters, and say how many exercises each holds."""
    for path in notebooks.find(chapters):
        n_solved = write_solved(path, to)
        print(Message("{file}: exercises solved: {n}", file=Path(to) / path.name, n=n_solved))


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
        The file is no notebook, `folder` holds the notebook itself, or a starter cell is missing.
    OSError
        The copy cannot be written.

    Notes
    -----
    A cell is found by its id. From the first starter on the outputs are left out: they are those
    of unsolved exercises.
    """
    path, folder = Path(path), Path(folder)
    if folder.resolve() == path.resolve().parent:
        raise NotebookError(
            "{folder} holds the notebooks of the students: name another folder with --to.",
            folder=folder,
        )
    notebook = notebooks.read(path)
    codes = {_starter_cell(exercise): exercise.code.rstrip() for exercise in _exercises_of(path)}
    missing = set(codes) - {cell.get("id") for cell in notebook.cells}
    if missing:
        raise NotebookError(
            "{file} has no cell {cell}, where an answer belongs: bring back the course's own "
            "notebook.",
            file=path.name,
            cell=min(missing),
        )

    is_unsolved = False
    for cell in notebook.cells:
        if cell.get("id") in codes:
            cell.source, is_unsolved = codes[cell.id], True
        if is_unsolved and cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    folder.mkdir(parents=True, exist_ok=True)
    notebooks.write(folder / path.name, notebook)
    return len(codes)


def put_starters(path, notebook):
    """Put the starters in place of the answers in a notebook; return the ids of those cells."""
    starters = {_starter_cell(exercise): _starter(exercise) for exercise in _exercises_of(path)}
    changed = []
    for cell in notebook.cells:
        starter = starters.get(cell.get("id"), cell.source)
        if _code_lines(cell.source) != _code_lines(starter):
            cell.source, cell.outputs, cell.execution_count = starter, [], 0
            changed.append(cell.id)
    return changed


def _starter_cell(exercise):
    return f"exercise-{exercise.slug}-starter"


def _starter(exercise):
    """Return what a student is to fill in: the solution without its answer."""
    if exercise.starter:
        return exercise.starter.rstrip()
    lines, parts = exercise.code.splitlines(), []
    functions = {getattr(node, "name", ""): node for node in ast.parse(exercise.code).body}
    for name in exercise.names:
        if node := functions.get(name):
            answer = node.body[1 if ast.get_docstring(node) else 0]
            head = lines[node.lineno - 1 : answer.lineno - 1]
            parts.append("\n".join([*head, f"    {FILL_IN}", "    ..."]))
        else:
            parts.append(f"{FILL_IN}\n{name} = ...")
    return "\n\n\n".join(parts)


def _code_lines(source):
    """Return the lines that count: some starters say where to fill in, some do not."""
    lines = (line.rstrip() for line in source.splitlines())
    return [line for line in lines if line.strip() not in ("", FILL_IN)]


def _exercises_of(path):
    chapter = path.stem[:2]
    has_exercises = chapter in course_exercises.chapters()
    return course_exercises.of_chapter(chapter) if has_exercises else []
