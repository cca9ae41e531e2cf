"""The frame: navigation, and the strip that shows a running training on every page."""

from __future__ import annotations


def main() -> None:
    import streamlit as st

    from mnistlab.ui import cache, parts, state

    with parts.boundary("The lab"):
        st.set_page_config(
            page_title="MNIST Lab", page_icon=parts.icon(), layout="wide", initial_sidebar_state=parts.SIDEBAR
        )
        st.html(parts.FOCUS)
        state.prepare()
        st.session_state[parts.FRAME] = True
        page = parts.navigation()
        with parts.boundary("This page"):
            page.run()
        parts.sidebar()  # after the page: its first words need no digits, and it may choose another network
        cache.engine()  # last, so that the page is there before a worker starts
        cache.settle(page.title)


# a worker process imports this file again under another name; it must not draw pages there
if __name__ == "__main__":
    main()
