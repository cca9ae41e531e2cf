"""A digit in a link: its 28×28 bytes compressed, as letters that a URL takes; about 255 of them for a drawing."""

from __future__ import annotations

import base64
import binascii
import zlib

import numpy as np

from .data.digits import Bytes

MOST = 1200  # letters; 784 bytes that cannot be compressed take 1,057
SIZE = 28 * 28


class PostcardError(ValueError):
    """Text that holds no digit; a part of a sentence."""


def write(digit: Bytes) -> str:
    """The link's text for a digit uint8 (28, 28); `read` gives the very same bytes back."""
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)  # raw: header and checksum would be nine letters more
    return base64.urlsafe_b64encode(pack.compress(digit.tobytes()) + pack.flush()).decode().rstrip("=")


def read(text: str) -> Bytes:
    """The digit of a link's text. Raises `PostcardError`; never unpacks more than 784 bytes."""
    if len(text) > MOST:
        raise PostcardError(f"it has {len(text):,} letters, and a drawing at most {MOST:,}")
    try:
        packed = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        unpack = zlib.decompressobj(-15)
        content = unpack.decompress(packed, SIZE + 1)
    except (ValueError, binascii.Error, zlib.error) as error:  # also UnicodeEncodeError
        raise PostcardError("it was changed or cut on the way") from error
    if len(content) != SIZE or not unpack.eof or unpack.unused_data:
        raise PostcardError("it was changed or cut on the way")
    return np.frombuffer(content, np.uint8).reshape(28, 28)
