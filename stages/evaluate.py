"""evaluate: score one model's foreground on val and test, before and after cleaning."""

from pathlib import Path

from monolayer.coco import read_coco
from monolayer.evaluation import EvaluateSettings, TruthTask, evaluation_metrics, score_predictions, tasks_of
from monolayer.images import ImageFolder
from monolayer.metrics.files import write_metrics
from monolayer.parallel import ComputeSettings
from monolayer.parameters import read_parameters, section
from monolayer.plots.agreement import plot_confluence
from monolayer.plots.evaluation import plot_extremes
from monolayer.plots.style import save_png
from monolayer.scores import ImageScore, write_scores
from stages.command import run


def evaluate(predictions: Path, raw: Path, clean: Path, images: Path, metrics: Path, plots: Path) -> None:
    """Write the scores as metrics and as images.csv; draw the cleaned test images."""
    parameters = read_parameters()
    settings = section(parameters, "evaluate", EvaluateSettings)
    compute = section(parameters, "compute", ComputeSettings)
    model = predictions.name
    results: dict[str, dict] = {"val": {}, "test": {}}
    scores: list[ImageScore] = []
    tasks: list[TruthTask] = []
    latest: list[ImageScore] = []
    for split in results:
        for cleaning, annotations in (("raw", raw), ("clean", clean)):
            coco = read_coco(annotations / f"{split}.json")
            tasks = list(tasks_of(coco, predictions / "foreground" / split))
            latest = score_predictions(tasks, model, split, cleaning, settings, compute)
            results[split][cleaning] = evaluation_metrics(latest, tasks)
            scores += latest
    write_metrics(metrics, results)
    write_scores(plots / "images.csv", scores)
    title = f"{model}, {latest[0].split} images"
    save_png(plot_confluence(title, latest), plots / "confluence.png")
    save_png(
        plot_extremes(title, latest, tasks, ImageFolder(images), settings.threshold), plots / "overlays.png"
    )


if __name__ == "__main__":
    run(evaluate)
