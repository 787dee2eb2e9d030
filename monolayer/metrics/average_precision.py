"""COCO's average precision and recall of masks, with LIVECell's limits (Lin et al. 2014; Edlund et al. 2021).

faster-coco-eval ranks and matches; the IoU come from `InstanceOverlap`, so that they are counted once for all
scores. Equal to pycocotools.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import faster_coco_eval.faster_eval_api_cpp as coco_cpp
import numpy as np
from faster_coco_eval import COCOeval_faster

from monolayer.metrics.detected_cells import SIZES
from monolayer.metrics.instance_overlap import InstanceOverlap

IOU = np.linspace(0.5, 0.95, 10)
"""COCO's."""
TOGETHER = 64
"""Images that are matched at once, at most: their IoU are dense matrices then."""
PAIRS = 2**24
"""Elements of the matrices of all images that are matched at once, at most; of one image they may be more."""


class RankedCells(NamedTuple):
    """The cells of one image as COCO's evaluation sees them."""

    overlap: InstanceOverlap
    areas: np.ndarray
    """Of the true cells as the annotations say, in pixels, float64 [T]: they decide a true cell's size."""
    scores: np.ndarray
    """Of the predicted cells, float64 [P]."""


class RankedImages:
    """Images matched once, whose scores may be asked for together or in parts.

    Parameters
    ----------
    images
        The cells of each.
    max_dets
        Numbers of highest-scored predicted cells of an image that count, ascending; AP is that of the last.
    """

    def __init__(self, images: Sequence[RankedCells], max_dets: Sequence[int]) -> None:
        self._max_dets = list(max_dets)
        matched = [
            _Evaluation(own, self._max_dets).matches() for own in _matched_at_once(images, self._max_dets[-1])
        ]
        self._matched = [np.concatenate(parts) for parts in zip(*matched, strict=True)]  # by area range
        self._found = _Evaluation([_found_cell(area) for area in _WITHIN], self._max_dets).matches()

    def scores(self, chosen: np.ndarray) -> dict[str, float]:
        """Return the scores of the images of these indices, int64 [N].

        ``ap``, ``ap50``, ``ap75`` and ``ap_small`` to ``ap_large``; ``ar_<max_dets>`` and ``ar_small`` to
        ``ar_large``; ``afnr``, the mean fraction of true cells that are missed.
        """
        matched = [of_range[chosen] for of_range in self._matched]
        precision, recall = self._accumulated(matched)
        if (recall < 0).any():  # COCO's way to say that there is nothing to find
            beside, _ = self._accumulated(
                [np.append(*both) for both in zip(matched, self._found, strict=True)]
            )
            nothing_false = np.isclose(beside[:, -1], 1)
            precision = np.where(precision < 0, nothing_false[:, None], precision)
            recall = np.where(recall < 0, nothing_false, recall)
        averages = {
            "ap": precision[:, :, 0, -1],
            "ap50": precision[0, :, 0, -1],
            "ap75": precision[5, :, 0, -1],
            **{f"ap_{size}": precision[:, :, place, -1] for place, size in enumerate(SIZES, start=1)},
            **{f"ar_{count}": recall[:, 0, place] for place, count in enumerate(self._max_dets)},
            **{f"ar_{size}": recall[:, place, -1] for place, size in enumerate(SIZES, start=1)},
        }
        scores = {name: float(values.mean()) for name, values in averages.items()}
        return {**scores, "afnr": 1 - scores[f"ar_{self._max_dets[-1]}"]}

    def _accumulated(self, matched: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return precision (IoU, recall, area range, number of detections) and recall (the same without)."""
        evaluated = coco_cpp.COCOevalAccumulate(
            _parameters(len(matched[0]), self._max_dets), np.concatenate(matched).tolist()
        )
        precision, recall = (np.asarray(evaluated[name])[..., 0, :, :] for name in ("precision", "recall"))
        return precision, recall


_WITHIN = (1.0, *list(SIZES.values())[:-1])
"""An area of each of `SIZES`."""


def _found_cell(area: float) -> RankedCells:
    """Return an image of one cell that is found, and ranked behind all cells of other images.

    Beside it, precision at full recall is 1 where no other detection counts, and lower where one does.
    """
    one = np.array([1])
    overlap = InstanceOverlap(one, one, np.array([0]), np.array([0]), one)
    return RankedCells(overlap, np.array([area]), np.array([-1.0]))


def _matched_at_once(images: Sequence[RankedCells], max_dets: int) -> Iterator[list[RankedCells]]:
    own: list[RankedCells] = []
    pairs = 0
    for image in images:
        new = len(image.areas) * min(len(image.scores), max_dets)
        if own and (len(own) == TOGETHER or pairs + new > PAIRS):
            yield own
            own, pairs = [], 0
        own.append(image)
        pairs += new
    if own:
        yield own


def _parameters(images: int, max_dets: list[int]) -> Any:
    limits = [0.0, *SIZES.values()]
    ranges = {
        size: [low, min(high, 1e10)] for size, low, high in zip(SIZES, limits, limits[1:], strict=False)
    }
    parameters = COCOeval_faster(iouType="bbox", ranges=ranges).params
    parameters.imgIds, parameters.catIds, parameters.maxDets = list(range(images)), [1], max_dets
    return parameters


class _Evaluation(COCOeval_faster):
    """faster-coco-eval, but cells and IoU are given instead of computed from masks."""

    def __init__(self, images: Sequence[RankedCells], max_dets: list[int]) -> None:
        super().__init__(iouType="bbox", separate_eval=True)
        self.params = _parameters(len(images), max_dets)
        self._images = images

    def matches(self) -> list[np.ndarray]:
        """Return what was matched in each image, for each area range: objects [N]."""
        self.evaluate()
        return list(np.array(self._evalImgs_cpp, dtype=object).reshape(-1, len(self._images)))

    def _prepare(self) -> None:
        true_id = found_id = 0
        for number, image in enumerate(self._images):
            for area in image.areas.tolist():
                true_id += 1
                self.gt_dataset.append_ref(
                    number, 1, {"id": true_id, "area": area, "iscrowd": 0, "ignore": 0}
                )
            for area, score in zip(
                image.overlap.predicted_areas.tolist(), image.scores.tolist(), strict=True
            ):
                found_id += 1
                self.dt_dataset.append_ref(number, 1, {"id": found_id, "area": area, "score": score})

    def computeIoU(self, image: int, _: int) -> Any:  # noqa: N802 (its name in COCO's evaluation)
        """Return the IoU of the highest-scored cells with all true ones, [P, T]."""
        overlap, areas, scores = self._images[image]
        if not len(areas) or not len(scores):
            return []
        order = ranked(scores)[: self.params.maxDets[-1]]
        row = np.full(len(scores), -1)
        row[order] = np.arange(len(order))
        counts = row[overlap.predicted] >= 0
        iou = np.zeros((len(order), len(areas)))
        iou[row[overlap.predicted[counts]], overlap.true[counts]] = overlap.iou[counts]
        return iou


def ranked(scores: np.ndarray) -> np.ndarray:
    """Return the indices of the cells, highest score first; of equal ones, in their order."""
    return np.argsort(-scores, kind="stable")
