"""The arithmetic of a network and its training on one digit, with every number on the way kept.

What `explain` puts into words; tests hold it to Keras.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from .experiment import TrainSpec
from .forward import Network, convolve, softmax
from .ledger import CLASSES, Layer

Floats = NDArray[np.float32]

RHO, BETA_1, BETA_2, EPSILON, ADAGRAD_START = 0.9, 0.9, 0.999, 1e-7, 0.1  # Keras' defaults


@dataclass(frozen=True, eq=False)
class Sum:
    """One weighted sum of a layer: what goes in, what it is multiplied with, and what comes out."""

    place: tuple[int, ...]
    """Where it stands in the layer's output: (unit,) or (row, column, filter)."""
    inputs: Floats
    """(n,) for a dense layer, (k, k, channels) for a convolution."""
    weights: Floats
    bias: float

    @property
    def total(self) -> float:
        return float((self.inputs.astype(float) * self.weights).sum()) + self.bias


def sums(network: Network, layer: Layer, values: Floats) -> Floats:
    """A dense layer's or convolution's output before its activation, of `values` (n, …)."""
    kernel, bias = network.weights[f"{layer.name}/kernel"], network.weights[f"{layer.name}/bias"]
    if layer.kind == "conv":
        return convolve(values, kernel, layer.strides, layer.padding) + bias
    return values @ kernel + bias


def strongest(network: Network, layer: Layer, values: Floats) -> Sum:
    """The largest sum of a layer for one digit, whose `values` (without the first axis) come in."""
    place = tuple(int(i) for i in np.unravel_index(int(sums(network, layer, values[None])[0].argmax()), layer.shape))
    kernel, bias = network.weights[f"{layer.name}/kernel"], network.weights[f"{layer.name}/bias"]
    inputs = window(layer, values, *place[:2]) if layer.kind == "conv" else values
    return Sum(place, inputs, kernel[..., place[-1]], float(bias[place[-1]]))


def window(layer: Layer, values: Floats, row: int, column: int) -> Floats:
    """What the convolution `layer` looks at for (row, column) of its output: (k, k, channels), zeros beyond the border."""
    size, step = layer.size, layer.strides
    padded = np.pad(values, [(size, size), (size, size), (0, 0)])
    top, left = (place * step - padding(layer, axis) + size for axis, place in enumerate((row, column)))
    return padded[top : top + size, left : left + size]


def padding(layer: Layer, axis: int) -> int:
    """How many zeros a convolution puts before the first row (axis 0) or column (axis 1), as TensorFlow does."""
    if layer.padding == "valid":
        return 0
    return max((layer.shape[axis] - 1) * layer.strides + layer.size - layer.input_shape[axis], 0) // 2


def targets(label: int, smoothing: float) -> NDArray[np.float64]:
    """What the ten outputs should be: 1 for the label, all of them moved a little towards equal by label smoothing."""
    return np.eye(CLASSES)[label] * (1 - smoothing) + smoothing / CLASSES


def cross_entropy(logits: Floats, wanted: NDArray[np.float64]) -> float:
    """−Σ wanted · ln(softmax(logits)), in nats. By the logarithm of the sum, so that no probability is too small for it."""
    z = logits.astype(float)
    top = z.max()
    return float(-(wanted * (z - top - np.log(np.exp(z - top).sum()))).sum())


@dataclass(frozen=True, eq=False)
class Gradient:
    """How the loss of one digit changes with one weight of the output layer: input · (probability − wanted)."""

    unit: int
    """Row of the kernel: which number of the last hidden layer."""
    digit: int
    """Column of the kernel: which of the ten answers."""
    weight: float
    input: float
    probability: float
    wanted: float

    @property
    def value(self) -> float:
        return self.input * (self.probability - self.wanted)


def gradient(network: Network, features: Floats, label: int, smoothing: float) -> Gradient:
    """Of the weight from the strongest number in `features` (n,), which go into the output layer, to the label."""
    kernel = network.weights["logits/kernel"]
    unit = int(np.abs(features).argmax())
    probabilities = softmax(features @ kernel + network.weights["logits/bias"])
    wanted = float(targets(label, smoothing)[label])
    return Gradient(unit, label, float(kernel[unit, label]), float(features[unit]), float(probabilities[label]), wanted)


@dataclass(frozen=True)
class Step:
    """A first step of an optimizer, its memory still empty: the weight before and after, and the numbers between."""

    before: float
    after: float
    between: dict[str, float]


def first_step(train: TrainSpec, weight: float, gradient: float, rate: float) -> Step:
    """What Keras' optimizer does with a weight and its gradient at the learning rate `rate`."""
    decayed = weight * (1 - rate * train.weight_decay)
    between = {"weight after decay": decayed} if train.weight_decay else {}
    change, numbers = _change(train, gradient, rate)
    return Step(weight, decayed + change, {**between, **numbers, "change": change})


def _change(train: TrainSpec, g: float, rate: float) -> tuple[float, dict[str, float]]:
    """What is added to the weight, and the memory it is made of, by the letters of `explain_training`'s formulas."""
    match train.optimizer:
        case "sgd":
            v = -rate * g
            return (train.momentum * v + v if train.nesterov else v), ({"v": v} if train.momentum else {})
        case "rmsprop":
            mean_square = (1 - RHO) * g**2
            return -rate * g / sqrt(mean_square + EPSILON), {"v": mean_square}
        case "adagrad":
            total = ADAGRAD_START + g**2
            return -rate * g / sqrt(total + EPSILON), {"G": total}
        case "adam" | "adamw":
            m, v = (1 - BETA_1) * g, (1 - BETA_2) * g**2
            corrected = rate * sqrt(1 - BETA_2) / (1 - BETA_1)
            return -corrected * m / (sqrt(v) + EPSILON), {"m": m, "v": v}
