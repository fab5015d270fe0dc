"""The three ways of stepping, by the numbers of their formulas."""

import numpy as np
import pytest

from course_utils.optimisers import SGD, Adam, Momentum


def stepped(optimiser, *slopes):
    params = {"W1": np.array([1.0, -2.0])}
    for slope in slopes:
        optimiser.step(params, {"W1": np.array(slope)})
    return params["W1"]


def test_sgd_steps_against_the_slope():
    np.testing.assert_allclose(stepped(SGD(0.1), [1.0, -3.0]), [0.9, -1.7])


def test_momentum_keeps_a_share_of_the_last_step():
    moved = stepped(Momentum(0.1, momentum=0.5), [1.0, 0.0], [1.0, 0.0])
    np.testing.assert_allclose(moved, [1 - 0.1 - 0.15, -2])


def test_adam_first_steps_by_the_rate_however_large_the_slope():
    np.testing.assert_allclose(stepped(Adam(0.1), [1e-3, -1e3]), [0.9, -1.9], rtol=1e-4)


def test_adam_by_hand():
    mean, square = 0.1 * 3 * 0.9 + 0.1 * 1, 0.001 * 9 * 0.999 + 0.001 * 1
    step = 0.1 * (mean / (1 - 0.9**2)) / (np.sqrt(square / (1 - 0.999**2)) + 1e-8)
    assert stepped(Adam(0.1), [3.0, 0.0], [1.0, 0.0])[0] == pytest.approx(1 - 0.1 - step)


@pytest.mark.parametrize("optimiser", [SGD, Momentum, Adam])
def test_steps_change_the_arrays_in_place_and_go_downhill(optimiser):
    params = {"x": np.array([3.0, -4.0])}
    x, walker = params["x"], optimiser(0.05)
    for _ in range(300):
        walker.step(params, {"x": 2 * x})
    assert params["x"] is x and np.abs(x).max() < 0.01
    with pytest.raises(ValueError, match="learning_rate must be a number above 0"):
        optimiser(0)
