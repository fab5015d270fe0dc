"""The loop around the steps of a training: shown, saved, stopped by Ctrl-C, and taken up again."""

import math
import signal
import threading
import time
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from course_utils import checkpoint as checkpoints
from course_utils.checkpoint import CheckpointError, Run


class TrainingStopped(KeyboardInterrupt):
    """Ctrl-C, after the run was brought to a good end; the message says how to go on with it."""

    def _render_traceback_(self):
        """Return what a notebook shows: the message alone, since nothing went wrong."""
        return [f"Training {self}."]


def train(
    step, params, x, t, epochs, settings, checkpoint, resume=False, save_every=30.0, progress=True
):
    """Take one step for each sample, epoch after epoch.

    Parameters
    ----------
    step : callable
        ``step(x_one, t_one)`` changes `params` in place and returns the loss before the change.
    params : dict of str to ndarray of float64
    x, t : ndarrays, shapes (n, n_inputs) and (n, n_outputs)
        Each sample of `x` reaches `step` as float64.
    epochs : int above 0
    settings : dict
        What two runs must have in common to take equal steps, in types that JSON has; among it
        ``"shuffle"``, the seed of the order or None.
    checkpoint : path-like or None
    resume : bool
    save_every : float
        In seconds.
    progress : bool
        All as for `course_utils.network.MLP.fit`.

    Returns
    -------
    ndarray of float64, shape (epochs * n,)
        The loss of every step.

    Raises
    ------
    FloatingPointError, CheckpointError, TrainingStopped
        As for `course_utils.network.MLP.fit`.
    """
    n, total, done = len(x), epochs * len(x), 0
    losses = np.empty(total)
    if checkpoint:
        checkpoint = Path(checkpoint)
        settings = settings | {"data": checkpoints.fingerprint(x, t)}
        if resume:
            done = _take_up(checkpoint, settings, params, losses)
        elif checkpoint.exists():
            raise CheckpointError(
                f"{checkpoint} exists already: pass resume=True to go on with the run in it, or "
                "choose another name"
            )

    def save():
        _require_finite(params, done, checkpoint)
        checkpoints.save(checkpoint, Run(params, done, losses[:done], settings))

    if checkpoint:
        save()  # that there is no room is better known now than in an hour
    due = time.monotonic() + save_every
    with (
        _ctrl_c_noted() as stop,
        _progress_bar(done, total, progress) as bar,
        np.errstate(over="ignore", invalid="ignore"),  # a nan is reported, with its step, below
        threadpool_limits(1, "blas"),  # products this small only lose by waiting for a second core
    ):
        for epoch in range(done // n, epochs):
            for i in _order(n, settings["shuffle"], epoch)[done % n :]:
                loss = step(x[i].astype(np.float64), t[i])
                if not math.isfinite(loss):
                    raise _diverged(f"the loss became {loss}", done + 1, checkpoint)
                losses[done] = loss
                done += 1

                if bar.update() or done == total:
                    recent = losses[max(done - 1000, 0) : done].mean()
                    bar.set_postfix_str(f"loss {recent:.3f}", refresh=False)
                if stop:
                    raise TrainingStopped(_farewell(done, total, checkpoint, save))
                if checkpoint and time.monotonic() >= due:
                    try:
                        save()
                    except CheckpointError as error:
                        warnings.warn(f"{error}. Training goes on.", stacklevel=3)
                    due = time.monotonic() + save_every
        if checkpoint:
            save()
    _require_finite(params, done, checkpoint)
    return losses


def _order(n, seed, epoch):
    """Return the order in which an epoch takes its n samples.

    It follows from the seed and the epoch alone, so that these are all that a checkpoint needs.
    """
    if seed is None:
        return np.arange(n)
    return np.random.default_rng([seed, epoch]).permutation(n)


def _take_up(checkpoint, settings, params, losses):
    """Set `params` and `losses` to where a run stopped; return how many steps it had done."""
    run = checkpoints.load(checkpoint)
    for name, wanted in settings.items():
        found = run.settings.get(name)
        if found != wanted:
            difference = "other data" if name == "data" else f"{name} {found}, not {wanted}"
            raise CheckpointError(
                f"the run in {checkpoint} has {difference}: pass what it was started with, or "
                "save this run under another name"
            )
    if {k: p.shape for k, p in run.params.items()} != {k: p.shape for k, p in params.items()}:
        raise CheckpointError(f"{checkpoint} does not hold the parameters of this network")
    if run.step > len(losses):
        raise CheckpointError(
            f"the run in {checkpoint} is at step {run.step:,}, but the epochs asked for end at "
            f"step {len(losses):,}: ask for more epochs"
        )
    for name, param in params.items():
        param[...] = run.params[name]
    losses[: run.step] = run.losses
    return run.step


def _require_finite(params, done, checkpoint):
    """Raise an error if a parameter became nan or infinite, before it is saved or returned."""
    for name, param in params.items():
        if not np.isfinite(param).all():
            raise _diverged(f"{name} became nan or infinite", done, checkpoint)


def _diverged(what, step, checkpoint):
    kept = f"; {checkpoint} holds the run as it was before that" if checkpoint else ""
    return FloatingPointError(
        f"{what} at step {step:,}: the training diverges, try a smaller learning rate{kept}"
    )


def _farewell(done, total, checkpoint, save):
    """Save a run that Ctrl-C stops; return the line that says where it stands."""
    line = f"stopped after step {done:,} of {total:,}"
    if not checkpoint:
        return f"{line}; the network keeps what it has learned"
    try:
        save()
    except CheckpointError as error:
        return f"{line}; the network keeps what it has learned, but {error}"
    return f"{line} and saved in {checkpoint}; to go on, call fit again with resume=True"


def _progress_bar(done, total, shown):
    return tqdm(
        initial=done,
        total=total,
        desc="training",
        unit=" steps",
        mininterval=0.25,
        disable=not shown,
    )


@contextmanager
def _ctrl_c_noted():
    """Note Ctrl-C instead of stopping in the middle of a step; a second one stops at once.

    Yields
    ------
    list
        Empty until Ctrl-C is pressed.
    """
    noted = []
    if threading.current_thread() is not threading.main_thread():
        yield noted  # only the main thread gets Ctrl-C, and may say what becomes of it
        return

    def note(*_):
        if noted:
            raise KeyboardInterrupt
        noted.append("Ctrl-C")

    before = signal.signal(signal.SIGINT, note)
    try:
        yield noted
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)
