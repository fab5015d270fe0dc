"""What figures say of themselves: the words come from the figure, and are stored with it."""

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from nbformat.v4 import new_code_cell, new_notebook

from course_tools import execute as notebooks
from course_utils import plotting
from course_utils.plotting import alt_text


@pytest.fixture(autouse=True)
def course_style():
    plt.switch_backend("agg")
    with plt.rc_context():
        plotting.use_course_style()
        yield
    plt.close("all")


@pytest.fixture
def ax():
    return plt.subplots()[1]


def described(ax):
    return alt_text.describe(ax.figure)


def test_title_and_axes_are_named_without_the_marks_of_formulas(ax):
    ax.set(title=r"Is $w_{12}^{(1)} \leq \theta$?", xlabel="$x_1$", ylabel="$e^{a_k}$\n(loss)")
    ax.set_yscale("log")
    text = "Is w12^(1) ≤ theta? horizontal axis: x1; vertical axis: e^ak (loss), logarithmic."
    assert described(ax) == text


@pytest.mark.parametrize(
    ("y", "course"),
    [
        ([1, 2, 2, 4], "rises from (0, 1) to (3, 4)"),
        ([4, 3, 1, -2], "falls from (0, 4) to (3, −2)"),
        ([5, 5, 5, 5], "stays level from (0, 5) to (3, 5)"),
        ([0, 12345, -0.5, 1], "goes up and down between −0.5 and 12,345 from (0, 0) to (3, 1)"),
        ([np.nan, 1, 2, 3], "rises from (1, 1) to (3, 3)"),
    ],
)
def test_a_curve_is_told_by_its_course(ax, y, course):
    ax.plot(y, label="loss")
    assert described(ax) == f"line (loss): {course}."


def test_a_straight_line_is_told_as_far_as_it_is_seen(ax):
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.plot([-1, 2], [-1, 2])
    ax.plot([0.5, 0.5], [-7, 7], label="wall")
    ax.axline((0, 1), slope=-1, label="endless")
    ax.plot([2, 3], [2, 3], label="not in sight")
    ax.plot([7, 7], [0, 1], label="beside it")
    assert described(ax) == (
        "straight line from (0, 0) to (1, 1). "
        "straight line (wall) from (0.5, 0) to (0.5, 1). "
        "straight line (endless) from (0, 1) to (1, 0)."
    )


def test_a_chart_without_bars_has_nothing_to_tell(ax):
    ax.bar([], [])
    ax.set_title("Nothing yet")
    assert described(ax) == "Nothing yet."


def test_a_figure_is_shown_even_if_there_are_no_words_for_it(ax, monkeypatch):
    def fail(figure):
        raise ZeroDivisionError

    monkeypatch.setattr(alt_text, "describe", fail)
    assert alt_text._DrawAndDescribe(lambda figure: b"PNG")(ax.figure) == b"PNG"


def test_marks_across_the_whole_picture_are_told_by_their_place(ax):
    ax.axhline(0.7, label="threshold")
    ax.axvline(3)
    assert described(ax) == "level line (threshold) at 0.7. upright line at 3."


def test_points_are_listed_unless_something_is_written_there(ax):
    ax.plot([0, 1, 2], [5, 6, 7], "o")
    ax.text(1, 6, "six")
    assert described(ax) == "points at (0, 5), (2, 7). written: six at (1, 6)."


def test_many_points_and_lines_are_only_counted(ax):
    ax.plot(range(50), range(50), "o", label="digits")
    assert described(ax) == "50 points (digits)."
    for k in range(30):
        ax.plot([0, k, 1])
    assert described(ax) == "31 lines."


@pytest.mark.parametrize("kind", ["bar", "barh"])
def test_bars_are_listed_by_their_names(ax, kind):
    bars = getattr(ax, kind)(["cat", "dog"], [0.25, -1500], label="share")
    ax.bar_label(bars, ["a quarter", "little"])
    assert described(ax) == "bars (share): cat: 0.25; dog: −1,500."


def test_bars_side_by_side_and_in_the_air(ax):
    ax.bar([-0.2, 0.8], [1, 2], width=0.4)
    ax.bar([0.2, 1.2], [4, 0], width=0.4, bottom=[0, 5])
    ax.set_xticks([0, 1], ["before", "after"])
    assert described(ax) == "bars: before: 1; after: 2. bars: before: 4; after: 5 to 5."


def test_numbers_on_an_axis_are_no_names(ax):
    ax.bar([0.1, 2], [1, 2], width=0.1)
    assert described(ax) == "bars: 0.1: 1; 2: 2."
    ax.hist(np.arange(40), bins=40)
    assert described(ax).endswith("bars: 40 of them, up to 1.")


def test_a_legend_is_told_where_the_lines_have_no_names(ax):
    line = ax.plot([1, 2, 3])[0]
    ax.legend([line], ["with dropout"])
    assert described(ax).endswith("key: with dropout.")


def test_a_table_is_read_row_by_row(ax):
    ax.imshow(np.eye(2))
    for (row, column), value in np.ndenumerate(np.arange(4).reshape(2, 2)):
        ax.text(column, row, f"{value}")
    assert described(ax) == "an image of 2 by 2. written, row by row: 0, 1, 2, 3."


def test_digits_are_told_by_their_captions():
    fig = plotting.show_digits(np.zeros((3, 784)), ["5", "0\n80 %", "4"], title="Three digits")
    assert alt_text.describe(fig) == "Three digits. 3 images: 5, 0 80 %, 4."


def test_a_colour_bar_is_left_out(ax):
    ax.figure.colorbar(ax.imshow(np.eye(2)), label="errors")
    assert described(ax) == "an image of 2 by 2."


def test_a_picture_can_describe_itself(ax):
    ax.set(title="A house.", label="a roof on four walls", xlabel="metres")
    assert described(ax) == "A house. a roof on four walls."


def test_what_the_course_draws_describes_itself():
    def words(ax):
        return alt_text.describe(ax.figure)

    arrows = {("$x_1$", "OR"): "", ("OR", "$y$"): "$s$"}
    nodes = {"$x_1$": (0, 0), "OR": (2, 0), "$y$": (4, 0)}
    assert words(plotting.plot_diagram(nodes, arrows, "A gate")) == (
        "A gate. circles and arrows: x1 → OR, OR → y (s)."
    )
    assert words(plotting.draw_product([[1, 2]], [3.5, 4])) == (
        "the rows 1, 2 times the rows 3.5; 4 give 11.5; "
        "row 0 meets column 0: 1 · 3.5 + 2 · 4 = 11.5."
    )
    network = plotting.draw_network([[[1, -2]]], [[0.5], ["a", "b"]], [[3, 4]], weight_labels=True)
    assert words(network) == (
        "a network with layers of 1, 2 neurons; in input: 0.50; in layer 1: a, b; "
        "weights of layer 1: 1, −2; biases: 3, 4."
    )
    assert words(plotting.plot_shapes({"x": (1, 784), "W": (784, 10), "y": (1, 10)})) == (
        "rectangles with the shapes of a chain of products: x, 1 × 784; W, 784 × 10; y, 1 × 10."
    )
    assert words(plotting.plot_confusion([[8, 2], [0, 9]])).endswith(
        "17 of 19 are right; the most frequent errors: 0 taken for 1, 2 times."
    )
    assert "03 Softmax: When is an output a probability?" in alt_text.describe(
        plotting.draw_course_map()
    )


def test_the_smallest_text_is_measured_in_pixels_of_the_picture(ax):
    ax.set_title("title", fontsize=20)
    ax.text(0, 0, " ", fontsize=1)
    ax.text(0, 0, "hidden", fontsize=2, visible=False)
    assert alt_text.text_height(ax.figure) == 18.3  # 12 points at 110 dots per inch
    ax.text(0, 0, "small", fontsize=6)
    assert alt_text.text_height(ax.figure) == 9.2
    assert alt_text.text_height(plt.figure()) == 0


def test_a_notebook_stores_the_description_of_each_figure(tmp_path):
    style = "import matplotlib.pyplot as plt\nfrom course_utils import plotting\n\n"
    style += "plotting.use_course_style()\nplotting.use_course_style()"
    cells = [style, "plt.bar(['a'], [3])\nplt.show()", "plt.plot([1, 2]);", "plt.figure()"]
    path = tmp_path / "pictures.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in cells]), path)
    notebooks.execute(path)
    outputs = [cell.outputs for cell in nbformat.read(path, as_version=4).cells]
    assert outputs[1][0].metadata["image/png"] == {"alt": "bars: a: 3.", "text_height": 18.3}
    assert outputs[2][-1].metadata["image/png"]["alt"] == "straight line from (0, 1) to (1, 2)."
    assert "image/png" not in outputs[3][0].data  # an empty figure


@pytest.mark.parametrize("name", ["BLUE", "ORANGE", "GREEN", "PURPLE", "GREY"])
def test_colours_of_texts_stand_out_from_white(name):
    def linear(channel):
        return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, to_rgb(getattr(plotting, name)))
    assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 4.5
