"""What several pages share: the strip of a running training, the chooser of a run, and how figures are configured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import streamlit as st

from ..runs import Run, RunError
from . import cache, frame, state
from .trouble import boundary, guarded, plain, tell
from .visitors import living, may_steer, open_run, runs

CHART = {"displayModeBar": False}
"""Plotly without its tool bar: what can be done with a figure is said beside it."""

FORMATS = ("SVG", "PNG")


def chart(name: str) -> dict[str, Any]:
    """Plotly with one tool, a camera: it saves the figure under `name`, in the format that this visitor chose."""
    form = str(st.session_state.get("figure-format", FORMATS[0])).lower()
    return {
        "displaylogo": False,
        "doubleClickDelay": 1,  # two quick clicks on two cells are two clicks
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": form, "filename": name, "scale": 1 if form == "svg" else 2},
    }


def ink() -> str:
    """The colour of text in this visitor's theme, for text that a figure draws itself."""
    return "#e8ebee" if st.context.theme.type == "dark" else "#14171b"


def duration(seconds: float) -> str:
    """Minutes and seconds, such as 0:42, or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def progress_text(run: Run) -> str:
    """Where a training stands: "epoch 3 of 10 · 97.4 % · 0:42 left"."""
    history = run.history
    if history.started is None:
        return "waiting for the worker"
    if not history.batches:
        return "preparing the network"
    if history.paused:
        return f"paused in epoch {history.batches[-1].epoch} of {history.planned}"
    parts = [f"epoch {history.batches[-1].epoch} of {history.planned}"]
    if history.epochs:
        parts.append(f"{100 * history.epochs[-1].val_accuracy:.1f} % on validation")
    if history.finished:
        parts.append("trying the test digits")
    elif (left := history.seconds_left) is not None:
        parts.append(f"{duration(left)} left")
    return " · ".join(parts)


@guarded
def stop(run_id: str) -> None:
    """End a training, keeping the model so far."""
    steer(run_id, stop=True)


@guarded
def steer(run_id: str, **orders: Any) -> None:
    """Change the orders of a training of this visitor's; says so when the engine cannot be told."""
    from ..engine import EngineError  # Dask takes 0.4 s to import, and most pages never need it

    try:
        if may_steer(open_run(run_id)):
            cache.engine().steer(run_id, **orders)
    except (EngineError, RunError) as error:
        tell(str(error))


@boundary("The sidebar")
def sidebar() -> None:
    """Under the pages: what is running, which digits are loaded, which run is chosen."""
    with st.sidebar:
        busy = bool(living()) or cache.download().going_on
        st.fragment(_strip, run_every=1.0 if busy else None)()
        with boundary("The digits"):
            with suppress(RunError):  # it was removed; Evaluate and Draw offer the others
                chosen = open_run(state.get("run"))
                st.caption(
                    f"Chosen network: {plain(chosen.label)}", help="Evaluate and Draw use it; choose another one there."
                )
            found = cache.dataset()
            count = len(found.train) + len(found.test)
            st.caption(
                f"{count:,} digits loaded ({'the bundled sample' if found.is_sample else 'the full set'})",
                help=plain(found.note) or None,
            )


@boundary("The running training")
def _strip() -> None:
    live, download = living(), cache.download()
    busy = bool(live) or download.going_on
    if st.session_state.get("strip_busy", False) and not busy:
        st.session_state["strip_busy"] = False
        st.rerun()  # the last one ended: the timer goes, and the page shows the result
    st.session_state["strip_busy"] = busy
    if download.going_on:
        part = download.received / download.expected if download.expected else 0.0
        st.progress(min(part, 1.0), text=f"Fetching all 70,000 digits: {download.received / 1e6:.1f} MB")
    for run in live:
        st.text(run.label)
        st.progress(run.history.done)
        st.caption(progress_text(run))
        st.button(
            "Stop", key=f"strip-stop-{run.id}", icon=":material/stop:", on_click=stop, args=(run.id,),
            help="Ends this training; the model so far is kept.", width="stretch", disabled=not may_steer(run),
        )  # fmt: skip


def choose_run(label: str = "Run") -> Run | None:
    """A chooser of all runs that have weights; what is chosen follows the person to other pages."""
    usable = {run.path.name: run for run in runs() if run.weights_file}
    if not usable:
        st.info("No trained network yet. Train one first.", icon=":material/info:")
        frame.link("train", "Build and train a network")
        return None
    names = list(usable)
    called = run_names(usable.values())
    current = state.get("run")
    chosen = st.selectbox(
        label, names, index=names.index(current) if current in names else 0, key="choose-run",
        format_func=called.__getitem__, on_change=_choose,
        help="The trained network whose answers are shown. Shipped ones come with the lab; yours are listed first.",
    )  # fmt: skip
    state.put("run", chosen)
    return usable[chosen]


@guarded
def _choose() -> None:
    chosen = st.session_state["choose-run"]
    if chosen == state.get("second"):  # it is made the first: they change places
        state.put("second", state.get("run"))
        st.session_state["choose-second"] = state.get("run")
    state.put("run", chosen)


def run_names(runs: Iterable[Run]) -> dict[str, str]:
    """What a chooser calls runs, by the names of their folders: no two alike, for a browser sends back only what it shows."""
    names = {run.path.name: _run_name(run) for run in runs}
    count = Counter(names.values())
    return {key: f"{name} · {key[1:9]}" if count[name] > 1 else name for key, name in names.items()}


def _run_name(run: Run) -> str:
    if run.shipped:
        return f"{run.label} (shipped)"
    return f"{run.label} · {run.created[:16].replace('T', ' ')} · {run.status}"
