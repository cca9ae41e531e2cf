"""A drawing in a link: made here, opened here."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import urlsplit

import streamlit as st

from .. import postcard
from ..drawing import Prepared
from ..runs import Run, RunError
from . import cache, canvas, state
from .trouble import plain

NAME, NETWORK = "drawing", "network"  # of the link's parameters


def open_postcard() -> None:
    """Put the drawing of the link this session came by on the canvas, once; say so when it cannot be used."""
    text = st.query_params.get(NAME)
    if text is None or st.session_state.get("postcard") == text:
        return
    st.session_state["postcard"] = text
    try:
        canvas.put(postcard.read(text), ready=True)
    except postcard.PostcardError as error:
        st.info(f"The drawing in this link could not be used: {error}. Draw one instead.", icon=":material/link_off:")
        del st.query_params[NAME]
        return
    _choose(st.query_params.get(NETWORK))


def _choose(name: str | None) -> None:
    """Let the network of the link answer, which every lab has; the link says no other."""
    if name is None:
        return
    with suppress(RunError):
        if cache.store().open(name).shipped:
            state.put("run", name)
            return
    st.info("The network in this link is not in this lab; another one answers.", icon=":material/link_off:")


def link(prepared: Prepared, run: Run) -> None:
    """The link to this drawing, and to the network that reads it when every lab has that."""
    if prepared.empty:
        st.info("Draw a digit first; its link appears here.", icon=":material/draw:")
        return
    text = postcard.write(prepared.digit)
    st.code(
        f"{_here()}?{NAME}={text}{f'&{NETWORK}={run.path.name}' if run.shipped else ''}", language=None, wrap_lines=True
    )
    answer = (
        f"gets the same answer from {run.label}"
        if run.shipped
        else "an answer of a network of theirs: yours stays here"
    )
    st.caption(
        plain(
            f"Whoever opens it sees the same 28 × 28 pixels and {answer}. The drawing is in the link itself, "
            f"{len(text)} letters; nothing is stored."
        )
    )


def _here() -> str:
    """This page's address without what follows a question mark."""
    parts = urlsplit(st.context.url or "")
    return f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.scheme else "/draw"
