"""The exercises of refresher A3, Regression."""

import numpy as np

from course_exercises.engine.comparing import Compare, Repaired, Wrong
from course_exercises.engine.exercise import Exercise
from course_utils.gradients import numerical_gradient


# ---------------------------------------------------------------- A3.1: the share explained
def _answers_and_targets(rng):
    yield np.array([1.0, 2.0, 4.0]), np.array([1.0, 3.0, 5.0])
    yield np.array([6.0, 8.0, 11.0, 15.0]), np.array([6.0, 7.0, 13.0, 12.0])
    for n in (5, 40):
        t = rng.normal(10, 3, n)
        yield t + rng.normal(0.5, 1, n), t


def _removed(y, t):
    """Return the loss of the answers and of the baseline, added up one by one."""
    mean = sum(t) / len(t)
    model = sum((a - b) ** 2 for a, b in zip(y, t, strict=True))
    return 1 - float(model) / float(sum((b - mean) ** 2 for b in t))


def _loss(y, t):
    return np.mean((y - t) ** 2)


SHARE_MISTAKES = {
    "This is the share that is left. You want the share that is gone: 1 minus it.": lambda y, t: (
        _loss(y, t) / _loss(t.mean(), t)
    ),
    "The two losses have changed places: the baseline's belongs below the line.": lambda y, t: (
        1 - _loss(t.mean(), t) / _loss(y, t)
    ),
    "These are typical errors, with a root. The share is one of the losses, without "
    "it.": lambda y, t: 1 - (_loss(y, t) / _loss(t.mean(), t)) ** 0.5,
    "The baseline answers the mean of the targets `t`, not that of the answers `y`.": lambda y, t: (
        1 - _loss(y, t) / _loss(y.mean(), t)
    ),
    "The errors are not squared.": lambda y, t: (
        1 - np.mean(np.abs(y - t)) / np.mean(np.abs(t - t.mean()))
    ),
    "The baseline answers the mean of `t`. Yours always answers 0.": lambda y, t: (
        1 - _loss(y, t) / np.mean(t**2)
    ),
    "One of the losses is a mean and the other a sum.": lambda y, t: (
        1 - np.sum((y - t) ** 2) / _loss(t.mean(), t)
    ),
    "This is how much loss is gone, in squared units. Divide it by the baseline's "
    "loss.": lambda y, t: _loss(t.mean(), t) - _loss(y, t),
}

share_explained = Exercise(
    number="A3.1",
    slug="share-explained",
    title="the share explained",
    names=("share_explained",),
    hints=(
        "You need two losses: that of `y`, and that of an answer which is the same for all.",
        "The loss of the baseline is `np.mean((t.mean() - t) ** 2)`.",
        "Divide the loss of `y` by that of the baseline, and take the result from 1.",
    ),
    code='''\
def share_explained(y, t):
    """Return which share of the baseline's loss the answers y do away with."""
    loss = np.mean((y - t) ** 2)
    baseline = np.mean((t.mean() - t) ** 2)
    return 1 - loss / baseline
''',
    explanation=(
        "The loss of the model as a part of the baseline's loss is what is left. What is gone is "
        "the rest, up to 1. A model that is worse than the mean gets a number below 0."
    ),
    right=(
        "This is what `LinearRegression().score(x, t)` returns. For the taxi it is 0.98, for the "
        "ten inputs about 0.35 on the validation part: people are harder to foretell than taxis."
    ),
    test=Compare(_removed, _answers_and_targets, SHARE_MISTAKES),
)


# ---------------------------------------------------------------- A3.2: scale new rows
def _tables(rng):
    yield np.array([[0.0, 10.0], [2.0, 30.0]]), np.array([[3.0, 20.0]])
    yield np.array([[1.0, 5.0], [3.0, 9.0], [5.0, 1.0]]), np.array([[1.0, 5.0], [2.0, 4.0]])
    for n in (2, 6):
        yield rng.normal(50, 9, (8, 3)), rng.normal(40, 5, (n, 3))


def _scaled_one_by_one(x_train, x_new):
    columns = []
    for old, new in zip(x_train.T, x_new.T, strict=True):
        mean = sum(old) / len(old)
        typical = (sum((v - mean) ** 2 for v in old) / len(old)) ** 0.5
        columns.append((new - mean) / typical)
    return np.stack(columns, axis=1)


SCALE_MISTAKES = {
    "The new rows are scaled with their own mean and standard deviation. Take those of "
    "`x_train`.": lambda a, b: (b - b.mean(axis=0)) / b.std(axis=0),
    "The mean is that of the new rows. Take that of `x_train`, as for the standard "
    "deviation.": lambda a, b: (b - b.mean(axis=0)) / a.std(axis=0),
    "The standard deviation is that of the new rows. Take that of `x_train`, as for the "
    "mean.": lambda a, b: (b - a.mean(axis=0)) / b.std(axis=0),
    "This is one mean for the whole table. Each column needs its own: `axis=0`.": lambda a, b: (
        (b - a.mean()) / a.std()
    ),
    "The division by the standard deviation is missing.": lambda a, b: b - a.mean(axis=0),
    "The mean is not subtracted.": lambda a, b: b / a.std(axis=0),
    "This divides by the variance, the square of the standard deviation.": lambda a, b: (
        (b - a.mean(axis=0)) / a.var(axis=0)
    ),
    "`/` comes before `-`: put the difference in brackets.": lambda a, b: (
        b - a.mean(axis=0) / a.std(axis=0)
    ),
    "This is the training table, scaled. The new rows are asked for.": lambda a, b: (
        (a - a.mean(axis=0)) / a.std(axis=0)
    ),
}

scale_new_rows = Exercise(
    number="A3.2",
    slug="scale-new-rows",
    title="scale new rows",
    names=("scale_new",),
    hints=(
        "Two arrays come from `x_train`, each with one number for every column.",
        "`x_train.mean(axis=0)` goes down the rows, and leaves one mean for each column.",
        "Subtract that mean from `x_new`, in brackets, and divide by `x_train.std(axis=0)`.",
    ),
    code='''\
def scale_new(x_train, x_new):
    """Return x_new, scaled as the training table is."""
    mean, std = x_train.mean(axis=0), x_train.std(axis=0)
    return (x_new - mean) / std
''',
    explanation=(
        "`axis=0` gives one mean and one standard deviation for every column, and broadcasting "
        "uses them in every row. They belong to the model, like `w` and `b`: what was learned with "
        "them must be used with them."
    ),
    right=(
        "With its own mean, a single new row would always become 0, whoever it is. In scikit-learn "
        "`StandardScaler` does this: `fit` looks at the training part, `transform` at any rows."
    ),
    test=Compare(_scaled_one_by_one, _tables, SCALE_MISTAKES),
)


# ---------------------------------------------------------------- A3.3: a line to repair
X = np.array([1.0, 2.0, 4.0, 5.0, 8.0, 10.0, 13.0])
T = np.array([9.0, 6.0, 8.0, 15.0, 17.0, 20.0, 31.0])
Z = (X - X.mean()) / X.std()


def _slope(which, right):
    """Return a test of the class: whether one of its two slopes is right."""

    def same(cls):
        line = cls()
        line.w, line.b = 2.0, 5.0
        return np.isclose(line.slopes(Z.copy(), T.copy())[which], right)

    return _holds(same)


def _goes_downhill(cls):
    found = []
    for t in (T, -T):
        line = cls()
        line.fit(X.copy(), t.copy(), 1e-4, 1)
        found += [line.w * t[-1] > 0, line.b * t[-1] > 0]
    return all(found)


def _predicts_as_it_learned(cls):
    line = cls()
    line.fit(X.copy(), T.copy(), 1e-4, 1)
    line.w, line.b = 1.0, 0.0
    steps = [np.array([0.5]), np.array([-1.0, 2.0, 3.0])]
    with np.errstate(all="ignore"):  # one new number has no standard deviation
        return all(np.allclose(line.predict(X.mean() + s * X.std()), s) for s in steps)


def _holds(same):
    def holds(answer):
        call = answer.call(use=same)
        if call.error is not None:
            raise Wrong(*call.problem, rows=call.rows)
        return bool(call.got)

    return holds


def _finds_the_best_line(cls):
    line = cls()
    line.fit(X.copy(), T.copy())
    return np.asarray(line.predict(np.array([0.0, 6.0, 20.0])), float)


def _is_right(answer):
    call = answer.call(use=_finds_the_best_line)
    best = np.polyval(np.polyfit(X, T, 1), [0.0, 6.0, 20.0])
    if call.problem or np.shape(call.got) != (3,) or not np.allclose(call.got, best, atol=1e-6):
        text = "After `fit` with 100 steps, its answers are still not those of the best line."
        raise Wrong(*(call.problem or [text]), rows=call.rows)


_error = 2 * Z + 5 - T
LINE_DEFECTS = {
    "The slope for `w` grows with the number of rows.": _slope(0, np.mean(2 * _error * Z)),
    "The slope for `b` is that for `w`, with `z` in it.": _slope(1, np.mean(2 * _error)),
    "`w` or `b` goes uphill.": _holds(_goes_downhill),
    "New rides are not scaled as the training rides were.": _holds(_predicts_as_it_learned),
}

find_the_bug = Exercise(
    number="A3.3",
    slug="find-the-bug",
    title="find the bug",
    names=("ScaledLine",),
    hints=(
        "Let `numerical_gradient` judge the slopes, as in section 3. And print what `predict` "
        "says of one ride alone.",
        "The loss is a mean, so its slopes are means too. What is the first gear of `b`? And a "
        "step goes *against* the slope.",
        "`predict` must not call `scale`, which forgets the old mean: write "
        "`(x - self.mean) / self.std` there.",
    ),
    starter='''\
class ScaledLine:
    """A line y = w z + b, where z is the scaled input."""

    def __init__(self):
        self.w, self.b = 0.0, 0.0

    def scale(self, x):
        self.mean, self.std = x.mean(), x.std()
        return (x - self.mean) / self.std

    def slopes(self, z, t):
        error = self.w * z + self.b - t
        return np.sum(2 * error * z), np.mean(2 * error * z)

    def fit(self, x, t, rate=0.1, n_steps=100):
        z = self.scale(x)
        for _ in range(n_steps):
            slope_w, slope_b = self.slopes(z, t)
            self.w = self.w + rate * slope_w
            self.b = self.b - rate * slope_b

    def predict(self, x):
        return self.w * self.scale(x) + self.b
''',
    repairs=(
        (
            "np.sum(2 * error * z), np.mean(2 * error * z)",
            "np.mean(2 * error * z), np.mean(2 * error)",
        ),
        ("self.w + rate", "self.w - rate"),
        ("self.w * self.scale(x) + self.b", "self.w * (x - self.mean) / self.std + self.b"),
    ),
    explanation=(
        "The loss is a mean over the rows, so both slopes are means, and that for `b` has no `z` "
        "in it. A step goes against the slope. And `scale` finds a new mean each time it is "
        "called, so `predict` must use what `fit` has kept."
    ),
    right=(
        "The last defect is common in real programs, because it hardly shows as long as there are "
        "many new rows. One ride alone shows it at once: 0 divided by 0."
    ),
    test=Repaired(defects=LINE_DEFECTS, then=_is_right),
)


# ---------------------------------------------------------------- A3.4: a brake on the weights
def _braked_places(rng):
    yield np.array([1.0, 0.0]), 0.0, np.array([[1.0, 2.0]]), np.array([0.0]), 0.5
    for n, columns, brake in [(3, 2, 0.0), (4, 2, 2.0), (9, 5, 0.1), (3, 3, 1.0)]:
        x = rng.normal(size=(n, columns))
        yield rng.normal(size=columns), float(rng.normal()), x, rng.normal(size=n), brake


def _braked_by_measuring(w, b, x, t, brake):
    def loss(place):
        y = np.array([np.sum(row * place[:-1]) for row in x]) + place[-1]
        return np.mean((y - t) ** 2) + brake * np.sum(place[:-1] ** 2)

    slopes = numerical_gradient(loss, np.append(w, b))
    return slopes[:-1], float(slopes[-1])


def _braked(on_w, on_b=lambda b, brake: 0.0, sign=1, mean=np.mean, factor=2):
    """Return an answer with these parts: what the brake adds to each slope, and the rest."""

    def slopes(w, b, x, t, brake):
        e = sign * factor * ((x * w).sum(axis=1) + b - t)
        return mean(e[:, None] * x, axis=0) + on_w(w, brake), mean(e) + on_b(b, brake)

    return slopes


def _right_brake(w, brake):
    return 2 * brake * w


BRAKE_MISTAKES = {
    "The brake has no influence on the slopes.": _braked(lambda w, brake: 0 * w),
    "The brake is on `b`, too. Only the weights are to pay.": _braked(
        _right_brake, lambda b, brake: 2 * brake * b
    ),
    "The slope of w² is 2w. The 2 is missing.": _braked(lambda w, brake: brake * w),
    "This adds the price itself, w². You need its slope.": _braked(lambda w, brake: brake * w**2),
    "Each weight pays for all of them. The slope of the sum for one weight is that of its own "
    "square.": _braked(lambda w, brake: 2 * brake * w.sum()),
    "The sign of the brake is wrong: it drives the weights up.": _braked(
        lambda w, brake: -2 * brake * w
    ),
    "The error is t − y. It should be y − t.": _braked(_right_brake, sign=-1),
    "The slopes of the squared errors are added up. The loss takes their mean.": _braked(
        _right_brake, mean=np.sum
    ),
    "The brake is right. The slope of e² is 2e, and that 2 is missing.": _braked(
        _right_brake, factor=1
    ),
}

brake = Exercise(
    number="A3.4",
    slug="brake",
    title="a brake (stretch)",
    names=("braked_slopes",),
    hints=(
        "The slope of a sum is the sum of the slopes. The first part you know from "
        "`learn_weights`.",
        "What does `brake * w**2` add to the slope of its own weight? The rule for squares is in "
        "A2. The bias pays nothing.",
        "Add `2 * brake * w` to the slopes for `w`, and leave that for `b` as it is.",
    ),
    code='''\
def braked_slopes(w, b, x, t, brake):
    """Return the slopes for w and for b of: mean squared error + brake * sum of w squared."""
    error = (x * w).sum(axis=1) + b - t
    slope_w = np.mean(2 * error[:, None] * x, axis=0) + 2 * brake * w
    return slope_w, np.mean(2 * error)
''',
    explanation=(
        "Each weight pays `brake` times its own square, and the slope of that is `2 * brake * w`: "
        "every step also pulls the weight a little towards 0, and a large one more strongly."
    ),
    right=(
        "With `brake = 0.3` and 2,000 epochs at rate 0.01, the 64 inputs come to 54 on the people "
        "held back; without the brake to 68, and `lstsq` to 165. Chapter 05 calls this brake L2 "
        "regularisation, and scikit-learn `Ridge`."
    ),
    test=Compare(_braked_by_measuring, _braked_places, BRAKE_MISTAKES, tolerance=1e-6),
)
