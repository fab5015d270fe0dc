"""The exercises of chapter A4, Classification."""

import numpy as np

from course_exercises.engine.comparing import Compare, Repaired, Wrong
from course_exercises.engine.exercise import Exercise
from course_utils.activations import sigmoid
from course_utils.gradients import numerical_gradient


# ---------------------------------------------------------------- A4.1: of the alarms, of the ill
def _truths_and_alarms(rng):
    yield np.array([1, 1, 1, 1, 0, 0]), np.array([True, True, False, False, True, False])
    yield np.array([1, 0, 0, 0]), np.array([True, True, True, True])
    for n in (12, 40, 100):
        t, alarm = rng.integers(0, 2, n), rng.random(n) < 0.35
        t[:2], alarm[:3] = [1, 0], [True, True, False]
        yield t, alarm


def _four_counts(t, alarm):
    pairs = [(int(truth), bool(said)) for truth, said in zip(t, alarm, strict=True)]
    return [pairs.count(pair) for pair in ((1, True), (1, False), (0, True), (0, False))]


def _from_counts(formula):
    """Return a function of truths and alarms: `formula` of found, missed, false and in peace."""
    return lambda t, alarm: formula(*map(float, _four_counts(t, alarm)))


PRECISION_MISTAKES = {
    "The two have changed places: precision comes first.": _from_counts(
        lambda found, missed, false, peace: (found / (found + missed), found / (found + false))
    ),
    "Precision is given in place of both. Recall asks of all who are ill.": _from_counts(
        lambda found, missed, false, peace: (found / (found + false), found / (found + false))
    ),
    "Recall is given in place of both. Precision asks of all alarms.": _from_counts(
        lambda found, missed, false, peace: (found / (found + missed), found / (found + missed))
    ),
    "Both are divided by the number of all patients. Precision is a share of the alarms, recall a "
    "share of the ill.": _from_counts(
        lambda found, missed, false, peace: (found / (found + missed + false + peace),) * 2
    ),
    "The first is the accuracy: it counts the healthy who were left in peace. Precision looks at "
    "the alarms alone.": _from_counts(
        lambda found, missed, false, peace: (
            (found + peace) / (found + missed + false + peace),
            found / (found + missed),
        )
    ),
    "The second asks of the healthy how many were left in peace. Recall asks of the ill.": (
        _from_counts(
            lambda found, missed, false, peace: (found / (found + false), peace / (false + peace))
        )
    ),
    "These are the shares for the healthy. Here, 1 is what we look for: ill.": _from_counts(
        lambda found, missed, false, peace: (peace / (peace + missed), peace / (peace + false))
    ),
    "These are per cent. Give shares, from 0 to 1.": _from_counts(
        lambda found, missed, false, peace: (
            100 * found / (found + false),
            100 * found / (found + missed),
        )
    ),
}

precision_and_recall = Exercise(
    number="A4.1",
    slug="precision-and-recall",
    title="precision and recall",
    names=("precision_and_recall",),
    hints=(
        "Both begin with the number of the found: ill, and with an alarm. They differ in what it "
        "is divided by.",
        "`np.sum(alarm & (t == 1))` counts the found. The alarms are `np.sum(alarm)`, the ill "
        "`np.sum(t == 1)`.",
        "`return found / np.sum(alarm), found / np.sum(t == 1)`, after you have counted `found`.",
    ),
    code="""\
def precision_and_recall(t, alarm):
    found = np.sum(alarm & (t == 1))
    return found / np.sum(alarm), found / np.sum(t == 1)
""",
    explanation=(
        "The found are divided once by all alarms and once by all ill. The healthy who were left "
        "in peace appear in neither, and so the lazy program cannot hide behind them."
    ),
    right=(
        "A program that alarms everybody has recall 1, and one that alarms only once, rightly, has "
        "precision 1. So always ask for both."
    ),
    test=Compare(
        _from_counts(
            lambda found, missed, false, peace: (found / (found + false), found / (found + missed))
        ),
        _truths_and_alarms,
        PRECISION_MISTAKES,
    ),
)


# ---------------------------------------------------------------- A4.2: the cheapest threshold
def _patients_and_costs(rng):
    t, y = np.array([0, 0, 1, 0, 1]), np.array([0.1, 0.2, 0.3, 0.6, 0.9])
    yield t, y, np.array([0.05, 0.25, 0.5, 0.7]), 5
    yield t, y, np.array([0.05, 0.25, 0.5, 0.7]), 0.5
    yield np.array([0, 1, 0]), np.array([0.2, 0.5, 0.5]), np.array([0.9, 0.5, 0.4, 0.1]), 4
    yield t, y, np.array([0.95, 0.8, 0.7, 0.65, 0.4, 0.05]), 1
    for cost in (20, 3, 0.2):
        t = rng.integers(0, 2, 60)
        y = np.round(np.clip(0.25 + 0.4 * t + rng.normal(scale=0.25, size=60), 0, 1), 2)
        yield t, y, np.arange(1, 100) / 100, cost


def _chosen(cost, choose=lambda thresholds, costs: thresholds[np.argmin(costs)]):
    """Return a function that chooses by `cost(t, alarm, cost_missed)`."""

    def function(t, y, thresholds, cost_missed):
        costs = [cost(t, y > threshold, cost_missed) for threshold in thresholds]
        return float(choose(thresholds, np.array(costs, dtype=float)))

    return function


def _cost(t, alarm, cost_missed):
    _, missed, false, _ = _four_counts(t, alarm)
    return cost_missed * missed + false


THRESHOLD_MISTAKES = {
    "The costs have changed places: the missed cost `cost_missed`, a false alarm costs 1.": _chosen(
        lambda t, alarm, cost: np.sum(~alarm & (t == 1)) + cost * np.sum(alarm & (t == 0))
    ),
    "The argument `cost_missed` has no influence: this threshold has the fewest mistakes.": _chosen(
        lambda t, alarm, cost: np.sum(alarm != (t == 1))
    ),
    "False alarms cost nothing here, so it alarms everybody. Add them.": _chosen(
        lambda t, alarm, cost: cost * np.sum(~alarm & (t == 1))
    ),
    "The missed cost nothing here. Add them, times `cost_missed`.": _chosen(
        lambda t, alarm, cost: np.sum(alarm & (t == 0))
    ),
    "This is the dearest threshold. The smallest cost is wanted.": _chosen(
        _cost, lambda thresholds, costs: thresholds[np.argmax(costs)]
    ),
    "This is the smallest cost. Return the threshold at which it arises.": _chosen(
        _cost, lambda thresholds, costs: costs.min()
    ),
    "This is the place of the threshold in the array. Take `thresholds[...]` there.": _chosen(
        _cost, lambda thresholds, costs: np.argmin(costs)
    ),
    "If several cost the same, the first is wanted. This is the last.": _chosen(
        _cost, lambda thresholds, costs: thresholds[::-1][np.argmin(costs[::-1])]
    ),
    "At the threshold itself there is no alarm: `y > threshold`.": (
        lambda t, y, thresholds, cost: _chosen(_cost)(t, np.nextafter(y, 2), thresholds, cost)
    ),
}

cheapest_threshold = Exercise(
    number="A4.2",
    slug="cheapest-threshold",
    title="the cheapest threshold",
    names=("cheapest_threshold",),
    hints=(
        "For one threshold: who gets an alarm, how many are missed, how many alarms are false, and "
        "what does that cost?",
        "Collect the cost of each threshold in a list. `np.argmin` finds the place of the "
        "smallest, and of several equal ones the first.",
        "`alarm = y > threshold`, and the cost is "
        "`cost_missed * np.sum(~alarm & (t == 1)) + np.sum(alarm & (t == 0))`.",
    ),
    code="""\
def cheapest_threshold(t, y, thresholds, cost_missed):
    costs = []
    for threshold in thresholds:
        alarm = y > threshold
        missed, false_alarms = np.sum(~alarm & (t == 1)), np.sum(alarm & (t == 0))
        costs.append(cost_missed * missed + false_alarms)
    return thresholds[np.argmin(costs)]
""",
    explanation=(
        "A threshold decides who gets an alarm, and these alarms make the two kinds of mistakes. "
        "Weighed by their costs they are one number, and numbers can be compared."
    ),
    right=(
        "On the validation part 0.28 is the cheapest, on the test set 0.1. At 0.28 the test set "
        "costs 61, five times as much as at 1/21. What is the best on few patients is partly luck."
    ),
    test=Compare(_chosen(_cost), _patients_and_costs, THRESHOLD_MISTAKES),
)


# ---------------------------------------------------------------- A4.3: a program to repair
def _some_patients(n=60, seed=1):
    rng = np.random.default_rng(seed)
    t = (rng.random(n) < 0.35).astype(int)
    return rng.normal(size=(n, 2)) * [3, 0.5] + [20, 1] + np.outer(t, [4.0, 0.3]), t


def _holds(use):
    """Return a test of the program: whether `use(diagnose)` is true."""

    def holds(answer):
        call = answer.call(use=use)
        if call.error is not None:
            raise Wrong(*call.problem, rows=call.rows)
        return bool(call.got)

    return holds


def _same_alone(diagnose):
    (x, t), (new, _) = _some_patients(), _some_patients(20, seed=2)
    few = new[np.argsort(new[:, 0])[-6:]]
    _, alone, _ = diagnose(x.copy(), t.copy(), few.copy())
    _, beside_others, _ = diagnose(x.copy(), t.copy(), np.concatenate([few, new]))
    return np.allclose(alone, beside_others[:6], atol=1e-9)


def _mean_is_share(diagnose):
    x, t = _some_patients()
    return abs(np.mean(diagnose(x.copy(), t.copy(), x.copy())[1]) - t.mean()) < 0.01


def _loss_is_mean_surprise(diagnose):
    x, t = _some_patients()
    loss, y, _ = diagnose(x.copy(), t.copy(), x.copy())
    return abs(loss + np.mean(np.log(np.where(t == 1, y, 1 - y)))) < 0.01


def _alarm_above_threshold(diagnose):
    x, t = _some_patients()
    right = []
    for threshold in (0.5, 0.1, 0.8):
        _, y, alarm = diagnose(x.copy(), t.copy(), x.copy(), threshold)
        right.append(np.array_equal(np.asarray(alarm, dtype=bool), y > threshold))
    return all(right)


def _diagnose(x_train, t_train, x_new):
    mean, spread = x_train.mean(axis=0), x_train.std(axis=0)
    x, w, b = (x_train - mean) / spread, np.zeros(x_train.shape[1]), 0.0
    for _ in range(300):
        error = sigmoid(x @ w + b) - t_train
        w, b = w - 0.5 * x.T @ error / len(x), b - 0.5 * np.mean(error)
    return sigmoid((x_new - mean) / spread @ w + b)


def _probabilities_are_right(diagnose):
    (x, t), (new, _) = _some_patients(80, seed=3), _some_patients(20, seed=4)
    return np.allclose(diagnose(x.copy(), t.copy(), new.copy())[1], _diagnose(x, t, new), atol=2e-3)


def _is_right(answer):
    if not _holds(_probabilities_are_right)(answer):
        raise Wrong("The probabilities for new patients are still not those of the training.")


DIAGNOSE_DEFECTS = {
    "What a patient is told depends on who else is new.": _same_alone,
    "On the training patients, the mean probability is far from the share of the ill.": (
        _mean_is_share
    ),
    "The loss is too small: some patients never surprise it.": _loss_is_mean_surprise,
    "Alarms and probabilities do not fit together.": _alarm_above_threshold,
}

find_the_bug = Exercise(
    number="A4.3",
    slug="find-the-bug",
    title="find the bug",
    names=("diagnose",),
    hints=(
        "Go through the program line by line, and say aloud what each number is: a sum, a "
        "probability, a slope. Two lines before the last, two in the loop's neighbourhood.",
        "New patients are scaled as the training patients were, with *their* mean. A product binds "
        "more tightly than a difference. And a threshold is a probability.",
        "`0.5 * np.mean(y - t_train)`; `(x_new - mean) / spread`; `sigmoid(a) > threshold`; and "
        "the loss needs `(1 - t_train) * np.log(1 - y)`, too.",
    ),
    starter='''\
def diagnose(x_train, t_train, x_new, threshold=0.5):
    """Train on some patients; return the loss, and probabilities and alarms for new ones."""
    mean, spread = x_train.mean(axis=0), x_train.std(axis=0)
    x = (x_train - mean) / spread
    w, b = np.zeros(x.shape[1]), 0.0
    for _ in range(300):
        y = sigmoid(x @ w + b)
        w -= 0.5 * x.T @ (y - t_train) / len(x)
        b -= 0.5 * np.mean(y) - np.mean(t_train)
    y = sigmoid(x @ w + b)
    loss = -np.mean(t_train * np.log(y))
    x_new = (x_new - x_new.mean(axis=0)) / x_new.std(axis=0)
    a = x_new @ w + b
    return loss, sigmoid(a), a > threshold
''',
    repairs=(
        ("0.5 * np.mean(y) - np.mean(t_train)", "0.5 * np.mean(y - t_train)"),
        ("t_train * np.log(y))", "t_train * np.log(y) + (1 - t_train) * np.log(1 - y))"),
        ("(x_new - x_new.mean(axis=0)) / x_new.std(axis=0)", "(x_new - mean) / spread"),
        ("sigmoid(a), a > threshold", "sigmoid(a), sigmoid(a) > threshold"),
    ),
    explanation=(
        "A new patient is measured with the ruler of the training. The parentheses keep the whole "
        "slope behind the 0.5. Both halves of the cross-entropy are needed. And the sum `a` is "
        "above 0.5 only where the probability is above 0.62."
    ),
    right=(
        "None of these defects raises an error, and with all four the program still looks "
        "respectable. That is why one compares with a judge, and checks what must hold."
    ),
    test=Repaired(
        defects={said: _holds(use) for said, use in DIAGNOSE_DEFECTS.items()}, then=_is_right
    ),
)


# ---------------------------------------------------------------- A4.4: slopes that know the costs
def _rows_and_costs(rng):
    yield np.array([0.0, 0.0]), 0.0, np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([1, 0]), 3.0
    yield np.array([0.5]), -0.5, np.array([[1.0], [2.0], [-1.0]]), np.array([1, 1, 0]), 1.0
    for n, cost in [(5, 20.0), (8, 2.0), (12, 0.5)]:
        t = rng.integers(0, 2, n)
        t[:2] = [0, 1]
        yield rng.normal(size=3), float(rng.normal()), rng.normal(size=(n, 3)), t, cost


def _measured(w, b, x, t, cost):
    """Measure the slopes of the weighed surprise."""

    def loss(w, b):
        y = sigmoid(x @ w + b)
        return -np.mean(np.where(t == 1, cost * np.log(y), np.log(1 - y)))

    slope_b = numerical_gradient(lambda b: loss(w, b[0]), np.array([b]))
    return numerical_gradient(lambda w: loss(w, b), w.copy()), float(slope_b[0])


def _slopes(error, divide=len, order=1):
    """Return a function that makes slopes of `error(y, t, cost)`."""

    def function(w, b, x, t, cost):
        e = error(sigmoid(x @ w + b), t, cost)
        n = divide(t) if divide is len else divide(t, cost)
        return (e @ x / n, float(np.sum(e) / n))[::order]

    return function


def _weighed(y, t, cost):
    return np.where(t == 1, cost, 1) * (y - t)


def _bias_forgotten(w, b, x, t, cost):
    y = sigmoid(x @ w + b)
    return _weighed(y, t, cost) @ x / len(t), float(np.mean(y - t))


COSTLY_MISTAKES = {
    "The argument `cost` has no influence.": _slopes(lambda y, t, cost: y - t),
    "The cost is put on the benign patients. It belongs to those with `t == 1`.": _slopes(
        lambda y, t, cost: np.where(t == 0, cost, 1) * (y - t)
    ),
    "All patients count `cost` times. The benign ones count once.": _slopes(
        lambda y, t, cost: cost * (y - t)
    ),
    "This multiplies the target, `y - cost * t`. The whole difference counts `cost` times.": (
        _slopes(lambda y, t, cost: y - cost * t)
    ),
    "These are sums. Divide by the number of patients.": _slopes(_weighed, lambda t, cost: 1),
    "This divides by the sum of the costs. Divide by the number of patients.": _slopes(
        _weighed, lambda t, cost: np.sum(np.where(t == 1, cost, 1))
    ),
    "The signs are turned round: the slope is answer minus truth.": _slopes(
        lambda y, t, cost: -_weighed(y, t, cost)
    ),
    "The two have changed places: the slope for `w` comes first.": _slopes(_weighed, order=-1),
    "The slope for `w` is right. That for `b` does not know the cost yet.": _bias_forgotten,
}

costly_slopes = Exercise(
    number="A4.4",
    slug="costly-slopes",
    title="a loss that knows the costs (stretch)",
    names=("costly_slopes",),
    hints=(
        "A surprise that counts `cost` times has a slope that is `cost` times as large. So begin "
        "with the slopes of section 6, and change what each patient contributes.",
        "`np.where(t == 1, cost, 1)` is an array with the weight of each patient.",
        "`error = np.where(t == 1, cost, 1) * (sigmoid(x @ w + b) - t)`, and then as before.",
    ),
    code="""\
def costly_slopes(w, b, x, t, cost):
    error = np.where(t == 1, cost, 1) * (sigmoid(x @ w + b) - t)
    return x.T @ error / len(t), np.mean(error)
""",
    explanation=(
        "Each patient's part of the slope is her `y - t` times her inputs. If she counts `cost` "
        "times, so does her part. Nothing else changes."
    ),
    right=(
        "Trained so, 1 of 39 is missed at threshold 0.5, where 3 were: the costs have moved from "
        "the threshold into the weights. But now y is no longer an honest probability."
    ),
    test=Compare(_measured, _rows_and_costs, COSTLY_MISTAKES, tolerance=1e-6),
)
