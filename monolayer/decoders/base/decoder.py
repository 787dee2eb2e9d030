"""From what a model says of each pixel to cells: by the decoder of its head, with tuned settings."""

from types import ModuleType
from typing import Any

import numpy as np

from monolayer.decoders.base.settings import DecoderSettings
from monolayer.plugins import load_plugin
from monolayer.predictions.cells import Cells

MOST_KEPT = 2**26
"""Pixels that `decode_again` keeps of one image's divisions: 256 MiB of label images."""


def load_decoder(name: str) -> ModuleType:
    """Return the folder of monolayer/decoders of this name: ``Settings`` and ``decode(maps, settings)``.

    It may have ``divide(maps, settings)`` too, for the work that depends on the settings `SHARED` alone, and
    ``choose(maps, divided, settings)`` for the rest: who tries many settings divides once for equal ones.
    """
    return load_plugin("monolayer.decoders", name, "decoder", "decoder")


def decode_again(
    decoder: ModuleType,
    maps: np.ndarray | Cells,
    settings: DecoderSettings,
    divided: dict[tuple[Any, ...], Any],
) -> Cells:
    """Decode what was decoded under other settings before; what does not depend on them is done once.

    Parameters
    ----------
    decoder
        As `load_decoder` returns it.
    maps, settings
        As its ``decode`` takes them.
    divided
        What is kept of the same maps for the next time, by the settings `SHARED`; empty at first.
    """
    if not hasattr(decoder, "SHARED") or not isinstance(maps, np.ndarray):
        cells: Cells = decoder.decode(maps, settings)
        return cells
    key = tuple(getattr(settings, name) for name in decoder.SHARED)
    done = divided[key] if key in divided else decoder.divide(maps, settings)
    if len(divided) * maps[0].size < MOST_KEPT:
        divided[key] = done
    cells = decoder.choose(maps, done, settings)
    return cells
