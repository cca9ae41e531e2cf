"""What the engine may ask of a worker process, by name."""

from __future__ import annotations

import os
from functools import cache, lru_cache

from ..data import sources
from ..data.digits import Dataset
from ..events import Control, Emit, Orders
from ..experiment import DataSpec, Experiment, SpecError, TrainSpec


@cache
def _settle() -> None:
    """Low priority, once a process: with TensorFlow on all cores the pages must still answer at once."""
    if hasattr(os, "nice"):
        os.nice(15)


@lru_cache(maxsize=1)
def _dataset(digits: str) -> Dataset:
    """The digits this machine has, if they are the ones with this sha256. Raises `SpecError` when not."""
    found = sources.load()
    if found.sha256 != digits:
        raise SpecError(
            f"the worker has other digits than this page (its own are from {found.source}); reload the page"
        )
    return found


def warm_up() -> None:
    """Import Keras and compile a first training step, so that the next job answers at once."""
    _settle()
    from . import training

    small = sources.read_sample()[:200]
    warm = Dataset(train=small, test=small[:10], source="sample")
    spec = Experiment(data=DataSpec(validation_images=10), train=TrainSpec(epochs=1, batch_size=64))
    training.train(spec, warm, lambda event: None, lambda: Orders.NONE)


def train(experiment: Experiment, digits: str, emit: Emit, control: Control) -> None:
    """Train `experiment` on the digits with this sha256."""
    _settle()
    from . import training

    try:
        training.train(experiment, _dataset(digits), emit, control)
    finally:
        training.keras.backend.clear_session()  # or every model ever built stays in memory
