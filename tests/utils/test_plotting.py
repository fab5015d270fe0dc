"""The pictures of digits, predictions, shapes and chapters say what they were given."""

import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from course_utils import plotting

SHAPES = {"x": (100, 784), "W1": (784, 50), "z1": (100, 50), "W2": (50, 10), "y": (100, 10)}


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
    """Return a 28x28 image whose 20x12 digit starts at row 5, column 8; every pixel differs."""
    image = np.zeros((28, 28), dtype=int)
    image[5:25, 8:20] = np.arange(1, 241).reshape(20, 12)
    return image


def written(ax):
    return [text.get_text() for text in ax.texts]


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
    cut = [
        text.get_text()
        for text, box in boxes.items()
        if not (canvas.contains(*box.min) and canvas.contains(*box.max))
    ]
    return found + cut


def test_overlapping_finds_planted_faults():
    fig = plt.figure()
    fig.text(0.5, 0.5, "one"), fig.text(0.5, 0.5, "two"), fig.text(0.99, 0.2, "cut off")
    assert overlapping(fig) == [("one", "two"), "cut off"]


# ---------------------------------------------------------------- digits


def test_show_digits_draws_each_image_under_its_caption(image):
    images = [image, image.T, image[::-1]]
    fig = plotting.show_digits(images, [5, 0, 4], columns=2)
    drawn = [ax for ax in fig.axes if ax.images]
    assert [ax.get_title() for ax in drawn] == ["5", "0", "4"]
    for ax, expected in zip(drawn, images, strict=True):
        assert np.array_equal(ax.images[0].get_array(), expected)


def test_show_digits_takes_flat_images(image):
    fig = plotting.show_digits(image.reshape(1, 784))
    assert np.array_equal(fig.axes[0].images[0].get_array(), image)


@pytest.mark.parametrize("captions", [range(10), ["9 taken for 4\n100% sure"] * 10])
@pytest.mark.parametrize("columns", [5, 10])
def test_captions_do_not_touch(captions, columns):
    fig = plotting.show_digits(np.zeros((10, 784)), captions, columns, title="Ten digits")
    assert not overlapping(fig)


def test_captions_keep_their_colours():
    fig = plotting.show_digits(np.zeros((2, 784)), "ab", colours=["black", plotting.ORANGE])
    assert fig.axes[1].title.get_color() == plotting.ORANGE


@pytest.mark.parametrize("shape", [(784,), (28, 28), (0, 784), (2, 27, 28), (2, 28, 28, 1), ()])
def test_show_digits_names_the_wrong_shape(shape):
    with pytest.raises(ValueError, match="n >= 1, got") as error:
        plotting.show_digits(np.zeros(shape))
    assert str(shape) in str(error.value)


def test_show_digits_counts_captions_and_colours():
    with pytest.raises(ValueError, match="2 captions for 3 images"):
        plotting.show_digits(np.zeros((3, 784)), captions="ab")
    with pytest.raises(ValueError, match="1 colours for 3 images"):
        plotting.show_digits(np.zeros((3, 784)), captions="abc", colours=["red"])


# ---------------------------------------------------------------- confusion matrix


def test_confusion_matrix_shows_every_count_and_colours_only_errors():
    ax = plotting.plot_confusion([[900, 3], [0, 50]])
    assert written(ax) == ["900", "3", "·", "50"]
    shades = ax.images[0].get_array()
    assert np.array_equal(np.ma.getmaskarray(shades), [[True, False], [False, True]])
    assert ax.images[0].get_clim() == (0, 3)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")


def test_a_class_that_is_never_right_is_not_hidden():
    assert written(plotting.plot_confusion([[0, 2], [1, 5]])) == ["0", "2", "1", "5"]


def test_confusion_matrix_without_errors_or_classes_to_confuse():
    assert written(plotting.plot_confusion([[4, 0], [0, 5]])) == ["4", "·", "·", "5"]
    assert written(plotting.plot_confusion([[4]])) == ["4"]


def test_confusion_matrix_keeps_its_numbers_apart():
    assert not overlapping(plotting.plot_confusion(np.full((10, 10), 1009)).figure)


@pytest.mark.parametrize("shape", [(10,), (2, 3), (2, 2, 2)])
def test_confusion_matrix_is_square(shape):
    with pytest.raises(ValueError, match="square, got shape"):
        plotting.plot_confusion(np.zeros(shape, dtype=int))


# ---------------------------------------------------------------- pixels and predictions


def test_show_pixels_writes_the_numbers_of_the_part(image):
    whole, part = plotting.show_pixels(image.ravel(), top=5, left=11, size=3).axes
    assert written(part) == [str(value) for value in image[5:8, 11:14].ravel()]
    assert np.array_equal(whole.images[0].get_array(), image)


def test_show_pixels_frames_the_digit_and_the_part(image):
    box, part = plotting.show_pixels(image, top=6, left=11, size=4).axes[0].patches
    assert (box.get_xy(), box.get_width(), box.get_height()) == ((7.5, 4.5), 12, 20)
    assert (part.get_xy(), part.get_width(), part.get_height()) == ((10.5, 5.5), 4, 4)


def test_show_pixels_can_be_read(image):
    assert not overlapping(plotting.show_pixels(np.maximum(image, 100), top=5, left=11))


def test_show_prediction_marks_the_answer_alone(image):
    probabilities = [0.02, 0.0004, 0.9, 0.0796]
    left, right = plotting.show_prediction(image, probabilities, label=7).axes
    assert left.get_title() == "Label: 7"
    assert right.get_title() == "The network answers 2"
    assert np.allclose([bar.get_height() for bar in right.patches], [2, 0.04, 90, 7.96])
    hatched = [bar.get_hatch() is not None for bar in right.patches]
    assert hatched == [False, False, True, False]
    assert right.patches[2].get_facecolor()[:3] == to_rgb(plotting.BLUE)
    assert written(right) == ["2.0", "90.0", "8.0"]  # what rounds to 0.0 is not written


def test_show_prediction_can_be_read(image):
    assert not overlapping(plotting.show_prediction(image, np.full(10, 0.1)))


# ---------------------------------------------------------------- shapes


def test_plot_shapes_names_arrays_shapes_and_operations():
    ax = plotting.plot_shapes(SHAPES)
    assert set(SHAPES) | {"100 × 784", "784 × 50", "100 × 10"} <= set(written(ax))
    assert [text for text in written(ax) if text in "@→"] == ["@", "→", "@", "→"]
    assert not overlapping(ax.figure)


@pytest.mark.parametrize(
    ("name", "shape"), [("W1", (783, 50)), ("z1", (100, 49)), ("z1", (50, 100)), ("W2", (10, 50))]
)
def test_plot_shapes_refuses_products_that_do_not_exist(name, shape):
    with pytest.raises(ValueError, match="does not give"):
        plotting.plot_shapes(SHAPES | {name: shape})


# ---------------------------------------------------------------- the map


def test_course_map_names_every_chapter_in_order():
    fig = plotting.draw_course_map()
    texts = written(fig.axes[0])
    numbers = [text for text in texts if text.isdigit()]
    assert numbers == [f"{k:02}" for k in range(9)]
    assert {"Perceptron", "Softmax", "Keras", "Under Keras"} <= set(texts)


def test_course_map_can_be_read():
    fig = plotting.draw_course_map()
    assert not overlapping(fig)
    sizes = [text.get_fontsize() for text in fig.axes[0].texts]
    assert min(sizes) >= 11


def test_every_chapter_of_the_map_has_its_small_picture():
    pictures = plotting.draw_course_map().axes[0].child_axes
    assert len(pictures) == 9
    assert all(ax.lines or ax.patches or ax.images or ax.collections for ax in pictures)
