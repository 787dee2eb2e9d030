"""One line on the terminal: how far a training is, how well it does, and how long it will take."""

from collections.abc import Mapping
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor
from tqdm import tqdm

SECONDS = 0.5
"""Between two looks at the loss, each of which lets a GPU wait."""


class Progress(Callback):
    """A bar over all crops of a training, on the first process alone, and only on a terminal.

    Parameters
    ----------
    crops
        In the whole training.
    batch_size
        Crops in a step of all processes together.
    """

    def __init__(self, crops: int, batch_size: int) -> None:
        self._crops = crops
        self._batch_size = batch_size
        self._bar = tqdm(disable=True)

    def on_train_start(self, trainer: Trainer, module: LightningModule) -> None:
        self._bar = tqdm(
            total=self._crops,
            initial=trainer.global_step * self._batch_size,
            unit=" crops",
            mininterval=SECONDS,
            dynamic_ncols=True,
            disable=None if trainer.is_global_zero else True,  # None: where standard error is no terminal
        )

    def on_train_batch_end(
        self, trainer: Trainer, module: LightningModule, outputs: Any, batch: Any, index: int
    ) -> None:
        if self._bar.update(self._batch_size):
            epoch = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}"
            self._bar.set_description(f"{epoch}  {_scores(outputs, trainer.callback_metrics)}", refresh=False)

    def on_train_end(self, trainer: Trainer, module: LightningModule) -> None:
        self._bar.close()

    def on_exception(self, trainer: Trainer, module: LightningModule, exception: BaseException) -> None:
        self._bar.close()


def _scores(outputs: Mapping[str, Tensor], metrics: Mapping[str, Tensor]) -> str:
    loss = f"loss {outputs['loss'].item():.3f}"
    return f"{loss}  val Dice {metrics['val/dice'].item():.3f}" if "val/dice" in metrics else loss
