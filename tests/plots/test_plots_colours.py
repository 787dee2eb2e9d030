"""Colours that carry a meaning are told apart by all kinds of colour vision.

Dichromats' vision is simulated by Machado, Oliveira and Fernandes, "A physiologically-based model for
simulation of color vision deficiency", IEEE TVCG 15:1291 (2009), at severity 1.
Distances are CIE76, in CIELAB.
"""

import json
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from PIL import Image
from skimage.color import rgb2lab

from monolayer.plots.overlay import AGREEMENT, overlay_agreement
from monolayer.plots.panels import OUTLINE_COLOUR, plot_cells
from monolayer.plots.style import KIND_COLOURS, MARKERS, PALETTE, SPLIT_COLOURS, looks_of, save_png

ROOT = Path(__file__).resolve().parents[2]
APART = 25
VISIONS = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
GREYS = np.repeat(np.arange(256)[:, None], 3, axis=1)


def lab(colours: np.ndarray, vision: str) -> np.ndarray:
    """What someone sees of sRGB colours [N, 3] in 0..255, in CIELAB."""
    encoded = np.asarray(colours, dtype=np.float64) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ VISIONS[vision].T, 0, 1)
    again = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    return rgb2lab(again[None])[0]


def distances(first: np.ndarray, second: np.ndarray, vision: str) -> np.ndarray:
    """Of each colour [N, 3] to each of others [M, 3], as [N, M]."""
    return np.linalg.norm(lab(first, vision)[:, None] - lab(second, vision)[None], axis=2)


def in_bytes(colour: str) -> list[int]:
    return [round(255 * part) for part in to_rgb(colour)]


def test_the_simulation_makes_green_and_magenta_alike_and_leaves_greys():
    two = np.array([[0, 158, 115], [220, 38, 127]])
    seen = {vision: distances(two, two, vision)[0, 1] for vision in VISIONS}
    assert seen["deuteranopia"] == pytest.approx(5, abs=1)
    assert min(seen["normal"], seen["tritanopia"]) > 100
    for vision in VISIONS:
        assert np.allclose(lab(GREYS, vision), lab(GREYS, "normal"), atol=0.01)


@pytest.mark.parametrize("vision", VISIONS)
def test_outlines_are_told_apart_and_from_every_grey(vision: str):
    colours = np.array([drawn.colour for drawn in AGREEMENT.values()])
    for first, second in combinations(range(len(colours)), 2):
        assert distances(colours, colours, vision)[first, second] >= APART
    assert distances(colours, GREYS, vision).min() >= APART
    assert distances(np.array([OUTLINE_COLOUR]), GREYS, vision).min() >= APART


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("grey", range(0, 256, 15))
def test_regions_are_told_apart_on_the_same_grey(vision: str, grey: int):
    truth, prediction = np.array([[True, False, True, False]]), np.array([[True, True, False, False]])
    image = np.array([[grey] * 4], dtype=np.uint8)
    image = np.vstack([image, [[0, 255, 0, 255]]]).astype(np.uint8)  # nothing is left to stretch
    rows = (np.vstack([own, np.zeros((1, 4), dtype=bool)]) for own in (truth, prediction))
    colours = overlay_agreement(image, *rows)[0]
    apart = distances(colours, colours, vision)
    assert apart[~np.eye(4, dtype=bool)].min() >= APART


@pytest.mark.parametrize("vision", VISIONS)
def test_a_saved_figure_keeps_them_apart(vision: str, tmp_path: Path):
    outlines = {name: np.zeros((300, 300), dtype=bool) for name in AGREEMENT}
    for number, outline in enumerate(outlines.values()):
        outline[40 + 60 * number, 50:70] = True
    noise = np.random.default_rng(0).integers(0, 256, (300, 300), dtype=np.uint8)
    figure = plot_cells("unet", {"best": (noise, outlines)})
    save_png(figure, tmp_path / "cells.png")
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    drawn = np.asarray(canvas.buffer_rgba())[..., :3]
    with Image.open(tmp_path / "cells.png") as picture:
        saved = np.asarray(picture.convert("RGB"))
    grey = saved[(np.ptp(drawn, axis=2) == 0) & (drawn[..., 0] > 0) & (drawn[..., 0] < 255)]
    kinds = [saved[(drawn == own.colour).all(axis=2)] for own in AGREEMENT.values()]
    kinds = [np.unique(own, axis=0) for own in (*kinds, grey)]
    assert [len(own) > 0 for own in kinds] == [True] * 4
    for first, second in combinations(kinds, 2):
        assert distances(first, second, vision).min() >= APART


REVISIONS = json.loads((ROOT / ".dvc" / "plots" / "bars.json").read_text())["layer"][0]["encoding"]["color"]
SETS = {
    "palette": PALETTE,
    "splits": list(SPLIT_COLOURS.values()),
    "kinds": list(KIND_COLOURS.values()),
    "revisions": REVISIONS["scale"]["range"],
}


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("name", SETS)
def test_colours_of_plots_are_told_apart_and_from_white(name: str, vision: str):
    colours = np.array([in_bytes(colour) for colour in SETS[name]])
    for first, second in combinations(range(len(colours)), 2):
        apart = distances(colours, colours, vision)[first, second]
        assert apart >= APART, (SETS[name][first], SETS[name][second])
    assert distances(colours, np.array([[255, 255, 255]]), vision).min() >= APART


def test_twice_as_many_names_as_colours_differ_by_colour_or_marker():
    looks = looks_of([f"type {number:02d}" for number in range(2 * len(PALETTE))])
    assert len({tuple(look.values()) for look in looks.values()}) == 2 * len(PALETTE)
    assert {look["marker"] for look in looks.values()} == set(MARKERS)


def test_models_of_a_comparison_differ_by_colour_or_shape():
    curves = json.loads((ROOT / ".dvc" / "plots" / "curves.json").read_text())
    lines, points = (layer["encoding"] for layer in curves["layer"])
    colours, shapes = points["color"]["scale"]["range"], points["shape"]["scale"]["range"]
    assert tuple(colours) == tuple(lines["stroke"]["scale"]["range"]) == PALETTE
    assert len(set(shapes)) == len(shapes)
    pairs = {(number % len(colours), number % len(shapes)) for number in range(2 * len(colours))}
    assert len(pairs) == 2 * len(colours)
