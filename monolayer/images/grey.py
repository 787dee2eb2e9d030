"""From the values in an image file to grey levels 0..255, by one rule for all stages.

Files of 8 bits stay what they are. Of all other types two limits become 0 and 255, and what lies between them
keeps its place. The limits reach 15 % beyond the means of the lowest and of the highest values, or nearly as
far as the image does. Those are one pixel in 5,000, and 128 at least, or one in 50 of a small image.
Single hot or dead pixels and columns do not count: those that are far from the median over three pixels in
each direction. Nor do values that lie apart from all others: those of a burnt-in scale bar, a saturated speck
or an empty border.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from monolayer.images.planes import COLOURS, Plane, UnclearPlaneError

Limits = tuple[float, float]
"""The values of a file that become the grey levels 0 and 255."""

_TAIL = 2e-4  # fraction of the pixels at each end whose mean is taken
_FEW = 128  # pixels that these are at least: fewer would leave it to chance
_BEYOND = 0.15  # of the range, so that the noise of the brightest cell is not cut off
_USUAL, _FAR = 0.98, 40  # so many times as far from the medians as this fraction of the pixels is a spike
_PLATEAU = 4  # pixels of one value, from which on they may be a speck, a bar or a border
_SURROUNDINGS = 2  # pixels around those, in which they are mixed with the image
_SAMPLE = 1 << 16  # pixels that tell how far a value is from the next
_ROWS = 256  # read at a time, so that a large image is in memory once
_CORNERS = ((0, 0), (0, -1), (-1, 0), (-1, -1))
_LUMA = np.array([299.0, 587.0, 114.0])  # whole-numbered: their sums are exact, in any order


def channel_of(plane: Plane, channel: str, path: Path) -> np.ndarray:
    """Return one channel of a plane, or several as one.

    Parameters
    ----------
    plane
        As `monolayer.images.decoding.decode_plane` reads it.
    channel
        ``auto``: the only one, or the luma of colour (ITU-R BT.601). Its number, from 0 on; its name, such as
        ``red``; or ``mean``. An image of one channel is the same in each colour.
    path
        Its file, for errors.

    Returns
    -------
    numpy.ndarray
        [H, W] of the plane's type; float64 for luma and mean where the plane has more than 8 bits.

    Raises
    ------
    UnclearPlaneError
        The plane has several channels, no colours, and `channel` is ``auto``; or it has no such channel.

    Examples
    --------
    >>> plane = Plane(np.array([[[10, 20, 60]]], np.uint8), COLOURS)
    >>> [channel_of(plane, channel, Path("a.png")).item() for channel in ("auto", "green", "2", "mean")]
    [22, 20, 60, 30]
    """
    pixels, names = plane
    numbers = {str(number): number for number in range(len(names))}
    numbers |= {name.lower(): number for number, name in enumerate(names)}
    if len(names) == 1 and channel in ("auto", "mean", *COLOURS):
        return pixels[..., 0]
    if channel == "mean" or (channel == "auto" and names == COLOURS):
        return _weighted(pixels, _LUMA if channel == "auto" else np.ones(len(names)))
    if channel.lower() in numbers:
        return pixels[..., numbers[channel.lower()]]
    given = f"has no channel {channel!r}" if channel != "auto" else "has several channels"
    raise UnclearPlaneError(
        f"{path} {given}: it holds {', '.join(names)}. For own data set `channel` to one of these, to a "
        "number from 0 on, or to mean"
    )


def _weighted(pixels: np.ndarray, weights: np.ndarray) -> np.ndarray:
    mean = np.empty(pixels.shape[:2], np.uint8 if pixels.dtype == np.uint8 else np.float64)
    for first in range(0, len(pixels), _ROWS):
        band = pixels[first : first + _ROWS].astype(np.float64) @ weights / weights.sum()
        mean[first : first + _ROWS] = np.rint(band) if mean.dtype == np.uint8 else band
    return mean


def not_finite(values: np.ndarray) -> int:
    """Count the pixels that are not a number or infinite."""
    return 0 if values.dtype.kind in "bui" else values.size - int(np.count_nonzero(np.isfinite(values)))


def grey_limits(values: np.ndarray) -> Limits | None:
    """Find the values that become the grey levels 0 and 255.

    Parameters
    ----------
    values
        [H, W] of any type; those that are not finite do not count.

    Returns
    -------
    tuple of float, or None
        None for 8 bits, which are grey levels already, and where no value is finite.

    Examples
    --------
    >>> image = np.arange(1000, 1100, dtype=np.uint16).reshape(10, 10)
    >>> image[4, 4] = 65535
    >>> grey_limits(image)
    (1001.0, 1098.0)
    """
    if values.dtype in (np.uint8, np.bool_):
        return None
    counted = np.isfinite(values)
    if not counted.any():
        return None
    unknown = 0 if counted.all() else np.median(values[counted], overwrite_input=True)
    while True:
        calm = _without_spikes(values, counted, unknown)
        apart = _value_apart(calm, values, counted)
        if apart is None:
            return _ends(calm)
        left = counted & ~_with_surroundings(counted & (values == apart))
        if not left.any():
            return _ends(calm)
        counted = left
        del calm  # before the next one takes memory


def _with_surroundings(mask: np.ndarray) -> np.ndarray:
    """Return a mask [H, W] and the pixels around it."""
    for axis in (0, 1):
        narrow = mask.swapaxes(0, axis)
        wide = narrow.copy()
        for distance in range(1, _SURROUNDINGS + 1):
            wide[distance:] |= narrow[:-distance]
            wide[:-distance] |= narrow[distance:]
        mask = wide.swapaxes(0, axis)
    return mask


def _ends(values: np.ndarray) -> Limits:
    """Return values near the lowest and the highest one, which do not hang on a few pixels.

    `values` [P] are left in another order.
    """
    size = values.size
    count = min(max(int(_TAIL * size), _FEW), max(size // 50, 1))
    few = count // 16
    values.partition([few, count - 1, size - count, size - 1 - few])
    # math.fsum is exact, so that the order within each tail, which depends on the CPU, does not matter.
    low, high = (math.fsum(tail.tolist()) / count for tail in (values[:count], values[-count:]))
    beyond = _BEYOND * (high - low)
    return max(low - beyond, float(values[few])), min(high + beyond, float(values[-1 - few]))


def _without_spikes(values: np.ndarray, counted: np.ndarray, unknown: float) -> np.ndarray:
    """Return the values [P] that count, and the medians instead of those that are far from them.

    What is not finite is `unknown` in the medians of its neighbours.
    """
    calm = np.empty(np.count_nonzero(counted), values.dtype)
    step = _stride(calm.size)
    sampled = []
    for place, rows in _parts(counted):
        calm[place] = _medians(values, rows, unknown)[counted[rows]]
        every = slice(-place.start % step, None, step)
        sampled.append(_distance(values[rows][counted[rows]][every], calm[place][every]))
    distances = np.sort(np.concatenate(sampled))
    usual = math.fsum(distances[: math.ceil(_USUAL * len(distances))].tolist()) / len(distances)
    for place, rows in _parts(counted):
        own = values[rows][counted[rows]]
        near = _distance(own, calm[place]) <= _FAR * usual
        calm[place] = np.where(near, own, calm[place])
    return calm


def _parts(mask: np.ndarray) -> Iterator[tuple[slice, slice]]:
    """Yield some rows of a mask [H, W] at a time: their places among all that it chooses, and the rows."""
    start = 0
    for first in range(0, len(mask), _ROWS):
        rows = slice(first, min(first + _ROWS, len(mask)))
        stop = start + int(np.count_nonzero(mask[rows]))
        yield slice(start, stop), rows
        start = stop


def _stride(size: int) -> int:
    """Return how far apart the sampled ones of so many pixels are."""
    return max(size // _SAMPLE, 1)


def _distance(values: np.ndarray, medians: np.ndarray) -> np.ndarray:
    return np.abs(values.astype(np.float64) - medians.astype(np.float64))


def _medians(values: np.ndarray, rows: slice, unknown: float) -> np.ndarray:
    """Return the median of three pixels along some rows, and of that along the columns."""
    above, below = int(rows.start > 0), int(rows.stop < len(values))
    band = values[rows.start - above : rows.stop + below]
    known = np.where(np.isfinite(band), band, unknown)
    smooth = _median_of_three(_median_of_three(known.T).T)[above : len(known) - below]
    for row, column in _CORNERS if min(values.shape) > 1 else ():
        # A corner is at the end of its row and of its column: its neighbours along both judge it.
        if not (above if row == 0 else below):
            beside = known[row, 1 if column == 0 else -2], known[1 if row == 0 else -2, column]
            smooth[row, column] = np.clip(known[row, column], min(beside), max(beside))
    return smooth


def _median_of_three(values: np.ndarray) -> np.ndarray:
    """Return the median of each value and the two beside it along the first axis; the ends stay."""
    smooth = values.copy()
    before, after = values[:-2], values[2:]
    np.clip(values[1:-1], np.minimum(before, after), np.maximum(before, after), out=smooth[1:-1])
    return smooth


def _value_apart(calm: np.ndarray, values: np.ndarray, counted: np.ndarray) -> float | None:
    """Return the highest or the lowest value where many pixels have just that and it lies apart, else None.

    Apart is what would cost the others a grey level, and is no step of an image of few values. What half of
    the image or more has is its background.
    """
    low, high = calm.min(), calm.max()
    for end, other_end, nearest in ((high, low, np.max), (low, high, np.min)):
        held = np.count_nonzero(counted & (values == end))
        if _PLATEAU <= held < np.count_nonzero(counted) / 2:
            beside = float(nearest(calm, where=calm != end, initial=other_end))
            gap = abs(float(end) - beside)
            sample = calm[:: _stride(calm.size)]
            step = _step(sample[sample != end])
            if gap > 4 * step and gap > abs(beside - float(other_end)) / 255:
                return float(end)
    return None


def _step(sample: np.ndarray) -> float:
    """Return the median distance from one value to the next."""
    levels = np.unique(sample).astype(np.float64)
    return float(np.median(np.diff(levels))) if len(levels) > 1 else 0.0


def grey_levels(values: np.ndarray, limits: Limits | None) -> np.ndarray:
    """Turn the values of a file into grey levels.

    Parameters
    ----------
    values
        [H, W] of any type.
    limits
        As `grey_limits` finds them.

    Returns
    -------
    numpy.ndarray
        Without limits uint8 [H, W]: the values of 8 bits as they are, 0 and 255 of one bit. Else float32
        [H, W] from 0 to 255, to the 11 bits of float16, in which they are stored. What is beyond a limit, or
        infinite, is 0 or 255; what is not a number is 0.

    Examples
    --------
    >>> grey_levels(np.array([[990, 1000, 1050, 1100, 65535]], np.uint16), (1000, 1100))
    array([[  0. ,   0. , 127.5, 255. , 255. ]], dtype=float32)
    """
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    if limits is None:
        return values
    low, high = limits
    levels = np.empty(values.shape, dtype=np.float32)
    for first in range(0, len(values), _ROWS):
        band = np.clip(values[first : first + _ROWS].astype(np.float64), low, high) - low
        band *= 255 / (high - low) if high > low else 0.0
        levels[first : first + _ROWS] = np.nan_to_num(band).astype(np.float16)
    return levels
