"""Small components of our own, each a script and a style sheet beside this file: what a chart cannot do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st


def component(name: str, html: str) -> Callable[..., Any]:
    """What mounts the component whose sources are `name.js` and `name.css`; its script finds `data` in a list of one."""
    script, style = (Path(__file__).with_name(f"{name}.{kind}").read_text("utf-8") for kind in ("js", "css"))
    mount = st.components.v2.component(f"mnistlab_{name}", html=html, css=style, js=script)

    def mounted(*, data: dict[str, Any], **options: Any) -> Any:
        # not the dict itself: Streamlit looks through one for data frames, and loads pandas to know them (70 MB, 0.7 s)
        return mount(data=[data], **options)

    return mounted
