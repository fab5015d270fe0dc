"""The exercises of refresher A1, Arrays and tables."""

import math

import numpy as np

from course_exercises.engine.comparing import Compare, Repaired
from course_exercises.engine.exercise import Exercise
from course_exercises.engine.reply import Wrong


# ---------------------------------------------------------------- A1.1: a white frame
def _images_and_widths(rng):
    yield np.zeros((4, 5), dtype=int), 1
    yield np.full((6, 7), 9), 2
    yield rng.integers(0, 200, (8, 6)), 1
    for width in (1, 2, 3):
        yield rng.integers(0, 200, rng.integers(8, 12, 2)).astype(np.uint8), width


def _expected_frame(image, width):
    rows, columns = image.shape
    return np.array(
        [
            [
                255 if min(i, j, rows - 1 - i, columns - 1 - j) < width else image[i, j]
                for j in range(columns)
            ]
            for i in range(rows)
        ]
    )


def _painted(*places, value=255):
    """Return a function that paints the `places`, each made from a width, on a copy."""

    def function(image, width):
        framed = image.copy()
        for place in places:
            framed[place(width)] = value
        return framed

    return function


def _top(w):
    return slice(None, w)


def _bottom(w):
    return slice(-w, None)


def _left(w):
    return slice(None), slice(None, w)


def _right(w):
    return slice(None), slice(-w, None)


SIDES = _top, _bottom, _left, _right

FRAME_MISTAKES = {
    "This paints the picture and leaves the frame as it was.": _painted(
        lambda w: (slice(w, -w), slice(w, -w))
    ),
    "Top and bottom are white. Left and right are missing: all rows, and of each the first and "
    "the last columns.": _painted(_top, _bottom),
    "Left and right are white. Top and bottom are missing.": _painted(_left, _right),
    "Only the top and the left are white. `-width:` begins `width` places "
    "before the end.": _painted(_top, _left),
    "The frame is always one pixel wide. How wide, `width` says.": _painted(
        *[lambda w, side=side: side(1) for side in SIDES]
    ),
    "Only one line on each side is white, the one in place `width`. A slice takes all up "
    "to there.": _painted(
        lambda w: w - 1, lambda w: -w, lambda w: (slice(None), w - 1), lambda w: (slice(None), -w)
    ),
    "The frame is a pixel too wide: `:width` already leaves `width` itself out.": _painted(
        *[lambda w, side=side: side(w + 1) for side in SIDES]
    ),
    "The frame is 1. White is 255.": _painted(*SIDES, value=1),
    "The frame is black. White is 255.": _painted(*SIDES, value=0),
    "The frame is put around the image, so that it grows. It should be painted onto the image, "
    "whose shape stays.": lambda image, width: np.pad(image, width, constant_values=255),
    "Frame and all have become white. Only the frame should.": lambda image, width: np.full_like(
        image, 255
    ),
}

white_frame = Exercise(
    number="A1.1",
    slug="white-frame",
    title="a white frame",
    names=("white_frame",),
    hints=(
        "Begin with `framed = image.copy()`, because a slice is a window: without the copy you "
        "would paint on the image itself.",
        "Four slices are painted, one after the other. The first `width` rows are "
        "`framed[:width]`, and the last ones `framed[-width:]`.",
        "Columns stand after the comma: `framed[:, :width] = 255` and `framed[:, -width:] = 255`.",
    ),
    code="""\
def white_frame(image, width):
    framed = image.copy()
    framed[:width] = 255
    framed[-width:] = 255
    framed[:, :width] = 255
    framed[:, -width:] = 255
    return framed
""",
    explanation=(
        "Each assignment paints through a window onto the copy. The corners are painted twice, "
        "which does no harm. Another way: fill a copy with 255, and put the inside back with "
        "`framed[width:-width, width:-width] = image[width:-width, width:-width]`."
    ),
    right=(
        "MNIST's digits have such a frame, a black one: each fits into a box of 20 by 20 pixels "
        "within its 28 by 28. A pixel that is always 0 teaches a network nothing."
    ),
    test=Compare(_expected_frame, cases=_images_and_widths, mistakes=FRAME_MISTAKES),
)


# ---------------------------------------------------------------- A1.2: days above one's own mean
def _weeks(rng):
    yield (np.array([[4, 9, 6, 8], [7, 3, 8, 10], [1, 6, 13, 6]]),)
    yield (np.array([[1, 2, 3], [10, 10, 40]]),)
    yield (np.array([[5, 5], [1, 2], [0, 8]]),)
    for shape in [(4, 4), (2, 7), (5, 3), (6, 6)]:
        yield (rng.integers(0, 15, shape) + 5 * rng.integers(0, 3, (shape[0], 1)),)


def _expected_days(steps):
    counts = []
    for row in steps.tolist():
        counts.append(sum(value > sum(row) / len(row) for value in row))
    return np.array(counts)


def _above(steps):
    return steps > steps.mean(axis=1, keepdims=True)


DAYS_MISTAKES = {
    "Everybody is compared with the mean of all. Each friend has an own mean: "
    "`axis=1`.": lambda steps: (steps > steps.mean()).sum(axis=1),
    "This compares each day with the mean of that day. The mean of a friend goes along "
    "the row: `axis=1`.": lambda steps: (steps > steps.mean(axis=0)).sum(axis=1),
    "A day that is exactly the mean is not above it.": lambda steps: (
        steps >= steps.mean(axis=1, keepdims=True)
    ).sum(axis=1),
    "These are the days below the mean.": lambda steps: (
        steps < steps.mean(axis=1, keepdims=True)
    ).sum(axis=1),
    "This is how many friends were above their mean on each day. Count along the row: "
    "`sum(axis=1)`.": lambda steps: _above(steps).sum(axis=0),
    "This is one count for all. Each friend gets one: `sum(axis=1)`.": lambda steps: _above(
        steps
    ).sum(),
    "These are shares. `mean` of a mask is a share, and `sum` counts.": lambda steps: _above(
        steps
    ).mean(axis=1),
    "These are the steps of those days, added up. Count the days: "
    "True counts as 1.": lambda steps: np.where(_above(steps), steps, 0).sum(axis=1),
    "This is the mask itself. Now count the True in each row.": _above,
    "These are the means. Now compare each number of a row with the mean of the row, and "
    "count.": lambda steps: steps.mean(axis=1),
    "Two shapes do not fit: the means have shape (rows,), and flush right that meets the columns. "
    "`keepdims=True` keeps the means in a column. (With as many rows as columns there is no "
    "error, only wrong numbers.)": lambda steps: (steps > steps.mean(axis=1)).sum(axis=1),
}

days_above_mean = Exercise(
    number="A1.2",
    slug="days-above-mean",
    title="days above one's own mean",
    names=("days_above_mean",),
    hints=(
        "First the mean of each row: `steps.mean(axis=1)`. What shape does that have, and "
        "does it fit `steps`?",
        "With `keepdims=True` the means have shape (rows, 1), so each is repeated along its row. "
        "`steps > means` is a mask of the shape of `steps`.",
        "Count the True in each row: `(steps > steps.mean(axis=1, keepdims=True)).sum(axis=1)`.",
    ),
    code="""\
def days_above_mean(steps):
    return (steps > steps.mean(axis=1, keepdims=True)).sum(axis=1)
""",
    explanation=(
        "`keepdims=True` leaves the means in a column, so that broadcasting repeats each of them "
        "along its own row. The comparison is a mask, and `sum(axis=1)` counts its True, one "
        "count for each row."
    ),
    right=(
        "Softmax, in chapter 03, needs the same: the largest number and the sum of each row, "
        "with `keepdims=True`. Without it a whole batch gets mixed up, and no error says so."
    ),
    test=Compare(_expected_days, cases=_weeks, mistakes=DAYS_MISTAKES),
)


# ---------------------------------------------------------------- A1.3: a scanner full of bugs
LOW = np.array([[9, 2, 0], [2, 30, 8], [0, 8, 50]])  # symmetric: rows and columns have equal sums


def _scanned(check, *errors):
    """Return whether a defect is gone: what `check` makes of the function, some errors aside."""

    def is_gone(answer):
        call = answer.call(use=check)
        if call.error is not None and not isinstance(call.error, errors):
            raise Wrong(*call.problem, rows=call.rows)
        return call.error is None and bool(call.got)

    return is_gone


def _leaves_images_alone(scan):
    images = LOW.astype(np.uint8)
    scan(images, 5)
    return np.array_equal(images, LOW)


def _adds_up_to_more_than_255(scan):
    bright = np.full((3, 3), 200, dtype=np.uint8)
    return np.array_equal(np.ravel(scan(bright, 5)[1]), [600, 600, 600])


def _has_an_ink_for_each_image(scan):
    return np.shape(scan(LOW[:2].astype(np.uint8), 5)[1]) == (2,)


def _says_where(scan):
    return np.size(scan(LOW.astype(np.uint8), 5)[2]) == 1 and scan(LOW.astype(np.uint8), 5)[2] == 2


def _scan_is_right(scan):
    images = np.random.default_rng(0).integers(0, 256, (7, 20), dtype=np.uint8)
    images[4] = np.maximum(images[4], 200)
    images[0, 0] = 90  # not below the level
    cleaned, ink, heaviest = scan(images, 90)
    expected = np.where(images < 90, 0, images)
    return (
        np.array_equal(cleaned, expected)
        and np.array_equal(ink, expected.astype(int).sum(axis=1))
        and heaviest == 4
    )


def _program_works(answer):
    call = answer.call(use=_scan_is_right)
    if call.error is not None:
        raise Wrong(*call.problem, rows=call.rows)
    if not call.got:
        raise Wrong(
            "All four defects are gone, but something else is wrong. It should return the images "
            "with every pixel below `level` set to 0, their ink, and the place of the heaviest."
        )


SCAN_DEFECTS = {
    "The images that somebody hands over are no longer what they were.": _scanned(
        _leaves_images_alone
    ),
    "Three pixels of 200 have too little ink.": _scanned(_adds_up_to_more_than_255),
    "Two images do not have two inks.": _scanned(_has_an_ink_for_each_image),
    "The last thing it returns is not the place of an image.": _scanned(_says_where),
}

find_the_bug = Exercise(
    number="A1.3",
    slug="find-the-bug",
    title="find the bug",
    names=("scan",),
    hints=(
        "Try it with a tiny array of type `uint8`, two images of three pixels, and print the "
        "images before and after, and the shapes of what comes back.",
        "`cleaned = images` gives the same array a second name. A sum of type `uint8` cannot be "
        "more than 255. Which axis has to go, so that one number for each image is left?",
        "`images.copy()`, `sum(axis=1)` without a `dtype`, and `argmax()`, which says where, in "
        "place of `max()`, which says how much.",
    ),
    starter='''\
def scan(images, level):
    """Return the cleaned images, the ink of each, and the place of the heaviest.

    `images` has shape (number of images, pixels in each) and type uint8.
    Ink is the sum of an image's pixels.
    """
    cleaned = images
    cleaned[cleaned < level] = 0
    ink = cleaned.sum(axis=0, dtype=np.uint8)
    return cleaned, ink, ink.max()
''',
    repairs=(
        ("cleaned = images\n", "cleaned = images.copy()\n"),
        ("cleaned.sum(axis=0, dtype=np.uint8)", "cleaned.sum(axis=1)"),
        ("ink.max()", "ink.argmax()"),
    ),
    explanation=(
        "`=` copies no numbers, it only gives a second name. In `uint8` a sum starts again "
        "after 255; left alone, NumPy adds up small whole numbers in a large type. The axis that "
        "you name is the one that goes, so axis 1, the pixels. And `argmax` says where."
    ),
    right=(
        "None of the four raised an error. That is typical of arrays: the shapes fit by chance, "
        "and the numbers are wrong. A tiny example whose answer you know finds it in a minute."
    ),
    test=Repaired(defects=SCAN_DEFECTS, then=_program_works),
)


# ---------------------------------------------------------------- A1.4: groupby by hand
def _values_and_groups(rng):
    nan = np.nan
    yield np.array([80.0, 60.0, 95.0]), np.array(["chess", "chess", "music"])
    yield np.array([82.0, nan, 70.0, 91.0, 78.0]), np.array(["a", "a", "a", "b", "b"])
    yield np.array([1.0, 2.0, 3.0, nan]), np.array(["b", "a", "b", "a"])
    for n in (8, 12, 20):
        values = rng.integers(1, 100, n).astype(float)
        groups = np.array(["red", "green", "blue"])[np.arange(n) % 3]
        values[rng.integers(3, n)] = nan  # each group keeps a number
        yield values, rng.permutation(groups)


def _expected_means(values, groups):
    heaps = {}
    for value, group in zip(values.tolist(), groups.tolist(), strict=True):
        heaps.setdefault(group, []).append(value)
    known = {group: [v for v in heap if not math.isnan(v)] for group, heap in heaps.items()}
    return {group: sum(heap) / len(heap) for group, heap in known.items()}


def _of_each_group(number):
    """Return a function that computes a number from the values of each group."""
    return lambda values, groups: {
        group: number(values[groups == group], values) for group in np.unique(groups).tolist()
    }


MEANS_MISTAKES = {
    "A hole makes the mean of its whole group `nan`. Pick the known values first: "
    "`~np.isnan(values)`.": _of_each_group(lambda heap, all_values: heap.mean()),
    "A hole counts as 0 here, or is counted among those that you divide by. Leave it out "
    "altogether.": _of_each_group(lambda heap, all_values: np.nan_to_num(heap).mean()),
    "These are sums. Divide each by how many known values there are.": _of_each_group(
        lambda heap, all_values: np.nansum(heap)
    ),
    "These are counts.": _of_each_group(lambda heap, all_values: np.sum(~np.isnan(heap))),
    "Each group has the mean of all values. Use a mask: `groups == group`.": _of_each_group(
        lambda heap, all_values: np.nanmean(all_values)
    ),
    "This divides by the number of all values, whatever their group.": _of_each_group(
        lambda heap, all_values: np.nansum(heap) / len(all_values)
    ),
    "These are the largest values of each group.": _of_each_group(
        lambda heap, all_values: np.nanmax(heap)
    ),
    "Each group has its last value only: the loop overwrites what came before.": _of_each_group(
        lambda heap, all_values: heap[-1]
    ),
    "This is the list of means. The names of the groups are the keys of a "
    "dictionary.": lambda values, groups: [
        np.nanmean(values[groups == group]) for group in np.unique(groups)
    ],
}

mean_by_group = Exercise(
    number="A1.4",
    slug="mean-by-group",
    title="groupby by hand",
    names=("mean_by_group",),
    hints=(
        "Two masks: `groups == group` for one group, and `~np.isnan(values)` for what is known. "
        "`&` joins them.",
        "`np.unique(groups)` gives each name once. Begin with an empty dictionary, "
        "`means = {}`, and write one entry for each name.",
        "`means[group] = values[(groups == group) & ~np.isnan(values)].mean()`, in a loop over "
        "`np.unique(groups)`.",
    ),
    code="""\
def mean_by_group(values, groups):
    known = ~np.isnan(values)
    means = {}
    for group in np.unique(groups).tolist():
        means[group] = float(values[(groups == group) & known].mean())
    return means
""",
    explanation=(
        "A loop over *groups* is fine: there are few of them. Within a group a mask does the "
        "work. `np.isnan` finds the holes, `~` turns the mask around. `tolist` and `float` make "
        "plain Python names and numbers of NumPy's, so that the dictionary prints neatly. "
        "`np.nanmean(values[groups == group])` would be a shorter way."
    ),
    right=(
        "That is what `groupby(...).mean()` does, and the ten average digits come out of it: "
        "there `values` is a whole image, and the mean goes along axis 0."
    ),
    test=Compare(_expected_means, cases=_values_and_groups, mistakes=MEANS_MISTAKES),
)
