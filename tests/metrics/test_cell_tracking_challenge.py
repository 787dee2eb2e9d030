"""SEG and DET, against py-ctcmetrics, which reads a sequence of label images from files."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from ctc_metrics import evaluate_sequence
from drawn_cells import drawn_labels, masks_of, overlap_of

from monolayer.metrics.cell_tracking_challenge import det, det_counts, seg_counts


def write_sequence(root: Path, frames: list[tuple[np.ndarray, np.ndarray]]) -> tuple[Path, Path]:
    """Each cell is a track of its own, of one frame: SEG and DET do not care."""
    truth, result = root / "gt", root / "res"
    for folder in (truth / "TRA", truth / "SEG", result):
        folder.mkdir(parents=True)
    tracks: dict[Path, list[str]] = {truth / "TRA" / "man_track.txt": [], result / "res_track.txt": []}
    for frame, labels in enumerate(frames):
        for (path, lines), own in zip(tracks.items(), labels, strict=True):
            unique = np.where(own > 0, own + len(lines), 0).astype(np.uint16)
            lines += [f"{number} {frame} {frame} 0" for number in np.unique(unique)[1:]]
            name = "mask" if path.parent == result else "man_track"
            tifffile.imwrite(path.parent / f"{name}{frame:03d}.tif", unique)
            if name == "man_track":
                tifffile.imwrite(truth / "SEG" / f"man_seg{frame:03d}.tif", unique)
    for path, lines in tracks.items():
        path.write_text("\n".join(lines) + "\n")
    return result, truth


def test_seg_and_det_are_those_of_py_ctcmetrics(tmp_path):
    frames = [drawn_labels(seed, cells=25) for seed in range(4)]
    official = evaluate_sequence(*map(str, write_sequence(tmp_path, frames)), metrics=["SEG", "DET"])
    overlaps = [overlap_of(*map(masks_of, labels)) for labels in frames]
    good, cells = sum(seg_counts(overlap) for overlap in overlaps)
    operations = sum(det_counts(overlap) for overlap in overlaps)
    assert operations.min() > 0  # splits, misses and false cells are all there
    assert good / cells == pytest.approx(official["SEG"], abs=1e-12)
    assert det(operations) == pytest.approx(official["DET"], abs=1e-12)


def test_a_cell_half_covered_is_not_found():
    truth, half = np.ones((1, 2, 2), dtype=bool), np.array([[[True, True], [False, False]]])
    assert seg_counts(overlap_of(truth, half)).tolist() == [0, 1]
    assert det_counts(overlap_of(truth, half)).tolist() == [0, 1, 1, 1]


def test_det_is_no_lower_than_finding_nothing():
    assert det(np.array([0, 2, 50, 2])) == 0
    assert det(np.array([[0, 0, 0, 0], [0, 0, 3, 0], [0, 0, 0, 4]])).tolist() == [1, 0, 1]
