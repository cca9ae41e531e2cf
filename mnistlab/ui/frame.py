"""What is around every page, and its first words. They are on the screen before NumPy is loaded: only Streamlit is imported."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.navigation.page import Page as StreamlitPage
from streamlit.runtime.scriptrunner import get_script_run_ctx

SIDEBAR = 240  # pixels
FOCUS = Path(__file__).with_name("focus.css")
WRITTEN = "words-written"  # session key: app.py has written the words of the page it runs; missing where it never ran
ALONE = "This page was opened alone. Start the lab with `streamlit run app.py` to reach the others."


class Room(NamedTuple):
    """A page: its file, its title in the navigation, its icon, and the sentence that it begins with."""

    path: str
    title: str
    icon: str
    about: str


PAGES = {
    "home": Room(
        "pages/0_home.py", "Home", ":material/home:",
        "A laboratory for the 70,000 handwritten digits of MNIST and the networks that read them.",
    ),
    "explore": Room(
        "pages/1_explore.py", "Explore", ":material/grid_view:",
        "What a network gets to see: pictures that are nothing but numbers.",
    ),
    "train": Room(
        "pages/2_train.py", "Train", ":material/model_training:",
        "Describe a network without code, train it in the background, and watch it learn.",
    ),
    "evaluate": Room(
        "pages/3_evaluate.py", "Evaluate", ":material/query_stats:",
        "Where a network fails, counted on the test digits; every count leads to its pictures.",
    ),
    "draw": Room(
        "pages/4_draw.py", "Draw", ":material/draw:",
        "Write a digit. It is prepared as MNIST's digits were, and read when the stroke ends.",
    ),
}  # fmt: skip


def begin() -> StreamlitPage:
    """Title and sentence of the page that is to run now, and the way to the others; `app.py` starts with this."""
    _configure("MNIST Lab")
    page = _navigation()
    _words(next(room for room in PAGES.values() if room.title == page.title))
    st.html(FOCUS)
    st.session_state[WRITTEN] = True
    return page


def page(name: str) -> None:
    """Every page starts with this, and so also works opened alone."""
    room = PAGES[name]
    _configure(f"{room.title} · MNIST Lab")
    written = st.session_state.get(WRITTEN)
    if written:
        st.session_state[WRITTEN] = False
        return
    context = get_script_run_ctx()
    if written is None and context and context.main_script_path.endswith("app.py"):
        # A server's very first visitor came by a link to this page. Streamlit then runs the page without app.py, until
        # st.navigation has been called once.
        _navigation()
        st.rerun()
    _words(room)
    from . import state  # only now, as it loads what the words need not wait for

    state.prepare()


def _configure(title: str) -> None:
    # before the navigation, else the browser would ask a server outside for a picture of its icon, as for any named one
    st.set_page_config(page_title=title, page_icon="7️⃣", layout="wide", initial_sidebar_state=SIDEBAR)


def _navigation() -> StreamlitPage:
    pages = []
    for name, room in PAGES.items():
        home = name == "home"
        path = None if home else name
        pages.append(st.Page(room.path, title=room.title, icon=room.icon, default=home, url_path=path))
    return st.navigation(pages)


def _words(room: Room) -> None:
    st.title(room.title if room.title != "Home" else "MNIST Lab")
    st.markdown(room.about)


def link(name: str, label: str = "") -> None:
    """A link to another page; only a hint where this page was opened without the others."""
    room = PAGES[name]
    try:
        st.page_link(room.path, label=label or room.title, icon=room.icon)
    except StreamlitAPIException:
        st.caption(ALONE)


def go(name: str) -> None:
    """Go to another page; only a hint where this page was opened without the others."""
    try:
        st.switch_page(PAGES[name].path)
    except StreamlitAPIException:
        st.info(ALONE, icon=":material/info:")
