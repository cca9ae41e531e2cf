"""The worker process dies in the middle of a training, or the engine is closed: nothing finished is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from mnistlab.data import sources
from mnistlab.engine import MAP, Engine
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
SHORT = LONG.changed({"train.epochs": 1})


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("killed")
    engine = Engine(RunStore(folder / "runs", shipped=folder / "none"))
    yield engine
    engine.close()


def in_its_second_epoch(engine: Engine) -> Run:
    run = engine.submit(LONG, "", sources.load().sha256)
    until(lambda: run.history.checkpoint)
    return run


def assert_interrupted(engine: Engine, run: Run) -> None:
    assert done(engine, run).status == "interrupted"
    found = RunStore(engine.store.path, engine.store.shipped).open(run.id)  # as the next start of the server finds it
    epoch = found.history.checkpoint
    assert found.status == "interrupted"
    assert found.kept == run.kept == f"Interrupted after epoch {epoch}. Nothing before it is lost."
    assert [end.epoch for end in found.history.epochs][:epoch] == list(range(1, epoch + 1))
    test = sources.load().test
    assert Network.from_run(found).probabilities(test.images[:5]).shape == (5, 10)
    assert found.evaluation(test).accuracy > 0.3


def test_a_killed_worker_interrupts_its_run_and_the_next_one_works(engine: Engine) -> None:
    run = in_its_second_epoch(engine)
    (pid,) = engine._connected().run(os.getpid).values()
    os.kill(pid, signal.SIGKILL)
    assert_interrupted(engine, run)
    following = engine.submit(SHORT, "", sources.load().sha256)
    assert done(engine, following).status == "finished"
    assert pid not in engine._connected().run(os.getpid).values()


def test_a_run_behind_a_killed_one_is_trained(engine: Engine) -> None:
    run = in_its_second_epoch(engine)
    waiting = engine.submit(SHORT, "", sources.load().sha256)
    (pid,) = engine._connected().run(os.getpid).values()
    os.kill(pid, signal.SIGKILL)
    assert_interrupted(engine, run)
    assert done(engine, waiting).status == "finished"


def test_a_killed_worker_fails_its_job_with_a_sentence(engine: Engine) -> None:
    images = sources.read_sample().images[:3000]
    job = engine.start(MAP, Components.of(images, 50).place(images), 30.0, 0)
    until(lambda: job.last)
    (pid,) = engine._connected().run(os.getpid).values()
    os.kill(pid, signal.SIGKILL)
    assert engine.wait(job.id, PATIENCE)
    assert (job.status, job.failed) == ("failed", "The worker process was lost; start again.")


def test_a_closed_engine_interrupts_its_run(engine: Engine) -> None:
    run = in_its_second_epoch(engine)
    engine.close()  # the next use would start a worker again
    assert_interrupted(engine, run)
