"""How a training went: loss and accuracy over epochs."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ..history import History
from .colours import OTHER, TRAINING, VALIDATION, frame, quick, rgba

POINTS = 400  # a curve has about as many pixels
WINDOW = 0.15  # epochs that the running mean looks back on, about
LOWEST = 0.01  # percent of errors that a logarithmic axis can show: none at all has no place on it

TITLES = {"loss": "Loss (cross-entropy, nats)", "accuracy": "Accuracy (%)"}
LOG_TITLES = {"loss": "Loss (cross-entropy, nats; logarithmic)", "accuracy": "Wrong answers (%; logarithmic)"}

Floats = NDArray[np.float64]


def learning(
    history: History,
    what: Literal["loss", "accuracy"],
    *,
    faint: bool = False,
    log: bool = False,
    note: str = "",
    target: float | None = None,
    until: int | None = None,
) -> go.Figure:
    """Training by chunk, raw under smoothed, and validation by epoch, with a flag at the best epoch.

    With `faint` it is a backdrop, not this training; with `log` the axis is logarithmic, and wrong answers stand in for
    accuracy. A `target` accuracy is a dotted line. With `until` what came after that epoch is left out.
    """
    strength = 0.65 if faint else 1.0
    x, y = (np.asarray(values) for values in history.curve(what))
    epochs, found = (np.asarray(values) for values in history.curve(f"val_{what}"))
    if until is not None:
        x, y, epochs, found = x[x <= until], y[x <= until], epochs[epochs <= until], found[epochs <= until]
    x, y = _thinned(x, _shown(y, what, log))
    values = _shown(found, what, log)
    unit = " %" if what == "accuracy" else ""
    data: list[dict[str, Any]] = [
        {
            "type": "scatter", "x": x, "y": y, "mode": "lines", "name": "training, each chunk", "showlegend": False,
            "hoverinfo": "skip", "line": {"color": rgba(TRAINING, 0.28 * strength), "width": 1},
        },
        {
            "type": "scatter", "x": x, "y": _smoothed(x, y), "mode": "lines", "name": "training",
            "line": {"color": rgba(TRAINING, strength), "width": 2},
            "hovertemplate": f"epoch %{{x:.2f}}: %{{y:.4g}}{unit}<extra>training</extra>",
        },
        {
            "type": "scatter", "x": epochs, "y": values, "mode": "lines+markers", "name": "validation",
            "line": {"color": rgba(VALIDATION, strength), "width": 2}, "marker": {"size": 7},
            "hovertemplate": f"epoch %{{x}}: %{{y:.4g}}{unit}<extra>validation</extra>",
        },
    ]  # fmt: skip
    layout = frame(TITLES[what] if not log else LOG_TITLES[what], 300, note)
    last = max(history.planned, until or 0) or max(1.0, *epochs, 1.0)
    layout["xaxis"] = {"title": {"text": "epoch"}, "range": [0, last * 1.02], "fixedrange": True}
    layout["yaxis"] = _axis(what, log, [*_after_start(y), *values])
    if not faint:
        layout |= _marks(history, what, log, target, until)
    return quick(data, layout)


def _shown(values: Floats, what: str, log: bool) -> Floats:
    if what == "loss":
        return values
    return np.maximum(100 * (1 - values), LOWEST) if log else 100 * values


def _axis(what: str, log: bool, values: list[float]) -> dict[str, Any]:
    axis: dict[str, Any] = {"fixedrange": True}
    if log:
        return {**axis, "type": "log", "dtick": "D2" if values and max(values) < 30 * min(values) else 1}
    if what == "loss":
        return {**axis, "rangemode": "tozero"}
    return {**axis, "range": [max(0.0, min([100.0, *values]) - 5), 100.5]}


def _marks(history: History, what: str, log: bool, target: float | None, until: int | None) -> dict[str, Any]:
    """A flag at the best epoch, a line at each learning rate set by hand, and the target."""
    shapes: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    shown = [end for end in history.epochs if until is None or end.epoch <= until]
    if len(shown) > 1 and what == "loss":
        best = min(shown, key=lambda end: end.val_loss)
        at = np.log10(best.val_loss) if log and best.val_loss > 0 else best.val_loss
        notes.append(
            {
                "x": best.epoch, "y": at, "text": f"best: epoch {best.epoch}", "ay": -34, "ax": 0, "arrowhead": 0,
                "arrowcolor": VALIDATION, "font": {"size": 11}, "bgcolor": rgba(VALIDATION, 0.25), "borderpad": 2,
            }
        )  # fmt: skip
    for place, rate in history.rate_changes:
        shapes.append({"type": "line", "x0": place, "x1": place, "yref": "paper", "y0": 0, "y1": 1,
                       "line": {"color": OTHER, "width": 1, "dash": "dash"}})  # fmt: skip
        notes.append({"x": place, "yref": "paper", "y": 1, "yanchor": "top", "xanchor": "left", "showarrow": False,
                      "text": f"rate {rate:g}", "font": {"size": 11}})  # fmt: skip
    if target is not None and what == "accuracy":
        height = float(_shown(np.array([target]), what, log)[0])
        shapes.append({"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": height, "y1": height,
                       "line": {"color": VALIDATION, "width": 1, "dash": "dot"}})  # fmt: skip
    return {"shapes": shapes, "annotations": notes}


def _after_start(y: Floats) -> list[float]:
    """All but the first tenth of a curve: the first steps would flatten all the rest."""
    return [float(value) for value in y[len(y) // 10 :]]


def _thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Means of neighbouring points when there are more than can be seen."""
    step = -(-len(x) // POINTS) if len(x) else 1
    if step == 1:
        return x, y
    whole = len(x) // step * step
    means = y[:whole].reshape(-1, step).mean(axis=1)
    return x[step - 1 : whole : step], means


def _smoothed(epochs: Floats, values: Floats) -> Floats:
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
