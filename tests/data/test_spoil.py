"""Spoiled digits: what was asked for happens, nothing else does, and the same seed does the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from mnistlab.data.digits import Digits, split
from mnistlab.data.sources import read_sample
from mnistlab.data.spoil import _moved, examples, spoil
from mnistlab.evaluation import Evaluation
from mnistlab.events import EpochEnd, Evaluated, Started
from mnistlab.experiment import DataSpec, DenseBlock, ModelSpec, SpecError, Spoil, TrainSpec
from mnistlab.forward import Network
from tests.strategies import spoils
from tests.training import every, few, kept, trained

SOME = read_sample()[:1200]


def counts(digits: Digits) -> list[int]:
    return np.bincount(digits.labels, minlength=10).tolist()


def assert_same(one: Digits, other: Digits) -> None:
    np.testing.assert_array_equal(one.images, other.images)
    np.testing.assert_array_equal(one.labels, other.labels)


@given(spoils(), st.integers(0, 2**31 - 1))
@settings(max_examples=30)
def test_any_spoiling_is_the_same_for_the_same_seed_and_leaves_its_input_alone(spec: Spoil, seed: int) -> None:
    digits = SOME[:150]
    before = digits.sha256
    first, again = spoil(digits, spec, seed), spoil(digits, spec, seed)
    assert_same(first, again)
    assert Digits(digits.images, digits.labels).sha256 == before
    assert not set(first.labels) & set(spec.leave_out)


def test_nothing_asked_is_nothing_changed() -> None:
    assert spoil(SOME, Spoil(), 0) is SOME


def test_left_out_digits_are_gone_and_the_others_whole() -> None:
    spoiled = spoil(SOME, Spoil(leave_out=(3, 7)), 0)
    assert_same(spoiled, SOME[~np.isin(SOME.labels, [3, 7])])


def test_rare_digit_is_shown_ten_times_less_and_the_others_as_before() -> None:
    expected = counts(SOME)
    expected[4] = -(-expected[4] // 10)
    assert counts(spoil(SOME, Spoil(rare=4), 0)) == expected


def test_rare_digit_never_vanishes() -> None:
    one_four = SOME[np.r_[np.flatnonzero(SOME.labels == 4)[:1], np.flatnonzero(SOME.labels == 1)[:5]]]
    assert counts(spoil(one_four, Spoil(rare=4), 0))[4] == 1


def test_no_digit_has_more_images_than_asked() -> None:
    assert counts(spoil(SOME, Spoil(per_digit=15), 0)) == [15] * 10
    assert counts(spoil(SOME, Spoil(per_digit=10_000), 0)) == counts(SOME)


def test_fewer_images_are_a_part_of_more() -> None:
    few_images, more = (spoil(SOME, Spoil(per_digit=count), 0) for count in (5, 20))
    assert {image.tobytes() for image in few_images.images} < {image.tobytes() for image in more.images}


def test_rare_digit_of_few_is_the_smaller_of_both() -> None:
    whole = counts(SOME)[2]
    assert counts(spoil(SOME, Spoil(rare=2, per_digit=3), 0))[2] == min(3, -(-whole // 10))
    assert counts(spoil(SOME, Spoil(rare=2, per_digit=100), 0))[2] == -(-whole // 10)


@pytest.mark.parametrize("percent", [0.5, 30, 100])
def test_as_many_labels_are_wrong_as_asked(percent: float) -> None:
    spoiled = spoil(SOME, Spoil(wrong_labels=percent), 0)
    assert (spoiled.labels != SOME.labels).sum() == round(len(SOME) * percent / 100)
    np.testing.assert_array_equal(spoiled.images, SOME.images)


def test_wrong_labels_are_spread_over_all_other_digits() -> None:
    spoiled = spoil(SOME, Spoil(wrong_labels=100), 0)
    for digit in range(10):
        assert set(spoiled.labels[SOME.labels == digit]) == set(range(10)) - {digit}


def test_wrong_labels_never_name_a_digit_left_out() -> None:
    spoiled = spoil(SOME, Spoil(leave_out=(0, 5, 9), wrong_labels=100), 0)
    assert set(spoiled.labels) == {1, 2, 3, 4, 6, 7, 8}
    assert (spoiled.labels != SOME.labels[~np.isin(SOME.labels, [0, 5, 9])]).all()


def test_shift_moves_each_image_by_whole_pixels_of_its_own() -> None:
    spoiled = spoil(SOME[:200], Spoil(shift=2), 0)
    found = set()
    for before, after in zip(SOME.images[:200], spoiled.images, strict=True):
        framed = np.pad(before, 2)
        places = [
            (x, y)
            for x in range(-2, 3)
            for y in range(-2, 3)
            if (framed[2 - y : 30 - y, 2 - x : 30 - x] == after).all()
        ]
        assert places, "an image was not moved by whole pixels"
        found.add(places[0])
    assert len(found) == 25


def test_turning_is_scipys_bilinear_turn_about_14_14() -> None:
    for degrees, shift in ((30, (0, 0)), (-170, (0, 0)), (45, (3, -2))):
        angle = np.radians(degrees)
        image = SOME.images[0].astype(np.float32)
        cos, sin = np.cos(angle), np.sin(angle)
        inverse = np.array([[cos, -sin], [sin, cos]])  # of (row, column), clockwise on the screen
        centre = np.array([14.0, 14.0])
        offset = centre - inverse @ (centre + np.array(shift[::-1]))
        expected = ndimage.affine_transform(image, inverse, offset, order=1, mode="grid-constant")
        found = _moved(image[None], np.array([shift]), np.array([angle]))[0]
        np.testing.assert_allclose(found, expected, atol=0.01)


def test_a_quarter_turn_clockwise_puts_the_top_to_the_right() -> None:
    image = np.zeros((1, 28, 28), np.float32)
    image[0, 4, 14] = 200
    turned = _moved(image, np.array([[0, 0]]), np.array([np.pi / 2]))
    np.testing.assert_allclose(turned[0, 14, 24], 200, atol=0.01)
    np.testing.assert_allclose(turned.sum(), 200, atol=0.1)


def test_turned_images_differ_from_each_other() -> None:
    same = Digits(np.repeat(SOME.images[:1], 50, axis=0), np.repeat(SOME.labels[:1], 50))
    spoiled = spoil(same, Spoil(rotate=40), 0)
    assert len({image.tobytes() for image in spoiled.images}) == 50


def test_noise_has_the_standard_deviation_asked_for_where_nothing_is_cut() -> None:
    grey = Digits(np.full((100, 28, 28), 128, np.uint8), np.zeros(100, np.uint8))
    noisy = spoil(grey, Spoil(noise=20), 0).images.astype(float)
    assert abs(noisy.std() - 20) < 0.3
    assert abs(noisy.mean() - 128) < 0.3


def test_noise_stays_within_a_byte() -> None:
    noisy = spoil(SOME[:50], Spoil(noise=255), 0).images
    ink, paper = SOME.images[:50] == 255, SOME.images[:50] == 0
    # half of what is added points outwards and is cut at the end it started from, never wrapped to the other
    assert 0.4 < (noisy[ink] == 255).mean() < 0.6
    assert 0.4 < (noisy[paper] == 0).mean() < 0.6


def test_one_setting_does_not_change_anothers_random_numbers() -> None:
    plain, noisy = spoil(SOME, Spoil(wrong_labels=20), 3), spoil(SOME, Spoil(wrong_labels=20, noise=30, shift=2), 3)
    np.testing.assert_array_equal(plain.labels, noisy.labels)


def test_other_seeds_do_something_else() -> None:
    spec = Spoil(wrong_labels=50, shift=3)
    one, other = spoil(SOME, spec, 0), spoil(SOME, spec, 1)
    assert (one.labels != other.labels).any()
    assert (one.images != other.images).any()


def test_images_of_every_chunk_are_spoiled(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = Spoil(shift=2, rotate=20, noise=10)
    whole = spoil(SOME[:100], spec, 0)
    monkeypatch.setattr("mnistlab.data.spoil.CHUNK", 30)
    assert_same(spoil(SOME[:100], spec, 0), whole)


@pytest.mark.parametrize(
    "spec",
    [Spoil(shift=2, rotate=30, noise=20), Spoil(leave_out=(1,), wrong_labels=40, rare=3, per_digit=60)],
    ids=["pictures", "rows"],
)
def test_examples_are_the_first_digits_before_and_after(spec: Spoil) -> None:
    before, after = examples(SOME, spec, 5, 12)
    assert_same(after, spoil(SOME, spec, 5)[:12])
    assert len(before) == 12
    kept = ~np.isin(SOME.labels, spec.leave_out)
    assert {image.tobytes() for image in before.images} <= {image.tobytes() for image in SOME.images[kept]}
    if not spec.shift:
        np.testing.assert_array_equal(before.images, after.images)


def test_more_examples_than_digits_are_all_of_them() -> None:
    before, after = examples(SOME, Spoil(per_digit=1), 0, 100)
    assert len(before) == len(after) == 10


def test_nothing_left_is_refused_with_a_sentence() -> None:
    sevens = SOME[SOME.labels == 7]
    with pytest.raises(SpecError, match=r"^data\.spoil: no image is left to train on$"):
        spoil(sevens, Spoil(leave_out=(7,)), 0)


@pytest.mark.slow
def test_network_that_never_saw_a_seven_never_answers_seven() -> None:
    dataset = few(1500, 500)
    model, train = ModelSpec(dense=(DenseBlock(units=32),)), TrainSpec(epochs=6, batch_size=32)
    recalls = {}
    for name, spec in (("whole", Spoil()), ("spoiled", Spoil(leave_out=(7,)))):
        events = trained(model, train, dataset=dataset, validation_images=100, spoil=spec)
        (started,), (evaluated,) = every(Started, events), every(Evaluated, events)
        assert started.validation_images == 100
        evaluation = Evaluation.of(dataset.test.labels, evaluated.arrays["probabilities"], evaluated.digits)
        recalls[name] = evaluation.recall
    assert recalls["whole"][7] > 0.6
    assert recalls["spoiled"][7] == 0
    assert min(recalls["spoiled"][digit] for digit in (0, 1, 6)) > 0.6
    assert started.train_images < 1400  # the sevens of the last training are not counted


@pytest.mark.slow
def test_validation_and_test_digits_stay_clean() -> None:
    model, dataset = ModelSpec(dense=(DenseBlock(units=8),)), few()
    spec = DataSpec(validation_images=100, spoil=Spoil(wrong_labels=100, leave_out=(1,), noise=100))
    events = trained(model, dataset=dataset, validation_images=100, spoil=spec.spoil)
    validation = dataset.train[split(dataset.train, spec, 0).validation]
    answers = Network(model, kept(events)).probabilities(validation.images).argmax(1)
    assert every(EpochEnd, events)[0].val_accuracy == pytest.approx((answers == validation.labels).mean())
    assert every(Evaluated, events)[0].digits == dataset.test.sha256
