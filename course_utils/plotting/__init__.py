"""The pictures that several chapters draw, in one style.

Colours are those of Okabe and Ito, which colour-blind readers can tell apart
(https://jfly.uni-koeln.de/color/).
"""

import io
import itertools

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import FancyBboxPatch
from matplotlib.ticker import MaxNLocator

from course_utils.plotting import alt_text

BLUE = "#0072B2"
ORANGE = "#BF5300"  # darker than Okabe and Ito's, to be legible as text on white
GREEN = "#007A5A"  # likewise
PURPLE = "#A8457F"  # likewise
SKY = "#56B4E9"
YELLOW = "#E69F00"
GREY = "#595959"


def use_course_style():
    """Make the figures that follow look like the rest of the course, and describe themselves."""
    plt.rcParams.update(
        {
            "figure.figsize": (6.4, 4.0),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "font.size": 12,
            "axes.titlesize": 13,
            "axes.titleweight": "bold",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "axes.axisbelow": True,
            "axes.prop_cycle": plt.cycler(color=[BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW]),
            "grid.color": "#E3E3E3",
            "lines.linewidth": 2.2,
            "legend.frameon": False,
            "image.cmap": "gray",
            "image.interpolation": "nearest",
        }
    )
    alt_text.store_with_figures()


def show_digits(images, captions=None, columns=10, title=None, colours=None):
    """Draw images of digits side by side, row by row.

    Parameters
    ----------
    images : array_like, shape (n, 784) or (n, 28, 28)
        n >= 1 images, 0 is black; each is drawn from its own darkest to its own lightest value.
    captions : sequence of n objects, optional
        Written above each image.
    columns : int
        Images in a row.
    title : str, optional
        Written above the whole picture.
    colours : sequence of n colours, optional
        Colour of each caption; black if left out.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        The images are not 28x28, there are none, or the captions or colours are not as many.
    """
    images = np.asarray(images)
    if images.ndim < 2 or len(images) == 0 or images.shape[1:] not in ((784,), (28, 28)):
        raise ValueError(
            f"images must have shape (n, 784) or (n, 28, 28) with n >= 1, got {images.shape}"
        )
    for name, values in (("captions", captions), ("colours", colours)):
        if values is not None and len(values) != len(images):
            raise ValueError(f"{len(values)} {name} for {len(images)} images")

    columns = min(columns, len(images))
    n_rows = -(-len(images) // columns)
    lines = [str(caption).split("\n") for caption in ([] if captions is None else captions)]
    n_lines = max(map(len, lines), default=0)
    longest = max((len(line) for caption in lines for line in caption), default=0)
    width = max(0.95, 0.09 * longest + 0.1)  # of one column, in inches: captions keep apart
    height = 0.95 + 0.22 * n_lines
    fig, axes = plt.subplots(
        n_rows,
        columns,
        squeeze=False,
        figsize=(width * columns, height * n_rows + 0.4 * bool(title)),
    )
    for ax in axes.flat:
        ax.axis("off")
    for k, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        ax.imshow(image.reshape(28, 28), cmap="gray")
        if captions is not None:
            colour = "black" if colours is None else colours[k]
            ax.set_title(str(captions[k]), fontsize=11, fontweight="normal", color=colour, pad=3)
    if title:
        fig.suptitle(title, fontsize=13, fontweight="bold")
    return fig


def plot_confusion(matrix, title="Confusion matrix", ax=None):
    """Draw a confusion matrix: rows are the true classes, columns the predicted ones.

    Parameters
    ----------
    matrix : array_like of int, shape (n_classes, n_classes)
        ``matrix[i, j]``: how many samples of class i were predicted as class j.
    title : str
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        The matrix is not square.

    Notes
    -----
    The right answers on the diagonal outnumber the errors by far; the colours show only the
    errors, so that these can be seen. The diagonal is blue; a dot stands for no error.
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a confusion matrix is square, got shape {matrix.shape}")
    n_classes = len(matrix)
    errors = matrix.astype(float)
    np.fill_diagonal(errors, np.nan)
    if ax is None:
        _, ax = plt.subplots(figsize=(6.4, 5.4))
    largest = max(np.nanmax(errors, initial=0), 1)
    image = ax.imshow(errors, cmap="Oranges", vmin=0, vmax=largest)
    for (i, j), count in np.ndenumerate(matrix):
        if i == j:
            ax.add_patch(plt.Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor="#DCEBF5"))
        ax.text(
            j,
            i,
            f"{count}" if count or i == j else "·",
            ha="center",
            va="center",
            fontsize=11,
            fontweight="bold" if i == j else "normal",
            color="white" if i != j and count > 0.75 * largest else "black",
        )
    ax.set(
        title=title,
        xlabel="predicted class",
        ylabel="true class",
        xticks=range(n_classes),
        yticks=range(n_classes),
    )
    ax.grid(False)
    worst = [divmod(int(k), n_classes) for k in np.argsort(-errors, axis=None)[:5]]
    ax.set_label(
        f"rows are the true class, columns the predicted one; {np.trace(matrix)} of "
        f"{matrix.sum()} are right; the most frequent errors: "
        + "; ".join(
            f"{i} taken for {j}, {matrix[i, j]} times" for i, j in worst if errors[i, j] > 0
        )
    )
    ticks = MaxNLocator(integer=True)
    ax.figure.colorbar(image, ax=ax, label="number of errors", ticks=ticks)
    return ax


def plot_half_plane(weights, bias, ax, colour=BLUE, linestyle="-", label=None):
    """Shade where ``bias + weights[0] * x1 + weights[1] * x2 > 0`` and draw the line at its edge.

    Parameters
    ----------
    weights : sequence of 2 floats
        If both are 0 there is no line: the whole plane is shaded, or none of it.
    bias : float
    ax : matplotlib.axes.Axes
        Its limits stay as they are.
    colour : colour
        Of the line; the half plane is a light shade of it.
    linestyle : str
    label : str, optional
        Names the line in a legend.
    """
    weights = np.asarray(weights, dtype=float)
    limits = ax.axis()
    length = np.hypot(*weights)
    if length == 0:
        if bias > 0:
            ax.axvspan(*limits[:2], facecolor=colour, alpha=0.16, linewidth=0, zorder=0.5)
        return
    across = weights / length  # points into the half plane
    along = np.array([-across[1], across[0]])
    foot = -bias / length * across  # the point of the line that is nearest to (0, 0)
    far = 100 + np.hypot(*foot)  # beyond any limits in use
    ends = foot - far * along, foot + far * along
    ax.fill(
        *np.transpose([*ends, ends[1] + far * across, ends[0] + far * across]),
        facecolor=colour,
        alpha=0.16,
        linewidth=0,
        zorder=0.5,
    )
    ax.plot(*np.transpose(ends), color=colour, linestyle=linestyle, label=label)
    ax.axis(limits)


def plot_gate(weights=None, bias=0.0, outputs=None, title=None, ax=None, inputs=None):
    """Draw the four inputs of a gate in the plane, and the line that a neuron draws there.

    Each input is a circle that holds the output: filled for 1, hollow for 0.

    Parameters
    ----------
    weights : sequence of 2 floats, optional
        Weights of the neuron; without them no line is drawn.
    bias : float
    outputs : sequence of 4 ints in {0, 1}, optional
        The outputs for (0, 0), (0, 1), (1, 0), (1, 1); by default those of the neuron.
    title : str, optional
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if left out.
    inputs : sequence of 4 pairs of floats in [0, 1], optional
        What the neuron receives in place of the four inputs, when a layer lies between.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        There is neither a neuron nor four outputs to draw, or the outputs are not four.
    """
    inputs = np.array([(0, 0), (0, 1), (1, 0), (1, 1)] if inputs is None else inputs)
    if outputs is None:
        if weights is None:
            raise ValueError("give the weights of a neuron, or the four outputs of a gate")
        outputs = (inputs @ np.asarray(weights) + bias > 0).astype(int)
    if len(outputs) != len(inputs):
        raise ValueError(f"a gate with two inputs has 4 outputs, got {len(outputs)}")

    if ax is None:
        _, ax = plt.subplots(figsize=(8, 4.4))
    ax.set(xlim=(-0.6, 1.6), ylim=(-0.6, 1.6), aspect="equal", title=title)
    ax.set(xlabel="input $x_1$", ylabel="input $x_2$", xticks=[0, 1], yticks=[0, 1])
    if weights is not None:
        plot_half_plane(weights, bias, ax, label="boundary: sum = 0\n(shaded: sum above 0)")
    for (x1, x2), output in zip(inputs, outputs, strict=True):
        face, text = (BLUE, "white") if output else ("white", BLUE)
        ax.plot(x1, x2, "o", markersize=21, color=face, markeredgecolor=BLUE, markeredgewidth=2.2)
        ax.text(x1, x2, str(output), color=text, ha="center", va="center_baseline")
    return ax


def plot_diagram(nodes, arrows, title=None, shaded=(), figsize=(6.4, 3.0)):
    """Draw circles and the arrows between them: a neuron, a small network.

    Parameters
    ----------
    nodes : dict of str to (x, y)
        The text in each circle and where its centre is; a circle has radius 0.4.
    arrows : dict of (str, str) to str
        From which node to which; the text is written on the arrow.
    title : str, optional
    shaded : collection of str
        The nodes that stand out.
    figsize : (width, height) in inches

    Returns
    -------
    matplotlib.axes.Axes
    """
    radius = 0.4
    _, ax = plt.subplots(figsize=figsize)
    for text, centre in nodes.items():
        face = "#DCEBF5" if text in shaded else "white"
        ax.add_patch(plt.Circle(centre, radius, facecolor=face, edgecolor=BLUE, linewidth=2))
        ax.text(*centre, text, ha="center", va="center_baseline")
    for (tail, head), text in arrows.items():
        start, end = np.array(nodes[tail], float), np.array(nodes[head], float)
        step = (end - start) / np.hypot(*(end - start))
        start, end = start + radius * step, end - (radius + 0.04) * step
        ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": GREY, "lw": 1.6})
        # Written nearer to the tail, where arrows to one head are farther apart.
        ax.text(
            *(0.6 * start + 0.4 * end),
            text,
            ha="center",
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )
    words = (
        f"{tail} → {head}" + f" ({text})" * bool(text) for (tail, head), text in arrows.items()
    )
    ax.set_label(f"circles and arrows: {', '.join(words)}")
    ax.set_aspect("equal")
    ax.autoscale_view()
    ax.margins(0.02)
    ax.axis("off")
    if title:
        ax.set_title(title)
    return ax


def live_picture(draw, figsize=(4.6, 4.4), **sliders):
    """Return sliders beside a picture that is drawn again whenever one of them moves.

    Parameters
    ----------
    draw : callable
        ``draw(ax, name=value, ...)`` draws into the empty axes `ax`.
    figsize : (width, height) in inches
    **sliders : (lowest, highest, step, start)
        One slider for each keyword argument of `draw`.

    Returns
    -------
    ipywidgets.HBox
        The last value of a cell, so that the notebook shows it. As text, and thus in a stored
        notebook, it is one sentence.

    Notes
    -----
    The picture is an image that gets new contents, not a new output: nothing flickers or jumps.
    """
    import ipywidgets as widgets  # slow to import, and needed here alone

    class Panel(widgets.HBox):
        def __repr__(self):
            return f"Sliders for {', '.join(sliders)}: run this cell to move them."

    controls = {
        name: widgets.FloatSlider(description=name, min=lowest, max=highest, step=step, value=start)
        for name, (lowest, highest, step, start) in sliders.items()
    }
    picture = widgets.Image(format="png", layout={"width": "max-content"})
    fig, ax = plt.subplots(figsize=figsize)
    plt.close(fig)  # or the notebook would show it a second time

    def redraw(_=None):
        ax.clear()
        draw(ax, **{name: control.value for name, control in controls.items()})
        file = io.BytesIO()
        fig.savefig(file, format="png")
        fig.set_layout_engine("none")  # the axes stay where the first picture had them
        picture.value = file.getvalue()

    for control in controls.values():
        control.observe(redraw, names="value")
    redraw()
    layout = {"align_items": "center", "flex_flow": "row wrap"}  # below each other if it is narrow
    return Panel([widgets.VBox(list(controls.values())), picture], layout=layout)


def draw_network(
    weights,
    activations=None,
    biases=None,
    names=None,
    weight_labels=False,
    most=8,
    title=None,
    ax=None,
):
    """Draw a network: its neurons as circles, its weights as lines from layer to layer.

    The larger a weight, the wider its line. Positive weights are solid and blue, negative ones
    dashed and orange; a weight of exactly 0 has no line.

    Parameters
    ----------
    weights : sequence of L >= 1 array_like
        Weights of each layer, shape (n_previous, n_next): row = previous neuron, column = next.
    activations : sequence of L + 1 array_like, optional
        What to write into the neurons of the input and of each layer, shape (n,). Numbers are
        written with two decimals, texts as they are.
    biases : sequence of L array_like, optional
        Biases of each layer, shape (n_next,): lines from an extra square neuron, which is always 1.
    names : sequence of L + 1 str, optional
        Written above the input and each layer.
    weight_labels : bool
        Whether to write each weight and bias on its line; for small networks only.
    most : int
        Of a layer with more neurons than this, at least 2, only the first and the last are drawn.
    title : str, optional
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of a fitting size if left out.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        The shapes do not fit together (the message says which), or `most` is below 2.
    """
    weights = [np.asarray(w, dtype=float) for w in weights]
    sizes = _layer_sizes(weights)
    _require_sizes("activations", activations, sizes)
    _require_sizes("biases", biases, sizes[1:])
    if names is not None and len(names) != len(sizes):
        raise ValueError(f"{len(names)} names for the input and {len(weights)} layers")
    if most < 2:
        raise ValueError(f"most must be at least 2, got {most}")

    columns = [_neuron_heights(size, most) for size in sizes]
    bias_heights = [max(column.values()) + 1 for column in columns[:-1]] if biases else []
    bottom = min(min(column.values()) for column in columns)
    top = max([-bottom, *bias_heights])
    if ax is None:
        _, ax = plt.subplots(figsize=(2.4 * len(sizes) - 0.6, 0.8 * (top - bottom) + 2))
    largest = max(np.abs(w).max() for w in [*weights, *map(np.asarray, biases or [])]) or 1

    for layer, w in enumerate(weights):
        sources = [(height, w[i]) for i, height in columns[layer].items() if i is not None]
        if biases:
            sources.insert(0, (bias_heights[layer], np.asarray(biases[layer], dtype=float)))
        for k, (height, outgoing) in enumerate(sources):
            place = (0.3, 0.5, 0.7)[k % 3]  # so that labels of crossing lines do not meet
            for j, next_height in columns[layer + 1].items():
                if j is not None and outgoing[j] != 0:
                    ends = np.array([(layer, height), (layer + 1, next_height)])
                    _draw_weight(ax, ends, outgoing[j], largest, place if weight_labels else None)

    for layer, column in enumerate(columns):
        for i, height in column.items():
            if i is None:
                ax.text(layer, height, "⋮", fontsize=20, ha="center", va="center")
                continue
            ax.plot(layer, height, "o", markersize=40, mfc="white", mec="black", mew=1.6)
            if activations is not None:
                value = activations[layer][i]
                text = value if isinstance(value, str) else _with_minus(f"{value:.2f}")
                ax.text(layer, height, text, ha="center", va="center")
        if names is not None:
            ax.text(layer, top + 0.6, names[layer], ha="center", va="bottom", fontweight="bold")
    for layer, height in enumerate(bias_heights):
        ax.plot(layer, height, "s", markersize=26, mfc="#E3E3E3", mec=GREY, mew=1.6)
        ax.text(layer, height, "1", ha="center", va="center")

    ax.set_label(_network_in_words(weights, activations, biases, names, weight_labels))
    signs = {np.sign(value) for w in [*weights, *(biases or [])] for value in np.ravel(w)}
    for sign, text in ((1, "positive weight"), (-1, "negative weight")):
        if sign in signs:
            ax.plot([], [], **_line_style(sign), linewidth=3, label=text)
    if signs - {0}:
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, handlelength=3)
    ax.set(xlim=(-0.35, len(sizes) - 0.65), ylim=(bottom - 0.5, top + (0.9 if names else 0.5)))
    ax.axis("off")
    if title:
        ax.set_title(title)
    return ax


def _network_in_words(weights, activations, biases, names, with_weights):
    """Return what `draw_network` shows to those who see it."""
    sizes = _layer_sizes(weights)
    words = [f"a network with layers of {', '.join(map(str, sizes))} neurons"]
    for layer, size in enumerate(sizes):
        name = names[layer] if names is not None else f"layer {layer}" if layer else "input"
        if activations is not None and size <= 16 and any(map(str, activations[layer])):
            values = (v if isinstance(v, str) else f"{v:.2f}" for v in activations[layer])
            words.append(f"in {name}: {', '.join(values)}")
    for layer, w in enumerate(weights if with_weights else [], start=1):
        words.append(f"weights of layer {layer}: {_matrix_text(w)}")
        if biases:
            words.append(f"biases: {_matrix_text([biases[layer - 1]])}")
    return _with_minus("; ".join(words))


def _layer_sizes(weights):
    """Return the number of neurons in the input and in each layer, or say what does not fit."""
    for layer, w in enumerate(weights, start=1):
        if w.ndim != 2 or w.size == 0:
            raise ValueError(f"weights of layer {layer} must be a matrix, got shape {w.shape}")
        if layer > 1 and len(w) != weights[layer - 2].shape[1]:
            raise ValueError(
                f"weights of layer {layer} have {len(w)} rows, "
                f"but layer {layer - 1} has {weights[layer - 2].shape[1]} neurons"
            )
    if not weights:
        raise ValueError("give the weights of at least one layer")
    return [len(weights[0]), *(w.shape[1] for w in weights)]


def _require_sizes(name, values, sizes):
    """Complain unless `values` is None or has one row of the right length for each layer."""
    got = None if values is None else [np.shape(row) for row in values]
    if got is not None and got != [(size,) for size in sizes]:
        raise ValueError(f"{name} have the shapes {got}, expected {[(size,) for size in sizes]}")


def _neuron_heights(size, most):
    """Return {neuron: height}, from the top down and centred at 0; None stands for the dots."""
    shown = list(range(size))
    if size > most:
        shown = [*shown[: most - most // 2], None, *shown[size - most // 2 :]]
    return {neuron: (len(shown) - 1) / 2 - k for k, neuron in enumerate(shown)}


def _line_style(weight):
    return {"color": BLUE, "ls": "-"} if weight > 0 else {"color": ORANGE, "ls": (0, (2.5, 1.2))}


def _with_minus(number):
    return number.replace("-", "−")


def _draw_weight(ax, ends, weight, largest, label_place=None):
    """Draw the line of one weight from ``ends[0]`` to ``ends[1]``, under the neurons."""
    width = 0.6 + 4.4 * abs(weight) / largest
    ax.plot(*ends.T, linewidth=width, zorder=1, solid_capstyle="butt", **_line_style(weight))
    if label_place is not None:
        ax.text(
            *(ends[0] + label_place * (ends[1] - ends[0])),
            _with_minus(f"{weight:g}"),
            fontsize=11,
            ha="center",
            va="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2},
        )


def show_pixels(image, top, left, size=10):
    """Draw an image of a digit, and beside it a square part of it with the number of each pixel.

    Parameters
    ----------
    image : array_like of int, shape (784,) or (28, 28)
        Pixels in [0, 255], not all 0.
    top, left : int
        First row and first column of the part.
    size : int
        Rows and columns of the part; 10 is what can be read.

    Returns
    -------
    matplotlib.figure.Figure
    """
    image = np.asarray(image).reshape(28, 28)
    fig, (whole, part) = plt.subplots(1, 2, figsize=(9.6, 5.3))
    shades = {"cmap": "gray", "vmin": 0, "vmax": 255}
    whole.imshow(image, **shades)
    rows, columns = np.nonzero(image)
    box = columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1
    for (x, y, width, height), colour, linestyle, label in (
        (box, SKY, "--", "the box that holds the digit"),
        ((left, top, size, size), YELLOW, "-", "the part shown on the right"),
    ):
        style = {"edgecolor": colour, "linestyle": linestyle, "linewidth": 2.4, "fill": False}
        frame = plt.Rectangle((x - 0.5, y - 0.5), width, height, label=label, **style)
        whole.add_patch(frame)
    limits = (left - 0.5, left + size - 0.5, top + size - 0.5, top - 0.5)
    part.imshow(image[top : top + size, left : left + size], extent=limits, **shades)
    for row in range(top, top + size):
        for column in range(left, left + size):
            value = image[row, column]
            colour = "black" if value > 115 else "white"
            part.text(column, row, f"{value}", color=colour, fontsize=11, ha="center", va="center")
    axis = {"xlabel": "column", "ylabel": "row"}
    whole.set(title="28 × 28 pixels", xticks=range(0, 28, 4), yticks=range(0, 28, 4), **axis)
    ticks = {"xticks": range(left, left + size), "yticks": range(top, top + size)}
    part.set(title="The numbers in the yellow frame", **ticks, **axis)
    for ax in (whole, part):
        ax.grid(False)
    numbers = _matrix_text(image[top : top + size, left : left + size])
    part.set_label(f"from row {top}, column {left} on: {numbers}")
    fig.legend(loc="outside lower center", ncols=2)
    return fig


def show_prediction(image, probabilities, label=None):
    """Draw an image of a digit, and beside it the probability that a network gives each class.

    Parameters
    ----------
    image : array_like, shape (784,) or (28, 28)
    probabilities : array_like of float, shape (n_classes,)
        In [0, 1]; the largest is the answer and is drawn hatched.
    label : object, optional
        The right answer, written above the image.

    Returns
    -------
    matplotlib.figure.Figure
    """
    percent = 100 * np.asarray(probabilities)
    answer = percent.argmax()
    fig, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.2), width_ratios=(1, 2))
    left.imshow(np.asarray(image).reshape(28, 28))
    left.axis("off")
    left.set_title("The image" if label is None else f"Label: {label}")
    bars = right.bar(range(len(percent)), percent, color=SKY)
    bars[answer].set(facecolor=BLUE, edgecolor="white", hatch="//")
    for k, value in enumerate(percent):
        if value >= 0.05:
            right.text(k, value + 2, f"{value:.1f}", fontsize=11, ha="center")
    right.set(title=f"The network answers {answer}", xticks=range(len(percent)))
    right.set(xlabel="class", ylabel="probability in %", ylim=(0, 112), yticks=range(0, 101, 25))
    right.grid(axis="x", visible=False)
    return fig


def plot_shapes(arrays, title=None):
    """Draw a chain of matrix products as rectangles: samples, weights, result, weights, result...

    Parameters
    ----------
    arrays : dict of str to (rows, columns)
        Name and shape of each array, in the order of the chain. What stands at the second, fourth
        ... place are the weights.
    title : str, optional

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        Two arrays cannot be multiplied, or their product has another shape than the next array.

    Notes
    -----
    The sides grow more slowly than the numbers, or an array of 10 would be too thin to see.
    """
    shapes = list(arrays.values())
    for k in range(0, len(shapes) - 2, 2):
        (n, inner), (rows, m), product = shapes[k : k + 3]
        if inner != rows or product != (n, m):
            raise ValueError(f"{(n, inner)} @ {(rows, m)} does not give {product}")

    def side(n):
        return 0.09 * n**0.45  # inches

    _, ax = plt.subplots(figsize=(10, 2.9))
    half, centre = max(side(rows) for rows, _ in shapes) / 2, 0.0
    for k, (name, (rows, columns)) in enumerate(arrays.items()):
        width, height, is_weights = side(columns), side(rows), k % 2 == 1
        colour, face = (BLUE, "#DCEBF5") if is_weights else (ORANGE, "#FBE6D6")
        centre += max(width, 0.75) / 2
        corner = centre - width / 2, -height / 2
        shape = {"xy": corner, "width": width, "height": height}
        hatch = "//" if is_weights else None
        ax.add_patch(plt.Rectangle(**shape, facecolor=face, edgecolor="white", hatch=hatch))
        ax.add_patch(plt.Rectangle(**shape, fill=False, edgecolor=colour, linewidth=2))
        text = {"ha": "center", "va": "center"}
        ax.text(centre, half + 0.16, name, color=colour, fontsize=13, fontweight="bold", **text)
        ax.text(centre, -half - 0.18, f"{rows} × {columns}", **text)
        centre += max(width, 0.75) / 2 + 0.5
        if k < len(shapes) - 1:
            ax.text(centre - 0.25, 0, "→" if is_weights else "@", fontsize=14, **text)
    ax.set(xlim=(-0.2, centre - 0.3), ylim=(-half - 0.35, half + 0.35), aspect="equal", title=title)
    chain = (f"{name}, {rows} × {columns}" for name, (rows, columns) in arrays.items())
    ax.set_label(f"rectangles with the shapes of a chain of products: {'; '.join(chain)}")
    ax.axis("off")
    return ax


def draw_course_map():
    """Draw the chapters of the course as a way through three parts, each with a small picture.

    Returns
    -------
    matplotlib.figure.Figure
    """
    parts = [("One neuron", BLUE), ("A network", GREEN), ("Learning", ORANGE)]
    chapters = [
        ("Start here", "How does\nthis course work?", _icon_start),
        ("Perceptron", "What can one\nneuron decide?", _icon_perceptron),
        ("Activation functions", "What turns a sum\ninto an answer?", _icon_activation),
        ("Softmax", "When is an output\na probability?", _icon_softmax),
        ("Forward pass", "How does a whole\nnetwork compute?", _icon_network),
        ("MNIST inference", "Can it read digits it\nhas never seen?", _icon_digit),
        ("Numerical training", "How does\na network learn?", _icon_descent),
        ("Keras", "How do a few lines\ndo the same?", _icon_layers),
        ("Under Keras", "What does Keras\ndo inside?", _icon_weights),
    ]
    width, height = 3.15, 1.62  # of a chapter, in inches, like all that follows
    lefts, bottoms = 0.62 + 3.33 * np.arange(3), 3.95 - 1.9 * np.arange(3)
    fig, ax = plt.subplots(figsize=(10.6, 6.1), layout="none")
    ax.set(position=[0, 0, 1, 1], xlim=(0, 10.6), ylim=(0, 6.1))
    ax.axis("off")
    ax.text(lefts[0], 5.82, "The way through the course", fontsize=15, fontweight="bold")
    road = {"color": GREY, "linewidth": 1.6, "zorder": 0}
    for (part, colour), bottom in zip(parts, bottoms, strict=True):
        middle = bottom + height / 2
        style = {"rotation": 90, "fontsize": 13, "fontweight": "bold", "ha": "center"}
        ax.text(0.3, middle, part, color=colour, va="center", **style)
        ax.plot([lefts[0], lefts[2]], [middle, middle], **road)
        ax.plot(lefts[1:] - 0.09, [middle, middle], ">", markersize=7, **road)
    for bottom in bottoms[:-1]:  # from the end of a row to the start of the next
        start, end, between = lefts[2] + width / 2, lefts[0] + width / 2, bottom - 0.14
        ax.plot([start, start, end, end], [bottom, between, between, between - 0.14], **road)
        ax.plot(end, between - 0.07, "v", markersize=7, **road)
    for k, (title, question, icon) in enumerate(chapters):
        left, bottom, colour = lefts[k % 3], bottoms[k // 3], parts[k // 3][1]
        frame = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": colour}
        inside = (left + 0.1, bottom + 0.1), width - 0.2, height - 0.2
        ax.add_patch(FancyBboxPatch(*inside, linewidth=2, **frame))
        top = {"y": bottom + height - 0.25, "va": "center", "fontweight": "bold"}
        ax.text(left + 0.14, s=f"{k:02}", color=colour, fontsize=15, **top)
        ax.text(left + 0.52, s=title, fontsize=13, **top)
        ax.text(left + 1.36, bottom + 0.6, question, va="center", linespacing=1.3, fontsize=12.5)
        inset = ax.inset_axes([left + 0.14, bottom + 0.1, 1.05, 1.05], transform=ax.transData)
        inset.axis("off")
        icon(inset, colour)
    ways = (f"{k:02} {title}: {question}" for k, (title, question, _) in enumerate(chapters))
    ax.set_label(" ".join(ways))
    return fig


def _icon_start(ax, colour):
    ax.add_patch(plt.Circle((0, 0), 1, facecolor=colour))
    ax.add_patch(plt.Polygon([(-0.32, -0.5), (-0.32, 0.5), (0.58, 0)], facecolor="white"))
    ax.set(xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), aspect="equal")


def _icon_perceptron(ax, colour):
    ax.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), aspect="equal")
    plot_half_plane((1, 1), -1.5, ax, colour=colour)
    ax.plot([0, 0, 1], [0, 1, 0], "o", markersize=10, mfc="white", mec=colour, mew=2)
    ax.plot(1, 1, "o", markersize=10, color=colour, mew=2)


def _icon_activation(ax, colour):
    x = np.linspace(-6, 6, 200)
    ax.plot(x, x > 0, "--", color=GREY, linewidth=1.6)
    ax.plot(x, 1 / (1 + np.exp(-x)), color=colour, linewidth=2.6)
    ax.set(ylim=(-0.15, 1.15))


def _icon_softmax(ax, colour):
    ax.bar(range(3), [0.018, 0.245, 0.737], color=[SKY, YELLOW, colour], width=0.75)
    ax.axhline(0, color=GREY, linewidth=1.5)
    ax.set(xlim=(-0.7, 2.7), ylim=(-0.1, 0.85))


def _icon_network(ax, colour):
    layers = [(-0.5, 0.5), (-1, 0, 1), (-0.5, 0.5)]
    for i in range(2):
        pairs = [(a, b) for a in layers[i] for b in layers[i + 1]]
        ax.plot([i, i + 1], np.transpose(pairs), color=GREY, linewidth=1)
    for i, heights in enumerate(layers):
        ax.plot([i] * len(heights), heights, "o", markersize=11, mfc="white", mec=colour, mew=2)
    ax.margins(0.2)


def _icon_digit(ax, colour):
    # A five, as (column, row): the pen goes along these points, and its ink fades at the edges.
    corners = np.array([(19, 6), (11, 6), (10, 13), (15, 12.5), (18, 16), (16, 20.5), (9, 21)])
    stops = np.linspace(0, len(corners) - 1, 120)
    pen = np.transpose([np.interp(stops, range(len(corners)), axis) for axis in corners.T])
    pixels = np.moveaxis(np.indices((28, 28))[::-1], 0, -1)
    distance = np.linalg.norm(pixels[:, :, np.newaxis] - pen, axis=-1).min(axis=-1)
    ax.imshow(np.clip(2.2 - distance, 0, 1))


def _icon_descent(ax, colour):
    x, y = np.meshgrid(np.linspace(-3, 3, 60), np.linspace(-3, 3, 60))
    levels = {"levels": [0.5, 1.9, 4.5, 8.2], "colors": [GREY], "linewidths": 1}
    ax.contour(x, y, x**2 + 2.2 * y**2, **levels)
    step = 0.74 ** np.arange(7)
    ax.plot(-2.4 * step, 2.1 * step**2, "o-", color=colour, linewidth=1.8, markersize=4.5)
    ax.set(aspect="equal")


def _icon_layers(ax, colour):
    for k in range(4):
        width = 2 - 0.5 * k
        ax.barh(k, width, left=-width / 2, height=0.62, color=colour, alpha=0.35 + 0.2 * k)
    ax.set(xlim=(-1.1, 1.1), ylim=(-0.6, 3.6))


def _icon_weights(ax, colour):
    x, y = np.meshgrid(np.linspace(-1, 1, 28), np.linspace(-1, 1, 28))
    radius = np.hypot(x / 0.8, y)
    image = np.exp(-(((radius - 0.68) / 0.18) ** 2)) - np.exp(-((radius / 0.3) ** 2))
    ax.imshow(image, cmap="RdBu", vmin=-1.2, vmax=1.2)


def draw_product(left, right, row=0, column=0, title=None, ax=None):
    """Draw a matrix product and how one row meets one column; the shapes are written beneath.

    If the shapes do not fit, the product is a question mark, and so is the missing partner of
    each number that finds none.

    Parameters
    ----------
    left : array_like, shape (n, k) or (k,)
        An array with one axis is drawn as a row.
    right : array_like, shape (k, m) or (k,)
        An array with one axis is drawn as a column.
    row, column : int
        Which row of `left` and which column of `right` are marked, from 0.
    title : str, optional
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure of a fitting size if left out.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        An array has no axis, or more than two.
    IndexError
        There is no such row or column.
    """
    left, right = np.asarray(left), np.asarray(right)
    for name, array in (("left", left), ("right", right)):
        if array.ndim not in (1, 2):
            raise ValueError(f"{name} must have one or two axes, got shape {array.shape}")
    rows = np.atleast_2d(left)
    columns = right if right.ndim == 2 else right[:, np.newaxis]
    pairs = itertools.zip_longest(rows[row], columns[:, column], fillvalue="?")
    terms = [f"{_cell_text(a)} · {_cell_text(b)}" for a, b in pairs]
    meeting = f"row {row} meets column {column}:  {' + '.join(terms)}"
    if rows.shape[1] == len(columns):
        result, shape, answer = rows @ columns, (left @ right).shape, (row, column)
        meeting += f" = {_cell_text(result[answer])}"
    else:
        result, shape, answer = np.array([["?"]]), "no product", (0, 0)

    n_rows = max(len(rows), len(columns))
    width = rows.shape[1] + columns.shape[1] + result.shape[1] + 4
    if ax is None:
        _, ax = plt.subplots(figsize=(max(0.62 * width, 5.4), 0.62 * n_rows + 1.7))
    across = slice(None)
    start = 0
    for matrix, below, marked, face, sign in (
        (rows, left.shape, (row, across), "#CFE5F3", "@"),
        (columns, right.shape, (across, column), "#FBE0C4", "="),
        (result, shape, answer, "#D3EBE2", ""),
    ):
        _draw_cells(ax, start, matrix, marked, face)
        end = start + matrix.shape[1]
        ax.text((start + end) / 2, -n_rows / 2 - 0.25, f"{below}", ha="center", va="top")
        ax.text(end + 1, 0, sign, fontsize=18, ha="center", va="center")
        start = end + 2
    ax.text(width / 2, -n_rows / 2 - 1.35, meeting, ha="center", va="top")
    ax.set(xlim=(-0.1, width + 0.1), ylim=(-n_rows / 2 - 2.1, n_rows / 2 + 0.1), aspect="equal")
    a, b, product = map(_matrix_text, (rows, columns, result))
    ax.set_label(f"the rows {a} times the rows {b} give {product}; {meeting}")
    ax.axis("off")
    if title:
        ax.set_title(title)
    return ax


def _draw_cells(ax, start, matrix, marked, face):
    """Draw a matrix as cells of width 1 from x = `start`, its middle at y = 0.

    The cells of ``matrix[marked]`` are filled with the colour `face`, their numbers bold.
    """
    is_marked = np.zeros(matrix.shape, dtype=bool)
    is_marked[marked] = True
    for (i, j), value in np.ndenumerate(matrix):
        x, y = start + j, len(matrix) / 2 - i - 1
        colour, weight = (face, "bold") if is_marked[i, j] else ("white", "normal")
        ax.add_patch(plt.Rectangle((x, y), 1, 1, facecolor=colour, edgecolor=GREY))
        ax.text(x + 0.5, y + 0.5, _cell_text(value), ha="center", va="center", fontweight=weight)


def _cell_text(value):
    """Return a number as it fits into a cell: 0.6000000000000001 is written 0.6."""
    return _with_minus(f"{value:.4g}" if isinstance(value, float | np.floating) else f"{value}")


def _matrix_text(matrix):
    """Return a matrix in words, row by row: ``1, 2; 3, 4``."""
    return "; ".join(", ".join(map(_cell_text, row)) for row in matrix)
