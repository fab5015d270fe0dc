"""The loop around the steps of a training: shown, saved, stopped by Ctrl-C, and taken up again."""

import hashlib
import json
import math
import signal
import sys
import threading
import time
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from course_utils import browser, checks
from course_utils.files import read_npz, replacing
from course_utils.message import CourseError, Message

VERSION = 2  # of the form of checkpoints
SAVE_EVERY = 30.0  # seconds
LOG_LINES = 6

KEPT = (
    "Training stopped after step {done:,} of {total:,}. The network keeps what it has learned; to "
    "go on from there, call its fit again"
)
SAVED = (
    "Training stopped after step {done:,} of {total:,} and saved in {file}; to go on, call fit "
    "again with resume=True"
)


class CheckpointError(CourseError):
    """A checkpoint that cannot be written or used."""


def train(
    step, params, x, t, epochs, settings, shuffle=None, checkpoint=None, resume=False, progress=True
):
    """Take one step for each sample, epoch after epoch; return the loss of each step taken.

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
        Show a bar with the time left and, at the end, a log; with the mean loss of the last
        thousand steps.

    Ctrl-C, or Interrupt in a notebook, ends the run after the step that it is at: one line says
    how to go on, and the losses so far are returned, fewer than `epochs` ask for. Whatever calls
    this goes on, a script or "Run All" too. A second Ctrl-C is a KeyboardInterrupt at once.

    A loss of nan or infinity is a FloatingPointError; the checkpoint holds the run before that. A
    checkpoint that cannot be used, or holds a run already while `resume` is False, is a
    CheckpointError.
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

    def recent(done):
        return {"mean loss": losses[max(done - 1000, 0) : done].mean()}

    def keep():
        if not all(np.isfinite(param).all() for param in params.values()):
            raise _diverged("a parameter", "nan or infinite", done)
        if checkpoint:
            _save(checkpoint, settings, params, losses[:done])

    keep()  # that there is no room is better known now than in an hour
    before, clock = done, [time.monotonic()]  # then the time after each step
    due = clock[0] + SAVE_EVERY
    with (
        CtrlCNoted() as ctrl_c,
        live_bar("step", total, done, show=progress) as bar,
        np.errstate(over="ignore", invalid="ignore"),  # a nan is reported, with its step, below
        threadpool_limits(1, "blas"),  # products this small only lose by waiting for a second core
    ):
        while done < total and not ctrl_c.noted:
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
                clock.append(time.monotonic())
                if bar.update():
                    bar.set_postfix_str(f"loss {recent(done)['mean loss']:.3f}", refresh=False)
                if ctrl_c.noted:
                    break
                if clock[-1] >= due:
                    try:
                        keep()
                    except CheckpointError as error:
                        warnings.warn(f"{error}. Training goes on.", stacklevel=3)
                    due = time.monotonic() + SAVE_EVERY
        keep()
    if progress and done:
        print_log("step", clock, recent, before)
    if done < total:
        file = checkpoint and checkpoint.name
        print(Message(SAVED if checkpoint else KEPT, done=done, total=total, file=file))
    return losses[:done]


class CtrlCNoted:
    """In a ``with`` block, Ctrl-C or Interrupt only sets `noted` to True; a second stops at once.

    After the block, however it ends, Ctrl-C does what it did before.
    """

    noted, before = False, None

    def __enter__(self):
        """Begin to note it, in the main thread: no other gets it, or may say what it does."""
        if threading.current_thread() is threading.main_thread():
            self.before = signal.signal(signal.SIGINT, self._note) or signal.SIG_DFL
        return self

    def __exit__(self, *error):
        """Let it do again what it did."""
        self.noted = False
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)

    def _note(self, *_):
        if self.noted:
            raise KeyboardInterrupt
        self.noted = True


def live_bar(unit, total=None, done=0, *, show=True):
    """Return a tqdm bar for a training, as text that is gone when the bar is closed."""
    # Of a line that is written over, a notebook stores what comes last: here, the log.
    file = sys.stderr if sys.stderr.isatty() else sys.stdout
    if browser.IN_BROWSER:
        tqdm.monitor_interval = 0  # or it would warn that it cannot start a thread
    options = {"unit": f" {unit}s", "initial": done, "disable": not show, "file": file}
    return tqdm(None, "training", total, leave=False, ncols=79, **options)


def print_log(unit, clock, values, before=0):
    """Print six lines, or fewer, about a training: at equal shares of what was done.

    Parameters
    ----------
    unit : str
        What is counted, from `before` on: "step", "epoch".
    clock : sequence of float
        The time in seconds, at the start and after each unit.
    values : callable
        Takes the number of a unit, counted from 1, and returns what to tell, {name: float}.
    """
    n = len(clock) - 1
    rows = [[unit, *values(before + n), "elapsed"]]
    # Not at equal times: how many lines there are may not depend on the speed of the computer.
    for k in sorted({math.ceil(n * share / LOG_LINES) for share in range(1, LOG_LINES + 1)}):
        numbers = [f"{number:.4f}" for number in values(before + k).values()]
        rows.append([f"{before + k:,}", *numbers, f"{clock[k] - clock[0]:.1f} s"])
    for row in rows:
        cells = zip(row, rows[0], strict=True)
        print("  ".join(f"{cell:>{max(len(name), 8)}}" for cell, name in cells))


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
