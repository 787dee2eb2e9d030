"""TIFF files: stacks, channels, palettes and the other forms that microscopes and their programs write."""

import math
from pathlib import Path
from typing import Any, cast

import imagecodecs
import numpy as np
import tifffile
from tifffile import COMPRESSION, PHOTOMETRIC, TiffFile, TiffPage, TiffPageSeries

from monolayer.errors import InputError
from monolayer.images.planes import COLOURS, GREY, ORIENTATION, Plane, chosen_plane, oriented

_OF_LIBTIFF = (
    COMPRESSION.NONE,
    COMPRESSION.LZW,
    COMPRESSION.ADOBE_DEFLATE,
    COMPRESSION.DEFLATE,
    COMPRESSION.PACKBITS,
    COMPRESSION.JPEG,
)
_AXES = {"T": "times", "Z": "slices", "C": "channels"}


def read_plane(path: Path, number: int | None) -> Plane:
    """Read one plane of a TIFF; see `monolayer.images.decoding.decode_plane`."""
    with TiffFile(path) as file:
        if _is_plain(file):
            chosen_plane(path, number, 1, "")
            # Half the time of tifffile on small images.
            return Plane(imagecodecs.tiff_decode(path.read_bytes())[..., None], GREY)
        listed = _images(file)
        counts = [math.prod(size for axis, size in _extents(own) if axis not in "YXSC") for own in listed]
        chosen = chosen_plane(path, number, sum(counts), "; ".join(map(_contents, listed)))
        ends = np.cumsum(counts)
        place = int(np.searchsorted(ends, chosen, side="right"))
        first = int(ends[place]) - counts[place]
        pixels = _decode(file, listed[place], chosen - first)
        return _as_shown(path, file, listed[place], pixels)


def _is_plain(file: TiffFile) -> bool:
    page = file.pages.first
    return (
        len(file.pages) == 1
        and not file.is_imagej
        and page.photometric == PHOTOMETRIC.MINISBLACK
        and page.samplesperpixel == 1
        and page.bitspersample in (8, 16)
        and page.dtype in (np.uint8, np.uint16)
        and page.compression in _OF_LIBTIFF
        and page.imagedepth == 1
        and ORIENTATION not in page.tags
    )


def _images(file: TiffFile) -> list[TiffPageSeries]:
    """Return a file's images without its previews and transparency masks."""
    full = [own for own in file.series if not (own.keyframe.is_reduced or own.keyframe.is_mask)]
    return full or list(file.series)


def _extents(series: TiffPageSeries) -> list[tuple[str, int]]:
    return list(zip(series.axes, series.shape, strict=True))


def _contents(series: TiffPageSeries) -> str:
    """Describe an image: ``3 times of 2 channels of 120 x 96 pixels, uint8``."""
    sizes = dict(_extents(series))
    stacked = [f"{size} {_AXES.get(axis, 'pages')}" for axis, size in sizes.items() if axis not in "YXS"]
    return " of ".join([*stacked, f"{sizes['X']} x {sizes['Y']} pixels, {series.dtype}"])


def _decode(file: TiffFile, series: TiffPageSeries, number: int) -> np.ndarray:
    """Return one plane, [H, W, C]; of a large stack no other plane is read."""
    axes, sizes = series.axes, dict(_extents(series))
    stacked = [axis for axis in axes if axis not in "YXSC"]
    if series.dataoffset is not None:
        whole = series.asarray(out="memmap")
    elif len(series.pages) == math.prod(size for axis, size in sizes.items() if axis not in "YXS"):
        # A page for each plane and channel: their numbers stand for the whole until the choice is made.
        axes = "".join(axis for axis in axes if axis not in "YXS")
        whole = np.arange(len(series.pages)).reshape([sizes[axis] for axis in axes])
    else:
        whole = series.asarray()
    order = stacked + [axis for axis in axes if axis not in stacked]
    whole = whole.transpose([axes.index(axis) for axis in order])
    chosen = whole.reshape(-1, *whole.shape[len(stacked) :])[number]
    left = "".join(order[len(stacked) :])
    if "Y" not in left:
        pages = [cast(TiffPage, series.pages[int(page)]) for page in chosen.ravel()]
        _require_whole(file, pages)
        left = "C" + "".join(axis for axis in series.axes if axis in "YXS")
        chosen = np.stack([page.asarray() for page in pages])
        chosen = chosen.reshape([len(pages), *(sizes[axis] for axis in left[1:])])
    last = [place for place, axis in enumerate(left) if axis not in "YX"]
    pixels = chosen.transpose(left.index("Y"), left.index("X"), *last)
    return np.array(pixels.reshape(*pixels.shape[:2], -1))


def _require_whole(file: TiffFile, pages: list[TiffPage]) -> None:
    # tifffile reads what is missing at a file's end as zeros.
    for page in pages:
        ends = np.add(page.dataoffsets, page.databytecounts)
        if ends.max(initial=0) > file.filehandle.size:
            raise ValueError("the file is truncated")


def _as_shown(path: Path, file: TiffFile, series: TiffPageSeries, pixels: np.ndarray) -> Plane:
    """Apply what the file says of the colours and the orientation of its pixels, [H, W, C]."""
    page = series.keyframe
    orientation = page.tags.valueof(ORIENTATION, 1)
    if page.bitspersample < 8 and page.photometric != PHOTOMETRIC.PALETTE:
        pixels = _to_8_bits(pixels, page.bitspersample)
    shown = _coloured(path, page, pixels)
    if shown is None:
        opaque = [kind for kind in page.extrasamples if kind in (1, 2)] if page.samplesperpixel > 1 else []
        pixels = pixels[..., : pixels.shape[2] - len(opaque)]
        shown = Plane(pixels, _channel_names(file, pixels.shape[2]))
    return shown._replace(pixels=oriented(shown.pixels, orientation))


def _to_8_bits(pixels: np.ndarray, bits: int) -> np.ndarray:
    return (pixels.astype(np.uint16) * 255 // (2**bits - 1)).astype(np.uint8)


def _coloured(path: Path, page: Any, pixels: np.ndarray) -> Plane | None:
    """Return grey levels or colours; None where the channels are just numbers."""
    match page.photometric:
        case PHOTOMETRIC.PALETTE:
            return Plane(_palette(page)[pixels[..., 0].astype(np.uint8)], COLOURS)
        case PHOTOMETRIC.MINISWHITE:
            top = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 0
            return Plane(top - pixels[..., :1], GREY)
        case PHOTOMETRIC.RGB | PHOTOMETRIC.YCBCR if pixels.shape[2] >= 3:
            return Plane(pixels[..., :3], COLOURS)
        case PHOTOMETRIC.SEPARATED if pixels.shape[2] >= 4 and pixels.dtype.kind == "u":
            return Plane(_without_inks(pixels[..., :4]), COLOURS)
        case PHOTOMETRIC.MINISBLACK:
            return None
    kind = getattr(page.photometric, "name", page.photometric)
    raise InputError(f"{path} has colours of the kind {kind}, which are not read: save it as grey or RGB")


def _palette(page: Any) -> np.ndarray:
    """Return a palette, uint8 [entries, 3]; its numbers have 16 bits, though some programs write 8."""
    table = np.asarray(page.colormap).T
    return (table // 257 if table.max() > 255 else table).astype(np.uint8)


def _without_inks(inks: np.ndarray) -> np.ndarray:
    """Turn cyan, magenta, yellow and black, [H, W, 4] of unsigned integers, into red, green and blue."""
    top = np.iinfo(inks.dtype).max
    paper = top - inks.astype(np.uint64)
    return (paper[..., :3] * paper[..., 3:] // top).astype(inks.dtype)


def _channel_names(file: TiffFile, count: int) -> tuple[str, ...]:
    if count == 1:
        return GREY
    named = _ome_channels(file) if file.is_ome else []
    return tuple(named) if len(named) == count else tuple(map(str, range(count)))


def _ome_channels(file: TiffFile) -> list[str]:
    images = tifffile.xml2dict(file.ome_metadata or "")["OME"]["Image"]
    first = images[0] if isinstance(images, list) else images
    channels = first["Pixels"].get("Channel", [])
    listed = channels if isinstance(channels, list) else [channels]
    return [str(own.get("Name", number)) for number, own in enumerate(listed)]
