"""Take it along: figures as files, tables as CSV, and the whole evaluation as one HTML file."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import streamlit as st

from ..calibration import BINS, Reliability, Selective
from ..comparison import Comparison
from ..corruptions import CORRUPTIONS, STRENGTHS
from ..data.attributes import ATTRIBUTES
from ..evaluation import Evaluation
from ..figures import conditions, curves, scores
from ..figures import trust as trust_figures
from ..report import Section, Table, to_csv, to_html
from ..robustness import Card
from ..slices import Slices
from . import cache, parts, work
from .per_digit import each_digit
from .scored import SHOWN, Scored, captions
from .versus import verdict


def report(scored: Scored, second: Scored | None) -> None:
    """Three ways to keep what this page shows."""
    st.markdown("**The whole evaluation, one file**")
    name = f"evaluation-{scored.run.path.name}"
    st.download_button(
        "Download as HTML", lambda: html(scored, second), f"{name}.html", "text/html", key="report-html", type="primary",
        icon=":material/download:", on_click="ignore",
        help="About 5 MB; every figure in it can be hovered over, and it opens without a network.",
    )  # fmt: skip
    card = work.card(scored.run)
    st.caption(
        "Numbers, matrix, each digit, mistakes, trust, slices and curves"
        + (", the robustness card" if card else "; run the robustness card first to have it in the file")
        + (
            ", and the comparison with the second run."
            if second
            else ". Choose a second run to have the comparison too."
        )
    )
    st.markdown("**Tables**")
    with st.container(horizontal=True):
        for title, one in tables(scored, card).items():
            st.download_button(
                f"{title}.csv", to_csv(one), f"{name}-{title}.csv".replace(" ", "-"), "text/csv", key=f"csv-{title}",
                icon=":material/table:", on_click="ignore",
            )  # fmt: skip
    st.markdown("**Figures**")
    st.segmented_control(
        "Save as", parts.FORMATS, default=parts.FORMATS[0], required=True, key="figure-format", persist_state="session",
        help="SVG stays sharp at any size; PNG is taken by every program.",
    )  # fmt: skip
    st.caption(
        "Each figure of this page has a camera at its top right, seen when the pointer is over it: it saves the figure."
    )


def tables(scored: Scored, card: Card | None) -> dict[str, Table]:
    """The page's tables by title."""
    result = scored.result
    wrong = result.worst(len(result.labels))
    listed = zip(
        wrong, result.labels[wrong], result.answers[wrong], result.confidence[wrong], result.losses[wrong], strict=True
    )
    found = {
        "per digit": each_digit(result),
        "confusion": Table(
            ["label", *(f"answer {d}" for d in range(10))],
            [[d, *(int(n) for n in result.confusion[d])] for d in range(10)],
        ),
        "mistakes": Table(
            ["test digit", "label", "answer", "confidence", "loss"],
            [[int(i), int(y), int(a), float(c), float(e)] for i, y, a, c, e in listed],
        ),
        "slices": _slices(result),
    }
    if card is not None:
        names = ["corruption", *(f"strength {s}" for s in range(STRENGTHS + 1))]
        found["robustness"] = Table(
            names, [[n, *map(float, row)] for n, row in zip(CORRUPTIONS, card.accuracy, strict=True)]
        )
    return found


def _slices(result: Evaluation) -> Table:
    rows: list[list[str | int | float]] = []
    for name, values in cache.attributes("test").items():
        groups = Slices.of(values)
        right = groups.right(result)
        for low, high, count, good in zip(groups.low, groups.high, groups.counts, right, strict=True):
            rows.append([name, float(low), float(high), int(count), int(good), float(good / count)])
    return Table(["attribute", "from", "to", "digits", "right", "accuracy"], rows)


def html(scored: Scored, second: Scored | None) -> bytes:
    """The whole evaluation as one file."""
    result, run, card = scored.result, scored.run, work.card(scored.run)
    where = "of the bundled sample" if cache.dataset().is_sample else "of the MNIST test set"
    low, high = (100 * end for end in result.interval())
    about = (
        f"Answers to {len(result.labels):,} digits {where} (sha256 {cache.dataset().test.sha256[:12]}…). {run.kept} "
        f"{scored.note} Made with MNIST Lab, {datetime.now(UTC):%d %B %Y}."
    )
    raw, curve = Reliability.of(result), Selective.of(result)
    found = tables(scored, card)
    sections = [
        Section(
            "Result",
            [f"Accuracy {100 * result.accuracy:.2f} %, 95 % interval {low:.2f} to {high:.2f} %.",
             f"Settings: {run.experiment.to_json()}"],
            [_sets(scored)],
        ),
        Section(
            "Confusion matrix", ["Labels down, answers across."], [],
            [scores.confusion_matrix(result, view, note=scored.note) for view in scores.VIEWS],
        ),
        Section("Each digit", [], [found["per digit"]], [scores.per_digit(result, scored.note)]),
        _pictures("Most confident errors", scored, result.surest_mistakes(SHOWN)),
        _pictures("Least confident right answers", scored, result.least_sure(SHOWN)),
        Section(
            "Trust", [f"Expected calibration error {100 * raw.error:.2f} %, {BINS} bins."], [],
            [trust_figures.reliability(raw, note=scored.note), trust_figures.selective(curve, note=scored.note)],
        ),
        Section("Slices", [], [], [_slice_figure(name, scored) for name in ATTRIBUTES]),
        Section("How it was trained", [], [], [curves.learning(run.history, what) for what in ("loss", "accuracy")]),
    ]  # fmt: skip
    if card is not None:
        told = f"Accuracy {100 * card.number:.2f} %: the mean over all corruptions and strengths 1 to {STRENGTHS}."
        sections.append(
            Section(
                "Robustness", [told], [found["robustness"]], [conditions.by_strength(card, card.weakest, scored.note)]
            )
        )
    if second is not None:
        sections.append(_compared(scored, second))
    return to_html(f"Evaluation of {run.label}", about, sections)


def _sets(scored: Scored) -> Table:
    found = work.scores(scored.run)
    sets = [("test", scored.result), *(zip(("validation", "training"), found, strict=True) if found else ())]
    names = ["digits", "images", "accuracy", "loss", "macro precision", "macro recall", "macro F1", "weighted F1"]
    rows = [
        [name, len(one.labels), one.accuracy, one.loss, *(one.average(v, "macro") for v in (one.precision, one.recall, one.f1)),
         one.average(one.f1, "weighted")]
        for name, one in sets
    ]  # fmt: skip
    return Table(names, rows)


def _pictures(title: str, scored: Scored, rows: np.ndarray) -> Section:
    texts = ["Under each: label → answer, and the answer's probability."] if len(rows) else ["There are none."]
    return Section(title, texts, digits=(cache.dataset().test.images[rows], captions(rows, scored.result)))


def _slice_figure(name: str, scored: Scored) -> object:
    groups = Slices.of(cache.attributes("test")[name])
    return conditions.by_attribute(groups, scored.result, name, ATTRIBUTES[name].unit, note=scored.note)


def _compared(first: Scored, second: Scored) -> Section:
    compared = Comparison(first.result, second.result)
    counts: list[list[str | int | float]] = [[name, len(rows)] for name, rows in compared.groups.items()]
    names = f"A is {first.run.label}, B is {second.run.label}."
    found = f"{verdict(compared).replace('*', '')} McNemar's exact p = {compared.p:.3g}."
    return Section("Two runs", [names, found], [Table(["right", "test digits"], counts)])
