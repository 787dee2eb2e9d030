"""submission: write a model's cells as Kaggle's Sartorius competition takes them. No stage of the DAG."""

from pathlib import Path

from monolayer.coco import read_coco
from monolayer.datasets._settings import selected_dataset
from monolayer.datasets.sartorius import Settings
from monolayer.errors import InputError
from monolayer.evaluation import EvaluateSettings
from monolayer.images import write_whole
from monolayer.parameters import read_parameters, section
from monolayer.prediction_files import read_results
from monolayer.submission import submission_text, validate_submission
from stages.command import run


def submission(predictions: Path, annotations: Path, out: Path) -> None:
    """Write the cells of the images that `annotations` lists; `predictions` holds a file of the same name."""
    parameters = read_parameters()
    _, dataset = selected_dataset(parameters)
    if not isinstance(dataset, Settings):
        raise InputError(f"dataset is of source {dataset.source}: select one of source sartorius")
    floor = section(parameters, "evaluate", EvaluateSettings).score_floor
    images = read_coco(annotations).images
    results = read_results(predictions / annotations.name, images)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, submission_text(images, results, dataset.order, floor).encode())
    validate_submission(out, images, dataset.order)
    print(f"{out}: {len(images)} images")


if __name__ == "__main__":
    run(submission)
