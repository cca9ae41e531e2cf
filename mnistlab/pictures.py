"""Picture files from anybody, read without trust: kind and size are checked on the header, large ones made small.

Knows nothing of digits.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

# What each kind may have in pixels, so that reading stays below 150 MB. JPEG is decoded small; of the others Pillow
# holds up to 4 bytes a pixel, and WebP's decoder several times as much.
MAX_PIXELS = {
    "JPEG": 50_000_000, "MPO": 50_000_000, "PNG": 25_000_000, "BMP": 25_000_000, "GIF": 12_000_000, "WEBP": 8_000_000,
}  # fmt: skip
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
MIN_SIDE = 8  # no digit can be told on fewer pixels
LONGEST = 1600  # pixels that are kept of the longest side: on a page of handwriting a digit then still has 40 or more
BAND = 64  # rows of the small picture that are made at once
NO_PICTURE = "this is not a whole PNG, JPEG, WebP, BMP or GIF picture"


class ImageError(ValueError):
    """A file that is no picture this lab reads; its text is a sentence without the file's name."""


def read_image(file: Path | IO[bytes]) -> NDArray[np.uint8]:
    """The pixels of a PNG, JPEG, WebP, BMP or GIF, upright, uint8 (h, w) or (h, w, 4). Raises `ImageError`.

    Of an animation the first picture. One with more than `LONGEST` pixels on a side comes back smaller.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is odd in a file; our own bound is lower than Pillow's for bombs
            with Image.open(file, formats=FORMATS) as image:
                _check(image)
                image.draft(None, (LONGEST, LONGEST))  # only JPEG: decoded at a half, a quarter or an eighth
                return np.asarray(ImageOps.exif_transpose(_small(image)))
    except Image.DecompressionBombError as error:
        raise ImageError(f"this picture is too large; at most {MAX_PIXELS['PNG']:,} pixels in all") from error
    except ImageError:
        raise
    # what is damaged leads Pillow's readers anywhere: also to struct.error, zlib.error, IndexError, OverflowError
    except Exception as error:
        raise ImageError(NO_PICTURE) from error


def _check(image: Image.Image) -> None:
    size = f"a picture of {image.width:,}×{image.height:,} pixels"
    most = MAX_PIXELS[image.format or "PNG"]
    if image.width * image.height > most:
        raise ImageError(f"{size} is too large; at most {most:,} in all")
    if min(image.size) < MIN_SIDE:
        raise ImageError(f"{size} is too small; at least {MIN_SIDE} on each side")


def _small(image: Image.Image) -> Image.Image:
    """In grey or with transparency, 8 bits, at most `LONGEST` on a side; keeps the EXIF that says how it is turned."""
    exif = image.getexif()
    factor = -(-max(image.size) // LONGEST)
    if image.mode.startswith("I"):  # 16 bits, which Pillow would clip at 255
        image = Image.fromarray((np.asarray(image)[::factor, ::factor] / 257).clip(0, 255).astype(np.uint8))
    elif image.mode in ("L", "RGB", "RGBA"):
        image = _reduced(image, factor)
    else:  # palettes and the like have no means between two values
        image = image.resize((-(-image.width // factor), -(-image.height // factor)), Image.Resampling.NEAREST)
        image = image.convert("L" if image.mode == "1" else "RGBA")
    if image.mode == "RGB":
        image = image.convert("RGBA")
    image.getexif().update(exif)
    return image


def _reduced(image: Image.Image, factor: int) -> Image.Image:
    """Each square of `factor` pixels averaged, in bands: with transparency Pillow would copy the whole before."""
    if factor == 1:
        return image
    small = Image.new(image.mode, (-(-image.width // factor), -(-image.height // factor)))
    for top in range(0, image.height, BAND * factor):
        band = image.crop((0, top, image.width, min(image.height, top + BAND * factor)))
        small.paste(band.reduce(factor), (0, top // factor))
    return small
