"""Seconds an epoch: what was measured here corrects what is estimated."""

from __future__ import annotations

import pytest

from mnistlab import pace
from mnistlab.events import BatchEnd, EpochEnd, Event, Started
from mnistlab.experiment import Augmentation, ConvBlock, DenseBlock, Experiment, ModelSpec
from mnistlab.history import History
from mnistlab.presets import PRESETS

DENSE = PRESETS["classic-dense-512"].experiment
STARTED = Started(digits="", epochs=9, steps=10, train_images=1280, validation_images=10)


def batch(epoch: int, step: int, seconds: float) -> BatchEnd:
    return BatchEnd(epoch=epoch, step=step, loss=1.0, accuracy=0.5, learning_rate=0.1, seconds=seconds)


def epoch(number: int, seconds: float) -> EpochEnd:
    return EpochEnd(epoch=number, loss=1, accuracy=0.5, val_loss=1, val_accuracy=0.5, seconds=seconds)


def test_estimate_is_counted_by_step_weight_and_image() -> None:
    regression = Experiment()  # 7,850 weights; 784 + 784 + 10 + 10 numbers and 7,840 multiply-adds an image
    each = pace.DENSE * 7_840 + pace.NUMBER * 1588
    steps = pace.STEP + pace.WEIGHT * 7_850 * 4  # weights, gradients and Adam's two
    assert pace.estimate(regression, 1000) == pytest.approx(1000 * each + 8 * steps)


def test_convolutions_and_augmentation_cost_their_own() -> None:
    plain = Experiment(model=ModelSpec(conv=(ConvBlock(filters=1, kernel_size=1),), head="average"))
    changed = plain.changed({"train.augmentation": Augmentation(thickness=0.5).model_dump()})
    assert pace.estimate(changed, 100) - pace.estimate(plain, 100) == pytest.approx(100 * pace.AUGMENT)
    more = plain.changed({"model.conv.0.filters": 2})
    assert pace.estimate(more, 1) - pace.estimate(plain, 1) == pytest.approx(
        pace.CONVOLUTION * 784 + pace.DENSE * 10 + pace.NUMBER * 785 + pace.WEIGHT * 4 * 12
    )


@pytest.mark.parametrize(
    ("events", "seconds"),
    [
        ([], None),
        ([STARTED], None),
        ([STARTED, batch(1, 1, 3.0), batch(1, 2, 3.1)], None),
        # the first step took 3 s to compile; eight more took 0.8
        ([STARTED, batch(1, 1, 3.0), batch(1, 5, 3.4), batch(1, 9, 3.8)], 1.0),
        ([STARTED, epoch(1, 9.0), epoch(2, 2.0), epoch(3, 2.5), epoch(4, 7.0)], 2.5),
    ],
)
def test_measured_is_the_pace_without_compilation(events: list[Event], seconds: float | None) -> None:
    assert pace.measured(History.of(events)) == (seconds if seconds is None else pytest.approx(seconds))


def test_correction_is_the_middle_of_what_was_measured() -> None:
    usual = pace.estimate(DENSE, 1280)
    trained = [
        (DENSE, History.of([STARTED, *(epoch(n, factor * usual) for n in (1, 2, 3))])) for factor in (2.0, 3.0, 9.0)
    ]
    assert pace.correction(trained) == pytest.approx(3.0)


def test_without_a_training_the_first_guess_is_by_arithmetic() -> None:
    assert pace.correction([]) == pace.correction([(DENSE, History.of([STARTED]))]) == pace.first_guess() > 0


def test_larger_networks_take_longer() -> None:
    wide = Experiment(model=ModelSpec(dense=(DenseBlock(units=1024),)))
    assert pace.estimate(wide, 1000) > pace.estimate(DENSE, 1000)
