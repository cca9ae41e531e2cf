"""Whether a network's confidence can be believed, and what is gained by staying silent when it is low."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from ..calibration import Reliability, Selective
from ..intervals import wilson
from .colours import OTHER, TRAINING, VALIDATION, laid_out

POINTS = 500  # a curve has about as many pixels


INSIDE = {
    "orientation": "v",
    "y": 0.02,
    "yanchor": "bottom",
}  # a corner where no point can be; on a phone no room is above


def reliability(raw: Reliability, scaled: Reliability | None = None, note: str = "") -> go.Figure:
    """Accuracy against confidence, a point for each bin that has answers, its area by how many; the diagonal is honest.

    `scaled` is the same after temperature scaling.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 100], y=[0, 100], mode="lines", name="as sure as right", hoverinfo="skip",
        line={"color": OTHER, "dash": "dot"},
    )  # fmt: skip
    for name, bins, colour in (("as it answers", raw, TRAINING), ("after temperature scaling", scaled, VALIDATION)):
        if bins is None:
            continue
        there = bins.counts > 0
        low, high = wilson(bins.right, bins.counts)
        accuracy = bins.accuracy
        figure.add_scatter(
            x=100 * bins.confidence[there], y=100 * accuracy[there], mode="markers+lines", name=name,
            line={"width": 1, "color": colour},
            marker={"color": colour, "size": 6 + 14 * np.sqrt(bins.counts[there] / bins.counts.max())},
            error_y={
                "type": "data", "symmetric": False, "color": colour, "thickness": 1, "width": 2,
                "array": 100 * (high - accuracy)[there].clip(0), "arrayminus": 100 * (accuracy - low)[there].clip(0),
            },
            customdata=np.stack([bins.right[there], bins.counts[there]], 1),
            hovertemplate="%{x:.1f} % sure: %{customdata[0]:,} of %{customdata[1]:,} right, %{y:.1f} %"
            f"<extra>{name}</extra>",
        )  # fmt: skip
    figure.update_xaxes(title="mean confidence of a bin, %", range=[0, 103], fixedrange=True)
    figure.update_yaxes(title="right, %", range=[0, 103], fixedrange=True)
    return laid_out(figure, "Accuracy against confidence", 400, note, legend=INSIDE | {"x": 1, "xanchor": "right"})


def selective(curve: Selective, threshold: float | None = None, note: str = "") -> go.Figure:
    """Accuracy of the answers given against the part of the digits that is answered; `threshold` is marked."""
    keep = np.unique(np.linspace(0, len(curve.thresholds) - 1, POINTS).astype(np.intp))
    figure = go.Figure()
    figure.add_scatter(
        x=100 * curve.coverage[keep], y=100 * curve.accuracy[keep], mode="lines", name="each threshold",
        line={"color": TRAINING, "width": 2}, customdata=curve.thresholds[keep],
        hovertemplate="from %{customdata:.4f} on: %{x:.2f} % answered, %{y:.3f} % of them right<extra></extra>",
    )  # fmt: skip
    if threshold is not None:
        answered, right = curve.at(threshold)
        if answered:
            figure.add_scatter(
                x=[100 * answered / curve.images], y=[100 * right / answered], mode="markers", name="the chosen threshold",
                marker={"color": VALIDATION, "size": 13, "line": {"width": 1, "color": "#ffffff"}},
                hovertemplate="%{x:.2f} % answered, %{y:.3f} % of them right<extra></extra>",
            )  # fmt: skip
    low = 100 * float(curve.accuracy[-1])
    flawless = 100 * float(curve.coverage[curve.accuracy == 1].max(initial=0))  # up to here nothing is gained
    figure.update_xaxes(
        title="answered, % of the test digits",
        range=[max(0.0, 2 * flawless - 100), 100.5 - flawless / 200],
        fixedrange=True,
    )
    figure.update_yaxes(
        title="right, % of those answered", range=[low - (100 - low) * 0.15 - 0.01, 100.02], fixedrange=True
    )
    return laid_out(figure, "Accuracy against coverage", 400, note, legend=INSIDE | {"x": 0, "xanchor": "left"})
