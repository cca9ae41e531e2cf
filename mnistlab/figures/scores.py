"""How good a run's answers are: the confusion matrix, and precision, recall and F1 for each digit."""

from __future__ import annotations

from typing import Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from ..evaluation import Evaluation
from .colours import F1, PRECISION, RECALL, RIGHT, TRAINING, WRONG, laid_out, rgba

View = Literal["counts", "by row", "by column", "errors only"]
VIEWS: tuple[View, ...] = ("counts", "by row", "by column", "errors only")

DIGITS = list(range(10))


def confusion_matrix(
    evaluation: Evaluation,
    view: View,
    marked: tuple[int, int] | None = None,
    note: str = "",
    *,
    diagonal: bool = True,
    second: Evaluation | None = None,
    ink: str = "#14171b",
) -> go.Figure:
    """Labels down, answers across. A click on a cell selects a point whose `customdata` is [label, answer].

    Without the `diagonal` right answers are left blank and the mistakes have all the shades to themselves. A `second`
    run's count is told beside each cell's own. `ink` is the page's colour of text, which light cells let through.
    """
    counts = evaluation.confusion
    shown, text = _cells(counts, view)
    on_diagonal = np.eye(10, dtype=bool)
    if not diagonal:
        shown[on_diagonal] = 0
        text = [["" if r == c else cell for c, cell in enumerate(row)] for r, row in enumerate(text)]
    # a fourth root, so that 3 mistakes can be seen beside 1,000 right answers
    alone = view == "errors only" or not diagonal
    shade = _linear(shown) if alone else np.where(shown > 0, (shown / max(shown.max(), 1e-9)) ** 0.25, 0)
    figure = go.Figure()
    for chosen, colour in ((on_diagonal, RIGHT), (~on_diagonal, WRONG)):
        figure.add_heatmap(
            z=np.where(chosen, shade, np.nan), x=DIGITS, y=DIGITS, zmin=0, zmax=1, showscale=False, xgap=1, ygap=1,
            colorscale=[[0, rgba(colour, 0.04)], [1, rgba(colour, 1)]], hoverinfo="skip",
        )  # fmt: skip
    for dark in (False, True):
        rows, columns = np.nonzero((shade > 0.55) == dark)
        figure.add_scatter(
            x=columns, y=rows, text=[text[r][c] for r, c in zip(rows, columns, strict=True)], mode="text",
            hoverinfo="skip", textfont={"size": 12, "color": "#ffffff" if dark else ink},
        )  # fmt: skip
    rows, columns = np.indices((10, 10)).reshape(2, 100)
    figure.add_scatter(
        x=columns, y=rows, mode="markers", customdata=np.stack([rows, columns], 1).tolist(),
        text=[_told(counts, second, r, c) for r, c in np.ndindex(10, 10)],
        hovertemplate="%{text}<extra></extra>",
        marker={"symbol": "square", "size": 36, "color": "rgba(0,0,0,0.01)"},
        selected={"marker": {"opacity": 1}}, unselected={"marker": {"opacity": 1}},
    )  # fmt: skip
    if marked is not None:
        r, c = marked
        box = {"x0": c - 0.5, "x1": c + 0.5, "y0": r - 0.5, "y1": r + 0.5}
        figure.add_shape(type="rect", **box, line={"color": TRAINING, "width": 3})
    axis = {"tickvals": DIGITS, "showgrid": False, "zeroline": False, "fixedrange": True}
    figure.update_xaxes(title="answer", range=[-0.5, 9.5], side="bottom", **axis)
    figure.update_yaxes(title="label", range=[9.5, -0.5], **axis)
    unit = {
        "counts": "images",
        "by row": "% of each label",
        "by column": "% of each answer",
        "errors only": "images, wrong ones",
    }
    what = unit[view] if diagonal or view == "errors only" else f"{unit[view]}, wrong ones"
    return laid_out(figure, f"Confusion matrix ({what})", 520, note, showlegend=False, clickmode="event+select")


def _told(counts: NDArray[np.int64], second: Evaluation | None, label: int, answer: int) -> str:
    own = f"label {label}, answer {answer}: {counts[label, answer]:,}"
    return own if second is None else f"{own}; the second run: {second.confusion[label, answer]:,}"


def _linear(shown: NDArray[np.float64]) -> NDArray[np.float64]:
    return shown / max(float(shown.max()), 1e-9)


def _cells(counts: NDArray[np.int64], view: View) -> tuple[NDArray[np.float64], list[list[str]]]:
    """The values of a view, and how each is written; an empty cell is left blank but on the diagonal."""
    if view in ("counts", "errors only"):
        shown = counts.astype(np.float64)
        if view == "errors only":
            np.fill_diagonal(shown, 0)
        return shown, [[f"{int(value)}" if value else "" for value in row] for row in shown]
    totals = counts.sum(axis=1 if view == "by row" else 0, keepdims=True)
    shown = 100 * np.divide(counts, totals, out=np.zeros((10, 10)), where=totals > 0)
    return shown, [[f"{value:.1f}" if value else "" for value in row] for row in shown]


def per_digit(evaluation: Evaluation, note: str = "") -> go.Figure:
    """Precision, recall and F1 of each digit as bars in percent, from just below the lowest value up."""
    figure = go.Figure()
    measures = {"precision": evaluation.precision, "recall": evaluation.recall, "F1": evaluation.f1}
    for (name, values), colour in zip(measures.items(), (PRECISION, RECALL, F1), strict=True):
        figure.add_bar(
            x=DIGITS, y=100 * values, name=name, marker={"color": colour},
            hovertemplate=f"{name} of %{{x}}: %{{y:.2f}} %<extra></extra>",
        )  # fmt: skip
    low = 100 * float(min(values.min() for values in measures.values()))
    start = max(0.0, 5 * np.floor((low - 1) / 5))
    figure.update_xaxes(title="digit", tickvals=DIGITS, fixedrange=True)
    figure.update_yaxes(title="%", range=[start, 100.2], fixedrange=True)
    axis = "" if start == 0 else f", axis from {start:.0f} %"
    return laid_out(figure, f"Precision, recall and F1 of each digit{axis}", 320, note, barmode="group", bargap=0.25)
