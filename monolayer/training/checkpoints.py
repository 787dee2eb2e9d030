"""The running checkpoint of a training: when it is written, and how it is replaced."""

import os
import time
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.plugins.io import TorchCheckpointIO

from monolayer.errors import InputError


class WholeCheckpointIO(TorchCheckpointIO):
    """Replaces a checkpoint whole or not at all, also where the system's temporary folder is another disk."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write a checkpoint, or raise an `InputError` where the disk is full."""
        partial = Path(path).with_suffix(".part")
        partial.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("wb") as file:
                torch.save(checkpoint, file)
        except (OSError, RuntimeError) as error:  # torch reports a full disk as either
            partial.unlink(missing_ok=True)
            raise InputError(
                f"{path} could not be written ({str(error).splitlines()[0]}): make room on its disk; the "
                "next `dvc repro` goes on from the checkpoint before, if there was one"
            ) from None
        os.replace(partial, path)


class SavedOnTheWay(Callback):
    """Writes ``last.ckpt`` within an epoch too, before the given seconds have passed since it last did.

    All processes must save at the same step: the clock of the first one decides for them. They wait for its
    word at few steps only, about ten times between two checkpoints.

    Lightning's ModelCheckpoint(train_time_interval) waits at every step, and saves after an epoch's last one
    too: a training that goes on from there leaves out the epoch's validation.
    """

    def __init__(self, path: Path, seconds: float) -> None:
        self._path = path
        self._seconds = seconds
        self._saved = self._looked = time.monotonic()
        self._last_step = self._next_step = 0

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        self._looked = time.monotonic()
        self._last_step = self._next_step = trainer.global_step

    def on_train_batch_end(self, trainer: Trainer, module: LightningModule, *_: Any) -> None:
        # After the last batch comes the validation: it is saved with the epoch, when that has ended.
        if trainer.is_last_batch or trainer.global_step < self._next_step:
            return
        due, self._next_step = trainer.strategy.broadcast(self._look(trainer.global_step))
        if due:
            trainer.save_checkpoint(self._path, weights_only=False)
            self._saved = time.monotonic()

    def _look(self, step: int) -> tuple[bool, int]:
        """Return whether to save now, and the next step at which to look."""
        now = time.monotonic()
        pace = (now - self._looked) / max(step - self._last_step, 1)  # seconds for a step
        ahead = max(1, int(self._seconds / 10 / max(pace, 1e-6)))
        self._looked, self._last_step = now, step
        return now - self._saved + ahead * pace >= self._seconds, step + ahead


MONITORED = "monitored"
"""The logged value that is highest in the best epoch: early stopping waits for it to rise."""
KEPT = "kept"
"""The logged number of an epoch whose weights are to be kept, or 0."""


def checkpoint_callbacks(folder: Path, seconds: float) -> list[Callback]:
    """Keep ``best.ckpt``, of the last `KEPT` epoch, and ``last.ckpt``, written every `seconds` too."""
    always: dict[str, Any] = {
        "dirpath": folder,
        "save_on_train_epoch_end": True,
        "enable_version_counter": False,
    }
    best = ModelCheckpoint(filename="best", save_weights_only=True, monitor=KEPT, mode="max", **always)
    last = ModelCheckpoint(filename="last", **always)
    return [best, last, SavedOnTheWay(folder / "last.ckpt", seconds)]
