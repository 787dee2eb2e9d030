"""evaluate: score one model's foreground on val and test, before and after cleaning."""

from pathlib import Path

from monolayer.coco import read_coco
from monolayer.compute import ComputeSettings
from monolayer.evaluation import (
    EvaluateSettings,
    choose_threshold,
    evaluate_split,
    evaluation_metrics,
    extreme_images,
    truth_tasks,
)
from monolayer.images import ImageFolder
from monolayer.metrics.files import write_metrics
from monolayer.parameters import read_parameters, section
from monolayer.plots.agreement import plot_confluence
from monolayer.plots.panels import plot_agreement
from monolayer.plots.style import save_png
from monolayer.scores import write_scores
from stages.command import run


def evaluate(predictions: Path, raw: Path, clean: Path, images: Path, metrics: Path, plots: Path) -> None:
    """Write the scores as metrics and as images.csv; draw the cleaned test images."""
    parameters = read_parameters()
    threshold = section(parameters, "evaluate", EvaluateSettings).threshold
    compute = section(parameters, "compute", ComputeSettings)
    model = predictions.name
    foreground = predictions / "foreground"
    if threshold is None:
        threshold = choose_threshold(truth_tasks(read_coco(clean / "val.json"), foreground / "val"), compute)
    evaluations = []
    for split in ("val", "test"):
        for cleaning, annotations in (("raw", raw), ("clean", clean)):
            tasks = truth_tasks(read_coco(annotations / f"{split}.json"), foreground / split)
            evaluations.append(evaluate_split(tasks, model, split, cleaning, threshold, compute))
    write_metrics(metrics, evaluation_metrics(evaluations))
    write_scores(plots / "images.csv", [score for evaluation in evaluations for score in evaluation.scores])
    cleaned_test = evaluations[-1]
    title = f"{model} on the cleaned test images"
    save_png(plot_confluence(title, cleaned_test.scores), plots / "confluence.png")
    panels = extreme_images(cleaned_test, tasks, ImageFolder(images))
    save_png(plot_agreement(title, panels), plots / "overlays.png", colours=64)


if __name__ == "__main__":
    run(evaluate)
