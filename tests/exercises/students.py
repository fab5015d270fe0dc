"""What students hand over: code that defines an answer, and answers that do what none should."""

import ast
import importlib.util

import numpy as np

import course_exercises
from course_exercises import chapter06
from course_utils import losses
from course_utils.activations import relu, sigmoid, softmax
from course_utils.gradients import numerical_gradient
from course_utils.layers import softmax_loss
from course_utils.quiet import load_tensorflow
from course_utils.robot import ROAD, move

NEED_TENSORFLOW = {"07", "08"}
HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None
EXERCISES = {
    exercise.key: exercise
    for number in course_exercises.chapters()
    for exercise in course_exercises.of_chapter(number)
}
WITH_NUMPY = [e for e in EXERCISES.values() if e.chapter not in NEED_TENSORFLOW]
WITH_TENSORFLOW = [e for e in EXERCISES.values() if e.chapter in NEED_TENSORFLOW]

# What chapter 01 defines before its exercises.
GATES = """
def neuron(x1, x2, w1, w2, b):
    return 1 if b + w1 * x1 + w2 * x2 > 0 else 0
def AND(x1, x2):
    return neuron(x1, x2, 1, 1, -1.5)
def NAND(x1, x2):
    return neuron(x1, x2, -1, -1, 1.5)
def OR(x1, x2):
    return neuron(x1, x2, 0.5, 0.5, -0.2)
def XOR(x1, x2):
    return AND(NAND(x1, x2), OR(x1, x2))
def NOR(x1, x2):
    return neuron(x1, x2, -0.5, -0.5, 0.2)
"""


def made_by(exercise, code, file="answer"):
    """Return what a student's code defines of an exercise, as `check` gets it.

    What comes after the definitions, the trying out, is left to the solved notebooks.
    """
    namespace = {"np": np, "losses": losses, "numerical_gradient": numerical_gradient}
    namespace |= {
        "relu": relu,
        "sigmoid": sigmoid,
        "softmax": softmax,
        "softmax_loss": softmax_loss,
        "central": chapter06.central,
        "ROAD": ROAD,
        "move": move,
    }
    if exercise.chapter in NEED_TENSORFLOW:
        load_tensorflow()
        import keras
        import tensorflow as tf

        namespace |= {"keras": keras, "tf": tf}
    exec(GATES, namespace)
    tree = ast.parse(code)
    if any(isinstance(node, ast.FunctionDef) for node in tree.body):
        tree.body = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    exec(compile(tree, file, "exec"), namespace)
    return [namespace[name] for name in exercise.names]


def judge(exercise, code):
    return exercise.judge(*made_by(exercise, code))


def text_of(reply):
    """Return a reply as one line."""
    return " ".join(repr(reply).split())


def first_paragraph(reply):
    return str(reply.paragraphs[0])


def labels_of(reply):
    return [str(label) for label, _ in reply.rows]


# ---------------------------------------------------------------- hostile

# The body of a function, and what is said of it.
HOSTILE = {
    "raises": ("raise RuntimeError('no')", "It stops with RuntimeError: no"),
    "divides by zero": ("return 1 / 0", "It stops with ZeroDivisionError: division by zero"),
    "a name that does not exist": ("return nothing_of_that_name", "Is the name spelled"),
    "no return": ("x = 1", "It returns None. Is a `return` missing?"),
    "prints": ("print(1)", "It prints its answer."),
    "a text": ("return 'one'", "but its type is `str`"),
    "a set of texts": ("return {'one'}", "but its type is `set`"),
    "a complex number": ("return 1j", "but its type is `complex`"),
    "objects": ("return np.array([None, 'a'])", "object"),
    "a generator": ("yield 1", "but its type is `generator`"),
    "a function": ("return print", "builtin_function_or_method"),
    "an enormous number": ("return 10**5000", ""),
    "an evil object": ("return Evil()", ""),
    "a warning that cannot be shown": ("import warnings; warnings.warn(EvilWarning())", ""),
    "a loop": ("while True: pass", "Is there a loop in it that never ends?"),
    "a loop that holds on": (
        "while True:\n        try: int('1')\n        except BaseException: pass",
        "Is there a loop in it that never ends?",
    ),
    "recursion": ("return hostile(*args)", "It calls itself"),
    "exit": ("import sys; sys.exit(3)", "It stops with SystemExit: 3"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "It stops with KeyboardInterrupt"),
    "input": ("return input('?')", "input() has nobody to ask here"),
    "memory": ("return np.zeros(10**15)", "It asks for more memory than there is."),
}
EVIL = """
class Evil:
    def __getattribute__(self, name): raise RuntimeError(name)
    __eq__ = __len__ = __repr__ = __iter__ = __array__ = __bool__ = lambda *_: 1 / 0
class EvilWarning(RuntimeWarning):
    __str__ = __repr__ = lambda *_: 1 / 0
"""


def evil():
    """Return an object that raises whatever is asked of it."""
    namespace = {}
    exec(EVIL, namespace)
    return namespace["Evil"]()


def hostile(name):
    """Return a function that takes any arguments, with the body of that name in `HOSTILE`."""
    namespace = {"np": np}
    exec(f"{EVIL}\ndef hostile(*args, **kwargs):\n    {HOSTILE[name][0]}", namespace)
    return namespace["hostile"]


def hostile_class(function, *names, base=object, **more):
    """Return a class whose methods of these names all are one function."""
    return type("Hostile", (base,), dict.fromkeys(names, function) | more)
