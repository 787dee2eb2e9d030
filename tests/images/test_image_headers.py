"""Headers of image files, honest ones against the decoders, and those that must not be decoded."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import PIL.Image
import pytest
import tifffile

from monolayer.errors import InputError
from monolayer.images.headers import MOST_BYTES, MOST_PIXELS, ImageHeader, read_header

MINI = Path(__file__).resolve().parents[2] / ".." / "shared"
GREY = np.arange(35, dtype=np.uint8).reshape(5, 7)
COLOUR = np.stack([GREY] * 3, axis=2)


def png(width: int, height: int, bits: int = 8, colour: int = 0, body: bytes = b"") -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(body))
        + chunk(b"IEND", b"")
    )


def tiff(width: int, height: int, samples: int = 1, bits: int = 8, pages: int = 1) -> bytes:
    """Pages with the least that a TIFF has, one after the other, and 10 bytes of pixels for all of them."""
    entries = [(256, width), (257, height), (258, bits), (259, 1), (262, 1), (273, 0), (277, samples)]
    entries += [(278, height), (279, 10)]
    page = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    length = 2 + len(page) + 4
    starts = [8 + number * length for number in range(1, pages)] + [0]
    body = b"".join(struct.pack("<H", len(entries)) + page + struct.pack("<I", start) for start in starts)
    return struct.pack("<2sHI", b"II", 42, 8) + body + bytes(10)


def picture(name: str, image: np.ndarray, **options: Any) -> bytes:
    data = io.BytesIO()
    PIL.Image.fromarray(image).save(data, name, **options)
    return data.getvalue()


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "int16", "float16", "float32", "float64"])
def test_tiff_of_any_type(dtype: str, byteorder: Any, bigtiff: bool, tmp_path: Path) -> None:
    image = GREY.astype(dtype)
    tifffile.imwrite(tmp_path / "a.tif", image, bigtiff=bigtiff, byteorder=byteorder, compression="lzw")
    header = read_header(tmp_path / "a.tif")
    assert header == ImageHeader(5, 7, 1, 8 * image.itemsize, np.dtype(dtype), 1)
    assert header.decoded_bytes == image.nbytes


@pytest.mark.parametrize(
    ("shape", "options", "samples", "pages"),
    [
        ((5, 7, 3), {"photometric": "rgb"}, 3, 1),
        ((3, 5, 7), {"photometric": "rgb", "planarconfig": "separate"}, 3, 1),
        ((5, 7, 4), {"photometric": "rgb", "extrasamples": ["unassalpha"]}, 4, 1),
        ((6, 5, 7), {"photometric": "minisblack"}, 1, 6),
        ((64, 48), {"tile": (16, 16)}, 1, 1),
    ],
)
def test_samples_and_pages_of_a_tiff(
    shape: tuple[int, ...], options: dict[str, Any], samples: int, pages: int, tmp_path: Path
) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.ones(shape, np.uint8), metadata=None, **options)
    header = read_header(tmp_path / "a.tif")
    assert (header.samples, header.pages) == (samples, pages)
    assert header.decoded_bytes * pages == np.prod(shape)


def test_bits_that_are_no_whole_bytes(tmp_path: Path) -> None:
    assert read_header(written(tmp_path / "a.tif", tiff(5, 7, bits=12)))[2:5] == (1, 12, np.dtype("uint16"))


@pytest.mark.parametrize("name", ["png", "jpeg", "bmp", "webp"])
@pytest.mark.parametrize("image", [GREY, COLOUR])
def test_pictures_have_the_size_that_they_are_decoded_to(
    name: str, image: np.ndarray, tmp_path: Path
) -> None:
    path = written(tmp_path / f"a.{name}", picture(name, image))
    header = read_header(path)
    decoded = imagecodecs.imread(path)
    assert (header.height, header.width) == decoded.shape[:2]
    assert (header.bits, header.dtype, header.pages) == (8, decoded.dtype, 1)
    assert header.samples == (3 if name == "webp" else image.size // 35)


@pytest.mark.parametrize("image", [GREY, COLOUR])
def test_png_of_16_bits(image: np.ndarray, tmp_path: Path) -> None:
    path = written(tmp_path / "a.png", imagecodecs.png_encode(image.astype(np.uint16) * 257))
    assert read_header(path) == ImageHeader(5, 7, image.size // 35, 16, np.dtype("uint16"), 1)


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    assert read_header(written(tmp_path / "a.tif", picture("jpeg", GREY)))[:2] == (5, 7)
    tifffile.imwrite(tmp_path / "b.tif", GREY)
    assert read_header((tmp_path / "b.tif").rename(tmp_path / "b.png"))[:2] == (5, 7)


def jpeg(width: int, height: int) -> bytes:
    data = bytearray(picture("jpeg", GREY))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def bmp(width: int, height: int) -> bytes:
    data = bytearray(picture("bmp", GREY))
    data[18:26] = struct.pack("<ii", width, height)
    return bytes(data)


@pytest.mark.parametrize(("width", "height"), [(0, 0), (0, 5), (5, 0)])
@pytest.mark.parametrize("make", [png, tiff, jpeg, bmp])
def test_no_pixels(make: Any, width: int, height: int, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.img (is \d x \d pixels|cannot be read as an image)"):
        read_header(written(tmp_path / "a.img", make(width, height)))


@pytest.mark.parametrize(
    ("make", "size"),
    [
        (png, (10**6, 10**6)),
        (png, (2**31 - 1, 2**31 - 1)),
        (tiff, (10**6, 10**6)),
        (tiff, (2**32 - 1, 2**32 - 1)),
        (jpeg, (65_500, 65_500)),
        (bmp, (10**6, 10**6)),
    ],
)
def test_too_many_pixels(make: Any, size: tuple[int, int], tmp_path: Path) -> None:
    with pytest.raises(InputError, match=rf"a\.img is {size[0]:,} x {size[1]:,} pixels .* Cut it into tiles"):
        read_header(written(tmp_path / "a.img", make(*size)))


def sparse(path: Path, data: bytes, size: int = 1 << 31) -> Path:
    """A file as long as an honest one would be, which takes no room."""
    with path.open("wb") as file:
        file.write(data)
        file.truncate(size)
    return path


def test_a_slide_is_named_with_its_size(tmp_path: Path) -> None:
    expected = (
        r"slide\.tif is 40,000 x 40,000 pixels with 3 x 8 bits, 4\.8 GB when decoded: at most 1,073,741,824 "
        r"pixels and 2\.1 GB are read\. Cut it into tiles"
    )
    with pytest.raises(InputError, match=expected):
        read_header(sparse(tmp_path / "slide.tif", tiff(40_000, 40_000, samples=3)))


@pytest.mark.parametrize(
    ("side", "bits", "fits"), [(32_768, 8, True), (32_769, 8, False), (32_768, 32, False)]
)
def test_the_largest_that_is_read(side: int, bits: int, fits: bool, tmp_path: Path) -> None:
    path = sparse(tmp_path / "a.tif", tiff(side, side, bits=bits))
    assert fits == (side * side <= MOST_PIXELS and side * side * bits // 8 <= MOST_BYTES)
    if fits:
        assert read_header(path)[:2] == (side, side)
    else:
        with pytest.raises(InputError, match="Cut it into tiles"):
            read_header(path)


def test_a_large_picture_within_the_limits_is_no_bomb_to_pillow(tmp_path: Path) -> None:
    path = sparse(tmp_path / "a.png", png(20_000, 20_000), 1 << 26)
    assert read_header(path)[:2] == (20_000, 20_000)
    with PIL.Image.open(path) as opened:  # as the decoder does
        assert opened.size == (20_000, 20_000)


def test_a_decompression_bomb(tmp_path: Path) -> None:
    side = 20_000
    path = written(tmp_path / "a.png", png(side, side, body=bytes(side * (side + 1))))
    assert path.stat().st_size < 400_000
    with pytest.raises(
        InputError, match=r"a\.png is 20,000 x 20,000 pixels .* in \d+,\d+ bytes: it is blank or"
    ):
        read_header(path)


def test_a_blank_image_of_a_usual_size_is_none(tmp_path: Path) -> None:
    side = 4096
    path = written(tmp_path / "a.png", png(side, side, body=bytes(side * (side + 1))))
    assert read_header(path)[:2] == (side, side)


def test_many_pages_of_the_same_few_bytes(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", tiff(4000, 4000, pages=500))
    with pytest.raises(InputError, match=r"on 500 pages, 8\.0 GB when decoded, in .* bytes"):
        read_header(path)


@pytest.mark.parametrize("kind", ["tif", "png", "jpeg", "bmp", "webp"])
@pytest.mark.parametrize("length", [0, 1, 4, 9, 12])
def test_cut_short(kind: str, length: int, tmp_path: Path) -> None:
    data = tiff(5, 7) if kind == "tif" else picture(kind, GREY)
    path = written(tmp_path / f"a.{kind}", data[:length])
    with pytest.raises(InputError, match=rf"a\.{kind} cannot be read as an image \(.*; expected TIFF"):
        read_header(path)


@pytest.mark.parametrize("data", [b"<html>Not here</html>", b"%PDF-1.7", b"GIF89a" + bytes(50), bytes(1000)])
def test_another_kind_of_file(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.png cannot be read as an image"):
        read_header(written(tmp_path / "a.png", data))


def test_samples_of_no_type(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.tif cannot be read as an image \(samples of 77 bits"):
        read_header(written(tmp_path / "a.tif", tiff(5, 7, bits=77)))


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.tif not found"):
        read_header(tmp_path / "none.tif")
    with pytest.raises(InputError, match="cannot be read as an image"):
        read_header(tmp_path)


@pytest.mark.skipif(not MINI.is_dir(), reason="needs the real images of shared/ beside the repository")
@pytest.mark.parametrize("folder", ["livecell-mini", "usiigaci-mini", "dsb2018-mini"])
def test_real_images_have_the_size_that_they_are_decoded_to(folder: str) -> None:
    paths = sorted(path for path in (MINI / folder).rglob("*") if path.suffix in (".tif", ".png"))[::7]
    assert paths
    for path in paths:
        header, decoded = read_header(path), imagecodecs.imread(path)
        assert (header.height, header.width) == decoded.shape[:2]
        assert header.dtype == decoded.dtype
        assert header.decoded_bytes == decoded.nbytes
