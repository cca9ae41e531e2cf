"""The editor as it is used: every field, the stack of blocks, where it starts, undo, and the link."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab import limits, links, pace
from mnistlab.events import EpochEnd, Started
from mnistlab.experiment import ConvBlock, DataSpec, DenseBlock, Experiment, ModelSpec, TrainSpec
from mnistlab.ledger import Ledger
from mnistlab.presets import PRESETS
from mnistlab.ui import cache
from tests.pages.browser import columns, opened, run, words

TINY = Experiment(
    data=DataSpec(train_images=64, validation_images=10),
    model=ModelSpec(dense=(DenseBlock(units=4),)),
    train=TrainSpec(epochs=1, batch_size=32),
)


def field(at: AppTest, name: str) -> str:
    """The key of an editor field; its number grows with every structural change."""
    return f"editor-{at.session_state['editor']}-{name}"


def preset(at: AppTest, name: str) -> AppTest:
    at.selectbox(key="preset-chosen").set_value(name)
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
    found = columns(preset(opened("2_train"), "classic-dense-128-64"), "layers")
    rows = zip(found["kind"], found["parameters"], found["output shape"], strict=True)
    weighted = [row for row in rows if row[0].startswith("d")]
    assert weighted == [
        ("dense, relu", "100,480", "128"),
        ("dropout", "0", "128"),
        ("dense, relu", "8,256", "64"),
        ("dense", "650", "10"),
    ]


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
    assert model(at) == ModelSpec(conv=(ConvBlock(),), dense=(DenseBlock(units=512), DenseBlock(units=256)))


def test_added_blocks_go_on_as_networks_usually_do() -> None:
    at = click(click(opened("2_train"), "add-conv"), "add-conv")  # 32 and 64 filters are there
    assert [block.filters for block in model(at).conv] == [32, 64, 128, 128]
    for _ in range(5):
        at = click(at, "add-dense")
    assert [block.units for block in model(at).dense] == [128, 64, 32, 16, 16]


def test_what_is_typed_stays_when_a_block_is_added() -> None:
    at = number(preset(opened("2_train"), "classic-dense-512"), "train.epochs", 3)
    at = click(number(at, "model.dense.0.units", 77), "add-dense")
    assert model(at).dense == (DenseBlock(units=77), DenseBlock(units=38))
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
    assert "layers" not in {element.key for element in at.get("bidi_component")}


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


# Every field


EVERY = {
    "train.epochs": 3, "train.batch_size": 64, "train.seed": 5, "train.weight_decay": 0.01, "train.momentum": 0.5,
    "train.label_smoothing": 0.1, "data.train_images": 1000, "data.validation_images": 500,
    "data.spoil.per_digit": 50, "train.stopping.patience": 3, "train.stopping.target_accuracy": 0.99,
    "train.stopping.seconds": 60.0, "model.conv.0.filters": 8, "model.conv.0.kernel_size": 5, "model.conv.0.strides": 2,
    "model.conv.0.pool": 1, "model.conv.0.dropout": 0.25, "model.dense.0.units": 50, "model.dense.0.dropout": 0.5,
}  # fmt: skip
SLIDERS = {
    "train.augmentation.shift": 1.5, "train.augmentation.rotate": 15.0, "train.augmentation.shear": 10.0,
    "train.augmentation.scale": 0.1, "train.augmentation.thickness": 0.5, "data.spoil.wrong_labels": 20.0,
    "data.spoil.shift": 3, "data.spoil.rotate": 90.0, "data.spoil.noise": 40.0,
}  # fmt: skip
CHOICES = {
    "train.schedule": "cosine", "train.initializer": "he_normal", "model.conv.0.activation": "elu",
    "model.dense.0.activation": "tanh",
}  # fmt: skip


def test_every_field_of_an_experiment_can_be_set() -> None:
    at = preset(opened("2_train"), "classic-convnet-sgd")  # its optimizer and loss have every field
    for path, value in EVERY.items():
        at.number_input(key=field(at, path)).set_value(value)
    for path, value in SLIDERS.items():
        at.slider(key=field(at, path)).set_value(value)
    for path, text in CHOICES.items():
        at.selectbox(key=field(at, path)).set_value(text)
    for path in ("train.nesterov", "data.leave_out_sample", "model.conv.0.batch_norm", "model.dense.0.batch_norm"):
        at.toggle(key=field(at, path)).set_value(True)
    at.select_slider(key=field(at, "train.learning_rate")).set_value(0.05)
    at.segmented_control(key=field(at, "model.conv.0.padding")).set_value("same")
    at.segmented_control(key=field(at, "model.head")).set_value("average")
    at.pills(key=field(at, "data.spoil.leave_out")).set_value([7, 8])
    at.pills(key=field(at, "data.spoil.rare")).set_value(4)
    experiment: Experiment = run(at).session_state["experiment"]
    for path, value in {**EVERY, **SLIDERS, **CHOICES}.items():
        assert experiment.at(path) == value, path
    assert experiment.train.nesterov
    assert experiment.data.leave_out_sample
    assert experiment.model.conv[0].batch_norm
    assert experiment.model.dense[0].batch_norm
    assert (experiment.model.conv[0].padding, experiment.model.head) == ("same", "average")
    assert (experiment.train.learning_rate, experiment.data.spoil.leave_out) == (0.05, (7, 8))
    assert experiment.data.spoil.rare == 4
    usual = PRESETS["classic-convnet-sgd"].experiment
    untouched = {"train.optimizer", "train.loss", "data.dataset"}
    assert {
        path for path in links.NAMES.values() if "model" not in path and experiment.at(path) == usual.at(path)
    } == untouched


def test_bounds_are_those_of_the_spec() -> None:
    at = preset(opened("2_train"), "classic-convnet-sgd")
    epochs, momentum = (at.number_input(key=field(at, f"train.{name}")) for name in ("epochs", "momentum"))
    assert (epochs.min, epochs.max) == (TrainSpec.bound("epochs").low, TrainSpec.bound("epochs").high)
    assert momentum.min == 0
    assert 0.999 < momentum.max < 1  # 1 itself is not allowed
    rates = [float(text) for text in at.select_slider(key=field(at, "train.learning_rate")).options]
    assert rates == sorted(rates)
    assert (min(rates), max(rates)) == (1e-6, 10)


def test_every_control_has_help() -> None:
    at = opened("2_train")
    without = [
        element.label
        for kind in (
            "number_input",
            "selectbox",
            "slider",
            "select_slider",
            "toggle",
            "pills",
            "button",
            "button_group",
        )
        for element in at.get(kind)
        if not getattr(element, "help", None) and not element.proto.help
    ]
    assert without == []


def test_fields_that_are_refused_together_say_so_and_keep_what_was() -> None:
    at = opened("2_train")
    before = at.session_state["experiment"]
    at.pills(key=field(at, "data.spoil.leave_out")).set_value([4])
    at.pills(key=field(at, "data.spoil.rare")).set_value(4)
    at = run(at)
    (reason,) = [error.value.replace("\\", "") for error in at.error]
    assert reason == "data.spoil: a digit that is left out cannot also be rare. Received: 4"
    assert at.button(key="train").disabled
    assert at.session_state["experiment"] == before
    at = click(at, "undo")
    assert not at.error
    assert at.session_state["experiment"] == before


def test_optimizer_with_a_decay_of_its_own_starts_without() -> None:
    at = opened("2_train")
    at.selectbox(key=field(at, "train.optimizer")).set_value("adamw")
    assert run(at).session_state["experiment"].train.weight_decay == 0
    assert not at.error


# Back


def test_changes_are_taken_back_one_by_one() -> None:
    at = opened("2_train")
    first = at.session_state["experiment"]
    assert at.button(key=field(at, "undo")).disabled
    at = number(at, "train.epochs", 3)
    at = click(at, "add-dense")
    at = number(at, "model.dense.0.units", 9)
    at = preset(at, "classic-dense-512")
    at = click(at, "undo")
    assert at.session_state["preset"] == "classic-convnet-dropout"
    assert model(at).dense == (DenseBlock(units=9),)
    assert at.number_input(key=field(at, "model.dense.0.units")).value == 9
    at = click(at, "undo")
    assert model(at).dense == (DenseBlock(),)
    at = click(at, "undo")
    assert (model(at).dense, at.session_state["experiment"].train.epochs) == ((), 3)
    at = click(at, "undo")
    assert at.session_state["experiment"] == first
    assert at.button(key=field(at, "undo")).disabled


def test_reset_goes_back_to_the_start_and_can_be_taken_back() -> None:
    at = number(preset(opened("2_train"), "classic-dense-512"), "model.dense.0.units", 9)
    at = click(at, "reset")
    assert at.session_state["experiment"] == PRESETS["classic-dense-512"].experiment
    assert at.button(key=field(at, "reset")).disabled
    assert model(click(at, "undo")).dense == (DenseBlock(units=9),)


def test_what_is_typed_and_not_yet_seen_stays_when_a_block_is_added() -> None:
    at = preset(opened("2_train"), "classic-dense-512")
    at.number_input(key=field(at, "model.dense.0.units")).set_value(77)  # and at once:
    at = click(at, "add-dense")
    assert model(at).dense == (DenseBlock(units=77), DenseBlock(units=38))


# Where it starts


def test_a_run_of_ones_own_is_a_start() -> None:
    experiment = PRESETS["classic-dense-512"].experiment.changed({"train.epochs": 2})
    stored = cache.store().create(experiment, "of *yesterday*")
    at = opened("2_train", start=stored.id, preset="classic-dense-512", experiment=experiment)
    assert r"From the run of \*yesterday\*" in words(at)
    at = number(at, "train.epochs", 9)
    at = click(at, "reset")
    assert at.session_state["experiment"] == experiment


def test_run_that_is_gone_is_no_start() -> None:
    at = opened("2_train", start="r" + 32 * "0")
    assert "From the run" not in words(at)
    assert "Source" in words(at)


# The link


def link(at: AppTest) -> dict[str, str]:
    return {name: "".join(text) for name, text in dict(at.query_params).items()}


def test_start_needs_no_link() -> None:
    assert link(opened("2_train")) == {}


def test_link_is_kept_while_editing_and_brings_all_of_it_back() -> None:
    at = number(preset(opened("2_train"), "classic-dense-512"), "model.dense.0.units", 77)
    at = click(number(at, "train.epochs", 3), "add-conv")
    assert link(at) == {"preset": "classic-dense-512", "conv": "32", "dense": "77", "epochs": "3"}
    fresh = opened("2_train", query=link(at))
    assert fresh.session_state["experiment"] == at.session_state["experiment"]
    assert fresh.session_state["preset"] == "classic-dense-512"
    assert fresh.number_input(key=field(fresh, "model.dense.0.units")).value == 77
    assert fresh.button(key=field(fresh, "undo")).disabled
    assert not fresh.info
    assert link(fresh) == link(at)


def test_what_cannot_be_used_of_a_link_is_told_and_leaves_it() -> None:
    query = {"preset": "classic-dense-512", "epochs": "0", "batch_size": "64", "![x](http://a)": "1"}
    at = opened("2_train", query=query)
    (info,) = [info.value for info in at.info]
    plain = info.replace("\\", "")
    assert plain.startswith(
        "Not used from this link: ![x](http://a) is not a field of an experiment; epochs train.epochs"
    )
    assert "![x]" not in info
    assert at.session_state["experiment"].train.batch_size == 64
    assert link(at) == {"preset": "classic-dense-512", "batch_size": "64"}
    assert not run(at).info  # said once


def test_link_keeps_the_run_that_is_watched() -> None:
    stored = cache.store().create(TINY, "x")
    at = number(opened("2_train", query={"run": stored.id, "epochs": "2"}), "train.epochs", 3)
    assert link(at) == {"preset": "classic-convnet-dropout", "epochs": "3", "run": stored.id}


def test_link_of_an_impossible_network_says_why() -> None:
    at = opened("2_train", query={"conv": "8_11x11_pool4~8_11x11"})
    (reason,) = [error.value.replace("\\", "") for error in at.error]
    assert reason == "layer 3 (conv2): a 11×11 window does not fit a 4×4 input"
    assert "does not fit" in words(at)


# What is shown


def test_picture_has_every_tensor() -> None:
    at = opened("2_train", **{"train-view": "Picture"})
    shown = words(at)
    for text in ("**image**", "28 × 28 × 1", "**conv2_pool**", "5 × 5 × 64", "**flatten**", "1,600", "**logits**"):
        assert text in shown
    assert "Here 28 × 28 × 1 becomes 5 × 5 × 64 before the vector" in shown


def test_seconds_an_epoch_are_those_of_ones_own_trainings() -> None:
    experiment = PRESETS["classic-dense-512"].experiment
    usual = pace.estimate(experiment, 1000)
    stored = cache.store().create(experiment, "slow")
    cache.store().record(stored.id, Started(digits="", epochs=3, steps=8, train_images=1000, validation_images=10))
    for n in (1, 2, 3):
        seconds = 7 * usual
        cache.store().record(
            stored.id, EpochEnd(epoch=n, loss=1, accuracy=0.5, val_loss=1, val_accuracy=0.5, seconds=seconds)
        )
    at = preset(opened("2_train"), "classic-dense-512")
    expected = 7 * pace.estimate(experiment, limits.images(experiment, len(cache.dataset().train)))
    assert f"{expected:.2g} s an epoch here" in words(at)
