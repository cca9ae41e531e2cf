"""The fused steps against Keras' own, over steps with changing gradients and rates."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray

from mnistlab.experiment import Optimizer
from mnistlab.worker.optimizers import OPTIMIZERS

KERAS: dict[Optimizer, type[keras.optimizers.Optimizer]] = {
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "adagrad": keras.optimizers.Adagrad,
}
SHAPES = ((7, 5), (5,), (3, 3, 2, 4))


def after(kind: type[keras.optimizers.Optimizer], options: dict[str, Any]) -> list[NDArray[np.float32]]:
    """Weights after six steps that are the same for every optimizer."""
    random = np.random.default_rng(5)
    weights = [keras.Variable(random.normal(size=shape).astype(np.float32), name=f"w{len(shape)}") for shape in SHAPES]
    optimizer = kind(learning_rate=0.1, **options)
    optimizer.build(weights)

    @tf.function
    def step(rate: tf.Tensor, *gradients: tf.Tensor) -> None:
        optimizer.learning_rate.assign(rate)
        optimizer.apply(gradients, weights)

    for number in range(6):
        scale = np.float32(10.0 ** -random.integers(0, 5))
        gradients = [random.normal(size=shape).astype(np.float32) * scale for shape in SHAPES]
        step(tf.constant(0.1 / (1 + number)), *map(tf.constant, gradients))
    return [weight.numpy() for weight in weights]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("sgd", {}),
        ("sgd", {"momentum": 0.9}),
        ("sgd", {"momentum": 0.9, "nesterov": True}),
        ("sgd", {"weight_decay": 0.1}),
        ("rmsprop", {}),
        ("rmsprop", {"momentum": 0.8}),
        ("adam", {}),
        ("adamw", {"weight_decay": 0.1}),
        ("adagrad", {}),
    ],
)
def test_a_fused_step_is_keras_step(name: Optimizer, options: dict[str, Any]) -> None:
    for ours, theirs in zip(after(OPTIMIZERS[name], options), after(KERAS[name], options), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_every_optimizer_is_derived_from_keras_own() -> None:
    """So its slots and settings are Keras', and a saved state means the same."""
    for name, kind in OPTIMIZERS.items():
        assert issubclass(kind, KERAS[name])
