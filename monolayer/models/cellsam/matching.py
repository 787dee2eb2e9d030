"""Which query is to find which cell, and what it has to learn: DETR's bipartite matching and its losses.

Source: Carion et al., End-to-end object detection with transformers, ECCV 2020; Anchor DETR's focal loss.

Those of Hugging Face's transformers, for Deformable DETR, measure edges in units of the image's side, so that
crops and whole images differ, match the queries of all images with the cells of all, fail at what is no
number, and do not know of other processes.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor
from torch.nn.functional import logsigmoid
from torchvision.ops import generalized_box_iou, generalized_box_iou_loss, sigmoid_focal_loss

from monolayer.heads.base.losses import summed_over_processes
from monolayer.models.cellsam.finder import Found

BOX_WEIGHTS = {"score": 2.0, "edges": 5.0, "giou": 2.0}
"""Of the terms, in the costs as in the loss; DETR's and Anchor DETR's."""
ALPHA, GAMMA = 0.25, 2.0
"""Of the focal loss."""


class Pairs(NamedTuple):
    """Queries and the cells that they are to find, int64 [N] each."""

    query: Tensor
    cell: Tensor


def box_terms(found: Found, boxes: Sequence[Tensor]) -> dict[str, Tensor]:
    """Return the terms of the detector's loss: means over the cells of the batch and over the layers.

    Parameters
    ----------
    found
        What the detector says of B images.
    boxes
        The true boxes of each of them, float32 [N, 4].

    Returns
    -------
    dict
        Scalars: ``score``, the focal loss of all queries; ``edges`` and ``giou`` of those that are matched.
    """
    layers = zip(found.logits, found.boxes, strict=True)
    sums = torch.stack(
        [_sums(*own) for logits, guesses in layers for own in zip(logits, guesses, boxes, strict=True)]
    )
    cells = sums.new_tensor([len(found.logits) * sum(len(own) for own in boxes)])
    *totals, count = summed_over_processes(torch.cat([sums.sum(dim=0), cells]))
    return {name: total / count.clamp(min=1) for name, total in zip(BOX_WEIGHTS, totals, strict=True)}


def _sums(logits: Tensor, boxes: Tensor, true: Tensor) -> Tensor:
    """Return score, edges and giou of one image, summed; float32 [3]."""
    query, cell = match(logits, boxes, true)
    wanted = torch.zeros_like(logits)
    wanted[query] = 1
    score = sigmoid_focal_loss(logits, wanted, ALPHA, GAMMA, reduction="sum")
    edges = edge_error(boxes[query], true[cell]).sum()
    giou = generalized_box_iou_loss(boxes[query], true[cell], reduction="sum")
    return torch.stack([score, edges, giou])


def match(logits: Tensor, boxes: Tensor, true: Tensor) -> Pairs:
    """Give each cell a query of its own, so that the sum of their costs is the least.

    Parameters
    ----------
    logits, boxes
        What Q queries say, float32 [Q] and [Q, 4].
    true
        Boxes of N cells, float32 [N, 4]. Where there are more than queries, some get none.
    """
    # Where a training has failed there are no numbers; that is noticed by its loss.
    costs = costs_of(logits, boxes, true).nan_to_num()
    pairs = linear_sum_assignment(costs.cpu().numpy())
    return Pairs(*(torch.from_numpy(indices).to(boxes.device) for indices in pairs))


@torch.no_grad()
def costs_of(logits: Tensor, boxes: Tensor, true: Tensor) -> Tensor:
    """Return what it would cost each query to be given each cell, float32 [Q, N]; see `match`."""
    cell, none = logits.sigmoid(), (-logits).sigmoid()
    given = -ALPHA * none**GAMMA * logsigmoid(logits)
    left = -(1 - ALPHA) * cell**GAMMA * logsigmoid(-logits)
    terms = {
        "score": (given - left)[:, None],
        "edges": edge_error(boxes[:, None], true),
        "giou": -generalized_box_iou(boxes, true),
    }
    return torch.stack(torch.broadcast_tensors(*(w * terms[name] for name, w in BOX_WEIGHTS.items()))).sum(0)


def edge_error(boxes: Tensor, true: Tensor) -> Tensor:
    """Return how far the edges are off on average, in units of the true box's mean side; [...] of [..., 4].

    DETR has units of the image's side, which would make crops and whole images differ.

    >>> edge_error(torch.tensor([0.0, 0.0, 9.0, 9.0]), torch.tensor([0.0, 0.0, 10.0, 10.0]))
    tensor(0.0500)
    """
    side = 0.5 * (true[..., 2:] - true[..., :2]).sum(dim=-1)
    return (boxes - true).abs().mean(dim=-1) / side
