"""Fixtures of the cleaning's tests."""

from pathlib import Path

import pytest
from laboratory import Laboratory


@pytest.fixture
def laboratory(tmp_path: Path) -> Laboratory:
    """One good dish in each split."""
    laboratory = Laboratory(tmp_path)
    for number, split in enumerate(laboratory.splits, start=1):
        laboratory.add_dish(split, number, seed=number)
    return laboratory
