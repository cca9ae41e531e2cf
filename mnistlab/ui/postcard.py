"""A drawing in a link: made here, opened here."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from .. import postcard
from ..drawing import Prepared
from . import canvas

NAME = "drawing"  # of the link's parameter


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


def link(prepared: Prepared) -> None:
    """The link to this drawing."""
    if prepared.empty:
        st.info("Draw a digit first; its link appears here.", icon=":material/draw:")
        return
    text = postcard.write(prepared.digit)
    st.code(f"{_here()}?{NAME}={text}", language=None, wrap_lines=True)
    st.caption(
        f"Whoever opens it sees the same 28 × 28 pixels and gets the same answer. The drawing is in the link itself, "
        f"{len(text)} letters; nothing is stored."
    )


def _here() -> str:
    """This page's address without what follows a question mark."""
    parts = urlsplit(st.context.url or "")
    return f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.scheme else "/draw"
