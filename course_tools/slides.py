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
from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert.exporters import SlidesExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from course_tools import execute as notebooks
from course_utils.files import command, replacing

WIDTH, HEIGHT = 1280, 720  # of a slide, in px
TEMPLATE = Path(__file__).parent / "slides_template"
# The characters that a font in the slides can draw: Latin, Greek, arrows, signs, italic formulas.
CHARACTERS = [*range(0x20, 0x180), *range(0x370, 0x400), *range(0x2010, 0x20D0)]
CHARACTERS += [*range(0x2100, 0x2300), *range(0x25A0, 0x2600), *range(0x27E0, 0x2A00)]
CHARACTERS += range(0x1D400, 0x1D800)
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


class SlidesError(Exception):
    """Slides that cannot be made; the message says which, why, and what to do."""


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
        The notebook was never executed, has no slides or a formula that cannot be drawn, or the
        file cannot be written.
    course_tools.execute.NotebookError
        The file is no notebook.
    """
    path = Path(path)
    notebook = notebooks.read(path)
    for k, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and cell.source.strip() and cell.execution_count is None:
            place = f"{path.name} was never executed (cell {cell.get('id', k)})"
            name = path.stem if path.parent == notebooks.NOTEBOOKS else f'"{path}"'
            cure = command(f"course_utils execute {name}")
            raise SlidesError(f"{place}, so its slides would have no outputs: run {cure}")
    if all(_slide_type(cell) in ("notes", "skip") for cell in notebook.cells):
        raise SlidesError(f"{path.name} has no slides: all its cells are notes or skipped")
    _name_sections(notebook)
    html, _ = _Exporter().from_notebook_node(
        notebook, resources={"slides": _parts(_title(notebook) or path.stem)}
    )
    target = Path(folder) / f"{path.stem}.html"
    with _writing(target), replacing(target, "w", encoding="utf-8", newline="\n") as file:
        file.write(html)
    return target


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
        There is no browser, it cannot print the file, or the PDF cannot be written.
    """
    from playwright.sync_api import Error  # slow to import, and needed for a PDF alone

    target = Path(html).with_suffix(".pdf")
    try:
        with browser() as opened:
            page = opened.new_page()
            page.goto(f"{Path(html).resolve().as_uri()}?print-pdf")
            page.wait_for_function("document.querySelectorAll('.pdf-page').length > 0")
            page.evaluate("document.fonts.ready")
            content = page.pdf(prefer_css_page_size=True, print_background=True)
    except Error as error:
        problem = error.message.splitlines()[0]
        raise SlidesError(f"{html}: the browser cannot print it ({problem})") from error
    with _writing(target), replacing(target) as file:
        file.write(content)
    return target


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
        "a PDF is printed by a browser, and this machine has none that can: install Chrome or "
        "Edge (on Linux, Chromium will do), or leave out --pdf"
    ) from failure


@contextmanager
def _writing(path):
    """Say in one sentence why a file could not be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise SlidesError(
            f"{path} cannot be written ({error.strerror}): name another folder with --output"
        ) from error


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
            f"the formula {latex!r} cannot be drawn ({type(error).__name__}): is every bracket in "
            "it closed?"
        ) from error
    for found, repaired in MATHML_REPAIRS:
        mathml = re.sub(found, repaired, mathml)
    return mathml


def _title(notebook):
    heading = re.search(r"^# (.+)", notebook.cells[0].source, flags=re.MULTILINE)
    return heading and heading[1]


def _parts(title):
    """Return what the template needs beside the notebook."""
    reveal = distribution("sphinx-revealjs").locate_file("sphinx_revealjs/_static/revealjs")
    text = reveal / "dist/theme/fonts/source-sans-pro/source-sans-pro"
    code = Path(matplotlib.get_data_path(), "fonts/ttf/DejaVuSansMono.ttf")
    formulas = distribution("ziamath").locate_file("ziamath/fonts/STIXTwoMath-Regular.ttf")
    styles = [
        _font_face("Slide Text", f"{text}-regular.ttf"),
        _font_face("Slide Text", f"{text}-semibold.ttf", weight=600),
        _font_face("Slide Text", f"{text}-italic.ttf", style="italic"),
        _font_face("Slide Text", f"{text}-semibolditalic.ttf", weight=600, style="italic"),
        _font_face("Slide Code", code),
        _font_face("Slide Formulas", formulas),
        _read(reveal / "dist/reveal.css"),
        HtmlFormatter(style="default").get_style_defs(".highlight"),
        _read(TEMPLATE / "slides.css"),
    ]
    scripts = [_read(reveal / "dist/reveal.js"), _read(reveal / "plugin/notes/notes.js")]
    return {
        "title": title,
        "width": WIDTH,
        "height": HEIGHT,
        "css": "\n".join(styles),
        # Inside a page a script ends at the first such tag, even in one of its strings.
        "javascript": "\n".join(scripts).replace("</script", r"<\/script"),
    }


def _read(path):
    text = Path(path).read_text(encoding="utf-8")
    return re.sub(r"(?m)^//# sourceMappingURL=.*$", "", text)


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
