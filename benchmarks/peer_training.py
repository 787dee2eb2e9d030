"""The training loop of the public LIVECell projects, written plainly with MONAI: one Python call per crop."""

import time
from collections.abc import Iterator
from pathlib import Path

import torch
from monai.data import CacheDataset, DataLoader
from monai.losses.dice import DiceLoss
from monai.transforms import (
    Compose,
    EnsureChannelFirstd,
    LoadImaged,
    RandCropByPosNegLabeld,
    RandFlipd,
    RandRotate90d,
    ScaleIntensityd,
)
from torch import Tensor, nn

CROPS_PER_IMAGE = 4
IMAGES_PER_BATCH = 4
BOTH = ["image", "mask"]


def batches(files: list[dict[str, Path]], crop_size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield images and masks, float32 [16, 1, size, size], epoch after epoch."""
    transforms = Compose(
        [
            LoadImaged(BOTH, reader="PILReader"),
            EnsureChannelFirstd(BOTH),
            ScaleIntensityd(BOTH),
            RandCropByPosNegLabeld(
                BOTH,
                label_key="mask",
                spatial_size=(crop_size, crop_size),
                pos=1,
                neg=1,
                num_samples=CROPS_PER_IMAGE,
            ),
            RandFlipd(BOTH, prob=0.5, spatial_axis=0),
            RandFlipd(BOTH, prob=0.5, spatial_axis=1),
            RandRotate90d(BOTH, prob=0.75),
        ]
    )
    images = CacheDataset(files, transforms, num_workers=2, progress=False)
    loader = DataLoader(images, batch_size=IMAGES_PER_BATCH, shuffle=True, drop_last=True)
    while True:
        for batch in loader:
            yield batch["image"].as_tensor(), batch["mask"].as_tensor()


def crops_per_second(
    source: Iterator[tuple[Tensor, Tensor]], net: nn.Module | None, seconds: float, device: torch.device
) -> float:
    """Train for so many seconds and return the rate; without a net, that of the loader alone."""
    if net is not None:
        net.to(device).train()
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
        loss = DiceLoss(sigmoid=True)
    crops, start = -CROPS_PER_IMAGE * IMAGES_PER_BATCH, 0.0
    for images, masks in source:
        images, masks = images.to(device), masks.to(device)
        if net is not None:
            optimizer.zero_grad()
            value = loss(net(images), masks)
            value.backward()
            optimizer.step()
            value.item()  # their loops add up the loss
        crops += len(images)
        if crops == 0:  # the first batch warmed everything up
            start = time.perf_counter()
        elif time.perf_counter() - start > seconds:
            break
    return crops / (time.perf_counter() - start)
