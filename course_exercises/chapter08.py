"""The exercises of chapter 08, Under Keras. TensorFlow is loaded only when a check runs."""

import numpy as np

from course_exercises.engine.calling import with_names
from course_exercises.engine.comparing import Compare, Wrong, is_nearly
from course_exercises.engine.exercise import Exercise
from course_utils.activations import identity, relu, sigmoid, softmax
from course_utils.message import Message
from course_utils.quiet import held_back_stderr, load_tensorflow


def to_numpy(value):
    """Return a tensor as an array, and anything else as it is."""
    return value.numpy() if hasattr(value, "numpy") else value


def _without_log(function, *args):
    """Return ``function(*args)``; what TensorFlow itself writes about an error is left out."""
    with held_back_stderr():
        try:
            return function(*args)
        except Exception as raised:
            error = raised  # raised in here, it would bring out what was held back
    raise error


# ---------------------------------------------------------------- 8.1: a hidden layer
def _images_and_params(rng):
    shapes = [(784, 100), (100,), (100, 10), (10,)]
    zeros = [np.zeros(shape, np.float32) for shape in shapes[:3]]
    yield np.ones((2, 784), np.float32), [*zeros, np.full(10, 3, np.float32)]
    for n in (1, 5):
        params = [rng.normal(scale=0.1, size=shape).astype(np.float32) for shape in shapes]
        yield rng.random((n, 784), np.float32), params


def _with_variables(function, x, params):
    load_tensorflow()
    import tensorflow as tf

    variables = [tf.Variable(param) for param in params]
    logits = to_numpy(_without_log(function, tf.constant(x), variables))
    for name, variable, param in zip(("W1", "b1", "W2", "b2"), variables, params, strict=True):
        if not np.array_equal(variable, param):
            text = "It changes the variable `{name}`. Compute with it, but leave it as it is."
            raise Wrong(Message(text, name=name))
    return logits


def _two_layers(hidden=relu, last=identity, without=()):
    """Return a function that runs both layers, with these activations, without some biases."""

    def output(x, params):
        x, W1, b1, W2, b2 = map(to_numpy, (x, *params))
        z = hidden(x @ W1 + (0 if "b1" in without else b1))
        return last(z @ W2 + (0 if "b2" in without else b2))

    return output


HIDDEN_LAYER_MISTAKES = {
    "These are probabilities. Leave softmax out: the loss takes the logits.": _two_layers(
        last=softmax
    ),
    "There is no ReLU between the layers. Without it, two layers are one.": _two_layers(
        hidden=identity
    ),
    "The hidden layer has a sigmoid. Asked for is ReLU.": _two_layers(hidden=sigmoid),
    "The last layer has a ReLU, too. Logits may be negative.": _two_layers(last=relu),
    "These are the predictions. Return all ten logits of each image.": _two_layers(
        last=lambda a: a.argmax(axis=1)
    ),
    "The bias `b1` of the hidden layer is missing.": _two_layers(without=["b1"]),
    "The bias `b2` of the last layer is missing.": _two_layers(without=["b2"]),
    "Both biases are missing.": _two_layers(without=["b1", "b2"]),
}

hidden_layer = Exercise(
    number="8.1",
    slug="hidden-layer",
    title="add a hidden layer",
    names=("hidden_layer_logits",),
    hints=(
        "Take the four variables apart first: `W1, b1, W2, b2 = params`.",
        "The hidden layer is `x @ W1 + b1`, made by ReLU into what the second layer receives.",
        "`hidden = tf.nn.relu(x @ W1 + b1)`, and the logits are one line more. No ReLU there.",
    ),
    code='''\
def hidden_layer_logits(x, params):
    """Return the logits of a 784-100-10 network, shape (n, 10)."""
    W1, b1, W2, b2 = params
    hidden = tf.nn.relu(x @ W1 + b1)
    return hidden @ W2 + b2


def hidden_layer_loss(x, t):
    logits = hidden_layer_logits(x, params)
    return tf.reduce_sum(tf.nn.softmax_cross_entropy_with_logits(labels=t, logits=logits))


params = [
    tf.Variable(tf.random.stateless_normal((784, 100), seed=(0, 1), stddev=0.05)),
    tf.Variable(tf.zeros(100)),
    tf.Variable(tf.random.stateless_normal((100, 10), seed=(0, 2), stddev=0.1)),
    tf.Variable(tf.zeros(10)),
]
for rows in batches:
    train_step(x_train[rows], t_train[rows], 0.001, hidden_layer_loss, params)
predictions = hidden_layer_logits(x_valid, params).numpy().argmax(axis=1)
print(f"validation accuracy {np.mean(predictions == labels_valid):.3f}")
''',
    explanation=(
        "Two layers, each `@` and `+`, and a ReLU between them. The last layer hands out its sums "
        "as they are, because the loss takes logits. If `W1` and `W2` started at 0, every hidden "
        "neuron would get the same slope in every step and stay equal to the others: a hidden "
        "layer of 100 neurons would work like one of a single neuron. Random weights make them "
        "different."
    ),
    right=(
        "For the tape nothing has changed: it walks back through both layers by itself. That is "
        "why a library needs no new mathematics for a network of a hundred layers."
    ),
    test=Compare(
        lambda x, p: np.maximum(x.astype(float) @ p[0] + p[1], 0) @ p[2] + p[3],
        cases=_images_and_params,
        mistakes=HIDDEN_LAYER_MISTAKES,
        tolerance=1e-4,  # float32, and sums of 784 numbers
        use=_with_variables,
    ),
)


# ---------------------------------------------------------------- 8.2: the size of a batch

# A real training takes too long for a check. So the check hands out other things under these names
# of the chapter, and watches what an answer does with them.
x_train = t_train = x_valid = labels_valid = None
start_anew = train_step = accuracy = logits_loss = summed_loss = None

N_DIGITS = 1200
ACCURACY, ELSEWHERE = 0.8125, 0.125  # on the validation digits, and on others


class _Loss(float):
    """Stands for a loss, which is a tensor in the chapter."""

    def numpy(self):
        return np.float32(self)


class _Chapter:
    """Stands for the chapter: its digits, and functions that note how they are called."""

    def __init__(self):
        numbers = np.arange(N_DIGITS)
        self.x_train = np.repeat(numbers[:, np.newaxis], 8, axis=1).astype(np.float32)
        self.t_train = np.eye(10, dtype=np.float32)[numbers % 10]
        self.x_valid = np.zeros((100, 8), np.float32)
        self.labels_valid = numbers[:100] % 10
        self.events = []  # what happened, in its order
        self.steps = []  # of each: size, rows, whether the targets are theirs, rate, loss

    def start_anew(self):
        self.events.append("start")

    def train_step(self, x, t, rate=0.01, loss_function=None):
        self.events.append("step")
        rows = to_numpy(x)[:, 0].astype(int)
        paired = np.array_equal(to_numpy(t).argmax(axis=1), rows % 10)
        is_logits_loss = loss_function == self.logits_loss
        self.steps.append((len(rows), rows.tobytes(), paired, float(rate), is_logits_loss))
        return _Loss(0.0)

    def accuracy(self, x, labels):
        self.events.append("measure")
        return ACCURACY if x is self.x_valid and labels is self.labels_valid else ELSEWHERE

    def logits_loss(self, x, t):
        return _Loss(0.0)

    def summed_loss(self, x, t):
        return _Loss(0.0)

    def report(self, returned):
        """Return what happened, in words for a student."""
        if not self.steps:
            return {"steps with train_step": 0}
        sizes, rows, paired, rates, is_logits_loss = zip(*self.steps, strict=True)
        is_anew = self.events.count("start") == 1 and self.events[0] == "start"
        known = {
            "the validation accuracy": ACCURACY,
            "100 times the validation accuracy": 100 * ACCURACY,
            "the accuracy on other digits": ELSEWHERE,
        }
        meanings = [name for name, value in known.items() if is_nearly(returned, value)]
        is_last = self.events[-1] == "measure"
        return {
            "steps with train_step": len(self.steps),
            "digits in a batch": sizes[0] if len(set(sizes)) == 1 else "different ones",
            "each digit with its own target": all(paired),
            "a new random batch for each step": len(set(rows)) > 50,
            "rate": rates[0] if len(set(rates)) == 1 else "different ones",
            "loss": "logits_loss" if all(is_logits_loss) else "another one",
            "start_anew": "once, before the steps" if is_anew else "not once before the steps",
            "returned": meanings[0] if meanings and is_last else "something else",
        }


RIGHT_TRAINING = {
    "steps with train_step": 1000,
    "digits in a batch": None,  # as many as asked for
    "each digit with its own target": True,
    "a new random batch for each step": True,
    "rate": 0.01,
    "loss": "logits_loss",
    "start_anew": "once, before the steps",
    "returned": "the validation accuracy",
}


def _watched(function, batch_size):
    chapter = _Chapter()
    names = ["x_train", "t_train", "x_valid", "labels_valid", "start_anew", "train_step"]
    names += ["accuracy", "logits_loss", "summed_loss"]
    function = with_names(function, **{name: getattr(chapter, name) for name in names})
    return chapter.report(function(batch_size))


def _train(size, n_steps=1000, anew=True, fresh=True, paired=True, rate=0.01, loss=None):
    """Train as the chapter does, with what often goes wrong to choose from."""
    if anew:
        start_anew()
    rng = np.random.default_rng(0)
    for step in range(n_steps):
        if fresh or step == 0:
            rows = rng.integers(0, len(x_train), size)
        targets = rows if paired else rng.integers(0, len(x_train), size)
        train_step(x_train[rows], t_train[targets], rate, loss or logits_loss)
    return accuracy(x_valid, labels_valid)


BATCH_SIZE_MISTAKES = {  # n is the size of a batch
    "No step was taken with `train_step`. Take 1,000 of them.": lambda n: _train(n, n_steps=0),
    "The weights go on from the last training. Every size needs the same start.": lambda n: _train(
        n, anew=False
    ),
    "Every step sees the same batch. Where does your code draw its places?": lambda n: _train(
        n, fresh=False
    ),
    "This takes `summed_loss`, which can become nan. Use `logits_loss`.": lambda n: _train(
        n, loss=summed_loss
    ),
    "The batches have 100 digits, whatever `batch_size` says.": lambda n: _train(100),
    "This takes as many steps as an epoch has. Asked for are 1,000 steps for every size, "
    "so that only one thing differs.": lambda n: _train(n, n_steps=N_DIGITS // n),
    "The rate is divided by the size of the batch. That is a good idea, and the next thing to try; "
    "but first compare at the rate 0.01.": lambda n: _train(n, rate=0.01 / n),
    "The digits and their targets come from different places. "
    "Take both with the same `rows`.": lambda n: _train(n, paired=False),
    "The training is right. Now return the validation accuracy after it.": lambda n: (
        _train(n) and "nothing"
    ),
    "The training is right. But this is percent, "
    "and asked for is a number from 0 to 1.": lambda n: 100 * _train(n),
    "The training is right. But the accuracy is that on other digits. "
    "Which part is there for choosing?": lambda n: _train(n) and ELSEWHERE,
    "It asks for digits that are not there. How many there are depends on the source of the data, "
    "and `x_train` itself knows it. (The places in `batches` are in hundreds, "
    "whatever `batch_size` says.)": lambda n: x_train[len(x_train)],
}

batch_size = Exercise(
    number="8.2",
    slug="batch-size",
    title="the size of a batch",
    names=("accuracy_for",),
    hints=(
        "The loop of section 4 does nearly everything. What must happen before it, so that each "
        "batch size has the same start?",
        "`start_anew()` first. Then 1,000 times: draw `batch_size` places in `x_train` with one "
        "generator, `rng = np.random.default_rng(0)`, and take one `train_step`.",
        "`rows = rng.integers(0, len(x_train), batch_size)`, then `train_step(x_train[rows], "
        "t_train[rows], 0.01, logits_loss)`. After the loop return `accuracy(x_valid, "
        "labels_valid)`.",
    ),
    code='''\
def accuracy_for(batch_size):
    """Return the validation accuracy, from 0 to 1, after 1,000 steps with this batch size."""
    start_anew()
    rng = np.random.default_rng(0)
    for _ in range(1000):
        rows = rng.integers(0, len(x_train), batch_size)
        train_step(x_train[rows], t_train[rows], 0.01, logits_loss)
    return accuracy(x_valid, labels_valid)


for size in (1, 10, 100, 1000):
    print(size, "digits a batch: at least 0.7:", accuracy_for(size) >= 0.7)
''',
    explanation=(
        "Every training starts from the same weights and takes the same number of steps; only the "
        "size of the batch differs. Because the loss is summed, a batch of 1,000 also makes each "
        "step about ten times as long as one of 100. So two things change at once. To compare "
        "fairly, divide the rate by the size of the batch, or take the mean of the losses."
    ),
    right=(
        "Keras takes the mean over the batch, not the sum. Then the size of a step does not depend "
        "on the size of the batch, and a rate can be carried over from one to the other."
    ),
    test=Compare(
        lambda n: RIGHT_TRAINING | {"digits in a batch": n},
        cases=lambda rng: [(size,) for size in (10, 1, 100, 1000)],
        mistakes=BATCH_SIZE_MISTAKES,
        use=_watched,
    ),
    seconds=10.0,  # 4,000 steps
)


# ---------------------------------------------------------------- 8.3: a step with momentum
def _descents(rng):
    yield 1.0, 0.0, [2.0], 0.1
    yield 1.0, 0.0, [2.0, 2.0], 0.1
    yield -3.0, 0.5, [1.0, -2.0, 4.0], 0.25
    for _ in range(3):
        variable, velocity, *slopes = rng.normal(size=(6, 2, 3))
        yield variable, velocity, slopes, 0.5


def _expected_descent(variable, velocity, slopes, rate):
    for slope in slopes:
        velocity = 0.9 * velocity - rate * slope
        variable = variable + velocity
    return variable, velocity


def _descend(function, variable, velocity, slopes, rate):
    """Take one step for each slope; return what became of the two variables."""
    load_tensorflow()
    import tensorflow as tf

    variable, velocity = [tf.Variable(value, dtype="float32") for value in (variable, velocity)]
    for slope in slopes:
        _without_log(function, variable, velocity, tf.constant(slope, dtype="float32"), rate)
    return variable.numpy(), velocity.numpy()


def _step(velocity=lambda u, s, r: 0.9 * u - r * s, variable=lambda v, u, s, r: v + u):
    """Return a step with another velocity, or with another use of it."""

    def step(v, u, s, r):
        u.assign(velocity(u, s, r))
        v.assign(variable(v, u, s, r))

    return step


def _late_step(variable, velocity, slope, rate):
    variable.assign_add(velocity)
    velocity.assign(0.9 * velocity - rate * slope)


MOMENTUM_MISTAKES = {  # v is the variable, u its velocity, s the slope, r the rate
    "Both variables are as they were. `=` gives a name to a new value. How does a "
    "`tf.Variable` change in place? Look at section 2.": lambda v, u, s, r: v + 0.9 * u - r * s,
    "This is plain descent: the velocity is not used.": _step(
        lambda u, s, r: u, lambda v, u, s, r: v - r * s
    ),
    "It runs uphill: the slope must be subtracted from the velocity.": _step(
        lambda u, s, r: 0.9 * u + r * s
    ),
    "The velocity is right. It already has its sign, "
    "so the variable moves by plus the velocity.": _step(variable=lambda v, u, s, r: v - u),
    "The variable moves before the velocity is renewed, so it is one step behind. "
    "The velocity comes first.": _late_step,
    "All of the speed is kept. The factor 0.9 is missing: "
    "without this friction the ball never comes to rest.": _step(lambda u, s, r: u - r * s),
    "The rate is missing: the slope must be multiplied by it.": _step(lambda u, s, r: 0.9 * u - s),
    "The 0.9 belongs to the old velocity alone, not to the slope.": _step(
        lambda u, s, r: 0.9 * (u - r * s)
    ),
    "Only a tenth of the speed is kept. The factor is 0.9.": _step(lambda u, s, r: 0.1 * u - r * s),
    "The velocity is right. The variable should move *by* it; here it becomes it.": _step(
        variable=lambda v, u, s, r: u
    ),
    "The velocity is right, and the rate is in it already: do not multiply by it again.": _step(
        variable=lambda v, u, s, r: v + r * u
    ),
    "The velocity is right, but the variable does not move.": _step(variable=lambda v, u, s, r: v),
}

momentum = Exercise(
    number="8.3",
    slug="momentum",
    title="momentum by hand",
    names=("momentum_step",),
    hints=(
        "Two lines, one for each arrow of the formula. Which one must come first?",
        "A name on the left of `=` only gets a new value; the variable itself stays as it was. "
        "`velocity.assign(...)` changes it in place.",
        "`velocity.assign(0.9 * velocity - rate * slope)`, and then "
        "`variable.assign_add(velocity)`.",
    ),
    code='''\
def momentum_step(variable, velocity, slope, rate):
    """Take one step with momentum 0.9; change `variable` and `velocity` in place."""
    velocity.assign(0.9 * velocity - rate * slope)
    variable.assign_add(velocity)
''',
    explanation=(
        "First the velocity: nine tenths of what it was, minus the rate times the slope. Then the "
        "variable moves by the new velocity. `assign` and `assign_add` change a variable in place, "
        "so whoever called the function sees the change."
    ),
    right=(
        "On a long slope in one direction the steps add up to ten times a plain one, because 1 + "
        "0.9 + 0.81 + ... is 10. Across a narrow valley they cancel out."
    ),
    test=Compare(
        _expected_descent,
        cases=_descents,
        mistakes=MOMENTUM_MISTAKES,
        tolerance=1e-5,  # float32
        use=_descend,
    ),
)
