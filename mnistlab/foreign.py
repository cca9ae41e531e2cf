"""What another lab says of a run, checked: `run.json`, events and arrays, each from bytes that anybody may have written.

Everything raises `files.FileError`, whose text is a part of a sentence that names the file and what is wrong in it.
"""

from __future__ import annotations

import io
import json
import math
import re
import zlib
from collections.abc import Sequence
from functools import cache
from typing import Any, get_type_hints

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from . import files
from .events import KINDS, Arrays, Checkpoint, Event, Probe, Started, Steered, from_dict
from .experiment import Experiment, Spec, SpecError
from .forward import Network
from .history import History
from .ledger import Ledger

TOLD = ("Started", "Steered", "BatchEnd", "EpochEnd", "Probe", "Checkpoint", "Finished", "Evaluated", "Failed")
"""The events of a training."""
ANSWERS_BYTES = 4_000_000 + 4096  # ten float32 for each of 100,000 test digits
LONGEST = 500  # characters of a text in an event
MOST_ITEMS = 200  # of a list in an event
LARGEST = 1e30
NEAR_ONE = 1e-3  # how far the sum of ten probabilities in float32 may be off


class RunFile(Spec):
    """`run.json`."""

    id: str
    label: str
    created: str
    experiment: Experiment
    visitor: str = ""
    brought: bool = False


def run_file(content: bytes) -> RunFile:
    try:
        return RunFile.from_json(content.decode())
    except UnicodeDecodeError as error:
        raise files.FileError("run.json is not UTF-8") from error
    except SpecError as error:
        raise files.FileError(f"run.json: {error}") from error


def weights(content: bytes, experiment: Experiment) -> Arrays:
    shapes = Ledger.of(experiment.model).weight_shapes
    arrays = _arrays("weights.npz", content, 4 * sum(map(math.prod, shapes.values())), len(shapes))
    try:
        network = Network(experiment.model, arrays)
        with np.errstate(all="ignore"):
            answers = network.probabilities(np.stack([np.zeros((28, 28), np.uint8), np.full((28, 28), 255, np.uint8)]))
    except ValueError as error:
        raise files.FileError(f"weights.npz: {error}") from error
    if not np.isfinite(answers).all():
        raise files.FileError("weights.npz: with these weights the network's answers are not finite")
    return arrays


def evaluation(content: bytes) -> Arrays:
    arrays = _arrays("evaluation.npz", content, ANSWERS_BYTES, 2)
    if set(arrays) != {"probabilities", "digits"}:
        raise files.FileError("evaluation.npz: expected the arrays probabilities and digits")
    answers, digits = arrays["probabilities"], arrays["digits"]
    if answers.dtype != np.float32 or answers.ndim != 2 or answers.shape[1] != 10:
        raise files.FileError(f"evaluation.npz: expected float32 (n, 10). Received: {answers.dtype} {answers.shape}")
    if not (np.isfinite(answers).all() and (answers >= 0).all() and np.allclose(answers.sum(axis=1), 1, atol=NEAR_ONE)):
        raise files.FileError("evaluation.npz: its rows are not probabilities")
    if digits.shape != () or not re.fullmatch(r"[0-9a-f]{64}", str(digits)):
        raise files.FileError("evaluation.npz: it does not say on which digits it was made")
    return {"probabilities": answers, "digits": np.array(str(digits))}


def _arrays(name: str, content: bytes, most: int, count: int) -> Arrays:
    try:
        files.check_directory(content, count)
        return files.read_arrays(io.BytesIO(content), most)
    except files.FileError as error:
        raise files.FileError(f"{name}: {error}") from error


def events(content: bytes, experiment: Experiment) -> tuple[Event, ...]:
    """The events of the lines; one whose checksum does not hold was cut by a crash and is left out, as always."""
    found = []
    for number, line in enumerate(content.splitlines(), 1):
        checksum, _, text = line.partition(b" ")
        if checksum == f"{zlib.crc32(text):08x}".encode():
            try:
                event = _event(text, experiment)
            except (ValueError, RecursionError) as error:
                raise files.FileError(f"events.jsonl, line {number}: it is no event of a training") from error
            # where a training could go on from stays behind, and no line speaks of what is not there
            found += [] if isinstance(event, Checkpoint) else [event]
    history = History.of(found)
    if not found or not isinstance(found[0], Started) or history.finished is None:
        raise files.FileError("events.jsonl does not tell of a training from its beginning to its end")
    return tuple(found)


def _event(text: bytes, experiment: Experiment) -> Event:
    """Raises `ValueError` for anything that a worker would not say, so that no page meets it."""
    values = json.loads(text)
    if not isinstance(values, dict) or not _modest(values):
        raise ValueError("not the numbers and texts of an event")
    kind = str(values.get("event"))
    schema = _schemas().get(kind)
    if schema is None:
        raise ValueError("not an event of a training")
    try:
        schema.model_validate({key: value for key, value in values.items() if key != "event"})
    except ValidationError as error:
        raise ValueError(f"not the fields of {kind}") from error
    event = from_dict(values)
    match event:
        case Started() if not (event.epochs and event.steps and event.train_images):
            raise ValueError("a training of nothing")
        case Steered() if not event.epochs:
            raise ValueError("a training of nothing")
        case Probe():
            _check_probe(event, {layer.name for layer in Ledger.of(experiment.model).layers})
    return event


def _check_probe(probe: Probe, layers: set[str]) -> None:
    rows: list[Sequence[float | None]] = [*probe.probabilities, probe.recall]
    known = all(set(values) <= {"size", "moved", "gradient", "silent"} for values in probe.layers.values())
    if any(len(row) != 10 for row in rows) or not set(probe.layers) <= layers or not known:
        raise ValueError("not a probe of this network")


@cache
def _schemas() -> dict[str, type[BaseModel]]:
    """By name, the fields of each event of a training, without its arrays."""
    strict = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)
    return {name: create_model(name, __config__=strict, **_fields(KINDS[name])) for name in TOLD}


def _fields(kind: type[Event]) -> dict[str, Any]:
    hints = {name: hint for name, hint in get_type_hints(kind).items() if name != "arrays"}
    return {name: (hint, getattr(kind, name, ...)) for name, hint in hints.items()}


def _modest(value: Any) -> bool:
    """No number below 0 or beyond all measure, no long text, no long list."""
    match value:
        case dict():
            return len(value) <= MOST_ITEMS and all(map(_modest, [*value, *value.values()]))
        case list():
            return len(value) <= MOST_ITEMS and all(map(_modest, value))
        case str():
            return len(value) <= LONGEST
        case int() | float():
            return 0 <= value <= LARGEST
    return value is None
