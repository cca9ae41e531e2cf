"""What was looked at after an epoch: how well each digit is answered, and what goes on in the layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from .colours import F1, OTHER, PRECISION, RIGHT, frame, quick

DIGITS = list(range(10))
HEIGHT = 250


def digit_accuracy(recall: Sequence[float | None], before: Sequence[float | None] | None, epoch: int) -> go.Figure:
    """Part of each digit's validation images answered right, in percent; the epoch before as a tick on each bar."""
    now = [None if value is None else 100 * value for value in recall]
    data: list[dict[str, Any]] = [
        {
            "type": "bar", "x": DIGITS, "y": now, "name": f"epoch {epoch}", "marker": {"color": RIGHT},
            "hovertemplate": "digit %{x}: %{y:.1f} %<extra></extra>",
        }
    ]  # fmt: skip
    known = [value for value in now if value is not None]
    if before is not None:
        earlier = [None if value is None else 100 * value for value in before]
        known += [value for value in earlier if value is not None]
        data.append(
            {
                "type": "scatter", "x": DIGITS, "y": earlier, "name": f"epoch {epoch - 1}", "mode": "markers",
                "marker": {"symbol": "line-ew", "size": 16, "line": {"width": 2, "color": OTHER}},
                "hovertemplate": "digit %{x}: %{y:.1f} %<extra>the epoch before</extra>",
            }
        )  # fmt: skip
    low = max(0.0, 10 * ((min(known, default=0.0) - 2) // 10))
    axis = "" if low == 0 else f", axis from {low:.0f} %"
    layout = frame(f"Validation digits answered right{axis}", HEIGHT)
    layout["xaxis"] = {"title": {"text": "digit"}, "tickvals": DIGITS, "fixedrange": True}
    layout["yaxis"] = {"title": {"text": "%"}, "range": [low, 100.5], "fixedrange": True}
    return quick(data, layout)


def layer_state(layers: Mapping[str, Mapping[str, float | None]]) -> go.Figure:
    """How far each kernel moved in the epoch, how long its gradient is, and which part of its relu units is silent.

    The first two in percent of the kernel's own length, on a logarithmic axis.
    """
    names = list(layers)
    data: list[dict[str, Any]] = []
    for key, name, colour in (("moved", "moved in the epoch", F1), ("gradient", "gradient at a step", PRECISION)):
        values = [value * 100 if (value := layers[layer].get(key)) else None for layer in names]
        data.append(
            {
                "type": "bar", "x": names, "y": values, "name": name, "marker": {"color": colour},
                "hovertemplate": f"%{{x}}, {name}: %{{y:.3g}} % of its length<extra></extra>",
            }
        )  # fmt: skip
    layout = frame("Layers: change against size", HEIGHT, barmode="group", bargap=0.3)
    layout["xaxis"] = {"fixedrange": True}
    layout["yaxis"] = {
        "title": {"text": "% of the kernel's length (log)"},
        "type": "log",
        "fixedrange": True,
        "dtick": 1,
    }
    return quick(data, layout)
