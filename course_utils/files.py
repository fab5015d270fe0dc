"""Where the course's files are, and writing files so that never half a file is left behind.

Only the standard library is imported here: the doctor needs it where nothing else is installed.
"""

import os
import secrets
import shutil
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

COURSE = Path(__file__).resolve().parent.parent  # the folder with the README
DATA = COURSE / "data"


def shown(path):
    """Return `path` as a short text: relative to the course's folder if it lies in there."""
    path = Path(path)
    return str(path.relative_to(DATA.parent) if path.is_relative_to(DATA.parent) else path)


def is_folder(path):
    """Return whether `path` is a folder; False, not an error, where the system refuses to look."""
    try:
        return Path(path).is_dir()  # raises PermissionError in Python 3.11 to 3.13
    except OSError:
        return False


def command(arguments):
    """Return what to type in the course's folder for the command ``course``: ``"fetch"``, say.

    It is the command of this very environment, which need not be active.
    """
    course = Path(sys.executable or "python").with_name("course")
    if course.is_file() or course.with_suffix(".exe").is_file():
        return f"{_typed(course)} {arguments}"
    return python(f"-m course_tools {arguments}")


def python(arguments):
    """Return what to type in the course's folder for this Python: ``"-m pip list"``, say."""
    return f"{_typed(Path(sys.executable or 'python'))} {arguments}"


def _typed(program):
    program = str(program.relative_to(COURSE) if program.is_relative_to(COURSE) else program)
    return f'"{program}"' if " " in program else program


@contextmanager
def replacing(path, mode="wb", **kwargs):
    """Open a temporary file that takes the name `path` when the block ends well.

    Parameters
    ----------
    path : str or path-like
        The file to write. If it exists it stays whole until the new one is complete; if the
        block raises, it stays for good and the temporary file is removed.
    mode : {"wb", "w"}
        As for `open`.
    **kwargs
        Passed on to `open`; text needs ``encoding="utf-8"``.

    Yields
    ------
    file object
        Open for writing. Its bytes are on the disk before the name changes.

    Raises
    ------
    OSError
        The folder is missing or read-only, or the disk is full; the error names `path`.

    Notes
    -----
    A file that is replaced hands on who may read and write it, except on Windows.
    """
    path = Path(path).resolve()  # through a link, write what it points to
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with temporary.open(mode.replace("w", "x"), **kwargs) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if os.name != "nt":
            with suppress(OSError):  # there is no file yet, or the file system knows no rights
                shutil.copymode(path, temporary)
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno and error.filename in (None, str(temporary)):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
