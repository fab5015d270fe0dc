"""Images of digits, and how well they are told apart."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from course_utils.plotting.style import CENTRED, PALE_BLUE


def show_digits(images, captions=None, columns=10, title="", colours=None):
    """Draw images of digits side by side, row by row. Return the figure.

    The images have shape (n, 784) or (n, 28, 28), n >= 1, 0 is black; each is drawn from its own
    darkest to its own lightest value. `captions` stand above them, in `colours`, each n of them.
    """
    images = np.asarray(images)
    n = len(images) if images.ndim > 1 else 0
    if n == 0 or images.shape[1:] not in ((784,), (28, 28)):
        raise ValueError(f"images need shape (n, 784) or (n, 28, 28), n > 0, got {images.shape}")
    for name, values in (("captions", captions), ("colours", colours)):
        if values is not None and len(values) != n:
            raise ValueError(f"{len(values)} {name} for {n} images")
    texts = [""] * n if captions is None else [str(caption) for caption in captions]
    colours = ["black"] * n if colours is None else colours
    n_lines = max(len(text.splitlines()) for text in texts)
    longest = max(len(line) for text in texts for line in text.split("\n"))
    width = max(0.95, 0.09 * longest + 0.1)  # of one column, in inches: captions keep apart
    columns = min(columns, n)
    n_rows = -(-n // columns)
    size = width * columns, (0.95 + 0.22 * n_lines) * n_rows + 0.4 * bool(title)
    fig, axes = plt.subplots(n_rows, columns, squeeze=False, figsize=size)
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, text, colour in zip(axes.flat, images, texts, colours, strict=False):
        ax.imshow(image.reshape(28, 28), cmap="gray")
        ax.set_title(text, fontsize=11, fontweight="normal", color=colour, pad=3)
    if title:
        fig.suptitle(title, fontsize=13, fontweight="bold")
    return fig


def plot_confusion(matrix, title="Confusion matrix", ax=None):
    """Draw a confusion matrix: rows are the true classes, columns the predicted ones.

    ``matrix[i, j]`` says how many samples of class i were predicted as class j. Shades show the
    errors alone, as right answers outnumber them by far. Return the axes.
    """
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a confusion matrix is square, got shape {matrix.shape}")
    errors = np.where(np.eye(len(matrix)), np.nan, matrix)
    largest = max(np.nanmax(errors, initial=0), 1)
    ax = ax or plt.subplots(figsize=(6.4, 5.4))[1]
    shades = ax.imshow(errors, cmap="Oranges", vmin=0, vmax=largest)
    for (i, j), count in np.ndenumerate(matrix):
        if i == j:
            ax.add_patch(plt.Rectangle((j - 0.5, i - 0.5), 1, 1, facecolor=PALE_BLUE))
        weight = "bold" if i == j else "normal"
        colour = "white" if i != j and count > 0.75 * largest else "black"
        text = f"{count}" if count or i == j else "·"
        ax.text(j, i, text, fontsize=11, fontweight=weight, color=colour, **CENTRED)
    ax.set(title=title, xlabel="predicted class", ylabel="true class")
    ax.set(xticks=range(len(matrix)), yticks=range(len(matrix)))
    ax.grid(False)
    worst = [divmod(int(k), len(matrix)) for k in np.argsort(-errors, axis=None)[:5]]
    named = [f"{i} taken for {j}, {matrix[i, j]} times" for i, j in worst if errors[i, j] > 0]
    ax.set_label(
        f"rows are the true class, columns the predicted one; {np.trace(matrix)} of {matrix.sum()} "
        f"are right; the most frequent errors: {'; '.join(named)}"
    )
    ax.figure.colorbar(shades, ax=ax, label="number of errors", ticks=MaxNLocator(integer=True))
    return ax
