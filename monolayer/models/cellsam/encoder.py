"""SAM's image encoder, for images of any size."""

import torch
from torch import Tensor
from torch.nn.functional import interpolate
from transformers.models.sam.modeling_sam import SamVisionEncoder


def accept_any_size(encoder: SamVisionEncoder) -> None:
    """Let the blocks of SAM's image encoder attend in images of another size than it is built for."""
    for block in encoder.layers:
        block.attn.get_rel_pos = relative_places


def relative_places(queries: int, keys: int, table: Tensor) -> Tensor:
    """Return the embedding of each offset between places on a line.

    Transformers' own would stretch the table to the size of the image, so that what was learned of the
    neighbouring patch would hold for another one. Beyond the table, all offsets are alike.

    Parameters
    ----------
    queries, keys
        Number of places, of which both are the same line.
    table
        Embeddings of the offsets from -(T - 1) to T - 1, float32 [2 T - 1, C].

    Returns
    -------
    Tensor
        [queries, keys, C].

    Examples
    --------
    >>> relative_places(3, 3, torch.tensor([[-1.0], [0.0], [1.0]]))[..., 0]
    tensor([[ 0., -1., -1.],
            [ 1.,  0., -1.],
            [ 1.,  1.,  0.]])
    """
    query, key = (torch.arange(number, device=table.device) for number in (queries, keys))
    furthest = len(table) // 2
    return table[(query[:, None] - key).clamp(-furthest, furthest) + furthest]


def encode(encoder: SamVisionEncoder, images: Tensor) -> Tensor:
    """Return the features before the neck.

    Parameters
    ----------
    encoder
        SAM's, made to `accept_any_size`.
    images
        Grey, float32 [B, 1, H, W]; H and W are multiples of the patches' side.

    Returns
    -------
    Tensor
        [B, h, w, C], of each patch.
    """
    seen = encoder.patch_embed.projection(images.expand(-1, 3, -1, -1))  # (B, C, h, w)
    place = interpolate(encoder.pos_embed.movedim(-1, 1), seen.shape[-2:], mode="bicubic")
    features = (seen + place).movedim(1, -1)
    for block in encoder.layers:
        features = block(features)
    return features
