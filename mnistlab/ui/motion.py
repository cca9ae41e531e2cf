"""Whether a visitor's system asks for less motion: only the browser knows, so a component without a picture tells it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from .trouble import guarded

_ask = st.components.v2.component(
    "mnistlab_motion",
    js="""export default function ({ setTriggerValue }) {
      if (matchMedia("(prefers-reduced-motion: reduce)").matches) setTriggerValue("less", true);
    }""",
)


def when_less_motion_is_asked(calm: Callable[[], None]) -> None:
    """Call `calm` before the page is drawn again, once a session, if this visitor wants things to stand still."""

    def heed() -> None:
        st.session_state["motion-heeded"] = True  # what the visitor switches on again afterwards stays on
        calm()

    if not st.session_state.get("motion-heeded", False):
        _ask(key="motion", on_less_change=guarded(heed))
