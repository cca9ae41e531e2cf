"""Files that are whole or not there at all, and arrays read from disk without ever running a pickle.

Knows nothing of what the arrays mean.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from .events import Arrays


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


def read_arrays(file: Path, most_bytes: int) -> Arrays:
    """The arrays of an uncompressed `.npz`, never a pickle, never more than is expected. Raises `FileError`."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
                raise FileError("its arrays are compressed, which this lab never writes")
            if sum(entry.file_size for entry in entries) > most_bytes + 1024 * len(entries):
                raise FileError("its arrays are larger than the network needs")
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
