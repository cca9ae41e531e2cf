"""How the learning rate changes over a training: each schedule is a factor from the part of the training done."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .experiment import Schedule, TrainSpec

Floats = NDArray[np.float64]

AFTER = 0.01  # least part of the rate that added epochs have: cosine and one cycle end at 0, and nothing would move any more
WARM_UP = 0.3  # part of a one-cycle training that rises; L. Smith, N. Topin, arXiv:1708.07120


def _one_cycle(done: Floats) -> Floats:
    rising = 0.04 + 0.96 * done / WARM_UP
    falling = 0.5 * (1 + np.cos(np.pi * (done - WARM_UP) / (1 - WARM_UP)))
    return np.where(done < WARM_UP, rising, falling)


SCHEDULES: dict[Schedule, Callable[[Floats], Floats]] = {
    "constant": np.ones_like,
    "step": lambda done: np.where(done < 0.5, 1.0, np.where(done < 0.75, 0.1, 0.01)),
    "exponential": lambda done: 0.01**done,
    "cosine": lambda done: 0.5 * (1 + np.cos(np.pi * done)),  # arXiv:1608.03983
    "one_cycle": _one_cycle,
}


def learning_rates(
    train: TrainSpec, steps_per_epoch: int, epoch: int, by_hand: float | None = None
) -> NDArray[np.float32]:
    """The learning rate of each step of an epoch (the first is 1), float32 (steps_per_epoch,).

    A rate set `by_hand` stands in for the experiment's. In epochs added to the experiment's the schedule stays at its end,
    but not below a hundredth of the rate.
    """
    steps = np.arange(steps_per_epoch) + (epoch - 1) * steps_per_epoch
    done = np.minimum(steps / (steps_per_epoch * train.epochs), 1.0)
    rate = train.learning_rate if by_hand is None else by_hand
    least = AFTER if epoch > train.epochs else 0.0
    return (rate * np.maximum(SCHEDULES[train.schedule](done), least)).astype(np.float32)
