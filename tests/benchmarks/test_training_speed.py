"""How fast chapter 06 trains. Run by ``python -m pytest tests/benchmarks -n 0``, 5 minutes.

Every time is the fastest of several rounds, so that a busy machine disturbs little, and all
ratios come from one run. Times are for a step of `MLP.fit`: loss, gradient and update.
"""

import sys
import time

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from course_utils.network import MLP

IMAGES = 200  # one step each; the mean over their numbers of different pixel values counts


def seconds_a_step(benchmark, net, x, t, method="numerical", rounds=25):
    """Return the seconds that one step takes."""
    steps = lambda: net.fit(x, t, 1, 0.01, method=method, progress=False)  # noqa: E731
    benchmark.pedantic(steps, rounds=rounds, warmup_rounds=method != "naive")
    return benchmark.stats.stats.min / len(x)


STEP = "One training step of 784-30-10, compared with the fast numerical gradient"


@pytest.mark.parametrize("method", ["naive", "numerical", "backprop"])
def test_one_step(benchmark, report, mnist, method):
    x, t, *_ = mnist
    n, rounds = (1, 5) if method == "naive" else (IMAGES, 25)
    net = MLP([784, 30, 10], seed=0)
    seconds = seconds_a_step(benchmark, net, x[:n], t[:n], method, rounds)
    report(STEP, method, seconds, unit=method == "numerical")


def test_one_step_by_scipy(benchmark, report, mnist):
    """SciPy's gradient is a 2-point one, (f(x + h) - f(x)) / h: half the calls, less exact."""
    x, t = mnist[0][0].astype(np.float64), mnist[1][0]
    net = MLP([784, 30, 10], seed=0)
    shapes = {name: param.shape for name, param in net.params.items()}
    ends = np.cumsum([param.size for param in net.params.values()])[:-1]

    def set_params(flat):
        parts = zip(shapes.items(), np.split(flat, ends), strict=True)
        net.params = {name: part.reshape(shape) for (name, shape), part in parts}

    def loss(flat):
        set_params(flat)
        return net._losses(net._sums(x, 1), 1, t)

    def step():
        flat = np.concatenate([param.ravel() for param in net.params.values()])
        set_params(flat - 0.01 * approx_fprime(flat, loss, 1e-4))

    benchmark.pedantic(step, rounds=5)
    report(STEP, "scipy.optimize.approx_fprime (2-point)", benchmark.stats.stats.min)


@pytest.mark.parametrize("sizes", [(30,), (50,), (100,), (30, 30)])
@pytest.mark.parametrize("method", ["naive", "numerical", "backprop"])
def test_sizes(benchmark, report, mnist, sizes, method):
    sizes = [784, *sizes, 10]
    n, rounds = (1, 2) if method == "naive" else (IMAGES, 10)
    net = MLP(sizes, seed=0)
    seconds = seconds_a_step(benchmark, net, mnist[0][:n], mnist[1][:n], method, rounds)
    name = "-".join(map(str, sizes))
    report(f"One training step of {name}", method, seconds, unit=method == "numerical")


@pytest.mark.parametrize("hidden", [10, 20, 40, 80, 160, 320])
def test_growth_with_hidden_units(benchmark, report, mnist, hidden):
    net = MLP([784, hidden, 10], seed=0)
    seconds = seconds_a_step(benchmark, net, mnist[0][:IMAGES], mnist[1][:IMAGES])
    heading = "A numerical step, by the number of hidden units"
    report(heading, f"784-{hidden}-10", seconds, unit=hidden == 40)


@pytest.mark.parametrize("values", [2, 4, 8, 16, 32, 64, 128, 256, 784])
def test_growth_with_different_pixel_values(benchmark, report, mnist, values):
    rng = np.random.default_rng(0)
    x = np.array([rng.permutation(np.arange(784) % values) for _ in range(IMAGES)]) / values
    seconds = seconds_a_step(benchmark, MLP([784, 30, 10], seed=0), x, mnist[1][:IMAGES])
    heading = "A numerical step of 784-30-10, by the number of different values in an image"
    report(heading, f"{values} values", seconds, unit=values == 64)


def test_one_epoch(benchmark, report, mnist, tmp_path_factory):
    """Five seeds, every other one with checkpoints and progress bar, as a student trains."""
    x, t, x_test, labels_test = mnist
    epochs = 60_000 // len(x)
    path = tmp_path_factory.mktemp("run") / "run.npz"
    seconds, accuracies = {True: [], False: []}, []

    def run(seed, saving):
        net = MLP([784, 30, 10], seed=seed)
        path.unlink(missing_ok=True)
        start = time.perf_counter()
        net.fit(x, t, epochs, 0.01, checkpoint=path if saving else None, progress=saving)
        seconds[saving].append(time.perf_counter() - start)
        accuracies.append(net.accuracy(x_test, labels_test))

    rounds = iter([(0, True), (1, False), (2, True), (3, False), (4, True)])
    benchmark.pedantic(run, setup=lambda: (next(rounds), {}), rounds=5)

    heading = f"{60_000:,} numerical steps of 784-30-10 ({epochs} x {len(x):,} digits)"
    for saving, name in [(False, "without"), (True, "with")]:
        report(heading, f"{name} checkpoints and progress bar", f"{min(seconds[saving]):.1f} s")
    accuracy = f"{min(accuracies):.4f} to {max(accuracies):.4f}"
    report(heading, "accuracy on the test digits, five seeds", accuracy)
    report(heading, "peak memory of this process", peak_memory())

    start = time.perf_counter()
    net = MLP([784, 30, 10])
    net.fit(x, t, epochs, 0.01, checkpoint=path, resume=True, progress=False)
    cost = time.perf_counter() - start
    share = cost / min(seconds[False])
    report(heading, "to take up the finished run: read, and save twice", f"{cost:.3f} s")
    assert share < 0.02


def peak_memory():
    """Return the most memory that this process has held so far, data and pytest included."""
    try:
        import resource
    except ImportError:
        return "not known on Windows"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"{peak / (1e6 if sys.platform == 'darwin' else 1e3):,.0f} MB"


@pytest.mark.parametrize("when", ["at the start", "after an epoch"])
def test_agreement(benchmark, report, mnist, when):
    """Compare all 23,860 slopes on 20 images."""
    x, t, *_ = mnist
    net = MLP([784, 30, 10], seed=0)
    if when == "after an epoch":
        net.fit(x, t, 60_000 // len(x), 0.01, method="backprop", progress=False)
    images = np.random.default_rng(0).choice(len(x), 20, replace=False)

    def differences():
        largest = {"naive": 0.0, "backprop": 0.0}
        for i in images:
            numerical = net.gradient(x[i], t[i], "numerical")
            for method in largest:
                other = net.gradient(x[i], t[i], method)
                parts = (np.abs(numerical[name] - other[name]).max() for name in other)
                largest[method] = max(largest[method], *parts)
        return largest

    largest = benchmark.pedantic(differences, rounds=1)
    heading = "Largest difference of the numerical gradient over all parameters and 20 images"
    for method, bound in [("naive", 1e-9), ("backprop", 1e-6)]:
        report(heading, f"from {method}, {when}", f"{largest[method]:.1e}")
        assert largest[method] < bound
