"""An `Experiment` as a plain Keras script or notebook that imports nothing of ours.

Only what the experiment needs is printed. The script cuts, spoils and schedules exactly as `worker.training` does; the
order of the images and the first weights are drawn by Keras, so results agree as two seeds of one experiment do.
Each statement says what it is about, so that `explain` can stand beside it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from textwrap import indent
from typing import Any

from .experiment import Augmentation, DataSpec, Experiment, Optimizer, Schedule, Spoil, TrainSpec
from .ledger import Layer, layers

SAMPLE_PER_DIGIT = 500  # the bundled sample is the first 500 of each digit of MNIST's training set

WIDTH = 120  # of the script's lines
SCRIPT_FILE = "file = sys.argv[1] if len(sys.argv) > 1 else None  # an .npz with Keras' four keys, or none: download"
NOTEBOOK_FILE = "file = None  # the path of an .npz with Keras' four keys, or None: download"

OPTIMIZERS: dict[Optimizer, str] = {
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "adam": "Adam",
    "adamw": "AdamW",
    "adagrad": "Adagrad",
}


@dataclass(frozen=True)
class Line:
    """A statement of the script, or a few that belong together, and what it is about."""

    about: str
    """Such as "scale"; a layer's is "layer " and its name in the ledger."""
    code: str


@dataclass(frozen=True)
class Part:
    """What belongs together: a block of the script, a cell of the notebook."""

    title: str
    lines: tuple[Line, ...]

    @property
    def code(self) -> str:
        return _joined([line.code for line in self.lines], "\n")


def parts(experiment: Experiment) -> tuple[Part, ...]:
    """The script from its imports to its last answer. Raises `SpecError` for a network that cannot exist."""
    found = [
        Part("Import", tuple(_imports(experiment))),
        Part("Load", tuple(_load())),
        Part("Choose what to train on", tuple(_choose(experiment.data, experiment.train.seed))),
        Part("Spoil the training digits on purpose", tuple(_spoil(experiment.data.spoil, experiment.train.seed))),
        Part("Prepare", tuple(_prepare(experiment))),
        Part("Change every copy", tuple(_augment(experiment.train.augmentation))),
        Part("Build", tuple(_build(experiment))),
        Part("Compile", tuple(_compile(experiment.train))),
        Part("Stop early", tuple(_stop(experiment.train))),
        Part("Fit", tuple(_fit(experiment.train))),
        Part("Evaluate", tuple(_evaluate())),
        Part("Predict one image", tuple(_predict(experiment.train))),
    ]
    return tuple(part for part in found if part.lines)


def script(experiment: Experiment, title: str = "") -> str:
    """A program of one optional argument, the path of an `.npz` with Keras' four keys. `title` is one line of text."""
    head = [f"# {line}" for line in (*([_one_line(title)] if title else []), *_ABOUT)]
    imports, *others = parts(experiment)
    body = [f"# {part.title}\n{part.code}" for part in others]
    return _joined(["\n".join(head), imports.code, *body], "\n\n") + "\n"


def notebook(experiment: Experiment, title: str = "") -> str:
    """The same as a Jupyter notebook, a cell a part: nbformat 4 as JSON."""
    heading = f"# {_one_line(title) or 'MNIST with Keras'}\n\n{' '.join(_ABOUT)}"
    cells = [_cell("markdown", heading, "about")]
    for number, part in enumerate(parts(experiment)):
        code = part.code.replace("import sys\n", "").replace(SCRIPT_FILE, NOTEBOOK_FILE).lstrip("\n")
        cells += [_cell("markdown", f"## {part.title}", f"title-{number}"), _cell("code", code, f"code-{number}")]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    values = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(values, indent=1) + "\n"


_ABOUT = ("Trains on MNIST with Keras 3 and TensorFlow: pip install keras tensorflow",)


def _joined(pieces: Sequence[str], between: str) -> str:
    """With two empty lines around functions and classes."""
    text = pieces[0]
    for before, piece in pairwise(pieces):
        text += ("\n\n\n" if _defines(before) or _defines(piece) else between) + piece
    return text


def _defines(code: str) -> bool:
    lines = [line for line in code.splitlines() if not line.startswith("#")]
    return bool(lines) and lines[-1].startswith("    ") and any(x.startswith(("def ", "class ")) for x in lines)


def _one_line(text: str) -> str:
    return "".join(c for c in text if c.isprintable())[:80]


def _cell(kind: str, source: str, name: str) -> dict[str, Any]:
    cell = {"cell_type": kind, "id": name, "metadata": {}, "source": source.splitlines(keepends=True)}
    return {**cell, "execution_count": None, "outputs": []} if kind == "code" else cell


def _imports(experiment: Experiment) -> Iterator[Line]:
    train = experiment.train
    timed, turned = train.stopping.seconds is not None, train.augmentation.rotate or train.augmentation.shear
    first = [name for name, needed in (("math", turned), ("sys", True), ("time", timed)) if needed]
    yield Line("imports", "\n".join([*(f"import {name}" for name in first), "", "import keras", "import numpy as np"]))
    if train.augmentation != Augmentation():
        yield Line("tensorflow", "import tensorflow as tf")
    yield Line("seed", f"\nkeras.utils.set_random_seed({train.seed})")


def _load() -> Iterator[Line]:
    yield Line("file", SCRIPT_FILE)
    yield Line(
        "load",
        "if file is None:\n"
        "    (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()\n"
        "else:\n"
        "    with np.load(file) as data:\n"
        '        x_train, y_train, x_test, y_test = (data[key] for key in ("x_train", "y_train", "x_test", "y_test"))',
    )


def _choose(data: DataSpec, seed: int) -> Iterator[Line]:
    count = "len(x_train) // 12" if data.validation_images is None else f"{data.validation_images}"
    yield Line("validation count", f"validation = {count}")
    rows = "len(x_train)"
    if data.leave_out_sample:
        rows = "rows"
        yield Line(
            "leave out sample",
            f"rows = np.sort(np.concatenate([np.flatnonzero(y_train == d)[{SAMPLE_PER_DIGIT}:] for d in range(10)]))",
        )
    yield Line("order", f"order = np.random.default_rng({seed}).permutation({rows})")
    yield Line("validation", "x_val, y_val = x_train[order[:validation]], y_train[order[:validation]]")
    end = "" if data.train_images is None else f"validation + {data.train_images}"
    chosen = f"order[validation : {end}]" if end else "order[validation:]"
    yield Line("training", f"x_train, y_train = x_train[{chosen}], y_train[{chosen}]")


def _spoil(spoil: Spoil, seed: int) -> Iterator[Line]:
    """The same changes, drawn from the same random numbers, as `data.spoil` makes."""
    keep = "x_train, y_train = x_train[keep], y_train[keep]"
    if spoil.leave_out:
        yield Line("leave out", f"keep = ~np.isin(y_train, {list(spoil.leave_out)})\n{keep}")
    if spoil.rare is not None:
        yield Line(
            "rare",
            f"rare = np.flatnonzero(y_train == {spoil.rare})\n"
            "keep = np.setdiff1d(np.arange(len(y_train)), rare[-(-len(rare) // 10) :])  # a tenth of them stays\n"
            f"{keep}",
        )
    if spoil.per_digit is not None:
        first = f"np.flatnonzero(y_train == d)[:{spoil.per_digit}]"
        yield Line("per digit", f"keep = np.sort(np.concatenate([{first} for d in range(10)]))\n{keep}")
    if spoil.wrong_labels:
        yield Line("wrong labels", "\n".join(_wrong_labels(spoil, seed)))
    if spoil.shift or spoil.rotate:
        yield Line("spoil move", "\n".join(_spoil_move(spoil, seed)))
    if spoil.noise:
        yield Line(
            "noise",
            f"random = np.random.default_rng(({seed}, 0, 4))\n"
            f"noise = {spoil.noise!r} * random.standard_normal(x_train.shape, np.float32)\n"
            "x_train = np.rint(x_train + noise).clip(0, 255)",
        )
    elif spoil.shift or spoil.rotate:
        yield Line("spoil round", "x_train = np.rint(x_train).clip(0, 255)")


def _wrong_labels(spoil: Spoil, seed: int) -> Iterator[str]:
    yield f"random = np.random.default_rng(({seed}, 0, 1))"
    yield f"wrong = random.permutation(len(y_train))[: round(len(y_train) * {spoil.wrong_labels!r} / 100)]"
    if not spoil.leave_out:
        yield "y_train[wrong] = (y_train[wrong] + random.integers(1, 10, len(wrong))) % 10"
        return
    yield f"known = np.setdiff1d(np.arange(10), {list(spoil.leave_out)})"
    yield "places = np.searchsorted(known, y_train[wrong]) + random.integers(1, len(known), len(wrong))"
    yield "y_train[wrong] = known[places % len(known)]"


def _spoil_move(spoil: Spoil, seed: int) -> Iterator[str]:
    """Output pixel (x, y) is read at A·(x, y, 1) of the input: turned about (14, 14), then moved."""
    shifts = f"np.random.default_rng(({seed}, 0, 2)).integers({-spoil.shift}, {spoil.shift + 1}, (len(x_train), 2))"
    turn = f"np.random.default_rng(({seed}, 0, 3)).uniform({-spoil.rotate!r}, {spoil.rotate!r}, len(x_train))"
    yield f"to_x, to_y = 14 + {shifts}.T"
    yield f"angle = np.radians({turn})"
    yield "cos, sin, zero = np.cos(angle), np.sin(angle), np.zeros(len(x_train))"
    yield "rows = [cos, sin, 14 - cos * to_x - sin * to_y, -sin, cos, 14 + sin * to_x - cos * to_y, zero, zero]"
    yield 'images, rows = x_train[..., None].astype("float32"), np.stack(rows, axis=1).astype("float32")'
    yield 'moved = keras.ops.image.affine_transform(images, rows, data_format="channels_last")'
    yield "x_train = keras.ops.convert_to_numpy(moved)[..., 0]"


def _prepare(experiment: Experiment) -> Iterator[Line]:
    channel = "[..., None]" if channels(experiment) else ""
    for what in ("train", "val", "test"):
        yield Line(f"scale {what}", f'x_{what} = x_{what}{channel}.astype("float32") / 255')
    if experiment.train.loss == "categorical":
        for what in ("train", "val", "test"):
            yield Line(f"one-hot {what}", f"y_{what} = keras.utils.to_categorical(y_{what}, 10)")


def channels(experiment: Experiment) -> bool:
    """Whether anything looks at an image as height, width and channels."""
    model = experiment.model
    return bool(model.conv) or model.head == "average" or experiment.train.augmentation != Augmentation()


def _augment(spec: Augmentation) -> Iterator[Line]:
    if spec == Augmentation():
        return
    body = "\n".join(_changes(spec))
    yield Line("augment", f"def augment(images, labels):\n{indent(body, '    ')}")


def _changes(spec: Augmentation) -> Iterator[str]:
    """The same changes as `worker.augment` makes: output pixel (x, y) is read at A·(x − 14, y − 14) + 14 + shift."""
    if spec.geometric:
        yield "def between(most):"
        yield "    return tf.random.uniform(tf.shape(images)[:1], -most, most)"
        yield ""
        yield from _matrix(spec)
        yield "zero = tf.zeros_like(x)"
        yield "rows = tf.stack([a, b, x, c, d, y, zero, zero], axis=1)"
        yield 'images = keras.ops.image.affine_transform(images, rows, data_format="channels_last")'
    if spec.thickness:
        most = f"{spec.thickness!r}"
        yield f"amount = tf.random.uniform(tf.shape(images), -{most}, {most})[:, :1, :1]  # one an image"
        yield 'thicker = tf.nn.max_pool2d(images, 3, 1, "SAME")'
        yield 'thinner = -tf.nn.max_pool2d(-images, 3, 1, "SAME")'
        yield "images += tf.nn.relu(amount) * (thicker - images) + tf.nn.relu(-amount) * (thinner - images)"
    yield "return images, labels"


def _matrix(spec: Augmentation) -> Iterator[str]:
    shift = f" + between({spec.shift!r})" if spec.shift else ""
    if not (spec.rotate or spec.shear or spec.scale):
        yield f"x, y = between({spec.shift!r}), between({spec.shift!r})"
        yield "a, b, c, d = tf.ones_like(x), tf.zeros_like(x), tf.zeros_like(x), tf.ones_like(x)"
        return
    turn = f"between(math.radians({spec.rotate!r}))" if spec.rotate else "between(0)"
    lean = f"tf.tan(between(math.radians({spec.shear!r})))" if spec.shear else "0"
    yield f"angle, lean = {turn}, {lean}"
    size = f"1 + between({spec.scale!r})" if spec.scale else "1"
    yield f"wide, high = {size}, {size}"
    yield "a, b = tf.cos(angle) / wide, (tf.cos(angle) * lean - tf.sin(angle)) / high"
    yield "c, d = tf.sin(angle) / wide, (tf.sin(angle) * lean + tf.cos(angle)) / high"
    yield f"x, y = 14 * (1 - a - b){shift}, 14 * (1 - c - d){shift}"


def _build(experiment: Experiment) -> Iterator[Line]:
    shape = "(28, 28, 1)" if channels(experiment) else "(28, 28)"
    yield Line("input", f"model = keras.Sequential(\n    [\n        keras.Input({shape}),")
    initializer = experiment.train.initializer
    plan = [layer for layer in layers(experiment.model) if layer.kind != "softmax"]
    for layer in plan:
        yield Line(f"layer {layer.name}", f"        keras.layers.{_layer(layer, initializer)},")
    yield Line("summary", "    ]\n)\nmodel.summary()")


def _layer(layer: Layer, initializer: str) -> str:
    activation = "softmax" if layer.name == "logits" else layer.activation
    options = {
        "strides": layer.strides if layer.kind == "conv" and layer.strides > 1 else None,
        "padding": layer.padding if layer.padding == "same" else None,
        "activation": activation if activation != "linear" else None,
        "kernel_initializer": initializer if initializer != "glorot_uniform" else None,  # Keras' own default
    }
    match layer.kind:
        case "conv":
            return _call("Conv2D", layer.shape[-1], layer.size, **options)
        case "dense":
            return _call("Dense", layer.shape[0], **options)
        case "batch_norm":
            return "BatchNormalization()"
        case "activation":
            return _call("Activation", layer.activation)
        case "max_pool":
            return _call("MaxPooling2D", layer.size)
        case "dropout":
            return _call("Dropout", layer.rate)
        case "average":
            return "GlobalAveragePooling2D()"
        case _:
            return "Flatten()"


def _call(name: str, *arguments: object, **options: object) -> str:
    """`name(…)` as Python writes it, without the options that are None."""
    given = [_literal(value) for value in arguments]
    given += [f"{key}={_literal(value)}" for key, value in options.items() if value is not None]
    return f"{name}({', '.join(given)})"


def _wrapped(start: str, arguments: Sequence[str]) -> str:
    """`start(…)` on one line, or on several when it is too long, as formatters write it."""
    if len(line := f"{start}({', '.join(arguments)})") <= WIDTH:
        return line
    if len(line := f"    {', '.join(arguments)}") <= WIDTH:
        return f"{start}(\n{line}\n)"
    return f"{start}(\n{''.join(f'    {argument},{chr(10)}' for argument in arguments)})"


def _literal(value: object) -> str:
    return json.dumps(value) if isinstance(value, str) else repr(value)


_STEPS = "steps = {epochs} * -(-len(x_train) // {batch})  # all of them, to the last epoch's end"

# The factors of `schedules` as Keras' own: their names and what they are given, from the learning rate
_SCHEDULES: dict[Schedule, tuple[str, Callable[[float], tuple[str, ...]]]] = {
    "step": (
        "PiecewiseConstantDecay",
        lambda rate: (
            "[(steps - 1) // 2, (3 * steps - 1) // 4]",
            f"[{rate!r}, {_short(rate / 10)}, {_short(rate / 100)}]",
        ),
    ),
    "exponential": ("ExponentialDecay", lambda rate: (repr(rate), "steps", "0.01")),
    "cosine": ("CosineDecay", lambda rate: (repr(rate), "steps")),
    "one_cycle": (
        "CosineDecay",
        lambda rate: (_short(0.04 * rate), "0.7 * steps", f"warmup_target={rate!r}", "warmup_steps=0.3 * steps"),
    ),
}


def _short(number: float) -> str:
    """Without the tail of digits that a product leaves: 0.00012, not 0.00012000000000000002."""
    return repr(float(f"{number:.12g}"))


def _compile(train: TrainSpec) -> Iterator[Line]:
    rate = repr(train.learning_rate)
    if train.schedule != "constant":
        steps = _STEPS.format(epochs=train.epochs, batch=train.batch_size)
        name, given = _SCHEDULES[train.schedule]
        rates = _wrapped(f"rate = keras.optimizers.schedules.{name}", given(train.learning_rate))
        yield Line("schedule", f"{steps}\n{rates}")
        rate = "rate"
    decay = train.weight_decay or (0.0 if train.optimizer == "adamw" else None)  # AdamW's own default is 0.004
    options = {"momentum": train.momentum or None, "nesterov": train.nesterov or None, "weight_decay": decay}
    named = [f"{key}={value!r}" for key, value in options.items() if value is not None]
    yield Line("optimizer", _wrapped(f"optimizer = keras.optimizers.{OPTIMIZERS[train.optimizer]}", [rate, *named]))
    loss = f'"{train.loss}_crossentropy"'
    if train.label_smoothing:
        loss = f"keras.losses.CategoricalCrossentropy(label_smoothing={train.label_smoothing!r})"
    yield Line("loss", f"loss = {loss}")
    metrics = ["accuracy", *(["categorical_crossentropy"] if train.label_smoothing else [])]  # which is not smoothed
    yield Line("compile", f"model.compile(optimizer, loss=loss, metrics={json.dumps(metrics)})")


def _stop(train: TrainSpec) -> Iterator[Line]:
    rule = train.stopping
    if rule.patience is not None:
        # with smoothing the loss is another; what counts is the cross-entropy itself
        watched = ['"val_categorical_crossentropy"', 'mode="min"'] if train.label_smoothing else ['"val_loss"']
        given = [*watched, f"patience={rule.patience}", "restore_best_weights=True"]
        yield Line("patience", _wrapped("patience = keras.callbacks.EarlyStopping", given))
    if rule.target_accuracy is not None:
        yield Line("target", _TARGET.format(accuracy=rule.target_accuracy))
    if rule.seconds is not None:
        yield Line("clock", _CLOCK.format(seconds=rule.seconds))


_TARGET = """\
class Target(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if logs["val_accuracy"] >= {accuracy!r}:
            self.model.stop_training = True"""

_CLOCK = """\
class Clock(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.began = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        if time.perf_counter() - self.began > {seconds!r}:
            self.model.stop_training = True"""


def _fit(train: TrainSpec) -> Iterator[Line]:
    given = [f"epochs={train.epochs}", "validation_data=(x_val, y_val)"]
    rule = train.stopping
    stops = {"patience": rule.patience, "Target()": rule.target_accuracy, "Clock()": rule.seconds}
    if callbacks := [call for call, wanted in stops.items() if wanted is not None]:
        given.append(f"callbacks=[{', '.join(callbacks)}]")
    if train.augmentation == Augmentation():
        given = ["x_train", "y_train", f"batch_size={train.batch_size}", *given]
        yield Line("fit", _wrapped("history = model.fit", given))
        return
    yield Line(
        "pipeline",
        "train = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(len(x_train), seed="
        f"{train.seed})\n"
        f"train = train.batch({train.batch_size}).map(augment, tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)",
    )
    yield Line("fit", _wrapped("history = model.fit", ["train", "shuffle=False", *given]))  # the pipeline shuffles


def _evaluate() -> Iterator[Line]:
    yield Line("evaluate", "scores = model.evaluate(x_test, y_test, verbose=0, return_dict=True)")
    yield Line("scores", """print(f"test accuracy {scores['accuracy']:.4f}, test loss {scores['loss']:.4f}")""")


def _predict(train: TrainSpec) -> Iterator[Line]:
    yield Line("image", "image = x_test[0]  # the first: Python counts from 0")
    yield Line("predict", "probabilities = model.predict(image[None], verbose=0)[0]")
    label = "y_test[0].argmax()" if train.loss == "categorical" else "y_test[0]"
    yield Line(
        "answer", f'print(f"answer {{probabilities.argmax()}}, label {{{label}}}")\nprint(probabilities.round(4))'
    )


def name(title: str) -> str:
    """A file's name without suffix, made of `title`'s letters and digits only."""
    kept = "".join(c if c.isascii() and c.isalnum() else " " for c in title.lower()).split()
    return "-".join(kept)[:60].strip("-") or "experiment"
