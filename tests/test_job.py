"""The frame around a job, with a worker that only remembers what was said to it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mnistlab import job
from mnistlab.events import Control, Emit, Failed, Finished, Orders, unpack

GONE = object()  # the variable was deleted


class Remembered:
    """A Dask variable in this process."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def get(self, timeout: float | None = None) -> Any:
        if self.value is GONE:
            raise TimeoutError
        return self.value

    def set(self, value: Any) -> None:
        self.value = value


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    told: list[tuple[str, dict[str, Any]]] = []
    worker = SimpleNamespace(log_event=lambda topic, message: told.append((topic, message)))
    monkeypatch.setattr(job, "get_worker", lambda: worker)
    return told


def orders(monkeypatch: pytest.MonkeyPatch, values: Any, begun: Any = False) -> Remembered:
    started = Remembered(begun)
    monkeypatch.setattr(job, "orders_of", lambda key: Remembered(values))
    monkeypatch.setattr(job, "begun", lambda key: started)
    return started


def speak(text: str, emit: Emit, control: Control) -> None:
    """A task: says its orders and some weights."""
    emit(Failed(message=f"{text} {control().stop}"))
    emit(Finished(reason="stopped", epochs=1, kept_epoch=1, arrays={"w": np.arange(3, dtype=np.float32)}))


NAME = "tests.test_job:speak"


def test_a_task_says_what_it_has_to_say_and_reads_its_orders(
    said: list[tuple[str, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    started = orders(monkeypatch, {"stop": True})
    assert job.work("key", "r1", NAME, "stop:") > 0  # bytes of memory
    assert started.value is True
    assert [topic for topic, _ in said] == ["mnistlab-r1"] * 2
    assert said[0][1]["event"]["message"] == "stop: True"
    np.testing.assert_array_equal(unpack(said[1][1]["arrays"])["w"], [0, 1, 2])


def test_a_task_begun_by_a_worker_that_died_is_not_done_again(
    said: list[tuple[str, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    orders(monkeypatch, {}, begun=True)
    with pytest.raises(job.WorkerLost):
        job.work("key", "r1", NAME, "")
    assert said == []


def test_a_task_that_was_over_before_is_not_done_again(
    said: list[tuple[str, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    orders(monkeypatch, {}, begun=GONE)
    assert job.work("key", "r1", NAME, "") == 0
    assert said == []


def test_a_task_taken_back_ends_quietly(
    said: list[tuple[str, dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    orders(monkeypatch, job.TAKEN_BACK)
    job.work("key", "r1", NAME, "")
    assert said == []


def test_orders_are_those_that_were_sent() -> None:
    assert Orders(stop=False, pause=True, learning_rate=0.1, epochs=3) == Orders(
        pause=True, learning_rate=0.1, epochs=3
    )
