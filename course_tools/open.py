"""Open the course in JupyterLab."""

import os
import sys
from pathlib import Path

from course_tools import notebooks
from course_utils.files import command
from course_utils.message import CourseError

ALLOW_ROOT = "--allow-root"


def run(chapter, lab_options):
    """Open a chapter in JupyterLab, which gets `lab_options`; return when it has ended."""
    [path] = notebooks.find([chapter])
    from jupyterlab.labapp import main as jupyterlab  # slow to import

    # In a terminal of JupyterLab, `python` and `course` are then the course's own.
    _put_first("PATH", Path(sys.executable).parent)
    # On its first start JupyterLab would ask whether to fetch news: these settings leave that out.
    _put_first("JUPYTER_CONFIG_PATH", Path(__file__).parent / "jupyter")
    _put_first("JUPYTER_PATH", Path(__file__).parent / "jupyter")  # its extension of ours
    try:
        return jupyterlab([str(path), *lab_options])
    except SystemExit as stopped:
        # What was wrong, JupyterLab tells its log alone; its settings may allow root.
        is_root = hasattr(os, "geteuid") and os.geteuid() == 0
        if not stopped.code or not is_root or ALLOW_ROOT in lab_options:
            raise
        raise CourseError(
            "JupyterLab has stopped, for the reason that it gives above. If that is the user root, "
            "as in a container, and root is meant: {command}",
            command=command(f"open {ALLOW_ROOT}"),
        ) from stopped


def _put_first(variable, folder):
    """Let an environment variable name a folder before those that it names already."""
    folders = [str(folder), os.environ.get(variable)]
    os.environ[variable] = os.pathsep.join(filter(None, folders))
