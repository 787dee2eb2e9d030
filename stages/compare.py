"""compare: rank all models and thresholds on the cleaned test images by any score, with 95 % intervals."""

import csv
import json
from pathlib import Path
from typing import Any

from monolayer.evaluation.comparison import (
    compare_methods,
    comparison_metrics,
    comparison_text,
    scores_by_cell_type,
    write_comparison,
)
from monolayer.evaluation.image_tables import CURVES, curves_of_models
from monolayer.evaluation.methods import method_of, read_tables
from monolayer.evaluation.settings import CompareSettings
from monolayer.evaluation.training_results import histories, read_training, repeats_where
from monolayer.metrics.files import write_metrics
from monolayer.parameters import read_parameters, section
from monolayer.plots.comparison import plot_cell_types, plot_differences, plot_ranking
from monolayer.plots.style import save_png
from stages.command import run


def compare(models: Path, by_image: Path, trainings: Path, metrics: Path, plots: Path) -> None:
    """Write the comparison as metrics, tables and plots, and print it."""
    settings = section(read_parameters(), "compare", CompareSettings)
    names = json.loads(models.read_text(encoding="utf-8"))["models"]
    tables = read_tables(by_image, names)
    methods = [method_of(name, table) for name, table in tables.items()]
    trained = {model: read_training(trainings / f"{model}.json") for model in names}
    rows = compare_methods(methods, settings)
    refused = methods[0].refused
    write_metrics(metrics, comparison_metrics(rows, settings.score, refused))
    write_comparison(plots / "comparison.csv", rows)
    _write_table(plots / "validation_dice.tsv", histories(trained, "val_dice"))
    _write_table(plots / "training_loss.tsv", histories(trained, "train_loss"))
    for name in CURVES:
        curves = curves_of_models(tables, names, name)
        _write_table(plots / f"{name}.tsv", {**curves, "images": [rows[0].images] * len(curves["model"])})
    save_png(plot_ranking(rows, settings.score), plots / "ranking.png")
    save_png(plot_differences(rows, settings.score), plots / "differences.png")
    images, values = scores_by_cell_type(methods, rows, settings.score)
    save_png(plot_cell_types(settings.score, images, values), plots / "cell_types.png")
    note = f"\n\nscores that need complete truth are left out: {refused}" if refused else ""
    print(f"\n{comparison_text(rows, settings.score)}{note}\n\n{repeats_where(trained)}")


def _write_table(path: Path, columns: dict[str, list[Any]]) -> None:
    """Write columns of equal length as TSV, numbers to six digits; None stays empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", lineterminator="\n")
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow([f"{value:.6g}" if isinstance(value, float) else value for value in row])


if __name__ == "__main__":
    run(compare)
