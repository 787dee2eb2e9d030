"""Which experiments differ in their seed alone, and what is written of them."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny_dvc_project import dvc, run

from experiments import seeds as module
from experiments.repository import Experiment
from experiments.seeds import compare_seeds, main, scores_by_seed, seed_groups, settings_text
from monolayer.errors import InputError

HEAD = "main"


def experiment(name: str, seed: int, dice: float = 0.5, rev: str = HEAD, **parameters: Any) -> Experiment:
    row = {"kind": "model", "dice": dice, "iou": dice, "confluence_rmse": dice}
    metrics = {module.COMPARISON: {"best_model": "small", "methods": {"small": row}}}
    return Experiment(name, rev, {"seed": seed, "lr": 1, **parameters}, metrics)


@pytest.fixture(autouse=True)
def _code(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    if "project" not in request.fixturenames:
        monkeypatch.setattr(module, "code_of", lambda rev: rev)


def names(groups: list[dict[int, Experiment]]) -> list[dict[int, str]]:
    return [{seed: own.name for seed, own in group.items()} for group in groups]


def test_groups_have_equal_settings_and_code():
    shown = [
        experiment("b", 2),
        experiment("a", 1),
        experiment("c", 1, lr=2),
        experiment("d", 3, rev="other"),
    ]
    assert names(seed_groups(shown)) == [{1: "a", 2: "b"}, {1: "c"}, {3: "d"}]


def test_of_one_seed_the_first_counts():
    assert names(seed_groups([experiment("a", 1), experiment("main", 1)])) == [{1: "a"}]


def test_what_has_no_comparison_is_left_out():
    assert seed_groups([Experiment("a", HEAD, {"seed": 1}, {})]) == []


def test_scores_by_seed():
    scores = scores_by_seed({0: experiment("a", 0, 0.5), 1: experiment("b", 1, 0.6)})
    assert {seed: list(rows) for seed, rows in scores.items()} == {0: ["small"], 1: ["small"]}
    assert scores[1]["small"]["dice"] == 0.6


def test_a_comparison_of_an_earlier_version():
    old = Experiment("a", HEAD, {"seed": 0}, {module.COMPARISON: {"best_model": "small", "small": {}}})
    with pytest.raises(
        InputError, match=r"metrics/comparison\.json of a is of an earlier version: run it again"
    ):
        scores_by_seed({0: old})


def test_equal_scores_were_not_made_anew():
    with pytest.raises(InputError, match=r"a \(seed 0\) and b \(seed 1\) have the same scores"):
        scores_by_seed({0: experiment("a", 0), 1: experiment("b", 1)})


def test_settings_are_told_by_what_differs_from_head():
    head = experiment("main", 0, old=1, train={"threads": 2})
    group = {1: experiment("a", 1, rev="other", lr=2, train={"threads": 3})}
    assert settings_text(group, head) == "lr=2, train.threads=3, without old, other code; seeds 1 (a)"
    assert settings_text({0: head}, head) == "settings of HEAD; seeds 0 (main)"


def test_one_seed_alone_says_what_to_run(project: Path):
    with pytest.raises(
        InputError, match=r"differ in their seed alone: run `dvc exp run --queue -S seed=0,1,2`"
    ):
        compare_seeds()


def test_queued_seeds_are_compared_with_head(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """HEAD has seed 0; the partial experiment of seed 2 makes its scores suspicious."""
    dvc(project, "exp", "run", "--queue", "-S", "seed=1,2")
    dvc(project, "exp", "run", "--run-all")
    monkeypatch.setattr("sys.argv", ["seeds"])
    main()
    printed = capsys.readouterr().out
    assert "settings of HEAD; seeds 0 (main), 1 (" in printed
    results = project / "experiments" / "results" / "seeds"
    rows = pd.read_csv(results / "seeds.csv", index_col="method")
    assert rows.loc["small", "dice"] == pytest.approx(0.91)
    assert rows.loc["small", "dice_sd"] == pytest.approx(0.01)
    assert rows.loc["otsu", "dice_sd"] == 0
    differences = pd.read_csv(results / "differences.csv")
    assert differences.loc[0, ["better", "method"]].tolist() == ["small", "otsu"]
    assert differences.loc[0, "exceeds_spread"]
    assert run(project, "git", "status", "--short") == ""

    dvc(project, "exp", "run", "--temp", "--name", "partial", "-S", "seed=3", "train@small")
    with pytest.raises(SystemExit, match=r"main \(seed 0\) and partial \(seed 3\) have the same scores"):
        main()
