"""What the engine may ask of a worker, in this process."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mnistlab.data import sources
from mnistlab.events import Event, Finished, Orders, Started
from mnistlab.experiment import DataSpec, Experiment, SpecError, TrainSpec
from mnistlab.worker import tasks
from tests.training import every

pytestmark = pytest.mark.slow

SHORT = Experiment(data=DataSpec(train_images=50, validation_images=10), train=TrainSpec(epochs=1))


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own process keeps its priority, and no test sees the digits another one loaded."""
    monkeypatch.setattr(os, "nice", lambda by: by)
    tasks._loaded.cache_clear()


def run(digits: str) -> list[Event]:
    events: list[Event] = []
    tasks.train(SHORT, digits, None, None, events.append, lambda: Orders.NONE)
    return events


def test_training_uses_the_digits_it_was_asked_to() -> None:
    assert every(Finished, run(sources.load().sha256))


def test_other_digits_than_the_pages_are_refused() -> None:
    with pytest.raises(SpecError, match=r"^the worker has other digits than this page \(its own are from sample\)"):
        run("0" * 64)


def test_digits_that_came_later_are_found(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert every(Finished, run(sources.load().sha256))
    later, few = lab / "later.npz", sources.read_sample()[:100]
    np.savez(later, x_train=few.images, y_train=few.labels, x_test=few.images, y_test=few.labels)
    monkeypatch.setenv("MNISTLAB_DATA", str(later))
    assert every(Started, run(sources.load().sha256))[0].digits != sources.read_sample().sha256


def test_warm_up_trains_without_a_word(capfd: pytest.CaptureFixture[str]) -> None:
    tasks.warm_up()
    assert capfd.readouterr().out == ""
