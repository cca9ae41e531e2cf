"""Whose turn it is: how many runs wait before one, and how long that may take by the pace of those that were trained."""

from __future__ import annotations

from dataclasses import dataclass

from .ledger import Ledger
from .limits import SLOW_MULTIPLY_ADDS, Limits
from .runs import Run

USUAL = 4 * SLOW_MULTIPLY_ADDS  # multiply-adds a second of two laptop cores, until a run shows this machine's own pace


@dataclass(frozen=True)
class Turn:
    """How many are before a run, and the seconds until they are done."""

    before: int
    seconds: float

    @property
    def sentence(self) -> str:
        if not self.before:
            return "next"
        return f"{_runs(self.before)} before it, {about(self.seconds)}"


def turn(run: Run, order: list[str], living: list[Run], workers: int = 1) -> Turn:
    """The turn of a run that waits; `order` are the ids of all that are not over, `living` those of them that are runs."""
    place = order.index(run.id) if run.id in order else len(order)
    before = [one for one in living if one.id in order[:place]]
    pace = _pace(living)
    return Turn(len(before), sum(left(one, pace) for one in before) / workers)


def left(run: Run, pace: float = USUAL) -> float:
    """Seconds that a run will still take: by its own pace once it has one, else by `pace` in multiply-adds a second."""
    history = run.history
    if (known := history.seconds_left) is not None:
        return known
    epochs = history.planned or run.experiment.train.epochs
    return _work(run) * (epochs - len(history.epochs)) / pace


def about(seconds: float) -> str:
    """A time that nobody takes for exact: "about 40 seconds", "about 6 minutes"."""
    if seconds < 90:
        return f"about {max(10, 10 * round(seconds / 10))} seconds"
    return f"about {round(seconds / 60)} minutes" if seconds < 5400 else f"about {round(seconds / 3600)} hours"


def _work(run: Run) -> float:
    """Multiply-adds of an epoch: forward, and backward twice over."""
    started, data = run.history.started, run.experiment.data
    images = started.train_images if started else data.train_images or 55_000
    return 3.0 * Ledger.of(run.experiment.model).multiply_adds * images


def _pace(living: list[Run]) -> float:
    """Of the run that trains now."""
    for run in living:
        history = run.history
        if history.seconds > 2 and history.started:
            return max(1.0, _work(run) * history.done * history.planned / history.seconds)
    return USUAL


def refusal(living: list[Run], visitor: str, limits: Limits) -> str:
    """Why no further run is taken on; empty when one is."""
    if len(living) >= limits.queue:
        pace = _pace(living)
        wait = about(sum(left(run, pace) for run in living))
        return f"{_runs(len(living))} wait or run, {wait}: this one was not taken on. Try again later."
    own = sum(1 for run in living if run.visitor == visitor)
    if own >= limits.runs_a_visitor:
        return f"{_runs(own)} of yours are not over; this lab takes on {limits.runs_a_visitor} a visitor. Stop one, or wait."
    return ""


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"
