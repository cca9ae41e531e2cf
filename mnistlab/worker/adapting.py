"""A copy of a trained network learns a person's handwriting: a few steps on drawings, with MNIST mixed in.

Batch norm keeps the statistics it has and nothing is dropped out: thirty drawings are too few to measure either anew.
MNIST's own digits in every batch keep what was known (rehearsal; R. Ratcliff, Psychological Review 97, 1990).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ..data.digits import Bytes, Dataset, Digits
from ..data.sources import cut_as
from ..events import Arrays, BatchEnd, Control, Emit, EpochEnd, Evaluated, Failed, Finished, Reason, Started
from ..experiment import Experiment
from ..handwriting import STEPS
from ..schedules import learning_rates
from . import network
from .augment import augment

DRAWN = 0.25  # part of each batch that are drawings; the rest are MNIST's
CHUNK = 5  # steps between two events
PREDICT_BATCH = 1000
CHECKED = 1000  # validation digits that are answered after each epoch: more would take as long as the learning

Step = Callable[[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32], np.int32], tuple[tf.Tensor, tf.Tensor]]


def adapt(
    experiment: Experiment, weights: Arrays, drawings: Digits, dataset: Dataset, emit: Emit, control: Control
) -> None:
    """Train `weights` of `experiment.model` on `drawings`, as `experiment.train` says (see `handwriting.adapted`).

    An epoch is `STEPS` batches. Emits `Started`, `BatchEnd`, `EpochEnd`, at last `Finished` and `Evaluated`, or `Failed`.
    """
    spec = experiment.train
    rows = cut_as(dataset.train, experiment.data, spec.seed)
    validation = dataset.train[rows.validation[:CHECKED]]
    emit(
        Started(
            digits=dataset.sha256, epochs=spec.epochs, steps=STEPS, train_images=len(drawings),
            validation_images=len(validation),
        )
    )  # fmt: skip
    model = network.build(experiment.model, spec)
    network.set_weights(model, weights)
    step = _compile(model, experiment, dataset.train[rows.train], drawings)
    began, done = time.perf_counter(), 0
    reason: Reason = "all_epochs"
    for epoch in range(1, spec.epochs + 1):
        started = time.perf_counter()
        mean = _epoch(step, experiment, epoch, len(rows.train), len(drawings), began, emit)
        if not math.isfinite(mean[0]):
            emit(Failed(message="The loss did not stay finite. The network it started from is as it was."))
            return
        done, seconds = epoch, time.perf_counter() - started
        loss, accuracy = _score(predict(model, validation.images), validation.labels)
        emit(
            EpochEnd(
                epoch=epoch, loss=mean[0], accuracy=mean[1], val_loss=loss, val_accuracy=accuracy, seconds=seconds
            )
        )  # fmt: skip
        if control().stop:
            reason = "stopped"
            break
    emit(Finished(reason=reason, epochs=done, kept_epoch=done, arrays=network.weights(model)))
    emit(Evaluated(digits=dataset.test.sha256, arrays={"probabilities": predict(model, dataset.test.images)}))


def _epoch(
    step: Step, experiment: Experiment, epoch: int, digits: int, drawings: int, began: float, emit: Emit
) -> tuple[float, float]:
    """`STEPS` steps; their mean loss and accuracy."""
    spec = experiment.train
    rng = np.random.default_rng((spec.seed, epoch))
    drawn = round(DRAWN * spec.batch_size)
    usual = rng.integers(digits, size=(STEPS, spec.batch_size - drawn), dtype=np.int32)
    # every drawing about equally often: orders of all of them one after another
    orders = np.concatenate([rng.permutation(drawings) for _ in range(-(-STEPS * drawn // drawings))])
    own = orders[: STEPS * drawn].reshape(STEPS, drawn).astype(np.int32)
    rates, sums = learning_rates(spec, STEPS, epoch), np.zeros(2)
    for at in range(0, STEPS, CHUNK):
        now = slice(at, at + CHUNK)
        part = np.array([float(x) for x in step(usual[now], own[now], rates[now], np.int32((epoch - 1) * STEPS + at))])
        part /= len(rates[now])
        if not np.isfinite(part).all():
            return math.nan, 0.0
        sums += part * len(rates[now]) / STEPS
        emit(
            BatchEnd(
                epoch=epoch, step=min(at + CHUNK, STEPS), loss=float(part[0]), accuracy=float(part[1]),
                learning_rate=float(rates[now][-1]), seconds=time.perf_counter() - began,
            )
        )  # fmt: skip
    return float(sums[0]), float(sums[1])


def _compile(model: keras.Model, experiment: Experiment, digits: Digits, drawings: Digits) -> Step:
    """A function of rows of MNIST, rows of drawings, learning rates and the first step: summed mean loss and accuracy."""
    spec = experiment.train
    images, labels = tf.constant(digits.images), tf.constant(digits.labels.astype(np.int32))
    own_images, own_labels = tf.constant(drawings.images), tf.constant(drawings.labels.astype(np.int32))
    trunk = keras.Model(model.input, model.get_layer("logits").output)
    optimizer = keras.optimizers.Adam(spec.learning_rate)
    optimizer.build(trunk.trainable_variables)

    @tf.function(
        autograph=False,
        input_signature=[
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None], tf.float32),
            tf.TensorSpec([], tf.int32),
        ],
    )
    def steps(usual: tf.Tensor, own: tf.Tensor, rates: tf.Tensor, first: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        count = tf.shape(usual)[0]

        def step(i: tf.Tensor, total: tf.Tensor, right: tf.Tensor) -> tuple[tf.Tensor, ...]:
            batch = tf.concat([tf.gather(images, usual[i]), tf.gather(own_images, own[i])], 0)
            targets = tf.concat([tf.gather(labels, usual[i]), tf.gather(own_labels, own[i])], 0)
            pixels = tf.cast(batch[..., None], tf.float32) / 255.0
            pixels = augment(pixels, spec.augmentation, tf.stack([spec.seed, first + i]))
            with tf.GradientTape() as tape:
                logits = trunk(pixels, training=False)
                loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits))
            optimizer.learning_rate.assign(rates[i])
            optimizer.apply(tape.gradient(loss, trunk.trainable_variables), trunk.trainable_variables)
            hits = tf.cast(tf.argmax(logits, 1, tf.int32) == targets, tf.float32)
            return i + 1, total + loss, right + tf.reduce_mean(hits)

        return tf.while_loop(lambda i, *_: i < count, step, (0, 0.0, 0.0))[1:]

    return steps


def predict(model: keras.Model, images: Bytes) -> NDArray[np.float32]:
    """Probabilities float32 (n, 10) of uint8 images (n, 28, 28)."""
    batches = [images[at : at + PREDICT_BATCH] for at in range(0, len(images), PREDICT_BATCH)]
    return np.concatenate([model.predict_on_batch(batch[..., None].astype(np.float32) / 255) for batch in batches])


def _score(probabilities: NDArray[np.float32], labels: Bytes) -> tuple[float, float]:
    """Cross-entropy, with Keras' own floor for a probability of 0, and accuracy."""
    chosen = np.maximum(probabilities[np.arange(len(labels)), labels], 1e-7)
    return float(-np.log(chosen).mean()), float((probabilities.argmax(axis=1) == labels).mean())
