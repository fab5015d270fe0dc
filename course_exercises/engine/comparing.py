"""Telling a right answer from a wrong one, and what was probably misunderstood."""

import contextlib
import copy
import operator
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from types import CodeType

import numpy as np

from course_exercises.engine.calling import form_problem
from course_exercises.engine.reply import Wrong
from course_exercises.engine.showing import show, show_call
from course_utils.message import Message

SEED = 0  # of the random cases, the same for everyone
TOLERANCE = 1e-9  # relative and absolute
TOLERANCE_FLOAT32 = 2e-6  # of what was computed in float32: seven digits, and some rounding
DIFFER = Message("These differ.")  # said of two values that are shown anyway
IN_A_LIST = (
    "The numbers are right, but their type is `{type}`. `np.array(...)` makes an array of them, "
    "with which NumPy can go on computing."
)


@dataclass(frozen=True)
class Compare:
    """A test that compares what a function returns with an independent computation."""

    expected: Callable  # takes the arguments of a case, returns the right answer
    # Takes a random generator, yields the arguments of each case as a tuple; simple ones first,
    # because the first that fails is shown.
    cases: Callable
    mistakes: dict = field(default_factory=dict)  # {what is said: a function that is wrong so}
    tolerance: float = TOLERANCE  # as in `difference`
    forbidden: dict = field(default_factory=dict)  # {name that is not to be used: what is said}
    # `use(function, *args)` gets the result of an answer, or a mistake, if a call is not enough.
    use: Callable | None = None
    # Takes an `Answer` that gives the right results; raises `Wrong` if there is more to it.
    then: Callable | None = None

    def __call__(self, answer):
        """Raise `Wrong` if an `Answer` is not right."""
        used = _names_in(getattr(answer.value, "__code__", None))
        for name, message in self.forbidden.items():
            if name in used:
                raise Wrong(message)
        calls, wrong = [], None
        for args in self.cases(np.random.default_rng(SEED)):
            call = answer.call(*args, use=self.use)
            calls.append((args, call))
            if wrong is None:
                wrong = self._wrong(answer.name, args, call, self.expected(*copy.deepcopy(args)))
        if wrong is not None:
            advice = _first(self.mistakes, lambda f: all(self._agrees(f, *call) for call in calls))
            raise Wrong(*advice, *wrong.sentences, rows=wrong.rows)
        if self.then is not None:
            self.then(answer)

    def _wrong(self, name, args, call, right):
        """Return what is wrong with a call, as a `Wrong`, or None."""
        given, wanted, got = ("input", show_call(name, args)), ("expected", show(right)), call.got
        if call.error is not None or got is None or got is ...:
            # A dictionary tells what a check looked at, which says nothing if it saw nothing.
            rows = (given,) if isinstance(right, dict) else (given, wanted)
            return Wrong(*call.problem, rows=rows + call.rows)
        problem = difference(got, right, self.tolerance)
        if problem is None:
            rows = given, wanted, *call.rows
            return Wrong(*call.problem, rows=rows) if call.problem else None
        if isinstance(right, dict) and isinstance(got, dict):  # show what differs first, no more
            for key in (key for key in right if key in got):
                if difference(got[key], right[key], self.tolerance):
                    rows = ("expected", _entry(key, right)), ("got", _entry(key, got))
                    return Wrong(*call.problem, rows=(given, *rows))
        sentences = call.problem if problem is DIFFER else (problem, *call.problem)
        return Wrong(*sentences, rows=(given, wanted, ("got", show(got))))

    def _agrees(self, function, args, call):
        """Tell whether a function gives, or raises, what an answer gave or raised."""
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = (self.use or operator.call)(function, *copy.deepcopy(args))
        except Exception as error:
            if isinstance(error, KeyError) and error.args != getattr(call.error, "args", None):
                return False  # another key is missing
            return type(error) is type(call.error)
        if call.error is not None or value is None:
            return call.error is None and call.got is None
        return difference(call.got, value, self.tolerance) is None


@dataclass(frozen=True, kw_only=True)
class SameValue:
    """A test for an answer that is a value, not a function."""

    expected: object  # as in `difference`
    mistakes: dict = field(default_factory=dict)  # {what is said: whether a value is wrong so}

    def __call__(self, answer):
        """Raise `Wrong` if an `Answer` is not right."""
        problem = difference(answer.value, self.expected)
        if problem:
            advice = _first(self.mistakes, lambda is_made: is_made(answer.value))
            raise Wrong(*advice or [problem], rows=[("got", show(answer.value))])


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """A test that says which defects a program still has."""

    # What still goes wrong, but not where, as long as this function is not true of what was
    # handed to the check, each as an `Answer`.
    defects: dict
    then: Callable  # the test of a program that has none of them

    def __call__(self, *answers):
        """Raise `Wrong` if a defect is left, or if something else is wrong."""
        left = [said for said, is_gone in self.defects.items() if not is_gone(*answers)]
        if left:
            n_all, text = len(self.defects), "{gone} of {all} defects repaired. Still there:"
            listed = [Message("- {defect}", defect=Message(said)) for said in left]
            raise Wrong(Message(text, gone=n_all - len(left), all=n_all), *listed)
        self.then(*answers)


def is_gone(works, errors=()):
    """Return a function for `Repaired.defects` that tells whether a defect of a class is gone.

    Parameters
    ----------
    works : callable
        Takes the class, returns whether it works; runs as a student's code does, with a time
        limit.
    errors : type or tuple of types
        What the defect raises; any other error is told to the student.
    """

    def tell(answer):
        if not isinstance(answer.value, type):
            text = "The check needs the class itself: `q.check({name})`."
            raise Wrong(Message(text, name=answer.name))
        call = answer.call(use=works)
        if call.error is not None and not isinstance(call.error, errors):
            raise Wrong(*call.problem, rows=call.rows)
        return bool(call.got)

    return tell


def difference(got, expected, tolerance=TOLERANCE):
    """Say in what an answer differs from what is right.

    Parameters
    ----------
    got : object
        Anything at all.
    expected : number, str, bool, ndarray, or a tuple, list or dict of such
        Numbers may be off by `tolerance`, those of float32 a little more; nan equals nan.
    tolerance : float
        Relative and absolute.

    Returns
    -------
    Message or None
        None if they are the same; `DIFFER` if there is no more to say than that they are not.
    """
    kind = type(got).__name__
    if isinstance(expected, dict):
        if not isinstance(got, dict):
            return Message("It should be a dictionary, but its type is `{type}`.", type=kind)
        for key in (key for key in expected if key in got):
            problem = difference(got[key], expected[key], tolerance)
            if problem:
                text = "Look at {key!r}." if problem is DIFFER else "Look at {key!r}. {problem}"
                return Message(text, key=key, problem=problem)
        if set(got) == set(expected):
            return None
        return Message("Its keys should be {keys}.", keys=", ".join(map(str, expected)))
    if isinstance(expected, list | tuple):
        n = len(expected)
        if not (isinstance(got, list | tuple) or (isinstance(got, np.ndarray) and got.ndim)):
            text = "It should be a tuple of length {length}, but its type is `{type}`."
            return Message(text, length=n, type=kind)
        if len(got) != n:
            return Message("Its length should be {n}, but it is {got}.", n=n, got=len(got))
        problems = (difference(a, b, tolerance) for a, b in zip(got, expected, strict=True))
        return next(filter(None, problems), None)
    if isinstance(expected, str):
        return None if isinstance(got, str) and got == expected else DIFFER
    return _number_difference(got, expected, tolerance)


def _number_difference(got, expected, tolerance):
    if isinstance(expected, np.ndarray) and isinstance(got, list | tuple):
        # These errors say that there are no numbers in it, or rows of different lengths.
        with contextlib.suppress(TypeError, ValueError, OverflowError):
            if _number_difference(np.array(got, float), expected, tolerance) is None:
                return Message(IN_A_LIST, type=type(got).__name__)
    problem = form_problem(got, expected)
    if problem or _is_close(got, expected, tolerance):
        return problem
    got, expected = np.asarray(got, float), np.asarray(expected, float)
    if np.isnan(got).any() and not np.isnan(expected).any():
        return Message('There is nan in it, "not a number".')
    if any(np.array_equal(got, np.round(expected, digits)) for digits in (2, 3, 4, 5, 6)):
        return Message("It is rounded. Give it back as it is, with all its digits.")
    return DIFFER


def is_nearly(returned, value):
    """Tell whether a number, or a sequence of numbers, is `value`, to three digits."""
    if not isinstance(returned, float | np.floating | np.ndarray | list):
        return False
    returned = np.asarray(returned)
    same_form = returned.dtype.kind == "f" and returned.shape == np.shape(value)
    return same_form and np.allclose(returned, value, rtol=0, atol=5e-4)


def _is_close(got, expected, tolerance):
    if getattr(got, "dtype", None) == np.float32:
        tolerance = max(tolerance, TOLERANCE_FLOAT32)
    got, expected = np.asarray(got, float), np.asarray(expected, float)
    return np.isclose(got, expected, rtol=tolerance, atol=tolerance, equal_nan=True).all()


def _first(said, holds):
    """Return the first text whose function `holds`, in a list; an error means that it does not."""
    for text, function in said.items():
        with contextlib.suppress(Exception):  # a value that does not even have that form
            if holds(function):
                return [text]
    return []


def _entry(key, values):
    """Return an entry of a dictionary in which a check notes what it saw, in words."""
    value = values[key]
    value = Message(value) if isinstance(value, str) else show(value)
    return Message("{what}: {value}", what=Message(str(key)), value=value)


def _names_in(code):
    """Return the global names and attributes that code uses, the functions inside it included."""
    if not isinstance(code, CodeType):
        return set()
    return set(code.co_names).union(*map(_names_in, code.co_consts))
