"""The exercises of chapter 04, Three-layer forward pass."""

import itertools
import math
import operator

import numpy as np

from course_exercises.engine.comparing import Compare, SameValue
from course_exercises.engine.exercise import Exercise
from course_utils.activations import identity, sigmoid, softmax

EXAMPLE = {
    "W1": np.array([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]]),
    "b1": np.array([0.1, 0.2, 0.3]),
    "W2": np.array([[0.1, 0.4], [0.2, 0.5], [0.3, 0.6]]),
    "b2": np.array([0.1, 0.2]),
    "W3": np.array([[0.1, 0.3], [0.2, 0.4]]),
    "b3": np.array([0.1, 0.2]),
}
FOURTH_LAYER = {"W4": EXAMPLE["W1"], "b4": EXAMPLE["b1"]}
X = np.array([1.0, 0.5])


def random_network(rng, sizes):
    """Return the parameters of a network with these numbers of neurons."""
    network = {}
    for layer, (n_in, n_out) in enumerate(itertools.pairwise(sizes), start=1):
        network[f"W{layer}"] = rng.normal(size=(n_in, n_out))
        network[f"b{layer}"] = rng.normal(size=n_out)
    return network


def by_hand(network, x, last=list):
    """Return the output of a network, computed neuron by neuron; `last` takes a list of sums."""
    if x.ndim == 2:
        return np.array([by_hand(network, row, last) for row in x])
    n_layers, z = len(network) // 2, x.tolist()
    for layer in range(1, n_layers + 1):
        neurons = zip(network[f"W{layer}"].T.tolist(), network[f"b{layer}"].tolist(), strict=True)
        sums = [math.fsum(map(operator.mul, z, weights)) + bias for weights, bias in neurons]
        z = [1 / (1 + math.exp(-a)) for a in sums] if layer < n_layers else last(sums)
    return np.array(z)


def forward_through(layers, hidden=sigmoid, last=identity):
    """Return a forward pass that may be wrong.

    `layers` are the numbers of those that it goes through, or a function that finds them in a
    network; `hidden` and `last` are the activations.
    """

    def forward(network, x):
        *before, final = layers(network) if callable(layers) else layers
        for layer in before:
            x = hidden(x @ network[f"W{layer}"] + network[f"b{layer}"])
        return last(x @ network[f"W{final}"] + network[f"b{final}"])

    return forward


# ---------------------------------------------------------------- 4.1: which shapes fit together

SHAPE_PUZZLE_MISTAKES = {
    "These are the arrays themselves. Asked for are their shapes.": lambda s: np.ndim(s["W1"]) == 2,
    "In Python `(3)` is the number 3. A tuple of one entry needs a comma: `(3,)`.": lambda s: (
        type(s["b1"]) is int or type(s["b2"]) is int
    ),
    "Rows and columns have changed places: in `x @ W1` each row of `W1` belongs to one input, "
    "each column to one neuron.": lambda s: tuple(s["W1"]) == (3, 4) or tuple(s["W2"]) == (2, 3),
    "There is a 5 among your shapes. It is the number of samples, and the parameters "
    "do not depend on it.": lambda s: any(5 in tuple(s[name]) for name in ("W1", "b1", "W2", "b2")),
    "`W1` should hold 12 numbers: rows times columns.": lambda s: math.prod(s["W1"]) != 12,
    "In `x @ W1` the rows of `W1` must be as many as the columns of `x`.": lambda s: (
        math.prod(s["W1"]) == 12 and s["W1"][0] != 4
    ),
    "In `z1 @ W2` the rows of `W2` must be as many as the columns of `z1`, "
    "which are those of `W1`.": lambda s: math.prod(s["W2"]) > 0 and s["W2"][0] != s["W1"][1],
    "A bias has one number for each neuron of its layer, and only one axis: `(n,)`.": lambda s: (
        len(s["b1"]) == 2 or len(s["b2"]) == 2
    ),
    "A bias belongs to the neurons that a layer leads to, not to its inputs.": lambda s: (
        tuple(s["b1"]) == (4,) or tuple(s["b2"]) == (3,)
    ),
}

shape_puzzle = Exercise(
    number="4.1",
    slug="shape-puzzle",
    title="a shape puzzle",
    names=("shapes",),
    hints=(
        "In `x @ W1` the inner numbers must be equal. What does that say about the rows of `W1`?",
        "`W1` has 4 rows and 12 numbers: how many columns? So many numbers has each row of `z1`.",
        "`W1` is `(4, 3)`, and `b1` holds one number for each column of it. `W2` must lead from 3 "
        "to 2.",
    ),
    code="""\
shapes = {"W1": (4, 3), "b1": (3,), "W2": (3, 2), "b2": (2,)}
""",
    explanation=(
        "`(5, 4) @ W1` needs 4 rows, and 12 numbers in 4 rows are 3 columns. `z1` then has shape "
        "`(5, 3)`, so `W2` has 3 rows, and the 2 columns of `y`. A bias has one number for each "
        "neuron of its layer. The 5 is the number of samples, and no parameter knows it."
    ),
    right=(
        "You never had to know what the program computes. Shapes alone find most errors in such "
        "code, so printing them is the first thing to do when something goes wrong."
    ),
    test=SameValue(
        expected={"W1": (4, 3), "b1": (3,), "W2": (3, 2), "b2": (2,)},
        mistakes=SHAPE_PUZZLE_MISTAKES,
    ),
)


# ---------------------------------------------------------------- 4.2: a network of four layers
def _four_layers(rng):
    yield EXAMPLE | FOURTH_LAYER, X
    for sizes in [(1, 1, 1, 1, 1), (3, 2, 4, 3, 2), (2, 5, 3, 4, 1)]:
        network = random_network(rng, sizes)
        yield network, rng.normal(size=sizes[0])
        yield network, rng.normal(size=(4, sizes[0]))


ADD_A_LAYER_MISTAKES = {
    "Layer 3 still has the identity. Is it still the last layer?": lambda network, x: (
        forward_through([1, 2, 3])(network, x) @ network["W4"] + network["b4"]
    ),
    "The last layer has a sigmoid. It should have the identity: "
    "the sums are the output.": forward_through([1, 2, 3, 4], last=sigmoid),
    "The last layer has a softmax. It should have the identity: "
    "the sums are the output.": forward_through([1, 2, 3, 4], last=softmax),
    "`W4` and `b4` have no influence: "
    "this is the output of the first three layers.": forward_through([1, 2, 3]),
    "The bias `b4` is missing.": lambda network, x: (
        forward_through([1, 2, 3], last=sigmoid)(network, x) @ network["W4"]
    ),
    "`W3` and `b3` have no influence: layer 3 is left out.": forward_through([1, 2, 4]),
    "`W4` and `b4` are always those of the example. Take them from `network`, "
    "as the others.": lambda network, x: forward_through([1, 2, 3, 4])(network | FOURTH_LAYER, x),
    "There is no sigmoid in it. The hidden layers need one.": forward_through(
        [1, 2, 3, 4], hidden=identity
    ),
}

add_a_layer = Exercise(
    number="4.2",
    slug="add-a-layer",
    title="add a layer",
    names=("forward_four_layers",),
    hints=(
        "Begin with `forward` of the chapter and add the lines of one more layer.",
        "Only the last layer has the identity. Layer 3 is not the last any more.",
        "`z3 = sigmoid(z2 @ network['W3'] + network['b3'])`, and the output is `z3 @ network['W4'] "
        "+ network['b4']`.",
    ),
    code='''\
def forward_four_layers(network, x):
    """Return the output of a network with the parameters W1, b1 to W4, b4."""
    z1 = sigmoid(x @ network["W1"] + network["b1"])
    z2 = sigmoid(z1 @ network["W2"] + network["b2"])
    z3 = sigmoid(z2 @ network["W3"] + network["b3"])
    return z3 @ network["W4"] + network["b4"]
''',
    explanation=(
        "A hidden layer is always the same line with other numbers. Layer 3 was the last one and "
        "had the identity; now a layer follows, so it gets the sigmoid. The identity moves on to "
        "layer 4."
    ),
    right=(
        "And a batch of any size goes through the same lines. Without the sigmoid in layer 3, "
        "layers 3 and 4 would collapse into one: Exercise 4.4 proves it."
    ),
    test=Compare(by_hand, cases=_four_layers, mistakes=ADD_A_LAYER_MISTAKES),
)


# ---------------------------------------------------------------- 4.3: any number of layers
def _any_depth(rng):
    yield EXAMPLE, X
    yield {"W1": EXAMPLE["W1"], "b1": EXAMPLE["b1"]}, X
    yield EXAMPLE | FOURTH_LAYER, np.array([[1.0, 0.5], [0.0, -1.0], [2.0, 2.0]])
    yield dict(reversed(random_network(rng, (2, 2, 2, 2)).items())), rng.normal(size=2)
    for n_layers in (2, 5, 12, 20):
        network = random_network(rng, [3] * (n_layers + 1))
        yield network, rng.normal(size=3)
        yield network, rng.normal(size=(4, 3))


def _all(network):
    return list(range(1, len(network) // 2 + 1))


def _as_named(names):
    return [int(name[1:]) for name in names if name.startswith("W")]


ANY_DEPTH_MISTAKES = {
    "This always computes three layers. Let a loop go over as many as there are.": forward_through(
        [1, 2, 3]
    ),
    "The last layer has a sigmoid, like the hidden ones. "
    "It should have the identity.": forward_through(_all, last=sigmoid),
    "The layers are taken in the order of the alphabet, and there W10 comes before W2. "
    "Count with numbers.": forward_through(lambda network: _as_named(sorted(network))),
    "The layers are taken in the order of the dictionary. It need not be that of the numbers: "
    "build the names from the number of the layer.": forward_through(_as_named),
    "This looks for too many layers: each layer has "
    "two entries in the dictionary.": forward_through(lambda network: range(1, len(network) + 1)),
    "There is no layer 0: `range(n)` begins at 0, "
    "but the layers are counted from 1.": forward_through(lambda network: range(len(network) // 2)),
    "The last layer is missing. `range(1, n)` ends before n.": forward_through(
        lambda network: _all(network)[:-1], last=sigmoid
    ),
    "There is no sigmoid in it. The hidden layers need one.": forward_through(
        _all, hidden=identity
    ),
}

any_depth = Exercise(
    number="4.3",
    slug="any-depth",
    title="any number of layers",
    names=("forward_any",),
    hints=(
        "Every layer has two parameters. So how many layers has a network with `len(network)` of "
        "them?",
        'Count with `for layer in range(1, n_layers + 1)` and find the weights with `f"W{layer}"`. '
        "Let one variable run through all the layers.",
        "In the loop: `a = x @ W + b`, then `x = sigmoid(a)`, except in the last layer, where it "
        "is `x = a`.",
    ),
    code='''\
def forward_any(network, x):
    """Return the output of a network with the parameters W1, b1, W2, b2, ..."""
    n_layers = len(network) // 2
    for layer in range(1, n_layers + 1):
        a = x @ network[f"W{layer}"] + network[f"b{layer}"]
        x = sigmoid(a) if layer < n_layers else a
    return x
''',
    explanation=(
        "`x` is what enters a layer: first the input, then the output of the layer before. The "
        "names are built from the number of the layer, so neither the order of the dictionary nor "
        "that of the alphabet matters. With one layer there is no hidden one, and the loop knows "
        "that."
    ),
    right=(
        "This loop is the heart of every network library. Note that the alphabet would have put "
        "W10 before W2; counting with numbers avoids that."
    ),
    test=Compare(by_hand, cases=_any_depth, mistakes=ANY_DEPTH_MISTAKES),
)


# ---------------------------------------------------------------- 4.4: three linear layers are one
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
    "`W` is right. But the biases do not merely add up: what happens to `b1` "
    "on its way to the output?": lambda U, a, V, b, W, c: (U @ V @ W, a + b + c),
    "`W` is right, and so is the part of `b1`. But "
    "`b2` passes through a layer, too.": lambda U, a, V, b, W, c: (U @ V @ W, a @ V @ W + b + c),
    "`W` is right. But `b1` and `b2` have an influence too: "
    "what comes out for `x = 0`?": lambda U, a, V, b, W, c: (U @ V @ W, c),
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
    number="4.4",
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
