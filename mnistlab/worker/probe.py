"""What is looked at after every epoch: a few digits' answers, each digit's validation accuracy, the layers' state."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from ..data.digits import Bytes, Digits
from ..evaluation import Evaluation
from ..events import Arrays, Probe
from .steps import Answers, kernels


def strip(validation: Digits, drawing: Bytes | None) -> Arrays:
    """The first validation image of each digit, in order, and last the person's drawing uint8 (28, 28) if there is one."""
    found, rows = np.unique(validation.labels, return_index=True)
    images = validation.images[rows]
    if drawing is not None:
        images = np.concatenate([images, drawing[None]])
    return {"images": images, "labels": found}


class Prober:
    """Makes a `Probe` an epoch; remembers the kernels as they were after the one before."""

    def __init__(self, model: keras.Model, answers: Answers, images: Bytes) -> None:
        self.kernels, self.answers, self.images = kernels(model), answers, images
        self.gradients: list[NDArray[np.float32]] = []
        self._before = self._now()
        self._whole = True

    def begin_within(self) -> None:
        """The epoch that goes on began before: how far it moves the kernels is not known."""
        self._before, self._whole, self.gradients = self._now(), False, []

    def _now(self) -> dict[str, NDArray[np.float32]]:
        return {name: kernel.value.numpy() for name, kernel in self.kernels.items()}

    def probe(self, epoch: int, validated: Evaluation, awake: dict[str, NDArray[np.bool_]]) -> Probe:
        """After an epoch, when the validation digits were answered."""
        now = self._now()
        # lengths of gradients at some steps, evenly spread over the epoch
        gradient = np.sqrt(np.mean(np.square(self.gradients, dtype=np.float64), axis=0)) if self.gradients else None
        layers = {}
        for i, (name, kernel) in enumerate(now.items()):
            length = float(np.linalg.norm(kernel))
            relative = 1 / length if length else None
            moved = float(np.linalg.norm(kernel - self._before[name])) if self._whole else None
            activity = awake.get(name, awake.get(f"{name}_relu"))
            layers[name] = {
                "size": length / kernel.size**0.5,
                "moved": moved * relative if moved is not None and relative else None,
                "gradient": float(gradient[i]) * relative if gradient is not None and relative else None,
                "silent": float(1 - activity.mean()) if activity is not None else None,
            }
        self._before, self._whole, self.gradients = now, True, []
        probabilities = self.answers(self.images)[0]
        recall = [float(r) if n else None for r, n in zip(validated.recall, validated.support, strict=True)]
        return Probe(
            epoch=epoch, probabilities=probabilities.astype(np.float64).round(5).tolist(), recall=recall, layers=layers
        )
