"""Runs on disk: one directory each, written so that a crash at any moment loses at most a line.

    run.json            id, label, when it was made, the experiment
    events.jsonl        one event a line, each behind its own checksum
    weights.npz         float32, uncompressed: what the run kept
    checkpoint-*.npz    where the training can go on exactly: the last two while it trains, the last one afterwards
    epoch-*.npz         weights after up to 20 epochs, to look back at
    probe.npz           the digits that were watched
    evaluation.npz      the test probabilities, and the sha256 of the digits they belong to
    pinned              an empty mark: this run does not go when the disk's bound is reached

Status is derived from the events and from what is running, never read from a file. Knows nothing of Keras or Dask.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import shutil
import threading
import time
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from . import files
from .data.digits import Bytes, Digits
from .evaluation import Evaluation
from .events import Arrays, Checkpoint, Evaluated, Event, Finished, Started, Steered, from_dict, pack, to_dict
from .experiment import Experiment
from .forward import Network
from .history import History
from .ledger import Ledger
from .limits import Limits

logger = logging.getLogger(__name__)

Status = Literal["queued", "running", "paused", "finished", "stopped", "interrupted", "failed"]

SHIPPED = Path(__file__).resolve().parent.parent / "models"
RUN_ID = re.compile(r"r[0-9a-f]{32}")
LABEL_LENGTH = 80
KEPT_CHECKPOINTS = 2
KEPT_EPOCHS = 20
KEPT_EPOCHS_BYTES = 400_000_000  # of all of them together; at least two are kept
CHECKPOINT_COPIES = 5  # of all parameters at most: weights, the best ones, up to three of the optimizer's
BESIDES = 3_000_000  # bytes a run takes besides its weights: events, answers to the test digits
PINNED = "pinned"  # name of the mark
PINNED_PART = 0.5  # of the disk's bound that pinned runs may take, so that there is always room to train
STILL_WRITTEN = 3600  # seconds after its last word in which an interrupted run may be another process's, and stays
HISTORIES = 16  # histories kept in memory; each is a few hundred KB at most
NO_SUCH = "there is no such run, or its run.json is damaged"
UNWRITABLE = "the folder of runs cannot be written; set MNISTLAB_RUNS to one that can"


class RunError(ValueError):
    """A run that is not there or cannot be read; its text is a sentence without a path."""


@dataclass(frozen=True)
class Run:
    """One training: what was asked for, and where its results lie."""

    id: str
    label: str
    """Text from a person: never Markdown, HTML or a path."""
    created: str
    experiment: Experiment
    shipped: bool
    visitor: str = field(repr=False)
    """Whose it is, as `ui.visitors` knows people; empty when nobody's in particular."""
    brought: bool
    """It was trained in another lab: how long that took says nothing of this machine."""
    store: RunStore = field(repr=False, compare=False)
    path: Path = field(repr=False, compare=False)

    @property
    def history(self) -> History:
        return self.store.history(self)

    @property
    def status(self) -> Status:
        history = self.history
        if history.failed or self.id in self.store.trouble:
            return "failed"
        if history.finished:
            return "stopped" if history.finished.reason == "stopped" else "finished"
        if self.id in self.store.live:
            return "paused" if history.paused else "running" if history.started else "queued"
        return "interrupted"

    @property
    def kept(self) -> str:
        """One sentence: how it ended and what is left of it; empty while it goes on."""
        if self.id in self.store.trouble:
            return self.store.trouble[self.id]
        if self.status == "interrupted":
            last = self.history.checkpoint
            if last is None:
                return "Interrupted in the first epoch. No weights were kept yet; Resume begins again."
            if last.step:
                return (
                    f"Interrupted in epoch {last.epoch + 1}, after its step {last.step:,}. Nothing before it is lost."
                )
            return f"Interrupted after epoch {last.epoch}. Nothing before it is lost."
        return self.history.ending

    @property
    def pinned(self) -> bool:
        """Whether it stays when the disk's bound is reached."""
        return (self.path / PINNED).is_file()

    @property
    def epochs_kept(self) -> dict[int, Path]:
        """Where the weights after an epoch lie, for those whose are kept, in order."""
        done = len(self.history.epochs)
        found = {int(file.stem.removeprefix("epoch-")): file for file in sorted(self.path.glob("epoch-*.npz"))}
        return {epoch: file for epoch, file in found.items() if epoch <= done}

    def weights_after(self, epoch: int) -> Arrays:
        """The weights after one of `epochs_kept`. Raises `RunError` when they are not there or damaged."""
        return self._arrays(self.path / f"epoch-{epoch:04}.npz")

    def _arrays(self, file: Path, copies: int = 1) -> Arrays:
        return _read_arrays(file, copies * 4 * Ledger.of(self.experiment.model).parameters)

    def probed(self) -> tuple[Bytes, NDArray[np.uint8]]:
        """The digits that are watched, uint8 (n, 28, 28), and the labels of those that have one; a drawing comes last.

        Raises `RunError` when there are none.
        """
        arrays = _read_arrays(self.path / "probe.npz", 12 * 785)
        images, labels = arrays.get("images", np.empty(0)), arrays.get("labels", np.empty(0))
        if images.shape[1:] != (28, 28) or images.dtype != np.uint8 or labels.shape not in ((10,), (len(images),)):
            raise RunError("the digits that were watched cannot be read")
        return images, labels

    def resume_from(self) -> tuple[Arrays | None, str]:
        """The newest checkpoint that can be read (None: begin anew), and what to say of it; a damaged one is deleted."""
        note = ""
        for file in sorted(self.path.glob("checkpoint-*.npz"), reverse=True):
            try:
                return self._arrays(file, CHECKPOINT_COPIES), note
            except RunError as error:
                note = f"The newest checkpoint was not used: {error}. The training goes on from the one before."
                file.unlink(missing_ok=True)
        return None, note and "No checkpoint could be read: the training begins again."

    @property
    def weights_file(self) -> Path | None:
        """The kept weights, else the newest whole checkpoint, else None."""
        return next(iter(self._weights_files()), None)

    def _weights_files(self) -> list[Path]:
        """What looks whole, best first; only reading it shows whether its checksums hold."""
        found = [self.path / "weights.npz", *sorted(self.path.glob("checkpoint-*.npz"), reverse=True)]
        return [file for file in found if zipfile.is_zipfile(file)]

    def weights(self) -> Arrays:
        """The kept weights by the ledger's names, else those of the newest checkpoint that can be read.

        Raises `RunError` when there are none, or saying what is wrong with the best ones when all are damaged.
        """
        wrong: list[RunError] = []
        for file in self._weights_files():
            try:
                if file.name == "weights.npz":
                    return self._arrays(file)
                return _part(self._arrays(file, CHECKPOINT_COPIES), "weights/")
            except RunError as error:
                wrong.append(error)
        raise wrong[0] if wrong else RunError("this run has no weights yet")

    def evaluation(self, digits: Digits) -> Evaluation:
        """How the run answers `digits`: the stored probabilities if they were made on these, else computed now.

        Raises `RunError` when the run has no weights.
        """
        file = self.path / "evaluation.npz"
        if zipfile.is_zipfile(file):
            with suppress(ValueError, KeyError):  # damaged: then it is made again
                arrays = _read_arrays(file, 50_000_000)
                if str(arrays["digits"]) == digits.sha256:
                    return Evaluation.of(digits.labels, arrays["probabilities"], digits.sha256)
        try:
            probabilities = Network.from_run(self).probabilities(digits.images)
        except RunError:
            raise
        except ValueError as error:
            raise RunError(f"this run's weights cannot be used: {error}") from error
        return Evaluation.of(digits.labels, probabilities, digits.sha256)


class RunStore:
    """All runs: a person's own below one folder, and the shipped ones. Safe to use from several threads."""

    def __init__(self, path: Path | None = None, shipped: Path = SHIPPED) -> None:
        """`path` holds a person's own runs (None: `MNISTLAB_RUNS`, else beside the shipped ones), `shipped` is only read."""
        self.path = path or Path(os.environ.get("MNISTLAB_RUNS", SHIPPED))
        self.shipped = shipped
        self.live: set[str] = set()
        """Ids of the runs that an engine is working on or will; only the engine changes it."""
        self.trouble: dict[str, str] = {}
        """By id, what went wrong with runs that could not be written any more; only the engine changes it."""
        self._histories: OrderedDict[str, tuple[int, History]] = OrderedDict()
        self._lock = threading.Lock()
        self._making_room = threading.Lock()

    def create(
        self,
        experiment: Experiment,
        label: str,
        run_id: str | None = None,
        visitor: str = "",
        brought: Mapping[str, bytes] | None = None,
    ) -> Run:
        """A new run of a visitor, on disk before anything works on it; when there is no room for it, the oldest ones go.

        `brought` are the files of a run that was trained elsewhere, by name; the run is listed once all of them are there.
        Raises `RunError` when no room can be made or the folder cannot be written.
        """
        run_id, given = run_id or new_id(), brought or {}
        meta = {
            "id": run_id,
            "label": clean_label(label),
            "created": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "experiment": json.loads(experiment.to_json()),
            "visitor": visitor,
            "brought": brought is not None,
        }
        with self._making_room:
            self._make_room(sum(map(len, given.values())) if given else most_bytes(experiment))
            try:
                folder = self.path / run_id
                folder.mkdir(parents=True)
                for name, content in given.items():
                    files.write(folder / name, content)
                files.write(folder / "run.json", json.dumps(meta, indent=1).encode())
            except OSError as error:
                raise RunError(UNWRITABLE) from error
        return self.open(run_id)

    def taken(self) -> int:
        """Bytes that a person's own runs take on disk, also those that cannot be read."""
        folders = self.path.iterdir() if self.path.is_dir() else ()
        return sum(_size(folder) for folder in folders if RUN_ID.fullmatch(folder.name))

    def _make_room(self, needed: int) -> None:
        """Remove the oldest runs that may go until so many bytes more fit. Raises `RunError`, and removes none, if that fails."""
        bound = Limits.here().disk
        if needed > bound:
            raise RunError(
                f"this run may take {_megabytes(needed)} on disk; this lab keeps {_megabytes(bound)} of runs"
            )
        growing = sum(max(0, most_bytes(run.experiment) - _size(run.path)) for run in self.living())
        over = self.taken() + growing + needed - bound
        going: list[Run] = []
        if over > 0:
            for run in sorted(self, key=lambda run: run.created):
                if over > 0 and self._may_go(run):
                    going.append(run)
                    over -= _size(run.path)
        if over > 0:
            raise RunError(
                f"the {_megabytes(bound)} that this lab keeps of runs are full of pinned ones and those not over; "
                "unpin one, or wait"
            )
        for run in going:
            self.remove(run.id)
            logger.info("%s was removed: the folder of runs has reached its bound", run.id)

    def _may_go(self, run: Run) -> bool:
        if run.shipped or run.pinned or run.id in self.live:
            return False
        return run.status != "interrupted" or time.time() - _last_written(run.path) > STILL_WRITTEN

    def pin(self, run_id: str, pinned: bool) -> None:
        """Keep a run when the disk's bound is reached, or no longer. Raises `RunError`."""
        run, bound = self.open(run_id), Limits.here().disk
        if run.shipped:
            raise RunError("a run that came with the lab always stays")
        held = sum(_size(other.path) for other in self if other.pinned and other.id != run.id)
        if pinned and held + _size(run.path) > PINNED_PART * bound:
            raise RunError(f"pinned runs may take {_megabytes(PINNED_PART * bound)} in all; unpin another one first")
        try:
            if pinned:
                (run.path / PINNED).touch()
            else:
                (run.path / PINNED).unlink(missing_ok=True)
        except OSError as error:
            raise RunError(UNWRITABLE) from error

    def remove(self, run_id: str) -> None:
        """Delete one of a person's own runs with all it holds. Raises `RunError`."""
        run = self.open(run_id)
        if run.shipped:
            raise RunError("a run that came with the lab is not deleted")
        try:
            shutil.rmtree(run.path)
        except OSError as error:
            raise RunError(UNWRITABLE) from error

    def open(self, run_id: str) -> Run:
        """The run with this id, or the shipped run with this name. Raises `RunError`."""
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,63}", run_id):
            raise RunError("no run has this id")
        shipped = RUN_ID.fullmatch(run_id) is None
        folder = (self.shipped if shipped else self.path) / run_id
        if not shipped and not folder.is_dir():
            named = next((run for run in self._shipped() if run.id == run_id), None)
            if named is not None:
                return named
        try:
            meta = json.loads((folder / "run.json").read_text("utf-8"))
            return Run(
                id=str(meta["id"]),
                label=clean_label(str(meta["label"])),
                created=str(meta["created"]),
                experiment=Experiment.of(meta["experiment"]),
                shipped=shipped,
                visitor=str(meta.get("visitor", "")),
                brought=meta.get("brought") is True,
                store=self,
                path=folder,
            )
        # ValueError: not JSON, not UTF-8, not an experiment, a number of thousands of digits; RecursionError: nested
        except (OSError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise RunError(NO_SUCH) from error

    def _shipped(self) -> Iterator[Run]:
        for file in self.shipped.glob("[a-z]*/run.json"):
            if RUN_ID.fullmatch(file.parent.name) is None:
                with suppress(RunError):
                    yield self.open(file.parent.name)

    def __iter__(self) -> Iterator[Run]:
        """Every run that can be read, newest first; shipped runs last. A damaged one is left out."""
        found = []
        folders = [folder for top in {self.path, self.shipped} if top.is_dir() for folder in top.iterdir()]
        for folder in folders:
            if (folder / "run.json").is_file():
                try:
                    found.append(self.open(folder.name))
                except RunError:
                    continue  # the others list as before
        return iter(sorted(found, key=lambda run: (not run.shipped, run.created), reverse=True))

    def living(self) -> list[Run]:
        """The runs that wait or run, oldest first. One whose folder was removed meanwhile is left out."""
        found = []
        for run_id in list(self.live):
            with suppress(RunError):
                found.append(self.open(run_id))
        return sorted(found, key=lambda run: run.created)

    def find(self, text: str) -> Run:
        """By id, by the name of a shipped run, or by a label that only one run has. Raises `RunError`."""
        runs = list(self)
        if exact := [run for run in runs if text in (run.id, run.path.name)]:
            return exact[0]
        labelled = [run for run in runs if run.label == text]
        if len(labelled) == 1:
            return labelled[0]
        raise RunError(
            f"{len(labelled)} runs have this label; use an id" if labelled else "no run has this id or label"
        )

    def record(self, run_id: str, event: Event) -> None:
        """Write what an event carries, then the event: a line never speaks of arrays that are not there."""
        folder = self.open(run_id).path
        match event:
            case Started():
                for old in [*folder.glob("checkpoint-*.npz"), *folder.glob("epoch-*.npz")]:
                    old.unlink()  # it begins again
                if event.arrays:
                    files.write(folder / "probe.npz", pack(event.arrays))
            case Steered():
                (folder / "weights.npz").unlink(missing_ok=True)  # they are not the newest any more
            case Checkpoint():
                self._keep(folder, event)
            case Finished() if event.arrays:
                files.write(folder / "weights.npz", pack(event.arrays))
                _only_newest(folder, 1)
            case Evaluated():
                files.write(folder / "evaluation.npz", pack({**event.arrays, "digits": np.array(event.digits)}))
        with (folder / "events.jsonl").open("ab+") as file:
            file.seek(0, os.SEEK_END)
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # a crash cut the last line: end it, its checksum will not hold
                    file.write(b"\n")
            file.write(lines([event]))

    def _keep(self, folder: Path, event: Checkpoint) -> None:
        files.write(folder / f"checkpoint-{event.epoch:04}-{event.step:06}.npz", pack(event.arrays))
        _only_newest(folder, KEPT_CHECKPOINTS)
        if event.step == 0:
            files.write(folder / f"epoch-{event.epoch:04}.npz", pack(_part(event.arrays, "weights/")))
            kept = {int(file.stem.removeprefix("epoch-")): file for file in folder.glob("epoch-*.npz")}
            most = KEPT_EPOCHS_BYTES // max(1, kept[event.epoch].stat().st_size)
            best = self.history(self.open(folder.name)).best
            for epoch in too_many(sorted(kept), max(2, min(KEPT_EPOCHS, most)), best.epoch if best else 0):
                kept[epoch].unlink()

    def history(self, run: Run) -> History:
        """A run's events, folded; only what was written since the last call is read."""
        file = run.path / "events.jsonl"
        with self._lock:
            offset, history = self._histories.pop(run.path.name, (0, History()))
            if file.exists():
                with file.open("rb") as written:
                    written.seek(offset)
                    new = written.read()
                whole = new.rfind(b"\n") + 1
                for event in _events(new[:whole]):
                    history.add(event)
                offset += whole
            self._histories[run.path.name] = (offset, history)
            while len(self._histories) > HISTORIES:
                self._histories.popitem(last=False)
            return history


def most_bytes(experiment: Experiment) -> int:
    """What a run of this experiment takes on disk at the most, which is while it trains."""
    weights = 4 * Ledger.of(experiment.model).parameters
    epochs = min(KEPT_EPOCHS, experiment.train.epochs, max(2, KEPT_EPOCHS_BYTES // weights))
    return weights * (KEPT_CHECKPOINTS * CHECKPOINT_COPIES + epochs + 1) + BESIDES


def _size(folder: Path) -> int:
    """Bytes of the files in a folder, which may come and go meanwhile."""
    return sum(stat.st_size for stat in _stats(folder))


def _last_written(folder: Path) -> float:
    return max((stat.st_mtime for stat in _stats(folder)), default=0.0)


def _stats(folder: Path) -> Iterator[os.stat_result]:
    with suppress(OSError):
        for file in folder.iterdir():
            with suppress(OSError):
                yield file.stat()


def _megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size / 1e6:.2f} MB"


def too_many(epochs: list[int], most: int, best: int) -> list[int]:
    """Which of these epochs to let go so that `most` are left: the first, the best and the last stay, the rest evenly spread."""
    left, gone = list(epochs), []
    while len(left) > most:
        inner = [i for i in range(1, len(left) - 1) if left[i] != best] or [0]
        closest = min(inner, key=lambda i: left[min(i + 1, len(left) - 1)] - left[i - 1])
        gone.append(left.pop(closest))
    return gone


def new_id() -> str:
    """An id that nobody can guess and that no other run has."""
    return f"r{secrets.token_hex(16)}"


def clean_label(text: str) -> str:
    """One line of printable text, not too long; "untitled" when nothing is left."""
    return "".join(c for c in text if c.isprintable()).strip()[:LABEL_LENGTH] or "untitled"


def lines(events: Iterable[Event]) -> bytes:
    """Events as they stand in `events.jsonl`: one a line, behind its checksum."""
    texts = [json.dumps(to_dict(event), allow_nan=False).encode() for event in events]
    return b"".join(b"%08x %s\n" % (zlib.crc32(text), text) for text in texts)


def _events(whole: bytes) -> Iterator[Event]:
    """The events of whole lines; a line whose checksum does not hold is dropped."""
    for line in whole.splitlines():
        checksum, _, text = line.partition(b" ")
        if checksum == f"{zlib.crc32(text):08x}".encode():
            try:
                yield from_dict(json.loads(text))
            except ValueError:
                continue  # written by a later version: a kind of event this one does not know


def _only_newest(folder: Path, count: int) -> None:
    for old in sorted(folder.glob("checkpoint-*.npz"))[:-count]:
        old.unlink()


def _part(arrays: Arrays, prefix: str) -> Arrays:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _read_arrays(file: Path, most_bytes: int) -> Arrays:
    try:
        return files.read_arrays(file, most_bytes)
    except files.FileError as error:
        raise RunError(str(error)) from error
