"""The layers of chapter 09: values go forward through them, and slopes come back.

A layer has ``forward(x)``, which returns its outputs and remembers what the way back needs;
``backward(slope)``, which takes the slope of the loss for each output of the last ``forward`` and
returns that for each input; and two dicts of arrays with the same keys, ``params`` and ``slopes``.
Whoever has these four is a layer: chapters 10 and 11 write more of them.
"""

import numpy as np
from threadpoolctl import threadpool_limits

from course_utils import checks
from course_utils.activations import sigmoid, softmax

ROWS = 1000  # how many samples `predict` sends through at once


class Affine:
    """``x @ W + b``: the sums of `n_out` neurons, for a batch `x` of shape (n, n_in).

    ``W``, shape (n_in, n_out), begins as normal random numbers of `rng` times the root of
    2 / n_in (He et al. 2015, arXiv:1502.01852), ``b``, shape (n_out,), as zeros.
    """

    def __init__(self, n_in, n_out, rng):
        weights = rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)
        self.params = {"W": weights, "b": np.zeros(n_out)}
        self.slopes = {}

    def forward(self, x):
        """Return the sums of a batch."""
        self.x = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, slope):
        """Return the slope for `x`; keep those for ``W`` and ``b``."""
        self.slopes = {"W": self.x.T @ slope, "b": slope.sum(axis=0)}
        return slope @ self.params["W"].T


class ReLU:
    """``max(a, 0)`` of each number; it lets a slope through where `a` was above 0."""

    def __init__(self):
        self.params, self.slopes = {}, {}

    def forward(self, a):
        """Return `a` with 0 in place of what is below."""
        self.is_on = a > 0
        return a * self.is_on

    def backward(self, slope):
        """Return the slope for `a`."""
        return slope * self.is_on


class Sigmoid:
    """``1 / (1 + exp(-a))`` of each number, whose own slope is ``z * (1 - z)``."""

    def __init__(self):
        self.params, self.slopes = {}, {}

    def forward(self, a):
        """Return the sigmoid of `a`."""
        self.z = sigmoid(a)
        return self.z

    def backward(self, slope):
        """Return the slope for `a`."""
        return slope * self.z * (1 - self.z)


def softmax_loss(a, t):
    """Return the cross-entropy of ``softmax(a)`` in nats, and its slope for each number of `a`.

    The slope of one sample is ``y - t``; both are averaged over the batch. The loss is computed
    from the scores, not from the outputs, so no logarithm of 0 is ever taken.

    Parameters
    ----------
    a : ndarray of float, shape (n, n_classes)
        Scores (logits), finite.
    t : ndarray, shape (n, n_classes) or (n,)
        One-hot targets (or shares that sum to 1), or integer labels.

    Returns
    -------
    loss : float
    slope : ndarray of float, shape (n, n_classes)
    """
    a, t = checks.finite("a", a), np.asarray(t)
    if a.ndim != 2 or not a.size:
        raise ValueError(f"a must be a batch of scores, shape (n, n_classes), got {a.shape}")
    if t.shape == (len(a),):
        t = np.eye(a.shape[1], dtype=a.dtype)[checks.labels("t", t, a.shape[1])]
    checks.shape("t, unless it holds one label a row,", t, a.shape)
    above = a - a.max(axis=1, keepdims=True)
    losses = np.log(np.exp(above).sum(axis=1)) - np.sum(t * above, axis=1)
    return float(np.mean(losses)), (softmax(a) - t) / len(a)


class Network:
    """Layers in a row, the last of which gives one score for each class.

    Parameters
    ----------
    layers : layers of this module, or others with the same four parts (see above)

    Its `params` and `slopes` are dicts of those of all layers, named as in the course: ``W1``,
    ``b1``, ``W2``, ...; a number belongs to a layer that has parameters.
    """

    def __init__(self, *layers):
        self.layers = layers

    @property
    def params(self):
        """The arrays themselves; change them in place."""
        return self._numbered("params")

    @property
    def slopes(self):
        """Those that the last ``backward`` found."""
        return self._numbered("slopes")

    def _numbered(self, kind):
        trained = [layer for layer in self.layers if layer.params]
        return {
            f"{name}{number}": array
            for number, layer in enumerate(trained, 1)
            for name, array in getattr(layer, kind).items()
        }

    def forward(self, x):
        """Return the scores of a batch; every layer remembers what ``backward`` needs."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, slope):
        """Send the slope for each score back through all layers, each of which keeps its own."""
        for layer in reversed(self.layers):
            slope = layer.backward(slope)
        return slope

    def loss_and_slopes(self, x, t):
        """Return the mean loss of a batch, and the slope for every parameter, a dict."""
        loss, slope = softmax_loss(self.forward(x), t)
        self.backward(slope)
        return loss, self.slopes

    def predict(self, x):
        """Return softmax outputs, shape (n, n_classes), a thousand samples at a time."""
        blocks = np.split(x, range(ROWS, len(x), ROWS))
        return np.concatenate([softmax(self.forward(block)) for block in blocks])

    def accuracy(self, x, labels):
        """Return the share of samples whose largest output is at the place of their label."""
        labels = np.asarray(labels)
        checks.shape("labels", labels, (len(x),))
        return float(np.mean(self.predict(x).argmax(axis=1) == labels))


def fit(network, optimiser, x, t, epochs, batch_size=100, seed=0, after_epoch=None):
    """Train with mini-batches; return the mean loss of each epoch's batches, a list of floats.

    Parameters
    ----------
    network : Network, or what has ``params`` and ``loss_and_slopes(x, t)``
    optimiser : one of `course_utils.optimisers`
    x, t : ndarrays with as many samples as targets
        A batch of them goes to ``loss_and_slopes`` as it is. Each epoch uses every sample once, in
        an order drawn anew from `seed`; the last batch may be smaller.
    epochs, batch_size : int above 0
    after_epoch : callable, optional
        Is called with the number of the epoch, from 1, and its mean loss.
    """
    checks.whole("epochs", epochs, 1)
    checks.whole("batch_size", batch_size, 1)
    if len(x) != len(t) or not len(x):
        raise ValueError(f"x and t must hold as many samples, at least one: {len(x)} and {len(t)}")
    rng, means = np.random.default_rng(seed), []
    with threadpool_limits(1, "blas"):  # on a busy machine, more are many times slower
        for epoch in range(1, epochs + 1):
            order, total = rng.permutation(len(x)), 0.0
            for start in range(0, len(x), batch_size):
                batch = order[start : start + batch_size]
                loss, slopes = network.loss_and_slopes(x[batch], t[batch])
                optimiser.step(network.params, slopes)
                total += loss * len(batch)
            means.append(total / len(x))
            if after_epoch is not None:
                after_epoch(epoch, means[-1])
    return means
