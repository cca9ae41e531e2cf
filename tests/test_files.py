"""Files written whole or not at all, and arrays that are read without running anything."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnistlab import files
from mnistlab.events import pack

ARRAYS = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "name": np.array("text")}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "arrays.npz"


def refusal(file: Path, most: int = 1000) -> str:
    with pytest.raises(files.FileError) as caught:
        files.read_arrays(file, most)
    return str(caught.value)


def test_what_is_written_is_read(file: Path) -> None:
    files.write(file, pack(ARRAYS))
    found = files.read_arrays(file, 1000)
    assert set(found) == set(ARRAYS)
    np.testing.assert_array_equal(found["a"], ARRAYS["a"])
    assert str(found["name"]) == "text"


def test_writing_replaces_the_whole_file_and_leaves_nothing_beside_it(file: Path) -> None:
    files.write(file, b"long before")
    files.write(file, b"new")
    assert file.read_bytes() == b"new"
    assert list(file.parent.iterdir()) == [file]


def test_failed_write_keeps_what_was_there(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write(file, b"before")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write(file, b"after")
    assert file.read_bytes() == b"before"
    assert list(file.parent.iterdir()) == [file]


def test_folder_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.write(tmp_path / "none" / "file", b"")


def test_pickle_is_refused(file: Path) -> None:
    np.savez(file, a=np.array([None]))
    assert refusal(file) == "its arrays cannot be read safely"


def test_more_than_expected_is_refused_before_it_is_read(file: Path) -> None:
    files.write(file, pack({"a": np.zeros(10_000, np.float32)}))
    assert refusal(file, 30_000) == "its arrays are larger than the network needs"
    assert len(files.read_arrays(file, 40_000)["a"]) == 10_000


def test_compressed_arrays_are_refused(file: Path) -> None:
    np.savez_compressed(file, **ARRAYS)
    assert refusal(file) == "its arrays are compressed, which this lab never writes"


def directory(content: bytes, most: int) -> str:
    with pytest.raises(files.FileError) as caught:
        files.check_directory(content, most)
    return str(caught.value)


def test_zip_of_no_more_than_expected_passes() -> None:
    files.check_directory(pack(ARRAYS), len(ARRAYS))


def test_zip_that_lists_more_than_expected_is_refused_before_it_is_opened() -> None:
    assert directory(pack(ARRAYS), 1) == "it lists 2 files; at most 1 are expected"
    lying = bytearray(pack(ARRAYS))
    lying[-14:-10] = bytes(4)  # says that it lists none, but its directory is as long as before
    lying[-10:-6] = (10_000_000).to_bytes(4, "little")
    assert directory(bytes(lying), 5) == "it lists 0 files; at most 5 are expected"


@pytest.mark.parametrize("change", [lambda zipped: zipped + b"x", lambda zipped: zipped[:-1], lambda _: b"PK"])
def test_zip_that_does_not_end_as_ours_do_is_refused(change: Callable[[bytes], bytes]) -> None:
    assert directory(change(pack(ARRAYS)), 9) == "it is not a whole zip file"


def test_arrays_are_read_from_memory_too() -> None:
    np.testing.assert_array_equal(files.read_arrays(io.BytesIO(pack(ARRAYS)), 1000)["a"], ARRAYS["a"])


def test_what_is_no_array_is_refused(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", b"text")
    assert refusal(file) == "it holds something that is not an array"


@pytest.mark.parametrize("content", [b"", b"PK", pack(ARRAYS)[:200]])
def test_damaged_file_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert refusal(file) == "its arrays are damaged"


def test_file_that_is_not_there_is_refused(file: Path) -> None:
    assert refusal(file) == "its arrays are damaged"
