"""What another lab says of a run: every number and text is one that this lab could have written itself."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistlab import foreign
from mnistlab.events import (
    Arrays,
    BatchEnd,
    EpochEnd,
    Evaluated,
    Event,
    Failed,
    Finished,
    Probe,
    Started,
    Steered,
    pack,
)
from mnistlab.experiment import Experiment
from mnistlab.files import FileError
from mnistlab.initial import fresh
from mnistlab.runs import RunStore, lines

SPEC = Experiment()  # softmax regression
STARTED = Started(digits="d", epochs=2, steps=3, train_images=10, validation_images=10)
BATCH = BatchEnd(epoch=1, step=3, loss=1.0, accuracy=0.5, learning_rate=0.1, seconds=0.1)
EPOCH = EpochEnd(epoch=1, loss=1.0, accuracy=0.5, val_loss=1.0, val_accuracy=0.5, seconds=1.0)
PROBE = Probe(
    epoch=1, probabilities=[[0.1] * 10], recall=[0.5] * 9 + [None],
    layers={"logits": {"size": 0.1, "moved": 0.2, "gradient": None, "silent": None}},
)  # fmt: skip
STEERED = Steered(epoch=1, step=2, epochs=2, learning_rate=None, paused=False, seconds=0.5, note="a note")
FINISHED = Finished(reason="patience", epochs=2, kept_epoch=1)
EVALUATED = Evaluated(digits="d")
ALL: tuple[Event, ...] = (STARTED, BATCH, STEERED, EPOCH, PROBE, FINISHED, EVALUATED)
OTHERS = "the weights do not belong to this network:"
BIAS = "weight logits/bias must be finite float32 (10,). Received:"
META = {"id": "r", "label": "mine", "created": "2026", "experiment": json.loads(SPEC.to_json())}


def refusal(read: Callable[[], object]) -> str:
    with pytest.raises(FileError) as caught:
        read()
    return str(caught.value)


# run.json


def test_run_file_is_read() -> None:
    found = foreign.run_file(json.dumps(META).encode())
    assert (found.label, found.experiment) == ("mine", SPEC)


def test_run_file_of_the_store_is_read(lab: Path) -> None:
    run = RunStore(lab / "runs").create(SPEC, "mine", visitor="ab")
    assert foreign.run_file((run.path / "run.json").read_bytes()).visitor == "ab"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "run.json: not JSON: Expecting value in line 1"),
        (b"\xff", "run.json is not UTF-8"),
        (b"[" * 100_000, "run.json: an experiment has at most 65,536 characters. Received: 100,000"),
        (b"[" * 60_000, "run.json: this JSON is nested too deeply for an experiment"),
        (json.dumps(META | {"owner": 1}).encode(), "run.json: owner: is not a field of an experiment"),
        (json.dumps(META).replace('"id"', '"label": "x", "id"').encode(), 'run.json: the key "label" stands twice'),
        (
            json.dumps(META).replace('"learning_rate": 0.001', '"learning_rate": 1e400').encode(),
            "run.json: experiment.train.learning_rate: expected a number above 0 up to 10. Received: Infinity",
        ),
        (
            json.dumps(META).replace('"epochs": 5', '"epochs": 1' + 2000 * "0").encode(),
            "run.json: a number of 2,001 digits is not one an experiment can hold",
        ),
        (
            json.dumps(META).replace('"epochs": 5', '"epochs": 5, "turns": 1').encode(),
            "run.json: experiment.train.turns: is not a field of an experiment",
        ),
    ],
    ids=["nothing", "bytes", "too large", "too deep", "unknown", "twice", "1e400", "long number", "unknown inside"],
)
def test_run_file_that_is_none_is_refused_with_the_field(content: bytes, reason: str) -> None:
    assert refusal(lambda: foreign.run_file(content)) == reason


# Arrays


def good() -> Arrays:
    return fresh(SPEC.model, "glorot_uniform", 1)


def claims(shape: str) -> bytes:
    """An array that says it has another shape than it has."""
    buffer = io.BytesIO()
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("logits/kernel.npy", b"\x93NUMPY\x01\x00\x76\x00" + header + bytes(400))
    return buffer.getvalue()


def compressed() -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **good())  # type: ignore[arg-type]
    return buffer.getvalue()


def test_weights_are_read() -> None:
    found = foreign.weights(pack(good()), SPEC)
    assert set(found) == {"logits/kernel", "logits/bias"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (pack({"logits/kernel": good()["logits/kernel"]}), f"{OTHERS} 'logits/bias' is missing"),
        (pack({"../x": np.zeros(10, np.float32), "logits/kernel": good()["logits/kernel"]}), f"{OTHERS} '../x' is extra"),
        (pack({**good(), "more": np.zeros(1)}), "it lists 3 files; at most 2 are expected"),
        (pack({**good(), "logits/bias": np.zeros(10)}), f"{BIAS} float64 (10,)"),
        (pack({**good(), "logits/bias": np.zeros(9, np.float32)}), f"{BIAS} float32 (9,)"),
        (pack({**good(), "logits/bias": np.full(10, np.nan, np.float32)}), f"{BIAS} float32 (10,)"),
        (pack({**good(), "logits/bias": np.array([None] * 10)}), "its arrays cannot be read safely"),
        (pack({**good(), "logits/kernel": np.zeros((784, 11), np.float32)}), "its arrays are larger than the network needs"),
        (compressed(), "its arrays are compressed, which this lab never writes"),
        (claims("(1099511627776,)"), "its arrays are damaged"),
        (claims("(-1,)"), "its arrays cannot be read safely"),
        (pack(good())[:-30], "it is not a whole zip file"),
        (b"", "it is not a whole zip file"),
    ],
)  # fmt: skip
def test_other_weights_are_refused(content: bytes, reason: str) -> None:
    assert refusal(lambda: foreign.weights(content, SPEC)) == f"weights.npz: {reason}"


def test_weights_whose_answers_are_not_finite_are_refused() -> None:
    huge = {**good(), "logits/kernel": np.full((784, 10), 3e38, np.float32)}
    assert refusal(lambda: foreign.weights(pack(huge), SPEC)).endswith("the network's answers are not finite")


def answers(rows: int = 5, value: float = 0.1) -> Arrays:
    return {"probabilities": np.full((rows, 10), value, np.float32), "digits": np.array("ab" * 32)}


def test_evaluation_is_read() -> None:
    np.testing.assert_array_equal(foreign.evaluation(pack(answers()))["probabilities"], answers()["probabilities"])


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"probabilities": np.zeros((5, 10), np.float32)}, "expected the arrays probabilities and digits"),
        ({**answers(), "probabilities": np.zeros((5, 9), np.float32)}, "expected float32 (n, 10). Received: float32 (5, 9)"),
        ({**answers(), "probabilities": np.zeros((5, 10))}, "expected float32 (n, 10). Received: float64 (5, 10)"),
        (answers(value=0.2), "its rows are not probabilities"),
        (answers(value=np.nan), "its rows are not probabilities"),
        ({**answers(), "digits": np.array("../x")}, "it does not say on which digits it was made"),
        (answers(rows=200_000), "its arrays are larger than the network needs"),
    ],
)  # fmt: skip
def test_other_evaluations_are_refused(arrays: Arrays, reason: str) -> None:
    assert refusal(lambda: foreign.evaluation(pack(arrays))) == f"evaluation.npz: {reason}"


# Events


def test_events_are_read_as_they_were_written() -> None:
    assert foreign.events(lines(ALL), SPEC) == ALL


def test_line_that_a_crash_cut_is_left_out() -> None:
    cut = lines([STARTED]) + lines([BATCH])[:40] + b"\n" + lines([FINISHED])
    assert foreign.events(cut, SPEC) == (STARTED, FINISHED)


@pytest.mark.parametrize(
    "told", [(), (STARTED,), (FINISHED,), (BATCH, STARTED, FINISHED), (STARTED, Failed(message=""))]
)
def test_training_without_beginning_or_end_is_refused(told: tuple[Event, ...]) -> None:
    said = refusal(lambda: foreign.events(lines(told), SPEC))
    assert said == "events.jsonl does not tell of a training from its beginning to its end"


def line(**values: Any) -> bytes:
    text = json.dumps(values).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


@pytest.mark.parametrize(
    "changes",
    [
        {"event": "Nothing"},
        {"event": "MapStep"},
        {"event": ["Started"]},
        {"epoch": "1"},
        {"epoch": -1},
        {"epoch": 1.5},
        {"epoch": True},
        {"loss": float("nan")},
        {"loss": float("inf")},
        {"loss": None},
        {"loss": [1]},
        {"loss": 1e300},
        {"more": 1},
        {"arrays": {}},
    ],
    ids=str,
)
def test_event_that_no_worker_would_say_is_refused_with_its_line(changes: dict[str, Any]) -> None:
    wrong = line(**{"event": "EpochEnd", **vars(EPOCH), **changes})
    said = refusal(lambda: foreign.events(lines([STARTED]) + wrong + lines([FINISHED]), SPEC))
    assert said == "events.jsonl, line 2: it is no event of a training"


@pytest.mark.parametrize(
    "wrong",
    [
        line(event="Started", digits="d", epochs=0, steps=3, train_images=10, validation_images=10),
        line(event="Started", digits="d", epochs=1, steps=0, train_images=10, validation_images=10),
        line(event="Failed", message="x" * 10_000),
        line(event="Finished", reason="magic", epochs=1, kept_epoch=1),
        line(**{"event": "Steered", **vars(STEERED), "epochs": 0}),
        line(**{"event": "Probe", **vars(PROBE), "recall": [0.5]}),
        line(**{"event": "Probe", **vars(PROBE), "probabilities": [[0.1] * 9]}),
        line(**{"event": "Probe", **vars(PROBE), "probabilities": [[0.1] * 10] * 1000}),
        line(**{"event": "Probe", **vars(PROBE), "layers": {"<a href=x>": {"size": 0.1}}}),
        line(**{"event": "Probe", **vars(PROBE), "layers": {"logits": {"other": 0.1}}}),
        b"%08x %s\n" % (zlib.crc32(b"[" * 10_000), b"[" * 10_000),
        b"%08x %s\n" % (zlib.crc32(b"\xff"), b"\xff"),
    ],
)
def test_forged_event_with_a_right_checksum_is_refused_with_its_line(wrong: bytes) -> None:
    said = refusal(lambda: foreign.events(lines([STARTED]) + wrong + lines([FINISHED]), SPEC))
    assert said == "events.jsonl, line 2: it is no event of a training"
