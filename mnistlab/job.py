"""What runs elsewhere, in a worker process or in the scheduler: the frame around a job. Knows no Keras and no pages.

A job says things over a Dask topic named after its run, and asks for its orders in a Dask variable named after this
attempt at it: one that goes on at once after it ended must not meet the end of the variable of before.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psutil
from distributed import Client, Variable, get_worker

from .events import Event, Orders, pack, to_dict, unpack
from .experiment import Experiment

TRAIN = "mnistlab.worker.tasks:train"
OVER_SECONDS = 10.0  # what is not there after this is not on its way any more
TAKEN_BACK = None  # in place of orders: nobody listens to this run any more


def topic(run_id: str) -> str:
    return f"mnistlab-{run_id}"


def orders_of(key: str, client: Client | None = None) -> Variable:
    """What the person wants of the task with this key."""
    return Variable(f"mnistlab-orders-{key}", client=client)


def begun(key: str, client: Client | None = None) -> Variable:
    """Whether some worker has begun the task with this key."""
    return Variable(f"mnistlab-begun-{key}", client=client)


def forget(name: str, dask_scheduler: Any = None) -> None:
    """In the scheduler: let go what was said on a topic."""
    dask_scheduler._broker.truncate(name)


def call(name: str, *arguments: Any) -> Any:
    """Call `module:function` by name, so that only the worker imports it."""
    module, _, function = name.partition(":")
    called: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return called(*arguments)


class TakenBack(Exception):
    """The run was cancelled while this job was already starting."""


class WorkerLost(Exception):
    """The job was begun before, by a worker that died."""


def train(
    key: str, run_id: str, experiment: str, digits: str, drawing: bytes | None, resume: tuple[bytes, str] | None
) -> int:
    """A training; arrays come packed, as they lie on disk."""
    drawn = unpack(drawing)["drawing"] if drawing else None
    state = (unpack(resume[0]), resume[1]) if resume else None
    return work(key, run_id, TRAIN, Experiment.from_json(experiment), digits, drawn, state)


def work(key: str, run_id: str, task: str, *arguments: Any) -> int:
    """Do a task of the worker's; it gets a way to say things and a way to ask for orders after its own arguments.

    Returns the bytes of memory that the worker's process then holds.
    """
    worker, orders, started = get_worker(), orders_of(key), begun(key)
    # when a worker dies, Dask gives all its jobs to the next one: right for those that waited, not for the one that
    # may have killed it
    try:
        if started.get(timeout=OVER_SECONDS):
            raise WorkerLost
    except TimeoutError:  # it was over before, and only its result was lost with the worker that had it
        return 0
    started.set(True)

    def emit(event: Event) -> None:
        message: dict[str, Any] = {"event": to_dict(event)}
        if arrays := getattr(event, "arrays", None):
            message["arrays"] = pack(arrays)
        worker.log_event(topic(run_id), message)

    def control() -> Orders:
        if (values := orders.get()) is TAKEN_BACK:
            raise TakenBack
        return Orders(**values)

    with suppress(TakenBack):
        call(task, *arguments, emit, control)
    return int(psutil.Process().memory_info().rss)
