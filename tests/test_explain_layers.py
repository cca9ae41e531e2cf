"""What is said about each kind of layer, against the same layer in Keras with the same weights and digit."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import pytest

from mnistlab.explain import Case
from mnistlab.explanation import Explanation
from mnistlab.forward import ACTIVATIONS
from mnistlab.ledger import Layer
from mnistlab.worker import network as built
from tests.explained import case, experiment, line, number, said, text

SPEC = experiment(
    model__conv=[
        {"filters": 3, "kernel_size": 5, "padding": "same", "pool": 3, "dropout": 0.2},
        {"filters": 6, "strides": 2, "batch_norm": True, "activation": "silu"},
    ],
    model__dense=[{"units": 7}, {"units": 6, "activation": "tanh", "batch_norm": True, "dropout": 0.4}],
)
AVERAGE = experiment(model__conv=[{"filters": 4}], model__head="average")


def keras_model(one: Case) -> keras.Model:
    model = built.build(one.experiment.model, one.experiment.train)
    built.set_weights(model, one.network.weights)
    return model


def outputs(model: keras.Model, one: Case) -> dict[str, np.ndarray]:
    whole = keras.Model(model.input, {layer.name: layer.output for layer in model.layers})
    found = whole(one.image[None, ..., None].astype(np.float32) / 255, training=False)
    return {name: values[0].numpy() for name, values in found.items()}


def explained(spec: Any = SPEC) -> list[tuple[Layer, Explanation, Case]]:
    from mnistlab import explain_layers

    one = case(spec)
    return [(layer, explain_layers.explain(one, layer, ""), one) for layer in one.network.layers[:-1]]


@pytest.mark.parametrize("spec", [SPEC, AVERAGE], ids=["flatten", "average"])
def test_shapes_and_parameters_are_keras(spec: Any) -> None:
    model = keras_model(case(spec))
    for layer, explanation, _ in explained(spec):
        theirs = model.get_layer(layer.name)
        words = text(explanation)
        assert f"→ {tuple(theirs.output.shape[1:])}".replace(" ", "") in words.replace(" ", ""), words
        found = re.search(r"Parameters: (?:none|[^=:\n]* = ([\d,]+))", words)
        assert found, words
        assert (number(found[1]) if found[1] else 0) == theirs.count_params()


def test_first_convolutions_parameters_are_worked_out() -> None:
    words = text(line(case(experiment(model__conv=[{"filters": 32}])), "Conv2D"))
    assert "(3·3·1 + 1)·32 = 320" in words


@pytest.mark.parametrize("name", ["conv1", "dense1"])
def test_strongest_sum_is_keras_and_relu_leaves_it(name: str) -> None:
    found = {layer.name: (explanation, one) for layer, explanation, one in explained()}
    explanation, one = found[name]
    largest = float(outputs(keras_model(one), one)[name].max())
    products, bias, total = said(r"add up to (\S+), and the bias (\S+) makes (\S+)\.", explanation)
    assert total == pytest.approx(largest, rel=1e-3)
    assert products + bias == pytest.approx(total, abs=2e-3)
    below, sums, high, passed, low, hidden = said(
        r"relu: ([\d,]+) of the ([\d,]+) sums .*: (\S+) becomes (\S+) and (\S+) becomes (\S+)\.", explanation
    )
    values = outputs(keras_model(one), one)[name]
    assert sums == values.size
    model = keras_model(one)
    model.get_layer(name).activation = keras.activations.linear
    assert below == (outputs(model, one)[name] < 0).sum()
    assert high == passed == pytest.approx(largest, rel=1e-3)
    assert low < 0 == hidden


def test_window_and_kernel_make_the_sum() -> None:
    one = case(experiment(model__conv=[{"filters": 4}]))
    explanation = line(one, "Conv2D")
    window, kernel = (values.array for values in explanation.values)
    (total,) = said(r"makes (\S+)\.", explanation)
    assert (window * kernel).sum() == pytest.approx(total, rel=1e-3)
    row, column = (int(v) for v in re.findall(r"\d+", explanation.values[0].title))
    np.testing.assert_allclose(window, one.image[row : row + 3, column : column + 3] / 255, rtol=1e-6)


def test_window_of_several_channels_is_not_shown_as_one() -> None:
    spec = experiment(model__conv=[{"filters": 2}, {"filters": 3}, {"filters": 1, "padding": "same", "strides": 2}])
    found = {layer.name: explanation for layer, explanation, _ in explained(spec)}
    assert [len(found[name].values) for name in ("conv1", "conv2")] == [2, 0]
    assert "make room for a window every 2 pixels: ⌈24 / 2⌉ = 12." in text(found["conv3"])


def test_batch_norm_is_keras() -> None:
    for layer, explanation, one in explained():
        if layer.kind == "batch_norm":
            x, result = said(r"·\((\S+) − .* = (\S+)\.", explanation)
            theirs = outputs(keras_model(one), one)
            assert result == pytest.approx(float(theirs[layer.name].max()), rel=1e-3)
            assert x == pytest.approx(float(theirs[layer.name.removesuffix("_norm")].max()), rel=1e-3)


def test_pooling_shows_the_window_and_its_largest() -> None:
    (layer, explanation, one), *_ = [item for item in explained() if item[0].kind == "max_pool"]
    (largest,) = said(r"the largest is (\S+)\.", explanation)
    assert explanation.values[0].array.shape == (3, 3)
    assert explanation.values[0].array.max() == pytest.approx(largest, rel=1e-3)
    assert largest == pytest.approx(float(outputs(keras_model(one), one)[layer.name].max()), rel=1e-3)
    assert "The last row and column, which fill no window, are left out." in text(explanation)


def test_dropout_counts_what_is_hidden() -> None:
    (explanation,) = [e for layer, e, _ in explained() if layer.name == "dense2_dropout"]
    assert said(r"about (\S+)·(\S+) = (\S+) of", explanation) == (0.4, 6, 2.4)


def test_average_is_keras() -> None:
    (found,) = [item for item in explained(AVERAGE) if item[0].kind == "average"]
    total, count, mean = said(r"add up to (\S+); divided by (\S+) that is (\S+)\.", found[1])
    assert (count, mean) == (
        676,
        pytest.approx(float(outputs(keras_model(found[2]), found[2])["average"].max()), rel=1e-3),
    )
    assert total / count == pytest.approx(mean, rel=1e-3)


def test_softmax_is_keras() -> None:
    one = case(SPEC)
    explanation = line(one, "softmax")
    theirs = outputs(keras_model(one), one)
    logits, probabilities = (values.array for values in explanation.values)
    np.testing.assert_allclose(logits, theirs["logits"], atol=1e-5)
    np.testing.assert_allclose(probabilities, theirs["probabilities"], atol=1e-6)
    answer, z, power, total, *_, p = said(
        r"For (\d): e\^(\S+) = (\S+); the ten powers add up to (\S+); (\S+) / (\S+) = (\S+)\.", explanation
    )
    assert answer == theirs["probabilities"].argmax()
    assert p == pytest.approx(float(theirs["probabilities"].max()), rel=1e-5)
    assert (np.exp(z), total) == (
        pytest.approx(power, rel=1e-3),
        pytest.approx(np.exp(theirs["logits"]).sum(), rel=1e-3),
    )


@pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "linear"])
def test_activation_is_worked_and_has_a_formula(name: str) -> None:
    explanation = line(case(experiment(model__dense=[{"units": 9, "activation": name}])), f'activation="{name}"')
    high, a, low, b = said(r"(\S+) becomes (\S+) and (\S+) becomes (\S+)\.", explanation)
    theirs = keras.activations.get(name)(np.array([high, low], np.float32)).numpy()
    np.testing.assert_allclose([a, b], theirs, rtol=2e-3, atol=1e-4)
    assert len(explanation.equations) == 2


def test_initial_spread_is_the_initializers() -> None:
    explanation = line(case(experiment(train__initializer="he_normal", model__dense=[{"units": 9}])), "Dense(9")
    (deviation,) = said(r"standard deviation of (\S+) \(he normal", explanation)
    assert deviation == pytest.approx((2 / 784) ** 0.5, rel=1e-3)
