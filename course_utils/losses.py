"""Losses: one number that says how wrong the outputs are.

Both losses are summed over the outputs of a sample and averaged over the samples of a batch.
"""

import numpy as np

GUARD = 1e-7  # added inside every log, so that log(0) is never taken


def _probabilities(name, values):
    """Return `values` as a floating array after checking that all lie in [0, 1]."""
    values = np.asarray(values)
    if values.dtype.kind not in "biuf":
        raise TypeError(f"{name} must hold real numbers, got {values.dtype}")
    if values.size == 0:
        raise ValueError(f"{name} is empty (shape {values.shape})")
    outside = ~((values >= 0) & (values <= 1))  # written so that nan counts as outside
    if outside.any():
        where = tuple(int(i) for i in np.argwhere(outside)[0])
        at = f" at index {where}" if where else ""
        raise ValueError(f"{name} must lie in 0 to 1, got {values[where]}{at}")
    return values if values.dtype.kind == "f" else values.astype(np.float64)


def binary_cross_entropy(y, t):
    """Return the cross-entropy of outputs that are each a yes-or-no answer of their own.

    ``-sum(t * log(y + 1e-7) + (1 - t) * log(1 - y + 1e-7))``

    Parameters
    ----------
    y : array_like of float, shape (n_outputs,) or (n, n_outputs)
        Outputs of a sigmoid, in [0, 1].
    t : array_like, shape of `y`
        Targets in [0, 1], for example 0.01 and 0.99.

    Returns
    -------
    float
        Summed over the outputs, averaged over the samples; in nats, -2e-7 or more per output.

    Raises
    ------
    TypeError
        `y` or `t` does not hold real numbers.
    ValueError
        The shapes differ, an array is empty, or a number lies outside [0, 1].
    """
    y, t = _probabilities("y", y), _probabilities("t", t)
    if y.shape != t.shape:
        raise ValueError(f"y and t must have the same shape, got y {y.shape} and t {t.shape}")
    losses = -(t * np.log(y + GUARD) + (1 - t) * np.log(1 - y + GUARD))
    return float(np.mean(np.sum(np.atleast_1d(losses), axis=-1)))


def cross_entropy(y, t):
    """Return the cross-entropy of softmax outputs: ``-log`` of the share given to the truth.

    Parameters
    ----------
    y : array_like of float, shape (n_classes,) or (n, n_classes)
        Outputs of `softmax`, in [0, 1].
    t : array_like
        Either targets of the shape of `y` (one-hot, or any shares in [0, 1]), or integer labels,
        one a sample: shape () or (n,), in 0 to n_classes - 1.

    Returns
    -------
    float
        Averaged over the samples; in nats. At most ``-log(1e-7)``, about 16.1, for a one-hot `t`.

    Raises
    ------
    TypeError
        `y` does not hold real numbers, or a `t` of its shape does not.
    ValueError
        The shapes do not fit, `y` is empty, a number lies outside [0, 1], or a label is not a
        class.

    Notes
    -----
    1e-7 is added inside the log, as in `binary_cross_entropy`.
    """
    y, t = _probabilities("y", y), np.asarray(t)
    if y.ndim == 0:
        raise ValueError("y must hold one share for every class, got a single number")
    if t.shape == y.shape:
        t = _probabilities("t", t)
        losses = -np.sum(t * np.log(y + GUARD), axis=-1)
    elif t.shape == y.shape[:-1] and t.dtype.kind in "iu":
        n_classes = y.shape[-1]
        wrong = (t < 0) | (t >= n_classes)
        if wrong.any():
            label = t[wrong].flat[0]
            raise ValueError(
                f"t holds label {label}, but y has {n_classes} classes: 0 to {n_classes - 1}"
            )
        losses = -np.log(np.take_along_axis(y, t[..., np.newaxis], axis=-1) + GUARD)
    else:
        raise ValueError(
            f"t must be one-hot with the shape of y {y.shape}, or integer labels with shape "
            f"{y.shape[:-1]}; got {t.dtype} with shape {t.shape}"
        )
    return float(np.mean(losses))
