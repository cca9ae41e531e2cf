"""A copy of a trained network learns a person's handwriting: a few steps on drawings, with MNIST mixed in.

Batch norm keeps the statistics it has and nothing is dropped out: thirty drawings are too few to measure either anew.
MNIST's own digits in every batch keep what was known (rehearsal: R. Ratcliff, Psychological Review 97, 1990).
"""

from __future__ import annotations

import math
import time

import keras
import numpy as np
import tensorflow as tf

from ..data.digits import Bytes, Dataset, Digits, split
from ..data.sources import read_sample
from ..events import Arrays, BatchEnd, Control, Emit, EpochEnd, Evaluated, Failed, Finished, Started
from ..experiment import Experiment
from ..schedules import learning_rates
from . import network
from .augment import augment

DRAWN = 0.25  # part of each batch that are drawings; the rest are MNIST's
CHUNK = 5  # steps between two events
PREDICT_BATCH = 1000


def adapt(
    experiment: Experiment, weights: Arrays, drawings: Digits, dataset: Dataset, emit: Emit, control: Control
) -> None:
    """Train `weights` of `experiment.model` on `drawings`, as its `train` says (of `handwriting.adapted`).

    An epoch is `STEPS` batches. Emits `Started`, `BatchEnd`, `EpochEnd`, at last `Finished` and `Evaluated`, or `Failed`.
    """
    spec = experiment.train
    left_out = read_sample() if experiment.data.leave_out_sample else None
    rows = split(dataset.train, experiment.data, spec.seed, left_out)
    validation = dataset.train[rows.validation]
    model = network.build(experiment.model, spec)
    network.set_weights(model, weights)
    step, infer = _compile(model, experiment, dataset.train.images, dataset.train.labels, drawings)
    emit(
        Started(
            digits=dataset.sha256, epochs=spec.epochs, steps=STEPS, train_images=len(drawings),
            validation_images=len(validation),
        )
    )  # fmt: skip
