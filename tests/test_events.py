"""Events as plain values and back: nothing is lost, and nothing that is no event comes through."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import fields, replace
from typing import Any, get_args

import numpy as np
import pytest

from mnistlab.events import (
    KINDS,
    Answered,
    BatchEnd,
    Checkpoint,
    EpochEnd,
    Evaluated,
    Event,
    Exported,
    Failed,
    Finished,
    MapStep,
    Orders,
    Probe,
    Started,
    Steered,
    from_dict,
    pack,
    to_dict,
    unpack,
)

EXAMPLES: dict[str, Event] = {
    type(event).__name__: event
    for event in (
        Started(digits="ab" * 32, epochs=5, steps=430, train_images=55_000, validation_images=5_000),
        BatchEnd(epoch=1, step=20, loss=0.1 + 0.2, accuracy=1 / 3, learning_rate=1e-3, seconds=0.5),
        EpochEnd(epoch=1, loss=0.3, accuracy=0.9, val_loss=0.2, val_accuracy=0.95, seconds=3.25),
        Steered(epoch=2, step=3, epochs=5, learning_rate=0.01, paused=False, seconds=1.5, note="on"),
        Probe(epoch=1, probabilities=[[0.1] * 10], recall=[0.5, None], layers={"conv1": {"size": 0.1, "moved": None}}),
        Checkpoint(epoch=1),
        Finished(reason="patience", epochs=7, kept_epoch=4),
        Evaluated(digits="cd" * 32),
        MapStep(iteration=25, iterations=750, kl=1.25),
        Answered(done=500, total=10_000),
        Exported(kind="onnx", digits=100, apart=2.5e-7),
        Failed(message="Loss became NaN in epoch 2: try a smaller learning rate"),
    )
}
NUMBERS = [
    (event, field.name)
    for event in EXAMPLES.values()
    for field in fields(event)
    if isinstance(getattr(event, field.name), float)
]


def test_every_kind_of_event_is_tried_here() -> None:
    assert set(EXAMPLES) == set(KINDS) == {kind.__name__ for kind in get_args(Event)}


@pytest.mark.parametrize("name", KINDS)
def test_event_survives_json(name: str) -> None:
    event = EXAMPLES[name]
    assert from_dict(json.loads(json.dumps(to_dict(event), allow_nan=False))) == event


@pytest.mark.parametrize("name", ["Checkpoint", "Finished", "Evaluated", "MapStep", "Answered", "Exported"])
def test_arrays_stay_out_of_the_plain_values(name: str) -> None:
    event = replace(EXAMPLES[name], arrays={"logits/bias": np.zeros(10, np.float32)})  # type: ignore[arg-type]
    assert to_dict(event) == to_dict(EXAMPLES[name])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize(
    ("event", "field"), NUMBERS, ids=lambda part: part if isinstance(part, str) else type(part).__name__
)
def test_number_that_is_not_finite_never_leaves(event: Any, field: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"^{type(event).__name__}.{field} is not finite$"):
        to_dict(replace(event, **{field: value}))


def test_number_that_is_not_finite_never_comes_in() -> None:
    with pytest.raises(ValueError, match=r"^EpochEnd\.val_loss is not finite$"):
        from_dict({**to_dict(EXAMPLES["EpochEnd"]), "val_loss": float("nan")})


@pytest.mark.parametrize(
    "values", [{}, {"event": "Joy"}, {"event": None}, {"event": ["Started"]}, [], 5, None, "Started"]
)
def test_what_is_no_event_is_refused(values: Any) -> None:
    with pytest.raises(ValueError, match=r"^not an event$"):
        from_dict(values)


@pytest.mark.parametrize(
    "values",
    [
        {"event": "Failed"},
        {"event": "Failed", "message": "x", "more": 1},
        {"event": "Checkpoint", "epoch": 1, "arrays": {}},
    ],
    ids=["missing", "unknown", "arrays"],
)
def test_fields_that_are_not_the_events_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^not the fields of {values['event']}$"):
        from_dict(values)


def test_reading_an_event_leaves_its_values_alone() -> None:
    values = to_dict(EXAMPLES["Failed"])
    from_dict(values)
    assert values["event"] == "Failed"


def test_number_that_is_not_finite_is_found_wherever_it_hides() -> None:
    for change in ({"probabilities": [[float("nan")]]}, {"layers": {"conv1": {"size": float("inf")}}}):
        with pytest.raises(ValueError, match=r"is not finite$"):
            to_dict(replace(EXAMPLES["Probe"], **change))  # type: ignore[arg-type]


def test_packed_arrays_come_back_the_same() -> None:
    arrays = {"conv1/kernel": np.arange(6, dtype=np.float32).reshape(1, 2, 3), "digits": np.array("ab")}
    found = unpack(pack(arrays))
    assert set(found) == set(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_packed_arrays_are_not_compressed() -> None:
    with zipfile.ZipFile(io.BytesIO(pack({"a": np.zeros(1000, np.float32)}))) as archive:
        assert [entry.compress_type for entry in archive.infolist()] == [zipfile.ZIP_STORED]


def test_no_orders_is_go_on() -> None:
    assert Orders(stop=False) == Orders.NONE
