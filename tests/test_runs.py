"""Runs on disk: what survives crashes, damage and strange names, and what is refused."""

from __future__ import annotations

import io
import itertools
import json
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistlab import forward
from mnistlab.data.sources import read_sample
from mnistlab.events import (
    Arrays,
    BatchEnd,
    Checkpoint,
    EpochEnd,
    Evaluated,
    Event,
    Failed,
    Finished,
    Reason,
    Started,
    Steered,
    pack,
)
from mnistlab.experiment import Experiment
from mnistlab.forward import Network
from mnistlab.ledger import Ledger
from mnistlab.runs import LABEL_LENGTH, Run, RunError, RunStore, clean_label, most_bytes, too_many
from tests.strategies import experiments

SPEC = Experiment()  # softmax regression: 7,850 parameters
STARTED = Started(digits="d", epochs=3, steps=10, train_images=100, validation_images=10)
DIGITS = read_sample()[:30]


@pytest.fixture
def store(lab: Path) -> RunStore:
    return RunStore(lab / "runs", shipped=lab / "shipped")


def weights(fill: float = 0.5) -> Arrays:
    return {name: np.full(shape, fill, np.float32) for name, shape in Ledger.of(SPEC.model).weight_shapes.items()}


def batch(step: int) -> BatchEnd:
    return BatchEnd(epoch=1, step=step, loss=1.0, accuracy=0.5, learning_rate=0.1, seconds=0.1)


def epoch(number: int) -> EpochEnd:
    return EpochEnd(epoch=number, loss=1.0, accuracy=0.5, val_loss=1.0, val_accuracy=0.5, seconds=1.0)


def finished(reason: Reason = "all_epochs", arrays: Arrays | None = None) -> Finished:
    return Finished(reason=reason, epochs=3, kept_epoch=3, arrays=weights() if arrays is None else arrays)


def again(store: RunStore) -> RunStore:
    """The store as another process finds it."""
    return RunStore(store.path, store.shipped)


# Making and finding


def test_a_run_is_found_again_as_it_was_made(store: RunStore) -> None:
    experiment = SPEC.changed({"train.epochs": 7})
    run = store.create(experiment, "my first")
    found = again(store).open(run.id)
    assert (found, found.experiment, found.label, found.shipped) == (run, experiment, "my first", False)


@given(experiments())
def test_any_experiment_is_read_back_equal(tmp_path_factory: pytest.TempPathFactory, experiment: Experiment) -> None:
    store = RunStore(tmp_path_factory.mktemp("runs"), shipped=Path("none"))
    assert store.open(store.create(experiment, "").id).experiment == experiment


def test_runs_are_listed_newest_first_and_shipped_ones_last(store: RunStore) -> None:
    old, new = store.create(SPEC, "old"), store.create(SPEC, "new")
    shipped = store.create(SPEC, "shipped")
    for run, when in ((old, "2001"), (new, "2002"), (shipped, "2003")):
        file = run.path / "run.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "created": when}))
    store.shipped.mkdir()
    shipped.path.rename(store.shipped / "the-reference")
    assert [run.label for run in store] == ["new", "old", "shipped"]
    assert [run.shipped for run in store] == [False, False, True]
    assert store.open("the-reference").label == "shipped"


def test_a_run_is_found_by_id_label_or_shipped_name(store: RunStore) -> None:
    run = store.create(SPEC, "only one")
    for _ in range(2):
        store.create(SPEC, "twice")
    assert store.find(run.id) == store.find("only one") == run
    with pytest.raises(RunError, match=r"^2 runs have this label; use an id$"):
        store.find("twice")
    with pytest.raises(RunError, match=r"^no run has this id or label$"):
        store.find("../only one")


def test_a_removed_run_is_gone_and_a_shipped_one_stays(store: RunStore) -> None:
    gone, other, shipped = (store.create(SPEC, name) for name in ("gone", "other", "shipped"))
    store.record(gone.id, Checkpoint(epoch=1, arrays=weights()))
    store.shipped.mkdir()
    shipped.path.rename(store.shipped / "the-reference")
    store.remove(gone.id)
    assert [folder.name for folder in store.path.iterdir()] == [other.id]
    for wrong in (gone.id, "the-reference", "../shipped"):
        with pytest.raises(RunError):
            store.remove(wrong)
    assert store.open("the-reference").label == "shipped"


def test_an_empty_or_missing_folder_lists_nothing(store: RunStore) -> None:
    assert list(store) == []


@pytest.mark.parametrize(
    "run_id",
    [
        "",
        ".",
        "..",
        "../x",
        "../../etc/passwd",
        "/etc",
        "r" + "0" * 31,
        "r" + "g" * 32,
        "R" + "0" * 32,
        "a\x00",
        "a\n",
        "a/b",
    ],
)
def test_an_id_is_never_a_path(store: RunStore, run_id: str) -> None:
    (store.path / "x").mkdir(parents=True)
    (store.path.parent / "x").mkdir()
    with pytest.raises(RunError, match=r"^(no run has this id|there is no such run, or its run\.json is damaged)$"):
        store.open(run_id)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("../../x", "../../x"),
        ("a\x00b", "ab"),
        ("x" * 300, "x" * LABEL_LENGTH),
        ("one\ntwo\r\tthree", "onetwothree"),
        ("\u202egnp.exe", "gnp.exe"),
        ("![x](https://example.org/x.png)", "![x](https://example.org/x.png)"),
        (" \n ", "untitled"),
        ("CON", "CON"),
    ],
)
def test_a_label_is_one_line_of_text_and_names_nothing_on_disk(store: RunStore, text: str, label: str) -> None:
    run = store.create(SPEC, text)
    assert store.open(run.id).label == label
    assert [folder.name for folder in store.path.iterdir()] == [run.id]


@given(st.text())
def test_any_label_is_printable_short_and_stable(text: str) -> None:
    label = clean_label(text)
    assert label.isprintable()
    assert 0 < len(label) <= LABEL_LENGTH
    assert clean_label(label) == label


# Damage


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"id": "x"}',
        b"[" * 100_000,
        b"1" * 10_000,
        b'{"id": "r", "label": "", "created": "", "experiment": {"train": {"epochs": 0}}}',
        b'{"id": "r", "label": "", "created": "", "experiment": {"train": {"learning_rate": 1e400}}}',
    ],
    ids=lambda content: content[:20].decode("latin-1"),
)
def test_a_damaged_run_leaves_the_others_listed(store: RunStore, content: bytes) -> None:
    damaged, whole = store.create(SPEC, "damaged"), store.create(SPEC, "whole")
    (damaged.path / "run.json").write_bytes(content)
    (store.path / "stray.txt").write_text("not a run")
    assert [run.label for run in store] == ["whole"]
    assert store.find("whole") == whole
    with pytest.raises(RunError, match=r"run\.json is damaged"):
        store.open(damaged.id)


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_half_written_last_event_is_dropped_and_the_next_is_read(store: RunStore, cut: int) -> None:
    run = store.create(SPEC, "")
    for event in (STARTED, batch(1), batch(2)):
        store.record(run.id, event)
    lines = run.path / "events.jsonl"
    lines.write_bytes(lines.read_bytes()[:-cut])
    before = again(store)
    assert before.open(run.id).history.batches == [batch(1)]
    before.record(run.id, batch(3))
    expected = [batch(1), batch(2), batch(3)] if cut == 1 else [batch(1), batch(3)]  # 1: only the line's end was lost
    assert before.open(run.id).history.batches == expected
    assert again(store).open(run.id).history.batches == expected


def test_a_changed_event_is_dropped(store: RunStore) -> None:
    run = store.create(SPEC, "")
    for event in (STARTED, batch(1), batch(2)):
        store.record(run.id, event)
    lines = run.path / "events.jsonl"
    lines.write_bytes(lines.read_bytes().replace(b'"step": 1', b'"step": 9'))
    assert again(store).open(run.id).history.batches == [batch(2)]


def test_an_event_of_a_later_version_is_passed_over(store: RunStore) -> None:
    import zlib

    run, text = store.create(SPEC, ""), b'{"event": "Thought", "depth": 42}'
    store.record(run.id, STARTED)
    with (run.path / "events.jsonl").open("ab") as file:
        file.write(b"%08x %s\n" % (zlib.crc32(text), text))
    store.record(run.id, batch(1))
    assert run.history.batches == [batch(1)]


def test_events_that_came_since_are_added_to_the_history(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    run, reader = store.create(SPEC, ""), again(store)
    store.record(run.id, STARTED)
    seen = reader.open(run.id).history
    store.record(run.id, batch(1))
    lines = run.path / "events.jsonl"
    # what was read before is not read again: not even a change to it is noticed
    lines.write_bytes(lines.read_bytes().replace(b'"epochs": 3', b'"epochs": 9'))
    assert reader.open(run.id).history is seen
    assert (seen.started, seen.batches) == (STARTED, [batch(1)])


def test_a_line_being_written_is_read_when_it_is_whole(store: RunStore) -> None:
    run, reader = store.create(SPEC, ""), again(store)
    store.record(run.id, STARTED)
    lines = run.path / "events.jsonl"
    size = lines.stat().st_size
    store.record(run.id, batch(1))
    content = lines.read_bytes()
    lines.write_bytes(content[: size + 20])
    assert reader.open(run.id).history.batches == []
    lines.write_bytes(content)
    assert reader.open(run.id).history.batches == [batch(1)]


def test_a_number_that_is_not_finite_never_reaches_the_file(store: RunStore) -> None:
    run = store.create(SPEC, "")
    with pytest.raises(ValueError, match="loss is not finite"):
        store.record(run.id, BatchEnd(epoch=1, step=1, loss=float("nan"), accuracy=0, learning_rate=1, seconds=0))
    assert run.history.batches == []


# Weights


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])


def state(value: float) -> Arrays:
    """What a checkpoint holds, as far as the store looks at it."""
    return {f"weights/{name}": array for name, array in weights(value).items()}


def names(run: Run, pattern: str) -> list[str]:
    return sorted(file.name for file in run.path.glob(f"{pattern}.npz"))


def test_two_checkpoints_are_kept_and_one_after_the_end(store: RunStore) -> None:
    run = store.create(SPEC, "")
    for number in (8, 9, 10, 11):
        store.record(run.id, Checkpoint(epoch=number, arrays=state(number)))
    assert names(run, "checkpoint-*") == ["checkpoint-0010-000000.npz", "checkpoint-0011-000000.npz"]
    assert run.weights()["logits/bias"][0] == 11
    store.record(run.id, finished(arrays=weights(3)))
    assert names(run, "[cw]*") == ["checkpoint-0011-000000.npz", "weights.npz"]  # it can go on
    assert run.weights()["logits/bias"][0] == 3
    assert not list(run.path.glob(".*"))


@pytest.mark.parametrize("damage", [flip, truncate, lambda file: file.write_bytes(b"")], ids=["flip", "cut", "empty"])
def test_a_damaged_checkpoint_is_replaced_by_the_one_before(store: RunStore, damage: Callable[[Path], None]) -> None:
    run = store.create(SPEC, "")
    for number in (1, 2):
        store.record(run.id, Checkpoint(epoch=number, arrays=state(number)))
    damage(run.path / "checkpoint-0002-000000.npz")
    assert run.weights()["logits/bias"][0] == 1
    assert Network.from_run(run).probabilities(DIGITS.images).shape == (30, 10)
    damage(run.path / "checkpoint-0001-000000.npz")
    with pytest.raises(RunError, match=r"^(its arrays are damaged|this run has no weights yet)$"):
        run.weights()


def test_a_run_without_weights_says_so(store: RunStore) -> None:
    run = store.create(SPEC, "")
    with pytest.raises(RunError, match=r"^this run has no weights yet$"):
        run.weights()
    with pytest.raises(RunError, match=r"^this run has no weights yet$"):
        run.evaluation(DIGITS)
    assert run.weights_file is None


def npz(entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def npy(shape: tuple[int, ...]) -> bytes:
    """An array that claims this shape and holds one number."""
    buffer = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(buffer, header)
    return buffer.getvalue() + b"\0\0\0\0"


def compressed() -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **weights())
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (compressed(), "compressed"),
        (pack({"logits/kernel": np.array([{}], object), "logits/bias": np.zeros(10)}), "cannot be read safely"),
        (pack({**weights(), "more": np.zeros(10_000, np.float32)}), "larger than the network needs"),
        (npz({"logits/kernel.npy": npy((2**40,))}), "damaged"),
        (npz({"logits/kernel.npy": npy((784, 10))}), "cannot be read safely|damaged"),
        (npz({"logits/kernel.npy": b"import os"}), "not an array"),
        (npz({"logits/kernel.npy": npy((1,))}).replace(b"\x14\x00\x00\x00", b"\x14\x00\x01\x00"), "damaged"),
    ],
    ids=["compressed", "pickled", "too large", "terabytes", "short", "text", "encrypted"],
)
def test_arrays_this_lab_never_writes_are_refused(store: RunStore, content: bytes, reason: str) -> None:
    run = store.create(SPEC, "")
    (run.path / "weights.npz").write_bytes(content)
    with pytest.raises(RunError, match=reason):
        run.weights()
    with pytest.raises(RunError, match=reason):
        run.evaluation(DIGITS)


@pytest.mark.parametrize(
    "arrays",
    [
        {**weights(), "logits/bias": np.full(10, np.nan, np.float32)},
        {**weights(), "logits/bias": np.zeros(10, np.float64)},
        {"logits/kernel": weights()["logits/kernel"]},
        {**weights(), "../../evil": np.zeros(1, np.float32)},
    ],
    ids=["nan", "float64", "missing", "extra"],
)
def test_weights_of_another_network_are_not_evaluated(store: RunStore, arrays: Arrays) -> None:
    run = store.create(SPEC, "")
    (run.path / "weights.npz").write_bytes(pack(arrays))
    with pytest.raises(RunError, match=r"^this run's weights cannot be used: .*weight"):
        run.evaluation(DIGITS)


def test_a_random_flip_never_raises_anything_but_a_run_error(store: RunStore) -> None:
    run, random = store.create(SPEC, ""), np.random.default_rng(0)
    whole = pack(weights())
    for _ in range(300):
        content = bytearray(whole)
        # the headers and the directory, where a flip does more than change a number
        place = random.choice([random.integers(200), -1 - random.integers(300), random.integers(len(whole))])
        content[place] = random.integers(256)
        (run.path / "weights.npz").write_bytes(bytes(content))
        try:
            run.weights()
        except RunError as error:
            assert "/" not in str(error)  # noqa: PT017 - either outcome is right, any other exception is not


def steered(paused: bool = False) -> Steered:
    return Steered(epoch=2, step=0, epochs=3, learning_rate=None, paused=paused, seconds=1)


# Status


@pytest.mark.parametrize(
    ("events", "live", "status"),
    [
        ([], True, "queued"),
        ([], False, "interrupted"),
        ([STARTED], True, "running"),
        ([STARTED, batch(1)], False, "interrupted"),
        ([STARTED, batch(1), steered(paused=True)], True, "paused"),
        ([STARTED, batch(1), steered(paused=True)], False, "interrupted"),
        ([STARTED, finished(), steered()], True, "running"),
        ([STARTED, finished()], True, "finished"),
        ([STARTED, finished("patience")], False, "finished"),
        ([STARTED, finished("target")], False, "finished"),
        ([STARTED, finished("time")], False, "finished"),
        ([STARTED, batch(1), finished("stopped")], False, "stopped"),
        ([finished("stopped", {})], False, "stopped"),
        ([STARTED, Failed(message="Out of luck.")], False, "failed"),
        ([Failed(message="Out of luck.")], True, "failed"),
    ],
)
def test_status_follows_from_the_events_and_what_is_live(
    store: RunStore, events: list[Event], live: bool, status: str
) -> None:
    run = store.create(SPEC, "")
    for event in events:
        store.record(run.id, event)
    if live:
        store.live.add(run.id)
    assert run.status == status


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ([STARTED], "Interrupted in the first epoch. No weights were kept yet; Resume begins again."),
        (
            [STARTED, Checkpoint(epoch=2, arrays=state(1))],
            "Interrupted after epoch 2. Nothing before it is lost.",
        ),
        (
            [STARTED, Checkpoint(epoch=2, step=1200, arrays=state(1))],
            "Interrupted in epoch 3, after its step 1,200. Nothing before it is lost.",
        ),
        ([STARTED, finished()], "All 3 epochs done."),
        ([Failed(message="Out of luck.")], "Out of luck."),
        ([finished("stopped", {})], "Stopped by hand before the first step; there are no weights."),
    ],
)
def test_a_run_says_what_was_kept_of_it(store: RunStore, events: list[Event], sentence: str) -> None:
    run = store.create(SPEC, "")
    for event in events:
        store.record(run.id, event)
    assert run.kept == sentence


# Evaluation


def test_an_evaluation_is_read_while_the_digits_are_the_same(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.create(SPEC, "")
    store.record(run.id, finished())
    probabilities = np.eye(10, dtype=np.float32)[DIGITS.labels]
    store.record(run.id, Evaluated(digits=DIGITS.sha256, arrays={"probabilities": probabilities}))
    monkeypatch.setattr(forward.Network, "probabilities", None)  # computing would raise
    assert again(store).open(run.id).evaluation(DIGITS).accuracy == 1


@pytest.mark.parametrize("change", ["other digits", "cut", "flipped", "no digits", "wrong shape", "nan"])
def test_an_evaluation_is_made_again_when_it_does_not_hold(store: RunStore, change: str) -> None:
    run = store.create(SPEC, "")
    store.record(run.id, finished(arrays=weights(0)))
    probabilities = np.eye(10, dtype=np.float32)[DIGITS.labels]
    store.record(run.id, Evaluated(digits=DIGITS.sha256, arrays={"probabilities": probabilities}))
    file, other = run.path / "evaluation.npz", read_sample()[30:70]
    match change:
        case "cut":
            truncate(file)
        case "flipped":
            flip(file)
        case "no digits":
            file.write_bytes(pack({"probabilities": probabilities}))
        case "wrong shape":
            file.write_bytes(pack({"probabilities": probabilities[:5], "digits": np.array(DIGITS.sha256)}))
        case "nan":
            file.write_bytes(pack({"probabilities": probabilities * np.nan, "digits": np.array(DIGITS.sha256)}))
    found = run.evaluation(other if change == "other digits" else DIGITS)
    assert found.digits == (other if change == "other digits" else DIGITS).sha256
    np.testing.assert_allclose(found.probabilities, 0.1, rtol=1e-6)  # all weights are 0


# Folders that cannot be written


def test_a_folder_that_cannot_be_made_is_a_sentence(lab: Path) -> None:
    (lab / "file").write_text("in the way")
    with pytest.raises(RunError, match=r"^the folder of runs cannot be written; set MNISTLAB_RUNS to one that can$"):
        RunStore(lab / "file" / "runs").create(SPEC, "")


def test_a_full_disk_leaves_no_half_run(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    kept = store.create(SPEC, "before")
    store.record(kept.id, Checkpoint(epoch=1, arrays=state(1)))
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="cannot be written"):
        store.create(SPEC, "")
    with pytest.raises(OSError, match="No space left"):
        store.record(kept.id, Checkpoint(epoch=2, arrays=state(2)))
    assert [run.label for run in again(store)] == ["before"]
    assert kept.history.checkpoint.epoch == 1
    assert kept.weights()["logits/bias"][0] == 1
    assert not list(kept.path.glob(".*"))


def test_a_run_whose_folder_is_gone_is_a_sentence(store: RunStore) -> None:
    run = store.create(SPEC, "")
    (run.path / "run.json").unlink()
    run.path.rmdir()
    with pytest.raises(RunError, match="there is no such run"):
        store.record(run.id, STARTED)
    assert run.status == "interrupted"


# Going on


def test_the_newest_checkpoint_is_gone_on_from_and_a_damaged_one_is_told(store: RunStore) -> None:
    run = store.create(SPEC, "")
    assert run.resume_from() == (None, "")
    for number in (1, 2):
        store.record(run.id, Checkpoint(epoch=number, arrays=state(number)))
    arrays, note = run.resume_from()
    assert arrays is not None
    assert (arrays["weights/logits/bias"][0], note) == (2, "")
    flip(run.path / "checkpoint-0002-000000.npz")
    arrays, note = run.resume_from()
    assert arrays is not None
    assert arrays["weights/logits/bias"][0] == 1
    assert note.startswith("The newest checkpoint was not used: its arrays are damaged.")
    flip(run.path / "checkpoint-0001-000000.npz")
    assert run.resume_from() == (None, "No checkpoint could be read: the training begins again.")


def test_weights_of_whole_epochs_are_kept_to_look_back(store: RunStore) -> None:
    run = store.create(SPEC, "")
    store.record(run.id, STARTED)
    for number in (1, 2):
        store.record(run.id, EpochEnd(epoch=number, loss=1, accuracy=0, val_loss=1, val_accuracy=0, seconds=1))
        store.record(run.id, Checkpoint(epoch=number, arrays=state(number)))
    store.record(run.id, Checkpoint(epoch=2, step=7, arrays=state(9)))
    assert list(run.epochs_kept) == [1, 2]
    assert run.weights_after(1)["logits/bias"][0] == 1
    flip(run.epochs_kept[1])
    with pytest.raises(RunError, match="damaged"):
        run.weights_after(1)
    store.record(run.id, STARTED)  # it begins again
    assert list(run.epochs_kept) == names(run, "checkpoint-*") == []


@pytest.mark.parametrize("best", [1, 7, 90])
def test_of_many_epochs_twenty_stay_evenly_spread(best: int) -> None:
    kept: list[int] = []
    for epoch in range(1, 101):
        kept.append(epoch)
        for gone in too_many(kept, 20, best):
            kept.remove(gone)
    assert len(kept) == 20
    assert {1, best, 100} <= set(kept)
    assert max(b - a for a, b in itertools.pairwise(kept)) <= 16


def test_watched_digits_are_read_back(store: RunStore) -> None:
    run = store.create(SPEC, "")
    with pytest.raises(RunError):
        run.probed()
    images, labels = DIGITS.images[:11], np.arange(10, dtype=np.uint8)
    store.record(run.id, replace(STARTED, arrays={"images": images, "labels": labels}))
    np.testing.assert_array_equal(run.probed()[0], images)
    np.testing.assert_array_equal(run.probed()[1], labels)


def test_a_shipped_run_is_found_by_its_id_too(store: RunStore) -> None:
    (shipped, *_) = [run for run in RunStore(store.path) if run.shipped]
    assert RunStore(store.path).open(shipped.id).path == shipped.path


def test_trouble_is_told_before_anything_else(store: RunStore) -> None:
    run = store.create(SPEC, "")
    store.trouble[run.id] = "The disk is full."
    assert (run.status, run.kept) == ("failed", "The disk is full.")


def test_a_run_remembers_whose_it_is(store: RunStore) -> None:
    assert again(store).open(store.create(SPEC, "", visitor="ab12").id).visitor == "ab12"


# A bound on disk


def over(store: RunStore, label: str, created: str) -> Run:
    """A run that is over, made at this time."""
    run = store.create(SPEC, label)
    store.record(run.id, STARTED)
    store.record(run.id, finished())
    file = run.path / "run.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "created": created}))
    return store.open(run.id)


def bound(monkeypatch: pytest.MonkeyPatch, store: RunStore, runs: float) -> None:
    """So much disk that this many new runs fit besides what is there."""
    room = store.taken() + runs * most_bytes(SPEC)
    monkeypatch.setenv("MNISTLAB_MAX_DISK_MB", str(room / 1e6))


def labels(store: RunStore) -> list[str]:
    return sorted(run.label for run in store)


def test_oldest_runs_go_when_the_disk_is_full(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for label in ("b", "a", "c"):
        over(store, label, f"2001-{label}")
    bound(monkeypatch, store, 1)
    store.create(SPEC, "new")  # fits
    assert labels(store) == ["a", "b", "c", "new"]
    size = sum(file.stat().st_size for file in next(run for run in store if run.label == "a").path.iterdir())
    monkeypatch.setenv("MNISTLAB_MAX_DISK_MB", str((store.taken() + most_bytes(SPEC) - 1.5 * size) / 1e6))
    store.create(SPEC, "newer")
    assert labels(store) == ["c", "new", "newer"]


def test_pinned_live_and_shipped_runs_stay(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for label in ("pinned", "live", "shipped", "free"):
        over(store, label, "2001")
    by = {run.label: run for run in store}
    store.shipped.mkdir()
    by["shipped"].path.rename(store.shipped / "the-reference")
    store.pin(by["pinned"].id, True)
    store.live.add(by["live"].id)
    monkeypatch.setenv("MNISTLAB_MAX_DISK_MB", str((store.taken() + 2 * most_bytes(SPEC) - 40_000) / 1e6))
    store.create(SPEC, "new")
    assert labels(store) == ["live", "new", "pinned", "shipped"]
    assert again(store).open(by["pinned"].id).pinned


def test_run_for_which_no_room_can_be_made_is_refused_and_none_goes(
    store: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, free = over(store, "kept", "2001"), over(store, "free", "2002")
    store.pin(kept.id, True)
    monkeypatch.setenv("MNISTLAB_MAX_DISK_MB", str((most_bytes(SPEC) + 1) / 1e6))
    with pytest.raises(RunError, match=r"full of pinned ones and those not over; unpin one, or wait$"):
        store.create(SPEC, "new")
    monkeypatch.setenv("MNISTLAB_MAX_DISK_MB", "1")
    with pytest.raises(RunError, match=r"^this run may take 4 MB on disk; this lab keeps 1 MB of runs$"):
        store.create(SPEC, "new")
    assert labels(store) == [free.label, kept.label]


def test_run_that_another_process_may_be_training_stays(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    run = store.create(SPEC, "elsewhere")
    store.record(run.id, STARTED)
    monkeypatch.setenv("MNISTLAB_MAX_DISK_MB", str((most_bytes(SPEC) + 1) / 1e6))
    with pytest.raises(RunError, match="unpin one, or wait"):
        store.create(SPEC, "new")
    for file in run.path.iterdir():
        os.utime(file, (1, 1))
    store.create(SPEC, "new")
    assert labels(store) == ["new"]


def test_running_ones_keep_the_room_that_they_will_need(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    bound(monkeypatch, store, 1.5)
    store.live.add(store.create(SPEC, "running").id)
    with pytest.raises(RunError, match="unpin one, or wait"):
        store.create(SPEC, "new")


def test_room_is_for_all_that_a_training_keeps(store: RunStore) -> None:
    large = SPEC.changed({"model.dense": [{"units": 512}], "train.epochs": 200})
    run = store.create(large, "")
    store.record(run.id, STARTED)
    size = Ledger.of(large.model).weight_shapes
    arrays = {name: np.zeros(shape, np.float32) for name, shape in size.items()}
    copies = {f"{part}/{name}": array for part in ("weights", "best") for name, array in arrays.items()}
    adam = {f"optimizer/{i}/{name}": array for i in range(2) for name, array in arrays.items()}
    for number in range(1, 24):
        store.record(run.id, Checkpoint(epoch=number, arrays=copies | adam))
        assert store.taken() < most_bytes(large)
    store.record(run.id, finished(arrays=arrays))
    assert store.taken() < most_bytes(large)


def test_pinned_runs_leave_room_to_train(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = over(store, "first", "2001"), over(store, "second", "2002")
    monkeypatch.setenv("MNISTLAB_MAX_DISK_MB", str(store.taken() * 1.2 / 1e6))
    store.pin(first.id, True)
    store.pin(first.id, True)
    with pytest.raises(RunError, match=r"^pinned runs may take 0\.04 MB in all; unpin another one first$"):
        store.pin(second.id, True)
    store.pin(first.id, False)
    store.pin(first.id, False)
    store.pin(second.id, True)
    assert [run.pinned for run in store] == [True, False]


def test_shipped_run_needs_no_pin(store: RunStore) -> None:
    with pytest.raises(RunError, match=r"^a run that came with the lab always stays$"):
        RunStore(store.path).pin("reference-cnn", True)


def test_run_that_was_brought_is_there_with_all_its_files(store: RunStore) -> None:
    run = store.create(SPEC, "", brought={"weights.npz": pack(weights()), "events.jsonl": b""})
    assert run.brought
    assert set(run.weights()) == set(weights())
    assert not store.create(SPEC, "").brought
