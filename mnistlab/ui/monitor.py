"""A training as it is watched: progress, loss and accuracy, the watched digits, the layers, how it ended."""

from __future__ import annotations

import math
from typing import Literal

import plotly.graph_objects as go
import streamlit as st

from .. import turns
from ..events import Probe
from ..experiment import Experiment
from ..figures.curves import learning
from ..figures.probes import digit_accuracy, layer_state
from ..history import History
from ..presets import PRESETS
from ..runs import Run, RunError
from . import cache, state
from .editor import load_run
from .frame import PAGES
from .frame import go as go_to
from .parts import CHART, duration, progress_text
from .probes import probe_strip
from .steering import controls, learning_rate
from .trouble import boundary, plain
from .visitors import living, open_run

SECONDS = 0.4  # between two looks while it runs
What = Literal["loss", "accuracy"]
CURVES: tuple[What, ...] = ("loss", "accuracy")


def watch(experiment: Experiment | None) -> None:
    """The right half of Train: the buttons, and the run of this session; while it goes on, look twice a second.

    `experiment` is what Train would train, None when nothing can be trained.
    """
    st.subheader("Watch")
    run = watched()
    live = run is not None and run.id in cache.store().live
    if run is not None:
        st.query_params["run"] = run.id
    st.fragment(_panel, run_every=SECONDS if live else None)(experiment, run.id if run else None, live)


def watched() -> Run | None:
    """The run of this session, of the link, or the one that is going on."""
    live = living()
    for run_id in (state.get("training"), st.query_params.get("run"), live[-1].id if live else None):
        if run_id:
            try:
                return open_run(str(run_id))
            except RunError:
                continue
    return None


@boundary("The training")
def _panel(experiment: Experiment | None, run_id: str | None, was_live: bool) -> None:
    run = watched()
    if run is not None and run.id != run_id:
        st.rerun()  # another one was started here
    if run is not None and was_live != (run.id in cache.store().live):
        st.rerun()  # it ended or goes on again: the timer goes or comes, and the whole page shows it
    controls(experiment, run)
    if run is not None:
        if experiment != run.experiment:
            _another(run)
        _run(run)
    elif run_id is not None:
        st.error("There is no such run any more; its curve cannot be shown. The other runs are not touched.")
    else:
        _nothing_yet()


def _another(run: Run) -> None:
    """What is described, and with it the code, is not what trains here: say so, and offer to describe that."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("This run was made from another experiment than the one described.", width="content")
        st.button(
            "Describe this one", key="describe", type="tertiary", icon=":material/west:", on_click=load_run, args=(run,)
        )


def _run(run: Run) -> None:
    history, status = run.history, run.status
    st.progress(history.done if status != "finished" else 1.0, text=plain(f"{run.label} · {_state(run)}"))
    st.caption(plain(numbers(run)))
    if status == "queued":
        turn = turns.turn(run, cache.engine().order, cache.store().living())
        st.info(plain(f"Waiting for its turn: {turn.sentence}. It starts by itself."), icon=":material/schedule:")
        return
    if history.note:
        st.warning(plain(history.note), icon=":material/warning:")
    rate, axes = st.columns([3, 2], vertical_alignment="bottom")
    with rate:
        learning_rate(run)
    with axes:
        log = st.segmented_control(
            "Axes", ["linear", "logarithmic"], default="linear", key="axes", required=True,
            help="Logarithmic spreads small differences: loss, and wrong answers in place of accuracy. The loss of one digit is "
            "−ln of the probability of its label, in nats: 0 when sure and right, ln 10 = 2.30 for a blind guess among ten.",
        )  # fmt: skip
    curves(run, log=log == "logarithmic")
    if smoothing := run.experiment.train.label_smoothing:
        st.caption(smoothed(smoothing))
    _looked_at(run)
    _ending(run)


def _state(run: Run) -> str:
    return progress_text(run) if run.status in ("queued", "running", "paused") else run.status


def numbers(run: Run) -> str:
    """Step, pace and time of a training, and where its stopping rule stands, in one line."""
    history, rule = run.history, run.experiment.train.stopping
    if history.started is None or not history.batches:
        return "step 0"
    last = history.batches[-1]
    parts = [f"step {last.step:,} of {history.started.steps:,}"]
    if (pace := history.images_a_second) is not None:
        parts.append(f"{float(f'{pace:.3g}'):,.0f} images a second")
    parts.append(f"{duration(history.seconds)} trained")
    if rule.patience is not None:
        parts.append(f"patience {history.waited} of {rule.patience}")
    if rule.target_accuracy is not None:
        parts.append(f"target {100 * rule.target_accuracy:g} %")
    if rule.seconds is not None:
        parts.append(f"at most {duration(rule.seconds)}")
    return " · ".join(parts)


def curves(run: Run, *, faint: bool = False, log: bool = False, until: int | None = None, key: str = "curve") -> None:
    """Loss and accuracy side by side, in figures of fixed height."""
    for column, what in zip(st.columns(2), CURVES, strict=True):
        column.plotly_chart(
            figure(run, what, faint, log, until), key=f"{key}-{what}", config=CHART,
            alt=f"{what} of training and validation over the epochs",
        )  # fmt: skip


def figure(run: Run, what: What, faint: bool = False, log: bool = False, until: int | None = None) -> go.Figure:
    """A curve as it is now; all who watch the same run share it."""
    history = run.history
    seen = (len(history.batches), len(history.epochs), history.planned, len(history.steered))
    return _figure(run.path.name, seen, what, faint, log, until, run)


@st.cache_resource(show_spinner=False, max_entries=24)
def _figure(
    name: str,
    seen: tuple[int, ...],
    what: Literal["loss", "accuracy"],
    faint: bool,
    log: bool,
    until: int | None,
    _run: Run,
) -> go.Figure:
    target = _run.experiment.train.stopping.target_accuracy
    note = "" if faint else _run.experiment.data.spoil.sentence
    return learning(_run.history, what, faint=faint, log=log, note=note, target=target, until=until)


def _looked_at(run: Run) -> None:
    """What is looked at after every epoch: the watched digits, each digit's accuracy, the layers."""
    probes = run.history.probes
    last = probes[-1] if probes else None
    st.markdown("**Ten digits, and yours**" if _has_drawing(run) else "**Ten digits never trained on**")
    if probe_strip(run, last, key="probes"):
        st.caption(watched_text(probes))
    if last is not None:
        look(last, probes[-2] if len(probes) > 1 else None, key="look")


def _has_drawing(run: Run) -> bool:
    try:
        images, labels = run.probed()
    except RunError:
        return False
    return len(images) > len(labels)


def watched_text(probes: list[Probe]) -> str:
    """What to look for in the strip, in this run."""
    if not probes:
        return "Validation digits, one of each. Their ten bars appear after the first epoch, and are drawn anew after each."
    if len(probes) == 1:
        return "After epoch 1: ten bars are the probabilities of 0 to 9; green is right, vermilion wrong."
    answers = [[max(range(10), key=row.__getitem__) for row in probe.probabilities] for probe in probes[-2:]]
    changed = sum(a != b for a, b in zip(*answers, strict=True))
    tail = "no answer changed" if not changed else f"{changed} answer{'s' if changed > 1 else ''} changed"
    return f"After epoch {probes[-1].epoch}: {tail} since the epoch before. Bars are the probabilities of 0 to 9."


def look(probe: Probe, before: Probe | None, key: str) -> None:
    """Each digit's validation accuracy beside the state of the layers, after an epoch."""
    left, right = st.columns(2)
    with left:
        st.plotly_chart(
            digit_accuracy(probe.recall, before.recall if before else None, probe.epoch), key=f"{key}-digits", config=CHART,
            alt="validation accuracy of each digit",
        )  # fmt: skip
        known = {digit: value for digit, value in enumerate(probe.recall) if value is not None}
        if known:
            worst = min(known, key=known.__getitem__)
            st.caption(
                f"Hardest after epoch {probe.epoch}: {worst}, of which {100 * known[worst]:.1f} % are answered right."
            )
    with right:
        st.plotly_chart(
            layer_state(probe.layers),
            key=f"{key}-layers",
            config=CHART,
            alt="how much each layer changes, and its gradient",
        )
        st.caption(plain(layers_text(probe)))


def layers_text(probe: Probe) -> str:
    """Which layer learned most in this epoch, and how many relu units are silent."""
    moved = {name: value for name, values in probe.layers.items() if (value := values.get("moved")) is not None}
    silent = {name: value for name, values in probe.layers.items() if (value := values.get("silent")) is not None}
    parts = []
    if moved:
        most = max(moved, key=moved.__getitem__)
        parts.append(f"{most} moved most: by {100 * moved[most]:.2g} % of its length.")
    if silent:
        listed = ", ".join(f"{name} {100 * value:.0f} %" for name, value in silent.items())
        parts.append(f"Dead relu units (0 for every validation digit): {listed}.")
    return " ".join(parts) or "Lengths are those of the vector of all the kernel's weights."


def _ending(run: Run) -> None:
    history, status = run.history, run.status
    if status in ("running", "paused"):
        return
    text = run.kept
    match status:
        case "failed":
            st.error(plain(text), icon=":material/error:")
        case "interrupted":
            st.warning(plain(text), icon=":material/warning:")
        case _:
            st.success(plain(text), icon=":material/check:")
    if history.epochs:
        st.caption(plain(reading(history)))
    if run.weights_file:
        with st.container(horizontal=True):
            for name, label in (("evaluate", "Find where it fails"), ("draw", "Draw for it")):
                if st.button(label, icon=PAGES[name].icon, key=f"to-{name}"):
                    state.put("run", run.path.name)
                    go_to(name)


def _nothing_yet() -> None:
    """A shipped run's curves as a backdrop, or what to do first."""
    for name in (state.get("preset"), "reference-cnn"):
        try:
            shipped = cache.store().open(name)
        except RunError:
            continue
        curves(shipped, faint=True)
        st.caption(
            f"Nothing trained yet. Faint: how the shipped {PRESETS[name].name} was trained, on {_images(shipped)} digits."
        )
        return
    st.info("Nothing trained yet. Press Train; the curves appear here within seconds.", icon=":material/info:")


def smoothed(smoothing: float) -> str:
    """Why the two curves of loss are not to be compared, with the least that the smoothed one can reach."""
    label, other = 1 - 0.9 * smoothing, smoothing / 10
    least = -label * math.log(label) - 9 * other * math.log(other)
    return (
        f"Training loss is by labels smoothed by {smoothing:g}, at least {least:.2f} nats; validation is not smoothed. Compare "
        "their accuracies, not their losses."
    )


def _images(run: Run) -> str:
    return f"{run.history.started.train_images:,}" if run.history.started else "its"


LASTING = 2  # epochs: one noisy epoch is no overfitting


def reading(history: History) -> str:
    """One sentence on what this run's curves say."""
    last, best = history.epochs[-1], history.best
    gap = last.val_loss - last.loss
    text = f"Last epoch: validation accuracy {100 * last.val_accuracy:.2f} %, loss {last.val_loss:.4f}."
    if best and best.epoch < last.epoch:
        text += f" Validation loss was lowest after epoch {best.epoch} ({best.val_loss:.4f})."
    if gap > 0.02 and best and last.epoch - best.epoch >= LASTING and last.loss < best.loss:
        return (
            f"{text} It has been higher for {last.epoch - best.epoch} epochs, while training loss went on falling to "
            f"{last.loss:.4f}: this is overfitting."
        )
    if gap < 0:
        return (
            f"{text} Training loss is {last.loss:.4f}: higher, for it is taken while the weights move, with dropout, "
            "changed or spoiled pictures, and wrong or smoothed labels where the run has them."
        )
    return f"{text} The gap to the training loss ({last.loss:.4f}) is {gap:.4f}."
