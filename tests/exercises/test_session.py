"""The check goes on, whatever a student's code does: loops, interrupts, endless printing."""

import dataclasses
import subprocess
import sys
import threading

import pytest
from students import text_of

from course_exercises import chapter01
from course_exercises.engine import session


def test_what_a_job_returns_or_raises_is_handed_on():
    assert session.run(lambda _: 3, seconds=5) == 3
    with pytest.raises(ZeroDivisionError):
        session.run(lambda _: 1 / 0, seconds=5)


def test_what_a_job_prints_is_in_its_session_and_nowhere_else(capsys):
    def job(running):
        print("here")
        return running.printed.getvalue()

    assert session.run(job, seconds=5) == "here\n"
    assert capsys.readouterr().out == ""


def test_code_that_cannot_be_stopped_is_left_behind(monkeypatch):
    monkeypatch.setattr(session, "GRACE", 0.2)
    woken = threading.Event()
    namespace = {"woken": woken}
    exec("def NOR(x1, x2): woken.wait(30)", namespace)
    reply = dataclasses.replace(chapter01.nor, seconds=0.2).judge(namespace["NOR"])
    assert not woken.is_set()
    assert "input NOR(0, 0) Your code was still at work after 0.2 seconds." in text_of(reply)
    assert "Choose Kernel > Restart Kernel" in text_of(reply)
    woken.set()


INTERRUPTED = """
import _thread, signal, threading, time
from course_exercises.engine import session
from course_exercises.engine.comparing import Wrong

signal.signal(signal.SIGINT, signal.default_int_handler)  # also in the background
started = threading.Event()

def interrupt():
    started.wait(30)
    time.sleep(0.5)  # for the check to be waiting
    _thread.interrupt_main()

def loop(_):
    started.set()
    while True:
        pass

threading.Thread(target=interrupt).start()
try:
    session.run(loop, seconds=60)
except Wrong as wrong:
    print(*wrong.sentences)
print(sum(thread.name == "check" for thread in threading.enumerate()), "still at work")
"""


def test_an_interrupt_by_the_student_ends_the_check():
    run = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("You interrupted the check.\n0 still at work\n", "")


def test_what_is_printed_without_end_does_not_fill_the_memory():
    def job(running):
        for _ in range(100):
            print("x" * 1000)
        return running.printed.getvalue()

    assert len(session.run(job, seconds=30)) == session.KEPT


def test_checks_at_the_same_time_each_have_their_own_session():
    """What one check notes is passed along, not looked up: it may even run inside another."""

    def job(outer):
        inner = session.run(lambda running: running, seconds=5)
        outer.doing = ("outer", ())
        return inner is not outer and inner.doing is None

    assert session.run(job, seconds=5)
