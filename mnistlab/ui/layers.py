"""The tabs below Train that show the network described: its layers as a table, and drawn to scale."""

from __future__ import annotations

import streamlit as st

from ..experiment import Experiment
from ..figures.network import drawing, stages
from ..ledger import Layer, Ledger
from .table import Column, table

CARD = 116  # pixels; three in a row on a phone, seven at a desk


def layers(experiment: Experiment) -> None:
    """Every layer with its shape, what it sees and what it costs."""
    ledger = Ledger.of(experiment.model)
    plan, work = ledger.layers, max(ledger.multiply_adds, 1)
    columns: list[Column | str] = [
        "layer",
        "kind",
        Column("output shape", help="Height × width × channels of a picture, or numbers of a vector."),
        Column("parameters", help="Weights and biases; batch norm has four a channel.", form=","),
        Column("of all", help="Share of all parameters.", bar=True),
        Column("sees", help="Receptive field: how much of the 28 × 28 picture one number of this layer can depend on."),
        Column("multiply-adds", help="For one digit, forward.", form=","),
        Column("of all", help="Share of all multiply-adds.", bar=True),
    ]
    rows = [
        (
            layer.name,
            _kind(layer),
            " × ".join(map(str, layer.shape)),
            layer.parameters,
            layer.parameters / ledger.parameters,
            f"{side} × {side}",
            layer.multiply_adds,
            layer.multiply_adds / work,
        )
        for layer, side in zip(plan, ledger.receptive_fields, strict=True)
    ]
    table(columns, rows, key="layers", alt="layers with their shapes, parameters and costs")
    st.caption(_reading(ledger))


def _kind(layer: Layer) -> str:
    words = layer.kind.replace("_", " ")
    return words if layer.activation == "linear" or layer.kind == "activation" else f"{words}, {layer.activation}"


def _reading(ledger: Ledger) -> str:
    """What this table says."""
    most = max(ledger.layers, key=lambda layer: layer.parameters)
    busiest = max(ledger.layers, key=lambda layer: layer.multiply_adds)
    told = [
        f"{ledger.parameters:,} parameters in all, {ledger.trainable:,} of them changed by training; "
        f"{most.name} holds {100 * most.parameters / ledger.parameters:.0f} % of them",
        f"{busiest.name} does {100 * busiest.multiply_adds / max(ledger.multiply_adds, 1):.0f} % of the "
        f"{ledger.multiply_adds:,} multiply-adds for a digit",
    ]
    sees = [side for layer, side in zip(ledger.layers, ledger.receptive_fields, strict=True) if layer.kind == "conv"]
    if sees:
        told.append(f"one number of the last convolution sees {sees[-1]} × {sees[-1]} of the 28 × 28 pixels")
    told.append(
        f"in training a digit costs {ledger.training_multiply_adds / ledger.multiply_adds:.1f} times as much: forward, back to "
        "the weights, and back to the inputs of every layer but the first"
    )
    return ". ".join(text[0].upper() + text[1:] for text in told) + "."


def picture(experiment: Experiment) -> None:
    """The network drawn: the tensors that pass through it, side by side, in rows that fit the screen."""
    ledger = Ledger.of(experiment.model)
    with st.container(horizontal=True, vertical_alignment="top", gap="small"):
        for stage in stages(ledger):
            with st.container(width=CARD, gap="xxsmall"):
                shape = " × ".join(f"{side:,}" for side in stage.shape)
                st.image(drawing(stage), width="content", alt=f"{stage.name}, {shape}")
                st.markdown(f"**{stage.name}**  \n{shape}")
                cost = f", {stage.parameters:,} parameters" if stage.parameters else ""
                st.caption(f"{', '.join(stage.made_by)}{cost}")
    side, channels = next(
        ((layer.shape[0], layer.shape[-1]) for layer in reversed(ledger.layers) if len(layer.shape) == 3), (28, 1)
    )
    st.caption(
        f"From the image to the outputs; each is what the layers named under it make of the one before. Sides of pictures "
        f"are to scale, depth and bars grow with the logarithm of channels and units; vermilion is the next layer's window. "
        f"Here 28 × 28 × 1 becomes {side} × {side} × {channels} before the vector, and ten probabilities at the end."
    )
