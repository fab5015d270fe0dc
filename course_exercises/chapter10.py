"""The exercises of chapter 10, Convolution. They need NumPy alone."""

from functools import reduce

import numpy as np

from course_exercises.engine.comparing import Compare, Repaired, Wrong, is_gone
from course_exercises.engine.exercise import Exercise


# ---------------------------------------------------------------- 10.1: the size of a map
def _sizes(rng):
    yield 28, 5, 0, 1
    yield 28, 5, 1, 2
    yield 32, 3, 1, 1
    yield 7, 7, 0, 1
    yield 9, 3, 0, 3
    for _ in range(5):
        k = int(rng.integers(2, 6))
        yield int(rng.integers(10, 40)), k, int(rng.integers(0, k)), int(rng.integers(1, 4))


OUTPUT_SIZE_MISTAKES = {  # n is the image's side, k the window's, p the padding, s the stride
    "It is one too small: in an image of side k the window has one place, not none.": (
        lambda n, k, p, s: (n + 2 * p - k) // s
    ),
    "The padding is forgotten.": lambda n, k, p, s: (n - k) // s + 1,
    "The padding counts once. But the frame is on both sides.": (
        lambda n, k, p, s: (n + p - k) // s + 1
    ),
    "The stride is forgotten.": lambda n, k, p, s: n + 2 * p - k + 1,
    "`/` gives a number with a point. A side is whole: `//` rounds down.": (
        lambda n, k, p, s: (n + 2 * p - k) / s + 1
    ),
    "It rounds up. A window that does not fit whole is left out.": (
        lambda n, k, p, s: -(-(n + 2 * p - k) // s) + 1
    ),
    "The `+ 1` is divided by the stride too. It stands outside: the first place "
    "counts whatever the stride is.": lambda n, k, p, s: (n + 2 * p - k + 1) // s,
}

output_size = Exercise(
    number="10.1",
    slug="output-size",
    title="the size of a map",
    names=("map_side",),
    hints=(
        "Begin without padding and with stride 1: at how many places can a window of side 3 begin "
        "in a row of 5 pixels? Count them on paper.",
        "The frame makes the image `n + 2 * padding` wide. The window can move by what is left "
        "beside it, in steps of `stride`.",
        "`(n + 2 * padding - k) // stride` is the number of steps. There is one place more than "
        "there are steps.",
    ),
    code='''\
def map_side(n, k, padding, stride):
    """Return the side of the map."""
    return (n + 2 * padding - k) // stride + 1
''',
    explanation=(
        "The window begins at the edge of the frame and takes as many whole steps as fit beside "
        "it. Fence posts and fences: the places are one more than the steps between them."
    ),
    right=(
        "With an odd k, padding (k − 1) / 2 and stride 1 the side stays as it is: Keras calls that "
        '`padding="same"`.'
    ),
    test=Compare(
        lambda n, k, p, s: len(range(0, n + 2 * p - k + 1, s)),
        cases=_sizes,
        mistakes=OUTPUT_SIZE_MISTAKES,
    ),
)


# ---------------------------------------------------------------- 10.2: counting parameters
def _networks(rng):
    yield 28, 1, 8, 5, 10
    yield 32, 3, 6, 3, 10
    yield 20, 3, 12, 5, 9
    for _ in range(4):
        n, channels, filters = int(rng.integers(12, 40)), int(rng.integers(2, 5)), 4
        yield n, channels, filters * int(rng.integers(1, 4)), int(rng.integers(2, 6)), 7


def _count(
    weights=lambda c, f, k: k * k * c * f,
    biases=lambda c, f: f + c,
    side=lambda n, k: (n - k + 1) // 2,
    maps=lambda c, f: f,
):
    """Return a count with another rule for one of its parts."""

    def count(n, channels, filters, k, classes):
        pooled = side(n, k) ** 2 * maps(channels, filters)
        all_biases = biases(classes, filters)
        return weights(channels, filters, k) + pooled * classes + all_biases

    return count


PARAMETERS_MISTAKES = {
    "The filters have no biases here: one for each filter.": _count(biases=lambda c, f: c),
    "The dense layer has no biases here: one for each output.": _count(biases=lambda c, f: f),
    "All biases are missing.": _count(biases=lambda c, f: 0),
    "A filter looks through all channels: it has k · k weights for each of them.": _count(
        weights=lambda c, f, k: k * k * f
    ),
    "The pooling is forgotten: the dense layer sees maps of half the side.": _count(
        side=lambda n, k: n - k + 1
    ),
    "The map is as large as the image here. Without padding its side is n − k + 1.": _count(
        side=lambda n, k: n // 2
    ),
    "The dense layer sees one map only. It sees one for each filter.": _count(maps=lambda c, f: 1),
    "The dense layer sees a map for each filter *and* channel. A filter writes one map, "
    "whatever it looks at.": _count(maps=lambda c, f: f * c),
    "Here each place of the map has weights of its own. They are shared: a filter has them once.": (
        lambda n, c, f, k, classes: (
            (n - k + 1) ** 2 * f * (k * k * c + 1) + ((n - k + 1) // 2) ** 2 * f * classes + classes
        )
    ),
    "These are the filters alone. The dense layer has parameters, too.": (
        lambda n, c, f, k, classes: f * (k * k * c + 1)
    ),
}

parameters = Exercise(
    number="10.2",
    slug="parameters",
    title="count the parameters",
    names=("count_cnn",),
    hints=(
        "Two layers have parameters: the filters and the dense layer. Count each on its own. "
        "Pooling has none, but it decides how much the dense layer sees.",
        "A filter has `k * k * channels` weights and one bias. The maps have the side `n - k + 1`, "
        "after the pooling half of it, rounded down.",
        "The dense layer has `side * side * filters` inputs, each with a weight for every class, "
        "and a bias for every class.",
    ),
    code='''\
def count_cnn(n, channels, filters, k, classes):
    """Return the number of parameters of the whole network."""
    of_filters = filters * (k * k * channels + 1)
    side = (n - k + 1) // 2
    of_dense = side * side * filters * classes + classes
    return of_filters + of_dense
''',
    explanation=(
        "The filters do not know how large the image is, so n appears in the dense layer only. "
        "That is where nearly all parameters are."
    ),
    right=(
        "For 28, 1, 8, 5, 10 the filters have 208 parameters of 11,738. Who wants a small network "
        "pools once more before flattening."
    ),
    test=Compare(_count(), cases=_networks, mistakes=PARAMETERS_MISTAKES),
)


# ---------------------------------------------------------------- 10.3: an eye to repair
FILTER = np.array([[1.0, 2.0, 0.0], [-3.0, 0.5, 4.0], [0.0, -1.0, 6.0]])


class _RightEye:
    """What the student's class should do."""

    def __init__(self, w, padding, stride):
        self.w, self.padding, self.stride = w, padding, stride

    def pad(self, image):
        return np.pad(image, self.padding)

    def forward(self, image):
        k, s, image = len(self.w), self.stride, self.pad(image)
        windows = np.lib.stride_tricks.sliding_window_view(image, (k, k))[::s, ::s]
        return (windows * self.w).sum(axis=(2, 3))

    def pool_back(self, block, slope):
        return slope * (block == block.max())


def _images():
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in [(7, 7), (8, 6), (9, 11)]]


def _agree(got, right):
    return np.shape(got) == np.shape(right) and np.allclose(got, right)


def _pads(cls):
    return all(
        _agree(cls(FILTER, p, 1).pad(image), np.pad(image, p))
        for image in _images()
        for p in (1, 2)
    )


def _places(cls):
    """Tell whether the stride counts in both directions; a filter of ones is the same, turned."""
    ones = np.ones((3, 3))
    return all(
        _agree(cls(ones, 0, s).forward(image), _RightEye(ones, 0, s).forward(image))
        for image in _images()
        for s in (1, 2, 3)
    )


def _weighs(cls):
    """Tell whether the filter lies as it is on the window: an image of its own size says it."""
    rng = np.random.default_rng(1)
    windows = rng.normal(size=(4, 3, 3))
    return all(
        _agree(np.ravel(cls(FILTER, 0, 1).forward(w)), [np.sum(w * FILTER)]) for w in windows
    )


def _blames(cls):
    rng = np.random.default_rng(2)
    blocks = rng.normal(size=(5, 2, 2))
    eye, right = cls(FILTER, 0, 1), _RightEye(FILTER, 0, 1)
    return all(_agree(eye.pool_back(block, 6.0), right.pool_back(block, 6.0)) for block in blocks)


def _sees_right(cls):
    return all(
        _agree(cls(FILTER, p, s).forward(image), _RightEye(FILTER, p, s).forward(image))
        for image in _images()
        for p in (0, 1, 2)
        for s in (1, 2, 3)
    )


def _all_together(answer):
    call = answer.call(use=_sees_right)
    if call.problem:
        raise Wrong(*call.problem, rows=call.rows)
    if not call.got:
        raise Wrong("With padding and stride together, `forward` does not give the right map.")


FIND_THE_BUG_DEFECTS = {
    "The padding is not a frame on all four sides.": is_gone(_pads),
    "The stride does not count in rows and columns alike.": is_gone(_places, ValueError),
    "A window is not weighed with the filter as it is.": is_gone(_weighs),
    "On the way back, the slope does not go to the largest of the block alone.": is_gone(_blames),
}

EYE = """\
class Eye:
    def __init__(self, w, padding=0, stride=1):
        self.w, self.padding, self.stride = w, padding, stride

    def pad(self, image):
        return np.pad(image, (0, self.padding))

    def forward(self, image):
        image, w = self.pad(image), self.w[::-1, ::-1]
        k, s = len(w), self.stride
        n_rows = (image.shape[0] - k) // s + 1
        n_cols = image.shape[1] - k + 1
        a = np.zeros((n_rows, n_cols))
        for i in range(n_rows):
            for j in range(n_cols):
                a[i, j] = np.sum(image[i * s : i * s + k, j : j + k] * w)
        return a

    def pool_back(self, block, slope):
        return slope * np.ones_like(block)
"""
REPAIRS = {
    "(0, self.padding)": "self.padding",
    "self.w[::-1, ::-1]": "self.w",
    "image.shape[1] - k + 1": "(image.shape[1] - k) // s + 1",
    "j : j + k": "j * s : j * s + k",
    "np.ones_like(block)": "(block == block.max())",
}

find_the_bug = Exercise(
    number="10.3",
    slug="find-the-bug",
    title="find the bug",
    names=("Eye",),
    hints=(
        "Try each method on something so small that you know the result: an image of 3 × 3 with a "
        "single 1, padding 1, stride 2, a block of four numbers.",
        "Compare rows with columns. What is done to the one and not to the other? Then put a "
        "filter that is 1 in its upper left corner and 0 elsewhere on an image of 3 × 3.",
        "The frame needs zeros before and after. The filter must not be turned by `[::-1, ::-1]`. "
        "Columns take the stride, too, in their number and in their place. The slope goes where "
        "`block == block.max()`.",
    ),
    starter=EYE,
    code=reduce(lambda code, pair: code.replace(*pair), REPAIRS.items(), EYE),
    explanation=(
        "`np.pad(image, (0, p))` adds zeros behind and below only. `[::-1, ::-1]` turns the filter "
        "upside down, as mathematics does and libraries do not. The stride was in the rows, and "
        "forgotten in the columns. And four numbers of a block shared a blame that only the "
        "largest has."
    ),
    right=(
        "None of the four would have stopped a training. It would have learned, a little worse, "
        "and nobody would have asked why: hence the gradient check, and images of 3 × 3."
    ),
    test=Repaired(defects=FIND_THE_BUG_DEFECTS, then=_all_together),
)


# ---------------------------------------------------------------- 10.4: convolution for everything
def _batches(rng):
    yield np.ones((1, 4, 4, 1)), np.ones((3, 3, 1, 1)), np.zeros(1), 1, 1
    for n, rows, cols, channels, k, filters, p, s in [
        (2, 5, 6, 1, 3, 2, 0, 1),
        (2, 6, 5, 3, 3, 2, 1, 1),
        (1, 9, 7, 2, 2, 3, 1, 2),
        (3, 8, 8, 2, 5, 4, 2, 3),
    ]:
        x, W = (
            rng.normal(size=(n, rows, cols, channels)),
            rng.normal(size=(k, k, channels, filters)),
        )
        yield x, W, rng.normal(size=filters), p, s


def _frame(x, p):
    return np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))


def _conv(
    frame=_frame,
    places=lambda windows, s: windows[:, ::s, ::s],
    turn=lambda W: W,
    sums="nijcuv,uvcm->nijm",
    biases=lambda b: b,
):
    """Return a convolution, right or with one defect."""

    def convolve(x, W, b, padding, stride):
        k = len(W)
        windows = np.lib.stride_tricks.sliding_window_view(frame(x, padding), (k, k), axis=(1, 2))
        return np.einsum(sums, places(windows, stride), turn(W)) + biases(b)

    return convolve


ANY_CONVOLUTION_MISTAKES = {
    "The padding is forgotten.": _conv(frame=lambda x, p: x),
    "The frame is on one side only: each axis needs `(padding, padding)`.": _conv(
        frame=lambda x, p: np.pad(x, ((0, 0), (0, p), (0, p), (0, 0)))
    ),
    "The stride is forgotten.": _conv(places=lambda windows, s: windows),
    "The stride counts in the rows only.": _conv(places=lambda windows, s: windows[:, ::s]),
    "The stride counts in the columns only.": _conv(places=lambda windows, s: windows[:, :, ::s]),
    "The filters are turned upside down. Leave them as they are.": _conv(
        turn=lambda W: W[::-1, ::-1]
    ),
    "Rows and columns of the filters are exchanged. `sliding_window_view` puts the channel before "
    "the window's rows and columns: bring the axes into the order of `W`.": _conv(
        turn=lambda W: W.transpose(1, 0, 2, 3)
    ),
    "The biases are missing.": _conv(biases=lambda b: 0),
    "The axes come in another order. The filters are the last one.": _conv(
        sums="nijcuv,uvcm->nmij", biases=lambda b: b[:, np.newaxis, np.newaxis]
    ),
}

any_convolution = Exercise(
    number="10.4",
    slug="any-convolution",
    title="convolution for everything",
    names=("convolve",),
    hints=(
        "Four steps: a frame around rows and columns (not around batch and channels), all windows, "
        "every stride-th of them, one product. `Conv.forward` of section 6 has two of them.",
        "`np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))` is the frame. A "
        "slice with a step, `windows[:, ::stride, ::stride]`, keeps every stride-th window.",
        "`.transpose(0, 1, 2, 4, 5, 3)` brings the window's axes into the order of `W`. Then "
        "`reshape(-1, W[..., 0].size)`, the product with `W.reshape(-1, W.shape[-1])`, plus `b`, "
        "and back into the shape of the places.",
    ),
    code='''\
def convolve(x, W, b, padding, stride):
    """Return the maps of a batch, shape (n, rows, columns, filters)."""
    k, n_filters = len(W), W.shape[-1]
    x = np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(1, 2))
    windows = windows[:, ::stride, ::stride].transpose(0, 1, 2, 4, 5, 3)
    rows = windows.reshape(-1, W[..., 0].size)
    a = rows @ W.reshape(-1, n_filters) + b
    return a.reshape(*windows.shape[:3], n_filters)
''',
    explanation=(
        "The frame first, because the windows must see it. The slice with a step throws away "
        "windows before a single number is copied, so a stride of 2 is four times as fast. The "
        "rest is the product of section 4, for all images at once."
    ),
    right=(
        "This is the forward pass of every `Conv2D` in the world, and NumPy needs eight lines for "
        "it. What is left to a library are speed and the way back, and you know that, too."
    ),
    test=Compare(_conv(), cases=_batches, mistakes=ANY_CONVOLUTION_MISTAKES),
)
