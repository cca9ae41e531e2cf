"""Several runs on a scheduler elsewhere: how much more two workers of one thread do than one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from mnistlab.data import sources
from mnistlab.engine import Engine
from mnistlab.experiment import Experiment
from mnistlab.presets import PRESETS
from mnistlab.runs import RunStore

from . import Figure

NAME = "workers"
PRESET, RUNS, EPOCHS = "classic-dense-128-64", 4, 4
ROOT = Path(__file__).resolve().parent.parent
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}


def measure(times: int) -> list[Figure]:
    """Seconds for four runs with one worker ÷ with two; loading Keras and the first run of each worker not counted."""
    one, two = (median(_seconds(workers) for _ in range(times)) for workers in (1, 2))
    details = {"one_seconds": one, "two_seconds": two}
    return [Figure("throughput of two one-thread workers ÷ one", one / two, "≥ 1.7", details)]


def _seconds(workers: int) -> float:
    dataset, experiment = sources.load(), PRESETS[PRESET].experiment.changed({"train.epochs": EPOCHS})
    with tempfile.TemporaryDirectory(prefix="mnistlab-bench-") as folder, _cluster(workers, folder) as address:
        engine = Engine(RunStore(Path(folder) / "runs"), address)
        try:
            _train(engine, [experiment.changed({"train.epochs": 1})] * 2 * workers, dataset.sha256)  # all are warm
            began = time.perf_counter()
            _train(engine, [experiment] * RUNS, dataset.sha256)
            return time.perf_counter() - began
        finally:
            engine.close()


def _train(engine: Engine, experiments: list[Experiment], digits: str) -> None:
    for run in [engine.submit(experiment, "bench", digits) for experiment in experiments]:
        engine.wait(run.id)
        if run.status != "finished":
            raise RuntimeError(run.kept)


@contextmanager
def _cluster(workers: int, folder: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    scheduler = ("scheduler", "--host", "127.0.0.1", "--port", str(port), "--dashboard-address", "127.0.0.1:0")
    worker = ("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", folder)
    started = [_start(*arguments) for arguments in (scheduler, *[worker] * workers)]
    try:
        yield address
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def _start(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        env={**os.environ, **ONE_THREAD, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
