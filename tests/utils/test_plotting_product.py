"""A drawn matrix product shows the right numbers, shapes and meeting."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import plotting

A = np.array([[1, 2, 3], [4, 5, 6]])
B = np.array([[1, 2], [3, 4], [5, 6]])


@pytest.fixture(autouse=True)
def no_window():
    """Draw without a screen, and close every figure afterwards."""
    plt.switch_backend("agg")
    yield
    plt.close("all")


def texts(ax):
    return [text.get_text() for text in ax.texts]


def bold(ax):
    return [text.get_text() for text in ax.texts if text.get_fontweight() == "bold"]


def test_matrices_shapes_and_the_meeting_are_written():
    ax = plotting.draw_product(A, B, row=1, column=0, title="A product")
    assert texts(ax) == [
        *("1", "2", "3", "4", "5", "6", "(2, 3)", "@"),
        *("1", "2", "3", "4", "5", "6", "(3, 2)", "="),
        *("22", "28", "49", "64", "(2, 2)", ""),
        "row 1 meets column 0:  4 · 1 + 5 · 3 + 6 · 5 = 49",
    ]
    assert ax.get_title() == "A product"


def test_the_row_the_column_and_their_product_stand_out():
    ax = plotting.draw_product(A, B, row=1, column=0)
    assert bold(ax) == ["4", "5", "6", "1", "3", "5", "49"]
    filled = [cell for cell in ax.patches if cell.get_facecolor() != (1, 1, 1, 1)]
    assert len(filled) == 3 + 3 + 1


@pytest.mark.parametrize(
    ("left", "right", "shapes"),
    [
        ([1, 2], [[1, 3, 5], [2, 4, 6]], ["(2,)", "(2, 3)", "(3,)"]),
        (B, [7, 8], ["(3, 2)", "(2,)", "(3,)"]),
        ([1, 2], [3, 4], ["(2,)", "(2,)", "()"]),
    ],
)
def test_arrays_with_one_axis_keep_their_shape(left, right, shapes):
    ax = plotting.draw_product(left, right)
    assert [text for text in texts(ax) if text.startswith("(")] == shapes


def test_an_array_with_one_axis_is_a_row_on_the_left_and_a_column_on_the_right():
    ax = plotting.draw_product([1, 2], [3, 4])
    corners = [cell.get_xy() for cell in ax.patches]
    assert corners == [(0, -0.5), (1, -0.5), (4, 0), (4, -1), (7, -0.5)]


def test_shapes_that_do_not_fit_give_question_marks():
    ax = plotting.draw_product(A, [[1, 2], [3, 4]])
    assert "no product" in texts(ax)
    assert texts(ax)[-1] == "row 0 meets column 0:  1 · 1 + 2 · 3 + 3 · ?"
    assert bold(ax)[-1] == "?"


def test_numbers_are_short_enough_for_their_cells():
    ax = plotting.draw_product(np.float32([0.1 + 0.2, -2.0]), [1.0, 0.0])
    assert texts(ax)[:2] == ["0.3", "−2"]
    assert texts(ax)[-1] == "row 0 meets column 0:  0.3 · 1 + −2 · 0 = 0.3"


def test_it_draws_where_it_is_told():
    _, ax = plt.subplots()
    assert plotting.draw_product(A, B, ax=ax) is ax
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize("name", ["left", "right"])
@pytest.mark.parametrize("array", [5, np.ones((2, 2, 2))])
def test_an_array_of_other_axes_is_named(name, array):
    arguments = {"left": A, "right": B} | {name: array}
    with pytest.raises(ValueError, match=f"{name} must have one or two axes"):
        plotting.draw_product(**arguments)


@pytest.mark.parametrize("place", [{"row": 2}, {"column": 2}])
def test_a_row_or_column_that_is_not_there_is_an_error(place):
    with pytest.raises(IndexError):
        plotting.draw_product(A, B, **place)
    assert not plt.get_fignums()
