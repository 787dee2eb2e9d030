"""explore: say what the cleaned data set holds, in numbers, tables and pictures."""

from pathlib import Path

from matplotlib.figure import Figure

from monolayer.annotations.coco import SPLITS
from monolayer.compute.settings import ComputeSettings
from monolayer.exploration.measurements import read_measurements
from monolayer.exploration.summary import ExploreSettings, ImageFacts, describe, image_facts, typical_images
from monolayer.exploration.tables import write_annotations, write_images
from monolayer.images.files import read_image
from monolayer.images.folder import ImageFolder
from monolayer.images.label_files import read_labels
from monolayer.metrics.files import write_metrics
from monolayer.parameters import read_parameters, section
from monolayer.plots.dataset import plot_counts, plot_distributions
from monolayer.plots.panels import plot_annotations
from monolayer.plots.style import save_png
from stages.command import run


def explore(
    annotations: Path,
    images: Path,
    masks: Path,
    tables: Path,
    metrics: Path,
    total_images: Path,
    total_cells: Path,
    plots: Path,
) -> None:
    """Write the tables of annotations and images, counts and distributions, and a panel of each cell type."""
    parameters = read_parameters()
    settings = section(parameters, "explore", ExploreSettings)
    compute = section(parameters, "compute", ComputeSettings)
    splits = {split: read_measurements(annotations / f"{split}.json") for split in SPLITS}
    facts = []
    for split, measured in splits.items():
        facts += image_facts(measured, split, masks / "semantic" / split, compute)
    write_annotations(tables / "annotations.csv", splits)
    write_images(tables / "images.csv", facts)
    write_metrics(metrics, describe(facts, settings.area_percentiles))
    write_metrics(total_images, {"total": len(facts)})
    write_metrics(total_cells, {"total": sum(len(fact.areas) for fact in facts)})
    save_png(plot_counts(facts), plots / "counts.png")
    save_png(plot_distributions(facts), plots / "distributions.png")
    folder = ImageFolder(images)
    for cell_type, fact in typical_images(facts).items():
        save_png(_panel(fact, folder, masks), plots / "cell_types" / f"{cell_type}.png")


def _panel(fact: ImageFacts, folder: ImageFolder, masks: Path) -> Figure:
    image = read_image(folder.path(fact.image.file_name, fact.split), fact.image)
    labels = read_labels(masks, fact.split, fact.image)
    return plot_annotations(image, labels, fact.title, f"{fact.split}, {fact.image.file_name}")


if __name__ == "__main__":
    run(explore)
