"""The exercises of refresher A2, Slopes."""

import numpy as np

from course_exercises.engine.comparing import Compare, Repaired, Wrong
from course_exercises.engine.exercise import Exercise

BY_RULE = "Find the slope by rule here. `numerical_gradient` is for judging it afterwards."
BY_RULE_TOO = "Find the slope by rule here. `measured_slope` is for judging it afterwards."
MEASURING = {"numerical_gradient": BY_RULE, "measured_slope": BY_RULE_TOO}


# ---------------------------------------------------------------- A2.1: a polynomial, by rule
def _polynomials(rng):
    yield [-7.0, 5.0, 3.0], 2.0
    yield [4.0, 3.0], 10.0
    yield [0.0, 0.0, 0.0, 2.0], -1.5
    yield [5.0], 3.0
    yield [1.0, -2.0, 0.5, 0.25, 3.0], 0.0
    for n in (3, 4, 6):
        yield [float(number) for number in rng.normal(size=n)], float(rng.uniform(0.5, 2))


def _expected_polynomial(c, x):
    return float(np.polyval(np.polyder(c[::-1]), x))


def _terms(term, first=1):
    """Return a function that adds up ``term(n, c_n, x)`` from the `first` power on."""
    return lambda c, x: float(sum(term(n, c[n], x) for n in range(first, len(c))))


POLYNOMIAL_MISTAKES = {
    "This is the polynomial itself, not its slope.": _terms(lambda n, c, x: c * x**n, 0),
    "The power becomes one less, but it also comes down in front as a factor.": _terms(
        lambda n, c, x: c * x ** (n - 1)
    ),
    "The factor in front is right. Now the power has to become one less.": _terms(
        lambda n, c, x: n * c * x**n
    ),
    "The factors are shifted by one: `c[1]` belongs to the power 1, `c[2]` to the power 2.": _terms(
        lambda n, c, x: (n + 1) * c * x**n, 0
    ),
    "The numbers in `c` have no influence. Each slope keeps its constant.": _terms(
        lambda n, c, x: n * x ** (n - 1)
    ),
    "This is the slope at 1: `x` has no influence.": _terms(lambda n, c, x: n * c),
    "The constant `c[0]` is in it. What never changes has the slope 0.": lambda c, x: (
        c[0] + _expected_polynomial(c, x)
    ),
    "This is the slope of the last term alone. Add up those of all terms.": lambda c, x: (
        (len(c) - 1) * c[-1] * x ** (len(c) - 2) if len(c) > 1 else 0.0
    ),
    "`x ** n - 1` takes the power first and subtracts 1 afterwards. Write `x ** (n - 1)`.": _terms(
        lambda n, c, x: n * c * x**n - 1
    ),
    "At `x = 0` the term of the constant asks for 0 to the power of −1. Begin the loop at 1.": (
        _terms(lambda n, c, x: n * c * x ** (n - 1), 0)
    ),
    "The `return` stands inside the loop, so only the first term is counted.": lambda c, x: (
        c[1] if len(c) > 1 else None
    ),
    "The list is read from the wrong end: `c[0]` is the constant.": lambda c, x: (
        _expected_polynomial(c[::-1], x)
    ),
    "The last term is missing. `range(1, len(c))` ends with the last place of the list.": (
        lambda c, x: _expected_polynomial(c[:-1] or [0.0], x)
    ),
}

polynomial_slope = Exercise(
    number="A2.1",
    slug="polynomial-slope",
    title="slope of a polynomial",
    names=("polynomial_slope",),
    hints=(
        "Write the slope of `c[3] * x**3` on paper. The constant stays, and the power rule does "
        "the rest. It is the same for each term, and a sum has the sum of the slopes.",
        "Loop over the places of the list, from 1 on, since the constant `c[0]` has the slope 0: "
        "`for n in range(1, len(c))`.",
        "Each term adds `c[n] * n * x ** (n - 1)`. Begin with `slope = 0.0`, add in the loop, and "
        "return it behind the loop.",
    ),
    code='''\
def polynomial_slope(c, x):
    """Return the slope of c[0] + c[1] * x + c[2] * x**2 + ... at x."""
    slope = 0.0
    for n in range(1, len(c)):
        slope += c[n] * n * x ** (n - 1)
    return slope
''',
    explanation=(
        "Three rules in one line: the constant `c[n]` stays, the power `n` comes down and is one "
        "less above, and the slopes add up. The loop begins at 1, because a constant never changes."
    ),
    right=(
        "The slope of a polynomial is a polynomial again, one power lower. NumPy has it ready too: "
        "`np.polynomial.Polynomial(c).deriv()(x)`."
    ),
    test=Compare(
        _expected_polynomial, _polynomials, mistakes=POLYNOMIAL_MISTAKES, forbidden=MEASURING
    ),
)


# ---------------------------------------------------------------- A2.2: a neuron, by the chain rule
def _neurons(rng):
    yield 0.5, 1.0, 4.0, 5.0
    yield 2.0, 0.0, 3.0, 5.0
    yield 1.0, 1.0, 0.0, 3.0
    for _ in range(5):
        yield tuple(float(number) for number in rng.normal(scale=2, size=4))


def _expected_neuron(w, b, x, t):
    """Expand the square first: another way than the chain rule."""
    return 2 * w * x * x + 2 * b * x - 2 * t * x, 2 * b + 2 * w * x - 2 * t


def _of_error(pair):
    """Return a function of w, b, x, t that makes its answer of the error e, of x and of w."""
    return lambda w, b, x, t: pair(w * x + b - t, x, w)


NEURON_MISTAKES = {
    "The 2 that comes down from the square is missing.": _of_error(lambda e, x, w: (e * x, e)),
    "The last gear of the chain is missing in the slope for w: when w moves, y moves x times as "
    "much.": _of_error(lambda e, x, w: (2 * e, 2 * e)),
    "The slope for b has an x too much: when b moves, y moves just as much.": _of_error(
        lambda e, x, w: (2 * e * x, 2 * e * x)
    ),
    "The sign is turned around: the loss is made of y − t, not of t − y.": _of_error(
        lambda e, x, w: (-2 * e * x, -2 * e)
    ),
    "The two slopes have changed places: first that for w, then that for b.": _of_error(
        lambda e, x, w: (2 * e, 2 * e * x)
    ),
    "The slope for w is multiplied by w. How much does y move with w? Look at `w * x + b`.": (
        _of_error(lambda e, x, w: (2 * e * w, 2 * e))
    ),
    "The slope for b is multiplied by b. When b moves, y moves just as much: the factor is 1.": (
        lambda w, b, x, t: (2 * (w * x + b - t) * x, 2 * (w * x + b - t) * b)
    ),
    "These are the slopes of y alone. The square comes after it, and has a slope too.": (
        _of_error(lambda e, x, w: (x, 1.0))
    ),
    "The square is taken, but its slope is twice the error, not the error squared.": _of_error(
        lambda e, x, w: (e * e * x, e * e)
    ),
    "The target is forgotten: the square is of y − t, not of y.": lambda w, b, x, t: (
        2 * (w * x + b) * x,
        2 * (w * x + b),
    ),
    "This is one slope. Return both: `return slope_w, slope_b`.": _of_error(
        lambda e, x, w: 2 * e * x
    ),
}

neuron_slopes = Exercise(
    number="A2.2",
    slug="neuron-slopes",
    title="slopes of a neuron",
    names=("neuron_slopes",),
    hints=(
        "It is a chain: first y = w x + b, then the error e = y − t, then e². Write the slope of "
        "each step.",
        "The square has the slope 2e. The subtraction has the slope 1. And y has the slope x for "
        "w, and 1 for b. Multiply along the chain.",
        "`e = w * x + b - t`, then `return 2 * e * x, 2 * e`.",
    ),
    code='''\
def neuron_slopes(w, b, x, t):
    """Return the slopes of (w * x + b - t)**2 for w and for b."""
    e = w * x + b - t  # the error
    slope_e = 2 * e  # power rule
    return slope_e * x, slope_e * 1
''',
    explanation=(
        "The error is the place where the outer slope is taken: 2e. What comes after it differs: a "
        "change of w arrives x times as large, a change of b as it is."
    ),
    right=(
        "Both slopes contain the error, and w's contains the input too: behind an input of 0 a "
        "weight learns nothing. Backpropagation in chapter 09 is this, for many neurons."
    ),
    test=Compare(_expected_neuron, _neurons, mistakes=NEURON_MISTAKES, forbidden=MEASURING),
)


# ---------------------------------------------------------------- A2.3: a step that is too small
def _curve(x):
    return x**3 - 2 * x


def _slopes_of_curve(x):
    return 3 * x**2 - 2


PLACES = np.array([0.25, 1.5, -2.0, 3.0])


def _holds(works):
    """Return a test of a defect: whether `works` is true of the function."""

    def is_gone(answer):
        call = answer.call(use=works)
        if call.error is not None:
            raise Wrong(*call.problem, rows=call.rows)
        return bool(call.got)

    return is_gone


def _steps_of(function, place=3.0):
    """Return how far from `place` a function looks, at least."""
    seen = []

    def watched(x):
        seen.extend(np.abs(np.ravel(x) - place))
        return x * 1.0

    function(watched, np.array([place]))
    return max(seen, default=0.0)


def _has_a_good_step(function):
    return 1e-8 < _steps_of(function) < 0.01


def _divides_rightly(function):
    """Judge by a straight line, for which every step is right; one too small shows no slope."""
    rise = function(lambda x: 3.0 * x, np.array([0.0, 0.0]))  # at 0 even a tiny step moves
    return np.allclose(rise, 3.0, rtol=1e-4)


def _keeps_fractions(function):
    got = np.asarray(function(lambda x: 0.4 * x + 0.5 * x * x, np.array([0, 1, 0])))
    return got.dtype.kind == "f" and (np.any(got % 1 != 0) or got.shape != (3,))


def _repaired(answer):
    for places in (PLACES, np.array([0, 1, 2]), np.array([5.0])):
        call = answer.call(_curve, places)
        if call.problem:
            raise Wrong(*call.problem, rows=call.rows)
        got = np.asarray(call.got)
        if got.shape != places.shape:
            raise Wrong("It should return one slope for each of the places.")
        if not np.allclose(got, _slopes_of_curve(places), rtol=1e-5, atol=1e-5):
            one_sided = (_curve(places + 1e-4) - _curve(places)) / 1e-4
            if np.allclose(got, one_sided, rtol=0, atol=1e-5):
                raise Wrong("It steps to one side only. Step to both, and divide by `2 * h`.")
            raise Wrong("The slopes of x³ − 2x are still not near enough to 3x² − 2.")


find_the_bug = Exercise(
    number="A2.3",
    slug="find-the-bug",
    title="find the bug",
    names=("slopes_along",),
    hints=(
        "Print `3 + h` and `3 - h` for the h of the program. How many digits would they need?",
        "From x − h to x + h it is two steps of h. And `np.zeros_like(places)` makes an array of "
        "the type of `places`: whole numbers, if those are whole.",
        "`h = 1e-4`; divide by `(2 * h)`; and `np.zeros(len(places))`, which holds floats.",
    ),
    starter='''\
def slopes_along(f, places):
    """Return the slope of f at each of the places."""
    h = 1e-16  # the smaller, the better
    slopes = np.zeros_like(places)
    for i, x in enumerate(places):
        slopes[i] = (f(x + h) - f(x - h)) / h
    return slopes
''',
    repairs=(
        ("h = 1e-16  # the smaller, the better", "h = 1e-4  # small, but 3 + h is not 3"),
        ("np.zeros_like(places)", "np.zeros(len(places))"),
        ("/ h", "/ (2 * h)"),
    ),
    explanation=(
        "With h = 1e-16, 3 + h is just 3, so nothing changes and the slope is 0. From x − h to "
        "x + h it is 2h. And an array of whole numbers cuts off what stands behind the point."
    ),
    right=(
        "None of the three defects raised an error. That is what makes wrong slopes dangerous: a "
        "network still trains with them, only badly. So let a second way judge the first."
    ),
    test=Repaired(
        defects={
            "The step is too small, or too large.": _holds(_has_a_good_step),
            "Even the slope of the straight line 3x is not 3: look at the division.": _holds(
                _divides_rightly
            ),
            "With whole numbers as places, no slope has a fraction.": _holds(_keeps_fractions),
        },
        then=_repaired,
    ),
)


# ---------------------------------------------------------------- A2.4: where is f(x) = 0?
def _square_minus_2(x):
    return x**2 - 2


def _exp_minus_5(x):
    return np.exp(x) - 5


def _cosine(x):
    return np.cos(x)


def _cubic(x):
    return x**3 + x - 3


def _starts(rng):
    yield _square_minus_2, 1.0, 1
    yield _square_minus_2, 1.0, 2
    yield _square_minus_2, 1.0, 5
    yield _exp_minus_5, 1.0, 1
    yield _exp_minus_5, 2.0, 4
    yield _cosine, 1.0, 2
    yield _cubic, float(rng.uniform(1, 2)), 3
    yield _square_minus_2, 2.5, 0


SLOPES = {  # by rule
    _square_minus_2: lambda x: 2 * x,
    _exp_minus_5: np.exp,
    _cosine: lambda x: -np.sin(x),
    _cubic: lambda x: 3 * x**2 + 1,
}


def _walk(step, n=lambda n_steps: n_steps):
    """Return a walk of ``x = step(x, height, slope)``."""

    def walked(f, x, n_steps):
        for _ in range(n(n_steps)):
            x = step(x, f(x), SLOPES[f](x))
        return float(x)

    return walked


def _with_the_first_slope(f, x, n_steps):
    slope = SLOPES[f](x)
    for _ in range(n_steps):
        x = x - f(x) / slope
    return float(x)


_expected_place = _walk(lambda x, y, slope: x - y / slope)
FOLLOW_MISTAKES = {
    "It goes the wrong way: where f is above 0 and rises, x must become smaller.": _walk(
        lambda x, y, slope: x + y / slope
    ),
    "The height is multiplied by the slope. Divide: on a steep line it is not far to 0.": _walk(
        lambda x, y, slope: x - y * slope
    ),
    "The fraction is upside down: it is the height divided by the slope.": _walk(
        lambda x, y, slope: x - slope / y
    ),
    "This takes one step, whatever `n_steps` says.": _walk(
        lambda x, y, slope: x - y / slope, lambda n_steps: 1
    ),
    "It takes one step too many.": _walk(lambda x, y, slope: x - y / slope, lambda n: n + 1),
    "It takes one step too few.": _walk(lambda x, y, slope: x - y / slope, lambda n: n - 1),
    "All steps use the slope of the start. Measure it anew at each place.": _with_the_first_slope,
    "Each step goes half as far as it should. From x − h to x + h it is `2 * h`, so divide by "
    "that.": _walk(lambda x, y, slope: x - y / (2 * slope)),
    "It walks until f(x) is 0. Asked for is the x after `n_steps` steps.": _walk(
        lambda x, y, slope: x - y / slope, lambda n_steps: 30
    ),
    "The `return` stands inside the loop, so it ends after one step.": lambda f, x, n_steps: (
        _expected_place(f, x, 1) if n_steps else None
    ),
    "This is the height at the end, f(x). Asked for is x.": lambda f, x, n_steps: float(
        f(_expected_place(f, x, n_steps))
    ),
    "This is the step alone. Subtract it from x.": _walk(lambda x, y, slope: y / slope),
    "The slope has no influence: this is x − f(x).": _walk(lambda x, y, slope: x - y),
}

follow_tangent = Exercise(
    number="A2.4",
    slug="follow-tangent",
    title="follow the line (stretch)",
    names=("follow_line",),
    hints=(
        "In a loop, three things happen: look how high f is, measure its slope, move x.",
        "The slope is measured anew at each place: `(f(x + 1e-4) - f(x - 1e-4)) / 2e-4`, or "
        "`measured_slope(f, x)`.",
        "`for _ in range(n_steps):`, and in it `x = x - f(x) / slope` with the slope at this x.",
    ),
    code='''\
def follow_line(f, x, n_steps):
    """Return where n_steps steps along straight lines lead, from x towards f(x) = 0."""
    for _ in range(n_steps):
        slope = (f(x + 1e-4) - f(x - 1e-4)) / 2e-4
        x = x - f(x) / slope
    return x
''',
    explanation=(
        "A line of height f(x) and with this slope reaches 0 after the distance f(x) / slope. The "
        "curve is not the line, so the step misses a little; the nearer, the less it misses."
    ),
    right=(
        "This is Newton's method. Near the end each step doubles the number of right digits: that "
        "is how square roots can be computed. It needs a slope that is not 0."
    ),
    test=Compare(_expected_place, cases=_starts, tolerance=1e-6, mistakes=FOLLOW_MISTAKES),
)
