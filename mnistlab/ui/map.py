"""A map of digits, below the gallery: alike ones near each other; what is circled fills the gallery."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from ..data.attributes import ATTRIBUTES
from ..data.digits import Bytes
from ..events import MapStep, Orders
from ..figures.colours import DIGIT_COLOURS, RIGHT, WRONG, shades
from ..neighbours import subset
from ..pca import MAP_AXES, MAP_DIGITS
from ..runs import RunError
from . import cache, state
from .component import component
from .filters import Choice
from .link import Field, one_of, whole
from .trouble import boundary, guarded, plain

if TYPE_CHECKING:
    from ..engine import Job

METHODS = ("PCA", "t-SNE")
SOURCES = ("pixels", "network")
COLOURS = ("label", "answer", "right or wrong", *ATTRIBUTES)
FIELDS = (
    Field("map", "PCA", one_of(METHODS)),
    Field("from", "pixels", one_of(SOURCES)),
    Field("colour", "label", one_of(COLOURS)),
    Field("count", 1000, whole(100, MAP_DIGITS)),
)
PERPLEXITY = 30.0  # about how many neighbours each point looks at; the usual value
LEAST = 30  # digits that make a map
SHADES = 5  # of an attribute's scale, in the legend
HOW = (
    "Hover over a point, or go from point to point with the arrow keys, to see the digit; click it, or press Enter, to "
    "select it. Draw a line around some, or press Shift and Enter for those about a point, and the gallery shows only them."
)


_map = component(
    "map",
    '<div class="map"><canvas tabindex="0" role="application"></canvas>'
    '<figure hidden aria-live="polite"><canvas width="28" height="28"></canvas><figcaption></figcaption></figure>'
    '<p class="legend"></p></div>',
)


def digit_map(choice: Choice) -> None:
    """The settings, and the map of the digits that pass the filters."""
    method, source, colour, count = _settings(choice)
    rows = _on_the_map(choice, count)
    if len(rows) < LEAST:
        st.info(f"A map needs at least {LEAST} digits; widen the filters above.", icon=":material/info:")
        return
    try:
        run = choice.network if source == "network" else None
        components = cache.components(choice.split, rows, run)
        shown = _Points(choice, rows, *_coloured(choice, rows, colour))
    except (RunError, ValueError) as error:
        st.error(plain(f"This network has nothing to make a map of: {error}."), icon=":material/error:")
        return
    if method == "PCA":
        _draw(shown, components[:, :2])
        st.caption(f"{_shown(choice, rows)} Across and down: the first two principal components. {HOW}")
        return
    job = _job(components, (choice.split, run.path.name if run else "", rows.tobytes()))
    if job is not None:
        st.fragment(_watch, run_every=None if job.over else 0.7)(shown, components, job, [True])


def _on_the_map(choice: Choice, count: int) -> NDArray[np.intp]:
    """Row numbers of at most `count` digits that pass: the same ones in whatever order the gallery shows them."""
    return np.sort(choice.passing)[subset(len(choice.passing), count)].astype(np.intp)


def _shown(choice: Choice, rows: NDArray[np.intp]) -> str:
    passing, all_of = len(choice.passing), len(choice.digits)
    which = "digits" if passing == all_of else f"digits that pass the filters above, of {all_of:,} in all"
    return f"On the map: {len(rows):,} of {passing:,} {which}."


def _settings(choice: Choice) -> tuple[str, str, str, int]:
    first, second, third, fourth = st.columns([3, 5, 4, 3], vertical_alignment="bottom")
    first.segmented_control(
        "Method", METHODS, required=True, key="map", persist_state="session",
        help="PCA: the two directions along which the digits differ most. t-SNE: neighbours stay neighbours.",
    )  # fmt: skip
    network = choice.run.label if choice.run else "the chosen network"
    second.segmented_control(
        "From", SOURCES, required=True, key="from", persist_state="session",
        format_func={"pixels": "pixels", "network": f"what {plain(network)} makes of them"}.__getitem__,
        help="The 784 pixels, or the numbers that go into the network's output layer, from which it answers; without a hidden "
        "layer these are the pixels.",
    )  # fmt: skip
    third.selectbox(
        "Colour", COLOURS, key="colour", persist_state="session", format_func=_words,
        help="What a point's colour says: its label, what the chosen network answers, or an attribute.",
    )  # fmt: skip
    fourth.number_input(
        "Digits", 100, MAP_DIGITS, step=100, key="count", persist_state="session",
        help=f"At most so many, up to {MAP_DIGITS:,}, drawn at random from those that pass the filters above.",
    )  # fmt: skip
    session = st.session_state
    return session["map"], session["from"], session["colour"], session["count"]


def _words(name: str) -> str:
    return name.replace("_", " ")


@dataclass(frozen=True, eq=False)
class _Points:
    """What of a map stays the same while its points move."""

    choice: Choice
    rows: NDArray[np.intp]
    colours: list[str]
    groups: list[int] | None
    """A digit for each point, written where most of its points are."""
    legend: list[tuple[str, str]]


def _coloured(
    choice: Choice, rows: NDArray[np.intp], colour: str
) -> tuple[list[str], list[int] | None, list[tuple[str, str]]]:
    """Each point's colour, its group, and the legend. Raises `RunError` when it takes answers and there are none."""
    if colour in ATTRIBUTES:
        values = cache.attributes(choice.split)[colour][rows]
        low, high = (float(v) for v in np.quantile(values, [0.02, 0.98]))
        steps = np.linspace(0, 1, SHADES)
        legend = [(c, f"{low + (high - low) * s:.3g}") for c, s in zip(shades(steps), steps, strict=True)]
        return shades((values - low) / max(high - low, 1e-9)), None, [*legend, ("", ATTRIBUTES[colour].unit)]
    digits = choice.digits.labels[rows].astype(np.intp)
    if colour != "label":
        answered = cache.answers(choice.network, choice.split, rows)
        if colour == "right or wrong":
            wrong = answered.mistakes
            legend = [(RIGHT, f"{len(rows) - wrong:,} answered right"), (WRONG, f"{wrong:,} answered wrong")]
            return [RIGHT if ok else WRONG for ok in answered.right], None, legend
        digits = answered.answers
    counts = np.bincount(digits, minlength=10)
    legend = [(DIGIT_COLOURS[d], f"{d} ({counts[d]:,})") for d in range(10) if counts[d]]
    return [DIGIT_COLOURS[d] for d in digits], digits.tolist(), legend


def _job(components: NDArray[np.float32], wanted: tuple[Any, ...]) -> Job | None:
    """The t-SNE of these digits: the one that is there, or a new one."""
    from ..engine import MAP, EngineError  # Dask takes 0.4 s to import, and only this map needs it here

    held = st.session_state.get("map-job")
    if held is not None and held[0] == wanted and (held[1].id in cache.engine().jobs or held[1].over):
        return held[1]
    try:
        if held is not None and not held[1].over:
            cache.engine().control(held[1].id, Orders(stop=True))
        job = cache.engine().start(MAP, components[:, :MAP_AXES], PERPLEXITY, 0)
    except EngineError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return None
    st.session_state["map-job"] = (wanted, job)
    return job


@boundary("The map")
def _watch(shown: _Points, components: NDArray[np.float32], job: Job, first: list[bool]) -> None:
    """The map while its points move. Only the `first` time do the pictures travel; the browser keeps them."""
    if job.failed:
        st.error(plain(job.failed), icon=":material/error:")
        return
    step = job.last if isinstance(job.last, MapStep) else None
    if not job.over:
        done = 0.0 if step is None else step.iteration / step.iterations
        waits = " A training goes first." if step is None and cache.store().live else ""
        st.progress(done, text=f"t-SNE, {round(100 * done)} % of its steps.{waits}")
    whole = bool(first) and first.pop()
    _draw(shown, components[:, :2] if step is None else step.arrays["points"], whole=whole)
    if step is not None:
        st.caption(
            f"{_shown(shown.choice, shown.rows)} Near points are alike; distances between groups and their sizes mean nothing "
            "on such a map. "
            f"Step {step.iteration} of {step.iterations}, divergence {step.kl:.2f} nats. {HOW}"
        )
    if st.session_state.pop("map-touched", False) and not whole:
        st.rerun()  # the gallery, too, shows what was picked
    if job.over and st.session_state.get("map-drawn") != job.id:
        st.session_state["map-drawn"] = job.id
        st.rerun()  # it is done: the timer goes


def _draw(shown: _Points, points: NDArray[np.float32], *, whole: bool = True) -> None:
    choice, rows = shown.choice, shown.rows.tolist()
    still = {
        "images": base64.b64encode(_packed(choice.digits.images[shown.rows])).decode(),
        "keys": rows, "colours": shown.colours, "groups": shown.groups, "legend": shown.legend,
        "captions": [f"{row}: {label}" for row, label in zip(rows, choice.digits.labels[shown.rows], strict=True)],
        "circled": [row in choice.circled for row in rows] if choice.circled else None,
        "marked": state.selected()[1],
        "alt": f"map of {len(rows):,} {choice.split} digits",
    } if whole else None  # fmt: skip

    def picked() -> None:
        _picked(choice.split, frozenset(rows))

    _map(
        key="digit-map",
        data={"points": base64.b64encode(np.ascontiguousarray(points, np.float32).tobytes()).decode(), "still": still},
        on_lasso_change=guarded(picked),
    )


def _packed(images: Bytes) -> bytes:
    """16 greys a pixel, two pixels a byte: what a thumbnail needs."""
    greys = images.reshape(len(images), 392, 2) >> 4
    return (greys[..., 0] << 4 | greys[..., 1]).tobytes()


def _picked(split: str, offered: frozenset[int]) -> None:
    """Select one digit, or circle several. Only rows that were on the map count: the list comes from the browser."""
    found = st.session_state["digit-map"].get("lasso")
    rows = [row for row in found if type(row) is int and row in offered] if isinstance(found, list) else []
    st.session_state["map-touched"] = bool(rows)
    if len(rows) == 1:
        state.select(split, rows[0])
    elif rows:
        st.session_state["circled"] = (split, frozenset(rows))
        st.session_state["page"] = 1
