"""Attention of a grid of queries to what stands near: images of any size look the same to a query."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import pad, scaled_dot_product_attention

REACH = 4
"""A query attends to what is so many rows and columns away at most."""
BLOCK = 8
"""Queries are done in squares of this side, each with all that its queries reach."""


class Neighbourhood(nn.Module):
    """Attention of P queries at each place of a grid to the M others at each place around."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(channels, channels)
        self.key_value = nn.Linear(channels, 2 * channels)
        self.out = nn.Linear(channels, channels)
        # At first each head looks at some places, as a kernel would: an even look at all learns slowly.
        self.position_bias = nn.Parameter(4 * torch.randn(heads, 2 * REACH + 1, 2 * REACH + 1))

    def forward(self, queries: Tensor, others: Tensor) -> Tensor:
        """Return what queries [B, h, w, P, C] see of the others [B, h, w, M, C]; [B, h, w, P, C].

        Beyond the grid there are zeros.
        """
        asked = squares(self.query(queries), 0)  # (B, n, m, S, S, P, C)
        near = squares(self.key_value(others), REACH)  # (B, n, m, T, T, M, 2 C)
        query, key, value = (self._tokens(part) for part in (asked, *near.chunk(2, dim=-1)))
        places = self._scores_of_places(asked.shape[5], near.shape[5]).to(asked.dtype)
        seen = scaled_dot_product_attention(query, key, value, places)  # (B n m, heads, S S P, c)
        seen = seen.transpose(1, 2).reshape(asked.shape).movedim(2, 3).flatten(3, 4).flatten(1, 2)
        return self.out(seen[:, : queries.shape[1], : queries.shape[2]])

    def _tokens(self, part: Tensor) -> Tensor:
        """Turn squares [B, n, m, T, T, M, C] into what torch attends to, [B n m, heads, T T M, c]."""
        return part.flatten(3, 5).flatten(0, 2).unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def _scores_of_places(self, queries: int, others: int) -> Tensor:
        """Return each head's score of each place in a square, -inf beyond reach: [heads, S S P, T T M]."""
        place = torch.arange(BLOCK + 2 * REACH, device=self.position_bias.device)
        offset = place - place[:BLOCK, None]  # (S, T), from 0 for the furthest up or left
        reached = (offset >= 0) & (offset <= 2 * REACH)
        reached = reached[:, None, :, None] & reached[:, None]  # (S, S, T, T)
        offset = offset.clamp(0, 2 * REACH)
        scores = self.position_bias[:, offset[:, None, :, None], offset[:, None]].masked_fill(
            ~reached, -math.inf
        )
        scores = scores[:, :, :, None, :, :, None].expand(-1, -1, -1, queries, -1, -1, others)
        return scores.flatten(4, 6).flatten(1, 3)


def squares(grid: Tensor, reach: int) -> Tensor:
    """Cut a grid into squares, each with what is in reach around it.

    Parameters
    ----------
    grid
        [B, h, w, M, C].
    reach
        Rows and columns on each side of a square; zeros beyond the grid.

    Returns
    -------
    Tensor
        [B, n, m, T, T, M, C] for squares of T = `BLOCK` + 2 `reach` rows and columns.
    """
    height, width = grid.shape[1:3]
    below, right = (reach + -side % BLOCK for side in (height, width))
    grid = pad(grid, (0, 0, 0, 0, reach, right, reach, below))
    side = BLOCK + 2 * reach
    return grid.unfold(1, side, BLOCK).unfold(2, side, BLOCK).movedim((-2, -1), (3, 4))
