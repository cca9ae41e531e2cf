"""The buttons of a training and its learning rate: everything a person can tell it, also while it runs."""

from __future__ import annotations

import math

import streamlit as st

from .. import turns
from ..drawing import prepare
from ..experiment import Experiment, SpecError
from ..limits import Limits
from ..presets import PRESETS
from ..runs import Run, RunError, new_id
from . import cache, state
from .parts import steer, stop
from .trouble import boundary, guarded, plain
from .visitors import may_steer, open_run, visitor

FREE = "Starts at once, in the background: look at other pages meanwhile. Key: T."
BUSY = "This training is still running; stop it first."
THEIRS = "Not your training: only who started it can steer it."
OVER = ("finished", "stopped", "interrupted", "failed")


def controls(experiment: Experiment | None, run: Run | None) -> None:
    """One row of buttons, and the learning rate while it trains."""
    status = run.status if run else None
    busy = status is not None and status not in OVER
    own = run is not None and may_steer(run)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button(
            "Train", type="primary", icon=":material/play_arrow:", disabled=experiment is None or busy, key="train",
            on_click=start, args=(experiment, _label(experiment), next_run()), help=BUSY if busy else FREE, shortcut="T",
        )  # fmt: skip
        _pause(run, status, own)
        text = _help("Ends the training within two seconds; the model so far is kept. Key: S.", own, busy)
        st.button(
            "Stop", icon=":material/stop:", key="stop", on_click=stop, args=(run.id if run else "",), shortcut="S",
            disabled=not (busy and own), help=text,
        )  # fmt: skip
        more = own and run is not None and (busy or _continues(run))
        text = _help(f"Trains one epoch more, from where it is; also when it has ended. {_AFTER} Key: N.", own, busy)
        st.button(
            "+1 epoch", key="more-1", on_click=further, args=(run.id if run else "", 1), shortcut="N",
            disabled=not more or status == "queued", help=text,
        )  # fmt: skip
        with st.popover("More", disabled=not more or status == "queued"), boundary("More"):
            count = st.number_input(
                "Epochs",
                1,
                100,
                5,
                key="more-count",
                help="How many to add. The network goes on exactly where it stands.",
            )
            st.button(
                "Continue", key="more-n", on_click=further, args=(run.id if run else "", int(count)),
                help=f"Trains so many epochs more. {_AFTER}",
            )  # fmt: skip
    if text := st.session_state.pop("train-problem", ""):
        st.error(plain(text), icon=":material/error:")


_AFTER = "Where a schedule has lowered the learning rate, it stays at a hundredth."


def _help(text: str, own: bool, busy: bool) -> str:
    return THEIRS if busy and not own else text


def _pause(run: Run | None, status: str | None, own: bool) -> None:
    """Pause while it trains; Resume when it is paused, was interrupted or stopped by hand."""
    run_id = run.id if run else ""
    if run is not None and own and (status == "paused" or _unfinished(run)):
        st.button(
            "Resume", icon=":material/resume:", key="resume", on_click=go_on, args=(run_id,), shortcut="P",
            help="Goes on exactly where it was. Key: P.",
        )  # fmt: skip
        return
    text = _help("Waits within half a second, until Resume. Key: P.", own, status == "running")
    st.button(
        "Pause", icon=":material/pause:", key="pause", on_click=steer, args=(run_id,), kwargs={"pause": True}, shortcut="P",
        disabled=not (own and status == "running"), help=text,
    )  # fmt: skip


def _unfinished(run: Run) -> bool:
    """Whether it ended before what was planned, but not by its own rule."""
    return run.status == "interrupted" or (run.status == "stopped" and _continues(run) and run.history.done < 1)


def _continues(run: Run) -> bool:
    """Whether a run that is over can go on."""
    return not run.shipped and run.history.checkpoint is not None and run.history.failed is None


def learning_rate(run: Run) -> None:
    """A slider of rates around the present one; a new one applies at once, without starting anew."""
    current = run.history.learning_rate or run.experiment.train.learning_rate
    key = f"rate-{run.id}"
    # set here before, in another tab or never; or the slider was away with its page, and would come back at its lowest
    if st.session_state.get(f"{key}-seen") != current or key not in st.session_state:
        st.session_state[f"{key}-seen"] = st.session_state[key] = current
    st.select_slider(
        "Learning rate", rates(current, run.experiment.train.learning_rate), key=key, format_func=lambda rate: f"{rate:g}",
        on_change=_set_rate, args=(run.id, key), disabled=run.status not in ("running", "paused") or not may_steer(run),
        help="Applies within half a second, without a restart; the curve marks where. The schedule, if there is one, "
        "still multiplies it; in epochs added to those planned by a hundredth.",
    )  # fmt: skip


def rates(*known: float) -> list[float]:
    """1, 2 and 5 of each power of ten from a millionth up to 10, and the rates that are known."""
    series = {float(f"{digit}e{power}") for power in range(-6, 1) for digit in (1, 2, 5)} | {10.0}
    return sorted({rate for rate in series if not any(math.isclose(rate, one) for one in known)} | set(known))


@guarded
def _set_rate(run_id: str, key: str) -> None:
    steer(run_id, learning_rate=float(st.session_state[key]))
    st.session_state[f"{key}-seen"] = float(st.session_state[key])


@guarded
def start(experiment: Experiment, label: str, run_id: str) -> None:
    """Train. The button carries the id of the run it starts, so that impatient clicks all mean the same run."""
    from ..engine import EngineError

    if state.get("training") in cache.store().live:
        return
    who = visitor()
    try:
        reason = turns.refusal(cache.store().living(), who, Limits.here())
        if not reason:
            sheet = state.get("sheets").now
            prepared = prepare(sheet.picture)
            drawing = sheet.ready if sheet.ready is not None else None if prepared.empty else prepared.digit
            run = cache.engine().submit(experiment, label, cache.dataset().sha256, run_id, drawing=drawing, visitor=who)
            state.put("training", run.id)
            return
    except (EngineError, RunError, SpecError) as error:
        reason = str(error)
    st.session_state["train-problem"] = reason


@guarded
def go_on(run_id: str) -> None:
    """End a pause, or go on with what was interrupted or stopped."""
    if run_id in cache.store().live:
        steer(run_id, pause=False)
    else:
        again(run_id)


def again(run_id: str, epochs: int | None = None) -> None:
    """Go on with a run that is over, up to `epochs` in all."""
    from ..engine import EngineError

    try:
        if may_steer(open_run(run_id)):
            cache.engine().resume(run_id, cache.dataset().sha256, epochs)
    except (EngineError, RunError) as error:
        st.session_state["train-problem"] = str(error)


@guarded
def further(run_id: str, epochs: int) -> None:
    """Train so many epochs more: added to those planned while it trains, to those done when it is over."""
    try:
        run = open_run(run_id)
    except RunError as error:
        st.session_state["train-problem"] = str(error)
        return
    if run_id in cache.store().live:
        steer(run_id, epochs=run.history.planned + epochs)
    else:
        again(run_id, len(run.history.epochs) + epochs)


def _label(experiment: Experiment | None) -> str:
    """The preset's name, and whether anything in it was changed."""
    preset = PRESETS[state.get("preset")]
    return preset.name if experiment == preset.experiment else f"{preset.name}, changed"


def next_run() -> str:
    """The id that the next run will have; another one as soon as that run was started."""
    if state.get("next_run") in (None, state.get("training")):
        state.put("next_run", new_id())
    return str(state.get("next_run"))
