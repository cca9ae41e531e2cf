"""Test digits with a run's answers under each, and a closer look at one of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ..evaluation import Evaluation, label_looks_wrong
from ..runs import Run
from . import cache, frame, trouble
from .bars import bars
from .gallery import gallery, picture

Rows = NDArray[np.intp]

SHOWN = 36
NEAR = 12


@dataclass(frozen=True, eq=False)
class Scored:
    """A run and how it answers the test digits."""

    run: Run
    result: Evaluation

    @property
    def note(self) -> str:
        """What every figure of this run must say; empty when nothing was spoiled."""
        return self.run.experiment.data.spoil.sentence


def captions(rows: Rows, result: Evaluation, second: Evaluation | None = None) -> list[str]:
    """Label → answer and the answer's probability; of two results, label → both answers."""
    if second is not None:
        both = zip(result.labels[rows], result.answers[rows], second.answers[rows], strict=True)
        return [f"{label}→A {a} · B {b}" for label, a, b in both]
    told = zip(result.labels[rows], result.answers[rows], result.confidence[rows], strict=True)
    return [f"{label}→{answer} {100 * sure:.0f}%" for label, answer, sure in told]


def pictures(rows: Rows, scored: Scored, key: str, most: int = SHOWN, second: Scored | None = None) -> None:
    """A gallery of the first of these test digits; a click on one opens a closer look. `second` answers beside the first."""
    if not len(rows):
        st.info("There is no such digit among these.", icon=":material/info:")
        return
    shown, result = rows[:most], scored.result
    chosen = gallery(
        cache.dataset().test.images[shown], captions(shown, result, second.result if second else None), shown, key=key, size=74,
        right=result.right[shown], alt="test digits with label and answer",
    )  # fmt: skip
    first = f"The first {most} of {len(rows):,}. " if len(rows) > most else ""
    told = "label → the answers of A and B" if second else "label → answer, and the answer's probability"
    st.caption(f"{first}Under each: {told}. Click one for a closer look{' at what A answers' if second else ''}.")
    if chosen is not None:
        _dialog(scored, chosen)


@st.dialog("A closer look", width="medium")
@trouble.boundary("This digit")
def _dialog(scored: Scored, row: int) -> None:
    closer(scored, row, f"near-{row}")


def closer(scored: Scored, row: int, key: str) -> None:
    """One test digit: the picture, the ten probabilities, the nearest training digits, and whether its label is to be trusted."""
    result, test, train = scored.result, cache.dataset().test, cache.dataset().train
    label, answer, sure = int(result.labels[row]), int(result.answers[row]), float(result.confidence[row])
    verdict = "right" if answer == label else "wrong"
    st.markdown(f"**Test digit {row:,}: label {label}, answered {answer}, {100 * sure:.2f} % sure, {verdict}**")
    left, right = st.columns([2, 3])
    with left:
        picture(test.images[row], side=168)
    with right:
        bars(result.probabilities[row], label, key=f"{key}-bars", height=210, title="What the network answers")
    near = cache.near_by_pixels(test.images[row], None, NEAR)
    labels = train.labels[near.rows]
    st.markdown("The nearest training digits, by their pixels:")
    gallery(
        train.images[near.rows], [str(y) for y in labels], near.rows, key=key, size=34, right=labels == label,
        alt="the nearest training digits with their labels",
    )  # fmt: skip
    same, other = int((labels == label).sum()), int((labels == answer).sum())
    st.caption(_reading(label, answer, sure, same, other, float(result.losses[row])))
    if label_looks_wrong(label, answer, sure, labels):
        st.warning(
            f"The label may be wrong: the network is {100 * sure:.1f} % sure of {answer}, and {other} of the {len(labels)} "
            f"nearest training digits are labelled {answer} too. It counts as a mistake all the same.",
            icon=":material/label_off:",
        )
    if st.button("Its numbers in Explore", key=f"{key}-explore", icon=frame.PAGES["explore"].icon):
        st.session_state.update(set="test", digit=row)
        frame.go("explore")


def _reading(label: int, answer: int, sure: float, same: int, other: int, loss: float) -> str:
    text = f"{same} of {NEAR} carry its label {label}" + (f", {other} the answer {answer}" if answer != label else "")
    return f"{text}; green ones are labelled {label}. Its loss is {loss:.3f} nats: −ln of the probability of {label}."
