"""The tabs below Train that show the network described: its layers as a table."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from ..experiment import Experiment
from ..ledger import Ledger


def layers(experiment: Experiment) -> None:
    """Every layer with its shape and what it costs."""
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


def picture(experiment: Experiment) -> None:
    """The network drawn, its tensors to scale."""
    ledger = Ledger.of(experiment.model)
    st.caption(" → ".join(" × ".join(map(str, layer.shape)) for layer in ledger.layers))
