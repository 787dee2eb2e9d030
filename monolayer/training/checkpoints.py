"""The running checkpoint of a training: which folder it is in, and how it is replaced."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO

import monolayer
from monolayer.training.samples import Sample


def fingerprint(choices: str, samples: Iterable[Sample]) -> str:
    """Return 16 characters that change with a training's parameters, images, labels and code.

    Parameters
    ----------
    choices
        All parameters as text.
    samples
        All images and labels.
    """
    digest = hashlib.sha256(f"{torch.__version__}\n{choices}\n".encode())
    for path in sorted(Path(monolayer.__path__[0]).rglob("*.py")):
        digest.update(path.read_bytes())
    for sample in samples:
        for plane in sample:
            digest.update(f"{plane.shape} {plane.dtype}\n".encode())
            digest.update(plane.tobytes())
    return digest.hexdigest()[:16]


class WholeCheckpointIO(TorchCheckpointIO):
    """Replaces a checkpoint whole or not at all, also where the system's temporary folder is another disk."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        partial = Path(path).with_suffix(".part")
        partial.parent.mkdir(parents=True, exist_ok=True)
        torch.save(checkpoint, partial)
        os.replace(partial, path)


def checkpoint_callbacks(folder: Path) -> list[ModelCheckpoint]:
    """Keep ``best.ckpt`` (validation Dice) and ``last.ckpt``, both written when an epoch has ended."""
    always: dict[str, Any] = {
        "dirpath": folder,
        "save_on_train_epoch_end": True,
        "enable_version_counter": False,
    }
    best = ModelCheckpoint(filename="best", monitor="val/dice", mode="max", save_weights_only=True, **always)
    return [best, ModelCheckpoint(filename="last", **always)]
