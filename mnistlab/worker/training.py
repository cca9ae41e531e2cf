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
from numpy.typing import NDArray

from ..data.digits import Bytes, Dataset, Digits, split
from ..data.sources import read_sample
from ..data.spoil import spoil
from ..evaluation import Evaluation
from ..events import (
    Arrays,
    BatchEnd,
    Checkpoint,
    Control,
    Emit,
    EpochEnd,
    Evaluated,
    Failed,
    Finished,
    Orders,
    Reason,
    Started,
    Steered,
)
from ..experiment import Experiment, TrainSpec
from ..schedules import learning_rates
from . import checkpoint, network
from .checkpoint import State
from .probe import Prober, strip
from .steps import Answers, compile_steps, make_optimizer

CHUNK_SECONDS = 0.095
ORDERS_SECONDS = 0.2  # asking for orders is a round trip to the scheduler
PAUSED_SECONDS = 0.1  # between two looks at the orders while nothing else is done
CHECKPOINT_SECONDS = 30.0  # the most that is lost, where an epoch takes longer


@dataclass(frozen=True)
class Resume:
    """Where an earlier training stood, to go on from there."""

    arrays: Arrays
    """Those of a `Checkpoint`."""
    note: str = ""
    """What the person should know about it."""


def train(
    experiment: Experiment,
    dataset: Dataset,
    emit: Emit,
    control: Control,
    *,
    drawing: Bytes | None = None,
    resume: Resume | None = None,
) -> None:
    """Train on the training digits of `dataset`, validate on those cut from them, then try the test digits once.

    Emits `Started` (with `resume`: `Steered`), then `BatchEnd`, `EpochEnd`, `Probe` and `Checkpoint`, at last `Finished`
    and `Evaluated`, or `Failed`. With `resume` the weights become exactly those of a training that was never
    interrupted. A `drawing` uint8 (28, 28) is watched beside the validation digits.

    Raises `SpecError` when the data has too few digits for what is asked.
    """
    spec = experiment.train
    left_out = read_sample() if experiment.data.leave_out_sample else None
    rows = split(dataset.train, experiment.data, spec.seed, left_out)
    training = spoil(dataset.train[rows.train], experiment.data.spoil, spec.seed)
    validation = dataset.train[rows.validation]
    probed = strip(validation, drawing)
    if resume is None:
        emit(
            Started(
                digits=dataset.sha256,
                epochs=spec.epochs,
                steps=math.ceil(len(training) / spec.batch_size),
                train_images=len(training),
                validation_images=len(validation),
                arrays=probed,
            )
        )
    model = network.build(experiment.model, spec)
    loop = _Loop(model, spec, training, validation, probed["images"], emit, control)
    if resume is not None:
        loop.resume(resume)
    try:
        loop.run()
    except _NotFinite as error:
        emit(Failed(message=f"Loss became {error.what} in epoch {error.epoch}: try a smaller learning rate."))
        return
    loop.finish()
    emit(Evaluated(digits=dataset.test.sha256, arrays={"probabilities": loop.answers(dataset.test.images)[0]}))


class _NotFinite(Exception):
    def __init__(self, loss: float, epoch: int) -> None:
        self.what, self.epoch = ("NaN" if math.isnan(loss) else "infinite"), epoch


class _Loop:
    """One training: the compiled functions, and where it stands."""

    def __init__(
        self,
        model: keras.Model,
        spec: TrainSpec,
        training: Digits,
        validation: Digits,
        probed: Bytes,
        emit: Emit,
        control: Control,
    ) -> None:
        self.model, self.spec, self.training, self.validation = model, spec, training, validation
        self.emit, self.control = emit, control
        self.steps = math.ceil(len(training) / spec.batch_size)
        self.state = State(epochs=spec.epochs)
        self.best: Arrays | None = None
        self.rule = spec.stopping
        self.began = self.saved = time.perf_counter()
        self.orders, self.orders_read = Orders.NONE, 0.0
        self.chunk_steps = 1
        self.optimizer = make_optimizer(spec, model)
        self.step = compile_steps(model, self.optimizer, spec, training)
        self.answers = Answers(model)
        self.prober = Prober(model, self.answers, probed)

    def resume(self, resume: Resume) -> None:
        self.state, self.best = checkpoint.restore(resume.arrays, self.model, self.optimizer)
        self.began = time.perf_counter() - self.state.seconds
        if self.state.ended not in (None, "stopped"):
            self.rule = type(self.rule)()  # more was asked for after it had ended by itself: the rule has had its say
        self.state.ended = None
        self._read_orders()
        self._follow()
        self.prober.begin_within() if self.state.step else None
        self._tell(resume.note)

    def run(self) -> None:
        """Train until it ends, and say so in the state."""
        while self.state.ended is None and self.state.epoch < self.state.epochs:
            self._epoch()

    def finish(self) -> None:
        """Keep the weights that are to be kept."""
        state = self.state
        if state.ended is None:  # continued, but no epoch was left to do
            state.ended = "all_epochs"
        within = state.step > 0
        if within:
            self._save()
        if self.best is not None and state.ended != "stopped":
            network.set_weights(self.model, self.best)
            kept, within = state.kept_epoch, False
        else:
            kept = state.epoch
        arrays = network.weights(self.model)
        self.emit(Finished(reason=state.ended, epochs=state.epoch, kept_epoch=kept, within=within, arrays=arrays))

    # One epoch

    def _epoch(self) -> None:
        state, epoch = self.state, self.state.epoch + 1
        began = time.perf_counter()
        order = np.random.default_rng((self.spec.seed, epoch)).permutation(len(self.training)).astype(np.int32)
        for indices in self._chunks(order):
            self._chunk(epoch, indices)
            if state.step < self.steps:
                state.ended = self._steer()
                if state.ended is not None:
                    return
                if time.perf_counter() - self.saved > CHECKPOINT_SECONDS:
                    self._save()
        self._end_epoch(epoch, began)

    def _chunks(self, order: NDArray[np.int32]) -> Iterator[NDArray[np.int32]]:
        """Index arrays (steps, batch) of the steps that are left; the last, smaller batch comes alone."""
        batch = self.spec.batch_size
        whole = len(order) // batch
        while (step := self.state.step) < whole:
            count = min(self.chunk_steps, whole - step)
            yield order[step * batch : (step + count) * batch].reshape(count, batch)
        if self.state.step < self.steps:
            yield order[whole * batch :][None]

    def _chunk(self, epoch: int, indices: NDArray[np.int32]) -> None:
        state, began, (count, size) = self.state, time.perf_counter(), indices.shape
        rates = self._rates(epoch)[state.step : state.step + count]
        first = np.int32((epoch - 1) * self.steps + state.step)
        loss, right, lengths = (x.numpy() for x in self.step(indices, rates, first))
        if not math.isfinite(loss):
            raise _NotFinite(float(loss), epoch)
        self.prober.gradients.append(lengths)
        now = time.perf_counter()
        if size == self.spec.batch_size:
            self.chunk_steps = max(1, min(2 * count, round(count * CHUNK_SECONDS / (now - began))))
        state.step += count
        state.loss, state.right, state.images = (
            state.loss + float(loss),
            state.right + float(right),
            state.images + indices.size,
        )
        state.seconds = now - self.began
        self.emit(
            BatchEnd(
                epoch=epoch,
                step=state.step,
                loss=float(loss) / indices.size,
                accuracy=float(right) / indices.size,
                learning_rate=float(rates[-1]),
                seconds=state.seconds,
            )
        )

    def _rates(self, epoch: int) -> NDArray[np.float32]:
        return learning_rates(self.spec, self.steps, epoch, self.state.learning_rate)

    def _end_epoch(self, epoch: int, began: float) -> None:
        state = self.state
        probabilities, awake = self.answers(self.validation.images)
        validated = Evaluation.of(self.validation.labels, probabilities) if np.isfinite(probabilities).all() else None
        if validated is None:
            raise _NotFinite(math.nan, epoch)
        loss, right, images = state.loss, state.right, state.images
        state.epoch = epoch
        state.begin_epoch()
        state.seconds = time.perf_counter() - self.began
        self.emit(
            EpochEnd(
                epoch=epoch,
                loss=loss / images,
                accuracy=right / images,
                val_loss=validated.loss,
                val_accuracy=validated.accuracy,
                seconds=time.perf_counter() - began,
            )
        )
        self.emit(self.prober.probe(epoch, validated, awake))
        if self.spec.stopping.patience is not None and (state.best_loss is None or validated.loss < state.best_loss):
            self.best, state.kept_epoch, state.best_loss = network.weights(self.model), epoch, validated.loss
        # orders first: one of them may be for another epoch
        state.ended = self._steer() or self._by_rule(validated.accuracy)
        if state.ended is None and epoch == state.epochs:
            state.ended = "all_epochs"
        self._save()

    def _by_rule(self, accuracy: float) -> Reason | None:
        if self.rule.target_accuracy is not None and accuracy >= self.rule.target_accuracy:
            return "target"
        if self.rule.patience is not None and self.state.epoch - self.state.kept_epoch >= self.rule.patience:
            return "patience"
        return None

    # Orders

    def _steer(self) -> Reason | None:
        """Read and follow the orders; why the training ends, if it does."""
        if time.perf_counter() - self.orders_read > ORDERS_SECONDS and self._read_orders():
            if self._follow() or self.orders.pause:
                self._tell()
            if self.orders.pause:
                self._pause()
        if self.orders.stop:
            return "stopped"
        if self.rule.seconds is not None and time.perf_counter() - self.began > self.rule.seconds:
            return "time"
        return None

    def _read_orders(self) -> bool:
        """Whether they are others than before."""
        before, self.orders, self.orders_read = self.orders, self.control(), time.perf_counter()
        return self.orders != before

    def _follow(self) -> bool:
        """Whether the orders changed how it goes on."""
        state, orders = self.state, self.orders
        before = state.learning_rate, state.epochs
        if orders.learning_rate is not None:
            state.learning_rate = orders.learning_rate
        if orders.epochs is not None:
            state.epochs = max(orders.epochs, state.epoch + (state.step > 0))
        return before != (state.learning_rate, state.epochs)

    def _pause(self) -> None:
        """Wait until the orders say otherwise; this time does not count."""
        self._save()
        began = time.perf_counter()
        while self.orders.pause and not self.orders.stop:
            time.sleep(PAUSED_SECONDS)
            if self._read_orders() and self._follow():
                self._tell()
        self.began += time.perf_counter() - began
        self._tell()

    def _tell(self, note: str = "") -> None:
        state = self.state
        self.emit(
            Steered(
                epoch=state.epoch + 1,
                step=state.step,
                epochs=state.epochs,
                learning_rate=state.learning_rate,
                paused=self.orders.pause and not self.orders.stop,
                seconds=state.seconds,
                note=note,
            )
        )

    def _save(self) -> None:
        self.saved = time.perf_counter()
        arrays = checkpoint.pack(self.state, self.model, self.optimizer, self.best)
        self.emit(Checkpoint(epoch=self.state.epoch, step=self.state.step, arrays=arrays))
