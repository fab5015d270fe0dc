"""The pictures that chapters share say what they were given, and can be read."""

import base64
import io
import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib.colors import to_rgb
from PIL import Image

from course_utils import plotting

W1 = np.array([[0.1, -0.3, 0.5], [-0.2, 0.4, 0.0]])
W2 = np.array([[0.1], [0.2], [-1.0]])


@pytest.fixture(autouse=True)
def course_style():
    """Draw in the course's style and without a screen, and close every figure afterwards."""
    plt.switch_backend("agg")
    with plt.rc_context():
        plotting.use_course_style()
        yield
    plt.close("all")


@pytest.fixture
def image():
    """Return a 28x28 image, no two pixels of which are alike."""
    return np.arange(784).reshape(28, 28)


def written(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def overlapping(fig):
    """Return the pairs of texts of a figure that cover each other, and texts that are cut off."""
    fig.canvas.draw()
    off = [axis for ax in fig.axes if not ax.axison for axis in (ax.xaxis, ax.yaxis)]
    hidden = {text for axis in off for text in axis.findobj(plt.Text)}
    boxes = {
        text: text.get_window_extent()
        for text in fig.findobj(plt.Text)
        if text.get_text().strip() and text.get_visible() and text not in hidden
    }
    pairs = itertools.combinations(boxes, 2)
    found = [(a.get_text(), b.get_text()) for a, b in pairs if boxes[a].overlaps(boxes[b])]
    canvas = fig.bbox.padded(1)
    is_inside = {
        text: canvas.contains(*b.min) and canvas.contains(*b.max) for text, b in boxes.items()
    }
    return found + [text.get_text() for text in boxes if not is_inside[text]]


def test_overlapping_finds_planted_faults():
    fig = plt.figure()
    fig.text(0.5, 0.5, "one"), fig.text(0.5, 0.5, "two"), fig.text(0.99, 0.2, "cut off")
    assert overlapping(fig) == [("one", "two"), "cut off"]


@pytest.mark.parametrize("name", ["BLUE", "ORANGE", "GREEN", "PURPLE", "GREY"])
def test_colours_of_texts_stand_out_from_white(name):
    def linear(channel):
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, to_rgb(getattr(plotting, name)))
    assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 4.5


# ---------------------------------------------------------------- digits


@pytest.mark.parametrize("shape", [(28, 28), (784,)])
def test_digits_stand_under_their_captions(image, shape):
    images = [image, image.T, image[::-1]]
    flat = [each.reshape(shape) for each in images]
    fig = plotting.show_digits(flat, [5, 0, 4], columns=2, colours=["black", "red", "black"])
    drawn = [ax for ax in fig.axes if ax.images]
    assert [ax.get_title() for ax in drawn] == ["5", "0", "4"]
    assert drawn[1].title.get_color() == "red"
    for ax, expected in zip(drawn, images, strict=True):
        assert np.array_equal(ax.images[0].get_array(), expected)


@pytest.mark.parametrize("captions", [None, range(10), ["9 taken for 4\n100% sure"] * 10])
@pytest.mark.parametrize("columns", [5, 10])
def test_captions_do_not_touch(captions, columns):
    fig = plotting.show_digits(np.zeros((10, 784)), captions, columns, title="Ten digits")
    assert not overlapping(fig)


@pytest.mark.parametrize("shape", [(784,), (28, 28), (0, 784), (2, 27, 28), (2, 28, 28, 1), ()])
def test_digits_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"\(n, 784\) or \(n, 28, 28\), n > 0, got") as error:
        plotting.show_digits(np.zeros(shape))
    assert str(shape) in str(error.value)


def test_captions_and_colours_are_counted():
    with pytest.raises(ValueError, match="2 captions for 3 images"):
        plotting.show_digits(np.zeros((3, 784)), captions="ab")
    with pytest.raises(ValueError, match="1 colours for 3 images"):
        plotting.show_digits(np.zeros((3, 784)), captions="abc", colours=["red"])


@pytest.mark.parametrize(
    ("matrix", "texts"),
    [
        ([[900, 3], [0, 50]], ["900", "3", "·", "50"]),
        ([[0, 2], [1, 5]], ["0", "2", "1", "5"]),  # a class that is never right is not hidden
        ([[4, 0], [0, 5]], ["4", "·", "·", "5"]),
        ([[4]], ["4"]),
    ],
)
def test_confusion_matrix_shows_every_count(matrix, texts):
    assert written(plotting.plot_confusion(matrix)) == texts


def test_confusion_matrix_can_be_read_and_drawn_into_a_figure():
    ax = plt.subplots()[1]
    assert plotting.plot_confusion(np.full((10, 10), 1009)).figure is not ax.figure
    assert not overlapping(plotting.plot_confusion(np.full((10, 10), 1009)).figure)
    assert plotting.plot_confusion(np.eye(2, dtype=int), ax=ax) is ax


@pytest.mark.parametrize("shape", [(10,), (2, 3), (2, 2, 2)])
def test_confusion_matrix_is_square(shape):
    with pytest.raises(ValueError, match="square, got shape"):
        plotting.plot_confusion(np.zeros(shape, dtype=int))


# ---------------------------------------------------------------- networks


def lines_of_weights(ax):
    """Return {((layer, height), (layer, height)): line}."""
    lines = [line for line in ax.lines if len(line.get_xydata()) == 2]
    return {tuple(map(tuple, line.get_xydata().tolist())): line for line in lines}


def test_line_joins_the_neurons_of_its_row_and_column_and_shows_sign_and_size():
    lines = lines_of_weights(plotting.draw_network([W1, W2]))
    assert len(lines) == 5 + 3  # W1[1, 2] is 0
    # Two neurons at heights 0.5 and -0.5, three at 1, 0 and -1.
    positive, negative = lines[(0, 0.5), (1, 1)], lines[(0, 0.5), (1, 0)]
    assert positive.get_color() != negative.get_color()
    assert positive.get_linestyle() != negative.get_linestyle()
    of_size = [(0, 0.5), (1, 1)], [(0, -0.5), (1, 1)], [(0, 0.5), (1, -1)], [(1, -1), (2, 0)]
    widths = [lines[ends].get_linewidth() for ends in map(tuple, of_size)]  # 0.1, 0.2, 0.5, 1
    assert widths == sorted(set(widths))


def test_activations_names_biases_and_weights_are_written():
    ax = plotting.draw_network(
        [W1],
        activations=[["$x_1$", "$x_2$"], np.array([0.574, 0.668, -0.75])],
        names=["input", "output"],
    )
    assert written(ax) == ["$x_1$", "$x_2$", "0.57", "0.67", "−0.75", "input", "output"]
    ax = plotting.draw_network([[[1], [-2.5]]], biases=[[0.5]], weight_labels=True)
    assert written(ax) == ["0.5", "1", "−2.5", "1"]  # the last one is in the bias neuron
    assert ((0, 1.5), (1, 0)) in lines_of_weights(ax)


@pytest.mark.parametrize(
    ("weights", "signs"),
    [(W1, ["positive", "negative"]), ([[1, 2]], ["positive"]), ([[-1, -2]], ["negative"])],
)
def test_legend_names_the_signs_that_occur(weights, signs):
    legend = plotting.draw_network([weights]).get_legend()
    assert [text.get_text() for text in legend.get_texts()] == [f"{sign} weight" for sign in signs]


def test_wide_layer_shows_its_first_and_last_neurons():
    activations = [[str(i) for i in range(100)], ["y"]]
    ax = plotting.draw_network([np.arange(1, 101)[:, np.newaxis]], activations, most=5)
    assert written(ax) == ["0", "1", "2", "⋮", "98", "99", "y"]
    assert len(lines_of_weights(ax)) == 5


@pytest.mark.filterwarnings("error")
def test_network_of_zeros_has_no_lines():
    ax = plotting.draw_network([np.zeros((2, 3))], ax=plt.subplots()[1])
    assert not lines_of_weights(ax)
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weights": []}, "at least one layer"),
        ({"weights": [[1, 2]]}, r"layer 1 must be a matrix, got shape \(2,\)"),
        ({"weights": [np.zeros((2, 0))]}, "layer 1 must be a matrix"),
        ({"weights": [W1, W1]}, "layer 2 have 2 rows, but layer 1 has 3 neurons"),
        ({"weights": [W1], "activations": [[1, 2]]}, r"activations have the shapes \[\(2,\)\]"),
        ({"weights": [W1], "activations": [[1, 2], [1, 2]]}, r"expected \[\(2,\), \(3,\)\]"),
        ({"weights": [W1], "biases": [[1, 2]]}, r"biases have the shapes .* \[\(3,\)\]"),
        ({"weights": [W1], "names": ["input"]}, "1 names for the input and 1 layers"),
        ({"weights": [W1], "most": 1}, "most must be at least 2, got 1"),
    ],
)
def test_what_does_not_fit_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        plotting.draw_network(**arguments)
    assert not plt.get_fignums()


# ---------------------------------------------------------------- sliders and the map


def test_live_picture_is_drawn_again_when_a_slider_moves():
    drawn = []

    def draw(ax, w, b):
        drawn.append((w, b))
        ax.plot([0, w], [b, 1])
        ax.set_xlabel("w")

    panel = plotting.live_picture(draw, w=(-2, 2, 0.25, 1), b=(-3, 3, 0.25, -1.5))
    controls, picture = panel.children
    before = picture.value
    controls.children[1].value = -0.5
    assert drawn == [(1, -1.5), (1, -0.5)]
    assert picture.value != before
    assert picture.tooltip == "horizontal axis: w. straight line from (0, −0.5) to (1, 1)."
    first, second = (Image.open(io.BytesIO(value)) for value in (before, picture.value))
    assert first.size == second.size  # the page does not jump
    assert plt.get_fignums() == []  # or the notebook would show the figure a second time


def test_live_picture_is_a_picture_with_a_description_where_there_are_no_sliders():
    def draw(ax, height):
        ax.bar(["a"], [height])
        ax.set_title("One bar")

    panel = plotting.live_picture(draw, height=(0, 9, 1, 4))
    data, metadata = InteractiveShell.instance().display_formatter.format(panel)
    assert data["text/plain"] == "Sliders for height: run this cell to move them."
    assert base64.b64decode(data["image/png"]) == panel.children[1].value
    assert metadata["image/png"]["alt"] == "One bar. bars: a: 4."
    assert metadata["image/png"]["text_height"] == 18.3  # 12 points at 110 dpi
