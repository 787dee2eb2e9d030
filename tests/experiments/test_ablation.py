"""An ablation's runs through DVC's queue, and what is drawn of them."""

from pathlib import Path

import pandas as pd
import pytest
from tiny_dvc_project import dvc, run

from experiments import ablation as module
from experiments.ablation import ablation, main
from experiments.declaration import Ablation
from experiments.repository import workspace_and_experiments
from monolayer.errors import InputError

RATES = {"slow": 0.5, "fast": 0.2, "wild": 5}


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch):
    """Declare the ablation `rates`, one run for each learning rate."""

    def declare(**rates: float) -> None:
        runs = {name: {"lr": rate} for name, rate in rates.items()}
        declared = Ablation(title="Learning rates", recipe={"model": "small", "epochs": 2}, runs=runs)
        monkeypatch.setattr(module, "read_ablations", lambda: {"rates": declared})

    return declare


def test_runs_are_drawn_a_failed_one_is_reported_and_a_second_call_trains_that_one_alone(
    project: Path, declare, capfd: pytest.CaptureFixture[str]
):
    """One test, because each call of the queue takes DVC ten seconds."""
    parameters = (project / "params.yaml").read_text()
    declare(**RATES)
    with pytest.raises(InputError, match=r"(?s)^rates-wild failed.*`dvc queue logs rates-wild`") as failure:
        ablation("rates")
    assert "the loss of ablation is not a number" in str(failure.value)
    results = project / "experiments" / "results" / "rates"
    table = pd.read_csv(results / "dice.tsv", sep="\t")
    assert table["model"].tolist() == ["slow", "slow", "fast", "fast"]
    assert table["val_dice"].tolist() == [0.5, 0.75, 0.8, 0.9]
    page = (results / "index.html").read_text()
    assert '"model": "slow"' in page
    assert "Learning rates" in page
    assert (results / "dice.png").exists()

    assert (project / "params.yaml").read_text() == parameters
    assert run(project, "git", "status", "--short") == ""
    assert not (project / "models" / "ablation").exists()

    capfd.readouterr()
    declare(**{**RATES, "wild": 0.75})
    ablation("rates")
    printed = capfd.readouterr().out
    assert "rates-slow is there already, success" in printed
    assert "rates-wild is queued" in printed
    assert printed.count("Reproducing experiment") == 1
    table = pd.read_csv(results / "dice.tsv", sep="\t")
    assert table.loc[table["model"] == "wild", "val_dice"].tolist() == [0.25, 0.625]


def test_other_code_settings_or_data_make_a_run_outdated(project: Path, declare):
    declare(slow=0.5)
    declared = module.read_ablations()["rates"]

    def commits() -> list[str]:
        module.queue_runs(declared, {"slow": "rates-slow"})
        _, _, experiments = workspace_and_experiments()
        assert [experiment.state for experiment in experiments] == ["queued"]
        return [experiment.rev for experiment in experiments]

    first = commits()
    assert commits() == first
    (project / "stages" / "train.py").write_text("print('other')\n")
    second = commits()
    assert second != first
    assert commits() == second
    (project / "params.yaml").write_text((project / "params.yaml").read_text().replace("seed: 0", "seed: 1"))
    third = commits()
    assert third != second
    (project / "raw.txt").write_text("other images")
    dvc(project, "repro", "-q", "pack")
    fourth = commits()
    assert fourth != third
    assert commits() == fourth


def test_the_name_of_the_entry_is_taken(project: Path, declare):
    declare(slow=0.5)
    (project / "params.yaml").write_text("seed: 0\ntrain: {}\nmodels: {ablation: {lr: 1}}\n")
    with pytest.raises(InputError, match=r"models\.ablation: ablations take this name"):
        ablation("rates")


def test_what_dvc_says_is_the_error(project: Path, declare):
    declare(**{"not/a/name": 0.5})
    with pytest.raises(InputError, match=r"(?s)dvc exp run --queue.*Invalid exp name"):
        ablation("rates")


def test_a_failed_run_that_left_no_log(project: Path):
    assert "'rates-slow' is not" in module._failure("rates-slow")


def test_an_unknown_ablation_lists_those_that_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("sys.argv", ["ablation", "optimisers"])
    with pytest.raises(SystemExit):
        main()
    assert "choose from optimizers, layers, architectures" in capsys.readouterr().err.replace("'", "")


def test_an_error_ends_the_command_with_its_message(project: Path, declare, monkeypatch: pytest.MonkeyPatch):
    declare(slow=0.5)
    monkeypatch.setattr("sys.argv", ["ablation", "rates"])
    dvc(project, "exp", "remove", "--queue")
    (project / "params.yaml").write_text("models: {}\n")
    with pytest.raises(SystemExit, match=r"^ablation rates: .*no 'small' in models"):
        main()
