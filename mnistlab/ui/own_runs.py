"""A person's own runs: to start from, to pin, and to bring one along from another lab."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from .. import parcel
from ..limits import Limits
from ..runs import Run, RunError
from . import cache, fields, state
from .trouble import boundary, guarded, plain
from .visitors import may_steer, open_run, runs, visitor

LISTED = 50
UPLOADS = "uploads"  # session key: grows with every file, so that the next one finds an empty place
ADDED = "run-added"  # session key: the label of the run that was just added
PROBLEM = "run-problem"  # session key: why the last click did nothing


def own_runs(start_from: Callable[[Run], None]) -> None:
    """Each run with its pin, the newest first; a click on its name calls `start_from`."""
    _said()
    own = [run for run in runs() if not run.shipped][:LISTED]
    if own:
        st.caption("The newest first. What it was trained with comes into the editor.")
    else:
        st.caption("No run of yours yet. Press Train; what you trained is then listed here.")
    for run in own:
        _row(run, start_from)
    if own:
        taken, bound = cache.store().taken(), Limits.here().disk
        st.caption(
            f"Runs take {taken / 1e6:,.0f} of {bound / 1e6:,.0f} MB here. When that is full, the oldest without a pin go "
            "first."
        )
    _way_in()


def _row(run: Run, start_from: Callable[[Run], None]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if may_steer(run):
            st.button(
                "Pinned" if run.pinned else "Pin", icon=":material/keep:" if run.pinned else ":material/keep_off:",
                key=f"pin-{run.id}", type="tertiary", on_click=_pin, args=(run.id, not run.pinned),
                help="A pinned run stays. The others go, the oldest first, when runs have filled the disk's bound.",
            )  # fmt: skip
        st.button(
            plain(f"{run.label} · {run.created[5:16].replace('T', ' ')}"), key=fields.key(f"run-{run.id}"), type="tertiary",
            on_click=guarded(start_from), args=(run,),
        )  # fmt: skip


def _way_in() -> None:
    most = min(st.get_option("server.maxUploadSize"), parcel.most_bytes() // 1_000_000)
    st.file_uploader(
        "Add a run (.zip)", key=_place(), on_change=_add, max_upload_size=most,
        help="The .zip of a run, taken along from this or another lab: there under Keras code, Run (.zip). Other files are "
        "refused unopened. A larger one is added with python -m mnistlab runs --add FILE.zip",
    )  # fmt: skip


def _said() -> None:
    if label := st.session_state.pop(ADDED, ""):
        st.success(plain(f"Added: {label}. Evaluate and Draw use it now."), icon=":material/check:")
    if problem := st.session_state.pop(PROBLEM, ""):
        st.error(plain(problem), icon=":material/error:")


def _place() -> str:
    return f"add-run-{st.session_state.get(UPLOADS, 0)}"


@guarded
def _add() -> None:
    with boundary("The file"):
        sent = st.session_state.get(_place())
        if sent is None:
            return
        st.session_state[UPLOADS] = st.session_state.get(UPLOADS, 0) + 1
        try:
            run = parcel.add(cache.store(), sent.getvalue(), visitor())
        except RunError as error:
            st.session_state[PROBLEM] = f"{str(error)[0].upper()}{str(error)[1:]}."
            return
        state.put("run", run.id)
        st.session_state[ADDED] = run.label


@guarded
def _pin(run_id: str, pinned: bool) -> None:
    with boundary("The pin"):
        try:
            if may_steer(open_run(run_id)):
                cache.store().pin(run_id, pinned)
        except RunError as error:
            st.session_state[PROBLEM] = f"{str(error)[0].upper()}{str(error)[1:]}."
