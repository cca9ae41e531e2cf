"""What a person asks for, as one frozen value: the data, the network and how it is trained.

Knows nothing of files, of Keras, or of the page that edits it. Everything that runs, is stored, is shared
as a link or is exported takes an `Experiment` and nothing else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import zip_longest
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, ValidationError, field_validator, model_validator
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

Activation = Literal["relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "linear"]
Optimizer = Literal["sgd", "rmsprop", "adam", "adamw", "adagrad"]
Schedule = Literal["constant", "step", "exponential", "cosine", "one_cycle"]
Initializer = Literal["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_normal"]

ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)
OPTIMIZERS: tuple[Optimizer, ...] = get_args(Optimizer)

MAX_JSON_BYTES = 64 * 1024  # a spec with every block used is about 4 KB
MAX_DIGITS = 1000  # of a whole number in JSON; those that are too large for their field are refused by name


class SpecError(ValueError):
    """An experiment that cannot exist; its text is one sentence for the person who wrote it."""


@dataclass(frozen=True)
class Whole:
    """A bound on a whole number, both ends included; also what the editor reads to limit its inputs."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"a whole number from {self.low:,} to {self.high:,}"

    def check(self, value: object) -> int:
        if type(value) is int and self.low <= value <= self.high:
            return value
        raise _unexpected(self, value)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.check, handler(source))


@dataclass(frozen=True)
class Number:
    """A bound on a real number. With `open_low` or `open_high` that end itself is not allowed."""

    low: float
    high: float
    open_low: bool = False
    open_high: bool = False

    def __str__(self) -> str:
        start = f"above {self.low:g}" if self.open_low else f"from {self.low:g}"
        end = f"below {self.high:g}" if self.open_high else f"up to {self.high:g}"
        return f"a number {start} {end}"

    def check(self, value: object) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            # compared before it becomes a float: NaN is never within, and a whole number may be too large for one
            above = value > self.low or (value == self.low and not self.open_low)
            below = value < self.high or (value == self.high and not self.open_high)
            if above and below:
                return float(value)
        raise _unexpected(self, value)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.check, handler(source))


def _unexpected(expected: object, value: object) -> PydanticCustomError:
    return PydanticCustomError(
        "unexpected",
        "expected {expected}. Received: {received}",
        {"expected": str(expected), "received": _short(value)},
    )


def _short(value: object) -> str:
    text = json.dumps(value, default=repr)
    return text if len(text) <= 60 else text[:57] + "..."


class Spec(BaseModel):
    """A frozen value whose unknown keys and out-of-bounds fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @classmethod
    def bound(cls, field: str) -> Whole | Number:
        """The bound of a numeric field: `ConvBlock.bound("filters").high`. Raises `KeyError` for a field that has none."""
        info = cls.model_fields[field]
        # the bound of `Annotated[int, Whole(…)] | None` lies on a part of the union, not on the field
        parts = [getattr(part, "__metadata__", ()) for part in get_args(info.annotation)]
        found = [mark for marks in (info.metadata, *parts) for mark in marks if isinstance(mark, Whole | Number)]
        if not found:
            raise KeyError(field)
        return found[0]

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read JSON from anywhere. Raises `SpecError` for anything but one valid value of this kind."""
        if len(text) > MAX_JSON_BYTES:
            raise SpecError(f"an experiment has at most {MAX_JSON_BYTES:,} characters. Received: {len(text):,}")
        try:
            json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_not_too_long)
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise SpecError(_sentence(error)) from error
        except RecursionError as error:
            raise SpecError("this JSON is nested too deeply for an experiment") from error
        except json.JSONDecodeError as error:
            raise SpecError(f"not JSON: {error.msg} in line {error.lineno}") from error


Rate = Annotated[float, Number(0, 0.95)]


class ConvBlock(Spec):
    """Convolution → batch norm (optional) → activation → max pool (optional) → dropout (optional)."""

    filters: Annotated[int, Whole(1, 512)] = 32
    kernel_size: Annotated[int, Whole(1, 11)] = 3
    strides: Annotated[int, Whole(1, 4)] = 1
    padding: Literal["valid", "same"] = "valid"
    activation: Activation = "relu"
    batch_norm: bool = False
    pool: Annotated[int, Whole(1, 4)] = 1
    """Side of the max-pooling window, which is also its step. 1 is no pooling."""
    dropout: Rate = 0.0


class DenseBlock(Spec):
    """Fully connected → batch norm (optional) → activation → dropout (optional)."""

    units: Annotated[int, Whole(1, 4096)] = 128
    activation: Activation = "relu"
    batch_norm: bool = False
    dropout: Rate = 0.0


class ModelSpec(Spec):
    """Convolutions, then the head that makes a vector of them, then dense layers; ten logits and softmax always follow."""

    conv: tuple[ConvBlock, ...] = ()
    head: Literal["flatten", "average"] = "flatten"
    dense: tuple[DenseBlock, ...] = ()

    @property
    def depth(self) -> int:
        """Blocks; with none it is softmax regression."""
        return len(self.conv) + len(self.dense)

    @model_validator(mode="after")
    def _depth(self) -> Self:
        if len(self.conv) > 12 or len(self.dense) > 12:
            raise ValueError("expected at most 12 convolution blocks and 12 dense blocks")
        return self


Digit = Annotated[int, Whole(0, 9)]


class Spoil(Spec):
    """How the digits that are trained on are made worse on purpose; as it stands it is not at all."""

    leave_out: tuple[Digit, ...] = ()
    """Digits never shown, in rising order."""
    rare: Digit | None = None
    """A digit shown ten times less often."""
    per_digit: Annotated[int, Whole(1, 10_000)] | None = None
    """The most images of each digit."""
    wrong_labels: Annotated[float, Number(0, 100)] = 0.0
    """Percent of the images that get the label of another digit."""
    shift: Annotated[int, Whole(0, 14)] = 0
    """The most whole pixels each image is moved, both across and down, either way."""
    rotate: Annotated[float, Number(0, 180)] = 0.0
    """The most degrees each image is turned, either way."""
    noise: Annotated[float, Number(0, 255)] = 0.0
    """Standard deviation of what is added to each pixel, which is 0 to 255."""

    @field_validator("leave_out")
    @classmethod
    def _once_each(cls, digits: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(set(digits)))  # so that equal wishes are equal values

    @model_validator(mode="after")
    def _something_left(self) -> Self:
        if len(self.leave_out) > 8:
            raise ValueError("expected at most eight digits to be left out: two are needed to tell them apart")
        if self.rare in self.leave_out:
            raise ValueError(f"a digit that is left out cannot also be rare. Received: {self.rare}")
        return self

    @property
    def sentence(self) -> str:
        """What is spoiled, for every figure of such a run; empty when nothing is."""
        parts = [
            (bool(self.leave_out), f"without {_listed(self.leave_out)}"),
            (self.rare is not None, f"ten times fewer images of {self.rare}"),
            (self.per_digit is not None, f"at most {_count(self.per_digit or 0, 'image')} of each digit"),
            (self.wrong_labels > 0, f"{self.wrong_labels:g} % wrong labels"),
            (self.shift > 0, f"moved by up to {_count(self.shift, 'pixel')}"),
            (self.rotate > 0, f"turned by up to {self.rotate:g}°"),
            (self.noise > 0, f"noise with a standard deviation of {self.noise:g} of 255"),
        ]
        told = ", ".join(text for told, text in parts if told)
        return f"Trained on digits spoiled on purpose: {told}." if told else ""


def _listed(digits: tuple[int, ...]) -> str:
    *first, last = (str(digit) for digit in digits) if digits else [""]
    return f"{', '.join(first)} and {last}" if first else last


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


class DataSpec(Spec):
    """Which digits are trained on. Validation digits are cut from training by the seed; the test set is never touched."""

    dataset: Literal["mnist"] = "mnist"
    train_images: Annotated[int, Whole(10, 1_000_000)] | None = None
    """None: all that validation leaves."""
    validation_images: Annotated[int, Whole(10, 100_000)] | None = None
    """None: one training image in twelve (5,000 of 60,000)."""
    leave_out_sample: bool = False
    """Never train on the 5,000 digits of the bundled sample, so that a score on the sample is honest."""
    spoil: Spoil = Spoil()
    """Only what is trained on is spoiled; validation and test digits stay as they are."""


class Augmentation(Spec):
    """The most each new copy of a training image is changed; zero everywhere is none."""

    shift: Annotated[float, Number(0, 6)] = 0.0
    """Pixels, both across and down, either way."""
    rotate: Annotated[float, Number(0, 45)] = 0.0
    """Degrees, either way."""
    shear: Annotated[float, Number(0, 45)] = 0.0
    """Degrees from the vertical, either way."""
    scale: Annotated[float, Number(0, 0.5)] = 0.0
    """Part of the size, larger or smaller: 0.1 is 90 % to 110 %."""
    thickness: Annotated[float, Number(0, 1)] = 0.0
    """How far towards a stroke one pixel thicker or thinner on each side."""

    @property
    def geometric(self) -> bool:
        return bool(self.shift or self.rotate or self.shear or self.scale)

    @property
    def any(self) -> bool:
        return self.geometric or bool(self.thickness)


class Stopping(Spec):
    """When training ends before its last epoch. None is never."""

    patience: Annotated[int, Whole(1, 100)] | None = None
    """Epochs without a lower validation loss; the weights of the best epoch are then kept."""
    target_accuracy: Annotated[float, Number(0, 1, open_low=True)] | None = None
    """Validation accuracy that is enough."""
    seconds: Annotated[float, Number(1, 86_400)] | None = None


class TrainSpec(Spec):
    """How the network is trained."""

    epochs: Annotated[int, Whole(1, 200)] = 5
    batch_size: Annotated[int, Whole(1, 4096)] = 128
    optimizer: Optimizer = "adam"
    learning_rate: Annotated[float, Number(0, 10, open_low=True)] = 0.001
    momentum: Annotated[float, Number(0, 1, open_high=True)] = 0.0
    nesterov: bool = False
    weight_decay: Annotated[float, Number(0, 1)] = 0.0
    """Part of each weight taken away at every step, times the learning rate (decoupled, arXiv:1711.05101)."""
    schedule: Schedule = "constant"
    loss: Literal["categorical", "sparse_categorical"] = "sparse_categorical"
    """The same cross-entropy; the labels are one-hot vectors or numbers."""
    label_smoothing: Annotated[float, Number(0, 0.5)] = 0.0
    initializer: Initializer = "glorot_uniform"
    augmentation: Augmentation = Augmentation()
    stopping: Stopping = Stopping()
    seed: Annotated[int, Whole(0, 2**31 - 1)] = 0

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if self.momentum and self.optimizer not in ("sgd", "rmsprop"):
            raise ValueError(
                f"momentum belongs to sgd and rmsprop; {self.optimizer} has its own. Received: {self.momentum:g}"
            )
        if self.nesterov and not (self.optimizer == "sgd" and self.momentum):
            raise ValueError("nesterov needs sgd with a momentum above 0")
        if self.label_smoothing and self.loss == "sparse_categorical":
            raise ValueError("label_smoothing needs one-hot labels: choose the categorical loss")
        return self


class Experiment(Spec):
    """Data, network and training: all that is needed to make a run again."""

    data: DataSpec = DataSpec()
    model: ModelSpec = ModelSpec()
    train: TrainSpec = TrainSpec()

    @classmethod
    def of(cls, values: object) -> Experiment:
        """Check plain values (dicts, lists, numbers). Raises `SpecError` naming every field that does not fit."""
        try:
            text = json.dumps(values)
        except (TypeError, ValueError, RecursionError) as error:
            raise SpecError(
                "an experiment is made of plain dicts, lists, numbers and texts, not nested too deeply"
            ) from error
        return cls.from_json(text)

    def to_json(self) -> str:
        return self.model_dump_json()

    def at(self, path: str) -> Any:
        """The value of a dotted field: `at("model.dense.0.units")`. Raises `SpecError` for a path that is none."""
        value: Any = self
        try:
            for name in path.split("."):
                value = value[int(name)] if isinstance(value, tuple) else getattr(value, name)
        except (AttributeError, IndexError, ValueError) as error:
            raise SpecError(f"{_short(path)} is not a field of an experiment") from error
        return value

    def changed(self, assignments: dict[str, Any]) -> Experiment:
        """A copy with dotted fields set: `{"train.epochs": 2, "model.dense.0.units": 64}`. Raises `SpecError`."""
        values: Any = self.model_dump(mode="json")
        for path, value in assignments.items():
            place, *rest = path.split(".")
            target = values
            try:
                for key in rest:
                    target, place = target[int(place) if isinstance(target, list) else place], key
                if isinstance(target, list):
                    target[int(place)] = value
                elif place in target:
                    target[place] = value
                else:
                    raise KeyError(place)
            except (KeyError, IndexError, TypeError, ValueError) as error:
                raise SpecError(f"{_short(path)} is not a field of an experiment") from error
        return Experiment.of(values)


def differences(before: Spec, after: Spec) -> dict[str, tuple[Any, Any]]:
    """Only what differs, by dotted field: `{"train.epochs": (5, 10), "model.dense.1": (None, DenseBlock(…))}`.

    A block that only one of them has stands once, against None.
    """
    found: dict[str, tuple[Any, Any]] = {}
    for name in type(before).model_fields:
        first, second = getattr(before, name), getattr(after, name)
        if first == second:
            continue
        pairs = {name: (first, second)}
        if isinstance(first, tuple) and any(isinstance(block, Spec) for block in (*first, *second)):
            pairs = {f"{name}.{i}": pair for i, pair in enumerate(zip_longest(first, second))}
        for path, (one, other) in pairs.items():
            if isinstance(one, Spec) and isinstance(other, Spec):
                found |= {f"{path}.{inner}": pair for inner, pair in differences(one, other).items()}
            else:
                found[path] = (one, other)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen = dict(pairs)
    if len(seen) != len(pairs):
        raise SpecError(
            f"the key {_short(next(k for i, (k, _) in enumerate(pairs) if k in dict(pairs[:i])))} stands twice"
        )
    return seen


def _no_constant(name: str) -> Any:
    raise SpecError(f"{name} is not a number an experiment can hold")


def _not_too_long(digits: str) -> int:
    if len(digits) > MAX_DIGITS:  # Python itself refuses to read a few thousand
        raise SpecError(f"a number of {len(digits):,} digits is not one an experiment can hold")
    return int(digits)


def _sentence(error: ValidationError) -> str:
    """Pydantic's findings as one line: the dotted field, what it expects, what it received."""
    found = []
    for item in error.errors(include_url=False)[:3]:
        message = item["msg"].removeprefix("Value error, ")
        # None | int reports the branch of the union as a last, meaningless part of the place
        parts = [part for part in item["loc"] if "[" not in str(part) and part not in ("int", "float")]
        if item["type"] == "extra_forbidden":
            *parts, key = item["loc"]
            parts.append(key if str(key).isidentifier() and len(str(key)) <= 60 else _short(key))  # any text at all
            message = "is not a field of an experiment"
        elif item["type"] not in ("unexpected", "value_error"):
            message = f"{message[0].lower()}{message[1:]}. Received: {_short(item['input'])}"
        place = ".".join(str(part) for part in parts)
        found.append(f"{place}: {message}" if place else message)
    return "; ".join(found)
