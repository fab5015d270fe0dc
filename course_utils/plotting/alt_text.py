"""Say in words what a figure shows, for readers who cannot see it.

The words come from the figure itself: its titles, labels, bars, lines and texts. So they are right
after every change of a figure, and nobody has to write them. A function that draws what such a
list would not explain, a network for instance, says it itself with ``ax.set_label("...")``.
"""

import re

import numpy as np
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.lines import AxLine
from matplotlib.text import Annotation, Text

MOST = 16  # up to this number, the bars, points or lines of a picture are named one by one
SIGNS = {"leq": "≤", "geq": "≥", "cdot": "·", "times": "×"}


def describe(figure):
    """Return what a figure shows, in words.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Returns
    -------
    str
        One line. Numbers below 1,000 are rounded to three digits, larger ones to whole numbers.
    """
    figure.draw_without_rendering()  # only then do the axes know their ticks
    axes = [ax for ax in figure.axes if ax.get_visible() and ax.get_label() != "<colorbar>"]
    images = [ax for ax in axes if ax.images and not ax.axison and not ax.get_label()]
    if len(images) < 2:
        images = []
    captions = ", ".join(ax.get_title() for ax in images if ax.get_title())
    return _join(
        [
            *(text.get_text() for text in figure.texts),
            f"{len(images)} images" + (f": {captions}" if captions else "") if images else "",
            *(_picture(ax) for ax in axes if ax not in images),
        ]
    )


def text_height(figure):
    """Return the height of the smallest text in a figure, in pixels of its picture."""
    figure.draw_without_rendering()
    texts = [text for text in figure.findobj(Text) if text.get_visible()]
    sizes = [text.get_fontsize() for text in texts if text.get_text().strip()]
    return round(min(sizes, default=0) * figure.dpi / 72, 1)


def store_with_figures():
    """Have every figure that a notebook shows stored with its description, as its ``alt``.

    It goes where ``IPython.display.Image(alt=...)`` puts it: into the output's metadata, beside
    `text_height`, by which a test knows whether a slide shows the figure large enough.
    """
    from IPython import get_ipython  # slow to import outside of a notebook

    shell = get_ipython()
    if shell is None:
        return
    import matplotlib_inline.backend_inline  # noqa: F401  # registers how a figure becomes a PNG

    printers = shell.display_formatter.formatters["image/png"]
    draw = printers.type_printers.get(Figure)
    if draw and not isinstance(draw, _DrawAndDescribe):
        printers.for_type(Figure, _DrawAndDescribe(draw))


class _DrawAndDescribe:
    def __init__(self, draw):
        self.draw = draw

    def __call__(self, figure):
        picture = self.draw(figure)
        if picture is None:  # an empty figure
            return None
        try:
            return picture, {"alt": describe(figure), "text_height": text_height(figure)}
        except Exception:  # a student's figure is shown even if there are no words for it
            return picture


def _picture(ax):
    if ax.get_label():
        return _join([ax.get_title(), ax.get_label()])
    if not ax.axison:
        return _join([ax.get_title(), _texts(ax)])
    shown = [*_bars(ax), *_lines(ax)]
    if ax.images:
        shown.append("an image of {} by {}".format(*ax.images[0].get_size()))
    return _join([ax.get_title(), _scales(ax), *shown, _texts(ax), _key(ax, shown)])


def _join(parts):
    """Make sentences of those `parts` that are not empty."""
    sentences = filter(None, map(_plain, parts))
    return " ".join(words if words[-1] in ".?!" else f"{words}." for words in sentences)


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


def _name(artist):
    """Return what a legend calls a line or bars; Matplotlib's own names begin with _."""
    return "" if artist.get_label().startswith("_") else f" ({artist.get_label()})"


def _scales(ax):
    scales = []
    for word, axis in (("horizontal", ax.xaxis), ("vertical", ax.yaxis)):
        if axis.get_label_text():
            unit = ", logarithmic" if axis.get_scale() == "log" else ""
            scales.append(f"{word} axis: {axis.get_label_text()}{unit}")
    return "; ".join(scales)


def _bars(ax):
    for bars in ax.containers:
        if not isinstance(bars, BarContainer) or not bars.patches:
            continue
        along, across = (0, 1) if bars.orientation == "horizontal" else (1, 0)
        boxes = np.array([bar.get_bbox().get_points() for bar in bars.patches])  # (bar, end, axis)
        names = _tick_names((ax.xaxis, ax.yaxis)[across])
        words = []
        for ends, middle in zip(boxes[:, :, along], boxes[:, :, across].mean(axis=1), strict=True):
            name = names.get(round(middle), _number(middle))
            reach = " to ".join(_number(end) for end in ends if end != 0) or "0"
            words.append(f"{name}: {reach}")
        if len(words) > MOST:
            words = [f"{len(words)} of them, up to {_number(np.abs(boxes[:, :, along]).max())}"]
        yield f"bars{_name(bars)}: {'; '.join(words)}"


def _tick_names(axis):
    """Return {place: name} of those ticks that have another name than their number."""
    names = {}
    for place, label in zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=False):
        text = _plain(label.get_text())
        if text and text.replace("−", "-") not in (f"{place:g}", f"{place:.1f}", f"{place:.2f}"):
            names[place] = text
    return names


def _lines(ax):
    lines = [line for line in ax.lines if line.get_visible() and len(line.get_xydata())]
    if len(lines) > MOST:
        yield f"{len(lines)} lines"
        return
    written = [_text_place(text) for text in ax.texts]
    # How axhline and axvline place a line: by one coordinate, and across all of the picture.
    marks = [ax.get_yaxis_transform(which="grid"), ax.get_xaxis_transform(which="grid")]
    for line in lines:
        points = line.get_xydata()
        points = points[np.isfinite(points).all(axis=1)]
        if isinstance(line, AxLine):
            points = (line.get_transform() - ax.transData).transform([[0, 0], [1, 1]])
        if any(line.get_transform() is mark for mark in marks):
            (x, y), (_, y_end) = points[[0, -1]]
            way, place = ("level", y) if y == y_end else ("upright", x)
            yield f"{way} line{_name(line)} at {_number(place)}"
        elif line.get_linestyle() in ("None", "none", " ", "") or len(points) == 1:
            places = [_place(point) for point in points if _place(point) not in written]
            if len(places) > MOST:
                yield f"{len(places)} points{_name(line)}"
            elif places:
                yield f"points{_name(line)} at {', '.join(places)}"
        elif len(points) == 2:
            ends = _inside(points, ax)
            if ends is not None:
                yield f"straight line{_name(line)} from {' to '.join(map(_place, ends))}"
        elif len(points) > 2:
            yield f"line{_name(line)}: {_course(points)}"


def _inside(points, ax):
    """Return the ends of that part of a straight line which lies within the axes, or None."""
    start, way = points[0], points[1] - points[0]
    limits = np.sort([ax.get_xlim(), ax.get_ylim()]).T
    is_outside = (start < limits[0]) | (start > limits[1])
    if is_outside[way == 0].any():
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        times = np.sort((limits - start) / way, axis=0)  # when it enters and leaves, per axis
    times[:, way == 0] = [[0], [1]]
    first, last = max(0, times[0].max()), min(1, times[1].min())
    return (start + first * way, start + last * way) if first <= last else None


def _course(points):
    """Say how a curve goes from its first point to its last."""
    y = points[:, 1]
    steps = np.diff(y)
    if np.ptp(y) == 0:
        how = "stays level"
    elif (steps >= 0).all():
        how = "rises"
    elif (steps <= 0).all():
        how = "falls"
    else:
        how = f"goes up and down between {_number(y.min())} and {_number(y.max())}"
    return f"{how} from {_place(points[0])} to {_place(points[-1])}"


def _texts(ax):
    """List what is written in a picture: where, or row by row if it is a table or a diagram."""
    texts = [text for text in ax.texts if text.get_visible() and text.get_text().strip()]
    if ax.containers:  # leave out the numbers at the bars: `_bars` has them
        texts = [text for text in texts if not isinstance(text, Annotation)]
    if not texts:
        return ""
    if ax.axison and not ax.images and len(texts) <= MOST:
        return f"written: {'; '.join(f'{t.get_text()} at {_text_place(t)}' for t in texts)}"
    boxes = {text: text.get_window_extent() for text in texts}
    texts.sort(key=lambda text: (-round(boxes[text].y0 / 12), boxes[text].x0))
    return f"written, row by row: {', '.join(text.get_text() for text in texts)}"


def _text_place(text):
    return _place(text.xy if isinstance(text, Annotation) else text.get_position())


def _key(ax, shown):
    """Name those entries of the legend that no line or bar has mentioned."""
    legend = ax.get_legend()
    names = [text.get_text() for text in legend.get_texts()] if legend else []
    names = [name for name in names if not any(name in words for words in shown)]
    return f"key: {'; '.join(names)}" if names else ""
