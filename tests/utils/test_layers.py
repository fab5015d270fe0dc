"""Layers against numerical slopes, and a training that learns."""

from itertools import chain

import numpy as np
import pytest

from course_utils.activations import softmax
from course_utils.gradients import numerical_gradient
from course_utils.layers import Affine, Network, ReLU, Sigmoid, fit, softmax_loss
from course_utils.losses import cross_entropy
from course_utils.optimisers import SGD, Adam, Momentum


def small_network(seed=0):
    rng = np.random.default_rng(seed)
    return Network(Affine(6, 5, rng), Sigmoid(), Affine(5, 4, rng), ReLU(), Affine(4, 3, rng))


def some_samples(n=7, seed=1):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, 6)), rng.integers(0, 3, n)


@pytest.mark.parametrize("n", [1, 7])
def test_slopes_are_the_numerical_ones(n):
    network, (x, t) = small_network(), some_samples(n)
    _, slopes = network.loss_and_slopes(x, t)
    params = network.params
    assert list(slopes) == list(params) == ["W1", "b1", "W2", "b2", "W3", "b3"]
    for name, slope in slopes.items():
        found = numerical_gradient(lambda _: network.loss_and_slopes(x, t)[0], params[name])
        np.testing.assert_allclose(slope, found, atol=1e-8)


def test_the_slope_for_the_inputs_comes_back_too():
    network, (x, t) = small_network(), some_samples()
    slope = network.backward(softmax_loss(network.forward(x), t)[1])
    found = numerical_gradient(lambda x: network.loss_and_slopes(x, t)[0], x.copy())
    np.testing.assert_allclose(slope, found, atol=1e-8)


def test_labels_and_one_hot_targets_are_the_same():
    a, t = np.random.default_rng(0).standard_normal((4, 3)), np.array([2, 0, 1, 1])
    by_labels, by_targets = softmax_loss(a, t), softmax_loss(a, np.eye(3)[t])
    assert by_labels[0] == by_targets[0] == pytest.approx(cross_entropy(softmax(a), t), abs=1e-6)
    np.testing.assert_array_equal(by_labels[1], by_targets[1])


def test_no_score_is_too_large():
    loss, slope = softmax_loss(np.array([[1000.0, 0.0], [0.0, 1000.0]]), np.array([1, 1]))
    assert loss == 500
    np.testing.assert_array_equal(slope, [[0.5, -0.5], [0, 0]])


@pytest.mark.parametrize(
    ("a", "t", "said"),
    [
        (np.zeros(3), 1, "a must be a batch of scores"),
        (np.zeros((2, 3)), [0, 3], "t must hold integers in 0 to 2, got 3 at index"),
        (np.zeros((2, 3)), np.zeros((2, 4)), r"must have shape \(2, 3\), got \(2, 4\)"),
        (np.full((1, 2), np.nan), [0], "a must hold finite numbers, got nan"),
    ],
)
def test_what_is_no_batch_is_refused(a, t, said):
    with pytest.raises(ValueError, match=said):
        softmax_loss(a, t)


@pytest.mark.parametrize("optimiser", [SGD(0.5), Momentum(0.05), Adam(0.01)])
def test_a_training_learns_a_rule(optimiser):
    x, _ = some_samples(300)
    t = x[:, :3].argmax(axis=1)
    network = small_network()
    means = fit(network, optimiser, x, t, epochs=30, batch_size=20)
    assert len(means) == 30 and means[-1] < 0.3 < means[0]
    assert network.accuracy(x, t) > 0.9


def test_every_sample_is_used_once_an_epoch_in_a_new_order():
    class Notes:
        def __init__(self):
            self.params, self.batches = {}, []

        def loss_and_slopes(self, x, t):
            assert (x == t).all()
            self.batches.append(x.tolist())
            return 1.0, {}

    notes, epochs = Notes(), []
    samples = np.arange(7)
    fit(notes, SGD(1), samples, samples, 2, 3, after_epoch=lambda *values: epochs.append(values))
    assert [len(batch) for batch in notes.batches] == [3, 3, 1] * 2
    first, second = [*chain(*notes.batches[:3])], [*chain(*notes.batches[3:])]
    assert sorted(first) == sorted(second) == list(range(7)) and first != second
    assert epochs == [(1, 1.0), (2, 1.0)]


def test_the_same_seed_trains_the_same_network():
    x, t = some_samples(50)
    networks = [small_network(), small_network()]
    for network in networks:
        fit(network, Adam(), x, t, epochs=2, seed=5)
    for name, param in networks[0].params.items():
        np.testing.assert_array_equal(param, networks[1].params[name])


def test_many_samples_are_predicted_in_blocks():
    network, (x, _) = small_network(), some_samples(2001)
    y = network.predict(x)
    np.testing.assert_allclose(y[1999:], network.predict(x[1999:]))
    assert y.shape == (2001, 3)


def test_samples_and_targets_must_be_as_many():
    with pytest.raises(ValueError, match="3 and 2"):
        fit(small_network(), SGD(1), np.zeros((3, 6)), [0, 1], epochs=1)
    with pytest.raises(ValueError, match="labels must have shape"):
        small_network().accuracy(np.zeros((3, 6)), [0, 1])
