"""Training runs that are stopped, killed, damaged and taken up again."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from course_utils import checkpoint
from course_utils.checkpoint import CheckpointError, Run
from course_utils.network import MLP

HERE = Path(__file__).resolve().parent
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


def ctrl_c_in_step(net, *steps):
    """Press Ctrl-C in the middle of the given steps of a training that is still to come."""
    numerical, count = net._numerical, iter(range(1, 10**9))

    def pressed(*args):
        for _ in range(steps.count(next(count))):
            signal.raise_signal(signal.SIGINT)
        return numerical(*args)

    net._numerical = pressed
    return net


def stopped_at(path, step, **options):
    """Leave a run behind that was stopped by Ctrl-C."""
    with pytest.raises(KeyboardInterrupt):
        train(path, net=ctrl_c_in_step(MLP(SIZES, seed=1), step), **options)
    return path


# ---------------------------------------------------------------- save and load


def some_run(step=4):
    params = {"W1": np.array([[0.1, -1e-300], [np.pi, 5e-324]]), "b1": np.zeros(2)}
    losses = np.linspace(3, 1, step)
    return Run(params, step, losses, {"sizes": [2, 2], "learning_rate": 0.1, "shuffle": None})


def test_what_is_saved_is_loaded_to_the_last_bit(tmp_path):
    path, run = tmp_path / "학습 run.npz", some_run()
    checkpoint.save(path, run)
    loaded = checkpoint.load(f"{path}")
    assert list(loaded.params) == list(run.params)
    for name, param in run.params.items():
        np.testing.assert_array_equal(loaded.params[name], param, strict=True)
    np.testing.assert_array_equal(loaded.losses, run.losses, strict=True)
    assert (loaded.step, loaded.settings) == (run.step, run.settings)
    assert list(tmp_path.iterdir()) == [path]


def test_a_checkpoint_holds_no_pickle(tmp_path):
    path = tmp_path / "run.npz"
    checkpoint.save(path, some_run())
    with np.load(path, allow_pickle=False) as contents:
        assert all(contents[name].dtype != object for name in contents.files)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"step": -1}, "step must be 0 or more"),
        ({"step": 4.0}, "step must be 0 or more"),
        ({"step": 5}, r"5 steps, but losses of shape \(4,\)"),
        ({"params": {"W1": np.array([1, np.nan])}}, "W1 does not hold finite numbers"),
        ({"params": {"W1": np.zeros(2, np.float32)}}, "W1 does not hold .* float64"),
    ],
)
def test_a_run_that_contradicts_itself_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        Run(**(vars(some_run()) | change))


def test_the_fingerprint_sees_shape_type_and_every_number():
    a = np.zeros((5000, 2))
    changed = a.copy()
    changed[4999, 1] = 1e-300
    different = [a, changed, a.astype(np.float32), a.reshape(2500, 4), a[:4999]]
    different.append(a.view(np.int64))
    assert len({checkpoint.fingerprint(array) for array in different}) == 6
    assert checkpoint.fingerprint(a, a[:1]) != checkpoint.fingerprint(a[:1], a)
    assert checkpoint.fingerprint(a.T.copy().T) == checkpoint.fingerprint(a)


def test_leftovers_of_killed_saves_go_and_those_of_a_running_save_stay(tmp_path):
    path = tmp_path / "run [1].npz"
    old, young, other = (
        tmp_path / f".{name}.part"
        for name in ("run [1].npz.0123abcd", "run [1].npz.4567abcd", "run 1.npz.0123abcd")
    )
    for leftover in (old, young, other):
        leftover.write_bytes(b"half a checkpoint")
    hour_ago = time.time() - 3600
    for leftover in (old, other):
        os.utime(leftover, (hour_ago, hour_ago))
    checkpoint.save(path, some_run())
    assert not old.exists()
    assert young.exists()
    assert other.exists()


# ---------------------------------------------------------------- stopped and taken up


@pytest.mark.parametrize("shuffle", [None, 7])
@pytest.mark.parametrize("step", [1, 39, 40, 41, 119, 120])
def test_a_run_that_ctrl_c_stopped_ends_as_if_it_had_not_been(tmp_path, step, shuffle):
    path = stopped_at(tmp_path / "run.npz", step, shuffle=shuffle)
    assert checkpoint.load(path).step == step
    fresh = MLP(SIZES, seed=99)  # its own numbers are replaced by the checkpoint's
    assert_same(train(path, net=fresh, resume=True, shuffle=shuffle), train(shuffle=shuffle))


def test_the_network_that_was_stopped_can_go_on_itself(tmp_path):
    path, net = tmp_path / "run.npz", ctrl_c_in_step(MLP(SIZES, seed=1), 50)
    weights = net.params["W1"]
    with pytest.raises(KeyboardInterrupt):
        train(path, net=net)
    result = train(path, net=net, resume=True)
    assert_same(result, train())
    assert net.params["W1"] is weights


def test_ctrl_c_says_where_the_run_is_and_how_to_go_on(tmp_path):
    path, net = tmp_path / "run.npz", MLP(SIZES, seed=1)
    with pytest.raises(KeyboardInterrupt) as stop:
        train(path, net=ctrl_c_in_step(net, 50))
    assert str(stop.value) == (
        f"stopped after step 50 of 120 and saved in {path}; to go on, call fit again with "
        "resume=True"
    )
    with pytest.raises(KeyboardInterrupt) as stop:
        train(net=ctrl_c_in_step(net, 3))
    assert str(stop.value) == "stopped after step 3 of 120; the network keeps what it has learned"


def test_a_notebook_shows_one_line_when_ctrl_c_stops_a_training():
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell()
    shell.user_ns |= {"train": train, "net": ctrl_c_in_step(MLP(SIZES, seed=1), 3)}
    with capture_output() as shown:
        result = shell.run_cell("train(net=net)")
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    expected = "Training stopped after step 3 of 120; the network keeps what it has learned."
    assert shown.stdout.strip() == expected


def test_ctrl_c_twice_stops_at_once_and_leaves_the_last_checkpoint(tmp_path):
    path = tmp_path / "run.npz"
    with pytest.raises(KeyboardInterrupt) as stop:
        train(path, net=ctrl_c_in_step(MLP(SIZES, seed=1), 50, 50))
    assert str(stop.value) == ""
    assert checkpoint.load(path).step == 0
    assert_same(train(path, resume=True), train())


def test_ctrl_c_works_as_before_when_training_is_over():
    before = signal.getsignal(signal.SIGINT)
    train()
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


def test_a_run_is_saved_every_so_many_seconds(tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(checkpoint, "save", lambda path, run: saved.append(run.step))
    clock = iter(range(10**6))
    monkeypatch.setattr("course_utils.training.time.monotonic", lambda: next(clock))
    train(tmp_path / "run.npz", save_every=50)  # every look at this clock takes a second
    assert saved[0] == 0
    assert saved[-1] == 120
    assert 40 < saved[1] < 60
    assert 80 < saved[2] < 120


# ---------------------------------------------------------------- killed

IN_ANOTHER_PROCESS = f"""
import os, signal, sys, time
from pathlib import Path
sys.path.insert(0, {os.fspath(HERE)!r})
import test_checkpoint
path = Path(sys.argv[1])
"""

KILL_AT_RANDOM_MOMENTS = """
def run(path):
    child = os.fork()
    if child == 0:
        test_checkpoint.train(path, epochs=EPOCHS, resume=path.exists(), save_every=0.002)
        os._exit(0)
    return child

start = time.monotonic()
os.waitpid(run(path.with_name("whole.npz")), 0)
duration = time.monotonic() - start
killed = 0
for moment in test_checkpoint.np.random.default_rng(SEED).uniform(0, duration / 12, 20):
    child = run(path)
    time.sleep(moment)
    os.kill(child, signal.SIGKILL)
    killed += os.waitpid(child, 0)[1] == signal.SIGKILL
print(killed)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, to start 20 processes at once")
def test_a_run_killed_at_20_random_moments_ends_as_if_it_had_not_been(tmp_path):
    """It saves every 2 ms, so that some of the moments lie in the middle of a save."""
    path, epochs, seed = tmp_path / "run.npz", 60, 20
    script = f"EPOCHS, SEED = {epochs}, {seed}" + IN_ANOTHER_PROCESS + KILL_AT_RANDOM_MOMENTS
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=True
    )
    halves = len(list(tmp_path.glob(".run.npz.*.part")))
    print(f"{done.stdout.strip()} of 20 processes killed, {halves} in the middle of a save")
    print(f"the moments are drawn with seed {seed}")
    assert int(done.stdout) >= 15
    assert checkpoint.load(path).step < 40 * epochs
    assert_same(train(path, epochs=epochs, resume=True), train(epochs=epochs))


KILL_IN_A_SAVE = """
import numpy.lib.format
test_checkpoint.stopped_at(path, 50)

def kill(*_):
    os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)

def write_array(*args, written=[], original=numpy.lib.format.write_array, **kwargs):
    written.append(1)
    original(*args, **kwargs) if len(written) < 4 else kill()

if MOMENT == "half of the arrays are written":
    import numpy.lib._npyio_impl as npyio
    npyio.format.write_array = write_array
elif MOMENT == "all is written, and not yet on the disk":
    os.fsync = kill
else:
    Path.replace = kill
test_checkpoint.train(path, resume=True)
"""


@pytest.mark.parametrize(
    "moment",
    [
        "half of the arrays are written",
        "all is written, and not yet on the disk",
        "all is on the disk, and has not yet its name",
    ],
)
def test_a_save_killed_halfway_leaves_the_last_checkpoint(tmp_path, moment):
    path = tmp_path / "run.npz"
    script = f"MOMENT = {moment!r}" + IN_ANOTHER_PROCESS + KILL_IN_A_SAVE
    done = subprocess.run([sys.executable, "-c", script, path], capture_output=True)
    assert done.returncode != 0
    assert done.stderr == b""  # killed, not failed
    assert len(list(tmp_path.glob(".run.npz.*.part"))) == 1
    assert checkpoint.load(path).step == 50
    assert_same(train(path, resume=True), train())


# ---------------------------------------------------------------- what is refused


def test_a_new_run_does_not_take_the_place_of_another(tmp_path):
    path = stopped_at(tmp_path / "run.npz", 50)
    with pytest.raises(CheckpointError, match=r"run.npz exists already: pass resume=True"):
        train(path)
    assert checkpoint.load(path).step == 50


def test_to_resume_takes_a_file():
    with pytest.raises(ValueError, match="resume=True needs the file"):
        train(resume=True)
    with pytest.raises(CheckpointError, match=r"there is no checkpoint nowhere.npz"):
        train("nowhere.npz", resume=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"net": MLP([6, 4, 3])}, r"sizes \[6, 5, 3\], not \[6, 4, 3\]"),
        ({"net": MLP(SIZES, hidden="relu")}, "hidden sigmoid, not relu"),
        ({"net": MLP(SIZES, output="softmax")}, "output sigmoid, not softmax"),
        ({"rate": 0.2}, r"learning_rate 0.1, not 0.2"),
        ({"method": "backprop"}, "method numerical, not backprop"),
        ({"shuffle": 8}, "shuffle 7, not 8"),
        ({"shuffle": None}, "shuffle 7, not None"),
        ({"x": X + 1e-9}, "other data"),
        ({"t": T[::-1]}, "other data"),
        ({"x": X[:20], "t": T[:20]}, "other data"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_and_kept(tmp_path, options, message):
    path = stopped_at(tmp_path / "run.npz", 10)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=f"the run in .*run.npz has {message}"):
        train(path, resume=True, **options)
    assert path.read_bytes() == before


def test_parameters_of_other_shapes_are_refused(tmp_path):
    path = stopped_at(tmp_path / "run.npz", 10)
    run = checkpoint.load(path)
    run.params["W2"] = run.params["W2"].T
    checkpoint.save(path, run)
    with pytest.raises(CheckpointError, match="does not hold the parameters of this network"):
        train(path, resume=True)


def test_a_checkpoint_cut_short_anywhere_is_refused(tmp_path):
    path, cut = stopped_at(tmp_path / "run.npz", 10), tmp_path / "cut.npz"
    whole = path.read_bytes()
    for length in [*range(0, len(whole), 97), len(whole) - 1]:
        cut.write_bytes(whole[:length])
        with pytest.raises(CheckpointError, match=r"cut.npz is damaged, or no checkpoint"):
            train(cut, resume=True)


def test_a_damaged_byte_is_refused_or_harmless(tmp_path):
    path, damaged = stopped_at(tmp_path / "run.npz", 10), tmp_path / "damaged.npz"
    whole, run = path.read_bytes(), checkpoint.load(path)
    refused = 0
    places = range(0, len(whole), 7)
    for place in places:
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        try:
            loaded = checkpoint.load(damaged)
        except CheckpointError:
            refused += 1
        else:
            assert (loaded.step, loaded.settings) == (run.step, run.settings)
            for name, param in run.params.items():
                np.testing.assert_array_equal(loaded.params[name], param)
    assert refused > 0.5 * len(places)


@pytest.mark.parametrize("contents", [b"", b"PK", b"\x80\x05K\x01.", b"<html>", b"\x93NUMPY"])
def test_a_file_that_is_something_else_is_refused(tmp_path, contents):
    path = tmp_path / "run.npz"
    path.write_bytes(contents)
    with pytest.raises(CheckpointError, match=r"run.npz is damaged, or no checkpoint"):
        checkpoint.load(path)


def test_an_npz_or_npy_file_of_somebody_else_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    np.savez(path, W1=np.zeros(3))
    with pytest.raises(CheckpointError, match="no checkpoint"):
        checkpoint.load(path)
    np.savez(path, header=np.array([{"a": 1}], dtype=object), losses=np.zeros(0))
    with pytest.raises(CheckpointError, match="no checkpoint"):
        checkpoint.load(path)
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(CheckpointError, match="no checkpoint"):
        checkpoint.load(path)


class Intruder:
    """Its pickle makes a folder when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def test_a_pickle_in_a_checkpoint_is_not_read(tmp_path):
    path, trace = tmp_path / "run.npz", tmp_path / "the pickle was read"
    np.savez(path, header=np.array([Intruder(trace)], dtype=object))
    with pytest.raises(CheckpointError, match="no checkpoint"):
        checkpoint.load(path)
    assert not trace.exists()


def test_a_newer_version_is_told_from_a_damaged_file(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    with monkeypatch.context() as later:
        later.setattr(checkpoint, "VERSION", 2)
        checkpoint.save(path, some_run())
    with pytest.raises(
        CheckpointError, match=r"newer version .*version 2, this one reads 1.*update"
    ):
        checkpoint.load(path)


def test_an_unreadable_checkpoint_is_named(tmp_path):
    path = tmp_path / "run.npz"
    path.mkdir()
    with pytest.raises(CheckpointError, match=r"run.npz cannot be read: "):
        train(path, resume=True)
    with pytest.raises(CheckpointError, match="exists already"):
        train(path)


def test_a_checkpoint_without_permission_is_named(tmp_path):
    path = stopped_at(tmp_path / "run.npz", 10)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(CheckpointError, match=r"run.npz cannot be read: Permission denied"):
        train(path, resume=True)


def test_a_missing_folder_is_told_before_the_first_step(tmp_path):
    net = MLP(SIZES, seed=1)
    with pytest.raises(CheckpointError, match=r"could not be saved in .*make room .*another place"):
        train(tmp_path / "nowhere" / "run.npz", net=net)
    np.testing.assert_array_equal(net.params["W1"], MLP(SIZES, seed=1).params["W1"])


# ---------------------------------------------------------------- a full disk


@pytest.fixture
def full_disk():
    """Return a function that lets this process write so many bytes to a file, and no more."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def allow(size):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))

    yield allow
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 500, 2000])
def test_a_full_disk_leaves_the_last_checkpoint(tmp_path, full_disk, room):
    path = stopped_at(tmp_path / "run.npz", 50)
    before = path.read_bytes()
    assert len(before) > 2000
    full_disk(room)
    with pytest.raises(CheckpointError, match=r"step 50 could not be saved in .*run.npz: "):
        train(path, resume=True)
    full_disk(10**9)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
    assert_same(train(path, resume=True), train())


def fail_from_save(monkeypatch, first, last=10**9):
    """Let the disk be full from one save to another, counted from 1."""
    count, fsync = iter(range(1, 10**9)), os.fsync

    def full(fd):
        if first <= next(count) <= last:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(fd)

    monkeypatch.setattr(os, "fsync", full)


def test_a_disk_that_is_full_for_a_while_does_not_stop_the_training(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    fail_from_save(monkeypatch, 3, 5)
    with pytest.warns(
        UserWarning, match=r"step \d+ could not be saved .* Training goes on"
    ) as noted:
        result = train(path, save_every=1e-9)
    assert len(noted) == 3
    assert noted[0].filename == __file__
    assert_same(result, train())
    assert checkpoint.load(path).step == 120


def test_a_disk_that_is_full_at_the_end_is_an_error_and_the_network_keeps_all(
    tmp_path, monkeypatch
):
    path, net = tmp_path / "run.npz", MLP(SIZES, seed=1)
    fail_from_save(monkeypatch, 2)
    with pytest.raises(CheckpointError, match="step 120 could not be saved"):
        train(path, net=net)
    assert checkpoint.load(path).step == 0
    np.testing.assert_array_equal(net.params["W1"], train()[0].params["W1"])


def test_ctrl_c_on_a_full_disk_says_both(tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    fail_from_save(monkeypatch, 2)
    with pytest.raises(KeyboardInterrupt) as stop:
        train(path, net=ctrl_c_in_step(MLP(SIZES, seed=1), 50))
    assert "stopped after step 50 of 120; the network keeps" in str(stop.value)
    assert "step 50 could not be saved" in str(stop.value)


# ---------------------------------------------------------------- a training that diverges


def test_a_training_that_diverges_keeps_the_last_good_checkpoint(tmp_path):
    path, x = tmp_path / "run.npz", X.copy()
    x[30] = np.finfo(float).max  # finite, but its sums are not
    net = MLP(SIZES, hidden="relu", seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(FloatingPointError, match=r"run.npz holds the run as it was") as error:
            train(path, net=net, x=x, shuffle=None, save_every=1e-9)
    run = checkpoint.load(path)
    assert run.step >= 30
    assert f" at step {run.step + 1}: the training diverges" in str(error.value)
    assert all(np.isfinite(param).all() for param in run.params.values())
    assert np.isfinite(run.losses).all()
