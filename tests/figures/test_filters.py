"""The first layer's weights as pictures."""

from __future__ import annotations

import numpy as np

from mnistlab.figures.filters import first_layer, sheet_of, tiles


def test_filters_of_a_convolution_are_its_windows() -> None:
    kernel = np.random.default_rng(0).normal(size=(3, 3, 1, 40)).astype(np.float32)
    found = tiles(kernel)
    assert found.shape == (32, 3, 3)
    np.testing.assert_array_equal(found[5], kernel[:, :, 0, 5])


def test_units_of_a_dense_layer_are_pictures_of_what_they_weigh() -> None:
    kernel = np.random.default_rng(0).normal(size=(784, 10)).astype(np.float32)
    np.testing.assert_array_equal(tiles(kernel)[3], kernel[:, 3].reshape(28, 28))


def test_pictures_stand_eight_to_a_row_with_a_gap() -> None:
    sheet = sheet_of(np.ones((10, 3, 3), np.float32))
    assert sheet.shape == (8, 32)
    assert np.isnan(sheet[3]).all()
    assert np.isnan(sheet[:, 3]).all()
    assert np.nansum(sheet) == 90


def test_colours_are_symmetric_about_zero() -> None:
    kernel = np.zeros((3, 3, 1, 2), np.float32)
    kernel[0, 0, 0, 0], kernel[1, 1, 0, 1] = -0.5, 0.2
    (heat,) = first_layer(kernel, "Filters").to_dict()["data"]
    assert (heat["zmin"], heat["zmax"]) == (-0.5, 0.5)
