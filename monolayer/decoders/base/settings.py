"""What every decoder may set, and how long decoding takes."""

from typing import ClassVar

from monolayer.parameters import Settings


class DecoderSettings(Settings):
    """Settings that every decoder shares: none; a decoder's own class adds to them."""

    seconds_per_megapixel: ClassVar[float]
    """Of decoding an image in a trial of the tuning, and scoring it, on one core; about what
    benchmarks/decoders.py measures."""
