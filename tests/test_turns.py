"""Whose turn it is, how long it may take, and who is refused."""

from __future__ import annotations

import pytest

from mnistlab.events import BatchEnd, Started
from mnistlab.experiment import DataSpec, Experiment, TrainSpec
from mnistlab.limits import Limits
from mnistlab.runs import Run, RunStore
from mnistlab.turns import USUAL, about, left, refusal, turn

SPEC = Experiment(data=DataSpec(train_images=1000), train=TrainSpec(epochs=10))  # 7,840 multiply-adds a digit
WORK = 3 * 7_840 * 1000


@pytest.fixture
def runs() -> list[Run]:
    store = RunStore()
    made = [store.create(SPEC, str(i), visitor="ab" if i else "cd") for i in range(3)]
    store.live |= {run.id for run in made}
    return made


def trains(run: Run) -> None:
    """Half of its epochs in 5 seconds."""
    run.store.record(run.id, Started(digits="", epochs=10, steps=10, train_images=1000, validation_images=10))
    for epoch, seconds in ((1, 1.0), (3, 3.0), (5, 5.0)):
        run.store.record(run.id, BatchEnd(epoch=epoch, step=10, loss=1, accuracy=0, learning_rate=1, seconds=seconds))


def test_a_run_that_never_began_takes_as_long_as_its_work(runs: list[Run]) -> None:
    assert left(runs[0]) == pytest.approx(10 * WORK / USUAL)


def test_a_run_that_trains_is_measured_by_its_own_pace(runs: list[Run]) -> None:
    trains(runs[0])
    assert left(runs[0]) == pytest.approx(5)


def test_the_wait_is_what_those_before_need_at_the_pace_of_the_one_that_trains(runs: list[Run]) -> None:
    trains(runs[0])
    order = [run.id for run in runs]
    assert turn(runs[1], order, runs).sentence == "1 run before it, about 10 seconds"
    last = turn(runs[2], order, runs)
    assert (last.before, last.seconds) == (2, pytest.approx(15))
    assert turn(runs[2], order, runs, workers=2).seconds == pytest.approx(7.5)
    assert turn(runs[0], order, runs).sentence == "next"


def test_other_jobs_in_the_queue_are_not_counted_as_runs(runs: list[Run]) -> None:
    assert turn(runs[0], ["j1", runs[0].id], runs).before == 0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(2, "about 10 seconds"), (44, "about 40 seconds"), (350, "about 6 minutes"), (7200, "about 2 hours")],
)
def test_times_are_told_roughly(seconds: float, words: str) -> None:
    assert about(seconds) == words


def limits(queue: int, visitor: int) -> Limits:
    return Limits(parameters=1, memory=1, seconds=1, queue=queue, runs_a_visitor=visitor)


def test_a_full_queue_refuses_with_its_length_and_the_wait(runs: list[Run]) -> None:
    trains(runs[0])
    assert refusal(runs, "xy", limits(3, 3)).startswith(
        "3 runs wait or run, about 20 seconds: this one was not taken on."
    )
    assert refusal(runs, "xy", limits(4, 3)) == ""


def test_a_visitor_has_so_many_at_once(runs: list[Run]) -> None:
    assert refusal(runs, "ab", limits(50, 2)).startswith("2 runs of yours are not over")
    assert refusal(runs, "cd", limits(50, 2)) == ""
