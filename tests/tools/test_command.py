"""``python -m course_tools``: what it prints, and its exit status."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from jupyterlab_server.config import get_page_config
from tiny_mnist import fill, snapshot

from course_tools import command, doctor
from course_tools import execute as notebooks
from course_tools.command import main
from course_utils.mnist import download as mnist_download
from course_utils.mnist import idx as mnist_files

HOME = Path("data/mnist")


@pytest.fixture
def command_line(data_folder, tiny_mnist, monkeypatch):
    """Let a download succeed at once; return the folder that it fills."""

    def download(url, *_):
        name = url.rpartition("/")[2].removesuffix(".gz")
        return contents[name]

    home = data_folder / "mnist"
    fill(data_folder / "served", tiny_mnist, ".gz")
    contents = {
        name: (data_folder / "served" / f"{name}.gz").read_bytes() for name in mnist_files.FILES
    }
    monkeypatch.setattr(mnist_download, "_download", download)
    return home


def test_fetch_downloads_also_when_the_course_is_offline(command_line, monkeypatch, capsys):
    monkeypatch.setenv("COURSE_OFFLINE", "1")  # to fetch is to wish it
    assert main(["fetch"]) == 0
    assert capsys.readouterr().out == f"The full MNIST set is now in {HOME}.\n"
    before = snapshot(command_line)
    assert len(before) == 4
    assert main(["fetch"]) == 0
    assert capsys.readouterr().out == f"The full MNIST set is already in {HOME}.\n"
    assert snapshot(command_line) == before


def test_fetch_names_damaged_files(command_line, capsys):
    fill(command_line, {"t10k-labels-idx1-ubyte.gz": b"damaged"})
    assert main(["fetch"]) == 0
    out, err = capsys.readouterr()
    name = HOME / "t10k-labels-idx1-ubyte.gz"
    assert err.startswith(f"{name} is no gzip file\n")
    assert out.startswith(f"A damaged file is now called {name}.damaged.\n")


def test_fetch_finds_mnist_dir(data_folder, tiny_mnist, tmp_path, monkeypatch, capsys):
    fill(tmp_path / "elsewhere", tiny_mnist)
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "elsewhere"))
    assert main(["fetch"]) == 0
    assert (
        capsys.readouterr().out == f"The full MNIST set is already in {tmp_path / 'elsewhere'}.\n"
    )


def test_fetch_says_why_it_cannot(data_folder, capsys):
    assert main(["fetch"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("MNIST could not be downloaded (mirror.invalid: host not found).\n")
    assert "data/README.md" in err
    assert snapshot(data_folder) == {}


def test_fetch_can_be_stopped(data_folder, monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(mnist_download, "_download", interrupt)
    assert main(["fetch"]) == 130
    assert capsys.readouterr() == ("", "Stopped. The same command goes on from here.\n")
    assert snapshot(data_folder) == {}


@pytest.mark.parametrize(("cure", "status"), [("", 0), ("do this", 1)])
def test_doctor_prints_its_report(monkeypatch, capsys, cure, status):
    report = doctor.Report([("subject", "found", cure)])
    monkeypatch.setattr(doctor, "report", lambda: report)
    assert main(["doctor"]) == status
    assert capsys.readouterr() == (f"{report}\n", "")


def test_execute_names_a_chapter_that_does_not_exist(capsys):
    assert main(["execute", "99"]) == 1
    assert "there is no chapter '99'" in capsys.readouterr().err


def test_execute_says_which_chapters_changed(monkeypatch, capsys):
    monkeypatch.setattr(notebooks, "execute", lambda path: path.name.startswith("01"))
    assert main(["execute", "01", "02"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == ["01_perceptron.ipynb: changed", "02_activation_functions.ipynb: unchanged"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "01.ipynb"), "No space left on device: '01.ipynb'"),
        (KeyboardInterrupt(), "its notebook stays as it was"),
    ],
)
def test_execute_that_cannot_go_on_says_why(monkeypatch, capsys, error, said):
    def fail(path):
        raise error

    monkeypatch.setattr(notebooks, "execute", fail)
    assert main(["execute", "01"]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["dcotor"]])
def test_a_wrong_command_shows_the_right_ones(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "usage: python -m course_tools" in capsys.readouterr().err


def test_it_runs_as_a_module():
    result = subprocess.run(
        [sys.executable, "-m", "course_utils", "--help"],
        cwd=Path(command.__file__).parent.parent,
        env=os.environ | {"PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    for name in ("doctor", "fetch", "execute"):
        assert f"\n    {name} " in result.stdout


def test_open_starts_jupyterlab_on_a_chapter_without_the_question_about_news(monkeypatch):
    started = []
    monkeypatch.setattr("jupyterlab.labapp.main", lambda arguments: started.append(arguments))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/kept")
    monkeypatch.setenv("PATH", "/kept")
    main(["open"])
    main(["open", "3"])
    assert [Path(path).name for [path] in started] == ["00_start_here.ipynb", "03_softmax.ipynb"]
    assert os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)[-1] == "/kept"
    first, *_, last = os.environ["PATH"].split(os.pathsep)
    assert (first, last) == (str(Path(sys.executable).parent), "/kept")
    disabled = get_page_config([])["disabledExtensions"]  # as JupyterLab would read it
    assert "@jupyterlab/apputils-extension:announcements" in disabled


def test_open_names_a_chapter_that_does_not_exist(capsys):
    assert main(["open", "99"]) == 1
    assert "no chapter '99'" in capsys.readouterr().err
