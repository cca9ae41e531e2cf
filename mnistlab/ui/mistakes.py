"""The digits worth a look one by one: most sure and wrong, right by a hair, dearest."""

from __future__ import annotations

import streamlit as st

from . import cache
from .gallery import gallery
from .scored import SHOWN, Rows, Scored, captions, closer

KINDS = {
    "most confident errors": "Wrong answers, those with the highest probability first: it does not know that it errs.",
    "highest loss": "Wrong answers, those whose label got the lowest probability first: these weigh most in the loss.",
    "least confident right answers": "Right answers, those with the lowest probability first: the next to be lost.",
}  # fmt: skip


def mistakes(scored: Scored) -> None:
    """A list of digits at the left, a closer look at one of them at the right."""
    kind = st.segmented_control(
        "Show", list(KINDS), default="most confident errors", required=True, key="mistakes-kind",
        help="Three ways to choose the digits that say most about a network.",
    )  # fmt: skip
    rows = _rows(scored, kind)
    if not len(rows):
        st.info("This network makes no mistake on these digits.", icon=":material/info:")
        return
    left, right = st.columns(2, gap="large")
    with left:
        st.caption(KINDS[kind])
        key = "worst-" + kind.split()[0]
        chosen = st.session_state.get("mistake")
        marked = chosen if type(chosen) is int and chosen in rows else int(rows[0])
        gallery(
            cache.dataset().test.images[rows], captions(rows, scored.result), rows, key=key, size=74,
            right=scored.result.right[rows], marked=marked, on_pick=_pick, alt="test digits with label, answer and confidence",
        )  # fmt: skip
        st.caption("Under each: label → answer, and the answer's probability. Click one to look closer.")
    with right:
        closer(scored, marked, "mistake-near")


def _pick(row: int) -> None:
    st.session_state["mistake"] = row


def _rows(scored: Scored, kind: str) -> Rows:
    result = scored.result
    if kind == "highest loss":
        return result.worst(SHOWN)
    return result.surest_mistakes(SHOWN) if kind == "most confident errors" else result.least_sure(SHOWN)
