"""Small trainings that several tests start from, in this process and without an engine."""

from __future__ import annotations

from typing import Any, TypeVar

from mnistlab.data.digits import Dataset
from mnistlab.data.sources import read_sample
from mnistlab.events import Arrays, Event, Finished, Orders
from mnistlab.experiment import DataSpec, Experiment, ModelSpec, TrainSpec

Kind = TypeVar("Kind", bound=Event)


def few(train: int = 200, test: int = 20) -> Dataset:
    """Real digits: the first `train` and the next `test` of the sample."""
    sample = read_sample()
    return Dataset(sample[:train], sample[train : train + test], source="sample")


def trained(
    model: ModelSpec,
    train: TrainSpec | None = None,
    *,
    dataset: Dataset | None = None,
    **data: Any,
) -> list[Event]:
    """Everything the loop says while it trains `model`; 20 digits are for validation unless `data` says otherwise."""
    from mnistlab.worker import training

    events: list[Event] = []
    spec = Experiment(
        data=DataSpec(**{"validation_images": 20, **data}), model=model, train=train or TrainSpec(epochs=1)
    )
    training.train(spec, dataset or few(), events.append, lambda: Orders.NONE)
    return events


def every(kind: type[Kind], events: list[Event]) -> list[Kind]:
    return [event for event in events if isinstance(event, kind)]


def kept(events: list[Event]) -> Arrays:
    """The weights a finished training kept."""
    (finished,) = every(Finished, events)
    return finished.arrays
