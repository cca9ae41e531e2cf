"""What a worker says while it works, and what may be said to it: values that travel and are written down.

Knows nothing of who sends, carries or reads them. A number in an event is always finite, so that every line is
valid JSON; a loss that is not finite ends the training with `Failed`.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
Reason = Literal["all_epochs", "stopped", "patience", "target", "time"]


@dataclass(frozen=True, kw_only=True)
class Started:
    """Training begins: how much there is to do, and on which digits (sha256 of the training and test set together)."""

    digits: str
    epochs: int
    steps: int
    """Steps in an epoch: the training images divided by the batch size, rounded up."""
    train_images: int
    validation_images: int
    arrays: Arrays = field(repr=False, default_factory=dict)
    """The probe strip: `images` uint8 (n, 28, 28), and `labels` uint8 of those that have one; a drawing comes last."""


@dataclass(frozen=True, kw_only=True)
class Steered:
    """An order took effect, or the training goes on after a break: how it continues from `step` of `epoch`.

    What was said before about later steps is superseded by what follows.
    """

    epoch: int
    step: int
    """Steps done in this epoch."""
    epochs: int
    """Planned in all."""
    learning_rate: float | None
    """Set by hand, to be followed by the schedule; None as in the experiment."""
    paused: bool
    seconds: float
    note: str = ""
    """What the person should know about this, such as a damaged checkpoint."""


@dataclass(frozen=True, kw_only=True)
class BatchEnd:
    """A chunk of steps is done. Loss and accuracy are means over its images, with the weights as they moved."""

    epoch: int
    step: int
    """Steps done in this epoch."""
    loss: float
    accuracy: float
    learning_rate: float
    seconds: float
    """Since the training began."""


@dataclass(frozen=True, kw_only=True)
class EpochEnd:
    """An epoch is done. `loss` and `accuracy` are means over it; `val_*` are measured at its end, without dropout."""

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    seconds: float
    """This epoch's own, validation included."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What the network is like after an epoch."""

    epoch: int
    probabilities: list[list[float]]
    """Ten for each image of the probe strip."""
    recall: list[float | None]
    """Part of each digit's validation images that is answered right; None when there are none."""
    layers: dict[str, dict[str, float | None]]
    """Of each layer with a kernel: `size` (root mean square of its weights), `moved` (length of the way the kernel
    went in this epoch) and `gradient` (its length at a step, root mean square over the epoch), both divided by the
    kernel's own length, and `silent` (part of its relu units that answer 0 to every validation digit); None: not known."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """All that a training needs to go on from here exactly: after `epoch` whole epochs and `step` steps of the next."""

    epoch: int
    step: int = 0
    arrays: Arrays = field(repr=False, default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Finished:
    """Training is over; `arrays` are the weights that are kept, those after `kept_epoch` (0: before any was whole)."""

    reason: Reason
    epochs: int
    kept_epoch: int
    within: bool = False
    """The weights are those of a moment within the epoch after `kept_epoch`."""
    arrays: Arrays = field(repr=False, default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Evaluated:
    """The kept weights were tried on the test digits: `arrays["probabilities"]` float32 (n, 10)."""

    digits: str
    """sha256 of the test digits."""
    arrays: Arrays = field(repr=False, default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class MapStep:
    """A map of digits on its way: `arrays["points"]` float32 (n, 2), in the order of the digits it was asked for."""

    iteration: int
    iterations: int
    """The map is done when `iteration` is this number; a smaller one at the end is a map that was stopped."""
    kl: float
    """Kullback–Leibler divergence between neighbourhoods before and on the map, in nats; training lowers it."""
    arrays: Arrays = field(repr=False, default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Digits are being answered by a network; the last one, with `done` equal to `total`, carries what was asked for."""

    done: int
    """Images answered so far."""
    total: int
    arrays: Arrays = field(repr=False, default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A network as a file of another format: `arrays["content"]` uint8, its bytes."""

    kind: str
    digits: int
    """How many digits it was compared with Keras on."""
    apart: float
    """The most that any of their probabilities differs."""
    arrays: Arrays = field(repr=False, default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Failed:
    """The job cannot go on; `message` is a sentence for the person who started it."""

    message: str


Event = (
    Started
    | Steered
    | BatchEnd
    | EpochEnd
    | Probe
    | Checkpoint
    | Finished
    | Evaluated
    | MapStep
    | Answered
    | Exported
    | Failed
)
Emit = Callable[[Event], None]

KINDS: Mapping[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}


@dataclass(frozen=True)
class Orders:
    """What the person wants of a running job, as the worker last read it."""

    stop: bool = False
    pause: bool = False
    learning_rate: float | None = None
    """In place of the experiment's, from now on; the schedule's factor still applies. None: leave it as it is."""
    epochs: int | None = None
    """Planned in all, so that the same order twice is one. None: leave it as it is."""

    NONE: ClassVar[Orders]


Orders.NONE = Orders()
Control = Callable[[], Orders]


def to_dict(event: Event) -> dict[str, Any]:
    """The event without its arrays, as plain values. Raises `ValueError` for a number that is not finite."""
    values = {name: value for name, value in vars(event).items() if name != "arrays"}
    _check_finite(type(event).__name__, values)
    return {"event": type(event).__name__, **values}


def from_dict(values: Mapping[str, Any]) -> Event:
    """The event that `to_dict` wrote, without arrays. Raises `ValueError` for anything else."""
    name = values.get("event") if isinstance(values, Mapping) else None
    if not isinstance(name, str) or name not in KINDS:
        raise ValueError("not an event")
    rest = {key: value for key, value in values.items() if key != "event"}
    _check_finite(name, rest)
    if "arrays" in rest:
        raise ValueError(f"not the fields of {name}")
    try:
        return KINDS[name](**rest)
    except TypeError as error:
        raise ValueError(f"not the fields of {name}") from error


def _check_finite(name: str, values: Mapping[str, Any]) -> None:
    if bad := [key for key, value in values.items() if not _finite(value)]:
        raise ValueError(f"{name}.{bad[0]} is not finite")


def _finite(value: Any) -> bool:
    if isinstance(value, dict | list):
        return all(map(_finite, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or math.isfinite(value)


def unpack(packed: bytes) -> Arrays:
    """The arrays that `pack` wrote, never a pickle."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        return dict(arrays)


def pack(arrays: Arrays) -> bytes:
    """Arrays as an uncompressed `.npz`: how they travel and how they lie on disk."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()
