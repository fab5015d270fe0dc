"""The plots that one chapter has to itself show what they should: cells that are folded there."""

import itertools

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest

from course_utils.chapters import CHAPTERS, NOTEBOOKS
from course_utils.plotting import alt_text

CORNERS = [(0, 0), (0, 1), (1, 0), (1, 1)]


@pytest.fixture(autouse=True)
def no_window():
    """Draw without a screen, and close every figure afterwards."""
    plt.switch_backend("agg")
    with plt.rc_context():
        yield
    plt.close("all")


def defined_in(number, first):
    """Run the folded cells at the start of a chapter, and the imports before; return the names."""
    path = next(chapter.path for chapter in CHAPTERS if chapter.number == number)
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    ids = [cell.id for cell in cells]
    names = {}
    for cell in cells[: ids.index(first) + 1]:
        exec(cell.source, names)
    return names


@pytest.fixture
def gates():
    return defined_in("01", "define-gate-plots")


@pytest.fixture
def draw_product():
    def draw(left, right, **where):
        names["draw_product"](np.asarray(left), np.asarray(right), **where)
        return plt.gca()

    names = defined_in("04", "define-draw-product")
    return draw


@pytest.mark.parametrize(
    ("weights", "bias"),
    [((1, 1), -1.5), ((1, -0.5), -0.25), ((-1, 0), 0.5), ((0, 2), -1), ((1, 1), 9), ((0, 0), 1)],
)
def test_half_plane_is_where_the_sum_is_above_0(gates, weights, bias):
    ax = plt.subplots()[1]
    ax.set(xlim=(-0.6, 1.6), ylim=(-0.6, 1.6))
    gates["plot_half_plane"](weights, bias, ax)
    ax.figure.canvas.draw()
    (shade,) = ax.patches
    for place in np.random.default_rng(0).uniform(-0.6, 1.6, size=(200, 2)):
        is_shaded = shade.contains_point(ax.transData.transform(place), radius=0)
        assert is_shaded == (bias + place @ weights > 0)
    for line in ax.lines:
        ends = (line.get_transform() - ax.transData).transform([[0, 0], [1, 1]])
        np.testing.assert_allclose(ends @ weights + bias, 0, atol=1e-9)
    assert len(ax.lines) == any(weights)
    assert ax.axis() == (-0.6, 1.6, -0.6, 1.6)


def test_gate_shows_the_outputs_of_the_neuron_or_those_it_is_given(gates):
    def drawn(*args, **kwargs):
        ax = gates["plot_gate"](*args, **kwargs)
        return {text.get_position(): text.get_text() for text in ax.texts}

    assert drawn((-1, -1), 1.5) == dict(zip(CORNERS, "1110", strict=True))
    assert drawn(outputs=[0, 1, 1, 0]) == dict(zip(CORNERS, "0110", strict=True))
    moved = drawn((1, 1), -1.5, places=[(1, 0), (1, 1), (1, 1), (0, 1)])
    assert moved == {(1, 0): "0", (1, 1): "1", (0, 1): "0"}


@pytest.mark.parametrize(
    ("left", "right", "shapes", "meeting"),
    [
        ([[1, 2], [3, 4]], [[5, 6], [7, 8]], "(2, 2) (2, 2) (2, 2)", "1 · 5 + 2 · 7 = 19"),
        ([1, 2], [[1, 3, 5], [2, 4, 6]], "(2,) (2, 3) (3,)", "1 · 1 + 2 · 2 = 5"),
        ([[1, 2], [3, 4], [5, 6]], [7, 8], "(3, 2) (2,) (3,)", "1 · 7 + 2 · 8 = 23"),
        ([0.1 + 0.2, -2.0], [1.0, 0.0], "(2,) (2,) ()", "0.3 · 1 + −2 · 0 = 0.3"),
        ([[1, 2, 3]], [[1, 2], [3, 4]], "(1, 3) (2, 2) no product", "1 · 1 + 2 · 3 + 3 · ?"),
    ],
)
def test_product_shows_shapes_and_how_a_row_meets_a_column(
    draw_product, left, right, shapes, meeting
):
    texts = [text.get_text() for text in draw_product(left, right).texts]
    assert texts[-1] == f"row 0 meets column 0:  {meeting}"
    below = [text for text in texts if text.startswith("(") or text == "no product"]
    assert " ".join(below) == shapes


def test_the_row_the_column_and_their_product_stand_out(draw_product):
    ax = draw_product([[1, 2, 3], [4, 5, 6]], [[1, 2], [3, 4], [5, 6]], row=1, column=0)
    bold = [text.get_text() for text in ax.texts if text.get_fontweight() == "bold"]
    assert bold == ["4", "5", "6", "1", "3", "5", "49"]


@pytest.mark.parametrize("form", [(784,), (28, 28)])
def test_predictions_mark_the_answer_alone(form):
    show = defined_in("05", "define-show-predictions")["show_predictions"]
    shares = np.array([[0.02, 0.0004, 0.9, 0.0796], [0.5, 0.4, 0.1, 0]])
    left, right, *below = show(np.ones((2, *form)), shares, [7, 1]).axes
    assert (left.get_title(), right.get_title()) == ("Label: 7", "The network answers 2")
    assert np.allclose([bar.get_height() for bar in right.patches], [2, 0.04, 90, 7.96])
    assert [bool(bar.get_hatch()) for bar in right.patches] == [False, False, True, False]
    written = [text.get_text() for text in right.texts]
    assert written == ["2.0", "90.0", "8.0"]  # what rounds to 0.0 is not written
    assert [ax.get_title() for ax in below] == ["Label: 1", "The network answers 0"]


def new_chapter(number, **changes):
    return CHAPTERS[-1]._replace(number=number, title=f"Chapter {number}", **changes)


@pytest.mark.parametrize("new", [(), (new_chapter("98"), new_chapter("99", part="A new part"))])
def test_map_shows_every_chapter_of_the_table(new):
    chapters = [*CHAPTERS, *new]
    fig = defined_in("00", "define-chapter-box")["draw_course_map"](chapters)
    texts = [" ".join(text.get_text().split()) for text in fig.axes[0].texts]
    for chapter in chapters:
        assert {chapter.number, chapter.title, chapter.question, chapter.part} <= set(texts)
        assert f"{chapter.number} {chapter.title}: {chapter.question}" in alt_text.describe(fig)
    assert len(fig.axes[0].child_axes) == len(chapters)
    boxes = [text.get_window_extent() for text in fig.axes[0].texts]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert min(text.get_fontsize() for text in fig.axes[0].texts) >= 11


def test_every_icon_belongs_to_a_chapter():
    icons = {path.stem for path in (NOTEBOOKS / "icons").iterdir()}
    assert icons <= {chapter.number for chapter in CHAPTERS}
