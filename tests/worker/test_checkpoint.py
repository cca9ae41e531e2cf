"""A training that goes on from a checkpoint ends with exactly the weights of one that was never interrupted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mnistlab.data.digits import split
from mnistlab.evaluation import Evaluation
from mnistlab.events import (
    Arrays,
    BatchEnd,
    Checkpoint,
    EpochEnd,
    Event,
    Finished,
    Orders,
    Probe,
    Started,
    Steered,
    pack,
    unpack,
)
from mnistlab.experiment import (
    Augmentation,
    ConvBlock,
    DataSpec,
    DenseBlock,
    Experiment,
    ModelSpec,
    SpecError,
    Stopping,
    TrainSpec,
)
from mnistlab.forward import Network
from mnistlab.history import History
from mnistlab.worker import training
from tests.training import every, few, kept

pytestmark = pytest.mark.slow

DATA = DataSpec(validation_images=20)
DENSE = Experiment(
    data=DATA,
    model=ModelSpec(dense=(DenseBlock(units=12, dropout=0.5),)),
    train=TrainSpec(epochs=4, batch_size=16, optimizer="sgd", learning_rate=0.05, momentum=0.9, schedule="cosine"),
)
CNN = Experiment(
    data=DATA,
    model=ModelSpec(
        conv=(ConvBlock(filters=3, kernel_size=5, strides=2, batch_norm=True, dropout=0.3),),
        dense=(DenseBlock(units=12, dropout=0.5),),
    ),
    train=TrainSpec(
        epochs=4,
        batch_size=16,
        augmentation=Augmentation(shift=2, rotate=10, thickness=0.5),
        stopping=Stopping(patience=50),
    ),
)


def run(experiment: Experiment, resume: Arrays | None = None, orders: Orders = Orders.NONE) -> list[Event]:
    said: list[Event] = []
    state = training.Resume(unpack(pack(resume))) if resume else None  # as it comes from disk
    training.train(experiment, few(), said.append, lambda: orders, resume=state)
    return said


def assert_equal(one: Arrays, other: Arrays) -> None:
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint after every chunk."""
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)


@pytest.mark.usefixtures("often")
@pytest.mark.parametrize("experiment", [DENSE, CNN], ids=["dense", "cnn"])
def test_going_on_is_exact_from_any_moment(experiment: Experiment) -> None:
    whole = run(experiment)
    checkpoints = every(Checkpoint, whole)
    within = [one for one in checkpoints if one.step]
    for one in (within[0], within[len(within) // 2], checkpoints[len(checkpoints) // 2], checkpoints[-1]):
        rest = run(experiment, one.arrays)
        assert not every(Started, rest)
        assert_equal(kept(rest), kept(whole))
        ends = {end.epoch: (end.loss, end.accuracy, end.val_loss, end.val_accuracy) for end in every(EpochEnd, whole)}
        for end in every(EpochEnd, rest):
            assert (end.loss, end.accuracy, end.val_loss, end.val_accuracy) == pytest.approx(ends[end.epoch], rel=1e-6)


@pytest.mark.usefixtures("often")
def test_a_history_that_goes_on_reads_as_one() -> None:
    whole = run(DENSE)
    at = [i for i, event in enumerate(whole) if isinstance(event, Checkpoint) and event.step][-3]
    checkpoint = whole[at]
    assert isinstance(checkpoint, Checkpoint)
    # three more events were said before the worker died
    history = History.of([*whole[: at + 4], *run(DENSE, checkpoint.arrays)])
    places = [(batch.epoch, batch.step) for batch in history.batches]
    assert places == sorted(set(places))
    assert [end.epoch for end in history.epochs] == [probe.epoch for probe in history.probes] == [1, 2, 3, 4]
    assert [round(batch.seconds, 3) for batch in history.batches] == sorted(
        round(b.seconds, 3) for b in history.batches
    )
    assert history.finished
    assert_equal(history.finished.arrays, kept(whole))


def test_more_epochs_of_a_finished_run_are_those_of_a_longer_one() -> None:
    constant = DENSE.changed({"train.schedule": "constant"})
    last = every(Checkpoint, run(constant))[-1]
    longer = run(constant.changed({"train.epochs": 6}))
    more = run(constant, last.arrays, Orders(epochs=6))
    assert every(Steered, more)[0] == Steered(
        epoch=5, step=0, epochs=6, learning_rate=None, paused=False, seconds=every(Steered, more)[0].seconds
    )
    assert_equal(kept(more), kept(longer))


@pytest.mark.parametrize("stopping", [Stopping(target_accuracy=0.15), Stopping(patience=1)], ids=["target", "patience"])
def test_a_stopping_rule_that_had_its_say_leaves_further_epochs_alone(stopping: Stopping) -> None:
    spec = DENSE.changed({"train.epochs": 40, "train.learning_rate": 0.3, "train.stopping": stopping.model_dump()})
    first = run(spec)
    ended = every(Finished, first)[0]
    assert ended.reason in ("target", "patience")
    more = run(spec, every(Checkpoint, first)[-1].arrays, Orders(epochs=ended.epochs + 2))
    assert every(Finished, more)[0].reason == "all_epochs"
    assert every(Finished, more)[0].epochs == ended.epochs + 2


def test_best_weights_give_the_best_epochs_validation_loss_also_after_going_on() -> None:
    spec = DENSE.changed({"train.epochs": 12, "train.learning_rate": 0.3, "train.stopping": {"patience": 50}})
    whole = run(spec)
    best = min(every(EpochEnd, whole), key=lambda end: end.val_loss)
    assert 1 < best.epoch < 12
    after = next(one for one in every(Checkpoint, whole) if one.epoch == best.epoch + 1)
    for events in (whole, run(spec, after.arrays)):
        assert every(Finished, events)[0].kept_epoch == best.epoch
        assert_equal(kept(events), kept(whole))
        validation = few().train[split(few().train, DATA, 0).validation]
        found = Evaluation.of(validation.labels, Network(spec.model, kept(events)).probabilities(validation.images))
        assert found.loss == pytest.approx(best.val_loss, abs=1e-6)


def test_a_checkpoint_of_another_network_is_refused() -> None:
    arrays = every(Checkpoint, run(DENSE.changed({"train.epochs": 1})))[-1].arrays
    with pytest.raises(SpecError, match=r"^the checkpoint does not belong to this experiment"):
        run(CNN, arrays)


# Orders


def steered(experiment: Experiment, orders: Any, monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """What is said when `orders` (a function of what was said) is asked after every chunk."""
    said: list[Event] = []
    monkeypatch.setattr(training, "ORDERS_SECONDS", 0.0)
    monkeypatch.setattr(training, "PAUSED_SECONDS", 0.0)
    training.train(experiment, few(), said.append, lambda: orders(said))
    return said


def test_a_learning_rate_set_by_hand_applies_at_once_and_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    def orders(said: list[Event]) -> Orders:
        return Orders(learning_rate=0.002 if len(every(EpochEnd, said)) >= 2 else None)

    events = steered(DENSE.changed({"train.schedule": "constant"}), orders, monkeypatch)
    (change,) = every(Steered, events)
    assert (change.epoch, change.step, change.learning_rate) == (3, 0, 0.002)
    for batch in every(BatchEnd, events):
        assert batch.learning_rate == pytest.approx(0.05 if batch.epoch < 3 else 0.002)
    assert History.of(events).rate_changes == [(2.0, 0.002)]


def test_a_pause_waits_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    def orders(said: list[Event]) -> Orders:
        nonlocal asked
        asked += bool(every(Steered, said))
        return Orders(pause=bool(every(BatchEnd, said)) and asked < 5)

    events = steered(DENSE, orders, monkeypatch)
    pause, on = every(Steered, events)
    assert (pause.paused, on.paused) == (True, False)
    assert (pause.epoch, pause.step) == (on.epoch, on.step)
    between = events[events.index(pause) : events.index(on)]
    assert not every(BatchEnd, between)
    assert every(Checkpoint, between)
    assert_equal(kept(events), kept(run(DENSE)))


def test_a_paused_training_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    def orders(said: list[Event]) -> Orders:
        return Orders(pause=True, stop=bool(every(Steered, said)))

    events = steered(DENSE, orders, monkeypatch)
    assert every(Finished, events)[0].reason == "stopped"
    assert not History.of(events).paused


@pytest.mark.parametrize(("epochs", "done"), [(6, 6), (2, 2), (1, 2)])
def test_epochs_are_added_and_taken_away_while_it_trains(
    epochs: int, done: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def orders(said: list[Event]) -> Orders:
        begun = [batch for batch in every(BatchEnd, said) if batch.epoch == 2]
        return Orders(epochs=epochs if begun else None)

    events = steered(DENSE.changed({"train.batch_size": 4}), orders, monkeypatch)
    assert every(Finished, events)[0].epochs == done
    assert History.of(events).done == 1.0


# What is looked at


def test_a_probe_an_epoch_says_how_the_network_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing = np.zeros((28, 28), np.uint8)
    said: list[Event] = []
    training.train(DENSE, few(), said.append, lambda: Orders.NONE, drawing=drawing)
    (started,), probes = every(Started, said), every(Probe, said)
    assert started.arrays["images"].shape == (len(started.arrays["labels"]) + 1, 28, 28)
    np.testing.assert_array_equal(started.arrays["images"][-1], drawing)
    assert list(started.arrays["labels"]) == sorted(set(started.arrays["labels"]))
    assert [probe.epoch for probe in probes] == [1, 2, 3, 4]
    for probe in probes:
        np.testing.assert_allclose(np.sum(probe.probabilities, axis=1), 1, atol=1e-4)
        assert len(probe.probabilities) == len(started.arrays["images"])
