"""Every line of every script is explained, and what is said adds up."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings

from mnistlab import keras_code
from mnistlab.data.sources import read_sample
from mnistlab.experiment import Experiment
from mnistlab.explain import EXPLAIN, explain
from mnistlab.explanation import Explanation
from mnistlab.presets import PRESETS
from tests.explained import DIGIT, case, counted, experiment, line, lines, number, text
from tests.strategies import experiments
from tests.test_keras_code import EVERYTHING

# "(3·3·1 + 1)·32 = 320", "129 / 255 = 0.5059": a sum that is written out, and its result
SUM = re.compile(r"((?:[\d(−][\d,.()]*)(?: ?[·+/−] ?[\d(−][\d,.()]*)+) = (−?[\d,]*\.?\d+(?:e−?\d+)?)")


def sound(explanation: Explanation) -> None:
    assert explanation.sentence.endswith((".", ","))
    for words in (explanation.sentence, *explanation.numbers, *explanation.notes):
        assert "nan" not in words.split()
        assert not re.search(r"\bNone\b(?!`)", words)
        assert words.count("`") % 2 == 0
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
        for left, right in SUM.findall(text(one)):
            term = left.replace("·", "*").replace("−", "-").replace(",", "")
            # its terms are shown with four digits
            assert eval(term) == pytest.approx(number(right), rel=2e-2, abs=1e-2), f"{left} = {right}"
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
