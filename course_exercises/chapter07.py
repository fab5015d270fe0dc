"""The exercises of chapter 07, Keras. TensorFlow is loaded only when a check runs."""

from types import SimpleNamespace

import numpy as np

from course_exercises.engine.calling import with_names
from course_exercises.engine.comparing import Compare, Wrong, is_nearly
from course_exercises.engine.exercise import Exercise
from course_exercises.engine.showing import show
from course_utils.activations import relu, softmax
from course_utils.message import Message
from course_utils.mnist import find_full_set
from course_utils.mnist.sample import read_sample
from course_utils.quiet import load_tensorflow


def _takes_rows(model):
    """Tell whether a network takes images as rows of 784 pixels, as far as it says."""
    return getattr(model, "input_shape", (None, 784)) == (None, 784)


# ---------------------------------------------------------------- 7.1: another width
def _numbers(shapes):
    """Return parameters of these shapes, and two images, the same in every run."""
    rng = np.random.default_rng(0)
    parameters = [rng.normal(scale=0.2, size=shape).astype(np.float32) for shape in shapes]
    return parameters, rng.random((2, 784), np.float32)


def _examined(build, width):
    """Return what network `build` builds: its shapes, and what it does with given weights."""
    load_tensorflow()
    import keras

    model = build(width)
    if model is None:
        return None
    if not isinstance(model, keras.Model):
        kind = type(model).__name__
        text = Message("It should return a Keras network, but its type is `{type}`.", type=kind)
        raise Wrong(text, rows=(("got", show(model)),))
    parameters, images = _numbers([weights.shape for weights in model.get_weights()])
    if not parameters:
        return {"parameters": "none yet"}
    if not _takes_rows(model):
        raise Wrong("It should take rows of 784 pixels. Begin with `keras.Input((784,))`.")
    model.set_weights(parameters)
    return {
        "parameters": ", ".join(str(array.shape) for array in parameters),
        "output for two images": np.asarray(model(images)),
    }


def _expected_network(width):
    shapes = [(784, width), (width,), (width, width), (width,), (width, 10), (10,)]
    (W1, b1, W2, b2, W3, b3), x = _numbers(shapes)
    return {
        "parameters": ", ".join(map(str, shapes)),
        "output for two images": softmax(relu(relu(x @ W1 + b1) @ W2 + b2) @ W3 + b3),
    }


def _keras_network(*sizes, hidden="relu", last="softmax", with_input=True):
    import keras

    layers = [keras.Input((784,))] if with_input else []
    layers += [keras.layers.Dense(size, activation=hidden) for size in sizes]
    return keras.Sequential([*layers, keras.layers.Dense(10, activation=last)])


WIDTH_MISTAKES = {  # n is the width
    "The second hidden layer still has 256 neurons.": lambda n: _keras_network(n, 256),
    "The first hidden layer still has 512 neurons.": lambda n: _keras_network(512, n),
    "The argument `width` has no influence: this is the network of `build_model`.": lambda n: (
        _keras_network(512, 256)
    ),
    "There is one hidden layer only. Asked for are two, of `width` neurons each.": lambda n: (
        _keras_network(n)
    ),
    "The second hidden layer has half the width. Both should have `width` neurons.": lambda n: (
        _keras_network(n, n // 2)
    ),
    "The last layer has no softmax, so its outputs are not probabilities.": lambda n: (
        _keras_network(n, n, last=None)
    ),
    "The last layer has a sigmoid. With softmax its outputs are probabilities.": lambda n: (
        _keras_network(n, n, last="sigmoid")
    ),
    "The hidden layers have no activation. Without one, three layers are one.": lambda n: (
        _keras_network(n, n, hidden=None)
    ),
    "The hidden layers have a sigmoid. Those of `build_model` have ReLU.": lambda n: _keras_network(
        n, n, hidden="sigmoid"
    ),
    "The network does not know its inputs yet, so it has no weights. "
    "Begin with `keras.Input((784,))`.": lambda n: _keras_network(n, n, with_input=False),
}

width = Exercise(
    number="7.1",
    slug="width",
    title="change the width",
    names=("build_with_width",),
    hints=(
        "Begin with a copy of `build_model`. Which two numbers in it are the widths of hidden "
        "layers?",
        "Put `width` in place of 512 and of 256. Everything else stays as it is.",
        '`keras.layers.Dense(width, activation="relu")` twice, between the input and the last '
        "layer.",
    ),
    code='''\
def build_with_width(width):
    """Return a new network 784-width-width-10, not compiled."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(width, activation="relu"),
            keras.layers.Dense(width, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


for width in (8, 64):
    model = build_with_width(width)
    history = train_model(model, epochs=3)
    accuracy = history.history["val_accuracy"][-1]
    print(f"{width}: {model.count_params():,} parameters, validation accuracy {accuracy:.3f}")
''',
    explanation=(
        "`Dense` finds out by itself how many inputs it gets, so only the two widths change. The "
        "parameters grow with the square of the width where two hidden layers meet: `width * "
        "width`. The accuracy grows fast at first and then hardly at all."
    ),
    right=(
        "Width costs more than it seems: from 64 to 512 the parameters grow twelvefold, from "
        "55,050 to 669,706."
    ),
    test=Compare(
        _expected_network,
        cases=lambda rng: [(64,), (8,), (int(rng.integers(20, 60)),)],
        mistakes=WIDTH_MISTAKES,
        tolerance=1e-4,  # float32
        use=_examined,
    ),
)


# ---------------------------------------------------------------- 7.2: another optimiser

# A real training takes too long for a check. So the check hands out other functions under these
# names of the chapter, and watches what an answer does with them.
build_model = train_model = None
ELSEWHERE = 0.123  # the accuracy on digits that are not the validation digits


class _Model:
    """Stands for a network."""

    def __init__(self, evaluate):
        self.evaluate = evaluate

    def __getattr__(self, name):
        text = "this check knows no model.{name}: train with train_model(...)"
        raise AttributeError(Message(text, name=name))


class _Chapter:
    """Stands for the chapter: a network, and a training that only notes how it was asked for."""

    def __init__(self):
        self.model, self.trainings, self.history = None, [], {}
        self.x_valid, self.t_valid = np.zeros((1, 784)), np.eye(10)[:1]

    def build_model(self):
        self.model = _Model(self._evaluate)
        return self.model

    def train_model(self, model, epochs, optimizer="adam", callbacks=()):
        is_fresh = model is not None and model is self.model
        self.trainings.append((is_fresh, epochs, optimizer))
        k = np.arange(epochs)
        self.history = {
            "accuracy": list(0.55 + 0.04 * (7 * k % 10)),
            "val_accuracy": list(0.5 + 0.04 * ((7 * k + 1) % 10)),  # neither rising nor falling
            "loss": list(1 / (k + 1)),
            "val_loss": list(2 / (k + 1)),
        }
        return SimpleNamespace(history=self.history, model=model)

    def _evaluate(self, x, *_, return_dict=False, **__):
        loss, accuracy = self.history["val_loss"][-1], self.history["val_accuracy"][-1]
        if x is not self.x_valid:
            loss, accuracy = 0.5, ELSEWHERE
        return {"loss": loss, "accuracy": accuracy} if return_dict else [loss, accuracy]

    def report(self, returned):
        """Return what happened, in words for a student."""
        if len(self.trainings) != 1:
            return {"trainings with train_model": len(self.trainings)}
        [(is_fresh, epochs, optimizer)] = self.trainings
        accuracies = self.history["val_accuracy"]
        known = {
            "the validation accuracy after the last epoch": accuracies[-1],
            "the best validation accuracy": max(accuracies),
            "the validation accuracy after the first epoch": accuracies[0],
            "the accuracy on the training digits": self.history["accuracy"][-1],
            "the mean of the validation accuracies": np.mean(accuracies),
            "100 times the validation accuracy": 100 * accuracies[-1],
            "the accuracies after all epochs": np.array(accuracies),
            "the validation loss": self.history["val_loss"][-1],
            "the accuracy on other digits": ELSEWHERE,
        }
        meanings = (name for name, value in known.items() if is_nearly(returned, value))
        return {
            "trainings with train_model": 1,
            "network": "fresh from build_model" if is_fresh else "another one",
            "epochs": epochs,
            "optimizer": optimizer,
            "returned": next(meanings, "something else"),
        }


RIGHT_TRAINING = {
    "trainings with train_model": 1,
    "network": "fresh from build_model",
    "epochs": 3,
    "optimizer": None,  # the one asked for
    "returned": "the validation accuracy after the last epoch",
}


def _watched(function, optimizer):
    chapter = _Chapter()
    names = ["build_model", "train_model", "x_valid", "t_valid"]
    function = with_names(function, **{name: getattr(chapter, name) for name in names})
    return chapter.report(function(optimizer))


def _trained(optimizer, numbers="val_accuracy", epochs=3):
    """Train as asked for; return what there is of these numbers after each epoch."""
    return train_model(build_model(), epochs, optimizer).history[numbers]


OPTIMISER_MISTAKES = {  # o is the optimiser
    "The argument `optimizer` has no influence. Hand it on to `train_model`.": lambda o: _trained(
        "adam"
    )[-1],
    "This is the best of the three accuracies. Asked for is the last one, "
    "`[-1]`: whoever picks the best afterwards fools himself a little.": lambda o: max(_trained(o)),
    "This is the accuracy after the first epoch. The last one is `[-1]`.": lambda o: _trained(o)[0],
    "This is the accuracy on the training digits. Take `val_accuracy`.": lambda o: _trained(
        o, "accuracy"
    )[-1],
    "This is the validation loss. Take `val_accuracy`.": lambda o: _trained(o, "val_loss")[-1],
    "This trains for 10 epochs. Asked for are three.": lambda o: _trained(o, epochs=10)[-1],
    "These are the accuracies after all epochs. Asked for is the last of them.": lambda o: _trained(
        o
    ),
    "This is the mean over the epochs. Asked for is the last accuracy, `[-1]`.": lambda o: np.mean(
        _trained(o)
    ),
    "This is percent. The accuracy should be between 0 and 1.": lambda o: 100 * _trained(o)[-1],
    "This is all that `fit` returns. Asked for is one number of it: "
    'the last of `history["val_accuracy"]`.': lambda o: train_model(build_model(), 3, o),
    "These are not the validation digits. `train_model` "
    "has measured the accuracy on those already.": lambda o: _trained(o) and ELSEWHERE,
    "The network is not a fresh one, so it may have been trained before. Call `build_model()` "
    "inside your function.": lambda o: train_model(None, 3, o).history["val_accuracy"][-1],
    "Nothing is trained here with `train_model`.": lambda o: 0.5,
}

optimiser = Exercise(
    number="7.2",
    slug="optimiser",
    title="another optimiser",
    names=("validation_accuracy",),
    hints=(
        "`train_model` takes the optimiser as its third argument. What does it return?",
        'It returns what `fit` returns: in its `history["val_accuracy"]` there is one number for '
        "each epoch.",
        "`history = train_model(build_model(), epochs=3, optimizer=optimizer)`, and from "
        '`history.history["val_accuracy"]` the last number, `[-1]`.',
    ),
    code='''\
def validation_accuracy(optimizer):
    """Return the validation accuracy after three epochs with this optimiser, from 0 to 1."""
    history = train_model(build_model(), epochs=3, optimizer=optimizer)
    return history.history["val_accuracy"][-1]


with_adam, with_sgd = validation_accuracy("adam"), validation_accuracy("sgd")
with_momentum = validation_accuracy(keras.optimizers.SGD(momentum=0.9))
print("adam is better than sgd:", with_adam > with_sgd)
print("momentum is better than plain sgd:", with_momentum > with_sgd)
''',
    explanation=(
        "A fresh network for every optimiser, or the second one would go on from where the first "
        "ended. Adam gives each weight a rate of its own, so it needs fewer epochs. Plain descent "
        "gets there too, later; momentum makes it faster."
    ),
    right=(
        "The comparison is not quite fair, and seldom is: each optimiser has a rate of its own "
        "that suits it. `keras.optimizers.SGD(0.1)` does much better than the usual 0.01."
    ),
    test=Compare(
        lambda o: RIGHT_TRAINING | {"optimizer": o},
        cases=lambda rng: [(o,) for o in ("adam", "sgd", "rmsprop", "adagrad", "lion", "nadam")],
        mistakes=OPTIMISER_MISTAKES,
        use=_watched,
    ),
)


# ---------------------------------------------------------------- 7.3: small and good
def _test_digits():
    """Return test images as rows, their labels, and the accuracy to beat."""
    folder, arrays, _ = find_full_set()
    x, t = (arrays if folder else read_sample())[2:]
    return x.reshape(len(x), 784).astype(np.float32) / 255, t, 0.985 if folder else 0.955


def _small_and_good(answer):
    load_tensorflow()
    import keras

    model = answer.value
    if not isinstance(model, keras.Model):
        if callable(model):
            raise Wrong("The check needs the trained network, not a function that builds one.")
        if hasattr(model, "history"):
            raise Wrong("This is what `fit` returns. The check needs the network itself.")
        text = "The check needs a trained Keras network, but got {value}."
        raise Wrong(Message(text, value=show(model)))
    n_parameters = model.count_params() if model.built else 0
    rows = [("parameters", f"{n_parameters:,}")]
    if n_parameters >= 200_000:
        raise Wrong(
            "It needs fewer than 200,000 parameters. Most of them stand where a `Dense` layer "
            "meets many inputs: `model.summary()` shows where. Pooling makes the images smaller "
            "before.",
            rows=rows,
        )
    if model.built and not _takes_rows(model):
        raise Wrong(
            "It does not take images as rows of 784 pixels. Begin with `keras.Input((784,))` and "
            "`keras.layers.Reshape((28, 28, 1))`.",
            rows=rows,
        )
    x, t, to_beat = _test_digits()
    try:
        y = np.asarray(model.predict(x, batch_size=500, verbose=0))
    except Exception as error:
        text = "It stops with {error} when it is asked about rows of 784 pixels."
        raise Wrong(Message(text, error=type(error).__name__), rows=rows) from error
    if y.shape != (len(x), 10):
        text = "Its output should have shape (n, 10), but it is {shape}."
        raise Wrong(Message(text, shape=y.shape), rows=rows)
    accuracy = np.mean(y.argmax(axis=1) == t)
    rows += [("test accuracy", f"{accuracy:.4f}"), ("to beat", f"{to_beat}")]
    if accuracy < 0.3:
        raise Wrong("It answers as if it guessed: has it been trained?", rows=rows)
    if accuracy <= to_beat:
        has_convolution = any(isinstance(layer, keras.layers.Conv2D) for layer in model.layers)
        raise Wrong(
            "Small enough, but not good enough yet.",
            "Train longer, put a `Dropout` before the last layers, or take more filters in "
            "`Conv2D`: they cost few parameters."
            if has_convolution
            else "Convolution sees which pixels are neighbours: two `Conv2D` layers, each followed "
            "by a `MaxPooling2D`, are a good start.",
            rows=rows,
        )


small_and_good = Exercise(
    number="7.3",
    slug="small-and-good",
    title="small and good",
    names=("small_model",),
    hints=(
        'A convolution, `keras.layers.Conv2D(16, 5, activation="relu")`, moves a window of 5 × 5 '
        "pixels over the image. Its few weights serve at every place, so it costs hardly any "
        "parameters: 16 × 25 + 16.",
        "After a convolution `keras.layers.MaxPooling2D()` halves the height and the width. Do "
        "both twice, then `keras.layers.Flatten()`, and end with `Dense` layers as before.",
        "`Reshape`, `Conv2D(16, 5)`, `MaxPooling2D`, `Conv2D(32, 5)`, `MaxPooling2D`, `Flatten`, "
        "`Dropout(0.4)`, `Dense(64)`, `Dense(10)`: fewer than 50,000 parameters.",
    ),
    code="""\
keras.utils.set_random_seed(0)
small_model = keras.Sequential(
    [
        keras.Input((784,)),
        keras.layers.Reshape((28, 28, 1)),
        keras.layers.Conv2D(16, 5, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Conv2D(32, 5, activation="relu"),
        keras.layers.MaxPooling2D(),
        keras.layers.Flatten(),
        keras.layers.Dropout(0.4),
        keras.layers.Dense(64, activation="relu"),
        keras.layers.Dense(10, activation="softmax"),
    ]
)
small_model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
epochs = 5 if len(x_train) > 10_000 else 15
history = small_model.fit(
    x_train, t_train, validation_data=(x_valid, t_valid), batch_size=64, epochs=epochs, verbose=0
)
print("parameters:", small_model.count_params())
print(f"validation accuracy {history.history['val_accuracy'][-1]:.3f}")
""",
    explanation=(
        "Two convolutions find strokes and then their combinations, wherever they are in the "
        "image. Pooling keeps the strongest answer of each 2 × 2 places. What is left, 512 "
        "numbers, goes through a small network as before, and dropout keeps that from learning by "
        "heart."
    ),
    right=(
        "Fewer than a tenth of the parameters of this chapter's network, and fewer mistakes: it "
        "helps more to know something about images than to be large."
    ),
    test=_small_and_good,
    seconds=60.0,
)
