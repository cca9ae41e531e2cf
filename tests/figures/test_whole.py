"""The figures of a set as a whole hold what they were given and say in which unit."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from mnistlab.figures.whole import attribute, balance, grey_values, inked

TRAINING, TEST = np.arange(10, 20), np.array([0, 5, 5, 5, 5, 5, 5, 5, 5, 10])


def titles(figure: go.Figure) -> tuple[str, str]:
    return figure.layout.xaxis.title.text, figure.layout.yaxis.title.text


def test_balance_is_each_digits_share_of_its_set() -> None:
    figure = balance(TRAINING, TEST)
    for bar, name, counts in zip(figure.data, ("training", "test"), (TRAINING, TEST), strict=True):
        assert bar.name == name
        assert list(bar.x) == list(range(10))
        np.testing.assert_allclose(bar.y, 100 * counts / counts.sum())
        np.testing.assert_array_equal(bar.customdata, counts)  # the hover tells how many
    assert titles(figure) == ("digit", "% of the set")
    assert list(figure.layout.xaxis.tickvals) == list(range(10))
    assert len({bar.marker.color for bar in figure.data}) == 2


def test_balance_of_an_empty_set_is_nothing() -> None:
    assert list(balance(TRAINING, np.zeros(10, np.int64)).data[1].y) == [0] * 10


def test_grey_values_are_counted_on_a_logarithmic_axis() -> None:
    histogram = np.arange(256) ** 2
    figure = grey_values(histogram)
    (bars,) = figure.data
    assert list(bars.x) == list(range(256))
    np.testing.assert_array_equal(bars.y, histogram)
    assert figure.layout.yaxis.type == "log"
    assert titles(figure) == ("pixel value, 0 paper to 255 ink", "pixels (log)")


def test_inked_is_a_part_of_the_images_and_stands_upright() -> None:
    counts = np.zeros((28, 28), np.int64)
    counts[3, 20] = 150
    figure = inked(counts, 200)
    (map_,) = figure.data
    assert map_.z[3, 20] == 75
    assert np.isnan(map_.z).sum() == 783  # the others are empty: no pixel is inked in 0 % of them
    assert map_.zmin == 0
    assert map_.colorbar.title.text == "% of images"
    assert titles(figure) == ("column", "row")
    assert figure.layout.yaxis.autorange == "reversed"  # row 0 is the top one
    assert figure.layout.yaxis.scaleanchor == "x"


def test_inked_in_no_image_is_nothing() -> None:
    assert np.isnan(inked(np.zeros((28, 28), np.int64), 0).data[0].z).all()


VALUES = np.random.default_rng(0).normal(10, 2, 5000).astype(np.float32)


def test_attribute_is_counted_where_it_lies() -> None:
    figure = attribute(VALUES, "distance_from_mean", "pixels")
    (bars,) = figure.data
    middles, counts = np.asarray(bars.x), np.asarray(bars.y)
    half = (middles[1] - middles[0]) / 2
    for middle, count in zip(middles[1:-1], counts[1:-1], strict=True):
        assert count == ((middle - half <= VALUES) & (middle + half > VALUES)).sum()
    assert 4990 <= counts.sum() < 5000  # a few far out, so that one stray digit squeezes no others
    assert titles(figure) == ("distance from mean, pixels", "digits")
    assert figure.layout.title.text == "Distance from mean of all digits"
    assert not figure.layout.shapes


@pytest.mark.parametrize("most", [3, 4])
@pytest.mark.parametrize("count", [1, 5])
def test_whole_numbers_have_a_bar_each(most: int, count: int) -> None:
    """`count` of 1000 digits hold the largest value."""
    values = np.repeat([0, 1, 2, most], [500, 300, 200 - count, count]).astype(np.float32)
    (bars,) = attribute(values, "loops", "loops").data
    np.testing.assert_allclose(bars.x, np.arange(most + 1), atol=1e-5)
    assert list(bars.y) == list(np.bincount(values.astype(int)))


@pytest.mark.parametrize(("marked", "at"), [(9.5, 9.5), (1000, VALUES.max()), (-1000, VALUES.min())])
def test_selected_digit_is_a_line_that_never_leaves_the_axis(marked: float, at: float) -> None:
    figure = attribute(VALUES, "ink", "grey values", marked)
    (line,) = figure.layout.shapes
    assert line.x0 == line.x1
    low, high = np.quantile(VALUES, [0.0005, 0.9995])
    assert line.x0 == pytest.approx(np.clip(at, low, high))


def test_attribute_that_all_digits_share_can_be_drawn() -> None:
    assert np.sum(attribute(np.full(20, 1002.3, np.float32), "offset", "pixels", 1002.3).data[0].y) == 20
    assert np.sum(attribute(np.zeros(20, np.float32), "loops", "loops", 0).data[0].y) == 20


def test_what_is_counted_is_said_once() -> None:
    assert attribute(np.zeros(20, np.float32), "loops", "loops").layout.xaxis.title.text == "loops"
