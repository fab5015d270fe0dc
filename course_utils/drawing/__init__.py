"""Draw a digit, and see what a network says of it."""

import io
import json
from base64 import b64encode
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from course_utils.activations import sigmoid, softmax
from course_utils.mnist.picture import PictureError, stages
from course_utils.plotting.alt_text import describe, text_height
from course_utils.plotting.style import BLUE, SKY
from course_utils.weights import load_weights

HERE = Path(__file__).parent
EXAMPLES = json.loads((HERE / "examples.json").read_text(encoding="utf-8"))
SIDE, PEN = 280, 20  # pixels: the page, and the width of a stroke
HINT = "Draw a digit on the page."
CAPTIONS = ["cut out", "20 pixels", "centred"]


def course_network():
    """Return `predict` of the network of chapter 05, with the weights that the course ships."""
    weights = load_weights()

    def predict(x):
        for k in 1, 2:
            x = sigmoid(x @ weights[f"W{k}"] + weights[f"b{k}"])
        return softmax(x @ weights["W3"] + weights["b3"])

    return predict


def draw_digit(predict=None):
    """Return a page to draw a digit on, with mouse, pen, finger or arrow keys, and ten bars.

    While you draw, the strokes become a digit in MNIST's form (`course_utils.mnist.preprocess`),
    whose stages are shown, and the bars what `predict` says of it. Where nothing can be drawn, as
    on GitHub or on slides, it is a picture of how that looks.

    Parameters
    ----------
    predict : callable, optional
        Gets a batch of one, an ndarray of float32 in [0, 1] of shape (1, 784), and returns ten
        numbers, of shape (1, 10) or (10,): probabilities, or scores of which the largest wins. The
        function of a chapter, a method or a Keras model. Without it, the network of chapter 05. An
        error that it raises is shown beside the page, and the page can still be drawn on.

    Returns
    -------
    anywidget.AnyWidget
    """
    from anywidget import AnyWidget  # slow to import, and needed here alone
    from traitlets import Unicode, observe

    predict = predict or course_network()

    class Pad(AnyWidget):
        _esm = HERE / "pad.js"
        _css = HERE / "pad.css"
        page = Unicode(
            json.dumps({"side": SIDE, "width": PEN, "hint": HINT, "examples": EXAMPLES})
        ).tag(sync=True)
        strokes = Unicode("[]").tag(sync=True)
        answer = Unicode("{}").tag(sync=True)

        @observe("strokes")
        def _look(self, change):
            self.answer = json.dumps(_answer(predict, change["new"]))

        def __repr__(self):
            return "A page to draw a digit on: run this cell to use it."

        def _repr_mimebundle_(self, **kwargs):
            data, metadata = super()._repr_mimebundle_(**kwargs)
            fig = _picture(predict)
            words = {"alt": describe(fig), "text_height": text_height(fig)}
            png = b64encode(_png(fig)).decode("ascii")
            return data | {"image/png": png}, metadata | {"image/png": words}

    return Pad()


def _answer(predict, strokes):
    """Return what the page shows of these strokes, as the page wants it."""
    said = {"strokes": strokes}
    try:
        steps = stages(_page(json.loads(strokes)))
    except PictureError:
        return said  # nothing is drawn yet
    said["stages"] = [[name, _small_png(step)] for name, step in zip(CAPTIONS, steps, strict=True)]
    try:
        y = _ten_numbers(predict, steps[-1])
    except Exception as error:  # the student's own function may raise anything
        return said | {"words": f"predict raised {type(error).__name__}: {error}"}
    best = int(y.argmax())
    return said | {
        "best": best,
        "words": f"It reads a {best}.",
        "widths": (100 * _shares(y)).round(1).tolist(),
        "numbers": [f"{value:.1%}" if _are_probabilities(y) else f"{value:.3g}" for value in y],
    }


def _ten_numbers(predict, digit):
    y = np.asarray(predict(digit.reshape(1, 784)), dtype=np.float64)
    if y.shape not in ((10,), (1, 10)):
        raise ValueError(f"it must return ten numbers, of shape (1, 10), got {y.shape}")
    if not np.isfinite(y).all():
        raise ValueError(f"it must return finite numbers, got {y.ravel()}")
    return y.ravel()


def _are_probabilities(y):
    return y.min() >= 0 and y.max() <= 1


def _shares(y):
    """Return how long the bars are: as the numbers are, or from the least to the largest score."""
    return y if _are_probabilities(y) else (y - y.min()) / max(np.ptp(y), 1e-9)


def _page(strokes):
    """Return the page with these strokes, a Pillow picture, dark ink on white."""
    from PIL import Image, ImageDraw

    page = Image.new("L", (SIDE, SIDE), 255)
    draw = ImageDraw.Draw(page)
    for stroke in strokes:
        points = [(x * SIDE, y * SIDE) for x, y in stroke]
        draw.line(points, fill=30, width=PEN)
        for x, y in points:  # round ends and bends
            draw.ellipse([x - PEN / 2, y - PEN / 2, x + PEN / 2, y + PEN / 2], fill=30)
    return page


def _small_png(step):
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.rint(255 * step).astype(np.uint8)).save(file, "PNG")
    return b64encode(file.getvalue()).decode("ascii")


def _png(fig):
    file = io.BytesIO()
    fig.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _picture(predict):
    """Return a figure of the page with an example on it, its stages, and the bars of `predict`."""
    page = _page(EXAMPLES[0])
    steps = stages(page)
    fig, axes = plt.subplots(1, 5, figsize=(10, 2.6), width_ratios=(1.4, 1, 1, 1, 2))
    plt.close(fig)  # or the notebook would show it a second time
    images = [np.asarray(page) / 255, *steps]
    for ax, image, name in zip(axes, images, ["a drawn digit", *CAPTIONS], strict=False):
        ax.imshow(image, cmap="gray", vmin=0, vmax=1)
        ax.set_title(name)
        ax.axis("off")
    try:
        y = _ten_numbers(predict, steps[-1])
    except Exception:  # which is said as soon as somebody draws
        y = np.zeros(10)
    axes[-1].bar(range(10), y, color=[BLUE if value == y.max() else SKY for value in y])
    axes[-1].set(title=f"It reads a {y.argmax()}", xlabel="digit", ylabel="output")
    axes[-1].set_xticks(range(10))
    return fig
