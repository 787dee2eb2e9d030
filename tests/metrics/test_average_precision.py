"""AP and AR, against pycocotools."""

import contextlib
import io
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_cells import HEIGHT, WIDTH, DrawnImage, drawn_image, ellipse
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from benchmarks.evaluation import beside_pycocotools
from monolayer.metrics.average_precision import RankedImages
from monolayer.metrics.detected_cells import SIZES
from monolayer.metrics.ranked_detections import (
    RECALLS,
    RankedDetections,
    _right_needed,
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


def test_something_against_nothing_is_worthless():
    images = [nothing(drawn, "truth") for drawn in IMAGES]
    scores = scores_of(images)
    assert [scores[name] for name in ("ap", "ap50", "ap75", "ar_3", "ar_40", "afnr")] == [0, 0, 0, 0, 0, 1]
    every = np.eye(len(images), dtype=int)
    assert [own.tolist() for own in drawn_average_precision(detections(images), every).values()] == [
        [0] * 4
    ] * 3
    assert not precision_recall_curve(detections(images), 0).any()


def test_nothing_against_nothing_is_perfect():
    images = [nothing(drawn, "truth", "prediction", "scores") for drawn in IMAGES[:2]]
    scores = scores_of(images)
    assert scores.pop("afnr") == 0
    assert set(scores.values()) == {1}
    drawn = drawn_average_precision(detections(images), np.array([[1, 1], [2, 0]]))
    assert [own.tolist() for own in drawn.values()] == [[1, 1]] * 3


def test_a_draw_of_empty_images_is_scored_as_these_images_are():
    images = [IMAGES[0], nothing(IMAGES[1], "truth", "prediction", "scores"), nothing(IMAGES[2], "truth")]
    drawn = drawn_average_precision(detections(images), np.array([[0, 3, 0], [0, 1, 2], [2, 1, 0]]))
    assert drawn["ap50"].tolist() == [1, 0, pytest.approx(scores_of(images[:1])["ap50"], abs=1e-2)]
    ranked = RankedImages([own.ranked for own in images], MAX_DETS)
    parts = [ranked.scores(np.array(part)) for part in ([1], [1, 2])]
    assert [part["ap50"] for part in parts] == [1, 0]


def counted_officially(images: list[DrawnImage], size: int) -> np.ndarray:
    """How many detections count at each threshold for a size of cells, by pycocotools: int64 [10]."""
    evaluation = evaluate_officially(images)
    own = evaluation.evalImgs[size * len(images) : (size + 1) * len(images)]
    return sum(
        (np.logical_not(image["dtIgnore"]).sum(axis=1) for image in own if image), np.zeros(10, dtype=int)
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_size_that_no_true_cell_has_is_scored_by_what_counts_as_false(seed):
    images = [drawn_image(seed * 2 + place, 12) for place in range(2)]
    areas = [drawn.truth.sum(axis=(1, 2)) for drawn in images]
    limits = [0, 18**2, 31**2, 1e10]
    for size, (low, high) in enumerate(pairwise(limits), start=1):
        others = [
            drawn._replace(truth=drawn.truth[(own < low) | (own > high)])
            for drawn, own in zip(images, areas, strict=True)
        ]
        counted = counted_officially(others, size)
        scores = scores_of(others)
        name = list(SIZES)[size - 1]
        assert scores[f"ap_{name}"] == pytest.approx((counted == 0).mean(), abs=1e-12)
        assert scores[f"ar_{name}"] == pytest.approx((counted == 0).mean(), abs=1e-12)


def test_a_cell_found_a_size_too_small_is_false_only_where_it_does_not_match():
    truth, prediction = ellipse(45, 55, 18, 18)[None], ellipse(45, 55, 16.3, 16.3)[None]
    assert 31**2 < truth.sum() < 34**2
    assert 0.8 < prediction.sum() / truth.sum() < 0.85
    scores = scores_of([DrawnImage(truth, prediction, np.ones(1))])
    assert {name: round(scores[f"ap_{name}"], 9) for name in SIZES} == {
        "small": 1,
        "medium": 0.7,
        "large": 0.7,
    }


def test_predictions_where_there_is_no_cell_lower_precision():
    images = [IMAGES[0], nothing(IMAGES[2], "truth")]
    scores = scores_of(images)
    assert scores["ap50"] < scores_of(images[:1])["ap50"]
    assert {name: scores[name] for name in NAMES} == pytest.approx(official_scores(images), abs=1e-9)


def slow_curve(ranked: RankedDetections, threshold: int, weights: np.ndarray) -> np.ndarray:
    """COCO's interpolated precision of drawn images, looking at every detection."""
    drawn = weights[ranked.image]
    right = np.cumsum(drawn * ranked.right[:, threshold])
    precision = right / np.maximum(np.cumsum(drawn), 1)
    recall = right / weights.dot(ranked.true)
    return np.array([precision[recall >= level].max(initial=0) for level in RECALLS])


@pytest.mark.parametrize("seed", range(6))
def test_draws_are_those_of_looking_at_every_detection(seed):
    rng = np.random.default_rng(seed)
    images, found = rng.integers(1, 9), rng.integers(1, 400)
    true = rng.integers(1, 120, images)  # from far fewer than are found to far more
    ranked = RankedDetections(
        rng.integers(0, images, found).astype(np.int32),
        -np.sort(-rng.random(found).round(1)),
        rng.random((found, 10)) < np.linspace(0.9, 0, 10),
        true,
    )
    # Some draws leave most images out, some take one many times.
    weights = np.concatenate(
        [rng.multinomial(images, rng.dirichlet(np.full(images, 0.3)), 20), np.eye(images)]
    )
    slow = np.array([[slow_curve(ranked, place, own).mean() for place in range(10)] for own in weights])
    drawn = drawn_average_precision(ranked, weights)
    expected = dict(zip(("ap", "ap50", "ap75"), (slow.mean(axis=1), slow[:, 0], slow[:, 5]), strict=True))
    for name, values in expected.items():
        np.testing.assert_allclose(drawn[name], values, rtol=0, atol=1e-12)


def test_weights_may_be_large():
    weights = np.array([[2, 0, 1, 1]])
    expected = drawn_average_precision(detections(IMAGES), weights)
    for factor in (1000, 2**31):
        drawn = drawn_average_precision(detections(IMAGES), weights * factor)
        assert {name: own[0] for name, own in drawn.items()} == pytest.approx(
            {name: own[0] for name, own in expected.items()}, abs=1e-12
        )


def test_recalls_are_reached_where_the_division_says_so():
    # As many true cells as there are hundredths: 0.29 * 100 is more than 29.
    for true in (*range(1, 400), 450_000):
        needed = _right_needed(true)
        assert (needed / true >= RECALLS).all()
        assert ((needed - 1) / true < RECALLS)[1:].all()


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
