"""What the engine may ask of a worker process, by name."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..data import sources
from ..data.digits import Bytes, Dataset, Digits
from ..events import Arrays, Control, Emit, Orders
from ..experiment import DataSpec, Experiment, SpecError, TrainSpec


@cache
def _settle() -> None:
    """Once a process: low priority, as with TensorFlow on all cores the pages must still answer at once; and quiet."""
    if hasattr(os, "nice"):
        os.nice(15)
    # TensorFlow reads it when it is imported: operations in turn, each on all cores; two at once wait for each other
    os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
    # each job compiles functions of its own, which TensorFlow takes for a mistake from the fifth on
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


@cache
def _loaded() -> Dataset:
    return sources.load()


def _dataset(digits: str) -> Dataset:
    """The digits this machine has, if they are the ones with this sha256. Raises `SpecError` when not."""
    if _loaded().sha256 != digits:
        _loaded.cache_clear()  # the full set may have arrived since
    found = _loaded()
    if found.sha256 != digits:
        raise SpecError(
            f"the worker has other digits than this page (its own are from {found.source}); reload the page"
        )
    return found


def warm_up() -> None:
    """Import Keras and compile a first training step, so that the next job answers at once."""
    _settle()
    from . import training

    small = sources.read_sample()[:200]
    warm = Dataset(train=small, test=small[:10], source="sample")
    spec = Experiment(data=DataSpec(validation_images=10), train=TrainSpec(epochs=1, batch_size=64))
    training.train(spec, warm, lambda event: None, lambda: Orders.NONE)
    _loaded()


def draw_map(values: NDArray[np.float32], perplexity: float, seed: int, emit: Emit, control: Control) -> None:
    """Place principal components float32 (n, d) on a plane, telling how it goes."""
    _settle()
    from . import mapping

    mapping.draw(values, perplexity, seed, emit, control)


@contextmanager
def _session() -> Iterator[None]:
    """Keras' memory of what is built inside ends with it, or every model ever built would stay."""
    _settle()
    import keras

    try:
        yield
    finally:
        keras.backend.clear_session()


def score(experiment: Experiment, weights: Arrays, digits: str, emit: Emit, control: Control) -> None:
    """Answer the validation digits of a run, and as many of those it was trained on."""
    with _session():
        from . import answering

        answering.score(experiment, weights, _dataset(digits), emit, control)


def robustness(experiment: Experiment, weights: Arrays, digits: str, emit: Emit, control: Control) -> None:
    """Answer test digits corrupted in each way and strength."""
    with _session():
        from . import answering

        answering.robustness(experiment, weights, _dataset(digits), emit, control)


def export(experiment: str, weights: Arrays, kind: str, images: Bytes, emit: Emit, control: Control) -> None:
    """Make a "keras", "onnx" or "litert" file of a trained network and compare it with Keras on `images`."""
    with _session():
        from . import export

        export.export(Experiment.from_json(experiment), weights, kind, images, emit)


def train(
    experiment: Experiment,
    digits: str,
    drawing: NDArray[np.uint8] | None,
    resume: tuple[Arrays, str] | None,
    emit: Emit,
    control: Control,
) -> None:
    """Train `experiment` on the digits with this sha256, with `resume` on from a checkpoint (arrays, note about it)."""
    with _session():
        from . import training

        going_on = training.Resume(*resume) if resume else None
        training.train(experiment, _dataset(digits), emit, control, drawing=drawing, resume=going_on)


def adapt(experiment: Experiment, weights: Arrays, drawings: Digits, digits: str, emit: Emit, control: Control) -> None:
    """Train these weights a little further on drawings, mixed with the digits with this sha256."""
    with _session():
        from . import adapting

        adapting.adapt(experiment, weights, drawings, _dataset(digits), emit, control)
