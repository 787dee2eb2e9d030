"""A model, its optimiser and its validation, in the form that Lightning's Trainer runs.

Weights are averaged here, and not by Lightning's EMAWeightAveraging: its decay is the same from the first
step on, and it copies this whole module, the training images on the GPU among it, to average the net.
"""

from typing import Any, cast

import numpy as np
import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.utilities.types import OptimizerLRSchedulerConfig
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from monolayer.compute.accelerator import memory_decided_by
from monolayer.models.base.model import Model, Views
from monolayer.training.augmentation import vary_grey_levels
from monolayer.training.checkpoints import KEPT, MONITORED
from monolayer.training.crops import Crops
from monolayer.training.epoch_loss import EpochLoss
from monolayer.training.history import is_as_good, monitored
from monolayer.training.optimisers import build_optimiser
from monolayer.training.processes import ALONE, Process, gathered
from monolayer.training.settings import TrainSettings
from monolayer.training.validation import dice_curve, judge_by

TensorList = tuple[Tensor, ...] | list[Tensor]


class Task(LightningModule):
    """Train any model of `monolayer.models`.

    Parameters
    ----------
    model
        What to train.
    crops
        What to train on.
    settings
        Optimiser, schedule and averaging.
    lr
        Highest learning rate.
    steps
        Optimiser steps of the whole training.
    seed
        Seeds each step's augmentation and dropout.
    views
        Shows it the images to validate on.
    process
        What this process has of each batch.
    """

    def __init__(
        self,
        model: Model,
        crops: Crops,
        settings: TrainSettings,
        lr: float,
        steps: int,
        seed: int,
        views: Views,
        process: Process = ALONE,
    ) -> None:
        super().__init__()
        self.model = model
        self.average: AveragedModel | None = None
        if settings.ema_decay is not None:
            self.average = AveragedModel(model, multi_avg_fn=self._move, use_buffers=True).requires_grad_(
                False
            )
        self._crops = crops
        self._settings = settings
        self._lr = lr
        self._steps = steps
        self._seed = seed
        self._views = views
        self._judge = judge_by(model.decoder)
        self._process = process
        self._losses = EpochLoss()
        self._scores: list[Tensor] = []
        self._highest: Tensor | None = None  # what is monitored, of each image, in the epoch with most of it
        self.history: list[dict[str, float]] = []
        """``train/loss``, ``val/loss``, ``val/dice`` and ``val/ap50`` of each epoch so far."""

    @property
    def best(self) -> Model:
        """What is validated and kept: the averaged model, or the model itself."""
        return self.model if self.average is None else cast(Model, self.average.module)

    def on_train_start(self) -> None:
        # What DVCLive wrote before a training was killed may be half a file: it starts anew.
        for epoch, scores in enumerate(self.history, start=1):
            self.loggers[0].log_metrics(scores, step=epoch)

    def on_train_epoch_start(self) -> None:
        self._losses = EpochLoss()

    def training_step(self, *_: Any) -> Tensor:
        # Crops and dropout depend on seed and step alone: a resumed training needs no generator's state.
        step = self.global_step
        torch.manual_seed(seed_of_step(self._seed, step))
        images, labels, levels = (values.to(self.device) for values in self._crops.batch(step))
        subsequences = images.unflatten(0, (-1, self.model.frames))  # their frames are changed alike
        images = vary_grey_levels(subsequences, self._settings.grey, self._process).flatten(0, 1).unsqueeze(1)
        offset, scale = levels.T[:, :, None, None, None]
        if self._process.rank:  # else all processes drop the same channels
            torch.manual_seed(seed_of_step(self._seed, step, self._process.rank))
        losses = self.model.loss(self.model((images - offset) / scale), self.model.targets(labels))
        self._losses.add(losses["loss"], step, self.trainer.optimizers[0].param_groups[0]["lr"])
        return losses["loss"]

    def optimizer_step(self, *args: Any, **keywords: Any) -> None:
        # Not when the batch has ended: by then a checkpoint may have been written.
        super().optimizer_step(*args, **keywords)
        if self.average is not None:
            self.average.update_parameters(self.model)

    def _move(self, averages: TensorList, currents: TensorList, _: Any) -> None:
        """Bring averages nearer to the current weights; by more in the first steps, to forget the start."""
        assert self._settings.ema_decay is not None
        decay = min(self._settings.ema_decay, (1 + self.global_step) / (10 + self.global_step))
        if averages[0].is_floating_point():
            torch._foreach_lerp_(averages, currents, 1 - decay)
        else:
            torch._foreach_copy_(averages, currents)  # such as batch normalisation's count of batches

    def validation_step(self, batch: list[Tensor], _: int) -> None:
        images, labels, counts = batch
        with memory_decided_by(self.model.memory_remedy):
            loss, foreground, found = self.best.judged_by(
                self._judge, self._views, images.unsqueeze(1), labels
            )
            curve = dice_curve(foreground, labels.to(foreground.device) > 0).to(self.device)
        scores = torch.cat([curve.new_tensor([1.0, loss, found]), curve])
        self._scores.append(scores * counts)

    def on_validation_epoch_end(self) -> None:
        of_images = gathered(torch.stack(self._scores)).flatten(0, 1).cpu().double()
        counted = of_images[of_images[:, 0] > 0]
        loss, found, curves = counted[:, 1], counted[:, 2], counted[:, 3:]
        # Dice at the best threshold, as in the evaluation: at a fixed one it swings with the calibration.
        scores = {"loss": loss, "dice": curves[:, curves.mean(dim=0).argmax()], "ap50": found}
        own = monitored(scores, self._settings.monitor)
        kept = self._highest is None or is_as_good(own, self._highest)
        if self._highest is None or own.mean() >= self._highest.mean():
            self._highest = own
        values = {f"val/{name}": value.mean().item() for name, value in scores.items()}
        values |= {MONITORED: own.mean().item(), KEPT: float(kept * (self.current_epoch + 1))}
        self.log_dict(values, logger=False, sync_dist=True)
        self._scores.clear()

    def on_train_epoch_end(self) -> None:
        # Before the checkpoint is written: a resumed training finds every epoch that it does not repeat.
        logged = self.trainer.callback_metrics.items()
        scores = {name: value.item() for name, value in logged if name.startswith("val/")}
        scores["train/loss"] = self._losses.mean()
        self.history.append(scores)
        for logger in self.loggers:
            logger.log_metrics(scores, step=self.current_epoch + 1)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["epoch_losses"] = self._losses.state()
        checkpoint["history"] = self.history
        checkpoint["highest"] = self._highest

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self._losses.load(checkpoint["epoch_losses"])
        self.history = checkpoint["history"]
        self._highest = checkpoint["highest"]

    def configure_optimizers(self) -> OptimizerLRSchedulerConfig:
        clips_scaled = self._settings.clip_norm is not None and self.trainer.scaler is not None  # in float16
        optimizer, schedule = build_optimiser(
            self.model.parameters(), self._settings, self._lr, self._steps, fused=not clips_scaled
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


def seed_of_step(seed: int, step: int, rank: int = 0) -> int:
    """Return what seeds torch in a step: no two seeds, steps or processes share a sequence of numbers.

    >>> seed_of_step(1, step=0) == seed_of_step(0, step=1)
    False
    """
    return int(np.random.SeedSequence((seed, step, rank)).generate_state(1, np.uint64)[0])
