"""Training runs that are stopped, killed, damaged and taken up again."""

import errno
import os
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from course_utils import training
from course_utils.network import MLP
from course_utils.training import CheckpointError

SIZES = [6, 5, 3]
RATE = 0.1
rng = np.random.default_rng(0)
X = rng.integers(0, 4, (40, 6)) / 3
T = 0.01 + 0.98 * np.eye(3)[rng.integers(3, size=40)]


def train(path=None, epochs=3, net=None, x=X, t=T, rate=RATE, **options):
    """Run a small training; return the network and its loss history."""
    net = net or MLP(SIZES, seed=1)
    options = {"shuffle": 7, "progress": False} | options
    return net, net.fit(x, t, epochs, rate, checkpoint=path, **options)


def assert_same(one, other):
    """Compare two results of `train` bit by bit."""
    for name, param in one[0].params.items():
        np.testing.assert_array_equal(param, other[0].params[name], strict=True)
    np.testing.assert_array_equal(one[1], other[1], strict=True)


def steps_in(path):
    with np.load(path, allow_pickle=False) as arrays:
        return len(arrays["losses"])


@contextmanager
def ctrl_c_in(*steps):
    """Press Ctrl-C in the middle of these steps of each training, counted from 1."""

    def pressed(step, *args, **options):
        count = iter(range(1, 10**9))

        def step_and_press(x_one, t_one):
            for _ in range(steps.count(next(count))):
                signal.raise_signal(signal.SIGINT)
            return step(x_one, t_one)

        return training.train(step_and_press, *args, **options)

    with patch("course_utils.network.train", pressed):
        yield


def stopped_at(path, step, **options):
    """Leave a run behind that was stopped by Ctrl-C."""
    with ctrl_c_in(step):
        assert len(train(path, **options)[1]) == step
    return path


# ---------------------------------------------------------------- stopped and taken up


@pytest.mark.parametrize("shuffle", [None, 7])
@pytest.mark.parametrize("step", [1, 39, 40, 41, 119, 120])
def test_a_run_that_ctrl_c_stopped_ends_as_if_it_had_not_been(tmp_path, step, shuffle):
    path = stopped_at(tmp_path / "학습 run.npz", step, shuffle=shuffle)
    assert steps_in(path) == step
    fresh = MLP(SIZES, seed=99)  # its own numbers are replaced by the checkpoint's
    assert_same(train(path, net=fresh, resume=True, shuffle=shuffle), train(shuffle=shuffle))
    assert list(tmp_path.iterdir()) == [path]


def test_the_network_that_was_stopped_can_go_on_itself(tmp_path):
    net = MLP(SIZES, seed=1)
    path = stopped_at(tmp_path / "run.npz", 50, net=net)
    assert_same(train(path, net=net, resume=True), train())


def test_ctrl_c_says_in_one_line_where_the_run_is_and_how_to_go_on(tmp_path, capsys):
    stopped_at(tmp_path / "run.npz", 50)
    assert capsys.readouterr().out == (
        "Training stopped after step 50 of 120 and saved in run.npz; to go on, call fit again with "
        "resume=True\n"
    )
    stopped_at(None, 3)
    assert capsys.readouterr().out == (
        "Training stopped after step 3 of 120. The network keeps what it has learned; to go on "
        "from there, call its fit again\n"
    )


def test_what_ctrl_c_stopped_returns_the_losses_so_far_and_can_be_called_again():
    net = MLP(SIZES, seed=1)
    with ctrl_c_in(40):
        losses = train(net=net, shuffle=None)[1]
    np.testing.assert_array_equal(losses, train(shuffle=None)[1][:40])
    assert_same(train(net=net, epochs=1, shuffle=None), (net, train(shuffle=None)[1][40:80]))


def test_ctrl_c_in_the_last_step_changes_nothing(capsys):
    with ctrl_c_in(120):
        assert_same(train(), train())
    assert capsys.readouterr().out == ""


def test_ctrl_c_before_the_first_step_leaves_nothing_to_tell(capsys, monkeypatch):
    monkeypatch.setattr(training.CtrlCNoted, "noted", True)
    assert len(train(progress=True)[1]) == 0
    assert "Training stopped after step 0 of 120." in capsys.readouterr().out


def test_ctrl_c_twice_stops_at_once_and_leaves_the_last_checkpoint(tmp_path):
    path = tmp_path / "run.npz"
    with pytest.raises(KeyboardInterrupt) as stop, ctrl_c_in(50, 50):
        train(path)
    assert str(stop.value) == ""
    assert steps_in(path) == 0
    assert_same(train(path, resume=True), train())


@pytest.mark.parametrize("steps", [(), (3,), (3, 3)])
def test_ctrl_c_works_as_before_when_training_is_over(steps):
    before = signal.getsignal(signal.SIGINT)
    with suppress(KeyboardInterrupt), ctrl_c_in(*steps):
        train()
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_works_as_before_when_training_failed():
    before, net = signal.getsignal(signal.SIGINT), MLP(SIZES, seed=1)
    net.params["W1"][...] = np.finfo(float).max
    net.params["W2"][...] = np.nan
    with patch("course_utils.checks.finite", lambda name, array: array):
        with pytest.raises(FloatingPointError):
            train(net=net)
    assert signal.getsignal(signal.SIGINT) is before


def test_training_works_in_a_thread_too():
    results = []
    thread = threading.Thread(target=lambda: results.append(train()))
    thread.start()
    thread.join()
    assert_same(results[0], train())


def test_more_epochs_prolong_a_finished_run(tmp_path):
    path = tmp_path / "run.npz"
    assert_same(train(path, epochs=2), train(epochs=2))
    assert_same(train(path, epochs=2, resume=True), train(epochs=2))  # nothing left to do
    assert_same(train(path, epochs=5, resume=True), train(epochs=5))
    with pytest.raises(CheckpointError, match=r"at step 200, .* end at step 160: ask for more"):
        train(path, epochs=4, resume=True)


def test_two_saves_at_once_leave_one_whole_run(tmp_path, monkeypatch):
    """Two cells, or two students in one folder, write the same file again and again."""
    path = stopped_at(tmp_path / "run.npz", 5)
    monkeypatch.setattr(training, "SAVE_EVERY", 0)
    threads = [
        threading.Thread(target=lambda: train(path, epochs=2, resume=True)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(tmp_path.iterdir()) == [path]
    assert_same(train(path, epochs=2, resume=True), train(epochs=2))


# ---------------------------------------------------------------- in a process of its own

IN_ANOTHER_PROCESS = f"""
import os, signal, sys, time
from pathlib import Path
sys.path.insert(0, {os.fspath(Path(__file__).resolve().parent)!r})
import test_checkpoint
path = Path(sys.argv[1])
"""

CTRL_C = """
print("started", flush=True)
test_checkpoint.train(path, epochs=100_000)
"""

KILL_AT_RANDOM_MOMENTS = """
test_checkpoint.training.SAVE_EVERY = 0  # so that most moments lie in the middle of a save

def run(path):
    child = os.fork()
    if child == 0:
        test_checkpoint.train(path, epochs=5, resume=path.exists())
        os._exit(0)
    return child

start = time.monotonic()
os.waitpid(run(path.with_name("whole.npz")), 0)
duration = time.monotonic() - start
killed = 0
for moment in test_checkpoint.np.random.default_rng(20).uniform(0, duration / 5, 7):
    child = run(path)
    time.sleep(moment)
    os.kill(child, signal.SIGKILL)
    killed += os.waitpid(child, 0)[1] == signal.SIGKILL
print(killed)
"""

KILL_IN_A_SAVE = """
test_checkpoint.stopped_at(path, 50)

def kill(*_):
    os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)

if MOMENT == "before the new file is on the disk":
    os.fsync = kill
else:
    Path.replace = kill
test_checkpoint.train(path, resume=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no Ctrl-C to one process alone")
def test_ctrl_c_in_a_real_process(tmp_path):
    path = tmp_path / "run.npz"
    child = subprocess.Popen(
        [sys.executable, "-c", IN_ANOTHER_PROCESS + CTRL_C, path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    child.stdout.readline()
    while not path.exists():
        time.sleep(0.01)
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    said, complaints = child.communicate(timeout=60)
    assert (child.returncode, complaints) == (0, "")
    done = int(re.search(r"stopped after step ([\d,]+) of", said)[1].replace(",", ""))
    assert steps_in(path) == done > 0
    epochs = done // 40 + 1  # of the 100,000: the end comes sooner than planned
    assert_same(train(path, epochs=epochs, resume=True), train(epochs=epochs))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, to start many processes at once")
def test_a_run_killed_at_random_moments_ends_as_if_it_had_not_been(tmp_path):
    path = tmp_path / "run.npz"
    script = IN_ANOTHER_PROCESS + KILL_AT_RANDOM_MOMENTS
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=True
    )
    halves = len(list(tmp_path.glob(".run.npz.*.part")))
    print(f"{done.stdout.strip()} of 7 processes killed, {halves} in the middle of a save")
    assert int(done.stdout) >= 4
    assert_same(train(path, epochs=5, resume=True), train(epochs=5))


@pytest.mark.parametrize(
    "moment", ["before the new file is on the disk", "before the new file has its name"]
)
def test_a_save_killed_halfway_leaves_the_last_checkpoint(tmp_path, moment):
    path = tmp_path / "run.npz"
    script = f"MOMENT = {moment!r}" + IN_ANOTHER_PROCESS + KILL_IN_A_SAVE
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True)
    assert done.returncode != 0
    assert done.stderr == b""  # killed, not failed
    assert steps_in(path) == 50
    assert_same(train(path, resume=True), train())


# ---------------------------------------------------------------- what is refused


def test_a_new_run_does_not_take_the_place_of_another(tmp_path):
    path = stopped_at(tmp_path / "run.npz", 50)
    with pytest.raises(CheckpointError, match=r"run.npz exists already: pass resume=True"):
        train(path)
    assert steps_in(path) == 50


def test_to_resume_takes_a_file(tmp_path):
    with pytest.raises(ValueError, match="resume=True needs the file"):
        train(resume=True)
    with pytest.raises(CheckpointError, match=r"nowhere.npz cannot be read \(No such file"):
        train("nowhere.npz", resume=True)
    with pytest.raises(CheckpointError, match="it is a folder"):
        train(tmp_path, resume=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"net": MLP([6, 4, 3])}, r"sizes is \[6, 5, 3\], not \[6, 4, 3\]"),
        ({"net": MLP(SIZES, hidden="relu")}, "hidden is sigmoid, not relu"),
        ({"net": MLP(SIZES, output="softmax")}, "output is sigmoid, not softmax"),
        ({"rate": 0.2}, r"learning_rate is 0.1, not 0.2"),
        ({"method": "backprop"}, "method is numerical, not backprop"),
        ({"shuffle": 8}, "shuffle is 7, not 8"),
        ({"shuffle": None}, "shuffle is 7, not None"),
        ({"x": X + 1e-9}, "x is "),
        ({"t": T[::-1]}, "t is "),
        ({"x": X[:20], "t": T[:20]}, "x is "),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_and_kept(tmp_path, options, message):
    path = stopped_at(tmp_path / "run.npz", 10)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=f"run.npz holds another run.* its {message}"):
        train(path, resume=True, **options)
    assert path.read_bytes() == before


def test_a_newer_version_and_the_file_of_somebody_else_are_refused(tmp_path, monkeypatch):
    path = stopped_at(tmp_path / "run.npz", 10)
    monkeypatch.setattr(training, "VERSION", training.VERSION - 1)
    with pytest.raises(CheckpointError, match=r"another version of the course: its version is 2"):
        train(path, resume=True)
    np.savez(path, W1=np.zeros(3))
    with pytest.raises(CheckpointError, match="its version is None"):
        train(path, resume=True)


@pytest.mark.parametrize("settings", ["no JSON", "[1]", "3", np.zeros(2)])
def test_settings_that_are_none_are_refused(tmp_path, settings):
    path = stopped_at(tmp_path / "run.npz", 10)
    with np.load(path) as kept:
        arrays = dict(kept) | {"settings": settings}
    np.savez(path, **arrays)
    with pytest.raises(CheckpointError, match=r"run\.npz holds another run"):
        train(path, resume=True)


def test_a_checkpoint_cut_short_anywhere_is_refused(tmp_path):
    path, cut = stopped_at(tmp_path / "run.npz", 10), tmp_path / "cut.npz"
    whole = path.read_bytes()
    for length in [*range(0, len(whole), 97), len(whole) - 1]:
        cut.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"cut.npz is no whole .npz file"):
            train(cut, resume=True)


def test_a_damaged_byte_is_refused_or_harmless(tmp_path):
    path, damaged = stopped_at(tmp_path / "run.npz", 10), tmp_path / "damaged.npz"
    whole, undisturbed = path.read_bytes(), train()
    refused = 0
    places = range(0, len(whole), 13)
    for place in places:
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        try:
            result = train(damaged, resume=True)
        except CheckpointError:
            refused += 1
        else:
            assert_same(result, undisturbed)
    assert refused > 0.5 * len(places)


class Intruder:
    """Its pickle makes a folder when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_in_a_checkpoint_is_not_read(tmp_path):
    path, trace = tmp_path / "run.npz", tmp_path / "the pickle was read"
    np.savez(path, settings=np.array([Intruder(trace)], dtype=object))
    with pytest.raises(CheckpointError, match=r"no whole .npz file"):
        train(path, resume=True)
    assert not trace.exists()


# ---------------------------------------------------------------- where nothing can be written


def test_a_missing_folder_is_told_before_the_first_step(tmp_path):
    net = MLP(SIZES, seed=1)
    with pytest.raises(CheckpointError, match=r"could not be saved in .*make room"):
        train(tmp_path / "nowhere" / "run.npz", net=net)
    np.testing.assert_array_equal(net.params["W1"], MLP(SIZES, seed=1).params["W1"])


def test_a_read_only_folder_is_told_before_the_first_step(tmp_path):
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("this user may write everywhere")
    with pytest.raises(CheckpointError, match=r"could not be saved in .*Permission denied"):
        train(tmp_path / "run.npz")


@pytest.fixture
def full_disk():
    """Return a function that lets this process write so many bytes to a file, and no more."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 500, 2000])
def test_a_full_disk_leaves_the_last_checkpoint(tmp_path, full_disk, room):
    path = stopped_at(tmp_path / "run.npz", 50)
    before = path.read_bytes()
    assert len(before) > 2000
    full_disk(room)
    with pytest.raises(CheckpointError, match=r"step 50 could not be saved in .*run.npz"):
        train(path, resume=True)
    full_disk(10**9)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    assert_same(train(path, resume=True), train())


def disk_full_from_save(monkeypatch, first, last=10**9):
    count, fsync = iter(range(1, 10**9)), os.fsync

    def full(fd):
        if first <= next(count) <= last:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", full)


def test_a_disk_that_is_full_for_a_while_does_not_stop_the_training(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    disk_full_from_save(monkeypatch, 3, 5)
    monkeypatch.setattr(training, "SAVE_EVERY", 0)
    with pytest.warns(
        UserWarning, match=r"step \d could not be saved .* Training goes on"
    ) as noted:
        result = train(path)
    assert len(noted) == 3
    assert noted[0].filename == __file__
    assert_same(result, train())
    assert steps_in(path) == 120


def test_a_disk_that_is_full_at_the_end_is_an_error_and_the_network_keeps_all(
    tmp_path, monkeypatch
):
    path, net = tmp_path / "run.npz", MLP(SIZES, seed=1)
    disk_full_from_save(monkeypatch, 2)
    with pytest.raises(CheckpointError, match="step 120 could not be saved"):
        train(path, net=net)
    assert steps_in(path) == 0
    np.testing.assert_array_equal(net.params["W1"], train()[0].params["W1"])


def test_a_training_that_diverges_keeps_the_last_good_checkpoint(tmp_path, monkeypatch):
    path, x = tmp_path / "run.npz", X.copy()
    x[30] = np.finfo(float).max  # finite, but its sums are not
    net = MLP(SIZES, hidden="relu", seed=1)
    monkeypatch.setattr(training, "SAVE_EVERY", 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(
            FloatingPointError, match=r"holds the run as it was before that"
        ) as error:
            train(path, net=net, x=x, shuffle=None)
    done = steps_in(path)
    assert done >= 30
    assert f" at step {done + 1}: the training diverges" in str(error.value)
    with np.load(path) as arrays:
        assert all(np.isfinite(arrays[name]).all() for name in ("W1", "b2", "losses"))
