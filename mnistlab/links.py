"""An experiment as the few words of a link: the preset it comes from, and only what differs from it.

`preset=classic-dense-512&epochs=10&conv=32_5x5_pool2~64_drop0.5` is read as it looks. A field's name is its dotted
path without its first part; a stack of blocks is written whole, blocks between `~`, what is not usual after `_`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .experiment import ACTIVATIONS, ConvBlock, DenseBlock, Experiment, Spec, SpecError, differences
from .presets import PRESETS, START

MAX_LENGTH = 1500  # characters of one value: twelve blocks with every field used have about 600
STACKS = ("model.conv", "model.dense")
NOTHING = "none"

_ACTIVATIONS = {name.replace("_", ""): name for name in ACTIVATIONS}
_PART = re.compile(
    r"(?P<kernel_size>[0-9]+)x(?P=kernel_size)|step(?P<strides>[0-9]+)|pool(?P<pool>[0-9]+)|drop(?P<dropout>[0-9.e-]+)"
    r"|(?P<batch_norm>norm)|(?P<padding>same)|(?P<activation>[a-z]+)"
)


@dataclass(frozen=True)
class Link:
    """What a link says: an experiment, the preset it was written from, and each part that could not be used, with why."""

    experiment: Experiment
    preset: str
    ignored: Mapping[str, str]


def write(experiment: Experiment, preset: str) -> dict[str, str]:
    """Names and texts of a link; empty for the preset that a lab starts with, unchanged."""
    base = PRESETS[preset].experiment
    changed = {_stack(path): None for path in differences(base, experiment)}
    texts = {_name(path): _text(experiment.at(path)) for path in changed}
    return {"preset": preset, **texts} if texts or preset != START else {}


def read(texts: Mapping[str, str]) -> Link:
    """The experiment that a link's names and texts describe. What does not fit is left out and told; nothing is raised."""
    wanted: dict[str, Any] = {}
    ignored: dict[str, str] = {}
    preset = texts.get("preset", START)
    if preset not in PRESETS:
        ignored["preset"], preset = "is not one of this lab", START
    for name, text in texts.items():
        if name == "preset":
            continue
        if name not in NAMES:
            ignored[name] = "is not a field of an experiment"
        elif len(text) > MAX_LENGTH:
            ignored[name] = f"has more than {MAX_LENGTH:,} characters"
        else:
            try:
                wanted[NAMES[name]] = _value(NAMES[name], text)
            except ValueError:
                ignored[name] = "cannot be read"
    experiment, refused = _most(PRESETS[preset].experiment, wanted)
    return Link(experiment, preset, ignored | refused)


def nearest(experiment: Experiment) -> str:
    """The preset with the shortest link to `experiment`."""
    return min(PRESETS, key=lambda name: sum(map(len, write(experiment, name).values())))


def _most(base: Experiment, wanted: dict[str, Any]) -> tuple[Experiment, dict[str, str]]:
    """`base` with all that is wanted, or with what of it can be had: fields that belong together come in any order."""
    try:
        return base.changed(wanted), {}
    except SpecError:
        pass  # which of them it was is found below
    left, moved = dict(wanted), True
    refused: dict[str, str] = {}
    while moved:
        refused, moved = {}, False
        for path, value in list(left.items()):
            try:
                base, moved = base.changed({path: value}), True
                del left[path]
            except SpecError as error:
                refused[_name(path)] = str(error)
    return base, refused


def _leaves(kind: type[Spec], path: str = "") -> Iterator[str]:
    """The dotted path of every field, stacks of blocks being one."""
    for name, info in kind.model_fields.items():
        inner, here = info.annotation, f"{path}.{name}".lstrip(".")
        if isinstance(inner, type) and issubclass(inner, Spec):
            yield from _leaves(inner, here)
        else:
            yield here


def _name(path: str) -> str:
    return path.partition(".")[2]


def _stack(path: str) -> str:
    """The whole stack that a field of a block belongs to; any other field as it is."""
    return next((stack for stack in STACKS if path.startswith(f"{stack}.")), path)


NAMES = {_name(path): path for path in _leaves(Experiment)}


def _text(value: Any) -> str:
    if value is None or value == ():
        return NOTHING
    if isinstance(value, tuple) and isinstance(value[0], Spec):
        return "~".join(map(_block, value))
    if isinstance(value, tuple):
        return "".join(map(str, value))
    if isinstance(value, bool):
        return "on" if value else "off"
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    """Every digit it takes to get the same number back; a plus would be written as three characters."""
    return repr(value).removesuffix(".0").replace("e+", "e")


def _block(block: ConvBlock | DenseBlock) -> str:
    usual = type(block)()
    size = block.filters if isinstance(block, ConvBlock) else block.units
    forms = {
        "kernel_size": "{0}x{0}", "strides": "step{0}", "padding": "{0}", "activation": "{0}", "batch_norm": "norm",
        "pool": "pool{0}", "dropout": "drop{0}",
    }  # fmt: skip
    parts = [str(size)]
    for field, form in forms.items():
        value = getattr(block, field, None)
        if value is not None and value != getattr(usual, field):
            parts.append(form.format(_number(value) if isinstance(value, float) else str(value).replace("_", "")))
    return "_".join(parts)


def _value(path: str, text: str) -> Any:
    """What a text means; whether the field takes it, the experiment itself checks. Raises `ValueError`."""
    if path in STACKS:
        size = "filters" if path == "model.conv" else "units"
        return [] if text == NOTHING else [_read_block(size, part) for part in text.split("~")]
    if path == "data.spoil.leave_out":
        return [] if text == NOTHING else [_whole(digit) for digit in text]
    words: dict[str, Any] = {NOTHING: None, "on": True, "off": False}
    if text in words:
        return words[text]
    if re.fullmatch(r"[0-9]+", text):
        return _whole(text)
    return float(text) if re.fullmatch(r"[0-9.]+(e-?[0-9]+)?", text) else text


def _read_block(size: str, text: str) -> dict[str, Any]:
    first, *parts = text.split("_")
    values: dict[str, Any] = {size: _whole(first)}
    for part in parts:
        match = _PART.fullmatch(part)
        if match is None or match.lastgroup is None or match.lastgroup in values:
            raise ValueError(part)
        found = match[match.lastgroup]
        match match.lastgroup:
            case "dropout":
                values["dropout"] = float(found)
            case "batch_norm":
                values["batch_norm"] = True
            case "padding":
                values["padding"] = found
            case "activation" if found in _ACTIVATIONS:
                values["activation"] = _ACTIVATIONS[found]
            case "activation":
                raise ValueError(part)
            case field:
                values[field] = _whole(found)
    return values


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 20:
        raise ValueError(text)
    return int(text)
