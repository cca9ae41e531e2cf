"""Waiting for another process without saying how fast it must be."""

from __future__ import annotations

import time
from collections.abc import Callable

from mnistlab.engine import Engine
from mnistlab.runs import Run

PATIENCE = 90  # seconds that a slow machine may take for anything


def until(holds: Callable[[], object]) -> None:
    """Wait until something holds; the test fails when it never does."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def done(engine: Engine, run: Run) -> Run:
    """The run when its engine is done with it."""
    assert engine.wait(run.id, PATIENCE), f"the run is still {run.status}"
    return run
