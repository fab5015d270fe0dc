"""The pictures of chapter 01: half planes, gates, diagrams, and pictures with sliders."""

import io

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from course_utils import plotting

matplotlib.use("agg")
CORNERS = [(0, 0), (0, 1), (1, 0), (1, 1)]


@pytest.fixture
def ax():
    fig, ax = plt.subplots()
    ax.set(xlim=(-0.6, 1.6), ylim=(-0.6, 1.6))
    yield ax
    plt.close(fig)


@pytest.mark.parametrize(
    ("weights", "bias"),
    [
        ((1, 1), -1.5),
        ((-1, -1), 1.5),
        ((1, -0.5), -0.25),
        ((-1, 0), 0.5),
        ((0, 2), -1),
        ((1, 1), 9),
    ],
)
def test_half_plane_is_where_the_sum_is_above_0(ax, weights, bias):
    plotting.plot_half_plane(weights, bias, ax)
    shaded = ax.patches[0].get_path()
    for x1, x2 in np.random.default_rng(0).uniform(-0.6, 1.6, size=(200, 2)):
        assert shaded.contains_point((x1, x2)) == (bias + weights[0] * x1 + weights[1] * x2 > 0)
    on_the_line = ax.lines[0].get_xydata()
    np.testing.assert_allclose(on_the_line @ weights + bias, 0, atol=1e-9)
    assert ax.axis() == (-0.6, 1.6, -0.6, 1.6)


@pytest.mark.parametrize(("bias", "n_shaded"), [(1, 1), (0, 0), (-1, 0)])
def test_without_weights_there_is_no_line(ax, bias, n_shaded):
    plotting.plot_half_plane((0, 0), bias, ax)
    assert not ax.lines
    assert len(ax.patches) == n_shaded


def test_half_plane_leaves_the_limits_as_they_are():
    fig, ax = plt.subplots()
    ax.plot([-3, 2], [0, 7])
    limits = ax.axis()
    plotting.plot_half_plane((1, 1), -1.5, ax)
    assert ax.axis() == limits
    plt.close(fig)


def drawn_outputs(ax):
    return {text.get_position(): text.get_text() for text in ax.texts}


def test_gate_shows_the_outputs_of_the_neuron(ax):
    plotting.plot_gate((-1, -1), 1.5, ax=ax)
    assert drawn_outputs(ax) == dict(zip(CORNERS, "1110", strict=True))
    assert len({line.get_markerfacecolor() for line in ax.lines[1:]}) == 2  # filled and hollow


def test_gate_without_a_neuron_shows_the_outputs_it_is_given(ax):
    plotting.plot_gate(outputs=[0, 1, 1, 0], ax=ax)
    assert drawn_outputs(ax) == dict(zip(CORNERS, "0110", strict=True))
    assert not ax.patches


def test_gate_behind_a_hidden_layer_shows_the_moved_inputs(ax):
    plotting.plot_gate((1, 1), -1.5, ax=ax, inputs=[(1, 0), (1, 1), (1, 1), (0, 1)])
    assert drawn_outputs(ax) == {(1, 0): "0", (1, 1): "1", (0, 1): "0"}


def test_gate_says_what_is_missing():
    with pytest.raises(ValueError, match="the weights of a neuron, or the four outputs"):
        plotting.plot_gate()
    with pytest.raises(ValueError, match="has 4 outputs, got 3"):
        plotting.plot_gate(outputs=[0, 1, 1])


def test_diagram_holds_every_node_and_arrow():
    ax = plotting.plot_diagram({"x": (0, 0), "y": (2, 0)}, {("x", "y"): "w"}, shaded=["y"])
    circles = [patch for patch in ax.patches if isinstance(patch, plt.Circle)]
    assert [circle.center for circle in circles] == [(0, 0), (2, 0)]
    assert circles[0].get_facecolor() != circles[1].get_facecolor()
    assert [text.get_text() for text in ax.texts] == ["x", "y", "", "w"]
    plt.close(ax.figure)


def test_live_picture_is_drawn_again_when_a_slider_moves():
    drawn = []

    def draw(ax, w, b):
        drawn.append((w, b))
        plotting.plot_gate((w, w), b, ax=ax)

    panel = plotting.live_picture(draw, w=(-2, 2, 0.25, 1), b=(-3, 3, 0.25, -1.5))
    controls, picture = panel.children
    before = picture.value
    controls.children[1].value = -0.5
    assert drawn == [(1, -1.5), (1, -0.5)]
    assert picture.value != before
    first, second = (Image.open(io.BytesIO(value)) for value in (before, picture.value))
    assert first.size == second.size  # the page does not jump
    assert plt.get_fignums() == []  # or the notebook would show the figure a second time


def test_live_picture_is_one_stable_sentence_as_text():
    def draw(ax, w):
        ax.plot([0, w])

    panel = plotting.live_picture(draw, w=(0, 1, 0.5, 1))
    assert panel._repr_mimebundle_()["text/plain"] == ("Sliders for w: run this cell to move them.")
