"""Two runs on the same digits: where they differ, whether that could be luck, and what was set differently."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from ..comparison import Comparison
from ..experiment import differences
from ..figures.versus import Curve, both
from ..runs import Run
from . import parts, trouble
from .differing import differing
from .scored import Scored, pictures
from .table import Column, table

SHOWN = 21


def versus(first: Scored, second: Scored | None) -> None:
    """A is the run that is looked at, B the second one."""
    if second is None:
        st.info("Choose a second run at the top of this page to compare with.", icon=":material/compare_arrows:")
        return
    st.markdown(f"**A** {trouble.plain(first.run.label)} · **B** {trouble.plain(second.run.label)}")
    compared = Comparison(first.result, second.result)
    counts = {name: len(rows) for name, rows in compared.groups.items()}
    names = {
        "both": "both right", "only the first": "only A right", "only the second": "only B right", "neither": "both wrong",
    }  # fmt: skip
    left, right = st.columns([5, 7], gap="large")
    with left:
        st.markdown(verdict(compared))
        st.caption(
            f"McNemar's exact test, p = {compared.p:.3g}: the chance of {counts['only the first']} against "
            f"{counts['only the second']}, or a larger imbalance, were both equally good. Digits that both read or both "
            "miss do not count in it."
        )
        _per_digit(compared)
    with right:
        group = st.segmented_control(
            "Test digits", list(names), default="only the second", required=True, key="versus-group",
            format_func=lambda name: f"{names[name]} · {counts[name]:,}", help="Choose a group to see its pictures.",
        )  # fmt: skip
        pictures(compared.groups[group], first, f"versus-{group.replace(' ', '-')}", SHOWN, second)
        st.caption("The digits with the largest loss of both together come first.")
    loss, accuracy, settings = st.columns(3, gap="large")
    curves: tuple[tuple[Any, Curve], ...] = ((loss, "loss"), (accuracy, "accuracy"))
    for place, what in curves:
        place.plotly_chart(
            both(first.run.history, second.run.history, what),
            key=f"versus-{what}", config=parts.chart(f"two-runs-{what}"), alt=f"{what} of both runs on validation",
        )  # fmt: skip
    loss.caption(_curves(first, second))
    with settings:
        _settings(first, second)


def _per_digit(compared: Comparison) -> None:
    """Of each digit, how many A and B read, the largest difference first."""
    labels = compared.first.labels
    a, b = (np.bincount(labels[one.right], minlength=10) for one in (compared.first, compared.second))
    order = np.argsort(-np.abs(a - b), kind="stable")
    counts = np.bincount(labels, minlength=10)
    table(
        ["digit", *(Column(name, form=",") for name in ("images", "A right", "B right")), Column("A − B", form="+d")],
        [(str(d), int(counts[d]), int(a[d]), int(b[d]), int(a[d] - b[d])) for d in order],
        key="versus-digits", alt="right answers of both runs for each digit", sort=True,
    )  # fmt: skip
    most = int(order[0])
    if a[most] == b[most]:
        st.caption("On every digit both are right equally often.")
    else:
        better = "A" if a[most] > b[most] else "B"
        st.caption(f"The difference is largest on {most}: {better} reads {abs(int(a[most] - b[most])):,} more of them.")


def verdict(compared: Comparison) -> str:
    """One sentence on whether one of them is better."""
    a, b = compared.first.accuracy, compared.second.accuracy
    if (compared.first.answers == compared.second.answers).all():
        return "**The two answer every digit alike.**"
    better = f"A is right on {100 * a:.2f} %, B on {100 * b:.2f} %"
    if compared.could_be_luck:
        return f"**This difference could be luck:** {better}."
    return f"**This difference is unlikely to be luck:** {better}, so {'A' if a > b else 'B'} is better on digits like these."


def _settings(first: Scored, second: Scored) -> None:
    st.markdown("**Only what is set differently**")
    found = differences(first.run.experiment, second.run.experiment)
    if found:
        differing(found, "A", "B")
    else:
        st.caption("Both runs have the same settings.")


def _curves(first: Scored, second: Scored) -> str:
    best = [(name, one.run.history.best) for name, one in (("A", first), ("B", second))]
    told = [
        f"{name} reached its lowest validation loss, {e.val_loss:.4f}, after epoch {e.epoch}" for name, e in best if e
    ]
    if not told:
        return "Neither has a whole epoch yet."
    apart = " They were validated on different digits, so a small difference between the curves may come from these."
    return f"{'; '.join(told)}.{apart if _validation(first.run) != _validation(second.run) else ''}"


def _validation(run: Run) -> tuple[object, ...]:
    """What decides which digits a run was validated on (`data.digits.split`)."""
    started, experiment = run.history.started, run.experiment
    found = (started.digits, started.validation_images) if started else ()
    return (*found, experiment.train.seed, experiment.data.leave_out_sample)
