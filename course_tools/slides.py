"""Turn chapters into slides: for each one HTML file that needs nothing else, and a PDF too."""

import shutil
from contextlib import contextmanager
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from course_tools import notebooks
from course_tools.deck import HEIGHT, TEMPLATE, SlidesError, html_of, slide_type
from course_tools.solve import put_starters
from course_utils import chapters as table
from course_utils.files import command, replacing
from course_utils.message import Message

LIST = "index.html"
LIST_MARK = '<meta name="generator" content="course slides">'
NOTES = "[...document.querySelectorAll('.speaker-notes-pdf')].map(notes => notes.offsetHeight + 8)"
CHANNELS = ["chrome", "msedge"]  # names that Playwright knows on Windows, macOS and Linux


def run(chapters, to, pdf=False, notes=False, answers=False):
    """Write the slides of chapters, then the list of all slides in the folder."""
    for path in notebooks.find(chapters):
        html = write_html(path, to, answers)
        for file in [html, write_pdf(html, notes)] if pdf or notes else [html]:
            size = f"{file.stat().st_size / 1e6:.1f}"
            print(Message("{file}: {size} MB", file=file, size=size), flush=True)
    if index := write_list(to):
        print(Message("{file}: the list of the slides", file=index))


def write_html(path, folder, answers=False, tell=print):
    """Write the slides of a chapter as one HTML file.

    Parameters
    ----------
    path : path-like
        The notebook. Its cells say what becomes of them, in ``slideshow.slide_type``; of a cell
        tagged ``output-only`` the code is left out, of one tagged ``code-only`` the output.
    folder : path-like
        Where the slides go; made if it is not there.
    answers : bool
        Show the exercise cells as they are; else the starter takes the place of an answer.
    tell : callable
        Gets what the lecturer should know, one `Message` at a time.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    SlidesError
        The notebook was never executed, has no slides, or a picture in it is missing or damaged.
    course_tools.formulas.FormulaError
        A formula in it cannot be drawn.
    course_tools.notebooks.NotebookError
        The file is no notebook.
    OSError
        The slides cannot be written.
    """
    path, folder = Path(path), Path(folder)
    notebook = notebooks.read(path)
    if not answers and (changed := put_starters(path, notebook)):
        text = "{file}: the slides show the starters, not your answers in {cells}; --answers does."
        tell(Message(text, file=path.name, cells=", ".join(changed)))
    for k, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and cell.source.strip() and cell.execution_count is None:
            name = path.stem if path.parent == table.NOTEBOOKS else f'"{path}"'
            raise SlidesError(
                "{file} was never executed (cell {cell}), so its slides would have no outputs: run "
                "{execute}",
                file=path.name,
                cell=cell.get("id", k),
                execute=command(f"execute {name}"),
            )
    if all(slide_type(cell) in ("notes", "skip") for cell in notebook.cells):
        raise SlidesError(
            "{file} has no slides: all its cells are notes or skipped.", file=path.name
        )
    html = html_of(notebook, path, tell)
    return _write(folder / f"{path.stem}.html", html.encode("utf-8"))


def write_list(folder):
    """Write ``index.html``, which lists and opens those slides in a folder that are chapters'.

    Returns
    -------
    pathlib.Path or None
        The file; None if there is nothing to list.

    Raises
    ------
    SlidesError
        There is an ``index.html`` that this function did not write; it is left as it is.
    """
    folder = Path(folder)
    decks = [deck for deck in table.CHAPTERS if (folder / f"{deck.file}.html").is_file()]
    if not decks:
        return None
    target = folder / LIST
    if target.exists() and LIST_MARK not in target.read_text(encoding="utf-8", errors="replace"):
        raise SlidesError(
            "The slides are written, but not the list of them: {file} is something else, and "
            "stays as it is; name another folder with --to.",
            file=target,
        )
    with_pdf = {deck for deck in decks if (folder / f"{deck.file}.pdf").is_file()}
    template = Environment(loader=FileSystemLoader(TEMPLATE), autoescape=True)
    html = template.get_template("list.html.j2").render(
        mark=LIST_MARK, decks=decks, with_pdf=with_pdf
    )
    return _write(target, html.encode("utf-8"))


def write_pdf(html, notes=False):
    """Print slides to a PDF beside them, one slide a page, with the browser of this machine.

    Parameters
    ----------
    html : path-like
        What `write_html` returned.
    notes : bool
        Print the speaker's notes below each slide.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    SlidesError
        There is no browser, or it cannot print the file.
    OSError
        The PDF cannot be written.
    """
    from playwright.sync_api import Error  # slow to import, and needed for a PDF alone

    html = Path(html)
    try:
        with browser() as opened:
            page = opened.new_page()
            # reveal.js takes its settings from the address too; notes stand at a page's foot.
            address = f"{html.resolve().as_uri()}?print-pdf&showNotes={str(notes).lower()}"
            for height in (f"{HEIGHT}", f"{HEIGHT} + Math.max(0, ...{NOTES})")[: 1 + notes]:
                page.goto(f"{address}&height={page.evaluate(height)}")
                page.wait_for_function("document.querySelectorAll('.pdf-page').length > 0")
                page.evaluate("document.fonts.ready")
            content = page.pdf(prefer_css_page_size=True, print_background=True)
    except Error as error:
        raise SlidesError(
            "{file}: the browser cannot print it ({problem}).",
            file=html,
            problem=error.message.splitlines()[0],
        ) from error
    return _write(html.with_suffix(".pdf"), content)


@contextmanager
def browser(*arguments):
    """Open Chromium, Chrome or Edge, whichever this machine has, without a window.

    Parameters
    ----------
    *arguments : str
        More of its command line.

    Yields
    ------
    playwright.sync_api.Browser

    Raises
    ------
    SlidesError
        There is none of them.
    """
    from playwright.sync_api import Error, sync_playwright  # slow to import

    paths = filter(None, map(shutil.which, ["chromium", "chromium-browser"]))
    choices = [{"executable_path": path} for path in paths]
    choices += [{"channel": channel} for channel in CHANNELS]
    failure = None
    with sync_playwright() as playwright:
        for choice in choices:
            try:
                opened = playwright.chromium.launch(
                    args=["--disable-gpu", "--disable-background-networking", *arguments],
                    **choice,
                )
            except Error as error:
                failure = error
                continue
            with opened:
                yield opened
            return
    raise SlidesError(
        "A PDF is printed by a browser, and this machine has none that can: install Chrome or "
        "Edge (on Linux, Chromium will do), or leave out --pdf."
    ) from failure


def _write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(content)
    return path
