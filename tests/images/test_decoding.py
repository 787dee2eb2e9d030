"""Image files in the forms that microscopes, programs and cameras write; Pillow is the independent reader."""

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import PIL.Image
import PIL.ImageOps
import pytest
from tiffs import DEEP, GREY, tiff

from monolayer.annotations.coco import Image
from monolayer.errors import InputError
from monolayer.images.decoding import IMAGE_ENDINGS, decode_plane, has_8_bits
from monolayer.images.files import read_grey_image, read_image
from monolayer.images.label_files import read_label_image
from monolayer.images.planes import oriented

COLOUR = np.random.default_rng(2).integers(0, 256, (48, 64, 3), np.uint8)
WEIGHTS = np.array([299, 587, 114])
LUMA = np.rint(COLOUR @ WEIGHTS / 1000).astype(np.uint8)
TURNS = {  # what EXIF's numbers mean
    2: PIL.Image.Transpose.FLIP_LEFT_RIGHT,
    3: PIL.Image.Transpose.ROTATE_180,
    4: PIL.Image.Transpose.FLIP_TOP_BOTTOM,
    5: PIL.Image.Transpose.TRANSPOSE,
    6: PIL.Image.Transpose.ROTATE_270,
    7: PIL.Image.Transpose.TRANSVERSE,
    8: PIL.Image.Transpose.ROTATE_90,
}
RAMP = np.arange(256, dtype=np.uint16) * 257


@pytest.mark.parametrize(
    "options",
    [
        {"compression": "zlib", "predictor": True},
        {"compression": "lzw", "tile": (16, 16)},
        {"compression": "zstd"},
        {"compression": "jpeg2000"},
        {"compression": "png", "tile": (16, 16)},
        {"compression": "packbits", "rowsperstrip": 7},
        {"bigtiff": True},
        {"tile": (32, 32), "bigtiff": True},
        {"extratags": [(274, 3, 1, 1, True)]},
    ],
)
@pytest.mark.parametrize("image", [GREY, DEEP], ids=["8 bits", "16 bits"])
def test_forms_of_tiff(image: np.ndarray, options: dict[str, Any], tmp_path: Path) -> None:
    path = tiff(tmp_path, image, **options)
    plane = decode_plane(path)
    assert plane.channels == ("grey",)
    assert np.array_equal(plane.pixels[..., 0], image)
    assert has_8_bits(path) == (image.dtype == np.uint8)


def test_jpeg_in_tiff(tmp_path: Path) -> None:
    smooth = np.add.outer(np.arange(48), np.arange(64)).astype(np.uint8)
    coloured = np.dstack([smooth, smooth // 2, 255 - smooth])
    for image, options in ((smooth, {}), (coloured, {"photometric": "rgb"})):
        path = tiff(tmp_path, image, compression="jpeg", tile=(16, 16), **options)
        expected = image if image.ndim == 2 else image @ WEIGHTS / 1000
        assert np.abs(read_image(path) - expected.astype(float)).max() <= 6


def test_white_is_zero(tmp_path: Path) -> None:
    path = tiff(tmp_path, GREY, photometric="miniswhite")
    assert np.array_equal(read_image(path), 255 - GREY)
    assert np.array_equal(read_image(path), np.asarray(PIL.Image.open(path)))
    assert np.array_equal(read_label_image(path, GREY.shape, ""), GREY)  # what stands in the file
    path = tiff(tmp_path, DEEP, photometric="miniswhite")
    assert np.array_equal(decode_plane(path).pixels[..., 0], 65535 - DEEP)
    path = tiff(tmp_path, DEEP.astype(np.float32), photometric="miniswhite")
    assert np.array_equal(decode_plane(path).pixels[..., 0], -DEEP.astype(np.float32))


def test_palettes(tmp_path: Path) -> None:
    table = np.random.default_rng(3).integers(0, 256, (3, 256), np.uint8)
    path = tiff(tmp_path, GREY, photometric="palette", colormap=table.astype(np.uint16) * 257)
    expected = np.rint(table.T[GREY] @ WEIGHTS / 1000)
    assert np.array_equal(read_image(path), expected)
    picture = PIL.Image.fromarray(GREY)
    picture.putpalette(table.T.tobytes())
    for name in ("a.png", "a.bmp"):
        picture.save(tmp_path / name)
        assert np.array_equal(read_image(tmp_path / name), expected)


def test_a_plain_palette_changes_nothing(tmp_path: Path) -> None:
    path = tiff(tmp_path, GREY, photometric="palette", colormap=np.stack([RAMP] * 3))
    assert np.array_equal(read_image(path), GREY)
    path = tiff(tmp_path, GREY, photometric="palette", colormap=np.stack([RAMP // 257] * 3))
    assert np.array_equal(read_image(path), GREY)  # written with 8 bits, as some programs do


def test_few_bits(tmp_path: Path) -> None:
    mask = GREY > 99
    for photometric, expected in (("minisblack", mask), ("miniswhite", ~mask)):
        path = tiff(tmp_path, mask, photometric=photometric)
        assert np.array_equal(read_image(path), 255 * expected)
    PIL.Image.fromarray(mask).save(tmp_path / "a.png")
    assert np.array_equal(read_image(tmp_path / "a.png"), 255 * mask)
    path = tiff(tmp_path, GREY % 16, bitspersample=4)
    assert np.array_equal(read_image(path), GREY % 16 * 17)


def test_inks(tmp_path: Path) -> None:
    inks = np.random.default_rng(4).integers(0, 256, (48, 64, 4), np.uint8)
    path = tiff(tmp_path, inks, photometric="separated")
    colours = np.asarray(PIL.Image.open(path).convert("RGB"))
    expected = colours @ WEIGHTS / 1000
    assert np.abs(read_image(path) - expected).max() <= 2  # Pillow rounds otherwise
    PIL.Image.fromarray(inks, "CMYK").save(tmp_path / "a.jpg", quality=95)
    colours = np.asarray(PIL.Image.open(tmp_path / "a.jpg").convert("RGB"))
    assert np.array_equal(read_image(tmp_path / "a.jpg"), np.rint(colours @ WEIGHTS / 1000))


def test_colours_that_are_not_read(tmp_path: Path) -> None:
    path = tiff(tmp_path, COLOUR, photometric="cielab")
    with pytest.raises(
        InputError, match=r"a\.tif has colours of the kind CIELAB, which are not read: save it"
    ):
        read_image(path)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(orientation: int, tmp_path: Path) -> None:
    exif = PIL.Image.Exif()
    exif[274] = orientation
    for ending in ("jpg", "png", "webp"):
        PIL.Image.fromarray(GREY).save(tmp_path / f"a.{ending}", exif=exif)
        expected = PIL.ImageOps.exif_transpose(PIL.Image.open(tmp_path / f"a.{ending}")).convert("L")
        assert np.abs(read_image(tmp_path / f"a.{ending}").astype(int) - np.asarray(expected)).max() <= 1
    path = tiff(tmp_path, GREY, extratags=[(274, 3, 1, orientation, True)])
    picture = PIL.Image.fromarray(GREY)
    turned = picture.transpose(TURNS[orientation]) if orientation > 1 else picture
    assert np.array_equal(read_image(path), turned)
    assert np.array_equal(read_label_image(path, GREY.shape, ""), GREY)


def test_orientation_behind_the_pixels_of_a_png(tmp_path: Path) -> None:
    exif = PIL.Image.Exif()
    exif[274] = 6
    path = tmp_path / "a.png"
    PIL.Image.fromarray(GREY).save(path, exif=exif)
    data = path.read_bytes()
    first = data.index(b"eXIf") - 4
    last = first + 12 + int.from_bytes(data[first : first + 4], "big")
    path.write_bytes(data[:first] + data[last:-12] + data[first:last] + data[-12:])  # before IEND
    assert np.array_equal(read_image(path), PIL.Image.fromarray(GREY).transpose(TURNS[6]))


def test_the_pixels_of_a_png_are_decoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(picture: PIL.Image.Image) -> None:
        raise AssertionError(f"Pillow decodes {picture}, too")

    PIL.Image.fromarray(COLOUR).save(tmp_path / "a.png")
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", load)
    assert np.array_equal(read_image(tmp_path / "a.png"), LUMA)


def test_orientation_that_is_none() -> None:
    assert oriented(GREY, 0) is not None
    assert np.array_equal(oriented(GREY, 9), GREY)


@pytest.mark.parametrize("alpha", [False, True])
def test_colour_with_its_planes_apart(alpha: bool, tmp_path: Path) -> None:
    image = np.dstack([COLOUR, GREY]) if alpha else COLOUR
    path = tiff(
        tmp_path, np.ascontiguousarray(np.moveaxis(image, -1, 0)), photometric="rgb", planarconfig="separate"
    )
    assert np.array_equal(read_image(path), LUMA)


def test_16_bits_of_png(tmp_path: Path) -> None:
    for name, image in (("grey", DEEP), ("colour", np.dstack([DEEP] * 3))):
        path = tmp_path / f"{name}.png"
        path.write_bytes(imagecodecs.png_encode(image))
        assert decode_plane(path).pixels.dtype == np.uint16
        assert not has_8_bits(path)
    assert np.array_equal(read_image(tmp_path / "grey.png"), read_image(tmp_path / "colour.png"))


@pytest.mark.parametrize("ending", IMAGE_ENDINGS)
def test_8_bits_are_told_by_the_head(ending: str, tmp_path: Path) -> None:
    PIL.Image.fromarray(COLOUR).save(tmp_path / f"a{ending}")
    assert has_8_bits(tmp_path / f"a{ending}")
    (tmp_path / f"b{ending}").write_bytes(b"no image")
    with pytest.raises(InputError, match=rf"b{ending} cannot be read as an image"):
        has_8_bits(tmp_path / f"b{ending}")


def test_how_it_was_read_is_told(tmp_path: Path) -> None:
    image = DEEP.astype(np.float32)
    image[3, 4] = np.nan
    read = read_grey_image(tiff(tmp_path, image))
    assert read.not_finite == 1
    assert read.limits is not None
    assert 300 <= read.limits[0] < 400
    assert 3900 < read.limits[1] < 4000
    assert read.levels[3, 4] == 0
    assert read_grey_image(tiff(tmp_path, GREY))[1:] == (None, 0)


def test_recorded_limits_are_used(tmp_path: Path) -> None:
    path = tiff(tmp_path, DEEP)
    image = Image(1, "a.tif", 64, 48, limits=(0.0, 4095.0))
    assert read_image(path, image) == pytest.approx(DEEP / 4095 * 255, abs=0.07)
    assert read_grey_image(path, image).limits == (0, 4095)


def test_numbers_that_are_no_grey_levels(tmp_path: Path) -> None:
    path = tiff(tmp_path, GREY.astype(np.complex64))
    with pytest.raises(
        InputError, match=r"a\.tif holds numbers of the type complex64, not grey levels: save"
    ):
        read_image(path)


def test_an_image_without_a_number(tmp_path: Path) -> None:
    path = tiff(tmp_path, np.full((8, 8), np.nan, np.float32))
    with pytest.raises(InputError, match=r"a\.tif has no pixel that is a number: save it again or remove it"):
        read_image(path)
