"""A run as a zip: another lab has it whole, and whatever else is offered as one is refused in one sentence."""

from __future__ import annotations

import io
import json
import random
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mnistlab.data.digits import Digits
from mnistlab.data.sources import read_sample
from mnistlab.events import Arrays, Checkpoint, EpochEnd, Evaluated, Finished, Started, pack
from mnistlab.experiment import ConvBlock, Experiment, ModelSpec
from mnistlab.forward import Network
from mnistlab.initial import fresh
from mnistlab.parcel import MEMBERS, add, most_bytes, unwrap, wrap
from mnistlab.runs import Run, RunError, RunStore

SPEC = Experiment(model=ModelSpec(conv=(ConvBlock(filters=4, strides=4),)))  # small, with a kernel of four axes
SHA = "ab" * 32


@pytest.fixture
def store(lab: Path) -> RunStore:
    return RunStore(lab / "runs", shipped=lab / "none")


def digits() -> Digits:
    return read_sample()[:20]


def a_run(store: RunStore, label: str = "mine", visitor: str = "") -> Run:
    """A finished run, with its answers to some digits."""
    run = store.create(SPEC, label, visitor=visitor)
    arrays: Arrays = fresh(SPEC.model, "glorot_uniform", 1)
    store.record(run.id, Started(digits=SHA, epochs=1, steps=1, train_images=1, validation_images=1))
    store.record(run.id, EpochEnd(epoch=1, loss=1.0, accuracy=0.5, val_loss=1.5, val_accuracy=0.25, seconds=1.0))
    store.record(run.id, Checkpoint(epoch=1, arrays={f"weights/{name}": array for name, array in arrays.items()}))
    store.record(run.id, Finished(reason="all_epochs", epochs=1, kept_epoch=1, arrays=arrays))
    answers = Network(SPEC.model, arrays).probabilities(digits().images)
    store.record(run.id, Evaluated(digits=digits().sha256, arrays={"probabilities": answers}))
    return store.open(run.id)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The zip of such a run."""
    folder = tmp_path_factory.mktemp("whole")
    return wrap(a_run(RunStore(folder, shipped=folder / "none")))


def contents(zipped: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        return {name.split("/")[1]: archive.read(name) for name in archive.namelist()}


def zipped(files: Mapping[str, bytes], folder: str = "r/", how: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(f"{folder}{name}", content)
    return buffer.getvalue()


def changed(whole: bytes, **files: bytes) -> bytes:
    """The zip with other files in it; `run_json` stands for `run.json`."""
    return zipped(contents(whole) | {name.replace("_", "."): content for name, content in files.items()})


def refusal(content: bytes) -> str:
    with pytest.raises(RunError) as caught:
        unwrap(content)
    text = str(caught.value)
    assert text.startswith("the file was not added: ")
    assert "\n" not in text
    return text.removeprefix("the file was not added: ")


# From lab to lab


def test_another_lab_has_the_run_whole(store: RunStore, lab: Path) -> None:
    run, other = a_run(store, "![x](y) mine", "the first"), RunStore(lab / "elsewhere", shipped=lab / "none")
    found = add(other, wrap(run), "somebody")
    assert found.id != run.id
    assert (found.label, found.experiment, found.status) == ("![x](y) mine", SPEC, "finished")
    assert (found.visitor, found.brought, run.brought) == ("somebody", True, False)
    assert list(other) == [found]
    for name, array in run.weights().items():
        np.testing.assert_array_equal(found.weights()[name], array)
    assert found.history.finished == run.history.finished
    assert found.history.epochs == run.history.epochs
    np.testing.assert_array_equal(found.evaluation(digits()).probabilities, run.evaluation(digits()).probabilities)


def test_where_it_could_go_on_from_stays_behind(store: RunStore) -> None:
    run = a_run(store)
    assert run.history.checkpoint is not None
    found = add(store, wrap(run))
    assert found.history.checkpoint is None  # its arrays did not come along either
    assert not list(found.path.glob("checkpoint-*"))


def test_zip_holds_json_and_plain_arrays_only_and_nobodys_name(store: RunStore) -> None:
    run = a_run(store, visitor="secret of a visitor")
    (run.path / "model.keras").write_bytes(b"a program")
    with zipfile.ZipFile(io.BytesIO(wrap(run))) as archive:
        paths = [PurePosixPath(name) for name in archive.namelist()]
    assert {path.parent.as_posix() for path in paths} == {run.id}  # no other folder, and none above
    assert {path.name for path in paths} == set(MEMBERS)
    files = contents(wrap(run))
    assert json.loads(files["run.json"])["visitor"] == ""
    for name in ("weights.npz", "evaluation.npz"):
        with np.load(io.BytesIO(files[name]), allow_pickle=False) as arrays:
            assert all(arrays[key].dtype != object for key in arrays)


@pytest.mark.parametrize("name", ["classic-dense-512", "reference-cnn"])
def test_shipped_run_goes_out_and_in(store: RunStore, name: str) -> None:
    shipped = RunStore().open(name)
    found = add(store, wrap(shipped))
    assert (found.experiment, found.status, found.shipped) == (shipped.experiment, "finished", False)
    assert len(found.history.epochs) == len(shipped.history.epochs)


def test_zipped_again_by_hand_it_still_opens(whole: bytes) -> None:
    files = contents(whole)
    assert unwrap(zipped(files, "")).label == "mine"
    assert unwrap(zipped({"": b"", **files}, "My-run_2/", zipfile.ZIP_STORED)).label == "mine"
    del files["README.txt"], files["evaluation.npz"]
    assert unwrap(zipped(files)).evaluation is None


def test_run_without_weights_is_refused(store: RunStore) -> None:
    with pytest.raises(RunError, match=r"^this run has no weights yet$"):
        wrap(store.create(SPEC, "empty"))


def test_run_that_is_not_over_is_refused(store: RunStore) -> None:
    run = store.create(SPEC, "")
    (run.path / "weights.npz").write_bytes(pack(fresh(SPEC.model, "glorot_uniform", 1)))
    with pytest.raises(RunError, match=r"^this run is not over; stop it or let it end, then take it along$"):
        wrap(run)


def test_files_that_cannot_be_read_are_said_to_be(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run(store)

    def fails(self: Path) -> bytes:
        raise OSError("the disk is gone")

    monkeypatch.setattr(Path, "read_bytes", fails)
    with pytest.raises(RunError, match=r"^this run's files cannot be read$"):
        wrap(run)


def test_refused_zip_leaves_nothing(store: RunStore, whole: bytes) -> None:
    with pytest.raises(RunError):
        add(store, whole[:-9])
    assert not store.path.exists()


def test_network_that_is_too_large_here_is_refused_with_both_numbers(
    whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNISTLAB_MAX_PARAMETERS", "1000")
    assert refusal(whole) == "the network has 2,010 parameters; this lab trains at most 1,000"


def test_zip_larger_than_any_run_here_is_refused_unopened(whole: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTLAB_MAX_PARAMETERS", "250000")
    assert refusal(b"PK" + bytes(most_bytes())) == "it has 5.0 MB; at most 5.0 are read here"


# What is no run


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is no zip"),
        (b"\x89HDF\r\n\x1a\n" + bytes(100), "it is a Keras or HDF5 file (.h5)"),
        (b"\x80\x04\x95\x00.", "it is a pickle"),
        (zipped({"config.json": b"{}", "model.weights.h5": b"", "metadata.json": b"{}"}, ""), "it is a .keras file"),
        (zipped({"saved_model.pb": b"", "variables/variables.index": b""}, "m/"), "it is a SavedModel"),
        (zipped({"archive/data.pkl": b"\x80\x04."}, ""), "it is a pickle"),
        (zipped({"weights.h5": b""}), "it is a Keras or HDF5 file (.h5)"),
        (pack({"a": np.zeros(3, np.float32)}), "it is a bare .npz"),
        (zipped({}), "run.json is missing"),
        (zipped({"run.json": b"{}"}), "events.jsonl is missing"),
    ],
    ids=["empty", "h5", "pickle", "keras", "SavedModel", "torch", "zipped h5", "npz", "nothing", "half"],
)
def test_other_files_are_refused_by_what_they_are(content: bytes, reason: str) -> None:
    assert refusal(content).split(";")[0] == reason


@pytest.mark.parametrize(
    "name",
    ["../run.json", "/etc/passwd", "a/b/run.json", "run.json.exe", "confidence.npz", "..\\x", "x" * 300, "a\nb"],
)
def test_no_other_name_is_taken(whole: bytes, name: str) -> None:
    said = refusal(zipped(contents(whole) | {name: b""}))
    assert said.endswith("which is no part of a run")
    assert len(said) < 120


def test_nothing_lies_above_the_one_folder(whole: bytes) -> None:
    for folder in ("../", "/", "r/../", "r/r/"):
        assert refusal(zipped(contents(whole), folder)).endswith("which is no part of a run")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(whole: bytes) -> None:
    buffer = io.BytesIO(whole)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(archive.namelist()[0], b"{}")
    assert refusal(buffer.getvalue()) == "it holds run.json twice"


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_to_compress_are_refused(whole: bytes, how: int) -> None:
    assert refusal(zipped(contents(whole), how=how)) == "run.json is compressed or locked in a way that is not read"


def test_many_entries_are_refused_before_they_are_read() -> None:
    assert refusal(zipped({str(i): b"" for i in range(1000)})) == "it lists 1,000 files; at most 50 are expected"


@pytest.mark.parametrize(
    ("name", "size", "most"),
    [("run.json", 10**8, "131,072"), ("README.txt", 10**8, "131,072"), ("events.jsonl", 10**8, "16,000,000"),
     ("evaluation.npz", 10**8, "4,004,096"), ("weights.npz", 10**8, "84,000,000")],
)  # fmt: skip
def test_bomb_is_refused_before_it_goes_off(whole: bytes, name: str, size: int, most: str) -> None:
    bomb = zipped(contents(whole) | {name: bytes(size)})
    tracemalloc.start()
    try:
        assert refusal(bomb) == f"{name} unpacks to {size:,} bytes; at most {most} are read"
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_bomb_that_lies_about_its_size_stays_small(whole: bytes) -> None:
    bomb = bytearray(zipped(contents(whole) | {"run.json": bytes(10**7)}))
    true = (10**7).to_bytes(4, "little")
    assert bomb.count(true) == 2  # before the file, and in the directory
    refused = bytes(bomb.replace(true, (100).to_bytes(4, "little")))
    tracemalloc.start()
    try:
        assert refusal(refused) == "it is a damaged zip"
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


# Whatever comes


def flipped(content: bytes, seed: int) -> bytes:
    """A few bytes are others."""
    dice, changed = random.Random(seed), bytearray(content)
    for _ in range(dice.randint(1, 4)):
        changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def mended(name: str) -> Callable[[bytes, int], bytes]:
    """Bytes of one file are others, and the zip around it is whole."""
    return lambda whole, seed: changed(whole, **{name.replace(".", "_"): flipped(contents(whole)[name], seed)})


MUTATIONS: tuple[Callable[[bytes, int], bytes], ...] = (
    flipped,
    lambda whole, seed: whole[: seed % len(whole)],
    lambda whole, seed: whole[seed % len(whole) :],
    *(mended(name) for name in MEMBERS),
)


@settings(max_examples=300)
@given(mutate=st.sampled_from(MUTATIONS), seed=st.integers(0, 2**32))
def test_anything_is_a_whole_run_or_one_sentence(
    whole: bytes, mutate: Callable[[bytes, int], bytes], seed: int
) -> None:
    said = ""
    try:
        parcel = unwrap(mutate(whole, seed))
        answers = Network(parcel.experiment.model, parcel.weights).probabilities(digits().images[:1])
        assert np.isfinite(answers).all()
    except RunError as error:
        said = str(error)
    assert not said or said.startswith("the file was not added: ")
    assert "\n" not in said
    assert len(said) < 400
