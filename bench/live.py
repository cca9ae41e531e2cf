"""What watching a training costs it: epochs with the right half of the Train page drawn all the time, and with nobody there."""

from __future__ import annotations

from mnistlab.presets import PRESETS

from . import Figure, alternating
from .lab import epoch_seconds, lab

NAME = "live"
PRESET, EPOCHS = "classic-dense-512", 6  # the one that says most in an epoch's time


def measure(times: int) -> list[Figure]:
    """Seconds an epoch, watched ÷ not watched."""
    experiment = PRESETS[PRESET].experiment.changed({"train.epochs": EPOCHS})
    with lab() as here:
        on, off = alternating(
            times,
            lambda: epoch_seconds(here.train(experiment)),
            lambda: epoch_seconds(here.train(experiment, watched=False)),
        )
    details = {"watched_seconds": on, "alone_seconds": off}
    return [Figure(f"epoch of {PRESET}, watched ÷ not watched", on / off, "≤ 1.03", details)]
