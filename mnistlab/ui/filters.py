"""Which digits the gallery shows, and in which order."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ..data.attributes import ATTRIBUTES
from ..data.digits import Digits
from ..evaluation import Evaluation
from ..runs import Run, RunError
from . import cache, state
from .link import Field, one_of, whole
from .trouble import boundary, guarded, plain
from .visitors import open_run

SETS = ("test", "training")
ORDERS = ("stored", "shuffled", *(f"{way}-{name}" for name in ATTRIBUTES for way in ("low", "high")))
ANSWERS = ("all", "right", "wrong")

DIGIT = tuple(str(d) for d in range(10))

FIELDS = (
    Field("run", state.DEFAULTS["run"], lambda text: open_run(text).path.name),
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
    passing: NDArray[np.int32]
    circled: frozenset[int]
    """Rows that were circled on the map of these digits; none is all."""
    run: Run | None
    """The chosen network; None when it is gone."""
    evaluation: Evaluation | None
    """Its answers; of training digits only while a filter needs them, and None when it has none."""

    @cached_property
    def rows(self) -> NDArray[np.int32]:
        """What the gallery shows: those that pass, and when some are circled only these."""
        return self.passing[np.isin(self.passing, list(self.circled))] if self.circled else self.passing

    @property
    def network(self) -> Run:
        """Raises `RunError` when the chosen network is gone."""
        if self.run is None:
            raise RunError("it is gone; choose another one in Evaluate or Draw")
        return self.run


def pinned(text: str) -> tuple[str, int] | None:
    """`"test-17"` as (set, row), or None."""
    split, _, row = text.partition("-")
    return (split, int(row)) if split in SETS and row.isascii() and row.isdigit() and len(row) < 6 else None


def filters() -> Choice:
    """Draw the row of filters; what they let through."""
    first, second, third, fourth = st.columns([3, 7, 4, 4], vertical_alignment="bottom")
    first.segmented_control(
        "Set", SETS, required=True, key="set", on_change=_restart, persist_state="session",
        help="Networks learn from the training digits; the test digits are only ever used to try them.",
    )  # fmt: skip
    second.pills(
        "Label", range(10), key="label", on_change=_restart, persist_state="session", wrap=True,
        help="Only digits with this label; none is all.",
    )  # fmt: skip
    with third:
        _order()
    split: str = st.session_state["set"]
    run = None
    with suppress(RunError):  # it was removed; the popover says so
        run = open_run(state.get("run"))
    with fourth.popover(_answers_name(), width="stretch"), boundary("The filters by answer"):
        _answers(run, split)
    digits, evaluation = cache.digits(split), _evaluation(run, split)
    rows = cache.order(split, st.session_state["sort"], st.session_state["seed"])
    circled = st.session_state.get("circled", ("", frozenset()))
    if circled[0] == split:
        _circled(len(circled[1]))
    return Choice(
        split, digits, rows[_passes(digits, evaluation)[rows]], circled[1] if circled[0] == split else frozenset(), run,
        evaluation,
    )  # fmt: skip


@guarded
def _restart() -> None:
    st.session_state["page"] = 1


def _order() -> None:
    st.selectbox(
        "Order", ORDERS, key="sort", on_change=_restart, format_func=_order_name, persist_state="session",
        help="As the set stores them, shuffled by a seed, or by an attribute of each digit. Most typical and oddest go by the "
        "distance from the mean picture of their label.",
    )  # fmt: skip
    if st.session_state["sort"] == "shuffled":
        st.number_input(
            "Seed", 0, 999_999, key="seed", on_change=_restart, persist_state="session",
            help="Another seed, another order.",
        )  # fmt: skip


def _order_name(order: str) -> str:
    named = {
        "stored": "as stored", "shuffled": "shuffled",
        "low-distance_from_mean": "most typical first", "high-distance_from_mean": "oddest first",
    }  # fmt: skip
    way, _, name = order.partition("-")
    return named.get(order) or f"{name}, {way}est first"


def _circled(count: int) -> None:
    st.button(
        f"Only the {count:,} circled on the map", icon=":material/close:", on_click=_forget, help="Show all again."
    )


@guarded
def _forget() -> None:
    st.session_state.pop("circled", None)
    _restart()


def _asked() -> list[str]:
    """What the filters by a network's answers ask for, in words; empty when they let all through."""
    session = st.session_state
    sure = f"{session['least']} to {session['most']} % sure"
    return [
        text
        for text, told in (
            (session["answers"], session["answers"] != "all"),
            (f"answered {session['answer']}", session["answer"] is not None),
            (sure, (session["least"], session["most"]) != (0, 100)),
        )
        if told
    ]


def _answers_name() -> str:
    return f"Answers: {', '.join(_asked()) or 'all'}"


def _answers(run: Run | None, split: str) -> None:
    if run is None or run.weights_file is None:
        st.caption("The chosen network is gone or has no weights yet; choose another one in Evaluate or Draw.")
    else:
        st.caption(f"How {plain(run.label)} answers; choose another network in Evaluate or Draw.")
        if split == "training":
            learned = f"{run.history.started.train_images:,}" if run.history.started else "some"
            st.caption(
                f"It learned from {learned} of MNIST's 60,000 training digits. What a good network still gets wrong of those "
                "is often hard, or labelled wrong. All are answered when you first choose something here; a convolutional "
                "network needs half a minute."
            )
    st.segmented_control(
        "Answered", ANSWERS, required=True, key="answers", on_change=_restart, persist_state="session",
        help="Whether the network's most probable digit is the label.",
    )  # fmt: skip
    st.pills(
        "Answer", range(10), key="answer", on_change=_restart, persist_state="session", wrap=True,
        help="The digit it answers.",
    )  # fmt: skip
    low, high = st.columns(2)
    low.number_input(
        "Sure from, %", 0, 100, key="least", on_change=_restart, persist_state="session",
        help="The probability of its answer, at the least.",
    )  # fmt: skip
    high.number_input(
        "to, %", 0, 100, key="most", on_change=_restart, persist_state="session",
        help="The probability of its answer, at the most.",
    )  # fmt: skip


def _evaluation(run: Run | None, split: str) -> Evaluation | None:
    """None also for training digits that nobody asked about: answering them all takes time."""
    if run is None or (split == "training" and not _asked()):
        return None
    with suppress(RunError):  # no weights: the filters by its answers then have nothing to say
        return cache.answers(run, split)
    return None


def _passes(digits: Digits, evaluation: Evaluation | None) -> NDArray[np.bool_]:
    """Whether each digit passes the filters, (n,)."""
    session = st.session_state
    keep = np.ones(len(digits), bool)
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
