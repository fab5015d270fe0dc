"""MNIST's CSV form: a digit in each row, 785 numbers, the label first and then the 784 pixels."""

import gzip
import re
import zlib
from contextlib import nullcontext
from functools import lru_cache
from pathlib import Path

import numpy as np

from course_utils.files import is_folder, replacing, shown

N_PIXELS = 28 * 28
N_COLUMNS = 1 + N_PIXELS
LARGEST = np.array([9] + [255] * N_PIXELS, dtype=np.uint16)  # a label and the pixels
SEPARATORS = np.frombuffer(b"," * N_PIXELS + b"\n", dtype=np.uint8)
BLOCK = 1 << 14  # bytes read at once: few enough for the processor's cache to hold what they become
LONGEST_ROW = 1 << 16  # bytes
WHOLE_NUMBER = re.compile(rb"[ \t]*0*(\d{1,3})(?:\.0*)?[ \t]*")  # also " 5" and "5.0"


class CsvError(ValueError):
    """A CSV file that does not hold MNIST digits and nothing else.

    Attributes
    ----------
    path : Path
        The file.
    row, column : int or None
        The first bad place, both counted from 1 (`row` is the line of the file); None where the
        problem has no such place.
    """

    def __init__(self, path, problem, row=None, column=None):
        self.path, self.row, self.column = Path(path), row, column
        where = [shown(path)]
        if row is not None:
            where.append(f"row {row}")
        if column is not None:
            name = "label" if column == 1 else f"pixel{column - 2}"
            where.append(f"column {column} ({name})")
        super().__init__(
            f"{', '.join(where)}: {problem}; correct the file, or get a fresh copy of it"
        )


def read_csv(path):
    """Read digits from a CSV file: in each row a label and 784 pixels.

    Parameters
    ----------
    path : path-like
        The file; gzip-compressed if its name ends in ``.gz``. It may begin with a byte-order mark
        and a row of column names; rows may end in CRLF, the last one in nothing; numbers may
        have spaces around them and may be written as ``5.0``.

    Returns
    -------
    x : ndarray of uint8, shape (n, 784)
        The pixels, in [0, 255].
    t : ndarray of int64, shape (n,)
        The labels, 0 to 9.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    CsvError
        It cannot be read, holds no digit, or has a row that is not 785 whole numbers in these
        ranges. The first bad place is named by its row, which is the line of the file, and its
        column, both counted from 1: column 1 is the label, column 2 is pixel0, or ``x[:, 0]``.

    Notes
    -----
    A file that was cut within its very last number looks like a whole one.
    """
    path = Path(path)
    labels, pixels = [], bytearray()  # a bytearray grows in place and becomes an array uncopied
    row = 1
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            for block in _blocks(file):
                if len(block) > LONGEST_ROW and b"\n" not in block:
                    raise CsvError(path, "far too long to be 785 numbers and commas", row)
                if row == 1:
                    block, row = _without_header(path, block)
                if not block:
                    continue
                table = _table_of_digits(block)
                if table is None:
                    table = _table_cell_by_cell(path, block, row)
                labels.append(table[:, 0].astype(np.int64))
                pixels += table[:, 1:].tobytes()
                row += len(table)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {shown(path)}; check its name") from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise CsvError(path, f"no gzip file, or a damaged one ({error})") from error
    except OSError as error:
        problem = "a folder, not a file" if is_folder(path) else f"unreadable ({error})"
        raise CsvError(path, problem) from error
    if not pixels:
        raise CsvError(path, "there is no digit in it")
    return np.frombuffer(pixels, dtype=np.uint8).reshape(-1, N_PIXELS), np.concatenate(labels)


def _blocks(file):
    """Yield the bytes of an open file in blocks of whole rows that end in a newline.

    CRLF becomes a newline, and empty lines at the end of the file are left out. Only the last
    block may lack its newline, if the file does, and a row that is too long.
    """
    rest = b""
    while data := file.read(BLOCK):
        data = rest + data
        # The last row stays back, with all that follows it: it may be the last of the file.
        end = data.rstrip(b"\r\n").rfind(b"\n") + 1
        block, rest = data[:end], data[end:]
        if b"\r" in block:
            block = block.replace(b"\r\n", b"\n")
        if block:
            yield block
        if len(rest) > LONGEST_ROW:
            yield rest
    if last := rest.rstrip(b"\r\n"):
        yield last + b"\n" * rest.endswith((b"\n", b"\r\n"))


def _without_header(path, block):
    """Return the first block without byte-order mark and column names, and its first row."""
    block = block.removeprefix(b"\xef\xbb\xbf")
    first, _, others = block.partition(b"\n")
    names = [name.strip(b' \t"') for name in first.split(b",")]
    # Names are no numbers, except that some programs count the columns from 0 or 1.
    counted = any(names[1:] == [b"%d" % (k + start) for k in range(N_PIXELS)] for start in (0, 1))
    if not counted and (not all(names) or any(map(_is_number, names)) or b"\0" in first):
        return block, 1
    _check_width(path, 1, names)
    return others, 2


def _is_number(cell):
    """Return whether a cell holds a number of any kind."""
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _table_of_digits(block):
    """Return a block of rows as a table, or None if it must be read cell by cell.

    Every cell must be one to three digits and nothing else. Faster than ``np.loadtxt``, and
    stricter: 256 and an empty line do not pass.

    Parameters
    ----------
    block : bytes
        Whole rows.

    Returns
    -------
    ndarray of uint8, shape (n, 785), or None
    """
    characters = np.frombuffer(block, dtype=np.uint8)
    digits = characters - np.uint8(ord("0"))  # what lies below "0" wraps and becomes large
    is_digit = digits < 10
    ends = np.flatnonzero(~is_digit)
    if len(ends) == 0 or len(ends) % N_COLUMNS:
        return None
    if (characters[ends].reshape(-1, N_COLUMNS) != SEPARATORS).any():
        return None
    pairs = is_digit[1:] & is_digit[:-1]
    no_empty_cell = is_digit[0] and (is_digit[1:] | is_digit[:-1]).all()
    if not no_empty_cell or (pairs[2:] & pairs[:-2]).any():  # two pairs side by side: four digits
        return None
    # At every character, the number that its last three digits make.
    digits *= is_digit
    numbers = digits.astype(np.uint16)
    numbers[1:] += np.uint16(10) * digits[:-1]
    numbers[2:] += np.uint16(100) * (digits[:-2] * is_digit[1:-1])
    table = numbers[ends - 1].reshape(-1, N_COLUMNS)
    return None if (table > LARGEST).any() else table.astype(np.uint8)


def _table_cell_by_cell(path, block, first_row):
    """Return a block of rows as a table of uint8, shape (n, 785), or name its first bad place."""
    lines = block.removesuffix(b"\n").split(b"\n")
    table = np.empty((len(lines), N_COLUMNS), dtype=np.uint8)
    for k, line in enumerate(lines):
        cells = line.split(b",")
        cut = line is lines[-1] and not block.endswith(b"\n")
        _check_width(path, first_row + k, cells, cut)
        numbers = np.array([*map(_whole_number, cells)], dtype=np.uint16)
        if (numbers > LARGEST).any():
            column = np.argmax(numbers > LARGEST)
            problem = _cell_problem(cells[column], LARGEST[column])
            raise CsvError(path, problem, first_row + k, int(column) + 1)
        table[k] = numbers
    return table


def _check_width(path, row, cells, cut=False):
    """Check that a row has a label and 784 pixels."""
    if len(cells) == N_COLUMNS:
        return
    if len(cells) == 1 and not cells[0].strip():
        raise CsvError(path, "an empty row", row)
    problem = f"expected {N_COLUMNS} cells (a label and {N_PIXELS} pixels), found {len(cells)}"
    if cut and len(cells) < N_COLUMNS:
        problem += ": the file was cut short here"
        raise CsvError(path, problem, row, len(cells))
    raise CsvError(path, problem, row)


@lru_cache(maxsize=4096)  # a table has many cells and few different ones
def _whole_number(cell):
    """Return the number that a cell holds, or 1000 if it is no whole number below that."""
    match = WHOLE_NUMBER.fullmatch(cell)
    return int(match[1]) if match else 1000


def _cell_problem(cell, largest):
    """Say why a cell is refused."""
    shown_cell = cell.decode("utf-8", "backslashreplace").strip(" \t")
    if not shown_cell:
        return f"an empty cell instead of a whole number from 0 to {largest}"
    if len(shown_cell) > 40:
        shown_cell = shown_cell[:37] + "..."
    problem = f"{shown_cell!r} is not a whole number from 0 to {largest}"
    if largest == 255 and _is_number(cell) and 0 < float(cell) < 1:
        problem += " (pixels divided by 255 do not belong in the CSV form)"
    return problem


def write_csv(path, x, t, header=False):
    """Write digits to a CSV file: in each row a label and 784 pixels.

    Parameters
    ----------
    path : path-like
        The file; gzip-compressed if its name ends in ``.gz``. If it exists it is replaced when
        the new one is complete, and stays as it is if anything goes wrong.
    x : array_like of integers, shape (n, 784) or (n, 28, 28)
        The pixels, in [0, 255], of n >= 1 digits.
    t : array_like of integers, shape (n,)
        The labels, 0 to 9.
    header : bool
        Begin with a row of column names: label, pixel0, ..., pixel783.

    Raises
    ------
    TypeError
        `x` or `t` does not hold integers.
    ValueError
        The shapes do not fit, or a number is out of range.
    OSError
        The file cannot be written.
    """
    x = _integers("x", x, 255, "load_mnist(normalize=False) gives them")
    t = _integers("t", t, 9, "load_mnist(one_hot_label=False) gives them")
    if x.shape[1:] not in ((N_PIXELS,), (28, 28)) or len(x) == 0:
        raise ValueError(f"x must have shape (n, 784) or (n, 28, 28), n >= 1, got {x.shape}")
    if t.shape != (len(x),):
        raise ValueError(f"t must hold one label for each of {len(x)} digits, got shape {t.shape}")

    path = Path(path)
    texts = [b"%d" % value for value in range(256)]
    with replacing(path) as raw, _compressing(path, raw) as file:
        if header:
            names = ["label", *(f"pixel{k}" for k in range(N_PIXELS))]
            file.write(",".join(names).encode() + b"\n")
        for label, pixels in zip(t, x, strict=True):
            cells = [texts[label], *map(texts.__getitem__, pixels.tobytes())]
            file.write(b",".join(cells) + b"\n")


def _integers(name, values, largest, source):
    """Return `values` as an array of uint8 after checking that they are integers in range."""
    values = np.asarray(values)
    kind = "labels" if name == "t" else "pixels"
    expected = f"{name} must hold the {kind} as integers from 0 to {largest} ({source})"
    if values.dtype.kind not in "iu":
        raise TypeError(f"{expected}, got {values.dtype}")
    outside = (values < 0) | (values > largest)
    if outside.any():
        where = tuple(int(i) for i in np.argwhere(outside)[0])
        raise ValueError(f"{expected}, got {values[where]} at index {where}")
    return values.astype(np.uint8)


def _compressing(path, raw):
    """Return a file that writes into `raw`, gzip-compressed if the name of `path` says so."""
    if path.suffix.lower() == ".gz":
        # Without name and time, so that the same digits always give the same bytes.
        return gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0)
    return nullcontext(raw)
