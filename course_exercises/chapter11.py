"""The exercises of chapter 11, Recurrence."""

import numpy as np

from course_exercises.engine.comparing import Compare, Repaired, Wrong, is_gone
from course_exercises.engine.exercise import Exercise
from course_utils.activations import sigmoid

LETTERS = ".abcdefghijklmnopqrstuvwxyz"


# ---------------------------------------------------------------- 11.1: all states of a cell
def _sequences(rng):
    yield np.array([[1.0], [0.0], [0.0]]), np.array([[2.0]]), np.array([[0.5]]), np.array([0.0])
    for n_steps, n_in, n_hidden in ((4, 3, 2), (1, 2, 3), (6, 5, 4)):
        shapes = (n_steps, n_in), (n_in, n_hidden), (n_hidden, n_hidden), (n_hidden,)
        yield tuple(rng.normal(size=shape) for shape in shapes)


def _reading(
    step=lambda row, z, W_x, W_h, b: np.tanh(row @ W_x + z @ W_h + b),
    start=0.0,
    order=1,
    give=lambda z: z[1:],
    remember=lambda z: z,
):
    """Return a function that reads rows, with what often goes wrong to choose from."""

    def states_of(x, W_x, W_h, b):
        z = [np.full(len(b), start)]
        for row in x[::order]:
            z.append(step(row, remember(z[-1]), W_x, W_h, b))
        return give(np.array(z))

    return states_of


ALL_STATES_MISTAKES = {
    "This is the last state alone. Return the state after every row.": _reading(
        give=lambda z: z[-1]
    ),
    "The state before the first row is there, too. Return one state for each row, no more.": (
        _reading(give=lambda z: z)
    ),
    "There is no tanh. Without it the states can grow without end.": _reading(
        lambda row, z, W_x, W_h, b: row @ W_x + z @ W_h + b
    ),
    "The cell does not remember: each state is made from its row alone, and `W_h` does nothing. "
    "Keep the state from step to step.": _reading(remember=lambda z: 0 * z),
    "The old state is added behind the tanh. It belongs inside, with the sum of the row.": (
        _reading(lambda row, z, W_x, W_h, b: np.tanh(row @ W_x + b) + z @ W_h)
    ),
    "The bias `b` is missing.": _reading(lambda row, z, W_x, W_h, b: np.tanh(row @ W_x + z @ W_h)),
    "The state starts at 1. Before the first row nothing has been seen: start at 0.": _reading(
        start=1.0
    ),
    "It reads the rows from the last to the first.": _reading(order=-1),
    "The old state is added as it is. Multiply it by `W_h` first.": _reading(
        lambda row, z, W_x, W_h, b: np.tanh(row @ W_x + z + b)
    ),
}

all_states = Exercise(
    number="11.1",
    slug="all-states",
    title="all states of a cell",
    names=("states_of",),
    hints=(
        "One digit, no batch. Begin with a state of zeros, one for each hidden neuron: "
        "`z = np.zeros(len(b))`. What does the cell do with one row?",
        "In a loop over the rows of `x`: the new state is tanh of `row @ W_x + z @ W_h + b`. "
        "Append it to a list, and go on with it.",
        "`z = np.tanh(row @ W_x + z @ W_h + b)`, then `states.append(z)`; after the loop "
        "`return np.array(states)`.",
    ),
    code='''\
def states_of(x, W_x, W_h, b):
    """Return the state after each row of x, shape (n_steps, n_hidden)."""
    z, states = np.zeros(len(b)), []
    for row in x:
        z = np.tanh(row @ W_x + z @ W_h + b)
        states.append(z)
    return np.array(states)
''',
    explanation=(
        "The variable `z` is the whole memory: it is made new in each step from the row and from "
        "what it was. The same `W_x`, `W_h` and `b` serve every row, so the function reads three "
        "rows or three thousand."
    ),
    right=(
        "You have written the heart of every recurrent network in three lines. "
        "(`states.append(z)` is safe because each step makes a new array; had you changed `z` in "
        "place, the list would hold the same array again and again.)"
    ),
    test=Compare(
        _reading(),
        cases=_sequences,
        mistakes=ALL_STATES_MISTAKES,
    ),
)


# ---------------------------------------------------------------- 11.2: nats a letter
def _names_and_shares(rng):
    uniform = np.full((27, 27), 1 / 27)
    uniform[0] = 0.5 * uniform[0]
    uniform[0, 1] += 0.5  # half of all names begin with a
    yield "ab", uniform
    for name in ("mina", "zoe", "christopher"):
        yield name, rng.dirichlet(np.ones(27), 27)


def _prices(
    first=True, last=True, price=lambda shares: -np.log(shares), mean=np.mean, turned=False
):
    """Return a function that prices a name, with what often goes wrong to choose from."""

    def nats_a_letter(name, shares):
        numbers = [LETTERS.index(c) for c in "." * first + name + "." * last]
        shares = shares.T if turned else shares
        return float(mean(price(shares[numbers[:-1], numbers[1:]])))

    return nats_a_letter


NATS_MISTAKES = {
    "This is the price of the whole name. Divide by the number of letters, the end included.": (
        _prices(mean=np.sum)
    ),
    "The end is missing: that the name stops there has its price, too.": _prices(last=False),
    "The first letter is missing. It comes after the dot.": _prices(first=False),
    "Beginning and end are missing: a dot stands before and behind the name.": _prices(
        first=False, last=False
    ),
    "These are bits. Take the natural logarithm, `np.log`.": _prices(price=lambda s: -np.log2(s)),
    "The sign is missing. A share is below 1, its logarithm negative, and a price positive.": (
        _prices(price=np.log)
    ),
    "This is the logarithm of the mean share. Take the logarithm of each share first.": _prices(
        price=lambda s: s, mean=lambda s: -np.log(np.mean(s))
    ),
    "Rows and columns are exchanged. `shares[i, j]` is the share of letter `j` after letter `i`.": (
        _prices(turned=True)
    ),
    "This divides by the length of the name, but there is one price more: that of the end.": (
        _prices(mean=lambda prices: np.sum(prices) / (len(prices) - 1))
    ),
}

nats = Exercise(
    number="11.2",
    slug="nats",
    title="nats a letter",
    names=("nats_a_letter",),
    hints=(
        "Put a dot before and behind the name. Then each price is that of a pair: a letter, and "
        "the one after it.",
        "`LETTERS.index(letter)` is the number of a letter. The price of a pair is "
        "`-np.log(shares[i, j])`.",
        '`numbers = [LETTERS.index(letter) for letter in "." + name + "."]`, and the shares of all '
        "pairs are `shares[numbers[:-1], numbers[1:]]`. Return the mean of their prices.",
    ),
    code='''\
def nats_a_letter(name, shares):
    """Return the mean price of a letter of the name, its end included."""
    letters = ".abcdefghijklmnopqrstuvwxyz"  # in the chapter: LETTERS
    numbers = [letters.index(letter) for letter in "." + name + "."]
    return -np.mean(np.log(shares[numbers[:-1], numbers[1:]]))
''',
    explanation=(
        "A name of four letters costs five prices: four letters, and the decision to stop. Their "
        "mean is the cross-entropy of chapter 06, with the truth being whatever letter comes next. "
        "By `pairs` the cheapest name is *ma* (1.39 nats a letter): a common beginning, a common "
        "end. The dearest is *hsiu* (4.40): *hs* is rare, and so is a *u* at the end."
    ),
    right=(
        "e to the power of this number is the *perplexity*: among how many equally likely letters "
        "the model is hesitating. Chatbots are measured in the same unit."
    ),
    test=Compare(_prices(), cases=_names_and_shares, mistakes=NATS_MISTAKES),
)


# ---------------------------------------------------------------- 11.3: find the bug
def _digits_and_cell():
    rng = np.random.default_rng(3)
    W_x, W_h = rng.normal(size=(4, 3)), 0.5 * rng.normal(size=(3, 3))
    return rng.normal(size=(2, 5, 4)), (W_x, W_h, rng.normal(size=3))


def _reads_the_same_twice(cls):
    x, params = _digits_and_cell()
    reader = cls(*params)
    before = np.array(reader.states(x))
    return np.array_equal(before, reader.states(x)) and len(reader.states(x[:1])) == 1


def _states_differ(cls):
    x, params = _digits_and_cell()
    states = cls(*params).states(x)[0]
    return not np.allclose(states[0], states[-1])


def _keeps_digits_apart(cls):
    x, params = _digits_and_cell()
    together = np.array(cls(*params).states(x))
    alone = [cls(*params).states(x[[i, i]])[0] for i in range(2)]  # each beside itself
    return together.shape == (2, 5, 3) and np.allclose(together, alone)


def _right_states(cls):
    x, params = _digits_and_cell()
    expected = [_reading()(digit, *params) for digit in x]
    return np.allclose(cls(*params).states(x), expected)


def _reader_works(answer):
    call = answer.call(use=_right_states)
    if call.problem:
        raise Wrong(*call.problem, rows=call.rows)
    if not call.got:
        raise Wrong("The states are not those of the cell, tanh(row @ W_x + z @ W_h + b).")


FIND_THE_BUG_DEFECTS = {
    "What it reads depends on what it has read before.": is_gone(_reads_the_same_twice, ValueError),
    "The states after all rows of a digit are the same.": is_gone(_states_differ),
    "In a batch, states stand in the place of another digit's.": is_gone(
        _keeps_digits_apart, ValueError
    ),
}

find_the_bug = Exercise(
    number="11.3",
    slug="find-the-bug",
    title="find the bug",
    names=("CarelessReader",),
    hints=(
        "Read the same two digits twice, with the same reader, and compare. Where does the state "
        "begin, and how often does that line run?",
        "Then print the states of a single digit. How many arrays does the list `after_row` hold, "
        "if `self.z[...] = ` changes the one that is there? And which axis comes first in "
        "`np.array(after_row)`: rows or digits?",
        "`states` has to begin with a fresh `self.z = np.zeros((len(x), len(self.b)))`; each step "
        "makes a new array, `self.z = np.tanh(...)`; and the last line is "
        "`np.array(after_row).swapaxes(0, 1)`, which exchanges two axes, where `reshape` only "
        "counts the numbers off anew.",
    ),
    starter='''\
class CarelessReader:
    def __init__(self, W_x, W_h, b):
        self.W_x, self.W_h, self.b = W_x, W_h, b
        self.z = np.zeros((2, len(b)))  # the digits come in twos

    def states(self, x):
        """Return the state after each row, shape (n_digits, n_rows, n_hidden)."""
        after_row = []
        for k in range(x.shape[1]):
            self.z[...] = np.tanh(x[:, k] @ self.W_x + self.z @ self.W_h + self.b)
            after_row.append(self.z)
        return np.array(after_row).reshape(len(x), x.shape[1], -1)
''',
    repairs=(
        ("        self.z = np.zeros((2, len(b)))  # the digits come in twos\n", ""),
        (
            "        after_row = []\n",
            "        self.z = np.zeros((len(x), len(self.b)))\n        after_row = []\n",
        ),
        ("            self.z[...] = ", "            self.z = "),
        (".reshape(len(x), x.shape[1], -1)", ".swapaxes(0, 1)"),
    ),
    explanation=(
        "A state is the memory of one digit. The constructor runs once, so a state that is made "
        "there goes on from digit to digit. (In a training the slopes would even be wrong.) "
        "Changing an array in place changes it in every list that holds it. And `reshape` keeps "
        "the order of the numbers, so the rows of one digit land in another."
    ),
    right=(
        "Sometimes to carry the state on is just what is wanted: when one long text is read in "
        "pieces. Keras calls that `stateful=True`, and then somebody has to say `reset_states()`."
    ),
    test=Repaired(defects=FIND_THE_BUG_DEFECTS, then=_reader_works),
)


# ---------------------------------------------------------------- 11.4: a gate by hand
def _gated_cells(rng):
    one = np.array([[1.0]])
    yield np.array([1.0]), np.array([0.5]), 2 * one, 0 * one, one, one, np.array([1.0])
    for n_in, n_hidden in ((3, 2), (2, 4), (5, 3)):
        shapes = [(n_in, n_hidden), (n_hidden, n_hidden)] * 2
        weights = [rng.normal(size=shape) for shape in shapes]
        yield (
            rng.normal(size=n_in),
            rng.uniform(-1, 1, n_hidden),
            *weights,
            rng.normal(size=n_hidden),
        )


def _gated(
    gate=sigmoid,
    fresh=np.tanh,
    mix=lambda keep, z, new: keep * z + (1 - keep) * new,
    gate_sees=1.0,
    new_sees=lambda keep, z: z,
    bias=1.0,
):
    """Return a step with a gate, with what often goes wrong to choose from."""

    def gated_step(x, z, W_keep, U_keep, W_new, U_new, b_keep):
        keep = gate(x @ W_keep + gate_sees * (z @ U_keep) + bias * b_keep)
        return mix(keep, z, fresh(x @ W_new + new_sees(keep, z) @ U_new))

    return gated_step


GATE_MISTAKES = {
    "The two shares are exchanged: where `keep` is 1, the old state stays.": _gated(
        mix=lambda keep, z, new: (1 - keep) * z + keep * new
    ),
    "The gate has a tanh. A share lies between 0 and 1, so it needs a sigmoid.": _gated(np.tanh),
    "The new content has a sigmoid. It may be negative: take tanh.": _gated(fresh=sigmoid),
    "The new content is added in full. Its share is `1 - keep`.": _gated(
        mix=lambda keep, z, new: keep * z + new
    ),
    "The old state is kept in full. Its share is `keep`.": _gated(
        mix=lambda keep, z, new: z + (1 - keep) * new
    ),
    "This is the gate. Return the new state.": _gated(mix=lambda keep, z, new: keep),
    "This is the new content alone, as if nothing were kept.": _gated(mix=lambda keep, z, new: new),
    "The gate does not see the old state: `z @ U_keep` is missing.": _gated(gate_sees=0.0),
    "The new content does not see the old state: `z @ U_new` is missing.": _gated(
        new_sees=lambda keep, z: 0 * z
    ),
    "The bias `b_keep` of the gate is missing.": _gated(bias=0.0),
}

gate = Exercise(
    number="11.4",
    slug="gate",
    title="a gate by hand",
    names=("gated_step",),
    hints=(
        "Three lines: the gate, the new content, the mixture. The gate is a share between 0 and 1 "
        "for each hidden neuron. Which activation gives such numbers?",
        "`keep` is the sigmoid of `x @ W_keep + z @ U_keep + b_keep`, and the new content is tanh "
        "of `x @ W_new + z @ U_new`.",
        "The new state is `keep * z + (1 - keep) * new`: each neuron for itself.",
    ),
    code='''\
def gated_step(x, z, W_keep, U_keep, W_new, U_new, b_keep):
    """Return the state after one step of a cell with one gate."""
    keep = sigmoid(x @ W_keep + z @ U_keep + b_keep)
    new = np.tanh(x @ W_new + z @ U_new)
    return keep * z + (1 - keep) * new
''',
    explanation=(
        "Each hidden neuron has a share of its own. Where it is near 1, the old number passes "
        "almost unchanged, and so does its slope on the way back; where it is near 0, the neuron "
        "forgets and writes anew."
    ),
    right=(
        "With a large `b_keep` the gates start open, and the cell remembers before it has learned "
        "anything. Keras gives the forget gate of its LSTM a bias of 1 for this reason."
    ),
    test=Compare(_gated(), cases=_gated_cells, mistakes=GATE_MISTAKES),
)
