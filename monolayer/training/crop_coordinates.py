"""Which pixels of the images a batch of crops is made of."""

import torch
from torch import Tensor


def along(centre: Tensor, side: Tensor, size: int, flipped: Tensor) -> Tensor:
    """Return the rows or columns of each crop, int64 [B, size], moved into the image where they fit.

    Parameters
    ----------
    centre, side
        Of the crop and of its image, in pixels, int64 [B].
    size
        Side of the crops; they reach beyond an image that is smaller.
    flipped
        1 for the opposite order, int64 [B].

    Examples
    --------
    >>> centre, side = torch.tensor([0, 5, 4]), torch.tensor([8, 8, 8])
    >>> along(centre, side, 4, flipped=torch.tensor([0, 0, 1])).tolist()
    [[0, 1, 2, 3], [3, 4, 5, 6], [5, 4, 3, 2]]
    """
    start = torch.minimum(centre - size // 2, side - size).clamp(min=0)
    steps = torch.arange(size, device=centre.device)
    return start[:, None] + torch.where(flipped[:, None] > 0, steps.flip(0), steps)


def reflected(position: Tensor, side: Tensor) -> Tensor:
    """Bring positions beyond the sides of an image back into it, as a mirror at its edge does.

    Parameters
    ----------
    position
        Rows or columns in pixels, int64 of any shape.
    side
        Height or width, int64, of a shape that fits.

    Examples
    --------
    >>> reflected(torch.tensor([-2, -1, 0, 2, 3, 4]), torch.tensor(3)).tolist()
    [1, 0, 0, 2, 2, 1]
    """
    position = position % (2 * side)
    return torch.minimum(position, 2 * side - 1 - position)


def mirror_image(position: Tensor, side: Tensor) -> Tensor:
    """Say in which mirror image of its own image each position lies, 0 for the image itself.

    Parameters
    ----------
    position, side
        As `reflected` takes them.

    Examples
    --------
    >>> mirror_image(torch.tensor([-4, -1, 0, 2, 3, 6]), torch.tensor(3)).tolist()
    [3, 1, 0, 0, 2, 4]
    """
    period = position.div(side, rounding_mode="floor")
    return torch.where(period < 0, -2 * period - 1, 2 * period)


def told_apart(labels: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """Give the cells of each mirror image numbers of their own; those of the image itself keep theirs.

    So no cell consists of two mirrored halves, or of two places. What the image's edge cuts is a cell that
    ends there, as it is in a whole image, and its mirror image is another one that touches it.

    Parameters
    ----------
    labels
        Of crops, int32 [B, H, W], 0 = background.
    down, across
        What `mirror_image` says of their rows and columns, int64 of shapes that fit.

    Examples
    --------
    >>> labels = torch.tensor([[[4, 0, 0, 4]]], dtype=torch.int32)
    >>> told_apart(labels, torch.tensor([[[0]]]), torch.tensor([[[0, 0, 1, 1]]])).tolist()
    [[[4, 0, 0, 9]]]
    """
    number = down * (across.amax(dim=(1, 2), keepdim=True) + 1) + across
    count = labels.amax(dim=(1, 2), keepdim=True) + 1
    return torch.where(labels > 0, labels + (number * count).int(), 0)


def warped(rows: Tensor, columns: Tensor, angle: Tensor, step: Tensor) -> tuple[Tensor, Tensor]:
    """Rotate and scale crops about their centres.

    Parameters
    ----------
    rows, columns
        Of each crop, int64 [B, S].
    angle
        In radians, float32 [B].
    step
        Distance of neighbouring pixels of the crop, in pixels of the image, float32 [B].

    Returns
    -------
    rows, columns
        Where each pixel of the crops comes from, float32 [B, S, S] each.
    """
    middle_row, middle_column = (lines.float().mean(dim=1)[:, None, None] for lines in (rows, columns))
    down, across = rows[:, :, None] - middle_row, columns[:, None, :] - middle_column
    cosine, sine = (step * angle.cos())[:, None, None], (step * angle.sin())[:, None, None]
    return middle_row + cosine * down - sine * across, middle_column + sine * down + cosine * across


def interpolated(
    pixels: Tensor, first: Tensor, shape: tuple[Tensor, Tensor], coordinates: tuple[Tensor, Tensor]
) -> Tensor:
    """Return grey levels between pixels, bilinear, float32 [B, S, S].

    Parameters
    ----------
    pixels
        Of all images, uint8 or float16 [P].
    first
        Position of the first pixel of each crop's image, int64 [B, 1, 1].
    shape
        Height and width of each crop's image, int64 [B, 1, 1].
    coordinates
        Rows and columns, float32 [B, S, S]; those beyond the image are reflected into it.
    """
    (height, width), (rows, columns) = shape, coordinates
    top, left = rows.floor(), columns.floor()
    low, right = rows - top, columns - left
    total = torch.zeros_like(rows)
    for down, weight_down in ((0, 1 - low), (1, low)):
        line = first + reflected(top.long() + down, height) * width
        for across, weight_across in ((0, 1 - right), (1, right)):
            level = pixels[line + reflected(left.long() + across, width)]
            total += weight_down * weight_across * level
    return total
