"""The training loop: an `Experiment` and digits in, events out.

Many steps run in one call of a compiled function ("a chunk"): the uint8 training set is a constant of the graph, and
each step gathers and scales its batch there. A chunk lasts 50–100 ms, which is how often events leave and orders
are read. Knows nothing of who listens, of where it runs, or of how anything is stored.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ..data.digits import Bytes, Dataset, Digits, split
from ..data.sources import read_sample
from ..data.spoil import spoil
from ..events import Arrays, BatchEnd, Checkpoint, Control, Emit, EpochEnd, Evaluated, Failed, Finished, Reason, Started
from ..experiment import Experiment, Optimizer, TrainSpec
from ..schedules import learning_rates
from . import network
from .augment import augment

CHUNK_SECONDS = 0.075
ORDERS_SECONDS = 0.2  # asking for orders is a round trip to the scheduler
PREDICT_BATCH = 1000

OPTIMIZERS: dict[Optimizer, type[keras.optimizers.Optimizer]] = {
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "adagrad": keras.optimizers.Adagrad,
}


def train(experiment: Experiment, dataset: Dataset, emit: Emit, control: Control) -> None:
    """Train on the training digits of `dataset`, validate on those cut from them, then try the test digits once.

    Emits `Started`, then `BatchEnd`, `EpochEnd` and `Checkpoint`, at last `Finished` and `Evaluated`, or `Failed`.
    Raises `SpecError` when the data has too few digits for what is asked.
    """
    spec = experiment.train
    left_out = read_sample() if experiment.data.leave_out_sample else None
    rows = split(dataset.train, experiment.data, spec.seed, left_out)
    training = spoil(dataset.train[rows.train], experiment.data.spoil, spec.seed)
    validation = dataset.train[rows.validation]
    steps = math.ceil(len(training) / spec.batch_size)
    emit(
        Started(
            digits=dataset.sha256,
            epochs=spec.epochs,
            steps=steps,
            train_images=len(training),
            validation_images=len(validation),
        )
    )
    model = network.build(experiment.model, spec)
    loop = _Loop(model, spec, training, validation, emit, control)
    try:
        reason = loop.run(steps)
    except _NotFinite as error:
        emit(Failed(message=f"Loss became {error.what} in epoch {error.epoch}: try a smaller learning rate."))
        return
    emit(Finished(reason=reason, epochs=loop.epochs_done, kept_epoch=loop.kept_epoch, arrays=network.weights(model)))
    emit(Evaluated(digits=dataset.test.sha256, arrays={"probabilities": loop.predict(dataset.test.images)}))


class _NotFinite(Exception):
    def __init__(self, loss: float, epoch: int) -> None:
        self.what, self.epoch = ("NaN" if math.isnan(loss) else "infinite"), epoch


@dataclass
class _Sums:
    """Loss and right answers added up over images."""

    loss: float = 0.0
    right: float = 0.0
    images: int = 0

    def add(self, loss: float, right: float, images: int) -> None:
        self.loss, self.right, self.images = self.loss + loss, self.right + right, self.images + images


class _Loop:
    """One training: the compiled functions, and what is known so far."""

    def __init__(
        self, model: keras.Model, spec: TrainSpec, training: Digits, validation: Digits, emit: Emit, control: Control
    ) -> None:
        self.model, self.spec, self.training, self.validation = model, spec, training, validation
        self.emit, self.control = emit, control
        self.epochs_done = 0
        self.kept_epoch = 0
        self.best_loss = math.inf
        self.best: Arrays | None = None
        self.began = time.perf_counter()
        self.orders_read = 0.0
        self.stop = False
        self.chunk_steps = 1
        self.step = _compile_steps(model, spec, training)
        self.infer = _compile_inference(model)

    def run(self, steps: int) -> Reason:
        reason: Reason = "all_epochs"
        for epoch in range(1, self.spec.epochs + 1):
            if (ended := self._epoch(epoch, steps)) is not None:
                reason = ended
                break
        if self.best is not None and reason != "stopped":
            network.set_weights(self.model, self.best)
        else:
            self.kept_epoch = self.epochs_done
        return reason

    def _epoch(self, epoch: int, steps: int) -> Reason | None:
        began, sums = time.perf_counter(), _Sums()
        order = np.random.default_rng((self.spec.seed, epoch)).permutation(len(self.training)).astype(np.int32)
        rates = learning_rates(self.spec, steps, epoch)
        for first, indices in self._chunks(order):
            self._chunk(epoch, steps, first, indices, rates, sums)
            if self._must_stop():
                return "stopped"
            if self.spec.stopping.seconds and time.perf_counter() - self.began > self.spec.stopping.seconds:
                return "time"
        return self._validate(epoch, began, sums)

    def _chunks(self, order: NDArray[np.int32]) -> Iterator[tuple[int, NDArray[np.int32]]]:
        """Index arrays (steps, batch) with the number of their first step; the last, smaller batch comes alone."""
        batch, step = self.spec.batch_size, 0
        whole = len(order) // batch
        while step < whole:
            count = min(self.chunk_steps, whole - step)
            yield step, order[step * batch : (step + count) * batch].reshape(count, batch)
            step += count
        if len(order) % batch:
            yield step, order[whole * batch :][None]

    def _chunk(
        self, epoch: int, steps: int, first: int, indices: NDArray[np.int32], rates: NDArray[np.float32], sums: _Sums
    ) -> None:
        began, count = time.perf_counter(), len(indices)
        step = (epoch - 1) * steps + first
        loss, right = (float(x) for x in self.step(indices, rates[first : first + count], np.int32(step)))
        now = time.perf_counter()
        if not math.isfinite(loss):
            raise _NotFinite(loss, epoch)
        if indices.shape[1] == self.spec.batch_size:
            self.chunk_steps = max(1, min(2 * count, round(count * CHUNK_SECONDS / (now - began))))
        sums.add(loss, right, indices.size)
        self.emit(
            BatchEnd(
                epoch=epoch,
                step=first + count,
                loss=loss / indices.size,
                accuracy=right / indices.size,
                learning_rate=float(rates[first + count - 1]),
                seconds=now - self.began,
            )
        )

    def _must_stop(self) -> bool:
        now = time.perf_counter()
        if now - self.orders_read > ORDERS_SECONDS:
            self.orders_read = now
            self.stop = self.control().stop
        return self.stop

    def _validate(self, epoch: int, began: float, sums: _Sums) -> Reason | None:
        probabilities = self.predict(self.validation.images)
        labels = self.validation.labels
        # Keras' own floor (epsilon 1e-7), so that a probability of exactly 0 gives a finite loss
        chosen = np.maximum(probabilities[np.arange(len(labels)), labels], 1e-7)
        val_loss, val_accuracy = float(-np.log(chosen).mean()), float((probabilities.argmax(1) == labels).mean())
        if not math.isfinite(val_loss):
            raise _NotFinite(val_loss, epoch)
        self.epochs_done = epoch
        seconds = time.perf_counter() - began
        self.emit(
            EpochEnd(
                epoch=epoch,
                loss=sums.loss / sums.images,
                accuracy=sums.right / sums.images,
                val_loss=val_loss,
                val_accuracy=val_accuracy,
                seconds=seconds,
            )
        )
        self.emit(Checkpoint(epoch=epoch, arrays=network.weights(self.model)))
        rule = self.spec.stopping
        if rule.patience is not None and val_loss < self.best_loss:
            self.best, self.kept_epoch, self.best_loss = network.weights(self.model), epoch, val_loss
        if rule.target_accuracy is not None and val_accuracy >= rule.target_accuracy:
            return "target"
        if rule.patience is not None and epoch - self.kept_epoch >= rule.patience:
            return "patience"
        return None

    def predict(self, images: Bytes) -> NDArray[np.float32]:
        """Probabilities float32 (n, 10) of uint8 images (n, 28, 28), without dropout."""
        parts = [self.infer(images[at : at + PREDICT_BATCH]).numpy() for at in range(0, len(images), PREDICT_BATCH)]
        return np.concatenate(parts)


def _compile_steps(model: keras.Model, spec: TrainSpec, digits: Digits) -> tf.types.experimental.GenericFunction:
    """A function of index array (steps, batch), learning rates (steps,) and first step: summed loss, right answers."""
    images, labels = tf.constant(digits.images), tf.constant(digits.labels.astype(np.int32))
    trunk = keras.Model(model.input, model.get_layer("logits").output)
    options = {"momentum": spec.momentum} if spec.optimizer in ("sgd", "rmsprop") else {}
    if spec.nesterov:
        options["nesterov"] = True
    none = 0.0 if spec.optimizer == "adamw" else None  # AdamW's own is 0.004, and it refuses None
    optimizer = OPTIMIZERS[spec.optimizer](
        learning_rate=spec.learning_rate, weight_decay=spec.weight_decay or none, **options
    )
    optimizer.build(trunk.trainable_variables)

    def losses(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        if spec.loss == "sparse_categorical":
            return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
        smooth = spec.label_smoothing
        return tf.nn.softmax_cross_entropy_with_logits(tf.one_hot(targets, 10) * (1 - smooth) + smooth / 10, logits)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None], tf.float32),
            tf.TensorSpec([], tf.int32),
        ]
    )
    def steps(indices: tf.Tensor, rates: tf.Tensor, first: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        total, right = tf.constant(0.0), tf.constant(0.0)
        for i in tf.range(tf.shape(indices)[0]):
            batch = tf.gather(images, indices[i])[..., None]
            pixels = augment(tf.cast(batch, tf.float32) / 255.0, spec.augmentation, tf.stack([spec.seed, first + i]))
            targets = tf.gather(labels, indices[i])
            with tf.GradientTape() as tape:
                logits = trunk(pixels, training=True)
                each = losses(targets, logits)
                loss = tf.reduce_mean(each)
            optimizer.learning_rate.assign(rates[i])
            gradients = tape.gradient(loss, trunk.trainable_variables)
            optimizer.apply(gradients, trunk.trainable_variables)
            total += tf.reduce_sum(each)
            right += tf.reduce_sum(tf.cast(tf.argmax(logits, 1, tf.int32) == targets, tf.float32))
        return total, right

    return steps


def _compile_inference(model: keras.Model) -> tf.types.experimental.GenericFunction:
    @tf.function(input_signature=[tf.TensorSpec([None, 28, 28], tf.uint8)])
    def infer(images: tf.Tensor) -> tf.Tensor:
        return model(tf.cast(images[..., None], tf.float32) / 255.0, training=False)

    return infer
