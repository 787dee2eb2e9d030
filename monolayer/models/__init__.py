"""Architectures: one module each, with a ``Settings`` class and ``build(settings) -> Model``."""
