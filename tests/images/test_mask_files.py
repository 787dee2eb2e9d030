"""Mask files of a split, wherever the work runs."""

from pathlib import Path

import numpy as np
from tiny_split import labels_of, two_images

from monolayer.annotations.coco import write_coco
from monolayer.annotations.label_images import MaskSettings
from monolayer.compute.settings import ComputeSettings
from monolayer.images.files import read_image
from monolayer.images.mask_files import write_mask_files

HERE = ComputeSettings(jobs=1)


def files_of(out: Path, compute: ComputeSettings) -> dict[str, bytes]:
    write_coco(out.parent / "val.json", two_images())
    write_mask_files(out.parent / "val.json", out, "val", MaskSettings(), compute)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in out.rglob("*.*")}


def test_an_image_has_labels_and_foreground(tmp_path: Path) -> None:
    names = {f"instance/val/{number}.tif" for number in (1, 2)}
    assert set(files_of(tmp_path, HERE)) == names | {"semantic/val/1.png", "semantic/val/2.png"}
    for number in (1, 2):
        foreground = read_image(tmp_path / f"semantic/val/{number}.png")
        np.testing.assert_array_equal(foreground, np.where(labels_of(two_images(), number), 255, 0))


def test_processes_and_clusters_write_the_same_bytes(tmp_path: Path, cluster: ComputeSettings) -> None:
    alone = files_of(tmp_path / "alone", HERE)
    assert files_of(tmp_path / "processes", ComputeSettings(jobs=2)) == alone
    assert files_of(tmp_path / "cluster", cluster) == alone
