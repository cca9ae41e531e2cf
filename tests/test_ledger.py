"""Shapes and counts by hand: every figure here was worked out on paper, none by the code under test."""

from __future__ import annotations

from itertools import pairwise
from math import prod

import pytest
from hypothesis import given

from mnistlab.experiment import ConvBlock, DenseBlock, ModelSpec, SpecError
from mnistlab.ledger import Ledger, layers
from mnistlab.presets import PRESETS
from tests.strategies import model_specs

# 28 → valid 5 → 24, pool 2 → 12; same 3 by 2 → 6; valid 3 by 2 → 2; same 2 by 1 → 2, pool 2 → 1
CONVNET = ModelSpec(
    conv=(
        ConvBlock(filters=4, kernel_size=5, pool=2, dropout=0.25),
        ConvBlock(filters=6, kernel_size=3, padding="same", strides=2, batch_norm=True),
        ConvBlock(filters=8, kernel_size=3, strides=2, activation="tanh"),
        ConvBlock(filters=5, kernel_size=2, padding="same", pool=2),
    ),
    dense=(DenseBlock(units=7, batch_norm=True, dropout=0.5),),
)


def test_dense_128_64_has_the_known_parameters() -> None:
    found = Ledger.of(PRESETS["classic-dense-128-64"].experiment.model)
    weighted = [layer.parameters for layer in found.layers if layer.kind in ("dense", "dropout")]
    assert weighted == [100_480, 0, 8_256, 650]
    assert found.parameters == found.trainable == 109_386


def test_empty_model_is_softmax_regression() -> None:
    found = Ledger.of(ModelSpec())
    assert [(layer.name, layer.shape) for layer in found.layers] == [
        ("flatten", (784,)), ("logits", (10,)), ("probabilities", (10,)),
    ]  # fmt: skip
    assert (found.parameters, found.multiply_adds) == (7_850, 7_840)
    assert found.training_multiply_adds == 2 * 7_840  # forward, and to the weights: pixels need no gradient


def test_shapes_of_a_convolutional_network() -> None:
    assert [(layer.name, layer.shape, layer.parameters) for layer in layers(CONVNET)] == [
        ("conv1", (24, 24, 4), 104),
        ("conv1_pool", (12, 12, 4), 0),
        ("conv1_dropout", (12, 12, 4), 0),
        ("conv2", (6, 6, 6), 222),
        ("conv2_norm", (6, 6, 6), 24),
        ("conv2_relu", (6, 6, 6), 0),
        ("conv3", (2, 2, 8), 440),
        ("conv4", (2, 2, 5), 165),
        ("conv4_pool", (1, 1, 5), 0),
        ("flatten", (5,), 0),
        ("dense1", (7,), 42),
        ("dense1_norm", (7,), 28),
        ("dense1_relu", (7,), 0),
        ("dense1_dropout", (7,), 0),
        ("logits", (10,), 80),
        ("probabilities", (10,), 0),
    ]


def test_totals_of_a_convolutional_network() -> None:
    found = Ledger.of(CONVNET)
    assert found.parameters == 1_105
    assert found.trainable == 1_105 - 2 * 6 - 2 * 7  # the running means and variances
    assert found.multiply_adds == 25 * 2304 + 36 * 216 + 54 * 32 + 32 * 20 + 5 * 7 + 7 * 10
    assert found.training_multiply_adds == 3 * found.multiply_adds - 25 * 2304
    assert found.activations == 784 + 2304 + 576 * 2 + 216 * 3 + 32 + 20 + 5 + 5 + 7 * 4 + 10 * 2


def test_average_head_keeps_one_number_a_channel() -> None:
    found = Ledger.of(ModelSpec(conv=(ConvBlock(filters=9),), head="average"))
    assert [(layer.name, layer.shape) for layer in found.layers][1:3] == [("average", (9,)), ("logits", (10,))]
    assert found.parameters == 9 * 10 + 10 * 10


def test_average_head_without_convolutions_is_the_mean_of_the_image() -> None:
    assert [layer.shape for layer in layers(ModelSpec(head="average"))] == [(1,), (10,), (10,)]


@pytest.mark.parametrize(("strides", "side"), [(1, 28), (2, 14), (3, 10), (4, 7)])
def test_same_padding_divides_and_rounds_up(strides: int, side: int) -> None:
    assert layers(ModelSpec(conv=(ConvBlock(padding="same", strides=strides),)))[0].shape == (side, side, 32)


@pytest.mark.parametrize(("kernel", "strides", "side"), [(3, 1, 26), (3, 2, 13), (5, 3, 8), (11, 4, 5), (2, 4, 7)])
def test_valid_padding_counts_the_places_that_fit(kernel: int, strides: int, side: int) -> None:
    block = ConvBlock(filters=2, kernel_size=kernel, strides=strides)
    assert layers(ModelSpec(conv=(block,)))[0].shape == (side, side, 2)


@pytest.mark.parametrize(("pool", "side"), [(2, 13), (3, 8), (4, 6)])
def test_pooling_drops_what_is_left_over(pool: int, side: int) -> None:
    assert layers(ModelSpec(conv=(ConvBlock(filters=2, pool=pool),)))[1].shape == (side, side, 2)


def test_weights_are_named_by_layer_in_order() -> None:
    model = ModelSpec(conv=(ConvBlock(filters=2, batch_norm=True),), head="average", dense=(DenseBlock(units=3),))
    assert list(Ledger.of(model).weight_shapes.items()) == [
        ("conv1/kernel", (3, 3, 1, 2)), ("conv1/bias", (2,)),
        ("conv1_norm/gamma", (2,)), ("conv1_norm/beta", (2,)),
        ("conv1_norm/moving_mean", (2,)), ("conv1_norm/moving_variance", (2,)),
        ("dense1/kernel", (2, 3)), ("dense1/bias", (3,)), ("logits/kernel", (3, 10)), ("logits/bias", (10,)),
    ]  # fmt: skip


def test_activation_follows_batch_norm() -> None:
    plain, normed = (
        layers(ModelSpec(dense=(DenseBlock(activation="elu", batch_norm=norm),))) for norm in (False, True)
    )
    assert [layer.activation for layer in plain[:2]] == ["linear", "elu"]
    assert [layer.activation for layer in normed[:4]] == ["linear", "linear", "linear", "elu"]


SMALL = ConvBlock(strides=4, pool=3)  # 28 → 7 → 2


@pytest.mark.parametrize(
    ("blocks", "sentence"),
    [
        ((SMALL, ConvBlock()), "layer 3 (conv2): a 3×3 window does not fit a 2×2 input"),
        ((SMALL, ConvBlock(kernel_size=1, pool=3)), "layer 4 (conv2_pool): a 3×3 window does not fit a 2×2 input"),
        ((SMALL, ConvBlock(kernel_size=1, batch_norm=True, pool=3)),
         "layer 6 (conv2_pool): a 3×3 window does not fit a 2×2 input"),
        ((SMALL, ConvBlock(padding="same", strides=2, pool=2)),
         "layer 4 (conv2_pool): a 2×2 window does not fit a 1×1 input"),
    ],
)  # fmt: skip
def test_impossible_stack_is_refused_with_layer_and_sizes(blocks: tuple[ConvBlock, ...], sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        Ledger.of(ModelSpec(conv=blocks))
    assert str(caught.value) == sentence


@given(model_specs())
def test_layers_of_any_network_join_without_gaps(model: ModelSpec) -> None:
    found = layers(model)
    assert found[0].input_shape == (28, 28, 1)
    assert all(after.input_shape == before.shape for before, after in pairwise(found))
    assert len({layer.name for layer in found}) == len(found)


@given(model_specs())
def test_parameters_of_any_network_are_those_of_its_weights(model: ModelSpec) -> None:
    found = Ledger.of(model)
    assert found.parameters == sum(prod(shape) for shape in found.weight_shapes.values())


@given(model_specs(max_parameters=20_000))
def test_strategy_keeps_to_its_parameters(model: ModelSpec) -> None:
    assert Ledger.of(model).parameters <= 20_000


def dependencies(model: ModelSpec) -> list[int]:
    """How many pixels in a row the widest-sighted number of each layer depends on: sets of pixels, carried along."""
    seen = [{pixel} for pixel in range(28)]
    found = []
    for layer in layers(model):
        if layer.size:
            places = layer.shape[0]
            needed = (places - 1) * layer.strides + layer.size - len(seen)
            before = max(needed, 0) // 2 if layer.padding == "same" else 0
            starts = [place * layer.strides - before for place in range(places)]
            seen = [set().union(*seen[max(start, 0) : start + layer.size]) for start in starts]
        elif layer.kind in ("dense", "average"):
            seen = [set().union(*seen)]
        found.append(max(max(pixels) - min(pixels) + 1 for pixels in seen))
    return found


def test_receptive_fields_by_hand() -> None:
    # 5; pooled by 2: 6; 3 at a jump of 2: 10, which "same" lets stand over the border; 3 at a jump of 4: 18; 2 at 8, 2 at 8
    found = Ledger.of(CONVNET)
    fields = dict(zip([layer.name for layer in found.layers], found.receptive_fields, strict=True))
    assert {name: fields[name] for name in ("conv1", "conv1_pool", "conv2", "conv3", "dense1", "logits")} == {
        "conv1": 5, "conv1_pool": 6, "conv2": 10, "conv3": 18, "dense1": 26, "logits": 26,
    }  # fmt: skip


@given(model_specs())
def test_receptive_fields_are_the_pixels_a_number_depends_on(model: ModelSpec) -> None:
    assert list(Ledger.of(model).receptive_fields) == dependencies(model)
