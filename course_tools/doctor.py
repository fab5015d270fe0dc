"""What is installed, is the data there, and what to do about it. TensorFlow is not imported.

Whatever is no part of Python is imported where it is looked at, because it may be missing.
"""

import platform
import shutil
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from course_utils.files import DATA, command, shown

PYTHONS = ((3, 11), (3, 12), (3, 13))
REQUIREMENTS = DATA.parent / "requirements.txt"
INSTALL = f"in the course's folder, run: {command('pip install -r requirements.txt')}"
FETCH = f"in the course's folder, run: {command('course_utils fetch')}"
FREE_BYTES = 200e6  # MNIST and its CSV form, with room to spare


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
        end = ["What to do:", *(f"- {cure}" for cure in cures)] if cures else ["All is well."]
        return "\n".join([*lines, "", *end])

    __repr__ = __str__  # so that a cell which ends in doctor.report() shows the table


def report():
    """Examine this Python, its packages and the data.

    Returns
    -------
    Report
        Print it, or let a cell end with it.
    """
    return Report(
        [
            _python(),
            ("system", f"{platform.system()}, {platform.machine()}", ""),
            _kernel(),
            *_packages(),
            _imported("full MNIST", _full_set),
            _imported("offline sample", _sample),
            _imported("trained weights", _weights),
            _writable(),
            _free_disk(),
        ]
    )


def _python():
    cure = "install Python 3.13, delete the folder .venv, and set up anew as the README says"
    return "Python", platform.python_version(), "" if sys.version_info[:2] in PYTHONS else cure


def _imported(subject, look):
    """Return what `look` finds, or that something it imports is missing."""
    try:
        return look()
    except ImportError as error:
        return subject, f"cannot be looked at ({_why(error)})", INSTALL


def _why(error):
    """Return the first line of an error's message; the report has no room for more."""
    return str(error).strip().partition("\n")[0]


def _kernel():
    """Say which Python runs the notebooks."""
    try:
        from jupyter_client import KernelManager

        python = KernelManager(kernel_name="python3").format_kernel_cmd()[0]
    except Exception as error:  # no ipykernel, or a kernel specification that is damaged
        return "notebook kernel", f"cannot be started ({_why(error)})", INSTALL
    if Path(python).parent == Path(sys.executable).parent:
        return "notebook kernel", "runs on this Python", ""
    cure = f"in the course's folder, run: {command('ipykernel install --sys-prefix')}"
    return "notebook kernel", f"runs on another Python: {python}", cure


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
        return [("packages", f"unknown ({_why(error)})", INSTALL)]
    except ValueError as error:  # a line that is no requirement, or no UTF-8
        cure = "to get requirements.txt back: git checkout -- requirements.txt"
        return [("packages", f"unknown, requirements.txt is damaged ({_why(error)})", cure)]

    rows = []
    for requirement in needed:
        name = requirement.name
        if requirement.marker is not None and not requirement.marker.evaluate():
            rows.append((name, "there is none for this machine: chapters 07 and 08 need it", ""))
            continue
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            rows.append((name, "missing", INSTALL))
            continue
        wanted = pinned.get(name, found)
        if found == wanted:
            rows.append((name, found, ""))
        else:
            rows.append((name, f"{found}; the course is tested with {wanted}", INSTALL))
    return rows


def _full_set():
    from course_utils.mnist import find_full_set, given_folder

    folder, _, notes = find_full_set()
    given = given_folder()
    found = [shown(folder)] if folder else []
    cure = ""
    if given and folder != given:
        cure = "let MNIST_DIR name a folder that holds the four whole files, or unset it"
    elif notes:
        cure = "delete the damaged file, whose whole twin is used" if folder else FETCH
    elif not folder:
        found = ["not here, the sample is used; `course_utils fetch` would get it"]
    return "full MNIST", "; ".join([*found, *notes]), cure


def _sample():
    from course_utils.mnist.sample import SampleError, read_sample

    try:
        n = sum(len(labels) for labels in read_sample()[1::2])
    except SampleError as error:
        return "offline sample", "unreadable", str(error)
    return "offline sample", f"{n:,} digits", ""


def _weights():
    from course_utils.weights import SAMPLE_WEIGHT, WeightsFileError, load_weights

    try:
        load_weights()
    except (OSError, WeightsFileError) as error:
        return "trained weights", "unusable", str(error)
    return "trained weights", shown(SAMPLE_WEIGHT), ""


def _writable():
    try:
        with tempfile.TemporaryFile(dir=DATA):
            pass
    except OSError as error:
        cure = f"give yourself the right to write into {DATA}, or move the course elsewhere"
        return "data folder", f"not writable ({error.strerror})", cure
    return "data folder", "writable", ""


def _free_disk():
    free = shutil.disk_usage(DATA if DATA.is_dir() else DATA.parent).free
    if free < FREE_BYTES:
        return "free disk", f"{free / 1e6:.0f} MB", "make room on this disk, at least 200 MB"
    # Roughly, so that the report is the same tomorrow.
    return "free disk", f"more than {'10 GB' if free > 10e9 else '200 MB'}", ""
