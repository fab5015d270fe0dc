"""The exercises of chapter 06, Training by numerical differentiation."""

import inspect
import math

import numpy as np

from course_exercises.engine.comparing import Compare, Defect, Mistake, Repaired, Wrong
from course_exercises.engine.exercise import Exercise
from course_utils.activations import sigmoid

# ---------------------------------------------------------------- functions to differentiate


def cube(x):
    """Return x to the third; its slope is 3 x squared."""
    return x**3


def fifth_power(x):
    """Return x to the fifth; its slope is 5 times the fourth."""
    return x**5


def wave(x):
    """Return a sine of x; its slope is the cosine."""
    return np.sin(x)


def central(f, x, h):
    """Return the central difference."""
    return (f(x + h) - f(x - h)) / (2 * h)


# ---------------------------------------------------------------- 6.1


def _places(rng):
    yield np.exp, 0.0, 0.1
    yield cube, 2.0, 0.5
    yield fifth_power, 1.0, 1.0
    yield wave, 0.5, 0.25
    for f in (np.exp, cube, fifth_power, wave):
        yield f, float(rng.uniform(-2, 2)), float(rng.uniform(0.1, 1))


def _expected_slope(f, x, h):
    """Combine two central differences so that the error of order h squared cancels out."""
    return (4 * central(f, x, h) - central(f, x, 2 * h)) / 3


def _weighted(factors, divisor):
    """Return a formula of five points: a factor for each of x - 2h, x - h, x, x + h, x + 2h."""

    def slope(f, x, h):
        values = [f(x + k * h) for k in (-2, -1, 0, 1, 2)]
        return math.fsum(a * b for a, b in zip(factors, values, strict=True)) / divisor(h)

    return slope


five_points = Exercise(
    number="6.1",
    slug="five-points",
    title="five points",
    names=("five_point",),
    hints=(
        "Four values of `f` are needed. Write each of them down with its factor, in the order of "
        "the formula.",
        "The whole sum is divided by `12 * h`. Python divides only what stands right before the "
        "`/`, so two pairs of brackets are needed.",
        "`(f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h)) / (12 * h)`",
    ),
    code='''\
def five_point(f, x, h):
    """Return the slope of f at x from four values of f."""
    return (f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h)) / (12 * h)
''',
    explanation=(
        "The two steps to each side are weighted so that not only the error of order h² cancels "
        "out, but also that of h³. What is left is of order h⁴: ten times smaller steps make it "
        "ten thousand times smaller, until rounding takes over."
    ),
    right=(
        "For polynomials up to the fourth power it is exact, whatever h you take. The price is "
        "four values of `f` for each slope: for our network that is twice as long as with two."
    ),
    test=Compare(
        expected=_expected_slope,
        cases=_places,
        mistakes=(
            Mistake(central, "This is the central difference. Take two steps to each side."),
            Mistake(
                lambda f, x, h: _expected_slope(f, x, h) * h * h,
                "`/ 12 * h` first divides by 12 and then multiplies by h. Write `/ (12 * h)`.",
            ),
            Mistake(
                _weighted([1, -8, 0, 8, -1], lambda h: 12),
                "It is divided by 12 only. Divide by `12 * h`.",
            ),
            Mistake(
                _weighted([1, -8, 0, 8, -1], lambda h: h),
                "It is divided by h only. Divide by `12 * h`.",
            ),
            Mistake(
                _weighted([1, -8, 0, 8, -1], lambda h: 2 * h),
                "It is divided by `2 * h`, as for the central difference. Here it is `12 * h`.",
            ),
            Mistake(
                _weighted([-1, 8, 0, -8, 1], lambda h: 12 * h),
                "The sign is turned around: what lies to the right, f(x + h), counts as plus 8.",
            ),
            Mistake(
                _weighted([1, -1, 0, 1, -1], lambda h: 12 * h),
                "The factor 8 is missing: the near points count eight times as much.",
            ),
            Mistake(
                _weighted([1, -8, 0, 8, 1], lambda h: 12 * h),
                "Look at the sign of the last term, f(x + 2h). It is minus.",
            ),
            Mistake(
                _weighted([-1, -8, 0, 8, 1], lambda h: 12 * h),
                "The two outer points have the wrong sign: f(x − 2h) is plus, f(x + 2h) is minus.",
            ),
            Mistake(
                lambda f, x, h: _expected_slope(f, x, 1e-4),
                "The argument `h` has no influence. Do not choose one yourself.",
            ),
            Mistake(
                lambda f, x, h: (
                    f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h) / (12 * h)
                ),
                "Only the last term is divided. Put the whole sum in brackets.",
            ),
        ),
    ),
)


# ---------------------------------------------------------------- 6.2


def _candidates(rng):
    yield cube, 2.0, 12.0, [1e-1, 1e-5, 1e-12]
    yield wave, 0.0, 1.0, [1e-4, 1.0, 0.1]
    yield np.exp, 1.0, math.e, [1e-8, 1e-5, 1e-2]
    yield np.exp, 0.0, 1.0, [1e-14, 0.5]
    yield wave, 0.5, math.cos(0.5), [1.0, 1e-13, 2.0, 1e-1, 1e-5]
    yield cube, np.float32(2), 12.0, np.array([1e-1, 1e-2, 1e-5], np.float32)
    yield cube, 1.0, 3.0, list(rng.permutation([1e-1, 1e-2, 1e-5, 1e-12, 1e-14]))


def _error(f, x, slope, h):
    return abs(float(central(f, x, h)) - slope)


def _expected_h(f, x, slope, candidates):
    return sorted(candidates, key=lambda h: _error(f, x, slope, h))[0]


def _with_difference(difference, choose=np.argmin, measure=abs):
    """Return a choice of h by another difference, another error or another extreme."""

    def best(f, x, slope, candidates):
        errors = [measure(float(difference(f, x, h)) - slope) for h in candidates]
        return candidates[int(choose(errors))]

    return best


effect_of_h = Exercise(
    number="6.2",
    slug="effect-of-h",
    title="the effect of h",
    names=("best_h",),
    hints=(
        "Compute the error for each candidate first: how far is `central(f, x, h)` from `slope`? A "
        "distance is never negative.",
        "`errors = [abs(central(f, x, h) - slope) for h in candidates]`. Now you need the "
        "candidate at the place of the smallest.",
        "`np.argmin(errors)` is that place. Return `candidates[...]` of it. Or, in one go: "
        "`min(candidates, key=...)`.",
    ),
    code='''\
def best_h(f, x, slope, candidates):
    """Return the candidate whose central difference is closest to the true slope."""
    errors = [abs(central(f, x, h) - slope) for h in candidates]
    return candidates[np.argmin(errors)]


print(best_h(cube, 2.0, 12.0, [1e-1, 1e-5, 1e-12]))
print(best_h(cube, np.float32(2), 12.0, np.array([1e-1, 1e-2, 1e-5], dtype=np.float32)))
''',
    explanation=(
        "`abs` makes a distance of the difference, and `np.argmin` gives the place of the smallest "
        "one, at which the candidate stands. In float32 a larger h wins: numbers have only seven "
        "digits there, so rounding does harm much earlier."
    ),
    right=(
        "The best h balances two errors. In float64 it lies near 1e-5 for the central difference, "
        "about the third root of the precision; in float32 near 1e-2, by the same rule."
    ),
    test=Compare(
        expected=_expected_h,
        cases=_candidates,
        tolerance=1e-15,  # candidates are handed back as they are, and some are tiny
        mistakes=(
            Mistake(
                lambda f, x, slope, candidates: min(candidates),
                "This is the smallest candidate. With a tiny h rounding spoils the difference.",
            ),
            Mistake(
                lambda f, x, slope, candidates: max(candidates),
                "This is the largest candidate. With a large h the formula itself is inexact.",
            ),
            Mistake(
                lambda f, x, slope, candidates: candidates[0],
                "This is always the first candidate.",
            ),
            Mistake(
                lambda f, x, slope, candidates: candidates[len(candidates) // 2],
                "This is always the candidate in the middle.",
            ),
            Mistake(
                _with_difference(central, measure=lambda error: error),
                "An error below 0 counts as the smallest here. Take its absolute value, `abs`.",
            ),
            Mistake(
                _with_difference(central, choose=np.argmax),
                "This is the candidate with the largest error.",
            ),
            Mistake(
                lambda f, x, slope, candidates: int(
                    np.argmin([_error(f, x, slope, h) for h in candidates])
                ),
                "This is the place of the best candidate in the list. Return the candidate itself.",
            ),
            Mistake(
                lambda f, x, slope, candidates: min(_error(f, x, slope, h) for h in candidates),
                "This is the smallest error. Asked for is the h that belongs to it.",
            ),
            Mistake(
                _with_difference(lambda f, x, h: (f(x + h) - f(x)) / h),
                "This takes a step to one side only. Use the central difference.",
            ),
        ),
    ),
)


# ---------------------------------------------------------------- 6.3

SIZES = (6, 5, 4, 3)
NAMES = ["W1", "b1", "W2", "b2", "W3", "b3"]
SHAPES = [(6, 5), (5,), (5, 4), (4,), (4, 3), (3,)]
RATE = 0.1
TARGET = np.array([0.01, 0.99, 0.01])
PIXELS = np.array([0.0, 255.0, 30.0, 128.0, 200.0, 10.0])


def _prepared(pixels):
    return 0.01 + 0.99 * pixels / 255


def _params(seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=shape) for name, shape in zip(NAMES, SHAPES, strict=True)}


def _activations(params, x):
    z = [x]
    for layer in (1, 2, 3):
        z.append(sigmoid(z[-1] @ params[f"W{layer}"] + params[f"b{layer}"]))
    return z


def _slopes(params, x, t):
    """Return the slopes by the chain rule, which the chapter does not use."""
    z, slopes = _activations(params, x), {}
    delta = z[3] - t
    for layer in (3, 2, 1):
        slopes[f"W{layer}"], slopes[f"b{layer}"] = np.outer(z[layer - 1], delta), delta
        delta = params[f"W{layer}"] @ delta * z[layer - 1] * (1 - z[layer - 1])
    return slopes


def _network(cls, sizes=SIZES):
    """Make a network, also while the constructor has a name by which Python does not know it."""
    network = object.__new__(cls)
    makers = [f for f in vars(cls).values() if inspect.isfunction(f)]
    makers = [f for f in makers if "n_in" in inspect.signature(f).parameters]
    maker = vars(cls).get("__init__", *makers[:1])
    if maker is not None:
        maker(network, *sizes)
    return network


def _mended(cls):
    """Make a network that has all its parameters, whatever its constructor forgot."""
    network = _network(cls)
    for param, value in _params().items():
        setattr(network, param, value)
    for name in ("learning_rate", "learn_rate"):
        setattr(network, name, RATE)
    return network


def _can_be_made(cls):
    return hasattr(cls(*SIZES), "W1")


def _has_its_biases(cls):
    network = _network(cls)
    return [np.shape(getattr(network, f"b{k}", None)) for k in (1, 2, 3)] == [(5,), (4,), (3,)]


def _steps_downhill(cls):
    network, before = _mended(cls), _params()
    network.train(PIXELS, TARGET)
    slopes = _slopes(before, _prepared(PIXELS), TARGET)
    return all(
        np.allclose(getattr(network, name), before[name] - RATE * slopes[name], atol=1e-5)
        for name in NAMES
    )


def _asks_for_nothing_missing(cls):
    network = _network(cls)
    for name, value in _params().items():
        setattr(network, name, value)
    network.train(PIXELS, TARGET)
    return True


def _prepares_in_predict(cls):
    network = _mended(cls)
    images = np.random.default_rng(1).uniform(0, 255, (40, 6))
    expected = _activations(_params(), _prepared(images))[3].argmax(axis=-1)
    return np.array_equal([network.predict(image) for image in images], expected)


def _starts_with_both_signs(cls):
    network = _network(cls, (20, 20, 20, 20))
    return all(np.min(w) < 0 < np.max(w) for w in (network.W1, network.W2, network.W3))


def _is_gone(works, errors=()):
    """Return a test of a defect: `works` takes the class; `errors` are what the defect raises."""

    def is_gone(answer):
        if not isinstance(answer.value, type):
            raise Wrong("The check needs the class itself: `q.check(PublishedNetwork)`.")
        call = answer.call(use=works)
        if call.error is not None and not isinstance(call.error, errors):
            raise Wrong(*call.problem, rows=call.rows)
        return bool(call.got)

    return is_gone


def _program_works(answer):
    """Train a network that was made by its constructor, and let it learn an image by heart."""

    def learn(cls):
        network = cls(*SIZES, learning_rate=2.0, seed=3)
        for _ in range(15):
            network.train(PIXELS, TARGET)
        return int(network.predict(PIXELS))

    call = answer.call(use=learn)
    if call.problem:
        raise Wrong(*call.problem, rows=call.rows)
    if call.got != 1:
        raise Wrong("After 15 steps with rate 2.0 it has not learned a single image by heart.")


_STARTER = '''\
class PublishedNetwork:
    """A network with two hidden layers, trained on one image of raw pixels at a time."""

    def __int__(self, n_in, n_hidden1, n_hidden2, n_out, learning_rate=0.1, seed=0):
        rng = np.random.default_rng(seed)
        self.learning_rate = learning_rate
        self.W1 = rng.random((n_in, n_hidden1)) / np.sqrt(n_in)
        self.b1 = rng.random(n_hidden1)
        self.W2 = rng.random((n_hidden1, n_hidden2)) / np.sqrt(n_hidden1)
        self.b2 = rng.random(n_hidden2)
        self.W3 = rng.random((n_hidden2, n_out)) / np.sqrt(n_hidden2)
        self.b2 = rng.random(n_out)

    def outputs(self, x):
        z1 = sigmoid(x @ self.W1 + self.b1)
        z2 = sigmoid(z1 @ self.W2 + self.b2)
        return sigmoid(z2 @ self.W3 + self.b3)

    def train(self, pixels, t):
        x = 0.01 + 0.99 * pixels / 255
        names = ["W1", "b1", "W2", "b2", "W3", "b3"]
        loss = lambda _: losses.binary_cross_entropy(self.outputs(x), t)  # noqa: E731
        slopes = [numerical_gradient(loss, getattr(self, name)) for name in names]
        for name, slope in zip(names, slopes, strict=True):
            param = getattr(self, name)
            param[...] = -self.learn_rate * slope

    def predict(self, pixels):
        return self.outputs(pixels).argmax(axis=-1)
'''

find_the_bug = Exercise(
    number="6.3",
    slug="find-the-bug",
    title="find the bug",
    names=("PublishedNetwork",),
    hints=(
        "Begin with what stops the program: make a network and train it. Python's error messages "
        "name two of the defects. Then print the shapes of all six parameters.",
        "Read the class aloud, letter by letter: the name of the first method, the names of the "
        "biases, the name of the rate. Then compare `train` with a descent step, and `predict` "
        "with the first line of `train`.",
        "`__int__` lacks an i: it must be `__init__`. The last bias is called `b3`. The rate is "
        "`learning_rate`. A step is `-=`. `predict` must prepare its pixels. And `rng.random` "
        "gives no negative numbers, `rng.standard_normal` does.",
    ),
    starter=_STARTER,
    code=_STARTER.replace("__int__", "__init__")
    .replace("rng.random((", "rng.standard_normal((")
    .replace("self.b2 = rng.random(n_out)", "self.b3 = rng.random(n_out)")
    .replace("param[...] = -self.learn_rate", "param[...] -= self.learning_rate")
    .replace("self.outputs(pixels)", "self.outputs(0.01 + 0.99 * pixels / 255)"),
    explanation=(
        "`__int__` is a method that turns an object into an integer; Python calls only `__init__` "
        "when a network is made. With the name `b2` twice, the first bias is lost. `param[...] =` "
        "replaces the parameters by a small number where `-=` moves them. Pixels up to 255 drive "
        "every sigmoid of the first layer to its end. And weights that are all positive make all "
        "hidden neurons agree with each other."
    ),
    right=(
        "Four of the six raised no error. A program that runs is not yet a program that works: "
        "what helps is a test that must come out right, such as learning one image by heart."
    ),
    test=Repaired(
        defects=(
            Defect(
                "A network cannot be made: `PublishedNetwork(49, 6, 6, 10)` stops.",
                _is_gone(_can_be_made, (TypeError,)),
            ),
            Defect(
                "Not every layer has a bias of its own, of the right length.",
                _is_gone(_has_its_biases),
            ),
            Defect("`train` does not step downhill.", _is_gone(_steps_downhill)),
            Defect(
                "`train` asks for something that does not exist.",
                _is_gone(_asks_for_nothing_missing, (AttributeError, NameError)),
            ),
            Defect(
                "`predict` does not see an image as `train` sees it.",
                _is_gone(_prepares_in_predict),
            ),
            Defect("All weights start with the same sign.", _is_gone(_starts_with_both_signs)),
        ),
        then=_program_works,
    ),
)
