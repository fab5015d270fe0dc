"""A small chapter for the tests of slides; in it, what is not planted is as it should be."""

import base64
import io

from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image


def text(source, slide_type="slide"):
    return new_markdown_cell(source, metadata={"slideshow": {"slide_type": slide_type}})


def code(source, *outputs, slide_type="slide", tags=()):
    metadata = {"slideshow": {"slide_type": slide_type}, "tags": list(tags)}
    return new_code_cell(source, metadata=metadata, outputs=list(outputs), execution_count=1)


def printed(words):
    return new_output("stream", name="stdout", text=words)


def picture(alt="A grey field.", text_height=20.0, size=(600, 300)):
    """Return an output that holds a picture, with what is stored beside it."""
    file = io.BytesIO()
    Image.new("L", size, 128).save(file, format="png")
    data = {"image/png": base64.b64encode(file.getvalue()).decode("ascii")}
    stored = {"image/png": {"alt": alt, "text_height": text_height}}
    return new_output("display_data", data, metadata=stored)


def deck(*cells):
    """Return a notebook of `cells` behind a title."""
    return new_notebook(cells=[text("# 09 · A small chapter"), *cells])


GOOD = [
    text("## 1. A neuron\n\nIt fires if $b + w_1 x_1 > -0.5$:"),
    text(
        "$$y = \\begin{cases} 1 & \\text{if } a > 0 \\\\ 0 & \\text{if } a \\le 0 \\end{cases}$$",
        "-",
    ),
    text("Ask the audience first.", "notes"),
    code("y = 1\nprint(y)", printed("1\n"), slide_type="fragment"),
    text("Left out.", "skip"),
    code("plot()", picture(), tags=["output-only"]),
    code("1 / 0", new_output("error", ename="ZeroDivisionError", evalue="division by zero")),
    text("| a | b |\n|:-:|:-:|\n| 1 | `2` |\n\n> **Caution.** See [01](01_perceptron.ipynb)."),
]
