"""The training loop against plain Keras, and everything it promises about seeds, events, stopping and unseen digits."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from mnistlab.data.digits import Dataset, Digits, split
from mnistlab.data.sources import read_sample
from mnistlab.evaluation import Evaluation
from mnistlab.events import BatchEnd, Checkpoint, EpochEnd, Evaluated, Event, Failed, Finished, Orders, Probe, Started
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
from mnistlab.schedules import learning_rates
from mnistlab.worker import checkpoint, network, training
from tests.training import every, few, kept, trained

pytestmark = pytest.mark.slow

DENSE = ModelSpec(dense=(DenseBlock(units=32),))
CONV = ModelSpec(conv=(ConvBlock(filters=4, pool=2),), dense=(DenseBlock(units=8),))
RANDOM = ModelSpec(  # everything that draws or remembers
    conv=(ConvBlock(filters=3, kernel_size=5, strides=2, batch_norm=True, dropout=0.3),),
    dense=(DenseBlock(units=12, dropout=0.5),),
)
SGD = {"optimizer": "sgd", "learning_rate": 0.1}


def assert_equal(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def weights(saved: Checkpoint) -> dict[str, np.ndarray]:
    return checkpoint.part(saved.arrays, "weights/")


# The loop and Keras


def with_keras(model: ModelSpec, spec: TrainSpec) -> dict[str, np.ndarray]:
    """The weights after the same epochs with Keras' own `train_on_batch`, on the same order of images."""
    digits = few().train
    digits = digits[split(digits, DataSpec(validation_images=20), spec.seed).train]
    pixels, labels = digits.images[..., None].astype(np.float32) / 255, digits.labels.astype(np.int32)
    optimizer = keras.optimizers.get({"class_name": spec.optimizer, "config": {"learning_rate": spec.learning_rate}})
    optimizer.weight_decay = spec.weight_decay or None
    if spec.momentum:
        optimizer = keras.optimizers.SGD(spec.learning_rate, momentum=spec.momentum, nesterov=spec.nesterov)
    loss: Any = "sparse_categorical_crossentropy"
    if spec.loss == "categorical":
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=spec.label_smoothing)
        labels = np.eye(10, dtype=np.float32)[labels]
    built = network.build(model, spec)
    built.compile(optimizer, loss)
    for epoch in range(1, spec.epochs + 1):
        order = np.random.default_rng((spec.seed, epoch)).permutation(len(digits))
        for at in range(0, len(order), spec.batch_size):
            rows = order[at : at + spec.batch_size]
            built.train_on_batch(pixels[rows], labels[rows])
    return network.weights(built)


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        (DENSE, SGD),
        (CONV, SGD),
        (DENSE, {**SGD, "momentum": 0.9, "nesterov": True}),
        (DENSE, {**SGD, "weight_decay": 0.1}),
        (DENSE, {**SGD, "loss": "categorical", "label_smoothing": 0.2}),
        (DENSE, {"optimizer": "adamw", "weight_decay": 0.1}),
        (CONV, {"optimizer": "rmsprop"}),
        (ModelSpec(dense=(DenseBlock(units=16, batch_norm=True),)), {**SGD, "epochs": 2}),
    ],
)
def test_the_loop_learns_what_keras_learns(model: ModelSpec, changes: dict[str, Any]) -> None:
    spec = TrainSpec(**{"epochs": 1, "batch_size": 32, "seed": 4, **changes})  # 180 digits: the last batch is smaller
    expected, before = with_keras(model, spec), network.weights(network.build(model, spec))
    found = kept(trained(model, spec))
    for name, array in found.items():
        np.testing.assert_allclose(array, expected[name], rtol=0, atol=1e-4, err_msg=name)
    # and something was learned that could have differed
    assert np.abs(found["logits/kernel"] - before["logits/kernel"]).max() > 5e-3


# Seeds


def test_the_same_seed_gives_the_same_weights() -> None:
    spec = TrainSpec(epochs=2, batch_size=16, seed=3, augmentation=Augmentation(shift=2, rotate=10, thickness=0.5))
    one, other = trained(RANDOM, spec), trained(RANDOM, spec)
    assert_equal(kept(one), kept(other))
    assert [epoch.val_loss for epoch in every(EpochEnd, one)] == [epoch.val_loss for epoch in every(EpochEnd, other)]


def test_another_seed_gives_other_weights() -> None:
    one, other = (kept(trained(RANDOM, TrainSpec(epochs=1, seed=seed)))["logits/kernel"] for seed in (1, 2))
    assert not np.allclose(one, other)


# Events


def test_events_come_in_order_and_are_complete() -> None:
    events = trained(DENSE, TrainSpec(epochs=3, batch_size=32))
    letters = {
        Started: "S", BatchEnd: "b", EpochEnd: "E", Probe: "P", Checkpoint: "C", Finished: "F", Evaluated: "V",
    }  # fmt: skip
    assert re.fullmatch("S(b{1,6}EPC){3}FV", "".join(letters[type(event)] for event in events))
    started = every(Started, events)[0]
    assert (started.epochs, started.steps, started.train_images, started.validation_images) == (3, 6, 180, 20)
    assert started.digits == few().sha256
    for epoch, group in itertools.groupby(every(BatchEnd, events), lambda batch: batch.epoch):
        steps = [batch.step for batch in group]
        assert steps == sorted(set(steps)), epoch
        assert steps[-1] == 6, epoch
    assert [event.epoch for event in every(Checkpoint, events)] == [1, 2, 3]
    assert_equal(weights(every(Checkpoint, events)[-1]), kept(events))
    assert every(Finished, events)[0].reason == "all_epochs"


def test_an_epochs_loss_is_the_mean_over_its_images() -> None:
    events = trained(DENSE, TrainSpec(epochs=1, batch_size=32))
    batches, (epoch,) = every(BatchEnd, events), every(EpochEnd, events)
    ends = [0, *(min(32 * batch.step, 180) for batch in batches)]
    images = np.diff(ends)
    assert epoch.loss == pytest.approx(np.average([b.loss for b in batches], weights=images))
    assert epoch.accuracy == pytest.approx(np.average([b.accuracy for b in batches], weights=images))


def test_validation_and_test_figures_are_those_of_the_weights() -> None:
    dataset, spec = few(), TrainSpec(epochs=2, learning_rate=0.01)
    events = trained(RANDOM, spec, dataset=dataset)
    validation = dataset.train[split(dataset.train, DataSpec(validation_images=20), 0).validation]
    for epoch, saved in zip(every(EpochEnd, events), every(Checkpoint, events), strict=True):
        probabilities = Network(RANDOM, weights(saved)).probabilities(validation.images)
        found = Evaluation.of(validation.labels, probabilities)
        assert (epoch.val_loss, epoch.val_accuracy) == (pytest.approx(found.loss, abs=1e-4), found.accuracy)
    (evaluated,) = every(Evaluated, events)
    expected = Network(RANDOM, kept(events)).probabilities(dataset.test.images)
    np.testing.assert_allclose(evaluated.arrays["probabilities"], expected, rtol=0, atol=1e-5)
    assert evaluated.digits == dataset.test.sha256


@pytest.mark.parametrize("schedule", ["constant", "step", "exponential", "cosine", "one_cycle"])
def test_the_learning_rate_follows_its_schedule(schedule: str) -> None:
    spec = TrainSpec(epochs=4, batch_size=32, schedule=schedule, learning_rate=0.005)
    events = trained(DENSE, spec)
    for batch in every(BatchEnd, events):
        assert batch.learning_rate == learning_rates(spec, 6, batch.epoch)[batch.step - 1]
    first, *_, last = every(EpochEnd, events)
    assert last.loss < first.loss


# Everything that can be chosen learns


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "sgd", "learning_rate": 0.1},
        {"optimizer": "sgd", "learning_rate": 0.05, "momentum": 0.9, "nesterov": True},
        {"optimizer": "rmsprop", "momentum": 0.5},
        {"optimizer": "adam"},
        {"optimizer": "adamw"},
        {"optimizer": "adamw", "weight_decay": 0.01},
        {"optimizer": "adagrad", "learning_rate": 0.05},
        {"loss": "categorical"},
        {"loss": "categorical", "label_smoothing": 0.1},
        {"augmentation": Augmentation(shift=1, rotate=5, shear=5, scale=0.1, thickness=0.5)},
        {"batch_size": 180, "learning_rate": 0.01},
        {"batch_size": 1},
    ],
    ids=str,
)
def test_the_loss_falls(changes: dict[str, Any]) -> None:
    first, *_, last = every(EpochEnd, trained(DENSE, TrainSpec(**{"epochs": 5, "batch_size": 16, **changes})))
    assert last.loss < 0.9 * first.loss
    assert last.val_accuracy > 0.2  # ten digits: 0.1 is guessing


def test_both_losses_are_the_same_cross_entropy() -> None:
    one, other = (
        kept(trained(DENSE, TrainSpec(epochs=1, batch_size=32, loss=loss, **SGD)))
        for loss in ("categorical", "sparse_categorical")
    )
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=0, atol=1e-6, err_msg=name)


# Stopping


def stop_when(asked: Callable[[list[Event]], bool], monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """A training told to stop as soon as `asked` holds of what it has said."""
    said: list[Event] = []
    monkeypatch.setattr(training, "ORDERS_SECONDS", 0.0)
    spec = Experiment(data=DataSpec(validation_images=20), model=DENSE, train=TrainSpec(epochs=50, batch_size=16))
    training.train(spec, few(), said.append, lambda: Orders(stop=asked(said)))
    return said


def test_stop_in_the_first_epoch_keeps_the_weights_of_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    events = stop_when(lambda said: bool(every(BatchEnd, said)), monkeypatch)
    (finished,) = every(Finished, events)
    assert (finished.reason, finished.epochs, finished.kept_epoch) == ("stopped", 0, 0)
    assert len(every(BatchEnd, events)) == 1
    untrained = network.weights(network.build(DENSE, TrainSpec()))
    assert not np.array_equal(finished.arrays["logits/kernel"], untrained["logits/kernel"])
    assert every(Evaluated, events)


def test_stop_in_a_later_epoch_says_how_many_were_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    events = stop_when(lambda said: len(every(EpochEnd, said)) == 3, monkeypatch)
    (finished,) = every(Finished, events)
    assert (finished.reason, finished.epochs, finished.kept_epoch) == ("stopped", 3, 3)


@pytest.mark.parametrize("epochs", [40, 3])
def test_patience_keeps_the_weights_of_the_best_epoch(epochs: int) -> None:
    # a rate at which 100 digits are soon learned by heart, so that validation turns
    spec = TrainSpec(epochs=epochs, batch_size=25, learning_rate=0.05, stopping=Stopping(patience=2))
    events = trained(DENSE, spec, dataset=few(120))
    losses = [epoch.val_loss for epoch in every(EpochEnd, events)]
    (finished,) = every(Finished, events)
    best = int(np.argmin(losses)) + 1
    assert finished.kept_epoch == best
    assert_equal(finished.arrays, weights(every(Checkpoint, events)[best - 1]))
    (evaluated,) = every(Evaluated, events)
    expected = Network(DENSE, finished.arrays).probabilities(few(120).test.images)
    np.testing.assert_allclose(evaluated.arrays["probabilities"], expected, rtol=0, atol=1e-5)
    if epochs == 40:
        assert (finished.reason, finished.epochs) == ("patience", best + 2)
        assert finished.epochs < 40
    else:
        assert finished.epochs == 3


def test_target_accuracy_ends_the_training() -> None:
    spec = TrainSpec(epochs=50, batch_size=16, stopping=Stopping(target_accuracy=0.5))
    events = trained(DENSE, spec)
    *before, last = [epoch.val_accuracy for epoch in every(EpochEnd, events)]
    assert last >= 0.5 > max(before, default=0)
    assert every(Finished, events)[0].reason == "target"


def test_the_time_allowed_ends_the_training() -> None:
    spec = TrainSpec(epochs=200, batch_size=1, stopping=Stopping(seconds=1))
    (finished,) = every(Finished, trained(CONV, spec))
    assert finished.reason == "time"
    assert finished.epochs < 200


def test_a_loss_that_is_not_finite_fails_with_its_epoch() -> None:
    deep = ModelSpec(dense=(DenseBlock(units=64, activation="linear"),) * 6)
    events = trained(deep, TrainSpec(epochs=5, batch_size=16, optimizer="sgd", learning_rate=10))
    failed = events[-1]
    assert isinstance(failed, Failed)
    epoch = len(every(EpochEnd, events)) + 1
    assert re.fullmatch(rf"Loss became (NaN|infinite) in epoch {epoch}: try a smaller learning rate\.", failed.message)
    assert not every(Finished, events)


# Digits that must not be learned from


def noise(digits: Digits, rows: slice | np.ndarray) -> Digits:
    images, labels = digits.images.copy(), digits.labels.copy()
    images[rows] = np.random.default_rng(0).integers(0, 256, images[rows].shape, np.uint8)
    labels[rows] = 9 - labels[rows]
    return Digits(images, labels)


def test_validation_and_test_digits_are_never_trained_on() -> None:
    dataset, spec = few(), TrainSpec(epochs=2, batch_size=32)
    rows = split(dataset.train, DataSpec(validation_images=20), spec.seed)
    other = Dataset(noise(dataset.train, rows.validation), noise(dataset.test, slice(None)), source="sample")
    one, two = trained(RANDOM, spec, dataset=dataset), trained(RANDOM, spec, dataset=other)
    assert_equal(kept(one), kept(two))
    assert [e.val_loss for e in every(EpochEnd, one)] != [e.val_loss for e in every(EpochEnd, two)]


def test_training_digits_are_all_trained_on() -> None:
    dataset, spec = few(), TrainSpec(epochs=1, batch_size=32)
    weights = kept(trained(DENSE, spec, dataset=dataset))["dense1/kernel"]
    for row in split(dataset.train, DataSpec(validation_images=20), spec.seed).train[[0, -1]]:
        changed = Dataset(noise(dataset.train, np.array([row])), dataset.test, source="sample")
        assert not np.array_equal(kept(trained(DENSE, spec, dataset=changed))["dense1/kernel"], weights)


def test_the_sample_is_left_out_when_asked() -> None:
    sample = read_sample()
    mixed = Digits(np.concatenate([sample.images[:80], 255 - sample.images[:100]]), sample.labels[np.r_[:80, :100]])
    dataset = Dataset(mixed, sample[:10], source="cache")
    started = every(Started, trained(DENSE, dataset=dataset, leave_out_sample=True))[0]
    assert (started.train_images, started.validation_images) == (80, 20)


def test_more_digits_than_there_are_is_refused() -> None:
    with pytest.raises(SpecError, match="there are 200"):
        trained(DENSE, train_images=190)
