"""Train: a network is described, priced, refused or trained, and watched."""

from __future__ import annotations

import time

import numpy as np
import pytest

from mnistlab import limits
from mnistlab.engine import Engine, EngineError
from mnistlab.events import BatchEnd, EpochEnd, Failed, Started
from mnistlab.experiment import DataSpec, DenseBlock, Experiment, ModelSpec, TrainSpec
from mnistlab.ui import cache
from tests.pages.browser import figure, opened, run, words

TINY = Experiment(
    data=DataSpec(train_images=64, validation_images=10),
    model=ModelSpec(dense=(DenseBlock(units=4),)),
    train=TrainSpec(epochs=1, batch_size=32),
)
TRAINING_SECONDS = 120  # a worker loads TensorFlow first; the machine may be busy


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
