"""Open the course in JupyterLab."""

import os
import sys
from pathlib import Path

from course_tools import notebooks


def run(chapter):
    """Open a chapter in JupyterLab; return when JupyterLab has ended."""
    [path] = notebooks.find([chapter])
    from jupyterlab.labapp import main as jupyterlab  # slow to import

    # In a terminal of JupyterLab, `python` and `course` are then the course's own.
    _put_first("PATH", Path(sys.executable).parent)
    # On its first start JupyterLab would ask whether to fetch news: these settings leave that out.
    _put_first("JUPYTER_CONFIG_PATH", Path(__file__).parent / "jupyter")
    _put_first("JUPYTER_PATH", Path(__file__).parent / "jupyter")  # its extension of ours
    return jupyterlab([str(path)])


def _put_first(variable, folder):
    """Let an environment variable name a folder before those that it names already."""
    folders = [str(folder), os.environ.get(variable)]
    os.environ[variable] = os.pathsep.join(filter(None, folders))
