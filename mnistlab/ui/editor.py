"""The experiment editor: widgets in, an `Experiment` out.

Widgets are keyed by the editor's number and start from a fixed base, so that a structural change (a preset, a block
added or moved) mounts a new set from the new experiment, and a plain edit leaves all others alone.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from ..experiment import (
    ACTIVATIONS,
    OPTIMIZERS,
    Augmentation,
    ConvBlock,
    DataSpec,
    DenseBlock,
    Experiment,
    Number,
    SpecError,
    Stopping,
    TrainSpec,
    Whole,
)
from ..presets import PRESETS
from ..schedules import SCHEDULES
from . import state
from .parts import plain

Values = dict[str, Any]
BASE = "editor_base"  # the experiment that the mounted widgets started from

NAMES = {"conv": "Convolution", "dense": "Dense"}


def editor() -> Experiment | None:
    """Draw the editor; the experiment it describes, or None (with the reason shown) when a field does not fit."""
    if _key("epochs") not in st.session_state:  # just opened, or mounted anew
        _mount(state.get("experiment"))
    base: Experiment = st.session_state[BASE]
    st.selectbox(
        "Start from", list(PRESETS), index=list(PRESETS).index(state.get("preset")), key=_key("preset"),
        on_change=_load_preset, help="A named experiment to begin with; everything in it can be changed.",
    )  # fmt: skip
    preset = PRESETS[state.get("preset")]
    st.caption(
        plain(
            f"{preset.about} Source: {preset.source}.{' It reports ' + preset.reached + '.' if preset.reached else ''}"
        )
    )
    values: Values = {"model": _model(base)}
    optimizer, data, stopping = st.tabs(["Optimizer", "Data", "Stopping"])
    with optimizer:
        values["train"] = _train(base.train)
    with data:
        values["data"] = _data(base.data, base.train.augmentation)
    with stopping:
        values["train"]["stopping"] = _stopping(base.train.stopping)
    try:
        experiment = Experiment.of(values)
    except SpecError as error:
        st.error(plain(str(error)), icon=":material/block:")
        return None
    state.put("experiment", experiment)
    return experiment


def _key(name: str) -> str:
    return f"editor-{state.get('editor')}-{name}"


def _mount(experiment: Experiment) -> None:
    """Show `experiment` with a fresh set of widgets."""
    state.put("experiment", experiment)
    state.put("editor", state.get("editor") + 1)
    st.session_state[BASE] = experiment


def _load_preset() -> None:
    name = st.session_state[_key("preset")]
    state.put("preset", name)
    _mount(PRESETS[name].experiment)


def load(experiment: Experiment, preset: str) -> None:
    """Open `experiment` in the editor, as changed from `preset`."""
    state.put("preset", preset)
    _mount(experiment)


def _restructure(kind: str, place: int, what: str) -> None:
    """Add, duplicate, delete or move a block, keeping what is typed elsewhere."""
    experiment: Experiment = state.get("experiment")
    blocks: list[ConvBlock | DenseBlock] = list(getattr(experiment.model, kind))
    match what:
        case "add":
            blocks.append(ConvBlock() if kind == "conv" else DenseBlock())
        case "duplicate":
            blocks.insert(place, blocks[place])
        case "delete":
            del blocks[place]
        case "up":
            blocks[place - 1 : place + 1] = [blocks[place], blocks[place - 1]]
        case "down":
            blocks[place : place + 2] = [blocks[place + 1], blocks[place]]
    model = experiment.model.model_copy(update={kind: tuple(blocks)})
    _mount(experiment.model_copy(update={"model": model}))


def _model(base: Experiment) -> Values:
    conv = [_conv_block(i, block, len(base.model.conv)) for i, block in enumerate(base.model.conv)]
    heads = ["flatten", "average"]
    head = st.segmented_control(
        "Then a vector by", heads, default=base.model.head, key=_key("head"), required=True,
        help="Dense layers take a vector. flatten keeps every number; average keeps one a channel, its mean.",
    )  # fmt: skip
    dense = [_dense_block(i, block, len(base.model.dense)) for i, block in enumerate(base.model.dense)]
    with st.container(horizontal=True):
        for kind, room in (("conv", 12 - len(conv)), ("dense", 12 - len(dense))):
            st.button(
                f"{NAMES[kind]}", icon=":material/add:", key=_key(f"add-{kind}"), on_click=_restructure, args=(kind, 0, "add"),
                disabled=room <= 0, help=f"Adds a {NAMES[kind].lower()} block after the others of its kind.",
            )  # fmt: skip
    st.caption("Last always: 10 outputs and softmax, one probability for each digit.")
    return {"conv": conv, "head": head, "dense": dense}


def _block_head(kind: str, place: int, count: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.markdown(f"**{NAMES[kind]} {place + 1}**", width="stretch")
        actions = (
            ("up", ":material/arrow_upward:", "Move up", place == 0),
            ("down", ":material/arrow_downward:", "Move down", place == count - 1),
            ("duplicate", ":material/content_copy:", "Duplicate", count >= 12),
            ("delete", ":material/delete:", "Delete", False),
        )
        for what, icon, text, disabled in actions:
            st.button(
                "", icon=icon, key=_key(f"{kind}-{place}-{what}"), help=text, type="tertiary", disabled=disabled,
                on_click=_restructure, args=(kind, place, what),
            )  # fmt: skip


def _conv_block(place: int, block: ConvBlock, count: int) -> Values:
    name = f"conv-{place}"
    with st.container(border=True, gap="xsmall"):
        _block_head("conv", place, count)
        first, second, third, fourth = st.columns([5, 5, 7, 5])
        values: Values = {
            "filters": _number(
                first, "Filters", ConvBlock, "filters", block.filters, name, "Patterns it learns to find; 16 to 64 is usual."
            ),
            "kernel_size": _number(
                second, "Window", ConvBlock, "kernel_size", block.kernel_size, name, "Side in pixels; 3 or 5 is usual."
            ),
            "activation": _activation(third, block.activation, name),
            "pool": _number(
                fourth, "Pool", ConvBlock, "pool", block.pool, name,
                "Keeps the largest of each pool × pool square; 2 halves both sides, 1 is no pooling.",
            ),
        }  # fmt: skip
        with st.popover("More", width="stretch"):
            values["strides"] = _number(
                st,
                "Step",
                ConvBlock,
                "strides",
                block.strides,
                name,
                "Pixels between two windows; 1 is usual, 2 halves both sides.",
            )
            values["padding"] = st.segmented_control(
                "Padding", ["valid", "same"], default=block.padding, key=_key(f"{name}-padding"), required=True,
                help="valid: only windows that lie inside; the picture shrinks. same: zeros around it; the size stays.",
            )  # fmt: skip
            values.update(_norm_and_dropout(block, name))
    return values


def _dense_block(place: int, block: DenseBlock, count: int) -> Values:
    name = f"dense-{place}"
    with st.container(border=True, gap="xsmall"):
        _block_head("dense", place, count)
        first, second, third = st.columns([1, 1, 1], vertical_alignment="bottom")
        values: Values = {
            "units": _number(
                first, "Units", DenseBlock, "units", block.units, name, "Numbers it computes; 64 to 512 is usual."
            ),
            "activation": _activation(second, block.activation, name),
        }
        with third.popover("More", width="stretch"):
            values.update(_norm_and_dropout(block, name))
    return values


def _norm_and_dropout(block: ConvBlock | DenseBlock, name: str) -> Values:
    return {
        "batch_norm": st.toggle(
            "Batch norm", block.batch_norm, key=_key(f"{name}-norm"),
            help="Scales each channel to mean 0 and variance 1 over the batch; learns faster. Off in the classics.",
        ),
        "dropout": _number(
            st, "Dropout", type(block), "dropout", block.dropout, name,
            "Part of the outputs hidden at random while training, against overfitting; 0.2 to 0.5 is usual.", step=0.05,
        ),
    }  # fmt: skip


def _activation(place: Any, value: str, name: str) -> str:
    chosen: str = place.selectbox(
        "Activation", ACTIVATIONS, index=ACTIVATIONS.index(value), key=_key(f"{name}-activation"),
        help="What is done to each weighted sum. relu passes positive numbers on unchanged and makes the rest 0; it is usual.",
    )  # fmt: skip
    return chosen


def _number(
    place: Any, label: str, spec: type[Any], field: str, value: float, name: str, about: str, step: float | None = None
) -> Any:
    """A number input with the bounds of the spec's field. Integers stay integers."""
    bound: Whole | Number = spec.bound(field)
    kind = int if isinstance(bound, Whole) else float
    return place.number_input(
        label, min_value=kind(bound.low), max_value=kind(bound.high), value=kind(value), step=kind(step or 1),
        key=_key(f"{name}-{field}"), help=about,
    )  # fmt: skip


def _train(base: TrainSpec) -> Values:
    first, second, third = st.columns(3)
    values: Values = base.model_dump(mode="json")
    values["epochs"] = first.number_input(
        "Epochs", 1, 200, base.epochs, key=_key("epochs"), help="Times every training digit is seen; 5 to 15 is usual."
    )
    values["batch_size"] = second.number_input(
        "Batch size",
        1,
        4096,
        base.batch_size,
        key=_key("batch"),
        help="Digits averaged into one step; 32 to 256 is usual.",
    )
    values["seed"] = third.number_input(
        "Seed",
        0,
        2**31 - 1,
        base.seed,
        key=_key("seed"),
        help="Draws the first weights, the order and the dropout; same seed, same run.",
    )
    values["optimizer"] = first.selectbox(
        "Optimizer", OPTIMIZERS, OPTIMIZERS.index(base.optimizer), key=_key("optimizer"),
        help="How a gradient becomes a step. adam adapts each weight's own step and is a good first choice.",
    )  # fmt: skip
    values["learning_rate"] = second.number_input(
        "Learning rate", 1e-6, 10.0, base.learning_rate, format="%.4g", step=base.learning_rate / 10, key=_key("rate"),
        help="Size of a step; usual is 0.001 for adam and rmsprop, 0.01 to 0.1 for sgd.",
    )  # fmt: skip
    names = list(SCHEDULES)
    values["schedule"] = third.selectbox(
        "Schedule", names, names.index(base.schedule), key=_key("schedule"),
        help="How the learning rate changes over the training; constant is usual for short ones, one_cycle learns fast.",
    )  # fmt: skip
    forms = ["sparse_categorical", "categorical"]
    values["loss"] = first.selectbox(
        "Loss", forms, forms.index(base.loss), key=_key("loss"),
        format_func={"sparse_categorical": "sparse categorical", "categorical": "categorical"}.__getitem__,
        help="Cross-entropy, with labels as numbers (sparse) or as one-hot vectors: the same number either way.",
    )  # fmt: skip
    if values["optimizer"] in ("sgd", "rmsprop"):
        values["momentum"] = second.number_input(
            "Momentum", 0.0, 0.99, base.momentum, step=0.05, key=_key("momentum"),
            help="Part of the last step that is kept; 0.9 is usual with sgd, 0 is plain gradient descent.",
        )  # fmt: skip
    else:
        values["momentum"] = 0.0
    values["nesterov"] = base.nesterov and values["optimizer"] == "sgd" and values["momentum"] > 0
    if values["loss"] == "sparse_categorical":
        values["label_smoothing"] = 0.0
    return values


def _data(base: DataSpec, augmentation: Augmentation) -> Values:
    values: Values = base.model_dump(mode="json")
    values["train_images"] = st.number_input(
        "Training digits", 10, 60_000, base.train_images, step=1000, key=_key("train-images"), placeholder="all",
        help="How many digits are trained on; empty is all that validation leaves.",
    )  # fmt: skip
    values["validation_images"] = st.number_input(
        "Validation digits", 10, 20_000, base.validation_images, step=500, key=_key("validation-images"),
        placeholder="one in twelve", help="Cut from training by the seed, to watch what is not trained on; 5,000 is usual.",
    )  # fmt: skip
    if augmentation.geometric or augmentation.thickness:
        st.caption(
            f"Each training digit is changed anew every epoch: moved up to {augmentation.shift:g} px, turned up to "
            f"{augmentation.rotate:g}°, sheared up to {augmentation.shear:g}°, resized up to "
            f"{100 * augmentation.scale:g} %, strokes made thicker or thinner."
        )
    st.caption("The test digits are never trained on and never used for tuning.")
    return values


def _stopping(base: Stopping) -> Values:
    values: Values = base.model_dump(mode="json")
    values["patience"] = st.number_input(
        "Patience, epochs", 1, 100, base.patience, key=_key("patience"), placeholder="never",
        help="Stops when validation loss has not fallen for so many epochs, and keeps the best one; 3 is usual.",
    )  # fmt: skip
    return values
