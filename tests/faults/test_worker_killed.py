"""The worker process dies in the middle of a training, or the engine is closed: nothing finished is lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import numpy as np
import pytest

from mnistlab.data import sources
from mnistlab.engine import MAP, Engine
from mnistlab.events import Orders
from mnistlab.experiment import DataSpec, DenseBlock, Experiment, ModelSpec, TrainSpec
from mnistlab.forward import Network
from mnistlab.pca import Components
from mnistlab.runs import Run, RunStore
from tests.waiting import PATIENCE, done, until

pytestmark = pytest.mark.slow

LONG = Experiment(
    data=DataSpec(train_images=3000, validation_images=50),
    model=ModelSpec(dense=(DenseBlock(units=16),)),
    train=TrainSpec(epochs=200, batch_size=8),
)
SHORT = LONG.changed({"train.epochs": 15})


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("killed")
    engine = Engine(RunStore(folder / "runs", shipped=folder / "none"))
    yield engine
    engine.close()


def in_its_second_epoch(engine: Engine, experiment: Experiment = LONG) -> Run:
    run = engine.submit(experiment, "", sources.load().sha256)
    until(lambda: run.history.checkpoint)
    return run


def worker(engine: Engine) -> int:
    """The process that works now; waits while there is none."""
    pids: list[int] = []
    until(lambda: pids.extend(engine._connected().run(os.getpid).values()) or pids)
    return pids[0]


def kill(engine: Engine) -> int:
    os.kill(pid := worker(engine), signal.SIGKILL)
    return pid


def goes_on(engine: Engine, run: Run, before: int = 0) -> None:
    """Wait until the run was taken up again after `before` times, and has trained further."""
    until(lambda: len(run.history.steered) > before)
    position = run.history.steered[-1]
    until(lambda: run.history.batches and run.history.batches[-1].epoch > position.epoch)


def assert_interrupted(engine: Engine, run: Run) -> None:
    assert done(engine, run).status == "interrupted"
    found = RunStore(engine.store.path, engine.store.shipped).open(run.id)  # as the next start of the server finds it
    epoch = found.history.checkpoint.epoch
    assert found.status == "interrupted"
    assert found.kept == run.kept == f"Interrupted after epoch {epoch}. Nothing before it is lost."
    assert [end.epoch for end in found.history.epochs][:epoch] == list(range(1, epoch + 1))
    test = sources.load().test
    assert Network.from_run(found).probabilities(test.images[:5]).shape == (5, 10)
    assert found.evaluation(test).accuracy > 0.3


def test_a_killed_worker_is_followed_by_another_and_the_weights_are_the_same(engine: Engine) -> None:
    whole = done(engine, engine.submit(SHORT, "", sources.load().sha256))
    run = in_its_second_epoch(engine, SHORT)
    killed = kill(engine)
    assert done(engine, run).status == "finished"
    assert worker(engine) != killed
    assert len(run.history.steered) == 1
    places = [(batch.epoch, batch.step) for batch in run.history.batches]
    assert places == sorted(set(places))  # the curve never runs backwards
    assert [end.epoch for end in run.history.epochs] == list(range(1, 16))
    assert run.history.epochs[-1].val_loss == whole.history.epochs[-1].val_loss
    for name, array in whole.weights().items():
        np.testing.assert_array_equal(run.weights()[name], array, err_msg=name)


def test_a_run_whose_worker_dies_twice_is_interrupted_and_resumed_by_hand(engine: Engine) -> None:
    run = in_its_second_epoch(engine)
    kill(engine)
    goes_on(engine, run)
    waiting = engine.submit(SHORT, "", sources.load().sha256)
    kill(engine)
    assert_interrupted(engine, run)
    assert done(engine, waiting).status == "finished"  # it had waited behind
    engine.resume(run.id, sources.load().sha256)
    assert run.status in ("queued", "running")
    goes_on(engine, run, 1)
    engine.control(run.id, Orders(stop=True))
    assert done(engine, run).status == "stopped"


def test_a_worker_that_hangs_is_ended_when_it_is_told_to_stop(engine: Engine) -> None:
    run = in_its_second_epoch(engine)
    os.kill(worker(engine), signal.SIGSTOP)
    engine.control(run.id, Orders(stop=True))
    assert done(engine, run).status == "stopped"
    assert run.history.finished.kept_epoch >= 1
    assert run.evaluation(sources.load().test).accuracy > 0.3
    assert (
        done(engine, engine.submit(LONG.changed({"train.epochs": 1}), "", sources.load().sha256)).status == "finished"
    )


def test_a_worker_that_is_out_of_memory_is_said_and_not_tried_again(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = in_its_second_epoch(engine)
    monkeypatch.setattr("mnistlab.engine._out_of_memory", lambda: 10**9)  # as Linux counts them
    kill(engine)
    assert done(engine, run).status == "failed"
    assert run.kept == "The worker ran out of memory; try a smaller batch or network."
    assert run.weights()


def test_a_dead_worker_is_not_warm(engine: Engine) -> None:
    run = in_its_second_epoch(engine)
    assert engine.warm
    kill(engine)
    until(lambda: not engine.warm or len(run.history.steered))
    goes_on(engine, run)
    assert engine.warm
    engine.control(run.id, Orders(stop=True))
    done(engine, run)


def test_a_worker_lost_fifteen_seconds_after_another_is_followed(engine: Engine) -> None:
    """Dask's cluster looks 15 s after a loss whether a worker is there, and would give up when none is just then."""
    worker(engine)  # so that there is one whose loss starts the clock
    kill(engine)
    lost = time.monotonic()
    until(lambda: time.monotonic() > lost + 14.9)
    killed = kill(engine)
    until(lambda: time.monotonic() > lost + 17)
    assert worker(engine) != killed


def test_a_killed_worker_fails_its_job_with_a_sentence(engine: Engine) -> None:
    images = sources.read_sample().images[:3000]
    job = engine.start(MAP, Components.of(images, 50).place(images), 30.0, 0)
    until(lambda: job.last)
    kill(engine)
    assert engine.wait(job.id, PATIENCE)
    assert (job.status, job.failed) == ("failed", "The worker process was lost; start again.")


def test_a_closed_engine_interrupts_its_run(engine: Engine) -> None:
    run = in_its_second_epoch(engine)
    engine.close()  # the next use would start a worker again
    assert_interrupted(engine, run)
