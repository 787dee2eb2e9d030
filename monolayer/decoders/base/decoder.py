"""From what a model says of each pixel to cells: by the decoder of its head, with tuned settings."""

from types import ModuleType

from monolayer.plugins import load_plugin


def load_decoder(name: str) -> ModuleType:
    """Return the folder of monolayer/decoders of this name: ``Settings`` and ``decode(maps, settings)``.

    It may have ``divide(maps, settings)`` too, for the work that depends on the settings `SHARED` alone, and
    ``choose(maps, divided, settings)`` for the rest: who tries many settings divides once for equal ones.
    """
    return load_plugin("monolayer.decoders", name, "decoder", "decoder")
