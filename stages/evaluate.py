"""evaluate: score one model's foreground and cells on val and test, before and after cleaning."""

from pathlib import Path

from monolayer.compute.settings import ComputeSettings
from monolayer.evaluation.examples import example_images
from monolayer.evaluation.foreground import write_scores
from monolayer.evaluation.headline import headline
from monolayer.evaluation.image_tables import number_of_cells, table_of_model, write_image_tables
from monolayer.evaluation.settings import CompareSettings, EvaluateSettings
from monolayer.evaluation.split import evaluate_splits, evaluation_metrics
from monolayer.evaluation.training_results import read_training
from monolayer.images.folder import ImageFolder
from monolayer.metrics.files import write_metrics
from monolayer.parameters import read_parameters, section
from monolayer.plots.agreement import plot_confluence
from monolayer.plots.cells import plot_cell_curves, plot_recall
from monolayer.plots.panels import plot_agreement, plot_cells
from monolayer.plots.style import number_of, save_png
from stages.command import run


def evaluate(
    predictions: Path,
    training: Path,
    raw: Path,
    clean: Path,
    images: Path,
    metrics: Path,
    scores: Path,
    by_image: Path,
    table: Path,
    plots: Path,
) -> None:
    """Write the scores: in short, in full, by image and as plots of the cleaned test images."""
    parameters = read_parameters()
    settings = section(parameters, "evaluate", EvaluateSettings)
    ranking = section(parameters, "compare", CompareSettings)
    compute = section(parameters, "compute", ComputeSettings)
    model = predictions.name
    truths = {"raw": raw, "clean": clean}
    evaluations, tasks = evaluate_splits(predictions, truths, settings, compute)
    full, cleaned_test = evaluation_metrics(evaluations), evaluations[-1]
    write_metrics(scores, full)
    write_metrics(metrics, headline(full, read_training(training).seconds))
    write_scores(table, [score for evaluation in evaluations for score in evaluation.scores])
    own = table_of_model(cleaned_test.scores, cleaned_test.cells, settings.max_dets[-1], ranking)
    write_image_tables(by_image, {model: own})
    title = f"{model} on {number_of(len(cleaned_test.cells), 'cleaned test image')}"
    if cleaned_test.refused:
        save_png(plot_recall(title, own.curves["iou"]), plots / "cells.png")
        print(f"scores that need complete truth are left out: {cleaned_test.refused}")
        return
    curves = plot_cell_curves(title, own.curves["iou"], own.curves["precision_recall"], number_of_cells(own))
    save_png(curves, plots / "cells.png")
    save_png(plot_confluence(title, cleaned_test.scores), plots / "confluence.png")
    examples = example_images(cleaned_test, tasks, ImageFolder(images))
    chosen = "best, median and worst of them by"
    foreground = plot_agreement(f"{title}: {chosen} Dice of the foreground", examples.foreground)
    save_png(foreground, plots / "overlays.png")
    cells = plot_cells(f"{title}: {chosen} F1 of the cells at an IoU of 0.5", examples.cells)
    save_png(cells, plots / "cell_overlays.png")


if __name__ == "__main__":
    run(evaluate)
