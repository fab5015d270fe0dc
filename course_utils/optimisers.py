"""Three ways of stepping downhill (chapter 09): ``step(params, slopes)`` changes `params` in place.

`params` and `slopes` are dicts of arrays of equal shapes under equal keys; an optimiser keeps what
it remembers under these keys too, so it belongs to one network.
"""

import numpy as np

from course_utils.checks import above_0


class SGD:
    """Stochastic gradient descent: against the slope, `learning_rate` times as far."""

    def __init__(self, learning_rate):
        above_0("learning_rate", learning_rate)
        self.learning_rate = learning_rate

    def step(self, params, slopes):
        """Step straight downhill."""
        for name, slope in slopes.items():
            params[name] -= self.learning_rate * slope


class Momentum:
    """A ball that rolls: each step keeps the share `momentum` of the one before (Polyak 1964)."""

    def __init__(self, learning_rate, momentum=0.9):
        above_0("learning_rate", learning_rate)
        self.learning_rate, self.momentum = learning_rate, momentum
        self.steps = {}

    def step(self, params, slopes):
        """Roll on, and a little downhill."""
        for name, slope in slopes.items():
            last = self.steps.get(name, 0)
            self.steps[name] = self.momentum * last - self.learning_rate * slope
            params[name] += self.steps[name]


class Adam:
    """A step of its own for every parameter: mean slope over its typical size.

    Kingma and Ba, 2014 (arXiv:1412.6980), with their `beta1`, `beta2` and `epsilon`.
    """

    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
        above_0("learning_rate", learning_rate)
        self.learning_rate, self.epsilon = learning_rate, epsilon
        self.beta1, self.beta2 = beta1, beta2
        self.n_steps, self.means, self.squares = 0, {}, {}

    def step(self, params, slopes):
        """Step by the averages of the slopes so far."""
        self.n_steps += 1
        for name, slope in slopes.items():
            mean, square = self.means.get(name, 0), self.squares.get(name, 0)
            self.means[name] = mean = self.beta1 * mean + (1 - self.beta1) * slope
            self.squares[name] = square = self.beta2 * square + (1 - self.beta2) * slope**2
            # Both averages begin at 0; divided by the weight of what they have seen so far.
            mean = mean / (1 - self.beta1**self.n_steps)
            square = square / (1 - self.beta2**self.n_steps)
            params[name] -= self.learning_rate * mean / (np.sqrt(square) + self.epsilon)
