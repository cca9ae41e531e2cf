"""One colour for each meaning, the same in every figure; chosen to be told apart by colour-blind eyes.

The palette is Okabe and Ito's (Color Universal Design, 2008).
"""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

TRAINING = "#0072B2"  # blue
VALIDATION = "#E69F00"  # orange
RIGHT = "#009E73"  # green
WRONG = "#D55E00"  # vermilion
SECOND_RUN = "#CC79A7"  # purple
PRECISION, RECALL, F1 = "#56B4E9", "#8C95A0", "#1F5F6B"  # three measures of one run: none of the meanings above
OTHER = "rgba(128, 128, 128, 0.55)"  # what is neither the answer nor anything else


def rgba(colour: str, alpha: float) -> str:
    """A `#rrggbb` colour with an opacity, as Plotly writes it."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {alpha:g})"


def laid_out(figure: go.Figure, title: str, height: int, **layout: Any) -> go.Figure:
    """The frame that every figure shares: a fixed height so that nothing jumps, no background, a title at the left."""
    settings: dict[str, Any] = {
        "title": {"text": title, "font": {"size": 14}, "x": 0, "xanchor": "left", "y": 0.98, "yanchor": "top"},
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 58 if title else 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom"},
        "dragmode": False,
        "hoverlabel": {"align": "left"},
    }
    figure.update_layout({**settings, **layout})
    return figure
