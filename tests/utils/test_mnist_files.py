"""Files of sets: whole ones are read, whatever their names; damaged ones are named and left."""

import os
import tracemalloc
from contextlib import contextmanager
from gzip import compress

import numpy as np
import pytest
from tiny_mnist import FORMS, KEYS, SHAPES, as_npz, fill, idx_bytes, snapshot, zipped

from course_utils.mnist import load_idx
from course_utils.mnist.idx import IdxError, read_folder, read_idx

NAME = "t10k-labels-idx1-ubyte"
HTML = b"<!DOCTYPE html><title>403 Forbidden</title>"


class Pickled:
    """What must never be made from a file."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was read",)


# what is done to a whole file (its name, its bytes), and what the error says
DAMAGE = {
    "2 axes": (NAME, lambda b: b"\0\0\x08\x02" + b[4:], "has 18 bytes instead of "),
    "a web page": (NAME, lambda b: HTML, "is no IDX file: it begins with b'<!DO'"),
    "nothing": (NAME, lambda b: b"", "is empty"),
    "zeros": (NAME, lambda b: bytes(len(b)), "is no IDX file: it begins with b'\\x00"),
    "no axes": (NAME, lambda b: b"\0\0\x08\0" + b[4:], "is no IDX file: "),
    "unheard-of numbers": (NAME, lambda b: b"\0\0\x07\x01" + b[4:], "is no IDX file: "),
    "the last byte is missing": (NAME, lambda b: b[:-1], "has 17 bytes instead of 18"),
    "half a header": (NAME, lambda b: b[:6], "has 6 bytes instead of "),
    "a quarter of a header": (NAME, lambda b: b[:3], "is no IDX file: "),
    "a byte left over": (NAME, lambda b: b + b"\0", "goes on after its 18 bytes"),
    "twice": (NAME, lambda b: b + b, "goes on after its 18 bytes"),
    "endless": (NAME, lambda b: b[:4] + b"\xff" * 4, "has 8 bytes instead of 4,294,967,303"),
    "a page called .gz": (f"{NAME}.gz", lambda b: HTML, "is no IDX file: it begins with b'<!DO'"),
    "nothing called .gz": (f"{NAME}.gz", lambda b: b"", "is empty"),
    "gzip cut short": (f"{NAME}.gz", lambda b: compress(b)[:-3], "is a damaged gzip file"),
    "gzip cut in its header": (f"{NAME}.gz", lambda b: compress(b)[:4], "is a damaged gzip file"),
    "gzip changed": (
        f"{NAME}.gz",
        lambda b: compress(b)[:-7] + b"\xff\xff\xff" + compress(b)[-4:],
        "is a damaged gzip file",
    ),
    "gzip and a byte": (f"{NAME}.gz", lambda b: compress(b) + b"x", "is a damaged gzip file"),
    "gzip twice": (f"{NAME}.gz", lambda b: 2 * compress(b), "goes on after its 18 bytes"),
    "gzip of a short one": (f"{NAME}.gz", lambda b: compress(b[:-1]), "has 17 bytes"),
    "gigabytes": (f"{NAME}.gz", lambda b: compress(b + bytes(1 << 27), 1), "goes on after"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_named_and_left_alone(tmp_path, tiny_mnist, damage):
    name, change, problem = DAMAGE[damage]
    content = change(tiny_mnist[NAME])
    (tmp_path / name).write_bytes(content)
    with pytest.raises(IdxError) as caught:
        read_idx(tmp_path / name)
    assert str(caught.value).startswith(f"{tmp_path / name} {problem}")
    assert str(caught.value).endswith("put a fresh copy in its place")
    assert snapshot(tmp_path) == {name: content}


@pytest.mark.parametrize("name", [NAME, f"{NAME}.gz"])
def test_a_folder_in_place_of_a_file_is_named(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(IdxError, match=f"{name} is unreadable: it is a folder"):
        read_idx(tmp_path / name)


@pytest.mark.skipif(os.name == "nt", reason="Windows says that there is no such file")
def test_a_path_that_the_system_refuses_is_named(tmp_path):
    with pytest.raises(IdxError, match="is unreadable: File name too long"):
        read_idx(tmp_path / ("x" * 300))


@pytest.mark.parametrize("name", [NAME, f"{NAME}.gz"])
@pytest.mark.parametrize("pack", [bytes, compress, lambda b: compress(b[:9]) + compress(b[9:])])
def test_a_whole_file_whoever_compressed_it_and_whatever_its_ending(
    tmp_path, tiny_mnist, name, pack
):
    (tmp_path / name).write_bytes(pack(tiny_mnist[NAME]))
    assert read_idx(tmp_path / name).tobytes() == tiny_mnist[NAME][8:]


@pytest.mark.parametrize("dtype", ["u1", "i1", ">i2", ">i4", ">f4", ">f8"])
def test_other_numbers_than_bytes(tmp_path, dtype):
    array = np.arange(-3, 3).reshape(3, 2).astype(dtype)
    magic = {"u1": 8, "i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}[dtype] << 8 | 2
    (tmp_path / NAME).write_bytes(idx_bytes(array, magic))
    np.testing.assert_array_equal(read_idx(tmp_path / NAME), array, strict=True)


# MNIST in a folder


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_whole_folder(tmp_path, tiny_mnist, ending):
    fill(tmp_path, tiny_mnist, ending)
    (tmp_path / NAME).write_bytes(tiny_mnist[NAME])  # compressed and plain may be mixed
    (tmp_path / f"{NAME}.gz").write_bytes(compress(tiny_mnist[NAME], 1))  # by another program
    found, problems = read_folder(tmp_path)
    assert {name: array.shape for name, (array, _) in found.items()} == SHAPES
    assert list(found) == list(SHAPES)  # in the order of the public call
    assert problems == []


def test_a_damaged_file_beside_its_whole_twin(tmp_path, tiny_mnist):
    fill(tmp_path, tiny_mnist, ".gz")
    (tmp_path / NAME).write_bytes(HTML)
    found, problems = read_folder(tmp_path)
    assert len(found) == 4
    assert [problem.path for problem in problems] == [tmp_path / NAME]


@pytest.mark.parametrize("where", ["nowhere", "a file"])
def test_no_folder_at_all(tmp_path, where):
    (tmp_path / "a file").write_bytes(b"")
    assert read_folder(tmp_path / where) == ({}, [])


@pytest.mark.parametrize("form", FORMS)
def test_mnist_is_known_under_any_name(tmp_path, tiny_mnist, form):
    FORMS[form](tmp_path, tiny_mnist)
    before = snapshot(tmp_path)
    found, problems = read_folder(tmp_path)
    assert list(found) == list(SHAPES)
    for name, (array, path) in found.items():
        assert idx_bytes(array) == tiny_mnist[name]
        assert path.is_file()
    assert problems == []
    assert snapshot(tmp_path) == before


def test_an_npz_file_in_place_of_the_folder(tmp_path, tiny_mnist):
    as_npz(tmp_path, tiny_mnist)
    assert list(read_folder(tmp_path / "mnist.npz")[0]) == list(SHAPES)


def test_the_usual_names_are_enough(tmp_path, tiny_mnist):
    """Nothing else is looked at when the four files are there."""
    fill(tmp_path, tiny_mnist)
    (tmp_path / f"{NAME} (1).gz").write_bytes(HTML)
    (tmp_path / "mnist.npz").write_bytes(HTML)
    assert read_folder(tmp_path)[1] == []


@contextmanager
def at_most(n_bytes):
    """Check that what is done inside never holds more memory than this at once."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < n_bytes
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "name", ["holiday.mp4", "holiday.gz", "archive.tar", "weights.npz", "train.csv", "train-images"]
)
# Named, because gzip writes the time into its header, and workers must agree on the tests' names.
@pytest.mark.parametrize(
    "start",
    [b"", compress(bytes(100)), compress(bytes(40_000_000), 1)],
    ids=["empty", "small gzip", "large gzip"],
)
def test_a_gigabyte_beside_the_files_is_not_read(tmp_path, tiny_mnist, name, start):
    as_npz(tmp_path, tiny_mnist)
    with (tmp_path / name).open("wb") as file:
        file.write(start)
        file.truncate(1 << 30)
    with at_most(1 << 24):
        found, problems = read_folder(tmp_path)
    assert len(found) == 4 and problems == []


@pytest.mark.parametrize("n_bytes", [100, 40_000_000])
def test_a_gzip_file_takes_no_more_memory_than_it_holds(tmp_path, tiny_mnist, n_bytes):
    as_npz(tmp_path, tiny_mnist)
    zeros = np.zeros(n_bytes, np.uint8)
    for name, content in (("holiday.gz", bytes(zeros)), ("a set.gz", idx_bytes(zeros))):
        (tmp_path / name).write_bytes(compress(content, 1))
    with at_most(1 << 24):  # a beginning is enough to see that they are not MNIST's
        assert len(read_folder(tmp_path)[0]) == 4
        with pytest.raises(IdxError, match="is no IDX file"):
            read_idx(tmp_path / "holiday.gz")
    with at_most((1 << 24) + 3 * n_bytes):
        assert np.array_equal(read_idx(tmp_path / "a set.gz"), zeros)


@pytest.mark.parametrize("pack", [bytes, compress, lambda b: compress(b[:9]) + compress(b[9:])])
def test_a_false_length_takes_no_memory(tmp_path, tiny_mnist, pack):
    (tmp_path / NAME).write_bytes(pack(tiny_mnist[NAME][:4] + b"\x3f" * 4 + bytes(10)))
    with at_most(1 << 24), pytest.raises(IdxError, match="has 18 bytes instead of 1,061,109,575"):
        read_idx(tmp_path / NAME)


# files that are called as MNIST's, or have its size: what is said of them
OTHERS = {
    "a damaged copy": (
        f"{NAME} (1).gz",
        lambda b: compress(b)[:-3],
        "is a damaged gzip file",
    ),
    "a page": (f"{NAME.upper()}.GZ", lambda b: HTML, "is no IDX file: it begins with b'<!DO'"),
    "a cut one": ("t10k-labels.idx1-ubyte", lambda b: b[:-1], "has 17 bytes instead of 18"),
    "another set": (f"my {NAME}", lambda b: b[:-1] + b"x", "is a well-formed IDX file that holds"),
    "of its size": ("a", lambda b: b[:-1] + b"x", "is a well-formed IDX file that holds another"),
    "a zip archive": ("a.zip", lambda b: zipped({f"x/{NAME}": b}), "is a zip archive"),
    "no archive": ("mnist.npz", lambda b: b, "is no whole .npz file"),
    "other arrays": ("mnist.npz", lambda b: zipped({"W1.npy": b}), "must hold x_train, y_train"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_cannot_be_used_in_place_of_a_missing_file_is_named(tmp_path, tiny_mnist, other):
    name, change, problem = OTHERS[other]
    fill(tmp_path, {part: tiny_mnist[part] for part in SHAPES if part != NAME})
    (tmp_path / name).write_bytes(change(tiny_mnist[NAME]))
    before = snapshot(tmp_path)
    found, (error,) = read_folder(tmp_path)
    assert len(found) == 3
    assert str(error).startswith(f"{tmp_path / name} {problem}")
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize(
    "name", ["notes.txt", "train-images.png", "t10k-labels.csv", f"._{NAME}", f"{NAME}.damaged"]
)
def test_what_is_no_such_file_is_not_spoken_of(tmp_path, name):
    (tmp_path / name).write_bytes(b"three sevens look like ones")
    assert read_folder(tmp_path) == ({}, [])


# (what the arrays of an .npz file are replaced by, what the error says)
NPZ_DAMAGE = {
    "pickled": ({"x_train": np.array([Pickled()], object)}, "Object arrays cannot be loaded"),
    "pickled labels": ({"y_test": np.array([Pickled()] * 10, object)}, "Object arrays cannot be"),
    "divided by 255": ({"x_test": np.ones((10, 784)) / 2}, "x_test must hold whole numbers from 0"),
    "below 0": ({"y_train": np.full(20, -1)}, "y_train must hold whole numbers from 0 to 255"),
    "256": ({"y_train": np.full(20, 256)}, "y_train must hold whole numbers from 0 to 255"),
    "a number": ({"y_train": np.array(5)}, "y_train must hold whole numbers from 0 to 255, found"),
    "another set": (
        {key: np.ones(shape, np.uint8) for key, shape in zip(KEYS, SHAPES.values(), strict=True)},
        "mnist.npz is a well-formed .npz file that holds another set than MNIST",
    ),
}


@pytest.mark.parametrize("damage", NPZ_DAMAGE)
def test_an_npz_file_that_cannot_be_used(tmp_path, tiny_mnist, damage):
    changed, said = NPZ_DAMAGE[damage]
    as_npz(tmp_path, tiny_mnist, **changed)
    before = snapshot(tmp_path)
    found, (error,) = read_folder(tmp_path)
    assert found == {} and said in str(error)
    assert snapshot(tmp_path) == before


def test_an_npz_file_with_other_names(tmp_path):
    np.savez(tmp_path / "mnist.npz", W1=np.ones(3))
    _, (error,) = read_folder(tmp_path)
    assert "must hold x_train, y_train, x_test, y_test, found W1" in str(error)
    (tmp_path / "mnist.npz").rename(tmp_path / "weights.npz")
    assert read_folder(tmp_path) == ({}, [])


# Any set


@pytest.mark.parametrize("form", FORMS)
def test_any_set_is_read(tmp_path, tiny_mnist, form):
    other = {name: content[:-1] + b"\x07" for name, content in tiny_mnist.items()}
    FORMS[form](tmp_path, other)
    before = snapshot(tmp_path)
    (x_train, t_train), (x_test, t_test) = load_idx(tmp_path, normalize=False, flatten=False)
    assert x_train.tobytes() == other["train-images-idx3-ubyte"][16:]
    assert x_test.tobytes() == other["t10k-images-idx3-ubyte"][16:]
    assert (x_train.shape, x_test.shape) == ((20, 28, 28), (10, 28, 28))
    assert t_train.tolist() == list(other["train-labels-idx1-ubyte"][8:])
    assert t_test.tolist() == list(other["t10k-labels-idx1-ubyte"][8:])
    assert snapshot(tmp_path) == before


def test_the_form_of_a_set(tmp_path, tiny_mnist):
    tiny_mnist["t10k-labels-idx1-ubyte"] = idx_bytes(np.arange(3, 13, dtype=np.uint8))
    for part in ("train", "t10k"):
        n = SHAPES[f"{part}-labels-idx1-ubyte"][0]
        tiny_mnist[f"{part}-images-idx3-ubyte"] = idx_bytes(np.full((n, 2, 3), 51, np.uint8))
    fill(tmp_path, tiny_mnist)
    (x_train, t_train), (x_test, t_test) = load_idx(tmp_path)
    assert (x_train.shape, x_test.shape) == ((20, 6), (10, 6))
    assert x_train.dtype == np.float32 and (x_train == np.float32(0.2)).all()
    assert t_train.dtype == np.int64 and t_test.tolist() == [*range(3, 13)]
    (_, t_train), (_, t_test) = load_idx(tmp_path, one_hot_label=True)
    assert (t_train.shape, t_test.shape) == ((20, 13), (10, 13))
    assert t_test.argmax(axis=1).tolist() == [*range(3, 13)]


def test_a_set_without_a_single_picture(tmp_path):
    empty = {name: idx_bytes(np.zeros((0, *SHAPES[name][1:]), np.uint8)) for name in SHAPES}
    fill(tmp_path, empty)
    (x_train, t_train), _ = load_idx(tmp_path)
    assert (x_train.shape, t_train.shape) == ((0, 784), (0,))


ONES = {n: np.ones(n, np.uint8) for n in (9, 10, 20)}
# (the arrays that take the place of whole ones, what the error says)
MISFITS = {
    "fewer labels": ({NAME: ONES[9]}, "hold uint8 (10, 28, 28) and uint8 (9,), not n images"),
    "labels of both": ({NAME: ONES[20]}, f"t10k-images-idx3-ubyte and {{}}{NAME} hold uint8 (10,"),
    "2-D labels": ({NAME: ONES[10][:, None]}, "and uint8 (10, 1), not n images of one size"),
    "2-D images": ({"train-images-idx3-ubyte": np.ones((20, 784), np.uint8)}, "uint8 (20, 784)"),
    "colour": ({"train-images-idx3-ubyte": np.ones((20, 4, 4, 3), np.uint8)}, "(20, 4, 4, 3)"),
    "two sizes": ({"t10k-images-idx3-ubyte": np.ones((10, 9, 9), np.uint8)}, "uint8 (10, 9, 9)"),
    "signed labels": ({NAME: ONES[10].astype(np.int8)}, "and int8 (10,), not n images"),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_parts_that_do_not_fit_are_named(tmp_path, tiny_mnist, misfit):
    changed, said = MISFITS[misfit]
    for name, array in changed.items():
        magic = (9 if array.dtype == np.int8 else 8) << 8 | array.ndim
        tiny_mnist[name] = idx_bytes(array, magic)
    fill(tmp_path, tiny_mnist)
    with pytest.raises(IdxError) as caught:
        load_idx(tmp_path)
    assert said.format(f"{tmp_path}{os.sep}") in str(caught.value)
    assert all(name in str(caught.value) for name in changed)
    assert str(caught.value).endswith("data/README.md says what that is")


def test_a_set_without_a_part(tmp_path, tiny_mnist):
    with pytest.raises(IdxError, match=r"^there is no folder .*nowhere; "):
        load_idx(tmp_path / "nowhere")
    with pytest.raises(IdxError, match=r"lacks t10k-im.*, t10k-lab.*, train-im.*, train-lab.*; "):
        load_idx(tmp_path)
    del tiny_mnist[NAME]
    fill(tmp_path, tiny_mnist)
    with pytest.raises(IdxError, match=f"lacks {NAME}; "):
        load_idx(tmp_path)
    as_npz(tmp_path, tiny_mnist | {NAME: idx_bytes(ONES[10])})
    with pytest.raises(IdxError, match=f"lacks {NAME}; "):  # and is not mixed from two
        load_idx(tmp_path)


def test_a_damaged_part_of_a_set(tmp_path, tiny_mnist):
    fill(tmp_path, tiny_mnist)
    (tmp_path / NAME).write_bytes(tiny_mnist[NAME][:-1])
    with pytest.raises(IdxError, match=f"{NAME} has 17 bytes instead of 18; "):
        load_idx(tmp_path)


# (what lies there, which of it is given, how the error ends)
NO_FOLDERS = {
    "a zip of a set": (f"x.zip/{NAME}", "x.zip", "x.zip is a zip archive; unpack it"),
    "another zip": ("x.zip/a", "x.zip", "x.zip is a zip archive; unpack it"),
    "a folder with a zip": (f"x.zip/{NAME}", "", "x.zip is a zip archive; unpack it"),
    "a folder with a tar": ("MNIST.tar.gz", "", "MNIST.tar.gz is an archive; unpack it"),
    "a file of a set": (NAME, NAME, f"{NAME} is a single file; name its folder"),
    "a text": ("a.txt", "a.txt", "a.txt is a single file; name its folder"),
}


@pytest.mark.parametrize("case", NO_FOLDERS)
def test_what_is_no_folder_of_a_set_is_named(tmp_path, tiny_mnist, case):
    there, named, said = NO_FOLDERS[case]
    name, _, member = there.partition("/")
    content = zipped({member: tiny_mnist[NAME]}) if member else tiny_mnist[NAME]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(IdxError) as caught:
        load_idx(tmp_path / named)
    assert str(caught.value) == f"{tmp_path}{os.sep}{said}"


@pytest.mark.parametrize("second", ["EMNIST/raw", "zoo"])
def test_two_sets_are_never_mixed(tmp_path, tiny_mnist, second):
    fill(tmp_path / "FashionMNIST" / "raw", tiny_mnist)
    load_idx(tmp_path)
    fill(tmp_path / second, {NAME: tiny_mnist[NAME]})
    with pytest.raises(IdxError, match=rf"{second}.*FashionMNIST.*{NAME} are alike; name"):
        load_idx(tmp_path)
    (tmp_path / "FashionMNIST" / "raw" / NAME).unlink()
    with pytest.raises(IdxError, match=r"holds several sets: .*FashionMNIST.*; name the"):
        load_idx(tmp_path)
    fill(tmp_path, tiny_mnist)  # what lies in the folder itself is meant
    assert len(load_idx(tmp_path)[0][0]) == 20


def test_two_sets_with_names_of_their_own(tmp_path, tiny_mnist):
    for kind in "digits", "letters":
        fill(tmp_path, {f"emnist-{kind}-{name}": tiny_mnist[name] for name in SHAPES}, ".gz")
    with pytest.raises(IdxError, match=r"emnist-digits-train-im.* and .*emnist-letters-train-"):
        load_idx(tmp_path)


def test_two_npz_files(tmp_path, tiny_mnist):
    as_npz(tmp_path, tiny_mnist)
    (tmp_path / "fashion.npz").write_bytes((tmp_path / "mnist.npz").read_bytes())
    with pytest.raises(IdxError, match=r"holds several sets: .*fashion.npz, .*mnist.npz; "):
        load_idx(tmp_path)
    assert len(load_idx(tmp_path / "fashion.npz")[0][0]) == 20
