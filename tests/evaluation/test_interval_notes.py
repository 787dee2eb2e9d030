"""What intervals say of themselves is what was measured."""

import json
from pathlib import Path

import pytest

from monolayer.evaluation.interval_notes import HELD, intervals_text

COVERAGE = Path(__file__).parents[2] / "benchmarks" / "results" / "coverage.json"
FAILING = "mean Dice, one image in ten fails"


@pytest.mark.parametrize("images", HELD)
def test_figures_are_those_of_the_benchmark(images: int):
    measured = json.loads(COVERAGE.read_text())["one_score"]
    held = {score: round(100 * own[str(images)]["Student's t"]["held"]) for score, own in measured.items()}
    failing = held.pop(FAILING)
    assert HELD[images] == (min(held.values()), max(held.values()), failing)


def test_every_number_of_images_that_was_measured_is_said():
    measured = json.loads(COVERAGE.read_text())["one_score"][FAILING]
    assert [int(images) for images in measured] == list(HELD)


def test_images_on_their_own():
    text = intervals_text(images=1512, groups=1512, freedom=1504)
    assert text.startswith("95 % intervals are from 1512 images: such intervals hold the truth in 94 to 96 %")
    assert text.endswith("in 92 % where one image in ten fails.")


def test_groups_decide_and_not_images():
    text = intervals_text(images=1512, groups=24, freedom=16)
    assert "from 1512 images of 24 groups (wells or recordings)" in text
    assert text.endswith(f"in {HELD[16].failing} % where one group in ten fails.")


@pytest.mark.parametrize(("images", "said"), [(24, "all 24 images are of one group"), (1, "of one image")])
def test_no_interval(images: int, said: str):
    assert intervals_text(images, groups=1, freedom=0).startswith(f"No intervals: {said}")
