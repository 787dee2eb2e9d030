"""baseline: score classical thresholds, which every model has to beat."""

from pathlib import Path

from monolayer.annotations.coco_pieces import read_images
from monolayer.baseline.scoring import BaselineSettings, baseline_metrics, score_thresholds, side_of_cells
from monolayer.compute.settings import ComputeSettings
from monolayer.evaluation.foreground import write_scores
from monolayer.evaluation.image_tables import table_of_threshold, write_image_tables
from monolayer.images.folder import ImageFolder
from monolayer.metrics.files import write_metrics
from monolayer.parameters import read_parameters, section
from monolayer.plots.baseline import plot_baseline
from monolayer.plots.style import save_png
from stages.command import run


def baseline(
    annotations: Path, images: Path, masks: Path, metrics: Path, by_image: Path, table: Path, plots: Path
) -> None:
    """Write every threshold's scores on val and test: in full, by image, as a table and as a plot.

    Whether cells are dark or bright is chosen on train.
    """
    parameters = read_parameters()
    settings = section(parameters, "baseline", BaselineSettings)
    compute = section(parameters, "compute", ComputeSettings)
    folder = ImageFolder(images)
    train = read_images(annotations / "train.json")
    side = side_of_cells(train, "train", folder, masks / "semantic" / "train", compute)
    scores = []
    for split in ("val", "test"):
        listed = read_images(annotations / f"{split}.json")
        scores += score_thresholds(listed, split, folder, masks / "semantic" / split, settings, compute, side)
    results = baseline_metrics(scores, side)
    write_metrics(metrics, results)
    write_scores(table, scores)
    tests = [score for score in scores if score.split == "test"]
    methods = dict.fromkeys(score.method for score in tests)
    write_image_tables(
        by_image,
        {name: table_of_threshold([own for own in tests if own.method == name]) for name in methods},
    )
    save_png(plot_baseline(results), plots / "dice.png")


if __name__ == "__main__":
    run(baseline)
