"""The page to draw a digit on, as Python sees it; tests/browser draws on it with a mouse."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from course_utils.drawing import EXAMPLES, course_network, draw_digit
from course_utils.mnist import preprocess

EXAMPLE_DIGITS = [7, 3, 1, 0]


def said_of(strokes, predict=None):
    """Return what the page is told after these strokes."""
    page = draw_digit(predict)
    page.strokes = json.dumps(strokes)
    return json.loads(page.answer)


def image(png):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(png))))


@pytest.mark.parametrize(("strokes", "digit"), list(zip(EXAMPLES, EXAMPLE_DIGITS, strict=True)))
def test_every_example_is_read_right(strokes, digit):
    said = said_of(strokes)
    assert said["best"] == digit
    assert said["words"] == f"It reads a {digit}."
    assert max(said["widths"]) == said["widths"][digit] > 90
    assert said["strokes"] == json.dumps(strokes)  # by which the page knows what was looked at


def test_the_stages_lead_to_what_the_network_gets():
    seen = []

    def predict(x):
        seen.append(x)
        return np.eye(10)[[4]]

    said = said_of(EXAMPLES[0], predict)
    assert [name for name, _ in said["stages"]] == ["cut out", "20 pixels", "centred"]
    cut_out, box, digit = (image(png) for _, png in said["stages"])
    assert cut_out.shape[0] > 100 and max(box.shape) == 20 and digit.shape == (28, 28)
    assert seen[0].shape == (1, 784) and seen[0].dtype == np.float32
    np.testing.assert_array_equal(digit, np.rint(255 * seen[0].reshape(28, 28)))
    assert said["best"] == 4


def test_an_empty_page_has_no_answer_and_a_dot_has_one():
    assert set(said_of([[[0.5, 0.5]]])) > {"best"}
    page = draw_digit()
    page.strokes = json.dumps(EXAMPLES[0])
    page.strokes = "[]"
    assert set(json.loads(page.answer)) == {"strokes"}


def test_scores_that_are_no_probabilities_have_bars_from_least_to_most():
    said = said_of(EXAMPLES[0], lambda x: np.arange(10) - 5.5)
    assert said["widths"][0] == 0 and said["widths"][9] == 100
    assert said["numbers"][0] == "-5.5"


@pytest.mark.parametrize(
    ("predict", "words"),
    [
        (lambda x: x @ np.ones((3, 10)), "predict raised ValueError: matmul"),
        (lambda x: x, r"it must return ten numbers, of shape (1, 10), got (1, 784)"),
        (lambda x: np.full(10, np.nan), "it must return finite numbers"),
        (lambda x: None, "predict raised"),
    ],
)
def test_what_predict_does_wrong_is_said_and_the_page_stays(predict, words):
    page = draw_digit(predict)
    page.strokes = json.dumps(EXAMPLES[0])
    said = json.loads(page.answer)
    assert words in said["words"] and len(said["stages"]) == 3 and "best" not in said


def test_where_nothing_can_be_drawn_there_is_a_picture_with_its_description():
    data, metadata = draw_digit()._repr_mimebundle_()
    assert image(data["image/png"]).shape[1] > 800
    assert "It reads a 7" in metadata["image/png"]["alt"]
    assert data["text/plain"] == "A page to draw a digit on: run this cell to use it."


def test_a_predict_that_fails_still_has_a_picture():
    data, _ = draw_digit(lambda x: 1 / 0)._repr_mimebundle_()
    assert "image/png" in data


def test_the_network_of_the_course_takes_a_batch():
    y = course_network()(np.stack([preprocess(np.eye(28)).ravel()] * 3))
    assert y.shape == (3, 10)
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-6)
