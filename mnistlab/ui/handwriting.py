"""My handwriting: a few drawings of each digit, how well they are read, and a copy of the network that learns them."""

from __future__ import annotations

import numpy as np
import streamlit as st

from .. import handwriting, limits, turns
from ..data.digits import Digits
from ..drawing import Prepared
from ..forward import Network
from ..handwriting import LEARN, TEST, Handwriting, HandwritingError
from ..limits import Limits
from ..runs import Run, RunError
from . import cache, canvas, parts, state, trouble
from .gallery import gallery
from .visitors import open_run, visitor


def my_handwriting(prepared: Prepared, run: Run, network: Network) -> None:
    """The guided drawing, what is there so far, and the adapted copy."""
    hand = Handwriting.of(state.get("examples"))
    left, right = st.columns(2, gap="large")
    with left:
        _guide(hand, prepared)
        _take_home(hand)
    with right:
        if len(hand):
            _score(hand, run, network)
            _adapting(hand, run, network)
        else:
            st.caption(
                f"Draw {LEARN} of each digit to learn from and {TEST} more to test on: about a minute. Then a copy of the "
                "chosen network learns your hand, and you see whether it helps."
            )


def _guide(hand: Handwriting, prepared: Prepared) -> None:
    """Which digit is to be drawn now, and the button that keeps the drawing."""
    whole = 10 * (LEARN + TEST)
    st.progress(min(1.0, len(hand) / whole), text=f"{len(hand)} of {whole} drawings")
    turn = hand.turn
    if turn is None:
        st.markdown("**All are drawn.** More may follow: choose which digit it is.")
        turn = int(st.selectbox("This drawing is a", range(10), key="examples-label", help="What you meant to write."))
    else:
        st.markdown(f"**Draw a {turn}** on the canvas above, then keep it.")
    with st.container(horizontal=True):
        st.button(
            f"Keep it as a {turn}", key="keep", icon=":material/check:", type="primary", on_click=_keep, args=(prepared, turn),
            disabled=prepared.empty or len(hand) >= handwriting.MOST, help="Adds the drawing and empties the canvas.",
        )  # fmt: skip
        st.button(
            "Take back the last",
            key="drop",
            icon=":material/undo:",
            on_click=_drop,
            disabled=not len(hand),
            help="If it went wrong.",
        )


@trouble.guarded
def _keep(prepared: Prepared, label: int) -> None:
    state.put("examples", (*state.get("examples"), (prepared.digit, label)))
    canvas.clear()


@trouble.guarded
def _drop() -> None:
    state.put("examples", state.get("examples")[:-1])


@trouble.guarded
def _delete() -> None:
    state.put("examples", ())
    state.put("adapted", None)


def _take_home(hand: Handwriting) -> None:
    """The drawings belong to the person: downloaded, deleted, brought back."""
    st.caption("Your drawings are kept in the memory of this machine while this tab is open, and nowhere else.")
    with st.container(horizontal=True):
        if len(hand):
            st.download_button(
                "Download", handwriting.write(hand), "my-handwriting.npz", icon=":material/download:", on_click="ignore",
                help="A file with all drawings and their digits, to bring back another day.",
            )  # fmt: skip
            st.button("Delete all", key="delete", icon=":material/delete:", on_click=_delete, help="Forgets them now.")
    if not len(hand):
        sent = st.file_uploader(
            "Or bring drawings back", type="npz", key="examples-file", max_upload_size=1,
            help="The file that Download gave.",
        )  # fmt: skip
        if sent is not None:
            try:
                state.put("examples", handwriting.read(sent.getvalue()).examples())
                st.rerun(scope="fragment")
            except HandwritingError as error:
                st.error(f"Not read: {error}.", icon=":material/error:")


def _right(network: Network, digits: Digits) -> int:
    return int((network.probabilities(digits.images).argmax(axis=1) == digits.labels).sum())


def _score(hand: Handwriting, run: Run, network: Network) -> None:
    """How the chosen network reads all drawings."""
    answers = network.probabilities(hand.images).argmax(axis=1)
    right = answers == hand.labels
    st.markdown(
        f"**Your accuracy: {100 * right.mean():.0f} %** ({right.sum()} of {len(hand)}) with {trouble.plain(run.label)}."
    )
    captions = [f"{y}" if ok else f"{y}→{a}" for y, a, ok in zip(hand.labels, answers, right, strict=True)]
    gallery(
        hand.images, captions, np.arange(len(hand)), key="examples", size=44, right=right,
        alt="your drawings, with what they are and what the network answers where it is wrong",
    )  # fmt: skip


def _adapting(hand: Handwriting, run: Run, network: Network) -> None:
    """The button, the progress, and the two networks before and after."""
    learned = hand.learned()
    adapted = state.get("adapted")
    ready = len(set(hand.labels[learned].tolist())) == 10
    off = limits.training_off()
    st.button(
        "Adapt", key="adapt", icon=":material/model_training:", type="primary", on_click=_adapt, args=(hand, run),
        disabled=not ready or bool(off) or adapting(),
        help="Trains a copy of this network on your drawings with MNIST's mixed in, for some seconds. The original stays.",
    )  # fmt: skip
    if off:
        st.caption(trouble.plain(off))
    elif not ready:
        st.caption("Adapt needs at least one drawing of each digit.")
    elif (refused := st.session_state.get("adapt-trouble")) is not None:
        st.error(trouble.plain(refused), icon=":material/error:")
    if adapted is not None:
        _outcome(hand, *adapted)


@trouble.guarded
def _adapt(hand: Handwriting, run: Run) -> None:
    from ..engine import EngineError  # Dask takes 0.4 s to import

    drawings = hand.part(hand.learned())
    if drawings is None or adapting():
        return
    who = visitor()
    st.session_state["adapt-trouble"] = turns.refusal(cache.store().living(), who, Limits.here()) or None
    if st.session_state["adapt-trouble"]:
        return
    try:
        made = cache.engine().adapt(
            handwriting.adapted(run.experiment), run.weights(), drawings, f"{run.label}, my handwriting",
            cache.dataset().sha256, who,
        )  # fmt: skip
        state.put("adapted", (run.path.name, made.id, len(drawings)))
    except (EngineError, RunError) as error:
        st.session_state["adapt-trouble"] = str(error)


def adapting() -> bool:
    """Whether a copy is learning the handwriting of this session now."""
    adapted = state.get("adapted")
    return adapted is not None and adapted[1] in cache.store().live


def _outcome(hand: Handwriting, original: str, copy: str, learned: int) -> None:
    """How far it is; at the end what it gained on drawings held out, and what it cost on MNIST."""
    try:
        before, after = open_run(original), open_run(copy)
    except RunError:
        state.put("adapted", None)  # one of them was removed
        return
    history = after.history
    if adapting():
        st.progress(history.done, text=f"Learning your hand: {parts.progress_text(after)}")
        return
    if after.weights_file is None:
        st.error(trouble.plain(after.kept or "It ended without a result."), icon=":material/error:")
        return
    networks = [cache.network(run) for run in (before, after)]
    held_out = hand.part(~hand.learned())
    if held_out is None:
        st.info("Draw one more of each digit: only drawings it has not learned from can tell whether it helped.")
    else:
        was, now = (100 * _right(network, held_out) / len(held_out) for network in networks)
        st.markdown(f"**On {len(held_out)} drawings it never learned from: {was:.0f} → {now:.0f} %.**")
    on_mnist = [100 * cache.evaluation(run).accuracy for run in (before, after)]
    seconds = sum(epoch.seconds for epoch in history.epochs)
    st.markdown(f"On MNIST's test digits: {on_mnist[0]:.2f} → {on_mnist[1]:.2f} %.")
    st.caption(
        f"It learned from {learned} drawings in {seconds:.0f} s. The copy is a run of its own, "
        f"“{trouble.plain(after.label)}”; {trouble.plain(before.label)} is as it was."
    )
    st.button(
        "Read my drawings with it", icon=":material/check:", on_click=_choose, args=(copy,),
        disabled=state.get("run") == copy, help="Chooses the adapted copy here and on Evaluate.",
    )  # fmt: skip


@trouble.guarded
def _choose(run_id: str) -> None:
    state.put("run", run_id)
    st.session_state.pop("choose-run", None)
