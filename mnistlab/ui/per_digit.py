"""Precision, recall and F1 of each digit, and where one digit's numbers come from."""

from __future__ import annotations

import streamlit as st

from ..evaluation import Evaluation, Mean, Outcome
from ..figures.scores import per_digit
from ..report import Cell, Table
from . import parts
from .scored import Scored, pictures
from .table import Column, table

OUTCOMES: dict[Outcome, str] = {
    "TP": "true positives", "FP": "false positives", "FN": "false negatives", "TN": "true negatives",
}  # fmt: skip


def each_digit(result: Evaluation) -> Table:
    """A row for each digit, then the means."""
    columns = (result.precision, result.recall, result.f1)
    rows: list[list[Cell]] = [
        [str(d), *(float(values[d]) for values in columns), int(result.support[d])] for d in range(10)
    ]
    kinds: tuple[Mean, ...] = ("macro", "weighted", "micro")
    rows += [[how, *(result.average(values, how) for values in columns), len(result.labels)] for how in kinds]
    return Table(["digit", "precision", "recall", "F1", "images"], rows)


def digits(scored: Scored) -> None:
    """Bars and table of all digits, then one digit worked out."""
    result = scored.result
    left, right = st.columns([7, 5], gap="large")
    with left:
        st.plotly_chart(
            per_digit(result, scored.note), key="per-digit", config=parts.chart("per-digit"),
            alt="precision, recall and F1 of each digit",
        )  # fmt: skip
        weakest = int(result.f1.argmin())
        st.caption(
            f"Weakest here is {weakest} with an F1 of {100 * result.f1[weakest]:.2f} %, most often for lack of "
            f"{'precision' if result.precision[weakest] < result.recall[weakest] else 'recall'}. The macro mean counts each "
            "digit the same, the weighted mean each image; micro adds up all counts first, and is the accuracy."
        )
    with right:
        found = each_digit(result)
        table(
            [Column(name, form="," if name == "images" else ".4f") for name in found.names], found.rows,
            key="per-digit-table", alt="precision, recall and F1 of each digit", sort=True,
        )  # fmt: skip
        st.caption(
            "Click a column's name to sort by it. macro, weighted and micro are three ways to make one number of ten."
        )
    st.divider()
    digit = st.segmented_control(
        "Worked out for the digit", range(10), default=int(result.f1.argmin()), required=True, key="digit-chosen",
        help="Its four counts, and what precision, recall and F1 make of them.",
    )  # fmt: skip
    _worked_out(scored, digit)


def _worked_out(scored: Scored, digit: int) -> None:
    result = scored.result
    rows = {which: result.outcome(which, digit) for which in OUTCOMES}
    tp, fp, fn = (len(rows[which]) for which in ("TP", "FP", "FN"))
    left, right = st.columns([5, 7], gap="large")
    with left:
        st.latex(rf"\text{{precision}} = \frac{{TP}}{{TP + FP}} = {_share(tp, tp + fp)}")
        st.caption(f"When it answers {digit}, how often is it one? Low precision: other digits are taken for {digit}.")
        st.latex(rf"\text{{recall}} = \frac{{TP}}{{TP + FN}} = {_share(tp, tp + fn)}")
        st.caption(f"Of all that are {digit}, how many does it find? Low recall: {digit} is taken for other digits.")
        f1 = rf"F_1 &= \frac{{2\,TP}}{{2\,TP + FP + FN}} \\ &= {_share(2 * tp, 2 * tp + fp + fn)}"  # two lines: a phone's width
        st.latex(rf"\begin{{aligned}} {f1} \end{{aligned}}")
        st.caption("Their harmonic mean: high only when both are. True negatives count in none of the three.")
    with right:
        which: Outcome = st.segmented_control(
            "Pictures of", list(OUTCOMES), default="FN" if fn >= fp else "FP", required=True, key=f"outcome-{digit}",
            format_func=lambda which: f"{which} {len(rows[which]):,}",
            help="True or false: is the answer right about this digit. Positive or negative: does it say it is one.",
        )  # fmt: skip
        st.caption(f"{which}, {OUTCOMES[which]}: {_meaning(which, digit)}; those with the highest loss first.")
        pictures(rows[which], scored, f"outcome-{digit}-{which}")


def _share(part: int, whole: int) -> str:
    if not whole:
        return r"\frac{0}{0}, \text{ counted as } 0"
    return rf"\frac{{{part}}}{{{whole}}} = {part / whole:.4f}"


def _meaning(which: Outcome, digit: int) -> str:
    is_one = f"labelled {digit}" if which in ("TP", "FN") else f"not labelled {digit}"
    said = f"answered {digit}" if which in ("TP", "FP") else f"not answered {digit}"
    return f"{is_one} and {said}"
