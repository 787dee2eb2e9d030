"""Fixtures of the data sets' tests."""

from pathlib import Path

import pytest
from own_coco import Own


@pytest.fixture
def own(tmp_path: Path) -> Own:
    """Ten images of one cell each."""
    return Own(tmp_path)
