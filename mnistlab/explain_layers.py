"""What each kind of layer does, with the shapes, parameters and numbers of one network and one digit."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .experiment import Initializer
from .explanation import Explanation, Values, enclosed, short
from .forward import ACTIVATIONS
from .initial import VARIANCES, fans
from .ledger import BATCH_NORM_EPSILON, Kind, Layer, Shape
from .worked import padding, strongest, sums

if TYPE_CHECKING:
    from .explain import Case

Floats = NDArray[np.float32]

MOST_SHOWN = 25  # numbers of a window that are printed; beyond it only their sum is

FORMULAS = {
    "relu": r"a = \max(0, z)",
    "leaky_relu": r"a = \begin{cases} z & z > 0 \\ 0.2\, z & z \le 0 \end{cases}",
    "elu": r"a = \begin{cases} z & z > 0 \\ e^{z} - 1 & z \le 0 \end{cases}",
    "selu": r"a = 1.0507 \begin{cases} z & z > 0 \\ 1.6733\, (e^{z} - 1) & z \le 0 \end{cases}",
    "gelu": r"a = \frac{z}{2} \left(1 + \operatorname{erf} \frac{z}{\sqrt 2}\right)",
    "silu": r"a = \frac{z}{1 + e^{-z}}",
    "tanh": r"a = \tanh z",
    "sigmoid": r"a = \frac{1}{1 + e^{-z}}",
}
SOFTMAX = r"p_k = \frac{e^{z_k}}{\sum_{j=0}^{9} e^{z_j}}"


def explain(case: Case, layer: Layer, code: str) -> Explanation:
    """The layer's line; `case` is the experiment, the digit and the network."""
    before = case.outputs[_before(case, layer)]
    return KINDS[layer.kind](case, layer, before).of(code.strip())


def _before(case: Case, layer: Layer) -> str:
    names = ["image", *(one.name for one in case.network.layers)]
    return names[names.index(layer.name) - 1]


def shape(values: Shape) -> str:
    return f"({', '.join(map(str, values))}{',' if len(values) == 1 else ''})"


def _shapes(layer: Layer) -> str:
    return f"Shapes: {shape(layer.input_shape)} → {shape(layer.shape)}."


def _conv(case: Case, layer: Layer, before: Floats) -> Explanation:
    size, (height, width, filters), channels = layer.size, layer.shape, layer.input_shape[-1]
    one = strongest(case.network, layer, before)
    row, column, number = one.place
    values: tuple[Values, ...] = ()
    if channels == 1 and one.inputs.size <= MOST_SHOWN:  # of more channels one would be no whole window
        values = (
            Values(f"window for row {row}, column {column} of the result", one.inputs[..., 0]),
            Values(f"kernel of filter {number}", one.weights[..., 0]),
        )
    reach = f", {layer.strides} pixels apart" if layer.strides > 1 else ""
    side, step = layer.input_shape[0], layer.strides
    every = "keep every place" if step == 1 else f"make room for a window every {step} pixels"
    fits = (
        f"A {size}×{size} window fits {height} times along {side} pixels: "
        + (f"{side} − {size} + 1 = {height}." if step == 1 else f"⌊({side} − {size}) / {step}⌋ + 1 = {height}.")
        if layer.padding == "valid"
        else f"Zeros around the border {every}: ⌈{side} / {step}⌉ = {height}."
    )
    return Explanation(
        f"{filters} small filters slide over the picture{reach}; each marks where its pattern of {size}×{size} is found.",
        (
            f"{_shapes(layer)} {fits}",
            f"Parameters: ({size}·{size}·{channels} + 1)·{filters} = {layer.parameters:,}: a weight for each number "
            f"in the window and one bias, for each filter; the same ones at all {height * width:,} places.",
            f"Strongest for the selected digit: filter {number} at row {row}, column {column}. {one.inputs.size} products "
            f"add up to {short(one.total - one.bias)}, and the bias {short(one.bias)} makes {short(one.total)}.",
            *_activation_numbers(case, layer, before),
        ),
        r"z_{r,c,f} = b_f + \sum_{i,j,m} x_{r s + i,\; c s + j,\; m}\, K_{i,j,m,f}" + _and_activation(layer),
        source="I. Goodfellow et al., Deep Learning (2016), section 9.1: a cross-correlation, which the field calls convolution"
        + (f"; x is 0 beyond the border, and i and j count from {_first(layer)}" if layer.padding == "same" else ""),
        notes=(_initial(case, layer),),
        values=values,
    )


def _first(layer: Layer) -> str:
    """Where a window begins that is padded with zeros, from the place it is for: −1 for 3×3."""
    return str(-(padding(layer, 0))).replace("-", "−")


def _dense(case: Case, layer: Layer, before: Floats) -> Explanation:
    if layer.name == "logits":
        return _output(case, layer, before)
    (units,), (inputs,) = layer.shape, layer.input_shape
    one = strongest(case.network, layer, before)
    return Explanation(
        f"{units} units, each a weighted sum of all {inputs:,} numbers that come in.",
        (
            _shapes(layer),
            f"Parameters: ({inputs:,} + 1)·{units} = {layer.parameters:,}: a weight for each number that comes in and "
            "one bias, for each unit.",
            f"Strongest for the selected digit: unit {one.place[0]}. {inputs:,} products, "
            f"{int((one.inputs != 0).sum()):,} of them with an input that is not 0, add up to {short(one.total - one.bias)}, "
            f"and the bias {short(one.bias)} makes {short(one.total)}.",
            *_activation_numbers(case, layer, before),
        ),
        r"z_u = b_u + \sum_{i} x_i\, W_{i,u}" + _and_activation(layer),
        notes=(_initial(case, layer),),
    )


def _output(case: Case, layer: Layer, before: Floats) -> Explanation:
    logits, probabilities = case.outputs["logits"], case.outputs["probabilities"]
    answer = int(probabilities.argmax())
    powers = np.exp(logits.astype(float))
    z, power, total = float(logits[answer]), float(powers[answer]), float(powers.sum())
    verdict = "right" if answer == case.label else f"wrong, the label is {case.label}"
    return Explanation(
        "Ten weighted sums, one for each digit, and softmax, which makes probabilities of them: all positive, together 1.",
        (
            f"{_shapes(layer)} Parameters: ({layer.input_shape[0]:,} + 1)·10 = {layer.parameters:,}.",
            f"For {answer}: e^{short(z, 7)} = {short(power, 7)}; the ten powers add up to {short(total, 7)}; "
            f"{short(power, 7)} / {short(total, 7)} = {short(power / total, 7)}.",
            f"The largest is the answer: {answer}, with {100 * float(probabilities[answer]):.2f} %; {verdict}.",
        ),
        r"z_k = b_k + \sum_i x_i\, W_{i,k}, \qquad " + SOFTMAX,
        source="C. Bishop, Pattern Recognition and Machine Learning (2006), section 4.3.4",
        notes=(_initial(case, layer),),
        values=(Values("the ten sums z", logits), Values("the ten probabilities p", probabilities)),
    )


def _and_activation(layer: Layer) -> str:
    return "" if layer.activation == "linear" else r", \qquad " + FORMULAS[layer.activation]


def _activation_numbers(case: Case, layer: Layer, before: Floats) -> tuple[str, ...]:
    """What a layer's own activation makes of its sums for this digit."""
    if layer.activation == "linear":
        return ()
    return activation_numbers(layer.activation, sums(case.network, layer, before[None])[0])


def activation_numbers(name: str, z: Floats) -> tuple[str, ...]:
    """What an activation makes of the sums `z` of a layer: how many change, and the largest and smallest as examples."""
    a = ACTIVATIONS[name](z)  # type: ignore[index]
    high, low = int(z.argmax()), int(z.argmin())
    examples = " and ".join(f"{short(float(z.flat[i]))} becomes {short(float(a.flat[i]))}" for i in (high, low))
    if name == "relu":
        below = int((z < 0).sum())
        return (
            f"relu: {below:,} of the {z.size:,} sums are negative and become 0; every positive one passes on unchanged: "
            f"{examples}.",
        )
    return (f"{name}: {examples}.",)


def _initial(case: Case, layer: Layer) -> str:
    """How the layer's first weights are drawn."""
    name: Initializer = case.experiment.train.initializer
    fan_in, fan_out = fans(layer.weights["kernel"])
    deviation = VARIANCES[name](fan_in, fan_out) ** 0.5
    return (
        f"Its first weights are drawn with a standard deviation of {short(deviation)} ({name.replace('_', ' ')}, from "
        f"{fan_in:,} numbers in{f' and {fan_out:,} out' if name.startswith('glorot') else ''}); biases start at 0."
    )


def _batch_norm(case: Case, layer: Layer, before: Floats) -> Explanation:
    weight = {name: case.network.weights[f"{layer.name}/{name}"] for name in layer.weights}
    channels, after = layer.shape[-1], case.outputs[layer.name]
    place = np.unravel_index(int(after.argmax()), after.shape)
    at = place[-1]
    x, mean, variance = float(before[place]), float(weight["moving_mean"][at]), float(weight["moving_variance"][at])
    gamma, beta = float(weight["gamma"][at]), float(weight["beta"][at])
    return Explanation(
        "Brings each channel to a mean near 0 and a spread near 1, then lets training choose both anew.",
        (
            f"{_shapes(layer)} Parameters: 4·{channels} = {layer.parameters:,}; 2·{channels} are learned (γ and β), the other "
            "half are the running mean and variance of what came by.",
            f"Largest for the selected digit, channel {at}: {enclosed(gamma)}·({short(x)} − {enclosed(mean)}) / "
            f"√({short(variance)} + {BATCH_NORM_EPSILON:g}) + {enclosed(beta)} = {short(float(after[place]))}.",
        ),
        r"y = \gamma\, \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta, \qquad \varepsilon = 0.001",
        source="S. Ioffe and C. Szegedy, arXiv:1502.03167",
        notes=("While training, μ and σ² are those of the batch; for an answer, as here, the running ones.",),
    )


def _activation(case: Case, layer: Layer, before: Floats) -> Explanation:
    bends = "Bends each number by itself; without it two layers of sums would be no more than one."
    return Explanation(
        bends if layer.activation != "linear" else "Passes every number as it is.",
        (f"{_shapes(layer)} Parameters: none.", *activation_numbers(layer.activation, before)),
        FORMULAS.get(layer.activation, "a = z"),
    )


def _max_pool(case: Case, layer: Layer, before: Floats) -> Explanation:
    size, after = layer.size, case.outputs[layer.name]
    row, column, channel = (int(i) for i in np.unravel_index(int(after.argmax()), after.shape))
    cut = before[row * size : (row + 1) * size, column * size : (column + 1) * size, channel]
    side, rest = layer.input_shape[0], layer.input_shape[0] % size
    fits = f"⌊{side} / {size}⌋" if rest else f"{side} / {size}"
    over = "row and column" if rest == 1 else f"{rest} rows and columns"
    lost = f" The last {over}, which fill no window, are left out." if rest else ""
    return Explanation(
        f"Of every {size}×{size} numbers only the largest stays: a pattern may lie a little to the side and still be found.",
        (
            f"{_shapes(layer)} {fits} = {layer.shape[0]}.{lost} Parameters: none.",
            f"At row {row}, column {column} of channel {channel}: of the {size * size} numbers below the largest is "
            f"{short(float(after[row, column, channel]))}.",
        ),
        r"y_{r,c,m} = \max_{0 \le i,j < s} x_{r s + i,\; c s + j,\; m}",
        values=(Values("the window", cut),),
    )


def _dropout(case: Case, layer: Layer, before: Floats) -> Explanation:
    rate, count = layer.rate, prod(layer.shape)
    return Explanation(
        "While training it hides a part of the numbers at random, so that no unit can rely on one other; answers use all.",
        (
            f"{_shapes(layer)} Parameters: none.",
            f"In each step about {short(rate)}·{count:,} = {_number(rate * count)} of the {count:,} numbers become 0, others "
            f"each time; those that stay are divided by 1 − {short(rate)} = {short(1 - rate)}, so that their expected sum is "
            "the same.",
            "For the selected digit's answer nothing is hidden: every number passes as it is.",
        ),
        r"y_i = \frac{m_i\, x_i}{1 - r}, \qquad P(m_i = 0) = r",
        source="N. Srivastava et al., Journal of Machine Learning Research 15 (2014), the division as in its section 10",
    )


def _number(number: float) -> str:
    """As many places as it has, four at most: 0.125, 460.8, 12,544."""
    return f"{number:,.4f}".rstrip("0").rstrip(".")


def _flatten(case: Case, layer: Layer, before: Floats) -> Explanation:
    values = layer.input_shape if case.with_channel else layer.input_shape[:2]
    terms = "·".join(map(str, values))
    return Explanation(
        "Writes all numbers one after another, as a dense layer takes them; which were neighbours is no longer said.",
        (f"Shapes: {shape(values)} → {shape(layer.shape)}, as {terms} = {layer.shape[0]:,}. Parameters: none.",),
        r"y_{(r\, w + c)\, M + m} = x_{r,c,m}, \qquad w \text{ columns},\; M \text{ channels}",
    )


def _average(case: Case, layer: Layer, before: Floats) -> Explanation:
    height, width, _ = layer.input_shape
    after = case.outputs[layer.name]
    channel = int(after.argmax())
    return Explanation(
        "Of each channel only the mean stays: whether its pattern was found, no longer where.",
        (
            f"{_shapes(layer)} Parameters: none.",
            f"Channel {channel} of the selected digit: its {height}·{width} = {height * width:,} numbers add up to "
            f"{short(float(before[..., channel].sum(dtype=float)))}; divided by {height * width:,} that is "
            f"{short(float(after[channel]))}.",
        ),
        r"y_m = \frac{1}{h\, w} \sum_{r,c} x_{r,c,m}",
        source="M. Lin et al., arXiv:1312.4400",
    )


KINDS: dict[Kind, Callable[[Case, Layer, Floats], Explanation]] = {
    "conv": _conv,
    "dense": _dense,
    "batch_norm": _batch_norm,
    "activation": _activation,
    "max_pool": _max_pool,
    "dropout": _dropout,
    "flatten": _flatten,
    "average": _average,
}
