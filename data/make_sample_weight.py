"""Train the network of chapter 05 and write its weights to data/sample_weight.npz.

    python data/make_sample_weight.py

It needs the full MNIST set (``course fetch``) and less than a minute on two cores.
The network is 784-50-100-10, with sigmoid hidden layers and a softmax output. It never sees the
5,000 digits of the offline sample, so that its accuracy on the sample's test part is honest.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from course_utils.activations import sigmoid, softmax
from course_utils.files import replacing
from course_utils.mnist import load_mnist
from course_utils.mnist.sample import read_sample

OUTPUT = Path(__file__).resolve().parent / "sample_weight.npz"
N_VALIDATION = 5_000  # the settings below were chosen by these digits, never by the test set
LEARNING_RATES = (0.003, 0.001, 0.0003)
EPOCHS_AT_EACH_RATE = 10


def main():
    """Train, write the weights, and report what the network reaches; return the exit status."""
    (x, t), (x_test, t_test) = load_mnist(normalize=False)
    if (len(x), len(x_test)) != (60_000, 10_000):
        print(
            "The weights are made from the full MNIST set, which is not here, and nothing was "
            "written. Get it with `course fetch`, or set MNIST_DIR to its folder.",
            file=sys.stderr,
        )
        return 1

    x_sample, t_sample, x_sample_test, t_sample_test = read_sample()
    sample = {image.tobytes() for image in np.concatenate([x_sample, x_sample_test])}
    known, known_test = (
        np.array([image.tobytes() in sample for image in images]) for images in (x, x_test)
    )
    print(f"digits of the sample: {known.sum():,} in the training set, now left out,")
    print(f"and {known_test.sum():,} in the test set")
    x, t = x[~known], t[~known]

    order = np.random.default_rng(0).permutation(len(x))
    validation, training = order[:N_VALIDATION], order[N_VALIDATION:]
    weights = train(normalized(x[training]), t[training])
    with replacing(OUTPUT) as file:
        np.savez(file, **weights)
    print(f"{OUTPUT.name} is written; accuracy")

    for name, images, labels in [
        ("training part", x[training], t[training]),
        ("validation part", x[validation], t[validation]),
        ("test set", x_test, t_test),
        ("sample", np.concatenate([x_sample, x_sample_test]), np.append(t_sample, t_sample_test)),
        ("sample, test part", x_sample_test, t_sample_test),
    ]:
        accuracy = np.mean(predict(weights, normalized(images)).argmax(axis=1) == labels)
        print(f"{name:>20}: {accuracy:.4f} of {len(labels):,} digits")
    return 0


def normalized(images):
    """Return uint8 images as rows of 784 float32 pixels in [0, 1]."""
    return np.divide(images.reshape(len(images), -1), 255, dtype=np.float32)


def train(x, t):
    """Return the trained weights: W1, b1, W2, b2, W3, b3, all float32."""
    network = MLPClassifier(
        hidden_layer_sizes=(50, 100),
        activation="logistic",
        alpha=0.02,
        batch_size=100,
        max_iter=EPOCHS_AT_EACH_RATE,
        warm_start=True,  # a smaller learning rate goes on from the weights of the larger one
        random_state=0,
    )
    for rate in LEARNING_RATES:
        network.set_params(learning_rate_init=rate)
        with warnings.catch_warnings():
            # scikit-learn warns when the epochs are used up; here their number is meant.
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit(x, t)
        print(f"learning rate {rate}: loss {network.loss_:.4f}", flush=True)
    weights = {}
    for layer, (W, b) in enumerate(zip(network.coefs_, network.intercepts_, strict=True), start=1):
        weights[f"W{layer}"], weights[f"b{layer}"] = W.astype(np.float32), b.astype(np.float32)
    return weights


def predict(weights, x):
    """Return a row of ten probabilities for each row of `x`."""
    z1 = sigmoid(x @ weights["W1"] + weights["b1"])
    z2 = sigmoid(z1 @ weights["W2"] + weights["b2"])
    return softmax(z2 @ weights["W3"] + weights["b3"])


if __name__ == "__main__":
    sys.exit(main())
