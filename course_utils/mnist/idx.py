"""Reading MNIST's four files, and telling whole ones from damaged ones.

The format is called IDX: a magic number, the length of each axis, then the numbers themselves.
"""

import hashlib
import math
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from course_utils.files import command, is_folder, shown

# What each file holds: the shape, and the SHA-256 of the file's bytes before any compression,
# which identifies it whatever program compressed it.
FILES = {
    "train-images-idx3-ubyte": (
        (60_000, 28, 28),
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ),
    "train-labels-idx1-ubyte": (
        (60_000,),
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ),
    "t10k-images-idx3-ubyte": (
        (10_000, 28, 28),
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ),
    "t10k-labels-idx1-ubyte": (
        (10_000,),
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
}

GZIP = b"\x1f\x8b"  # how every gzip file begins


class MnistFileError(ValueError):
    """A file of MNIST that cannot be used.

    Attributes
    ----------
    path : Path
        The file.
    problem : str
        What is wrong with it, in a few words.
    """

    def __init__(self, path, problem):
        self.path, self.problem = Path(path), problem
        super().__init__(
            f"{shown(path)} {problem}; put a fresh copy in its place, or move it away and run: "
            f"{command('course_utils fetch')}"
        )


def read_idx(path, shape=None, sha256=None):
    """Read one IDX file of unsigned bytes, the only kind that MNIST has.

    Parameters
    ----------
    path : path-like
        The file; gzip-compressed if its name ends in ``.gz``.
    shape : tuple of int, optional
        The shape it must have.
    sha256 : str, optional
        The SHA-256 that its uncompressed bytes must have, in hexadecimal digits.

    Returns
    -------
    ndarray of uint8, shape (n,) or (n, rows, columns)
        In [0, 255]. Read-only: it lies over the bytes of the file.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    MnistFileError
        The file cannot be read, is no IDX file, is cut short, is too long or is not the one
        that `shape` and `sha256` describe.
    """
    path = Path(path)
    content = _content(path)
    if content.startswith(GZIP):
        raise MnistFileError(path, "is gzip-compressed, and its name must say so: add .gz to it")
    magic = int.from_bytes(content[:4])
    if magic not in (0x801, 0x803):  # 8 stands for unsigned bytes; 1 or 3 axes
        raise MnistFileError(path, f"is no IDX file: magic number {magic}, not 2049 or 2051")
    n_axes = magic & 0xFF
    start = 4 + 4 * n_axes
    found = tuple(int.from_bytes(content[i : i + 4]) for i in range(4, start, 4))
    size = start + math.prod(found)
    if len(content) < size:
        raise MnistFileError(path, f"is cut short: {len(content):,} bytes of {size:,}")
    if len(content) > size:
        raise MnistFileError(path, f"is too long: {len(content):,} bytes instead of {size:,}")
    if shape is not None and found != tuple(shape):
        raise MnistFileError(path, f"holds an array of shape {found}, MNIST's is {tuple(shape)}")
    if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
        raise MnistFileError(path, "has other numbers in it than MNIST (its SHA-256 differs)")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(found)


def _content(path):
    """Return the uncompressed bytes of a file."""
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        problem = (
            "is a folder, not a file" if is_folder(path) else f"is unreadable: {error.strerror}"
        )
        raise MnistFileError(path, problem) from error
    if ".gz" not in path.suffixes:  # not only at the end: a damaged file is called x.gz.damaged
        return content
    if not content.startswith(GZIP):
        raise MnistFileError(path, "is no gzip file")
    stated = int.from_bytes(content[-4:], "little")  # a gzip file ends with its unpacked size
    try:
        # Room for all of it at once: a quarter faster, and half the memory.
        room = min(max(stated, 1), 1 << 26)
        unpacked = zlib.decompress(content, wbits=zlib.MAX_WBITS | 16, bufsize=room)
    except zlib.error as error:
        raise MnistFileError(path, f"is a damaged gzip file ({error})") from error
    if len(unpacked) != stated:
        raise MnistFileError(path, "is a damaged gzip file (bytes are left over at its end)")
    return unpacked


def read_folder(folder):
    """Read the files of MNIST that a folder holds, and verify every byte of them.

    Parameters
    ----------
    folder : path-like
        It may hold each file under its name in `FILES`, or compressed with ``.gz`` at the end.

    Returns
    -------
    arrays : dict of str to ndarray of uint8
        The content of every file that is there and whole, by its name in `FILES`.
    problems : list of MnistFileError
        The files that are there but must not be used. A damaged file beside its whole twin
        (compressed or not) is listed too.
    """
    paths = [(Path(folder), name) for name in FILES]
    # Unpacking and hashing run outside Python's lock, so the files are read side by side.
    with ThreadPoolExecutor(min(len(paths), os.cpu_count() or 1)) as pool:
        results = list(pool.map(_read_one, paths))
    arrays = {name: array for name, (array, _) in zip(FILES, results, strict=True)}
    problems = [problem for _, found in results for problem in found]
    return {name: array for name, array in arrays.items() if array is not None}, problems


def _read_one(folder_and_name):
    """Return the array of one file, or None, and the list of its problems."""
    folder, name = folder_and_name
    problems = []
    for path in (folder / name, folder / f"{name}.gz"):
        try:
            return read_idx(path, *FILES[name]), problems
        except (FileNotFoundError, NotADirectoryError):
            continue
        except MnistFileError as error:
            problems.append(error)
    return None, problems
