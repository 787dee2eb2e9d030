"""AP and AR, against pycocotools."""

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_cells import HEIGHT, WIDTH, DrawnImage, drawn_image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmarks.evaluation import beside_pycocotools
from monolayer.metrics.average_precision import RankedImages
from monolayer.metrics.detected_cells import SIZES
from monolayer.metrics.ranked_detections import (
    RECALLS,
    drawn_average_precision,
    precision_recall_curve,
    rank_detections,
)

MAX_DETS = [3, 8, 40]
NAMES = [
    "ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large",
    "ar_3", "ar_8", "ar_40", "ar_small", "ar_medium", "ar_large",
]  # fmt: skip


def evaluate_officially(images: list[DrawnImage]) -> COCOeval:
    """pycocotools on the same masks, with LIVECell's areas."""
    truth, results = COCO(), []
    truth.dataset = {
        "images": [{"id": n, "height": HEIGHT, "width": WIDTH} for n in range(len(images))],
        "categories": [{"id": 1}],
        "annotations": [],
    }
    for number, drawn in enumerate(images):
        for mask in drawn.truth:
            cell = coded(number, mask) | {"id": len(truth.dataset["annotations"]) + 1, "iscrowd": 0}
            truth.dataset["annotations"].append(cell | {"area": float(mask.sum())})
        for mask, score in zip(drawn.prediction, drawn.scores.tolist(), strict=True):
            results.append(coded(number, mask) | {"score": score})
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(results) if results else COCO(), "segm")
        evaluation.params.maxDets = MAX_DETS
        evaluation.params.areaRng = [[0, 1e10], [0, 18**2], [18**2, 31**2], [31**2, 1e10]]
        evaluation.params.areaRngLbl = ["all", *SIZES]
        evaluation.evaluate()
        evaluation.accumulate()
    return evaluation


def coded(image: int, mask: np.ndarray) -> dict[str, Any]:
    code = coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    return {"image_id": image, "category_id": 1, "segmentation": code}


def official_scores(images: list[DrawnImage]) -> dict[str, float | None]:
    evaluation = evaluate_officially(images)
    precision, recall = (evaluation.eval[name][..., 0, :, :] for name in ("precision", "recall"))
    parts = [precision[..., 0, -1], precision[0, :, 0, -1], precision[5, :, 0, -1]]
    parts += [precision[..., size, -1] for size in (1, 2, 3)]
    parts += [recall[:, 0, place] for place in range(3)] + [recall[:, size, -1] for size in (1, 2, 3)]
    values = [part[part > -1] for part in parts]
    return dict(zip(NAMES, [float(v.mean()) if v.size else None for v in values], strict=True))


LIVECELL_MINI = Path(__file__).resolve().parents[3] / "shared" / "livecell-mini"
IMAGES = [drawn_image(seed, cells) for seed, cells in enumerate((12, 5, 30, 1))]


def scores_of(images: list[DrawnImage]) -> dict[str, float | None]:
    return RankedImages([drawn.ranked for drawn in images], MAX_DETS).scores(np.arange(len(images)))


def test_all_scores_are_those_of_pycocotools():
    scores = scores_of(IMAGES)
    assert 0.1 < scores["ap"] < 0.9
    assert {name: scores[name] for name in NAMES} == pytest.approx(official_scores(IMAGES), abs=1e-9)
    assert scores["afnr"] == pytest.approx(1 - scores["ar_40"])


def test_scores_of_a_part_are_those_of_its_images_alone():
    ranked = RankedImages([drawn.ranked for drawn in IMAGES], MAX_DETS)
    chosen = [2, 0]
    expected = official_scores([IMAGES[number] for number in chosen])
    scores = ranked.scores(np.array(chosen))
    assert {name: scores[name] for name in NAMES} == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("limit", "value"), [("TOGETHER", 3), ("PAIRS", 1), ("PAIRS", 200)])
def test_images_are_matched_in_lots(monkeypatch, limit, value):
    whole = scores_of(IMAGES)
    monkeypatch.setattr(f"monolayer.metrics.average_precision.{limit}", value)
    assert scores_of(IMAGES) == whole


def nothing(drawn: DrawnImage, *fields: str) -> DrawnImage:
    return drawn._replace(**{name: getattr(drawn, name)[:0] for name in fields})


def test_without_predictions_all_is_missed():
    scores = scores_of([nothing(drawn, "prediction", "scores") for drawn in IMAGES])
    assert (scores["ap"], scores["ar_40"], scores["afnr"]) == (0, 0, 1)


def test_without_truth_there_is_no_score():
    scores = scores_of([nothing(drawn, "truth") for drawn in IMAGES])
    assert set(scores.values()) == {None}


def test_predictions_where_there_is_no_cell_lower_precision():
    images = [IMAGES[0], nothing(IMAGES[2], "truth")]
    scores = scores_of(images)
    assert scores["ap50"] < scores_of(images[:1])["ap50"]
    assert {name: scores[name] for name in NAMES} == pytest.approx(official_scores(images), abs=1e-9)


def detections(images: list[DrawnImage]):
    return rank_detections([(drawn.overlap, drawn.scores) for drawn in images], MAX_DETS[-1])


def test_ap_of_one_draw_of_every_image_is_the_ap():
    drawn = drawn_average_precision(detections(IMAGES), np.ones((1, len(IMAGES))))
    scores = scores_of(IMAGES)
    assert {name: values[0] for name, values in drawn.items()} == pytest.approx(
        {name: scores[name] for name in drawn}, abs=1e-12
    )


def test_ap_of_a_draw_is_that_of_images_listed_as_often():
    # Of equal scores, the order decides: it is by image, and then by copy of an image.
    distinct = [drawn._replace(scores=drawn.scores + 1e-6 * np.arange(len(drawn.scores))) for drawn in IMAGES]
    distinct = [drawn._replace(scores=drawn.scores + 1e-4 * n) for n, drawn in enumerate(distinct)]
    weights = np.array([[2, 0, 1, 1], [0, 3, 0, 1]])
    drawn = drawn_average_precision(detections(distinct), weights)
    for place, counts in enumerate(weights):
        repeated = [image for image, count in zip(distinct, counts, strict=True) for _ in range(count)]
        assert drawn["ap"][place] == pytest.approx(official_scores(repeated)["ap"], abs=1e-12)
        assert drawn["ap75"][place] == pytest.approx(official_scores(repeated)["ap75"], abs=1e-12)


def test_the_curve_is_pycocotools():
    expected = evaluate_officially(IMAGES).eval["precision"][:, :, 0, 0, -1]
    for threshold in (0, 5, 9):
        curve = precision_recall_curve(detections(IMAGES), threshold)
        assert len(curve) == len(RECALLS)
        np.testing.assert_allclose(curve, expected[threshold], rtol=0, atol=1e-12)


@pytest.mark.skipif(not LIVECELL_MINI.exists(), reason="../shared/livecell-mini is not beside this checkout")
def test_real_images_with_perturbed_truth_as_by_pycocotools():
    compared = beside_pycocotools(LIVECELL_MINI, copies=1)
    assert compared["images"] == 12
    assert 0.1 < compared["scores"]["ap"] < 0.9
    assert compared["largest_difference"] < 1e-9
