"""One digit enlarged, and what a network answers to it as ten bars."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ..data.digits import Bytes
from .colours import OTHER, RIGHT, TRAINING, WRONG, frame, quick

Floats = NDArray[np.float32]


def enlarge(image: Bytes, factor: int) -> Bytes:
    """Never interpolated: each pixel as a square of `factor` pixels: uint8 (h, w) to (h·factor, w·factor)."""
    return np.kron(image, np.ones((factor, factor), np.uint8))


def bars(probabilities: Floats, label: int | None = None, *, height: int = 260, title: str = "") -> go.Figure:
    """Ten probabilities as bars in percent. The answer is blue; with a `label`, green when right and vermilion when wrong."""
    answer = int(probabilities.argmax())
    colour = TRAINING if label is None else RIGHT if answer == label else WRONG
    percent: NDArray[np.float64] = 100 * probabilities.astype(np.float64)
    bar = {
        "type": "bar", "x": list(range(10)), "y": percent, "hovertemplate": "%{x}: %{y:.2f} %<extra></extra>",
        "marker": {"color": [colour if digit == answer else OTHER for digit in range(10)]},
        "text": [f"{p:.0f}" if p >= 0.5 else "" for p in percent], "textposition": "outside", "cliponaxis": False,
    }  # fmt: skip
    layout = frame(title, height, showlegend=False)
    layout["xaxis"] = {"title": {"text": "digit"}, "tickvals": list(range(10)), "fixedrange": True}
    layout["yaxis"] = {
        "title": {"text": "probability, %"}, "range": [0, 112], "tickvals": [0, 25, 50, 75, 100], "fixedrange": True,
    }  # fmt: skip
    return quick([bar], layout)
