"""Several networks on one drawing, side by side."""

from __future__ import annotations

import streamlit as st

from ..drawing import Prepared
from ..runs import Run, RunError
from . import cache, parts, state, trouble, visitors
from .answer import read
from .bars import bars

MOST = 4


def others(prepared: Prepared) -> None:
    """Each network's verdict and bars, and whether they agree."""
    usable = {run.path.name: run for run in visitors.runs() if run.weights_file}
    called, first = parts.run_names(usable.values()), state.get("run")
    chosen = st.multiselect(
        "Networks", list(usable), default=_default(list(usable), first), max_selections=MOST, key="others",
        format_func=called.__getitem__, persist_state="session",
        help=f"Up to {MOST} trained networks that are to read this drawing.",
    )  # fmt: skip
    if len(chosen) < 2:
        st.info("Choose two or more networks to compare them.", icon=":material/info:")
        return
    if prepared.empty:
        st.caption("Draw a digit, and each network reads it.")
        return
    answers: dict[str, int] = {}
    for column, name in zip(st.columns(len(chosen)), chosen, strict=True):
        with column, trouble.boundary("This network's answer"):
            answers |= _one(usable[name], prepared)
    if not answers:
        return
    if len(digits := set(answers.values())) == 1:
        st.success(
            f"{'Both' if len(answers) == 2 else f'All {len(answers)}'} networks read {digits.pop()}.",
            icon=":material/check:",
        )
    else:
        said = ", ".join(f"{called[name]} reads {digit}" for name, digit in answers.items())
        st.warning(trouble.plain(f"The networks disagree: {said}."), icon=":material/call_split:")


def _default(names: list[str], first: str) -> list[str]:
    """The chosen network, the newest, and the shipped ones: their names have a hyphen, ids have none."""
    order = [first, *names[:1], *(name for name in names if "-" in name)]
    return list(dict.fromkeys(name for name in order if name in names))[:MOST]


def _one(run: Run, prepared: Prepared) -> dict[str, int]:
    """Draw a network's answer; the digit it reads, by its name, or nothing when there is none."""
    st.markdown(f"**{trouble.plain(run.label)}**")
    try:
        network, confidence = cache.network(run), cache.confidence(run)
    except (RunError, ValueError) as error:
        st.error(trouble.plain(f"This network cannot answer: {error}."), icon=":material/error:")
        return {}
    found = read(prepared, network, confidence)
    st.markdown(found.text)
    bars(found.probabilities, key=f"bars-{run.path.name}", height=220)
    return {} if prepared.empty else {run.path.name: int(found.probabilities.argmax())}
