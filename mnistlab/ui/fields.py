"""Widgets for the fields of the experiment in the editor: each is keyed by its field's dotted path, with the spec's own bounds.

So whatever is typed can be read from the session at any moment, also by a button's callback that comes before the page
has seen it. Widgets start from a fixed base: a structural change mounts a new set, an edit leaves all others alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import streamlit as st

from ..experiment import Experiment, Number, Whole
from . import state

Width = int | Literal["stretch"]
BASE = "editor_base"  # the experiment that the mounted widgets started from
# preferred numbers, ten a decade about equally far apart: what a learning rate is usually one of
DECADE = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
RATES = (*(float(f"{digits}e{power}") for power in range(-6, 1) for digits in DECADE), 10.0)


def key(name: str) -> str:
    """The session key of a field, or of anything else in the editor; another one in each set of widgets."""
    return f"editor-{state.get('editor')}-{name}"


def base() -> Experiment:
    """What the widgets started from."""
    found: Experiment = st.session_state[BASE]
    return found


def typed() -> dict[str, Any]:
    """What the widgets hold now, by dotted path."""
    start = key("")
    found = {str(name)[len(start) :]: held for name, held in st.session_state.items() if str(name).startswith(start)}
    return {path: held for path, held in found.items() if path.partition(".")[0] in Experiment.model_fields}


def value(path: str) -> Any:
    """What a field holds now, drawn or not."""
    return st.session_state.get(key(path), base().at(path))


def number(
    path: str, label: str, about: str, *, step: float = 1, width: Width = "stretch", placeholder: str | None = None
) -> None:
    """A number within the field's bound; whole numbers stay whole. With a placeholder it may be empty, which is None."""
    bound, now = _bound(path), base().at(path)
    kind: Any = int if isinstance(bound, Whole) else float
    st.number_input(
        label, min_value=kind(_low(bound)), max_value=kind(_high(bound)), value=now if now is None else kind(now),
        step=kind(step), key=key(path), help=about, width=width, placeholder=placeholder,
        format=None if kind is int else "%.4g",
    )  # fmt: skip


def slider(path: str, label: str, about: str, *, step: float = 1) -> None:
    """A number between the ends of the field's bound."""
    bound = _bound(path)
    kind: Any = int if isinstance(bound, Whole) else float
    st.slider(
        label, kind(bound.low), kind(bound.high), kind(base().at(path)), kind(step), key=key(path), help=about,
        format="%d" if kind is int else "%g",
    )  # fmt: skip


def rate(path: str, label: str, about: str) -> None:
    """A number on a logarithmic scale; one that is not on it is added to it."""
    bound, now = _bound(path), base().at(path)
    options = sorted({now, *(x for x in RATES if _low(bound) <= x <= _high(bound))})
    st.select_slider(label, options, now, key=key(path), help=about, format_func=lambda x: f"{x:g}")


def choice(
    path: str,
    label: str,
    options: Sequence[Any],
    about: str,
    *,
    names: dict[Any, str] | None = None,
    width: Width = "stretch",
) -> None:
    """One of a few words."""
    st.selectbox(
        label, options, options.index(base().at(path)), key=key(path), help=about, width=width,
        format_func=lambda option: (names or {}).get(option, str(option).replace("_", " ")),
    )  # fmt: skip


def switch(path: str, label: str, about: str) -> None:
    st.toggle(label, base().at(path), key=key(path), help=about)


def _bound(path: str) -> Whole | Number:
    owner, _, field = path.rpartition(".")
    return type(base().at(owner)).bound(field)


def _low(bound: Whole | Number) -> float:
    return math.nextafter(bound.low, bound.high) if getattr(bound, "open_low", False) else bound.low


def _high(bound: Whole | Number) -> float:
    return math.nextafter(bound.high, bound.low) if getattr(bound, "open_high", False) else bound.high
