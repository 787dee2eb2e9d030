"""A full-size rehearsal of LIVECell: its number of images and cells, from pieces of synthetic ones.

Each image is made of four pieces of rendered images of its cell type, taken at random places and shrunk, so
that no two images are alike and the cells are as many as LIVECell's. Every fourth vertex of an outline is
left out: LIVECell's have about 25, and a cell takes about 570 bytes in its files.
"""

from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

import cv2
import joblib
import msgspec
import numpy as np

from monolayer.annotations.coco import Annotation, Coco, Image, write_coco
from monolayer.annotations.livecell_names import LivecellName, write
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.images.files import write_tiff
from monolayer.synthesis.cell_types import CELL_TYPES
from monolayer.synthesis.field import render_field
from monolayer.synthesis.polygons import area, bounding_box

SPLITS = {"train": 3253, "val": 570, "test": 1416}
"""5,239 images, LIVECell's number of files."""
HEIGHT, WIDTH = 520, 704
FIELDS = 5
TIMES = (2400, 3600, 4320)
SHRINK = 1.02
"""By which a piece is shrunk: it gives 309 cells an image on average; LIVECell has 317."""
FOLDER = {
    "train": "livecell_train_val_images",
    "val": "livecell_train_val_images",
    "test": "livecell_test_images",
}


class View(NamedTuple):
    """One rendered image and its cells."""

    image: np.ndarray
    polygons: list[np.ndarray]


class Order(NamedTuple):
    """One image to be made."""

    id: int
    cell_type: str
    file_name: str
    path: Path


def build(folder: Path, splits: dict[str, int] = SPLITS) -> None:
    """Write so many images of each split in LIVECell's layout below `folder`, or find them there already."""
    if (folder / "complete").exists():
        return
    compute = ComputeSettings()
    views = folder / "views.joblib"
    if not views.exists():
        folder.mkdir(parents=True, exist_ok=True)
        joblib.dump(_render_views(compute), views)
    first_id = 1
    for split, number in splits.items():
        orders = _orders(folder / "images" / FOLDER[split], first_id, number)
        cells = map_parallel(partial(_compose, views), orders, compute)
        _write_annotations(folder / "annotations" / f"{split}.json", orders, cells)
        first_id += number
    (folder / "complete").touch()


def _render_views(compute: ComputeSettings) -> dict[str, list[View]]:
    keys = [(name, seed) for name in CELL_TYPES for seed in range(FIELDS)]
    views: dict[str, list[View]] = {name: [] for name in CELL_TYPES}
    for (name, _), seen in zip(keys, map_parallel(_render, keys, compute), strict=True):
        views[name] += seen
    return views


def _render(key: tuple[str, int]) -> list[View]:
    return [View(*view) for view in render_field(key[0], key[1], TIMES, HEIGHT, WIDTH)]


def _orders(folder: Path, first_id: int, number: int) -> list[Order]:
    folder.mkdir(parents=True, exist_ok=True)
    orders = []
    for image_id in range(first_id, first_id + number):
        cell_type = list(CELL_TYPES)[image_id % len(CELL_TYPES)]
        well = f"{'ABCDEFGH'[image_id // 12 % 8]}{image_id % 12 + 1}"
        name = write(LivecellName(cell_type, well, 1, 240 * (image_id // 96), 1))
        orders.append(Order(image_id, cell_type, name, folder / name))
    return orders


@cache
def _load(path: Path) -> dict[str, list[View]]:
    return joblib.load(path)


def _compose(path: Path, order: Order) -> list[bytes]:
    """Write one image; return the JSON texts of its cells' polygons."""
    views = _load(path)
    rng = np.random.default_rng(order.id)
    image = np.empty((HEIGHT, WIDTH), dtype=np.uint8)
    texts = []
    height, width = HEIGHT // 2, WIDTH // 2
    for corner in ((0, 0), (width, 0), (0, height), (width, height)):
        view = views[order.cell_type][rng.integers(len(views[order.cell_type]))]
        span = np.array([width, height]) * SHRINK
        origin = np.floor(rng.uniform(0, np.array([WIDTH, HEIGHT]) - span))
        left, top = origin.astype(int)
        right, bottom = (origin + np.floor(span)).astype(int)
        piece = cv2.resize(view.image[top:bottom, left:right], (width, height), interpolation=cv2.INTER_AREA)
        image[corner[1] : corner[1] + height, corner[0] : corner[0] + width] = piece
        scale = (width / (right - left), height / (bottom - top))
        for polygon in view.polygons:
            moved = (np.delete(polygon, np.s_[::4], axis=0) - origin) * scale
            if (moved >= 0).all() and (moved <= (width, height)).all():
                texts.append(msgspec.json.encode([np.round(moved + corner, 2).ravel().tolist()]))
    write_tiff(order.path, image, compression="lzw")
    return texts


def _write_annotations(path: Path, orders: list[Order], cells: list[list[bytes]]) -> None:
    coco = Coco([Image(order.id, order.file_name, WIDTH, HEIGHT) for order in orders], [])
    number = 0
    for order, texts in zip(orders, cells, strict=True):
        for text in texts:
            number += 1
            polygon = np.array(msgspec.json.decode(text)[0]).reshape(-1, 2)
            box = msgspec.Raw(msgspec.json.encode(bounding_box(polygon)))
            annotation = Annotation(
                order.id * 10_000 + number % 10_000, order.id, msgspec.Raw(text), 0.0, box
            )
            annotation.area = round(area(polygon), 4)
            coco.annotations.append(annotation)
    write_coco(path, coco)
