"""The disk is full, a folder goes, files are damaged: a sentence, and everything that was whole before still is."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator

import pytest

from mnistlab import files
from mnistlab.data import sources
from mnistlab.engine import Engine
from mnistlab.events import Checkpoint, Orders
from mnistlab.forward import Network
from mnistlab.runs import Run, RunError, RunStore
from tests.faults.test_worker_killed import LONG, goes_on, in_its_second_epoch
from tests.waiting import done, until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("disk")
    engine = Engine(RunStore(folder / "runs", shipped=folder / "none"))
    yield engine
    engine.close()


def stopped(engine: Engine, run: Run) -> Run:
    engine.control(run.id, Orders(stop=True))
    return done(engine, run)


def test_a_full_disk_stops_the_run_with_a_sentence_and_the_last_checkpoint_loads(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = in_its_second_epoch(engine)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "write", full)
        assert done(engine, run).status == "failed"
    assert (
        run.kept == "The disk is full or cannot be written: the training was stopped. What was written before is kept."
    )
    assert Network.from_run(run).probabilities(sources.load().test.images[:5]).shape == (5, 10)
    engine.resume(run.id, "")  # there is room again
    goes_on(engine, run)
    assert stopped(engine, run).status == "stopped"


def test_a_run_whose_folder_goes_while_it_trains_is_ended(engine: Engine) -> None:
    run = in_its_second_epoch(engine)
    shutil.rmtree(run.path)
    done(engine, run)
    assert run.id not in engine.order
    with pytest.raises(RunError, match="no such run"):
        engine.store.open(run.id)
    other = engine.submit(LONG.changed({"train.epochs": 1}), "", sources.load().sha256)
    assert done(engine, other).status == "finished"


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 no more than this"])
def test_a_damaged_newest_checkpoint_gives_way_to_the_one_before(engine: Engine, damage: bytes) -> None:
    run = in_its_second_epoch(engine)
    until(lambda: run.history.checkpoint.epoch >= 2)
    assert stopped(engine, run).status == "stopped"
    (newest,) = run.path.glob("checkpoint-*.npz")
    before = run.path / "checkpoint-0001-000000.npz"
    shutil.copy(newest, before)
    newest.write_bytes(damage)
    engine.resume(run.id, "")
    goes_on(engine, run)
    assert run.history.note.startswith("The newest checkpoint was not used: its arrays are damaged.")
    assert run.history.note.endswith("The training goes on from the one before.")
    stopped(engine, run)


def test_without_a_checkpoint_a_run_begins_again(engine: Engine) -> None:
    run = in_its_second_epoch(engine)
    stopped(engine, run)
    for file in run.path.glob("checkpoint-*.npz"):
        file.write_bytes(b"")
    engine.resume(run.id, "")
    until(lambda: run.status == "running" and run.history.checkpoint == Checkpoint(epoch=1))
    stopped(engine, run)
