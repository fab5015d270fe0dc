"""The exercises of chapter 05, MNIST inference."""

import numpy as np

from course_exercises.chapter03 import FAR_APART, shares, shares_of_rows
from course_exercises.chapter04 import by_hand, random_network
from course_exercises.engine.comparing import Compare, Defect, Mistake, Repaired
from course_exercises.engine.exercise import Exercise

# ---------------------------------------------------------------- 5.1


def _predictions(rng):
    yield np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 2
    yield np.array([2, 2, 0, 1]), np.array([2, 1, 0, 0]), 3
    yield np.array([0, 0, 1, 1]), np.array([0, 2, 1, 2]), 3  # nothing is taken for a 2
    for n_classes in (2, 3, 5):
        t = np.repeat(np.arange(n_classes), rng.integers(2, 6, n_classes))  # each class is there
        yield rng.permuted(t), t, n_classes
    t = rng.permutation(np.repeat(np.arange(10), 8))
    yield np.where(rng.random(80) < 0.7, t, rng.integers(0, 10, 80)), t


def _expected_accuracies(predictions, t, n_classes=10):
    right, total = [0] * n_classes, [0] * n_classes
    for prediction, label in zip(predictions.tolist(), t.tolist(), strict=True):
        total[label] += 1
        right[label] += prediction == label
    return np.array([a / b for a, b in zip(right, total, strict=True)])


def _per_class(denominator):
    """Return a function that divides the right answers of each class by something."""

    def function(predictions, t, n_classes=10):
        return np.array(
            [
                np.sum((predictions == k) & (t == k)) / denominator(predictions, t, k)
                for k in range(n_classes)
            ]
        )

    return function


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
    test=Compare(
        expected=_expected_accuracies,
        cases=_predictions,
        mistakes=(
            Mistake(
                _per_class(lambda predictions, t, k: np.sum(predictions == k)),
                "This divides by how often a class was predicted. Asked for is the share among the "
                "samples that belong to the class, those whose label is `k`.",
            ),
            Mistake(
                _per_class(lambda predictions, t, k: len(t)),
                "This divides by the number of all samples. Divide by the number of samples of the "
                "class.",
            ),
            Mistake(
                _per_class(lambda predictions, t, k: 1),
                "These are counts. Divide each by the number of samples of its class.",
            ),
            Mistake(
                lambda predictions, t, n_classes=10: np.mean(predictions == t),
                "This is one accuracy for all classes together.",
            ),
            Mistake(
                lambda predictions, t, n_classes=10: np.array(
                    [np.mean((predictions == k) == (t == k)) for k in range(n_classes)]
                ),
                "This also counts the samples of other classes that were rightly not taken for "
                "this one. Select the samples of the class first.",
            ),
            Mistake(
                lambda predictions, t, n_classes=10: (
                    _expected_accuracies(predictions, t, n_classes) * 100
                ),
                "These are percent. A share is between 0 and 1.",
            ),
            Mistake(
                lambda predictions, t, n_classes=10: (
                    1 - _expected_accuracies(predictions, t, n_classes)
                ),
                "These are the shares of wrong answers.",
            ),
            Mistake(
                lambda predictions, t, n_classes=10: np.array(
                    [np.mean(predictions[t == k] == k) for k in range(10)]
                ),
                "There are always ten classes here. How many there are, `n_classes` says.",
            ),
        ),
    ),
)


# ---------------------------------------------------------------- 5.2


def _outputs(rng):
    yield np.array([[0.1, 0.7, 0.2], [0.3, 0.1, 0.6], [0.2, 0.5, 0.3]]), np.array([2, 0, 0])
    yield np.array([[0.1, 0.2, 0.3, 0.4]]), np.array([2])
    yield np.array([[0.1, 0.2, 0.3, 0.4]]), np.array([0])
    yield np.array([[0.2, 0.8], [0.4, 0.6]]), np.array([0, 1])
    for n_classes in (3, 5, 10, 10):
        y = shares_of_rows(rng.normal(scale=2, size=(50, n_classes)))
        yield y, rng.integers(0, n_classes, 50)


def _expected_top_two(y, t):
    hits = 0
    for row, label in zip(y.tolist(), t.tolist(), strict=True):
        hits += sum(share > row[label] for share in row) < 2
    return hits / len(t)


def _label_among(first, last):
    """Return the share of labels among these places of the sorted classes, 0 the largest."""

    def function(y, t):
        order = np.argsort(-y, axis=1)[:, first:last]
        return np.mean(np.any(order == t[:, np.newaxis], axis=1))

    return function


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
        "`best == t[:, np.newaxis]` compares both columns with the label. `np.any(..., axis=1)` "
        "says whether one of them fits, and the mean of that is the share.",
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
    test=Compare(
        expected=_expected_top_two,
        cases=_outputs,
        mistakes=(
            Mistake(
                _label_among(0, 1),
                "This counts the first attempt alone. The label may also be the second best class.",
            ),
            Mistake(
                _label_among(1, 2),
                "This counts the second attempt alone. A label that is the best class counts too.",
            ),
            Mistake(_label_among(0, 3), "This takes the best three classes. Take two."),
            Mistake(
                _label_among(-2, None),
                "These are the two classes with the lowest probabilities: `np.argsort` puts the "
                "smallest first.",
            ),
            Mistake(
                lambda y, t: _expected_top_two(y, t) * len(t),
                "This is a count. Divide it by the number of samples.",
            ),
            Mistake(
                lambda y, t: _expected_top_two(y, t) * 100,
                "These are percent. A share is between 0 and 1.",
            ),
            Mistake(
                lambda y, t: np.mean(
                    np.any(np.sort(y, axis=1)[:, -2:] == t[:, np.newaxis], axis=1)
                ),
                "This compares the labels with the probabilities. `np.sort` gives the numbers "
                "themselves, `np.argsort` the classes they belong to.",
            ),
            Mistake(
                lambda y, t: np.mean(np.argsort(y, axis=1)[:, -2:] == t[:, np.newaxis]),
                "This takes the mean over both attempts, so every hit counts only a half. First "
                "ask for each row whether any of the two fits.",
            ),
        ),
    ),
)


# ---------------------------------------------------------------- 5.3


def _networks(rng):
    for n_images in (None, 3, 1):
        network = random_network(rng, (4, 3, 5, 3))
        yield network, rng.random(4 if n_images is None else (n_images, 4))


def _expected_output(network, x):
    return by_hand(network, x, last=shares)


def _logits(rng):
    yield (np.array([0.3, 2.9, 4.0]),)
    yield (np.array([[0.3, 2.9, 4.0], [5.0, 1.0, 0.0]]),)
    yield (FAR_APART,)


def _program_works(published_sigmoid, published_softmax, published_predict):
    Compare(_expected_output, _networks)(published_predict)
    Compare(lambda a: shares_of_rows(np.atleast_2d(a)).reshape(a.shape), _logits)(published_softmax)


def _one_image_is_right(published_sigmoid, published_softmax, published_predict):
    network, image = next(_networks(np.random.default_rng(1)))
    expected = _expected_output(network, image)
    return np.allclose(published_predict.result(network, image, form=expected), expected)


def _rows_sum_to_one(published_sigmoid, published_softmax, published_predict):
    rng = np.random.default_rng(1)
    network, images = random_network(rng, (4, 3, 5, 3)), rng.random((2, 4))
    y = published_predict.result(network, images, form=np.empty((2, 3)))
    return np.allclose(y.sum(axis=1), 1)


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
    code="""\
def published_sigmoid(x):
    return 1 / (1 + np.exp(-x))


def published_softmax(a):
    exp_a = np.exp(a - np.max(a, axis=-1, keepdims=True))
    return exp_a / np.sum(exp_a, axis=-1, keepdims=True)


def published_predict(network, x):
    z1 = published_sigmoid(x @ network["W1"] + network["b1"])
    z2 = published_sigmoid(z1 @ network["W2"] + network["b2"])
    return published_softmax(z2 @ network["W3"] + network["b3"])
""",
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
    test=Repaired(
        defects=(
            Defect("Even for a single image the probabilities are wrong.", _one_image_is_right),
            Defect(
                "In a batch, an image gets other probabilities than alone: its row does not sum to "
                "1.",
                _rows_sum_to_one,
            ),
        ),
        then=_program_works,
    ),
)
