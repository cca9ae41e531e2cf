"""What one network answers to a drawing: a verdict in one line, ten bars, and how many digits it would answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ..confidence import COVERAGE, EMPTY, Confidence, Verdict
from ..drawing import Prepared
from ..forward import Network
from .bars import bars

Floats = NDArray[np.float32]

WHY = {
    "sure": "Clear enough, and near enough to digits it has learned, for the share set below.",
    "likely": "One answer stands out, but the drawing is stranger than the share set below allows.",
    "torn": "The second answer cannot be ruled out.",
    "unlike": "It lies farther from learned digits than nearly any real digit; the bars still share out 100 %.",
}


@dataclass(frozen=True, eq=False)
class Answer:
    """What a network makes of a drawing: its ten probabilities, all 0 when nothing is drawn, and the verdict."""

    probabilities: Floats
    verdict: Verdict

    @property
    def text(self) -> str:
        return self.verdict.text[0].upper() + self.verdict.text[1:]


def read(prepared: Prepared, network: Network, confidence: Confidence) -> Answer:
    """Let a network answer, at the coverage chosen on the page. Nothing is drawn."""
    if prepared.empty:
        return Answer(np.zeros(10, np.float32), EMPTY)
    coverage = st.session_state.get("coverage", round(100 * COVERAGE)) / 100
    probabilities = network.probabilities(prepared.digit[None])[0]
    return Answer(probabilities, confidence.judge(network, prepared.digit, coverage))


def answer(found: Answer, confidence: Confidence) -> None:
    """The verdict, the bars, the top three, and the slider that trades coverage for accuracy."""
    st.header(found.text)
    bars(found.probabilities, key="draw-bars", height=280, title="Probability of each digit")
    if found.verdict is EMPTY:
        st.caption("Draw with the mouse, a pen or a finger. The answer comes when the stroke ends.")
    else:
        st.caption(f"{top_three(found.probabilities)} {_why(found.verdict)}")
    trade(confidence)


def top_three(probabilities: Floats) -> str:
    """The three most probable digits, in words."""
    first, second, third = (f"{d} with {_percent(probabilities[d])}" for d in np.argsort(-probabilities)[:3])
    return f"Most probable: {first}, then {second} and {third}."


def _percent(probability: float) -> str:
    return f"{100 * probability:.1f} %" if probability >= 0.0005 else "less than 0.1 %"


def _why(verdict: Verdict) -> str:
    return (
        f"{WHY[verdict.kind]} Of the digits this network was validated on, {100 * verdict.margin:.0f} % are answered more "
        f"clearly and {100 * verdict.distance:.0f} % lie nearer to learned ones, by what goes into its output layer."
    )


def trade(confidence: Confidence) -> None:
    """How many digits are to be answered as sure, and how many of those are then right."""
    chosen = st.slider(
        "Call sure, % of digits", 50, 100, round(100 * COVERAGE), key="coverage", persist_state="session",
        help="How large a share of real digits may be called sure. With a smaller one those are more often right, and more "
        "of what is no digit is refused.",
    )  # fmt: skip
    digits, answered, right = confidence.trade(chosen / 100)
    share = f"{100 * right / answered:.2f} % of those are right" if answered else "too few are answered clearly"
    st.caption(
        f"At {chosen} %: of the {digits:,} digits it was validated on, {answered:,} are called sure, {share}. "
        f"Of all of them {100 * confidence.right.mean():.2f} % are right."
    )
