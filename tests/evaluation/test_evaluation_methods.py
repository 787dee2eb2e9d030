"""Which scores take part in a comparison."""

from pathlib import Path

import numpy as np
import pytest
from tiny_split import image_score

from monolayer.annotations.coco import Image
from monolayer.annotations.rasterise import label_runs
from monolayer.errors import InputError
from monolayer.evaluation.cell_files import gather_scores, read_cell_scores, write_cell_scores
from monolayer.evaluation.cells import TrueCells, compare_cells
from monolayer.evaluation.foreground import write_scores
from monolayer.evaluation.methods import Method, collect_methods
from monolayer.evaluation.settings import CellSettings


def cells_of(*image_ids: int, found: int = 1):
    """Two cells in each image, of which `found` are predicted."""
    labels = np.repeat([[1, 2, 0]], 4, axis=0)
    evaluated = []
    for number in image_ids:
        truth = TrueCells(
            Image(number, f"{number}.tif", 3, 4, "A172"), label_runs(labels), np.array([4.0, 4.0])
        )
        predicted = label_runs(np.where(labels <= found, labels, 0))
        evaluated.append(compare_cells(truth, predicted, np.ones(found), CellSettings()))
    return gather_scores(evaluated, 100)


def write_models(root: Path, *models: str) -> None:
    for model in models:
        (root / "metrics").mkdir(exist_ok=True)
        (root / "metrics" / f"{model}.json").write_text("{}")
        rows = [image_score(model, n, 40) for n in (1, 2)] + [image_score(model, 1, 40, split="val")]
        write_scores(root / "scores" / model / "images.csv", rows)
        write_cell_scores(root / "cells" / f"{model}.npz", cells_of(2, 1))
    rows = [image_score(name, n, 20) for name in ("otsu", "huang") for n in (1, 2)]
    write_scores(root / "baseline" / "images.csv", rows)


def collect(root: Path, *models: str) -> dict[str, Method]:
    folders = (root / name for name in ("metrics", "scores", "cells", "baseline"))
    return {method.name: method for method in collect_methods(*folders, list(models))}


def test_models_in_their_order_then_thresholds_of_the_test_images(tmp_path: Path):
    write_models(tmp_path, "vnet", "unet")
    collected = collect(tmp_path, "vnet", "unet")
    assert list(collected) == ["vnet", "unet", "otsu", "huang"]
    assert [method.kind for method in collected.values()] == ["model", "model", "threshold", "threshold"]
    assert collected["unet"].image_ids.tolist() == [1, 2]


def test_models_have_scores_of_cells_and_thresholds_have_not(tmp_path: Path):
    write_models(tmp_path, "unet")
    collected = collect(tmp_path, "unet")
    every = np.ones((1, 2), dtype=int)
    scores = collected["unet"].scores
    assert {name: scores[name](every)[0] for name in ("dice", "recall_50", "ap50")} == pytest.approx(
        {"dice": 80 / 90, "recall_50": 0.5, "ap50": 51 / 101}
    )
    assert set(collected["otsu"].scores) < set(scores)
    assert "recall_50" not in collected["otsu"].scores


def test_cells_are_brought_into_the_order_of_the_foreground(tmp_path: Path):
    write_models(tmp_path, "unet")
    first, second = cells_of(1, found=2), cells_of(2, found=1)
    mixed = gathered_in_order(second, first)
    write_cell_scores(tmp_path / "cells" / "unet.npz", mixed)
    scores = collect(tmp_path, "unet")["unet"].scores
    each = np.eye(2, dtype=int)
    assert scores["recall_50"](each).tolist() == [1, 0.5]
    assert scores["ap50"](each).tolist() == pytest.approx([1, 51 / 101])


def gathered_in_order(*parts):
    counts = type(parts[0].counts)(
        *(np.concatenate(own) for own in zip(*(p.counts for p in parts), strict=True))
    )
    detections = parts[0].detections._replace(
        image=np.concatenate([np.full(len(p.detections.image), n) for n, p in enumerate(parts)]),
        **{
            name: np.concatenate([getattr(p.detections, name) for p in parts])
            for name in ("score", "right", "true")
        },
    )
    ids, types = (np.concatenate([getattr(p, name) for p in parts]) for name in ("image_id", "cell_type"))
    return parts[0]._replace(image_id=ids, cell_type=types, counts=counts, detections=detections)


def test_cells_of_other_images(tmp_path: Path):
    write_models(tmp_path, "unet")
    write_cell_scores(tmp_path / "cells" / "unet.npz", cells_of(1))
    with pytest.raises(InputError, match=r"foreground and cells of unet .* run `dvc repro -f evaluate@unet`"):
        collect(tmp_path, "unet")


def test_scores_of_cells_survive_the_file(tmp_path: Path):
    scores = cells_of(1, 5)
    write_cell_scores(tmp_path / "own.npz", scores)
    again = read_cell_scores(tmp_path / "own.npz")
    assert again.image_id.tolist() == [1, 5]
    for field, other in zip(
        (*scores.counts, *scores.detections), (*again.counts, *again.detections), strict=True
    ):
        np.testing.assert_array_equal(field, other)


def test_files_that_hold_no_scores(tmp_path: Path):
    with pytest.raises(InputError, match=r"none\.npz not found: run the stage"):
        read_cell_scores(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("text")
    np.savez(tmp_path / "other.npz", image_id=np.arange(3))
    for name in ("text", "other"):
        with pytest.raises(InputError, match=rf"{name}\.npz holds no scores .*: run the stage"):
            read_cell_scores(tmp_path / f"{name}.npz")


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
