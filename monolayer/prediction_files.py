"""Predictions of a split on disk: COCO results and foreground images."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from pycocotools import mask as coco_mask

from monolayer.coco import Image
from monolayer.errors import InputError
from monolayer.images import ImageFolder, read_image, write_png, write_whole
from monolayer.prediction import Prediction


def distinct_images(
    listed: Sequence[Image], folder: ImageFolder, split: str
) -> Iterator[tuple[list[int], np.ndarray]]:
    """Read each file of a split once.

    A raw split may list a file under several ids, and files that are missing or cannot be read: those are
    named on the screen and left out.

    Parameters
    ----------
    listed
        Images of the split's annotation file.
    folder
        Where the files are.
    split
        Name of the split.

    Yields
    ------
    tuple of (list of int, numpy.ndarray)
        The ids of a file, and its grey levels, uint8 [H, W].
    """
    ids: dict[str, list[int]] = {}
    for image in listed:
        ids.setdefault(image.file_name, []).append(image.id)
    first = {image.file_name: image for image in reversed(listed)}
    for name, image_ids in ids.items():
        try:
            pixels = read_image(folder.path(name, split), expected=first[name])
        except InputError as error:
            print(f"{split}: skipped {name}: {error}")
        else:
            yield image_ids, pixels


def write_predictions(folder: Path, split: str, predictions: Iterable[tuple[list[int], Prediction]]) -> None:
    """Write ``{split}.json`` (COCO results) and ``foreground/{split}/{image id}.png`` (0..255 for 0..1).

    Parameters
    ----------
    folder
        Where to write.
    split
        Name of the split.
    predictions
        The ids of each image, and the prediction for all of them.
    """
    foreground = folder / "foreground" / split
    foreground.mkdir(parents=True, exist_ok=True)
    results: list[dict[str, Any]] = []
    for image_ids, prediction in predictions:
        probability = np.rint(prediction.foreground * 255).astype(np.uint8)
        for image_id in image_ids:
            write_png(foreground / f"{image_id}.png", probability)
            results.extend(_coco_results(image_id, prediction))
    write_whole(folder / f"{split}.json", msgspec.json.encode(results))


def _coco_results(image_id: int, prediction: Prediction) -> Iterator[dict[str, Any]]:
    for code, score in zip(prediction.masks, prediction.scores.tolist(), strict=True):
        yield {
            "image_id": image_id,
            "category_id": 1,
            "segmentation": {"size": code["size"], "counts": code["counts"].decode("ascii")},
            "bbox": coco_mask.toBbox(code).tolist(),
            "score": round(score, 4),
        }
