"""What intervals say of themselves: from how many images they are, and how often such ones hold the truth."""

from typing import NamedTuple


class Held(NamedTuple):
    """Per cent of simulated intervals that hold the truth, as benchmarks/results/coverage.md has them."""

    least: int
    """Of the lowest of: mean Dice, pooled F1 and AP50, difference of two methods."""
    most: int
    """Of the highest of them."""
    failing: int
    """Of a mean Dice where a method fails on one image (or group) in ten."""


HELD = {
    2: Held(93, 96, 86),
    4: Held(91, 96, 59),
    8: Held(91, 96, 56),
    16: Held(90, 96, 77),
    40: Held(90, 95, 92),
    100: Held(94, 96, 92),
}
"""By the number of images (or groups) drawn; in between, that of the next lower one is said."""


def intervals_text(images: int, groups: int, freedom: int) -> str:
    """Return the sentence on the intervals of scores of so many images.

    Parameters
    ----------
    images, groups
        How many there are.
    freedom
        Degrees of freedom, see `Sampling.freedom`.

    Examples
    --------
    >>> print(intervals_text(24, 1, 0))
    No intervals: all 24 images are of one group (a recording or well), and nothing says how others differ.
    """
    if not freedom:
        only = f"all {images} images are of one group (a recording or well)" if images > 1 else "of one image"
        return f"No intervals: {only}, and nothing says how others differ."
    counted = f"{images} images" + (f" of {groups} groups (wells or recordings)" if groups < images else "")
    held = HELD[max(number for number in HELD if number <= freedom + 1)]
    drawn = "group" if groups < images else "image"
    return (
        f"95 % intervals are from {counted}: such intervals hold the truth in {held.least} to {held.most} % "
        f"of simulations, in {held.failing} % where one {drawn} in ten fails."
    )
