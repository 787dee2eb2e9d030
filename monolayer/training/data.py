"""Batches for Lightning's Trainer: fresh crops in every epoch, whole images to validate on."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from lightning.pytorch import LightningDataModule
from torch.utils.data import DataLoader, Dataset

from monolayer.models._settings import ModelSettings
from monolayer.training._settings import TrainSettings
from monolayer.training.crops import Crops
from monolayer.training.samples import Sample

Item = TypeVar("Item")


class Data(LightningDataModule):
    """Training crops and validation images; the Trainer must reload the crops in every epoch."""

    def __init__(
        self,
        train: Sequence[Sample],
        val: Sequence[Sample],
        settings: TrainSettings,
        model: ModelSettings,
        seed: int,
    ) -> None:
        super().__init__()
        self._train = train
        self._val = val
        self._settings = settings
        self._model = model
        self._seed = seed

    def train_dataloader(self) -> DataLoader:
        assert self.trainer is not None
        crops = Crops(
            self._train,
            size=self._model.crop_size,
            count=self._model.crops_per_epoch,
            positive_share=self._settings.positive_share,
            seed=self._seed,
            epoch=self.trainer.current_epoch,
        )
        return DataLoader(crops, batch_size=self._model.batch_size)

    def val_dataloader(self) -> DataLoader:
        return DataLoader(WholeImages(spread(self._val, self._settings.validation_images)), batch_size=1)


class WholeImages(Dataset[tuple[np.ndarray, np.ndarray]]):
    """Whole images, uint8 [H, W], with their labels, int32 [H, W]."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        image, labels = self._samples[index]
        return image, labels.astype(np.int32)


def spread(items: Sequence[Item], count: int | None) -> list[Item]:
    """Take `count` items, evenly spread over the list; all where `count` is None or too large.

    >>> spread("abcdef", 3)
    ['a', 'c', 'e']
    """
    wanted = len(items) if count is None else min(count, len(items))
    return [items[index * len(items) // wanted] for index in range(wanted)]
