"""A trained network answers many digits: those it was validated and trained on, or corrupted ones."""

from __future__ import annotations

import math
import time

import numpy as np
from numpy.typing import NDArray

from ..corruptions import CORRUPTIONS, STRENGTHS, corrupt
from ..data.digits import Bytes, Dataset, split
from ..data.sources import read_sample
from ..data.spoil import spoil
from ..events import Answered, Arrays, Control, Emit
from ..experiment import Experiment
from ..forward import folded
from ..robustness import chosen_rows
from . import network

BATCH = 500  # images at a time; a batch of the reference network takes 50 ms
SECONDS = 0.2  # at the least between two events, and between two questions for orders


def score(experiment: Experiment, weights: Arrays, dataset: Dataset, emit: Emit, control: Control) -> None:
    """The validation digits, and as many of the training digits as they were trained on (spoiled, if they were).

    The last event has "validation" and "training", probabilities float32 (n, 10), and "validation_labels" and
    "training_labels", uint8 (n,). Raises `SpecError` when the data has too few digits for what was asked.
    """
    seed = experiment.train.seed
    rows = split(dataset.train, experiment.data, seed, read_sample() if experiment.data.leave_out_sample else None)
    validation = dataset.train[rows.validation]
    training = spoil(dataset.train[rows.train], experiment.data.spoil, seed)[: len(validation)]
    answer = _Answering(experiment, weights, len(validation) + len(training), emit, control)
    first, second = answer(validation.images), answer(training.images)
    if first is not None and second is not None:
        answer.tell(
            {
                "validation": first,
                "validation_labels": validation.labels,
                "training": second,
                "training_labels": training.labels,
            }
        )


def robustness(experiment: Experiment, weights: Arrays, dataset: Dataset, emit: Emit, control: Control) -> None:
    """The chosen test digits, clean and with each corruption in each strength.

    The last event has "answers", uint8 (corruptions, strengths 0 to 5, n).
    """
    images = dataset.test.images[chosen_rows(len(dataset.test))]
    answers = np.empty((len(CORRUPTIONS), STRENGTHS + 1, len(images)), np.uint8)
    answer = _Answering(experiment, weights, len(images) * (1 + len(CORRUPTIONS) * STRENGTHS), emit, control)
    if (clean := answer(images)) is None:
        return
    answers[:, 0] = clean.argmax(axis=1)
    for place, name in enumerate(CORRUPTIONS):
        for strength in range(1, STRENGTHS + 1):
            if (found := answer(corrupt(images, name, strength))) is None:
                return
            answers[place, strength] = found.argmax(axis=1)
    answer.tell({"answers": answers})


class _Answering:
    """A network that says how far it is; once stopped it answers None."""

    def __init__(self, experiment: Experiment, weights: Arrays, total: int, emit: Emit, control: Control) -> None:
        plain, weights = folded(experiment.model, weights)
        model = network.build(plain, experiment.train)
        network.set_weights(model, weights)
        self.infer = network.inference(model)
        self.total, self.emit, self.control = total, emit, control
        self.done = 0
        self.looked = -math.inf

    def __call__(self, images: Bytes) -> NDArray[np.float32] | None:
        parts = []
        for at in range(0, len(images), BATCH):
            if (now := time.perf_counter()) - self.looked > SECONDS:
                self.looked = now
                if self.control().stop:
                    return None
                self.tell({})
            parts.append(self.infer(images[at : at + BATCH]).numpy())
            self.done += len(parts[-1])
        return np.concatenate(parts)

    def tell(self, arrays: Arrays) -> None:
        self.emit(Answered(done=self.done, total=self.total, arrays=arrays))
