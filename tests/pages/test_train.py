"""Train: a network is described, priced, refused or trained, and watched."""

from __future__ import annotations

import time

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnistlab import limits
from mnistlab.engine import Engine, EngineError
from mnistlab.events import BatchEnd, EpochEnd, Failed, Started
from mnistlab.experiment import ConvBlock, DataSpec, DenseBlock, Experiment, ModelSpec, TrainSpec
from mnistlab.ledger import Ledger
from mnistlab.presets import PRESETS
from mnistlab.ui import cache
from tests.pages.browser import figure, opened, run, words

TINY = Experiment(
    data=DataSpec(train_images=64, validation_images=10),
    model=ModelSpec(dense=(DenseBlock(units=4),)),
    train=TrainSpec(epochs=1, batch_size=32),
)
TRAINING_SECONDS = 120  # a worker loads TensorFlow first; the machine may be busy


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
    weighted = table[table["kind"].isin(["dense", "dropout"])]
    assert list(weighted["parameters"]) == [100_480, 0, 8_256, 650]
    assert list(weighted["output shape"]) == ["128", "128", "64", "10"]


def test_changed_number_changes_the_cost() -> None:
    at = number(preset(opened("2_train"), "classic-dense-512"), "dense-0-units", 10)
    assert model(at).dense == (DenseBlock(units=10),)
    assert "**7,960 parameters**" in words(at)


def test_field_can_be_changed_again_and_again() -> None:
    at = preset(opened("2_train"), "classic-dense-512")
    for units in (10, 20, 30, 40):
        assert model(number(at, "dense-0-units", units)).dense == (DenseBlock(units=units),)


def test_blocks_are_added_after_the_others_of_their_kind() -> None:
    at = click(click(preset(opened("2_train"), "classic-dense-512"), "add-dense"), "add-conv")
    assert model(at) == ModelSpec(conv=(ConvBlock(),), dense=(DenseBlock(units=512), DenseBlock()))


def test_what_is_typed_stays_when_a_block_is_added() -> None:
    at = number(preset(opened("2_train"), "classic-dense-512"), "epochs", 3)
    at = click(number(at, "dense-0-units", 77), "add-dense")
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
    at = number(click(at, "add-conv"), f"conv-2-{name}", value)
    (reason,) = [error.value.replace("\\", "") for error in at.error]
    assert reason.startswith(layer)
    assert "does not fit" in reason
    assert at.button(key="train").disabled
    assert not at.dataframe


def test_refused_stack_can_be_repaired() -> None:
    at = number(click(opened("2_train"), "add-conv"), "conv-2-kernel_size", 11)
    at = number(at, "conv-2-kernel_size", 3)
    assert not at.error
    assert not at.button(key="train").disabled


def test_momentum_goes_with_the_optimizer_that_has_it() -> None:
    at = opened("2_train", experiment=TINY)
    at.selectbox(key=field(at, "optimizer")).set_value("sgd")
    at = number(run(at), "momentum", 0.9)
    assert at.session_state["experiment"].train.momentum == 0.9
    at.selectbox(key=field(at, "optimizer")).set_value("adam")
    assert run(at).session_state["experiment"].train.momentum == 0


def test_too_large_a_network_is_refused_with_both_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTLAB_MAX_PARAMETERS", "20000")
    at = opened("2_train")
    (reason,) = [error.value.replace("\\", "") for error in at.error]
    assert reason == "the network has 34,826 parameters; this lab trains at most 20,000"
    assert at.button(key="train").disabled


def test_training_that_is_off_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "training_off", lambda: "Training is off: too little memory")
    at = opened("2_train")
    assert [error.value for error in at.error] == [r"Training is off\: too little memory"]
    assert at.button(key="train").disabled


def test_before_the_first_training_a_shipped_one_is_shown_faintly() -> None:
    at = opened("2_train")
    training, validation = (figure(at, "curve-loss")["data"][i] for i in (1, 2))
    assert training["line"]["color"].endswith("0.65)")
    assert len(validation["x"]) == 15
    assert "Nothing trained yet" in words(at)


def test_unreachable_worker_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def submit(*_: object, **__: object) -> None:
        raise EngineError("No training now: a worker process could not be reached. Other pages work.")

    monkeypatch.setattr(Engine, "submit", submit)
    at = opened("2_train", experiment=TINY)
    at.button(key="train").click()
    assert [error.value.replace("\\", "") for error in run(at).error] == [
        "No training now: a worker process could not be reached. Other pages work."
    ]
    assert not list(cache.store().live)


def test_train_waits_while_a_training_of_this_session_goes_on() -> None:
    store = cache.store()
    running = store.create(TINY, "first")
    store.live.add(running.id)
    at = opened("2_train", experiment=TINY, training=running.id)
    assert at.button(key="train").disabled
    assert "waiting for the worker" in at.progress[0].text


def test_second_click_of_a_double_click_starts_no_second_training(monkeypatch: pytest.MonkeyPatch) -> None:
    store = cache.store()
    running = store.create(TINY, "first")
    started: list[object] = []
    monkeypatch.setattr(Engine, "submit", lambda *told, **_: started.append(told) or running)
    at = opened("2_train", experiment=TINY, training=running.id)
    store.live.add(running.id)  # the first click, seen by the server before the page was drawn anew
    at.button(key="train").click()
    assert run(at).session_state["training"] == running.id
    assert not started


def test_link_to_a_run_shows_how_it_went_in_a_new_session() -> None:
    store = cache.store()
    stored = store.create(TINY, "of yesterday")
    for event in (
        Started(digits="", epochs=1, steps=2, train_images=64, validation_images=10),
        BatchEnd(epoch=1, step=2, loss=2.0, accuracy=0.5, learning_rate=0.001, seconds=0.1),
        EpochEnd(epoch=1, loss=2.0, accuracy=0.5, val_loss=1.5, val_accuracy=0.625, seconds=0.2),
        Failed(message="The loss is not a number; try a smaller learning rate."),
    ):
        store.record(stored.id, event)
    at = opened("2_train", query={"run": stored.id})
    assert figure(at, "curve-accuracy")["data"][2]["y"] == [62.5]
    assert [error.value.replace("\\", "") for error in at.error] == [
        "The loss is not a number; try a smaller learning rate."
    ]
    assert at.progress[0].text == r"of yesterday · failed"


def test_link_to_a_run_that_is_not_there_shows_the_page_without_it() -> None:
    assert "Nothing trained yet" in words(opened("2_train", query={"run": "r" + 32 * "0"}))


def test_label_of_a_run_is_shown_as_it_is() -> None:
    named = cache.store().create(TINY, "![x](https://example.com/x.png)")
    at = opened("2_train", training=named.id)
    (bar,) = at.progress
    assert r"\!\[x\]\(https\:" in bar.text


@pytest.mark.slow
def test_pressed_train_trains_in_the_background_and_shows_how_it_ended() -> None:
    at = opened("2_train", experiment=TINY, preset="classic-dense-512")
    assert not at.button(key="train").disabled
    at.button(key="train").click()
    run(at)
    store, run_id = cache.store(), at.session_state["training"]
    ended = time.monotonic() + TRAINING_SECONDS
    while run_id in store.live and time.monotonic() < ended:
        time.sleep(0.5)
        run(at)
    run(at)
    trained = store.open(run_id)
    assert trained.status == "finished"
    assert trained.experiment == TINY
    assert at.query_params["run"] == run_id
    assert [success.value.replace("\\", "") for success in at.success] == ["The only epoch is done."]
    assert at.progress[0].value == 100
    (epoch,) = trained.history.epochs
    for what, scale in (("loss", 1), ("accuracy", 100)):
        data = figure(at, f"curve-{what}")["data"]
        np.testing.assert_allclose(data[2]["y"], [scale * getattr(epoch, f"val_{what}")])
        assert len(data[1]["y"]) == len(trained.history.batches)
    assert f"validation accuracy {100 * epoch.val_accuracy:.2f} %" in words(at).replace("\\", "")
    assert not at.button(key="train").disabled  # free for the next one
