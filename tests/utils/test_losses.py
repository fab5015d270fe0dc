import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_utils.losses import binary_cross_entropy, cross_entropy


@st.composite
def any_outputs_and_targets(draw):
    """Outputs and targets of which about every second pair holds anything at all, also nan."""
    dtype, width = draw(st.sampled_from([(np.float32, 32), (np.float64, 64)]))
    numbers = draw(st.sampled_from([st.floats(0, 1, width=width), st.floats(width=width)]))
    return draw(arrays(dtype, 4, elements=numbers)), draw(arrays(dtype, 4, elements=numbers))


@pytest.mark.parametrize("loss", [binary_cross_entropy, cross_entropy])
@given(pair=any_outputs_and_targets())
def test_any_input_gives_a_finite_loss_or_a_clear_error(loss, pair):
    in_range = all(((values >= 0) & (values <= 1)).all() for values in pair)
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        if in_range:
            assert np.isfinite(loss(*pair))
        else:
            with pytest.raises(ValueError, match="must lie in 0 to 1"):
                loss(*pair)


@given(
    y=arrays(np.float32, (3, 4), elements=st.floats(0, 1, width=32)),
    labels=arrays(np.int64, 3, elements=st.integers(-1, 4)),
)
def test_any_label_gives_a_finite_loss_or_a_clear_error(y, labels):
    with warnings.catch_warnings(), np.errstate(all="raise", under="ignore"):
        warnings.simplefilter("error")
        if ((labels >= 0) & (labels <= 3)).all():
            assert np.isfinite(cross_entropy(y, labels))
        else:
            with pytest.raises(ValueError, match=r"t must hold integers in 0 to 3, got (-1|4) at"):
                cross_entropy(y, labels)


def test_binary_cross_entropy_by_hand():
    y, t = np.array([0.9, 0.2]), np.array([1.0, 0.0])
    expected = -np.log(0.9) - np.log(0.8)
    assert binary_cross_entropy(y, t) == pytest.approx(expected, abs=1e-6)


def test_a_confident_wrong_answer_costs_what_the_guard_allows():
    assert binary_cross_entropy([0.0], [1.0]) == pytest.approx(-np.log(1e-7), rel=1e-6)
    assert cross_entropy([0.0, 1.0], [1, 0]) == pytest.approx(-np.log(1e-7), rel=1e-6)


def test_a_batch_gives_the_mean_of_its_samples():
    rng = np.random.default_rng(0)
    y, t = rng.random((5, 3)), rng.random((5, 3))
    for loss in (binary_cross_entropy, cross_entropy):
        alone = [loss(y[k], t[k]) for k in range(5)]
        assert loss(y, t) == pytest.approx(np.mean(alone), rel=1e-12)


def test_integer_labels_equal_one_hot_targets():
    y = np.array([[0.1, 0.7, 0.2], [0.8, 0.1, 0.1]])
    labels = np.array([1, 0])
    assert cross_entropy(y, labels) == pytest.approx(cross_entropy(y, np.eye(3)[labels]))
    assert cross_entropy(y[0], 1) == pytest.approx(-np.log(0.7), rel=1e-6)


@pytest.mark.parametrize(
    ("y", "t", "message"),
    [
        ([0.5, 0.5], [0.5], r"t must have shape \(2,\), got \(1,\)"),
        ([0.5, 1.5], [0, 1], r"y must lie in 0 to 1, got 1.5 at index \(1,\)"),
        ([0.5, np.nan], [0, 1], r"y must lie in 0 to 1, got nan at index \(1,\)"),
        ([0.5, 0.5], [0, -1], r"t must lie in 0 to 1, got -1 at index \(1,\)"),
        ([], [], "y is empty"),
    ],
)
def test_binary_cross_entropy_refuses(y, t, message):
    with pytest.raises(ValueError, match=message):
        binary_cross_entropy(y, t)


@pytest.mark.parametrize(
    ("y", "t", "message"),
    [
        ([[0.5, 0.5]], [2], r"t must hold integers in 0 to 1, got 2 at index \(0,\)"),
        ([[0.5, 0.5]], [-1], "t must hold integers in 0 to 1, got -1"),
        ([[0.5, 0.5]], [0.0], "t must hold integers in 0 to 1, got 0.0"),
        (
            [[0.5, 0.5]],
            [0, 1],
            r"t, unless it holds one label a row, must have shape \(1, 2\), got \(2,\)",
        ),
        ([[0.5, np.inf]], [0], r"y must lie in 0 to 1, got inf at index \(0, 1\)"),
        (0.5, 0, "y must hold one share for every class"),
    ],
)
def test_cross_entropy_refuses(y, t, message):
    with pytest.raises(ValueError, match=message):
        cross_entropy(y, t)


def test_text_is_refused():
    with pytest.raises(TypeError, match="y must hold real numbers"):
        cross_entropy(["a"], [0])
