"""The confusion matrix, and the pictures behind each of its cells."""

from __future__ import annotations

import streamlit as st

from ..evaluation import Evaluation
from ..figures.scores import VIEWS, confusion_matrix
from . import cache, frame, parts, state, trouble
from .gallery import gallery, picked_cell
from .scored import Scored, captions, closer

PAIRS = 5
CELL = ("cell-label", "cell-answer")
SHOWN = 18  # so that a closer look at one of them still stands beside the matrix


def matrix(scored: Scored, second: Scored | None) -> None:
    """The matrix at the left, the chosen cell's pictures at the right."""
    left, right = st.columns(2, gap="large")
    with left:
        _matrix(scored, second)
    with right:
        _cell(scored, second)


def _matrix(scored: Scored, second: Scored | None) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = st.segmented_control(
            "Show", VIEWS, default="counts", required=True, key="matrix-view",
            help="Counts; shares of each label (its diagonal is recall); shares of each answer (its diagonal is precision).",
        )  # fmt: skip
        diagonal = st.toggle(
            "Diagonal", True, key="matrix-diagonal", disabled=view == "errors only",
            help="Right answers. Hidden, the mistakes have all the shades to themselves.",
        )  # fmt: skip
    key = f"matrix-{state.get('matrix_drawn')}" if state.get("matrix_drawn") else "matrix"
    _take(key)
    st.plotly_chart(
        confusion_matrix(
            scored.result, view, _chosen(scored), scored.note, diagonal=diagonal,
            second=second.result if second else None, ink=parts.ink(),
        ),
        key=key, on_select="rerun", selection_mode="points", config=parts.chart("confusion-matrix"),
        alt="confusion matrix: labels down, answers across",
    )  # fmt: skip
    _choose(scored)
    pairs = scored.result.most_confused(PAIRS)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Most confused:" if pairs else "Nothing is confused.")
        for label, answer, count in pairs:
            st.button(
                f"{label} → {answer}: {count}", key=f"pair-{label}-{answer}", on_click=_show, args=(label, answer),
                type="tertiary", help=f"Show the {count} images of {label} that are answered {answer}.",
            )  # fmt: skip
    st.caption(
        f"{_mixed_up(scored.result, pairs)}Green is right, vermilion is wrong. Click a cell to see its pictures."
    )


def _choose(scored: Scored) -> None:
    """Any cell without a pointer, and with a finger where cells are small."""
    cell = _chosen(scored)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for key, name, now in zip(CELL, ("Label", "Answer"), cell or (0, 0), strict=True):
            if st.session_state.get(key) != now:
                st.session_state[key] = now
            st.selectbox(
                name, range(10), key=key, on_change=_choose_cell, width=96, filter_mode=None,
                help="Chooses a cell of the matrix as a click does: images of this label with this answer.",
            )  # fmt: skip


@trouble.guarded
def _choose_cell() -> None:
    label, answer = (int(st.session_state[key]) for key in CELL)
    _show(label, answer)


def _mixed_up(result: Evaluation, listed: list[tuple[int, int, int]]) -> str:
    """The pair that is confused most, both ways together, and what the list of cells leaves out; ends with a space."""
    pair = result.most_mixed_up()
    if pair is None:
        return ""
    one, other, count = pair
    last = listed[-1][2]
    alike = sum(n == last for *_, n in result.most_confused(90)) - sum(n == last for *_, n in listed)
    cut = f"{alike} more {'cell holds' if alike == 1 else 'cells hold'} {last} as well. " if alike else ""
    return f"{cut}Both ways together, {one} and {other} are confused most: {_images(count)}. "


def _take(key: str) -> None:
    """A cell that was just clicked; one that was clicked long ago, before something else was chosen, no longer counts."""
    found = picked_cell(st.session_state.get(key))
    if found is not None and (key, found) != st.session_state.get("matrix-taken"):
        st.session_state["matrix-taken"] = (key, found)
        state.put("cell", 10 * found[0] + found[1])


@trouble.guarded
def _show(label: int, answer: int) -> None:
    state.put("cell", 10 * label + answer)
    state.put("matrix_drawn", state.get("matrix_drawn") + 1)  # a new chart, in which no cell was clicked yet


def _chosen(scored: Scored) -> tuple[int, int] | None:
    """The clicked cell, else that of the most frequent mistake."""
    if (cell := state.get("cell")) is not None:
        return divmod(cell, 10)
    worst = scored.result.most_confused(1)
    return worst[0][:2] if worst else None


def _cell(scored: Scored, second: Scored | None) -> None:
    cell = _chosen(scored)
    if cell is None:
        st.info("No mistakes at all. Click a cell of the diagonal to see its pictures.", icon=":material/info:")
        return
    label, answer = cell
    rows = scored.result.cell(label, answer)
    order = ", most confident first" if len(rows) > 1 else ""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{_images(len(rows))} of {label} answered {answer}**{order}", width="content")
        if len(rows):
            _all_in_explore(label, answer, int(rows[0]))
    if second is not None:
        other = second.result.cell(label, answer)
        shared = len(set(rows.tolist()) & set(other.tolist()))
        st.caption(
            trouble.plain(
                f"The second run, {second.run.label}: {_images(len(other))} in this cell, {shared} of them the same."
            )
        )
    if not len(rows):
        st.info(trouble.plain(f"{scored.run.label} puts no test digit in this cell."), icon=":material/info:")
        return
    shown, looked = rows[:SHOWN], st.session_state.get("looked")
    marked = looked if type(looked) is int and looked in shown else int(shown[0])
    gallery(
        cache.dataset().test.images[shown], captions(shown, scored.result), shown, key=f"cell-{label}-{answer}", size=74,
        right=scored.result.right[shown], marked=marked, on_pick=_look, alt="test digits with label, answer and confidence",
    )  # fmt: skip
    more = f"The first {SHOWN}. " if len(rows) > SHOWN else ""
    st.caption(f"{more}Under each: label → answer, and the answer's probability. Click one to look closer.")
    closer(scored, marked, "cell-near")


def _all_in_explore(label: int, answer: int, first: int) -> None:
    if st.button(
        "All in Explore", key="cell-explore", type="tertiary", icon=frame.PAGES["explore"].icon,
        help="Explore's gallery, filtered to this label and this answer of the chosen network.",
    ):  # fmt: skip
        st.session_state.update(set="test", label=label, answer=answer, answers="all", page=1, digit=first)
        frame.go("explore")


def _look(row: int) -> None:
    st.session_state["looked"] = row


def _images(count: int) -> str:
    return f"{count:,} {'image' if count == 1 else 'images'}"
