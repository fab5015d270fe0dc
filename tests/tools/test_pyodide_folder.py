"""Assembling a Pyodide folder: what is verified, and the sentences about what does not fit."""

import hashlib
import io
import json
import tarfile
import zipfile

import pytest
from course_tools.pyodide import PyodideError, assemble

from course_tools import pyodide
from course_utils.files import COURSE

OWN = [name for name in pyodide.DEPENDS if name != pyodide.COURSE_NAME]


def sha256(content):
    return hashlib.sha256(content).hexdigest()


class Parts:
    """The three things that a folder is assembled from, made small; `write` writes them."""

    def __init__(self, folder, monkeypatch):
        self.folder, self.patch = folder, monkeypatch
        names = {*pyodide.NEEDED.split(), "traitlets", "pillow"}
        self.packages = {f"{name}-1-py3-none-any.whl": name.encode() for name in names}
        self.lock = {"info": {"version": pyodide.VERSION}, "packages": {}}
        for file_name, content in self.packages.items():
            entry = {"file_name": file_name, "sha256": sha256(content), "depends": []}
            self.lock["packages"][content.decode()] = entry

    def write(self):
        core, packages = self.folder / "core.tgz", self.folder / "packages.zip"
        with tarfile.open(core, "w:gz") as file:
            for name in (*pyodide.CORE, pyodide.LOCK):
                content = json.dumps(self.lock).encode() if name == pyodide.LOCK else name.encode()
                info = tarfile.TarInfo(f"package/{name}")
                info.size = len(content)
                file.addfile(info, io.BytesIO(content))
        self.patch.setattr(pyodide, "CORE_SHA256", sha256(core.read_bytes()))
        with zipfile.ZipFile(packages, "w") as file:
            for name, content in self.packages.items():
                file.writestr(f"somewhere/{name}", content)
        wheels = []
        for name in OWN:
            wheels.append(self.folder / f"{name.replace('-', '_')}-2-py3-none-any.whl")
            with zipfile.ZipFile(wheels[-1], "w") as file:
                file.writestr(f"{name.replace('-', '_')}/__init__.py", "")
        return [self.folder / "pyodide", core, packages, wheels]


@pytest.fixture
def parts(tmp_path, monkeypatch):
    return Parts(tmp_path, monkeypatch)


def test_every_file_is_the_one_that_the_lock_file_names(parts):
    folder, *rest = parts.write()
    n_bytes = assemble(folder, *rest)
    lock = json.loads((folder / pyodide.LOCK).read_text(encoding="utf-8"))
    assert {*lock["packages"]} == {*parts.lock["packages"], *pyodide.DEPENDS}
    for entry in lock["packages"].values():
        assert sha256((folder / entry["file_name"]).read_bytes()) == entry["sha256"]
    assert lock["packages"][pyodide.COURSE_NAME]["imports"] >= sorted(pyodide.PACKAGES)
    assert n_bytes == sum(path.stat().st_size for path in folder.iterdir())


def test_the_wheel_of_the_course_holds_what_its_code_reads():
    name, content = pyodide.course_wheel()
    assert (name, content) == pyodide.course_wheel()  # to the last bit
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        for path in (
            "data/sample_weight.npz",
            "notebooks/icons/A1.png",
            "course_utils/chapters.csv",
        ):
            assert file.read(path) == (COURSE / path).read_bytes()


def refused(parts, match, change=lambda *arguments: None):
    arguments = parts.write()
    change(*arguments)
    with pytest.raises(PyodideError, match=match):
        assemble(*arguments)
    assert not (arguments[0] / pyodide.LOCK).exists()


def test_a_package_changed_by_one_byte(parts):
    parts.packages["numpy-1-py3-none-any.whl"] = b"nunpy"
    refused(parts, r"^numpy-1-py3-none-any.whl is not what Pyodide .* vouches for")


def test_the_core_changed_by_one_byte(parts):
    def change(folder, core, *_):
        content = bytearray(core.read_bytes())
        content[-1] ^= 1
        core.write_bytes(content)

    refused(parts, r"^core.tgz is not what .*: download it again: npm pack pyodide@", change)


def test_a_lock_file_of_another_version(parts):
    parts.lock["info"]["version"] = "0.26.0"
    refused(parts, r"^pyodide-lock.json is of Pyodide 0.26.0, but the course is tested with")


@pytest.mark.parametrize("lock", [[], {}, {"info": {"version": "0.27.7"}, "packages": {"a": {}}}])
def test_what_is_no_lock_file(parts, lock):
    parts.lock = lock
    refused(parts, r"^pyodide-lock.json is no lock file")


def test_a_lock_file_without_a_package_that_is_needed(parts):
    del parts.lock["packages"]["scipy"]
    refused(parts, r"^pyodide-lock.json knows no package scipy")


def test_an_archive_without_a_package(parts):
    del parts.packages["scipy-1-py3-none-any.whl"]
    refused(parts, r"packages.zip lacks scipy-1-py3-none-any.whl")


def test_an_archive_that_is_none(parts):
    refused(
        parts, "packages.zip cannot be read", lambda f, c, packages, w: packages.write_text("a")
    )


def test_a_wheel_that_is_missing_or_not_in_pure_python(parts):
    refused(parts, "^a wheel of anywidget is missing", lambda f, c, p, wheels: wheels.pop(0))
    path = parts.folder / "tqdm-2-cp312-linux_x86_64.whl"
    path.write_bytes(b"")
    refused(parts, "^tqdm-2.* is none of the wheels", lambda f, c, p, wheels: wheels.append(path))


def test_a_folder_that_is_not_empty(parts):
    def change(folder, *_):
        folder.mkdir()
        (folder / "thesis.txt").touch()

    refused(parts, "pyodide is not empty", change)
