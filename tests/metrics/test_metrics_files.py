"""Metrics files."""

import json
from pathlib import Path

from monolayer.metrics.files import write_metrics


def test_rounded_and_readable(tmp_path: Path):
    path = tmp_path / "evaluate" / "unet.json"
    write_metrics(
        path, {"test": {"dice": 0.12345678, "images": 3, "best": "unet", "names": ["a.tif", 1 / 3]}}
    )
    text = path.read_text()
    expected = {"test": {"dice": 0.123457, "images": 3, "best": "unet", "names": ["a.tif", 0.333333]}}
    assert json.loads(text) == expected
    assert text.splitlines()[:2] == ["{", '  "test": {']
    assert text.endswith("}\n")
