"""The committed ablations, and how a run becomes an entry under ``models:``."""

from pathlib import Path

import pytest

from experiments.declaration import Ablation, read_ablations, run_entry, set_param_flags
from monolayer.errors import InputError
from monolayer.models.base.settings import selected_model
from monolayer.parameters import read_parameters
from monolayer.training.settings import training_of

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS = read_parameters(ROOT / "params.yaml")
ABLATIONS = read_ablations()
RUNS = [(name, run) for name, declared in ABLATIONS.items() for run in declared.runs]
TINY = {"models": {"small": {"lr": 0.1, "channels": [4, 8], "train": {"optimizer": "adam", "threads": 2}}}}


@pytest.mark.parametrize(("name", "run"), RUNS)
def test_every_run_is_valid(name: str, run: str):
    entry = run_entry(ABLATIONS[name], run, PARAMETERS)
    parameters = {**PARAMETERS, "models": {"ablation": entry}}
    settings = selected_model(parameters, "ablation")
    training_of(parameters, "ablation", settings)


@pytest.mark.parametrize("name", ABLATIONS)
def test_the_runs_of_an_ablation_see_as_many_pixels(name: str):
    budgets = set()
    for run in ABLATIONS[name].runs:
        entry = run_entry(ABLATIONS[name], run, PARAMETERS)
        budgets.add(tuple(entry[key] for key in ("epochs", "crops_per_epoch", "crop_size", "batch_size")))
    assert len(budgets) == 1


def test_make_has_every_ablation():
    makefile = (ROOT / "Makefile").read_text()
    for name in ABLATIONS:
        assert f"ablation-{name}" in makefile


def test_a_run_wins_over_the_recipe_and_that_over_the_model():
    declared = Ablation(
        title="t",
        recipe={"model": "small", "lr": 0.2, "train": {"optimizer": "sgd"}},
        runs={"a": {"lr": 0.3, "train": {"momentum": 0.5}}},
    )
    assert run_entry(declared, "a", TINY) == {
        "lr": 0.3,
        "channels": [4, 8],
        "train": {"optimizer": "sgd", "threads": 2, "momentum": 0.5},
    }
    assert TINY["models"]["small"]["train"] == {"optimizer": "adam", "threads": 2}


def test_lists_and_null_as_flags():
    flags = list(set_param_flags("models.a", {"channels": [4, 8], "train": {"clip_norm": None}}))
    assert flags == ["-S", "+models.a.channels=[4, 8]", "-S", "+models.a.train.clip_norm=null"]


def test_a_run_without_a_model():
    declared = Ablation(title="t", runs={"a": {"lr": 0.3}})
    with pytest.raises(InputError, match=r"run 'a' names no `model`; params\.yaml has: small"):
        run_entry(declared, "a", TINY)


def test_a_model_that_is_not_there():
    declared = Ablation(title="t", runs={"a": {"model": "large"}})
    with pytest.raises(InputError, match="no 'large' in models; it has: small"):
        run_entry(declared, "a", TINY)


def test_an_unknown_key(tmp_path: Path):
    (tmp_path / "ablations.yaml").write_text("layers: {title: t, recipes: {}, runs: {a: {model: small}}}\n")
    with pytest.raises(InputError, match=r"(?s)ablations\.yaml: valid keys: title, recipe, runs; .*recipes"):
        read_ablations(tmp_path / "ablations.yaml")
