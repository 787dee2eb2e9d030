"""What ``dvc repro --allow-missing`` would stop at, told before DVC deletes what it would make anew.

DVC deletes the outs of a stage first, and only then looks for its inputs.
"""

from dvc.repo import Repo
from dvc.stage import Stage
from psutil import Process

from monolayer.errors import InputError


def check_inputs() -> None:
    """Raise an `InputError` where this process belongs to a run that allows missing data, but needs some."""
    commands = [process.cmdline() for process in Process().parents()]
    run = next((own for own in commands if "repro" in own and "--allow-missing" in own), None)
    if run is None:
        return
    with Repo() as repo:
        if repo.config["remote"]:
            if "--pull" in run:  # DVC fetches what it needs
                return
            remedy = "run it again with --pull, which fetches what is needed"
        else:
            remedy = (
                "run `dvc repro` without --allow-missing, which makes it anew, or name a remote that has it "
                "(`dvc remote add -d <name> <address>`)"
            )
        for stage in repo.index.stages:
            if missing := _missing_input(repo, stage):
                raise InputError(f"{stage.addressing} needs {missing}, which is not in this clone: {remedy}")


def _missing_input(repo: Repo, stage: Stage) -> str | None:
    """Return the first input of a changed stage that another stage makes, and that is not there."""
    made = [out.fs_path for other in repo.index.stages for out in other.outs]
    for dep in stage.deps:
        if not dep.exists and any(dep.fs.isin_or_eq(dep.fs_path, path) for path in made):
            cached = dep.hash_info and repo.cache.local.exists(dep.hash_info.value)
            return str(dep) if not cached and _changed(stage) else None
    return None


def _changed(stage: Stage) -> bool:
    statuses = [dep.status() for dep in stage.deps]
    changes = [change for status in statuses for change in status.values()]
    return stage.changed_stage() or any(change != "deleted" for change in changes)
