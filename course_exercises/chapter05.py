"""The exercises of chapter 05, MNIST inference."""

import functools

import numpy as np

from course_exercises.chapter03 import FAR_APART, shares, shares_of_rows
from course_exercises.chapter04 import by_hand, random_network
from course_exercises.engine.comparing import Compare, Repaired
from course_exercises.engine.exercise import Exercise


# ---------------------------------------------------------------- 5.1: the accuracy of each class
def _predictions(rng):
    yield np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 2
    yield np.array([2, 2, 0, 1]), np.array([2, 1, 0, 0]), 3
    yield np.array([0, 0, 1, 1]), np.array([0, 2, 1, 2]), 3  # nothing is taken for a 2
    for n_classes in (2, 3, 5):
        t = np.repeat(
            np.arange(n_classes), rng.integers(2, 6, n_classes, np.intp)
        )  # each class is there
        yield rng.permuted(t), t, n_classes
    t = rng.permutation(np.repeat(np.arange(10), 8))
    yield np.where(rng.random(80) < 0.7, t, rng.integers(0, 10, 80, np.intp)), t


def _expected_accuracies(predictions, t, n_classes=10):
    right, total = [0] * n_classes, [0] * n_classes
    for prediction, label in zip(predictions.tolist(), t.tolist(), strict=True):
        total[label] += 1
        right[label] += prediction == label
    return np.array([a / b for a, b in zip(right, total, strict=True)])


def _each_class(share):
    """Return a function that computes a number for each class `k`."""
    return lambda y, t, n_classes=10: np.array([share(y, t, k) for k in range(n_classes)])


PER_CLASS_MISTAKES = {  # y are the predictions
    "This divides by how often a class was predicted. "
    "Asked for is the share among the samples that belong to the class, those whose "
    "label is `k`.": _each_class(lambda y, t, k: np.sum((y == k) & (t == k)) / np.sum(y == k)),
    "This divides by the number of all samples. Divide by the "
    "number of samples of the class.": _each_class(lambda y, t, k: np.mean((y == k) & (t == k))),
    "These are counts. Divide each by the number of samples of its class.": _each_class(
        lambda y, t, k: np.sum((y == k) & (t == k))
    ),
    "This is one accuracy for all classes together.": lambda y, t, n_classes=10: np.mean(y == t),
    "This also counts the samples of other classes that were rightly not taken for this one. "
    "Select the samples of "
    "the class first.": _each_class(lambda y, t, k: np.mean((y == k) == (t == k))),
    "These are percent. A share is between 0 and 1.": _each_class(
        lambda y, t, k: 100 * np.mean(y[t == k] == k)
    ),
    "These are the shares of wrong answers.": _each_class(lambda y, t, k: np.mean(y[t == k] != k)),
    "There are always ten classes here. How many there are, `n_classes` "
    "says.": lambda y, t, n_classes=10: np.array([np.mean(y[t == k] == k) for k in range(10)]),
}

per_class_accuracy = Exercise(
    number="5.1",
    slug="per-class-accuracy",
    title="accuracy of each class",
    names=("per_class_accuracy",),
    hints=(
        "Begin with one class. Which samples belong to it? `t == k` is an array of True and False, "
        "and can select from another array: `predictions[t == k]`.",
        "Among those, what share was answered with `k`? The mean of an array of True and False is "
        "the share of True.",
        "`np.mean(predictions[t == k] == k)` for every `k` in `range(n_classes)`, put into an "
        "array.",
    ),
    code='''\
def per_class_accuracy(predictions, t, n_classes=10):
    """Return the share of right answers in each class, shape (n_classes,)."""
    return np.array([np.mean(predictions[t == k] == k) for k in range(n_classes)])
''',
    explanation=(
        "`t == k` selects the samples of class `k`, by their label and not by their prediction. "
        "Among them, `== k` is True for the right answers, and `np.mean` counts True as 1 and "
        "False as 0."
    ),
    right=(
        "It is the diagonal of the confusion matrix, divided by the sums of its rows. One accuracy "
        "for everything can hide a class that is hardly ever recognised."
    ),
    test=Compare(_expected_accuracies, cases=_predictions, mistakes=PER_CLASS_MISTAKES),
)


# ---------------------------------------------------------------- 5.2: is it one of the best two
def _outputs(rng):
    yield np.array([[0.1, 0.7, 0.2], [0.3, 0.1, 0.6], [0.2, 0.5, 0.3]]), np.array([2, 0, 0])
    yield np.array([[0.1, 0.2, 0.3, 0.4]]), np.array([2])
    yield np.array([[0.1, 0.2, 0.3, 0.4]]), np.array([0])
    yield np.array([[0.2, 0.8], [0.4, 0.6]]), np.array([0, 1])
    for n_classes in (3, 5, 10, 10):
        y = shares_of_rows(rng.normal(scale=2, size=(50, n_classes)))
        yield y, rng.integers(0, n_classes, 50, np.intp)


def _expected_top_two(y, t):
    hits = 0
    for row, label in zip(y.tolist(), t.tolist(), strict=True):
        hits += sum(share > row[label] for share in row) < 2
    return hits / len(t)


def _share(choice, t):
    """Return the share of labels that are among those that their row of `choice` offers."""
    return np.mean(np.any(choice == t[:, np.newaxis], axis=1))


TOP_TWO_MISTAKES = {
    "This counts the first attempt alone. The label "
    "may also be the second best class.": lambda y, t: _share(np.argsort(y, axis=1)[:, -1:], t),
    "This counts the second attempt alone. A label "
    "that is the best class counts too.": lambda y, t: _share(np.argsort(y, axis=1)[:, -2:-1], t),
    "This takes the best three classes. Take two.": lambda y, t: _share(
        np.argsort(y, axis=1)[:, -3:], t
    ),
    "These are the two classes with the lowest probabilities: "
    "`np.argsort` puts the smallest first.": lambda y, t: _share(np.argsort(y, axis=1)[:, :2], t),
    "This is a count. Divide it by the number of samples.": lambda y, t: (
        _expected_top_two(y, t) * len(t)
    ),
    "These are percent. A share is between 0 and 1.": lambda y, t: _expected_top_two(y, t) * 100,
    "This compares the labels with the probabilities. `np.sort` gives the numbers themselves, "
    "`np.argsort` the classes they belong to.": lambda y, t: _share(np.sort(y, axis=1)[:, -2:], t),
    "This takes the mean over both attempts, so every hit counts only a half. "
    "How many of its two classes can a label be "
    "at most?": lambda y, t: np.mean(np.argsort(y, axis=1)[:, -2:] == t[:, np.newaxis]),
}

top_two = Exercise(
    number="5.2",
    slug="top-two",
    title="two attempts",
    names=("top_two_accuracy",),
    hints=(
        "`np.argsort(y, axis=1)` gives for each row the classes in the order of their "
        "probabilities, the smallest first.",
        "So the last two columns hold the two best classes: `np.argsort(y, axis=1)[:, -2:]`, of "
        "shape (n, 2). Is the label one of them?",
        "`t[:, np.newaxis]` gives the labels a second axis, of length 1: they stand in a column, "
        "shape (n, 1). So `best == t[:, np.newaxis]` compares both classes of a row with its "
        "label, `np.any(..., axis=1)` says whether one of them fits, and the mean of that is the "
        "share.",
    ),
    code='''\
def top_two_accuracy(y, t):
    """Return the share of rows of y whose label is one of the two largest entries."""
    best = np.argsort(y, axis=1)[:, -2:]
    return np.mean(np.any(best == t[:, np.newaxis], axis=1))
''',
    explanation=(
        "`np.argsort` sorts the classes of each row, and the last two are the likeliest. `t[:, "
        "np.newaxis]` stands the labels up as a column, so that each is compared with both classes "
        "of its own row."
    ),
    right=(
        "Large image collections are judged like that: for the 1,000 classes of ImageNet a top-5 "
        "accuracy is usual, because many pictures show more than one thing."
    ),
    test=Compare(_expected_top_two, cases=_outputs, mistakes=TOP_TWO_MISTAKES),
)


# ---------------------------------------------------------------- 5.3: a program to repair
_expected_output = functools.partial(by_hand, last=shares)


def _networks(rng):
    for shape in (4, (3, 4), (1, 4)):  # one image as it is, and batches of three and of one
        yield random_network(rng, (4, 3, 5, 3)), rng.random(shape)


def _logits(rng):
    for a in ([0.3, 2.9, 4.0], [[0.3, 2.9, 4.0], [5.0, 1.0, 0.0]], FAR_APART):
        yield (np.array(a),)


def _program_works(sigmoid, softmax, predict):
    Compare(_expected_output, _networks)(predict)
    Compare(lambda a: shares_of_rows(np.atleast_2d(a)).reshape(a.shape), _logits)(softmax)


def _one_image_is_right(sigmoid, softmax, predict):
    network, image = next(_networks(np.random.default_rng(1)))
    expected = _expected_output(network, image)
    return np.allclose(predict.result(network, image, form=expected), expected)


def _rows_sum_to_one(sigmoid, softmax, predict):
    rng = np.random.default_rng(1)
    network, images = random_network(rng, (4, 3, 5, 3)), rng.random((2, 4))
    y = predict.result(network, images, form=np.empty((2, 3)))
    return np.allclose(y.sum(axis=1), 1)


FIND_THE_BUG_DEFECTS = {
    "Even for a single image the probabilities are wrong.": _one_image_is_right,
    "In a batch, an image gets other probabilities than alone: "
    "its row does not sum to 1.": _rows_sum_to_one,
}

find_the_bug = Exercise(
    number="5.3",
    slug="find-the-bug",
    title="find the bug",
    names=("published_sigmoid", "published_softmax", "published_predict"),
    hints=(
        "Test the functions one by one. You know what a sigmoid gives for 0, and between which "
        "numbers its values lie; and what each row of a softmax sums to.",
        "Compare the formula of the sigmoid with that of chapter 02. For the softmax, ask which "
        "numbers `np.max` and `np.sum` run over when `a` has two axes.",
        "The sigmoid is `1 / (1 + np.exp(-x))`. The softmax needs `axis=-1, keepdims=True` in two "
        "places; -1 also fits a single image, which has one axis only.",
    ),
    starter="""\
def published_sigmoid(x):
    return x / (1 + np.exp(-x))


def published_softmax(a):
    exp_a = np.exp(a - np.max(a))
    return exp_a / np.sum(exp_a)


def published_predict(network, x):
    z1 = published_sigmoid(x @ network["W1"] + network["b1"])
    z2 = published_sigmoid(z1 @ network["W2"] + network["b2"])
    return published_softmax(z2 @ network["W3"] + network["b3"])
""",
    repairs=(
        ("x / (1", "1 / (1"),
        ("np.max(a)", "np.max(a, axis=-1, keepdims=True)"),
        ("np.sum(exp_a)", "np.sum(exp_a, axis=-1, keepdims=True)"),
    ),
    explanation=(
        "`x / (1 + exp(-x))` is another activation function, with which the weights were not "
        "trained. The softmax shares one whole among all images of a batch. With the right sigmoid "
        "that does not show in the accuracy: dividing a row by a number does not move its largest "
        "entry. It shows only in rows that do not sum to 1."
    ),
    right=(
        "The wrong sigmoid has a name of its own: x times sigmoid(x) is called SiLU or swish, and "
        "is a fine activation for a network that was trained with it. Weights and activations "
        "belong together."
    ),
    test=Repaired(defects=FIND_THE_BUG_DEFECTS, then=_program_works),
)
