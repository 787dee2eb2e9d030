"""submission: write a model's cells as Kaggle's Sartorius competition takes them. No stage of the DAG."""

from pathlib import Path

from monolayer.annotations.coco_pieces import read_images
from monolayer.datasets._settings import selected_dataset
from monolayer.datasets.sartorius import Settings
from monolayer.errors import InputError
from monolayer.evaluation.split import read_score_floor
from monolayer.images.files import write_whole
from monolayer.parameters import read_parameters
from monolayer.predictions.files import read_results
from monolayer.predictions.submission import submission_text, validate_submission
from stages.command import run


def submission(predictions: Path, metrics: Path, annotations: Path, out: Path) -> None:
    """Write the cells of the images that `annotations` lists; `predictions` holds a file of the same name.

    Cells that do not count in `metrics`, the model's of the evaluate stage, are left out.
    """
    _, dataset = selected_dataset(read_parameters())
    if not isinstance(dataset, Settings):
        raise InputError(f"dataset is of source {dataset.source}: select one of source sartorius")
    images = read_images(annotations)
    results = read_results(predictions / annotations.name, images)
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, submission_text(images, results, dataset.order, read_score_floor(metrics)).encode())
    validate_submission(out, images, dataset.order)
    print(f"{out}: {len(images)} images")


if __name__ == "__main__":
    run(submission)
