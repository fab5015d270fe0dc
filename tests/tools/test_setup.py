"""What the README's two commands stand on: the pins, the version check, a cheap import."""

import json
import re
import runpy
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from course_utils.files import COURSE
from course_utils.quiet import WITHOUT_TENSORFLOW

PROJECT = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LIGHT = "requirements-light.txt"
PINNED = re.compile(r"([A-Za-z0-9._-]+)==\S+( ; .+)?")


def requirement_lines(name):
    text = (COURSE / name).read_text(encoding="utf-8")
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def names(lines):
    return {re.match(r"[A-Za-z0-9._-]+", line)[0] for line in lines}


@pytest.mark.parametrize("form", ["requirements", "requirements-light"])
def test_requirements_install_the_course_first_and_pin_all_that_it_needs(form):
    first, *rest = requirement_lines(f"{form}.txt")
    assert first == "-e ."
    assert [line for line in rest if not PINNED.fullmatch(line)] == []
    wanted = names(PROJECT["dependencies"]) | names(requirement_lines(f"{form}.in")[1:])
    if form == "requirements":
        wanted |= names(PROJECT["optional-dependencies"]["tensorflow"])
    assert wanted - names(rest) == set()


def test_the_light_requirements_are_the_others_without_tensorflow_and_the_tools_of_tests():
    """What the light ones leave out is there for the sake of something that they leave out."""
    full, light = (requirement_lines(name) for name in ("requirements.txt", LIGHT))
    assert set(light) - set(full) == set()  # the same pins, with the same conditions
    assert "tensorflow" in names(full[1:]) - names(light[1:])
    text = (COURSE / "requirements.txt").read_text(encoding="utf-8")
    for name in names(full[1:]) - names(light[1:]) - {"tensorflow", "names"}:  # our extra
        [wanted_by] = re.findall(rf"^{re.escape(name)}==.*\n((?:    #.*\n)+)", text, re.MULTILINE)
        wanted_by = set(re.findall(r"# (?:via )?(?:  )?(\S+)", wanted_by)) - {"via"}
        assert wanted_by & names(light[1:]) == set()
        assert "one-neuron-to-keras" not in wanted_by


@pytest.mark.parametrize(
    ("system", "machine", "is_installed"),
    [
        ("linux", "x86_64", True),
        ("linux", "aarch64", True),
        ("darwin", "arm64", True),
        ("darwin", "x86_64", False),
        ("win32", "AMD64", True),
        ("win32", "ARM64", False),
    ],
)
def test_tensorflow_is_installed_where_there_is_one(system, machine, is_installed):
    platform = {"sys_platform": system, "platform_machine": machine, "extra": "tensorflow"}
    lines = [*requirement_lines("requirements.txt")[1:], *PROJECT["optional-dependencies"].values()]
    for line in lines:
        requirement = Requirement(line[0] if isinstance(line, list) else line)
        if requirement.name in ("tensorflow", "keras", "h5py", "grpcio"):  # have compiled parts
            assert requirement.marker.evaluate(platform) == is_installed
    assert ((system, machine) in WITHOUT_TENSORFLOW) == (not is_installed)


@pytest.mark.parametrize("version", [(3, 10), (3, 14), (2, 7), (4, 0)])
def test_a_wrong_python_is_told_in_one_sentence(version, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (*version, 1, "final", 0))
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(COURSE / "setup.py"))
    sentence = str(stopped.value)
    assert sentence.startswith("This course needs Python 3.11, 3.12 or 3.13, but this is Python ")
    assert f"{version[0]}.{version[1]}: install Python 3.13" in sentence


@pytest.mark.parametrize("minor", [11, 12, 13])
def test_a_right_python_goes_on(minor, monkeypatch):
    calls = []
    monkeypatch.setattr("setuptools.setup", lambda: calls.append("setup"))
    monkeypatch.setattr(sys, "version_info", (3, minor, 0, "final", 0))
    runpy.run_path(str(COURSE / "setup.py"))
    assert calls == ["setup"]


@pytest.mark.parametrize(
    "module", ["course_utils", "course_utils.mnist", "course_utils.losses", "course_tools.command"]
)
def test_the_import_loads_nothing_heavy(module):
    code = f"import sys, {module}; print(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"tensorflow", "pandas", "scipy", "sklearn", "mlxtend", "matplotlib", "pooch"}
    heavy |= {"numpy", "nbformat"} if module == "course_tools.command" else set()
    assert heavy & set(result.stdout.split()) == set()


def test_the_readme_has_one_line_that_tests_and_one_that_starts():
    readme = (COURSE / "README.md").read_text(encoding="utf-8")
    set_up = "python3 -m venv .venv && .venv/bin/python -m pip install -r requirements.txt && "
    lines = [line for line in readme.splitlines() if line.startswith(set_up)]
    assert [line.removeprefix(set_up) for line in lines] == [
        ".venv/bin/course open",
        ".venv/bin/python -m pytest",
    ]
    # Without a network pip cannot prepare the course again: the end of the line must do.
    assert "`.venv/bin/course open`" in readme


def test_containers_install_what_the_readme_says():
    text = (COURSE / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    container = json.loads(text)
    set_up = container["postCreateCommand"]
    assert f"{set_up} && .venv/bin/course open" in (COURSE / "README.md").read_text(
        encoding="utf-8"
    )
    [extra] = requirement_lines("binder/requirements.txt")
    assert (COURSE / "binder" / extra.removeprefix("-r ")).resolve() == COURSE / LIGHT
    binder = (COURSE / "binder" / "runtime.txt").read_text(encoding="utf-8").strip()
    pythons = [container["image"].rpartition(":")[2], binder.removeprefix("python-")]
    supported = SpecifierSet(PROJECT["requires-python"])
    assert [python for python in pythons if python not in supported] == []
