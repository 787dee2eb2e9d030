"""Which scores take part in a comparison."""

from pathlib import Path

import pytest
from tiny_split import image_score

from monolayer.errors import InputError
from monolayer.evaluated import collect_scores
from monolayer.scores import write_scores


def write_models(root: Path, *models: str) -> None:
    for model in models:
        (root / "metrics").mkdir(exist_ok=True)
        (root / "metrics" / f"{model}.json").write_text("{}")
        rows = [image_score(model, 1, 40), image_score(model, 2, 40, split="val")]
        write_scores(root / "scores" / model / "images.csv", rows)
    write_scores(root / "baseline" / "images.csv", [image_score("otsu", 1, 20), image_score("huang", 1, 30)])


def collect(root: Path, *models: str):
    return collect_scores(root / "metrics", root / "scores", root / "baseline", list(models))


def test_models_in_their_order_then_thresholds_of_the_test_images(tmp_path: Path):
    write_models(tmp_path, "vnet", "unet")
    collected = collect(tmp_path, "vnet", "unet")
    assert list(collected) == ["vnet", "unet", "otsu", "huang"]
    assert [score.image_id for score in collected["unet"]] == [1]


def test_a_model_that_is_gone(tmp_path: Path):
    write_models(tmp_path, "unet", "old")
    with pytest.raises(
        InputError, match=r"old\.json: params\.yaml has no model 'old' any more: delete that file"
    ):
        collect(tmp_path, "unet")


def test_a_model_without_evaluation(tmp_path: Path):
    write_models(tmp_path, "unet")
    with pytest.raises(InputError, match="model 'vnet' has no evaluation: run `dvc repro evaluate@vnet`"):
        collect(tmp_path, "unet", "vnet")
