"""Every notebook keeps every rule, and every rule catches what it is there for."""

import subprocess
import sys

import nbformat
import notebook_rules as rules
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_tools.execute import METADATA, WIDGET_VIEW
from course_utils.chapters import CHAPTERS

TITLE = (
    "# 01 · A chapter\n\n> **The question.** What?\n\n**After this chapter you can**\n\n- do\n\n"
    "**Time:** about 5 minutes"
)


def chapter(*cells):
    """Return a small notebook that keeps every rule, with `cells` in its middle."""
    notebook = new_notebook(
        cells=[
            new_markdown_cell(TITLE, id="title"),
            new_markdown_cell("> **Predict first.** 1 + 1?", id="predict-sum"),
            new_code_cell(
                "print(1 + 1)", id="sum", outputs=[new_output("stream", name="stdout", text="2\n")]
            ),
            *cells,
            new_markdown_cell("## Recap\n\n**Sources.** None.", id="recap"),
        ],
        metadata=METADATA,
    )
    for count, cell in enumerate(rules.code_cells(notebook), start=1):
        cell.execution_count = count
    for cell in notebook.cells:
        cell.metadata.setdefault("slideshow", {"slide_type": "slide"})
    return notebook


def code(source, *tags, outputs=(), id="planted"):
    return new_code_cell(source, id=id, metadata={"tags": list(tags)}, outputs=list(outputs))


def folded(n_lines):
    source = "\n".join(["x = 1"] * n_lines)
    return new_code_cell(source, id="folded", metadata={"jupyter": dict(rules.FOLDED)})


def broken(rule, notebook):
    return list(rule(notebook))


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.file)
def test_notebook_keeps_the_rule(chapter, rule):
    assert not broken(rule, rules.read(chapter.path))


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.file)
def test_notebook_opens_as_the_table_of_chapters_says(chapter):
    assert not list(rules.opening_differs(chapter, rules.read(chapter.path)))


def test_nothing_is_defined_in_two_notebooks():
    notebooks = {chapter.file: rules.read(chapter.path) for chapter in CHAPTERS}
    assert not rules.repeated_definitions(notebooks)


def test_functions_of_every_room_are_known():
    assert {"sigmoid", "load_mnist", "show_digits", "describe"} <= rules.exported_names()


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.__name__)
def test_a_good_chapter_keeps_the_rule(rule):
    assert not broken(rule, chapter())


PLANTED = [
    (rules.readable_ids, new_markdown_cell("x", id="3f2a9c1b")),
    (rules.readable_ids, new_markdown_cell("x", id="My_Cell")),
    (rules.readable_ids, new_markdown_cell("x", id="sum")),
    (rules.known_metadata, code("x = 1", "full_mnist")),
    (rules.known_metadata, new_code_cell("x = 1", id="x", metadata={"lines_to_next_cell": 2})),
    (rules.known_metadata, new_code_cell("1", id="x", metadata={"jupyter": {"x": 1}})),
    (rules.known_metadata, new_markdown_cell("x", id="x", metadata={"jupyter": rules.FOLDED})),
    (rules.cut_into_slides, new_markdown_cell("x", id="x", metadata={"slideshow": {}})),
    (rules.outputs_are_there, code("print(1)")),
    (rules.outputs_are_there, code("import matplotlib.pyplot as plt\nplt.show()")),
    (rules.outputs_are_there, code("table = [1]\ntable")),
    (rules.outputs_are_there, code("for i in range(3):\n    print(i)")),
    (rules.clean_outputs, code("1", outputs=[new_output("stream", name="stderr", text="hm")])),
    (
        rules.clean_outputs,
        code("1 / 0", outputs=[new_output("error", ename="ZeroDivisionError", evalue="")]),
    ),
    (rules.clean_outputs, code("1 / 1", "raises-exception")),
    (
        rules.clean_outputs,
        code("f", outputs=[new_output("execute_result", {"text/plain": "<f at 0x7f3a12345678>"})]),
    ),
    (
        rules.figures_are_described,
        code("plot()", outputs=[new_output("display_data", {"image/png": "iVBORw0KGgo="})]),
    ),
    (rules.known_metadata, code("x = 1", "nbval-ignore-output")),
    *(
        (rules.clean_outputs, code("f", outputs=[new_output("display_data", data)]))
        for data in (
            {"text/html": "<p>/home/me/x</p>"},
            {"text/markdown": f"{rules.ROOT}"},
            {"image/svg+xml": "<svg/>"},
            {WIDGET_VIEW: {"model_id": "1"}},
        )
    ),
    *(
        (rules.clean_outputs, code("f()", "raises-exception", outputs=[new_output("error", **at)]))
        for at in (
            {"ename": "E", "evalue": "/tmp/x is not there"},
            {"ename": "E", "evalue": "", "traceback": ["File /home/me/x.py:3"]},
        )
    ),
    (rules.short_cells, code("\n".join("x = 1" for _ in range(16)))),
    (rules.short_cells, code("\n".join("x = 1" for _ in range(31)), "whole-program")),
    (rules.short_cells, folded(41)),
    (rules.short_cells, new_markdown_cell("word " * 121, id="long")),
    (rules.links_lead_somewhere, new_markdown_cell("[next](99_nowhere.ipynb)", id="link")),
    (rules.links_lead_somewhere, new_markdown_cell("![a](https://a.org/b.png)", id="picture")),
    (rules.links_lead_somewhere, new_markdown_cell('<img alt="" src="no.png">', id="picture")),
    (rules.links_lead_somewhere, new_markdown_cell("<a href='no.ipynb'>x</a>", id="link")),
    (rules.links_lead_somewhere, new_markdown_cell('<img src="https://a.org/b">', id="picture")),
    (rules.reads_like_a_chapter, code("x = ...", "exercise", id="answer-starter")),
    (rules.plain_python, code("%matplotlib inline")),
    (rules.plain_python, code("!pip install numpy")),
    (rules.copies_nothing_shared, code("def sigmoid(x):\n    return x")),
    (rules.copies_nothing_shared, code("def show_digits(images):\n    return images")),
    (rules.copies_nothing_shared, code("sigmoid = np.tanh")),
    (rules.copies_nothing_shared, code("relu: object = lambda x: x")),
    (rules.copies_nothing_shared, code("if True:\n    def sigmoid(x):\n        return x")),
    (rules.copies_nothing_shared, code("def something_else(x):\n    return x", "teaches")),
    (rules.leaves_sys_path_alone, code("import sys\nsys.path.append('..')")),
    (rules.leaves_sys_path_alone, code("from sys import path\npath.append('..')")),
    (rules.leaves_sys_path_alone, code("import sys as s\ns.path.append('..')")),
    (rules.leaves_sys_path_alone, code("import site\nsite.addsitedir('..')")),
    (rules.leaves_sys_path_alone, code("import os\nos.chdir('..')")),
    (rules.leaves_sys_path_alone, code("from os import chdir\nchdir('..')")),
    (rules.leaves_sys_path_alone, code("from site import addsitedir\naddsitedir('..')")),
    (rules.existing_names, code("def f(x):\n    return x.astype(np.int)")),
    (rules.seeded_randomness, code("rng = np.random.default_rng()")),
    (rules.seeded_randomness, code("x = np.random.randn(3)")),
    (rules.seeded_randomness, code("from random import choice")),
    (rules.seeded_randomness, code("from numpy.random import randn")),
    (rules.seeded_randomness, code("rng = np.random.default_rng(None)")),
    (rules.seeded_randomness, code("rng = np.random.default_rng(seed=None)")),
    (rules.seeded_randomness, code("x = tf.random.normal((2,))")),
    (rules.seeded_randomness, code("layer = keras.layers.Dense(10)")),
    (rules.seeded_randomness, code("import random\nx = random.random()")),
]


@pytest.mark.parametrize(
    ("rule", "cell"), PLANTED, ids=[f"{rule.__name__}-{k}" for k, (rule, _) in enumerate(PLANTED)]
)
@pytest.mark.filterwarnings("ignore:Non-unique cell id")
def test_rule_catches_a_planted_fault(rule, cell):
    assert len(broken(rule, chapter(cell))) >= 1


def test_other_metadata_of_the_notebook_are_caught():
    notebook = chapter()
    notebook.metadata = METADATA | {"colab": {}}
    assert broken(rules.known_metadata, notebook)


def test_a_folded_cell_may_be_longer():
    notebook = chapter(folded(40))
    assert not broken(rules.short_cells, notebook)
    assert not broken(rules.known_metadata, notebook)


@pytest.mark.parametrize(
    "change", [{"number": "02"}, {"title": "Another chapter"}, {"minutes": 6}], ids=str
)
def test_an_opening_that_differs_from_the_table_is_caught(change):
    row = CHAPTERS[0]._replace(number="01", title="Chapter", minutes=5)
    assert not list(rules.opening_differs(row, chapter()))
    assert len(list(rules.opening_differs(row._replace(**change), chapter()))) == 1


def test_keras_with_a_seed_is_no_fault():
    cell = code("keras.utils.set_random_seed(0)\nlayer = keras.layers.Dense(10)")
    assert not broken(rules.seeded_randomness, chapter(cell))


def test_variables_and_methods_are_no_copies():
    cell = code("report = report()\n\n\nclass Net:\n    def sigmoid(self):\n        return 1")
    assert not broken(rules.copies_nothing_shared, chapter(cell))


def test_the_order_of_execution_is_checked():
    notebook = chapter(code("x = 1"))
    for cell in rules.code_cells(notebook):
        cell.execution_count = None
    assert broken(rules.executed_in_order, notebook)


def test_an_invalid_notebook_is_caught():
    notebook = chapter()
    notebook.cells[0]["cell_type"] = "prose"
    assert broken(rules.valid_format, notebook)


def test_a_chapter_without_recap_is_caught():
    notebook = chapter()
    notebook.cells.pop()
    assert broken(rules.reads_like_a_chapter, notebook)


def test_a_function_in_two_notebooks_is_caught():
    one, two = chapter(code("def f():\n    return 1")), chapter(code("def f():\n    return 2"))
    assert rules.repeated_definitions({"one": one, "two": two}) == [
        "f is defined in one (planted), two (planted)"
    ]


def test_a_function_taught_twice_is_caught():
    first = code("def sigmoid(x):\n    return x", "teaches", id="first")
    second = code("def sigmoid(x):\n    return x", "teaches", id="second")
    assert rules.repeated_definitions({"one": chapter(first, second)})


# ---------------------------------------------------------------- ruff


def ruff(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "ruff", *arguments],
        cwd=rules.ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["check", "format"])
def test_ruff_is_content(command):
    result = ruff(*command)
    assert result.returncode == 0, result.stdout


def test_ruff_reads_notebooks_and_catches_a_deprecated_name(tmp_path):
    path = tmp_path / "planted.ipynb"
    nbformat.write(chapter(code("import numpy as np\n\nx = np.float(1)")), path)
    result = ruff("check", "--no-cache", "--config", str(rules.ROOT / "pyproject.toml"), str(path))
    assert result.returncode == 1
    assert "np.float" in result.stdout


ASK, REVEAL = 'guess.ask("sum", ["2", "3"])', 'guess.reveal("sum", 1 + 1)'
QUESTION = new_markdown_cell("> **Predict first.** 1 + 1?", id="question")


def box(source=ASK, name="guess-sum"):
    return new_code_cell(source, id=name, metadata={"jupyter": dict(rules.FOLDED)})


def answer(**folds):
    collapsed = {"collapsed": True} if folds else {}
    return new_code_cell(REVEAL, id="answer", metadata=collapsed | {"jupyter": folds})


def test_a_prediction_with_its_answer_keeps_the_rule():
    quiz = box('# Questions\nguess.quiz("one", ["1"], "1")', "quiz-one")
    notebook = chapter(QUESTION, box(), answer(**rules.COVERED), quiz)
    assert not broken(rules.predictions_are_answered, notebook)
    assert not broken(rules.known_metadata, notebook)


def test_what_is_covered_for_one_program_only_is_caught():
    cell = new_code_cell("x = 1", id="x", metadata={"jupyter": dict(rules.COVERED)})
    assert broken(rules.known_metadata, chapter(cell))
    assert broken(rules.known_metadata, chapter(new_code_cell("x", metadata={"collapsed": True})))


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ([QUESTION, box()], "nothing reveals 'sum'"),
        ([answer(**rules.COVERED)], "which no box above asks"),
        ([QUESTION, box(), answer()], "are not covered"),
        ([box(), answer(**rules.COVERED)], "no *Predict first* stands above"),
        ([QUESTION, box(name="box"), answer(**rules.COVERED)], "should be called guess-sum"),
        ([QUESTION, code(ASK, id="guess-sum"), answer(**rules.COVERED)], "is not folded"),
        ([code('# Questions\nguess.quiz("one", ["1"], "1")')], "is not folded"),
        ([box('guess.quiz("one", ["1"], "1")', "quiz-one")], "begins with a question"),
    ],
)
def test_a_prediction_that_is_not_whole_is_caught(cells, fault):
    [found] = broken(rules.predictions_are_answered, chapter(*cells))
    assert fault in found
