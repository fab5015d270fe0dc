"""Say in words what a figure shows, for readers who cannot see it.

The words come from its titles, labels, bars, lines and texts, so nobody has to write them. What
such a list would not explain says itself what it is with ``ax.set_label("...")``.
"""

import re
from functools import partial

import numpy as np
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.lines import AxLine
from matplotlib.text import Annotation, Text
from matplotlib.ticker import ScalarFormatter

MOST = 16  # up to so many, the bars, points and texts of a picture are named one by one
SIGNS = {"leq": "≤", "geq": "≥", "cdot": "·", "times": "×"}


def describe(figure, drawn=False):
    """Return in one line what a figure shows; numbers below 1,000 are rounded to three digits.

    Its axes know their ticks only once it is `drawn`, which takes as long as saving it.
    """
    if not drawn:
        figure.draw_without_rendering()
    axes = [ax for ax in figure.axes if ax.get_visible() and ax.get_label() != "<colorbar>"]
    images = [ax for ax in axes if ax.images and not ax.axison and not ax.get_label()]
    sentences = [text.get_text() for text in figure.texts]
    if len(images) > 1:
        axes = [ax for ax in axes if ax not in images]
        captions = ", ".join(ax.get_title() for ax in images if ax.get_title())
        sentences.append(f"{len(images)} images: {captions}".removesuffix(": "))
    sentences += [words for ax in axes for words in _picture(ax)]
    sentences = filter(None, map(_plain, sentences))
    return " ".join(words if words[-1] in ".?!" else f"{words}." for words in sentences)


def text_height(figure):
    """Return the height of the smallest text in pixels, by which a slide is tested."""
    figure.draw_without_rendering()
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
    return round(min([t.get_fontsize() for t in texts], default=0) * figure.dpi / 72, 1)


def store_with_figures():
    """Have a notebook store every figure with its description, its ``alt``, and `text_height`."""
    from IPython import get_ipython  # slow to import outside of a notebook

    if shell := get_ipython():
        import matplotlib_inline.backend_inline  # noqa: F401  # registers how to make a PNG

        printers = shell.display_formatter.formatters["image/png"]
        draw = printers.type_printers.get(Figure)
        if draw and getattr(draw, "func", None) is not _draw_and_describe:
            printers.for_type(Figure, partial(_draw_and_describe, draw))


def _draw_and_describe(draw, figure):
    picture = draw(figure)
    try:
        return picture and (picture, {"alt": describe(figure), "text_height": text_height(figure)})
    except Exception:  # a student's figure is shown even if there are no words for it
        return picture


def _plain(text):
    """Write a text in one line and without the marks of its formulas: ``$w_1$`` becomes w1."""

    def formula(match):
        inside = re.sub(r"\\([a-zA-Z]+)", lambda name: SIGNS.get(name[1], name[1]), match[1])
        return re.sub(r"\\[^a-zA-Z]|[{}_]", "", inside)

    return " ".join(re.sub(r"\$(.+?)\$", formula, text).split())


def _number(value):
    text = f"{value:,.0f}" if 1000 <= abs(value) < 1e6 else f"{value + 0.0:.3g}"
    return text.replace("-", "−")


def _place(point):
    return "({}, {})".format(*map(_number, point))


def _picture(ax):
    """Yield what one picture shows, one thing after the other."""
    yield ax.get_title()
    if ax.get_label() or not ax.axison:
        yield ax.get_label() or _texts(ax)
        return
    yield "; ".join(
        f"{way} axis: {axis.get_label_text()}" + ", logarithmic" * (axis.get_scale() == "log")
        for way, axis in (("horizontal", ax.xaxis), ("vertical", ax.yaxis))
        if axis.get_label_text()
    )
    shown = [*_bars(ax), *_lines(ax)]
    yield from shown
    if ax.images:
        yield "an image of {} by {}".format(*ax.images[0].get_size())
    yield _texts(ax)
    names = [text.get_text() for text in ax.get_legend().get_texts()] if ax.get_legend() else []
    names = [name for name in names if not any(name in words for words in shown)]
    yield f"key: {'; '.join(names)}" if names else ""


def _named(kind, artist):
    """Add what a legend calls some bars or a line; Matplotlib's own names begin with _."""
    return kind if artist.get_label().startswith("_") else f"{kind} ({artist.get_label()})"


def _bars(ax):
    for bars in [bars for bars in ax.containers if isinstance(bars, BarContainer) and bars.patches]:
        along, axis = (0, ax.yaxis) if bars.orientation == "horizontal" else (1, ax.xaxis)
        boxes = np.array([bar.get_bbox().get_points() for bar in bars])  # (bar, end, axis)
        name_at = axis.get_major_formatter()
        words = []
        for ends, middle in zip(boxes[..., along], boxes[..., 1 - along].mean(axis=1), strict=True):
            reach = " to ".join(_number(end) for end in ends if end != 0) or "0"
            name = "" if isinstance(name_at, ScalarFormatter) else name_at(round(middle))
            words.append(f"{name or _number(middle)}: {reach}")
        if len(words) > MOST:
            words = [f"{len(words)} of them, up to {_number(np.abs(boxes[..., along]).max())}"]
        yield f"{_named('bars', bars)}: {'; '.join(words)}"


def _lines(ax):
    written = [_text_place(text) for text in ax.texts]
    for line in [line for line in ax.lines if line.get_visible()]:
        points = line.get_xydata()[np.isfinite(line.get_xydata()).all(axis=1)]
        if isinstance(line, AxLine):
            points = (line.get_transform() - ax.transData).transform([[0, 0], [1, 1]]).round(9)
        if line.get_transform() is ax.get_yaxis_transform("grid"):  # as axhline places a line
            yield f"{_named('level line', line)} at {_number(points[0, 1])}"
        elif line.get_transform() is ax.get_xaxis_transform("grid"):  # and axvline
            yield f"{_named('upright line', line)} at {_number(points[0, 0])}"
        elif line.get_linestyle() == "None" or len(points) == 1:
            places = [place for place in map(_place, points) if place not in written]
            if len(places) > MOST:
                yield _named(f"{len(places)} points", line)
            elif places:
                yield f"{_named('points', line)} at {', '.join(places)}"
        elif len(points) == 2:
            yield f"{_named('straight line', line)} from {' to '.join(map(_place, points))}"
        elif len(points) > 2:
            ends = " to ".join(map(_place, points[[0, -1]]))
            yield f"{_named('line', line)}: {_way(points[:, 1])} from {ends}"


def _way(y):
    steps = np.diff(y)
    if (steps >= 0).all() or (steps <= 0).all():
        return {1: "rises", 0: "stays level", -1: "falls"}[np.sign(y[-1] - y[0])]
    return f"goes up and down between {_number(y.min())} and {_number(y.max())}"


def _texts(ax):
    """List what is written in a picture: where, or row by row if it is a table or a diagram."""
    texts = [text for text in ax.texts if text.get_visible() and text.get_text().strip()]
    if ax.containers:  # leave out the numbers at the bars: `_bars` has them
        texts = [text for text in texts if not isinstance(text, Annotation)]
    if ax.axison and not ax.images and len(texts) <= MOST:
        words = "; ".join(f"{text.get_text()} at {_text_place(text)}" for text in texts)
        return f"written: {words}" if words else ""
    boxes = {text: text.get_window_extent() for text in texts}
    texts.sort(key=lambda text: (-round(boxes[text].y0 / 12), boxes[text].x0))
    words = ", ".join(text.get_text() for text in texts)
    return f"written, row by row: {words}" if words else ""


def _text_place(text):
    return _place(getattr(text, "xy", text.get_position()))
