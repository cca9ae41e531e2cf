"""All that a training must remember to go on exactly, as arrays that can be written without a pickle.

Random numbers need no place here: the order of images, dropout and augmentation follow from the seed and the step.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

import keras
import numpy as np

from ..events import Arrays, Reason
from ..experiment import SpecError
from . import network


@dataclass
class State:
    """Where a training stands, but for its arrays. `step` steps of the epoch after `epoch` are done."""

    epochs: int
    """Planned."""
    learning_rate: float | None = None
    """Set by hand; None: the experiment's."""
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    best_loss: float | None = None
    kept_epoch: int = 0
    """The epoch with the lowest validation loss, when the stopping rule has patience."""
    loss: float = 0.0
    right: float = 0.0
    images: int = 0
    """Summed over the images of the unfinished epoch, as `loss` and `right` are."""
    ended: Reason | None = None

    def begin_epoch(self) -> None:
        self.step, self.loss, self.right, self.images = 0, 0.0, 0.0, 0


def pack(state: State, model: keras.Model, optimizer: keras.optimizers.Optimizer, best: Arrays | None) -> Arrays:
    """`weights/…` by the ledger's names, `best/…` when they are others, `optimizer/0…`, and `state` as JSON."""
    arrays = {f"weights/{name}": array for name, array in network.weights(model).items()}
    if best is not None and (state.kept_epoch, 0) != (state.epoch, state.step):
        arrays |= {f"best/{name}": array for name, array in best.items()}
    arrays |= {f"optimizer/{i}": variable.value.numpy() for i, variable in enumerate(optimizer.variables)}
    return {**arrays, "state": np.array(json.dumps(asdict(state)))}


def restore(arrays: Arrays, model: keras.Model, optimizer: keras.optimizers.Optimizer) -> tuple[State, Arrays | None]:
    """Set the model and the optimizer; the state and the best weights come back. Raises `SpecError` for what does not fit."""
    try:
        state = State(**json.loads(str(arrays["state"])))
        weights = part(arrays, "weights/")
        network.set_weights(model, weights)
        for i, variable in enumerate(optimizer.variables):
            variable.assign(arrays[f"optimizer/{i}"])
    except (KeyError, TypeError, ValueError) as error:
        raise SpecError("the checkpoint does not belong to this experiment; train it anew") from error
    if state.best_loss is None:
        return state, None
    return state, part(arrays, "best/") or weights


def part(arrays: Arrays, prefix: str) -> Arrays:
    """The arrays whose name begins so, by the rest of it."""
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
