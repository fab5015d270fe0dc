"""The inside of a deck: cells turned into slides, with their pictures, formulas and fonts."""

import base64
import io
import re
from functools import cache, partial
from html import unescape
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import unquote

import matplotlib
from fontTools import subset
from jinja2 import pass_context
from nbconvert.exporters import SlidesExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from PIL import Image
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from course_tools.formulas import FONT, mathml
from course_utils.message import CourseError, Message

WIDTH, HEIGHT = 1280, 720  # of a slide, in px
TEMPLATE = Path(__file__).parent / "slides_template"
# The characters that a font in the slides can draw: Latin, Greek, arrows, signs, italic formulas.
CHARACTERS = [*range(0x20, 0x180), *range(0x370, 0x400), *range(0x2010, 0x20D0)]
CHARACTERS += [*range(0x2100, 0x2300), *range(0x25A0, 0x2600), *range(0x27E0, 0x2A00)]
CHARACTERS += range(0x1D400, 0x1D800)
# What browsers show; told by the name, because Windows knows other kinds on each machine.
KINDS = {f".{name}": f"image/{name}" for name in ("png", "jpeg", "gif", "webp", "bmp")}
KINDS |= {".jpg": "image/jpeg", ".svg": "image/svg+xml"}
# A tag in HTML, and an attribute in it; comments and the words of other attributes are passed over.
TAG = r"""(?is)<!--.*?-->|<(?:{})\b(?:"[^"]*"|'[^']*'|[^"'>])*>"""
ATTRIBUTE = r"""(?i)(\s(?:{})\s*=\s*)("[^"]*"|'[^']*'|[^\s"'>]+)|"[^"]*"|'[^']*'"""
IMAGE, SOURCE = re.compile(TAG.format("img")), re.compile(ATTRIBUTE.format("src"))
# What may name other files.
OTHERS = re.compile(TAG.format("a|audio|embed|iframe|image|img|object|source|track|use|video"))
NAME = re.compile(ATTRIBUTE.format("src|srcset|(?:xlink:)?href|poster|data"))


class SlidesError(CourseError):
    """Slides that cannot be made; the message says which, why, and what to do."""


def html_of(notebook, path, tell):
    """Return the slides of a notebook as one HTML page that needs nothing else.

    Each cell of the `notebook` gets a note of what the template needs. `path` is where it comes
    from: its pictures are looked for from there. `tell` gets a `Message` for each of them that
    stays in the network. Errors are those of `course_tools.slides.write_html`.
    """
    _annotate(notebook)
    title = re.search(r"^# (.+)", notebook.cells[0].source, flags=re.MULTILINE)
    parts = _parts(title[1] if title else path.stem)
    html, _ = _Exporter(path, tell).from_notebook_node(notebook, resources={"slides": parts})
    return html


class _Renderer(IPythonRenderer):
    """Draws formulas as MathML, which browsers show without any script."""

    def block_math(self, body):
        return mathml(body, "block")

    def inline_math(self, body):
        return mathml(body, "inline")

    def link(self, text, url, title=None):
        """Leave out links to other notebooks: they are not where the slides are."""
        return text if url.partition("#")[0].endswith(".ipynb") else super().link(text, url, title)

    def paragraph(self, text):
        """Mark a paragraph of nothing but pictures: they may take the room that is left."""
        is_picture = text and not IMAGE.sub("", text).strip()
        return f'<p class="picture">{text}</p>\n' if is_picture else super().paragraph(text)

    def _embed_image_or_attachment(self, src):
        return src  # the exporter embeds it, which knows the cell


class _Exporter(SlidesExporter):
    def __init__(self, path, tell):
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
        self.path = path
        # Once: a caption repeats a sentence of the notes.
        self.tell = cache(lambda text, **about: tell(Message(text, **about)))
        self.register_filter("with_pictures", self.with_pictures)

    @pass_context
    def markdown2html(self, context, source):
        renderer = _Renderer(escape=False, exclude_anchor_links=True)
        return MarkdownWithMath(renderer=renderer).render(source)

    def with_pictures(self, html, cell):
        """Return the HTML of a cell with the pictures in it that it names."""

        def embed(src):
            return f'{src[1]}"{self._embedded(src[2], cell)}"' if src[1] else src[0]

        def embed_all(tag):
            return tag[0] if tag[0].startswith("<!--") else SOURCE.sub(embed, tag[0])

        html = IMAGE.sub(embed_all, html)
        for tag in OTHERS.findall(html):
            for _, quoted in [] if tag.startswith("<!--") else NAME.findall(tag):
                name = unescape(quoted.strip("\"'"))
                if not re.match(r"(?i)[a-z][a-z\d+.-]*:|//|#|$", name):
                    text = "{file}, cell {cell}: {name} is not put into the slides, which look for "
                    text += "it beside themselves: only what <img src> or ![]() names is put in."
                    self.tell(text, file=self.path.name, cell=cell.metadata["name"], name=name)
        return html

    def _embedded(self, quoted, cell):
        """Return an address that holds a picture, in place of its address in the notebook."""
        address = quoted.strip("\"'")
        name = unquote(unescape(address))
        about = {"file": self.path.name, "cell": cell.metadata["name"], "picture": name}
        error = partial(SlidesError, **about)
        scheme = re.match("(?:[a-z]+:|//)?", address.lower())[0]
        if scheme == "data:":
            return address
        if scheme in ("http:", "https:", "//"):
            text = "{file}, cell {cell}: {picture} will be missing where there is no network."
            self.tell(text, **about)
            return address
        if scheme == "attachment:":
            pasted = cell.get("attachments", {}).get(name.partition(":")[2])
            if not pasted:
                raise error("{file}, cell {cell}: the notebook lacks {picture}: paste it again.")
            kind, content = next(iter(pasted.items()))
        else:
            # As written, for a name that itself holds %20; without what a server would be asked.
            names = [name, unescape(address), re.split("[?#]", name)[0]]
            found = [file for file in map(self.path.parent.joinpath, names) if file.is_file()]
            if not found:
                raise error(
                    "{file}, cell {cell}: seen from the notebook, there is no file {picture}: put "
                    "it beside the notebook, or name it as it is seen from there."
                )
            kind = KINDS.get(found[0].suffix.lower())
            content = base64.b64encode(found[0].read_bytes()).decode("ascii")
        if not _is_whole(kind, content):
            raise error(
                "{file}, cell {cell}: {picture} is damaged, or no picture that browsers show: save "
                "it as PNG, JPEG or SVG."
            )
        return f"data:{kind};base64,{content}"


def _is_whole(kind, content):
    """Tell whether a picture, in Base64, is one that browsers show."""
    try:
        content = base64.b64decode(content)
        if kind == KINDS[".svg"]:
            return b"<svg" in content
        Image.open(io.BytesIO(content)).verify()
        return kind in KINDS.values()
    except Exception:  # of many kinds, where bytes are damaged
        return False


def slide_type(cell):
    """Return what a cell says of slides, or None."""
    return cell.metadata.get("slideshow", {}).get("slide_type")


def _annotate(notebook):
    """Note at each cell its name, the heading of its section, and words for a lone picture."""
    section, slides = "", [[]]
    for k, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            headings = re.findall(r"^## (.+)", cell.source, flags=re.MULTILINE)
            section = headings[-1].replace("`", "") if headings else section
        cell.metadata |= {"name": cell.get("id", k), "section": section}
        if slide_type(cell) in ("slide", "subslide"):
            slides.append([])
        if slide_type(cell) != "skip":
            slides[-1].append(cell)
    for slide in slides:
        notes = [cell for cell in slide if slide_type(cell) == "notes"]
        shown = [cell.metadata.get("tags", []) for cell in slide if slide_type(cell) != "notes"]
        if notes and shown and all("output-only" in tags for tags in shown):
            notes[0].metadata["caption"] = _first_sentence(notes[0].source)


def _first_sentence(text):
    """Return the first sentence of some Markdown, without a run-in heading before it."""
    paragraph = re.sub(r"\A(?:> )?\*\*[^*]+\*\*\s+", "", text).partition("\n\n")[0]
    sentence = re.match(r".+?[.!?](?=\s+[^a-z\d]|\s*$)", paragraph, flags=re.DOTALL)
    return sentence[0] if sentence else paragraph.strip().rstrip(":") + "."


def _parts(title):
    """Return what the template needs beside the notebook."""
    reveal = distribution("sphinx-revealjs").locate_file("sphinx_revealjs/_static/revealjs")
    text = f"{reveal}/dist/theme/fonts/source-sans-pro/source-sans-pro"
    styles = [
        font_face("Slide Text", f"{text}-regular.ttf"),
        font_face("Slide Text", f"{text}-semibold.ttf", weight=600),
        font_face("Slide Text", f"{text}-italic.ttf", style="italic"),
        font_face("Slide Text", f"{text}-semibolditalic.ttf", weight=600, style="italic"),
        font_face("Slide Code", f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSansMono.ttf"),
        font_face("Slide Formulas", FONT),
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
def font_face(family, path, weight=400, style="normal"):
    """Return CSS that holds a font, so that a slide breaks its lines alike on every machine."""
    content = base64.b64encode(cut_font(path, CHARACTERS)).decode("ascii")
    return (
        f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-style: {style}; '
        f'src: url("data:font/woff;base64,{content}"); }}'
    )


def cut_font(path, characters):
    """Return a font with these characters alone, as the bytes of a WOFF file."""
    options = subset.Options(layout_features=["*"], notdef_outline=True)
    options.drop_tables += ["FFTM", "webf"]  # notes of the tools that made the font
    font = subset.load_font(path, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    font.flavor = "woff"
    file = io.BytesIO()
    font.save(file)
    return file.getvalue()
