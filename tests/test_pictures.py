"""Picture files from anybody: every kind is read upright, and whatever is no picture is refused with a sentence."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mnistlab.data.sources import read_sample
from mnistlab.drawing import prepare
from mnistlab.pictures import LONGEST, MIN_SIDE, ImageError, read_image

ROOT = Path(__file__).resolve().parent.parent


def likeness(first: np.ndarray, second: np.ndarray) -> float:
    """Correlation of two pictures' pixels: 1 is the same picture."""
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


GREY = np.asarray(Image.fromarray(read_sample().images[0]).resize((120, 120), Image.Resampling.BICUBIC))
IMAGE = Image.fromarray(GREY)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def turned(quarter: Image.Transpose, orientation: int) -> bytes:
    """A PNG whose pixels lie on the side and whose EXIF says so."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return saved(IMAGE.transpose(quarter), "PNG", exif=exif)


FILES: dict[str, Callable[[], bytes]] = {
    "png": lambda: saved(IMAGE, "PNG"),
    "png in colour": lambda: saved(IMAGE.convert("RGB"), "PNG"),
    "png with transparency": lambda: saved(Image.merge("LA", (Image.new("L", IMAGE.size, 255), IMAGE)), "PNG"),
    "png with a palette": lambda: saved(IMAGE.convert("RGB").quantize(64), "PNG"),
    "png of 16 bits": lambda: saved(Image.fromarray(GREY.astype(np.uint16) * 257), "PNG"),
    "jpeg": lambda: saved(IMAGE, "JPEG"),
    "jpeg in cmyk": lambda: saved(IMAGE.convert("RGB").convert("CMYK"), "JPEG"),
    "webp": lambda: saved(IMAGE.convert("RGB"), "WEBP", lossless=True),
    "bmp": lambda: saved(IMAGE, "BMP"),
    "gif": lambda: saved(IMAGE, "GIF"),
    "animated gif": lambda: saved(IMAGE, "GIF", save_all=True, append_images=[IMAGE.rotate(90)]),
    "exif turned left": lambda: turned(Image.Transpose.ROTATE_90, 6),
    "exif turned right": lambda: turned(Image.Transpose.ROTATE_270, 8),
    "exif upside down": lambda: turned(Image.Transpose.ROTATE_180, 3),
    "exif mirrored": lambda: turned(Image.Transpose.FLIP_LEFT_RIGHT, 2),
}


@pytest.mark.parametrize("kind", FILES)
def test_picture_of_any_kind_is_read_upright(kind: str) -> None:
    pixels = read_image(io.BytesIO(FILES[kind]()))
    assert (pixels.dtype, pixels.shape[:2]) == (np.uint8, GREY.shape)
    assert likeness(prepare(pixels).digit, prepare(GREY).digit) > 0.99


def test_sixteen_bits_keep_their_shades() -> None:
    np.testing.assert_array_equal(read_image(io.BytesIO(FILES["png of 16 bits"]())), GREY)


def test_black_and_white_picture_is_read() -> None:
    pixels = read_image(io.BytesIO(saved(IMAGE.convert("1"), "PNG")))
    assert set(np.unique(pixels)) == {0, 255}


def png_claiming(width: int, height: int) -> bytes:
    """A PNG whose header claims a size that its content does not have."""
    size = b"IHDR" + struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + size
        + struct.pack(">I", zlib.crc32(size))
        + saved(IMAGE, "PNG")[33:]
    )


@pytest.mark.parametrize(
    ("width", "height"), [(6000, 6000), (60_000, 60_000), (2**31 - 1, 2**31 - 1), (25_000_001, 1), (5001, 5000)]
)
def test_picture_too_large_is_refused_on_its_header(width: int, height: int) -> None:
    with pytest.raises(ImageError, match="too large"):
        read_image(io.BytesIO(png_claiming(width, height)))


@pytest.mark.parametrize(("width", "height"), [(1, 1), (4_000_000, 1), (MIN_SIDE - 1, 100)])
def test_picture_too_small_is_refused_on_its_header(width: int, height: int) -> None:
    with pytest.raises(ImageError, match=f"a picture of {width:,}×{height:,} pixels is too small"):
        read_image(io.BytesIO(png_claiming(width, height)))


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><text>5</text></svg>'
NOT_PICTURES: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "one byte": lambda: b"\x89",
    "a text": lambda: b"a picture of a five",
    "svg": lambda: SVG,
    "eps": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 28 28\n%%EndComments\n",
    "tiff": lambda: saved(IMAGE, "TIFF"),
    "icon": lambda: saved(IMAGE, "ICO"),
    "half a png": lambda: FILES["png"]()[: len(FILES["png"]()) // 2],
    "half a jpeg": lambda: FILES["jpeg"]()[: len(FILES["jpeg"]()) // 2],
    "half a gif": lambda: FILES["gif"]()[: len(FILES["gif"]()) // 2],
    "only a header": lambda: FILES["png"]()[:33],
    "a header and garbage": lambda: FILES["png"]()[:60] + b"\xff" * 500,
}


@pytest.mark.parametrize("what", NOT_PICTURES)
def test_file_that_is_no_whole_picture_is_refused(what: str) -> None:
    with pytest.raises(ImageError, match=r"^this is not a whole PNG, JPEG, WebP, BMP or GIF picture$"):
        read_image(io.BytesIO(NOT_PICTURES[what]()))


@pytest.mark.parametrize("what", ["svg", "tiff", "eps"])
def test_renaming_a_file_does_not_make_it_a_picture(what: str, lab: Path) -> None:
    file = lab / "digit.png"
    file.write_bytes(NOT_PICTURES[what]())
    with pytest.raises(ImageError) as caught:
        read_image(file)
    assert "digit.png" not in str(caught.value)


def test_file_that_is_not_there_is_refused_without_its_name(lab: Path) -> None:
    with pytest.raises(ImageError) as caught:
        read_image(lab / "nowhere.png")
    assert "nowhere" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["![x](https:example.org).png", "<img src=x>.png", "a" * 250, "\u202egnp.exe", "a\nb.png"]
)
def test_refusal_never_says_the_files_name(name: str, lab: Path) -> None:
    file = lab / name
    file.write_bytes(b"no picture")
    with pytest.raises(ImageError) as caught:
        read_image(file)
    assert name not in str(caught.value)
    assert str(lab) not in str(caught.value)


# large ones


@pytest.mark.parametrize("size", [(4000, 3000), (1601, 40), (40, 5000)])
def test_large_picture_comes_back_small_enough_and_in_its_shape(size: tuple[int, int]) -> None:
    pixels = read_image(io.BytesIO(saved(Image.new("L", size, 200), "JPEG")))
    assert max(pixels.shape) <= LONGEST
    assert max(pixels.shape) > LONGEST / 3
    assert pixels.shape[1] / pixels.shape[0] == pytest.approx(size[0] / size[1], rel=0.1)


MEMORY = """
import json, sys
from mnistlab.photo import find
from mnistlab.pictures import ImageError, read_image
def peak():
    return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
before = peak()
for path in sys.argv[1:]:
    try:
        find(read_image(open(path, "rb")))
    except ImageError:
        pass
print(json.dumps((peak() - before) / 1000))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("kind", "size", "mode"),
    [
        ("JPEG", (6000, 4000), "RGB"), ("PNG", (5900, 4000), "RGB"), ("PNG", (5900, 4000), "RGBA"),
        ("PNG", (5900, 4000), "I;16"), ("PNG", (5900, 4000), "P"), ("GIF", (3400, 3400), "P"), ("WEBP", (2850, 2800), "RGB"),
        ("JPEG", (4700, 4700), "CMYK"),
    ],
)  # fmt: skip
def test_photo_of_24_megapixels_is_read_within_150_megabytes(
    kind: str, size: tuple[int, int], mode: str, lab: Path
) -> None:
    file = lab / "photo"
    Image.new(mode, size).save(file, kind)
    command = [sys.executable, "-c", MEMORY, str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) < 150


# damage


@pytest.mark.parametrize("kind", FILES)
def test_mutated_picture_is_read_or_refused_and_nothing_else(kind: str) -> None:
    whole, rng = FILES[kind](), np.random.default_rng(sum(map(ord, kind)))
    refusals = 0
    for _ in range(200):
        try:
            pixels = read_image(io.BytesIO(mutated(whole, rng)))
        except ImageError:
            refusals += 1
        else:
            assert pixels.dtype == np.uint8
            assert max(pixels.shape) <= LONGEST
            assert prepare(pixels).digit.shape == (28, 28)
    assert 0 < refusals < 200


def mutated(whole: bytes, rng: np.random.Generator) -> bytes:
    """Some bytes changed, cut off, doubled or taken out."""
    content, at = bytearray(whole), int(rng.integers(len(whole)))
    length = int(rng.integers(1, 40))
    match rng.integers(4):
        case 0:
            for _ in range(int(rng.integers(1, 6))):
                content[int(rng.integers(len(content)))] ^= int(rng.integers(1, 256))
        case 1:
            del content[at:]
        case 2:
            content[at:at] = content[at : at + length]
        case _:
            del content[at : at + length]
    return bytes(content)
