"""The network in NumPy says what Keras says, layer by layer."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings

from mnistlab.data.sources import read_sample
from mnistlab.events import Arrays
from mnistlab.experiment import ACTIVATIONS, ConvBlock, DenseBlock, ModelSpec, TrainSpec
from mnistlab.forward import BATCH, Network, folded, softmax
from mnistlab.presets import PRESETS
from mnistlab.worker import network
from tests.strategies import model_specs
from tests.training import few, kept, trained

IMAGES = read_sample().images[500:530]
SMALL = ModelSpec(dense=(DenseBlock(units=4),))


def assert_agrees(spec: ModelSpec, weights: Arrays) -> None:
    """Probabilities within 1e-5, with batch norm folded away too, and every layer within 1e-4 of its own largest number."""
    ours, model = Network(spec, weights), network.build(spec, TrainSpec())
    network.set_weights(model, weights)
    names = [layer.name for layer in ours.layers]
    inside = keras.Model(model.input, [model.get_layer(name).output for name in names])
    expected = inside(IMAGES.astype(np.float32)[..., None] / 255, training=False)
    found = ours.outputs(IMAGES)
    for name, layer in zip(names, expected, strict=True):
        values = layer.numpy()
        assert found[name].dtype == np.float32
        np.testing.assert_allclose(found[name], values, rtol=0, atol=1e-4 * max(1, np.abs(values).max()), err_msg=name)
    for one in (ours, Network(*folded(spec, weights))):
        np.testing.assert_allclose(one.probabilities(IMAGES), expected[-1].numpy(), rtol=0, atol=1e-5)


def after_training(spec: ModelSpec) -> Arrays:
    """Weights after a few steps, so that biases and batch norm's statistics are no longer zeros and ones."""
    try:
        return kept(trained(spec, TrainSpec(epochs=1, batch_size=30, learning_rate=0.003), dataset=few(140, 10)))
    finally:
        keras.backend.clear_session()


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_answers_as_keras_does(name: str) -> None:
    model = PRESETS[name].experiment.model
    assert_agrees(model, after_training(model))


@pytest.mark.slow
@settings(max_examples=20)
@given(model_specs(max_parameters=60_000))
def test_any_network_answers_as_keras_does(spec: ModelSpec) -> None:
    assert_agrees(spec, after_training(spec))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_an_activation_is_keras_own(activation: str) -> None:
    spec = ModelSpec(
        conv=(ConvBlock(filters=3, activation=activation),),
        head="average",
        dense=(DenseBlock(units=6, activation=activation, batch_norm=True),),
    )
    weights = network.weights(network.build(spec, TrainSpec(seed=3)))
    assert_agrees(spec, {name: array * 4 + 0.1 for name, array in weights.items()})  # into where the curves bend


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("strides", [1, 2, 3, 4])
@pytest.mark.parametrize("kernel_size", [1, 2, 5])
def test_a_convolution_is_keras_own(padding: str, strides: int, kernel_size: int) -> None:
    block = ConvBlock(filters=3, kernel_size=kernel_size, strides=strides, padding=padding, pool=3)
    spec = ModelSpec(conv=(ConvBlock(filters=2, kernel_size=4), block))
    assert_agrees(spec, network.weights(network.build(spec, TrainSpec(seed=1))))


def test_more_images_than_one_batch_keep_their_order() -> None:
    ours = Network(SMALL, network.weights(network.build(SMALL, TrainSpec())))
    images = read_sample().images[: BATCH + 3]
    np.testing.assert_allclose(ours.probabilities(images), ours.outputs(images)["probabilities"], rtol=0, atol=1e-6)
    assert ours.probabilities(images[:0]).shape == (0, 10)


def test_softmax_does_not_overflow() -> None:
    np.testing.assert_array_equal(softmax(np.array([[1000.0, 0.0], [-1000.0, 0.0]], np.float32)), [[1, 0], [0, 1]])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"logits/bias": None}, "'logits/bias' is missing"),
        ({"conv9/kernel": np.zeros(3, np.float32)}, "'conv9/kernel' is extra"),
        ({"logits/bias": np.zeros(9, np.float32)}, r"logits/bias must be finite float32 \(10,\)"),
        ({"logits/bias": np.zeros(10, np.float64)}, "float64"),
        ({"logits/bias": np.zeros(10, object)}, "object"),
        ({"logits/bias": np.full(10, np.nan, np.float32)}, "finite"),
        ({"logits/bias": np.full(10, np.inf, np.float32)}, "finite"),
    ],
)
def test_weights_that_do_not_belong_are_refused(change: dict[str, np.ndarray | None], reason: str) -> None:
    weights = {**network.weights(network.build(SMALL, TrainSpec())), **change}
    with pytest.raises(ValueError, match=reason):
        Network(SMALL, {name: array for name, array in weights.items() if array is not None})


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        (ModelSpec(), "flatten"),
        (ModelSpec(conv=(ConvBlock(filters=2),), head="average"), "average"),
        (ModelSpec(dense=(DenseBlock(units=9), DenseBlock(units=4, dropout=0.5))), "dense2"),
        (ModelSpec(dense=(DenseBlock(units=4, batch_norm=True, dropout=0.5),)), "dense1_relu"),
    ],
)
def test_last_hidden_layer_is_what_the_logits_are_made_of(spec: ModelSpec, name: str) -> None:
    ours = Network(spec, network.weights(network.build(spec, TrainSpec())))
    assert ours.last_hidden == name
    logits = ours.features(IMAGES) @ ours.weights["logits/kernel"] + ours.weights["logits/bias"]
    np.testing.assert_allclose(logits, ours.outputs(IMAGES)["logits"], rtol=0, atol=1e-5)


def test_features_are_a_layers_outputs_in_order_and_flat() -> None:
    spec = ModelSpec(conv=(ConvBlock(filters=2, pool=4),), dense=(DenseBlock(units=3),))
    ours = Network(spec, network.weights(network.build(spec, TrainSpec())))
    images = read_sample().images[: BATCH + 3]
    for name, values in ours.outputs(images).items():
        if name != "image":
            found = ours.features(images, name)
            np.testing.assert_allclose(found, values.reshape(len(images), -1), rtol=0, atol=1e-5, err_msg=name)
            assert found.dtype == np.float32
    assert ours.features(images[:0], "conv1_pool").shape == (0, 6 * 6 * 2)


def test_features_of_an_unknown_layer_are_refused() -> None:
    ours = Network(SMALL, network.weights(network.build(SMALL, TrainSpec())))
    with pytest.raises(ValueError, match=r"no layer has this name\. Received: 'conv1'"):
        ours.features(IMAGES, "conv1")
