"""Fixtures of the cleaning's tests."""

from pathlib import Path

import pytest

pytest.register_assert_rewrite("laboratory")
from laboratory import Laboratory  # noqa: E402


@pytest.fixture
def laboratory(tmp_path: Path) -> Laboratory:
    """One good dish in each split."""
    laboratory = Laboratory(tmp_path)
    for number, split in enumerate(laboratory.splits, start=1):
        laboratory.add_dish(split, number, seed=number)
    return laboratory
