"""Packed splits: the same images and labels as in the files, wherever the work runs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from skimage.transform import resize as skimage_resize
from tiny_split import HEIGHT, WIDTH, image, labels_of, textured_image, two_images, write_split

from monolayer.annotations.coco import Coco, Truth, write_coco
from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.images.files import read_image, write_tiff
from monolayer.images.normalisation import NormaliseSettings, grey_histogram, offset_and_scale
from monolayer.training.crops import Crops
from monolayer.training.packing import Packed, annotated, pack_resized, pack_split, read_packed
from monolayer.training.settings import CropSettings

HERE = ComputeSettings(jobs=1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_split(tmp_path, "train", two_images())
    return tmp_path


def pack(root: Path, out: str = "packed", compute: ComputeSettings = HERE) -> Packed:
    pack_split(root / "clean", root / "images", root / "masks", "train", root / out, compute)
    return read_packed(root / out)


def add_image_of(root: Path, shape: tuple[int, int]) -> None:
    """Put a third image, of another size and without a cell, between the two."""
    third = image(9)
    third.height, third.width = shape
    one, two = two_images().images
    write_coco(root / "clean/train.json", Coco([one, third, two], two_images().annotations))
    write_tiff(root / "images/train" / third.file_name, np.full(shape, 77, np.uint8))
    write_tiff(root / "masks/instance/train/9.tif", np.zeros(shape, np.uint16))


def test_images_come_back_with_their_labels(root):
    add_image_of(root, (7, 5))
    packed = pack(root)
    assert [image.id for image in packed.images] == [1, 9, 2]
    assert packed.heights.tolist() == [HEIGHT, 7, HEIGHT]
    assert packed.widths.tolist() == [WIDTH, 5, WIDTH]
    assert packed.first_pixels.tolist() == [0, HEIGHT * WIDTH, HEIGHT * WIDTH + 35]
    assert packed.first_pixels is packed.first_pixels  # not made anew for every image
    assert_array_equal(packed.image(1)[0], np.full((7, 5), 77))
    for index, image_id in ((0, 1), (2, 2)):
        pixels, labels = packed.image(index)
        assert_array_equal(labels, labels_of(two_images(), image_id))
        assert_array_equal(pixels, textured_image(labels, image_id))
        assert (pixels.dtype, labels.dtype) == (np.uint8, np.uint16)


def test_images_of_more_than_8_bits_keep_their_levels(root):
    add_image_of(root, (7, 5))
    first = root / "images/train" / image(1).file_name
    values = np.random.default_rng(0).integers(300, 4096, (HEIGHT, WIDTH)).astype(np.uint16)
    write_tiff(first, values)
    packed = pack(root)
    assert packed.pixels.dtype == np.float16
    assert packed.histograms.shape == (3, 256 * 16)
    assert_array_equal(packed.image(0)[0], read_image(first))
    assert len(np.unique(packed.image(0)[0])) > 1000
    assert_array_equal(packed.image(1)[0], np.full((7, 5), 77))  # 8 bits beside them stay what they are
    assert packed.histograms[1, 77 * 16] == 35
    settings = NormaliseSettings(method="percentile")
    seen = offset_and_scale(grey_histogram(read_image(first))[None], settings)
    assert_array_equal(offset_and_scale(packed.histograms[:1], settings), seen)  # as in prediction


def test_crops_of_more_than_8_bits(root):
    write_tiff(root / "images/train" / image(1).file_name, np.full((HEIGHT, WIDTH), 9, np.uint16))
    whole = np.arange(HEIGHT * WIDTH, dtype=np.uint16).reshape(HEIGHT, WIDTH) + 500
    write_tiff(root / "images/train" / image(2, "BV2").file_name, whole)
    packed = pack(root)
    crops = Crops(packed, 16, 8, CropSettings(rotate=0, scale=0), NormaliseSettings(), seed=0)
    batch = crops.batch(0)
    assert batch.images.dtype == torch.float32
    assert set(batch.images.unique().tolist()) <= set(packed.pixels.astype(np.float32).tolist())
    turned = Crops(packed, 16, 8, CropSettings(rotate=45), NormaliseSettings(), seed=0).batch(0)
    assert 0 <= turned.images.min() < 100 < turned.images.max() <= 255


def test_a_deep_split_resized(root):
    values = np.random.default_rng(0).integers(300, 4096, (HEIGHT, WIDTH)).astype(np.uint16)
    for number, cell_type in ((1, "A172"), (2, "BV2")):
        write_tiff(root / "images/train" / image(number, cell_type).file_name, values)
    packed = pack(root)
    pack_resized(packed, 20, root / "resized")
    resized = read_packed(root / "resized")
    assert resized.pixels.dtype == np.float16
    grey = packed.image(0)[0].astype(np.float32)
    assert resized.image(0)[0].mean() == pytest.approx(grey.mean(), rel=0.02)
    assert len(np.unique(resized.image(0)[0])) > 256


def test_rows_know_their_foreground(root):
    add_image_of(root, (7, 5))
    rows = [
        (labels_of(two_images(), 1) > 0).sum(axis=1),
        np.zeros(7),
        (labels_of(two_images(), 2) > 0).sum(axis=1),
    ]
    assert_array_equal(pack(root).foreground, np.concatenate(rows))


def test_images_know_their_grey_levels(root):
    add_image_of(root, (7, 5))
    packed = pack(root)
    assert packed.histograms.shape == (3, 256)
    for index, histogram in enumerate(packed.histograms):
        assert_array_equal(histogram, np.histogram(packed.image(index)[0], np.arange(257))[0])


def test_a_split_resized(root):
    add_image_of(root, (7, 5))
    packed = pack(root)
    pack_resized(packed, 32, root / "resized")
    resized = read_packed(root / "resized")
    assert [(image.id, image.height, image.width) for image in resized.images] == [
        (1, 32, 32),
        (9, 32, 32),
        (2, 32, 32),
    ]
    assert_array_equal(resized.histograms, packed.histograms)
    assert resized.digest != packed.digest
    for index in range(3):
        (image, labels), (before, labels_before) = resized.image(index), packed.image(index)
        shrunk = skimage_resize(before, (32, 32), order=1, preserve_range=True, anti_aliasing=True)
        assert np.abs(image - shrunk).mean() < 4
        rows, columns = (((np.arange(32) + 0.5) * side / 32).astype(int) for side in before.shape)
        assert_array_equal(labels, labels_before[np.ix_(rows, columns)])
    assert_array_equal(resized.foreground, (resized.labels.reshape(-1, 32) > 0).sum(axis=1))


def test_processes_and_clusters_write_the_same_bytes(root, cluster):
    pack(root)
    pack(root, "processes", ComputeSettings(jobs=2))
    pack(root, "cluster", cluster)
    for path in (root / "packed").iterdir():
        for other in ("processes", "cluster"):
            assert (root / other / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("place", ["images/train", "masks/instance/train"])
def test_the_digest_tells_another_pixel(root, place):
    before = pack(root).digest
    path = min((root / place).iterdir())
    plane = np.zeros((HEIGHT, WIDTH), np.uint8 if place.startswith("images") else np.uint16)
    write_tiff(path, plane)
    assert pack(root, "changed").digest != before


def test_the_digest_tells_another_shape(root):
    add_image_of(root, (7, 5))
    before = pack(root).digest
    add_image_of(root, (5, 7))
    assert pack(root, "changed").digest != before


def set_truths(root: Path, *truths: Truth) -> None:
    coco = two_images()
    for listed, truth in zip(coco.images, truths, strict=True):
        listed.truth = truth
    write_coco(root / "clean/train.json", coco)


def test_images_that_are_not_wholly_annotated_stay_packed(root):
    before = pack(root)
    assert annotated(before).tolist() == [0, 1]
    set_truths(root, "none", "complete")
    after = pack(root, "changed")
    assert annotated(after).tolist() == [1]
    assert_array_equal(after.pixels, before.pixels)
    assert after.digest != before.digest


def test_no_image_is_wholly_annotated(root):
    set_truths(root, "none", "partial")
    with pytest.raises(InputError, match=r"none of the 2 packed images, such as A172_\w+\.tif, has all its"):
        annotated(pack(root))


def test_an_empty_split(root):
    write_coco(root / "clean/train.json", Coco([], []))
    with pytest.raises(InputError, match=r"train\.json lists no image.*at least one in train"):
        pack(root)


def test_a_missing_image(root):
    missing = min((root / "images/train").iterdir())
    missing.unlink()
    with pytest.raises(InputError, match=rf"{missing.name} of split train is not below"):
        pack(root)


def test_a_missing_mask(root):
    (root / "masks/instance/train/1.tif").unlink()
    with pytest.raises(InputError, match=r"instance/train/1\.tif not found; run the masks stage"):
        pack(root)


@pytest.mark.parametrize(
    "name", ["index.json", "pixels.npy", "labels.npy", "foreground.npy", "histograms.npy"]
)
def test_an_incomplete_folder(root, name):
    pack(root)
    (root / "packed" / name).write_bytes(b"")
    with pytest.raises(InputError, match=r"packed is not a complete packed split .*run `dvc repro -f pack`"):
        read_packed(root / "packed")
    (root / "packed" / name).unlink()
    with pytest.raises(InputError, match=r"packed is not a complete packed split"):
        read_packed(root / "packed")
