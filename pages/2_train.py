"""Train: describe a network, see what it costs, train it, watch."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from mnistlab import limits
from mnistlab.experiment import Experiment, SpecError
from mnistlab.ledger import Ledger
from mnistlab.ui import cache, parts
from mnistlab.ui.editor import editor
from mnistlab.ui.monitor import watch
from mnistlab.ui.replay import replay


def problem(experiment: Experiment) -> str:
    """Why this cannot be trained here; empty when it can."""
    try:
        limits.check(experiment, len(cache.dataset().train))
    except SpecError as error:
        return str(error)
    return limits.training_off()


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
        with right, parts.boundary("The layers"):
            table, past = st.tabs(["Layers", "Time machine"], key="train-view", on_change="rerun")
            if table.open:
                with table:
                    layers(experiment)
            if past.open:
                with past:
                    replay(experiment)


if __name__ == "__main__":
    main()
