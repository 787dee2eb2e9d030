"""U-Net with a convolutional LSTM in every level of its encoder, for recordings (Arbelle and Raviv 2019).

Source: Arbelle and Raviv, Microscopy cell segmentation via convolutional LSTM networks, ISBI 2019,
arXiv 1805.11247; the ConvLSTM is that of Shi et al., NIPS 2015.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d

from monolayer.heads.base.head import build_pixel_head
from monolayer.models.base.recurrent import RecurrentModel, RecurrentNet
from monolayer.models.convlstm_unet.settings import Settings

Memory = tuple[Tensor, Tensor]
"""Hidden state and cell state, float32 [B, C, H, W] each."""


class ConvLstm(nn.Module):
    """An LSTM whose products with its weights are convolutions."""

    def __init__(self, inputs: int, channels: int, kernel: int) -> None:
        super().__init__()
        self.gates = nn.Conv2d(inputs + channels, 4 * channels, kernel, padding=kernel // 2)

    def forward(self, images: Tensor, memory: Memory | None) -> Memory:
        """Return the states after one more frame, [B, inputs, H, W]."""
        if memory is None:
            empty = images.new_zeros(len(images), self.gates.out_channels // 4, *images.shape[-2:])
            memory = (empty, empty)
        hidden, cell = memory
        gates = self.gates(torch.cat([images, hidden.to(images.dtype)], dim=1))
        forget, take, give, new = gates.chunk(4, dim=1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(take) * torch.tanh(new)
        return torch.sigmoid(give) * torch.tanh(cell), cell


class Level(nn.Module):
    """One level of the encoder: remembers, then convolves."""

    def __init__(self, inputs: int, channels: int, kernel: int) -> None:
        super().__init__()
        self.lstm = ConvLstm(inputs, channels, kernel)
        self.convolutions = convolutions(channels, channels, kernel)

    def forward(self, sequences: Tensor, memory: Memory | None) -> tuple[Tensor, Memory]:
        """Turn sequences [B, T, C, H, W] into features and the states after the last frame."""
        hidden = []
        for frame in sequences.unbind(dim=1):
            memory = self.lstm(frame, memory)
            hidden.append(memory[0])
        assert memory is not None  # a sequence has frames
        features = self.convolutions(torch.stack(hidden, dim=1).flatten(0, 1))
        return features.unflatten(0, sequences.shape[:2]), memory


class ConvLstmUNet(RecurrentNet):
    """The encoder remembers, the decoder does not."""

    def __init__(self, channels: list[int], outputs: int, kernel: int) -> None:
        super().__init__()
        self.levels = nn.ModuleList(Level(a, b, kernel) for a, b in pairwise([1, *channels]))
        self.up = nn.ModuleList(convolutions(a + b, a, kernel) for a, b in pairwise(channels))
        self.last = nn.Conv2d(channels[0], outputs, 1)

    def forward(self, sequences: Tensor, memory: list[Memory] | None) -> tuple[Tensor, list[Memory]]:
        """Turn sequences [B, T, 1, H, W] into outputs [B, T, C, H, W] and the states of all levels."""
        features, states = sequences, []
        skipped: list[Tensor] = []
        for number, level in enumerate(self.levels):
            if skipped:
                features = max_pool2d(skipped[-1].flatten(0, 1), 2).unflatten(0, sequences.shape[:2])
            features, state = level(features, None if memory is None else memory[number])
            states.append(state)
            skipped.append(features)
        merged = skipped.pop().flatten(0, 1)
        for finer, up in zip(reversed(skipped), reversed(self.up), strict=True):
            larger = interpolate(merged, scale_factor=2, mode="bilinear", align_corners=False)
            merged = up(torch.cat([finer.flatten(0, 1), larger.to(finer.dtype)], dim=1))
        return self.last(merged).unflatten(0, sequences.shape[:2]), states


def convolutions(inputs: int, channels: int, kernel: int) -> nn.Sequential:
    """Two convolutions, each with batch normalisation and LeakyReLU."""
    layers: list[nn.Module] = []
    for number in (inputs, channels):
        layers += [
            nn.Conv2d(number, channels, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm2d(channels),
            nn.LeakyReLU(inplace=True),
        ]
    return nn.Sequential(*layers)


def build(settings: Settings) -> RecurrentModel:
    """Build the model with fresh weights; each level after the first halves the resolution."""
    head = build_pixel_head(settings.head)
    net = ConvLstmUNet(settings.channels, head.channels, settings.kernel)
    return RecurrentModel(net, head, stride=2 ** (len(settings.channels) - 1), settings=settings)
