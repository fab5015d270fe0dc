"""The network of chapter 06: forward pass, loss, three ways to a gradient, and the step."""

from itertools import pairwise

import numpy as np

from course_utils import checks
from course_utils.activations import relu, softmax
from course_utils.gradients import numerical_gradient
from course_utils.losses import GUARD, binary_cross_entropy, cross_entropy
from course_utils.training import train

H = 1e-4  # the step of the central differences
BLOCK = 2**20  # how many numbers "numerical" works on at once, at most: 8 MB
np.empty(2**21)  # once it has freed 16 MB, Linux keeps them in reserve: a third of the time saved


def _sigmoid(a):
    """Return the sigmoid by the plain formula, which is three times as fast."""
    return 1 / (1 + np.exp(-a))  # far below 0: exp is inf, 1 / inf is 0; callers silence NumPy


def _ratios(y):
    """Return the outputs for the shifts above divided by those for the shifts below."""
    y, n = y + GUARD, y.shape[-1] // 2
    return y[..., :n] / y[..., n:]


HIDDEN = {"sigmoid": _sigmoid, "relu": relu}
OUTPUT = {"sigmoid": _sigmoid, "softmax": softmax}


class MLP:
    """A multi-layer perceptron: layers of neurons, each connected to all of the next layer.

    Its methods take inputs `x`, shape (n_inputs,) or (n, n_inputs), and targets `t` in [0, 1],
    shape (n_outputs,) or (n, n_outputs); all arithmetic is in float64. A ValueError says what does
    not fit, before anything changes.

    Parameters
    ----------
    sizes : sequence of two or more ints above 0
        How many inputs, how many neurons in each hidden layer, how many outputs.
    hidden, output : {"sigmoid", "relu"}, {"sigmoid", "softmax"}
        Activations. That of the output settles the loss as well: `binary_cross_entropy` for
        sigmoid, `cross_entropy` for softmax.
    seed : int, optional
        The same seed gives the same initial `params`, a dict of str to ndarray of float64: ``W1``,
        shape (n_in, n_out), normal random numbers divided by the root of n_in; ``b1``, shape
        (n_out,), uniform random numbers in [0, 1); ``W2, b2, ...``.
    """

    def __init__(self, sizes, hidden="sigmoid", output="sigmoid", seed=None):
        if np.ndim(sizes) != 1 or len(sizes) < 2:
            raise ValueError(f"sizes must hold two numbers or more, as [784, 30] does; got {sizes}")
        self.sizes = [checks.whole("each of sizes", size, 1) for size in sizes]
        self.n_layers = len(sizes) - 1  # they are counted from 1, as in `params`
        self.hidden = checks.known("hidden activation", hidden, HIDDEN)
        self.output = checks.known("output activation", output, OUTPUT)
        rng = np.random.default_rng(seed)
        self.params = {}
        for layer, (n_in, n_out) in enumerate(pairwise(self.sizes), 1):
            self.params[f"W{layer}"] = rng.standard_normal((n_in, n_out)) / np.sqrt(n_in)
            self.params[f"b{layer}"] = rng.random(n_out)

    def __repr__(self):
        """Return the call that makes such a network."""
        return f"MLP({self.sizes}, hidden={self.hidden!r}, output={self.output!r})"

    # ---- From inputs to outputs, and how wrong they are

    def _sums(self, z, layer):
        """Return the sums ``a`` of a layer, given its inputs ``z``."""
        return z @ self.params[f"W{layer}"] + self.params[f"b{layer}"]

    def _outputs(self, a, layer):
        """Return the outputs of the network, given the sums of a layer."""
        for following in range(layer + 1, self.n_layers + 1):
            a = self._sums(HIDDEN[self.hidden](a), following)
        return OUTPUT[self.output](a)

    def _losses(self, a, layer, t):
        """Return the losses against one sample's targets, given sums of shape (..., n_neurons)."""
        y = self._outputs(a, layer)
        if self.output == "sigmoid":
            return -(np.log(y + GUARD) @ t + np.log(1 - y + GUARD) @ (1 - t))
        return -(np.log(y + GUARD) @ t)

    def predict(self, x):
        """Return the outputs, float64 of shape (n_outputs,) or (n, n_outputs)."""
        x = self._checked(x)
        rows = np.atleast_2d(x)
        # A thousand rows at a time: a float64 copy of all of MNIST would take 376 MB.
        blocks = np.split(rows, range(1000, len(rows), 1000))
        with np.errstate(over="ignore"):
            y = np.concatenate([self._outputs(self._sums(block, 1), 1) for block in blocks])
        return y if x.ndim == 2 else y[0]

    def loss(self, x, t):
        """Return the loss in nats: summed over the outputs, averaged over the samples."""
        x, t = self._checked(x, t)
        loss = binary_cross_entropy if self.output == "sigmoid" else cross_entropy
        return loss(self.predict(x), t)

    def accuracy(self, x, labels):
        """Return the share of samples whose largest output is at the place of their label.

        There is one label a sample, from 0 to n_outputs - 1, and n_outputs is 2 or more.
        """
        if self.sizes[-1] < 2:
            raise ValueError("accuracy compares outputs with each other; this network has only one")
        y, labels = self.predict(x), checks.labels("labels", labels, self.sizes[-1])
        checks.shape("labels", labels, y.shape[:-1])
        return float(np.mean(y.argmax(axis=-1) == labels))

    # ---- Three ways to the slopes for one sample, after its forward pass

    def _forward(self, x):
        """Return the inputs of each layer and the sums it makes of them, as {layer: array}."""
        inputs, sums = {1: x}, {1: self._sums(x, 1)}
        for layer in range(2, self.n_layers + 1):
            inputs[layer] = HIDDEN[self.hidden](sums[layer - 1])
            sums[layer] = self._sums(inputs[layer], layer)
        return inputs, sums

    def _naive(self, inputs, sums, t):
        """Move each parameter, and run the whole network."""

        def loss(_):
            return self._losses(self._sums(inputs[1], 1), 1, t)

        return {name: numerical_gradient(loss, param, H) for name, param in self.params.items()}

    def _numerical(self, inputs, sums, t):
        """Find the same central differences, computing only what changes.

        ``W[i, j]`` enters only the sum of one neuron, ``a_j = z_0 W[0, j] + z_1 W[1, j] + ... +
        b_j``. Moving it by h moves ``a_j`` by ``h * z_i`` and nothing else in its layer. So two
        weights to one neuron have the same slope if their inputs are equal, and every neuron
        needs as many losses as there are different inputs, twice.
        """
        gradient = {}
        for layer in sums:
            z = np.append(inputs[layer], 1.0)  # a bias is a weight whose input is always 1
            values = np.unique(z)
            n_neurons, *following = self.sizes[layer:]
            n_blocks = 1 + len(values) * 2 * n_neurons * max(following, default=n_neurons) // BLOCK
            blocks = np.array_split(values, n_blocks)
            slopes = np.concatenate([self._slopes(layer, block, sums, t) for block in blocks])
            slopes = slopes.take(np.searchsorted(values, z), axis=0)  # from values to inputs
            gradient[f"W{layer}"], gradient[f"b{layer}"] = slopes[:-1], slopes[-1]
        return gradient

    def _slopes(self, layer, values, sums, t):
        """Return the slope for a weight from each input value to each neuron: [value, neuron]."""
        shifts, a = H * np.concatenate([values, -values]), sums[layer]
        is_last = layer == self.n_layers
        if is_last and self.output == "sigmoid":  # one sum moves, and its output alone
            y = _sigmoid(a[:, np.newaxis] + shifts)
            fall = t[:, np.newaxis] * np.log(_ratios(y))
            fall += (1 - t)[:, np.newaxis] * np.log(_ratios(1 - y))
            return fall.T / (-2 * H)
        # [sum, neuron, shift]: the longest axis comes last, where NumPy is fastest.
        if is_last:  # one sum moves, and all outputs
            moved = a[:, np.newaxis, np.newaxis] + np.eye(len(a))[:, :, np.newaxis] * shifts
        else:  # one output changes, and with it all sums of the next layer, by weight times change
            change = HIDDEN[self.hidden](a[:, np.newaxis] + shifts)
            change -= HIDDEN[self.hidden](a)[:, np.newaxis]
            layer += 1
            moved = self.params[f"W{layer}"].T[:, :, np.newaxis] * change
            moved += sums[layer][:, np.newaxis, np.newaxis]
        y = self._outputs(moved.T, layer).T
        ratios, ratios_of_no = _ratios(y), _ratios(1 - y) if self.output == "sigmoid" else None
        fall = np.zeros(ratios.shape[1:])
        for target in np.unique(t):  # outputs with the same target share a logarithm
            same = np.flatnonzero(t == target)
            for some in np.array_split(same, 1 + len(same) // 40):  # of 44 it may overflow
                fall += target * np.log(np.prod(ratios[some], axis=0))
                if self.output == "sigmoid":
                    fall += (1 - target) * np.log(np.prod(ratios_of_no[some], axis=0))
        return fall.T / (-2 * H)

    def _backprop(self, inputs, sums, t):
        """Apply the chain rule, from the last layer back, without differences."""
        y = OUTPUT[self.output](sums[self.n_layers])
        if self.output == "sigmoid":  # the slope of the loss, for each sum of this layer
            slope = ((1 - t) / (1 - y + GUARD) - t / (y + GUARD)) * y * (1 - y)
        else:
            slope = -t / (y + GUARD)
            slope = y * (slope - slope @ y)
        gradient = {}
        for layer in range(self.n_layers, 0, -1):
            z = inputs[layer]
            gradient[f"W{layer}"], gradient[f"b{layer}"] = np.outer(z, slope), slope
            if layer > 1:
                slope_of_z = z * (1 - z) if self.hidden == "sigmoid" else z > 0
                slope = self.params[f"W{layer}"] @ slope * slope_of_z
        return {name: gradient[name] for name in self.params}

    def gradient(self, x, t, method="numerical"):
        """Return the slope of the loss for every parameter, as a dict like `params`.

        For a batch it is the mean over the samples. Method ``"naive"`` takes central differences,
        with two runs of the whole network for each parameter; ``"numerical"`` the same, computing
        only what changes; ``"backprop"`` applies the formula of the derivative.
        """
        find, (x, t) = self._method(method), self._checked(x, t)
        x, t = np.atleast_2d(x).astype(np.float64), np.atleast_2d(t)
        mean = {name: np.zeros_like(param) for name, param in self.params.items()}
        with np.errstate(over="ignore"):
            for x_one, t_one in zip(x, t, strict=True):
                for name, slope in find(*self._forward(x_one), t_one).items():
                    mean[name] += slope / len(x)
        return mean

    def fit(self, x, t, epochs, learning_rate, *, method="numerical", **run):
        """Train with one sample at a time: step every parameter against its slope.

        Every sample of a batch is used `epochs` times. A step is `learning_rate`, a float above 0,
        times the slope, found by `method` as in `gradient`. In which order, kept in which file,
        resumed, shown: see the options ``shuffle``, ``checkpoint``, ``resume`` and ``progress`` of
        `course_utils.training.train`. Return the loss of each step's sample just before the step,
        ndarray of float64, shape (epochs * n,), or shorter if Ctrl-C ended the run.
        """
        find, (x, t) = self._method(method), self._checked(x, t)
        if x.ndim != 2:
            raise ValueError(f"x must be a batch, shape (n, {self.sizes[0]}), got {x.shape}")
        checks.above_0("learning_rate", learning_rate)

        def step(x_one, t_one):
            inputs, sums = self._forward(x_one)
            loss = self._losses(sums[self.n_layers], self.n_layers, t_one)
            for name, slope in find(inputs, sums, t_one).items():
                self.params[name] -= learning_rate * slope
            return loss

        settings = {"sizes": self.sizes, "hidden": self.hidden, "output": self.output}
        settings |= {"method": method, "learning_rate": float(learning_rate)}
        return train(step, self.params, x, t, epochs, settings, **run)

    # ---- Checks

    def _method(self, name):
        """Return the function that finds the slopes of one sample."""
        for param_name, param in self.params.items():
            if param.dtype != np.float64:  # in float32 a step of 1e-4 is lost in rounding
                raise ValueError(f"{param_name} must be of type float64, got {param.dtype}")
        ways = {"numerical": self._numerical, "naive": self._naive, "backprop": self._backprop}
        return ways[checks.known("method", name, ways)]

    def _checked(self, x, t=None):
        """Return `x` as an array, and `t`, if given, as one of float64."""
        x, (n_in, *_, n_out) = checks.finite("x", x), self.sizes
        if x.ndim not in (1, 2) or x.shape[-1] != n_in or not x.size:
            raise ValueError(f"x must have shape ({n_in},) or (n, {n_in}), got {x.shape}")
        if t is None:
            return x
        checks.shape("t (np.eye turns labels into targets)", np.asarray(t), (*x.shape[:-1], n_out))
        return x, checks.shares("t", t).astype(np.float64)
