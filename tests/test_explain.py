"""Every line of every script is explained, and what is said adds up."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings

from mnistlab import keras_code
from mnistlab.data.sources import read_sample
from mnistlab.experiment import Experiment
from mnistlab.explain import EXPLAIN, Counts, explain
from mnistlab.explanation import Explanation
from mnistlab.presets import PRESETS
from tests.explained import DIGIT, case, counted, experiment, line, lines, number, text
from tests.strategies import experiments
from tests.test_keras_code import EVERYTHING

# "(3·3·1 + 1)·32 = 320", "⌊11 / 2⌋ = 5", "−ln 0.5 = 0.6931": all that is arithmetic before an equals sign, and its result;
# "(p − y) = 0.5" is none: what begins at a letter's end is no number
NUMBER = r"\d[\d,]*(?:\.\d+)?(?:e[+−]?\d+)?"
SUM = re.compile(rf"(?<![A-Za-z)])((?:{NUMBER}|e\^|ln |[()⌊⌋⌈⌉√·+/− ])+)(?= = (−?{NUMBER}))")
IN_PYTHON = {"·": "*", "−": "-", ",": "", "⌊": "floor(", "⌈": "ceil(", "⌋": ")", "⌉": ")", "√": "sqrt"}


def written_out(words: str) -> list[tuple[str, float, float]]:
    """Each sum in a text: as it stands there, what it comes to, and what the text says it comes to."""
    return [
        (f"{left.strip()} = {right}", worked_out(left.strip()), number(right)) for left, right in SUM.findall(words)
    ]


def worked_out(formula: str) -> float:
    formula = re.sub(rf"ln ({NUMBER})", r"log(\1)", formula)
    formula = re.sub(rf"e\^([−-]?{NUMBER})", r"exp(\1)", formula)
    for mark, python in IN_PYTHON.items():
        formula = formula.replace(mark, python)
    return float(eval(formula, {name: getattr(math, name) for name in ("floor", "ceil", "sqrt", "log", "exp")}))


@pytest.mark.parametrize(
    ("words", "result", "said"),
    [
        ("Parameters: (3·3·1 + 1)·32 = 321.", 320, 321),
        ("⌊11 / 2⌋ = 6", 5, 6),
        ("⌈55,000 / 128⌉ = 429 steps", 430, 429),
        ("1·(2 − (−1)) / √(8 + 1) + 0.5 = 1.001", 1.5, 1.001),
        ("(p − y) = 0.5 · (0.25 − 1) = 0.375", -0.375, 0.375),
        ("e^−1 = 2.718", math.exp(-1), 2.718),
        ("−ln 0.5 = 1", math.log(2), 1),
        ("3e−05 / 1,000 = 1", 3e-8, 1),
    ],
)
def test_sum_is_read_whole(words: str, result: float, said: float) -> None:
    *_, (_, found, written) = written_out(words)
    assert found == pytest.approx(result)
    assert written == said


def sound(explanation: Explanation) -> None:
    assert explanation.sentence.endswith((".", ","))
    for words in (explanation.sentence, *explanation.numbers, *explanation.notes):
        assert "nan" not in words.split()
        assert not re.search(r"\bNone\b", re.sub(r"`[^`]*`", "", words))  # but as code it may stand
        assert words.count("`") % 2 == 0
        for sum_, result, said in written_out(words):
            # its terms are shown with four digits, which a difference of near numbers loses
            assert result == pytest.approx(said, rel=5e-3, abs=1e-3), sum_
        assert "$" not in words
    for equation in explanation.equations:
        assert equation.count("{") == equation.count("}")
        assert len(re.findall(r"\\begin", equation)) == len(re.findall(r"\\end", equation))
        assert len(re.findall(r"\\left\b", equation)) == len(re.findall(r"\\right\b", equation))
    assert all(np.isfinite(values.array).all() for values in explanation.values)


@settings(max_examples=40)
@given(experiments())
def test_every_line_of_every_script_is_explained(any_one: Experiment) -> None:
    sections = explain(case(any_one))
    assert [section.title for section in sections] == [part.title for part in keras_code.parts(any_one)]
    code = "".join(one.code for section in sections for one in section.lines)
    assert squeezed(code) == squeezed("".join(part.code for part in keras_code.parts(any_one)))
    for section in sections:
        for one in section.lines:
            sound(one)


def squeezed(code: str) -> str:
    return re.sub(r"\s", "", code)


def test_no_explanation_is_for_a_line_that_no_script_has() -> None:
    used = {
        found.about
        for one in (
            EVERYTHING,
            experiment(data__leave_out_sample=True, data__spoil={"rotate": 5}),
        )
        for part in keras_code.parts(one)
        for found in part.lines
    }
    assert set(EXPLAIN) == {about for about in used if not about.startswith("layer ")}


@pytest.mark.parametrize("spec", [*(preset.experiment for preset in PRESETS.values()), EVERYTHING])
def test_sums_that_are_written_out_are_right(spec: Experiment) -> None:
    found = 0
    for one in lines(case(spec)):
        for sum_, result, said in written_out(text(one)):
            # its terms are shown with four digits
            assert result == pytest.approx(said, rel=3e-3, abs=1e-4), sum_
            found += 1
    assert found >= 5


def test_digit_is_shown_as_stored_scaled_and_one_hot() -> None:
    one = case(PRESETS["classic-convnet-sgd"].experiment)
    image = read_sample().images[DIGIT]
    np.testing.assert_array_equal(line(one, "load_data").values[0].array, image)
    np.testing.assert_allclose(line(one, "x_train = x_train").values[0].array, image / 255, atol=0.005)
    np.testing.assert_array_equal(line(one, "y_train = keras").values[0].array, np.eye(10)[read_sample().labels[DIGIT]])


def test_counts_are_those_of_the_training() -> None:
    found = counted(EVERYTHING)
    assert (found.given, found.test, found.validation, found.cut) == (4000, 1000, 100, 600)
    assert found.training == len(spoiled_labels())


def spoiled_labels() -> np.ndarray:
    from mnistlab.data.digits import split
    from mnistlab.data.spoil import spoil

    train = read_sample()[:4000]
    rows = split(train, EVERYTHING.data, EVERYTHING.train.seed)
    return spoil(train[rows.train], EVERYTHING.data.spoil, EVERYTHING.train.seed).labels


# Where the published walkthroughs are wrong


def test_five_slips_are_right_here() -> None:
    one = case(PRESETS["classic-convnet-dropout"].experiment)
    loaded = text(line(one, "load_data"))
    assert "`x_train[0]` is the first image and `x_train[1]` the second" in loaded
    assert "MNIST from Keras is not flattened" in loaded
    assert "(60000, 28, 28)" in loaded
    assert "batch, height, width, channels" in text(line(one, "x_train = x_train"))
    assert "(batch, height, width, channels)" in text(line(one, "keras.Input"))
    assert "The logarithm is the natural one" in text(line(one, "loss ="))
    assert "every positive one passes on unchanged" in text(line(one, "Conv2D(32"))


def test_images_left_to_choose_from_do_not_depend_on_how_many_are_chosen() -> None:
    spec = experiment(data__leave_out_sample=True, data__train_images=1000)
    counts = Counts(given=60_000, validation=5_000, training=1_000, test=10_000, cut=1_000)
    assert "55,000 images are left to choose from." in text(line(case(spec, counts=counts), "rows ="))
