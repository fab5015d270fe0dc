"""What is installed, is the data there, and what to do about it. TensorFlow is not imported.

Whatever is no part of Python is imported where it is looked at, because it may be missing.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path

from course_utils import browser
from course_utils.chapters import WITH_TENSORFLOW
from course_utils.files import COURSE, DATA, command, is_folder, python, restore, shown
from course_utils.message import CourseError, Message

PYTHONS = ((3, 11), (3, 12), (3, 13))
REQUIREMENTS = COURSE / "requirements.txt"
FREE_BYTES = 200e6  # MNIST and its CSV form, with room to spare
FREE_MEMORY = 1.5e9  # bytes; the kernel of chapter 07
CGROUP = Path("/sys/fs/cgroup")  # where Linux limits the memory of a container, in two versions
IN_CGROUP = (
    ("memory.max", "memory.current", "memory.stat"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "memory/memory.stat"),
)
FIND_CODE = """from importlib.util import find_spec
print(find_spec("course_utils").origin, end="")"""


def _text(template, /, **values):
    return str(Message(template, **values))


def _to_run(typed):
    return _text("in the course's folder, run: {command}", command=typed)


INSTALL = _to_run(python("-m pip install -r requirements.txt"))


class Report:
    """What the doctor found; its `str` is a table, followed by what to do.

    Attributes
    ----------
    rows : list of (str, str, str)
        What was looked at, what was found, and what must be done about it ("" if nothing).
    """

    def __init__(self, rows):
        self.rows = rows

    @property
    def well(self):
        """Whether nothing has to be done."""
        return not any(cure for _, _, cure in self.rows)

    def __str__(self):
        """Lay the findings out for a font in which all characters are equally wide."""
        width = max(len(subject) for subject, _, _ in self.rows)
        lines = [
            f"{'!!' if cure else 'ok'}  {subject:{width}}  {found}"
            for subject, found, cure in self.rows
        ]
        cures = dict.fromkeys(cure for _, _, cure in self.rows if cure)
        end = [_text("What to do:"), *(f"- {cure}" for cure in cures)]
        return "\n".join([*lines, "", *(end if cures else [_text("All is well.")])])

    __repr__ = __str__  # so that a cell which ends in doctor.report() shows the table


def run():
    """Print the report; return 1, the exit status, if something has to be done."""
    found = report()
    print(found)
    return 0 if found.well else 1


def report():
    """Examine this Python, its packages and the data; no more if all that is another course's.

    Returns
    -------
    Report
        Print it, or let a cell end with it.
    """
    if browser.IN_BROWSER:  # nothing was installed there
        where = _text("a browser's tab"), ""
        looks = [("system", lambda: where), ("offline sample", _sample)]
        return Report([_row(*look) for look in [*looks, ("trained weights", _weights)]])
    start = [
        _row("Python", _python),
        _row("system", lambda: (f"{platform.system()}, {platform.machine()}", "")),
        _row("course's folder", folder),
    ]
    if start[-1][2]:
        return Report(start)
    return Report(
        [
            *start,
            _row("notebook kernel", kernel),
            _row("own files", _own_files),
            *_packages(),
            _row("full MNIST", _full_set),
            _row("offline sample", _sample),
            _row("trained weights", _weights),
            _row("data folder", _writable),
            _row("free disk", _free_disk),
            _row("free memory", _free_memory),
        ]
    )


def _row(subject, look):
    """Return a row with what `look` finds and its cure, or with what keeps it from looking."""
    try:
        return _text(subject), *look()
    except ImportError as error:
        return _text(subject), _text("cannot be looked at ({why})", why=_why(error)), INSTALL
    except (CourseError, OSError) as error:
        return _text(subject), _text("unusable"), str(error)


def _why(error):
    """Return the first line of an error's message; the report has no room for more."""
    return str(error).strip().partition("\n")[0]


def _python():
    cure = _text("install Python 3.13, delete the folder .venv, and set up anew as the README says")
    return platform.python_version(), "" if sys.version_info[:2] in PYTHONS else cure


def folder():
    """Say whether the notebooks run with the code beside them, not with that of another folder."""
    cwd = Path.cwd()
    here = next((place for place in [cwd, *cwd.parents] if _is_course(place)), COURSE)
    if not _is_course(here):
        cure = "the course runs in its own folder, where README.md is: there type the line under "
        cure += '"Start" in README.md'
        return _text("the code is in {folder}, without the notebooks", folder=COURSE), _text(cure)
    cure = 'in the folder {folder}, type the line under "Start" in README.md again'
    cure = _text(cure, folder=here)
    try:
        used = COURSE
        if here.samefile(COURSE):  # but a notebook may find another one
            origin = Path(_said_by(sys.executable, "-c", FIND_CODE, cwd=here / "notebooks"))
            if origin.is_relative_to(here / "notebooks"):
                return _own_files()
            used = origin.parent.parent
        if not here.samefile(used):
            return _text("the code in {folder} is used instead", folder=used), cure
        if script := shutil.which("course", path=Path(sys.executable).parent):
            _said_by(script, "--help")
    except (OSError, subprocess.SubprocessError):
        return _text("it was moved: its code is not found from here"), cure
    return _text("notebooks run with the code in it"), ""


def _is_course(place):
    return (place / "course_utils" / "chapters.csv").is_file() and is_folder(place / "notebooks")


def _said_by(*typed, **options):
    options |= {"env": os.environ | {"PYTHONUTF8": "1"}, "encoding": "utf-8"}
    return subprocess.run(typed, check=True, capture_output=True, **options).stdout


def _own_files():
    """Look for files beside the notebooks that Python takes for packages, ``keras.py``, say."""
    hidden, places = {}, [COURSE / "notebooks"]
    if Path.cwd() not in (COURSE, *places) and {"", str(Path.cwd())} & {*sys.path}:
        places.append(Path.cwd())  # a kernel in another folder looks there first
    for place in places:
        elsewhere = [entry for entry in sys.path if Path(entry).absolute() != place]
        for path in sorted([*place.glob("*.py"), *place.glob("*/__init__.py")]):
            name = path.parent.name if path.parent != place else path.stem
            spec = PathFinder.find_spec(name, elsewhere)
            is_ours = (
                COURSE / name / "__init__.py"
            ).is_file()  # spec is None where -e installed it
            if is_ours or name in sys.stdlib_module_names or (spec and spec.loader):
                hidden[shown(path.parent if path.parent != place else path)] = name
    if not hidden:
        return _text("none is taken for a package"), ""
    files, names = ", ".join(hidden), ", ".join(hidden.values())
    cure = _text("rename {files}, then restart the kernel", files=files)
    return _text("imported in place of packages: {names}", names=names), cure


def kernel():
    """Say which Python runs the notebooks."""
    try:
        from jupyter_client import KernelManager

        runs = KernelManager(kernel_name="python3").format_kernel_cmd()[0]
    except Exception as error:  # no ipykernel, or a kernel specification that is damaged
        return _text("cannot be started ({why})", why=_why(error)), INSTALL
    if Path(runs).parent == Path(sys.executable).parent:
        return _text("runs on this Python"), ""
    cure = _to_run(python("-m ipykernel install --sys-prefix"))
    return _text("runs on another Python: {python}", python=runs), cure


def _packages():
    """Compare the course's direct dependencies with the versions it is tested with."""
    try:
        from packaging.requirements import Requirement

        needed = [*map(Requirement, metadata.requires("one-neuron-to-keras") or [])]
        pinned = {}
        for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines():
            if "==" in line and not line.lstrip().startswith("#"):
                pin = Requirement(line)
                if pin.marker is None or pin.marker.evaluate():
                    pinned[pin.name] = str(pin.specifier).removeprefix("==")
    except (ImportError, OSError) as error:  # PackageNotFoundError is an ImportError
        return [(_text("packages"), _text("unknown ({why})", why=_why(error)), INSTALL)]
    except ValueError as error:  # a line that is no requirement, or no UTF-8
        found = _text("unknown, requirements.txt is damaged ({why})", why=_why(error))
        cure = restore("requirements.txt")
        return [(_text("packages"), found, cure)]
    return [(requirement.name, *_package(requirement, pinned)) for requirement in needed]


def _package(requirement, pinned):
    if requirement.marker and not requirement.marker.evaluate({"extra": "tensorflow"}):
        return _text(
            "there is none for this machine: chapters {chapters} need it", chapters=WITH_TENSORFLOW
        ), ""
    try:
        found = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        if requirement.marker and "extra" in str(requirement.marker):
            # The light installation is well: no cure.
            text = "missing, for chapters {chapters} alone: requirements.txt adds it"
            return _text(text, chapters=WITH_TENSORFLOW), ""
        return _text("missing"), INSTALL
    wanted = pinned.get(requirement.name, found)
    if found == wanted:
        return found, ""
    text = "{found}; the course is tested with {wanted}"
    return _text(text, found=found, wanted=wanted), INSTALL


def _full_set():
    from course_utils.mnist import find_full_set, given_folder

    folder, _, notes = find_full_set()
    given = given_folder()
    found = [shown(folder)] if folder else []
    cure = ""
    if given and folder != given:
        cure = _text("let MNIST_DIR name a folder that holds the four whole files, or unset it")
    elif notes and folder:
        cure = _text("move what is named out of the folder: the set is whole without it")
    elif notes:
        cure = _to_run(command("fetch"))
    elif not folder:
        found = [_text("not here, the sample is used; `course fetch` would get it")]
    return "; ".join([*found, *map(str, notes)]), cure


def _sample():
    from course_utils.mnist.sample import read_sample

    n = sum(len(labels) for labels in read_sample()[1::2])
    return _text("{n:,} digits", n=n), ""


def _weights():
    from course_utils.weights import SAMPLE_WEIGHT, load_weights

    load_weights()
    return shown(SAMPLE_WEIGHT), ""


def _writable():
    try:
        with tempfile.TemporaryFile(dir=DATA):
            return _text("writable"), ""
    except OSError as error:
        found = _text("not writable ({why})", why=error.strerror)
        cure = "give yourself the right to write into {folder}, or move the course elsewhere"
        return found, _text(cure, folder=DATA)


def _free_disk():
    free = shutil.disk_usage(DATA if DATA.is_dir() else COURSE).free
    if free < FREE_BYTES:
        found = _text("{free:.0f} MB", free=free / 1e6)
        return found, _text("make room on this disk, at least 200 MB")
    # Roughly, so that the report is the same tomorrow.
    return _text("more than {free}", free="10 GB" if free > 10e9 else "200 MB"), ""


def _free_memory():
    import psutil

    free = min(psutil.virtual_memory().available, _free_in_container())
    if free < FREE_MEMORY:
        cure = "for chapters {chapters}, which need {need} GB, close other programs and shut down "
        cure += "other kernels, or take a machine with more memory (a container: a higher limit)"
        return _text("{free:.1f} GB", free=free / 1e9), _text(
            cure, need=FREE_MEMORY / 1e9, chapters=WITH_TENSORFLOW
        )
    return _text("more than {need} GB", need=FREE_MEMORY / 1e9), ""


def _free_in_container():
    """Return how many bytes a container may still take; infinity where nothing limits them."""
    for names in IN_CGROUP:
        with suppress(OSError, ValueError):  # no Linux, no container, another version, or "max"
            limit, used, stat = ((CGROUP / name).read_text(encoding="ascii") for name in names)
            stat = stat.split()
            # Of what counts as used, this much are copies of files, which make room when needed.
            return int(limit) - int(used) + int(stat[stat.index("inactive_file") + 1])
    return float("inf")
