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
    """Return what to type in the course's folder for the command ``course``: ``"fetch"``, say."""
    course = Path(sys.executable or "python").with_name("course")
    if course.is_file() or course.with_suffix(".exe").is_file():
        return f"{_typed(course)} {arguments}"
    return python(f"-m course_tools {arguments}")


def python(arguments):
    """Return what to type in the course's folder for this Python: ``"-m pip list"``, say."""
    return f"{_typed(Path(sys.executable or 'python'))} {arguments}"


def restore(name):
    """Return how to get a file or folder of the course back: by git, or where there is none."""
    if (COURSE / ".git").exists() and shutil.which("git"):
        return f"to get it back: git checkout -- {name}"
    return f"to get it back: copy {name} from a fresh download of the course"


def _typed(program):
    program = str(program.relative_to(COURSE) if program.is_relative_to(COURSE) else program)
    return f'"{program}"' if " " in program else program


def read_npz(path, error, cure):
    """Return the arrays of an .npz file as a dict; no pickle is read, so no code of it runs.

    If there is no such file, or no whole one, raise `error`, a `CourseError` that ends in `cure`.
    """
    import zipfile

    import numpy as np

    values = {"file": shown(path), "cure": cure}
    try:
        with Path(path).open("rb") as file:
            if not zipfile.is_zipfile(file):  # or NumPy would say that it is a pickle
                raise zipfile.BadZipFile("it is no archive, or cut short")
            if sum(entry.file_size for entry in zipfile.ZipFile(file).infolist()) > 1 << 30:
                raise zipfile.BadZipFile("it would unpack to more than 1 GB")
            file.seek(0)
            with np.load(file, allow_pickle=False) as arrays:
                return dict(arrays)
    except OSError as reason:
        why = "it is a folder" if is_folder(path) else reason.strerror or reason
        raise error("{file} cannot be read ({why}); {cure}", why=why, **values) from reason
    except Exception as why:  # damaged bytes make zipfile and NumPy raise all sorts
        raise error("{file} is no whole .npz file ({why}); {cure}", why=why, **values) from why


@contextmanager
def replacing(path, mode="wb", **kwargs):
    """Open a temporary file that takes the name `path` when the block ends well.

    Until then an older file stays whole, and for good if the block raises, and so do its rights,
    except on Windows. `mode` is "wb" or "w", the rest as for `open`. An OSError names `path`.
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
