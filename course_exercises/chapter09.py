"""The exercises of chapter 09, Backpropagation."""

import re

import numpy as np

from course_exercises.engine.comparing import Compare, Repaired, Wrong
from course_exercises.engine.exercise import Exercise
from course_utils.gradients import numerical_gradient
from course_utils.layers import Affine, Network, Sigmoid, softmax_loss


def with_mistakes(name, code, changes):
    """Return {what is said: what `code` makes of `name` after a change, "this -> that"}."""
    wrong = {}
    for said, change in changes.items():
        old, new = change.split(" -> ")
        namespace = {"np": np, "softmax_loss": softmax_loss}
        exec(code.replace(old, new), namespace)
        wrong[said] = namespace[name]
    return wrong


def to_fill_in(code):
    """Return a class with dots in each method whose docstring says what it returns."""
    return re.sub(r'("""Return .*""")\n(?: {8}.+\n)+', r"\1\n        ...\n", code)


# ---------------------------------------------------------------- 9.1: an engine to complete
ENGINE = '''\
tape = []


class FullValue:
    """A number that remembers what it was made from, and how."""

    def __init__(self, data, made_from=()):
        self.data, self.made_from, self.slope = data, made_from, 0.0
        tape.append(self)

    def __add__(self, other):
        return FullValue(self.data + other.data, [(self, 1.0), (other, 1.0)])

    def __mul__(self, other):
        return FullValue(self.data * other.data, [(self, other.data), (other, self.data)])

    def __sub__(self, other):
        """Return the difference."""
        return FullValue(self.data - other.data, [(self, 1.0), (other, -1.0)])

    def relu(self):
        """Return 0 in place of what is below."""
        return FullValue(max(self.data, 0.0), [(self, 1.0 if self.data > 0 else 0.0)])

    def exp(self):
        """Return e to the power of this value."""
        e = float(np.exp(self.data))
        return FullValue(e, [(self, e)])

    def log(self):
        """Return the natural logarithm."""
        return FullValue(float(np.log(self.data)), [(self, 1 / self.data)])

    def backward(self):
        for value in tape:
            value.slope = 0.0
        self.slope = 1.0
        for value in reversed(tape):
            for source, factor in value.made_from:
                source.slope += factor * value.slope
'''


def _computations(rng):
    yield "a - b", {"a": 5.0, "b": 2.0}
    yield "relu(a)", {"a": 3.0}
    yield "relu(a)", {"a": -3.0}
    yield "exp(a)", {"a": 2.0}
    yield "log(a)", {"a": 4.0}
    yield "log(exp(a) + exp(b) + exp(c)) - a", {"a": 0.5, "b": -1.0, "c": 1.5}
    for text in ("relu(a * b - c) + a", "log(exp(a) + b * b) * c - exp(c)"):
        yield text, dict(zip("abc", map(float, rng.uniform(0.5, 2, 3)), strict=True))


METHODS = {name: lambda v, name=name: getattr(v, name)() for name in ("relu", "exp", "log")}
FUNCTIONS = {"relu": lambda a: np.maximum(a, 0), "exp": np.exp, "log": np.log}


def _computed_by(cls, text, numbers):
    """Return the value of a computation and its slopes, found by an engine."""
    values = {name: cls(number) for name, number in numbers.items()}
    result = eval(text, METHODS | values)
    result.backward()
    return {"value": result.data} | {f"slope for {name}": v.slope for name, v in values.items()}


def _computed(text, numbers):
    """Return the same by measured slopes."""

    def value(array):
        return eval(text, FUNCTIONS | dict(zip(numbers, array, strict=True)))

    at = np.array([*numbers.values()])
    slopes = numerical_gradient(value, at.copy())
    found = {f"slope for {name}": float(s) for name, s in zip(numbers, slopes, strict=True)}
    return {"value": float(value(at))} | found


GATE = "1.0 if self.data > 0 else 0.0"
ENGINE_MISTAKES = {
    "When what is taken away grows, the result falls.": "(other, -1.0) -> (other, 1.0)",
    "The way back through `relu` is open even where the number was below 0.": f"{GATE} -> 1.0",
    "The factor of `relu` is its result. It is 1 where it is open.": f"{GATE} -> self.data",
    "The factor of `exp` is what went in. It is what came out.": "(self, e) -> (self, self.data)",
    "The factor of `log` is the number. It is 1 divided by it.": "1 / self.data -> self.data",
    "A result of `exp` does not remember what it was made from.": ", [(self, e)] -> ",
    "Where a value is used twice, `+=` must add.": "slope += factor -> slope = factor",
}

complete_engine = Exercise(
    number="9.1",
    slug="complete-engine",
    title="complete the engine",
    names=("FullValue",),
    hints=(
        "Like `__mul__`: the result, and for each value that went in a pair of it and a factor.",
        "Minus has the factors 1 and −1. A `relu` has 1 or 0. The exponential is its own slope, "
        "and that of the logarithm is 1 divided by the number.",
        "`return FullValue(self.data - other.data, [(self, 1.0), (other, -1.0)])`. For `exp`, "
        "compute `e = np.exp(self.data)` first, and use it twice.",
    ),
    starter=to_fill_in(ENGINE),
    code=ENGINE,
    explanation=(
        "A rule has two parts, the result and the factors of the way back. It knows nothing of the "
        "rest. The sum over paths is made in one place, `backward`."
    ),
    right=(
        "With these six rules, `log(exp(a) + exp(b) + exp(c)) - a` is softmax with cross-entropy, "
        "and your engine finds y − t by itself. One of the checks was just that."
    ),
    test=Compare(
        _computed,
        _computations,
        with_mistakes("FullValue", ENGINE, ENGINE_MISTAKES),
        tolerance=1e-5,
        use=_computed_by,
    ),
)


# ---------------------------------------------------------------- 9.2: a layer of your own
TANH = '''\
class Tanh:
    """tanh of each number; its own slope is 1 - z**2."""

    def __init__(self):
        self.params, self.slopes = {}, {}

    def forward(self, a):
        """Return tanh of a."""
        self.z = np.tanh(a)
        return self.z

    def backward(self, slope):
        """Return the slope for a."""
        return slope * (1 - self.z**2)
'''


def _sums_and_slopes(rng):
    yield np.array([[0.0, 1.0, -2.0]]), np.array([[1.0, 1.0, 3.0]])
    yield from (rng.normal(size=(2, n, 3)) for n in (1, 4))


def _there_and_back(cls, a, slope):
    layer = cls()
    out = layer.forward(a)
    return None if out is None else {"forward": out, "backward": layer.backward(slope)}


def _tanh_measured(a, slope):
    measured = numerical_gradient(lambda a: np.sum(np.tanh(a) * slope), a.copy())
    return {"forward": np.tanh(a), "backward": measured}


TANH_MISTAKES = {
    "The slope that comes back has no influence. Multiply by it.": "slope * (1 -> 1 * (1",
    "The slope is passed on as it is. Multiply it by 1 − z².": " * (1 - self.z**2) -> ",
    "This is 1 − z. The square is missing.": "z**2 -> z",
    "That is the factor of the sigmoid. Take 1 − z².": "- self.z**2 -> - self.z) * (self.z",
    "The factor is made of a. The z is what came out.": "self.z**2 -> np.arctanh(self.z) ** 2",
    "The tangent is taken twice: z has been through it.": "self.z**2 -> np.tanh(self.z) ** 2",
    "The factor is made of the slope, not of the way there.": "self.z**2 -> np.tanh(slope) ** 2",
}

tanh_layer = Exercise(
    number="9.2",
    slug="tanh-layer",
    title="a layer of your own",
    names=("Tanh",),
    hints=(
        "It differs from `Sigmoid` in two places. Which?",
        "`forward` must remember `np.tanh(a)`: the factor of the way back is made of it.",
        "`self.z = np.tanh(a)`, and on the way back `slope * (1 - self.z**2)`.",
    ),
    starter=to_fill_in(TANH),
    code=TANH,
    explanation=(
        "What came out is kept, because the factor is made of it: 1 − z². In the middle it is 1, "
        "four times the best that a sigmoid can do."
    ),
    right=(
        "In `deep_network`, with Xavier's start, about a quarter of the slope arrives at the first "
        "layer, where sigmoids let a millionth through. It is for tanh that the rule was made."
    ),
    test=Compare(
        _tanh_measured,
        _sums_and_slopes,
        with_mistakes("Tanh", TANH, TANH_MISTAKES),
        tolerance=1e-6,
        use=_there_and_back,
    ),
)


# ---------------------------------------------------------------- 9.3: a way back to repair
W = np.array([[0.5, -1.0, 2.0], [1.5, 0.0, 1.0], [-0.5, 1.0, 0.25]])


def _walked(cls, bias, n, sign=1):
    """Send `n` samples there and back; a bias of 100 opens all gates, one of -100 shuts them."""
    layer, rng = cls(3, np.random.default_rng(0)), np.random.default_rng(n)
    layer.params = {"W": W.copy(), "b": np.full(3, float(bias))}
    x, slope = rng.uniform(0.5, 1, (n, 3)), sign * rng.uniform(0.5, 1, (n, 3))
    layer.forward(x)
    return layer, x, slope, layer.backward(slope.copy())


def _on_path(name, bias, n, sign=1):
    """Return a test of the class: whether the slope for `name` is right after such a walk."""

    def same(cls):
        layer, x, slope, back = _walked(cls, bias, n, sign)
        right = {"x": slope, "W": x.T @ slope, "b": slope.sum(axis=0)}
        return np.allclose(back if name == "x" else layer.slopes[name], right[name])

    def holds(answer):
        call = answer.call(use=same)
        if call.error is not None:
            raise Wrong(*call.problem, rows=call.rows)
        return bool(call.got)

    return holds


def _agrees_with_measured(cls):
    layer, x, slope, _ = _walked(cls, -0.8, 5)
    given = slope - 0.7
    back = layer.backward(given)
    if not np.array_equal(given, slope - 0.7):
        raise Wrong(
            "It changes the slope that it was given: `+=` adds into the array itself, which "
            "belongs to the layer behind. Make a new array: `a + b`."
        )
    measured = numerical_gradient(lambda x: np.sum(layer.forward(x) * given), x.copy())
    return np.allclose(back, measured, atol=1e-6)


def _is_right(answer):
    call = answer.call(use=_agrees_with_measured)
    if call.problem or not call.got:
        text = "The slope for x is still not the one that `numerical_gradient` measures."
        raise Wrong(*(call.problem or [text]), rows=call.rows)


SKIP_DEFECTS = {
    "Of the two slopes that come back to `x`, one is lost.": _on_path("x", -100, 2, -1),
    "A gate is opened by the slope that comes back.": _on_path("b", 100, 1, -1),
    "The slopes for `W` stand in the wrong places.": _on_path("W", 100, 4),
    "The slope for `b` is too small for more than one sample.": _on_path("b", 100, 4),
}

find_the_bug = Exercise(
    number="9.3",
    slug="find-the-bug",
    title="find the bug",
    names=("SkipLayer",),
    hints=(
        "Let `numerical_gradient` judge it for `x`, `W` and `b`. Shapes do not help: with as many "
        "outputs as inputs, all of them fit.",
        "`forward` uses `x` twice, so two slopes come back to it. And a gate was open or shut "
        "before any slope came.",
        "The slope for `x` is `slope + slope_a @ W.T`; the gate is `self.a > 0`; the slope for "
        "`W` is `x.T @ slope_a`; and all samples blame the bias: `sum`.",
    ),
    starter='''\
class SkipLayer:
    """z = x + relu(x @ W + b): what comes in is added to what the layer makes of it."""

    def __init__(self, n, rng):
        self.params = {"W": rng.standard_normal((n, n)) / np.sqrt(n), "b": np.zeros(n)}
        self.slopes = {}

    def forward(self, x):
        self.x, self.a = x, x @ self.params["W"] + self.params["b"]
        return x + np.maximum(self.a, 0)

    def backward(self, slope):
        slope_x = slope  # directly
        slope_a = slope * (slope > 0)  # through the gate
        self.slopes["W"] = slope_a.T @ self.x
        self.slopes["b"] = slope_a.mean(axis=0)
        slope_x = slope_a @ self.params["W"].T  # through the layer
        return slope_x
''',
    repairs=(
        ("(slope > 0)", "(self.a > 0)"),
        ("slope_a.T @ self.x", "self.x.T @ slope_a"),
        (".mean(axis=0)", ".sum(axis=0)"),
        ("slope_x = slope_a @", "slope_x = slope_x + slope_a @"),
    ),
    explanation=(
        "`slope_x =` overwrites what came directly. The gate must ask the sum of the way there. "
        "`slope_a.T @ self.x` is the right array turned over. And the mean over the batch was "
        "taken in the loss already, so the rows add up."
    ),
    right=(
        "This is a residual layer. Its direct path passes slopes on unharmed: that is how networks "
        "of 152 layers could be trained in 2015."
    ),
    test=Repaired(defects=SKIP_DEFECTS, then=_is_right),
)


# ---------------------------------------------------------------- 9.4: fool the network
def _images(rng):
    for seed, n, size in [(0, 1, 0.1), (1, 3, 0.1), (2, 4, 0.3)]:
        yield seed, rng.random((n, 6)), rng.integers(0, 4, n), size


def _with_network(function, seed, x, t, size):
    rng = np.random.default_rng(seed)
    network = Network(Affine(6, 5, rng), Sigmoid(), Affine(5, 4, rng))
    before = {name: param.copy() for name, param in network.params.items()}
    got = function(network, x, t, size)
    if any(np.any(before[name] != param) for name, param in network.params.items()):
        raise Wrong("It changes the parameters of the network. Only the image is to be changed.")
    return got


def _fooled(network, x, t, size):
    """Find the slope for every pixel by measuring."""
    slope = numerical_gradient(lambda x: softmax_loss(network.forward(x), t)[0], x.copy())
    return np.clip(x + size * np.sign(slope), 0, 1)


FOOLED = '''\
def fooled(network, x, t, size):
    """Return the images x, each pixel moved by size so that the loss grows, within 0 and 1."""
    loss, slope = softmax_loss(network.forward(x), t)
    blame = network.backward(slope)
    return np.clip(x + size * np.sign(blame), 0, 1)
'''
FOOLED_MISTAKES = {
    "It goes downhill, to the truth. The loss has to grow.": "x + size -> x - size",
    "The sign is missing: every pixel is to move by the whole `size`.": "np.sign(blame) -> blame",
    "Some pixels are below 0 or above 1. Cut them off.": "0, 1) -> -9, 9)",
    "This is the change alone. Add it to the "
    "image.": "np.clip(x + size * np.sign(blame), 0, 1) -> size * np.sign(blame)",
    "The argument `size` has no influence.": "size * np -> np",
    "The images come back as they were. Use what `backward` returns.": "size * np -> 0 * np",
    "This moves all pixels the same way. Each has a sign of its own.": "(blame) -> (blame.sum())",
}

fool_the_network = Exercise(
    number="9.4",
    slug="fool-the-network",
    title="fool your network (stretch)",
    names=("fooled",),
    hints=(
        "Section 13 has the slope for every pixel. In which direction does the loss *grow*?",
        "`np.sign` makes +1, 0 or −1 of every slope. All pixels move by the same `size`, each in "
        "its own direction.",
        "`slope = network.backward(softmax_loss(network.forward(x), t)[1])`, then "
        "`np.clip(x + size * np.sign(slope), 0, 1)`.",
    ),
    code=FOOLED,
    explanation=(
        "The same backward pass, and one step uphill. Each pixel moves hardly visibly, but all 784 "
        "move in the direction that hurts most, and their small effects add up."
    ),
    right=(
        "Moved by 0.1, our network reads about 20 of 100 digits, which you still read with ease. "
        "Random noise of the same size does next to nothing. Nobody has a complete cure yet."
    ),
    test=Compare(
        lambda *args: _with_network(_fooled, *args),
        _images,
        with_mistakes("fooled", FOOLED, FOOLED_MISTAKES),
        tolerance=1e-6,
        use=_with_network,
    ),
)
