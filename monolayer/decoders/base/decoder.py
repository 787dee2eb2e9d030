"""From what a model says of each pixel to cells: by the decoder of its head, with tuned settings."""

from types import ModuleType

from monolayer.plugins import load_plugin


def load_decoder(name: str) -> ModuleType:
    """Return the folder of monolayer/decoders of this name: ``Settings`` and ``decode(maps, settings)``."""
    return load_plugin("monolayer.decoders", name, "decoder", "decoder")
