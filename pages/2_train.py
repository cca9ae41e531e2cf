"""Train: describe a network, see what it costs, train it, watch."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from mnistlab import limits, pace
from mnistlab.engine import EngineError
from mnistlab.experiment import Experiment, SpecError
from mnistlab.ledger import Ledger
from mnistlab.presets import PRESETS
from mnistlab.runs import Run, RunError, new_id
from mnistlab.ui import cache, parts, state
from mnistlab.ui.editor import editor
from mnistlab.ui.layers import layers, picture
from mnistlab.ui.monitor import curves, monitor
from mnistlab.ui.setup import keep_setup, open_setup

FREE = "Starts at once, in the background: look at other pages meanwhile."
BUSY = "This training is still running; stop it first."
ALSO = ("run",)  # in the link besides the experiment: the run that is watched
VIEWS: dict[str, Callable[[Experiment], None]] = {
    "Layers": layers,
    "Picture": picture,
}


def problem(experiment: Experiment) -> str:
    """Why this cannot be trained here; empty when it can."""
    try:
        limits.check(experiment, len(cache.dataset().train))
    except SpecError as error:
        return str(error)
    return limits.training_off()


def start(experiment: Experiment, label: str, run_id: str) -> None:
    """Train. The button carries the id of the run it starts, so that impatient clicks all mean the same run."""
    if state.get("training") in cache.store().live:
        return
    try:
        run = cache.engine().submit(experiment, label, cache.dataset().sha256, run_id)
    except (EngineError, RunError) as error:
        st.session_state["train-problem"] = str(error)
        return
    state.put("training", run.id)


def run_label(experiment: Experiment | None) -> str:
    """The preset's name, and whether anything in it was changed."""
    preset = PRESETS[state.get("preset")]
    return preset.name if experiment == preset.experiment else f"{preset.name}, changed"


def next_run() -> str:
    """The id that the next run will have; another one as soon as that run was started."""
    if state.get("next_run") in (None, state.get("training")):
        state.put("next_run", new_id())
    return str(state.get("next_run"))


def watched() -> Run | None:
    """The run of this session, of the link, or the one that is going on."""
    live = parts.live_runs()
    for run_id in (state.get("training"), st.query_params.get("run"), live[-1].id if live else None):
        if run_id:
            try:
                return cache.store().open(str(run_id))
            except RunError:
                continue
    return None


def totals(experiment: Experiment) -> None:
    """What the network costs, always in sight."""
    ledger, loaded = Ledger.of(experiment.model), len(cache.dataset().train)
    images = limits.images(experiment, loaded)
    seconds = cache.pace() * pace.estimate(experiment, images)
    memory = limits.memory(experiment, loaded)
    st.markdown(
        f"**{ledger.parameters:,} parameters** · {rough(seconds)} an epoch here · {memory / 1e9:.1f} GB",
        help=f"{ledger.multiply_adds:,} multiply-adds a digit, {images:,} training digits. The seconds are estimated from these "
        "and from how long your own trainings took on this machine; before the first, from how fast it multiplies matrices. "
        "Memory is the most that the training is expected to hold.",
    )


def rough(seconds: float) -> str:
    """Two digits are all an estimate is worth."""
    return f"{seconds:.2g} s" if seconds < 100 else parts.duration(seconds)


def describe() -> tuple[Experiment | None, bool]:
    """The editor, its totals above it so that they stay in sight: what can exist, and whether it can be trained here."""
    st.subheader("Describe")
    top = st.container()
    experiment = editor()
    keep_setup(ALSO)
    if experiment is None:
        return None, False
    with top:
        try:
            totals(experiment)
        except SpecError as error:
            st.error(parts.plain(str(error)), icon=":material/block:")
            return None, False
        if reason := problem(experiment):
            st.error(parts.plain(reason), icon=":material/block:")
    return experiment, not reason


def watch(experiment: Experiment | None) -> None:
    st.subheader("Watch")
    run, preset = watched(), state.get("preset")
    busy = run is not None and run.id in cache.store().live
    st.button(
        "Train", type="primary", icon=":material/play_arrow:", disabled=experiment is None or busy, key="train",
        on_click=start, args=(experiment, run_label(experiment), next_run()), help=BUSY if busy else FREE,
    )  # fmt: skip
    if text := st.session_state.pop("train-problem", ""):
        st.error(parts.plain(text), icon=":material/error:")
    if run is not None:
        st.query_params["run"] = run.id
        monitor(run)
        return
    for name in (preset, "reference-cnn"):
        try:
            shipped = cache.store().open(name)
        except RunError:
            continue
        curves(shipped.history, faint=True)
        st.caption(f"Nothing trained yet. Faint: how the shipped {name} was trained, on the full set.")
        return
    st.info("Nothing trained yet. Press Train; the curves appear here within seconds.", icon=":material/info:")


def described(experiment: Experiment) -> None:
    """The tabs about the network described; only the open one is computed."""
    for name, tab in zip(VIEWS, st.tabs(list(VIEWS), key="train-view", on_change="rerun"), strict=True):
        if tab.open:
            with tab, parts.boundary(name):
                VIEWS[name](experiment)


def main() -> None:
    parts.page("train", "Describe a network without code, train it in the background, and watch it learn.")
    left, right = st.columns([5, 7], gap="medium")
    experiment, trainable = None, False
    with left, parts.boundary("The editor"):
        open_setup(ALSO)
        experiment, trainable = describe()
    with right, parts.boundary("The training"):
        watch(experiment if trainable else None)
    if experiment is not None:
        described(experiment)


if __name__ == "__main__":
    main()
