"""Running a student's code so that the check goes on, whatever that code does.

A thread cannot be killed, but an exception can be raised inside it, on every operating system and
also below a Jupyter kernel. So the code runs in a thread of its own, and one that takes too long
gets `SystemExit`, again and again, until it ends; code that swallows the exception in a bare
``except`` meets the next one. The exception arrives between two Python instructions. A single call
of C code that never returns therefore cannot be stopped. If it lets other threads run meanwhile
(``time.sleep``, reading a socket), it is left behind and the check goes on; if it does not
(``sum(range(10**15))``), the kernel hangs until it is restarted.

In a browser's tab there are no threads. There the code runs in the only one, and Python looks at
the clock before each of its lines. A loop that swallows every exception is not stopped there.
"""

import builtins
import contextlib
import contextvars
import ctypes
import io
import sys
import threading
import time
import warnings
from concurrent.futures import Future, wait
from unittest import mock

from course_exercises.engine.reply import Wrong
from course_exercises.engine.showing import show_call
from course_utils import browser
from course_utils.message import Message

GRACE = 2.0  # seconds in which code that is out of time is told to stop
TICK = 0.05  # seconds between two looks at the clock
KEPT = 10_000  # characters of what the code prints that are kept

OUT_OF_TIME = (
    "Your code was still at work after {seconds:g} seconds. Is there a loop in it that never ends?"
)
NO_INPUT = "input() has nobody to ask here: take the values from the arguments"
STILL_RUNNING = "It could not be stopped. Choose Kernel > Restart Kernel before you go on."


class Printed(io.StringIO):
    """Takes what is printed, and keeps only its beginning."""

    def write(self, text):  # noqa: D102
        return super().write(text[: KEPT - self.tell()])


class Session:
    """One check while it runs: what the check and whoever waits for it tell each other."""

    def __init__(self, warned):
        self.printed = Printed()  # what the student's code has printed so far
        self.warned = warned  # what it has warned of so far: a list of `warnings.WarningMessage`
        self.doing = None  # what it is working on, a name and its arguments; set by the check
        self.is_over = False  # it is out of time: whoever catches its exceptions passes them on


def run(job, seconds):
    """Return ``job(session)``, run in a thread, with all that it prints and warns of caught.

    Parameters
    ----------
    job : callable
        Takes the `Session` that it shares with this function.
    seconds : float
        How long it may take, on the clock on the wall.

    Raises
    ------
    Wrong
        It took longer, or the student interrupted it.
    BaseException
        What `job` raised.
    """
    if browser.IN_BROWSER:
        return _run_without_threads(job, seconds)
    with _caught() as session:
        worker, done = _start(job, session)
        deadline, problem = time.monotonic() + seconds, Message(OUT_OF_TIME, seconds=seconds)
        try:
            # Not with `worker.join`: in Python 3.11 an interrupted one takes the thread for ended.
            while not done.done() and time.monotonic() < deadline:
                wait([done], TICK)
        except KeyboardInterrupt:
            problem = "You interrupted the check."
        if done.done():
            worker.join()
            return done.result()
        rows = _rows(session)
        session.is_over = True
        raise Wrong(*[problem] if _has_ended(worker) else [problem, STILL_RUNNING], rows=rows)


def _run_without_threads(job, seconds):
    """Do what `run` does in this thread: Python calls `look` before each line of the job."""

    def look(*_):
        if time.monotonic() > deadline:
            session.is_over = True
            raise SystemExit
        return look

    got, before = None, sys.gettrace()
    with _caught() as session:
        deadline = time.monotonic() + seconds
        sys.settrace(look)
        try:
            got = job(session)
        except BaseException:
            if not session.is_over:
                raise
        finally:
            sys.settrace(before)
        if session.is_over:
            raise Wrong(Message(OUT_OF_TIME, seconds=seconds), rows=_rows(session))
        return got


def _rows(session):
    """Return the row that shows what the code was working on."""
    return [("input", show_call(*session.doing))] if session.doing else []


@contextlib.contextmanager
def _caught():
    """Catch what is printed and warned of, and refuse `input`; yield the `Session` that has it."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("default")  # one warning for each line that causes any
        session = Session(warned)
        with (
            contextlib.redirect_stdout(session.printed),
            contextlib.redirect_stderr(session.printed),
            mock.patch.object(builtins, "input", side_effect=RuntimeError(NO_INPUT)),
        ):
            yield session


def _start(job, session):
    """Return the thread that does a job, and the `Future` that takes what comes of it."""
    done, context = Future(), contextvars.copy_context()

    def work():
        try:
            done.set_result(context.run(job, session))
        except BaseException as error:
            done.set_exception(error)

    worker = threading.Thread(target=work, name="check", daemon=True)
    worker.start()
    return worker, done


def _has_ended(worker):
    """Raise `SystemExit` in a thread until it ends; return whether it did."""
    give_up = time.monotonic() + GRACE
    while worker.is_alive() and time.monotonic() < give_up:
        # Of all exceptions only this one is not reported on stderr if nobody catches it.
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(worker.ident), ctypes.py_object(SystemExit)
        )
        # Each at another moment, lest a loop with a bare `except` swallow them all.
        worker.join(TICK / 10)
    return not worker.is_alive()
