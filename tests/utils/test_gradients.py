import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from course_utils.gradients import numerical_gradient


@given(x=arrays(np.float64, array_shapes(max_dims=3, max_side=4), elements=st.floats(-9, 9)))
def test_the_gradient_of_a_sum_of_squares_is_2x(x):
    np.testing.assert_allclose(numerical_gradient(lambda x: np.sum(x**2), x), 2 * x, atol=1e-8)


def test_the_descent_of_the_course():
    x = np.array([-3.0, 4.0])
    for _ in range(100):
        x -= 0.1 * numerical_gradient(lambda x: x[0] ** 2 + x[1] ** 2, x)
    np.testing.assert_allclose(x, [-6.11110793e-10, 8.14814391e-10], rtol=1e-8)


def test_x_is_exactly_as_it_was():
    x = np.random.default_rng(0).normal(size=(3, 4))
    before = x.copy()
    numerical_gradient(lambda x: np.sin(x).sum(), x)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("failing_call", [1, 2, 5])
def test_x_is_exactly_as_it_was_when_f_raises(failing_call):
    x = np.array([0.1, 0.2, 0.3])
    calls = 0

    def f(x):
        nonlocal calls
        calls += 1
        if calls == failing_call:
            raise RuntimeError("f gave up")
        return x.sum()

    with pytest.raises(RuntimeError, match="f gave up"):
        numerical_gradient(f, x)
    np.testing.assert_array_equal(x, [0.1, 0.2, 0.3])


def test_a_slice_of_an_array_works():
    x = np.arange(12.0).reshape(3, 4)
    np.testing.assert_allclose(
        numerical_gradient(lambda v: np.sum(v**2), x[:, 1]), 2 * x[:, 1], atol=1e-8
    )


def test_float32_keeps_its_dtype():
    assert numerical_gradient(lambda x: x.sum(), np.ones(2, np.float32)).dtype == np.float32


@pytest.mark.parametrize("x", [np.array([1, 2]), [1.0, 2.0], 3.0, np.array([1j])], ids=repr)
def test_only_an_array_of_floats_will_do(x):
    with pytest.raises(TypeError, match="x must be a NumPy array of floats"):
        numerical_gradient(np.sum, x)


@pytest.mark.parametrize("h", [0, -1e-4, np.nan, np.inf])
def test_the_step_is_above_0(h):
    with pytest.raises(ValueError, match="h must be a number above 0"):
        numerical_gradient(np.sum, np.ones(2), h=h)


def test_f_must_return_one_number():
    with pytest.raises(TypeError, match=r"f must return one number, got an array of shape \(2,\)"):
        numerical_gradient(lambda x: x**2, np.ones(2))


@pytest.mark.parametrize("value", [None, "1.0", 1j], ids=repr)
def test_what_is_not_a_number_is_named(value):
    with pytest.raises(TypeError, match=re.escape(f"f must return one number, got {value!r}")):
        numerical_gradient(lambda x: value, np.ones(2))


def test_in_float32_the_step_vanishes_at_large_x():
    x = np.array([5000], np.float32)
    assert numerical_gradient(lambda x: x.sum(), x) == 0
    assert numerical_gradient(lambda x: x.sum(), x, h=1) == 1
