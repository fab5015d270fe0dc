"""What holds for every exercise.

Two files run these tests, each with its own exercises: all that need TensorFlow stand in one file,
so that one process alone has to load it.
"""

import dataclasses
import pickle
import warnings

import nbformat
import numpy as np
from students import evil, first_paragraph, judge, labels_of, text_of

from course_exercises.engine.comparing import Compare, SameValue
from course_exercises.engine.reply import Outcome
from course_utils.chapters import CHAPTERS

TRAINED = "07/small-and-good"  # takes a trained network, not a function: tested in its own place
# Which exercises a test is run with, by the name of its argument.
CHOICES = {
    "exercise": lambda exercise: True,
    "quick": lambda exercise: exercise.key != TRAINED,  # its solution does not take minutes
    "compared": lambda exercise: isinstance(exercise.test, Compare),
}
NOTEBOOKS = {chapter.number: chapter.path for chapter in CHAPTERS}


def remembering(use):
    """Return `use`, which computes only once what a function makes of the same arguments.

    A mistake is compared with all those before it, and networks and trainings take their time.
    """
    known = {}

    def remembered(function, *args):
        key = function, pickle.dumps(args)
        if key not in known:
            try:
                known[key] = use(function, *args), None
            except Exception as error:
                known[key] = None, error
        value, error = known[key]
        if error is not None:
            raise error
        return value

    return remembered


class EveryExercise:
    EXERCISES = ()

    def pytest_generate_tests(self, metafunc):
        for name in CHOICES.keys() & set(metafunc.fixturenames):
            chosen = [*filter(CHOICES[name], self.EXERCISES)]
            metafunc.parametrize(name, chosen, ids=lambda exercise: exercise.key)

    # ---------------------------------------------------------------- right, and not attempted

    def test_the_solution_is_right(self, quick):
        reply = judge(quick, quick.code)
        assert reply.kind == Outcome.RIGHT, reply
        assert [*map(str, reply.paragraphs)] == [quick.right]

    def test_the_untouched_starter_of_the_notebook_is_not_attempted(self, exercise):
        notebook = nbformat.read(NOTEBOOKS[exercise.chapter], as_version=4)
        cells = {cell.id: cell.source for cell in notebook.cells}
        starter = cells[f"exercise-{exercise.slug}-starter"]
        assert judge(exercise, starter).kind == Outcome.NOT_ATTEMPTED
        if exercise.starter:
            assert exercise.starter.strip() == starter.strip()
        text = cells[f"exercise-{exercise.slug}"]
        assert f"Exercise {exercise.number}: {exercise.title}" in text

    def test_its_texts_are_complete(self, exercise):
        title, *sentences = exercise.texts()
        assert title == exercise.title
        assert len(set(sentences)) == len(sentences)
        assert len(exercise.hints) >= 2
        for text in sentences:
            assert text.endswith((".", "?", "`", ".)")), text
            assert text.count("`") % 2 == 0, text

    def test_its_check_cell_finds_it(self, exercise):
        namespace = {}
        exec(exercise.check_cell.splitlines()[0], namespace)
        assert namespace["q"] is exercise

    # ---------------------------------------------------------------- wrong

    def test_every_common_mistake_gets_its_own_message(self, compared):
        assert len(compared.test.mistakes) >= 3
        if compared.test.use is not None:
            test = dataclasses.replace(compared.test, use=remembering(compared.test.use))
            compared = dataclasses.replace(compared, test=test)
        for message, mistake in compared.test.mistakes.items():
            reply = compared.judge(mistake)
            assert reply.kind == Outcome.WRONG
            assert first_paragraph(reply) == message
            assert labels_of(reply)[0] == "input"
            assert {"expected", "your line"} & set(labels_of(reply))

    def test_an_answer_that_repeats_the_example_is_wrong(self, compared):
        example = next(iter(compared.test.cases(np.random.default_rng(0))))
        reply = compared.judge(lambda *args: compared.test.expected(*example))
        assert reply.kind == Outcome.WRONG

    def test_its_cases_are_the_same_in_every_run(self, compared):
        def repeated():
            return [repr(args) for args in compared.test.cases(np.random.default_rng(0))]

        assert repeated() == repeated()
        assert len(repeated()) >= 3

    def test_an_evil_answer_is_reported_and_leaves_nothing_behind(self, exercise, capsys):
        """One hostile answer; each kind of check is tried with all of them in other files."""
        takes_value = exercise.key == TRAINED or isinstance(exercise.test, SameValue)
        answer = evil() if takes_value else lambda *args, **kwargs: evil()
        before = warnings.filters[:]
        replies = [exercise.judge(*[answer] * len(exercise.names)) for _ in range(2)]
        for reply in replies:
            assert reply.kind == Outcome.WRONG
            assert "Traceback" not in text_of(reply)
            assert " at 0x" not in text_of(reply)
            assert reply._repr_html_().startswith("<div")
        assert repr(replies[0]) == repr(replies[1])
        assert capsys.readouterr() == ("", "")
        assert warnings.filters == before
