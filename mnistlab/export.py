"""What can be taken out of the lab: code, a trained network in other formats, a whole run for another lab.

Code and runs are made here; Keras, ONNX and LiteRT files in the worker, which knows how (`MADE_BY_THE_WORKER`).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from types import MappingProxyType

from .runs import Run, RunError

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {"script": ".py", "notebook": ".ipynb", "keras": ".keras", "onnx": ".onnx", "litert": ".tflite", "zip": ".zip"}
)
MADE_BY_THE_WORKER = ("keras", "onnx", "litert")
COMPARED = 100  # digits on which an exported network must answer as Keras does
TOLERANCE = 1e-5  # of a probability

README = """A run of MNIST Lab.

To open it in another lab, unpack this file in the lab's folder of runs: the one that MNISTLAB_RUNS names, else `models`.
run.json says what was trained and how, weights.npz holds the network (float32 arrays by layer), evaluation.npz its
answers to the test digits, events.jsonl how the training went.
"""


def zipped(run: Run) -> bytes:
    """A run's folder as one file that another lab can unpack among its runs. Raises `RunError` when it has no weights."""
    weights = run.weights_file
    if weights is None:
        raise RunError("this run has no weights yet")
    names = ("run.json", "events.jsonl", "evaluation.npz", weights.name)
    buffer = io.BytesIO()
    try:
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in (run.path / name for name in names):
                if file.is_file():
                    archive.writestr(f"{run.id}/{file.name}", file.read_bytes())
            archive.writestr(f"{run.id}/README.txt", README)
    except OSError as error:
        raise RunError("this run's files cannot be read") from error
    return buffer.getvalue()
