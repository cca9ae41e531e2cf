"""What is asked for is weighed before anything is built, and refused with both numbers."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mnistlab import limits
from mnistlab.experiment import ConvBlock, DataSpec, DenseBlock, Experiment, ModelSpec, SpecError, TrainSpec
from mnistlab.limits import Limits
from mnistlab.presets import PRESETS

ROOMY = Limits(parameters=10**12, memory=10**15, seconds=1e12)
USUAL = Limits(parameters=20_000_000, memory=4_000_000_000, seconds=2 * 3600)
DENSE = Experiment(model=ModelSpec(dense=(DenseBlock(units=512),)))
HUGE_WORK = Experiment(
    model=ModelSpec(
        conv=(ConvBlock(filters=128, kernel_size=5), ConvBlock(filters=128, kernel_size=5)), head="average"
    ),
    train=TrainSpec(batch_size=512),
)  # 414,346 parameters, 85 billion multiplications a batch


def refusal(experiment: Experiment, limit: Limits, images: int = 55_000) -> str:
    with pytest.raises(SpecError) as caught:
        limits.check(experiment, images, limit)
    return str(caught.value)


def test_usual_experiment_is_allowed() -> None:
    limits.check(DENSE, 55_000, USUAL)


def test_too_many_parameters_are_refused_with_both_numbers() -> None:
    wide = Experiment(model=ModelSpec(dense=(DenseBlock(units=4096),) * 12))
    assert refusal(wide, USUAL) == "the network has 187,850,762 parameters; this lab trains at most 20,000,000"


def test_network_as_large_as_the_limit_is_allowed() -> None:
    limits.check(DENSE, 55_000, Limits(parameters=407_050, memory=10**15, seconds=1e12))
    assert "407,050" in refusal(DENSE, Limits(parameters=407_049, memory=10**15, seconds=1e12))


def test_small_network_with_huge_work_is_refused_for_its_memory() -> None:
    assert refusal(HUGE_WORK, Limits(parameters=10**9, memory=1_000_000_000, seconds=1e12)) == (
        "training needs about 1.9 GB of memory; 1.0 GB are free for it"
    )


def test_small_network_with_huge_work_is_refused_for_its_time() -> None:
    assert refusal(HUGE_WORK, USUAL) == (
        "training would take up to 3 hours on a slow machine; at most 2 are allowed. "
        "Use fewer epochs, fewer images or a smaller network"
    )


def test_time_is_three_passes_over_every_image_of_every_epoch() -> None:
    # 3 · (784 · 512 + 512 · 10) multiplications · 1,100 images · 5 epochs at the speed of a slow machine
    needed = 3 * 406_528 * 1100 * 5 / limits.SLOW_MULTIPLY_ADDS
    limits.check(DENSE, 1200, Limits(parameters=10**9, memory=10**15, seconds=needed))
    assert "hours" in refusal(DENSE, Limits(parameters=10**9, memory=10**15, seconds=needed * 0.999), images=1200)


def test_images_asked_for_count_and_not_those_at_hand() -> None:
    few = DENSE.changed({"data.train_images": 1000})
    seconds = 3 * 406_528 * 1000 * 5 / limits.SLOW_MULTIPLY_ADDS
    limits.check(few, 55_000, Limits(parameters=10**9, memory=10**15, seconds=seconds))


def test_memory_counts_weights_batch_and_largest_layer() -> None:
    one, two = (Experiment(train=TrainSpec(batch_size=size, optimizer="sgd")) for size in (10, 20))
    # image, flatten, logits and probabilities for each image of the batch
    assert limits.memory(two) - limits.memory(one) == round(4 * 0.9 * 10 * (784 + 784 + 10 + 10))
    # the 7,850 and as many of momentum in a checkpoint, image and flatten of a thousand predicted
    fixed = 4 * ((3.5 + 3.8 * 2) * 7_850 + 0.9 * 10 * 1588 + 1.15 * 1000 * (784 + 784))
    assert limits.memory(one, loaded=0) == limits.BASE_MEMORY + round(fixed)


def test_memory_grows_with_the_digits_loaded() -> None:
    assert limits.memory(DENSE, 60_000) - limits.memory(DENSE, 4_000) == 56_000 * limits.DIGIT


WIDE = ModelSpec(dense=(DenseBlock(units=4096),) * 2)
CONVS = (ConvBlock(filters=64), ConvBlock(filters=64, pool=2))
TWO = (ConvBlock(filters=32, pool=2), ConvBlock(filters=64, pool=2))
FLAT = ModelSpec(conv=(ConvBlock(filters=32),), dense=(DenseBlock(units=512),))
# peaks of the worker in MB, measured on Linux with all 60,000 training digits and two cores
MEASURED = (
    (PRESETS["classic-dense-512"].experiment, 915),
    (PRESETS["classic-dense-128-64"].experiment, 912),
    (PRESETS["classic-convnet-sgd"].experiment, 1032),
    (PRESETS["classic-convnet-dropout"].experiment, 1033),
    (PRESETS["reference-cnn"].experiment, 1154),
    (Experiment(model=WIDE, train=TrainSpec(batch_size=256)), 2148),
    (Experiment(model=WIDE, train=TrainSpec(batch_size=256, optimizer="sgd", momentum=0.9)), 1805),
    (Experiment(model=ModelSpec(conv=CONVS, dense=(DenseBlock(),)), train=TrainSpec(batch_size=512)), 1488),
    (Experiment(model=ModelSpec(conv=TWO), train=TrainSpec(batch_size=1024, optimizer="rmsprop")), 1198),
    (Experiment(model=FLAT, train=TrainSpec(batch_size=64)), 1601),
)


@pytest.mark.parametrize(("experiment", "peak"), MEASURED, ids=range(len(MEASURED)))
def test_memory_is_never_under_and_little_over_what_was_measured(experiment: Experiment, peak: int) -> None:
    assert 1 <= limits.memory(experiment) / 1e6 / peak <= 1.25


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (
            {"train_images": 55_001},
            "data: 55,001 training and 5,000 validation images were asked for; there are 60,000",
        ),
        (
            {"validation_images": 60_000},
            "data: 1 training and 60,000 validation images were asked for; there are 60,000",
        ),
        (
            {"train_images": 50_001, "leave_out_sample": True},
            "data: 50,001 training and 5,000 validation images were asked for; there are 55,000",
        ),
    ],
)
def test_more_images_than_there_are_is_refused(data: dict[str, Any], sentence: str) -> None:
    assert refusal(Experiment(data=DataSpec(**data)), ROOMY, images=60_000) == sentence


def test_images_are_those_that_validation_leaves() -> None:
    assert limits.images(DENSE, 60_000) == 55_000
    assert limits.images(DENSE.changed({"data.leave_out_sample": True}), 60_000) == 50_000
    assert limits.images(DENSE.changed({"data.train_images": 1000}), 60_000) == 1000


def test_memory_grows_with_the_optimizer() -> None:
    sgd, adam = (limits.memory(Experiment(train=TrainSpec(optimizer=name))) for name in ("sgd", "adam"))
    assert adam - sgd == round(4 * 3.8 * 7_850)


def test_network_that_cannot_exist_is_refused_by_its_layer() -> None:
    broken = Experiment(model=ModelSpec(conv=(ConvBlock(strides=4, pool=4), ConvBlock())))
    assert refusal(broken, ROOMY) == "layer 3 (conv2): a 3×3 window does not fit a 1×1 input"


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTLAB_MAX_PARAMETERS", "1000")
    monkeypatch.setenv("MNISTLAB_MAX_MEMORY_MB", "512")
    monkeypatch.setenv("MNISTLAB_MAX_HOURS", "0.5")
    monkeypatch.setenv("MNISTLAB_MAX_DISK_MB", "100")
    assert Limits.here() == Limits(parameters=1000, memory=512_000_000, seconds=1800, disk=100_000_000)


def test_limits_without_an_environment_are_this_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PARAMETERS", "MEMORY_MB", "HOURS"):
        monkeypatch.delenv(f"MNISTLAB_MAX_{name}", raising=False)
    free_memory(monkeypatch, 3_000_000_000)
    assert Limits.here() == Limits(parameters=20_000_000, memory=3_000_000_000 + limits.BASE_MEMORY, seconds=43_200)


def test_hosted_lab_keeps_fewer_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTLAB_HOSTED", "1")
    assert Limits.here().disk == 2_000_000_000


def test_network_from_elsewhere_may_need_more_memory_than_is_free() -> None:
    limits.check_brought(DENSE.model, Limits(parameters=407_050, memory=1, seconds=1e12))


def test_network_from_elsewhere_is_held_to_the_other_limits() -> None:
    with pytest.raises(SpecError, match=r"^the network has 407,050 parameters; this lab trains at most 407,049$"):
        limits.check_brought(DENSE.model, Limits(parameters=407_049, memory=1, seconds=1e12))
    with pytest.raises(SpecError) as caught:
        limits.check_brought(HUGE_WORK.model, Limits(parameters=10**9, memory=1, seconds=900))
    assert str(caught.value) == (
        "an epoch of its network would take up to 0.8 hours on a slow machine; at most 0.25 are allowed"
    )


def test_environment_is_what_check_holds_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTLAB_MAX_PARAMETERS", "1000")
    with pytest.raises(SpecError, match="at most 1,000"):
        limits.check(DENSE, 55_000)


def free_memory(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(limits, "CGROUPS", Path("none"))
    monkeypatch.setattr(limits.psutil, "virtual_memory", lambda: SimpleNamespace(available=size))


@pytest.mark.parametrize(
    ("folder", "names", "limit", "free"),
    [
        (".", ("memory.max", "memory.current", "inactive_file"), "2700000000", 2_000_000_000),
        (".", ("memory.max", "memory.current", "inactive_file"), "max", 9_000_000_000),
        (".", ("memory.max", "memory.current", "inactive_file"), "500000000", 0),
        ("memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"), "2700000000", 2_000_000_000),
        ("memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"), str(2**63 - 4096), 9_000_000_000),
    ],
)  # fmt: skip
def test_in_a_container_its_own_limit_counts(
    folder: str, names: tuple[str, str, str], limit: str, free: int, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free_memory(monkeypatch, 9_000_000_000)
    monkeypatch.setattr(limits, "CGROUPS", lab)
    (lab / folder).mkdir(exist_ok=True)
    for name, text in zip(names, (limit, "800000000", "100000000"), strict=True):
        (lab / folder / name).write_text(text)
    (lab / folder / "memory.stat").write_text(f"anon 5\n{names[2]} 100000000\n")
    assert limits.free_memory() == free


def test_little_memory_turns_training_off_with_both_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    free_memory(monkeypatch, 600_000_000)
    assert limits.training_off() == "Training is off: it needs 1.1 GB of free memory, 0.6 GB are free."


def test_memory_here_does_not_matter_to_workers_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    free_memory(monkeypatch, 300_000_000)
    monkeypatch.setenv("MNISTLAB_SCHEDULER", "tcp://192.168.1.20:8786")
    assert limits.training_off() == ""
    limits.check(HUGE_WORK.changed({"train.epochs": 1}), 55_000)
    monkeypatch.setenv("MNISTLAB_MAX_MEMORY_MB", "1000")
    assert "GB of memory" in refusal(HUGE_WORK, Limits.here())


def test_enough_memory_leaves_training_on(monkeypatch: pytest.MonkeyPatch) -> None:
    free_memory(monkeypatch, 1_100_000_000)
    assert limits.training_off() == ""


def test_batch_larger_than_the_data_is_refused() -> None:
    experiment = Experiment(data=DataSpec(train_images=100), train=TrainSpec(batch_size=101))
    with pytest.raises(SpecError, match=r"train\.batch_size: expected at most the 100 training digits\. Received: 101"):
        limits.check(experiment, 60_000)
