"""An epoch of the classics: ours, watched, beside plain Keras `fit` of the exported script."""

from __future__ import annotations

import math

from mnistlab.presets import PRESETS

from . import Figure, alternating
from .keras_fit import fit
from .lab import epoch_seconds, lab

NAME = "epochs"
EPOCHS = 3  # the first is not counted


def measure(times: int) -> list[Figure]:
    """Seconds an epoch, ours ÷ Keras', for each classic, and their geometric mean."""
    figures = []
    with lab() as here:
        for name in (name for name in PRESETS if name.startswith("classic-")):
            experiment = PRESETS[name].experiment.changed({"train.epochs": EPOCHS})
            ours, keras = alternating(
                times,
                lambda e=experiment: epoch_seconds(here.train(e)),  # type: ignore[misc]
                lambda e=experiment: fit(e, here.dataset).epoch_seconds,  # type: ignore[misc]
            )
            details = {"ours_seconds": ours, "keras_seconds": keras}
            figures.append(Figure(f"epoch of {name}, ours ÷ Keras fit", ours / keras, "≤ 0.80", details))
    mean = math.exp(sum(math.log(figure.value) for figure in figures) / len(figures))
    return [*figures, Figure("epoch, geometric mean of the five", mean, "≤ 0.60")]
