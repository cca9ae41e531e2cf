"""Evaluate: where a network fails, and why."""

from __future__ import annotations

from typing import Any

import streamlit as st

from mnistlab.runs import Run, RunError
from mnistlab.ui import cache, frame, parts, state, trouble
from mnistlab.ui.headline import headline
from mnistlab.ui.link import Field, keep_link, one_of, open_link, whole
from mnistlab.ui.matrix import matrix
from mnistlab.ui.mistakes import mistakes
from mnistlab.ui.per_digit import digits
from mnistlab.ui.report import report
from mnistlab.ui.robustness import robustness
from mnistlab.ui.scored import Scored
from mnistlab.ui.slices import slices
from mnistlab.ui.trust import trust
from mnistlab.ui.versus import versus
from mnistlab.ui.visitors import open_run, runs

TABS = ("Per digit", "Mistakes", "Trust", "Slices", "Robustness", "Two runs", "Report")


def _run(text: str) -> str:
    """The name of a run that is there. Raises `RunError`, which is a `ValueError`."""
    return open_run(text).path.name


LINK = (
    Field("run", state.DEFAULTS["run"], _run),
    Field("second", state.DEFAULTS["second"], _run),
    Field("cell", state.DEFAULTS["cell"], whole(0, 99)),
    Field("tab", TABS[0], one_of(TABS)),
)


def chosen() -> tuple[Run | None, Run | None]:
    """The run that is looked at, and the one it is compared with."""
    _say_when_nothing_is_kept()
    left, right = st.columns(2)
    with left:
        run = parts.choose_run()
    if run is None:
        return None, None
    others = {other.path.name: other for other in runs() if other.weights_file and other.path.name != run.path.name}
    called: dict[str | None, str] = {None: "none", **parts.run_names(others.values())}
    current = state.get("second")
    with right:
        second = st.selectbox(
            "Second run", [None, *others], key="choose-second", index=[None, *others].index(current) if current in others else 0,
            format_func=called.__getitem__,
            help="The count of a clicked cell stands beside the first run's, and the tab Two runs compares them digit by digit.",
        )  # fmt: skip
    state.put("second", second)
    return run, others[second] if second else None


def _say_when_nothing_is_kept() -> None:
    try:
        wanted = open_run(state.get("run"))
    except RunError:
        return  # it was removed; the chooser offers the others
    if wanted.weights_file is None:
        text = wanted.kept or "It has no weights yet."
        st.info(
            trouble.plain(f"{wanted.label} cannot be evaluated. {text} Another run is shown."), icon=":material/info:"
        )


def scored(run: Run | None) -> Scored | None:
    """The run with its answers; a sentence when it has no network that can answer."""
    if run is None:
        return None
    try:
        return Scored(run, cache.evaluation(run))
    except RunError as error:
        st.error(trouble.plain(f"{run.label}: {error}"), icon=":material/error:")
        return None


def tabs(first: Scored, second: Scored | None) -> None:
    """Only the open one is computed."""
    drawn: dict[str, tuple[Any, ...]] = {
        "Per digit": (digits, first), "Mistakes": (mistakes, first), "Trust": (trust, first), "Slices": (slices, first),
        "Robustness": (robustness, first), "Two runs": (versus, first, second), "Report": (report, first, second),
    }  # fmt: skip
    for name, tab in zip(TABS, st.tabs(TABS, key="tab", on_change="rerun"), strict=True):
        if tab.open:
            draw, *given = drawn[name]
            # a click in a tab draws that tab only; those that watch a job or concern all figures draw the page
            if name not in ("Trust", "Robustness", "Report"):
                draw = st.fragment(trouble.boundary(name)(draw))
            with tab, trouble.boundary(name):
                draw(*given)


@st.fragment
@trouble.boundary("The confusion matrix")
def cells(first: Scored, second: Scored | None) -> None:
    """The matrix, with the clicked cell kept in the link."""
    matrix(first, second)
    keep_link(LINK)


@trouble.boundary("This page")
def main() -> None:
    frame.page("evaluate")
    open_link("evaluate", LINK)
    first = second = None
    with trouble.boundary("The evaluation"):
        run, other = chosen()
        first, second = scored(run), scored(other)
    if first is not None:
        with trouble.boundary("The headline"):
            headline(first, second)
        cells(first, second)
        with trouble.boundary("What stands below"):
            tabs(first, second)
    keep_link(LINK)


if __name__ == "__main__":
    main()
