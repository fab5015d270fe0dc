"""A drawn network shows every neuron and every weight as it is."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course_utils import plotting

W1 = np.array([[0.1, -0.3, 0.5], [-0.2, 0.4, 0.0]])
W2 = np.array([[0.1], [0.2], [-1.0]])


@pytest.fixture(autouse=True)
def no_window():
    """Draw without a screen, and close every figure afterwards."""
    plt.switch_backend("agg")
    yield
    plt.close("all")


def edges(ax):
    """Return {(start, end): line} for the lines of the weights."""
    lines = {}
    for line in ax.lines:
        x, y = line.get_data()
        if len(x) == 2:
            lines[(x[0], y[0]), (x[1], y[1])] = line
    return lines


def neurons(ax, marker="o"):
    """Return the centres of the neurons drawn with `marker`."""
    return [
        (line.get_xdata()[0], line.get_ydata()[0])
        for line in ax.lines
        if line.get_marker() == marker
    ]


def texts(ax):
    return [text.get_text() for text in ax.texts]


def test_every_neuron_and_every_weight_but_zero_is_drawn():
    ax = plotting.draw_network([W1, W2])
    assert sorted(x for x, _ in neurons(ax)) == [0, 0, 1, 1, 1, 2]
    assert len(edges(ax)) == 5 + 3


def test_a_line_joins_the_neurons_of_its_row_and_column():
    lines = edges(plotting.draw_network([W1]))
    # Two neurons at heights 0.5 and -0.5, three at 1, 0 and -1; W1[1, 2] is 0.
    assert ((0, 0.5), (1, -1)) in lines
    assert ((0, -0.5), (1, -1)) not in lines


def test_sign_changes_colour_and_line_style():
    lines = edges(plotting.draw_network([W1]))
    positive, negative = lines[(0, 0.5), (1, 1)], lines[(0, 0.5), (1, 0)]
    assert positive.get_color() == plotting.BLUE
    assert negative.get_color() == plotting.ORANGE
    assert positive.get_linestyle() == "-"
    assert negative.get_linestyle() == "--"


def test_width_grows_with_the_size_of_the_weight_in_the_whole_network():
    lines = edges(plotting.draw_network([W1, W2]))
    widths = [
        lines[ends].get_linewidth()
        for ends in (
            ((0, 0.5), (1, 1)),  # 0.1
            ((0, -0.5), (1, 1)),  # -0.2
            ((0, 0.5), (1, -1)),  # 0.5
            ((1, -1), (2, 0)),  # -1.0
        )
    ]
    assert widths == sorted(set(widths))
    assert lines[(1, 1), (2, 0)].get_linewidth() == widths[0]  # 0.1, in another layer


def test_activations_names_and_title_are_written():
    ax = plotting.draw_network(
        [W1],
        activations=[["$x_1$", "$x_2$"], np.array([0.574, 0.668, -0.75])],
        names=["input", "output"],
        title="A layer",
    )
    assert texts(ax) == ["$x_1$", "$x_2$", "input", "0.57", "0.67", "−0.75", "output"]
    assert ax.get_title() == "A layer"


def test_biases_are_lines_from_a_square_neuron():
    ax = plotting.draw_network([W1, W2], biases=[[0.1, 0.2, 0.3], [-0.4]])
    assert neurons(ax, "s") == [(0, 1.5), (1, 2)]
    assert len(edges(ax)) == (5 + 3) + (3 + 1)
    assert edges(ax)[(1, 2), (2, 0)].get_linestyle() == "--"


def test_weights_and_biases_are_written_on_request():
    ax = plotting.draw_network([[[1], [-2.5]]], biases=[[0.5]], weight_labels=True)
    assert texts(ax) == ["0.5", "1", "−2.5", "1"]  # the last one is in the bias neuron


def test_the_legend_names_the_signs_that_occur():
    def legend(weights):
        ax = plotting.draw_network(weights)
        return [text.get_text() for text in ax.get_legend().get_texts()]

    assert legend([W1]) == ["positive weight", "negative weight"]
    assert legend([[[1, 2]]]) == ["positive weight"]
    assert legend([[[-1, -2]]]) == ["negative weight"]


def test_a_wide_layer_shows_its_first_and_last_neurons():
    weights = np.arange(1, 101)[:, np.newaxis]  # 100 neurons, then one
    activations = [[str(i) for i in range(100)], ["y"]]
    ax = plotting.draw_network([weights], activations, most=5)
    assert texts(ax) == ["0", "1", "2", "⋮", "98", "99", "y"]
    assert len(edges(ax)) == 5


@pytest.mark.filterwarnings("error")
def test_all_weights_zero_is_a_network_without_lines():
    ax = plotting.draw_network([np.zeros((2, 3))])
    assert len(neurons(ax)) == 5
    assert not edges(ax)


def test_it_draws_where_it_is_told():
    _, ax = plt.subplots()
    assert plotting.draw_network([W1], ax=ax) is ax
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
