"""A training as it is watched: progress, loss and accuracy, how it ended."""

from __future__ import annotations

import streamlit as st

from ..figures.curves import learning
from ..history import History
from ..runs import Run, RunError
from . import cache, state
from .parts import CHART, PAGES, boundary, go, plain, progress_text, stop

SECONDS = 0.5  # between two looks while it runs


def monitor(run: Run) -> None:
    """Draw a run; while it goes on, look again twice a second."""
    live = run.id in cache.store().live
    st.fragment(_watch, run_every=SECONDS if live else None)(run.id, live)


def _watch(run_id: str, was_live: bool) -> None:
    with boundary("The training"):
        try:
            run = cache.store().open(run_id)
        except RunError as error:
            st.error(
                plain(f"{error}. Its curve cannot be shown; the other runs are not touched."), icon=":material/error:"
            )
            return
        if was_live and run_id not in cache.store().live:
            st.rerun()  # it ended: the timer goes, and the page shows the result
        _progress(run)
        curves(run.history, note=run.experiment.data.spoil.sentence)
        _ending(run)


def _progress(run: Run) -> None:
    left, right = st.columns([4, 1], vertical_alignment="center")
    with left:
        st.progress(run.history.done if run.status != "finished" else 1.0, text=_state(run))
    live = run.status in ("queued", "running")
    right.button(
        "Stop", icon=":material/stop:", key=f"stop-{run.id}", on_click=stop, args=(run.id,), disabled=not live, width="stretch",
        help="Ends the training within two seconds; the model so far is kept.",
    )  # fmt: skip


def _state(run: Run) -> str:
    text = progress_text(run) if run.status in ("queued", "running") else run.status
    return plain(f"{run.label} · {text}")


def curves(history: History, *, faint: bool = False, note: str = "") -> None:
    """Loss and accuracy side by side, in figures of fixed height."""
    for column, what in zip(st.columns(2), ("loss", "accuracy"), strict=True):
        column.plotly_chart(
            learning(history, what, faint=faint, note=note),  # type: ignore[arg-type]
            key=f"curve-{what}", config=CHART, alt=f"{what} of training and validation over the epochs",
        )  # fmt: skip


def _ending(run: Run) -> None:
    history = run.history
    if run.status in ("queued", "running"):
        st.caption(
            "Blue is training: faint for each chunk of steps, strong for its running mean. Orange is validation, each epoch."
        )
        return
    text = run.kept
    match run.status:
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
                if st.button(label, icon=PAGES[name][2], key=f"to-{name}"):
                    state.put("run", run.path.name)
                    go(name)


def reading(history: History) -> str:
    """One sentence on what this run's curves say."""
    last, best = history.epochs[-1], history.best
    gap = last.val_loss - last.loss
    text = f"Last epoch: validation accuracy {100 * last.val_accuracy:.2f} %, loss {last.val_loss:.4f}."
    if best and best.epoch < last.epoch:
        text += f" Validation loss was lowest after epoch {best.epoch} ({best.val_loss:.4f})."
    if gap > 0.02 and best and best.epoch < last.epoch:
        return (
            f"{text} Training loss went on falling to {last.loss:.4f} while validation loss rose: this is overfitting."
        )
    if gap < 0:
        return f"{text} Training loss is {last.loss:.4f}: higher, for it is taken while the weights move, dropout on."
    return f"{text} The gap to the training loss ({last.loss:.4f}) is {gap:.4f}."
