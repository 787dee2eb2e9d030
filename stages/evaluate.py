"""evaluate: score one model's foreground and cells on val and test, before and after cleaning."""

from pathlib import Path

from monolayer.annotations.coco import read_coco
from monolayer.compute.settings import ComputeSettings
from monolayer.evaluation.cell_files import (
    CellScores,
    curves_over_iou,
    curves_over_score,
    gather_scores,
    number_of_cells,
    write_cell_scores,
    write_curves,
)
from monolayer.evaluation.examples import extreme_images
from monolayer.evaluation.foreground import write_scores
from monolayer.evaluation.settings import EvaluateSettings
from monolayer.evaluation.split import (
    choose_score_floor,
    choose_threshold,
    evaluate_split,
    evaluation_metrics,
    truth_tasks,
)
from monolayer.images.files import ImageFolder
from monolayer.metrics.files import write_metrics
from monolayer.parameters import read_parameters, section
from monolayer.plots.agreement import plot_confluence
from monolayer.plots.cells import plot_cell_curves, plot_recall
from monolayer.plots.panels import plot_agreement, plot_cells
from monolayer.plots.style import save_png
from monolayer.predictions.files import read_results
from stages.command import run


def evaluate(
    predictions: Path, raw: Path, clean: Path, images: Path, metrics: Path, scores: Path, plots: Path
) -> None:
    """Write the scores as metrics, by image and as curves; draw the cleaned test images."""
    parameters = read_parameters()
    settings = section(parameters, "evaluate", EvaluateSettings)
    compute = section(parameters, "compute", ComputeSettings)
    model, threshold, score_floor = predictions.name, settings.threshold, settings.score_floor
    evaluations = []
    for split in ("val", "test"):
        truths = {name: read_coco(path / f"{split}.json") for name, path in (("raw", raw), ("clean", clean))}
        results = read_results(predictions / f"{split}.json", truths["raw"].images)
        foreground = predictions / "foreground" / split
        tasks = {name: truth_tasks(truth, foreground, results) for name, truth in truths.items()}
        if threshold is None:  # val comes first
            threshold = choose_threshold(tasks["clean"], compute)
        if score_floor is None:
            score_floor = choose_score_floor(tasks["clean"], compute)
        for cleaning, own in tasks.items():
            evaluations.append(
                evaluate_split(own, model, split, cleaning, threshold, score_floor, settings, compute)
            )
    write_metrics(metrics, evaluation_metrics(evaluations))
    write_scores(plots / "images.csv", [score for evaluation in evaluations for score in evaluation.scores])
    title, cleaned_test = f"{model} on the cleaned test images", evaluations[-1]
    found = gather_scores(cleaned_test.cells, settings.max_dets[-1])
    write_cell_scores(scores, found)
    draw_cells(title, found, plots)
    if cleaned_test.refused:
        print(f"scores that need complete truth are left out: {cleaned_test.refused}")
        return
    save_png(plot_confluence(title, cleaned_test.scores), plots / "confluence.png")
    extremes = extreme_images(cleaned_test, tasks["clean"], ImageFolder(images))
    save_png(plot_agreement(title, extremes.foreground), plots / "overlays.png")
    save_png(plot_cells(title, extremes.cells), plots / "cell_overlays.png")


def draw_cells(title: str, found: CellScores, plots: Path) -> None:
    """Write the curves that the truth allows as tables for DVC's plots, and draw them."""
    over_iou = curves_over_iou(found)
    write_curves(plots / "iou.tsv", over_iou)
    if found.refused:
        save_png(plot_recall(title, over_iou), plots / "cells.png")
        return
    over_score = curves_over_score(found)
    write_curves(plots / "precision_recall.tsv", over_score)
    save_png(plot_cell_curves(title, over_iou, over_score, number_of_cells(found)), plots / "cells.png")


if __name__ == "__main__":
    run(evaluate)
