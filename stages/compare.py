"""compare: rank all models and thresholds on the cleaned test images, with 95 % intervals."""

from pathlib import Path

from monolayer.comparison import (
    CompareSettings,
    compare_methods,
    comparison_metrics,
    comparison_text,
    write_comparison,
)
from monolayer.evaluated import collect_scores
from monolayer.metrics.files import write_metrics
from monolayer.parameters import lookup, read_parameters, section
from monolayer.plots.comparison import plot_cell_types, plot_differences, plot_ranking
from monolayer.plots.style import save_png
from stages.command import run


def compare(evaluations: Path, scores: Path, baseline: Path, metrics: Path, plots: Path) -> None:
    """Write the comparison as metrics, table and plots, and print it."""
    parameters = read_parameters()
    settings = section(parameters, "compare", CompareSettings)
    models = list(lookup(parameters, "models"))
    collected = collect_scores(evaluations, scores, baseline, models)
    rows = compare_methods(collected, models, settings)
    write_metrics(metrics, comparison_metrics(rows))
    write_comparison(plots / "comparison.csv", rows)
    save_png(plot_ranking(rows), plots / "ranking.png")
    save_png(plot_differences(rows), plots / "differences.png")
    save_png(plot_cell_types(rows, collected), plots / "cell_types.png")
    print(f"\n{comparison_text(rows)}\n\ntable: {plots / 'comparison.csv'}\nplots: {plots}")


if __name__ == "__main__":
    run(compare)
