"""Telling a right answer from a wrong one, and what was probably misunderstood.

Everything here runs in the thread of `guard.run`.
"""

import copy
import inspect
import linecache
import re
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from textwrap import indent
from types import CodeType, FunctionType
from typing import NamedTuple

import numpy as np

SEED = 0  # of the random cases, the same for everyone
TOLERANCE = 1e-9  # relative and absolute
TOLERANCE_FLOAT32 = 2e-6  # of what was computed in float32: seven digits, and some rounding
DIFFER = "These differ."  # said of two values that are shown anyway
ADVICE = {
    "NameError": "Is the name spelled as it should be, and has the cell that defines it been run?",
    "KeyError": "There is no such key. Print the keys of the dictionary to see which there are.",
    "RecursionError": "It calls itself, and never comes to an end.",
    "SystemExit": "A function that ends the program gives no answer: use `return`.",
    "MemoryError": "It asks for more memory than there is.",
}
# What TensorFlow and Keras add to the messages of errors: colours, and names of their own.
NOISE = re.compile(r"\x1b\[[0-9;]*m|\{\{function_node .*?\}\} | \[Op:\w+\]( name:)?")


class Wrong(Exception):
    """An answer that is not right.

    Attributes
    ----------
    paragraphs : tuple of str
        What to tell the student.
    rows : tuple of (str, str)
        The failing case.
    """

    def __init__(self, *paragraphs, rows=()):
        super().__init__(*paragraphs)
        self.paragraphs, self.rows = paragraphs, tuple(rows)


class Mistake(NamedTuple):
    """A common wrong answer: `function` gives what it gives, `message` says what is behind it."""

    function: Callable
    message: str


class Defect(NamedTuple):
    """Something that a program to be repaired does wrong.

    ``is_gone`` takes what was handed to the check, each as an `Answer`, and returns a bool.
    `message` says what still goes wrong, but not where.
    """

    message: str
    is_gone: Callable


class Call(NamedTuple):
    """What came of one call of an answer."""

    got: object  # what it returned
    error: BaseException | None  # what it raised
    problem: tuple  # what is wrong with the call, whatever it returned; empty if nothing
    rows: tuple  # details of the problem


# ---------------------------------------------------------------- calling what a student wrote


class Answer:
    """Something that a student hands to a check, under the name that the exercise gives it."""

    def __init__(self, name, value):
        self.name, self.value = name, value

    def call(self, *args, use=None):
        """Call the answer with copies of `args`; return what came of it as a `Call`.

        If it takes more than a call to get a result, ``use(function, *args)`` gets it.
        """
        self._must_be_callable()
        if use is None:
            use = _plain_call
            self._must_take(args)
        worker = threading.current_thread()
        worker.doing = (self.name, args) if args else None
        n_warnings, n_printed = len(worker.caught), len(worker.printed.text)
        given = copy.deepcopy(args)
        try:
            with np.errstate(divide="warn", over="warn", invalid="warn", under="ignore"):
                got = use(self.value, *given)
        except Wrong:  # from `use`, which saw something wrong
            raise
        except BaseException as error:  # also SystemExit and KeyboardInterrupt
            if worker.stopping:
                raise
            return Call(None, error, *self._about_error(error))

        if got is None or got is ...:
            printed = worker.printed.text[n_printed:].strip()
            if printed:
                return Call(got, None, ("It prints its answer. Let it `return` the answer.",), ())
            return Call(got, None, (f"It returns {got}. Is a `return` missing?",), ())
        if not identical(given, args):
            changed = [(a, b) for a, b in zip(args, given, strict=True) if not identical(a, b)]
            rows = (("before", show(changed[0][0])), ("after", show(changed[0][1])))
            text = "It changes its argument. Work on a copy, or build something new."
            return Call(got, None, (text,), rows)
        for warning in worker.caught[n_warnings:]:
            if issubclass(warning.category, RuntimeWarning):
                text = f"NumPy warns here: {warning.message}."
                return Call(got, None, (text,), (("got", show(got)),))
        return Call(got, None, (), ())

    def __call__(self, *args):
        """Call the answer; return what it returned, or raise `Wrong`."""
        call = self.call(*args)
        if call.problem:
            raise Wrong(*call.problem, rows=(("input", show_call(self.name, args)), *call.rows))
        return call.got

    def result(self, *args, form):
        """Return what the answer returned, whatever NumPy warned of.

        Raises `Wrong` if it raised, or if the result is no array of the shape of `form`.
        """
        call = self.call(*args)
        has_result = call.error is None and call.got is not None
        problem = _form_problem(call.got, form) if has_result else call.problem
        if problem:
            problem = (problem,) if isinstance(problem, str) else problem
            raise Wrong(*problem, rows=(("input", show_call(self.name, args)), *call.rows))
        return call.got

    def _must_be_callable(self):
        if not callable(self.value):
            raise Wrong(
                f"The check needs the function itself, but got {show(self.value)}. "
                f"Write its name alone: `q.check({self.name})`."
            )

    def _must_take(self, args):
        """Raise `Wrong` unless the answer can be called with that many arguments."""
        try:
            signature = inspect.signature(self.value)
        except (TypeError, ValueError):  # some functions written in C have none
            return
        try:
            signature.bind(*args)
        except TypeError:
            raise Wrong(
                f"`{self.name}` is called with {_count(len(args), 'argument')}, as in the cell "
                f"that you started from, but yours is defined as `{self.name}{signature}`."
            ) from None

    def _about_error(self, error):
        """Return what to say about an error, and the line of the student's that it came from."""
        name = type(error).__name__
        text = NOISE.sub("", " ".join(str(error).split()))[:300]
        problem = [f"It stops with {name}{': ' if text else ''}{text}"]
        if name in ADVICE:
            problem.append(ADVICE[name])
        elif re.search("broadcast|matmul|Incompatible shapes", text):
            problem.append("Two shapes do not fit together. Print both of them to see which.")
        line = self._line_of(error)
        return tuple(problem), ((("your line", line),) if line else ())

    def _line_of(self, error):
        """Return the last line in the student's cell that an error went through, or ""."""
        path, step, number = self._path(), error.__traceback__, None
        while path and step:
            if step.tb_frame.f_code.co_filename == path:
                number = step.tb_lineno
            step = step.tb_next
        return linecache.getline(path, number).strip() if number else ""

    def _path(self):
        """Return the name under which Python knows the student's cell, or None."""
        functions = vars(self.value).values() if isinstance(self.value, type) else [self.value]
        return next((f.__code__.co_filename for f in functions if hasattr(f, "__code__")), None)


def _plain_call(function, *args):
    return function(*args)


def with_names(function, **names):
    """Return a function that finds these names in place of those of its notebook.

    So do the other functions of that notebook when it calls them. The notebook itself is left
    alone, whatever becomes of the call.
    """
    if not isinstance(function, FunctionType):
        return function
    home = function.__globals__
    world = home | names

    def moved(f):
        copied = FunctionType(f.__code__, world, f.__name__, f.__defaults__, f.__closure__)
        copied.__kwdefaults__ = f.__kwdefaults__
        return copied

    for name, value in home.items():
        if name not in names and isinstance(value, FunctionType) and value.__globals__ is home:
            world[name] = moved(value)
    return moved(function)


def identical(a, b):
    """Tell whether two arguments are the same to the last bit."""
    if isinstance(a, np.ndarray):
        same_form = isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape
        return same_form and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        same_keys = isinstance(b, dict) and list(a) == list(b)
        return same_keys and all(identical(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        same_form = type(a) is type(b) and len(a) == len(b)
        return same_form and all(identical(x, y) for x, y in zip(a, b, strict=True))
    return a is b or bool(a == b)


# ---------------------------------------------------------------- showing what went in and out


def show(value, largest=40):
    """Return a value as a short text that is the same in every run.

    Of an array with more than `largest` numbers, the shape and the range stand for it.
    """
    if isinstance(value, np.ndarray):
        if value.size > largest:
            return (
                f"array of shape {value.shape}, numbers from {value.min():.4g} to {value.max():.4g}"
            )
        with np.printoptions(precision=8, threshold=40, linewidth=70, suppress=False):
            return np.array_repr(value)
    if type(value) is float:
        return str(float(f"{value:.12g}"))  # 0.42, not 0.42000000000000004
    if isinstance(value, np.generic):
        return str(value)
    if type(value) is list or (isinstance(value, tuple) and value):
        texts = [show(entry, largest) for entry in value[:12]]
        texts += ["..."] if len(value) > 12 else []
        left, right = "[]" if type(value) is list else "()"
        if sum(map(len, texts)) > 80 or "\n" in "".join(texts):
            return left + ",\n ".join(_hanging(text, 1) for text in texts) + right
        return f"{left}{', '.join(texts)}{',' if left == '(' and len(value) == 1 else ''}{right}"
    if isinstance(value, dict):
        names = [f"{key!r}: " for key in value][:12]
        entries = zip(names, value.values(), strict=False)
        texts = [name + _hanging(show(entry, largest), len(name) + 1) for name, entry in entries]
        return "{" + ",\n ".join(texts) + ("}" if len(value) <= 12 else ",\n ...}")
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    try:
        text = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
    except Exception:
        return f"something of the type {type(value).__name__}"
    return text if len(text) <= 300 else text[:300] + " ..."


def _hanging(text, n):
    """Return a text whose lines, but the first, are indented by `n` more."""
    return text.replace("\n", "\n" + " " * n)


def _plain(value):
    """Return a value as `show` does, but a text without its quotes."""
    return value if isinstance(value, str) else show(value)


def show_call(name, args):
    """Return the call of a function as the student would type it, if that is not too long."""
    texts = [show(arg) for arg in args]
    if "\n".join(texts).count("\n") > 14:
        texts = [show(arg, largest=4) for arg in args]
    if any("\n" in text for text in texts):
        return f"{name}(\n" + indent(",\n".join(texts), "    ") + "\n)"
    return f"{name}({', '.join(texts)})"


def _count(n, thing):
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


# ---------------------------------------------------------------- comparing with what is right


def difference(got, expected, tolerance=TOLERANCE):
    """Say in what `got` differs from `expected`; return "" if it does not.

    Parameters
    ----------
    got : object
        What an answer returned: anything at all.
    expected : number, str, bool, ndarray, or a tuple or dict of such
        Numbers may be off by `tolerance`, those of float32 a little more; nan equals nan.
    tolerance : float
        Relative and absolute.
    """
    if isinstance(expected, dict):
        return _dict_difference(got, expected, tolerance)
    if isinstance(expected, tuple):
        if not (isinstance(got, list | tuple) or (isinstance(got, np.ndarray) and got.ndim)):
            return f"It should be {kind_of(expected)} of {len(expected)}, but it is {kind_of(got)}."
        if len(got) != len(expected):
            return f"It should have {len(expected)} entries, but it has {len(got)}."
        parts = (difference(a, b, tolerance) for a, b in zip(got, expected, strict=True))
        return next(filter(None, parts), "")
    if isinstance(expected, str):
        return "" if isinstance(got, str) and got == expected else DIFFER
    return _number_difference(got, expected, tolerance)


def _dict_difference(got, expected, tolerance):
    if not isinstance(got, dict):
        return f"It should be a dictionary, but it is {kind_of(got)}."
    for key, value in expected.items():
        problem = difference(got[key], value, tolerance) if key in got else ""
        if problem:
            return f"Look at {key!r}." if problem == DIFFER else f"Look at {key!r}. {problem}"
    if set(got) != set(expected):
        return f"Its keys should be {', '.join(map(str, expected))}."
    return ""


def _number_difference(got, expected, tolerance):
    if isinstance(expected, np.ndarray) and isinstance(got, list | tuple):
        if _is_right_in_a_list(got, expected, tolerance):
            return (
                f"The numbers are right, but in {kind_of(got)}. `np.array(...)` makes an array of "
                "it, with which NumPy can go on computing."
            )
    problem = _form_problem(got, expected)
    if problem:
        return problem
    if _is_close(got, expected, tolerance):
        return ""
    got, expected = np.asarray(got, float), np.asarray(expected, float)
    if np.isnan(got).any() and not np.isnan(expected).any():
        return 'There is nan in it, "not a number".'
    if any(np.array_equal(got, np.round(expected, digits)) for digits in (2, 3, 4, 5, 6)):
        return "It is rounded. Give it back as it is, with all its digits."
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


def _is_right_in_a_list(got, expected, tolerance):
    try:
        got = np.array(got, float)
    except (TypeError, ValueError, OverflowError):  # no numbers, or rows of different lengths
        return False
    return got.shape == expected.shape and _is_close(got, expected, tolerance)


def _form_problem(got, expected):
    """Say why `got` is not a number, or not an array of the shape of `expected`."""
    if isinstance(expected, np.ndarray) and not isinstance(got, np.ndarray):
        return f"It should be a NumPy array, but it is {kind_of(got)}."
    if not isinstance(got, int | float | np.generic | np.ndarray):
        return f"It should be a number, but it is {kind_of(got)}."
    got, shape = np.asarray(got), np.shape(expected)
    if got.dtype.kind not in "biuf":
        return f"It should hold real numbers, but its type is {got.dtype}."
    if got.shape != shape:
        if shape == ():
            return f"It should be one number, but it is an array of shape {got.shape}."
        return f"It should have shape {shape}, but it has shape {got.shape}."
    return ""


def kind_of(value):
    """Return what a value is, with its article."""
    names = {bool: "True or False", int: "a number", float: "a number", str: "a text"}
    names |= {np.ndarray: "an array", list: "a list", tuple: "a tuple", dict: "a dictionary"}
    names |= {type(None): "None", type(...): "`...`"}
    if isinstance(value, np.generic):
        return "a number"
    return names.get(type(value), f"of the type {type(value).__name__}")


@dataclass(frozen=True)
class Compare:
    """A test that compares what a function returns with an independent computation.

    Attributes
    ----------
    expected : callable
        Takes the arguments of a case, returns the right answer.
    cases : callable
        Takes a random generator, yields the arguments of each case as a tuple; simple ones first,
        because the first that fails is shown.
    mistakes : tuple of Mistake
        The message of the first that gives what the answer gives, in every case, is shown.
    tolerance : float
        As in `difference`.
    forbidden : dict of str to str
        Names that the answer may not use, and what to say then.
    use : callable, optional
        ``use(function, *args)`` gets the result of an answer, or of a mistake, if that takes more
        than a call.
    then : callable, optional
        Takes an `Answer` that gives the right results; raises `Wrong` if there is more to it.
    """

    expected: Callable
    cases: Callable
    mistakes: tuple = ()
    tolerance: float = TOLERANCE
    forbidden: dict = field(default_factory=dict)
    use: Callable | None = None
    then: Callable | None = None

    def __call__(self, answer):
        """Raise `Wrong` if an `Answer` is not right."""
        used = _names_in(getattr(answer.value, "__code__", None))
        for name, message in self.forbidden.items():
            if name in used:
                raise Wrong(message)
        calls, failing = [], None
        for args in self.cases(np.random.default_rng(SEED)):
            call = answer.call(*args, use=self.use)
            calls.append((args, call))
            if failing is None:
                right = self.expected(*copy.deepcopy(args))
                failing = _failing(answer.name, args, call, right, self.tolerance)
        if failing is not None:
            advice = self._advice(calls)
            raise Wrong(*advice, *failing.paragraphs, rows=failing.rows)
        if self.then is not None:
            self.then(answer)

    def _advice(self, calls):
        """Return the message of the mistake that explains all calls, as a tuple."""
        for mistake in self.mistakes:
            if all(self._agrees(mistake.function, args, call) for args, call in calls):
                return (mistake.message,)
        return ()

    def _agrees(self, function, args, call):
        """Tell whether a function gives, or raises, what an answer gave or raised."""
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = (self.use or _plain_call)(function, *copy.deepcopy(args))
        except Exception as error:
            if isinstance(error, KeyError) and error.args != getattr(call.error, "args", None):
                return False  # another key is missing
            return type(error) is type(call.error)
        if call.error is not None:
            return False
        if value is None or call.got is None:
            return value is call.got
        value = tuple(value) if isinstance(value, list) else value
        return not difference(call.got, value, self.tolerance)


def _names_in(code):
    """Return the global names and attributes that code uses, the functions inside it included."""
    if not isinstance(code, CodeType):
        return set()
    return set(code.co_names).union(*map(_names_in, code.co_consts))


def _failing(name, args, call, right, tolerance):
    """Return what is wrong with a call, as a `Wrong`, or None."""
    rows = (("input", show_call(name, args)), ("expected", show(right)))
    if call.error is not None or call.got is None or call.got is ...:
        # A dictionary tells what a check looked at, which says nothing if it saw nothing.
        rows = rows[:1] if isinstance(right, dict) else rows
        return Wrong(*call.problem, rows=rows + call.rows)
    problem = difference(call.got, right, tolerance)
    if problem:
        paragraphs = () if problem == DIFFER else (problem,)
        got = call.got
        if isinstance(right, dict) and isinstance(got, dict):  # show what differs first, no more
            wrong = (key for key in right if key in got and difference(got[key], right[key]))
            if (key := next(wrong, None)) is not None:
                rows = (rows[0], ("expected", f"{key}: {_plain(right[key])}"))
                return Wrong(*call.problem, rows=(*rows, ("got", f"{key}: {_plain(got[key])}")))
        return Wrong(*paragraphs, *call.problem, rows=(*rows, ("got", show(got))))
    return Wrong(*call.problem, rows=rows + call.rows) if call.problem else None


@dataclass(frozen=True, kw_only=True)
class SameValue:
    """A test for an answer that is a value, not a function.

    Attributes
    ----------
    expected : object
        As in `difference`.
    mistakes : tuple of Mistake
        Here `Mistake.function` takes the value and tells whether it is this mistake.
    """

    expected: object
    mistakes: tuple = ()

    def __call__(self, answer):
        """Raise `Wrong` if an `Answer` is not right."""
        problem = difference(answer.value, self.expected)
        if problem:
            made = (mistake.message for mistake in self.mistakes if _is_made(mistake, answer.value))
            raise Wrong(next(made, problem), rows=(("got", show(answer.value)),))


def _is_made(mistake, value):
    try:
        return bool(mistake.function(value))
    except Exception:  # the value does not even have that form
        return False


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """A test that says which defects a program still has.

    Attributes
    ----------
    defects : tuple of Defect
    then : callable
        The test of a program that has none of them.
    """

    defects: tuple
    then: Callable

    def __call__(self, *answers):
        """Raise `Wrong` if a defect is left, or if something else is wrong."""
        left = [defect.message for defect in self.defects if not defect.is_gone(*answers)]
        if left:
            n_gone, n_defects = len(self.defects) - len(left), len(self.defects)
            raise Wrong(
                f"{n_gone} of {n_defects} defects repaired. Still there:",
                *(f"- {message}" for message in left),
            )
        self.then(*answers)
