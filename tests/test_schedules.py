"""Learning rates over a training, against values worked out by hand."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from mnistlab.experiment import Schedule, TrainSpec
from mnistlab.schedules import SCHEDULES, WARM_UP, learning_rates


def whole(schedule: Schedule, epochs: int = 4, steps: int = 25, rate: float = 0.5) -> np.ndarray:
    """The rates of all steps of a training, one epoch after the other."""
    train = TrainSpec(epochs=epochs, learning_rate=rate, schedule=schedule)
    return np.concatenate([learning_rates(train, steps, epoch) for epoch in range(1, epochs + 1)])


def test_every_schedule_an_experiment_may_name_exists() -> None:
    assert set(SCHEDULES) == set(get_args(Schedule))


@pytest.mark.parametrize("schedule", get_args(Schedule))
def test_rates_are_float32_above_zero_and_never_more_than_asked(schedule: Schedule) -> None:
    rates = whole(schedule)
    assert rates.dtype == np.float32
    assert rates.shape == (100,)
    assert (rates > 0).all()
    assert rates.max() <= 0.5


@pytest.mark.parametrize("schedule", get_args(Schedule))
def test_rate_depends_on_the_part_done_and_not_on_the_epochs(schedule: Schedule) -> None:
    np.testing.assert_array_equal(whole(schedule, epochs=4, steps=25), whole(schedule, epochs=10, steps=10))


def test_constant_stays() -> None:
    assert (whole("constant") == 0.5).all()


def test_step_falls_to_a_tenth_at_half_and_at_three_quarters() -> None:
    np.testing.assert_allclose(whole("step"), np.repeat([0.5, 0.05, 0.005], [50, 25, 25]), rtol=1e-6)


def test_exponential_falls_by_the_same_factor_each_step() -> None:
    rates = whole("exponential")
    np.testing.assert_allclose(rates[1:] / rates[:-1], 0.01**0.01, rtol=1e-5)
    assert rates[50] == pytest.approx(0.05)


def test_cosine_starts_whole_is_half_in_the_middle_and_ends_near_zero() -> None:
    rates = whole("cosine")
    assert (rates[0], rates[50]) == pytest.approx((0.5, 0.25))
    assert rates[99] < 0.001
    assert (np.diff(rates) < 0).all()


def test_one_cycle_rises_then_falls() -> None:
    rates, top = whole("one_cycle"), round(100 * WARM_UP)
    assert rates[0] == pytest.approx(0.02)
    assert rates[top] == pytest.approx(0.5)
    assert (np.diff(rates[: top + 1]) > 0).all()
    assert (np.diff(rates[top:]) < 0).all()


def test_single_step_is_trained_with_the_start_of_the_schedule() -> None:
    assert whole("exponential", epochs=1, steps=1).tolist() == [0.5]


@pytest.mark.parametrize(
    ("schedule", "part"),
    [("constant", 1.0), ("step", 0.01), ("exponential", 0.01), ("cosine", 0.01), ("one_cycle", 0.01)],
)
def test_added_epochs_still_move_the_weights(schedule: Schedule, part: float) -> None:
    train = TrainSpec(epochs=4, learning_rate=0.5, schedule=schedule)
    np.testing.assert_allclose(learning_rates(train, 25, 5), part * 0.5, rtol=1e-6)
    np.testing.assert_allclose(learning_rates(train, 25, 9, by_hand=2.0), part * 2.0, rtol=1e-6)
