"""The multi-layer network of chapter 06, with three ways to find the slope of its loss."""

import math
import numbers
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from course_utils.activations import relu, softmax
from course_utils.gradients import numerical_gradient
from course_utils.losses import GUARD, binary_cross_entropy, cross_entropy
from course_utils.training import train

H = 1e-4  # the step of the central differences
BLOCK = 2**20  # how many numbers "numerical" works on at once, at most: 8 MB

# Linux takes memory back as soon as it is free, and giving it out again for every array would
# cost a third of the training time. Having freed 16 MB once, it keeps that much in reserve.
np.empty(2**21)


def _sigmoid(a):
    """Return `activations.sigmoid` of `a` by the plain formula, which is three times as fast.

    Far below 0, ``exp`` overflows to inf and ``1 / inf`` is 0, as it should be; the callers
    silence NumPy's warning.
    """
    return 1 / (1 + np.exp(-a))


class _Hidden(NamedTuple):
    """An activation of hidden neurons, and its slope, written with its outputs ``z``."""

    activation: Callable
    slope: Callable


class _Output(NamedTuple):
    """An activation of the output neurons, and the loss that belongs to it.

    ``losses(y, t)``: the losses for outputs of shape (..., n_outputs), against the targets ``t``
    of one sample. ``slope(y, t)``: how fast the loss of one sample changes with the sums that the
    outputs ``y`` were made from. ``checked_loss(y, t)``: the same loss, for a whole batch.
    """

    activation: Callable
    losses: Callable
    slope: Callable
    checked_loss: Callable


def _binary_losses(y, t):
    return -(np.log(y + GUARD) @ t + np.log(1 - y + GUARD) @ (1 - t))


def _binary_slope(y, t):
    return ((1 - t) / (1 - y + GUARD) - t / (y + GUARD)) * y * (1 - y)


def _softmax_losses(y, t):
    return -(np.log(y + GUARD) @ t)


def _softmax_slope(y, t):
    slope = -t / (y + GUARD)
    return y * (slope - slope @ y)


HIDDEN = {
    "sigmoid": _Hidden(_sigmoid, lambda z: z * (1 - z)),
    "relu": _Hidden(relu, lambda z: z > 0),
}
OUTPUT = {
    "sigmoid": _Output(_sigmoid, _binary_losses, _binary_slope, binary_cross_entropy),
    "softmax": _Output(softmax, _softmax_losses, _softmax_slope, cross_entropy),
}


class MLP:
    """A multi-layer perceptron: layers of neurons, each connected to all of the next layer.

    Parameters
    ----------
    sizes : sequence of two or more ints above 0
        How many inputs, how many neurons in each hidden layer, how many outputs.
    hidden : {"sigmoid", "relu"}
        Activation of the hidden neurons.
    output : {"sigmoid", "softmax"}
        Activation of the output neurons. It settles the loss as well: `binary_cross_entropy` for
        sigmoid, `cross_entropy` for softmax.
    seed : int, optional
        For the initial parameters; the same seed gives the same numbers.

    Attributes
    ----------
    params : dict of str to ndarray of float64
        ``W1, b1, W2, b2, ...``; ``W1`` has shape (n_in, n_out), ``b1`` has shape (n_out,).
        Weights start as normal random numbers divided by the root of n_in, biases as uniform
        random numbers in [0, 1).
    sizes, hidden, output
        As given.

    Raises
    ------
    ValueError
        A size is not a whole number above 0, there are fewer than two, or a name is unknown.

    Notes
    -----
    All arithmetic is in float64: inputs of another type are converted sample by sample.
    """

    def __init__(self, sizes, hidden="sigmoid", output="sigmoid", seed=None):
        self.sizes = _checked_sizes(sizes)
        self.hidden = _known("hidden activation", hidden, HIDDEN)
        self.output = _known("output activation", output, OUTPUT)
        rng = np.random.default_rng(seed)
        self.params = {}
        for layer, (n_in, n_out) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), 1):
            self.params[f"W{layer}"] = rng.standard_normal((n_in, n_out)) / np.sqrt(n_in)
            self.params[f"b{layer}"] = rng.random(n_out)

    def __repr__(self):
        """Return the call that makes such a network."""
        return f"MLP({self.sizes}, hidden={self.hidden!r}, output={self.output!r})"

    # ---- What the network says, and how wrong it is

    def predict(self, x):
        """Return the outputs for one sample or for a batch.

        Parameters
        ----------
        x : array_like of real numbers, shape (n_inputs,) or (n, n_inputs)

        Returns
        -------
        ndarray of float64, shape (n_outputs,) or (n, n_outputs)

        Raises
        ------
        ValueError
            The shape does not fit the network, or a number is nan or infinite.
        """
        x = _finite("x", x)
        if x.ndim not in (1, 2) or x.shape[-1] != self.sizes[0] or not x.size:
            n_in = self.sizes[0]
            raise ValueError(f"x must have shape ({n_in},) or (n, {n_in}), got {x.shape}")
        rows = np.atleast_2d(x)
        # A thousand rows at a time: a float64 copy of all of MNIST would take 376 MB.
        batches = (rows[start : start + 1000] for start in range(0, len(rows), 1000))
        with np.errstate(over="ignore"):
            y = np.concatenate([self._outputs(self._sums(batch, 1), 1) for batch in batches])
        return y if x.ndim == 2 else y[0]

    def loss(self, x, t):
        """Return the loss of one sample, or the mean loss of a batch.

        Parameters
        ----------
        x : array_like of real numbers, shape (n_inputs,) or (n, n_inputs)
        t : array_like of real numbers, shape (n_outputs,) or (n, n_outputs)
            Targets in [0, 1].

        Returns
        -------
        float
            In nats; summed over the outputs, averaged over the samples.

        Raises
        ------
        ValueError
            The shapes do not fit, a number is nan or infinite, or a target is outside [0, 1].
        """
        x, t = self._checked(x, t)
        return OUTPUT[self.output].checked_loss(self.predict(x), t)

    def accuracy(self, x, labels):
        """Return the share of samples whose largest output is at the place of their label.

        Parameters
        ----------
        x : array_like of real numbers, shape (n, n_inputs)
        labels : array_like of int, shape (n,)
            In 0 to n_outputs - 1; two outputs or more.

        Returns
        -------
        float
            In [0, 1].

        Raises
        ------
        ValueError
            The shapes do not fit, or a label is not one of the outputs.
        """
        x, labels = np.asarray(x), np.asarray(labels)
        n_in, n_out = self.sizes[0], self.sizes[-1]
        if x.ndim != 2 or labels.shape != x.shape[:1] or labels.dtype.kind not in "iu":
            raise ValueError(
                f"x must have shape (n, {n_in}) and labels shape (n,), whole numbers; got x "
                f"{x.shape} and labels {labels.shape} of {labels.dtype}"
            )
        if n_out < 2:
            raise ValueError("accuracy compares outputs with each other; this network has only one")
        if labels.size and not 0 <= labels.min() <= labels.max() < n_out:
            raise ValueError(
                f"labels go from {labels.min()} to {labels.max()}, but the outputs of this "
                f"network from 0 to {n_out - 1}"
            )
        return float(np.mean(self.predict(x).argmax(axis=1) == labels))

    # ---- How the loss changes with every parameter

    def gradient(self, x, t, method="numerical"):
        """Return the slope of the loss for every parameter.

        Parameters
        ----------
        x : array_like of real numbers, shape (n_inputs,) or (n, n_inputs)
        t : array_like of real numbers, shape (n_outputs,) or (n, n_outputs)
            Targets in [0, 1].
        method : {"numerical", "naive", "backprop"}
            ``"naive"``: central differences, with two runs of the whole network for each
            parameter. ``"numerical"``: the same central differences, computing only what
            changes. ``"backprop"``: the formula of the derivative, without differences.

        Returns
        -------
        dict of str to ndarray of float64
            Names and shapes as in `params`. For a batch, the mean over its samples.

        Raises
        ------
        ValueError
            The shapes do not fit, a number is nan or infinite, a target is outside [0, 1], or
            there is no such method.
        """
        find = self._method(method)
        x, t = self._checked(x, t)
        x, t = np.atleast_2d(x).astype(np.float64), np.atleast_2d(t)
        mean = {name: np.zeros_like(param) for name, param in self.params.items()}
        with np.errstate(over="ignore"):
            for x_one, t_one in zip(x, t, strict=True):
                for name, slope in find(*self._forward(x_one), t_one).items():
                    mean[name] += slope / len(x)
        return mean

    def _method(self, name):
        """Return the function that finds the gradient of one sample."""
        for param_name, param in self.params.items():
            if param.dtype != np.float64:  # in float32 a step of 1e-4 is lost in rounding
                raise ValueError(f"{param_name} must be of type float64, got {param.dtype}")
        methods = {
            "numerical": self._numerical,
            "naive": self._naive,
            "backprop": self._backprop,
        }
        return methods[_known("method", name, methods)]

    # Three ways to the same slopes, each for one sample after its forward pass

    def _naive(self, inputs, sums, t):
        """Return the central differences of one sample's loss: move each parameter, run all."""
        return {
            name: numerical_gradient(
                lambda _: self._losses(self._sums(inputs[1], 1), 1, t), param, H
            )
            for name, param in self.params.items()
        }

    def _numerical(self, inputs, sums, t):
        """Return the central differences of one sample's loss, computing only what changes.

        ``W[i, j]`` enters only the sum of one neuron, ``a_j = z_0 W[0, j] + z_1 W[1, j] + ... +
        b_j``. Moving it by h moves ``a_j`` by ``h * z_i`` and nothing else in its layer. So two
        weights to one neuron have the same slope if their inputs are equal, and every neuron
        needs as many losses as there are different inputs, twice.
        """
        gradient = {}
        for layer in range(1, self.n_layers + 1):
            z = np.append(inputs[layer], 1.0)  # a bias is a weight whose input is always 1
            values = np.unique(z)
            blocks = np.array_split(values, 1 + len(values) * self._reach(layer) // BLOCK)
            slopes = np.concatenate([self._slopes(layer, block, sums, t) for block in blocks])
            slopes = slopes.take(np.searchsorted(values, z), axis=0)  # from values to inputs
            gradient[f"W{layer}"], gradient[f"b{layer}"] = slopes[:-1], slopes[-1]
        return gradient

    def _slopes(self, layer, values, sums, t):
        """Return the slope for a weight from each input value to each neuron: [value, neuron]."""
        shifts = H * np.concatenate([values, -values])
        above, below = np.split(self._losses_moved(layer, shifts, sums, t), 2, axis=1)
        return (above - below).T / (2 * H)

    def _losses_moved(self, layer, shifts, sums, t):
        """Return the loss after adding each shift to one neuron's sum alone: [neuron, shift]."""
        a = sums[layer]
        if layer == self.n_layers:
            # One sum moves, and the others stay.
            moved = a[:, np.newaxis, np.newaxis] + np.eye(len(a))[:, :, np.newaxis] * shifts
        else:
            # One output changes, and with it every sum of the next layer, by weight times change.
            activation = HIDDEN[self.hidden].activation
            change = activation(a[:, np.newaxis] + shifts) - activation(a)[:, np.newaxis]
            layer += 1
            moved = self.params[f"W{layer}"].T[:, :, np.newaxis] * change
            moved += sums[layer][:, np.newaxis, np.newaxis]
        # [sum, neuron, shift]: the longest axis comes last, where NumPy is fastest.
        return self._losses(np.moveaxis(moved, 0, -1), layer, t)

    def _reach(self, layer):
        """Return how many numbers `_slopes` works on for one value."""
        return 2 * self.sizes[layer] * max(self.sizes[layer + 1 :], default=self.sizes[layer])

    def _backprop(self, inputs, sums, t):
        """Return the derivative of one sample's loss: the chain rule, from the last layer back."""
        y = OUTPUT[self.output].activation(sums[self.n_layers])
        slope = OUTPUT[self.output].slope(y, t)  # of the loss, for each sum of this layer
        gradient = {}
        for layer in range(self.n_layers, 0, -1):
            z = inputs[layer]
            gradient[f"W{layer}"], gradient[f"b{layer}"] = np.outer(z, slope), slope
            if layer > 1:
                slope = self.params[f"W{layer}"] @ slope * HIDDEN[self.hidden].slope(z)
        return {name: gradient[name] for name in self.params}

    # ---- From inputs to loss, layer by layer; layers are counted from 1, as in `params`

    @property
    def n_layers(self):
        """How many layers have parameters: all but the inputs."""
        return len(self.sizes) - 1

    def _sums(self, z, layer):
        """Return the sums ``a`` of a layer, given its inputs ``z``."""
        return z @ self.params[f"W{layer}"] + self.params[f"b{layer}"]

    def _forward(self, x):
        """Return the inputs of each layer and the sums it makes of them, as {layer: array}."""
        inputs, sums = {1: x}, {1: self._sums(x, 1)}
        for layer in range(2, self.n_layers + 1):
            inputs[layer] = HIDDEN[self.hidden].activation(sums[layer - 1])
            sums[layer] = self._sums(inputs[layer], layer)
        return inputs, sums

    def _outputs(self, a, layer):
        """Return the outputs of the network, given the sums of a layer, shape (..., n_neurons)."""
        for following in range(layer + 1, self.n_layers + 1):
            a = self._sums(HIDDEN[self.hidden].activation(a), following)
        return OUTPUT[self.output].activation(a)

    def _losses(self, a, layer, t):
        """Return the losses against one sample's targets, given the sums of a layer."""
        return OUTPUT[self.output].losses(self._outputs(a, layer), t)

    # ---- Training

    def fit(
        self,
        x,
        t,
        epochs,
        learning_rate,
        *,
        method="numerical",
        shuffle=None,
        checkpoint=None,
        resume=False,
        save_every=30.0,
        progress=True,
    ):
        """Train with one sample at a time: step every parameter against its slope.

        Parameters
        ----------
        x : array_like of real numbers, shape (n, n_inputs)
        t : array_like of real numbers, shape (n, n_outputs)
            Targets in [0, 1].
        epochs : int above 0
            How often every sample is used.
        learning_rate : float above 0
            The step is the learning rate times the slope.
        method : {"numerical", "naive", "backprop"}
            How the slope is found, see `gradient`.
        shuffle : int, optional
            A seed: every epoch takes the samples in another order, drawn from it. In the order
            of `x` if left out.
        checkpoint : str or path-like, optional
            A file, by custom ``something.npz``, in which the run is saved at the start, every
            `save_every` seconds, at the end, and when Ctrl-C stops it.
        resume : bool
            Go on with the run in `checkpoint` instead of starting one. `params` become what they
            were then, and at the end they are what they would be without the interruption, to
            the last bit. Everything but `epochs` must be as it was; more epochs prolong the run.
        save_every : float
            In seconds.
        progress : bool
            Show a progress bar with the mean loss of the last thousand steps and the time left.

        Returns
        -------
        ndarray of float64, shape (epochs * n,)
            The loss history: the loss of each step's sample just before the step.

        Raises
        ------
        ValueError
            The shapes do not fit, a number is nan or infinite, a target is outside [0, 1], or an
            option is not as described.
        FloatingPointError
            The loss became nan or infinite. The checkpoint holds the run before that.
        checkpoint.CheckpointError
            `checkpoint` cannot be written, or holds a run already while `resume` is False; or it
            cannot be read, or holds another run while `resume` is True.
        training.TrainingStopped
            A KeyboardInterrupt: Ctrl-C, or Interrupt in a notebook. It comes after the current
            step, with the run saved, and its message says how to go on. A second Ctrl-C stops at
            once, without saving.
        """
        x, t = self._checked(x, t, batch=True)
        gradient = self._method(method)
        _whole_above_0("epochs", epochs)
        _positive("learning_rate", learning_rate)
        _positive("save_every", save_every)
        if shuffle is not None and not (_is_whole(shuffle) and shuffle >= 0):
            raise ValueError(f"shuffle must be a seed, a whole number, or left out; got {shuffle}")
        if resume and not checkpoint:
            raise ValueError("resume=True needs the file to go on from: pass checkpoint=...")

        def step(x_one, t_one):
            inputs, sums = self._forward(x_one)
            loss = self._losses(sums[self.n_layers], self.n_layers, t_one)
            for name, slope in gradient(inputs, sums, t_one).items():
                self.params[name] -= learning_rate * slope
            return loss

        settings = {
            "sizes": self.sizes,
            "hidden": self.hidden,
            "output": self.output,
            "method": method,
            "learning_rate": float(learning_rate),
            "shuffle": None if shuffle is None else int(shuffle),
        }
        return train(
            step, self.params, x, t, epochs, settings, checkpoint, resume, save_every, progress
        )

    # ---- Checks

    def _checked(self, x, t, batch=False):
        """Return `x` as an array and `t` as one of float64, or say why they cannot be used."""
        x, t = np.asarray(x), np.asarray(t)
        n_in, n_out = self.sizes[0], self.sizes[-1]
        fits = x.shape[-1:] == (n_in,) and t.shape == (*x.shape[:-1], n_out)
        if not fits or x.ndim not in ((2,) if batch else (1, 2)) or not len(x):
            one = "" if batch else f", or ({n_in},) and ({n_out},)"
            hint = "; np.eye turns labels into targets" if t.shape == x.shape[:1] else ""
            raise ValueError(
                f"x and t must have shapes (n, {n_in}) and (n, {n_out}){one}; "
                f"got x {x.shape} and t {t.shape}{hint}"
            )
        x, t = _finite("x", x), _finite("t", t)
        outside = np.argwhere((t < 0) | (t > 1))
        if len(outside):
            at = tuple(int(i) for i in outside[0])
            raise ValueError(f"t must lie in 0 to 1, got {t[at]} at index {at}")
        return x, t.astype(np.float64)


def _checked_sizes(sizes):
    """Return `sizes` as a list of ints, or say what they should be."""
    sizes = list(sizes) if np.iterable(sizes) else [sizes]
    if len(sizes) < 2 or not all(_is_whole(size) and size > 0 for size in sizes):
        raise ValueError(
            "sizes must hold two or more whole numbers above 0, inputs first and outputs last, "
            f"for example [784, 30, 10]; got {sizes}"
        )
    return [int(size) for size in sizes]


def _known(what, name, names):
    """Return `name` if it is one of `names`."""
    if name not in names:
        raise ValueError(f"unknown {what} {name!r}: choose from {', '.join(map(repr, names))}")
    return name


def _finite(name, values):
    """Return `values` as an array of real, finite numbers, or say where one is not."""
    values = np.asarray(values)
    if values.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got {values.dtype}")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        at = tuple(int(i) for i in np.argwhere(~np.isfinite(values))[0])
        raise ValueError(f"{name} must hold finite numbers, got {values[at]} at index {at}")
    return values


def _is_whole(value):
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _whole_above_0(name, value):
    if not (_is_whole(value) and value > 0):
        raise ValueError(f"{name} must be a whole number above 0, got {value!r}")


def _positive(name, value):
    if not (isinstance(value, numbers.Real) and 0 < value < math.inf):
        raise ValueError(f"{name} must be a number above 0, got {value!r}")
