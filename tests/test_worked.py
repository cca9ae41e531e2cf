"""The worked arithmetic against Keras and TensorFlow on the same numbers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from mnistlab.data.sources import read_sample
from mnistlab.experiment import ConvBlock, DenseBlock, ModelSpec, TrainSpec
from mnistlab.forward import Network, softmax
from mnistlab.initial import fresh
from mnistlab.ledger import Layer
from mnistlab.schedules import learning_rates
from mnistlab.worked import cross_entropy, first_step, gradient, strongest, sums, targets, window
from mnistlab.worker import network as built
from mnistlab.worker.optimizers import OPTIMIZERS

MODEL = ModelSpec(
    conv=(
        ConvBlock(filters=3, kernel_size=5, strides=2, padding="same"),
        ConvBlock(filters=4, kernel_size=4, strides=3),
    ),
    dense=(DenseBlock(units=7, activation="tanh"),),
)
NETWORK = Network(MODEL, fresh(MODEL, "he_normal", 3))
IMAGE = read_sample().images[11]
OUTPUTS = {name: values[0] for name, values in NETWORK.outputs(IMAGE[None]).items()}
LOGITS = OUTPUTS["logits"]


def layer(name: str) -> Layer:
    return next(layer for layer in NETWORK.layers if layer.name == name)


def before(name: str) -> np.ndarray:
    names = list(OUTPUTS)
    return OUTPUTS[names[names.index(name) - 1]]


@pytest.mark.parametrize("name", ["conv1", "conv2", "dense1", "logits"])
def test_sums_and_the_strongest_of_them_are_keras(name: str) -> None:
    model = built.build(MODEL, TrainSpec())
    built.set_weights(model, NETWORK.weights)
    found = model.get_layer(name)
    found.activation = keras.activations.linear
    theirs = found(before(name)[None])[0].numpy()
    np.testing.assert_allclose(sums(NETWORK, layer(name), before(name)[None])[0], theirs, atol=1e-5)
    one = strongest(NETWORK, layer(name), before(name))
    assert one.total == pytest.approx(float(theirs.max()), abs=1e-5)
    assert theirs[one.place] == pytest.approx(theirs.max())


@pytest.mark.parametrize("name", ["conv1", "conv2"])
def test_window_is_what_the_convolution_reads_everywhere(name: str) -> None:
    one, values = layer(name), before(name)
    kernel, bias = NETWORK.weights[f"{name}/kernel"], NETWORK.weights[f"{name}/bias"]
    expected = sums(NETWORK, one, values[None])[0]
    for row in range(one.shape[0]):
        for column in range(one.shape[1]):
            found = (window(one, values, row, column)[..., None] * kernel).sum(axis=(0, 1, 2)) + bias
            np.testing.assert_allclose(found, expected[row, column], atol=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("scale", [1, 30])
def test_cross_entropy_is_keras(smoothing: float, scale: int) -> None:
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    theirs = float(loss(np.eye(10, dtype=np.float32)[[4]], LOGITS[None] * scale))
    assert cross_entropy(LOGITS * scale, targets(4, smoothing)) == pytest.approx(theirs, rel=1e-5)
    assert targets(4, smoothing).sum() == pytest.approx(1)


def test_sparse_and_one_hot_losses_are_one_number() -> None:
    sparse = float(keras.losses.SparseCategoricalCrossentropy(from_logits=True)(np.array([4]), LOGITS[None]))
    assert cross_entropy(LOGITS, targets(4, 0)) == pytest.approx(sparse, rel=1e-5)
    assert sparse == pytest.approx(-np.log(softmax(LOGITS)[4]), rel=1e-5)  # natural, not base two


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_gradient_is_tensorflows(smoothing: float) -> None:
    features, label = OUTPUTS["dense1"], 6
    found = gradient(NETWORK, features, label, smoothing)
    kernel = tf.Variable(NETWORK.weights["logits/kernel"])
    with tf.GradientTape() as tape:
        logits = features[None] @ kernel + NETWORK.weights["logits/bias"]
        loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)(
            np.eye(10, dtype=np.float32)[[label]], logits
        )
    theirs = tape.gradient(loss, kernel).numpy()
    assert found.value == pytest.approx(float(theirs[found.unit, found.digit]), rel=1e-4)
    assert found.weight == pytest.approx(float(kernel[found.unit, found.digit]))
    assert abs(found.input) == np.abs(features).max()


@pytest.mark.parametrize(
    "fields",
    [
        {"optimizer": "sgd"},
        {"optimizer": "sgd", "momentum": 0.9},
        {"optimizer": "sgd", "momentum": 0.9, "nesterov": True},
        {"optimizer": "sgd", "weight_decay": 0.1},
        {"optimizer": "rmsprop"},
        {"optimizer": "rmsprop", "momentum": 0.5},
        {"optimizer": "adam"},
        {"optimizer": "adam", "weight_decay": 0.2},
        {"optimizer": "adamw", "weight_decay": 0.3},
        {"optimizer": "adagrad"},
        {"optimizer": "adam", "schedule": "one_cycle"},
    ],
    ids=str,
)
@pytest.mark.parametrize("g", [-0.385, 2e-4, 3e-9])
def test_first_step_is_keras(fields: dict[str, Any], g: float) -> None:
    train = TrainSpec(learning_rate=0.05, **fields)
    rate = float(learning_rates(train, 10, 1)[0])
    options = {key: fields[key] for key in ("momentum", "nesterov", "weight_decay") if key in fields}
    weight = tf.Variable([0.7])
    OPTIMIZERS[train.optimizer](learning_rate=rate, **options).apply([tf.constant([g])], [weight])
    step = first_step(train, 0.7, g, rate)
    assert step.after == pytest.approx(float(weight[0]), rel=1e-6)
    assert step.before == 0.7
