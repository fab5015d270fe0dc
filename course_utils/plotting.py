"""The pictures that several chapters draw, in one style.

Colours are those of Okabe and Ito, which colour-blind readers can tell apart
(https://jfly.uni-koeln.de/color/).
"""

import io

import matplotlib.pyplot as plt
import numpy as np

BLUE = "#0072B2"
ORANGE = "#D55E00"
GREEN = "#007A5A"  # darker than Okabe and Ito's, to be legible as text on white
PURPLE = "#A8457F"  # likewise
SKY = "#56B4E9"
YELLOW = "#E69F00"
GREY = "#595959"


def use_course_style():
    """Make the figures that follow look like the rest of the course."""
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
    if (
        images.ndim not in (2, 3)
        or images[:1].size != 28 * 28
        or images.shape[1:]
        not in (
            (784,),
            (28, 28),
        )
    ):
        raise ValueError(
            f"images must have shape (n, 784) or (n, 28, 28) with n >= 1, got {images.shape}"
        )
    for name, values in (("captions", captions), ("colours", colours)):
        if values is not None and len(values) != len(images):
            raise ValueError(f"{len(values)} {name} for {len(images)} images")

    columns = min(columns, len(images))
    n_rows = -(-len(images) // columns)
    n_lines = (
        max((str(caption).count("\n") + 1 for caption in captions), default=0)
        if captions is not None
        else 0
    )
    fig, axes = plt.subplots(
        n_rows,
        columns,
        squeeze=False,
        figsize=(0.95 * columns, (0.95 + 0.22 * n_lines) * n_rows + 0.4 * bool(title)),
    )
    for ax in axes.flat:
        ax.axis("off")
    for k, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        ax.imshow(image.reshape(28, 28), cmap="gray")
        if captions is not None:
            colour = "black" if colours is None else colours[k]
            ax.set_title(str(captions[k]), fontsize=11, fontweight="normal", color=colour, pad=3)
    if title:
        fig.suptitle(title, fontweight="bold")
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
    errors, so that these can be seen.
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
        bold = "bold" if i == j else "normal"
        colour = "white" if i != j and count > 0.65 * largest else "black"
        ax.text(
            j, i, f"{count}", ha="center", va="center", fontsize=10, fontweight=bold, color=colour
        )
    ax.set(
        title=title,
        xlabel="predicted class",
        ylabel="true class",
        xticks=range(n_classes),
        yticks=range(n_classes),
    )
    ax.grid(False)
    ax.figure.colorbar(image, ax=ax, label="number of errors")
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


def plot_gate(weights=None, bias=0.0, outputs=None, title=None, ax=None):
    """Draw the four inputs of a gate in the plane, and what one neuron makes of them.

    Each input is a circle that holds the output: filled for 1, hollow for 0. Where `outputs` and
    the neuron disagree, the circle is marked as wrong.

    Parameters
    ----------
    weights : sequence of 2 floats, optional
        Weights of the neuron; without them no neuron is drawn.
    bias : float
    outputs : sequence of 4 ints in {0, 1}, optional
        The wanted outputs for (0, 0), (0, 1), (1, 0), (1, 1); by default those of the neuron.
    title : str, optional
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure if left out.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        There is neither a neuron nor four outputs to draw.
    """
    if weights is None and outputs is None:
        raise ValueError("give the weights of a neuron, or the four outputs of a gate, or both")
    inputs = np.array([(0, 0), (0, 1), (1, 0), (1, 1)])
    answers = outputs if weights is None else (inputs @ np.asarray(weights) + bias > 0).astype(int)
    outputs = answers if outputs is None else outputs
    if len(outputs) != len(inputs):
        raise ValueError(f"a gate with two inputs has 4 outputs, got {len(outputs)}")

    if ax is None:
        _, ax = plt.subplots(figsize=(4.6, 4.4))
    ax.set(xlim=(-0.6, 1.6), ylim=(-0.6, 1.6), aspect="equal", title=title)
    ax.set(xlabel="input $x_1$", ylabel="input $x_2$", xticks=[0, 1], yticks=[0, 1])
    if weights is not None:
        plot_half_plane(weights, bias, ax, label="boundary: sum = 0 (shaded: sum > 0)")
    for value, face, text in ((1, BLUE, "white"), (0, "white", BLUE)):
        for (x1, x2), output, answer in zip(inputs, outputs, answers, strict=True):
            if output == value:
                ax.plot(x1, x2, "o", markersize=21, color=face, markeredgecolor=BLUE, mew=2.2)
                ax.text(x1, x2, str(value), color=text, ha="center", va="center_baseline")
                if output != answer:
                    ax.text(x1, x2 - 0.16, "wrong", color=ORANGE, ha="center", va="top")
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
    ax.set_aspect("equal")
    ax.autoscale_view()
    ax.margins(0.02)
    ax.axis("off")
    if title:
        ax.set_title(title)
    return ax


def live_picture(draw, figsize=(6.4, 4.6), **sliders):
    """Return sliders above a picture that is drawn again whenever one of them moves.

    Parameters
    ----------
    draw : callable
        ``draw(ax, name=value, ...)`` draws into the empty axes `ax`.
    figsize : (width, height) in inches
    **sliders : (lowest, highest, step, start)
        One slider for each keyword argument of `draw`.

    Returns
    -------
    ipywidgets.VBox
        The last value of a cell, so that the notebook shows it. As text, and thus in a stored
        notebook, it is one sentence.

    Notes
    -----
    The picture is an image that gets new contents, not a new output: nothing flickers or jumps.
    """
    import ipywidgets as widgets  # slow to import, and needed here alone

    class Panel(widgets.VBox):
        def __repr__(self):
            return f"Sliders for {', '.join(sliders)}: run this cell to move them."

    controls = {
        name: widgets.FloatSlider(description=name, min=lowest, max=highest, step=step, value=start)
        for name, (lowest, highest, step, start) in sliders.items()
    }
    picture = widgets.Image(format="png", layout={"width": "max-content"})

    def redraw(_=None):
        fig, ax = plt.subplots(figsize=figsize)
        try:
            draw(ax, **{name: control.value for name, control in controls.items()})
            file = io.BytesIO()
            fig.savefig(file, format="png")
        finally:
            plt.close(fig)  # or the notebook would show it a second time
        picture.value = file.getvalue()

    for control in controls.values():
        control.observe(redraw, names="value")
    redraw()
    return Panel([*controls.values(), picture])


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
