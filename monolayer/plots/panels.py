"""An image with the outlines of its annotated cells."""

from pathlib import Path

import tifffile
from matplotlib.figure import Figure

from monolayer.exploration import ImageFacts
from monolayer.images import ImageFolder, read_image
from monolayer.plots.overlay import overlay_contours
from monolayer.plots.style import styled

OUTLINE_COLOUR = (255, 190, 0)
MARGIN = 28  # pixels above the image, for the title
DPI = 100


@styled
def plot_annotations(fact: ImageFacts, images: ImageFolder, labels: Path) -> Figure:
    """Draw an image pixel by pixel with its cells' outlines; `labels` holds ``{split}/<image id>.tif``."""
    image = read_image(images.path(fact.image.file_name, fact.split), fact.image)
    outlined = overlay_contours(
        image, tifffile.imread(labels / fact.split / f"{fact.image.id}.tif"), OUTLINE_COLOUR
    )
    height, width = image.shape
    figure = Figure(figsize=(width / DPI, (height + MARGIN) / DPI), dpi=DPI)
    figure.figimage(outlined, 0, 0, origin="upper")
    text = f"{fact.cell_type}: {len(fact.areas)} cells, confluence {100 * fact.confluence:.0f} %"
    figure.text(0.005, 1 - 0.5 * MARGIN / (height + MARGIN), text, va="center", fontweight="bold")
    figure.text(
        0.995, 1 - 0.5 * MARGIN / (height + MARGIN), f"{fact.split}, {fact.image.file_name}",
        va="center", ha="right", fontsize=8, color="#444444",
    )  # fmt: skip
    return figure
