"""A digit on its way into a network: every step is what its line of NumPy makes, and every value is printed."""

from __future__ import annotations

import ast
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mnistlab.ui.tensor import printed, steps

IMAGE = np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8)


def test_each_line_makes_the_array_that_is_shown() -> None:
    names: dict[str, Any] = {"np": np, "digits": SimpleNamespace(images=IMAGE[None]), "index": 0}
    for step in steps(IMAGE, 3):
        exec(step.line, names)
        made = names[step.line.split(" = ")[0]]
        np.testing.assert_array_equal(step.array, made)
        assert step.array.dtype == made.dtype


def test_steps_are_those_that_a_network_needs() -> None:
    made = [step.array for step in steps(IMAGE, 7)]
    assert [(array.shape, str(array.dtype)) for array in made] == [
        ((28, 28), "uint8"),
        ((28, 28), "float32"),
        ((784,), "float32"),
        ((1, 28, 28, 1), "float32"),
        ((10,), "float32"),
    ]
    stored, scaled, flat, batch, onehot = made
    np.testing.assert_array_equal(stored, IMAGE)
    np.testing.assert_allclose(scaled, IMAGE / 255, rtol=1e-6)
    assert flat[28 * 5 + 9] == batch[0, 5, 9, 0] == scaled[5, 9]
    assert list(np.flatnonzero(onehot)) == [7]
    assert onehot[7] == 1


@pytest.mark.parametrize("label", range(10))
def test_label_is_named_where_it_is_used(label: int) -> None:
    last = steps(IMAGE, label)[-1]
    assert last.line.endswith(f"[{label}]")
    assert f"1 for {label}, 0 for all others" in last.about


def test_every_value_is_printed() -> None:
    assert "..." not in printed(IMAGE)
    np.testing.assert_array_equal(np.array(ast.literal_eval(printed(IMAGE))), IMAGE)
    for step in steps(IMAGE, 0):
        read = np.array(ast.literal_eval(printed(step.array)))
        assert read.shape == step.array.shape
        np.testing.assert_allclose(read, step.array, atol=5e-4)


def test_a_row_of_a_digit_is_a_line() -> None:
    assert len(printed(np.full((28, 28), 255, np.uint8)).splitlines()) == 28
