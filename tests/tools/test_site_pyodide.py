"""Pyodide for the site: what is verified, and the sentences about what does not fit."""

import hashlib
import io
import json
import zipfile
from urllib.parse import urljoin

import pytest

from course_tools.site import pyodide
from course_tools.site.error import SiteError
from course_utils.files import COURSE

pytest.importorskip("jupyterlite_pyodide_kernel", reason="the site needs requirements-site.txt")


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def release(tmp_path, monkeypatch):
    """Write a small release of Pyodide, and let the course trust it; return its folder."""
    names = {*pyodide.NEEDED, "numpy", "traitlets", "pillow", "threadpoolctl"}
    lock = {"info": {"version": pyodide.VERSION}, "packages": {}}
    for name in names:
        entry = {"name": name, "file_name": f"{name}-1.whl", "depends": []}
        lock["packages"][name] = entry | {"sha256": sha256(name.encode())}
        (tmp_path / entry["file_name"]).write_bytes(name.encode())
    for name in pyodide.CORE:
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / pyodide.LOCK).write_text(json.dumps(lock), encoding="utf-8")
    for name in pyodide.CORE:
        monkeypatch.setitem(pyodide.CORE, name, sha256((tmp_path / name).read_bytes()))
    return tmp_path


def test_every_file_is_the_one_that_the_lock_file_names(release):
    contents = pyodide.files(release)
    lock = json.loads(contents[pyodide.LOCK])
    assert {*pyodide.NEEDED, *pyodide.KERNEL, pyodide.COURSE_NAME} <= {*lock["packages"]}
    for entry in lock["packages"].values():
        assert sha256(contents[entry["file_name"]]) == entry["sha256"]
        assert {*entry["depends"]} <= {*lock["packages"]}
    assert contents == pyodide.files(release)  # to the last bit


def test_the_wheel_of_the_course_holds_what_its_code_reads(release):
    contents = pyodide.files(release)
    entry = json.loads(contents[pyodide.LOCK])["packages"][pyodide.COURSE_NAME]
    assert {"course_utils", "course_exercises", "course_tools"} <= {*entry["imports"]}
    with zipfile.ZipFile(io.BytesIO(contents[entry["file_name"]])) as file:
        read = ["data/sample_weight.npz", "notebooks/icons/A1.png", "course_utils/chapters.csv"]
        assert [file.read(path) for path in read] == [(COURSE / p).read_bytes() for p in read]
        assert not [name for name in file.namelist() if name.endswith((".pyc", ".so"))]


def test_without_a_folder_the_core_is_downloaded_and_packages_come_from_the_cdn(
    release, monkeypatch
):
    asked = []

    def received(url, most, patience):
        asked.append(url)
        return (release / url.removeprefix(pyodide.CDN)).read_bytes()

    monkeypatch.setattr(pyodide, "received", received)
    monkeypatch.setattr(pyodide, "offline", lambda: None)
    contents = pyodide.files()
    assert asked == [pyodide.CDN + name for name in pyodide.CORE]
    for entry in json.loads(contents[pyodide.LOCK])["packages"].values():
        where = urljoin("http://site/tab/static/pyodide/", entry["file_name"])  # as a browser does
        assert where.startswith(pyodide.CDN) != (entry["file_name"] in contents)


def test_no_pyodide_and_no_network(monkeypatch):
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    with pytest.raises(SiteError, match=r"cannot be .* \(COURSE_OFFLINE is set\).*--pyodide"):
        pyodide.files()
    monkeypatch.setenv("COURSE_OFFLINE", "0")
    with pytest.raises(SiteError, match=r"\(host not found\)"):  # tests have no internet
        pyodide.files()


def change(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["numpy-1.whl", "pyodide.asm.wasm", "pyodide.mjs"])
def test_a_file_changed_by_one_byte(release, name):
    change(release / name)
    with pytest.raises(SiteError, match=f"^{name} is not what Pyodide .* vouches for .* anew"):
        pyodide.files(release)


def test_a_lock_file_that_was_changed_to_fit(release):
    """A package and its SHA-256 in the lock file are changed alike."""
    (release / "numpy-1.whl").write_bytes(b"other")
    lock = (release / pyodide.LOCK).read_text(encoding="utf-8")
    lock = lock.replace(sha256(b"numpy"), sha256(b"other"))
    (release / pyodide.LOCK).write_text(lock, encoding="utf-8")
    with pytest.raises(SiteError, match=r"^pyodide-lock.json is not what Pyodide"):
        pyodide.files(release)


@pytest.mark.parametrize(
    ("lock", "match"),
    [
        ('{"info": {"version": "0.26.0"}}', r"lock.json is of Pyodide 0.26.0, but .* 0.27.7: get"),
        ("{}", r"lock.json is no lock file of Pyodide"),
        ("[]", r"lock.json is no lock file of Pyodide"),
        ("PK", r"lock.json is no lock file of Pyodide"),
    ],
)
def test_a_lock_file_that_does_not_fit(release, lock, match):
    (release / pyodide.LOCK).write_text(lock, encoding="utf-8")
    with pytest.raises(SiteError, match=match):
        pyodide.files(release)


def test_a_folder_that_lacks_a_file_or_is_none(release):
    (release / "pillow-1.whl").unlink()
    with pytest.raises(SiteError, match=r"lacks pillow-1.whl \(No such file.*\): unpack all of"):
        pyodide.files(release)
    with pytest.raises(SiteError, match=r"nowhere is no folder: name one that holds Pyodide"):
        pyodide.files(release / "nowhere")
