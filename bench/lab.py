"""Trainings as the app runs them: by the engine, watched as on the Train page."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.testing.v1 import AppTest

from mnistlab.data.digits import Dataset
from mnistlab.engine import Engine, EngineError
from mnistlab.experiment import Experiment
from mnistlab.runs import Run
from mnistlab.ui import cache
from mnistlab.ui.monitor import SECONDS

SCRIPT_SECONDS = 60
RIGHT_HALF = """\
from mnistlab.ui import cache, monitor

if __name__ == "__main__":  # a worker that starts meanwhile imports this too
    monitor.watch(None)
    cache.settle("Train")  # as the frame does
"""


class Lab:
    """The app's engine with a warm worker, and its store in a folder of its own."""

    def __init__(self, engine: Engine, dataset: Dataset) -> None:
        self.engine, self.dataset = engine, dataset

    def train(self, experiment: Experiment, *, watched: bool = True) -> Run:
        """Train to the end; with `watched` the page's right half is drawn meanwhile. Raises `EngineError` when it fails."""
        run = self.engine.submit(experiment, "bench", self.dataset.sha256)
        page = AppTest.from_string(RIGHT_HALF, default_timeout=SCRIPT_SECONDS)
        page.query_params["run"] = run.id
        while not self.engine.wait(run.id, SECONDS):
            if watched and page.run().exception:
                raise EngineError(page.exception[0].value)
        if run.history.finished is None:
            raise EngineError(run.kept)
        return run


@contextmanager
def lab() -> Iterator[Lab]:
    """A lab that is warm: its worker has Keras loaded and has trained once."""
    with tempfile.TemporaryDirectory(prefix="mnistlab-bench-") as folder:
        os.environ["MNISTLAB_RUNS"] = folder
        st.cache_resource.clear()
        try:
            found = Lab(cache.engine(), cache.dataset())
            found.train(Experiment().changed({"train.epochs": 1, "data.train_images": 1000}))
            yield found
        finally:
            cache.engine().close()


def epoch_seconds(run: Run) -> float:
    """Mean seconds an epoch, the first with its tracing left out: training, validation, checkpoint and events."""
    ends = {batch.epoch: batch.seconds for batch in run.history.batches}  # the last chunk of each epoch
    first, last = min(ends), max(ends)
    return (ends[last] - ends[first]) / (last - first)
