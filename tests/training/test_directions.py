from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from tiny_project import Sample, packed_of
from torch.utils._python_dispatch import TorchDispatchMode

from monolayer.heads.flow.head import FlowHead, flow_to_centres
from monolayer.heads.flow.settings import Settings as FlowSettings
from monolayer.images.normalisation import NormaliseSettings
from monolayer.training.crops import Batch, Crops
from monolayer.training.directions import Directions
from monolayer.training.processes import Process
from monolayer.training.settings import CropSettings

CENTRE, RADIUS = (30.0, 22.0), 12.0


def disc(height: int = 60, width: int = 50) -> Sample:
    """One round cell on black; the grey level is how far right a pixel is of the cell's centre, plus 100."""
    row, column = np.mgrid[:height, :width]
    inside = np.hypot(row - CENTRE[0], column - CENTRE[1]) <= RADIUS
    return Sample((100 * inside).astype(np.uint8), inside.astype(np.uint16))


def crops(*samples: Sample, size: int = 40, count: int = 40, **settings: float) -> Batch:
    own = CropSettings(positive_fraction=1, **settings)
    packed = packed_of(*samples)
    return Crops(packed, size, count, own, NormaliseSettings(), 0, directions=flow_to_centres).batch(0)


def to_the_middle(labels: np.ndarray) -> np.ndarray:
    """Unit vectors down and right to the middle of the labelled pixels, [2, K]."""
    places = np.argwhere(labels > 0).T.astype(float)
    vectors = places.mean(axis=1, keepdims=True) - places
    return vectors / np.maximum(np.linalg.norm(vectors, axis=0), 1e-9)


def agreements(batch: Batch) -> list[float]:
    """Of each crop that shows the whole cell: mean cosine of its directions and those `to_the_middle`."""
    assert batch.directions is not None
    found = []
    for labels, directions in zip(batch.labels.numpy(), batch.directions.numpy(), strict=True):
        frame = np.concatenate([labels[[0, -1]].ravel(), labels[:, [0, -1]].ravel()])
        if labels.any() and not frame.any() and np.unique(labels).size == 2:
            found.append(float((directions[:, labels > 0] * to_the_middle(labels)).sum(axis=0).mean()))
    return found


@pytest.mark.parametrize(
    "settings", [{"turns": False}, {}, {"turns": False, "rotate": 180}, {"rotate": 180, "scale": 0.3}]
)
def test_the_directions_of_a_crop_lead_to_the_centre_of_its_cell(settings: dict[str, float]):
    found = agreements(crops(disc(), **settings))
    assert len(found) >= 5
    assert min(found) > 0.97


@pytest.mark.parametrize("settings", [{"turns": False}, {"rotate": 30}])
def test_the_directions_of_mirror_images_are_mirrored(settings: dict[str, float]):
    sample = disc(height=52, width=44)
    batch = crops(sample, size=128, count=8, **settings)
    assert batch.directions is not None
    checked = 0
    for labels, directions in zip(batch.labels.numpy(), batch.directions.numpy(), strict=True):
        for number in np.unique(labels[labels > 0]):
            own = labels == number
            if own.sum() > 0.95 * sample.labels.sum():
                assert (directions[:, own] * to_the_middle(own)).sum(axis=0).mean() > 0.97
                checked += 1
    assert checked > 16  # more than the cell itself in each crop


def test_the_part_of_a_cell_that_a_crop_shows_flows_to_the_centre_of_the_whole_cell():
    batch = crops(disc(), size=8, count=200, turns=False)
    assert batch.directions is not None
    whole = flow_to_centres(torch.from_numpy(disc().labels.astype(np.int32))[None])[0].numpy()
    windows = np.lib.stride_tricks.sliding_window_view(whole, (8, 8), axis=(1, 2))
    windows = windows.transpose(1, 2, 0, 3, 4).reshape(-1, 2 * 8 * 8)
    off = [np.abs(windows - crop.ravel()).max(axis=1).min() for crop in batch.directions.numpy()]
    assert max(off) < 0.013  # half a step of 255 around the circle


def test_background_has_no_direction():
    batch = crops(disc(), rotate=180)
    assert batch.directions is not None
    moving = (batch.directions != 0).any(dim=1)
    assert not moving[batch.labels == 0].any()
    assert moving[batch.labels > 0].float().mean() > 0.99  # all but the centre


def test_directions_are_made_once_of_an_image_and_only_where_they_are_needed():
    asked: list[int] = []

    def make(labels: torch.Tensor) -> torch.Tensor:
        asked.append(int(labels.max()))
        return torch.zeros(1, 2, *labels.shape[1:])

    samples = [Sample(np.zeros((9, 9), np.uint8), np.full((9, 9), number, np.uint16)) for number in (1, 2, 3)]
    directions = Directions(make, packed_of(*samples))
    directions.make([2, 0, 2])
    directions.make([0, 2])
    assert sorted(asked) == [1, 3]


@pytest.mark.parametrize("degrees", [0, 0.5, 90, 179.7, 180, 270, 359.6])
def test_a_direction_is_kept_to_a_degree(degrees: float):
    angle = np.radians(degrees)
    truth = torch.tensor([np.sin(angle), np.cos(angle)], dtype=torch.float32).view(1, 2, 1, 1)
    directions = Directions(lambda labels: truth.expand(1, 2, *labels.shape[1:]), packed_of(disc()))
    directions.make([0])
    kept = directions.at(torch.zeros(1, 1, 1, dtype=torch.int64))[0, :, 0, 0].numpy()
    assert_allclose(kept @ truth.numpy().ravel(), 1, atol=1e-4)


def test_processes_share_the_directions_of_a_batch():
    packed, settings = packed_of(disc(), disc()), CropSettings(rotate=90)
    parts = [
        Crops(packed, 16, 6, settings, NormaliseSettings(), 3, process=process, directions=flow_to_centres)
        for process in (Process(0, 1), Process(0, 2), Process(1, 2))
    ]
    whole, *shares = (part.batch(5).directions for part in parts)
    assert whole is not None
    assert torch.equal(whole, torch.cat([share for share in shares if share is not None]))


def test_a_step_with_given_directions_takes_few_operations():
    """Each is a kernel that a GPU is told to run: the net of an entry takes 200 to 300."""
    batch, head = crops(disc(), rotate=180, scale=0.3), FlowHead(FlowSettings())
    assert batch.directions is not None
    with Operations() as given:
        head.directed_targets(batch.labels, batch.directions)
    with Operations() as made:
        head.targets(batch.labels)
    assert given.count < 10
    assert made.count > 200


class Operations(TorchDispatchMode):
    """Counts what torch is told to do."""

    count = 0

    def __torch_dispatch__(
        self, operation: Any, types: Any, arguments: Any = (), keywords: Any = None
    ) -> Any:
        self.count += 1
        return operation(*arguments, **(keywords or {}))


def test_targets_with_given_directions_are_those_of_the_labels():
    head, labels = FlowHead(FlowSettings()), torch.from_numpy(disc().labels.astype(np.int32))[None]
    assert torch.equal(head.directed_targets(labels, flow_to_centres(labels)), head.targets(labels))
