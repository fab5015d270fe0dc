"""Turn chapters into slides: for each one HTML file that needs nothing else, and a PDF too."""

import base64
import io
import re
import shutil
from contextlib import contextmanager
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import matplotlib
from fontTools import subset
from jinja2 import Environment, FileSystemLoader, pass_context
from latex2mathml.converter import convert
from nbconvert.exporters import SlidesExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from course_tools import notebooks
from course_utils import chapters as table
from course_utils.files import command, replacing
from course_utils.message import CourseError, Message

WIDTH, HEIGHT = 1280, 720  # of a slide, in px
TEMPLATE = Path(__file__).parent / "slides_template"
# The characters that a font in the slides can draw: Latin, Greek, arrows, signs, italic formulas.
CHARACTERS = [*range(0x20, 0x180), *range(0x370, 0x400), *range(0x2010, 0x20D0)]
CHARACTERS += [*range(0x2100, 0x2300), *range(0x25A0, 0x2600), *range(0x27E0, 0x2A00)]
CHARACTERS += range(0x1D400, 0x1D800)
LIST = "index.html"
LIST_MARK = '<meta name="generator" content="course slides">'
CHANNELS = ["chrome", "msedge"]  # names that Playwright knows on Windows, macOS and Linux
MATHML_REPAIRS = [
    # The converter takes every minus for a difference; behind = or ( it is a sign, and set close.
    (
        r"(<mo[^>]*>(?:[=,(]|&#x0003[CDE];|&#x000(?:28|2C);)</mo>)<mo>&#x02212;</mo>",
        r'\1<mo form="prefix">&#x02212;</mo>',
    ),
    # It writes "t log y" without the spaces, and 1/2, |x| and max(0, x) with too many.
    (r"<mi>(log|ln|exp|tanh)</mi>", r'<mo lspace="0.17em" rspace="0.17em">\1</mo>'),
    (r"<mo[^>]*>(&#x0002F;|&#x0007C;)</mo>", r'<mo lspace="0" rspace="0">\1</mo>'),
    (r"<mi>&#x0007E;</mi>", "<mo>&#x0223C;</mo>"),
    (r"<mo>&#x0221E;</mo>", "<mi>&#x0221E;</mi>"),
    (r"<mo>(max|min)</mo>", r'<mo lspace="0.17em" rspace="0">\1</mo>'),
]


class SlidesError(CourseError):
    """Slides that cannot be made; the message says which, why, and what to do."""


def run(chapters, to, pdf):
    """Write the slides of chapters, then the list of all slides in the folder."""
    for path in notebooks.find(chapters):
        html = write_html(path, to)
        for file in [html, write_pdf(html)] if pdf else [html]:
            size = f"{file.stat().st_size / 1e6:.1f}"
            print(Message("{file}: {size} MB", file=file, size=size), flush=True)
    if index := write_list(to):
        print(Message("{file}: the list of the slides", file=index))


def write_html(path, folder):
    """Write the slides of a chapter as one HTML file.

    Parameters
    ----------
    path : path-like
        The notebook. Its cells say what becomes of them, in ``slideshow.slide_type``; of a cell
        tagged ``output-only`` the code is left out, of one tagged ``code-only`` the output.
    folder : path-like
        Where the slides go; made if it is not there.

    Returns
    -------
    pathlib.Path
        The file.

    Raises
    ------
    SlidesError
        The notebook was never executed, has no slides or a formula that cannot be drawn.
    course_tools.notebooks.NotebookError
        The file is no notebook.
    OSError
        The slides cannot be written.
    """
    path, folder = Path(path), Path(folder)
    notebook = notebooks.read(path)
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
    if all(_slide_type(cell) in ("notes", "skip") for cell in notebook.cells):
        raise SlidesError(
            "{file} has no slides: all its cells are notes or skipped.", file=path.name
        )
    _name_sections(notebook)
    title = re.search(r"^# (.+)", notebook.cells[0].source, flags=re.MULTILINE)
    parts = _parts(title[1] if title else path.stem)
    html, _ = _Exporter().from_notebook_node(notebook, resources={"slides": parts})
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


def write_pdf(html):
    """Print slides to a PDF beside them, one slide a page, with the browser of this machine.

    Parameters
    ----------
    html : path-like
        What `write_html` returned.

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
            page.goto(f"{html.resolve().as_uri()}?print-pdf")
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
def browser():
    """Open Chromium, Chrome or Edge, whichever this machine has, without a window.

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
                    args=["--disable-gpu", "--disable-background-networking"], **choice
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


class _Renderer(IPythonRenderer):
    """Draws formulas as MathML, which browsers show without any script."""

    def block_math(self, body):
        return _mathml(body, "block")

    def inline_math(self, body):
        return _mathml(body, "inline")

    def link(self, text, url, title=None):
        """Leave out links to other notebooks: they are not where the slides are."""
        return text if url.partition("#")[0].endswith(".ipynb") else super().link(text, url, title)


class _Exporter(SlidesExporter):
    def __init__(self):
        remove = {
            "enabled": True,
            "remove_input_tags": {"output-only"},
            "remove_all_outputs_tags": {"code-only"},
        }
        super().__init__(
            config=Config(TagRemovePreprocessor=remove),
            template_name=TEMPLATE.name,
            extra_template_basedirs=[str(TEMPLATE.parent)],
            exclude_input_prompt=True,
            exclude_output_prompt=True,
            exclude_anchor_links=True,
        )

    @pass_context
    def markdown2html(self, context, source):
        renderer = _Renderer(escape=False, exclude_anchor_links=True)
        return MarkdownWithMath(renderer=renderer).render(source)


def _slide_type(cell):
    return cell.metadata.get("slideshow", {}).get("slide_type")


def _name_sections(notebook):
    """Note at each cell the heading of its section, in place."""
    section = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^## (.+)", cell.source, flags=re.MULTILINE)
            section = headings[-1].replace("`", "") if headings else section
        cell.metadata["section"] = section


def _mathml(latex, display):
    try:
        mathml = convert(latex, display=display)
    except Exception as error:  # of many kinds, without a word on what is wrong
        raise SlidesError(
            "The formula {formula} cannot be drawn ({kind}): is every bracket in it closed?",
            formula=repr(latex),
            kind=type(error).__name__,
        ) from error
    for found, repaired in MATHML_REPAIRS:
        mathml = re.sub(found, repaired, mathml)
    return mathml


def _parts(title):
    """Return what the template needs beside the notebook."""
    reveal = distribution("sphinx-revealjs").locate_file("sphinx_revealjs/_static/revealjs")
    text = f"{reveal}/dist/theme/fonts/source-sans-pro/source-sans-pro"
    styles = [
        _font_face("Slide Text", f"{text}-regular.ttf"),
        _font_face("Slide Text", f"{text}-semibold.ttf", weight=600),
        _font_face("Slide Text", f"{text}-italic.ttf", style="italic"),
        _font_face("Slide Text", f"{text}-semibolditalic.ttf", weight=600, style="italic"),
        _font_face("Slide Code", f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSansMono.ttf"),
        _font_face(
            "Slide Formulas",
            distribution("ziamath").locate_file("ziamath/fonts/STIXTwoMath-Regular.ttf"),
        ),
        (reveal / "dist/reveal.css").read_text(encoding="utf-8"),
        HtmlFormatter(style="default").get_style_defs(".highlight"),
        (TEMPLATE / "slides.css").read_text(encoding="utf-8"),
    ]
    names = ("dist/reveal.js", "plugin/notes/notes.js")
    scripts = [(reveal / name).read_text(encoding="utf-8") for name in names]
    javascript = re.sub(r"(?m)^//# sourceMappingURL=.*$", "", "\n".join(scripts))
    return {
        "title": title,
        "width": WIDTH,
        "height": HEIGHT,
        "css": "\n".join(styles),
        # Inside a page a script ends at the first such tag, even in one of its strings.
        "javascript": javascript.replace("</script", r"<\/script"),
    }


@cache
def _font_face(family, path, weight=400, style="normal"):
    """Return CSS that holds a font, so that a slide breaks its lines alike on every machine."""
    options = subset.Options(layout_features=["*"], notdef_outline=True)
    options.drop_tables += ["FFTM", "webf"]  # notes of the tools that made the font
    font = subset.load_font(path, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=CHARACTERS)
    subsetter.subset(font)
    font.flavor = "woff"
    file = io.BytesIO()
    font.save(file)
    content = base64.b64encode(file.getvalue()).decode("ascii")
    return (
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-style: {style}; '
        f'src: url("data:font/woff;base64,{content}"); }}'
    )
