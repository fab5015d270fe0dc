"""The inside of the web site: notebooks turned into pages, and what Sphinx is taught for them."""

import re
from html import unescape
from pathlib import Path

from course_tools.deck import cut_font
from course_tools.formulas import FONT, mathml

# What a cell says to JupyterLab or to the slides, and what MyST-NB calls it. The first that fits.
CODE = [("output-only", "remove-input"), ("source_hidden", "hide-input")]
# Browsers draw a letter that stands alone in a formula with its italic form.
ITALICS = {0x210E, *range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D71C)}
FOLDED = {"hide-input": "the code", "hide-output": "the result"}


def prepare(notebook, links):
    """Make of a notebook what MyST-NB makes a page of.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        It is changed: code and outputs that are folded in JupyterLab are folded on the page too,
        the code of a cell tagged ``output-only`` is left out, pictures keep their words.
    links : list of tuple
        What stands below the title: words, address, and what a browser is told of the link.
    """
    title, _, rest = notebook.cells[0].source.partition("\n")
    notebook.cells[0].source = "\n\n".join([title, _navigation(links), rest])
    notebook.cells = [part for cell in notebook.cells for part in _with_one_picture(cell)]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            _fold(cell)
            for output in cell.outputs:
                _describe(cell, output)


def _navigation(links):
    def link(words, address, attributes):
        return f'<a href="{address}" {attributes}>{words}</a>'

    inside = " ".join(link(*parts) for parts in links)
    return f'<nav class="course-links" aria-label="This chapter">{inside}</nav>'


def _with_one_picture(cell):
    """Yield the cell, cut before each further picture: MyST-NB knows one description a cell."""
    outputs = cell.get("outputs", [])
    cuts = [k for k, output in enumerate(outputs) if _picture(output)][1:]
    if not cuts:
        yield cell
        return
    for k, (start, stop) in enumerate(zip([0, *cuts], [*cuts, None], strict=True)):
        part = type(cell)(cell, outputs=outputs[start:stop], metadata=cell.metadata.copy())
        if k:
            part |= {"id": f"{cell.id[:58]}-{k}", "source": ""}
        yield part


def _picture(output):
    """Return what is stored about the picture in an output, or None if it holds none."""
    kinds = [kind for kind in output.get("data", {}) if kind.startswith("image/")]
    return {**output.metadata.get(kinds[0], {})} if kinds else None


def _fold(cell):
    tags, jupyter = cell.metadata.get("tags", []), cell.metadata.get("jupyter", {})
    said = {*tags, *(key for key, value in jupyter.items() if value)}
    folds = [fold for name, fold in CODE if name in said][:1]
    if "outputs_hidden" in said and cell.outputs:
        folds.append("hide-output")
    cell.metadata["tags"] = [*tags, *folds]
    folded = [FOLDED[fold] for fold in folds if fold in FOLDED]
    if len(folded) == 1:  # MyST-NB takes one word for both; conf.py has it
        prompts = {f"code_prompt_{do.lower()}": f"{do} {folded[0]}" for do in ("Show", "Hide")}
        cell.metadata.setdefault("mystnb", {}).update(prompts)


def _describe(cell, output):
    """Give a picture its words, and a place for an answer its circles to choose from."""
    if stored := _picture(output):
        cell.metadata.setdefault("mystnb", {})["image"] = {"alt": stored.get("alt", "")}
    text = output.get("data", {}).get("text/plain", "")
    if text.startswith("Your "):  # a circle stays with the first word of its choice
        output.data["text/plain"] = text.replace("( ) ", "○\u00a0")


# ---------------------------------------------------------------- what Sphinx is taught


def setup(app):
    """Teach Sphinx formulas without a script; the name is Sphinx's."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    app.connect("build-finished", _write_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(translator, node):
    _draw(translator, mathml(node.astext(), "inline"))


def _block(translator, node):
    _draw(translator, f'<div class="formula">{mathml(node.astext(), "block")}</div>')


def _draw(translator, html):
    from docutils.nodes import SkipNode

    translator.body.append(html)
    raise SkipNode


def _write_font(app, problem):
    """Write the font for formulas, which not every system has, with the characters they need."""
    if problem is None:
        pages = (file.read_text(encoding="utf-8") for file in Path(app.outdir).glob("*.html"))
        formulas = re.findall(r"(?s)<math.*?</math>", "".join(pages))
        characters = {*ITALICS, *map(ord, unescape(re.sub("<.*?>", "", "".join(formulas))))}
        (app.outdir / "_static" / "formulas.woff").write_bytes(cut_font(FONT, characters))
