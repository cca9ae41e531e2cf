"""The experiment editor: where it starts, its stack of blocks, its settings; out comes an `Experiment`."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ..experiment import ACTIVATIONS, ConvBlock, DenseBlock, Experiment, SpecError, differences
from ..ledger import Layer, Ledger
from ..links import nearest
from ..presets import PRESETS
from ..runs import Run, RunError
from . import fields, state
from .differing import differing
from .own_runs import own_runs
from .settings import settings
from .trouble import boundary, guarded, plain
from .visitors import open_run

STEPPED = 122  # pixels: the least at which a number shows its plus and minus
UNDO = 20  # changes that can be taken back
MOST_BLOCKS = 12
MOST_ADDED, LEAST_ADDED = 128, 16  # filters, units

Kind = str  # "conv" or "dense"
FINGER = 28  # pixels, enough to be hit with one
CHOSEN = "preset-chosen"  # the one widget that stays when all others are mounted anew: it has the keyboard's focus then
BLOCKS: dict[Kind, type[ConvBlock | DenseBlock]] = {"conv": ConvBlock, "dense": DenseBlock}
NAMES: dict[Kind, str] = {"conv": "Convolution", "dense": "Dense"}
ADDED = {
    "conv": "Adds a convolution: small windows that look for patterns everywhere. 1 to 4 of them are usual, each with twice the "
    "filters of the one before.",
    "dense": "Adds a dense layer: each of its units sees all numbers before it. 0 to 2 of them are usual, each with half the "
    "units of the one before.",
}


def editor() -> Experiment | None:
    """Draw the editor; the experiment it describes, or None (with the reason shown) when a field does not fit."""
    if fields.key("train.epochs") not in st.session_state:  # just opened, or mounted anew
        _mount(state.get("experiment"))
    _start()
    tools = st.container(horizontal=True, vertical_alignment="center", gap="small")
    shapes = _stack()
    settings()
    experiment: Experiment | None = None
    try:
        experiment = _typed()
        _keep(experiment)
        _tell_shapes(experiment, shapes)
    except SpecError as error:
        st.error(plain(str(error)), icon=":material/block:")
    with tools:
        _tools(experiment)
    return experiment


def load(experiment: Experiment, preset: str) -> None:
    """Open `experiment` in the editor, as changed from `preset`."""
    _keep(experiment, preset)
    _mount(experiment)


def _typed() -> Experiment:
    """What the widgets describe at this moment. Raises `SpecError` when a field does not fit."""
    values = fields.typed()
    # what is not drawn for this optimizer or loss may still be held from before
    if fields.value("train.optimizer") not in ("sgd", "rmsprop"):
        values["train.momentum"] = 0.0
    if fields.value("train.optimizer") != "sgd" or not values.get("train.momentum", 0.0):
        values["train.nesterov"] = False
    if fields.value("train.loss") == "sparse_categorical":
        values["train.label_smoothing"] = 0.0
    return fields.base().changed(values)


def _now() -> Experiment:
    """What is typed, or what was before it when that does not fit."""
    try:
        return _typed()
    except SpecError:
        experiment: Experiment = state.get("experiment")
        return experiment


def _keep(experiment: Experiment, preset: str | None = None, start: str | None = None) -> None:
    """Note a change, so that it can be taken back; with `preset` it is a new start."""
    before = (state.get("experiment"), state.get("preset"), state.get("start"))
    after = (experiment, preset, start) if preset else (experiment, *before[1:])
    if after != before:
        state.put("past", (*state.get("past"), before)[-UNDO:])
        _set(*after)


def _set(experiment: Experiment, preset: str, start: str | None) -> None:
    state.put("experiment", experiment)
    state.put("preset", preset)
    state.put("start", start)


def _mount(experiment: Experiment) -> None:
    """Show `experiment` with a fresh set of widgets."""
    state.put("editor", state.get("editor") + 1)
    st.session_state[fields.BASE] = experiment


@guarded
def _undo() -> None:
    """Back by one change; what does not fit counts as one."""
    try:
        _keep(_typed())
        *past, before = state.get("past")
        state.put("past", tuple(past))
        _set(*before)
    except SpecError:
        pass  # it was never kept: showing what is kept takes it back
    _mount(state.get("experiment"))


def _start() -> None:
    """Where to begin: a preset or a run."""
    names = list(PRESETS)
    if st.session_state.get(CHOSEN) != state.get("preset"):
        st.session_state[CHOSEN] = state.get("preset")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Start from", names, key=CHOSEN, on_change=_load_preset,
            format_func=lambda name: f"{name} (empty: build your own)" if not PRESETS[name].experiment.model.depth else name,
            help="A named experiment to begin with; everything in it can be changed. softmax-regression has no layer yet.",
        )  # fmt: skip
        with st.popover(
            "A run", icon=":material/history:", key=fields.key("runs"), on_change="rerun",
            help="Start from what one of your own runs was trained with; pin a run, or add one from another lab.",
        ) as runs, boundary("Your runs"):  # fmt: skip
            if runs.open:
                own_runs(load_run)
    preset, run = PRESETS[state.get("preset")], _started()
    if run is not None:
        st.caption(plain(f"From the run {run.label} of {run.created[:16].replace('T', ' ')} UTC."))
        return
    reached = f" It reports {preset.reached}." if preset.reached else ""
    st.caption(plain(f"{preset.about} Source: {preset.source}.{reached}"))


@guarded
def _load_preset() -> None:
    name = st.session_state[CHOSEN]
    _keep(PRESETS[name].experiment, name)
    _mount(PRESETS[name].experiment)


@guarded
def load_run(run: Run) -> None:
    """Open what a run was trained with, under the name of the preset it was made from when that is known."""
    named = run.label.partition(",")[0]
    _keep(run.experiment, named if named in PRESETS else nearest(run.experiment), run.id)
    _mount(run.experiment)


def _started() -> Run | None:
    """The run that the editor started from, while it is there."""
    if state.get("start") is None:
        return None
    try:
        return open_run(state.get("start"))
    except RunError:
        return None


def _origin() -> tuple[str, Experiment]:
    """Name and experiment of what the editor started from."""
    if (run := _started()) is not None:
        return run.label, run.experiment
    return state.get("preset"), PRESETS[state.get("preset")].experiment


def _tools(experiment: Experiment | None) -> None:
    """Undo, reset, and what differs from the start."""
    name, origin = _origin()
    found = differences(origin, experiment or state.get("experiment"))
    st.button(
        "Undo", icon=":material/undo:", key=fields.key("undo"), on_click=_undo, type="tertiary",
        disabled=experiment is not None and not state.get("past"), help=f"Takes back the last change, up to {UNDO} of them.",
    )  # fmt: skip
    st.button(
        "Reset", icon=":material/restart_alt:", key=fields.key("reset"), on_click=_reset, type="tertiary",
        disabled=experiment is not None and not found, help="Back to what you started from, unchanged.",
    )  # fmt: skip
    if not found:
        st.caption("Unchanged", help="The address of this page holds the whole experiment: copy it to share.")
        return
    with st.popover(
        "1 change" if len(found) == 1 else f"{len(found)} changes", type="tertiary", icon=":material/difference:",
        key=fields.key("changes"), on_change="rerun",
        help="What differs from what you started from. The address of this page holds all of it.",
    ) as changes, boundary("The changes"):  # fmt: skip
        if changes.open:
            differing(found, name, "now")


@guarded
def _reset() -> None:
    _, origin = _origin()
    _keep(origin)
    _mount(origin)


def _stack() -> dict[str, Any]:
    """The blocks from the image to the ten outputs; by the name of each, where its output shape is to be told."""
    model = fields.base().model
    shapes = {f"conv{i + 1}": _block("conv", i, len(model.conv)) for i in range(len(model.conv))}
    _add("conv", len(model.conv))
    if model.conv or model.head == "average":
        st.segmented_control(
            "Then a vector by", ["flatten", "average"], default=model.head, key=fields.key("model.head"), required=True,
            help="Dense layers take a vector. flatten keeps every number and is usual; average keeps one a channel, its mean.",
        )  # fmt: skip
    shapes |= {f"dense{i + 1}": _block("dense", i, len(model.dense)) for i in range(len(model.dense))}
    _add("dense", len(model.dense))
    st.caption("Last always: 10 outputs and softmax, one probability for each digit.")
    return shapes


def _add(kind: Kind, count: int) -> None:
    st.button(
        NAMES[kind], icon=":material/add:", key=fields.key(f"add-{kind}"), on_click=_restructure, args=(kind, count, "add"),
        disabled=count >= MOST_BLOCKS, help=ADDED[kind],
    )  # fmt: skip


@guarded
def _restructure(kind: Kind, place: int, what: str) -> None:
    """Add, duplicate, delete or move a block, keeping what is typed elsewhere."""
    experiment = _now()
    blocks: list[ConvBlock | DenseBlock] = list(getattr(experiment.model, kind))
    match what:
        case "add":
            blocks.append(_next(kind, blocks))
        case "duplicate":
            blocks.insert(place, blocks[place])
        case "delete":
            del blocks[place]
        case "up":
            blocks[place - 1 : place + 1] = [blocks[place], blocks[place - 1]]
        case "down":
            blocks[place : place + 2] = [blocks[place + 1], blocks[place]]
    model = experiment.model.model_copy(update={kind: tuple(blocks)})
    changed = experiment.model_copy(update={"model": model})
    _keep(experiment)
    _keep(changed)
    _mount(changed)


def _next(kind: Kind, blocks: list[ConvBlock | DenseBlock]) -> ConvBlock | DenseBlock:
    """As networks usually go on: twice the filters of the last convolution, half the units of the last dense layer."""
    match blocks[-1] if blocks else None:
        case ConvBlock(filters=last):
            return ConvBlock(filters=max(last, min(2 * last, MOST_ADDED)))
        case DenseBlock(units=last):
            return DenseBlock(units=max(last // 2, LEAST_ADDED))
    return BLOCKS[kind]()


def _block(kind: Kind, place: int, count: int) -> Any:
    """A block's card; returns where its output shape is to be told."""
    path = f"model.{kind}.{place}"
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
            shape = st.container(width="stretch").empty()
            _actions(kind, place, count)
            with (
                st.popover(
                    "", icon=":material/tune:", type="tertiary", help=f"More of {NAMES[kind].lower()} {place + 1}"
                ),
                boundary("More"),
            ):
                _more(kind, path)
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
            _conv(path) if kind == "conv" else _dense(path)
    return shape


def _actions(kind: Kind, place: int, count: int) -> None:
    name = f"{NAMES[kind].lower()} {place + 1}"
    for what, icon, text, disabled in (
        ("up", ":material/arrow_upward:", f"Move {name} up", place == 0),
        ("down", ":material/arrow_downward:", f"Move {name} down", place == count - 1),
        ("duplicate", ":material/content_copy:", f"Duplicate {name}", count >= MOST_BLOCKS),
        ("delete", ":material/delete:", f"Delete {name}", False),
    ):
        st.button(
            "", icon=icon, key=fields.key(f"{kind}-{place}-{what}"), help=text, type="tertiary", disabled=disabled,
            on_click=_restructure, args=(kind, place, what), width=FINGER,
        )  # fmt: skip


def _conv(path: str) -> None:
    fields.number(f"{path}.filters", "Filters", "Patterns it learns to find; 16 to 64 is usual.", width=78)
    fields.number(f"{path}.kernel_size", "Window", "Side in pixels; 3 or 5 is usual.", width=74)
    fields.number(
        f"{path}.pool", "Pool",
        "Keeps the largest of each pool × pool square; 2 halves both sides and is usual, 1 is none.", width=64,
    )  # fmt: skip
    _activation(path)


def _dense(path: str) -> None:
    fields.number(f"{path}.units", "Units", "Numbers it computes; 64 to 512 is usual.", width=78)
    _dropout(path, width=STEPPED)
    _activation(path)


def _more(kind: Kind, path: str) -> None:
    """The fields of a block that are seldom changed."""
    if kind == "conv":
        fields.number(f"{path}.strides", "Step", "Pixels between two windows; 1 is usual, 2 halves both sides.")
        st.segmented_control(
            "Padding", ["valid", "same"], default=fields.base().at(f"{path}.padding"), key=fields.key(f"{path}.padding"),
            required=True,
            help="valid, the usual: only windows that lie inside; it shrinks. same: zeros around it; with step 1 the size stays.",
        )  # fmt: skip
        _dropout(path)
    fields.switch(
        f"{path}.batch_norm", "Batch norm",
        "Scales each channel to mean 0 and variance 1 over the batch; learns faster. Off in the classics.",
    )  # fmt: skip


def _activation(path: str) -> None:
    fields.choice(
        f"{path}.activation", "Activation", ACTIVATIONS,
        "What is done to each weighted sum. relu passes positive numbers on unchanged and makes the rest 0; it is usual.",
        width=114,
    )  # fmt: skip


def _dropout(path: str, width: fields.Width = "stretch") -> None:
    fields.number(
        f"{path}.dropout", "Dropout",
        "Part of the outputs hidden at random while training, against overfitting; 0.2 to 0.5 is usual, 0 is none.",
        step=0.05, width=width,
    )  # fmt: skip


def _tell_shapes(experiment: Experiment, shapes: dict[str, Any]) -> None:
    """Beside each block what comes out of it, or that it does not fit."""
    layers: tuple[Layer, ...] = ()
    wrong = ""
    try:
        layers = Ledger.of(experiment.model).layers
    except SpecError as error:
        wrong = str(error)  # the page tells it in full
    for name, place in shapes.items():
        kind, number = name.rstrip("0123456789"), name.lstrip("abcdefghijklmnopqrstuvwxyz")
        own = [layer for layer in layers if layer.name == name or layer.name.startswith(f"{name}_")]
        if own:
            told = " × ".join(map(str, own[-1].shape))
        else:
            told = ":red[does not fit]" if f"({name})" in wrong or f"({name}_" in wrong else ""
        place.markdown(f"**{NAMES[kind]} {number}** {told}")
