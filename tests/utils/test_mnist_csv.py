import bz2
import errno
import gzip
import io
import lzma
import os
import pickle
import re

import numpy as np
import pandas
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tiny_mnist import snapshot, zipped

from course_utils.mnist.csv import CsvError, read_csv, write_csv

X = np.random.default_rng(0).integers(0, 256, size=(700, 784), dtype=np.uint8)
T = np.arange(700) % 10
IN_TMP_PATH = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def cells(n=3):
    """Return the cells of the first digits, row by row, as text."""
    return [[str(T[k]), *map(str, X[k])] for k in range(n)]


def joined(table, newline="\n", end=True):
    """Return the bytes of a CSV file with these cells."""
    return (newline.join(map(",".join, table)) + newline * end).encode()


def assert_refused(path, content, *words, row=None, column=None):
    """Check that the file and the first bad place are named, and that it is left as it was."""
    path.write_bytes(content)
    with pytest.raises(CsvError) as caught:
        read_csv(path)
    message = str(caught.value)
    places = [f": row {row}"] * bool(row) + [f", column {column} ("] * bool(column)
    for word in (path.name, *places, *words, "fresh copy"):
        assert word in message
    assert path.read_bytes() == content


def test_the_forms_of_the_arrays(tmp_path):
    write_csv(tmp_path / "digits.csv", X, T)
    x, t = read_csv(str(tmp_path / "digits.csv"))
    assert x.shape == (700, 784) and x.dtype == np.uint8 and t.dtype == np.int64
    assert np.array_equal(x, X) and np.array_equal(t, T)
    x[0], t[0] = 0, 0  # they are the caller's own


@pytest.mark.parametrize(
    "content",
    [
        joined(cells()),
        joined(cells(), "\r\n"),
        joined(cells(), end=False),
        joined(cells(), "\r\n", end=False),
        b"\xef\xbb\xbf" + joined(cells()),
        joined(cells()) + b"\n\r\n\n",
        joined(cells()).replace(b"\n", b"\n\r\n\n"),
        joined([["label", *(f"{i}x{j}" for i in range(28) for j in range(28))], *cells()]),
        joined([['"label"', *(f'"pixel{k}"' for k in range(784))], *cells()], "\r\n"),
        b"\xef\xbb\xbf" + joined([["정답", *(f"화소 {k}" for k in range(784))], *cells()]),
        joined([["label", *(str(k) for k in range(784))], *cells()]),
        joined([[str(k) for k in range(785)], *cells()]),
        joined(cells()).replace(b",", b", "),
        joined(cells()).replace(b",", b"\t,"),
        joined(cells()).replace(b",", b".0,"),
        joined(cells()).replace(b",", b",00"),
    ],
)
def test_these_forms_are_read(tmp_path, content):
    for name, written in (("a.csv", content), ("숫자 셋.csv.GZ", gzip.compress(content))):
        path = tmp_path / name
        path.write_bytes(written)
        x, t = read_csv(path)
        assert np.array_equal(x, X[:3]) and np.array_equal(t, T[:3])
        assert path.read_bytes() == written


# ---------------------------------------------------------------- what other programs write

DRAWN = np.zeros(
    (12, 28, 28), dtype=np.uint8
)  # as in MNIST: a black border, the centre in (14, 14)
DRAWN[:, 5:24, 5:24] = np.random.default_rng(1).integers(0, 256, size=(12, 19, 19))
DRAWN = DRAWN.reshape(12, 784)
DIGITS = (np.arange(12) * 3 + 5) % 10
KAGGLE = ["label", *(f"pixel{k}" for k in range(784))]
OPENML = [*(f"pixel{k}" for k in range(1, 785)), "class"]
SQUARE = [f"{i}x{j}" for i in range(1, 29) for j in range(1, 29)]
FIRST, LAST = np.c_[DIGITS, DRAWN], np.c_[DRAWN, DIGITS]


def written(table, names=None, separator=",", form="%d", end="\n", **forms):
    """Return a CSV file of a table as np.savetxt writes it, after a row of names."""
    file = io.StringIO()
    np.savetxt(file, table, form, separator, end, **forms)
    return ((separator.join(names) + end if names else "") + file.getvalue()).encode()


def by_pandas(table, names=None, index=False, **forms):
    frame = pandas.DataFrame(table, columns=names)
    return frame.to_csv(index=index, header=names is not None, **forms).encode()


def reread_by_pandas(content, **forms):
    """Return what pandas makes of a file without names, if nobody tells it."""
    return pandas.read_csv(io.BytesIO(content)).to_csv(**forms).encode()


PLAIN, FLOATS = written(FIRST), FIRST.astype(float)
ZEROS, WHITE, GRAIN = DIGITS * 0, 255 - DRAWN, DRAWN.copy()
GRAIN[3, [0, -1]] = 200, 7
SEVEN = np.array([7, *ZEROS[1:]])
ENCRYPTED, DAMAGED = (bytearray(zipped({"train.csv": PLAIN})) for _ in range(2))
for signature in (b"PK\3\4", b"PK\1\2"):  # the bit that says so, at two places
    ENCRYPTED[ENCRYPTED.index(signature) + (6 if signature[2] == 3 else 8)] |= 1
DAMAGED[300:310] = bytes(10)
SAME = {
    "label last": written(LAST),
    "OpenML": written(LAST, OPENML),
    "OpenML with an index": by_pandas(LAST, OPENML, index=True),
    "rows and columns": written(LAST, [*SQUARE, "Target"]),
    "capitals": written(FIRST, [*map(str.upper, KAGGLE)]),
    "label in the middle": written(
        np.insert(DRAWN, 300, DIGITS, axis=1), [*KAGGLE[1:301], "y", *KAGGLE[301:]]
    ),
    "names without a label": written(LAST, [f"Column{k}" for k in range(785)]),
    "names in a comment": written(FIRST, header=",".join(KAGGLE)),
    "savetxt": written(FIRST, separator=" ", form="%.18e"),
    "savetxt with commas": written(LAST, form="%.18e"),
    "aligned": written(FIRST, separator=" ", form="%4d"),
    "floats": by_pandas(FLOATS, KAGGLE),
    "semicolons": written(FIRST, KAGGLE, ";"),
    "spaces in names": written(FIRST, ["label", *(f" pixel {k}" for k in range(784))]),
    "a hint for Excel": b"sep=;\n" + written(FIRST, KAGGLE, ";"),
    "tabs": written(FIRST, KAGGLE, "\t", end="\r\n"),
    "bars": written(LAST, separator="|"),
    "decimal commas": by_pandas(FLOATS, KAGGLE, sep=";", decimal=","),
    "decimal commas and tabs": by_pandas(FLOATS, sep="\t", decimal=","),
    "decimal commas in quotes": by_pandas(FLOATS, KAGGLE, decimal=","),
    "quotes": by_pandas(FIRST, KAGGLE, index=True, quoting=1),
    "an index": by_pandas(FIRST, KAGGLE, index=True),
    "an index without a name": by_pandas(FIRST, index=True),
    "an index without a name, label last": by_pandas(LAST, index=True, sep=";"),
    "an index twice": reread_by_pandas(by_pandas(FIRST, KAGGLE, index=True)),
    "a mixed index": b"ImageId," + written(np.c_[DIGITS * 700, FIRST], KAGGLE),
    "R": by_pandas(FIRST, KAGGLE, sep=" ", quoting=2, index=True).replace(b'"" ', b"", 1),
    "R, label last": by_pandas(LAST, OPENML, index=True).replace(b",", b"", 1),
    "separators at the end": PLAIN.replace(b"\n", b",\n"),
    "separators at the end of names": written(LAST, OPENML, ";").replace(b"\n", b";;\r\n"),
    "an empty row of a spreadsheet": PLAIN + b"," * 784 + b"\n",
    "UTF-16": written(FIRST, KAGGLE, "\t", end="\r\n").decode().encode("utf-16"),
    "UTF-16 from another processor": b"\xfe\xff" + PLAIN.decode().encode("utf-16-be"),
    "gzip": gzip.compress(PLAIN),
    "zip": zipped({"mnist/": b"", "mnist/train.csv": PLAIN, "__MACOSX/mnist/._train.csv": b"?"}),
    "zip with a text": zipped({"README.txt": b"?", "train.CSV": PLAIN}),
}
READ = {form: (content, DRAWN, DIGITS) for form, content in SAME.items()} | {
    "one digit, label last": (written(LAST[1:2]), DRAWN[1:2], DIGITS[1:2]),
    "zeros, label first": (written(np.c_[ZEROS, DRAWN]), DRAWN, ZEROS),
    "zeros, label named last": (written(np.c_[DRAWN, ZEROS], OPENML), DRAWN, ZEROS),
    "mostly zeros, label last": (written(np.c_[DRAWN, SEVEN]), DRAWN, SEVEN),
    "mostly zeros, label first": (written(np.c_[SEVEN, DRAWN]), DRAWN, SEVEN),
    "white paper, label last": (written(np.c_[WHITE, DIGITS]), WHITE, DIGITS),
    "white paper, label first": (written(np.c_[DIGITS, WHITE]), WHITE, DIGITS),
    "grain in the corners, label last": (written(np.c_[GRAIN, DIGITS]), GRAIN, DIGITS),
    "grain in the corners, label first": (written(np.c_[DIGITS, GRAIN]), GRAIN, DIGITS),
}


@pytest.mark.parametrize("name", ["digits.csv", "digits.csv.gz"])  # downloads have any name
@pytest.mark.parametrize("form", READ)
def test_what_other_programs_write_is_read(tmp_path, form, name):
    content, x_written, t_written = READ[form]
    (tmp_path / name).write_bytes(content)
    x, t = read_csv(tmp_path / name)
    assert np.array_equal(x, x_written) and np.array_equal(t, t_written)
    assert x.dtype == np.uint8 and t.dtype == np.int64


MANGLED = "row 1 is a digit that a program took for names"
MADE_UNIQUE = reread_by_pandas(PLAIN, index=False)
INDICES = {  # that do not count
    "a mixed": [3, 11, 0, 5, 1, 2, 4, 6, 7, 8, 9, 10],
    "a mixed, large": np.arange(60_000, 0, -5000),
    "a late": range(100, 112),
    "a broken": [0, 1, 2, *range(20, 29)],
}
ARRAY = io.BytesIO()
np.save(ARRAY, FIRST)
ARRAY = ARRAY.getvalue()
REFUSED = {
    "a row that pandas took for names": (MADE_UNIQUE, MANGLED, "header=None"),
    "the same with an index": (reread_by_pandas(PLAIN), MANGLED),
    "the same with floats": (reread_by_pandas(by_pandas(FLOATS), index=False), MANGLED),
    "the same with an old index": (reread_by_pandas(by_pandas(FLOATS, index=True)), MANGLED),
    "the same by R": (re.sub(rb"(?<![^,])(?=[0-9.]+,.*\n)", b"X", MADE_UNIQUE, count=785), MANGLED),
    "shares": (by_pandas(np.c_[DIGITS, DRAWN / 255], KAGGLE), "divided by 255", "row 2, column "),
    "shares in savetxt": (written(np.c_[DRAWN / 255, DIGITS], form="%.18e"), "divided by 255"),
    "black or white": (written(np.c_[DIGITS, DRAWN > 99]), "its pixels are shares 0..1"),
    "label 10, last": (written(np.c_[DRAWN, DIGITS + 1]), "row 9, column 785 (label): '10'"),
    "label 10 behind an index": (
        by_pandas(np.c_[DIGITS + 1, DRAWN], KAGGLE, index=True),
        "row 10, column 2 (label): '10'",
    ),
    "letters, label last": (written(np.c_[DRAWN, DIGITS + 20]), "row 1, column 785 (label): '25'"),
    "a word last": (
        written(LAST) + written(DRAWN[:1], end=",seven\n"),
        "column 785 (label): 'seven'",
    ),
    "a bad pixel in a named column": (
        written(LAST, OPENML).replace(b",255,", b",x,", 1),
        ": 'x' is no whole number from 0 to 255",
        "(pixel",
    ),
    "zeros, label last": (written(np.c_[DRAWN, ZEROS]), "column 1 or column 785 may be the label"),
    "corners like labels": (
        written(np.c_[np.roll(DIGITS, 1), DRAWN[:, 1:], DIGITS]),
        "column 1 or column 785 may be",
    ),
    "wrong names": (written(LAST, KAGGLE), "column 1 or column 785 may be the label"),
    "wrong names, the other way round": (written(FIRST, OPENML), "column 785 may be the label"),
    "two labels": (
        written(FIRST, [*KAGGLE[:-1], "class"]),
        "one column that is named label, found 2",
    ),
    "an index, no label": (by_pandas(DRAWN, KAGGLE[1:], index=True), "named label, found 0"),
    "no label": (written(DRAWN, KAGGLE[1:]), "row 1", "found 784"),
    "mixed names": (written(FIRST, [KAGGLE[0], *sorted(KAGGLE[1:])]), "out of order"),
    "a column too many": (written(np.c_[FIRST, DIGITS], [*KAGGLE, "size"]), "row 1", "found 786"),
    "an index that does not count": (written(np.c_[DIGITS, FIRST]), "row 1", "found 786"),
    **{
        f"{kind} index without a name": (
            written(np.c_[index, FIRST]),
            "found 786; the first column looks like an index (its numbers all differ): delete it",
        )
        for kind, index in INDICES.items()
    },
    "one row that may have an index": (written(np.c_[[[0]], FIRST[:1]]), "row 1", "found 786"),
    "a cell less beside an index": (
        by_pandas(FIRST, index=True) + b"12,5,0,0\n",
        "row 13",
        "found 3 beside the index",
    ),
    "several CSV files": (
        zipped({"train.csv": PLAIN, "test.csv": PLAIN}),
        "2 files (train.csv, test.csv)",
    ),
    "an empty zip": (zipped({"data/": b""}), "a zip file of 0 files"),
    "a zip with a password": (bytes(ENCRYPTED), "it cannot be read (", "password"),
    "half a zip": (zipped({"train.csv": PLAIN})[:-30], "it cannot be read ("),
    "a damaged zip": (bytes(DAMAGED), "it cannot be read ("),
    "gzip twice": (gzip.compress(gzip.compress(PLAIN)), "compressed twice"),
    "Excel": (
        zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""}),
        "an Excel workbook",
        "as CSV",
    ),
    "OpenDocument": (zipped({"mimetype": b"", "content.xml": b""}), "an OpenDocument file; save"),
    "Keras": (
        zipped({"x_train.npy": b"", "y_train.npy": b""}),
        "it is mnist.npz, which load_mnist",
    ),
    "one array": (zipped({"arr_0.npy": ARRAY}), "it is no text file; save it as CSV"),
    "an array": (ARRAY, "it is no text file; save it as CSV"),
    "a pickle": (pickle.dumps(FIRST), "it is no text file; save it as CSV"),
    "Parquet": (b"PAR1\x15\x04\x15\x00" + PLAIN, "it is no text file; save it as CSV"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c" + PLAIN, "it is no text file; save it as CSV"),
    "RAR": (b"Rar!\x1a\x07\x00" + PLAIN, "it is no text file; save it as CSV"),
    "Zstandard": (b"\x28\xb5\x2f\xfd\x04\x88" + PLAIN, "it is no text file; save it as CSV"),
    "UTF-16 without its mark": (PLAIN.decode().encode("utf-16-le"), "it is no text file"),
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an Excel workbook"),
    "a web page": (b"\xef\xbb\xbf\r\n <!DOCTYPE html><html>Log in</html>", "a web page (HTML)"),
    "bzip2": (bz2.compress(PLAIN), "compressed by bzip2"),
    "xz": (lzma.compress(PLAIN), "compressed by xz"),
    "ARFF": (b"@relation mnist_784\n@attribute pixel1 real\n", "an ARFF file"),
    "IDX": (b"\0\0\x08\x03\0\0\0\0", "which load_mnist reads"),
}


@pytest.mark.parametrize("form", REFUSED)
def test_what_cannot_be_read_is_named(tmp_path, form):
    assert_refused(tmp_path / "digits.csv", REFUSED[form][0], *REFUSED[form][1:])


LABELLED = st.lists(st.tuples(st.integers(0, 11), st.sampled_from([0, 0, 0, 1, 5, 9])), min_size=1)
LINES = {  # at a border, where a set's black corners are
    "none": [],
    "top": np.s_[:28],
    "bottom": np.s_[-28:],
    "left": np.s_[::28],
    "right": np.s_[27::28],
    "first pixel": [0],
    "last pixel": [-1],
}


@pytest.mark.parametrize("line", LINES)
@given(digits=LABELLED)
@example(digits=[(k, k % 10) for k in range(12)])
@IN_TMP_PATH
def test_the_place_of_the_label_is_never_guessed_wrong(tmp_path, line, digits):
    k, labels = np.array(digits).T
    drawn = DRAWN[k]
    drawn[:, LINES[line]] = 200
    for table in (np.c_[labels, drawn], np.c_[drawn, labels]):
        (tmp_path / "digits.csv").write_bytes(written(table))
        try:
            x, t = read_csv(tmp_path / "digits.csv")
        except CsvError as error:
            if line == "none":
                assert "column 1 or column 785 may be the label" in str(error)
                assert not table[:, 0].any() and np.mean(labels > 0) <= 0.25  # few labels above 0
            else:
                assert "may be the label" in str(error) or "(label): '200'" in str(error)
        else:
            assert np.array_equal(x, drawn) and np.array_equal(t, labels)


def test_zeros_that_are_not_where_mnist_has_its_digits(tmp_path):
    for table in (np.c_[ZEROS, np.roll(DRAWN, 3)], np.c_[np.roll(DRAWN, 3), ZEROS]):
        assert_refused(tmp_path / "digits.csv", written(table), "column 1 or column 785 may be")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.csv"):
        read_csv(tmp_path / "none.csv")


@pytest.mark.parametrize("name", ["folder.csv", "folder.csv.gz"])
def test_a_folder_is_refused(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(CsvError, match="it is a folder"):
        read_csv(tmp_path / name)


@pytest.mark.skipif(os.name == "nt", reason="Windows says that there is no such file")
def test_a_path_that_the_system_refuses_is_named(tmp_path):
    path = tmp_path / ("x" * 300)  # where Path.is_dir raises an error, as in a locked folder
    with pytest.raises(CsvError, match="xxx: it cannot be read"):
        read_csv(path)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", joined([map(str, range(785))])]
)
def test_a_file_without_digits_is_refused(tmp_path, content):
    assert_refused(tmp_path / "empty.csv", content, "no digits")


@pytest.mark.parametrize("width", [1, 784, 786])
def test_a_header_of_another_width_is_refused(tmp_path, width):
    header = [f"column{k}" for k in range(width)]
    content = joined([header, *cells()])
    assert_refused(tmp_path / "header.csv", content, f"found {width}", row=1)


@pytest.mark.parametrize("row", [1, 2, 3])
def test_a_row_with_a_cell_less_or_more_is_refused(tmp_path, row):
    for change, found in ((lambda cells: cells.pop(), 784), (lambda cells: cells.append("0"), 786)):
        table = cells()
        change(table[row - 1])
        words = f"expected 785 cells (a label and 784 pixels), found {found}"
        assert_refused(tmp_path / "width.csv", joined(table), words, row=row)


def test_other_shapes_are_refused(tmp_path):
    path, content = tmp_path / "digits.csv", joined(cells())
    assert_refused(path, content.replace(b"\n", b","), "found 2355", row=1)
    assert_refused(path, b"0\n" * 785, "found 1;", row=1)
    assert_refused(path, content + b"0," * 30_000, "found 30001", row=4)
    table = cells()
    table[1].append(table[0].pop())  # widths that add up
    assert_refused(path, joined(table), "found 784", row=1)


def test_what_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    content = joined(cells())
    for long in (b"0," * 500_000, b"0" * 70_000):
        words = "longer than 65,536 characters"
        assert_refused(tmp_path / "line.csv", content + long, words, row=4)
        assert_refused(tmp_path / "line.csv.gz", gzip.compress(content + long), words, row=4)
    monkeypatch.setattr("course_utils.mnist.csv.MOST", 7000)
    for name, bomb in (("a.zip", zipped({"a.csv": content})), ("a.csv", content)):
        assert_refused(tmp_path / name, bomb, "the file than 7,000", row=3)


@pytest.mark.parametrize("row", [1, 3])
@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        (2, "abc", "'abc'"),
        (785, "abc", "(pixel783)"),
        (400, "256", "'256' is no whole number from 0 to 255"),
        (400, "1000", "'1000'"),
        (400, "65536", "'65536'"),
        (400, "99999999999999999999", "'9999"),
        (400, "-1", "'-1'"),
        (400, "0.5", "divided by 255"),
        (400, "5.5", "'5.5'"),
        (400, "1e999", "'1e999'"),
        (400, "1e3", "'1e3'"),
        (400, "2.55e-01", "divided by 255"),
        (400, "2.55e+01", "'2.55e+01'"),
        (400, "nan", "'nan'"),
        (400, "NA", "'NA'"),
        (400, "", "'' is no whole number"),
        (785, "", "'' is no whole number"),
        (400, "  ", "'' is no whole number"),
        (400, "1 2", "'1 2'"),
        (400, "1_2", "'1_2'"),
        (400, "0x1F", "'0x1F'"),
        (400, "٣", "'٣'"),
        (400, '"5', "'\"5'"),
        (400, '"5"6', "'\"5\"6'"),
        (400, "x" * 500, "xxx'"),
        (1, "10", "(label)"),
        (1, "-1", "from 0 to 9"),
        (1, "3.5", "'3.5'"),
        (1, "seven", "'seven'"),
        (1, "", "''"),
    ],
)
def test_a_bad_cell_is_named(tmp_path, row, column, cell, words):
    table = cells()
    table[row - 1][column - 1] = cell
    assert_refused(tmp_path / "cell.csv", joined(table), words, row=row, column=column)


def test_bytes_that_are_no_text_are_named(tmp_path):
    for bad, words in ((b"\xff\xfe", r"\\xff\\xfe"), (b"\x00", r"\x00"), (b"7\x00", r"7\x00")):
        table = cells()
        table[1][9] = "?"
        content = joined(table).replace(b"?", bad)
        assert_refused(tmp_path / "bytes.csv", content, words, row=2, column=10)


def test_a_file_cut_in_a_row_is_refused(tmp_path):
    content = joined(cells())
    in_third = content.rindex(b"\n", 0, -1) + 1
    for end in range(in_third + 1, content.rindex(b",") + 1, 297):
        assert_refused(tmp_path / "cut.csv", content[:end], "expected 785 cells", row=3)
    # Cut behind the last comma, 785 cells are left, the last of them empty.
    assert_refused(tmp_path / "cut.csv", content[: content.rindex(b",") + 1], row=3, column=785)


def test_a_damaged_gzip_file_is_refused(tmp_path):
    content = gzip.compress(joined(cells(20)))
    for damaged in (
        content[: len(content) // 2],
        content[:-1],
        content[:5],
        content[:-8] + bytes(8),
        content[:1000] + bytes(50) + content[1050:],
        content + b"left over",
    ):
        assert_refused(tmp_path / "damaged.csv.gz", damaged, "it cannot be read (")


@given(
    n=st.integers(1, 4),
    largest=st.sampled_from([0, 9, 10, 99, 100, 255]),
    seed=st.integers(0, 2**32),
    name=st.sampled_from(["digits.csv", "digits.csv.gz"]),
    header=st.booleans(),
)
@IN_TMP_PATH
def test_what_is_written_is_read(tmp_path, n, largest, seed, name, header):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, largest, size=(n, 784), dtype=np.uint8, endpoint=True)
    if not header:
        x[:, [0, -1]] = 0  # without names the corners tell which column is the label
    t = rng.integers(0, 10, size=n)
    write_csv(tmp_path / name, x, t, header=header)
    x_read, t_read = read_csv(tmp_path / name)
    assert np.array_equal(x_read, x) and np.array_equal(t_read, t)


@given(
    row=st.integers(1, 60),
    column=st.integers(1, 785),
    cell=st.one_of(
        st.integers(256).map(str),
        st.integers(max_value=-1).map(str),
        st.floats().filter(lambda number: not number.is_integer()).map(str),
        st.text(st.characters(codec="utf-8", exclude_characters=",\r\n0123456789"), max_size=5),
        st.sampled_from(["256", "300", "999", "2560", "0256", "1.5", "5a", "a5", "5-", "1 1"]),
    ),
    later=st.integers(0, 60),
)
@example(row=1, column=1, cell="abc", later=0)
@example(row=60, column=785, cell="256", later=60)
@IN_TMP_PATH
def test_a_single_bad_cell_is_found_wherever_it_is(tmp_path, row, column, cell, later):
    table = cells(60)
    table[row - 1][column - 1] = cell
    if later > row:
        table[later - 1][0] = "a second bad cell"
    assert_refused(tmp_path / "cell.csv", joined(table), row=row, column=column)


def test_a_header_is_written_on_demand(tmp_path):
    write_csv(tmp_path / "digits.csv", X[:2], T[:2], header=True)
    lines = (tmp_path / "digits.csv").read_bytes().split(b"\n")
    assert lines[0].startswith(b"label,pixel0,pixel1,") and lines[0].endswith(b",pixel783")
    assert lines[1] == ",".join(cells()[0]).encode()
    assert len(lines) == 4 and lines[3] == b""


def test_images_of_two_axes_are_written_row_by_row(tmp_path):
    write_csv(tmp_path / "digits.csv", X[:3].reshape(-1, 28, 28).astype(np.int32), list(T[:3]))
    assert (tmp_path / "digits.csv").read_bytes() == joined(cells())


def test_the_same_digits_always_give_the_same_bytes(tmp_path, monkeypatch):
    for name, time in (("a.csv.gz", 1.0), ("b.csv.gz", 1e9)):
        monkeypatch.setattr("time.time", lambda time=time: time)
        write_csv(tmp_path / name, X[:9], T[:9])
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


@pytest.mark.parametrize(
    ("x", "t", "error", "words"),
    [
        (X[:2] / 255, T[:2], TypeError, "normalize=False"),
        (X[:2].astype(np.float32), T[:2], TypeError, "float32"),
        (X[:2] > 100, T[:2], TypeError, "bool"),
        (X[:2].astype(str), T[:2], TypeError, "<U3"),
        (X[:2].astype(int) + 1, T[:2], ValueError, "256"),
        (-X[:2].astype(int), T[:2], ValueError, "x must hold"),
        (X[:2, :783], T[:2], ValueError, "(2, 783)"),
        (X[0], T[:1], ValueError, "(784,)"),
        (X[:0], T[:0], ValueError, "n >= 1"),
        (X[:3], T[:2], ValueError, "(3,)"),
        (X[:2], T[0], ValueError, "()"),
        (X[:2], np.eye(10, dtype=int)[T[:2]], ValueError, "(2, 10)"),
        (X[:2], np.eye(10)[T[:2]], TypeError, "one_hot_label=False"),
        (X[:2], [3, 10], ValueError, "10 at index (1,)"),
        (X[:2], [-1, 3], ValueError, "-1 at index (0,)"),
    ],
)
def test_wrong_arrays_are_refused_and_the_old_file_stays(tmp_path, x, t, error, words):
    path = tmp_path / "digits.csv"
    path.write_bytes(b"old")
    with pytest.raises(error) as caught:
        write_csv(path, x, t)
    assert words in str(caught.value)
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "disk full"), KeyboardInterrupt()])
def test_a_failing_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, error):
    def fail(_):
        raise error

    (tmp_path / "digits.csv").write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(type(error)):
        write_csv(tmp_path / "digits.csv", X[:9], T[:9])
    assert snapshot(tmp_path) == {"digits.csv": b"old"}


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        write_csv(tmp_path / "nowhere" / "digits.csv", X[:9], T[:9])
