"""The command ``course``: what it prints, its exit status, and what it says of bad input."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_core.paths import jupyter_path
from jupyterlab_server.config import get_federated_extensions, get_page_config
from nbformat.v4 import new_code_cell, new_notebook
from tiny_mnist import fill, snapshot

from course_tools import doctor, execute
from course_tools.command import main
from course_utils.files import COURSE

HOME = Path("data/mnist")


def run_course(*arguments, **kwargs):
    return subprocess.run(
        [sys.executable, "-m", "course_tools", *arguments],
        env=os.environ | {"PYTHONUTF8": "1"},
        encoding="utf-8",
        cwd=COURSE,
        **kwargs,
    )


def test_it_runs_as_a_module_and_lists_the_commands_students_first():
    result = run_course("--help", capture_output=True, check=True)
    names = ["open", "doctor", "progress", "slides", "solve", "collect", "fetch", "execute"]
    places = [result.stdout.index(f"\n    {name} ") for name in names]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["open", "--no-such-option"],
        ["solve", "--no-browser"],
        ["dcotor"],
        ["open", "01", "02"],
        ["collect"],
        ["collect", ".", "--seconds", "-1"],
        ["collect", ".", "--seconds", "nan"],
        ["slides", "--to"],
    ],
)
def test_a_wrong_usage_is_told_the_right_one(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: course" in capsys.readouterr().err


# ---------------------------------------------------------------- errors


@pytest.fixture
def mess(tmp_path, monkeypatch):
    """Go to a folder of things that are no good."""
    (tmp_path / "그림 1.txt").write_text("# text", encoding="utf-8")
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    (tmp_path / "empty.ipynb").write_bytes(b"")
    (tmp_path / "folder.ipynb").mkdir()
    nbformat.write(new_notebook(), tmp_path / "no cells.ipynb")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("command", ["open", "execute", "slides", "solve"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("99", "There is no chapter '99'; the chapters are 00_start_here, 01_perceptron, "),
        ("없는 것.ipynb", "There is no file '없는 것.ipynb'; the chapters are "),
        ("folder.ipynb", "folder.ipynb is a folder: name the notebooks in it."),
    ],
)
def test_a_notebook_that_is_not_there(command, name, said, mess, capsys):
    assert one_sentence(capsys, command, name).startswith(said)


@pytest.mark.parametrize("command", ["execute", "slides", "solve"])
@pytest.mark.parametrize("name", ["그림 1.txt", "empty.ipynb"])
def test_a_file_that_is_no_notebook(command, name, mess, capsys):
    before = snapshot(mess)
    assert one_sentence(capsys, command, name).startswith(f"{name} is not a notebook: ")
    assert snapshot(mess) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["slides", "no cells.ipynb"], "no cells.ipynb has no slides"),
        (["slides", "00", "--to", "taken"], "taken cannot be written ("),
        (["solve", "00", "--to", "taken"], "taken cannot be written ("),
        (
            ["collect", "nowhere"],
            "nowhere is no folder: name the one that holds the submitted notebooks.",
        ),
        (
            ["collect", "taken"],
            "taken is no folder: name the one that holds the submitted notebooks.",
        ),
        (["collect", "folder.ipynb"], "There is no notebook in "),
        (["collect", ".", "--to", "없다/a.csv"], f"{Path('없다', 'a.csv')} cannot be written ("),
        (["collect", ".", "--to", "folder.csv"], "folder.csv cannot be written ("),
    ],
)
def test_other_bad_input(arguments, said, mess, capsys):
    (mess / "folder.csv").mkdir()
    before = snapshot(mess)
    assert said in one_sentence(capsys, *arguments)
    assert snapshot(mess) == before


def one_sentence(capsys, *arguments):
    """Return what a command says on stderr when it fails."""
    assert main(list(arguments)) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize("arguments", [["--debug", "solve", "99"], ["solve", "99", "--debug"]])
def test_a_maintainer_gets_the_traceback(arguments):
    result = run_course(*arguments, capture_output=True)
    assert result.returncode == 1
    assert "Traceback" in result.stderr and "NotebookError: There is no" in result.stderr


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (OSError(28, "No space left on device", "01.ipynb"), 1, "01.ipynb: No space left on"),
        (OSError(28, "No space left on device"), 1, "The system says: No space left on device."),
        (KeyboardInterrupt(), 130, "Stopped. Every file is whole"),
        (ZeroDivisionError("by zero"), 1, "(ZeroDivisionError: by zero): please report it"),
    ],
)
def test_whatever_happens_is_said_in_one_sentence(monkeypatch, capsys, error, status, said):
    def fail(path):
        raise error

    monkeypatch.setattr(execute, "execute", fail)
    assert main(["execute", "01"]) == status
    out, err = capsys.readouterr()
    assert out == "01_perceptron.ipynb: left as it was\n"
    assert said in err and err.count("\n") == 1


def test_a_course_without_its_notebooks_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(doctor, "COURSE", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert f"(the code is in {tmp_path}, without the notebooks)" in one_sentence(capsys, "open")
    assert main(["progress"]) == 0


@pytest.mark.skipif(os.name == "nt", reason="there is no /dev/full")
def test_a_full_disk_and_a_reader_that_has_left():
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        result = run_course("progress", stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == 1
    assert result.stderr == "The system says: No space left on device.\n"
    reader, writer = os.pipe()
    os.close(reader)
    result = run_course("progress", stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (result.returncode, result.stderr) == (1, "")


@pytest.mark.skipif(os.name == "nt", reason="Ctrl+C reaches every process of a Windows console")
def test_ctrl_c_leaves_the_notebook_as_it_was(tmp_path):
    path = tmp_path / "a.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("import time\ntime.sleep(600)")]), path)
    before = path.read_bytes()
    process = subprocess.Popen(
        [sys.executable, "-m", "course_tools", "execute", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout.read(len("a.ipynb: ")) == "a.ipynb: "
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "Stopped. Every file is whole, and the same command may be given again.\n"
    assert path.read_bytes() == before


# ---------------------------------------------------------------- fetch


@pytest.mark.parametrize("is_damaged", [False, True])
def test_fetch_downloads_what_is_missing(is_damaged, data_folder, tiny_mnist, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_OFFLINE", "1")  # to fetch is to wish it
    name = HOME / "t10k-labels-idx1-ubyte.gz"
    if is_damaged:
        fill(data_folder / "mnist", {name.name: b"damaged"})

    def download(folder):
        fill(folder, tiny_mnist, ".gz")
        return [data_folder / "mnist" / f"{name.name}.damaged"] if is_damaged else []

    monkeypatch.setattr("course_tools.fetch.fetch", download)
    assert main(["fetch"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        *([f"A damaged file is now called {name}.damaged."] if is_damaged else []),
        f"The full MNIST set is now in {HOME}.",
    ]
    assert err.startswith(f"{name} is no IDX file") == is_damaged
    assert main(["fetch"]) == 0
    assert capsys.readouterr().out == f"The full MNIST set is already in {HOME}.\n"


def test_fetch_says_why_it_cannot(data_folder, capsys):
    said = one_sentence(capsys, "fetch")
    assert said.startswith("MNIST could not be downloaded (mirror.invalid: host not found")
    assert "data/README.md" in said
    assert snapshot(data_folder) == {}


# ---------------------------------------------------------------- doctor, execute, open


@pytest.mark.parametrize(("cure", "status"), [("", 0), ("do this", 1)])
def test_doctor_prints_its_report(monkeypatch, capsys, cure, status):
    report = doctor.Report([("subject", "found", cure)])
    monkeypatch.setattr(doctor, "report", lambda: report)
    assert main(["doctor"]) == status
    assert capsys.readouterr() == (f"{report}\n", "")


def test_execute_says_which_chapters_changed(monkeypatch, capsys):
    monkeypatch.setattr(execute, "execute", lambda path: path.name.startswith("01"))
    assert main(["execute", "01", "02", "1"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == ["01_perceptron.ipynb: changed", "02_activation_functions.ipynb: unchanged"]


def test_open_starts_jupyterlab_on_a_chapter_without_the_question_about_news(monkeypatch):
    started = []
    monkeypatch.setattr("jupyterlab.labapp.main", started.append)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/kept")
    monkeypatch.setenv("JUPYTER_PATH", "/kept")
    monkeypatch.setenv("PATH", "/kept")
    assert main(["open"]) == 0
    assert main(["open", "3"]) == 0
    assert [Path(path).name for [path] in started] == ["00_start_here.ipynb", "03_softmax.ipynb"]
    assert os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)[-1] == "/kept"
    first, *_, last = os.environ["PATH"].split(os.pathsep)
    assert (first, last) == (str(Path(sys.executable).parent), "/kept")
    assert "one-neuron" in get_federated_extensions(jupyter_path("labextensions"))
    disabled = get_page_config([])["disabledExtensions"]  # as JupyterLab would read it
    assert "@jupyterlab/apputils-extension:announcements" in disabled


def test_open_hands_options_on_to_jupyterlab(monkeypatch):
    started = []
    monkeypatch.setattr("jupyterlab.labapp.main", started.append)
    given = ["--port", "8890", "--no-browser", "--ip=0.0.0.0", "--allow-root"]
    assert main(["open", *given, "3"]) == 0
    [[path, *options]] = started
    assert path.endswith("03_softmax.ipynb")
    assert options == ["--port=8890", "--no-browser", "--ip=0.0.0.0", "--allow-root"]


@pytest.mark.parametrize(
    ("user", "typed", "says"),
    [
        (0, [], True),
        (0, ["--port", "abc"], True),  # may be the reason: root is blamed for nothing
        (0, ["--allow-root"], False),
        (1000, [], False),
    ],
)
def test_root_is_told_what_to_type(user, typed, says, monkeypatch, capsys):
    monkeypatch.setattr("jupyterlab.labapp.main", lambda _: sys.exit(1))
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    if says:
        said = one_sentence(capsys, "open", *typed)
        assert "for the reason that it gives above. If that is the user root" in said
        assert said.endswith(" open --allow-root\n")
    else:
        with pytest.raises(SystemExit, match="1"):
            main(["open", *typed])
