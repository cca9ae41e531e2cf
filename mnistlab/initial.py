"""Weights of a network that has learned nothing yet, drawn in NumPy as Keras' initializers draw them.

The same distributions, not the same numbers: Keras has a random generator of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod, sqrt

import numpy as np
import scipy
from numpy.typing import NDArray

from .events import Arrays
from .experiment import Initializer, ModelSpec
from .ledger import Ledger, Shape

Floats = NDArray[np.float32]

# Variance of each: glorot (AISTATS 2010) 2 / (in + out), he (arXiv:1502.01852) 2 / in, lecun (arXiv:1706.02515) 1 / in
VARIANCES: dict[Initializer, Callable[[int, int], float]] = {
    "glorot_uniform": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "glorot_normal": lambda fan_in, fan_out: 2 / (fan_in + fan_out),
    "he_uniform": lambda fan_in, fan_out: 2 / fan_in,
    "he_normal": lambda fan_in, fan_out: 2 / fan_in,
    "lecun_normal": lambda fan_in, fan_out: 1 / fan_in,
}
_CUT_DEVIATION = 0.8796256610342398  # standard deviation of a normal distribution cut at two of its own


def fresh(model: ModelSpec, initializer: Initializer, seed: int) -> Arrays:
    """First weights by the ledger's names, float32: kernels drawn, biases 0, batch norm as if it changed nothing."""
    random = np.random.default_rng(seed)
    return {
        name: kernel(shape, initializer, random)
        if name.endswith("/kernel")
        else np.full(shape, _start(name), np.float32)
        for name, shape in Ledger.of(model).weight_shapes.items()
    }


def _start(name: str) -> float:
    return 1.0 if name.endswith(("/gamma", "/moving_variance")) else 0.0


def fans(shape: Shape) -> tuple[int, int]:
    """How many numbers each sum of a kernel takes in, and in how many sums each input goes: (784, 512), (9, 288)."""
    window = prod(shape[:-2])
    return shape[-2] * window, shape[-1] * window


def kernel(shape: Shape, initializer: Initializer, random: np.random.Generator) -> Floats:
    """A kernel float32 of this shape: uniform, or normal and cut at two standard deviations, as Keras does."""
    deviation = sqrt(VARIANCES[initializer](*fans(shape)))
    if initializer.endswith("uniform"):
        return random.uniform(-sqrt(3) * deviation, sqrt(3) * deviation, shape).astype(np.float32)
    # by the inverse of its distribution function; scipy.stats has the same, and would take a server 45 MB
    drawn = scipy.special.ndtri(random.uniform(scipy.special.ndtr(-2), scipy.special.ndtr(2), shape))
    return (drawn * (deviation / _CUT_DEVIATION)).astype(np.float32)
