"""Losses: one number, in nats, that says how wrong the outputs are.

Both are summed over the outputs of a sample and averaged over the samples of a batch. Numbers
outside [0, 1], shapes that do not fit and empty arrays are ValueErrors, other things than real
numbers TypeErrors.
"""

import numpy as np

from course_utils import checks

GUARD = 1e-7  # added inside every log, so that log(0) is never taken


def binary_cross_entropy(y, t):
    """Return the cross-entropy of outputs that are each a yes-or-no answer of their own.

    ``-sum(t * log(y + 1e-7) + (1 - t) * log(1 - y + 1e-7))``, a float of -2e-7 or more per output.

    Parameters
    ----------
    y, t : array_like of float, shape (n_outputs,) or (n, n_outputs)
        Outputs of a sigmoid, in [0, 1]; targets in [0, 1], for example 0.01 and 0.99.
    """
    y, t = checks.shares("y", y), checks.shares("t", t)
    checks.shape("t", t, y.shape)
    losses = -(t * np.log(y + GUARD) + (1 - t) * np.log(1 - y + GUARD))
    return float(np.mean(np.sum(np.atleast_1d(losses), axis=-1)))


def cross_entropy(y, t):
    """Return the cross-entropy of softmax outputs: ``-log`` of the share given to the truth.

    ``-sum(t * log(y + 1e-7))``, a float of at most ``-log(1e-7)``, about 16.1, for one-hot `t`.

    Parameters
    ----------
    y, t : array_like of float, shape (n_classes,) or (n, n_classes), and array_like
        Outputs of `softmax`, in [0, 1]; either targets of the shape of `y` (one-hot, or any shares
        in [0, 1]), or integer labels, one a sample: shape () or (n,), in 0 to n_classes - 1.
    """
    y, t = checks.shares("y", y), np.asarray(t)
    if y.ndim == 0:
        raise ValueError("y must hold one share for every class, got a single number")
    if t.shape == y.shape[:-1]:
        t = checks.labels("t", t, y.shape[-1])
        return float(np.mean(-np.log(np.take_along_axis(y, t[..., np.newaxis], axis=-1) + GUARD)))
    checks.shape("t, unless it holds one label a row,", t, y.shape)
    return float(np.mean(-np.sum(checks.shares("t", t) * np.log(y + GUARD), axis=-1)))
