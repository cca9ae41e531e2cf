"""Accuracy under conditions: by an attribute of the digits, and by how strongly they are corrupted."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from ..corruptions import CORRUPTIONS, STRENGTHS
from ..evaluation import Evaluation
from ..intervals import wilson
from ..robustness import Card
from ..slices import Slices
from .colours import DIGIT_COLOURS, OTHER, TRAINING, laid_out, rgba


def by_attribute(
    slices: Slices, evaluation: Evaluation, name: str, unit: str, marked: int | None = None, note: str = ""
) -> go.Figure:
    """Accuracy of each group with its interval; a click on a group selects a point whose `customdata` starts with its number."""
    counts, right = slices.counts, slices.right(evaluation)
    low, high = wilson(right, counts)
    share = right / counts
    ranges = [span(a, b) for a, b in zip(slices.low, slices.high, strict=True)]
    figure = go.Figure()
    figure.add_scatter(
        x=list(range(len(counts))), y=100 * share, mode="markers",
        marker={
            "size": 15, "color": [TRAINING if i == marked else rgba(TRAINING, 0.55) for i in range(len(counts))],
            "line": {"width": [3 if i == marked else 0 for i in range(len(counts))], "color": TRAINING},
        },
        error_y={
            "type": "data", "symmetric": False, "array": 100 * (high - share).clip(0),
            "arrayminus": 100 * (share - low).clip(0), "color": rgba(TRAINING, 0.6), "thickness": 2, "width": 5,
        },
        customdata=[[i, int(r), int(n), text] for i, (r, n, text) in enumerate(zip(right, counts, ranges, strict=True))],
        hovertemplate=f"%{{customdata[3]}} {unit}: "
        "%{customdata[1]:,} of %{customdata[2]:,} right, %{y:.2f} %<extra></extra>",
        selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}},
    )  # fmt: skip
    mean = 100 * evaluation.accuracy
    figure.add_hline(y=mean, line={"color": OTHER, "dash": "dot"})
    short = [span(a, b, 2) for a, b in zip(slices.low, slices.high, strict=True)]
    ticks = [f"{text}<br>{n:,}" for text, n in zip(short, counts, strict=True)]
    words = name.replace("_", " ")
    figure.update_xaxes(
        title=f"{words}, {unit}, and how many digits", tickvals=list(range(len(counts))), ticktext=ticks,
        autotickangles=[0, -90], tickfont={"size": 10},
        range=[-0.5, len(counts) - 0.5], fixedrange=True,
    )  # fmt: skip
    figure.update_yaxes(title="right, %", range=_range(100 * low), fixedrange=True)
    return laid_out(
        figure, f"Accuracy by {words}, with 95 % intervals", 380, note, showlegend=False, clickmode="event+select"
    )


def span(low: float, high: float, figures: int = 3) -> str:
    """A range of values with so many figures each, without a needless second end."""
    a, b = (f"{end:.{figures}g}".replace("-", "−") for end in (low, high))
    return a if a == b else f"{a}–{b}"


def _range(low: np.ndarray) -> list[float]:
    lowest = float(low.min())
    return [max(0.0, lowest - 0.08 * (100 - lowest)), 100 + 0.04 * (100 - lowest) + 0.02]


def by_strength(card: Card, chosen: str, note: str = "") -> go.Figure:
    """Accuracy at each strength, a line for each corruption; the chosen one stands out."""
    strengths = list(range(STRENGTHS + 1))
    figure = go.Figure()
    for place, (name, about) in enumerate(CORRUPTIONS.items()):
        strong = name == chosen
        amounts = ["as it is", *(f"{amount:g} {about.unit}" for amount in about.amounts)]
        figure.add_scatter(
            x=strengths, y=100 * card.accuracy[place], mode="lines+markers", name=name, customdata=amounts,
            line={"color": DIGIT_COLOURS[place], "width": 4 if strong else 1.5}, opacity=1.0 if strong else 0.75,
            marker={"size": 9 if strong else 5},
            hovertemplate=f"{name}, strength %{{x}} (%{{customdata}}): %{{y:.1f}} %<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(
        title="strength (0 is the clean digit)", tickvals=strengths, range=[-0.15, 5.15], fixedrange=True
    )
    figure.update_yaxes(title="right, %", range=[0, 102], fixedrange=True)
    return laid_out(
        figure, "Accuracy against the strength of each corruption", 440, note,
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": -0.2, "yanchor": "top"},
    )  # fmt: skip
