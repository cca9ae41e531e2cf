"""Whether the network's confidence can be believed, and how sure it must be to be right 99.9 % of the time."""

from __future__ import annotations

import streamlit as st

from ..calibration import BINS, Reliability, Selective, cooled, temperature
from ..evaluation import Evaluation
from ..figures import trust as figures
from ..intervals import wilson
from . import parts, trouble, work
from .scored import Scored

WANTED = 0.999


def trust(scored: Scored) -> None:
    """Calibration at the left, answering only when sure at the right."""
    from ..engine import SCORE

    blocked, found = work.in_the_way(scored.run), work.scores(scored.run)
    if blocked:
        st.info(
            f"{blocked} No temperature is fitted, and the threshold is read off the test digits.",
            icon=":material/info:",
        )
    elif found is None:
        if work.held(SCORE, scored.run) is None:
            work.start(SCORE, scored.run)
        if (job := work.held(SCORE, scored.run)) is not None:
            work.watch(job, "Validation digits, for the temperature and the threshold", "trust")
    validation = found[0] if found else None
    left, right = st.columns(2, gap="large")
    with left:
        _calibration(scored, validation)
    with right:
        st.fragment(_threshold)(scored, validation)


def _calibration(scored: Scored, validation: Evaluation | None) -> None:
    result, raw = scored.result, Reliability.of(scored.result)
    heat = temperature(validation) if validation else None
    scaled = Reliability.of(cooled(result, heat)) if heat else None
    st.plotly_chart(
        figures.reliability(raw, scaled, scored.note), key="reliability", config=parts.chart("reliability"),
        alt="accuracy against confidence",
    )  # fmt: skip
    gap = float(result.confidence.mean()) - result.accuracy
    st.caption(
        f"Points below the dotted line: more sure than right. Expected calibration error {100 * raw.error:.2f} %: the mean "
        f"distance from the line over {BINS} bins of equal width, each counted by its answers. On average it is "
        f"{100 * abs(gap):.2f} points {'more sure than right' if gap > 0 else 'less sure than right'}. "
        f"{int(raw.counts[-1]):,} of {len(result.labels):,} answers lie in the last bin."
    )
    if heat is not None and scaled is not None and validation is not None:
        st.markdown(
            f"**Temperature {heat:.3f}**, fitted on {len(validation.labels):,} validation digits: the logits divided by it "
            f"make the network {'less' if heat > 1 else 'more'} sure. On test the calibration error goes from "
            f"{100 * raw.error:.2f} % to {100 * scaled.error:.2f} % and the loss from {result.loss:.4f} to "
            f"{cooled(result, heat).loss:.4f}; every answer stays the same."
        )


@trouble.boundary("The threshold")
def _threshold(scored: Scored, validation: Evaluation | None) -> None:
    result = scored.result
    curve, source = Selective.of(result), Selective.of(validation or result)
    advised = source.threshold_for(WANTED)
    default = round(advised, 4) if advised is not None else 0.9
    threshold = st.slider(
        "Answer only from this confidence on", 0.0, 1.0, default, 0.0001, format="%.4f",
        key=f"threshold-{scored.run.id}-{validation is not None}",
        help="Below it the network says nothing, and a person would look at the digit.",
    )  # fmt: skip
    st.plotly_chart(
        figures.selective(curve, threshold, scored.note), key="selective", config=parts.chart("coverage"),
        alt="accuracy against coverage",
    )  # fmt: skip
    answered, right = curve.at(threshold)
    if not answered:
        st.caption("With this threshold nothing is answered.")
    else:
        low, high = (100 * float(end) for end in wilson(right, answered))
        st.markdown(
            f"From {threshold:.4f} on it answers **{100 * answered / curve.images:.2f} %** of the test digits "
            f"({answered:,}), and **{100 * right / answered:.3f} %** of those right (95 % interval {low:.2f} to "
            f"{high:.2f} %): {answered - right} mistakes are left, {curve.images - answered:,} digits go to a person."
        )
    st.caption(_advice(advised, validation))


def _advice(advised: float | None, validation: Evaluation | None) -> str:
    where = f"{len(validation.labels):,} validation digits" if validation else "the test digits themselves"
    if advised is None:
        return f"No threshold makes {100 * WANTED:g} % right on {where}: even its surest answers are too often wrong."
    fair = "" if validation else " Chosen on the digits it is tried on, it looks better than it is."
    return f"For {100 * WANTED:g} % right, the lowest threshold on {where} is {advised:.4f}.{fair}"
