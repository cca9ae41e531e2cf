"""Train: describe a network, see what it costs, train it, watch."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mnistlab import limits
from mnistlab.engine import EngineError
from mnistlab.experiment import Experiment, SpecError
from mnistlab.ledger import Ledger
from mnistlab.presets import PRESETS
from mnistlab.runs import Run, RunError, new_id
from mnistlab.ui import cache, parts, state
from mnistlab.ui.code import code
from mnistlab.ui.editor import editor
from mnistlab.ui.lines import lines
from mnistlab.ui.monitor import curves, monitor

FREE = "Starts at once, in the background: look at other pages meanwhile."
BUSY = "This training is still running; stop it first."


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
    ledger = Ledger.of(experiment.model)
    memory = limits.memory(experiment)
    st.markdown(
        f"**{ledger.parameters:,} parameters** · {ledger.multiply_adds / 1e6:.2f} million multiply-adds a digit · "
        f"about {memory / 1e9:.1f} GB of memory"
    )


def describe() -> Experiment | None:
    """The editor, its totals above it so that they stay in sight; None when it cannot be trained here."""
    st.subheader("Describe")
    top = st.container()
    experiment = editor()
    if experiment is None:
        return None
    with top:
        if reason := problem(experiment):
            st.error(parts.plain(reason), icon=":material/block:")
            return None
        totals(experiment)
    return experiment


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


def layers(experiment: Experiment) -> None:
    ledger = Ledger.of(experiment.model)
    st.dataframe(
        pd.DataFrame(
            {
                "layer": [layer.name for layer in ledger.layers],
                "kind": [layer.kind.replace("_", " ") for layer in ledger.layers],
                "output shape": [" × ".join(map(str, layer.shape)) for layer in ledger.layers],
                "parameters": [layer.parameters for layer in ledger.layers],
                "multiply-adds": [layer.multiply_adds for layer in ledger.layers],
            }
        ),
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="localized") for name in ("parameters", "multiply-adds")
        },
    )
    st.caption(
        f"{ledger.parameters:,} parameters in all, {ledger.trainable:,} of them changed by training. Shapes are height × width × "
        "channels, then vectors. Multiply-adds are for one digit, forward; a training step costs about three times as much."
    )


def main() -> None:
    parts.page("train", "Describe a network without code, train it in the background, and watch it learn.")
    left, right = st.columns([5, 7], gap="large")
    experiment = None
    with left, parts.boundary("The editor"):
        experiment = describe()
    with right, parts.boundary("The training"):
        watch(experiment)
    if experiment is not None:
        with parts.boundary("The layers"):
            table, script, explained = st.tabs(
                ["Layers", "Keras code", "Line by line"], key="train-tab", on_change="rerun"
            )
            if table.open:
                with table:
                    layers(experiment)
            if script.open:
                with script, parts.boundary("The Keras code"):
                    code(experiment, watched())
            if explained.open:
                with explained, parts.boundary("The explanation"):
                    lines(experiment, watched())


if __name__ == "__main__":
    main()
