"""Which scores take part in a comparison, and the files that they come from."""

from pathlib import Path

import numpy as np
import pytest
from tiny_split import image_score

from monolayer.annotations.coco import Image
from monolayer.annotations.rasterise import label_runs
from monolayer.errors import InputError
from monolayer.evaluation.cells import ImageCells, TrueCells, compare_cells
from monolayer.evaluation.image_tables import (
    ImageTable,
    number_of_cells,
    read_image_tables,
    table_of_model,
    table_of_threshold,
    write_image_tables,
)
from monolayer.evaluation.methods import Method, method_of, read_tables
from monolayer.evaluation.settings import CellSettings, CompareSettings
from monolayer.metrics.bootstrap import draw_images, sampling_of

DRAWS = CompareSettings(ap_resamples=50)


def cells_of(image_id: int, found: int = 1, group: str = "") -> ImageCells:
    """Two cells in an image, of which `found` are predicted."""
    labels = np.repeat([[1, 2, 0]], 4, axis=0)
    truth = TrueCells(
        Image(
            image_id,
            f"{image_id}.tif",
            *(3, 4, "one type" if group else f"type {image_id}"),
            group=group.format((image_id - 1) // 2),
        ),
        label_runs(labels),
        np.array([4.0, 4.0]),
    )
    predicted = label_runs(np.where(labels <= found, labels, 0))
    return compare_cells(truth, predicted, np.ones(found), CellSettings())


def table_of(found: dict[int, int], group: str = "") -> ImageTable:
    """A model that finds 40 of 50 pixels, and so many cells of each image; two images make a group."""
    scores = [image_score("unet", number, 40) for number in found]
    return table_of_model(scores, [cells_of(*own, group) for own in found.items()], 100, DRAWS)


def write_models(root: Path, *models: str) -> None:
    for model in models:
        write_image_tables(root / f"{model}.json", {model: table_of({2: 1, 1: 1})})
    thresholds = {
        name: table_of_threshold([image_score(name, number, 20) for number in (1, 2)])
        for name in ("otsu", "huang")
    }
    write_image_tables(root / "baseline.json", thresholds)


def collect(root: Path, *models: str) -> dict[str, Method]:
    return {name: method_of(name, table) for name, table in read_tables(root, list(models)).items()}


def test_models_in_their_order_then_thresholds(tmp_path: Path):
    write_models(tmp_path, "vnet", "unet")
    collected = collect(tmp_path, "vnet", "unet")
    assert list(collected) == ["vnet", "unet", "otsu", "huang"]
    assert [method.kind for method in collected.values()] == ["model", "model", "threshold", "threshold"]
    assert collected["unet"].image_ids.tolist() == [1, 2]


def test_a_model_may_be_called_as_a_threshold_is(tmp_path: Path):
    write_models(tmp_path, "otsu", "unet")
    collected = collect(tmp_path, "otsu", "unet")
    assert {name: method.kind for name, method in collected.items()} == {
        "otsu": "model", "unet": "model", "otsu (threshold)": "threshold", "huang": "threshold",
    }  # fmt: skip
    assert "recall_50" in collected["otsu"].names


def test_models_have_scores_of_cells_and_thresholds_have_not(tmp_path: Path):
    write_models(tmp_path, "unet")
    collected = collect(tmp_path, "unet")
    every = np.ones((1, 2), dtype=int)
    unet = collected["unet"]
    assert {name: unet.scores[name](every)[0] for name in ("dice", "recall_50")} == pytest.approx(
        {"dice": 80 / 90, "recall_50": 0.5}
    )
    assert unet.drawn["ap50"].value == pytest.approx(51 / 101)
    assert set(collected["otsu"].names) < set(unet.names)
    assert "recall_50" not in collected["otsu"].names


def test_foreground_and_cells_stand_in_the_order_of_the_images(tmp_path: Path):
    own = method_of("unet", table_of({2: 1, 1: 2}))
    assert own.image_ids.tolist() == [1, 2]
    assert own.scores["recall_50"](np.eye(2, dtype=int)).tolist() == [1, 0.5]
    assert own.drawn["ap50"].by_cell_type == pytest.approx({"type 1": 1, "type 2": 51 / 101})
    counts = number_of_cells(table_of({2: 1, 1: 2}))
    assert counts["true"].tolist() == [2, 2]
    assert counts["predicted"].tolist() == [2, 1]


def test_draws_of_ap_are_those_of_the_other_scores():
    """Recall at 0.5 and AP at 0.5 of drawn images follow from how often each image was drawn."""
    own = method_of("unet", table_of({1: 2, 2: 0, 3: 1}))
    drawn = draw_images(sampling_of(own.groups, own.cell_types), 50, DRAWS.seed)
    recall = own.scores["recall_50"](drawn)
    assert own.drawn["ap50"].draws == pytest.approx(np.floor(recall * 100 + 1 + 1e-9) / 101 * (recall > 0))
    assert len(set(own.drawn["ap50"].draws.tolist())) > 2


def test_draws_of_ap_take_the_images_of_a_group_together():
    own = table_of({1: 2, 2: 0, 3: 2, 4: 0})
    grouped = table_of({1: 2, 2: 0, 3: 2, 4: 0}, group="well {}")
    assert own.drawn["ap50"].draws.std() > 0
    assert grouped.groups.tolist() == ["well 0", "well 0", "well 1", "well 1"]
    # each well has one image of which all is found, and one of which nothing is
    assert grouped.drawn["ap50"].draws == pytest.approx(51 / 101)


def test_tables_survive_the_file(tmp_path: Path):
    table = table_of({1: 2, 2: 1})
    write_image_tables(tmp_path / "own.json", {"unet": table})
    again = read_image_tables(tmp_path / "own.json")["unet"]
    assert (again.kind, again.refused) == ("model", "")
    assert again.groups.tolist() == ["1.tif", "2.tif"]
    np.testing.assert_array_equal(again.foreground, table.foreground)
    for field, other in zip(table.cells, again.cells, strict=True):
        np.testing.assert_array_equal(field, other)
    for name, drawn in table.drawn.items():
        assert again.drawn[name].value == drawn.value
        np.testing.assert_allclose(again.drawn[name].draws, drawn.draws, atol=1e-8)


@pytest.mark.parametrize("content", ["text", "[]", '{"unet": {"kind": "model"}}', '{"unet": 3}'])
def test_files_that_hold_no_scores(tmp_path: Path, content: str):
    (tmp_path / "own.json").write_text(content)
    with pytest.raises(InputError, match=r"own\.json holds no scores by image .*: run the stage"):
        read_image_tables(tmp_path / "own.json")


def test_a_file_that_is_missing(tmp_path: Path):
    with pytest.raises(InputError, match=r"none\.json not found: run the stage"):
        read_image_tables(tmp_path / "none.json")


def test_files_of_other_models_do_not_matter(tmp_path: Path):
    write_models(tmp_path, "unet")
    (tmp_path / "old.json").write_text("{}")
    assert list(collect(tmp_path, "unet")) == ["unet", "otsu", "huang"]


def test_a_model_without_evaluation(tmp_path: Path):
    write_models(tmp_path, "unet")
    with pytest.raises(InputError, match="model 'vnet' has no evaluation: run `dvc repro evaluate@vnet`"):
        collect(tmp_path, "unet", "vnet")
