"""How long a training takes to follow: the first point of a new one, and pause, resume, learning rate and stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from mnistlab.presets import PRESETS
from mnistlab.runs import Run

from . import Figure
from .lab import Lab, lab

NAME = "orders"
PATIENCE_SECONDS = 60
ORDERS: dict[str, tuple[dict[str, Any], Callable[[Run], object]]] = {
    "learning rate": ({"learning_rate": 1e-4}, lambda run: run.history.learning_rate == 1e-4),
    "pause": ({"pause": True}, lambda run: run.history.paused),
    "resume": ({"pause": False}, lambda run: not run.history.paused),
    "stop": ({"stop": True}, lambda run: run.history.finished),
}
"""Each order, and what the run's written events say once it is followed."""


def measure(times: int) -> list[Figure]:
    """The slowest of the classics for each order, the median of `times` for every one."""
    names = [name for name in PRESETS if name.startswith("classic-")]
    with lab() as here:
        found = {name: [_seconds(here, name) for _ in range(times)] for name in names}
    figures = []
    for order in ("first point", *ORDERS):
        each = {name: sorted(one[order] for one in many)[len(many) // 2] for name, many in found.items()}
        aim = "≤ 1.5 s" if order == "first point" else "≤ 0.5 s"
        figures.append(
            Figure(f"{order}, seconds until the run's events say so, slowest", max(each.values()), aim, each)
        )
    return figures


def _seconds(here: Lab, name: str) -> dict[str, float]:
    began = time.perf_counter()
    run = here.engine.submit(PRESETS[name].experiment, "bench", here.dataset.sha256)
    _until(lambda: run.history.batches)
    found = {"first point": time.perf_counter() - began}
    for order, (change, followed) in ORDERS.items():
        time.sleep(1.0)  # amid the training, as a person would
        began = time.perf_counter()
        here.engine.steer(run.id, **change)
        _until(lambda followed=followed: followed(run))  # type: ignore[misc]
        found[order] = time.perf_counter() - began
    here.engine.wait(run.id)
    return found


def _until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing happened for {PATIENCE_SECONDS} s")
        time.sleep(0.005)
