"""Accuracy by an attribute of the digits; each group leads to its pictures."""

from __future__ import annotations

import streamlit as st

from ..data.attributes import ATTRIBUTES
from ..figures.conditions import by_attribute, span
from ..intervals import wilson
from ..slices import Slices
from . import cache, parts, trouble
from .scored import Scored, pictures


def slices(scored: Scored) -> None:
    """The chosen attribute's groups at the left, the pictures of one at the right."""
    result = scored.result
    name = st.selectbox(
        "Attribute", list(ATTRIBUTES), key="slice-attribute", index=1,
        format_func=lambda name: name.replace("_", " "), help="What the digits are grouped by: see Explore, Attributes.",
    )  # fmt: skip
    about = ATTRIBUTES[name]
    groups = Slices.of(cache.attributes("test")[name])
    worst = groups.stands_out(result)
    key = f"slices-{name}"
    chosen = _clicked(st.session_state.get(key), len(groups.rows))
    if chosen is None:
        chosen = worst if worst is not None else int((groups.right(result) / groups.counts).argmin())
    left, right = st.columns(2, gap="large")
    with left:
        st.plotly_chart(
            by_attribute(groups, result, name, about.unit, chosen, scored.note), key=key, on_select="rerun",
            selection_mode="points", config=parts.chart(f"accuracy-by-{name}"), alt=f"accuracy by {name}",
        )  # fmt: skip
        st.caption(
            trouble.plain(f"{about.about} The dotted line is all digits. {_reading(groups, scored, worst, about.unit)}")
        )
        st.caption("Click a point to see its pictures.")
    with right:
        rows = groups.rows[chosen]
        dear = rows[(-result.losses[rows]).argsort(kind="stable")]
        wrong = int((~result.right[rows]).sum())
        where = span(groups.low[chosen], groups.high[chosen])
        st.markdown(
            f"**{name.replace('_', ' ').capitalize()} {where} {about.unit}: {wrong} of {len(rows):,} wrong**, highest loss first"
        )
        pictures(dear, scored, f"slice-{name}-{chosen}")


def _clicked(event: object, groups: int) -> int | None:
    """The group that a selection holds; it comes from the browser."""
    try:
        place = int(event["selection"]["points"][0]["customdata"][0])  # type: ignore[index]
    except (KeyError, IndexError, TypeError, ValueError, OverflowError):
        return None
    return place if 0 <= place < groups else None


def _reading(groups: Slices, scored: Scored, worst: int | None, unit: str) -> str:
    if worst is None:
        return "No group's interval lies wholly below it: on this many digits none is clearly worse."
    right, count = int(groups.right(scored.result)[worst]), int(groups.counts[worst])
    low, high = (100 * float(end) for end in wilson(right, count))
    return (
        f"Weakest at {span(groups.low[worst], groups.high[worst])} {unit}: {100 * right / count:.2f} % "
        f"({low:.2f} to {high:.2f} %), below the {100 * scored.result.accuracy:.2f} % of all. "
        f"With {len(groups.counts)} groups, one such may be chance: see whether the groups beside it are low too."
    )
