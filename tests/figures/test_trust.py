"""The reliability diagram and the coverage curve say what the calibration says."""

from __future__ import annotations

import numpy as np

from mnistlab.calibration import Reliability, Selective, cooled
from mnistlab.figures.colours import TRAINING, VALIDATION
from mnistlab.figures.trust import reliability, selective
from tests.answers import certain, made

RESULT = made(1, 500, 10, 2.0)


def test_points_are_the_bins_that_have_answers() -> None:
    bins = Reliability.of(RESULT)
    figure = reliability(bins, Reliability.of(cooled(RESULT, 2.0)))
    honest, raw, scaled = figure.data
    there = bins.counts > 0
    np.testing.assert_allclose(raw.x, 100 * bins.confidence[there])
    np.testing.assert_allclose(raw.y, 100 * bins.accuracy[there])
    assert (raw.line.color, scaled.line.color) == (TRAINING, VALIDATION)
    assert (list(honest.x), list(honest.y)) == ([0, 100], [0, 100])
    assert min(raw.error_y.array) >= 0
    assert min(raw.error_y.arrayminus) >= 0


def test_without_a_temperature_there_is_one_curve() -> None:
    assert [trace.name for trace in reliability(Reliability.of(RESULT)).data] == ["as sure as right", "as it answers"]


def test_threshold_is_marked_where_it_leads() -> None:
    curve = Selective.of(RESULT)
    line, mark = selective(curve, 0.7).data
    answered, right = curve.at(0.7)
    assert (mark.x[0], mark.y[0]) == (100 * answered / 500, 100 * right / answered)
    assert (line.x[-1], line.y[-1]) == (100, 100 * RESULT.accuracy)


def test_threshold_that_answers_nothing_has_no_mark() -> None:
    assert len(selective(Selective.of(certain([1], [1], [0.9])), 0.99).data) == 1


def test_axes_have_units_and_hold_the_curve() -> None:
    for figure in (reliability(Reliability.of(RESULT)), selective(Selective.of(RESULT))):
        assert "%" in figure.layout.xaxis.title.text
        assert "%" in figure.layout.yaxis.title.text
        assert figure.layout.height == 400
    axis = selective(Selective.of(RESULT)).layout.yaxis.range
    assert axis[0] < 100 * RESULT.accuracy < axis[1]
