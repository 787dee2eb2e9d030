"""Image files in the forms that microscopes, programs and cameras write; Pillow is the independent reader."""

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import PIL.Image
import PIL.ImageOps
import pytest
import tifffile

from monolayer.annotations.coco import Image
from monolayer.errors import InputError
from monolayer.images.decoding import IMAGE_ENDINGS, decode_plane, has_8_bits
from monolayer.images.files import read_grey_image, read_image
from monolayer.images.label_files import read_label_image
from monolayer.images.planes import oriented

GREY = np.random.default_rng(0).integers(0, 256, (48, 64), np.uint8)
DEEP = np.random.default_rng(1).integers(300, 4000, (48, 64)).astype(np.uint16)
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


def tiff(folder: Path, *planes: np.ndarray, **options: Any) -> Path:
    with tifffile.TiffWriter(folder / "a.tif", bigtiff=options.pop("bigtiff", False)) as file:
        for plane in planes:
            file.write(plane, contiguous=False, metadata=None, **options)
    return folder / "a.tif"


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


def hyperstack(folder: Path, shape: tuple[int, ...], axes: str, kind: str, **options: Any) -> np.ndarray:
    stack = np.random.default_rng(5).integers(0, 256, (*shape, 48, 64), np.uint8)
    metadata = {"axes": f"{axes}YX"}
    if kind == "ome":
        metadata["Channel"] = {"Name": ["DAPI", "FITC"]}  # type: ignore[assignment]
    tifffile.imwrite(folder / "a.tif", stack, metadata=metadata, **{kind: True}, **options)
    return stack


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_an_imagej_hyperstack(compression: str | None, tmp_path: Path) -> None:
    stack = hyperstack(tmp_path, (3, 4, 2), "TZC", "imagej", compression=compression)
    path = tmp_path / "a.tif"
    with pytest.raises(
        InputError,
        match=r"a\.tif holds 12 planes, not one: 3 times of 4 slices of 2 channels of 64 x 48 pixels, "
        r"uint8\. For own data set `frame` to the one that is meant, 0 to 11 by their order there",
    ):
        read_image(path)
    with pytest.raises(InputError, match=r"a\.tif has several channels: it holds 0, 1\."):
        read_image(path, Image(1, "a.tif", 64, 48, plane=5))
    for plane in range(12):
        image = Image(1, "a.tif", 64, 48, channel="1", plane=plane)
        assert np.array_equal(read_image(path, image), stack[plane // 4, plane % 4, 1])


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_an_ome_tiff(compression: str | None, tmp_path: Path) -> None:
    stack = hyperstack(tmp_path, (2, 3), "CT", "ome", photometric="minisblack", compression=compression)
    for plane in range(3):
        image = Image(1, "a.tif", 64, 48, channel="fitc", plane=plane)
        assert np.array_equal(read_image(tmp_path / "a.tif", image), stack[1, plane])


def test_an_ome_tiff_of_one_plane(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.ome.tif", DEEP[None, None], ome=True, metadata={"axes": "CZYX"})
    assert np.array_equal(decode_plane(tmp_path / "a.ome.tif").pixels[..., 0], DEEP)


def test_pages_without_names(tmp_path: Path) -> None:
    path = tiff(tmp_path, GREY, GREY[::-1])
    with pytest.raises(InputError, match=r"holds 2 planes, not one: 2 pages of 64 x 48 pixels, uint8"):
        read_image(path)
    assert np.array_equal(read_image(path, Image(1, "a.tif", 64, 48, plane=1)), GREY[::-1])
    with pytest.raises(InputError, match=r"a\.tif has no plane 2: it holds 2, counted from 0"):
        read_image(path, Image(1, "a.tif", 64, 48, plane=2))


def test_pages_of_several_kinds(tmp_path: Path) -> None:
    path = tiff(tmp_path, GREY[::4, ::4], DEEP)
    with pytest.raises(
        InputError, match=r"holds 2 planes, not one: 16 x 12 pixels, uint8; 64 x 48 pixels, uint16"
    ):
        read_image(path)
    assert np.array_equal(decode_plane(path, 1).pixels[..., 0], DEEP)


def test_a_preview_that_says_so_is_passed_over(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(GREY[::4, ::4], subfiletype=1, metadata=None)
        file.write(GREY, metadata=None)
    assert np.array_equal(read_image(tmp_path / "a.tif"), GREY)


def test_two_channels_in_each_pixel(tmp_path: Path) -> None:
    both = np.dstack([GREY, GREY[::-1]])
    path = tiff(tmp_path, both, photometric="minisblack", planarconfig="contig")
    with pytest.raises(
        InputError, match=r"a\.tif has several channels: it holds 0, 1\. For own data set `channel`"
    ):
        read_image(path)
    assert np.array_equal(read_image(path, Image(1, "a.tif", 64, 48, channel="1")), GREY[::-1])
    path = tiff(tmp_path, both, photometric="minisblack", planarconfig="contig", extrasamples=["unassalpha"])
    assert np.array_equal(read_image(path), GREY)


def test_an_animation(tmp_path: Path) -> None:
    frames = [PIL.Image.fromarray(np.full((8, 8, 3), level, np.uint8)) for level in (10, 200)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], lossless=True)
    with pytest.raises(InputError, match=r"a\.webp holds 2 planes, not one: 2 frames of an animation"):
        read_image(tmp_path / "a.webp")
    assert (read_image(tmp_path / "a.webp", Image(1, "a.webp", 8, 8, plane=1)) == 200).all()


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


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_truncated_stack(compression: str | None, tmp_path: Path) -> None:
    hyperstack(tmp_path, (3,), "T", "imagej", compression=compression)
    content = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(content[: len(content) - 3000])
    with pytest.raises(InputError, match=r"a\.tif (cannot be read as an image|has no plane 2)"):
        read_image(tmp_path / "a.tif", Image(1, "a.tif", 64, 48, plane=2))
