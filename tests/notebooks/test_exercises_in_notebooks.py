"""The cells of the exercises in the notebooks, and the solved copies from top to bottom."""

import ast
import os
import symtable

import nbformat
import pytest
from nbclient import NotebookClient

import course_exercises
from course_exercises.engine.reply import Outcome
from course_tools.solve import write_solved
from course_utils import chapters

CHAPTERS = {
    chapter.number: chapter.path
    for chapter in chapters.CHAPTERS
    if chapter.number in course_exercises.chapters()
}
# What is added to these cells, so that the trainings that a solution tries out are short.
# No check depends on them; only that of exercise 7.3 judges a training, and that one is not cut.
SHORT_TRAININGS = {
    "07": {"train-model": "x_small, t_small = x_small[:256], t_small[:256]"},
    "08": {
        "one-step": "train_step = tf.function(train_step)",
        "batches": "batches = batches[:100]",
    },
}


def cells_of(path):
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def names_of(source):
    """Return which global names a cell makes, and which it uses that others have to make."""
    makes, uses = set(), set()
    for statement in ast.parse(source).body:
        made, used = set(), set()
        scopes = [symtable.symtable(ast.unparse(statement), "cell", "exec")]
        for scope in scopes:
            scopes += scope.get_children()
            is_top = scope.get_type() == "module"
            for symbol in scope.get_symbols():
                if is_top and (symbol.is_assigned() or symbol.is_imported()):
                    made.add(symbol.get_name())
                if symbol.is_referenced() and (is_top or symbol.is_global()):
                    used.add(symbol.get_name())
        if isinstance(statement, ast.For | ast.With):  # they make a name before they use it
            used -= made
        uses |= used - makes
        makes |= made
    return makes, uses


def without_what_no_exercise_needs(cells):
    """Leave out those code cells before the first exercise that make no name which is used later.

    They are the same in the notebook itself, whose test executes them: no training is done twice.
    """
    first = next(k for k, cell in enumerate(cells) if "exercise" in cell.metadata.get("tags", []))
    kept, needed = [], set()
    for k, cell in reversed(list(enumerate(cells))):
        makes, uses = names_of(cell.source) if cell.cell_type == "code" else (set(), set())
        asks = cell.source.startswith("guess.ask(")  # a cell that is kept may reveal its answer
        if k >= first or makes & needed or asks:
            kept.insert(0, cell)
            needed = (needed - makes) | uses
    return kept


def each_chapter(test):
    return pytest.mark.parametrize("chapter", CHAPTERS)(test)


@each_chapter
def test_every_starter_is_an_exercise_and_is_followed_by_its_check(chapter):
    cells = cells_of(CHAPTERS[chapter])
    starters = [name for name, cell in cells.items() if "exercise" in cell.metadata.get("tags", [])]
    slugs = [exercise.slug for exercise in course_exercises.of_chapter(chapter)]
    assert starters == [f"exercise-{slug}-starter" for slug in slugs]

    order = [name for name in cells if name.startswith("exercise-")]
    assert order == [
        f"exercise-{slug}{part}" for slug in slugs for part in ("", "-starter", "-check")
    ]
    for exercise in course_exercises.of_chapter(chapter):
        assert cells[f"exercise-{exercise.slug}-check"].source == exercise.check_cell


@each_chapter
def test_the_progress_is_shown_after_the_last_exercise(chapter):
    cells = cells_of(CHAPTERS[chapter])
    source = f'from course_exercises import show_progress\n\nshow_progress("{chapter}")'
    assert cells["progress"].source == source
    names = list(cells)
    last = f"exercise-{course_exercises.of_chapter(chapter)[-1].slug}-check"
    assert names.index(last) < names.index("progress") < names.index("recap")


@each_chapter
def test_the_solved_copy_runs_and_every_check_says_right(chapter, tmp_path):
    path = CHAPTERS[chapter]
    n_solved = write_solved(path, tmp_path)
    notebook = nbformat.read(tmp_path / path.name, as_version=4)
    notebook.cells = without_what_no_exercise_needs(notebook.cells)
    cells = {cell.id: cell for cell in notebook.cells}
    for name, shortened in SHORT_TRAININGS.get(chapter, {}).items():
        cells[name].source += f"\n{shortened}"
    settings = {"COURSE_OFFLINE": "1", "COURSE_PROGRESS": "off", "MNIST_DIR": ""}
    NotebookClient(
        notebook,
        kernel_name="python3",
        timeout=1200,
        resources={"metadata": {"path": str(tmp_path)}},
    ).execute(env=os.environ | settings)
    shown = {
        exercise.key: cells[f"exercise-{exercise.slug}-check"].outputs[0].data["text/plain"]
        for exercise in course_exercises.of_chapter(chapter)
    }
    wrong = {key: text for key, text in shown.items() if f": {Outcome.RIGHT}\n" not in text}
    assert wrong == {}
    assert f"{n_solved} of {n_solved} exercises solved" in str(cells["progress"].outputs[0].data)
