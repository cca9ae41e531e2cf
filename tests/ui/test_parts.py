"""Texts that several pages share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st

from mnistlab.events import BatchEnd, EpochEnd, Event, Finished, Started
from mnistlab.experiment import Experiment
from mnistlab.runs import Run, RunStore
from mnistlab.ui import cache, parts, visitors


@pytest.fixture(autouse=True)
def server(lab: Path) -> Iterator[None]:
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (0.4, "0:00"),
        (41.6, "0:42"),
        (59.6, "1:00"),
        (61, "1:01"),
        (3599.4, "59:59"),
        (3599.6, "1:00:00"),
        (3723, "1:02:03"),
    ],
)
def test_duration_is_minutes_and_seconds(seconds: float, text: str) -> None:
    assert parts.duration(seconds) == text


STARTED = Started(digits="", epochs=10, steps=4, train_images=128, validation_images=10)


def batch(epoch: int, step: int, seconds: float) -> BatchEnd:
    return BatchEnd(epoch=epoch, step=step, loss=1.0, accuracy=0.5, learning_rate=0.001, seconds=seconds)


EPOCH = EpochEnd(epoch=1, loss=1.0, accuracy=0.5, val_loss=0.9, val_accuracy=0.9744, seconds=40)


@pytest.fixture
def said(tmp_path: Path) -> Callable[..., Run]:
    """A run that has said these events so far."""

    def run(*events: Event) -> Run:
        store = RunStore(tmp_path / "runs")
        made = store.create(Experiment(), "mine")
        for event in events:
            store.record(made.id, event)
        return made

    return run


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([], "waiting for the worker"),
        ([STARTED], "preparing the network"),
        ([STARTED, batch(1, 2, 1)], "epoch 1 of 10"),
        ([STARTED, batch(1, 2, 1), batch(1, 3, 3), batch(1, 4, 5)], "epoch 1 of 10 · 1:12 left"),  # 36 steps of 2 s
        (
            [STARTED, batch(1, 2, 1), batch(1, 4, 5), EPOCH, batch(2, 4, 13)],
            "epoch 2 of 10 · 97.4 % on validation · 1:04 left",  # 32 steps of 2 s
        ),
        (
            [STARTED, batch(10, 4, 1), EPOCH, Finished(reason="all_epochs", epochs=10, kept_epoch=10)],
            "epoch 10 of 10 · 97.4 % on validation · trying the test digits",
        ),
    ],
)
def test_progress_says_where_the_training_stands(said: Callable[..., Run], events: list[Event], text: str) -> None:
    assert parts.progress_text(said(*events)) == text


def test_living_runs_leave_out_one_whose_folder_is_gone(said: Callable[..., Run]) -> None:
    here = said(STARTED)
    cache.store().live.update({here.id, "r" + 32 * "0"})
    assert visitors.living() == [here]


def test_runs_of_one_name_and_minute_are_told_apart(said: Callable[..., Run]) -> None:
    one, two = said(STARTED), said(STARTED)
    names = parts.run_names([one, two])
    assert list(names) == [one.id, two.id]
    assert len(set(names.values())) == 2
    assert parts.run_names([one])[one.id] in names[one.id]
