"""Metrics as files that DVC and people compare."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_metrics(path: Path, metrics: Mapping[str, Any]) -> None:
    """Write metrics as indented JSON, numbers rounded to six digits so that differences are readable."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_rounded(metrics), indent=2) + "\n", encoding="utf-8")


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(value, 6) if isinstance(value, float) else value
