"""What defines a view stands in its link: read once when a link is opened, written back after every change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

MAX_LENGTH = 64  # of one value; nothing here is longer


@dataclass(frozen=True)
class Field:
    """A session key, which is also its name in the link; its default; and how text becomes a value."""

    key: str
    default: Any
    parse: Callable[[str], Any]
    """Raises `ValueError` (or `KeyError`) for text that is no value of it."""


def whole(low: int, high: int) -> Callable[[str], int]:
    """A parser of whole numbers within bounds."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)

    return parse


def one_of(choices: Sequence[str]) -> Callable[[str], str]:
    """A parser of a few words."""
    return lambda text: choices[list(choices).index(text)]


def open_link(page: str, fields: Sequence[Field], also: Sequence[str] = ()) -> None:
    """Set each field from the link that this session came by, else to its default; say what was ignored.

    `also` are names that something else on the page reads.
    """
    ignored = []
    fresh = not st.session_state.get(f"link-{page}", False)
    st.session_state[f"link-{page}"] = True
    known = {field.key: field for field in fields}
    if fresh:
        for name in st.query_params:
            text = st.query_params[name]
            if name in known and len(text) <= MAX_LENGTH:
                try:
                    st.session_state[name] = known[name].parse(text)
                    continue
                except (ValueError, KeyError):
                    pass  # said below
            if name not in also:
                ignored.append(name)
    for field in fields:
        st.session_state.setdefault(field.key, field.default)
    if ignored:
        count = "A setting" if len(ignored) == 1 else f"{len(ignored)} settings"
        st.info(f"{count} in this link could not be used; the rest was.", icon=":material/link_off:")


def keep_link(fields: Sequence[Field]) -> None:
    """Write what differs from its default into the link, which may then be shared or reloaded."""
    values = {field.key: st.session_state.get(field.key, field.default) for field in fields}
    changed = {field.key: str(values[field.key]) for field in fields if values[field.key] != field.default}
    if changed != st.query_params.to_dict():
        st.query_params.from_dict(changed)
