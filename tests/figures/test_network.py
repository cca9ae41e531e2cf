"""The picture of a network: every tensor once, to scale."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given

from mnistlab.experiment import ConvBlock, DenseBlock, ModelSpec
from mnistlab.figures.network import HEIGHT, Stage, drawing, stages
from mnistlab.ledger import Ledger
from mnistlab.presets import PRESETS
from tests.strategies import model_specs

SVG = "{http://www.w3.org/2000/svg}"


def front(stage: Stage) -> list[tuple[float, float]]:
    """Corners of the face in front, the last one drawn."""
    *_, last = ElementTree.fromstring(drawing(stage)).findall(f"{SVG}polygon")
    return [(float(x), float(y)) for x, y in (corner.split(",") for corner in last.attrib["points"].split())]


def size(stage: Stage) -> tuple[float, float]:
    xs, ys = zip(*front(stage), strict=True)
    return max(xs) - min(xs), max(ys) - min(ys)


def test_stages_of_a_classic() -> None:
    found = stages(Ledger.of(PRESETS["classic-convnet-dropout"].experiment.model))
    assert [(stage.name, stage.shape, stage.window) for stage in found] == [
        ("image", (28, 28, 1), 3), ("conv1", (26, 26, 32), 2), ("conv1_pool", (13, 13, 32), 3),
        ("conv2", (11, 11, 64), 2), ("conv2_pool", (5, 5, 64), 0), ("flatten", (1600,), 0), ("logits", (10,), 0),
    ]  # fmt: skip
    assert found[4].made_by == ("largest of 2 × 2", "dropout 0.5")
    assert found[-1].made_by == ("weighted sums", "softmax")


def test_what_leaves_the_shape_as_it_is_belongs_to_what_came_before() -> None:
    model = ModelSpec(
        conv=(ConvBlock(filters=4, strides=2, padding="same", batch_norm=True, activation="leaky_relu"),),
        head="average",
        dense=(DenseBlock(units=5, dropout=0.2),),
    )
    _, conv, average, dense, _ = stages(Ledger.of(model))
    assert conv.made_by == ("3 × 3 windows, step 2, same", "batch norm", "leaky relu")
    assert conv.parameters == 40 + 16
    assert average.made_by == ("mean of each channel",)
    assert dense.made_by == ("weighted sums, relu", "dropout 0.2")


@given(model_specs())
def test_every_parameter_is_in_the_picture(model: ModelSpec) -> None:
    ledger = Ledger.of(model)
    assert sum(stage.parameters for stage in stages(ledger)) == ledger.parameters


@pytest.mark.parametrize("side", [1, 7, 28])
def test_sides_of_a_picture_are_to_scale(side: int) -> None:
    assert size(Stage("x", (), (side, side, 8))) == (3 * side, 3 * side)


def test_bars_grow_with_the_logarithm() -> None:
    heights = [size(Stage("x", (), (units,)))[1] for units in (16, 32, 64, 4096)]
    assert heights[1] - heights[0] == heights[2] - heights[1] == (heights[3] - heights[2]) / 6


@pytest.mark.parametrize("shape", [(28, 28, 1), (28, 28, 512), (1, 1, 1), (28 * 28 * 512,), (1,)])
def test_every_tensor_lies_within_its_drawing(shape: tuple[int, ...]) -> None:
    root = ElementTree.fromstring(drawing(Stage("x", (), shape, window=11)))
    points = [corner.split(",") for face in root.findall(f"{SVG}polygon") for corner in face.attrib["points"].split()]
    width = float(root.attrib["width"])
    assert float(root.attrib["height"]) == HEIGHT
    assert all(0 <= float(x) <= width and 0 <= float(y) <= HEIGHT for x, y in points)


def test_window_of_the_next_layer_is_marked_to_scale() -> None:
    (mark,) = ElementTree.fromstring(drawing(Stage("x", (), (28, 28, 1), window=5))).findall(f"{SVG}rect")
    assert (mark.attrib["width"], mark.attrib["height"]) == ("15", "15")
    assert not ElementTree.fromstring(drawing(Stage("x", (), (28, 28, 1)))).findall(f"{SVG}rect")
