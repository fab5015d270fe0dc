"""Calling what a student wrote, and saying what is wrong with the call; inside `session.run`."""

import contextlib
import copy
import inspect
import linecache
import operator
import re
from traceback import walk_tb
from types import FunctionType
from typing import NamedTuple

import numpy as np

from course_exercises.engine.reply import Wrong
from course_exercises.engine.showing import show, show_call
from course_utils.message import Message

PRINTS = "It prints its answer. Let it `return` the answer."
NO_RETURN = "It returns {got}. Is a `return` missing?"
CHANGES = "It changes its argument. Work on a copy, or build something new."
OTHER_ARGUMENTS = (
    "`{name}` is called as in the cell that you started from, "
    "but yours is defined as `{name}{signature}`."
)
SHAPES = "Two shapes do not fit together. Print both of them to see which."
ADVICE = {
    "NameError": "Is the name spelled as it should be, and has the cell that defines it been run?",
    "KeyError": "There is no such key. Print the keys of the dictionary to see which there are.",
    "RecursionError": "It calls itself, and never comes to an end.",
    "SystemExit": "A function that ends the program gives no answer: use `return`.",
    "MemoryError": "It asks for more memory than there is.",
}
# What TensorFlow and Keras add to the messages of errors: colours, and names of their own.
NOISE = re.compile(r"\x1b\[[0-9;]*m|\{\{function_node .*?\}\} | \[Op:\w+\]( name:)?")


class Call(NamedTuple):
    """What came of one call of an answer."""

    got: object  # what it returned
    error: BaseException | None  # what it raised
    problem: tuple = ()  # sentences on what is wrong with the call, whatever it returned
    rows: tuple = ()  # details of the problem


class Answer:
    """What a student hands to a check: a value, under the name that the exercise gives it.

    The `session` is that of the check that is running.
    """

    def __init__(self, name, value, session):
        self.name, self.value, self.session = name, value, session

    def call(self, *args, use=None):
        """Call the answer with copies of `args`; return what came of it as a `Call`.

        If it takes more than a call to get a result, ``use(function, *args)`` gets it. Raises
        `Wrong` if the answer cannot be called like that.
        """
        self._must_take(args, is_called=use is None)
        session, given = self.session, copy.deepcopy(args)
        session.doing = (self.name, args) if args else None
        n_warned, n_printed = len(session.warned), session.printed.tell()
        try:
            with np.errstate(divide="warn", over="warn", invalid="warn", under="ignore"):
                got = (use or operator.call)(self.value, *given)
        except Wrong:  # from `use`, which saw something wrong
            raise
        except BaseException as error:  # also SystemExit and KeyboardInterrupt
            if session.is_over:
                raise
            return Call(None, error, *self._about_error(error))

        if got is None or got is ...:
            prints = session.printed.getvalue()[n_printed:].strip()
            return Call(got, None, (PRINTS if prints else Message(NO_RETURN, got=got),))
        changed = [pair for pair in zip(args, given, strict=True) if not identical(*pair)]
        if changed:
            before, after = map(show, changed[0])
            return Call(got, None, (CHANGES,), (("before", before), ("after", after)))
        for warning in session.warned[n_warned:]:
            if issubclass(warning.category, RuntimeWarning):
                text = Message("NumPy warns here: {warning}.", warning=str(warning.message))
                return Call(got, None, (text,), (("got", show(got)),))
        return Call(got, None)

    def __call__(self, *args, form=None):
        """Call the answer; return what it returned, or raise `Wrong`.

        With `form`, all that counts is whether it is an array of the shape of that one.
        """
        call = self.call(*args)
        problem = call.problem
        if form is not None and call.error is None and call.got is not None:
            problem = tuple(filter(None, [form_problem(call.got, form)]))
        if problem:
            raise Wrong(*problem, rows=(("input", show_call(self.name, args)), *call.rows))
        return call.got

    result = __call__

    def _must_take(self, args, is_called):
        """Raise `Wrong` unless the answer can be called; if it is, with that many arguments."""
        if not callable(self.value):
            needs = "The check needs the function itself, but got {value}."
            write = Message("Write its name alone: `q.check({name})`.", name=self.name)
            raise Wrong(Message(needs, value=show(self.value)), write)
        if not is_called:
            return
        with contextlib.suppress(ValueError, TypeError):  # some functions have no signature
            signature = inspect.signature(self.value)
            try:
                signature.bind(*args)
            except TypeError:
                text = Message(OTHER_ARGUMENTS, name=self.name, signature=str(signature))
                raise Wrong(text, rows=[("input", show_call(self.name, args))]) from None

    def _about_error(self, error):
        """Return what to say about an error, and the line of the student's that it came from."""
        name, text = type(error).__name__, NOISE.sub("", " ".join(str(error).split()))[:300]
        template = "It stops with {error}: {text}" if text else "It stops with {error}."
        about_shapes = re.search("broadcast|matmul|Incompatible shapes", text)
        advice = ADVICE.get(name, SHAPES if about_shapes else None)
        problem = filter(None, (Message(template, error=name, text=text), advice))
        line = self._line_of(error)
        return tuple(problem), ((("your line", line),) if line else ())

    def _line_of(self, error):
        """Return the last line in the student's cell that an error went through, or ""."""
        functions = vars(self.value).values() if isinstance(self.value, type) else [self.value]
        paths = {f.__code__.co_filename for f in functions if hasattr(f, "__code__")}
        steps = [(frame.f_code.co_filename, n) for frame, n in walk_tb(error.__traceback__)]
        own = [step for step in steps if step[0] in paths]
        return linecache.getline(*own[-1]).strip() if own else ""


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


def form_problem(got, expected):
    """Say why `got` is no number, or no array of the shape of `expected`; None if it is one."""
    kind = type(got).__name__
    if isinstance(expected, np.ndarray) and not isinstance(got, np.ndarray):
        return Message("It should be a NumPy array, but its type is `{type}`.", type=kind)
    if not isinstance(got, int | float | np.generic | np.ndarray):
        return Message("It should be a number, but its type is `{type}`.", type=kind)
    got, shape = np.asarray(got), np.shape(expected)
    if got.dtype.kind not in "biuf":
        return Message("It should hold real numbers, but its type is `{type}`.", type=got.dtype)
    if got.shape == shape:
        return None
    if shape == ():
        text = "It should be one number, but it is an array of shape {shape}."
        return Message(text, shape=got.shape)
    text = "It should have shape {expected}, but it has shape {shape}."
    return Message(text, expected=shape, shape=got.shape)


def identical(a, b):
    """Tell whether two arguments are the same to the last bit."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    if isinstance(a, dict):
        return list(a) == list(b) and all(identical(a[key], b[key]) for key in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(identical, a, b))
    return a is b or bool(a == b)
