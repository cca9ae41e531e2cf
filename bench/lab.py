"""Trainings as the app runs them: by the engine, watched twice a second."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mnistlab.data import sources
from mnistlab.data.digits import Dataset
from mnistlab.engine import Engine, EngineError
from mnistlab.experiment import Experiment
from mnistlab.figures.curves import learning
from mnistlab.runs import Run, RunStore

LOOK_SECONDS = 0.5  # as the monitor does


class Lab:
    """An engine with a warm worker and a store of its own."""

    def __init__(self, engine: Engine, dataset: Dataset) -> None:
        self.engine, self.dataset = engine, dataset

    def train(self, experiment: Experiment, *, watched: bool = True) -> Run:
        """Train to the end; with `watched` the curves are drawn meanwhile. Raises `EngineError` when it fails."""
        run = self.engine.submit(experiment, "bench", self.dataset.sha256)
        while not self.engine.wait(run.id, LOOK_SECONDS):
            if watched:
                for what in ("loss", "accuracy"):
                    learning(run.history, what).to_json()
        if run.history.finished is None:
            raise EngineError(run.kept)
        return run


@contextmanager
def lab() -> Iterator[Lab]:
    """A lab that is warm: its worker has Keras loaded and has trained once."""
    dataset = sources.load()
    with tempfile.TemporaryDirectory(prefix="mnistlab-bench-") as folder:
        engine = Engine(RunStore(Path(folder)))
        try:
            found = Lab(engine, dataset)
            found.train(Experiment().changed({"train.epochs": 1, "data.train_images": 1000}))
            yield found
        finally:
            engine.close()


def epoch_seconds(run: Run) -> float:
    """Mean seconds an epoch, the first with its tracing left out: training, validation, checkpoint and events."""
    ends = {batch.epoch: batch.seconds for batch in run.history.batches}  # the last chunk of each epoch
    first, last = min(ends), max(ends)
    return (ends[last] - ends[first]) / (last - first)
