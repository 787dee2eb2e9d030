"""Collect what evaluate and baseline have scored, for exactly the models that params.yaml has now."""

from pathlib import Path

from monolayer.errors import InputError
from monolayer.scores import ImageScore, read_scores


def collect_scores(
    evaluations: Path, scores: Path, baseline: Path, models: list[str]
) -> dict[str, list[ImageScore]]:
    """Read the scores of every model and threshold on the cleaned test images.

    Parameters
    ----------
    evaluations
        Folder of the models' metrics, ``<model>.json``.
    scores
        Folder of the models' scores by image, ``<model>/images.csv``.
    baseline
        Folder of the thresholds' scores by image, ``images.csv``.
    models
        The models in params.yaml.

    Returns
    -------
    dict
        By method, its scores; models in their order first.

    Raises
    ------
    InputError
        A model of params.yaml was not evaluated, or one was evaluated that is not there any more.
    """
    _check_models({path.stem: path for path in sorted(evaluations.glob("*.json"))}, models)
    rows = [score for model in models for score in read_scores(scores / model / "images.csv")]
    rows += read_scores(baseline / "images.csv")
    collected: dict[str, list[ImageScore]] = {}
    for row in rows:
        if (row.split, row.cleaning) == ("test", "clean"):
            collected.setdefault(row.method, []).append(row)
    return collected


def _check_models(evaluated: dict[str, Path], models: list[str]) -> None:
    for name, path in evaluated.items():
        if name not in models:
            raise InputError(f"{path}: params.yaml has no model {name!r} any more: delete that file")
    for model in models:
        if model not in evaluated:
            raise InputError(f"model {model!r} has no evaluation: run `dvc repro evaluate@{model}`")
