"""The network: what it computes, its three gradients, its training, and what it refuses."""

import re
import tracemalloc
import warnings

import numpy as np
import pytest

from course_utils import activations, losses
from course_utils.network import MLP

ACTIVATIONS = [(h, o) for h in ("sigmoid", "relu") for o in ("sigmoid", "softmax")]


def samples(sizes, n=None, seed=0):
    """Return inputs that repeat a few values, as pixels do, and targets as in chapter 06."""
    rng = np.random.default_rng(seed)
    shape = () if n is None else (n,)
    x = 0.01 + 0.99 * rng.integers(0, 8, (*shape, sizes[0])) / 7
    return x, 0.01 + 0.98 * np.eye(sizes[-1])[rng.integers(sizes[-1], size=shape)]


def largest_difference(one, other):
    assert list(one) == list(other)
    assert all(one[name].shape == other[name].shape for name in one)
    return max(np.abs(one[name] - other[name]).max() for name in one)


# ---------------------------------------------------------------- what it is made of


def test_parameters_have_the_names_shapes_and_spread_of_chapter_06():
    params = MLP([784, 300, 10], seed=1).params
    assert {name: param.shape for name, param in params.items()} == {
        "W1": (784, 300),
        "b1": (300,),
        "W2": (300, 10),
        "b2": (10,),
    }
    assert all(param.dtype == np.float64 for param in params.values())
    assert params["W1"].std() == pytest.approx(1 / np.sqrt(784), rel=0.01)
    assert params["W1"].mean() == pytest.approx(0, abs=4e-4)
    assert params["W2"].std() == pytest.approx(1 / np.sqrt(300), rel=0.05)
    for name in ("b1", "b2"):
        assert 0 <= params[name].min() < params[name].max() < 1
    assert params["b1"].mean() == pytest.approx(0.5, abs=0.06)


def test_a_seed_gives_the_same_network_again():
    one, same, other = (MLP([5, 4, 3], seed=seed) for seed in (1, 1, 2))
    assert largest_difference(one.params, same.params) == 0
    assert largest_difference(one.params, other.params) > 0
    assert repr(one) == "MLP([5, 4, 3], hidden='sigmoid', output='sigmoid')"


@pytest.mark.parametrize(("hidden", "output"), ACTIVATIONS)
def test_predict_is_the_forward_pass_of_chapter_04(hidden, output):
    net = MLP([6, 5, 4, 3], hidden, output, seed=0)
    x, _ = samples(net.sizes, 2500)  # more than one block of rows
    h, p = getattr(activations, hidden), net.params
    a = h(h(x @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"])
    y = getattr(activations, output)(a @ p["W3"] + p["b3"])
    np.testing.assert_allclose(net.predict(x), y, rtol=1e-13)
    np.testing.assert_allclose(net.predict(x[7]), y[7], rtol=1e-13)
    assert net.predict(x[7]).shape == (3,)
    assert net.predict(x[:1]).shape == (1, 3)


def test_sums_far_below_0_give_0_without_a_warning():
    net = MLP([2, 2], seed=0)
    net.params["b1"] -= 1e6
    x, t = samples(net.sizes, 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.all(net.predict(x) == 0)
        for method in ("naive", "numerical", "backprop"):
            assert np.isfinite(net.gradient(x, t, method)["W1"]).all()
        net.fit(x, t, 1, 0.1, progress=False)


def test_each_output_has_its_loss():
    x, t = samples([5, 3], 4)
    for output, loss in [("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy")]:
        net = MLP([5, 3], output=output, seed=0)
        assert net.loss(x, t) == getattr(losses, loss)(net.predict(x), t)
        one_by_one = [net.loss(*sample) for sample in zip(x, t, strict=True)]
        assert net.loss(x, t) == pytest.approx(np.mean(one_by_one), rel=1e-14)


def test_accuracy_is_the_share_of_right_answers():
    net = MLP([3, 3], output="softmax")
    net.params = {"W1": np.eye(3), "b1": np.zeros(3)}
    assert net.accuracy(np.eye(3), [0, 1, 2]) == 1
    assert net.accuracy(np.eye(3)[[0, 1, 2, 2]], [0, 1, 2, 0]) == 0.75


# ---------------------------------------------------------------- three gradients


@pytest.mark.parametrize(("hidden", "output"), ACTIVATIONS)
@pytest.mark.parametrize("sizes", [[7, 3], [7, 5, 3], [7, 5, 4, 3], [7, 1, 1, 2, 1], [1, 1]])
@pytest.mark.parametrize("n", [None, 1, 5])
def test_the_three_gradients_are_one(sizes, hidden, output, n):
    net = MLP(sizes, hidden, output, seed=3)
    x, t = samples(sizes, n, seed=4)
    naive, numerical, backprop = (
        net.gradient(x, t, method) for method in ("naive", "numerical", "backprop")
    )
    assert list(numerical) == list(net.params)
    assert largest_difference(numerical, naive) < 1e-9
    assert largest_difference(numerical, backprop) < 1e-6


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize("target", ["none", "one", "all different"])
def test_many_outputs_near_0_have_the_naive_slopes(output, target):
    net = MLP([2, 3, 200], output=output, seed=0)
    net.params["b2"][:] = -30.0  # a sigmoid of 1e-13, guarded
    t = {"none": np.zeros(200), "one": np.eye(200)[7], "all different": np.linspace(0, 1, 200)}
    x = np.array([0.5, 1.0])
    naive, fast = (net.gradient(x, t[target], method) for method in ("naive", "numerical"))
    for name, slopes in naive.items():
        np.testing.assert_allclose(fast[name], slopes, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("target", [0.01, 0.5, 1.0])
def test_62_outputs_that_turn_from_wrong_to_right_have_finite_slopes(target):
    network = MLP([2, 3, 62], hidden="relu")  # letters and digits
    for name, value in {"W1": 0, "b1": 5, "W2": 5, "b2": -60}.items():
        network.params[name][...] = value
    x, t = np.array([1e5, 1e5]), np.full(62, target)
    naive, numerical = (network.gradient(x, t, method=m) for m in ("naive", "numerical"))
    for name, slopes in naive.items():
        np.testing.assert_allclose(numerical[name], slopes, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_backprop_differentiates_the_guard_too(output):
    """Where an output is 0 to six digits, the 1e-7 inside the log halves the slope."""
    net = MLP([1, 2], output=output)
    net.params = {"W1": np.zeros((1, 2)), "b1": np.array([-16.0, 0.0])}
    x, t = np.ones(1), np.array([1.0, 0.0])
    backprop, naive = net.gradient(x, t, "backprop"), net.gradient(x, t, "naive")
    assert -0.6 < naive["b1"][0] < -0.4
    assert largest_difference(backprop, naive) < 1e-6


def test_the_gradient_of_a_batch_is_the_slope_of_its_mean_loss():
    net = MLP([4, 3, 2], seed=0)
    x, t = samples(net.sizes, 6)
    slope = net.gradient(x, t, "numerical")["W1"][2, 1]
    loss = []
    for h in (1e-4, -2e-4):
        net.params["W1"][2, 1] += h
        loss.append(net.loss(x, t))
    assert slope == pytest.approx((loss[0] - loss[1]) / 2e-4, abs=1e-9)


def test_inputs_that_are_all_different_equal_or_above_1():
    net = MLP([40, 6, 3], seed=0)
    _, t = samples(net.sizes)
    for x in (np.linspace(-3, 3, 40), np.zeros(40), np.full(40, 1.0), np.arange(40)):
        assert largest_difference(net.gradient(x, t), net.gradient(x, t, "naive")) < 1e-9


def test_a_large_layer_is_worked_on_in_blocks_that_fit_the_memory():
    net = MLP([30, 400, 300, 2], seed=0)
    x, t = np.linspace(0, 1, 30), np.array([0.01, 0.99])
    whole = 2 * 30 * 400 * 300 * 8  # bytes of an array for all values at once
    tracemalloc.start()
    numerical = net.gradient(x, t)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < whole
    assert largest_difference(numerical, net.gradient(x, t, "backprop")) < 1e-6


@pytest.mark.parametrize("method", ["naive", "numerical", "backprop"])
def test_a_gradient_leaves_the_parameters_as_they_were(method):
    net = MLP([4, 3, 2], seed=0)
    before = {name: param.copy() for name, param in net.params.items()}
    net.gradient(*samples(net.sizes, 2), method)
    assert largest_difference(net.params, before) == 0


# ---------------------------------------------------------------- training


@pytest.mark.parametrize("method", ["naive", "numerical", "backprop"])
def test_fit_steps_down_the_gradient_one_sample_at_a_time(method):
    net, by_hand = MLP([4, 3, 2], seed=0), MLP([4, 3, 2], seed=0)
    x, t = samples(net.sizes, 5)
    history = net.fit(x, t, 3, 0.1, method=method, progress=False)
    expected = []
    for _ in range(3):
        for x_one, t_one in zip(x, t, strict=True):
            expected.append(by_hand.loss(x_one, t_one))
            for name, slope in by_hand.gradient(x_one, t_one, method).items():
                by_hand.params[name] -= 0.1 * slope
    assert largest_difference(net.params, by_hand.params) == 0
    np.testing.assert_allclose(history, expected, rtol=1e-14)


def test_a_shuffled_epoch_takes_every_sample_once_in_another_order():
    x, t = samples([4, 3, 2], 50)

    def order(shuffle):
        """Return the losses of two epochs of tiny steps: they tell which sample came when."""
        net = MLP([4, 3, 2], seed=0)
        return net.fit(x, t, 2, 1e-12, shuffle=shuffle, progress=False).round(6)

    given, one, same, other = order(None), order(1), order(1), order(2)
    assert len(set(given)) > 40
    np.testing.assert_array_equal(given[:50], given[50:])
    np.testing.assert_array_equal(one, same)
    for epoch in (one[:50], one[50:], other[:50], other[50:]):
        np.testing.assert_array_equal(np.sort(epoch), np.sort(given[:50]))
    assert len({tuple(epoch) for epoch in (given[:50], one[:50], one[50:], other[:50])}) == 4


def test_float32_inputs_train_in_float64():
    x, t = samples([4, 3, 2], 5)
    x32, t32 = x.astype(np.float32), t.astype(np.float32)
    one, other = MLP([4, 3, 2], seed=0), MLP([4, 3, 2], seed=0)
    one.fit(x32, t32, 1, 0.1, progress=False)
    other.fit(x32.astype(np.float64), t32.astype(np.float64), 1, 0.1, progress=False)
    assert largest_difference(one.params, other.params) == 0
    assert one.params["W1"].dtype == np.float64


def test_training_learns_xor():
    x, t = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
    net = MLP([2, 4, 1], seed=0)
    history = net.fit(x, t, 2000, 0.5, method="backprop", shuffle=0, progress=False)
    np.testing.assert_array_equal(net.predict(x).round(), t)
    assert history[-4:].mean() < 0.1 < history[:4].mean()


def shown(capsys):
    """Return what a notebook or a terminal shows: of each line, what was written over it last."""
    out, err = capsys.readouterr()
    assert err == ""
    return [line.rpartition("\r")[2] for line in out.rstrip("\n").split("\n")]


def test_a_log_tells_steps_mean_losses_and_seconds_at_equal_shares_of_the_run(capsys):
    net = MLP([4, 3, 2], seed=0)
    x, t = samples(net.sizes, 400)
    history = net.fit(x, t, 6, 0.01)
    lines = shown(capsys)
    assert lines[0].split() == ["step", "mean", "loss", "elapsed"]
    assert len(lines) == 7
    assert len({len(line) for line in lines}) == 1
    for line, step in zip(lines[1:], range(400, 2401, 400), strict=True):
        mean = history[max(step - 1000, 0) : step].mean()
        assert re.fullmatch(rf" *{step:,} +{mean:.4f} +\d+\.\d s", line)


@pytest.mark.parametrize(
    ("n", "steps"), [(1, [1]), (3, [1, 2, 3]), (7, [2, 3, 4, 5, 6, 7]), (10, [2, 4, 5, 7, 9, 10])]
)
def test_the_log_of_a_short_run_is_short(capsys, n, steps):
    net = MLP([4, 3, 2], seed=0)
    net.fit(*samples(net.sizes, n), 1, 0.01)
    assert [int(line.split()[0]) for line in shown(capsys)[1:]] == steps


def test_a_run_that_goes_on_tells_of_its_own_steps(capsys, tmp_path):
    net = MLP([4, 3, 2], seed=0)
    x, t = samples(net.sizes, 4)
    for epochs, steps in [(2, [2, 3, 4, 6, 7, 8]), (3, [9, 10, 11, 12]), (3, [12])]:
        net.fit(x, t, epochs, 0.01, checkpoint=tmp_path / "run.npz", resume=epochs == 3)
        assert [int(line.split()[0]) for line in shown(capsys)[1:]] == steps


def test_a_bar_moves_while_the_training_runs(capsys):
    net = MLP([4, 3, 2], seed=0)
    net.fit(*samples(net.sizes, 400), 6, 0.01)
    assert re.search(r"\rtraining: +\d+%\|.*/2400 \[.*steps/s", capsys.readouterr().out)
    net.fit(*samples(net.sizes, 400), 1, 0.01, progress=False)
    assert capsys.readouterr() == ("", "")


# ---------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    "sizes", [[784], [], 784, [784, 0], [784, -3, 10], [784, 30.0, 10], [784, True], ["784", "10"]]
)
def test_sizes_need_two_or_more_whole_numbers_above_0(sizes):
    with pytest.raises(
        ValueError, match=r"sizes must .*(two numbers|whole number).* or more.* got"
    ):
        MLP(sizes)


X, T = samples([6, 4, 3], 5)
WITH_NAN = X.copy()
WITH_NAN[3, 4] = np.nan
OUTSIDE = T.copy()
OUTSIDE[2, 1] = 1.5
BAD_SAMPLES = [
    (X[:, :5], T, r"x must have shape \(6,\) or \(n, 6\), got \(5, 5\)"),
    (X, T[:4], r"t .* must have shape \(5, 3\), got \(4, 3\)"),
    (X, T[:, :2], r"t .* must have shape \(5, 3\), got \(5, 2\)"),
    (X, T[0], r"t .* must have shape \(5, 3\), got \(3,\)"),
    (X, np.zeros(5, int), r"t \(np.eye turns labels into targets\) must have .*, got \(5,\)"),
    (X.reshape(5, 2, 3), T, r"x must have .*, got \(5, 2, 3\)"),
    (X[:0], T[:0], r"x must have .*, got \(0, 6\)"),
    (WITH_NAN, T, r"x must hold finite numbers, got nan at index \(3, 4\)"),
    (X, np.where(T > 0.5, np.inf, T), r"t must lie in 0 to 1, got inf at index"),
    (X, OUTSIDE, r"t must lie in 0 to 1, got 1.5 at index \(2, 1\)"),
    (X, T - 0.02, r"t must lie in 0 to 1, got -0.01 at index"),
]


@pytest.mark.parametrize(("x", "t", "message"), BAD_SAMPLES)
@pytest.mark.parametrize("call", ["loss", "gradient", "fit"])
def test_samples_that_do_not_fit_are_refused_before_anything_changes(call, x, t, message):
    net = MLP([6, 4, 3], seed=0)
    before = {name: param.copy() for name, param in net.params.items()}
    options = (1, 0.1) if call == "fit" else ()
    with pytest.raises(ValueError, match=message):
        getattr(net, call)(x, t, *options)
    assert largest_difference(net.params, before) == 0


def test_fit_wants_a_batch():
    with pytest.raises(ValueError, match=r"x must be a batch, .* got \(6,\)"):
        MLP([6, 4, 3]).fit(X[0], T[0], 1, 0.1)


def test_predict_names_the_shapes():
    for x in (X[:, :5], X[0, :5], X[np.newaxis], 3.0, X[:0]):
        with pytest.raises(
            ValueError, match=r"\(6,\) or \(n, 6\), got " + re.escape(f"{np.shape(x)}")
        ):
            MLP([6, 4, 3]).predict(x)
    with pytest.raises(ValueError, match=r"nan at index \(3, 4\)"):
        MLP([6, 4, 3]).predict(WITH_NAN)
    with pytest.raises(TypeError, match="real numbers"):
        MLP([2, 1]).predict(["one", "two"])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (T, r"labels must hold integers in 0 to 2, got 0.01 at index \(0, 0\)"),
        (np.zeros(4, int), r"labels must have shape \(5,\), got \(4,\)"),
        (np.zeros(5), "labels must hold integers"),
        (np.array([0, 1, 2, 3, 0]), r"in 0 to 2, got 3 at index \(3,\)"),
        (np.array([0, 1, 2, -1, 0]), r"in 0 to 2, got -1 at index \(3,\)"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        MLP([6, 4, 3]).accuracy(X, labels)


def test_accuracy_needs_outputs_to_compare():
    with pytest.raises(ValueError, match="only one"):
        MLP([6, 1]).accuracy(X, np.zeros(5, int))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: MLP([3, 2], "tanh"), "hidden activation 'tanh': choose from 'sigmoid', 'relu'"),
        (lambda: MLP([3, 2], output="relu"), "output activation 'relu': choose from 'sigmoid', 's"),
        (lambda: MLP([6, 3]).gradient(X, T, "numeric"), "method 'numeric': choose from 'numerica"),
        (lambda: MLP([6, 3]).fit(X, T, 1, 0.1, method="numeric"), "method 'numeric': choose from"),
    ],
)
def test_an_unknown_name_is_named_with_the_known_ones(call, message):
    with pytest.raises(ValueError, match=re.escape(f"unknown {message}")):
        call()


@pytest.mark.parametrize(
    ("option", "values", "message"),
    [
        ("learning_rate", [0, -0.1, np.nan, np.inf, "0.1", None, 1j], "must be a number above 0"),
        ("epochs", [0, -1, 1.0, True, "1"], "must be a whole number, 1 or more; got"),
        ("shuffle", [True, False, -1, 0.5], ", a seed, must be a whole number, 0 or more; got"),
    ],
)
def test_options_that_are_no_such_number_are_refused(option, values, message):
    for value in values:
        with pytest.raises(ValueError, match=message):
            MLP([6, 4, 3]).fit(X, T, **{"epochs": 1, "learning_rate": 0.1, option: value})


def test_float32_parameters_are_refused_where_differences_are_taken():
    net = MLP([6, 4, 3])
    net.params["W2"] = net.params["W2"].astype(np.float32)
    with pytest.raises(ValueError, match="W2 must be of type float64, got float32"):
        net.gradient(X, T)


def test_a_loss_that_becomes_nan_stops_the_training_and_names_the_step():
    net = MLP([6, 4, 4, 3], hidden="relu", seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(FloatingPointError, match=r"loss became nan at step 3: .*smaller"):
            net.fit(X, T, 1, 1e155, progress=False)


def test_parameters_that_overflow_in_the_last_step_are_noticed():
    net = MLP([6, 4, 4, 3], hidden="relu", seed=0)
    with pytest.raises(FloatingPointError, match=r"a parameter became nan or infinite at step 2: "):
        net.fit(X[:2], T[:2], 1, 1e155, progress=False)
