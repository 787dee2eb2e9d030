import sys
from pathlib import Path
from types import ModuleType

import pytest

from monolayer.compute.code_version import code_version


@pytest.mark.parametrize(
    ("name", "counts"),
    [("monolayer.own", True), ("stages.command", True), ("stages.own", False), ("other.own", False)],
)
def test_another_line_of_imported_code_is_another_version(name, counts, tmp_path, monkeypatch):
    module = ModuleType(name)
    module.__file__ = str(tmp_path / "own.py")
    Path(module.__file__).write_text("first = 1\n")
    monkeypatch.setitem(sys.modules, name, module)
    before = code_version()
    assert code_version() == before
    Path(module.__file__).write_text("first = 2\n")
    assert (code_version() != before) is counts
