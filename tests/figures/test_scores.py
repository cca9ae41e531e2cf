"""The confusion matrix and the bars of each digit say what the evaluation says."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from mnistlab.evaluation import Evaluation
from mnistlab.figures.colours import RIGHT, WRONG, rgba
from mnistlab.figures.scores import VIEWS, View, confusion_matrix, per_digit

CELLS = list(np.ndindex(10, 10))


def evaluation(counts: np.ndarray) -> Evaluation:
    """One with this confusion matrix (10, 10)."""
    cells = np.repeat(np.arange(100), counts.ravel())
    labels, answers = np.divmod(cells, 10)
    return Evaluation.of(labels.astype(np.uint8), np.eye(10, dtype=np.float32)[answers])


def typical() -> np.ndarray:
    counts = np.diag(np.full(10, 97))
    counts[4, 9], counts[9, 4], counts[2, 7] = 3, 1, 2
    return counts


TYPICAL = evaluation(typical())
SHARES = typical() / typical().sum(axis=1, keepdims=True), typical() / typical().sum(axis=0, keepdims=True)


def texts(figure: go.Figure) -> list[go.Scatter]:
    return [trace for trace in figure.select_traces("scatter") if trace.mode == "text"]


def written(result: Evaluation, view: View) -> dict[tuple[int, int], str]:
    """The text of each cell that has one, by (label, answer)."""
    found = texts(confusion_matrix(result, view))
    cells = [(int(y), int(x), t) for trace in found for x, y, t in zip(trace.x, trace.y, trace.text, strict=True)]
    assert sorted((y, x) for y, x, _ in cells) == CELLS  # each cell once
    return {(y, x): text for y, x, text in cells if text}


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        ("counts", {c: f"{n}" for c, n in np.ndenumerate(typical()) if n}),
        ("errors only", {(4, 9): "3", (9, 4): "1", (2, 7): "2"}),
        ("by row", {c: f"{100 * s:.1f}" for c, s in np.ndenumerate(SHARES[0]) if s}),
        ("by column", {c: f"{100 * s:.1f}" for c, s in np.ndenumerate(SHARES[1]) if s}),
    ],
)
def test_cells_say_what_the_view_counts(view: View, expected: dict[tuple[int, int], str]) -> None:
    assert written(TYPICAL, view) == expected


def test_shares_of_a_digit_that_never_comes_are_blank() -> None:
    counts = np.zeros((10, 10), int)
    counts[0, 0] = 1
    for view in VIEWS[:3]:
        assert list(written(evaluation(counts), view)) == [(0, 0)]


@pytest.mark.parametrize("view", VIEWS)
def test_labels_go_down_and_answers_across(view: View) -> None:
    layout = confusion_matrix(TYPICAL, view).layout
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == ("answer", "label")
    assert tuple(layout.xaxis.range) == (-0.5, 9.5)
    assert tuple(layout.yaxis.range) == (9.5, -0.5)
    assert list(layout.xaxis.tickvals) == list(layout.yaxis.tickvals) == list(range(10))
    assert layout.height == 520


def test_title_names_the_unit_of_its_view() -> None:
    assert [confusion_matrix(TYPICAL, view).layout.title.text for view in VIEWS] == [
        "Confusion matrix (images)",
        "Confusion matrix (% of each label)",
        "Confusion matrix (% of each answer)",
        "Confusion matrix (images, wrong ones)",
    ]


@pytest.mark.parametrize("view", VIEWS)
def test_a_click_and_a_look_tell_the_cell_and_its_count(view: View) -> None:
    squares = confusion_matrix(TYPICAL, view).data[-1]
    assert [tuple(cell) for cell in squares.customdata] == CELLS
    assert list(zip(squares.y, squares.x, strict=True)) == CELLS
    counts = typical()
    assert list(squares.text) == [f"label {r}, answer {c}: {counts[r, c]}" for r, c in CELLS]


@pytest.mark.parametrize("view", VIEWS)
def test_diagonal_is_green_and_the_rest_vermilion(view: View) -> None:
    right, wrong = confusion_matrix(TYPICAL, view).data[:2]
    np.testing.assert_array_equal(np.isnan(right.z), ~np.eye(10, dtype=bool))
    np.testing.assert_array_equal(np.isnan(wrong.z), np.eye(10, dtype=bool))
    assert (right.colorscale[-1][1], wrong.colorscale[-1][1]) == (rgba(RIGHT, 1), rgba(WRONG, 1))
    for map_ in (right, wrong):
        assert (map_.zmin, map_.zmax) == (0, 1)
        assert np.nanmin(map_.z) >= 0
        assert np.nanmax(map_.z) <= 1


def test_three_mistakes_can_be_seen_beside_a_thousand_right_answers() -> None:
    counts = np.diag(np.full(10, 1000))
    counts[4, 9] = 3
    wrong = confusion_matrix(evaluation(counts), "counts").data[1].z
    assert wrong[4, 9] > 0.2
    assert np.nansum(wrong) == wrong[4, 9]


def test_right_answers_leave_the_errors_to_be_compared() -> None:
    right, wrong = confusion_matrix(TYPICAL, "errors only").data[:2]
    assert np.nanmax(right.z) == 0
    np.testing.assert_allclose([wrong.z[4, 9], wrong.z[2, 7], wrong.z[9, 4]], [1, 2 / 3, 1 / 3])


@pytest.mark.parametrize("view", VIEWS)
def test_text_is_white_where_the_cell_is_dark_and_only_there(view: View) -> None:
    figure = confusion_matrix(TYPICAL, view)
    shade = np.where(np.isnan(figure.data[0].z), figure.data[1].z, figure.data[0].z)
    white = [trace for trace in texts(figure) if trace.textfont.color == "#ffffff"]
    dark = {(int(y), int(x)) for trace in white for x, y in zip(trace.x, trace.y, strict=True)}
    assert dark == {cell for cell, value in np.ndenumerate(shade) if value > 0.55}
    assert dark


@pytest.mark.parametrize(("count", "white"), [(6, False), (12, True)])
def test_text_turns_white_half_way_up_the_scale(count: int, white: bool) -> None:
    counts = np.diag(np.full(10, 100))
    counts[4, 9] = count  # the fourth root of 0.06 is 0.49, of 0.12 0.59
    found = texts(confusion_matrix(evaluation(counts), "counts"))
    (colour,) = [trace.textfont.color for trace in found if (9, 4) in zip(trace.x, trace.y, strict=True)]
    assert (colour == "#ffffff") == white


def test_marked_cell_is_framed() -> None:
    assert not confusion_matrix(TYPICAL, "counts").layout.shapes
    (frame,) = confusion_matrix(TYPICAL, "counts", (4, 9)).layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (8.5, 9.5, 3.5, 4.5)


def test_a_run_without_mistakes_can_be_drawn_in_each_view() -> None:
    perfect = evaluation(np.diag(np.full(10, 5)))
    assert {view: len(written(perfect, view)) for view in VIEWS} == {
        "counts": 10,
        "by row": 10,
        "by column": 10,
        "errors only": 0,
    }


def test_bars_are_precision_recall_and_f1_in_percent() -> None:
    data = per_digit(TYPICAL).data
    assert [bar.name for bar in data] == ["precision", "recall", "F1"]
    for bar, values in zip(data, (TYPICAL.precision, TYPICAL.recall, TYPICAL.f1), strict=True):
        np.testing.assert_allclose(bar.y, 100 * values)
        assert list(bar.x) == list(range(10))
    assert len({bar.marker.color for bar in data}) == 3


def test_bars_that_do_not_start_at_zero_say_so() -> None:
    layout = per_digit(TYPICAL).layout
    lowest = 100 * min(TYPICAL.precision.min(), TYPICAL.recall.min())
    start = layout.yaxis.range[0]
    assert start < lowest < start + 6
    assert layout.title.text == f"Precision, recall and F1 of each digit, axis from {start:.0f} %"
    assert (layout.xaxis.title.text, layout.yaxis.title.text, layout.height) == ("digit", "%", 320)


def test_bars_start_at_zero_when_a_digit_is_never_read() -> None:
    counts = typical()
    counts[:, 4] = 0
    layout = per_digit(evaluation(counts)).layout
    assert layout.yaxis.range[0] == 0
    assert layout.title.text == "Precision, recall and F1 of each digit"
