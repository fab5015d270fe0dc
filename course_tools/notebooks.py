"""Find the notebooks that a command is about, read them, and write them."""

import warnings
from collections import Counter
from pathlib import Path

import nbformat

from course_utils import chapters
from course_utils.files import is_folder, replacing, restore, shown
from course_utils.message import CourseError


class NotebookError(CourseError):
    """A notebook that cannot be found or used; the message says which, where and why."""


def find(names=()):
    """Return the paths of the notebooks called `names`, each once, or of all chapters.

    Parameters
    ----------
    names : iterable of str
        Chapter numbers (``"3"``, ``"03"`` or ``"A1"``), file names without suffix
        (``"03_softmax"``), or paths: what holds a folder or a suffix is that very file, wherever
        it is.

    Raises
    ------
    NotebookError
        There is no such notebook; or two have one file name, and what becomes of the first would
        be lost under the second.
    """
    names = list(names) or [chapter.file for chapter in chapters.CHAPTERS]
    found = list(dict.fromkeys(map(_find, names)))
    for name, n in Counter(path.name for path in found).items():
        if n > 1:
            raise NotebookError("Two notebooks are called {name}: name one at a time.", name=name)
    return found


def _find(name):
    for chapter in chapters.CHAPTERS:
        if name == chapter.file or (name and name.zfill(2).upper() == chapter.number):
            if not chapter.path.is_file():
                raise NotebookError(
                    "{file} is missing; {cure}",
                    file=shown(chapter.path),
                    cure=restore(f"notebooks/{chapter.path.name}"),
                )
            return chapter.path
    if name and is_folder(name):
        raise NotebookError("{name} is a folder: name the notebooks in it.", name=name)
    path = Path(name)
    is_path = path.name != name or path.suffix
    if is_path and path.is_file():
        return path.resolve()
    raise NotebookError(
        "There is no file {name}; the chapters are {chapters}."
        if is_path
        else "There is no chapter {name}; the chapters are {chapters}.",
        name=repr(name),
        chapters=", ".join(chapter.file for chapter in chapters.CHAPTERS),
    )


def read(path, strict=True):
    """Return the notebook in a file, of whatever age, in today's format.

    Parameters
    ----------
    path : path-like
    strict : bool
        Refuse a notebook that breaks a rule of the format but could be run.

    Raises
    ------
    NotebookError
        The file cannot be read, or is no notebook.
    """
    name = Path(path).name
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the cells of old notebooks have no ids
            notebook = nbformat.read(path, as_version=4)
            if strict:
                nbformat.validate(notebook)
            [cell.source + cell.cell_type for cell in notebook.cells]
    except OSError as error:
        raise NotebookError(
            "{file} cannot be read: {reason}.", file=name, reason=error.strerror
        ) from error
    except Exception as error:  # of many kinds, where JSON has another shape than a notebook
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise NotebookError("{file} is not a notebook: {why}", file=name, why=reason) from error
    return notebook


def write(path, notebook):
    """Write a notebook, unless the file holds the very same; return whether it was written."""
    path, text = Path(path), nbformat.writes(notebook) + "\n"
    if path.is_file() and path.read_bytes() == text.encode("utf-8"):
        return False
    with replacing(path, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return True
