"""Networks: neurons as circles, weights as the lines between them."""

import matplotlib.pyplot as plt
import numpy as np

from course_utils.plotting.style import BLUE, CENTRED, GREY, ORANGE, PALE_BLUE, in_rows, written

ON_A_LINE = {"bbox": {"facecolor": "white", "edgecolor": "none", "pad": 1.2}} | CENTRED
OF_SIGN = {1: {"color": BLUE, "ls": "-"}, -1: {"color": ORANGE, "ls": (0, (2.5, 1.2))}}


def plot_diagram(nodes, arrows, title="", shaded=(), figsize=(6.4, 3.0)):
    """Draw circles and the arrows between them: a neuron, a small network. Return the axes.

    `nodes` is a dict of the text in each circle to its centre, (x, y); a circle has radius 0.4.
    `arrows` is a dict of (node, node) to the text on the arrow; the nodes `shaded` stand out.
    """
    _, ax = plt.subplots(figsize=figsize)
    for text, centre in nodes.items():
        face = PALE_BLUE if text in shaded else "white"
        ax.add_patch(plt.Circle(centre, 0.4, facecolor=face, edgecolor=BLUE, linewidth=2))
        ax.text(*centre, text, ha="center", va="center_baseline")
    words = []
    for (tail, head), text in arrows.items():
        start, end = np.array([nodes[tail], nodes[head]], dtype=float)
        step = (end - start) / np.hypot(*(end - start))
        start, end = start + 0.4 * step, end - 0.44 * step
        ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": GREY, "lw": 1.6})
        # Written nearer to the tail, where arrows to one head are farther apart.
        ax.text(*(0.6 * start + 0.4 * end), text, **ON_A_LINE)
        words.append(f"{tail} → {head} ({text})".removesuffix(" ()"))
    ax.set(label=f"circles and arrows: {', '.join(words)}", title=title, aspect="equal")
    ax.margins(0.02)
    ax.axis("off")
    return ax


def draw_network(
    weights, activations=None, biases=None, names=(), weight_labels=False, most=8, title="", ax=None
):
    """Draw a network: its neurons as circles, its weights as lines from layer to layer.

    The larger a weight, the wider its line. Positive weights are solid and blue, negative ones
    dashed and orange; a weight of exactly 0 has no line. Return the axes.

    Parameters
    ----------
    weights : L >= 1 array_like, shape (n_previous, n_next)
    activations, biases : L + 1 array_like, shape (n,), and L array_like, shape (n_next,), optional
        Texts, or numbers to two decimals, in the neurons; lines from a square neuron, always 1.
    names, weight_labels : L + 1 str, bool
        Written above the input and each layer; whether weights are written on their lines.
    most : int
        Of a layer with more neurons than this, at least 2, only the first and the last are drawn.
    """
    weights = [np.asarray(w, dtype=float) for w in weights]
    sizes = _sizes(weights, activations, biases, names)
    layers = [_heights(size, most) for size in sizes]
    label = _in_words(sizes, weights if weight_labels else [], activations, biases, names)
    sources = layers[:-1]
    if biases is not None:  # one row more of weights, from one neuron more: number -1
        weights = [np.vstack([w, b]) for w, b in zip(weights, biases, strict=True)]
        sources = [{-1: max(layer.values()) + 1} | layer for layer in sources]
    heights = [height for layer in [*sources, *layers] for height in layer.values()]
    bottom, top = min(heights), max(heights)
    ax = ax or plt.subplots(figsize=(2.4 * len(sizes) - 0.6, 0.8 * (top - bottom) + 2))[1]
    largest = max(np.abs(w).max() for w in weights)
    for k, w in enumerate(weights):
        for n, (i, y) in enumerate(sources[k].items()):
            for j, next_y in layers[k + 1].items():
                if None in (i, j) or w[i, j] == 0:
                    continue
                style = OF_SIGN[np.sign(w[i, j])] | {"lw": 0.6 + 4.4 * abs(w[i, j]) / largest}
                ax.plot([k, k + 1], [y, next_y], zorder=1, solid_capstyle="butt", **style)
                if weight_labels:
                    at = (0.25, 0.4, 0.75)[n % 3]  # so that labels of crossing lines do not meet
                    place = k + at, y + at * (next_y - y)
                    ax.text(*place, written(w[i, j]), fontsize=11, **ON_A_LINE)
    for k, layer in enumerate([*sources, layers[-1]]):
        for i, y in layer.items():
            if i is None:
                ax.text(k, y, "⋮", fontsize=20, **CENTRED)
            elif i == -1:
                ax.plot(k, y, "s", markersize=26, mfc="#E3E3E3", mec=GREY, mew=1.6)
                ax.text(k, y, "1", **CENTRED)
            else:
                text = "" if activations is None else written(activations[k][i], ".2f")
                ax.plot(k, y, "o", markersize=40, mfc="white", mec="black", mew=1.6)
                ax.text(k, y, text, **CENTRED)
    for k, name in enumerate(names):
        ax.text(k, top + 0.6, name, ha="center", va="bottom", fontweight="bold")
    for sign, text in ((1, "positive weight"), (-1, "negative weight")):
        if any((sign * w > 0).any() for w in weights):
            ax.plot([], [], **OF_SIGN[sign], linewidth=3, label=text)
    if largest > 0:
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, handlelength=3)
    ax.set(xlim=(-0.35, len(sizes) - 0.65), ylim=(bottom - 0.5, top + (0.9 if names else 0.5)))
    ax.set(title=title, label=label)
    ax.axis("off")
    return ax


def _sizes(weights, activations, biases, names):
    """Return the number of neurons in the input and in each layer, or say what does not fit."""
    sizes = []
    for layer, w in enumerate(weights, start=1):
        if w.ndim != 2 or w.size == 0:
            raise ValueError(f"weights of layer {layer} must be a matrix, got shape {w.shape}")
        sizes = sizes or [len(w)]
        if len(w) != sizes[-1]:
            previous = f"layer {layer - 1} has {sizes[-1]} neurons"
            raise ValueError(f"weights of layer {layer} have {len(w)} rows, but {previous}")
        sizes.append(w.shape[1])
    if not sizes:
        raise ValueError("give the weights of at least one layer")
    for name, rows, of in (("activations", activations, sizes), ("biases", biases, sizes[1:])):
        if rows is not None and [np.shape(row) for row in rows] != [(size,) for size in of]:
            shapes = f"the shapes {[np.shape(row) for row in rows]}"
            raise ValueError(f"{name} have {shapes}, expected {[(size,) for size in of]}")
    if names and len(names) != len(sizes):
        raise ValueError(f"{len(names)} names for the input and {len(weights)} layers")
    return sizes


def _heights(size, most):
    """Return {neuron: height}, from the top down and centred at 0; None stands for the dots."""
    if most < 2:
        raise ValueError(f"most must be at least 2, got {most}")
    shown = list(range(size))
    if size > most:
        shown = [*shown[: most - most // 2], None, *shown[size - most // 2 :]]
    return {neuron: (len(shown) - 1) / 2 - k for k, neuron in enumerate(shown)}


def _in_words(sizes, weights, activations, biases, names):
    words = [f"a network with layers of {', '.join(map(str, sizes))} neurons"]
    for k, values in enumerate([] if activations is None else activations):
        if len(values) <= 16 and any(map(str, values)):
            name = names[k] if names else f"layer {k}" if k else "input"
            words.append(f"in {name}: {', '.join(written(value, '.2f') for value in values)}")
    for k, w in enumerate(weights):
        words.append(f"weights of layer {k + 1}: {in_rows(w)}")
        if biases is not None:
            words.append(f"biases: {in_rows([biases[k]])}")
    return "; ".join(words)
