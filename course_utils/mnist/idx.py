"""Reading MNIST's four files, and telling whole ones from damaged ones.

Their format, IDX: a magic number, the length of each axis, four bytes each, then the numbers.
"""

import hashlib
import math
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from course_utils.files import command, is_folder, shown
from course_utils.message import CourseError, Message

SHAPES = [(60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,)]
SHA256 = {  # of the bytes before any compression: it knows a file whoever compressed it
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
FILES = dict(zip(SHA256, zip(SHAPES, SHA256.values(), strict=True), strict=True))
GZIP = b"\x1f\x8b"  # how every gzip file begins
MOST_BYTES = 1 << 26  # more than any of them has


class MnistFileError(CourseError, ValueError):
    """A file of MNIST that cannot be used: `path`, and `problem`, which leaves out the cure."""

    def __init__(self, path, problem, **values):
        self.path, self.problem = path, Message(problem, file=shown(path), **values)
        template = "{problem}; put a fresh copy in its place, or move it away and run: {command}"
        super().__init__(template, problem=self.problem, command=command("fetch"))


def unpacked(content):
    """Return the bytes that gzip has compressed, or those that it has not as they are."""
    if not content.startswith(GZIP):
        return content
    unpacker = zlib.decompressobj(wbits=31)
    content = unpacker.decompress(content, MOST_BYTES)
    if unpacker.unused_data or not unpacker.eof:
        raise zlib.error("cut short, or bytes are left over at its end")
    return content


def read_idx(path, shape, sha256):
    """Return the array of uint8 in a file, compressed or not, of this shape and this SHA-256.

    Raise MnistFileError if it is another or damaged, FileNotFoundError if it is not there.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
        if path.suffix == ".gz" and not content.startswith(GZIP):
            raise MnistFileError(path, "{file} is no gzip file")
        content = unpacked(content)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except zlib.error as error:
        raise MnistFileError(path, "{file} is a damaged gzip file ({why})", why=error) from error
    except OSError as error:
        why = "it is a folder" if is_folder(path) else error.strerror
        raise MnistFileError(path, "{file} is unreadable: {why}", why=why) from error
    start = 4 + 4 * len(shape)
    n, size = len(content), start + math.prod(shape)
    if n != size:
        raise MnistFileError(path, "{file} has {n:,} bytes instead of {size:,}", n=n, size=size)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise MnistFileError(path, "{file} has other numbers in it than MNIST")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def read_folder(folder):
    """Read the files of MNIST that a folder holds, and verify every byte of them.

    Each has its name in `FILES`, or ``.gz`` at the end. Return the arrays of those that are whole,
    a dict by these names, and a list of MnistFileError, the others.
    """
    files = [(Path(folder) / f"{name}{end}", name) for name in FILES for end in ("", ".gz")]
    # Unpacking and hashing run outside Python's lock, so the files are read side by side.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(_array_or_problem, *zip(*files, strict=True)))
    by_name = zip((name for _, name in files), found, strict=True)
    arrays = {name: array for name, array in by_name if isinstance(array, np.ndarray)}
    return arrays, [problem for problem in found if isinstance(problem, MnistFileError)]


def _array_or_problem(path, name):
    try:
        return read_idx(path, *FILES[name])
    except MnistFileError as problem:
        return problem
    except OSError:
        return None  # there is no such file
