"""How large the nets of a CellSAM are."""

from typing import NamedTuple

from transformers import SamConfig, SamModel


class Size(NamedTuple):
    """All numbers that the nets are built from. Pixels are those that the image encoder sees."""

    window: int
    """Side in pixels of the square that the mask decoder sees: SAM's image."""
    centred: bool
    """The square has the cell in its middle, with nothing beyond the image; else it keeps to the image."""
    patch: int
    """Side in pixels of the patches that the encoder turns into features."""
    attention_window: int
    """Side in patches of the windows in which most blocks of the encoder attend."""
    channels: int
    """Of the encoder's features."""
    blocks: int
    heads: int
    global_blocks: tuple[int, ...]
    """Blocks that attend to the whole image."""
    mask_channels: int
    """Of the neck, the prompts and the mask decoder."""
    mask_heads: int
    mask_hidden: int
    """Units between the two layers of the mask decoder's perceptrons."""
    finder_channels: int
    finder_heads: int
    finder_layers: int


SIZES = {
    "tiny": Size(
        window=128,
        centred=True,
        patch=8,
        attention_window=4,
        channels=96,
        blocks=2,
        heads=4,
        global_blocks=(1,),
        mask_channels=64,
        mask_heads=2,
        mask_hidden=128,
        finder_channels=96,
        finder_heads=8,
        finder_layers=2,
    ),
    "vit-base": Size(
        window=1024,
        centred=False,
        patch=16,
        attention_window=14,
        channels=768,
        blocks=12,
        heads=12,
        global_blocks=(2, 5, 8, 11),
        mask_channels=256,
        mask_heads=8,
        mask_hidden=2048,
        finder_channels=256,
        finder_heads=8,
        finder_layers=6,
    ),
}
"""``vit-base`` is SAM's ViT-B with a detector of CellSAM's size."""


def build_sam(size: Size) -> SamModel:
    """Build SAM with random weights.

    They are torch's, as in the program of SAM's authors: those of transformers, far smaller, are made to be
    replaced, and hardly learn.
    """
    sam = SamModel(sam_config(size))
    for module in sam.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    return sam


def sam_config(size: Size) -> SamConfig:
    """Return what transformers builds SAM from."""
    image = {"image_size": size.window, "patch_size": size.patch}
    vision = {
        "window_size": size.attention_window,
        "hidden_size": size.channels,
        "num_hidden_layers": size.blocks,
        "num_attention_heads": size.heads,
        "global_attn_indexes": list(size.global_blocks),
        "output_channels": size.mask_channels,
        "num_pos_feats": size.mask_channels // 2,
    }
    decoder = {
        "hidden_size": size.mask_channels,
        "num_attention_heads": size.mask_heads,
        "mlp_dim": size.mask_hidden,
        "iou_head_hidden_dim": size.mask_channels,
    }
    config = SamConfig(
        vision_config={**image, **vision},
        prompt_encoder_config={**image, "hidden_size": size.mask_channels},
        mask_decoder_config=decoder,
    )
    config.vision_config.scale = 1.0  # of the random frequencies that encode places; SAM's authors'
    return config
