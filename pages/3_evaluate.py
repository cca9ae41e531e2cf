"""Evaluate: where a network fails."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from mnistlab.evaluation import Evaluation
from mnistlab.figures.scores import VIEWS, confusion_matrix, per_digit
from mnistlab.runs import Run, RunError
from mnistlab.ui import cache, parts, state
from mnistlab.ui.gallery import gallery, picked_cell

SHOWN = 36


def headline(run: Run, result: Evaluation) -> None:
    low, high = result.interval()
    first, second, third, fourth = st.columns(4)
    first.metric(
        "Test accuracy", f"{100 * result.accuracy:.2f} %",
        help="The part of the test digits that is answered right, with the 95 % interval of Wilson: where the true value lies.",
    )  # fmt: skip
    first.caption(f"95 % interval {100 * low:.2f} to {100 * high:.2f} %")
    second.metric(
        "Macro F1",
        f"{100 * result.average(result.f1, 'macro'):.2f} %",
        help="The mean of the ten digits' F1, each counting the same.",
    )
    third.metric(
        "Test loss", f"{result.loss:.4f}", help="Mean of −ln(probability of the label), in nats; 0 is perfect."
    )
    fourth.metric("Mistakes", f"{result.mistakes:,}", help="Test digits whose most probable answer is not their label.")
    second.caption("mean of the ten digits")
    third.caption("nats; 0 is perfect")
    fourth.caption(f"of {len(result.labels):,} test digits")
    where = "test digits of the bundled sample" if cache.dataset().is_sample else "digits of the test set"
    st.caption(parts.plain(f"{run.label} on {len(result.labels):,} {where}, which it never trained on. {run.kept}"))


def pictures(rows: np.ndarray, result: Evaluation, key: str) -> None:
    """Test digits with label, answer and confidence under each."""
    shown = rows[:SHOWN]
    answers, confidence = result.answers[shown], result.probabilities[shown].max(axis=1)
    captions = [f"{y}→{a} {100 * c:.0f}%" for y, a, c in zip(result.labels[shown], answers, confidence, strict=True)]
    chosen = gallery(
        cache.dataset().test.images[shown], captions, shown, key=key, size=74, right=result.right[shown],
        alt="test digits with label, answer and confidence",
    )  # fmt: skip
    st.caption("Under each: label → answer, and the answer's probability. Click one to see its numbers in Explore.")
    if chosen is not None:
        st.session_state.update(set="test", digit=chosen)
        parts.go("explore")


def matrix(result: Evaluation, note: str) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        view = st.segmented_control(
            "Show", VIEWS, default="counts", required=True, key="matrix-view",
            help="Counts; shares of each label (its diagonal is recall); shares of each answer (its diagonal is precision).",
        )  # fmt: skip
        cell = state.get("cell")
        event = st.plotly_chart(
            confusion_matrix(result, view, cell, note), key="matrix", on_select="rerun", selection_mode="points",
            config=parts.CHART, alt="confusion matrix: labels down, answers across",
        )  # fmt: skip
        found = picked_cell(event)
        if found is not None and found != cell:
            state.put("cell", found)
            st.rerun()
        pairs = ", ".join(f"{label} as {answer} ({count})" for label, answer, count in result.most_confused(3))
        st.caption(
            f"Green is right, vermilion is wrong. Most confused: {pairs or 'none'}. Click a cell to see its pictures."
        )
    with right:
        if cell is None and (worst := result.most_confused(1)):
            cell = worst[0][:2]
        if cell is None:
            st.info("No mistakes at all. Click a cell of the diagonal to see its pictures.", icon=":material/info:")
            return
        label, answer = cell
        rows = result.cell(label, answer)
        images = "image" if len(rows) == 1 else "images"
        order = ", most confident first" if len(rows) > 1 else ""
        st.markdown(f"**{len(rows):,} {images} of {label} answered {answer}**{order}")
        if len(rows):
            pictures(rows, result, f"cell-{label}-{answer}")
        else:
            st.info("No test digit falls in this cell.", icon=":material/info:")


def digits(result: Evaluation, note: str) -> None:
    st.plotly_chart(
        per_digit(result, note), key="per-digit", config=parts.CHART, alt="precision, recall and F1 of each digit"
    )
    columns = {"precision": result.precision, "recall": result.recall, "F1": result.f1}
    table = pd.DataFrame({"digit": [str(d) for d in range(10)], **columns, "images": result.support})
    means = [
        {
            "digit": how,
            **{name: result.average(values, kind) for name, values in columns.items()},
            "images": len(result.labels),
        }
        for how, kind in (("macro mean", "macro"), ("weighted mean", "weighted"))
    ]
    st.dataframe(
        pd.concat([table, pd.DataFrame(means)]), hide_index=True, height=458,
        column_config={name: st.column_config.NumberColumn(format="%.4f") for name in columns},
    )  # fmt: skip
    weakest = int(result.f1.argmin())
    st.caption(
        "Precision: of the images answered d, the part that are d. Recall: of the images that are d, the part answered d. "
        "F1: their harmonic mean. The macro mean counts each digit the same, the weighted mean each image. "
        f"Weakest here is {weakest} with an F1 of {100 * result.f1[weakest]:.2f} %."
    )


def main() -> None:
    parts.page(
        "evaluate", "Where a network fails, counted on digits it has never seen; every count leads to its pictures."
    )
    with parts.boundary("The evaluation"):
        run = parts.choose_run()
        if run is None:
            return
        try:
            result = cache.evaluation(run)
        except RunError as error:
            st.error(parts.plain(str(error)), icon=":material/error:")
            return
        headline(run, result)
        spoiled = run.experiment.data.spoil.sentence
        matrix(result, spoiled)
        per, worst = st.tabs(["Per digit", "Worst mistakes"])
        with per:
            digits(result, spoiled)
        with worst:
            rows = result.worst(SHOWN)
            st.markdown("The wrong answers with the highest loss: where the network was most sure and most wrong.")
            if len(rows):
                pictures(rows, result, "worst")
            else:
                st.info("This network makes no mistake on these digits.", icon=":material/info:")


if __name__ == "__main__":
    main()
