"""Image files: found, read as grey levels, written."""

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile

from monolayer.annotations.coco import Image
from monolayer.errors import InputError
from monolayer.images.files import read_image, read_pixel_map, write_png, write_tiff, write_whole
from monolayer.images.folder import ImageFolder
from monolayer.images.label_files import read_labels

GREY = np.arange(12 * 9, dtype=np.uint8).reshape(9, 12)
COLOUR = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [10, 20, 30]]], np.uint8)
LUMA = [[76, 150, 29, 255, 18]]  # .299 R + .587 G + .114 B: 76.245, 149.685, 29.07, 255, 18.15


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_files_are_found_by_name_and_by_path(tmp_path: Path) -> None:
    touch(tmp_path, "livecell_train_val_images/A172/a.tif", "b.PNG", "notes.txt")
    folder = ImageFolder(tmp_path)
    expected = tmp_path / "livecell_train_val_images/A172/a.tif"
    assert folder.find("a.tif", "train") == expected
    assert folder.find("livecell_train_val_images/A172/a.tif", "test") == expected
    assert folder.path("b.PNG", "val") == tmp_path / "b.PNG"
    assert folder.find("A172/a.tif", "train") is None
    assert folder.find("notes.txt", "train") is None


def test_of_two_files_of_one_name_the_splits_own_is_meant(tmp_path: Path) -> None:
    touch(tmp_path, "livecell_train_val_images/a.tif", "livecell_test_images/a.tif")
    folder = ImageFolder(tmp_path)
    assert folder.find("a.tif", "train") == folder.find("a.tif", "val")
    assert folder.find("a.tif", "val") == tmp_path / "livecell_train_val_images/a.tif"
    assert folder.find("a.tif", "test") == tmp_path / "livecell_test_images/a.tif"


def test_a_path_is_never_ambiguous(tmp_path: Path) -> None:
    touch(tmp_path, "a.tif", "sub/a.tif")
    assert ImageFolder(tmp_path).find("a.tif", "train") == tmp_path / "a.tif"
    assert ImageFolder(tmp_path).find("sub/a.tif", "train") == tmp_path / "sub/a.tif"


@pytest.mark.parametrize("places", [("x/a.tif", "y/a.tif"), ("train1/a.tif", "train2/a.tif")])
def test_ambiguous_names(places: tuple[str, str], tmp_path: Path) -> None:
    touch(tmp_path, *places)
    with pytest.raises(
        InputError, match=r"a\.tif of split train is ambiguous: .*a\.tif, .*a\.tif\. Keep one"
    ):
        ImageFolder(tmp_path).find("a.tif", "train")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.tif of split val is not below"):
        ImageFolder(tmp_path).path("a.tif", "val")


@pytest.mark.parametrize("compression", ["lzw", "zlib"])
def test_tiff_is_read_as_it_was_written(compression: str, tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", GREY, compression)
    write_tiff(tmp_path / "b.tif", GREY, compression)
    assert np.array_equal(read_image(tmp_path / "a.tif"), GREY)
    assert (tmp_path / "a.tif").read_bytes() == (tmp_path / "b.tif").read_bytes()
    tags = tifffile.TiffFile(tmp_path / "a.tif").pages[0].tags
    assert "Software" not in tags
    assert "DateTime" not in tags


def test_labels_above_255_survive_in_tiff(tmp_path: Path) -> None:
    labels = GREY.astype(np.uint16) * 500
    write_tiff(tmp_path / "a.tif", labels)
    assert np.array_equal(tifffile.imread(tmp_path / "a.tif"), labels)


def test_png_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_png(tmp_path / "a.png", GREY)
    assert np.array_equal(read_image(tmp_path / "a.png"), GREY)
    write_png(tmp_path / "b.png", GREY[:, ::-1])
    assert np.array_equal(read_image(tmp_path / "b.png"), GREY[:, ::-1])


@pytest.mark.parametrize("alpha", [False, True])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_colour_becomes_luma(alpha: bool, ending: str, tmp_path: Path) -> None:
    image = np.dstack([COLOUR, np.full(COLOUR.shape[:2], 7, np.uint8)]) if alpha else COLOUR
    path = tmp_path / f"a.{ending}"
    if ending == "png":
        path.write_bytes(imagecodecs.png_encode(image))
    else:
        tifffile.imwrite(path, image, photometric="rgb")
    assert read_image(path).tolist() == LUMA


def test_jpeg_bmp_and_webp_are_read(tmp_path: Path) -> None:
    flat = np.full((16, 16, 3), 100, np.uint8)
    for ending, encode in (("jpg", imagecodecs.jpeg_encode), ("bmp", imagecodecs.bmp_encode)):
        (tmp_path / f"a.{ending}").write_bytes(encode(flat))
        assert abs(read_image(tmp_path / f"a.{ending}").astype(int) - 100).max() <= 1
    (tmp_path / "a.webp").write_bytes(imagecodecs.webp_encode(flat, lossless=True))
    assert (read_image(tmp_path / "a.webp") == 100).all()


def test_16_bit_files(tmp_path: Path) -> None:
    image = (GREY.astype(np.uint16) - GREY.min()) * 300
    tifffile.imwrite(tmp_path / "a.tif", image)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(image))
    expected = np.clip((image - 300.0) / (31800 - 300) * 255, 0, 255)  # all but the outermost two at each end
    for name in ("a.tif", "a.png"):
        assert np.abs(read_image(tmp_path / name) - expected).max() < 0.07


def test_wrong_size(tmp_path: Path) -> None:
    write_tiff(tmp_path / "a.tif", GREY)
    assert read_image(tmp_path / "a.tif", Image(1, "a.tif", width=12, height=9)).shape == (9, 12)
    with pytest.raises(InputError, match=r"a\.tif is 12 x 9 pixels, but its annotations are for 9 x 12"):
        read_image(tmp_path / "a.tif", Image(1, "a.tif", width=9, height=12))


@pytest.mark.parametrize("name", ["a.tif", "a.png"])
def test_missing_image(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"{name} not found"):
        read_image(tmp_path / name)


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.jpg", "a.bmp", "a.webp"])
@pytest.mark.parametrize("content", [b"", b"not an image", b"II*\0\x08\0\0\0\x10"])
def test_unreadable_image(content: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(
        InputError, match=rf"{name} cannot be read as an image .*: fetch it again or remove it"
    ):
        read_image(tmp_path / name)


@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.9])
def test_truncated_tiff(fraction: float, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    write_tiff(path, noise, "lzw")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * fraction)])
    with pytest.raises(InputError, match=r"a\.tif cannot be read as an image"):
        read_image(path)


def test_files_are_written_whole(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.txt", b"old")
    write_whole(tmp_path / "a.txt", b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"new"]


def labels_file(folder: Path, labels: np.ndarray) -> tuple[Path, str, Image]:
    path = folder / "instance" / "test" / "3.tif"
    path.parent.mkdir(parents=True)
    tifffile.imwrite(path, labels)
    return folder, "test", Image(3, "3.tif", 4, 2)


def test_labels_are_read(tmp_path: Path) -> None:
    labels = np.array([[0, 1, 1, 0], [0, 0, 300, 300]], dtype=np.uint16)
    assert np.array_equal(read_labels(*labels_file(tmp_path, labels)), labels)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.zeros((2, 5), np.uint16), r"3\.tif has shape \(2, 5\), its image \(2, 4\): run the masks stage"),
        (np.full((2, 4), -1, np.int16), r"3\.tif holds int16 from -1 on: labels are whole numbers, 0 for"),
        (np.full((2, 4), 0.5, np.float32), r"3\.tif holds float32 from 0\.5 on: labels are whole numbers"),
    ],
)
def test_label_images_that_are_none(tmp_path: Path, labels: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_labels(*labels_file(tmp_path, labels))


def test_label_images_that_are_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"3\.tif not found; run the masks stage again"):
        read_labels(tmp_path, "test", Image(3, "3.tif", 4, 2))


def test_a_mask_is_not_scaled_by_the_limits_of_its_image(tmp_path: Path) -> None:
    mask = np.where(GREY % 2 > 0, np.uint8(255), np.uint8(0))
    write_png(tmp_path / "1.png", mask)
    image = Image(1, "stack.tif", 12, 9, channel="2", plane=7, limits=(6276.0, 65535.0))
    assert np.array_equal(read_pixel_map(tmp_path / "1.png", image), mask)
    image.width = 11
    with pytest.raises(InputError, match="12 x 9 pixels, but its annotations are for 11 x 9"):
        read_pixel_map(tmp_path / "1.png", image)
