"""How a training went: loss and accuracy over epochs."""

from __future__ import annotations

from typing import Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ..history import History
from .colours import TRAINING, VALIDATION, laid_out, rgba

POINTS = 400  # a curve has about as many pixels
WINDOW = 0.15  # epochs that the running mean looks back on, about

TITLES = {"loss": "Loss (cross-entropy, nats)", "accuracy": "Accuracy (%)"}


def learning(history: History, what: Literal["loss", "accuracy"], *, faint: bool = False, note: str = "") -> go.Figure:
    """Training by chunk, raw under smoothed, and validation by epoch. With `faint` it is a backdrop, not this training."""
    scale = 100.0 if what == "accuracy" else 1.0
    strength = 0.65 if faint else 1.0
    x, y = (np.asarray(values) for values in history.curve(what))
    x, y = _thinned(x, scale * y)
    figure = go.Figure()
    unit = " %" if what == "accuracy" else ""
    figure.add_scatter(
        x=x, y=y, mode="lines", name="training, each chunk", showlegend=False, hoverinfo="skip",
        line={"color": rgba(TRAINING, 0.28 * strength), "width": 1},
    )  # fmt: skip
    figure.add_scatter(
        x=x, y=_smoothed(x, y), mode="lines", name="training", line={"color": rgba(TRAINING, strength), "width": 2},
        hovertemplate=f"epoch %{{x:.2f}}: %{{y:.4g}}{unit}<extra>training</extra>",
    )  # fmt: skip
    epochs, values = history.curve(f"val_{what}")
    figure.add_scatter(
        x=epochs, y=[scale * value for value in values], mode="lines+markers", name="validation",
        line={"color": rgba(VALIDATION, strength), "width": 2}, marker={"size": 7},
        hovertemplate=f"epoch %{{x}}: %{{y:.4g}}{unit}<extra>validation</extra>",
    )  # fmt: skip
    last = history.started.epochs if history.started else max(1.0, *epochs, 1.0)
    figure.update_xaxes(title="epoch", range=[0, last * 1.02], fixedrange=True)
    figure.update_yaxes(fixedrange=True, rangemode="tozero" if what == "loss" else "normal")
    if what == "accuracy":
        low = min([100.0, *_after_start(y), *(scale * value for value in values)])
        figure.update_yaxes(range=[max(0.0, low - 5), 100.5])
    return laid_out(figure, TITLES[what], 300, note)


def _after_start(y: NDArray[np.float64]) -> list[float]:
    """All but the first tenth of a curve: the first steps would flatten all the rest."""
    return [float(value) for value in y[len(y) // 10 :]]


def _thinned(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means of neighbouring points when there are more than can be seen."""
    step = -(-len(x) // POINTS) if len(x) else 1
    if step == 1:
        return x, y
    whole = len(x) // step * step
    means = y[:whole].reshape(-1, step).mean(axis=1)
    return x[step - 1 : whole : step], means


def _smoothed(epochs: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Exponential moving average, divided by the weight it has seen so that it does not start at zero (as in Adam)."""
    if len(values) < 2:
        return values
    points = WINDOW * len(epochs) / max(float(epochs[-1]), 1e-9)
    keep = max(0.0, 1 - 1 / points) if points > 0 else 0.0
    out, mean, weight = np.empty_like(values), 0.0, 0.0
    for i, value in enumerate(values):
        mean = keep * mean + (1 - keep) * float(value)
        weight = keep * weight + (1 - keep)
        out[i] = mean / weight
    return out
