"""CellFinder: a detector on the features of SAM's image encoder, with queries at anchor points.

Source: Wang et al., Anchor DETR: query design for transformer-based object detection, AAAI 2022.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from monolayer.models.cellsam.neighbourhood import Neighbourhood

RARE = 0.01
"""Probability of a cell that queries start with: most find none."""
TYPICAL, LARGEST = 1.0, 4.0
"""Logarithm of a box's side in patches: at the start, and at most."""


class Found(NamedTuple):
    """What the L layers of a detector say of B images; each has Q queries."""

    logits: Tensor
    """Of having found a cell, float32 [L, B, Q]."""
    boxes: Tensor
    """Left, top, right and bottom edge in pixels, float32 [L, B, Q, 4]."""


class Finder(nn.Module):
    """Finds the boxes of cells: each query finds one or none.

    Parameters
    ----------
    features
        Channels of the features.
    channels, heads, layers
        Of the decoder.
    queries
        At each patch, whose middle is their anchor point.
    stride
        Side of a patch in pixels of the image.
    """

    def __init__(
        self, features: int, channels: int, heads: int, layers: int, queries: int, stride: int
    ) -> None:
        super().__init__()
        self.stride = stride
        self.project = nn.Sequential(nn.Linear(features, channels), nn.LayerNorm(channels))
        self.patterns = nn.Parameter(torch.randn(queries, channels))
        self.layers = nn.ModuleList(FinderLayer(channels, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(channels)
        self.score = nn.Linear(channels, 1)
        edges = nn.Linear(channels, 4)
        self.box = nn.Sequential(_perceptron(channels, channels, channels), nn.GELU(), edges)
        nn.init.constant_(self.score.bias, math.log(RARE / (1 - RARE)))
        nn.init.normal_(edges.weight, std=0.01)
        edges.bias.data.copy_(torch.tensor([0.0, 0.0, TYPICAL, TYPICAL]))

    def forward(self, features: Tensor) -> Found:
        """Find boxes by features [B, h, w, C]."""
        features = self.project(features)
        queries = features.unsqueeze(3) + self.patterns  # (B, h, w, P, C)
        said = []
        for layer in self.layers:
            queries = layer(queries, features)
            said.append(self._said(self.norm(queries)))
        return Found(*(torch.stack(part) for part in zip(*said, strict=True)))

    def _said(self, queries: Tensor) -> tuple[Tensor, Tensor]:
        shift, size = self.box(queries).float().chunk(2, dim=-1)  # in patches, (B, h, w, P, 2)
        centre = self._anchors(queries) + self.stride * shift
        half = 0.5 * self.stride * size.clamp(max=LARGEST).exp()
        boxes = torch.cat([centre - half, centre + half], dim=-1)
        return self.score(queries).float().flatten(1), boxes.flatten(1, 3)

    def _anchors(self, queries: Tensor) -> Tensor:
        """Return x and y of each patch's middle in pixels, float32 [h, w, 1, 2]."""
        rows, columns = (torch.arange(side, device=queries.device) + 0.5 for side in queries.shape[1:3])
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        return self.stride * torch.stack([x, y], dim=-1).unsqueeze(2)


class FinderLayer(nn.Module):
    """Queries look at each other, to agree on who takes which cell, then at the features around them."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(3))
        self.among = Neighbourhood(channels, heads)
        self.around = Neighbourhood(channels, heads)
        self.think = _perceptron(channels, 4 * channels, channels)

    def forward(self, queries: Tensor, features: Tensor) -> Tensor:
        """Return queries [B, h, w, P, C] that have seen the features [B, h, w, C]."""
        own = self.norms[0](queries)
        queries = queries + self.among(own, own)
        queries = queries + self.around(self.norms[1](queries), features.unsqueeze(3))
        return queries + self.think(self.norms[2](queries))


def _perceptron(channels: int, hidden: int, out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(channels, hidden), nn.GELU(), nn.Linear(hidden, out))
