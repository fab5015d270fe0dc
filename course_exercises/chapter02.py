"""The exercises of chapter 02, Activation functions."""

import math

import numpy as np

from course_exercises.engine.comparing import Compare
from course_exercises.engine.exercise import Exercise
from course_utils.activations import sigmoid


def each(function):
    """Return a function of an array that calls `function` for one number after the other."""
    return lambda x, *args: np.array([function(v, *args) for v in x.flat]).reshape(x.shape)


# ---------------------------------------------------------------- 2.1: x above 0, else leak * x
def _arrays_and_leaks(rng):
    yield (np.array([-2.0, 0.0, 3.0]),)
    yield (np.array([-4.0, 5.0]),)
    yield np.array([-1.0, 1.0]), 0.25
    yield (np.array([[-1.0, 2.0, -3.0], [4.0, -5.0, 6.0]]),)
    yield (np.array([-3, -1, 0, 2]),)  # whole numbers
    for leak in (0.01, 0.1, 0.5):
        yield rng.normal(scale=10, size=(3, 4)), leak


def _assigned_to_whole_numbers(x, leak=0.01):
    y = x.copy()
    y[y < 0] = leak * y[y < 0]
    return y


LEAKY_RELU_MISTAKES = {
    "This is ReLU without the leak: below 0 it is silent.": lambda x, leak=0.01: np.maximum(x, 0),
    "The leak is always 0.01. Use the argument `leak`: 0.01 is "
    "only its value when nobody names another.": lambda x, leak=0.01: np.where(x > 0, x, 0.01 * x),
    "An `if` needs one answer, and so does Python's `max`, "
    "but `x > 0` gives one for each element. `np.where` "
    "and `np.maximum` work element by element.": lambda x, leak=0.01: x if x > 0 else leak * x,
    "Below 0 this is always the same number. "
    "For −4 it should be twice as far from 0 as for −2.": lambda x, leak=0.01: np.where(
        x > 0, x, leak
    ),
    "Below 0 the sign is turned around: −2 times 0.01 is −0.02.": lambda x, leak=0.01: np.where(
        x > 0, x, -leak * x
    ),
    "The two sides have changed places: the leak belongs below 0.": lambda x, leak=0.01: np.where(
        x > 0, leak * x, x
    ),
    "It works, except for an array of whole numbers: that one cannot hold −0.03, "
    "and NumPy cuts it to 0. `np.where` builds a new array that can.": _assigned_to_whole_numbers,
}

leaky_relu = Exercise(
    number="2.1",
    slug="leaky-relu",
    title="leaky ReLU",
    names=("leaky_relu",),
    hints=(
        "Each element needs one of two answers. An `if` decides once for the whole array, so you "
        "need something that decides element by element.",
        "`np.where(condition, a, b)` takes from `a` where the condition holds, and from `b` "
        "elsewhere.",
        "The condition is `x > 0`. Where it holds, the answer is `x`; elsewhere it is `leak * x`.",
    ),
    code="""\
def leaky_relu(x, leak=0.01):
    return np.where(x > 0, x, leak * x)
""",
    explanation=(
        "`np.where` makes the choice for every element. Both arrays are computed in full, and it "
        "picks. For a `leak` below 1 there is another way: `np.maximum(x, leak * x)`, because "
        "below 0 the leak brings the number nearer to 0, and so makes it larger."
    ),
    right=(
        "A neuron with ReLU whose sums are always negative has slope 0 and never learns again: it "
        "is called dead. The leak keeps a small slope, so that it can come back."
    ),
    test=Compare(
        each(lambda v, leak=0.01: v if v > 0 else leak * v), _arrays_and_leaks, LEAKY_RELU_MISTAKES
    ),
)


# ---------------------------------------------------------------- 2.2: tanh, written with sigmoid
def _numbers(rng):
    for x in ([-1.0, 0.0, 1.0], [0.5, 2.0], [-1000.0, 1000.0], [[-3, 0], [1, 4]]):
        yield (np.array(x),)
    for _ in range(3):
        yield (rng.normal(scale=2, size=(2, 5)),)


TANH_MISTAKES = {
    "Height and place are right, but the curve is too wide: it has to be squeezed sideways. "
    "What it reaches far out, tanh reaches half-way there.": lambda x: 2 * sigmoid(x) - 1,
    "The curve is stretched sideways where it should be squeezed: "
    "compare with the example at 1.": lambda x: 2 * sigmoid(x / 2) - 1,
    "This runs from 0 to 2. It still has to be moved down by 1.": lambda x: 2 * sigmoid(2 * x),
    "This runs from −0.5 to 0.5. It has to be twice as high.": lambda x: sigmoid(2 * x) - 0.5,
    "This runs from −1 to 0. Make it twice as high first, then move it down.": lambda x: (
        sigmoid(2 * x) - 1
    ),
    "This runs from −2 to 0: it is moved down by 1 and then made twice as high, so by 2. "
    "Make it twice as high first.": lambda x: 2 * (sigmoid(2 * x) - 1),
    "This runs from 1 to 3. It has to be moved down, not up.": lambda x: 2 * sigmoid(2 * x) + 1,
    "This runs from 0 to 1. Make it twice as high, then move it down.": lambda x: sigmoid(2 * x),
    "This is a formula of tanh, but it overflows far from 0. Written with `sigmoid`, "
    "which is safe, it does not.": lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)),
    "This is the sigmoid itself, from 0 to 1.": sigmoid,
}

tanh = Exercise(
    number="2.2",
    slug="tanh",
    title="tanh from sigmoid",
    names=("tanh",),
    hints=(
        "Begin with the height: the sigmoid runs from 0 to 1, which is a range of 1. tanh runs "
        "from −1 to 1, which is a range of 2.",
        "Twice as high is `2 * sigmoid(...)`, from 0 to 2. How far down must it move?",
        "Squeezed to half its width means: what happened at 2 now happens at 1. So the sigmoid is "
        "asked at `2 * x`.",
    ),
    code="""\
def tanh(x):
    return 2 * sigmoid(2 * x) - 1
""",
    explanation=(
        "`2 * x` squeezes the curve sideways, the factor 2 in front makes it twice as high, and −1 "
        "moves it down, so that it goes through 0 at `x = 0`."
    ),
    right=(
        "So a network with tanh can do nothing that one with sigmoids could not, with other "
        "weights. But its outputs lie around 0, and that often makes learning faster."
    ),
    test=Compare(
        each(math.tanh),
        cases=_numbers,
        mistakes=TANH_MISTAKES,
        forbidden={"tanh": "This asks for a ready-made tanh. Write it with `sigmoid`."},
    ),
)


# ---------------------------------------------------------------- 2.3: a plateau of four bends
def _places_and_edges(rng):
    yield np.array([0.0, 1.5, 2.0, 4.0, 4.5, 6.0]), 1, 5
    yield np.linspace(-3, 3, 25), -2, 2
    yield np.array([[-1.0, 0.5], [1.0, 9.0]]), 0, 3
    for start in rng.uniform(-5, 5, 4):
        yield rng.uniform(-10, 10, 20), start, start + rng.uniform(2, 6)


def _expected_plateau(x, start, end):
    return np.interp(x, [start, start + 1, end - 1, end], [0, 1, 1, 0])


def _bends(*bends):
    """Return a sum of ReLUs: pairs of a weight and of where it bends, from `start` and `end`."""

    def function(x, start, end):
        return sum(weight * np.maximum(x - place(start, end), 0) for weight, place in bends)

    return function


def _rise(s, e):
    return s


def _level(s, e):
    return s + 1


def _fall(s, e):
    return e - 1


def _foot(s, e):
    return e


PLATEAU_MISTAKES = {
    "This rises for ever. At some place the slope must become 0 again.": _bends((1, _rise)),
    "This rises, and then stays level for ever. The way down is missing.": _bends(
        (1, _rise), (-1, _level)
    ),
    "This goes down, and then on below 0. Look at its slope far to the right.": _bends(
        (1, _rise), (-1, _level), (-1, _fall)
    ),
    "This is a hat: it turns back where it should become level.": _bends(
        (1, _rise), (-2, _level), (1, lambda s, e: s + 2)
    ),
    "The slope downward begins at the end. There it should be over.": _bends(
        (1, _rise), (-1, _level), (-1, _foot), (1, lambda s, e: e + 1)
    ),
    "This jumps. The edges should rise and fall with a slope of 1 and −1.": lambda x, s, e: (
        (x > s) & (x < e)
    ).astype(float),
    "This is the plateau upside down: look at the sign of each bend.": _bends(
        (-1, _rise), (1, _level), (1, _fall), (-1, _foot)
    ),
}

plateau = Exercise(
    number="2.3",
    slug="plateau",
    title="a plateau",
    names=("plateau",),
    hints=(
        "Draw it, and write the slope of each of the five pieces below it: 0, 1, 0, ... Every "
        "`relu` changes the slope at one place, and from there on.",
        "There are four places at which the slope changes: `start`, `start + 1`, `end - 1` and "
        "`end`. By how much does it change at each?",
        "The changes are +1, −1, −1 and +1. So it begins with "
        "`relu(x - start) - relu(x - (start + 1))`, and two more follow.",
    ),
    code="""\
def plateau(x, start, end):
    up = relu(x - start) - relu(x - (start + 1))
    down = relu(x - (end - 1)) - relu(x - end)
    return up - down
""",
    explanation=(
        "`relu(x - place)` is 0 before its place and has the slope 1 behind it. So the slope of a "
        "sum changes at each place by the weight of its ReLU, and what you want is a list of "
        "changes: up by 1, down by 1, down by 1, up by 1."
    ),
    right=(
        "Plateaus of two inputs can be built in the same way, and from enough of them every "
        "picture. This is the idea behind the theorem that two layers can follow any curve."
    ),
    test=Compare(_expected_plateau, cases=_places_and_edges, mistakes=PLATEAU_MISTAKES),
)
