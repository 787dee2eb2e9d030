"""Predictions of a split on disk: COCO results and foreground images."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from pycocotools import mask as coco_mask

from monolayer.annotations.coco import Image
from monolayer.errors import InputError
from monolayer.images.files import read_image, write_png
from monolayer.images.folder import ImageFolder
from monolayer.predictions.cells import Prediction, encode_cells


def distinct_images(
    listed: Sequence[Image], folder: ImageFolder, split: str
) -> Iterator[tuple[list[int], Image, np.ndarray]]:
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
    tuple of (list of int, Image, numpy.ndarray)
        The ids of a file, the first image that is listed of it, and its grey levels, uint8 [H, W].
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
            yield image_ids, first[name], pixels


def write_predictions(folder: Path, split: str, predictions: Iterable[tuple[list[int], Prediction]]) -> None:
    """Write ``{split}.json`` (COCO results) and ``foreground/{split}/{image id}.png`` (0..255 for 0..1).

    The results are written image by image, so that none has to be kept; only all of them get their name.

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
    path = folder / f"{split}.json"
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        file.write(b"[")
        for image_ids, prediction in predictions:
            probability = prediction.foreground * 255
            probability = np.rint(probability, out=probability).astype(np.uint8)
            for image_id in image_ids:
                write_png(foreground / f"{image_id}.png", probability)
                if results := list(_coco_results(image_id, prediction)):
                    file.write(b"," if file.tell() > 1 else b"")
                    file.write(msgspec.json.encode(results)[1:-1])  # a list without its brackets
        file.write(b"]")
    os.replace(partial, path)


class Result(msgspec.Struct, gc=False):
    """One predicted cell of a results file."""

    image_id: int
    segmentation: msgspec.Raw
    """JSON text of the run-length code or of the polygons."""
    score: float


def read_results(path: Path, images: Sequence[Image]) -> dict[int, list[Result]]:
    """Read the predicted cells of a split, by image id; of an image without any, an empty list.

    Parameters
    ----------
    path
        COCO results, as `write_predictions` and most other programs write them.
    images
        All images that the split's truth lists.

    Raises
    ------
    InputError
        The file is missing or not in that form, has a score outside [0, 1], or an image that is not listed.
    """
    try:
        results = msgspec.json.decode(path.read_bytes(), type=list[Result])
    except FileNotFoundError:
        raise InputError(f"{path} not found: run the stage that writes it") from None
    except msgspec.DecodeError as error:
        raise InputError(f"{path} holds no COCO results ({error}): predict again") from None
    by_image: dict[int, list[Result]] = {image.id: [] for image in images}
    for number, result in enumerate(results):
        if result.image_id not in by_image:
            raise InputError(
                f"{path}: result {number} is of image {result.image_id}, which the truth does not list: "
                "predict the images of the annotation file that is evaluated"
            )
        if not 0 <= result.score <= 1:
            raise InputError(
                f"{path}: result {number} of image {result.image_id} has the score {result.score}: scale "
                "the scores to 0..1"
            )
        by_image[result.image_id].append(result)
    return by_image


def _coco_results(image_id: int, prediction: Prediction) -> Iterator[dict[str, Any]]:
    codes = encode_cells(prediction.cells, *prediction.foreground.shape)
    for code, score in zip(codes, prediction.cells.scores.tolist(), strict=True):
        yield {
            "image_id": image_id,
            "category_id": 1,
            "segmentation": {"size": code["size"], "counts": code["counts"].decode("ascii")},
            "bbox": coco_mask.toBbox(code).tolist(),
            "score": round(score, 4),
        }
