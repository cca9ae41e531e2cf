"""The editor as it is used: every field, the stack of blocks, where it starts, undo, and the link."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.experiment import ConvBlock, DataSpec, DenseBlock, Experiment, ModelSpec, TrainSpec
from mnistlab.ledger import Ledger
from mnistlab.presets import PRESETS
from tests.pages.browser import opened, run, words

TINY = Experiment(
    data=DataSpec(train_images=64, validation_images=10),
    model=ModelSpec(dense=(DenseBlock(units=4),)),
    train=TrainSpec(epochs=1, batch_size=32),
)


def field(at: AppTest, name: str) -> str:
    """The key of an editor field; its number grows with every structural change."""
    return f"editor-{at.session_state['editor']}-{name}"


def preset(at: AppTest, name: str) -> AppTest:
    at.selectbox(key=field(at, "preset")).set_value(name)
    return run(at)


def click(at: AppTest, name: str) -> AppTest:
    at.button(key=field(at, name)).click()
    return run(at)


def number(at: AppTest, name: str, value: float) -> AppTest:
    at.number_input(key=field(at, name)).set_value(value)
    return run(at)


def model(at: AppTest) -> ModelSpec:
    found: Experiment = at.session_state["experiment"]
    return found.model


@pytest.mark.parametrize("name", PRESETS)
def test_preset_shows_its_own_parameter_count(name: str) -> None:
    at = preset(opened("2_train"), name)
    assert f"**{Ledger.of(PRESETS[name].experiment.model).parameters:,} parameters**" in words(at)
    assert at.session_state["experiment"] == PRESETS[name].experiment


def test_layers_of_the_two_hidden_layer_classic_cost_what_its_text_says() -> None:
    table = preset(opened("2_train"), "classic-dense-128-64").dataframe[0].value
    weighted = table[table["kind"].isin(["dense", "dense, relu", "dropout"])]
    assert list(weighted["parameters"]) == [100_480, 0, 8_256, 650]
    assert list(weighted["output shape"]) == ["128", "128", "64", "10"]


def test_changed_number_changes_the_cost() -> None:
    at = number(preset(opened("2_train"), "classic-dense-512"), "model.dense.0.units", 10)
    assert model(at).dense == (DenseBlock(units=10),)
    assert "**7,960 parameters**" in words(at)


def test_field_can_be_changed_again_and_again() -> None:
    at = preset(opened("2_train"), "classic-dense-512")
    for units in (10, 20, 30, 40):
        assert model(number(at, "model.dense.0.units", units)).dense == (DenseBlock(units=units),)


def test_blocks_are_added_after_the_others_of_their_kind() -> None:
    at = click(click(preset(opened("2_train"), "classic-dense-512"), "add-dense"), "add-conv")
    assert model(at) == ModelSpec(conv=(ConvBlock(),), dense=(DenseBlock(units=512), DenseBlock()))


def test_what_is_typed_stays_when_a_block_is_added() -> None:
    at = number(preset(opened("2_train"), "classic-dense-512"), "train.epochs", 3)
    at = click(number(at, "model.dense.0.units", 77), "add-dense")
    assert model(at).dense == (DenseBlock(units=77), DenseBlock())
    assert at.session_state["experiment"].train.epochs == 3


def test_block_is_duplicated_beside_itself() -> None:
    at = click(preset(opened("2_train"), "classic-dense-128-64"), "dense-0-duplicate")
    first, second = PRESETS["classic-dense-128-64"].experiment.model.dense
    assert model(at).dense == (first, first, second)


def test_blocks_are_deleted_down_to_softmax_regression() -> None:
    at = preset(opened("2_train"), "classic-dense-128-64")
    at = click(at, "dense-0-delete")
    assert model(at).dense == (DenseBlock(units=64),)
    assert "**7,850 parameters**" in words(click(at, "dense-0-delete"))


@pytest.mark.parametrize("button", ["conv-0-down", "conv-1-up"])
def test_blocks_change_places(button: str) -> None:
    at = opened("2_train")
    first, second = model(at).conv
    assert model(click(at, button)).conv == (second, first)


def test_outermost_blocks_move_no_further() -> None:
    at = opened("2_train")
    disabled = {
        name: at.button(key=field(at, f"conv-{name}")).disabled for name in ("0-up", "0-down", "1-up", "1-down")
    }
    assert disabled == {"0-up": True, "0-down": False, "1-up": False, "1-down": True}


@pytest.mark.parametrize(
    ("name", "value", "layer"), [("kernel_size", 11, "layer 6 (conv3)"), ("pool", 4, "layer 7 (conv3_pool)")]
)
def test_impossible_stack_is_refused_by_the_name_of_its_layer(name: str, value: int, layer: str) -> None:
    at = opened("2_train")  # two convolutions and pools leave 5 × 5
    at = number(click(at, "add-conv"), f"model.conv.2.{name}", value)
    (reason,) = [error.value.replace("\\", "") for error in at.error]
    assert reason.startswith(layer)
    assert "does not fit" in reason
    assert at.button(key="train").disabled
    assert not at.dataframe


def test_refused_stack_can_be_repaired() -> None:
    at = number(click(opened("2_train"), "add-conv"), "model.conv.2.kernel_size", 11)
    at = number(at, "model.conv.2.kernel_size", 3)
    assert not at.error
    assert not at.button(key="train").disabled


def test_momentum_goes_with_the_optimizer_that_has_it() -> None:
    at = opened("2_train", experiment=TINY)
    at.selectbox(key=field(at, "train.optimizer")).set_value("sgd")
    at = number(run(at), "train.momentum", 0.9)
    assert at.session_state["experiment"].train.momentum == 0.9
    at.selectbox(key=field(at, "train.optimizer")).set_value("adam")
    assert run(at).session_state["experiment"].train.momentum == 0
