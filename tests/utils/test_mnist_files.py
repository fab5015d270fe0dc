"""IDX files: whole ones are read, damaged ones are named and left as they are."""

import os
from gzip import compress

import numpy as np
import pytest
from tiny_mnist import SHAPES, fill, idx_bytes, snapshot

from course_utils.mnist.idx import MnistFileError, read_folder, read_idx

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
LABELS = np.array([5, 0, 4, 1, 9], dtype=np.uint8)
WHOLE = idx_bytes(LABELS)
HTML = b"<!DOCTYPE html><title>403 Forbidden</title>"

ZIPPED = compress(WHOLE)
NO_IDX = "is no IDX file: magic number "

# the damage: file name, its bytes, and what the error says
DAMAGED = {
    "2 axes": ("x", idx_bytes(LABELS, magic=0x802), f"{NO_IDX}2050, not 2049 or 2051"),
    "floats": ("x", idx_bytes(LABELS, magic=0xD01), f"{NO_IDX}3329"),
    "a web page": ("x", HTML, f"{NO_IDX}1008813135"),
    "nothing": ("x", b"", f"{NO_IDX}0"),
    "gzip without .gz": ("x", ZIPPED, "is gzip-compressed, and its name must say so"),
    "the last byte is missing": ("x", WHOLE[:-1], "is cut short: 12 bytes of 13"),
    "a header alone": ("x", WHOLE[:8], "is cut short: 8 bytes of 13"),
    "half a header": ("x", WHOLE[:6], "is cut short: 6 bytes of 8"),
    "a byte left over": ("x", WHOLE + b"\0", "is too long: 14 bytes instead of 13"),
    "twice": ("x", WHOLE + WHOLE, "is too long: 26 bytes instead of 13"),
    "not gzip": ("x.gz", WHOLE, "is no gzip file"),
    "a web page called .gz": ("x.gz", HTML, "is no gzip file"),
    "nothing called .gz": ("x.gz", b"", "is no gzip file"),
    "gzip cut short": ("x.gz", ZIPPED[:-3], "is a damaged gzip file"),
    "gzip changed": ("x.gz", ZIPPED[:12] + b"\xff\xff\xff" + ZIPPED[15:], "is a damaged gzip file"),
    "gzip and a byte": ("x.gz", ZIPPED + b"x", "is a damaged gzip file (bytes are left over"),
    "gzip twice": ("x.gz", ZIPPED + ZIPPED[:-1], "is a damaged gzip file (bytes are left over"),
    "gzip of a short one": ("x.gz", compress(WHOLE[:-1]), "is cut short: 12 bytes of 13"),
    "gzip of a long one": ("x.gz", compress(WHOLE + b"\0"), "is too long: 14 bytes instead of 13"),
}


@pytest.mark.parametrize("array", [IMAGES, LABELS, LABELS[:0], IMAGES[:0]])
@pytest.mark.parametrize("name", ["digits", "digits.gz"])
def test_a_whole_file_is_read(tmp_path, name, array):
    content = idx_bytes(array)
    (tmp_path / name).write_bytes(compress(content) if name.endswith("gz") else content)
    found = read_idx(tmp_path / name)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_named_and_left_alone(tmp_path, damage):
    name, content, problem = DAMAGED[damage]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MnistFileError) as caught:
        read_idx(tmp_path / name)
    assert problem in caught.value.problem
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / name} {caught.value.problem}; ")
    assert message.endswith("-m course_tools fetch")
    assert snapshot(tmp_path) == {name: content}


def test_a_missing_file_is_reported_as_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="labels"):
        read_idx(tmp_path / "labels")


@pytest.mark.parametrize("name", ["x", "x.gz"])
def test_a_folder_in_place_of_a_file_is_named(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(MnistFileError, match="is a folder, not a file"):
        read_idx(tmp_path / name)


def test_an_unreadable_file_is_named(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "x").write_bytes(WHOLE)
    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    with pytest.raises(MnistFileError, match="x is unreadable: Permission denied"):
        read_idx(tmp_path / "x")


@pytest.mark.skipif(os.name == "nt", reason="Windows says that there is no such file")
def test_a_path_that_the_system_refuses_is_named(tmp_path):
    path = tmp_path / ("x" * 300)  # where Path.is_dir raises an error, as in a locked folder
    with pytest.raises(MnistFileError, match="is unreadable"):
        read_idx(path)


def test_a_header_that_promises_gigabytes_costs_no_memory(tmp_path):
    (tmp_path / "x").write_bytes(b"\0\0\x08\x03" + b"\xff" * 12 + b"few bytes")
    with pytest.raises(MnistFileError, match="is cut short: 25 bytes of 79,228,162,458,924"):
        read_idx(tmp_path / "x")


def test_a_good_file_of_other_digits_is_not_mnist(tmp_path):
    (tmp_path / "x").write_bytes(WHOLE)
    with pytest.raises(MnistFileError, match=r"holds an array of shape \(5,\), MNIST's is \(6,\)"):
        read_idx(tmp_path / "x", shape=(6,))
    with pytest.raises(MnistFileError, match="has other numbers in it than MNIST"):
        read_idx(tmp_path / "x", sha256="0" * 64)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_whole_folder(tmp_path, tiny_mnist, ending):
    fill(tmp_path, tiny_mnist, ending)
    arrays, problems = read_folder(tmp_path)
    assert {name: array.shape for name, array in arrays.items()} == SHAPES
    assert list(arrays) == list(SHAPES)  # in the order of the public call
    assert problems == []


def test_compressed_and_plain_files_may_be_mixed(tmp_path, tiny_mnist):
    fill(tmp_path, tiny_mnist, ".gz")
    name = "train-labels-idx1-ubyte"
    (tmp_path / f"{name}.gz").unlink()
    (tmp_path / name).write_bytes(tiny_mnist[name])
    assert len(read_folder(tmp_path)[0]) == 4


@pytest.mark.parametrize("name", SHAPES)
def test_one_changed_bit_is_noticed(tmp_path, tiny_mnist, name):
    fill(tmp_path, tiny_mnist)
    content = bytearray(tiny_mnist[name])
    content[-1] ^= 1
    (tmp_path / name).write_bytes(content)
    arrays, problems = read_folder(tmp_path)
    assert name not in arrays and len(arrays) == 3
    assert [problem.path for problem in problems] == [tmp_path / name]


def test_images_and_labels_of_different_counts(tmp_path, tiny_mnist):
    fill(tmp_path, tiny_mnist)
    labels = tiny_mnist["t10k-labels-idx1-ubyte"]
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(labels)
    arrays, problems = read_folder(tmp_path)
    assert "train-labels-idx1-ubyte" not in arrays
    assert str(problems[0]).startswith(
        f"{tmp_path / 'train-labels-idx1-ubyte'} holds an array of shape (10,), MNIST's is (20,)"
    )


def test_a_damaged_file_beside_its_whole_twin(tmp_path, tiny_mnist):
    fill(tmp_path, tiny_mnist, ".gz")
    damaged = tmp_path / "t10k-images-idx3-ubyte"
    damaged.write_bytes(HTML)
    arrays, problems = read_folder(tmp_path)
    assert len(arrays) == 4
    assert [problem.path for problem in problems] == [damaged]


@pytest.mark.parametrize("where", ["nowhere", "a file"])
def test_no_folder_at_all(tmp_path, where):
    (tmp_path / "a file").write_bytes(b"")
    assert read_folder(tmp_path / where) == ({}, [])
