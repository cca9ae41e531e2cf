"""Which digits the gallery shows, and in which order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ..data.attributes import ATTRIBUTES
from ..data.digits import Digits
from ..evaluation import Evaluation
from ..runs import RunError
from . import cache, state
from .link import Field, one_of, whole

SETS = ("test", "training")
ORDERS = ("stored", "shuffled", *(f"{way}-{name}" for name in ATTRIBUTES for way in ("low", "high")))
ANSWERS = ("all", "right", "wrong")

DIGIT = tuple(str(d) for d in range(10))

FIELDS = (
    Field("set", "test", one_of(SETS)),
    Field("label", None, lambda text: int(one_of(DIGIT)(text))),
    Field("sort", "stored", one_of(ORDERS)),
    Field("seed", 0, whole(0, 999_999)),
    Field("page", 1, whole(1, 10_000)),
    Field("answers", "all", one_of(ANSWERS)),
    Field("answer", None, lambda text: int(one_of(DIGIT)(text))),
    Field("least", 0, whole(0, 100)),
    Field("most", 100, whole(0, 100)),
    Field("digit", 0, whole(0, 69_999)),
    Field("pin", "", lambda text: text if pinned(text) else _no(text)),
)


def _no(text: str) -> str:
    raise ValueError(text)


@dataclass(frozen=True, eq=False)
class Choice:
    """The set that is looked at, and the row numbers of its digits that pass the filters, in the order chosen."""

    split: str
    digits: Digits
    rows: NDArray[np.int32]
    evaluation: Evaluation | None
    """The chosen run's answers; only for test digits, and None when there are none."""


def pinned(text: str) -> tuple[str, int] | None:
    """`"test-17"` as (set, row), or None."""
    split, _, row = text.partition("-")
    return (split, int(row)) if split in SETS and row.isascii() and row.isdigit() and len(row) < 6 else None


def filters() -> Choice:
    """Draw the row of filters."""
    first, second, third, fourth = st.columns([3, 7, 4, 3], vertical_alignment="bottom")
    first.segmented_control(
        "Set", SETS, required=True, key="set", on_change=_restart, persist_state="session",
        help="Networks learn from the training digits; the test digits are only ever used to try them.",
    )  # fmt: skip
    split: str = st.session_state["set"]
    second.pills(
        "Label", range(10), key="label", on_change=_restart, persist_state="session",
        help="Only digits with this label; none is all.",
    )  # fmt: skip
    third.selectbox(
        "Order", ORDERS, key="sort", on_change=_restart, format_func=_order_name, persist_state="session",
        help="As the set stores them, shuffled by a seed, or by an attribute of each digit.",
    )  # fmt: skip
    with fourth.popover("Its answers", width="stretch"):
        _answers(split)
    if st.session_state["sort"] == "shuffled":
        third.number_input(
            "Seed",
            0,
            999_999,
            key="seed",
            on_change=_restart,
            persist_state="session",
            help="Another seed, another order.",
        )
    if st.session_state.get("circled", ("",))[0] == split:
        rows = st.session_state["circled"][1]
        st.button(
            f"Only the {len(rows):,} circled on the map",
            icon=":material/close:",
            on_click=_forget,
            help="Show all again.",
        )
    digits = cache.digits(split)
    evaluation = _evaluation() if split == "test" else None
    rows = cache.order(split, st.session_state["sort"], st.session_state["seed"])
    return Choice(split, digits, rows[_passes(digits, evaluation)[rows]], evaluation)


def _restart() -> None:
    st.session_state["page"] = 1


def _forget() -> None:
    st.session_state.pop("circled", None)
    _restart()


def _order_name(order: str) -> str:
    way, _, name = order.partition("-")
    return {"stored": "as stored", "shuffled": "shuffled"}.get(order) or f"{name.replace('_', ' ')}, {way}est first"


def _answers(split: str) -> None:
    run = cache.store().open(state.get("run"))
    st.text(f"How {run.label} answers; choose another network in Evaluate or Draw.")
    off = split != "test"
    if off:
        st.caption("A run's answers are kept for the test digits only; choose the test set.")
    st.segmented_control(
        "Answered", ANSWERS, required=True, key="answers", disabled=off, on_change=_restart, persist_state="session"
    )
    st.pills(
        "Answer",
        range(10),
        key="answer",
        disabled=off,
        on_change=_restart,
        persist_state="session",
        help="The digit it answers.",
    )
    low, high = st.columns(2)
    low.number_input(
        "Sure from, %",
        0,
        100,
        key="least",
        disabled=off,
        on_change=_restart,
        persist_state="session",
        help="Probability of its answer.",
    )
    high.number_input("to, %", 0, 100, key="most", disabled=off, on_change=_restart, persist_state="session")


def _evaluation() -> Evaluation | None:
    try:
        return cache.evaluation(cache.store().open(state.get("run")))
    except RunError:
        return None  # the run has no weights; the filters by its answers then have nothing to say


def _passes(digits: Digits, evaluation: Evaluation | None) -> NDArray[np.bool_]:
    """Whether each digit passes the filters, (n,)."""
    session = st.session_state
    keep = np.ones(len(digits), bool)
    split, circled = session.get("circled", ("", []))
    if split == session["set"]:
        keep[:] = False
        keep[circled] = True
    if session["label"] is not None:
        keep &= digits.labels == session["label"]
    if evaluation is not None:
        if session["answers"] != "all":
            keep &= evaluation.right == (session["answers"] == "right")
        if session["answer"] is not None:
            keep &= evaluation.answers == session["answer"]
        if (session["least"], session["most"]) != (0, 100):
            sure = 100 * evaluation.probabilities.max(axis=1)
            keep &= (sure >= session["least"]) & (sure <= session["most"])
    return keep
