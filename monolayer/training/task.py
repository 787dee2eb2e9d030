"""A model, its optimiser and its validation, in the form that Lightning's Trainer runs."""

from typing import Any

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor

from monolayer.inference import outputs_at_stride
from monolayer.models._model import Model
from monolayer.training.crops import Crops


class Task(LightningModule):
    """Train any model of `monolayer.models` with Adam and a one-cycle learning rate.

    Parameters
    ----------
    model
        What to train.
    crops
        What to train on.
    lr
        Highest learning rate.
    steps
        Optimiser steps of the whole training.
    seed
        Seeds each step's dropout.
    """

    def __init__(self, model: Model, crops: Crops, lr: float, steps: int, seed: int) -> None:
        super().__init__()
        self.model = model
        self._crops = crops
        self._lr = lr
        self._steps = steps
        self._seed = seed

        self._losses = torch.zeros(2, dtype=torch.float64)  # sum and number, of the epoch so far

    def on_train_epoch_start(self) -> None:
        self._losses = torch.zeros(2, dtype=torch.float64)

    def training_step(self, *_: Any) -> Tensor:
        # Crops and dropout depend on seed and step alone: a resumed training needs no generator's state.
        torch.manual_seed(self._seed + self.global_step)
        images, labels = (plane.to(self.device) for plane in self._crops.batch(self.global_step))
        losses = self.model.loss(self.model(images.unsqueeze(1).float()), self.model.targets(labels))
        loss = losses["loss"]
        self._losses = self._losses.to(loss.device) + torch.stack([loss.detach(), torch.ones_like(loss)])
        return loss

    def validation_step(self, batch: list[Tensor], _: int) -> None:
        images, labels = batch
        outputs = outputs_at_stride(self.model, self.model.stride, images.unsqueeze(1).float())
        losses = self.model.loss(outputs, self.model.targets(labels))
        dice = dice_of_masks(self.model.foreground(outputs) >= 0.5, labels > 0)
        scores = {"val/loss": losses["loss"], "val/dice": dice}
        self.log_dict(scores, on_epoch=True, prog_bar=True, logger=False, batch_size=len(images))

    def on_train_epoch_end(self) -> None:
        # Before the checkpoint is written: a resumed training finds every epoch that it does not repeat.
        assert self.logger is not None
        total, count = self._losses.tolist()
        metrics = {name: value.item() for name, value in self.trainer.callback_metrics.items()}
        metrics["train/loss"] = total / count
        self.logger.log_metrics(metrics, step=self.current_epoch + 1)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["epoch_losses"] = self._losses

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self._losses = checkpoint["epoch_losses"]

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        optimizer = torch.optim.Adam(self.model.parameters(), lr=self._lr, fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=self._lr, total_steps=self._steps, cycle_momentum=False
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def dice_of_masks(predicted: Tensor, truth: Tensor) -> Tensor:
    """Return the Dice score of two masks, a scalar in [0, 1]; two empty masks agree.

    >>> dice_of_masks(torch.tensor([True, True, False]), torch.tensor([True, False, False]))
    tensor(0.6667)
    """
    size = predicted.sum() + truth.sum()
    shared = (predicted & truth).sum()
    return torch.where(size > 0, 2 * shared / size, torch.ones(()).to(size.device))
