"""``dvc exp run -S`` changes the lines of params.yaml that hold the value, and no other."""

import difflib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from dvc.utils.hydra import apply_overrides
from dvc.utils.serialize import parse_yaml

from monolayer.parameters import read_parameters

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "params.yaml").read_text(encoding="utf-8")
PARAMETERS = read_parameters(ROOT / "params.yaml")
MODELS = list(PARAMETERS["models"])


class Change(NamedTuple):
    """The lines, without their line ends, that are gone and that are new."""

    removed: list[str]
    added: list[str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    copy = tmp_path / "params.yaml"
    copy.write_text(TEXT, encoding="utf-8")
    return copy


def apply(path: Path, *overrides: str) -> Change:
    """Rewrite the file as ``dvc exp run -S`` does."""
    before = path.read_text(encoding="utf-8")
    apply_overrides(path, list(overrides))
    after = path.read_text(encoding="utf-8")
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return Change(*([line[2:] for line in lines if line.startswith(sign)] for sign in ("- ", "+ ")))


def overrides_of(values: dict[str, Any], parents: str = "") -> Iterator[str]:
    """Yield what sets every value to what it is."""
    for key, value in values.items():
        if isinstance(value, dict):
            yield from overrides_of(value, f"{parents}{key}.")
        else:
            yield f"{parents}{key}={json.dumps(value)}"


def entry_of(model: str) -> list[str]:
    """Return the lines of an entry under ``models:``, and an empty one that may follow it."""
    lines = TEXT.splitlines()
    start = lines.index(f"  {model}:", lines.index("models:"))
    after = (i for i in range(start + 1, len(lines)) if lines[i] and not lines[i].startswith("   "))
    return lines[start : next(after)]


@pytest.mark.parametrize(
    ("override", "key", "value"),
    [
        ("models.vnet.lr=1e-3", "lr", "0.001"),
        ("models.vnet.head.method=contour", "head", "{method: contour}"),
        ("train.optimizer=sgd", "optimizer", "sgd"),
        ("train.ema_decay=null", "ema_decay", ""),
        ("train.clip_norm=1.5", "clip_norm", "1.5"),
        ("compare.score=ap50", "score", "ap50"),
        ("dataset=livecell", "dataset", "livecell"),
        ("datasets.own.images=/path", "images", "/path"),
        ("datasets.ctc.sequences.val=['03']", "sequences", "{train: ['01'], val: ['03'], test: ['02']}"),
        ("predict.test_time_augmentation=true", "test_time_augmentation", "true"),
        ("tune.images=8", "images", "8"),
        ("decode.foreground.threshold=0.4", "threshold", "0.4"),
        ("sample.fraction=0.02", "fraction", "0.02"),
        ("sample.images_per_split=12", "images_per_split", "12"),
        ("deduplicate.leaks=false", "leaks", "false"),
        ("explore.area_percentiles=[25,75]", "explore", "{area_percentiles: [25, 75]}"),
        ("compute.launcher='srun python'", "launcher", "srun python"),
    ],
)
def test_a_value_is_one_line(path: Path, override: str, key: str, value: str) -> None:
    removed, added = apply(path, override)
    assert [line.strip() for line in added] == [f"{key}: {value}".strip()]
    assert [line.split(":")[0].strip() for line in removed] == [key]


@pytest.mark.parametrize(
    ("override", "removed", "added"),
    [
        (
            "models.unet-flow.channels=[8,16]",
            [f"    - {channels}" for channels in PARAMETERS["models"]["unet-flow"]["channels"][1:]],
            ["    - 8"],
        ),
        (
            "train.loggers=[tensorboard,wandb]",
            ["  loggers: []"],
            ["  loggers:", "  - tensorboard", "  - wandb"],
        ),
        ("+models.vnet.train.ema_decay=null", [], ["    train:", "      ema_decay:"]),
        ("+models.mine={architecture: unet}", [], ["  mine:", "    architecture: unet"]),
    ],
)
def test_a_list_and_an_entry_are_their_own_lines(
    path: Path, override: str, removed: list[str], added: list[str]
) -> None:
    assert apply(path, override) == (removed, added)


def test_every_value_is_spelled_as_it_is_written(path: Path) -> None:
    apply(path, *overrides_of(PARAMETERS))
    assert path.read_text(encoding="utf-8") == TEXT


def test_dvc_reads_the_values_that_the_stages_read() -> None:
    """PyYAML reads 1e-3 as a string."""
    assert parse_yaml(TEXT, "params.yaml") == PARAMETERS


@pytest.mark.parametrize("model", MODELS)
def test_a_model_is_removed_with_its_own_lines_alone(path: Path, model: str) -> None:
    entry = entry_of(model)
    removed, added = apply(path, f"~models.{model}")
    assert added == []
    assert sorted(removed) == sorted(entry)


@pytest.mark.parametrize("model", [name for name in MODELS if "train" not in PARAMETERS["models"][name]])
def test_what_is_added_to_a_model_follows_its_entry(path: Path, model: str) -> None:
    apply(path, f"+models.{model}.train.ema_decay=null")
    after = path.read_text(encoding="utf-8").splitlines()
    entry = entry_of(model)
    start = after.index(entry[0], after.index("models:"))
    assert after[start : start + len(entry) + 2] == [*entry, "    train:", "      ema_decay:"]


def test_a_second_change_leaves_the_first_alone(path: Path) -> None:
    apply(path, "train.loggers=[tensorboard]", "evaluate.max_dets=[10]")
    assert apply(path, "seed=7") == (["seed: 0"], ["seed: 7"])
