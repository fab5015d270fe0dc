"""The course in a browser's tab: JupyterLite, with notebooks that it opens."""

import json
import re
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

from course_tools import notebooks
from course_tools.site import pyodide
from course_tools.site.error import SiteError

FOLDER = "tab"  # of the site
NOTEBOOKS = f"{FOLDER}/files"  # where JupyterLite keeps what it opens, for downloads as well
APP = "notebooks"
# What a library imports unseen by Pyodide, which looks at the cells: the first cell that contains
# one of these words loads it.
UNSEEN = {
    "scipy.ndimage": ("draws or shrinks digits", r"\b(draw_digit|preprocess)\("),
    "pandas": ("makes tables", r"\bas_frame\b"),
}
EXTENSIONS = (
    "@jupyterlite/pyodide-kernel-extension",
    "@jupyter-widgets/jupyterlab-manager",
    "anywidget",
)
OURS = Path(__file__).parents[1] / "jupyter" / "labextensions"  # what `course open` adds
SETTINGS = {"appName": "One neuron to Keras", "exposeAppInBrowser": True}  # the latter for tests
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"


def address(path):
    """Return where the site opens a notebook in the tab, relative to its front page."""
    return f"{FOLDER}/{APP}/index.html?path={path.name}"


def write(path, notebook):
    """Write a notebook that runs in the tab, where it loads what a library imports unseen."""
    notebook = deepcopy(notebook)
    for module, (what, words) in UNSEEN.items():
        for cell in notebook.cells:
            if cell.cell_type == "code" and re.search(words, cell.source):
                cell.source = f"import {module}  # in a browser's tab: it {what}\n{cell.source}"
                break
    notebooks.write(path, notebook)


def build(built, work, release, has_mnist):
    """Build JupyterLite into a site.

    Parameters
    ----------
    built : pathlib.Path
        The folder of the site; the notebooks that the tab opens lie in `NOTEBOOKS` of it.
    work : pathlib.Path
        An empty folder for what is needed meanwhile.
    release : path-like or None
        As for `pyodide.files`.
    has_mnist : bool
        Whether the site carries full MNIST.
    """
    contents = pyodide.files(release)
    opened = (built / NOTEBOOKS).rename(work / "notebooks")
    installed = Path(sys.prefix) / "share/jupyter/labextensions"
    extensions = [installed / name for name in EXTENSIONS] + [OURS / "one-neuron"]
    options = {
        "apps": [APP],
        "contents": [str(opened)],
        "federated_extensions": [str(extension) for extension in extensions],
        "ignore_sys_prefix": ["federated_extensions"],
        "no_libarchive": True,
        "no_sourcemaps": True,
        "no_unused_shared_packages": True,
        "output_dir": str(built / FOLDER),
    }
    _write(work / "jupyter_lite_config.json", {"LiteBuildConfig": options})
    kernel = {
        "pyodideUrl": "./static/pyodide/pyodide.js",
        "disablePyPIFallback": True,
        "loadPyodideOptions": {
            # Loaded side by side; else the kernel would fetch each after the other.
            "packages": [*pyodide.KERNEL, pyodide.COURSE_NAME],
            "env": {"COURSE_MIRRORS": "site"} if has_mnist else {},
        },
    }
    data = SETTINGS | {"litePluginSettings": {KERNEL: kernel}}
    settings = {"jupyter-lite-schema-version": 0, "jupyter-config-data": data}
    _write(work / "jupyter-lite.json", settings)
    done = subprocess.run(
        [sys.executable, "-m", "jupyterlite_core", "build"],
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        cwd=work,
        check=False,
    )
    if done.returncode:
        why = (done.stderr.strip() or done.stdout.strip() or "?").splitlines()[-1]
        raise SiteError("JupyterLite cannot be built: {why}", why=why)
    folder = built / FOLDER / "static" / "pyodide"
    folder.mkdir(parents=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def _write(path, settings):
    path.write_text(json.dumps(settings), encoding="utf-8")
