"""The exercises of chapter 03, Softmax and overflow."""

import math

import numpy as np

from course_exercises.engine.comparing import Compare, Repaired
from course_exercises.engine.exercise import Exercise

FAR_APART = np.array([[1000.0, 1010.0], [0.0, 10.0]])


def shares(numbers):
    """Return the shares of a list of numbers, computed one by one."""
    exps = [math.exp(number - max(numbers)) for number in numbers]
    return [e / math.fsum(exps) for e in exps]


def shares_of_rows(x):
    """Return the shares of each row of an array."""
    return np.array([shares(row) for row in x.tolist()])


def _shifted(x, axis=-1):
    return x - np.max(x, axis=axis, keepdims=True)


def _normalised(exps, axis, keepdims=True):
    return exps / np.sum(exps, axis=axis, keepdims=keepdims)


def _softmax(x, axis=-1):
    return _normalised(np.exp(_shifted(x, axis)), axis)


# ---------------------------------------------------------------- 3.1: softmax of rows or columns
def _batches(rng):
    yield np.array([[0.0, 1.0, 2.0], [3.0, 3.0, 3.0]]), 1
    yield np.array([[0.0, 1.0, 2.0], [3.0, 3.0, 3.0]]), 0
    yield (np.array([[1.0, 2.0, 4.0], [0.0, 0.0, 0.0]]),)  # axis=1 if left out
    yield np.array([[0.0, 1000.0], [0.0, 1000.0], [0.0, 990.0]]), 0
    yield np.array([[-1000.0, -1001.0], [5.0, 7.0]]), 1
    yield FAR_APART, 1
    yield FAR_APART.T, 0
    for axis in (0, 1, 0, 1, 0, 1):
        yield rng.normal(scale=3, size=rng.integers(1, 6, 2)), axis
    for axis in (0, 1):
        yield rng.normal(scale=3, size=(3, 3)), axis


def _expected_batch(x, axis=1):
    return shares_of_rows(x) if axis == 1 else shares_of_rows(x.T).T


SOFTMAX_BATCH_MISTAKES = {
    "All samples share one whole: maximum and sum are taken over the whole batch. "
    "What do your shares of one sample add up to?": lambda x, axis=1: _softmax(x, None),
    "Here each row is a whole, whatever `axis` says. "
    "With `axis=0` each column should be.": lambda x, axis=1: _softmax(x, 1),
    "The two axes have changed places. `axis=1` goes along a row, "
    "from column to column.": lambda x, axis=1: _softmax(x, 1 - axis),
    "This overflows: `np.exp(1000)` is inf, and inf / inf is nan. "
    "Section 5 has the cure.": lambda x, axis=1: _normalised(np.exp(x), axis),
    "The maximum is that of the whole batch. "
    "What becomes of the exponentials of a sample "
    "whose logits all lie far below it?": lambda x, axis=1: _normalised(
        np.exp(x - np.max(x)), axis
    ),
    "The sum has lost an axis, so NumPy cannot lay it beside the batch, or lays it "
    "the wrong way. Print the shapes of both.": lambda x, axis=1: _normalised(
        np.exp(_shifted(x, axis)), axis, False
    ),
    "Maximum and sum have lost an axis, so NumPy cannot lay them beside the batch, or "
    "lays them the wrong way. Print their shapes.": lambda x, axis=1: _normalised(
        np.exp(x - np.max(x, axis=axis)), axis, False
    ),
    "These are the exponentials. To become shares "
    "they must be divided by their sum.": lambda x, axis=1: np.exp(_shifted(x, axis)),
    "The maximum is right, but the sum is that of the whole batch. "
    "What do the shares of one sample add up to?": lambda x, axis=1: _normalised(
        np.exp(_shifted(x, axis)), None
    ),
    "These are shares of the logits themselves, so negative ones become possible. "
    "What makes every number positive?": lambda x, axis=1: _normalised(x, axis),
}

softmax_batch = Exercise(
    number="3.1",
    slug="softmax-batch",
    title="softmax for a batch",
    names=("softmax_batch",),
    hints=(
        "`softmax` of section 6 does it for the last axis. What is fixed there must become "
        "variable.",
        "Both `np.max` and `np.sum` take an `axis`. Hand yours on to both, with `keepdims=True`.",
        "`exps = np.exp(x - np.max(x, axis=axis, keepdims=True))`. The sum goes the same way.",
    ),
    code='''\
def softmax_batch(x, axis=1):
    """Return the shares of each row (axis=1) or of each column (axis=0)."""
    exps = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return exps / np.sum(exps, axis=axis, keepdims=True)
''',
    explanation=(
        "Maximum and sum both belong to one sample, so both go along the same axis. "
        "`keepdims=True` keeps that axis with length 1, and so the result fits beside `x`: as a "
        "column for `axis=1`, as a row for `axis=0`."
    ),
    right=(
        "The same two lines work on arrays with three or more axes. Deep learning libraries take "
        "the axis as an argument too: `keras.ops.softmax(x, axis=-1)`."
    ),
    test=Compare(_expected_batch, cases=_batches, mistakes=SOFTMAX_BATCH_MISTAKES),
)


# ---------------------------------------------------------------- 3.2: the logarithm of softmax
def _logits(rng):
    for x in ([0.3, 2.9, 4.0], [1000.0, 0.0], [-1000.0, -1000.0]):
        yield (np.array(x),)
    for x in ([[0.3, 2.9, 4.0], [5.0, 1.0, 0.0]], [[1.0, 2.0], [4.0, 8.0]], FAR_APART, [1, 2, 3]):
        yield (np.array(x),)
    for _ in range(8):
        yield (rng.normal(scale=5, size=rng.integers(1, 6, 2)),)


def _expected_log(x):
    if x.ndim == 2:
        return np.array([_expected_log(row) for row in x])
    log_sum = math.log(math.fsum(math.exp(number - max(x)) for number in x))
    return np.array([float(number) - float(max(x)) - log_sum for number in x])


def _log_of_sum(x, axis=-1, keepdims=True):
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


LOG_SOFTMAX_MISTAKES = {
    "For shares that have become 0 this takes log(0), which is minus infinity. A share that is "
    "0 tells nobody any more how small it was: go around it.": lambda x: np.log(_softmax(x)),
    "The small number inside the log avoids minus infinity, "
    "but the answer is wrong: it can never fall below −16.1. Is there a way "
    "that needs no share?": lambda x: np.log(_softmax(x) + 1e-7),
    "The formula is right on paper. But what is exp(1000) on a computer, "
    "and what is log(exp(−1000))?": lambda x: x - _log_of_sum(x),
    "It works for a batch. But a single sample has no axis 1. "
    "How did `softmax` of section 6 serve both?": lambda x: (
        _shifted(x) - _log_of_sum(_shifted(x), axis=1)
    ),
    "The maximum was subtracted inside the logarithm only, so every result is off by the same "
    "amount. By which?": lambda x: x - _log_of_sum(_shifted(x)),
    "All samples of a batch share one whole. "
    "Print the sum that you take the logarithm of: how many "
    "numbers should it be?": lambda x: (
        _shifted(x, None) - _log_of_sum(_shifted(x, None), axis=None)
    ),
    "For a batch the sum has lost an axis. Print its shape, and that of `x`.": lambda x: (
        _shifted(x) - _log_of_sum(_shifted(x), keepdims=False)
    ),
    "The maximum is that of the whole batch. "
    "In a row far below it every exp becomes 0, "
    "and so does the sum.": lambda x: _shifted(x, None) - _log_of_sum(_shifted(x, None)),
    "These are the shares. Asked for are their logarithms.": _softmax,
    "The sign is turned around: the logarithm of a share is 0 or negative.": lambda x: (
        -_expected_log(x)
    ),
}

log_softmax = Exercise(
    number="3.2",
    slug="log-softmax",
    title="log-softmax without log(0)",
    names=("log_softmax",),
    hints=(
        "The logarithm of a fraction is a difference: log(a / b) = log(a) − log(b).",
        "And log undoes exp. So with logits z from which the maximum has been subtracted, the "
        "result is z − log(sum of exp(z)).",
        "`z = x - np.max(x, axis=-1, keepdims=True)`, and then `z - np.log(np.sum(np.exp(z), "
        "axis=-1, keepdims=True))`.",
    ),
    code='''\
def log_softmax(x):
    """Return the logarithm of the shares, for one sample or one sample per row."""
    z = x - np.max(x, axis=-1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))
''',
    explanation=(
        "log(exp(z) / sum) = z − log(sum). The logarithm meets only the sum, and the sum is never "
        "0: the largest logit became 0, and exp(0) alone contributes 1. A share too small for any "
        "float has a logarithm that fits easily: −1000 in the example."
    ),
    right=(
        "Libraries do the same: a loss that takes logits (`from_logits=True` in Keras) never "
        "computes the shares. You meet it in chapter 08."
    ),
    test=Compare(_expected_log, cases=_logits, mistakes=LOG_SOFTMAX_MISTAKES),
)


# ---------------------------------------------------------------- 3.3: a program to repair
def _sure(logits, level=0.9):
    return np.array([i for i, row in enumerate(logits.tolist()) if max(shares(row)) > level], int)


def _photos(rng):
    for logits in ([[9.0, 0.0, 1.0], [1.0, 2.0, 1.5], [0.0, 8.0, 1.0]], FAR_APART, [[2.0, 2.1]]):
        yield (np.array(logits),)
    for n in (3, 5, 40):
        yield (rng.normal(scale=4, size=(n, 3)),)


def _photos_and_levels(rng):
    yield from _photos(rng)
    yield rng.normal(scale=2, size=(20, 3)), 0.5


def _program_works(shares_of_photos, predict, sure_photos):
    Compare(shares_of_rows, _photos)(shares_of_photos)
    Compare(lambda logits: logits.argmax(axis=1), _photos)(predict)
    Compare(_sure, _photos_and_levels)(sure_photos)


def _rows_sum_to_one(shares_of_photos, predict, sure_photos):
    logits = np.array([[1.0, 2.0, 0.0], [0.0, 3.0, 1.0]])
    y = shares_of_photos.result(logits, form=logits)
    return np.allclose(y.sum(axis=1), 1)


def _far_row_survives(shares_of_photos, predict, sure_photos):
    y = shares_of_photos.result(FAR_APART, form=FAR_APART)
    return y.min() > 0  # false for nan, too


FIND_THE_BUG_DEFECTS = {
    "The shares of one photo change when other photos join the batch.": _rows_sum_to_one,
    "When the logits of one photo are far above those of another, "
    "the other photo loses its shares: they become 0 or nan.": _far_row_survives,
}

find_the_bug = Exercise(
    number="3.3",
    slug="find-the-bug",
    title="find the bug",
    names=("shares_of_photos", "predict", "sure_photos"),
    hints=(
        "Print `shares_of_photos(logits)` for the example. What should each row sum to?",
        "Which numbers does `np.sum(exps)` add up? And of which numbers does `np.max(logits)` take "
        "the largest? Section 6 met the same problem.",
        "Both of them need `axis=1, keepdims=True`. `predict` and `sure_photos` are fine as they "
        "are.",
    ),
    starter="""\
def shares_of_photos(logits):
    exps = np.exp(logits - np.max(logits))
    return exps / np.sum(exps)


def predict(logits):
    return np.argmax(shares_of_photos(logits), axis=1)


def sure_photos(logits, level=0.9):
    best = np.max(shares_of_photos(logits), axis=1)
    return np.flatnonzero(best > level)
""",
    repairs=(
        ("np.max(logits)", "np.max(logits, axis=1, keepdims=True)"),
        ("np.sum(exps)", "np.sum(exps, axis=1, keepdims=True)"),
    ),
    explanation=(
        "The shares were taken over the whole batch, so the more photos, the smaller each share. "
        "`predict` did not suffer: dividing a row by a number does not move its largest entry. The "
        "maximum of the whole batch is a second defect, which shows only when a row lies far below "
        "another: there every exponential becomes 0."
    ),
    right=(
        "A test of `predict` alone could never find this. It pays to test what must always hold, "
        "here: every row sums to 1."
    ),
    test=Repaired(defects=FIND_THE_BUG_DEFECTS, then=_program_works),
)
