"""The pictures that several chapters draw, in one style.

Colours are those of Okabe and Ito, which colour-blind readers can tell apart
(https://jfly.uni-koeln.de/color/).
"""

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
