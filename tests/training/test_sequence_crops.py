"""Subsequences of recordings to train on, and whole frames with those before them."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from tiny_project import Sample, packed_of

from monolayer.heads.base.head import build_head
from monolayer.images.normalisation import NormaliseSettings
from monolayer.training.augmentation import vary_grey_levels
from monolayer.training.crops import UNKNOWN, Crops
from monolayer.training.data import WholeImages
from monolayer.training.packing import Packed
from monolayer.training.processes import Process
from monolayer.training.settings import CropSettings, GreySettings

FRAMES = 3


def sequence(truths: tuple[str, ...] = ("complete",) * 5, names: str = "aaaaa") -> Packed:
    """Frames whose pixels are numbered from 1 on, and darker by 40 than the frame before."""
    labels = np.arange(1, 12 * 15 + 1).reshape(12, 15)
    packed = packed_of(
        *(Sample((labels + 40 * time).astype(np.uint8), labels) for time in range(len(truths)))
    )
    images = [
        msgspec.structs.replace(image, sequence=name, frame=time, truth=truth)
        for time, (image, truth, name) in enumerate(zip(packed.images, truths, names, strict=True))
    ]
    return replace(packed, images=images)


def subsequences(
    packed: Packed, process: Process | None = None, **settings: float
) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of 50 subsequences, [50, FRAMES, 8, 8]."""
    own = CropSettings(**settings)
    more = {} if process is None else {"process": process}
    source = Crops(packed, 8, 50, own, NormaliseSettings(), seed=0, frames=FRAMES, **more)
    batch = source.batch(0)
    return tuple(plane.numpy().reshape(-1, FRAMES, 8, 8) for plane in (batch.images, batch.labels))


@pytest.mark.parametrize("settings", [{}, {"rotate": 40, "scale": 0.3}, {"shift": 6}])
def test_all_frames_of_a_subsequence_are_cut_and_turned_alike(settings: dict[str, float]):
    images, labels = subsequences(sequence(), **settings)
    assert_array_equal(labels, labels[:, :1].repeat(FRAMES, axis=1))
    assert len({own.tobytes() for own in labels[:, 0]}) > 25
    if not settings.get("rotate"):
        assert_array_equal(np.diff((images - labels) % 256, axis=1) % 256, 40)  # grey levels end at 255


def test_subsequences_start_everywhere():
    images, labels = subsequences(sequence())
    starts = ((images - labels) % 256)[:, 0, 0, 0] // 40
    assert set(starts.tolist()) == {0, 1, 2}


def test_processes_share_the_subsequences_of_a_batch():
    whole = subsequences(sequence())
    parts = [subsequences(sequence(), Process(rank, 2)) for rank in range(2)]
    for plane, *own in zip(whole, *parts, strict=True):
        assert_array_equal(plane, np.concatenate(own))


def test_frames_that_nobody_annotated_are_shown_but_unknown():
    _, labels = subsequences(sequence(("none", "complete", "none", "none", "none")))
    known = (labels != UNKNOWN).all(axis=(2, 3))
    unknown = (labels == UNKNOWN).all(axis=(2, 3))
    assert (known ^ unknown).all()
    assert_array_equal(known.sum(axis=1), 1)  # the subsequence is around the annotated frame
    assert set(known.argmax(axis=1).tolist()) == {0, 1}  # which is the second of the recording


def test_of_partly_annotated_frames_the_background_is_unknown():
    packed = sequence(("partial",) * 4, "aabb")
    packed.labels[packed.labels % 2 == 0] = 0
    _, labels = subsequences(packed)
    assert 0 not in labels
    assert (labels == UNKNOWN).any()
    assert (labels % 2 == 1).all()  # the others, and -1


def test_unknown_pixels_are_not_learned():
    head = build_head({"method": "contour"})
    labels = torch.zeros(1, 8, 8, dtype=torch.int32)
    labels[:, 2:, 2:] = 1
    outputs = torch.randn(1, 3, 8, 8)
    whole = head.loss(outputs, head.targets(labels))["loss"]
    labels[:, :2] = UNKNOWN
    other = outputs.clone()
    other[:, :, :2] += torch.randn(1, 3, 2, 8)
    masked = head.loss(outputs, head.targets(labels))["loss"]
    assert masked == head.loss(other, head.targets(labels))["loss"]
    assert masked < whole
    assert head.targets(labels)[:, :, :2].sum() == 0


def test_whole_images_come_with_the_frames_before_them():
    packed = sequence(names="aaabb")
    given = WholeImages(packed, NormaliseSettings(mean=0, scale=1), None, frames=FRAMES)
    lengths = [len(given[number][0]) for number in range(5)]
    assert lengths == [1, 2, 3, 1, 2]
    images, labels, counts = given[2]
    assert counts
    assert_array_equal(images.numpy(), np.stack([packed.image(number)[0] for number in range(3)]))
    assert_array_equal(labels[0].numpy(), packed.image(2)[1])


def test_grey_levels_of_a_subsequence_are_changed_alike():
    torch.manual_seed(0)
    still = (100 * torch.rand(4, 1, 9, 9)).repeat(1, FRAMES, 1, 1)
    varied = vary_grey_levels(still, GreySettings(brightness=20, contrast=0.5, blur=1.5))
    torch.testing.assert_close(varied, varied[:, :1].repeat(1, FRAMES, 1, 1))
    assert not torch.allclose(varied, still)
