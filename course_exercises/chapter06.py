"""The exercises of chapter 06, Training by numerical differentiation."""

import inspect
import math

import numpy as np

from course_exercises.engine.comparing import Compare, Repaired, Wrong, is_gone
from course_exercises.engine.exercise import Exercise
from course_utils.network import MLP


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


# ---------------------------------------------------------------- 6.1: a slope from five points
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


def _weighted(*factors, divisor=lambda h: 12 * h):
    """Return a formula: a factor for each of f(x - 2h), f(x - h), f(x + h) and f(x + 2h)."""

    def slope(f, x, h):
        values = (f(x - 2 * h), f(x - h), f(x + h), f(x + 2 * h))
        return math.fsum(a * b for a, b in zip(factors, values, strict=True)) / divisor(h)

    return slope


FIVE_POINTS_MISTAKES = {
    "This is the central difference. Take two steps to each side.": central,
    "`/ 12 * h` first divides by 12 and then multiplies by h. Write `/ (12 * h)`.": _weighted(
        1, -8, 8, -1, divisor=lambda h: 12 / h
    ),
    "It is divided by 12 only. Divide by `12 * h`.": _weighted(1, -8, 8, -1, divisor=lambda h: 12),
    "It is divided by h only. Divide by `12 * h`.": _weighted(1, -8, 8, -1, divisor=lambda h: h),
    "It is divided by `2 * h`, as for the central difference. Here it is `12 * h`.": _weighted(
        1, -8, 8, -1, divisor=lambda h: 2 * h
    ),
    "The sign is turned around: what lies to the right, f(x + h), counts as plus 8.": _weighted(
        -1, 8, -8, 1
    ),
    "The factor 8 is missing: the near points count eight times as much.": _weighted(1, -1, 1, -1),
    "Look at the sign of the last term, f(x + 2h). It is minus.": _weighted(1, -8, 8, 1),
    "The two outer points have the wrong sign: f(x − 2h) is plus, f(x + 2h) is minus.": _weighted(
        -1, -8, 8, 1
    ),
    "The argument `h` has no influence. Do not choose one yourself.": lambda f, x, h: (
        _expected_slope(f, x, 1e-4)
    ),
    "Only the last term is divided. Put the whole sum in brackets.": lambda f, x, h: (
        f(x - 2 * h) - 8 * f(x - h) + 8 * f(x + h) - f(x + 2 * h) / (12 * h)
    ),
}

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
    test=Compare(_expected_slope, cases=_places, mistakes=FIVE_POINTS_MISTAKES),
)


# ---------------------------------------------------------------- 6.2: the h with the least error
def _candidates(rng):
    yield cube, 2.0, 12.0, [1e-1, 1e-5, 1e-12]
    yield wave, 0.0, 1.0, [1e-4, 1.0, 0.1]
    yield np.exp, 1.0, math.e, [1e-8, 1e-5, 1e-2]
    yield np.exp, 0.0, 1.0, [1e-14, 0.5]
    yield wave, 0.5, math.cos(0.5), [1.0, 1e-13, 2.0, 1e-1, 1e-5]
    yield cube, np.float32(2), 12.0, np.array([1e-1, 1e-2, 1e-5], np.float32)
    yield cube, 1.0, 3.0, list(rng.permutation([1e-1, 1e-2, 1e-5, 1e-12, 1e-14]))


def _errors(f, x, slope, hs, difference=central):
    """Return the error of each h."""
    return np.abs([float(difference(f, x, h)) - slope for h in hs])


def _expected_h(f, x, slope, hs):
    return hs[_errors(f, x, slope, hs).argmin()]


def _forward(f, x, h):
    return (f(x + h) - f(x)) / h


EFFECT_OF_H_MISTAKES = {  # hs are the candidates
    "This is the smallest candidate. "
    "With a tiny h rounding spoils the difference.": lambda f, x, slope, hs: min(hs),
    "This is the largest candidate. "
    "With a large h the formula itself is inexact.": lambda f, x, slope, hs: max(hs),
    "This is always the first candidate.": lambda f, x, slope, hs: hs[0],
    "This is always the candidate in the middle.": lambda f, x, slope, hs: hs[len(hs) // 2],
    "An error below 0 counts as the smallest here. Take its absolute "
    "value, `abs`.": lambda f, x, slope, hs: min(hs, key=lambda h: central(f, x, h) - slope),
    "This is the candidate with the largest error.": lambda f, x, slope, hs: hs[
        _errors(f, x, slope, hs).argmax()
    ],
    "This is the place of the best candidate in the list. "
    "Return the candidate itself.": lambda f, x, slope, hs: _errors(f, x, slope, hs).argmin(),
    "This is the smallest error. Asked for is the h that belongs to it.": lambda f, x, slope, hs: (
        _errors(f, x, slope, hs).min()
    ),
    "This takes a step to one side only. Use the central difference.": lambda f, x, slope, hs: hs[
        _errors(f, x, slope, hs, _forward).argmin()
    ],
}

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
        _expected_h,
        cases=_candidates,
        tolerance=1e-15,  # candidates are handed back as they are, and some are tiny
        mistakes=EFFECT_OF_H_MISTAKES,
    ),
)


# ---------------------------------------------------------------- 6.3: the program on an empty page
def _networks(rng):
    for n_in, n_hidden, n_out, n in [(3, 2, 2, 1), (3, 2, 2, 2), (4, 3, 2, 3)]:
        net = MLP([n_in, n_hidden, n_out], seed=int(rng.integers(100)))
        x, t = rng.uniform(0.01, 1, (n, n_in)), rng.uniform(0.01, 0.99, (n, n_out))
        yield net.params, x, t, 0.5


def _trained(function, params, x, t, rate):
    """Return what a training program returns, and what it makes of the parameters."""
    params = {name: param.copy() for name, param in params.items()}
    returned = function(params, x, t, rate)
    if returned is None or returned is ...:
        return None
    return {"the losses": returned} | {name: params[name] for name in ("W1", "b1", "W2", "b2")}


def _slopes(params, x, t):
    net = MLP([*params["W1"].shape, len(params["b2"])])
    net.params = params
    return net.gradient(x, t, method="naive"), net.loss(x, t)


def _training(move=lambda slope, rate: rate * slope, one_by_one=False, late=False, at_once=False):
    """Return a training program, right or with one defect."""

    def train(params, x, t, rate):
        losses = []
        samples = [(x, t)] if at_once else zip(x, t, strict=True)
        for x_one, t_one in samples:
            if at_once:
                pairs = [_slopes(params, *pair)[0] for pair in zip(x, t, strict=True)]
                slopes = {name: np.mean([pair[name] for pair in pairs], axis=0) for name in params}
                loss = np.mean([_slopes(params, *pair)[1] for pair in zip(x, t, strict=True)])
            else:
                slopes, loss = _slopes(params, x_one, t_one)
            for name in params:
                slope = _slopes(params, x_one, t_one)[0][name] if one_by_one else slopes[name]
                params[name] -= move(slope, rate)
            losses.append(_slopes(params, x_one, t_one)[1] if late else loss)
        return losses

    return train


WHOLE_PROGRAM_MISTAKES = {
    "It walks uphill: the losses grow. The slope says where the loss rises.": _training(
        lambda slope, rate: -rate * slope
    ),
    "The learning rate has no influence.": _training(lambda slope, rate: slope),
    "The parameters do not change. Are the steps taken in copies of them?": _training(
        lambda slope, rate: 0 * slope
    ),
    "A parameter is moved before the slopes of the next one are measured. "
    "All slopes belong to one place.": _training(one_by_one=True),
    "The losses are those after each step. Asked for is the loss at the place where the slopes "
    "were measured.": _training(late=True),
    "It takes one step for all samples together. Here each sample has a step of its own.": (
        _training(at_once=True)
    ),
}

whole_program = Exercise(
    number="6.3",
    slug="whole-program",
    title="the whole program",
    names=("train_by_hand",),
    hints=(
        "Four pieces are needed: the outputs (two lines), the loss of one sample (one line), the "
        "slopes (`numerical_gradient`, once for each parameter), and the loop around them.",
        "Inside the loop over `zip(x, t)`, define `loss(_)`, which computes the outputs of this "
        "one sample from `params` and returns `losses.binary_cross_entropy(y, t_one)`. Then "
        "`numerical_gradient(loss, params[name])` are the slopes of one parameter.",
        "For each sample: append `loss(None)`; make a dictionary of the slopes of all four "
        "parameters; then, in a second loop, `params[name] -= learning_rate * slopes[name]`.",
    ),
    code='''\
def train_by_hand(params, x, t, learning_rate):
    """Train on each row once; return the loss before each step."""
    seen = []
    for x_one, t_one in zip(x, t, strict=True):

        def loss(_):
            z = sigmoid(x_one @ params["W1"] + params["b1"])
            y = sigmoid(z @ params["W2"] + params["b2"])
            return losses.binary_cross_entropy(y, t_one)

        seen.append(loss(None))
        slopes = {name: numerical_gradient(loss, param) for name, param in params.items()}
        for name in params:
            params[name] -= learning_rate * slopes[name]
    return seen
''',
    explanation=(
        "`loss` reads the parameters from the dictionary each time, so `numerical_gradient`, which "
        "moves their numbers, sees what it does. All slopes are measured first and all steps are "
        "taken afterwards, because a gradient belongs to one place."
    ),
    right=(
        "This is a complete training program, and it is yours. It would learn all of MNIST, too, "
        "if you had a day or so; section 9 says how to make it minutes."
    ),
    test=Compare(
        lambda *args: _trained(_training(), *args),
        cases=_networks,
        use=_trained,
        tolerance=1e-6,
        mistakes=WHOLE_PROGRAM_MISTAKES,
    ),
    seconds=20.0,
)


# ---------------------------------------------------------------- 6.4: a class to repair

SIZES = (6, 5, 4, 3)
RATE = 0.1
TARGET = np.array([0.01, 0.99, 0.01])
PIXELS = np.array([0.0, 255.0, 30.0, 128.0, 200.0, 10.0])


def _prepared(pixels):
    return 0.01 + 0.99 * pixels / 255


def _right_network():
    """Return a network that does what the student's should do, the same in every run."""
    network, rng = MLP(SIZES), np.random.default_rng(0)
    for param in network.params.values():
        param[...] = rng.normal(size=param.shape)
    return network


def _made(cls, sizes=SIZES):
    """Make a network, also while the constructor has a name by which Python does not know it."""
    network = object.__new__(cls)
    makers = [f for f in vars(cls).values() if inspect.isfunction(f)]
    makers = [f for f in makers if "n_in" in inspect.signature(f).parameters]
    maker = vars(cls).get("__init__", *makers[:1])
    if maker is not None:
        maker(network, *sizes)
    return network


def _completed(cls, **more):
    """Make a network that has all the parameters of the right one, whatever was forgotten."""
    network = _made(cls)
    for name, value in (_right_network().params | more).items():
        setattr(network, name, value)
    return network


def _has_its_biases(cls):
    network = _made(cls)
    return [np.shape(getattr(network, f"b{k}", None)) for k in (1, 2, 3)] == [(5,), (4,), (3,)]


def _steps_downhill(cls):
    network, right = _completed(cls, learning_rate=RATE, learn_rate=RATE), _right_network()
    network.train(PIXELS, TARGET)
    slopes = right.gradient(_prepared(PIXELS), TARGET, method="backprop")
    return all(
        np.allclose(getattr(network, name), param - RATE * slopes[name], atol=1e-5)
        for name, param in right.params.items()
    )


def _asks_for_nothing_missing(cls):
    _completed(cls).train(PIXELS, TARGET)
    return True


def _prepares_in_predict(cls):
    network = _completed(cls)
    images = np.random.default_rng(1).uniform(0, 255, (40, 6))
    expected = _right_network().predict(_prepared(images)).argmax(axis=1)
    return np.array_equal([network.predict(image) for image in images], expected)


def _starts_with_both_signs(cls):
    network = _made(cls, (20, 20, 20, 20))
    return all(np.min(w) < 0 < np.max(w) for w in (network.W1, network.W2, network.W3))


def _learns_by_heart(cls):
    """Train a network that was made by its constructor on one image; tell whether it knows it."""
    network = cls(*SIZES, learning_rate=2.0, seed=3)
    for _ in range(15):
        network.train(PIXELS, TARGET)
    return int(network.predict(PIXELS)) == 1


def _program_works(answer):
    call = answer.call(use=_learns_by_heart)
    if call.problem:
        raise Wrong(*call.problem, rows=call.rows)
    if not call.got:
        raise Wrong("After 15 steps with rate 2.0 it has not learned a single image by heart.")


FIND_THE_BUG_DEFECTS = {
    "A network cannot be made: `PublishedNetwork(49, 6, 6, 10)` stops.": is_gone(
        lambda cls: hasattr(cls(*SIZES), "W1"), TypeError
    ),
    "Not every layer has a bias of its own, of the right length.": is_gone(_has_its_biases),
    "`train` does not step downhill.": is_gone(_steps_downhill),
    "`train` asks for something that does not exist.": is_gone(
        _asks_for_nothing_missing, (AttributeError, NameError)
    ),
    "`predict` does not see an image as `train` sees it.": is_gone(_prepares_in_predict),
    "All weights start with the same sign.": is_gone(_starts_with_both_signs),
}

find_the_bug = Exercise(
    number="6.4",
    slug="find-the-bug",
    title="find the bug",
    names=("PublishedNetwork",),
    hints=(
        "Begin with what stops the program: make a network and train it. Python's error messages "
        "lead to three of the defects. Then print the shapes of all six parameters.",
        "Read the class aloud, letter by letter: the name of the first method, the names of the "
        "biases, the name of the rate. Then compare `train` with a descent step, and `predict` "
        "with the first line of `train`.",
        "`__int__` lacks an i: it must be `__init__`. The last bias is called `b3`. The rate is "
        "`learning_rate`. A step is `-=`. `predict` must prepare its pixels. And `rng.random` "
        "gives no negative numbers, `rng.standard_normal` does.",
    ),
    starter="""\
class PublishedNetwork:
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

        def loss(_):
            return losses.binary_cross_entropy(self.outputs(x), t)

        slopes = [numerical_gradient(loss, getattr(self, name)) for name in names]
        for name, slope in zip(names, slopes, strict=True):
            getattr(self, name)[...] = -self.learn_rate * slope

    def predict(self, pixels):
        return self.outputs(pixels).argmax(axis=-1)
""",
    repairs=(
        ("__int__", "__init__"),
        ("rng.random((", "rng.standard_normal(("),
        ("self.b2 = rng.random(n_out)", "self.b3 = rng.random(n_out)"),
        ("[...] = -self.learn_rate", "[...] -= self.learning_rate"),
        ("self.outputs(pixels)", "self.outputs(0.01 + 0.99 * pixels / 255)"),
    ),
    explanation=(
        "`__int__` is a method that turns an object into an integer; Python calls only `__init__` "
        "when a network is made. With the name `b2` twice, the first bias is lost. `[...] =` "
        "replaces the parameters by a small number where `-=` moves them. Pixels up to 255 drive "
        "every sigmoid of the first layer to its end. And weights that are all positive make all "
        "hidden neurons agree with each other."
    ),
    right=(
        "Three of the six raised no error. A program that runs is not yet a program that works: "
        "what helps is a test that must come out right, such as learning one image by heart."
    ),
    test=Repaired(defects=FIND_THE_BUG_DEFECTS, then=_program_works),
)
