"""Time to 99.0 % on the test set: `sprint` beside what plain Keras takes for the classic convnet's own final accuracy."""

from __future__ import annotations

from statistics import median

from mnistlab.presets import PRESETS
from mnistlab.runs import Run

from . import Figure
from .keras_fit import fit
from .lab import Lab, lab

NAME = "sprint"
SEEDS = 5
BESIDE = "classic-convnet-sgd"


def training_seconds(run: Run) -> float:
    """All epochs with their validation; tracing lies in the first."""
    return sum(epoch.seconds for epoch in run.history.epochs)


def measure(times: int) -> list[Figure]:
    """Median seconds of five seeds of `sprint` ÷ Keras' seconds, and the sprint's median test accuracy."""
    with lab() as here:
        runs = [_sprint(here, seed) for seed in range(SEEDS)]
        keras = fit(PRESETS[BESIDE].experiment, here.dataset, test=True)
        accuracies = [run.evaluation(here.dataset.test).accuracy for run in runs]
    reached = next(
        end for end, accuracy in zip(keras.ends, keras.accuracies, strict=True) if accuracy >= keras.accuracies[-1]
    )
    ours = median(training_seconds(run) for run in runs)
    details = {
        "sprint_seconds": ours,
        "accuracies": accuracies,
        "keras_seconds": reached,
        "keras_accuracy": keras.accuracies[-1],
    }
    return [
        Figure(f"sprint's time ÷ Keras' for the accuracy {BESIDE} ends with", ours / reached, "≤ 0.20", details),
        Figure("sprint's test accuracy, median of five seeds", median(accuracies), "≥ 0.990"),
    ]


def _sprint(here: Lab, seed: int) -> Run:
    return here.train(PRESETS["sprint"].experiment.changed({"train.seed": seed}))
