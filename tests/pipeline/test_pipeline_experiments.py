"""Experiments: a parameter set back comes from the run cache, and the queue runs side by side."""

import json
import time

import pandas as pd
from tiny_pipeline import run, stages_cached, stages_run


def test_what_was_computed_before_is_taken_from_the_run_cache(copy):
    """A parameter is changed, and set back: of the data, then of a model."""
    before = copy.outs()
    copy.change("params.yaml", lambda parameters: parameters["datasets"]["sample"].update(seed=1))
    data = ["parameters", "download", "sample", "deduplicate", "masks", "pack", "explore", "baseline"]
    assert set(stages_run(copy.dvc("repro", "pack", "explore", "baseline"))) == set(data)
    copy.change("params.yaml", lambda parameters: parameters["datasets"]["sample"].update(seed=0))
    output = copy.dvc("repro", "pack", "explore", "baseline")
    assert stages_run(output) == []
    assert set(stages_cached(output)) == set(data)

    output = copy.dvc("exp", "run", "-S", "models.small.lr=0.03", "-S", "models.small.epochs=3")
    own = ["train@small", "predict@small", "evaluate@small", "compare"]
    assert stages_run(output) == ["parameters", *own]
    changed = run(copy.root, "git", "diff", "--numstat", "params.yaml").split()
    assert changed[:2] == ["2", "2"]
    diff = copy.dvc("metrics", "diff")
    assert len(diff.splitlines()) <= 12
    assert {line.split()[0] for line in diff.splitlines()[1:]} == {"metrics/small.json"}
    parameters = json.loads(copy.dvc("params", "diff", "--json"))
    assert parameters["params.yaml"]["models.small.epochs"] == {"old": 2, "new": 3, "diff": 1}
    plots = json.loads(copy.dvc("plots", "diff", "--json", "-o", "diff"))
    assert "errors" not in plots
    drawn = {path for path, parts in plots["data"].items() if any(part.get("datapoints") for part in parts)}
    assert not {path for path in drawn if "other" in path}
    columns = copy.dvc("exp", "show", "--csv", "--only-changed").splitlines()[0].split(",")
    assert {"models.small.lr", "models.small.epochs"} <= set(columns)
    assert any(column.startswith("metrics/small.json:") for column in columns)

    output = copy.dvc("exp", "run", "-S", "models.small.lr=0.02", "-S", "models.small.epochs=2")
    assert stages_run(output) == []
    assert stages_cached(output) == ["parameters", *own]
    assert copy.outs() == before


def test_queued_experiments_run_side_by_side(copy):
    for change in ("models.small.lr=1e-3", "~models.other"):
        copy.dvc("exp", "run", "--queue", "-S", change)
    copy.dvc("queue", "start", "-j", "2")
    deadline = time.monotonic() + 300
    while (status := copy.dvc("queue", "status")).count("Success") < 2:
        assert "Failed" not in status, copy.dvc("queue", "logs", status.split()[0])
        assert time.monotonic() < deadline, status
        time.sleep(5)
    table = pd.read_csv(pd.io.common.StringIO(copy.dvc("exp", "show", "--csv")))
    assert {0.001, 0.02} <= set(table["models.small.lr"])
    assert table["models.other.lr"].isna().any()
