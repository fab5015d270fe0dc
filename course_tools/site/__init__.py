"""Turn the course into a static web site: a front page, a page for each chapter, the slides."""

import base64
import gzip
import importlib.util
import io
import re
import tempfile
import tomllib
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from course_tools import marker, notebooks, slides
from course_tools.site import pages, tab
from course_tools.site.error import SiteError
from course_tools.solve import put_starters
from course_utils import chapters as table
from course_utils.files import COURSE, command, python
from course_utils.message import CourseError, Message
from course_utils.mnist import full_mnist_folder
from course_utils.mnist.idx import as_idx, read_folder

SETTINGS = COURSE / "site"
REQUIREMENTS = "requirements-site.txt"
NEEDED = (
    "myst_nb",
    "furo",
    "jupyterlite_core",
    "jupyterlite_pyodide_kernel",
)  # modules of what REQUIREMENTS installs
GLOSSARY = "glossary"
MAP = ("00_start_here", "plot-course-map")  # the notebook and the cell that store the map


TENSORFLOW = """
> **Only to read here.** This chapter computes with TensorFlow, which runs on your computer but in
> no browser tab. To run it, set up the course on your computer, as the front page of this site
> says, and type `course open {number}`.
"""


def run(folder, pyodide, mnist):
    """Build the site into a folder, and say how large it is."""
    folder = Path(folder)
    files = build(folder, pyodide, mnist)
    size = f"{sum(file.stat().st_size for file in files) / 1e6:.0f}"
    n_pages = sum(file.suffix == ".html" and file.parent == folder for file in files)
    text = "{file}: the site's front page ({pages} pages; all files: {size} MB)"
    print(Message(text, file=folder / "index.html", pages=n_pages, size=size))


def build(folder, pyodide=None, mnist=False, tell=print):
    """Build the site from what the notebooks store; nothing is executed.

    Parameters
    ----------
    folder : path-like
        Where the site goes: a new or empty folder, or one with a site built before. Of that one
        only the site's own files are replaced or removed.
    pyodide : path-like, optional
        A folder with an unpacked release of Pyodide, for a site that needs no other; see
        `pyodide.files`.
    mnist : bool
        Whether the site carries full MNIST, for tabs that ask for it.
    tell : callable
        Gets what whoever builds it should know, one `Message` at a time.

    Returns
    -------
    list of pathlib.Path
        The files of the site.

    Raises
    ------
    SiteError
        The folder holds something else, what builds the site is not installed, or Sphinx
        complains.
    CourseError
        A notebook, a formula or a picture is missing or damaged.
    OSError
        The site cannot be written.
    """
    folder = Path(folder)
    _check(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the folder, so that the files need not be copied but only get their final names.
    with tempfile.TemporaryDirectory(prefix=".course-site-", dir=folder.parent) as work:
        work = Path(work).resolve()  # as Sphinx names it in its complaints
        source, built = work / "source", work / "built"
        source.mkdir()
        (built / tab.NOTEBOOKS).mkdir(parents=True)
        for chapter in table.CHAPTERS:
            slides.write_html(chapter.path, built / "slides", tell=lambda message: None)
            _prepare(chapter.path, source, built, chapter.needs, tell)
        slides.write_list(built / "slides")
        _prepare(table.NOTEBOOKS / f"{GLOSSARY}.ipynb", source, built, None, tell)
        _write_front_page(source)
        _run_sphinx(source, built, work / "doctrees")
        (work / "tab").mkdir()
        tab.build(built, work / "tab", pyodide, mnist)
        if mnist:
            _write_mnist(built / "mnist")
        return _put_in_place(built, folder)


def _check(folder):
    """Raise an error if the site cannot go into the folder, or nothing can build it."""
    if folder.exists() and not folder.is_dir():
        raise SiteError("{folder} is a file: name a folder for the site.", folder=folder)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / marker.MARKER).is_file():
        raise SiteError(
            "{folder} is not empty and holds no site built by this command: name another folder.",
            folder=folder,
        )
    if not all(map(importlib.util.find_spec, NEEDED)):
        raise SiteError(
            "What builds the site is not installed: run {install}",
            install=python(f"-m pip install -r {REQUIREMENTS}"),
        )


def _prepare(path, source, built, needs, tell):
    """Write a notebook twice: for Sphinx, and as it can be downloaded."""
    notebook = notebooks.read(path)
    if needs and (changed := put_starters(path, notebook)):
        text = "{file}: the site shows the starters, not your answers in {cells}."
        tell(Message(text, file=path.name, cells=", ".join(changed)))
    note = TENSORFLOW.format(number=path.stem.partition("_")[0]) if needs == "TensorFlow" else ""
    title, _, rest = notebook.cells[0].source.partition("\n")
    notebook.cells[0].source = f"{title}\n{note}\n{rest}"
    tab.write(built / tab.NOTEBOOKS / path.name, notebook)
    links = []
    if needs == "NumPy":
        about = 'class="first" title="In JupyterLab, here in the browser; nothing to install"'
        links.append(("Run this chapter here", tab.address(path), about))
    if needs:
        links.append(("Slides", f"slides/{path.stem}.html", 'title="The chapter as slides"'))
    about = 'download title="The notebook; it runs in the course\'s folder"'
    links.append(("Download", f"{tab.NOTEBOOKS}/{path.name}", about))
    pages.prepare(notebook, links)
    notebooks.write(source / path.name, notebook)


def _write_front_page(source):
    """Write the front page, and beside it the map of the course as chapter 00 stores it."""
    notebook = notebooks.read(table.NOTEBOOKS / f"{MAP[0]}.ipynb")
    [cell] = [cell for cell in notebook.cells if cell.id == MAP[1]]
    [output] = [output for output in cell.outputs if "image/png" in output.get("data", {})]
    readme = (COURSE / "README.md").read_text(encoding="utf-8")
    project = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (source / "course-map.png").write_bytes(base64.b64decode(output.data["image/png"]))
    template = Environment(loader=FileSystemLoader(SETTINGS)).get_template("index.md.j2")
    text = template.render(
        parts=[
            (part, list(members)) for part, members in groupby(table.CHAPTERS, lambda c: c.part)
        ],
        run=tab.address(table.CHAPTERS[0].path),
        map_in_words=output.metadata["image/png"]["alt"],
        commands=re.findall(r"(?m)^(?:python3|py) -m venv .*course open.*$", readme),
        repository=project.get("urls", {}).get("Repository"),
    )
    (source / "index.md").write_text(text, encoding="utf-8")


def _write_mnist(folder):
    """Write full MNIST, which the tabs verify."""
    source = full_mnist_folder()
    if not source:
        raise SiteError(
            "Full MNIST is not at hand: get it with {fetch}, or leave out --mnist.",
            fetch=command("fetch"),
        )
    folder.mkdir()
    for name, (array, _) in read_folder(source)[0].items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(as_idx(array), mtime=0))


def _run_sphinx(source, built, doctrees):
    """Build the pages; what Sphinx warns of is an error."""
    from sphinx.application import Sphinx  # slow to import
    from sphinx.errors import SphinxError
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    warnings = io.StringIO()
    try:
        with patch_docutils(SETTINGS), docutils_namespace():
            app = Sphinx(source, SETTINGS, built, doctrees, "html", status=None, warning=warnings)
            app.build()
    except SphinxError as error:
        if isinstance(error.__cause__, CourseError):
            raise error.__cause__ from error
        raise SiteError("The pages cannot be built: {why}", why=error) from error
    if complaints := re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue()).strip().splitlines():
        why = complaints[0].replace(f"{source}/", "")
        raise SiteError("The pages cannot be built: {why}", why=why)


def _put_in_place(built, folder):
    """Move the built files into the folder, and remove those of the site that was there."""
    left_out = (".buildinfo", "objects.inv", ".doctrees")  # of use to Sphinx alone
    (built / ".nojekyll").touch()  # GitHub Pages would leave out folders such as _static
    new = [file.relative_to(built) for file in built.rglob("*") if file.is_file()]
    new = sorted(file for file in new if file.parts[0] not in left_out)
    folder.mkdir(exist_ok=True)
    old, fresh = marker.read(folder), {file: marker.sha256(built / file) for file in new}
    marker.write(folder, old | fresh)  # until all is done, what is there is known to be ours
    for file in new:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (built / file).replace(folder / file)
    for file in old.keys() - fresh.keys():
        (folder / file).unlink(missing_ok=True)
    marker.write(folder, fresh)
    return [folder / file for file in new]
