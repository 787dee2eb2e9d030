"""The embedded data and a folder of real images, packed as the pipeline packs them."""

from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT
from monolayer.annotations.coco import Coco, read_coco
from monolayer.annotations.label_images import MaskSettings
from monolayer.compute.settings import ComputeSettings
from monolayer.images.mask_files import write_mask_files
from monolayer.plugins import load_plugin
from monolayer.training.packing import Packed, pack_split, read_packed

SPLITS = ("train", "val", "test")
Data = dict[str, Packed]


def packed_embedded(folder: Path) -> Data:
    """Pack what `dvc repro` rendered, cleaned and annotated."""
    return _pack(ROOT / "data/clean", ROOT / "data/raw/images", ROOT / "data/masks", folder / "embedded")


def packed_livecell(source: Path, folder: Path) -> Data:
    """Pack the images of a folder laid out like LIVECell's server."""
    return packed_source("livecell", {"base_url": str(source.resolve())}, folder)


def packed_source(source: str, settings: dict[str, Any], folder: Path) -> Data:
    """Pack what a module of monolayer/datasets downloads; its annotations come below ``raw/annotations``."""
    raw = folder / "raw"
    module = load_plugin("monolayer.datasets", source, "source")
    module.download(module.Settings(source=source, **settings), raw, folder / "scratch", ComputeSettings())
    for split in SPLITS:
        annotated = raw / "annotations" / f"{split}.json"
        write_mask_files(annotated, folder / "masks", split, MaskSettings(), ComputeSettings())
    return _pack(raw / "annotations", raw / "images", folder / "masks", folder / "packed")


def read_annotated(folder: Path) -> dict[str, Coco]:
    """Return the annotations that `packed_source` brought."""
    return {split: read_coco(folder / "raw" / "annotations" / f"{split}.json") for split in SPLITS}


def _pack(annotations: Path, images: Path, masks: Path, out: Path) -> Data:
    for split in SPLITS:
        pack_split(annotations, images, masks, split, out / split, ComputeSettings())
    return {split: read_packed(out / split) for split in SPLITS}
