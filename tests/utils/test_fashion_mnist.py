"""Fashion-MNIST: brought along, downloaded and verified, or not there, which one line says."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from tiny_mnist import SHAPES, fill, idx_bytes

from course_utils.mnist import fashion
from course_utils.mnist.fashion import load_fashion_mnist


@pytest.fixture
def clothes():
    """Return the bytes of four small files."""
    rng = np.random.default_rng(1)
    return {n: idx_bytes(rng.integers(0, 10, s, dtype=np.uint8)) for n, s in SHAPES.items()}


@pytest.fixture
def home(data_folder, monkeypatch):
    """Return where it is downloaded to, in an empty folder; nothing says that we are offline."""
    monkeypatch.setattr(fashion, "DATA", data_folder)
    monkeypatch.delenv("FASHION_MNIST_DIR", raising=False)
    monkeypatch.delenv("COURSE_OFFLINE", raising=False)
    return data_folder / "fashion-mnist"


@pytest.fixture
def mirror(clothes, tmp_path, monkeypatch):
    """Let two mirrors, the first of which is broken, send the small files; return what is asked."""
    fill(tmp_path / "mirror", clothes, ".gz")
    files = {path.name: path.read_bytes() for path in (tmp_path / "mirror").iterdir()}
    hashes = {name: hashlib.sha256(files[f"{name}.gz"]).hexdigest() for name in fashion.SHA256}
    asked = []

    def received(url, most, patience):
        asked.append(url)
        if "broken" in url:
            return b"<!DOCTYPE html>"
        return files[Path(url).name]

    monkeypatch.setattr(fashion, "received", received)
    monkeypatch.setattr(fashion, "SHA256", hashes)
    monkeypatch.setattr(fashion, "MIRRORS", ("http://broken.invalid/", "http://good.invalid/"))
    return asked


def test_a_set_that_was_brought_along_is_read(clothes, home, tmp_path, monkeypatch, capsys):
    fill(tmp_path / "stick", clothes, ".gz")
    monkeypatch.setenv("FASHION_MNIST_DIR", str(tmp_path / "stick"))
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    (x_train, t_train), (x_test, t_test) = load_fashion_mnist(normalize=False, flatten=False)
    assert x_train.shape == (20, 28, 28)
    assert (x_test.dtype, t_test.shape, t_train.max() < 10) == (np.uint8, (10,), True)
    assert capsys.readouterr().out == "Fashion-MNIST: 20 training and 10 test images\n"


def test_it_is_downloaded_once_and_verified(home, mirror, capsys):
    assert load_fashion_mnist() is not None
    assert len(mirror) == 5  # one from the broken mirror, which is not asked again
    assert {path.stem for path in home.iterdir()} == set(fashion.SHA256)
    assert load_fashion_mnist() is not None
    assert len(mirror) == 5
    assert capsys.readouterr().out.count("20 training and 10 test images") == 2


def test_what_is_not_verified_is_not_kept(home, mirror, monkeypatch, capsys):
    monkeypatch.setattr(fashion, "MIRRORS", fashion.MIRRORS[:1])
    assert load_fashion_mnist() is None
    assert not home.exists()
    assert capsys.readouterr().out == "Fashion-MNIST: not here (what came was something else)\n"


def test_offline_nothing_is_asked_and_no_earlier_download_counts(
    home, clothes, mirror, monkeypatch, capsys
):
    fill(home, clothes, ".gz")
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    assert load_fashion_mnist() is None
    assert mirror == []
    assert capsys.readouterr().out == "Fashion-MNIST: not here (COURSE_OFFLINE is set)\n"


def test_without_a_network_the_reason_is_said(home, capsys):
    assert load_fashion_mnist() is None
    assert capsys.readouterr().out.startswith("Fashion-MNIST: not here (")


def test_a_folder_without_it_is_named(home, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FASHION_MNIST_DIR", str(tmp_path / "empty"))
    assert load_fashion_mnist() is None
    assert "there is no folder" in capsys.readouterr().out


def test_the_published_hashes_are_four_of_the_right_form():
    assert len(fashion.SHA256) == 4
    assert all(len(value) == 64 and int(value, 16) for value in fashion.SHA256.values())
