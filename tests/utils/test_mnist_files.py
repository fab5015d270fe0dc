"""IDX files: whole ones are read, damaged ones are named and left as they are."""

import os
from gzip import compress

import pytest
from tiny_mnist import SHAPES, fill, snapshot

from course_utils.files import command
from course_utils.mnist.idx import FILES, MnistFileError, read_folder, read_idx

NAME = "t10k-labels-idx1-ubyte"
HTML = b"<!DOCTYPE html><title>403 Forbidden</title>"

# what is done to a whole file (its name, its bytes), and what the error says
DAMAGE = {
    "2 axes": (NAME, lambda b: b"\0\0\x08\x02" + b[4:], "has other numbers in it than MNIST"),
    "one bit": (NAME, lambda b: b[:-1] + bytes([b[-1] ^ 1]), "has other numbers in it than MNIST"),
    "a web page": (NAME, lambda b: HTML, "has 43 bytes instead of 18"),
    "nothing": (NAME, lambda b: b"", "has 0 bytes instead of 18"),
    "the last byte is missing": (NAME, lambda b: b[:-1], "has 17 bytes instead of 18"),
    "half a header": (NAME, lambda b: b[:6], "has 6 bytes instead of 18"),
    "a byte left over": (NAME, lambda b: b + b"\0", "has 19 bytes instead of 18"),
    "twice": (NAME, lambda b: b + b, "has 36 bytes instead of 18"),
    "not gzip": (f"{NAME}.gz", lambda b: b, "is no gzip file"),
    "nothing called .gz": (f"{NAME}.gz", lambda b: b"", "is no gzip file"),
    "gzip cut short": (f"{NAME}.gz", lambda b: compress(b)[:-3], "is a damaged gzip file"),
    "gzip cut in its header": (f"{NAME}.gz", lambda b: compress(b)[:4], "is a damaged gzip file"),
    "gzip changed": (
        f"{NAME}.gz",
        lambda b: compress(b)[:12] + b"\xff\xff\xff" + compress(b)[15:],
        "is a damaged gzip file",
    ),
    "gzip and a byte": (f"{NAME}.gz", lambda b: compress(b) + b"x", "is a damaged gzip file"),
    "gzip twice": (f"{NAME}.gz", lambda b: 2 * compress(b), "is a damaged gzip file"),
    "gzip of a short one": (f"{NAME}.gz", lambda b: compress(b[:-1]), "has 17 bytes"),
    "gigabytes": (f"{NAME}.gz", lambda b: compress(bytes(1 << 27), 1), "is a damaged gzip file"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_named_and_left_alone(tmp_path, tiny_mnist, damage):
    name, change, problem = DAMAGE[damage]
    content = change(tiny_mnist[NAME])
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MnistFileError) as caught:
        read_idx(tmp_path / name, *FILES[NAME])
    assert str(caught.value).startswith(f"{tmp_path / name} {problem}")
    assert str(caught.value).endswith(command("fetch"))
    assert snapshot(tmp_path) == {name: content}


@pytest.mark.parametrize("name", [NAME, f"{NAME}.gz"])
def test_a_folder_in_place_of_a_file_is_named(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(MnistFileError, match=f"{name} is unreadable: it is a folder"):
        read_idx(tmp_path / name, *FILES[NAME])


@pytest.mark.skipif(os.name == "nt", reason="Windows says that there is no such file")
def test_a_path_that_the_system_refuses_is_named(tmp_path):
    with pytest.raises(MnistFileError, match="is unreadable: File name too long"):
        read_idx(tmp_path / ("x" * 300), *FILES[NAME])


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_whole_folder(tmp_path, tiny_mnist, ending):
    fill(tmp_path, tiny_mnist, ending)
    (tmp_path / NAME).write_bytes(tiny_mnist[NAME])  # compressed and plain may be mixed
    (tmp_path / f"{NAME}.gz").write_bytes(compress(tiny_mnist[NAME], 1))  # by another program
    arrays, problems = read_folder(tmp_path)
    assert {name: array.shape for name, array in arrays.items()} == SHAPES
    assert list(arrays) == list(SHAPES)  # in the order of the public call
    assert problems == []


def test_a_damaged_file_beside_its_whole_twin(tmp_path, tiny_mnist):
    fill(tmp_path, tiny_mnist, ".gz")
    (tmp_path / NAME).write_bytes(HTML)
    arrays, problems = read_folder(tmp_path)
    assert len(arrays) == 4
    assert [problem.path for problem in problems] == [tmp_path / NAME]


@pytest.mark.parametrize("where", ["nowhere", "a file"])
def test_no_folder_at_all(tmp_path, where):
    (tmp_path / "a file").write_bytes(b"")
    assert read_folder(tmp_path / where) == ({}, [])
