"""MNIST's CSV form: a digit in each row, 785 numbers, the label first and then the 784 pixels."""

import gzip
import re
import warnings
import zlib
from contextlib import suppress
from functools import cache
from itertools import chain
from pathlib import Path

import numpy as np

from course_utils import checks
from course_utils.files import is_folder, replacing, shown
from course_utils.message import CourseError, Message

NAMES = ["label", *(f"pixel{k}" for k in range(784))]
LARGEST = np.array([9] + [255] * 784)
BAD_CELL = "row {row}, column {column} ({name}): {cell!r} is no whole number from 0 to {most}"
BAD_PIXEL = "row {row}, column {column} ({name}): {cell!r} is a pixel divided by 255"


class CsvError(CourseError, ValueError):
    """A CSV file that does not hold digits in MNIST's form, and nothing else."""

    def __init__(self, path, problem, **values):
        template = "{file}: {problem}; correct the file, or get a fresh copy of it"
        super().__init__(template, file=shown(path), problem=Message(problem, **values))


def read_csv(path):
    """Read digits from a CSV file.

    It is gzip-compressed if its name ends in ``.gz``. It may begin with a byte-order mark and a
    row of column names; numbers may have spaces around them and be written as ``5.0``.

    Returns
    -------
    x, t : ndarrays
        Pixels, uint8, shape (n, 784), in [0, 255]; labels, int64, shape (n,), 0 to 9. What is not
        785 whole numbers a row is a CsvError that names the first bad place. (A file that was cut
        within its very last number looks like a whole one.)
    """
    path, table = Path(path), None
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", errors="backslashreplace") as file:
            with suppress(ValueError, Warning):
                table = _at_once(file)
            if table is None:
                file.seek(0)
                table = _cell_by_cell(path, file)
    except FileNotFoundError:
        raise
    except (OSError, EOFError, zlib.error) as error:
        why = "it is a folder" if is_folder(path) else error
        raise CsvError(path, "it cannot be read ({why})", why=why) from error
    return table[:, 1:].copy(), table[:, 0].astype(np.int64)


def _at_once(file):
    """Return the table of an open file; raise ValueError or a warning if it is not flawless."""
    first = file.readline()
    rows = file if _are_names(first.split(",")) else chain([first], file)
    with warnings.catch_warnings(action="error"):  # all that NumPy 2.0 says to 256
        table = np.loadtxt(rows, np.uint8, delimiter=",", comments=None, ndmin=2)
    if table.shape[1] != 785 or table[:, 0].max() > 9:
        raise ValueError
    return table


def _are_names(cells):
    """Return whether all cells but the first differ: pixels are at most 256 different numbers."""
    return len({cell.strip() for cell in cells[1:]}) == 784


def _cell_by_cell(path, file):
    """Return the table of an open file, or name the first bad place."""
    table = []
    for row, line in enumerate(file, start=1):
        cells = line.removesuffix("\n").split(",")
        if line == "\n" or (row == 1 and _are_names(cells)):
            continue
        if len(cells) != 785:
            problem = "row {row}: expected 785 cells (a label and 784 pixels), found {n}"
            raise CsvError(path, problem, row=row, n=len(cells))
        numbers = np.array([*map(_whole_number, cells)])
        for k in np.flatnonzero(numbers > LARGEST):
            place = {"row": row, "column": k + 1, "name": NAMES[k]}
            cell = cells[k].strip()[:40]
            problem = BAD_PIXEL if cell.startswith("0.") else BAD_CELL
            raise CsvError(path, problem, **place, cell=cell, most=LARGEST[k])
        table.append(numbers.astype(np.uint8))
    if not table:
        raise CsvError(path, "there are no digits in it")
    return np.array(table)


@cache  # a table has many cells and few different ones
def _whole_number(cell):
    """Return the number in a cell, " 5" or "5.0", or 1000 if it is no whole number below that."""
    match = re.fullmatch(r"[ \t]*0*([0-9]{1,3})(\.0*)?[ \t]*", cell)
    return int(match[1]) if match else 1000


def write_csv(path, x, t, header=False):
    """Write digits to a CSV file, which is replaced when the new one is complete.

    It is gzip-compressed if its name ends in ``.gz``, and begins, with `header`, with a row of
    column names: label, pixel0, ..., pixel783. `x`, integers in [0, 255] of shape (n, 784) or
    (n, 28, 28), are the pixels, and `t`, 0 to 9 of shape (n,), the labels of n >= 1 digits.
    """
    path, x, t = Path(path), np.asarray(x), np.asarray(t)
    if not {x.dtype.kind, t.dtype.kind} <= {"i", "u"}:
        source = "load_mnist(normalize=False, one_hot_label=False) returns them"
        raise TypeError(f"x and t must be integers: {source}; got {x.dtype} and {t.dtype}")
    if x.shape[1:] not in ((784,), (28, 28)) or len(x) == 0:
        raise ValueError(f"x must have shape (n, 784) or (n, 28, 28), n >= 1, got {x.shape}")
    checks.shape("t", t, (len(x),))
    x, t = checks.labels("x", x, 256).reshape(len(x), 784), checks.labels("t", t, 10)
    texts = [b"%d" % number for number in range(256)]
    rows = [b",".join(map(texts.__getitem__, row.tobytes())) for row in np.c_[t, x].astype("u1")]
    content = b"\n".join([",".join(NAMES).encode(), *rows] if header else rows) + b"\n"
    with replacing(path) as file:
        # Without name and time: the same digits always give the same bytes.
        file.write(gzip.compress(content, 6, mtime=0) if path.suffix.lower() == ".gz" else content)
