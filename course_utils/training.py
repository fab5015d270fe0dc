"""The loop around the steps of a training: shown, saved, stopped by Ctrl-C, and taken up again."""

import hashlib
import json
import math
import signal
import threading
import time
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

from course_utils import checks
from course_utils.files import read_npz, replacing
from course_utils.message import CourseError, Message

VERSION = 2  # of the form of checkpoints
SAVE_EVERY = 30.0  # seconds

KEPT = "Training stopped after step {done:,} of {total:,}; the network keeps what it has learned"
SAVED = (
    "Training stopped after step {done:,} of {total:,} and saved in {path}; to go on, call fit "
    "again with resume=True"
)


class CheckpointError(CourseError):
    """A checkpoint that cannot be written or used."""


class TrainingStopped(KeyboardInterrupt):
    """Ctrl-C, after the run was brought to a good end; the message says how to go on with it."""

    def _render_traceback_(self):
        """Return what a notebook shows: the message alone, since nothing went wrong."""
        return [str(self)]


def train(
    step, params, x, t, epochs, settings, shuffle=None, checkpoint=None, resume=False, progress=True
):
    """Take one step for each sample, epoch after epoch; return the loss of each.

    ``step(x_one, t_one)`` changes `params` in place and returns the loss before the change. Runs
    that agree in `settings`, `shuffle`, `x` and `t` are one. The options of `MLP.fit`:

    Parameters
    ----------
    shuffle : int, optional
        A seed: every epoch takes the samples in another order, drawn from it.
    checkpoint : path-like, optional
        An .npz file for the run: at the start, every 30 seconds, at the end, at Ctrl-C.
    resume : bool
        Go on with the run in `checkpoint`, to the last bit as without the interruption. More
        epochs prolong the run.
    progress : bool
        Show a bar with the mean loss of the last thousand steps and the time left.

    A loss of nan or infinity is a FloatingPointError; the checkpoint holds the run before that. A
    checkpoint that cannot be used, or holds a run already while `resume` is False, is a
    CheckpointError. Ctrl-C, or Interrupt in a notebook, is a TrainingStopped after the step.
    """
    epochs = checks.whole("epochs", epochs, 1)
    if shuffle is not None:
        shuffle = checks.whole("shuffle, a seed,", shuffle, 0)
    if resume and not checkpoint:
        raise ValueError("resume=True needs the file to go on from: pass checkpoint=...")
    n, total, done = len(x), epochs * len(x), 0
    losses = np.empty(total)
    if checkpoint:
        checkpoint = Path(checkpoint)
        settings = {"version": VERSION, **settings, "shuffle": shuffle}
        settings |= {"x": _fingerprint(x), "t": _fingerprint(t)}
        if resume:
            done = _resume(checkpoint, settings, params, losses)
        elif checkpoint.exists():
            raise CheckpointError(
                "{path} exists already: pass resume=True to go on, or another name", path=checkpoint
            )

    def keep():
        if not all(np.isfinite(param).all() for param in params.values()):
            raise _diverged("a parameter", "nan or infinite", done)
        if checkpoint:
            _save(checkpoint, settings, params, losses[:done])

    keep()  # that there is no room is better known now than in an hour
    due = time.monotonic() + SAVE_EVERY
    with (
        _ctrl_c_noted() as stop,
        tqdm(None, "training", total, unit=" steps", initial=done, disable=not progress) as bar,
        np.errstate(over="ignore", invalid="ignore"),  # a nan is reported, with its step, below
        threadpool_limits(1, "blas"),  # products this small only lose by waiting for a second core
    ):
        while done < total:
            epoch, start = divmod(done, n)
            order = range(n)
            if shuffle is not None:  # it follows from seed and epoch, so that no state is saved
                order = np.random.default_rng([shuffle, epoch]).permutation(n)
            for i in order[start:]:
                loss = step(x[i].astype(np.float64), t[i])
                if not math.isfinite(loss):
                    raise _diverged("the loss", loss, done + 1)
                losses[done] = loss
                done += 1
                if bar.update() or done == total:
                    recent = losses[max(done - 1000, 0) : done].mean()
                    bar.set_postfix_str(f"loss {recent:.3f}", refresh=False)
                if stop:
                    keep()
                    values = {"done": done, "total": total, "path": checkpoint}
                    raise TrainingStopped(Message(SAVED if checkpoint else KEPT, **values))
                if time.monotonic() >= due:
                    try:
                        keep()
                    except CheckpointError as error:
                        warnings.warn(f"{error}. Training goes on.", stacklevel=3)
                    due = time.monotonic() + SAVE_EVERY
        keep()
    return losses


@contextmanager
def _ctrl_c_noted():
    """Yield a list that is empty until Ctrl-C is pressed; a second Ctrl-C stops at once."""
    noted = []

    def note(*_):
        if noted:
            raise KeyboardInterrupt
        noted.append("Ctrl-C")

    # Only the main thread gets Ctrl-C, and may say what becomes of it.
    is_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, note) if is_main else None
    try:
        yield noted
    finally:
        if is_main:
            signal.signal(signal.SIGINT, before or signal.SIG_DFL)


def _diverged(what, became, step):
    return FloatingPointError(
        f"{what} became {became} at step {step:,}: the training diverges, try a smaller learning "
        "rate. A checkpoint, if there is one, holds the run as it was before that"
    )


def _fingerprint(array):
    return hashlib.sha256(np.ascontiguousarray(array)).hexdigest()


def _save(path, settings, params, losses):
    """Replace a checkpoint as a whole, or leave it as it is."""
    try:
        with replacing(path) as file:
            np.savez(file, settings=json.dumps(settings), losses=losses, **params)
    except OSError as error:
        raise CheckpointError(
            "step {step:,} could not be saved in {path} ({reason}); make room, or go elsewhere",
            **{"step": len(losses), "path": path, "reason": error.strerror or error},
        ) from error


def _resume(path, settings, params, losses):
    """Set `params` and `losses` to where a run stopped; return how many steps it had done."""
    cure = Message("start the run anew under another name, or go back to a copy of it")
    arrays = read_npz(path, CheckpointError, cure)
    found = {}
    with suppress(TypeError, ValueError):  # damaged
        found = dict(json.loads(str(arrays.get("settings"))))
    for name, wanted in settings.items():
        if found.get(name) != wanted:
            raise CheckpointError(
                "{path} holds another run, or one of another version of the course: its {name} is "
                "{found!s:.24}, not {wanted!s:.24}. Pass what it was started with, or another name",
                **{"path": path, "name": name, "found": found.get(name), "wanted": wanted},
            )
    if arrays.keys() != {"settings", "losses", *params}:
        raise CheckpointError("{path} is damaged; {cure}", path=path, cure=cure)
    done = len(arrays["losses"])
    if done > len(losses):
        raise CheckpointError(
            "{path} is at step {done:,}, and the epochs end at step {total:,}: ask for more epochs",
            **{"path": path, "done": done, "total": len(losses)},
        )
    for name, param in params.items():
        param[...] = arrays[name]
    losses[:done] = arrays["losses"]
    return done
