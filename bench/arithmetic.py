"""How much of the machine's arithmetic a training step uses: its rate beside NumPy's matrix product."""

from __future__ import annotations

import time
from itertools import pairwise
from statistics import median

import numpy as np

from mnistlab.events import BatchEnd
from mnistlab.presets import PRESETS
from mnistlab.runs import Run

from . import Figure, alternating
from .lab import lab

NAME = "arithmetic"
PRESET = "classic-dense-512"
SIDE = 2048  # of the square matrices: large enough that calling costs nothing
EPOCHS = 6  # the first is not counted


def product_rate() -> float:
    """Floating-point operations a second of float32 matrix products in NumPy, on all cores; 2·n³ for each."""
    one, other = (np.random.default_rng(i).random((SIDE, SIDE), np.float32) for i in range(2))
    one @ other
    began, count = time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < 2:
        one @ other
        count += 1
    return count * 2 * SIDE**3 / passed


def step_operations(widths: list[int]) -> int:
    """Operations of one image's training step through dense layers of these widths.

    Forward and the weights' gradient take 2 each for every weight, the gradient of the layer's input 2 more, which the
    first layer does not need. Activations and the optimizer are left out.
    """
    products = [before * after for before, after in pairwise(widths)]
    return sum(6 * weights for weights in products) - 2 * products[0]


def step_seconds(run: Run) -> float:
    """Seconds a step while the app trains, the median of the epochs after the first: as chunk follows chunk within an epoch."""
    epochs: dict[int, list[BatchEnd]] = {}
    for batch in run.history.batches:
        epochs.setdefault(batch.epoch, []).append(batch)
    found = []
    for batches in list(epochs.values())[1:]:
        first, *_, last, _ = batches  # the very last is the smaller batch that is left over
        found.append((last.seconds - first.seconds) / (last.step - first.step))
    return median(found)


def measure(times: int) -> list[Figure]:
    """The rate of the training's steps, with all their events, ÷ NumPy's: nobody watches, as nobody does with NumPy; `live`
    measures what watching costs."""
    with lab() as here:
        experiment = PRESETS[PRESET].experiment.changed({"train.epochs": EPOCHS})
        widths = [784, *(block.units for block in experiment.model.dense), 10]
        work = experiment.train.batch_size * step_operations(widths)
        step, product = alternating(
            times, lambda: work / step_seconds(here.train(experiment, watched=False)), product_rate
        )
    details = {"step_gflops": step / 1e9, "product_gflops": product / 1e9}
    return [Figure(f"{PRESET}: arithmetic rate of a training step ÷ NumPy's", step / product, "≥ 0.75", details)]
