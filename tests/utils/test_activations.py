import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from course_utils.activations import identity, relu, sigmoid, softmax, step_function

ALL = [step_function, sigmoid, relu, identity, softmax]


def finite_arrays(min_dims=0):
    """Any finite numbers, up to the largest, in float32 and float64 and any shape."""
    shapes = array_shapes(min_dims=min_dims, max_dims=3, max_side=5)
    numbers = {32: st.floats(width=32, allow_nan=False, allow_infinity=False)}
    numbers[64] = st.floats(allow_nan=False, allow_infinity=False)
    return st.one_of(
        arrays(np.float32, shapes, elements=numbers[32]),
        arrays(np.float64, shapes, elements=numbers[64]),
    )


@pytest.mark.parametrize("function", ALL, ids=lambda function: function.__name__)
@given(x=finite_arrays())
def test_no_finite_input_overflows(function, x):
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        before = x.copy()
        y = function(x)
    assert np.isfinite(y).all()
    assert np.shape(y) == x.shape
    np.testing.assert_array_equal(x, before)  # the argument is left alone


@given(x=finite_arrays())
def test_sigmoid_lies_between_0_and_1_and_keeps_the_dtype(x):
    y = sigmoid(x)
    assert y.dtype == x.dtype
    assert ((y >= 0) & (y <= 1)).all()


@given(x=finite_arrays(min_dims=1))
def test_softmax_rows_are_shares_of_1(x):
    y = softmax(x)
    assert y.dtype == x.dtype
    assert ((y >= 0) & (y <= 1)).all()
    np.testing.assert_allclose(y.sum(axis=-1), 1, rtol=1e-5)


@given(x=finite_arrays(min_dims=2))
def test_softmax_treats_every_row_by_itself(x):
    rows = x.reshape(-1, x.shape[-1])
    alone = np.array([softmax(row) for row in rows])
    np.testing.assert_array_equal(softmax(x).reshape(rows.shape), alone)


@given(x=arrays(np.float64, 5, elements=st.floats(-50, 50)), shift=st.floats(-50, 50))
def test_softmax_ignores_a_shift(x, shift):
    np.testing.assert_allclose(softmax(x + shift), softmax(x), rtol=1e-9)


def test_the_figures_of_the_course():
    np.testing.assert_allclose(sigmoid([-1, 1, 2]), [0.26894142, 0.73105858, 0.88079708], atol=5e-9)
    np.testing.assert_allclose(
        softmax([0.3, 2.9, 4.0]), [0.01821127, 0.24519181, 0.73659691], atol=5e-9
    )
    np.testing.assert_allclose(
        softmax([1010, 1000, 990]), [9.99954600e-01, 4.53978686e-05, 2.06106005e-09], rtol=1e-8
    )


def test_the_plain_functions():
    np.testing.assert_array_equal(step_function([-1.0, 0.0, 1e-300]), [0, 0, 1])
    np.testing.assert_array_equal(relu([-2, 0, 3]), [0, 0, 3])
    np.testing.assert_array_equal(identity([1.5, -2.0]), [1.5, -2.0])


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int64, np.float32, np.float64])
def test_which_dtype_comes_out(dtype):
    x = np.array([0, 1], dtype)
    assert relu(x).dtype == identity(x).dtype == dtype
    assert step_function(x).dtype == int
    assert (
        sigmoid(x).dtype
        == softmax(x).dtype
        == (dtype if np.dtype(dtype).kind == "f" else np.float64)
    )


@pytest.mark.parametrize("function", ALL, ids=lambda function: function.__name__)
@pytest.mark.parametrize("x", [2, 2.0, np.float32(2), np.array(2.0)])
def test_a_scalar_gives_a_scalar(function, x):
    assert np.ndim(function(x)) == 0
    assert not isinstance(function(x), np.ndarray)


@pytest.mark.parametrize("function", ALL, ids=lambda function: function.__name__)
@pytest.mark.parametrize("x", [["a"], 1j, [None], None], ids=repr)
def test_what_is_not_a_number_is_refused(function, x):
    with pytest.raises(TypeError, match="x must hold real numbers"):
        function(x)


def test_softmax_of_an_empty_row_is_refused():
    with pytest.raises(ValueError, match=r"at least one number in a row, got shape \(3, 0\)"):
        softmax(np.ones((3, 0)))
