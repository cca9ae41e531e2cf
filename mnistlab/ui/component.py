"""Small components of our own, each a script and a style sheet beside this file: what a chart cannot do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st


def component(name: str, html: str) -> Any:
    """What mounts the component whose sources are `name.js` and `name.css`."""
    script, style = (Path(__file__).with_name(f"{name}.{kind}").read_text("utf-8") for kind in ("js", "css"))
    return st.components.v2.component(f"mnistlab_{name}", html=html, css=style, js=script)
