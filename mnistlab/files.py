"""Files that are whole or not there at all, and arrays read from disk without ever running a pickle.

Knows nothing of what the arrays mean.
"""

from __future__ import annotations

import io
import os
import struct
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from .events import Arrays

DIRECTORY_END = struct.Struct("<4s4H2LH")  # of a zip: PKWARE's APPNOTE.TXT, 4.3.16
DIRECTORY_ENTRY = 46 + 250  # bytes at the most that one of our members takes in the directory, its name included


class FileError(ValueError):
    """Arrays that cannot be read; its text is a part of a sentence, without a path."""


def write(target: Path, content: bytes) -> None:
    """All of it or nothing: under another name first, flushed to disk, then renamed. Raises `OSError`."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def check_directory(content: bytes, most: int) -> None:
    """Look at a zip's directory before `zipfile` makes an object of each of its entries, which may be millions.

    Raises `FileError` when it lists more members than `most`, or is none that this lab writes (without comment, not split).
    """
    if len(content) < DIRECTORY_END.size:
        raise FileError("it is not a whole zip file")
    mark, disk, first, here, listed, size, _, comment = DIRECTORY_END.unpack(content[-DIRECTORY_END.size :])
    if mark != b"PK\x05\x06" or comment or disk or first or here != listed:
        raise FileError("it is not a whole zip file")
    if listed > most or size > most * DIRECTORY_ENTRY:
        raise FileError(f"it lists {listed:,} files; at most {most} are expected")


def read_arrays(file: Path | io.BytesIO, most_bytes: int) -> Arrays:
    """The arrays of an uncompressed `.npz`, never a pickle, never more than is expected. Raises `FileError`."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise FileError("its arrays are compressed, which this lab never writes")
            if sum(entry.file_size for entry in entries) > most_bytes + 1024 * len(entries):
                raise FileError("its arrays are larger than the network needs")
        if isinstance(file, io.BytesIO):
            file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            found = dict(arrays)
        if not all(isinstance(array, np.ndarray) for array in found.values()):
            raise FileError("it holds something that is not an array")
        return found
    except FileError:
        raise
    except ValueError as error:
        raise FileError("its arrays cannot be read safely") from error
    except Exception as error:
        # damage can lead zipfile and NumPy's header parser anywhere: encryption, later versions, tokens, terabytes
        raise FileError("its arrays are damaged") from error
