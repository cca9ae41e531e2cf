"""Seconds an epoch takes on this machine: a formula from the ledger, corrected by what was measured here.

The costs were fitted to fifteen trainings, from softmax regression to 20 million parameters, on a machine of two cores.
On another machine a first guess scales them by how fast that one multiplies matrices; from the first training on, by
how long its own epochs took.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from functools import cache
from statistics import median

import numpy as np

from .experiment import Experiment
from .history import History
from .ledger import Ledger
from .limits import SLOTS

STEP = 3e-4  # seconds: one step, whatever the network
CONVOLUTION = 22e-12  # a multiply-add of a convolution, forward and backward
DENSE = 25e-12  # one of a dense layer
NUMBER = 2.2e-9  # an activation computed and gone back through
WEIGHT = 0.4e-9  # a weight, for each array that the optimizer goes through in a step
AUGMENT = 20e-6  # an image changed
MATRIX, MATRIX_SECONDS = 128, 22.8e-6  # side of the matrices of the first guess, and what they took


def estimate(experiment: Experiment, images: int) -> float:
    """Seconds an epoch of `images` training digits would take where the costs were measured."""
    train, ledger = experiment.train, Ledger.of(experiment.model)
    steps = -(-images // train.batch_size)
    convolutions = sum(layer.multiply_adds for layer in ledger.layers if layer.kind == "conv")
    each = CONVOLUTION * convolutions + DENSE * (ledger.multiply_adds - convolutions) + NUMBER * ledger.activations
    if train.augmentation.any:
        each += AUGMENT
    return steps * (STEP + WEIGHT * ledger.trainable * (2 + SLOTS[train.optimizer])) + images * each


def measured(history: History) -> float | None:
    """Seconds an epoch took: the middle one of several, else by the part that is done without its first chunk.

    The first chunk holds the compilation. None before there is a pace.
    """
    if len(history.epochs) > 2:
        return median(epoch.seconds for epoch in history.epochs[1:])
    where, _ = history.curve("loss")
    if len(where) < 3 or where[-1] <= where[0]:
        return None
    return (history.batches[-1].seconds - history.batches[0].seconds) / (where[-1] - where[0])


def correction(trained: Iterable[tuple[Experiment, History]]) -> float:
    """How many times the estimate it took on this machine; the middle of what was trained, else a first guess."""
    found = []
    for experiment, history in trained:
        seconds = measured(history)
        if seconds and history.started:
            found.append(seconds / estimate(experiment, history.started.train_images))
    return median(found) if found else first_guess()


@cache
def first_guess() -> float:
    """How many times longer than there this machine takes to multiply two small matrices, the best of many."""
    matrix = np.random.default_rng(0).random((MATRIX, MATRIX), np.float32)
    taken = []
    for turn in range(50):  # one that nothing else interrupted is among them
        if turn % 5 == 0:
            time.sleep(0.005)  # what else runs now may rest then
        began = time.perf_counter()
        matrix @ matrix
        taken.append(time.perf_counter() - began)
    return min(taken) / MATRIX_SECONDS
