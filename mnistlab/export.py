"""What can be taken out of the lab: code, a trained network in other formats, a whole run for another lab.

`keras_code` writes the code, `parcel` wraps a run; Keras, ONNX and LiteRT files are made in the worker, which knows how.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SUFFIXES: Mapping[str, str] = MappingProxyType(
    {"script": ".py", "notebook": ".ipynb", "keras": ".keras", "onnx": ".onnx", "litert": ".tflite", "zip": ".zip"}
)
MADE_BY_THE_WORKER = ("keras", "onnx", "litert")
COMPARED = 100  # digits on which an exported network must answer as Keras does
TOLERANCE = 1e-5  # of a probability
