"""How figures become files."""

import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from monolayer.plots.style import PALETTE, axes_grid, looks_of, number_of, save_png, styled


@styled
def plot_line() -> Figure:
    """A line with a title."""
    figure, ((axes,),) = axes_grid(1, 1, width=3, height=2)
    axes.plot([0, 1, 4], color=PALETTE[0])
    axes.set_title("squares")
    return figure


@styled
def plot_noise() -> Figure:
    """A picture of many colours."""
    figure, ((axes,),) = axes_grid(1, 1, width=3, height=2)
    axes.imshow(np.random.default_rng(0).integers(0, 256, (50, 50, 3), dtype=np.uint8))
    return figure


def colours_in(path: Path) -> np.ndarray:
    """The colours of a picture, [N, 3]."""
    with Image.open(path) as picture:
        return np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0).astype(int)


def test_the_same_bytes_again(tmp_path: Path):
    for name in ("first", "second"):
        save_png(plot_line(), tmp_path / "plots" / f"{name}.png")
    first, second = ((tmp_path / "plots" / f"{name}.png").read_bytes() for name in ("first", "second"))
    assert first == second


def test_the_users_own_style_does_not_matter(tmp_path: Path):
    save_png(plot_line(), tmp_path / "plain.png")
    with matplotlib.rc_context({"font.size": 20, "axes.facecolor": "pink"}):
        save_png(plot_line(), tmp_path / "pink.png")
    assert (tmp_path / "plain.png").read_bytes() == (tmp_path / "pink.png").read_bytes()


def test_neither_date_nor_program(tmp_path: Path):
    save_png(plot_line(), tmp_path / "line.png")
    with Image.open(tmp_path / "line.png") as picture:
        assert picture.size == (300, 200)
        assert picture.info == {}


def test_noise_is_a_smaller_file(tmp_path: Path):
    plot_noise().savefig(tmp_path / "all.png", dpi=100)
    save_png(plot_noise(), tmp_path / "few.png")
    with Image.open(tmp_path / "few.png") as picture:
        assert len(picture.getcolors()) <= 256
    assert (tmp_path / "few.png").stat().st_size < 0.5 * (tmp_path / "all.png").stat().st_size


def test_colours_of_few_pixels_stay_beside_noise(tmp_path: Path):
    figure = plot_noise()
    for index, colour in enumerate(PALETTE):
        figure.add_artist(Rectangle((0.05 + 0.05 * index, 0.02), 0.02, 0.03, color=colour))
    save_png(figure, tmp_path / "points.png")
    saved = colours_in(tmp_path / "points.png")
    for colour in PALETTE:
        assert np.abs(saved - np.multiply(to_rgb(colour), 255)).max(axis=1).min() < 16, colour


def test_looks_follow_the_names_not_their_order():
    assert looks_of(["b", "a", "b"]) == looks_of(["a", "b"])
    assert [look["color"] for look in looks_of(["b", "a"]).values()] == list(PALETTE[:2])


def test_more_names_than_looks():
    assert len(looks_of([f"type {number}" for number in range(30)])) == 30


def test_numbers_of_things():
    assert [number_of(count, "cell") for count in (0, 1, 12345)] == ["0 cells", "1 cell", "12,345 cells"]


def test_stages_that_plot_do_not_wait_for_what_they_do_not_use():
    code = "import sys, stages.explore, stages.baseline, stages.evaluate, stages.compare; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert not {"matplotlib.pyplot", "torch", "pandas", "skimage", "scipy"} & set(loaded.split())
