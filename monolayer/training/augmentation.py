"""Random changes of the grey levels of training crops, a whole batch at a time on its device."""

import math

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from monolayer.training.processes import ALONE, Process
from monolayer.training.settings import GreySettings


def vary_grey_levels(images: Tensor, settings: GreySettings, process: Process = ALONE) -> Tensor:
    """Change brightness and contrast, blur, and add noise, as torch's generator of the device decides.

    All in float32, also within an autocast: in bfloat16 the levels from 128 to 255 are all whole numbers.

    Parameters
    ----------
    images
        Grey levels float32 [B, T, H, W]; all T planes are changed alike.
    settings
        How far.
    process
        What `images` are of a batch. Every process draws for the whole batch, so that a crop is changed in
        the same way whichever process has it.

    Returns
    -------
    Tensor
        Of the same shape; not cut to 0..255.
    """
    size = len(images) * process.world_size
    own = process.of_batch(size)
    strength = torch.rand(4, size, 1, 1, 1, device=images.device)[:, own]
    brightness, contrast = 2 * strength[:2] - 1
    if settings.blur:
        with torch.autocast(images.device.type, enabled=False):
            images = blurred(images, settings.blur * strength[2].flatten(), math.ceil(3 * settings.blur))
    if settings.contrast:
        mean = images.mean(dim=(2, 3), keepdim=True)
        images = mean + (images - mean) * (math.log1p(settings.contrast) * contrast).exp()
    if settings.brightness:
        images = images + settings.brightness * brightness
    if settings.noise:
        noise = torch.randn(size, *images.shape[1:], device=images.device)[own]
        images = images + settings.noise * strength[3] * noise
    return images


def blurred(images: Tensor, sigma: Tensor, radius: int) -> Tensor:
    """Blur each image by a Gaussian of its own.

    Parameters
    ----------
    images
        float32 [B, T, H, W].
    sigma
        Standard deviations in pixels, float32 [B]; 0 leaves an image as it is.
    radius
        Of the Gaussians, in pixels; less in an image that is smaller.
    """
    radius = min(radius, min(images.shape[-2:]) - 1)
    offsets = torch.arange(-radius, radius + 1, device=images.device)
    kernels = torch.exp(-(offsets**2) / (2 * sigma.clamp(min=1e-3)[:, None] ** 2))
    kernels = kernels / kernels.sum(dim=1, keepdim=True)  # (B, K)
    count, planes = len(images), images.transpose(0, 1)  # (1, B, H, W): one group for each image
    planes = pad(planes, (radius,) * 4, mode="reflect")
    planes = conv2d(planes, kernels[:, None, :, None], groups=count)
    return conv2d(planes, kernels[:, None, None, :], groups=count).transpose(0, 1)
