"""Predicted cells as COCO results."""

import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from pycocotools import mask as coco_mask

from monolayer.annotations.coco import Image
from monolayer.errors import InputError
from monolayer.predictions.cells import Prediction, cells_of_labels
from monolayer.predictions.files import read_results, write_predictions

IMAGES = [Image(number, f"{number}.tif", 4, 3) for number in (5, 6)]
CODE = {"size": [3, 4], "counts": [0, 2, 10]}


def results(folder: Path, *listed: dict[str, object]) -> Path:
    path = folder / "test.json"
    path.write_text(json.dumps([{"image_id": 5, "segmentation": CODE, "score": 0.5} | own for own in listed]))
    return path


def test_what_is_written_is_read(tmp_path: Path):
    labels = np.array([[1, 0, 2, 2], [1, 0, 0, 2], [0, 0, 0, 0]])
    probability = np.where(labels == 1, 0.75, 0.5).astype(np.float32)
    prediction = Prediction(probability, cells_of_labels(labels, probability))
    write_predictions(tmp_path, "test", [([5, 6], prediction)])
    read = read_results(tmp_path / "test.json", IMAGES)
    assert [cell.score for cell in read[5]] == [cell.score for cell in read[6]] == [0.75, 0.5]
    for number, cell in enumerate(read[6], start=1):
        code = json.loads(bytes(cell.segmentation))
        np.testing.assert_array_equal(coco_mask.decode(code), labels == number)


def test_the_results_are_one_list_whichever_images_have_none(tmp_path: Path):
    probability = np.ones((3, 4), dtype=np.float32)
    empty, full = (
        Prediction(probability, cells_of_labels(np.full((3, 4), label), probability)) for label in (0, 1)
    )
    for number, predictions in enumerate(([], [empty], [empty, full, empty, full, full], [full, empty])):
        named = [([place, place + 10], own) for place, own in enumerate(predictions)]
        write_predictions(tmp_path / str(number), "val", named)
        text = (tmp_path / str(number) / "val.json").read_bytes()
        listed = json.loads(text)
        assert [own["image_id"] for own in listed] == [
            id_ for ids, own in named for id_ in ids if own is full
        ]
        assert msgspec.json.encode(listed) == text  # and nothing else
    assert not list(tmp_path.rglob("*.part"))


def test_an_image_without_predicted_cells_has_an_empty_list(tmp_path: Path):
    read = read_results(results(tmp_path, {}), IMAGES)
    assert [len(read[number]) for number in (5, 6)] == [1, 0]
    assert read_results(results(tmp_path), IMAGES) == {5: [], 6: []}


def test_the_results_of_other_programs_have_more_fields(tmp_path: Path):
    read = read_results(
        results(tmp_path, {"category_id": 1, "bbox": [0, 0, 1, 1], "id": 9, "score": 1}), IMAGES
    )
    assert read[5][0].score == 1


@pytest.mark.parametrize("score", [-0.1, 1.5])
def test_a_score_outside_0_to_1(tmp_path: Path, score: float):
    with pytest.raises(InputError, match=rf"test\.json: result 1 of image 5 has the score {score}: scale"):
        read_results(results(tmp_path, {}, {"score": score}), IMAGES)


def test_an_image_that_the_truth_does_not_have(tmp_path: Path):
    with pytest.raises(InputError, match=r"result 0 is of image 7, which the truth does not list: predict"):
        read_results(results(tmp_path, {"image_id": 7}), IMAGES)


@pytest.mark.parametrize(
    "text", ["", "{", '{"images": []}', '[{"image_id": 5}]', '[{"image_id": 5, "score": "?"}]']
)
def test_a_file_that_holds_no_results(tmp_path: Path, text: str):
    (tmp_path / "test.json").write_text(text)
    with pytest.raises(InputError, match=r"test\.json holds no COCO results \(.*\): predict again"):
        read_results(tmp_path / "test.json", IMAGES)


def test_a_file_that_is_missing(tmp_path: Path):
    with pytest.raises(InputError, match=r"test\.json not found: run the stage that writes it"):
        read_results(tmp_path / "test.json", IMAGES)
