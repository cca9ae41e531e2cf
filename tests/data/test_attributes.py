"""Each attribute against a plain computation of it, on shapes whose answer is known, and what is kept on disk."""

from __future__ import annotations

import math
import zipfile
from collections import deque
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistlab.data import attributes, sources
from mnistlab.data.attributes import ATTRIBUTES, measure
from mnistlab.data.digits import Digits
from mnistlab.data.sources import read_sample
from mnistlab.events import pack

SAMPLE = read_sample()
CHOSEN = SAMPLE[np.random.default_rng(0).choice(len(SAMPLE), 200, replace=False)]
INK, SPECK = 64, 2


@pytest.fixture(scope="module")
def found() -> dict[str, np.ndarray]:
    return attributes.of(CHOSEN)


def direct(function: object) -> np.ndarray:
    return np.array([function(image) for image in CHOSEN.images], np.float64)  # type: ignore[operator]


# Against a plain computation, one digit at a time


def moments(image: np.ndarray) -> tuple[float, float, float, float]:
    """Centre of mass (x, y), and the central moments mu11 and mu02 by the ink, with loops over all pixels."""
    mass = sum(float(image[y, x]) for y in range(28) for x in range(28))
    x_mean = sum(x * float(image[y, x]) for y in range(28) for x in range(28)) / mass
    y_mean = sum(y * float(image[y, x]) for y in range(28) for x in range(28)) / mass
    mu11 = sum((x - x_mean) * (y - y_mean) * float(image[y, x]) for y in range(28) for x in range(28)) / mass
    mu02 = sum((y - y_mean) ** 2 * float(image[y, x]) for y in range(28) for x in range(28)) / mass
    return x_mean, y_mean, mu11, mu02


def loops_by_flooding(image: np.ndarray) -> int:
    """Paper is flooded from a corner over sides; each piece left dry that is large enough is a loop."""
    framed = np.pad(image, 1)
    dry = {(y, x) for y in range(30) for x in range(30) if framed[y, x] < INK}
    sizes = []
    while dry:
        queue, size = deque([min(dry)]), 0
        dry.discard(queue[0])
        while queue:
            y, x = queue.popleft()
            size += 1
            for near in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if near in dry:
                    dry.discard(near)
                    queue.append(near)
        sizes.append(size)
    return sum(size >= SPECK for size in sizes[1:])  # the first is the outside: (0, 0) is the smallest of all


def thickness_by_steiner(image: np.ndarray) -> float:
    """The width for which a line's area and outline are those of the image, by halving an interval."""
    framed = np.pad(image.astype(np.float64) / 255, 1)
    area, outline = framed.sum(), 0.0
    for y in range(29):
        for x in range(29):
            (a, b), (c, d) = framed[y : y + 2, x : x + 2]
            outline += math.hypot((b + d - a - c) / 2, (c + d - a - b) / 2)
    euler = 1 - loops_by_flooding(image)

    def too_little(width: float) -> bool:
        length = (outline - math.pi * width * euler) / 2
        return length * width + math.pi / 4 * width**2 * euler < area

    low, high = 0.0, outline / math.pi / max(euler, 1e-9)  # beyond it a line with free ends would have no length
    high = min(high, 28.0)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if too_little(middle) else (low, middle)
    return low


def test_ink_is_the_mean_of_the_pixels(found: dict[str, np.ndarray]) -> None:
    np.testing.assert_allclose(found["ink"], direct(lambda image: image.astype(float).mean()), rtol=1e-5)


def test_slant_is_that_of_the_moments(found: dict[str, np.ndarray]) -> None:
    expected = direct(lambda image: math.degrees(math.atan(-moments(image)[2] / moments(image)[3])))
    np.testing.assert_allclose(found["slant"], expected, atol=1e-3)


def test_offset_is_the_distance_of_the_centre_of_mass(found: dict[str, np.ndarray]) -> None:
    expected = direct(lambda image: math.dist(moments(image)[:2], (14, 14)))
    np.testing.assert_allclose(found["offset"], expected, atol=1e-4)


def test_width_and_height_are_the_inks_box(found: dict[str, np.ndarray]) -> None:
    for name, axis in (("width", 1), ("height", 0)):
        expected = direct(lambda image, axis=axis: np.ptp(np.nonzero(image)[axis]) + 1)
        np.testing.assert_array_equal(found[name], expected)
    assert (np.maximum(found["width"], found["height"]) == 20).mean() > 0.99  # as MNIST was made


def test_loops_are_those_that_flooding_finds(found: dict[str, np.ndarray]) -> None:
    expected = direct(loops_by_flooding)
    np.testing.assert_array_equal(found["loops"], expected)
    assert set(expected) >= {0, 1, 2}


def test_thickness_solves_steiners_formula(found: dict[str, np.ndarray]) -> None:
    np.testing.assert_allclose(found["thickness"], direct(thickness_by_steiner), atol=1e-3)


def test_distance_from_mean_is_to_the_mean_of_the_own_label(found: dict[str, np.ndarray]) -> None:
    pixels = CHOSEN.images / 255.0
    means = [pixels[CHOSEN.labels == digit].mean(axis=0) for digit in range(10)]
    expected = [np.linalg.norm(image - means[label]) for image, label in zip(pixels, CHOSEN.labels, strict=True)]
    np.testing.assert_allclose(found["distance_from_mean"], expected, rtol=1e-5)


# Shapes whose answer is known


def drawn(*rows: str) -> np.ndarray:
    """A picture of "#" and ".", in the middle of 28×28."""
    image = np.zeros((28, 28), np.uint8)
    for y, row in enumerate(rows, 8):
        for x, mark in enumerate(row, 8):
            image[y, x] = 255 * (mark == "#")
    return image


SHAPES = {
    "0": (1, drawn(".###.", "#...#", "#...#", "#...#", ".###.")),
    "1": (0, drawn("..#", ".##", "#.#", "..#", "..#")),
    "6": (1, drawn("..##", ".#..", "#...", "####", "#..#", "#..#", "####")),
    "8": (2, drawn(".##.", "#..#", "#..#", ".##.", "#..#", "#..#", ".##.")),
    "9": (1, drawn("####", "#..#", "#..#", "####", "...#", "..#.")),
    "C": (0, drawn(".###.", "#...#", "#....", "#....", "#...#", ".###.")),
    "ring joined over corners": (1, drawn("..#..", ".#.#.", "#...#", ".#.#.", "..#..")),
    "paper that only touches outside at a corner": (1, drawn("#####", "#..##", "#..#.", "####.")),
    "speck of one pixel": (0, drawn("###", "#.#", "###")),
    "loop of two pixels": (1, drawn("####", "#..#", "####")),
    "ring within a ring": (2, drawn("#######", "#.....#", "#.###.#", "#.#.#.#", "#.#.#.#", "#.###.#", "#.....#", "#######")),
    "blank": (0, drawn()),
}  # fmt: skip


@pytest.mark.parametrize("name", SHAPES)
def test_loops_of_a_known_shape(name: str) -> None:
    loops, image = SHAPES[name]
    assert measure(image[None])["loops"][0] == loops


def test_loop_at_the_edge_of_the_field_is_one_and_an_open_one_is_none() -> None:
    closed, opened = (np.zeros((28, 28), np.uint8) for _ in range(2))
    for image in (closed, opened):
        image[0:6, 0], image[0:6, 5], image[5, 0:6] = 255, 255, 255
    closed[0, 0:6] = 255
    np.testing.assert_array_equal(measure(np.stack([closed, opened]))["loops"], [1, 0])


def test_all_ink_and_all_paper_have_no_loops() -> None:
    full = np.full((2, 28, 28), 255, np.uint8)
    full[1] = 0
    assert not measure(full)["loops"].any()


def test_loops_belong_to_their_own_image() -> None:
    images = np.stack([SHAPES[name][1] for name in ("8", "blank", "0", "C", "8")])
    np.testing.assert_array_equal(measure(images)["loops"], [2, 0, 1, 0, 2])


def strokes(*lines: list[tuple[float, float]], width: float, closed: bool = False) -> np.ndarray:
    """Lines drawn 16 times as large and shrunk, so that edges are grey as a scanner makes them."""
    scale = 16
    canvas = Image.new("L", (28 * scale, 28 * scale))
    pen = ImageDraw.Draw(canvas)
    for line in lines:
        points = [((x + 0.5) * scale, (y + 0.5) * scale) for x, y in line]
        pen.line(points, fill=255, width=round(width * scale), joint="curve")
        for x, y in points if not closed else []:
            half = width * scale / 2
            pen.ellipse((x - half, y - half, x + half, y + half), fill=255)
    return np.asarray(canvas.resize((28, 28), Image.Resampling.BOX))


def leaning(degrees: float, width: float = 2) -> np.ndarray:
    """A bar 20 pixels long, leaning to the right for angles above 0."""
    x, y = 10 * math.sin(math.radians(degrees)), 10 * math.cos(math.radians(degrees))
    return strokes([(14 - x, 14 + y), (14 + x, 14 - y)], width=width)


@pytest.mark.parametrize("degrees", [-45, -30, -12, 0, 5, 20, 45])
def test_slant_of_a_bar_is_its_angle(degrees: float) -> None:
    assert measure(leaning(degrees)[None])["slant"][0] == pytest.approx(degrees, abs=2)


@pytest.mark.parametrize("width", [2, 3, 4])
@pytest.mark.parametrize(
    "lines",
    [
        [[(14, 4), (14, 24)]],
        [[(7, 7), (21, 21)]],
        [[(10, 4), (17, 24)]],
        [[(5, 6), (23, 6)], [(14, 6), (14, 24)]],
        [[(14 + 8 * math.cos(t / 10), 14 + 8 * math.sin(t / 10)) for t in range(64)]],
    ],
    ids=["upright", "diagonal", "leaning", "T", "ring"],
)
def test_thickness_of_a_stroke_is_the_pens(lines: list[list[tuple[float, float]]], width: float) -> None:
    assert measure(strokes(*lines, width=width)[None])["thickness"][0] == pytest.approx(width, rel=0.12)


def test_thickness_does_not_change_with_the_length_of_the_stroke() -> None:
    images = np.stack([strokes([(14, 14 - half), (14, 14 + half)], width=3) for half in (4, 7, 10)])
    assert np.ptp(measure(images)["thickness"]) < 0.1


def test_thickness_of_a_bar_is_steiners_with_free_ends() -> None:
    bar = np.zeros((28, 28), np.uint8)
    bar[4:24, 12:15] = 255  # area 60; outline 46 by its sides, of which each corner cuts a little
    area, outline = 60, 46 - 4 * (1 - math.sqrt(0.5))
    expected = 2 * area / (outline / 2 + math.sqrt(outline**2 / 4 - math.pi * area))
    assert measure(bar[None])["thickness"][0] == pytest.approx(expected, rel=1e-5)


def test_box_and_offset_of_a_single_pixel() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[10, 17] = 1
    found = measure(image[None])
    assert (found["width"][0], found["height"][0]) == (1, 1)
    assert found["offset"][0] == pytest.approx(5)
    assert found["slant"][0] == 0


def test_box_reaches_the_edges() -> None:
    image = np.zeros((28, 28), np.uint8)
    image[0, 3] = image[27, 5] = 9
    found = measure(image[None])
    assert (found["width"][0], found["height"][0]) == (3, 28)


def test_blank_image_measures_0_everywhere() -> None:
    assert {
        name: float(values[0]) for name, values in measure(np.zeros((1, 28, 28), np.uint8)).items()
    } == dict.fromkeys((name for name in ATTRIBUTES if name != "distance_from_mean"), 0.0)


def test_no_images_are_no_measures() -> None:
    assert all(values.shape == (0,) for values in measure(np.zeros((0, 28, 28), np.uint8)).values())


# The whole


def test_every_attribute_is_described_and_measured(found: dict[str, np.ndarray]) -> None:
    assert list(found) == list(ATTRIBUTES)
    for name, values in found.items():
        assert (values.dtype, values.shape) == (np.float32, (200,)), name
        assert ATTRIBUTES[name].about.endswith(".")
        assert ATTRIBUTES[name].unit


def test_images_of_every_chunk_are_measured(found: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attributes, "CHUNK", 30)
    for name, values in attributes.of(CHOSEN).items():
        np.testing.assert_allclose(values, found[name], rtol=1e-5, atol=1e-5, err_msg=name)


# On disk


def kept() -> list[Path]:
    return sorted(sources.cache_file().parent.glob("*"))


def test_what_was_measured_is_read_the_next_time(monkeypatch: pytest.MonkeyPatch, found: dict[str, np.ndarray]) -> None:
    first = attributes.load(CHOSEN)
    assert [file.name for file in kept()] == [f"attributes-{attributes.METHOD}-{CHOSEN.sha256}.npz"]
    monkeypatch.setattr(attributes, "of", lambda digits: pytest.fail("measured again"))
    again = attributes.load(Digits(CHOSEN.images.copy(), CHOSEN.labels.copy()))
    assert list(again) == list(first) == list(ATTRIBUTES)
    for name in ATTRIBUTES:
        np.testing.assert_array_equal(again[name], found[name])


def test_other_digits_are_measured_themselves() -> None:
    attributes.load(CHOSEN)
    assert len(attributes.load(CHOSEN[:50])["ink"]) == 50
    assert len(kept()) == 2


def damaged(file: Path, how: str) -> None:
    whole = file.read_bytes()
    right = attributes.of(CHOSEN)
    sha = np.array(CHOSEN.sha256)
    match how:
        case "empty":
            file.write_bytes(b"")
        case "cut":
            file.write_bytes(whole[: len(whole) // 2])
        case "a byte":
            at = len(whole) // 2
            file.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        case "compressed":
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("ink.npy", b"0" * 100)
        case "pickle":
            np.savez(file, **{**right, "digits": sha, "ink": np.array([None] * 200)})
        case "of other digits":
            file.write_bytes(pack({**right, "digits": np.array("0" * 64), "ink": right["ink"] + 1}))
        case "too short":
            file.write_bytes(pack({name: values[:100] for name, values in right.items()} | {"digits": sha}))
        case "float64":
            file.write_bytes(pack({**right, "digits": sha, "ink": np.zeros(200)}))
        case "not finite":
            file.write_bytes(pack({**right, "digits": sha, "ink": np.full(200, np.nan, np.float32)}))
        case "a name missing":
            file.write_bytes(pack({"digits": sha, **{name: right[name] for name in list(right)[1:]}}))
        case "a name more":
            file.write_bytes(pack({**right, "digits": sha, "more": right["ink"]}))
        case "a folder":
            file.unlink()
            file.mkdir()


@pytest.mark.parametrize(
    "how",
    ["empty", "cut", "a byte", "compressed", "pickle", "of other digits", "too short", "float64", "not finite",
     "a name missing", "a name more", "a folder"],
)  # fmt: skip
def test_file_that_is_not_all_right_is_made_again(how: str, found: dict[str, np.ndarray]) -> None:
    attributes.load(CHOSEN)
    (file,) = kept()
    right = file.read_bytes()
    damaged(file, how)
    for name, values in attributes.load(CHOSEN).items():
        np.testing.assert_array_equal(values, found[name])
    if how != "a folder":
        assert [kept_file.name for kept_file in kept()] == [file.name]
        assert len(file.read_bytes()) == len(right)
        assert attributes._read(file, CHOSEN) is not None


def test_folder_that_cannot_be_written_is_no_error(
    lab: Path, monkeypatch: pytest.MonkeyPatch, found: dict[str, np.ndarray]
) -> None:
    (lab / "file").write_text("in the way")
    monkeypatch.setenv("MNISTLAB_CACHE", str(lab / "file" / "cache"))
    np.testing.assert_array_equal(attributes.load(CHOSEN)["slant"], found["slant"])
    assert (lab / "file").read_text() == "in the way"
