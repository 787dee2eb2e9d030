"""How far the rendered images are from real ones: grey levels, gradients, power spectra and cell shapes.

``python -m benchmarks.realism FOLDER`` needs the embedded run (`dvc repro`) and a folder laid out like
LIVECell's server, whose images without annotations count too if they lie in FOLDER/unannotated. It writes
benchmarks/results/realism.json and realism.png. Every distance is the mean over pairs of images of a cell
type; beside it stands, for scale, the mean distance between two real images of that type.
"""

import itertools
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from scipy.ndimage import gaussian_gradient_magnitude
from scipy.signal.windows import hann
from scipy.stats import wasserstein_distance
from skimage.measure import regionprops_table

from benchmarks.measure import RESULTS, machine, write_result
from benchmarks.packed_data import Data, packed_embedded, packed_livecell
from monolayer.annotations.coco import cell_type_of
from monolayer.annotations.livecell_names import parse
from monolayer.images.files import read_image
from monolayer.plots.style import PALETTE, save_png, styled

GREY_LEVELS = np.arange(256)
GRADIENTS = np.linspace(0, 80, 81)
"""Edges of the bins of gradient magnitudes, grey levels per pixel."""
FREQUENCIES = np.linspace(0.01, 0.5, 41)
"""Edges of the rings of the power spectrum, periods per pixel."""


class Facts(NamedTuple):
    """What is compared of an image."""

    grey: np.ndarray
    """Fraction of the pixels of each grey level, float64 [256]."""
    gradient: np.ndarray
    """Fraction of the pixels with each gradient magnitude, float64 [80]."""
    spectrum: np.ndarray
    """Logarithm to base 10 of the power in each ring, float64 [40]."""
    shapes: dict[str, np.ndarray]
    """Of annotated cells, float64 [N]: log2 of the area in pixels, aspect, solidity; empty if none are."""


Images = dict[str, list[Facts]]


def main(source: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rendered = _facts(packed_embedded(Path(folder)))
        real = _facts(packed_livecell(source, Path(folder)))
    for cell_type, facts in _unannotated(source / "unannotated"):
        real[cell_type].append(facts)
    cell_types = sorted(set(rendered) & set(real))
    rows = {name: _compared(rendered[name], real[name]) for name in cell_types}
    write_result("realism", {"machine": machine(), "cell_types": rows, "overall": _mean(list(rows.values()))})
    save_png(_drawn(rendered, real, cell_types), RESULTS / "realism.png")


def _facts(data: Data) -> Images:
    images: Images = defaultdict(list)
    for split in data.values():
        for number, image in enumerate(split.images):
            images[cell_type_of(image)].append(_facts_of(*split.image(number)))
    return images


def _unannotated(folder: Path) -> Iterator[tuple[str, Facts]]:
    for path in sorted(folder.glob("*.tif")):
        name = parse(path.name)
        if name is not None:
            image = read_image(path)
            yield name.cell_type, _facts_of(image, np.zeros(image.shape, np.uint16))


def _facts_of(image: np.ndarray, labels: np.ndarray) -> Facts:
    pixels = image.astype(np.float64)
    gradient, _ = np.histogram(gaussian_gradient_magnitude(pixels, 0.7).clip(max=GRADIENTS[-1]), GRADIENTS)
    table = regionprops_table(
        labels, properties=("area", "axis_major_length", "axis_minor_length", "solidity")
    )
    shapes = {
        "area": np.log2(table["area"]),
        "aspect": table["axis_major_length"] / np.maximum(table["axis_minor_length"], 1),
        "solidity": table["solidity"],
    }
    grey = np.bincount(image.ravel(), minlength=256)
    return Facts(grey / image.size, gradient / image.size, _spectrum(pixels), shapes)


def _spectrum(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape
    window = np.outer(hann(height), hann(width))
    power = np.abs(np.fft.rfft2((pixels - pixels.mean()) * window)) ** 2 / (window**2).sum()
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width))
    total, _ = np.histogram(radius, FREQUENCIES, weights=power)
    number, _ = np.histogram(radius, FREQUENCIES)
    return np.log10(total / number)


def _of_histograms(name: str, values: np.ndarray) -> Callable[[Facts, Facts], float]:
    def distance(one: Facts, other: Facts) -> float:
        return wasserstein_distance(values, values, getattr(one, name), getattr(other, name))

    return distance


def _of_spectra(one: Facts, other: Facts) -> float:
    return float(np.abs(one.spectrum - other.spectrum).mean())


def _of_shapes(name: str) -> Callable[[Facts, Facts], float]:
    def distance(one: Facts, other: Facts) -> float:
        cells = one.shapes[name], other.shapes[name]
        return wasserstein_distance(*cells) if all(map(len, cells)) else np.nan

    return distance


DISTANCES: dict[str, Callable[[Facts, Facts], float]] = {
    "grey levels": _of_histograms("grey", GREY_LEVELS),
    "gradients, grey levels per pixel": _of_histograms("gradient", (GRADIENTS[1:] + GRADIENTS[:-1]) / 2),
    "spectra, decades": _of_spectra,
    "areas, octaves": _of_shapes("area"),
    "aspects": _of_shapes("aspect"),
    "solidities": _of_shapes("solidity"),
}


def _compared(rendered: list[Facts], real: list[Facts]) -> dict[str, Any]:
    """Return the mean distance of rendered from real images, and of real images from each other."""
    across, within = list(itertools.product(rendered, real)), list(itertools.combinations(real, 2))
    return {
        name: {"rendered to real": _over(distance, across), "real to real": _over(distance, within)}
        for name, distance in DISTANCES.items()
    }


def _over(distance: Callable[[Facts, Facts], float], pairs: list[tuple[Facts, Facts]]) -> float | None:
    distances = np.array([distance(*pair) for pair in pairs])
    known = distances[~np.isnan(distances)]
    return round(float(known.mean()), 4) if len(known) else None


def _mean(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Average over the cell types that have both distances."""
    overall = {}
    for name in DISTANCES:
        both = [tuple(row[name].values()) for row in rows if None not in row[name].values()]
        means = np.mean(both, axis=0).round(4).tolist()
        overall[name] = {**dict(zip(rows[0][name], means, strict=True)), "cell_types": len(both)}
    return overall


@styled
def _drawn(rendered: Images, real: Images, cell_types: list[str]) -> Figure:
    figure = Figure(figsize=(2.4 * len(cell_types), 9))
    axes = figure.subplots(4, len(cell_types), squeeze=False, sharey="row")
    for column, cell_type in zip(axes.T, cell_types, strict=True):
        for images, colour, label in (
            (real[cell_type], PALETTE[2], "real"),
            (rendered[cell_type], PALETTE[1], "rendered"),
        ):
            for facts in images:
                style = {"color": colour, "alpha": 0.35, "linewidth": 0.9, "label": label}
                column[0].semilogy(GREY_LEVELS, np.maximum(facts.grey, 1e-6), **style)
                column[1].semilogy(GRADIENTS[:-1], np.maximum(facts.gradient, 1e-6), **style)
                column[2].plot(FREQUENCIES[:-1], facts.spectrum, **style)
                cells = np.sort(facts.shapes["area"])
                column[3].plot(cells, np.linspace(0, 1, len(cells)), **style)
        numbers = f"{len(real[cell_type])} real, {len(rendered[cell_type])} rendered"
        column[0].set_title(f"{cell_type}: {numbers}")
    for row, (across, up) in zip(
        axes,
        (
            ("grey level", "fraction of pixels"),
            ("gradient / (grey levels per pixel)", "fraction of pixels"),
            ("periods per pixel", "log10 power"),
            ("log2 (area / pixel)", "fraction of cells below"),
        ),
        strict=True,
    ):
        row[0].set_ylabel(up)
        for one in row:
            one.set_xlabel(across)
    handles = {line.get_label(): line for line in axes[0, 0].lines}
    axes[0, 0].legend(handles.values(), handles.keys(), loc="upper right")
    return figure


if __name__ == "__main__":
    main(Path(sys.argv[1]))
