"""compare: rank all models and thresholds on the cleaned test images by any score, with 95 % intervals."""

from pathlib import Path

from monolayer.evaluation.comparison import (
    compare_methods,
    comparison_metrics,
    comparison_text,
    scores_by_cell_type,
    write_comparison,
)
from monolayer.evaluation.methods import collect_methods
from monolayer.evaluation.settings import CompareSettings
from monolayer.metrics.files import write_metrics
from monolayer.parameters import lookup, read_parameters, section
from monolayer.plots.comparison import plot_cell_types, plot_differences, plot_ranking
from monolayer.plots.style import save_png
from stages.command import run


def compare(
    evaluations: Path, foreground: Path, cells: Path, baseline: Path, metrics: Path, plots: Path
) -> None:
    """Write the comparison as metrics, table and plots, and print it."""
    parameters = read_parameters()
    settings = section(parameters, "compare", CompareSettings)
    models = list(lookup(parameters, "models"))
    methods = collect_methods(evaluations, foreground, cells, baseline, models)
    rows = compare_methods(methods, settings)
    refused = methods[0].refused
    write_metrics(metrics, comparison_metrics(rows, settings.score, refused))
    write_comparison(plots / "comparison.csv", rows)
    save_png(plot_ranking(rows, settings.score), plots / "ranking.png")
    save_png(plot_differences(rows, settings.score), plots / "differences.png")
    types, values = scores_by_cell_type(methods, rows, settings.score)
    save_png(plot_cell_types(settings.score, types, values), plots / "cell_types.png")
    text = comparison_text(rows, settings.score)
    note = f"\n\nscores that need complete truth are left out: {refused}" if refused else ""
    print(f"\n{text}{note}\n\ntable: {plots / 'comparison.csv'}\nplots: {plots}")


if __name__ == "__main__":
    run(compare)
