"""Kaggle's run-length codes, written and read pixel by pixel: what the library is compared with."""

import numpy as np


def _pixels(height: int, width: int, order: str) -> list[tuple[int, int]]:
    if order == "rows":
        return [(row, column) for row in range(height) for column in range(width)]
    return [(row, column) for column in range(width) for row in range(height)]


def encode(mask: np.ndarray, order: str) -> str:
    """A mask, bool [H, W], as ``start length start length ...``."""
    runs: list[list[int]] = []
    inside = False
    for number, pixel in enumerate(_pixels(*mask.shape, order), start=1):
        if mask[pixel] and inside:
            runs[-1][1] += 1
        elif mask[pixel]:
            runs.append([number, 1])
        inside = bool(mask[pixel])
    return " ".join(f"{start} {length}" for start, length in runs)


def decode(code: str, height: int, width: int, order: str) -> np.ndarray:
    """The mask, bool [H, W], of a code."""
    mask = np.zeros((height, width), dtype=bool)
    pixels = _pixels(height, width, order)
    numbers = [int(text) for text in code.split()]
    while numbers:
        start, length, *numbers = numbers
        for number in range(start, start + length):
            mask[pixels[number - 1]] = True
    return mask


def discs(height: int, width: int, centres: list[tuple[int, int]], radius: float) -> list[np.ndarray]:
    """A mask, bool [H, W], for each centre (row, column); they may overlap."""
    rows, columns = np.mgrid[:height, :width]
    return [(rows - row) ** 2 + (columns - column) ** 2 <= radius**2 for row, column in centres]
