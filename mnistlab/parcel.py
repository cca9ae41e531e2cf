"""A run as one zip: out of a lab, and into another, which reads it without trusting it.

Whoever made the zip may have made it by hand. So its directory is looked at first, then every name and size, and only
then is anything inflated; each file is read by the core's own readers and written anew. Nothing is unpacked by name.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from . import files, foreign, limits
from .events import Arrays, Event, pack
from .experiment import MAX_JSON_BYTES, Experiment, SpecError
from .foreign import RunFile
from .limits import Limits
from .runs import Run, RunError, RunStore, lines

MEMBERS = ("run.json", "events.jsonl", "weights.npz", "evaluation.npz", "README.txt")
NEEDED = MEMBERS[:3]
FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}/")
EVENTS_BYTES = 16_000_000  # what a training of two hours writes
BESIDES = 4_000_000  # bytes of a zip that are not weights

PROGRAMS = {  # how files begin that can run a program when they are read
    b"\x89HDF": "a Keras or HDF5 file (.h5)",
    b"\x80\x02": "a pickle", b"\x80\x03": "a pickle", b"\x80\x04": "a pickle", b"\x80\x05": "a pickle",
}  # fmt: skip
INSIDE = (  # and what such files have in them when they are zips
    (re.compile(r"(.*/)?(model\.weights\.h5|config\.json|metadata\.json)"), "a .keras file"),
    (re.compile(r"(.*/)?(saved_model\.pb|fingerprint\.pb|variables/.*)"), "a SavedModel"),
    (re.compile(r".*\.(pkl|pickle|pt|pth|joblib)"), "a pickle"),
    (re.compile(r".*\.(h5|hdf5|keras)"), "a Keras or HDF5 file (.h5)"),
)
NEVER = "reading one can run a program, so this lab never does"
ONLY = "only the .zip of a run, as this lab makes it, is read"

README = """A run of MNIST Lab.

To open it in another lab, choose it there under Train, A run, Add a run; or: python -m mnistlab runs --add FILE.zip
run.json says what was trained and how, weights.npz holds the network (float32 arrays by layer), evaluation.npz its
answers to the test digits, events.jsonl how the training went.
"""


@dataclass(frozen=True, eq=False)
class Parcel:
    """What such a zip holds, checked."""

    label: str
    experiment: Experiment
    events: tuple[Event, ...]
    weights: Arrays
    evaluation: Arrays | None


def wrap(run: Run) -> bytes:
    """A run that is over as one zip. Raises `RunError` when it is not, or has no weights."""
    if run.weights_file is None:
        raise RunError("this run has no weights yet")
    if run.history.finished is None:
        raise RunError("this run is not over; stop it or let it end, then take it along")
    described = RunFile(id=run.id, label=run.label, created=run.created, experiment=run.experiment)
    buffer = io.BytesIO()
    try:
        contents = {"run.json": described.model_dump_json(indent=1).encode(), "weights.npz": pack(run.weights())}
        contents |= {name: (run.path / name).read_bytes() for name in ("events.jsonl", "evaluation.npz")
                     if (run.path / name).is_file()}  # fmt: skip
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in {**contents, "README.txt": README.encode()}.items():
                archive.writestr(f"{run.id}/{name}", content)
    except OSError as error:
        raise RunError("this run's files cannot be read") from error
    return buffer.getvalue()


def add(store: RunStore, content: bytes, visitor: str = "") -> Run:
    """Put the run of a zip among those of a lab, as a new run of this visitor. Raises `RunError` with the exact reason."""
    parcel = unwrap(content)
    contents = {"weights.npz": pack(parcel.weights), "events.jsonl": lines(parcel.events)}
    if parcel.evaluation is not None:
        contents["evaluation.npz"] = pack(parcel.evaluation)
    return store.create(parcel.experiment, parcel.label, visitor=visitor, brought=contents)


def most_bytes() -> int:
    """How large a zip may be: that of the largest network that this lab takes on."""
    return 4 * Limits.here().parameters + BESIDES


def unwrap(content: bytes) -> Parcel:
    """What the zip holds. Raises `RunError`, one sentence with the exact reason, for anything but a whole run."""
    try:
        return _unwrapped(content)
    except (files.FileError, SpecError) as error:
        raise RunError(f"the file was not added: {error}") from error


def _unwrapped(content: bytes) -> Parcel:
    _refuse_programs(content)
    if (most := most_bytes()) < len(content):
        raise files.FileError(f"it has {len(content) / 1e6:.1f} MB; at most {most / 1e6:.1f} are read here")
    files.check_directory(content, 10 * len(MEMBERS))
    found = _inflated(content)
    about = foreign.run_file(found["run.json"])
    limits.check_brought(about.experiment.model)
    return Parcel(
        label=about.label,
        experiment=about.experiment,
        events=foreign.events(found["events.jsonl"], about.experiment),
        weights=foreign.weights(found["weights.npz"], about.experiment),
        evaluation=foreign.evaluation(found["evaluation.npz"]) if "evaluation.npz" in found else None,
    )


# The zip


def _refuse_programs(content: bytes) -> None:
    for start, kind in PROGRAMS.items():
        if content.startswith(start):
            raise files.FileError(f"it is {kind}; {NEVER}")
    if not content.startswith(b"PK"):
        raise files.FileError(f"it is no zip; {ONLY}")


def _inflated(content: bytes) -> dict[str, bytes]:
    """The files by name, once all names and sizes are as they should be."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = dict(_members(archive.infolist()))
            return {name: _read(archive, entry) for name, entry in members.items()}
    except files.FileError:
        raise
    except Exception as error:
        # damage can lead zipfile anywhere: encryption, later versions, other checksums, text that is none
        raise files.FileError("it is a damaged zip") from error


def _members(entries: list[zipfile.ZipInfo]) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """Each entry by its name without the one folder that all may lie in."""
    names = [entry.filename for entry in entries]
    for name in names:
        for pattern, kind in INSIDE:
            if pattern.fullmatch(name):
                raise files.FileError(f"it is {kind}; {NEVER}")
    if names and all(name.endswith(".npy") for name in names):
        raise files.FileError(f"it is a bare .npz; {ONLY}")
    folder = FOLDER.match(names[0]) if names else None
    prefix = folder.group() if folder else ""
    seen = set()
    for entry in entries:
        name = entry.filename.removeprefix(prefix)
        if name == "" and entry.file_size == 0:
            continue  # the folder itself
        if name not in MEMBERS:
            raise files.FileError(f"it holds {_shown(entry.filename)}, which is no part of a run")
        if name in seen:
            raise files.FileError(f"it holds {name} twice")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or entry.flag_bits & 1:
            raise files.FileError(f"{name} is compressed or locked in a way that is not read")
        if entry.file_size > _bound(name):
            raise files.FileError(f"{name} unpacks to {entry.file_size:,} bytes; at most {_bound(name):,} are read")
        seen.add(name)
        yield name, entry
    if missing := [name for name in NEEDED if name not in seen]:
        raise files.FileError(f"{missing[0]} is missing; {ONLY}")


def _bound(name: str) -> int:
    """Bytes of a file at the most, inflated."""
    match name:
        case "weights.npz":
            return most_bytes()
        case "events.jsonl":
            return EVENTS_BYTES
        case "evaluation.npz":
            return foreign.ANSWERS_BYTES
    return 2 * MAX_JSON_BYTES


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as file:
        content = file.read(entry.file_size + 1)  # to its end, where the checksum is compared
    if len(content) != entry.file_size:
        raise files.FileError("it is a damaged zip")
    return content


def _shown(name: str) -> str:
    """A file's name as part of a sentence; who made it may have put anything there."""
    text = "".join(c if c.isprintable() else "�" for c in name)
    return repr(text if len(text) <= 60 else text[:57] + "…")
