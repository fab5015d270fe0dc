"""What figures say of themselves: the words come from the figure, and are stored with it."""

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
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
def test_curve_is_told_by_its_course(ax, y, course):
    ax.plot(y, label="loss")
    assert described(ax) == f"line (loss): {course}."


def test_straight_line_is_told_by_its_ends_or_as_far_as_it_is_seen(ax):
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.plot([0, 0.5], [0, 0.25])
    ax.axline((0, 1), slope=-1, label="endless")
    ax.axhline(0.7, label="threshold")
    ax.axvline(3)
    assert described(ax) == (
        "straight line from (0, 0) to (0.5, 0.25). straight line (endless) from (0, 1) to (1, 0). "
        "level line (threshold) at 0.7. upright line at 3."
    )


def test_points_are_listed_unless_they_are_many_or_something_is_written_there(ax):
    ax.plot([0, 1, 2], [5, 6, 7], "o")
    ax.plot(range(50), range(50), "o", label="digits")
    ax.plot([1, 2, 3], visible=False)
    ax.text(1, 6, "six")
    assert described(ax) == "points at (0, 5), (2, 7). 50 points (digits). written: six at (1, 6)."


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


def test_bars_without_names_are_told_by_their_places_or_only_counted(ax):
    ax.bar([], [])
    ax.bar([0.1, 2], [1, 2], width=0.1)
    ax.hist(np.arange(40), bins=40)
    assert described(ax) == "bars: 0.1: 1; 2: 2. bars: 40 of them, up to 1."


def test_legend_is_told_where_the_lines_have_no_names(ax):
    ax.legend([ax.plot([1, 2, 3])[0]], ["with dropout"])
    assert described(ax).endswith("key: with dropout.")


def test_table_is_read_row_by_row(ax):
    ax.figure.colorbar(ax.imshow(np.eye(2)), label="a colour bar is left out")
    for (row, column), value in np.ndenumerate(np.arange(4).reshape(2, 2)):
        ax.text(column, row, f"{value}")
    assert described(ax) == "an image of 2 by 2. written, row by row: 0, 1, 2, 3."


def test_digits_are_told_by_their_captions():
    fig = plotting.show_digits(np.zeros((3, 784)), ["5", "0\n80 %", "4"], title="Three digits")
    assert alt_text.describe(fig) == "Three digits. 3 images: 5, 0 80 %, 4."


def test_what_a_list_would_not_explain_describes_itself(ax):
    ax.set(title="A house.", label="a roof on four walls", xlabel="metres")
    assert described(ax) == "A house. a roof on four walls."
    arrows = {("$x_1$", "OR"): "", ("OR", "$y$"): "$s$"}
    nodes = {"$x_1$": (0, 0), "OR": (2, 0), "$y$": (4, 0)}
    assert described(plotting.plot_diagram(nodes, arrows, "A gate")) == (
        "A gate. circles and arrows: x1 → OR, OR → y (s)."
    )
    network = plotting.draw_network([[[1, -2]]], [[0.5], ["a", "b"]], [[3, 4]], weight_labels=True)
    assert described(network) == (
        "a network with layers of 1, 2 neurons; in input: 0.50; in layer 1: a, b; "
        "weights of layer 1: 1, −2; biases: 3, 4."
    )
    assert described(plotting.plot_confusion([[8, 2], [0, 9]])).endswith(
        "17 of 19 are right; the most frequent errors: 0 taken for 1, 2 times."
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
    no_words = "plt.bar(['a'], [3])\nplt.gca().get_legend = None\nplt.show()"  # shown all the same
    cells = [
        style,
        "plt.bar(['a'], [3])\nplt.show()",
        "plt.plot([1, 2]);",
        "plt.figure()",
        no_words,
    ]
    path = tmp_path / "pictures.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in cells]), path)
    notebooks.execute(path)
    _, bars, line, empty, undescribed = nbformat.read(path, as_version=4).cells
    stored = {"alt": "bars: a: 3.", "text_height": 18.3}
    assert bars.outputs[0].metadata["image/png"] == stored
    assert line.outputs[-1].metadata["image/png"]["alt"] == "straight line from (0, 1) to (1, 2)."
    assert "image/png" not in empty.outputs[0].data
    assert "image/png" in undescribed.outputs[0].data
    assert "alt" not in undescribed.outputs[0].metadata.get("image/png", {})
