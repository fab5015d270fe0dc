"""MNIST's CSV form: a digit in each row, 785 numbers, the label first and then the 784 pixels.

Programs write it in many ways, so it is read in steps: bytes, lines, columns, cells, the label.
"""

import csv
import gzip
import io
import re
import warnings
import zipfile
import zlib
from contextlib import suppress
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path

import numpy as np

from course_utils import checks
from course_utils.files import is_folder, replacing, shown
from course_utils.message import CourseError, Message

NAMES = ["label", *(f"pixel{k}" for k in range(784))]
LABELS = {"label", "labels", "class", "target", "digit", "number", "y"}
INDEX = re.compile(r"(unnamed: ?[0-9.]+|index|id|image_?id|row)?", re.I)
SEPARATORS = (",", ";", "\t", "|", None)  # None: spaces
UNMIXED = re.compile(r"\s*[^,;\t|]+(,[0-9][^,;\t|]*)?\s*")  # one cell, perhaps a decimal comma
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?(e[+-]?[0-9]+)?", re.I)
MADE_UNIQUE = re.compile(r"X?([0-9]+)([^0-9].*)?")  # 0.1, 0.2 by pandas, X0.1 by R
LONGEST, MOST = 1 << 16, 1 << 31  # characters of a line, of a file; np.savetxt writes 20,000, 1.2e9
FOREIGN = {  # how files begin that hold no CSV
    b"<": "a web page (HTML); a site may want you to log in first",
    b"\x1f\x8b": "compressed twice; unpack it first",
    b"PK": "a zip file in a compressed file; unpack it first",
    b"BZh": "compressed by bzip2; unpack it first",
    b"\xfd7zXZ": "compressed by xz; unpack it first",
    b"\xd0\xcf\x11\xe0": "an Excel workbook; save it as CSV in a spreadsheet program",
    b"@": "an ARFF file; ask OpenML for CSV",
    b"%": "an ARFF file; ask OpenML for CSV",
    b"\x00\x00\x08": "one of MNIST's own four files, which load_mnist reads",
}
IN_ZIP = {  # what is a zip file by a name in it
    "xl/workbook.xml": FOREIGN[b"\xd0\xcf\x11\xe0"],
    "content.xml": "an OpenDocument file; save it as CSV in a spreadsheet program",
    "x_train.npy": "mnist.npz, which load_mnist reads",
}
NO_TEXT = "no text file; save it as CSV in the program that wrote it"
WIDTH = "row {row}: expected 785 cells (a label and 784 pixels), found {n}"
WIDTH_BESIDE_INDEX = WIDTH + " beside the index"
LIKE_INDEX = WIDTH + "; the first column looks like an index (its numbers all differ): delete it"
BAD_CELL = "row {row}, column {column} ({name}): {cell!r} is no whole number from 0 to {most}"
BAD_PIXEL = "row {row}, column {column} ({name}): {cell!r} is a share, a pixel divided by 255"
SHARES = "its pixels are shares 0..1 (divided by 255), expected 0..255"
TWO_LABELS = (
    "column {first} or column {last} may be the label, by their numbers and names; "
    "put a row of names first that fits: label, pixel0, ..., or pixel0, ..., pixel783, label"
)


class CsvError(CourseError, ValueError):
    """A CSV file that does not hold digits in MNIST's form, and nothing else."""

    def __init__(self, path, problem, **values):
        template = "{file}: {problem}; correct the file, or get a fresh copy of it"
        super().__init__(template, file=shown(path), problem=Message(problem, **values))


def read_csv(path):
    """Read digits from a CSV file, plain, compressed by gzip, or the only one in a zip file.

    Commas, semicolons, tabs, bars or spaces stand between the numbers; 5 may be written as ``5.0``,
    ``5,0`` or ``5.00e+00``. A row of names may come first, an index before the label. The label may
    also stand behind the pixels: the names tell, or the corners of the images, which are black.

    Returns
    -------
    x, t : ndarrays
        Pixels, uint8, shape (n, 784), in [0, 255]; labels, int64, shape (n,), 0 to 9. What is not
        785 whole numbers a row, or may mean two things, is a CsvError that names the first bad
        place. (A file that was cut within its very last number looks like a whole one.)
    """
    path = Path(path)
    try:
        with path.open("rb") as packed, _unpacked(path, packed) as file:
            names, skip, separator, lines = _columns(path, _lines(path, _text(path, file)))
            table, rows, bad = _table(path, lines, separator, skip)
    except FileNotFoundError:
        raise
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        why = "it is a folder" if is_folder(path) else error  # RuntimeError: a zip's password
        raise CsvError(path, "it cannot be read ({why})", why=why) from error
    table = np.frombuffer(table, np.uint8).reshape(-1, 785)
    label = _label(path, table, names, skip, bad)
    names = names or (NAMES if label == 0 else [*NAMES[1:], "label"])
    for k in np.flatnonzero(table[:, label] > 9)[:1]:
        bad = rows[k], [*map(str, table[k])]
    if bad:
        row, cells = bad
        most = [9 if k == label else 255 for k in range(785)]
        k = next(k for k in range(785) if _number(cells[k]) not in range(most[k] + 1))
        values = {"row": row, "column": k + 1 + skip, "name": names[k], "most": most[k]}
        problem = BAD_PIXEL if 0 < _number(cells[k]) < 1 else BAD_CELL
        raise CsvError(path, problem, cell=cells[k].strip()[:40], **values)
    x, t = np.delete(table, label, axis=1), table[:, label].astype(np.int64)
    if x.max() == 1:
        raise CsvError(path, SHARES)
    return x, t


def _unpacked(path, file):
    """Return the open file itself, or the one that is compressed in it."""
    head = file.read(2)
    file.seek(0)
    if head == b"\x1f\x8b":
        return gzip.open(file)
    if head != b"PK":
        return file
    archive = zipfile.ZipFile(file)
    names = [name for name in archive.namelist() if not re.search("/$|^__MACOSX/", name)]
    for name in IN_ZIP.keys() & names:
        raise CsvError(path, "it is {what}", what=IN_ZIP[name])
    tables = [name for name in names if name.lower().endswith(".csv")] or names
    if len(tables) != 1:
        problem = "it is a zip file of {n} files ({names}); unpack it, and read one of them"
        raise CsvError(path, problem, n=len(tables), names=", ".join(tables[:9]))
    return archive.open(tables[0])


def _text(path, file):
    """Return an open file of bytes as one of text, or name what else it is."""
    head = file.read(512)
    file.seek(0)
    for start, what in FOREIGN.items():
        if head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(start):
            raise CsvError(path, "it is {what}", what=what)
    encoding = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    if encoding != "utf-16" and re.search(rb"[\x00-\x08\x0e-\x1f]", head):  # no text has these
        raise CsvError(path, "it is {what}", what=NO_TEXT)
    return io.TextIOWrapper(file, encoding, errors="backslashreplace")


def _lines(path, text):
    """Yield the number and the text of each line with cells; refuse what would fill the memory."""
    total = 0
    for row, line in enumerate(iter(lambda: text.readline(LONGEST), ""), start=1):
        total += len(line)
        if len(line) == LONGEST or total > MOST:
            problem = "row {row}: it is longer than {line:,} characters, or the file than {file:,}"
            raise CsvError(path, problem, row=row, line=LONGEST, file=MOST)
        if line.strip(' \t\n",;|') and not line.startswith("sep="):  # a hint for Excel
            yield row, line.rstrip(" \n")


def _split(line, separator):
    if separator is None:
        return [cell.strip('"') for cell in line.split()]
    if '"' in line:
        with suppress(csv.Error):  # a quote that does not end: its cell will be named
            return next(csv.reader([line], delimiter=separator, strict=True))
    return line.split(separator)


def _columns(path, lines):
    """Return the names of the 785 columns, if any, how many of an index are before, the separator.

    And the rows of digits, without the index and without separators at their end.
    """
    row, line = next(lines, (0, ""))
    n_unmixed = [len([*filter(UNMIXED.fullmatch, _split(line, s))]) for s in SEPARATORS]
    n_unmixed[-1] /= 2  # spaces may also stand in names, and beside another separator
    separator = SEPARATORS[np.argmax(n_unmixed)]
    names = _split(line.removeprefix("#").rstrip(separator), separator)
    names = [name.strip(' \t"') for name in names]
    if _are_names(path, row, names):
        skip = len(names) - 785
        if skip < 0 or not all(map(INDEX.fullmatch, names[:skip])):
            raise CsvError(path, WIDTH, row=row, n=len(names))
        row, line = next(lines, (0, ""))
    else:
        names, skip = [], 0
    if not row:
        raise CsvError(path, "there are no digits in it")
    n, n_at_end = len(_split(line, separator)), len(line) - len(line.rstrip(separator))
    is_counted = n == 786 and len(names) in (0, 785) and not n_at_end  # an index without a name?
    skip += is_counted
    end = (separator or "") * min(n_at_end, max(n - 785 - skip, 0))

    def no_index(firsts):
        firsts += [text.split(separator, 1)[0].strip('"') for _, text in lines]
        differ = len({*firsts}) == len(firsts) > 1 and all(map(NUMBER.fullmatch, firsts))
        is_like_index = differ and any(_number(cell) not in range(10) for cell in firsts)
        return CsvError(path, LIKE_INDEX if is_like_index else WIDTH, row=row, n=n)

    def rows():
        firsts = []
        for k, (at, text) in enumerate(chain([(row, line)], lines)):
            *index, text = text.removesuffix(end).split(separator, skip)
            firsts += [cell.strip('"') for cell in index if is_counted]
            counts = firsts[-1:] in ([str(k)], [str(k + 1)])
            if is_counted and not (counts and (k != 1 or len(_split(text, separator)) == 785)):
                raise no_index(firsts)
            yield at, text
        if is_counted and k == 0:  # one row does not show that it counts
            raise no_index(firsts)

    return names[-785:], skip, separator, rows()


def _are_names(path, row, cells):
    """Return whether all cells but the first differ: pixels are at most 256 different numbers."""
    if len(cells) < 700 or len({*cells[1:]}) < len(cells) - 1:
        return False
    numbers = [MADE_UNIQUE.fullmatch(cell) for cell in cells if not INDEX.fullmatch(cell)]
    if all(numbers) and len({number[1] for number in numbers}) < len(numbers):
        problem = (
            "row {row} is a digit that a program took for names and changed ({cell}); "
            "read the original with pandas' header=None, and save it anew"
        )
        raise CsvError(path, problem, row=row, cell=max(cells, key=len))
    return True


def _table(path, lines, separator, skip):
    """Return the numbers as bytes, each digit's row in the file, and the first bad row, if any."""
    table, rows = bytearray(), []
    while block := [*islice(lines, 1000)]:
        with suppress(ValueError, Warning), warnings.catch_warnings(action="error"):
            texts = [text for _, text in block]
            part = np.loadtxt(texts, np.uint8, delimiter=separator, comments=None, ndmin=2)
            if part.shape == (len(block), 785):
                table += part.tobytes()
                rows += [row for row, _ in block]
                continue
        for row, text in block:  # something in there is not plain, or wrong
            cells = _split(text, separator)
            if len(cells) != 785:
                problem = WIDTH_BESIDE_INDEX if skip else WIDTH
                raise CsvError(path, problem, row=row, n=len(cells))
            try:
                table += bytes(map(_number, cells))
            except (ValueError, TypeError, OverflowError):
                return table, rows, (row, cells)
            rows.append(row)
    return table, rows, None


@lru_cache(4096)  # a table has many cells and few different ones
def _number(cell):
    """Return the number in a cell, an int if it is whole, as in "5", "5.0", "5,0" and "5e+00"."""
    text = cell.strip().replace(",", ".")
    number = float(text) if NUMBER.fullmatch(text) else np.nan
    return int(number) if number.is_integer() else number


def _label(path, table, names, skip, bad):
    """Return the column of the label: the one that is named so, or what the corners say."""
    named = [k for k, name in enumerate(names) if name.lower() in LABELS]
    seen = _label_by_corners(table)
    if len(named) > 1 or (names and not named and INDEX.fullmatch(names[0])):
        problem = "expected one column that is named label, found {n}"
        raise CsvError(path, problem, n=len(named))
    is_other = named and seen == 784 - named[0] and len(table) > 2
    contradicted = is_other and not table[:, named[0]].any() and table[:, seen].max() < 10
    if contradicted or (seen is None and not named and not bad):
        raise CsvError(path, TWO_LABELS, first=1 + skip, last=785 + skip)
    label = named[0] if named else seen or 0
    numbers = [[*map(int, re.findall("[0-9]{1,9}", name))] for name in names]
    del numbers[label : label + 1]
    if numbers != sorted(numbers):
        raise CsvError(path, "the names of its pixels are out of order")
    return label


def _label_by_corners(table):
    """Return 0 or 784, the column of the label, or None if it may be either.

    Beside it are two corners of the images, where there is no ink.
    """
    n, ink = len(table), [np.count_nonzero(table[:, k]) for k in ([1, 784], [0, 783])]
    for label, in_corners in zip((0, 784), ink, strict=True):
        if 10 * in_corners <= np.count_nonzero(table[:, label]) > n / 4:
            return label
    fits = [np.count_nonzero(table[:, k] < 10) for k in (0, 784)]
    if 10 * min(ink) > max(ink) and fits[0] != fits[1]:  # the corners are not black
        return 784 * (fits[0] < fits[1])
    # Nearly all labels are 0, say. MNIST's digits have their centre of mass in column 14.
    first, last = (_centre(x) for x in (table[:, 1:], table[:, :-1]))
    is_last = {10 * ink[1] < ink[0], first < 13.5 and last > first + 0.5}
    is_like_mnist = np.count_nonzero(table[:, [1, 783]]) <= n / 4 and 12.5 < first < 14.5
    return 784 * is_last.pop() if len(is_last) == 1 and is_like_mnist else None


def _centre(x):
    mass = x.sum(axis=0).reshape(28, 28).sum(axis=0)
    return mass @ np.arange(28) / max(mass.sum(), 1)


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
