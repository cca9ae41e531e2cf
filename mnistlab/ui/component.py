"""Small components of our own, each a script and a style sheet beside this file: what a chart cannot do."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import streamlit as st

with suppress(ImportError, KeyError):
    # Streamlit looks through what a component is given for data frames, and to know one it loads pandas (60 MB, 0.7 s).
    # Where nobody has loaded pandas there is none. It is asked here for the canvas, which gives a dict within a dict. This
    # reaches into Streamlit: should the place move, pandas is loaded again and a test says so, and nothing else changes.
    from streamlit.components.v2.bidi_component import serialization

    names = vars(serialization)
    asked = names["is_dataframe_like"]
    names["is_dataframe_like"] = lambda value: "pandas" in sys.modules and asked(value)


def component(name: str, html: str) -> Callable[..., Any]:
    """What mounts the component whose sources are `name.js` and `name.css`; its script finds `data` in a list of one."""
    script, style = (Path(__file__).with_name(f"{name}.{kind}").read_text("utf-8") for kind in ("js", "css"))
    mount = st.components.v2.component(f"mnistlab_{name}", html=html, css=style, js=script)

    def mounted(*, data: dict[str, Any], **options: Any) -> Any:
        # not the dict itself: its values would be looked through for data frames too
        return mount(data=[data], **options)

    return mounted
