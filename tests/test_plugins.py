"""The file name is the key."""

import pytest

from monolayer.errors import InputError
from monolayer.plugins import load_plugin


def test_a_module_is_found_by_its_name() -> None:
    assert load_plugin("monolayer.datasets", "livecell", "datasets.x.source").Settings.__name__ == "Settings"


@pytest.mark.parametrize(
    "name", ["livecel", "_settings", "", "os", "livecell.Settings", 5, None, ["livecell"]]
)
def test_another_name_lists_the_valid_ones(name: str) -> None:
    with pytest.raises(
        InputError, match=r"params\.yaml: datasets\.x\.source: .* is unknown; valid: .*coco, .*livecell"
    ):
        load_plugin("monolayer.datasets", name, "datasets.x.source")
