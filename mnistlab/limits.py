"""What this machine may be asked to do; says why not, before anything is built.

The estimates come from the ledger alone. Each limit can be set by an environment variable of its name.
"""

from __future__ import annotations

import math
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from .data.digits import counts
from .experiment import Experiment, ModelSpec, Optimizer, SpecError
from .ledger import Ledger

# Fitted to the peak resident memory of trainings on Linux, up to 20 million parameters; a little above all of them.
BASE_MEMORY = 895_000_000  # a worker with Keras imported, and a training that is traced
DIGIT = 2600  # bytes a digit that is loaded: three copies of its pixels, and what passes
COPIES = 3.5  # of the weights: themselves, their gradients, those that are kept
SENT = 3.8  # of weights and optimizer's slots: a checkpoint is copied, packed and on its way while the next one is made
SAMPLE = 5_000  # digits of the bundled sample; all of them are among MNIST's training digits
EPOCH = 60_000  # digits of MNIST's training set
PREDICTED = 1000  # digits at once, when all of a set are answered
SLOTS: dict[Optimizer, int] = {"sgd": 1, "rmsprop": 2, "adam": 2, "adamw": 2, "adagrad": 1}
FREE_MEMORY_TO_TRAIN = 1_100_000_000
CGROUPS = Path("/sys/fs/cgroup")  # where Linux tells a container of its limits, in the second and in the first version
CONTAINER = (
    (".", "memory.max", "memory.current", "inactive_file"),
    ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
SLOW_MULTIPLY_ADDS = 1e10  # a second: a quarter of what two laptop cores do, so that nothing reasonable is refused


@dataclass(frozen=True)
class Limits:
    """The most that one run may ask for."""

    parameters: int
    memory: int
    """Bytes the worker may need."""
    seconds: float
    queue: int = 50
    """Runs that may wait or run, of all visitors together."""
    runs_a_visitor: int = 50
    """Of them, one visitor's."""
    disk: int = 20_000_000_000
    """Bytes of all runs together; before there are more, the oldest ones go."""

    @classmethod
    def here(cls) -> Limits:
        """A hosted lab's or one's own, each of them as the environment sets it: MNISTLAB_MAX_PARAMETERS, _MAX_MEMORY_MB,
        _MAX_HOURS, _MAX_QUEUE, _MAX_RUNS_A_VISITOR, _MAX_DISK_MB.

        Raises `SpecError` for a value that is not a number above 0.
        """
        usual = HOSTED if hosted() else OWN
        available = ELSEWHERE_MB if _elsewhere() else (free_memory() + BASE_MEMORY) / 1e6
        return cls(
            parameters=int(_number("PARAMETERS", usual["PARAMETERS"])),
            memory=int(_number("MEMORY_MB", available) * 1e6),
            seconds=3600 * _number("HOURS", usual["HOURS"]),
            queue=int(_number("QUEUE", usual["QUEUE"])),
            runs_a_visitor=int(_number("RUNS_A_VISITOR", usual["RUNS_A_VISITOR"])),
            disk=int(_number("DISK_MB", usual["DISK_MB"]) * 1e6),
        )


ELSEWHERE_MB = 1_000_000  # as good as no limit: who has workers elsewhere knows what they hold
OWN = {"PARAMETERS": 20_000_000, "HOURS": 12, "QUEUE": 50, "RUNS_A_VISITOR": 50, "DISK_MB": 20_000}
HOSTED = {"PARAMETERS": 2_000_000, "HOURS": 0.5, "QUEUE": 8, "RUNS_A_VISITOR": 2, "DISK_MB": 2_000}


def _elsewhere() -> bool:
    """Whether trainings run on a scheduler's workers, whose memory is not this machine's."""
    return bool(os.environ.get("MNISTLAB_SCHEDULER"))


def hosted() -> bool:
    """Whether strangers share this lab: MNISTLAB_HOSTED is set to anything but 0."""
    return os.environ.get("MNISTLAB_HOSTED", "0") not in ("", "0")


def _number(name: str, usual: float) -> float:
    text = os.environ.get(f"MNISTLAB_MAX_{name}", "")
    try:
        value = float(text) if text else usual
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise SpecError(f"MNISTLAB_MAX_{name}: expected a number above 0. Received: {text[:40]!r}")
    return value


def memory(experiment: Experiment, loaded: int = 60_000) -> int:
    """Bytes a worker holds at the most during this training, with so many training digits loaded.

    Weights, gradients and the optimizer's; the activations of a batch, kept for the way back; and those on both sides of
    the largest layer when a set is answered. Held against measured peaks: never under, at most a quarter over.
    """
    ledger, train = Ledger.of(experiment.model), experiment.train
    weights = ledger.parameters * (COPIES + SENT * (1 + SLOTS[train.optimizer]))
    largest = max(math.prod(layer.input_shape) + math.prod(layer.shape) for layer in ledger.layers)
    numbers = weights + 0.9 * ledger.activations * train.batch_size + 1.15 * largest * PREDICTED
    return BASE_MEMORY + DIGIT * loaded + round(4 * numbers)


def images(experiment: Experiment, loaded: int) -> int:
    """How many digits are trained on of so many loaded. Raises `SpecError` when that is more than there are."""
    usable = loaded - SAMPLE if experiment.data.leave_out_sample else loaded
    return counts(experiment.data, loaded, max(usable, 0))[0]


def check(experiment: Experiment, train_images: int, limits: Limits | None = None) -> None:
    """Raises `SpecError` with both numbers when the experiment asks for more than a limit, or cannot exist."""
    limits = limits or Limits.here()
    ledger = Ledger.of(experiment.model)
    _check_parameters(ledger, limits)
    needed = memory(experiment, train_images)
    if needed > limits.memory:
        raise SpecError(
            f"training needs about {needed / 1e9:.1f} GB of memory; {limits.memory / 1e9:.1f} GB are free for it"
        )
    digits = images(experiment, train_images)
    if experiment.train.batch_size > digits:
        raise SpecError(
            f"train.batch_size: expected at most the {digits:,} training digits. Received: {experiment.train.batch_size:,}"
        )
    seconds = _seconds(ledger, digits * experiment.train.epochs)
    if seconds > limits.seconds:
        raise SpecError(
            f"training would take up to {seconds / 3600:,.0f} hours on a slow machine; "
            f"at most {limits.seconds / 3600:g} are allowed. Use fewer epochs, fewer images or a smaller network"
        )


def check_brought(model: ModelSpec, limits: Limits | None = None) -> None:
    """Raises `SpecError` when a network that was trained elsewhere is more than this lab would train for one epoch.

    How much memory is free now does not matter: it only answers here.
    """
    limits = limits or Limits.here()
    ledger = Ledger.of(model)
    _check_parameters(ledger, limits)
    seconds = _seconds(ledger, EPOCH)
    if seconds > limits.seconds:
        raise SpecError(
            f"an epoch of its network would take up to {seconds / 3600:,.1f} hours on a slow machine; "
            f"at most {limits.seconds / 3600:g} are allowed"
        )


def _check_parameters(ledger: Ledger, limits: Limits) -> None:
    if ledger.parameters > limits.parameters:
        raise SpecError(
            f"the network has {ledger.parameters:,} parameters; this lab trains at most {limits.parameters:,}"
        )


def _seconds(ledger: Ledger, images: int) -> float:
    """To train on so many images on a slow machine: forward, and backward twice over, to the inputs and to the weights."""
    return 3 * ledger.multiply_adds * images / SLOW_MULTIPLY_ADDS


def free_memory() -> int:
    """Bytes that are free on this machine, or in the container that this runs in when that leaves less."""
    free: int = psutil.virtual_memory().available
    for folder, limit, used, cached in CONTAINER:
        with suppress(OSError, ValueError):  # this kind of container it is not, or it has no limit ("max")
            most, taken = (int((CGROUPS / folder / name).read_text()) for name in (limit, used))
            stat = dict(line.split() for line in (CGROUPS / folder / "memory.stat").read_text().splitlines())
            free = min(free, max(0, most - taken + int(stat.get(cached, 0))))  # cached files give way to whoever asks
    return free


def training_off() -> str:
    """Why nothing can be trained here now; empty when it can, as with workers on another machine."""
    free = free_memory()
    if not _elsewhere() and free < FREE_MEMORY_TO_TRAIN:
        return f"Training is off: it needs {FREE_MEMORY_TO_TRAIN / 1e9:.1f} GB of free memory, {free / 1e9:.1f} GB are free."
    return ""
