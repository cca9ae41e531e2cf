"""Real workers: submit, stop, fail, and what the store holds afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mnistlab import limits
from mnistlab.data import sources
from mnistlab.data.digits import Dataset
from mnistlab.engine import JOBS, MAP, Engine, EngineError, Job, _sentence
from mnistlab.events import MapStep, Orders
from mnistlab.experiment import ConvBlock, DataSpec, DenseBlock, Experiment, ModelSpec, TrainSpec
from mnistlab.forward import Network
from mnistlab.pca import Components
from mnistlab.runs import RunStore, new_id
from tests.clusters import external_cluster, free_port
from tests.waiting import PATIENCE, done, until

pytestmark = pytest.mark.slow

STOP = Orders(stop=True)
SHORT = Experiment(
    data=DataSpec(train_images=300, validation_images=50),
    model=ModelSpec(dense=(DenseBlock(units=16),)),
    train=TrainSpec(epochs=3, batch_size=32),
)
LONG = SHORT.changed({"train.epochs": 200, "data.train_images": 3000, "train.batch_size": 1})


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One engine for all tests here; its worker starts in the first of them, with that test's environment."""
    folder = tmp_path_factory.mktemp("engine")
    engine = Engine(RunStore(folder / "runs", shipped=folder / "none"))
    yield engine
    engine.close()


@pytest.fixture
def dataset() -> Dataset:
    return sources.load()


def test_a_submitted_run_is_trained_stored_and_usable(engine: Engine, dataset: Dataset) -> None:
    run = engine.submit(SHORT, "first", dataset.sha256)
    assert run.status in ("queued", "running")
    assert done(engine, run).status == "finished"
    history = RunStore(engine.store.path, engine.store.shipped).open(run.id).history
    assert history.started.digits == dataset.sha256
    assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3]
    assert history.batches[-1].step == history.started.steps == 10
    assert run.kept == "All 3 epochs done."
    stored = run.evaluation(dataset.test)
    assert history.evaluated.digits == stored.digits == dataset.test.sha256
    computed = Network.from_run(run).probabilities(dataset.test.images)
    np.testing.assert_allclose(stored.probabilities, computed, rtol=0, atol=1e-5)
    assert stored.accuracy > 0.3


def test_a_run_submitted_twice_is_one_run(engine: Engine, dataset: Dataset) -> None:
    run_id, before = new_id(), len(list(engine.store.path.iterdir()))
    first, second = (engine.submit(SHORT, "twice", dataset.sha256, run_id) for _ in range(2))
    assert first == second
    assert len(list(engine.store.path.iterdir())) == before + 1
    assert done(engine, first).status == "finished"


def test_runs_wait_for_each_other_and_all_finish(engine: Engine, dataset: Dataset) -> None:
    runs = [engine.submit(SHORT, f"run {number}", dataset.sha256) for number in range(3)]
    assert {done(engine, run).status for run in runs} == {"finished"}
    for run in runs:
        assert run.history.batches[-1].epoch == 3
    # the same experiment on the same worker: the same weights
    np.testing.assert_array_equal(runs[0].weights()["logits/kernel"], runs[2].weights()["logits/kernel"])


def test_a_running_run_stops_and_keeps_weights_that_can_be_used(engine: Engine, dataset: Dataset) -> None:
    run = engine.submit(LONG, "", dataset.sha256)
    until(lambda: run.history.batches)
    engine.control(run.id, STOP)
    until(lambda: run.status == "stopped")
    assert done(engine, run).status == "stopped"
    assert run.kept.startswith("Stopped by hand")
    assert Network.from_run(run).probabilities(dataset.test.images[:5]).shape == (5, 10)
    assert run.history.evaluated.digits == dataset.test.sha256


def test_a_waiting_run_is_stopped_without_the_one_before(engine: Engine, dataset: Dataset) -> None:
    running, waiting = (engine.submit(LONG, "", dataset.sha256) for _ in range(2))
    until(lambda: running.history.batches)
    engine.control(waiting.id, STOP)
    assert done(engine, waiting).status == "stopped"
    assert waiting.kept == "Stopped by hand before the first step; there are no weights."
    assert waiting.weights_file is None
    assert running.status == "running"
    engine.control(running.id, STOP)
    assert done(engine, running).status == "stopped"
    assert waiting.history.started is None


def test_a_run_taken_back_while_it_starts_does_not_block_the_next(engine: Engine, dataset: Dataset) -> None:
    for _ in range(5):  # somewhere between submit and the first event the job is on the worker, but looks queued
        run = engine.submit(LONG, "", dataset.sha256)
        engine.control(run.id, STOP)
        assert done(engine, run).status == "stopped"
    assert done(engine, engine.submit(SHORT, "", dataset.sha256)).status == "finished"


def test_orders_for_a_run_that_is_over_are_passed_over(engine: Engine, dataset: Dataset) -> None:
    run = done(engine, engine.submit(SHORT, "", dataset.sha256))
    engine.control(run.id, STOP)
    assert run.status == "finished"


def test_a_spec_error_in_the_worker_fails_the_run_with_its_sentence(
    engine: Engine, dataset: Dataset, capfd: pytest.CaptureFixture[str]
) -> None:
    run = done(engine, engine.submit(SHORT.changed({"data.train_images": 100_000}), "", dataset.sha256))
    assert run.status == "failed"
    assert run.kept == "data: 100,000 training and 50 validation images were asked for; there are 4,000"
    assert "Traceback" not in capfd.readouterr().err
    other = done(engine, engine.submit(SHORT, "", "0" * 64))
    assert other.status == "failed"
    assert other.kept.startswith("the worker has other digits than this page")


def test_a_loss_that_explodes_fails_the_run_and_keeps_its_curve(engine: Engine, dataset: Dataset) -> None:
    changes = {"train.optimizer": "sgd", "train.learning_rate": 10, "train.epochs": 50}
    deep = ModelSpec(dense=(DenseBlock(units=64, activation="linear"),) * 6)
    experiment = Experiment(data=SHORT.data, model=deep).changed(changes)
    run = done(engine, engine.submit(experiment, "", dataset.sha256))
    assert run.status == "failed"
    assert run.kept.endswith(": try a smaller learning rate.")
    assert run.history.started is not None


def explode(*_: object) -> None:
    """Runs in the worker in place of the training."""
    raise ZeroDivisionError("/a/path/of/the/worker")


def test_an_unexpected_error_is_a_sentence_and_the_next_run_works(
    engine: Engine, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("mnistlab.job.train", explode)
        run = done(engine, engine.submit(SHORT, "", dataset.sha256))
    assert run.status == "failed"
    assert run.kept.startswith("The training failed (ZeroDivisionError).")
    assert "/" not in run.kept
    assert "/a/path/of/the/worker" in caplog.text  # for whoever looks after the lab
    assert done(engine, engine.submit(SHORT, "", dataset.sha256)).status == "finished"


def test_a_worker_without_memory_says_what_to_try() -> None:
    assert _sentence(MemoryError()) == "The worker ran out of memory; try a smaller batch or network."


def test_a_run_whose_folder_is_gone_does_not_stop_the_others(
    engine: Engine, dataset: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    lost, other = (engine.submit(SHORT, "", dataset.sha256) for _ in range(2))
    engine.store.remove(lost.id)
    assert done(engine, other).status == "finished"
    assert engine.wait(lost.id, PATIENCE)
    assert lost.id not in [run.id for run in engine.store]
    assert "was not written" in caplog.text


def test_warm_up_says_when_it_is_done(engine: Engine) -> None:
    engine.warm_up()
    until(lambda: engine.warm)


def test_a_conv_network_trains_in_the_worker(engine: Engine, dataset: Dataset) -> None:
    spec = SHORT.changed({"train.epochs": 1}).model_copy(
        update={"model": ModelSpec(conv=(ConvBlock(filters=4, pool=2),))}
    )
    run = done(engine, engine.submit(spec, "", dataset.sha256))
    computed = Network.from_run(run).probabilities(dataset.test.images)
    np.testing.assert_allclose(run.evaluation(dataset.test).probabilities, computed, rtol=0, atol=1e-5)


# Jobs that are no trainings


def components(count: int) -> np.ndarray:
    images = sources.read_sample().images[:count]
    return Components.of(images, 50).place(images)


def over(engine: Engine, job: Job) -> Job:
    assert engine.wait(job.id, PATIENCE), f"the job is still {job.status}"
    return job


def test_a_map_is_drawn_in_the_worker_and_its_last_step_is_kept(engine: Engine) -> None:
    runs = len(list(engine.store))
    job = engine.start(MAP, components(200), 30.0, 0)
    assert engine.jobs[job.id] is job
    assert over(engine, job).status == "ended"
    assert isinstance(job.last, MapStep)
    assert job.last.iteration == job.last.iterations
    assert job.last.arrays["points"].shape == (200, 2)
    assert len(list(engine.store)) == runs


def test_a_running_map_stops_where_it_is_and_the_next_run_works(engine: Engine, dataset: Dataset) -> None:
    job = engine.start(MAP, components(3000), 30.0, 0)
    assert job.status == "queued"
    until(lambda: job.last)
    assert job.status == "running"
    engine.control(job.id, STOP)
    assert over(engine, job).status == "ended"
    assert isinstance(job.last, MapStep)
    assert 0 < job.last.iteration < job.last.iterations
    assert done(engine, engine.submit(SHORT, "", dataset.sha256)).status == "finished"


def test_a_waiting_map_is_taken_back_and_never_begins(engine: Engine, dataset: Dataset) -> None:
    run = engine.submit(LONG, "", dataset.sha256)
    until(lambda: run.history.batches)
    job = engine.start(MAP, components(100), 30.0, 0)
    engine.control(job.id, STOP)
    assert over(engine, job).status == "ended"
    assert run.status == "running"
    engine.control(run.id, STOP)
    assert done(engine, run).status == "stopped"
    assert (job.last, job.failed) == (None, "")


def test_a_job_that_cannot_be_done_says_why(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    job = engine.start(MAP, components(100)[:5], 30.0, 0)
    assert over(engine, job).status == "failed"
    assert job.failed == "a map has 30 to 3,000 digits. Received: 5"
    unknown = engine.start("mnistlab.worker.tasks:no_such_task")
    assert over(engine, unknown).status == "failed"
    assert unknown.failed.startswith("The job failed (AttributeError).")


def test_only_the_last_jobs_are_remembered(engine: Engine) -> None:
    jobs = [engine.start(MAP, components(100)[:5], 30.0, 0) for _ in range(JOBS + 3)]
    for job in jobs:
        over(engine, job)
    last = over(engine, engine.start(MAP, components(100)[:5], 30.0, 0))
    assert list(engine.jobs) == [*(job.id for job in jobs[-JOBS:]), last.id]
    assert engine.wait(jobs[0].id, PATIENCE)


# A scheduler elsewhere


def test_a_scheduler_that_does_not_answer_is_a_sentence_with_its_address(
    lab: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnistlab.engine.CONNECT_SECONDS", 1)
    address = f"tcp://127.0.0.1:{free_port()}"
    engine = Engine(RunStore(shipped=lab / "none"), address)
    with pytest.raises(EngineError, match=rf"^No training now: the scheduler at {address} could not be reached\."):
        engine.submit(SHORT, "", dataset.sha256)
    assert list(engine.store) == []
    with pytest.raises(EngineError, match=address):
        engine.start(MAP, components(100), 30.0, 0)
    assert engine.jobs == {}
    engine.close()


def test_an_address_that_is_none_is_a_sentence(lab: Path, dataset: Dataset) -> None:
    engine = Engine(RunStore(shipped=lab / "none"), "ftp://nowhere")
    with pytest.raises(EngineError, match="the scheduler at ftp://nowhere could not be reached"):
        engine.submit(SHORT, "", dataset.sha256)
    engine.close()


def test_a_scheduler_of_another_version_is_told_from_one_that_does_not_answer(
    lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Other:
        def get_versions(self) -> dict[str, object]:
            return {}

        def close(self) -> None: ...

    monkeypatch.setattr("mnistlab.engine.Client", lambda *_, **__: Other())
    monkeypatch.setattr("mnistlab.engine._other_versions", lambda _: "has Python 3.9, this lab 3.11")
    engine = Engine(RunStore(shipped=lab / "none"), "tcp://127.0.0.1:1")
    with pytest.raises(EngineError, match=r"^No training now: the scheduler at tcp://127\.0\.0\.1:1 has Python 3\.9,"):
        engine.start(MAP)
    engine.close()


def test_no_worker_is_started_where_memory_is_short(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "training_off", lambda: "Training is off: it needs more.")
    engine = Engine(RunStore(shipped=lab / "none"))
    with pytest.raises(EngineError, match=r"^Training is off: it needs more\. Other pages work\.$"):
        engine.start(MAP, components(100), 30.0, 0)
    with pytest.raises(EngineError, match=r"^Training is off: it needs more\. Other pages work\.$"):
        engine.submit(SHORT, "", "d")
    assert (engine.jobs, list(engine.store)) == ({}, [])
    engine.close()


def test_a_scheduler_elsewhere_trains_and_its_loss_is_noticed(
    lab: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnistlab.engine.CONNECT_SECONDS", 2)
    with external_cluster(lab) as (address, scheduler):
        engine = Engine(RunStore(shipped=lab / "none"), address)
        until(lambda: _reached(engine))
        run = done(engine, engine.submit(SHORT, "far", dataset.sha256))
        assert run.status == "finished"
        assert run.evaluation(dataset.test).accuracy > 0.3
        stopped = engine.submit(LONG, "", dataset.sha256)
        until(lambda: stopped.history.batches)
        engine.control(stopped.id, STOP)
        assert done(engine, stopped).status == "stopped"

        lost = engine.submit(LONG, "", dataset.sha256)
        until(lambda: lost.history.checkpoint)
        scheduler.kill()
        with pytest.raises(EngineError, match=address):
            engine.submit(SHORT, "", dataset.sha256)
        assert done(engine, lost).status == "interrupted"
        assert len(list(engine.store)) == 3
        with pytest.raises(EngineError, match=address):
            engine.submit(SHORT, "", dataset.sha256)
        engine.close()


def _reached(engine: Engine) -> bool:
    try:
        return bool(engine._connected().scheduler_info()["workers"])
    except EngineError:
        return False
