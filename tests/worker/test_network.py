"""The ledger's arithmetic is what Keras builds."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hypothesis import given, settings

from mnistlab.experiment import ConvBlock, DenseBlock, ModelSpec, TrainSpec
from mnistlab.ledger import Ledger
from mnistlab.presets import PRESETS
from mnistlab.worker import network
from tests.strategies import model_specs

SMALL = ModelSpec(conv=(ConvBlock(filters=2, batch_norm=True),), dense=(DenseBlock(units=4),))


def assert_same(spec: ModelSpec) -> None:
    ledger, model = Ledger.of(spec), network.build(spec, TrainSpec())
    built = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    assert [(layer.name, layer.shape, layer.parameters) for layer in ledger.layers] == [
        (layer.name, layer.output.shape[1:], layer.count_params()) for layer in built
    ]
    assert ledger.parameters == model.count_params()
    assert ledger.trainable == sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert ledger.weight_shapes == {name: array.shape for name, array in network.weights(model).items()}


@pytest.mark.parametrize("name", PRESETS)
def test_ledger_of_a_preset_is_what_keras_builds(name: str) -> None:
    assert_same(PRESETS[name].experiment.model)


@pytest.mark.slow
@settings(max_examples=50)
@given(model_specs())
def test_ledger_of_any_network_is_what_keras_builds(spec: ModelSpec) -> None:
    assert_same(spec)
    keras.backend.clear_session()


def test_weights_survive_the_way_out_and_back() -> None:
    one, other = (network.build(SMALL, TrainSpec(seed=seed)) for seed in (1, 2))
    network.set_weights(other, network.weights(one))
    image = np.random.default_rng(0).random((3, 28, 28, 1), np.float32)
    np.testing.assert_array_equal(one(image), other(image))


def test_weights_are_float32_copies() -> None:
    model = network.build(SMALL, TrainSpec())
    before = network.weights(model)
    network.set_weights(model, {name: array + 1 for name, array in before.items()})
    assert {array.dtype for array in before.values()} == {np.dtype(np.float32)}
    for name, array in network.weights(model).items():
        np.testing.assert_array_equal(array, before[name] + 1)


def test_first_weights_depend_on_the_seed_alone() -> None:
    first, again, other = (network.weights(network.build(SMALL, TrainSpec(seed=seed))) for seed in (7, 7, 8))
    np.testing.assert_array_equal(first["dense1/kernel"], again["dense1/kernel"])
    assert not np.array_equal(first["dense1/kernel"], other["dense1/kernel"])


def test_a_missing_weight_is_refused() -> None:
    model = network.build(SMALL, TrainSpec())
    arrays = network.weights(model)
    del arrays["logits/bias"]
    with pytest.raises(KeyError, match="logits/bias"):
        network.set_weights(model, arrays)


def test_a_weight_of_another_shape_is_refused() -> None:
    model = network.build(SMALL, TrainSpec())
    with pytest.raises(ValueError, match="shape"):
        network.set_weights(model, {**network.weights(model), "logits/bias": np.zeros(9, np.float32)})


@pytest.mark.parametrize("initializer", ["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_normal"])
def test_an_initializer_has_its_spread_and_form(initializer: str) -> None:
    kernel = network.weights(network.build(ModelSpec(), TrainSpec(initializer=initializer)))["logits/kernel"]
    scale = {"glorot": 2 / (784 + 10), "he": 2 / 784, "lecun": 1 / 784}[initializer.split("_")[0]]
    assert kernel.var() == pytest.approx(scale, rel=0.05)
    # a uniform draw never leaves √3 standard deviations; a truncated normal one does
    assert (np.abs(kernel).max() > 1.01 * np.sqrt(3 * scale)) == initializer.endswith("normal")
