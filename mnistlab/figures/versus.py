"""Two trainings over each other."""

from __future__ import annotations

from typing import Literal

import plotly.graph_objects as go

from ..history import History
from .colours import SECOND_RUN, VALIDATION, laid_out
from .curves import TITLES

Curve = Literal["loss", "accuracy"]


def both(first: History, second: History, what: Curve) -> go.Figure:
    """Validation of the first run (A) and the second (B) after each epoch."""
    scale, unit = (100.0, " %") if what == "accuracy" else (1.0, "")
    figure = go.Figure()
    for name, history, colour in (("A", first, VALIDATION), ("B", second, SECOND_RUN)):
        epochs, values = history.curve(f"val_{what}")
        figure.add_scatter(
            x=epochs, y=[scale * value for value in values], mode="lines+markers", name=f"{name}, validation",
            line={"color": colour, "width": 2}, marker={"size": 7, "symbol": "circle" if name == "A" else "square"},
            hovertemplate=f"epoch %{{x}}: %{{y:.4g}}{unit}<extra>{name}</extra>",
        )  # fmt: skip
    last = max((epoch.epoch for history in (first, second) for epoch in history.epochs), default=1)
    figure.update_xaxes(title="epoch", range=[0, last * 1.04], fixedrange=True)
    figure.update_yaxes(fixedrange=True, rangemode="tozero" if what == "loss" else "normal")
    return laid_out(figure, f"{TITLES[what]} on validation digits", 300)
