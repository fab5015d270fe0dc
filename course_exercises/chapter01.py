"""The exercises of chapter 01, Perceptron."""

from course_exercises.engine.calling import with_names
from course_exercises.engine.comparing import Compare, Wrong
from course_exercises.engine.exercise import Exercise

INPUTS = [(0, 0), (0, 1), (1, 0), (1, 1)]
GATES = {
    "neuron": lambda x1, x2, w1, w2, b: int(b + w1 * x1 + w2 * x2 > 0),
    "AND": lambda x1, x2: int(x1 and x2),
    "NAND": lambda x1, x2: int(not (x1 and x2)),
    "OR": lambda x1, x2: int(x1 or x2),
    "NOR": lambda x1, x2: int(not (x1 or x2)),
}


def every_input(rng):
    """Yield the four inputs of a gate in their order, then again in random order."""
    yield from INPUTS
    for i in rng.integers(0, 4, 12):
        yield INPUTS[i]


# ---------------------------------------------------------------- 1.1: NOR as one neuron

NOR_MISTAKES = {
    "This is OR. NOR is its opposite: 1 only where OR is 0. "
    "Where the sum is above 0 now, it must not be, and the other way round.": GATES["OR"],
    'This is NAND, "not both". NOR is "not even one": 0 as soon as one input is 1. '
    "The neuron fires too easily: look at its sum for (0, 1).": GATES["NAND"],
    "This is AND. NOR is 1 only if both inputs are 0.": GATES["AND"],
    "This neuron never fires. What is its sum for (0, 0), where the weights have no influence? "
    "Exactly 0 is not above 0.": lambda x1, x2: 0,
    "This neuron always fires. For (0, 1) its sum is the bias plus the weight of `x2`, "
    "and that is still above 0.": lambda x1, x2: 1,
    "Only `x1` has an influence here. Look at the weight of `x2`.": lambda x1, x2: 1 - x1,
    "Only `x2` has an influence here. Look at the weight of `x1`.": lambda x1, x2: 1 - x2,
    "This says whether both inputs are equal. NOR is 0 also if both are 1.": lambda a, b: a == b,
}

nor = Exercise(
    number="1.1",
    slug="nor",
    title="NOR",
    names=("NOR",),
    hints=(
        "Write down the truth table of OR, and turn every output around.",
        "The chapter made NAND out of AND. What did it do to the three numbers, and when does that "
        "go wrong?",
        "OR is `neuron(x1, x2, 0.5, 0.5, -0.2)`, with the sums −0.2, 0.3, 0.3 and 0.8. None of "
        "them is exactly 0, so you may change the sign of all three numbers.",
    ),
    code="""\
def NOR(x1, x2):
    return neuron(x1, x2, -0.5, -0.5, 0.2)
""",
    explanation=(
        "NOR is OR, negated. If all three numbers change their sign, the sum changes its sign: "
        "what was above 0 is now below, and no sum is exactly 0. The bias is positive, so the "
        "neuron fires when both inputs are silent; each input that is 1 takes 0.5 away, and one is "
        "enough to silence it."
    ),
    right=(
        "Like NAND, NOR is enough to build every other gate. The computer that flew to the Moon "
        "with Apollo 11 was built from NOR gates alone."
    ),
    test=Compare(GATES["NOR"], cases=every_input, mistakes=NOR_MISTAKES),
)


# ---------------------------------------------------------------- 1.2: XOR from other gates
def _made_of_gates_with_another_last(answer):
    """Raise `Wrong` if an answer calls no gate of the chapter, or AND as the last one."""
    called = []

    def watched(name):
        def gate(*args):
            called.append(name)
            return GATES[name](*args)

        return gate

    function = with_names(answer.value, **{name: watched(name) for name in GATES})
    if function is answer.value:  # no plain function: what it calls cannot be seen
        return
    answer.call(0, 1, use=lambda _, *args: function(*args))
    if not called:
        raise Wrong(
            "The outputs are right, but no gate is used. Build it from AND, NAND, OR and NOR."
        )
    if called[-1] == "AND":
        raise Wrong(
            "The outputs are right, but the last gate is AND, as in the chapter. There are other "
            "ways: begin with the question when XOR is 0, or use NAND alone."
        )


OTHER_XOR_MISTAKES = {
    "Every output is turned around: this is 1 where the inputs are equal. Negate the result: "
    "NAND of a signal with itself is its opposite.": lambda x1, x2: int(x1 == x2),
    "This is OR. XOR differs from it in one place: if both inputs are 1, it is 0.": GATES["OR"],
    "This is NAND. XOR differs from it in one place: if both inputs are 0, it is 0.": GATES["NAND"],
    "This is AND, the carry of a sum. XOR is 1 if just one is 1.": GATES["AND"],
    "This is NOR. Its output for (0, 1) and (1, 0) is 0.": GATES["NOR"],
}

other_xor = Exercise(
    number="1.2",
    slug="other-xor",
    title="another XOR",
    names=("other_xor",),
    hints=(
        "XOR is false in two cases: both inputs are 1, or both are 0. Which gates recognise these?",
        "AND recognises the one, NOR the other. XOR is 1 if neither of them is 1.",
        "`NOR(AND(x1, x2), NOR(x1, x2))`. And with NAND alone: let `s = NAND(x1, x2)`, then join "
        "`x1` with `s`, `x2` with `s`, and the two results.",
    ),
    code="""\
def other_xor(x1, x2):
    s = NAND(x1, x2)
    return NAND(NAND(x1, s), NAND(x2, s))
""",
    explanation=(
        "The signal `s` is 0 only if both inputs are 1. So `NAND(x1, s)` is 0 only if `x1` is 1 "
        "and `x2` is not, and `NAND(x2, s)` is 0 only in the opposite case. The last NAND is 1 as "
        "soon as one of its inputs is 0. Shorter, with other gates: `NOR(AND(x1, x2), NOR(x1, "
        "x2))`."
    ),
    right=(
        "There are many ways to build one gate. With four NANDs it has three layers in place of "
        "two, but it needs only one kind of part, which is what a factory likes."
    ),
    test=Compare(
        lambda x1, x2: int(x1 != x2),
        cases=every_input,
        mistakes=OTHER_XOR_MISTAKES,
        then=_made_of_gates_with_another_last,
        forbidden={"XOR": "This calls the `XOR` of the chapter. Build it from other gates."},
    ),
)


# ---------------------------------------------------------------- 1.3: a half adder

HALF_ADDER_MISTAKES = {
    "Digit and carry have changed places: the digit to write comes first.": lambda a, b: divmod(
        a + b, 2
    ),
    "The digit is made with OR. But 1 + 1 = 10: write 0, carry 1. "
    "So for (1, 1) the digit is 0.": lambda a, b: (a | b, a & b),
    "The carry is made with OR. "
    "There is something to carry only if both inputs are 1.": lambda a, b: (a ^ b, a | b),
    "Look at the digit: 0 + 1 = 1, so there it is 1.": lambda a, b: (a & b, a | b),
    "This is the digit alone. Return two values: the digit, then the carry.": lambda a, b: a ^ b,
    "This is the sum as a number. A half adder returns its two binary digits, "
    "each 0 or 1: first the digit to write, then the carry.": lambda a, b: a + b,
    "The digit is 2 for (1, 1). In binary there are only 0 and 1.": lambda a, b: (a + b, a & b),
}

half_adder = Exercise(
    number="1.3",
    slug="half-adder",
    title="a half adder",
    names=("half_adder",),
    hints=(
        "Add the four pairs on paper, in binary: 0 + 0, 0 + 1, 1 + 0, 1 + 1. Write the digit and "
        "the carry in two columns.",
        "Each column is the truth table of a gate that you know.",
        "The digit is `XOR(x1, x2)`, the carry is `AND(x1, x2)`. Return both, with a comma "
        "between.",
    ),
    code="""\
def half_adder(x1, x2):
    return XOR(x1, x2), AND(x1, x2)
""",
    explanation=(
        "The digit to write is 1 if exactly one of the inputs is 1: that is XOR. There is "
        "something to carry only if both are 1: that is AND. A function with a comma after "
        "`return` gives a tuple, here two numbers."
    ),
    right=(
        "Two half adders and one more gate make a full adder, which also takes the carry of the "
        "place before. 64 of those in a row add the integers of your computer; the mini-project "
        "below begins with four."
    ),
    test=Compare(
        lambda x1, x2: divmod(x1 + x2, 2)[::-1], cases=every_input, mistakes=HALF_ADDER_MISTAKES
    ),
)
