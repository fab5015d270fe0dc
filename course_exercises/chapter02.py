"""The exercises of chapter 02, Activation functions."""

import itertools
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


# ---------------------------------------------------------------- 2.3: the one layer of three
def _three_layers(rng):
    yield tuple(map(np.array, ([[2.0]], [1.0], [[3.0]], [0.0], [[-1.0]], [5.0])))
    for sizes in [(2, 2, 2, 2), (3, 3, 3, 3), (2, 3, 4, 1), (4, 2, 5, 3), (1, 6, 2, 2)]:
        shapes = (shape for pair in itertools.pairwise(sizes) for shape in (pair, pair[1]))
        yield tuple(rng.normal(size=shape) for shape in shapes)


def _expected_layer(W1, b1, W2, b2, W3, b3):
    """Find the layer by asking it: the output for 0 is b, and each input adds one row of W."""

    def layers(x):
        return ((x @ W1 + b1) @ W2 + b2) @ W3 + b3

    b = layers(np.zeros(len(W1)))
    return np.array([layers(x) - b for x in np.eye(len(W1))]), b


COLLAPSE_MISTAKES = {  # U, a, V, b, W, c stand for W1, b1, W2, b2, W3, b3
    "`W` is right. But the biases do not merely add up: "
    "what happens to `b1` in the second layer?": lambda U, a, V, b, W, c: (U @ V @ W, a + b + c),
    "`W` is right, and so is the part of `b1`. But "
    "`b2` passes through a layer, too.": lambda U, a, V, b, W, c: (U @ V @ W, a @ V @ W + b + c),
    "`W` is right. But `b1` and `b2` have an influence too: "
    "what comes out of the three layers for `x = 0`?": lambda U, a, V, b, W, c: (U @ V @ W, c),
    "`W` is right. But `b3` is missing in the bias.": lambda U, a, V, b, W, c: (
        U @ V @ W,
        (a @ V + b) @ W,
    ),
    "These are the first two layers in one. "
    "Do the same once more, with the third.": lambda U, a, V, b, W, c: (U @ V, a @ V + b),
    "The matrices are multiplied in the wrong order. "
    "Which of them does `x` meet first?": lambda U, a, V, b, W, c: (W @ V @ U, (a @ V + b) @ W + c),
    "`*` multiplies element by element. The matrix product is `@`.": lambda U, a, V, b, W, c: (
        U * V * W,
        (a @ V + b) @ W + c,
    ),
    "The weights do not add up: each layer multiplies "
    "what the layer before gave.": lambda U, a, V, b, W, c: (U + V + W, (a @ V + b) @ W + c),
    "Both are right, in the wrong order: return `W` first, then `b`.": lambda U, a, V, b, W, c: (
        (a @ V + b) @ W + c,
        U @ V @ W,
    ),
    "This is `W` alone. Return both: `W, b`.": lambda U, a, V, b, W, c: U @ V @ W,
}

three_linear_layers = Exercise(
    number="2.3",
    slug="three-linear-layers",
    title="three linear layers are one",
    names=("collapse",),
    hints=(
        "Begin with two layers. Multiply out `(x @ W1 + b1) @ W2 + b2`: what stands beside `x`, "
        "and what stands alone?",
        "Two layers are one with `W = W1 @ W2` and `b = b1 @ W2 + b2`. Now do the same once more, "
        "with the third.",
        "`W = W1 @ W2 @ W3`. And `b` is what comes out for `x = 0`: send `b1` through the other "
        "two layers.",
    ),
    code="""\
def collapse(W1, b1, W2, b2, W3, b3):
    W = W1 @ W2 @ W3
    b = (b1 @ W2 + b2) @ W3 + b3
    return W, b


rng = np.random.default_rng(0)
sizes = [(4, 5), 5, (5, 3), 3, (3, 2), 2]
W1, b1, W2, b2, W3, b3 = [rng.normal(size=size) for size in sizes]
x = rng.normal(size=(10, 4))
W, b = collapse(W1, b1, W2, b2, W3, b3)
assert np.allclose(x @ W + b, ((x @ W1 + b1) @ W2 + b2) @ W3 + b3)
""",
    explanation=(
        "Multiplying out gives `x @ W1 @ W2 @ W3 + b1 @ W2 @ W3 + b2 @ W3 + b3`. What stands "
        "beside `x` is the weight matrix, all the rest does not depend on `x` and is the bias. A "
        "bias has to pass through every layer that follows it."
    ),
    right=(
        "The one layer may even be smaller: in a 784-50-10 network without activations, `W` holds "
        "7,840 numbers, and the two layers hold 39,700."
    ),
    test=Compare(_expected_layer, cases=_three_layers, mistakes=COLLAPSE_MISTAKES),
)
