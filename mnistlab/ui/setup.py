"""The experiment in the link of the Train page: read once when a link is opened, kept while it is edited."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from .. import links
from . import editor, state
from .trouble import plain

OPENED = "link-train"  # session key: the link was read
TOLD = 3  # of what could not be used, with the reason


def open_setup(also: Sequence[str]) -> None:
    """Open what the link describes in the editor; say what of it could not be used. `also` are names of others."""
    fresh = not st.session_state.get(OPENED, False)
    st.session_state[OPENED] = True
    texts = {name: st.query_params[name] for name in st.query_params if name not in also}
    if not fresh or not texts:
        return
    link = links.read(texts)
    editor.load(link.experiment, link.preset)
    state.put("past", ())  # there is nothing before a link
    if link.ignored:
        told = "; ".join(f"{name[:40]} {why}" for name, why in list(link.ignored.items())[:TOLD])
        more = f", and {len(link.ignored) - TOLD} more" if len(link.ignored) > TOLD else ""
        st.info(plain(f"Not used from this link: {told}{more}. The rest was."), icon=":material/link_off:")


def keep_setup(also: Sequence[str]) -> None:
    """Write what the editor describes into the link, which may then be shared or reloaded."""
    kept = {name: st.query_params[name] for name in also if name in st.query_params}
    kept |= links.write(state.get("experiment"), state.get("preset"))
    if kept != st.query_params.to_dict():
        st.query_params.from_dict(kept)
