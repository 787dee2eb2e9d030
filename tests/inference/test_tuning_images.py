"""On which val images decoders are tuned."""

from collections import Counter

import pytest
from tiny_split import image

from monolayer.annotations.coco import Image, Truth
from monolayer.decoders.flow.settings import Settings
from monolayer.errors import InputError
from monolayer.inference.settings import TuneSettings
from monolayer.inference.tuning_images import images_to_tune_on


def of_truth(*truths: Truth) -> list[Image]:
    images = [image(number, "BV2") for number in range(1, len(truths) + 1)]
    for listed, truth in zip(images, truths, strict=True):
        listed.truth = truth
    return images


@pytest.mark.parametrize(("score", "ids"), [("ap50", [2]), ("seg", [1, 2]), ("dice", [2])])
def test_images_to_tune_on(score: str, ids: list[int]) -> None:
    chosen = images_to_tune_on(of_truth("partial", "complete", "none"), TuneSettings(score=score), Settings)
    assert sorted(one.id for one in chosen) == ids


def test_all_images_of_complete_truth_are_tuned_on() -> None:
    images = of_truth("complete", "complete")
    chosen = images_to_tune_on(images, TuneSettings(), Settings)
    assert sorted(one.id for one in chosen) == [one.id for one in images]


@pytest.mark.parametrize(
    ("score", "first", "message"),
    [
        ("ap50", "partial", "none of 3 val images has complete truth. Partial truth would do for recall_25"),
        ("seg", "none", "none of 3 val images has complete or partial truth"),
    ],
)
def test_a_score_that_cannot_be_tuned_by(score: str, first: Truth, message: str) -> None:
    images = of_truth(first, "none", "none")
    with pytest.raises(InputError, match=rf"tune\.score: '{score}' cannot be had, as {message}"):
        images_to_tune_on(images, TuneSettings(score=score), Settings)


def val_images(count: int) -> list[Image]:
    """Of two cell types, behind each other."""
    names = [f"{kind}_Phase_C7_1_00d00h00m_{i}.tif" for kind in ("A172", "BV2") for i in range(count // 2)]
    return [Image(number, name, width=1000, height=1000) for number, name in enumerate(names)]


@pytest.mark.parametrize(
    ("settings", "count"),
    [
        ({"seconds": 60, "trials": 100}, 5),  # 80 decodings of an image of a megapixel, .15 s each
        ({"seconds": 121, "trials": 100}, 10),
        ({"seconds": 1}, 4),
        ({"seconds": 1e6}, 40),
        ({"seconds": 60, "images": 11}, 11),
    ],
)
def test_a_budget_says_how_many_images_are_decoded(settings: dict[str, float], count: int):
    class Quick(Settings):
        seconds_per_megapixel = 0.15

    chosen = images_to_tune_on(val_images(40), TuneSettings.model_validate(settings), Quick)
    assert len(chosen) == count
    kinds = Counter(image.file_name.split("_")[0] for image in chosen)
    assert abs(kinds["A172"] - kinds["BV2"]) <= 1
