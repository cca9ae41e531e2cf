"""When an answer may be called sure: calibrated on validation digits, and strange drawings are told apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mnistlab import confidence as module
from mnistlab.confidence import COVERAGE, Confidence, of_run
from mnistlab.data import sources
from mnistlab.data.digits import Dataset
from mnistlab.data.sources import read_sample
from mnistlab.drawing import prepare
from mnistlab.events import Finished, Started
from mnistlab.experiment import DenseBlock, Experiment, ModelSpec
from mnistlab.forward import Network
from mnistlab.initial import fresh
from mnistlab.runs import Run, RunStore
from tests.not_digits import letters, scribbles

SAMPLE = read_sample()
SHIPPED = ["reference-cnn", "classic-dense-512"]


def never() -> Dataset:
    raise AssertionError("a shipped run brings its own")


def opened(name: str) -> tuple[Network, Confidence]:
    run = RunStore().open(name)
    network = Network.from_run(run)
    return network, of_run(run, network, never)


@pytest.fixture(scope="module", params=SHIPPED)
def shipped(request: pytest.FixtureRequest) -> tuple[Network, Confidence]:
    return opened(request.param)


# calibration


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95, 0.99])
def test_this_part_of_the_validation_digits_is_answered(shipped: tuple[Network, Confidence], coverage: float) -> None:
    digits, answered, right = shipped[1].trade(coverage)
    assert answered / digits == pytest.approx(coverage, abs=0.01)
    assert right <= answered


def test_fewer_answers_are_more_often_right(shipped: tuple[Network, Confidence]) -> None:
    shares = []
    for coverage in (1.0, 0.95, 0.8):
        _, answered, right = shipped[1].trade(coverage)
        shares.append(right / answered)
    assert shares == sorted(shares)
    assert shares[1] > shipped[1].right.mean()


def test_unseen_digits_are_covered_about_as_promised(shipped: tuple[Network, Confidence]) -> None:
    network, confidence = shipped
    answered = confidence.strangeness(network, SAMPLE.images[:1000]) <= confidence.limit(COVERAGE)
    assert answered.mean() == pytest.approx(COVERAGE, abs=0.025)


@pytest.mark.parametrize("kind", [letters, scribbles])
def test_most_of_what_is_no_digit_is_not_called_sure(kind: Callable[[], list[np.ndarray]]) -> None:
    network, confidence = opened("reference-cnn")
    strange = confidence.strangeness(network, np.stack([prepare(picture).digit for picture in kind()]))
    assert (strange > confidence.limit(COVERAGE)).mean() >= 0.6


def test_strangeness_is_that_of_the_larger_rank_by_hand() -> None:
    network, confidence = opened("reference-cnn")
    digit = SAMPLE.images[:1]
    logits = np.sort(network.features(digit, "logits")[0])
    features = network.features(digit)[0]
    cosines = confidence.known.astype(np.float64) @ (features / np.linalg.norm(features))
    distance = np.sqrt(2 - 2 * cosines.max())
    clearer = (confidence.margins > logits[-1] - logits[-2]).mean()
    nearer = (confidence.distances < distance).mean()
    assert confidence.strangeness(network, digit)[0] == pytest.approx(max(clearer, nearer), abs=2e-3)


# the verdict in words


class Fixed:
    """A network with these answers, whatever it is asked."""

    last_hidden = "hidden"

    def __init__(self, probabilities: list[float], direction: float = 0.0) -> None:
        values = np.array([probabilities], np.float32)
        features = np.array([[np.cos(direction), np.sin(direction)]], np.float32)
        self.answers = {"logits": np.log(values), "probabilities": values, "hidden": features}

    def outputs(self, images: np.ndarray) -> dict[str, np.ndarray]:
        return self.answers


@pytest.fixture
def measured() -> Confidence:
    """A hundred validation digits: the farther (distances 0.01 to 1), the less clear (margins 10 to 0.1)."""
    steps = np.arange(1, 101, dtype=np.float32)
    return Confidence(np.array([[1, 0]], np.float16), steps[::-1] / 10, steps / 100, np.ones(100, bool))


def shared(**parts: float) -> list[float]:
    """Ten probabilities: the digits named `d4` and so on, the rest shared by the others."""
    rest = (1 - sum(parts.values())) / (10 - len(parts))
    return [parts.get(f"d{digit}", rest) for digit in range(10)]


@pytest.mark.parametrize(("probabilities", "direction", "text"), [
    (shared(d4=0.99), 0.0, "4 — sure"),
    (shared(d4=0.99), 1.01, "4 — likely"),  # a clear answer, farther than 96 of 100
    (shared(d4=0.5, d9=0.49), 0.0, "torn between 4 and 9"),
    (shared(d9=0.5, d4=0.49), 0.0, "torn between 9 and 4"),
    (shared(d4=0.99), 1.5, "this does not look like a digit"),
])  # fmt: skip
def test_verdict_is_one_plain_sentence(
    measured: Confidence, probabilities: list[float], direction: float, text: str
) -> None:
    found = measured.judge(Fixed(probabilities, direction), SAMPLE.images[0])  # type: ignore[arg-type]
    assert found.text == text


def test_more_coverage_turns_likely_into_sure(measured: Confidence) -> None:
    network = Fixed(shared(d4=0.99), 1.01)
    assert measured.judge(network, SAMPLE.images[0], 0.9).text == "4 — likely"  # type: ignore[arg-type]
    assert measured.judge(network, SAMPLE.images[0], 1.0).text == "4 — sure"  # type: ignore[arg-type]


def test_answer_that_is_not_twice_as_probable_as_the_next_is_never_sure(measured: Confidence) -> None:
    network = Fixed(shared(d4=0.4, d9=0.25))
    assert measured.judge(network, SAMPLE.images[0], 1.0).text == "torn between 4 and 9"  # type: ignore[arg-type]
    digits, answered, _ = measured.trade(1.0)
    assert digits - answered == (measured.margins < np.log(2)).sum()


# where it is kept


def trained(seed: int = 1) -> Run:
    """A run that is over, of a small network that has learned nothing."""
    store, spec = RunStore(), Experiment(model=ModelSpec(dense=(DenseBlock(units=16),)))
    run = store.create(spec, "mine")
    dataset = sources.load()
    store.record(run.id, Started(digits=dataset.sha256, epochs=1, steps=1, train_images=1, validation_images=1))
    arrays = fresh(spec.model, "he_normal", seed)
    store.record(run.id, Finished(reason="all_epochs", epochs=1, kept_epoch=1, arrays=arrays))
    return run


def test_own_run_is_measured_once_and_kept() -> None:
    dataset, run = sources.load(), trained()
    network = Network.from_run(run)
    asked = []

    def load() -> Dataset:
        asked.append(1)
        return dataset

    first = of_run(run, network, load)
    again = of_run(run, network, load)
    assert len(asked) == 1
    np.testing.assert_array_equal(first.margins, again.margins)
    np.testing.assert_array_equal(first.known, again.known)


@pytest.mark.parametrize("damage", [b"", b"garbage", b"PK\x03\x04 half a file"])
def test_damaged_file_is_made_again(damage: bytes) -> None:
    dataset, run = sources.load(), trained()
    network = Network.from_run(run)
    whole = of_run(run, network, lambda: dataset)
    (run.path / "confidence.npz").write_bytes(damage)
    np.testing.assert_array_equal(of_run(run, network, lambda: dataset).margins, whole.margins)


def test_other_weights_are_measured_anew() -> None:
    dataset, run = sources.load(), trained()
    first = of_run(run, Network.from_run(run), lambda: dataset)
    other = Network(run.experiment.model, fresh(run.experiment.model, "he_normal", 2))
    assert not np.array_equal(of_run(run, other, lambda: dataset).margins, first.margins)


def test_read_only_folder_costs_only_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    dataset, run = sources.load(), trained()
    monkeypatch.setattr(module.files, "write", full)
    assert len(of_run(run, Network.from_run(run), lambda: dataset).margins)
    assert not (run.path / "confidence.npz").exists()
