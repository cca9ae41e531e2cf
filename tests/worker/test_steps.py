"""The compiled functions: many steps in one call are the same as one by one, and silent units are found."""

from __future__ import annotations

import numpy as np
import pytest

from mnistlab.data.sources import read_sample
from mnistlab.experiment import ConvBlock, DenseBlock, ModelSpec, TrainSpec
from mnistlab.forward import Network
from mnistlab.worker import network, steps

pytestmark = pytest.mark.slow

MODEL = ModelSpec(conv=(ConvBlock(filters=4, strides=3, dropout=0.4),), dense=(DenseBlock(units=6, dropout=0.5),))
SPEC = TrainSpec(batch_size=5, seed=2)
DIGITS = read_sample()[:50]


def after(*sizes: int) -> dict[str, np.ndarray]:
    """The weights after ten steps, so many in each call."""
    model = network.build(MODEL, SPEC)
    step = steps.compile_steps(model, steps.make_optimizer(SPEC, model), SPEC, DIGITS)
    order, first = np.arange(50, dtype=np.int32).reshape(10, 5), 0
    for size in sizes:
        step(order[first : first + size], np.full(size, 0.01, np.float32), np.int32(first))
        first += size
    return network.weights(model)


def test_how_many_steps_a_call_takes_changes_nothing() -> None:
    together, apart = after(10), after(1, 2, 7)
    for name, array in together.items():
        np.testing.assert_array_equal(array, apart[name], err_msg=name)


def test_lengths_are_those_of_the_last_steps_gradient() -> None:
    spec = TrainSpec(batch_size=5, optimizer="sgd", learning_rate=0.5)
    model = network.build(ModelSpec(), spec)
    before = network.weights(model)["logits/kernel"]
    step = steps.compile_steps(model, steps.make_optimizer(spec, model), spec, DIGITS)
    *_, lengths = step(np.arange(5, dtype=np.int32)[None], np.array([0.5], np.float32), np.int32(0))
    moved = np.linalg.norm(network.weights(model)["logits/kernel"] - before)
    assert float(lengths[0]) == pytest.approx(moved / 0.5, rel=1e-4)  # plain gradient descent: rate times gradient


def test_answers_are_the_networks_and_silent_units_are_known() -> None:
    model = network.build(MODEL, SPEC)
    weights = network.weights(model)
    weights["dense1/bias"][[1, 4]] = -100
    network.set_weights(model, weights)
    probabilities, awake = steps.Answers(model)(DIGITS.images)
    expected = Network(MODEL, weights)
    np.testing.assert_allclose(probabilities, expected.probabilities(DIGITS.images), rtol=0, atol=1e-5)
    outputs = expected.outputs(DIGITS.images)
    assert set(awake) == {"conv1", "dense1"}
    np.testing.assert_array_equal(awake["conv1"], outputs["conv1"].max(axis=(0, 1, 2)) > 0)
    np.testing.assert_array_equal(awake["dense1"], outputs["dense1"].max(axis=0) > 0)
    assert not awake["dense1"][[1, 4]].any()


def test_a_network_without_relu_has_no_silent_units() -> None:
    model = network.build(ModelSpec(dense=(DenseBlock(units=3, activation="tanh"),)), SPEC)
    assert steps.Answers(model)(DIGITS.images)[1] == {}
