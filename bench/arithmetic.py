"""How much of the machine's arithmetic a training step uses: its rate beside NumPy's matrix product."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np

from mnistlab.presets import PRESETS

from . import Figure, alternating
from .lab import epoch_seconds, lab

NAME = "arithmetic"
PRESET = "classic-dense-512"
SIDE = 2048  # of the square matrices: large enough that calling costs nothing
EPOCHS = 4


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


def measure(times: int) -> list[Figure]:
    """The training's rate over whole epochs, validation's arithmetic included, ÷ NumPy's."""
    with lab() as here:
        experiment = PRESETS[PRESET].experiment.changed({"train.epochs": EPOCHS})
        widths = [784, *(block.units for block in experiment.model.dense), 10]
        forward = sum(2 * before * after for before, after in pairwise(widths))

        def rate() -> float:
            run = here.train(experiment)
            started = run.history.started
            assert started is not None
            work = started.train_images * step_operations(widths) + started.validation_images * forward
            return work / epoch_seconds(run)

        step, product = alternating(times, rate, product_rate)
    details = {"step_gflops": step / 1e9, "product_gflops": product / 1e9}
    return [
        Figure(f"{PRESET}: arithmetic rate of training ÷ NumPy's matrix product", step / product, "≥ 0.75", details)
    ]
