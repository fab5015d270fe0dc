"""Running a student's code so that the check goes on, whatever that code does.

A thread cannot be killed, but an exception can be raised inside it, on every operating system and
also below a Jupyter kernel. So the code runs in a thread of its own, and one that takes too long
gets `SystemExit`, again and again, until it ends; code that swallows the exception in a bare
``except`` meets the next one. The exception arrives between two Python instructions. A single call
of C code that never returns therefore cannot be stopped:

- if it lets other threads run meanwhile (``time.sleep``, reading a socket), it is left behind and
  the check goes on, see `OutOfTime.stopped`;
- if it does not (``sum(range(10**15))``), the kernel hangs until it is restarted.
"""

import builtins
import contextlib
import contextvars
import ctypes
import io
import threading
import time
import warnings
from unittest import mock

GRACE = 2.0  # seconds in which code that is out of time is told to stop
TICK = 0.05  # seconds between two looks at the clock
KEPT = 10_000  # characters of what the code prints that are kept


class OutOfTime(Exception):
    """The code took too long, or the student interrupted the check.

    Attributes
    ----------
    doing : object
        What the code had in hand: `Worker.doing` at that moment.
    interrupted : bool
        It was the student who interrupted it.
    stopped : bool
        Whether the code has come to its end. If not, it is still running.
    """

    def __init__(self, doing, interrupted, stopped):
        super().__init__(doing, interrupted, stopped)
        self.doing, self.interrupted, self.stopped = doing, interrupted, stopped


class Printed(io.TextIOBase):
    """Takes what is printed, and keeps only its beginning."""

    def __init__(self):
        super().__init__()
        self.text = ""

    def writable(self):  # noqa: D102
        return True

    def write(self, text):  # noqa: D102
        self.text += text[: KEPT - len(self.text)]
        return len(text)


class Worker(threading.Thread):
    """The thread that runs one check.

    Attributes
    ----------
    doing : object
        Set by the check: what the student's code is working on at present.
    printed : Printed
        What it has printed so far.
    caught : list of warnings.WarningMessage
        What it has warned of so far.
    stopping : bool
        It is out of time: whoever catches its exceptions passes them on.
    """

    def __init__(self, job, caught):
        super().__init__(name="check", daemon=True)
        self.job, self.context = job, contextvars.copy_context()
        self.result, self.error = None, None
        self.doing, self.printed, self.caught, self.stopping = None, Printed(), caught, False

    def run(self):
        """Do the job; keep what comes of it."""
        try:
            self.result = self.context.run(self.job)
        except BaseException as error:  # handed to whoever waits for this thread
            self.error = error

    def stop(self):
        """Raise `SystemExit` in the thread until it ends; return whether it did."""
        self.stopping = True
        give_up = time.monotonic() + GRACE
        while self.is_alive() and time.monotonic() < give_up:
            # Of all exceptions only this one is not reported on stderr if nobody catches it.
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self.ident), ctypes.py_object(SystemExit)
            )
            # Each at another moment, lest a loop with a bare `except` swallow them all.
            self.join(TICK / 10)
        return not self.is_alive()


def _no_input(prompt=""):
    raise RuntimeError("input() has nobody to ask here: take the values from the arguments")


def run(job, seconds):
    """Return ``job()``, run in a `Worker`, with everything it prints and warns of caught.

    Parameters
    ----------
    job : callable
        Without arguments. ``threading.current_thread()`` is the `Worker` there.
    seconds : float
        How long it may take, on the clock on the wall.

    Raises
    ------
    OutOfTime
        It took longer, or the student interrupted it.
    BaseException
        What `job` raised.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")  # one warning for each line that causes any
        worker = Worker(job, caught)
        with (
            contextlib.redirect_stdout(worker.printed),
            contextlib.redirect_stderr(worker.printed),
            mock.patch.object(builtins, "input", _no_input),
        ):
            deadline, interrupted = time.monotonic() + seconds, False
            try:
                worker.start()
                while worker.is_alive() and time.monotonic() < deadline:
                    worker.join(TICK)
            except KeyboardInterrupt:
                interrupted = True
            if worker.is_alive():
                doing = worker.doing
                raise OutOfTime(doing, interrupted, worker.stop())
    if worker.error is not None:
        raise worker.error
    return worker.result
