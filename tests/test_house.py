"""The house as a whole: who imports whom, how large each room is, and what is said of it."""

import ast
import re
import tomllib
from collections import Counter
from graphlib import CycleError, TopologicalSorter

import nbformat
import pytest
import yaml

import course_exercises
from course_utils.chapters import CHAPTERS, NOTEBOOKS
from course_utils.files import COURSE

PACKAGES = ("course_utils", "course_exercises", "course_tools")
# One way through the house. Chapter 00 also shows the doctor, which is a tool.
MAY_IMPORT = {
    "course_utils": {"course_utils"},
    "course_exercises": {"course_utils", "course_exercises"},
    "course_tools": {"course_utils", "course_exercises", "course_tools"},
    "notebooks": {"course_utils", "course_exercises"},
}
SHOWN_IN_CHAPTER_00 = "course_tools.doctor"
GLOSSARY = NOTEBOOKS / "glossary.ipynb"
# Lines of Python, docstrings included. To raise one is a decision: say in the commit what for.
BUDGETS = {
    "course_utils": 3785,
    "course_exercises/engine": 1055,
    "course_tools": 2860,
}
LINES_AN_EXERCISE = 102

MODULES = {
    ".".join(path.relative_to(COURSE).with_suffix("").parts).removesuffix(".__init__"): path
    for package in PACKAGES
    for path in (COURSE / package).rglob("*.py")
}


def imported_by(source):
    """Return which modules of ours some code imports, at its top or anywhere inside."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            inside = {f"{node.module}.{name.name}" for name in node.names}
            found |= inside & MODULES.keys() or {node.module}
    return {name for name in found if name.partition(".")[0] in PACKAGES}


def imports_of(path):
    return imported_by(path.read_text(encoding="utf-8"))


def lines_of(paths):
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


@pytest.mark.parametrize("name", MODULES)
def test_imports_go_one_way(name):
    package = name.partition(".")[0]
    assert {other.partition(".")[0] for other in imports_of(MODULES[name])} <= MAY_IMPORT[package]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.number)
def test_notebooks_import_what_is_made_for_them(chapter):
    cells = nbformat.read(chapter.path, as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    wanted = imported_by(code)
    if chapter.number == "00":
        wanted.discard(SHOWN_IN_CHAPTER_00)
    assert {name.partition(".")[0] for name in wanted} <= MAY_IMPORT["notebooks"]
    assert wanted <= MODULES.keys()


def test_no_imports_go_in_a_circle():
    try:
        TopologicalSorter({name: imports_of(path) for name, path in MODULES.items()}).prepare()
    except CycleError as error:
        pytest.fail(f"these import each other in a circle: {' -> '.join(error.args[1])}")


def test_a_circle_would_be_found():
    with pytest.raises(CycleError):
        TopologicalSorter({"a": {"b"}, "b": {"a"}}).prepare()


@pytest.mark.parametrize("room", BUDGETS)
def test_a_room_keeps_its_budget(room):
    n_lines = lines_of((COURSE / room).rglob("*.py"))
    assert n_lines <= BUDGETS[room], (
        f"{room} has {n_lines} lines: shorten it, or raise BUDGETS here"
    )


def test_exercises_keep_their_budget():
    numbers = course_exercises.chapters()
    n_exercises = sum(len(course_exercises.of_chapter(number)) for number in numbers)
    n_lines = lines_of((COURSE / "course_exercises").glob("chapter*.py"))
    assert n_lines <= LINES_AN_EXERCISE * n_exercises


# ---------------------------------------------------------------- the table of chapters


def test_the_table_lists_the_notebooks_in_their_order():
    notebooks = sorted(NOTEBOOKS.glob("*.ipynb"))
    assert [*(chapter.path for chapter in CHAPTERS), GLOSSARY] == notebooks
    assert all(chapter.file.startswith(f"{chapter.number}_") for chapter in CHAPTERS)
    assert {chapter.needs for chapter in CHAPTERS} <= {"NumPy", "TensorFlow"}


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.number)
def test_the_table_says_what_a_chapter_needs(chapter):
    cells = nbformat.read(chapter.path, as_version=4).cells
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    needs_tensorflow = re.search(r"^\s*import (tensorflow|keras)\b", code, re.M) is not None
    assert chapter.needs == ("TensorFlow" if needs_tensorflow else "NumPy")


def test_the_readme_shows_the_table():
    readme = (COURSE / "README.md").read_text(encoding="utf-8")
    rows = [
        f"| {c.number} | [{c.title}](notebooks/{c.file}.ipynb) | {c.builds} | {c.minutes} |"
        for c in CHAPTERS
    ]
    shown = [line for line in readme.splitlines() if re.match(r"\| .*\]\(notebooks/", line)]
    assert shown == rows, "README.md: the rows of the table of chapters should be:\n" + "\n".join(
        rows
    )


def test_the_glossary_names_the_chapters_that_explain_its_words():
    """Each row of its table: a word, what it means, and the chapter in which the word stands."""
    [glossary] = [c for c in nbformat.read(GLOSSARY, as_version=4).cells if c.id == "glossary"]
    row = re.compile(r"^\| (.+?) \| .+ \| \[([0-9A]\d)\]\((\w+)\.ipynb\) \|$", re.M)
    rows = row.findall(glossary.source)
    assert len(rows) == glossary.source.count("\n| ") - 1  # but for the head
    words = [word for word, _, _ in rows]
    assert words == sorted(words, key=str.lower)
    files = {chapter.number: chapter.file for chapter in CHAPTERS}
    texts = {
        chapter.number: " ".join(
            cell.source
            for cell in nbformat.read(chapter.path, as_version=4).cells
            if cell.cell_type == "markdown"
        ).lower()
        for chapter in CHAPTERS
    }
    assert all(files[number] == file for _, number, file in rows)
    missing = [(word, number) for word, number, _ in rows if word.lower() not in texts[number]]
    assert missing == []


def test_the_names_of_test_files_are_unique():
    names = Counter(path.name for path in (COURSE / "tests").rglob("test_*.py"))
    assert [name for name, n in names.items() if n > 1] == []


def test_the_citation_is_of_this_version():
    cited = yaml.safe_load((COURSE / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((COURSE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {"cff-version", "message", "title", "authors"} <= {*cited}
    assert cited["version"] == project["version"]
    assert " AND ".join(cited["license"]) == project["license"]


def test_the_workflow_builds_the_site_as_the_readme_says():
    text = (COURSE / ".github/workflows/pages.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["site"]["steps"]
    install, build = (step["run"] for step in steps if "run" in step)
    files = re.findall(r"-r (\S+)", install)
    assert len(files) == 2 and all((COURSE / file).is_file() for file in files)
    assert build.startswith("course site ")
    assert "`course site FOLDER`" in (COURSE / "README.md").read_text(encoding="utf-8")
    assert [step["with"]["path"] for step in steps if "upload" in step.get("uses", "")] == [
        build.rpartition(" ")[2]
    ]
