"""``python -m experiments.tidy``: delete what no stage makes now, such as results of a model that left."""

import shutil
import sys
from pathlib import Path

from dvc.utils.serialize import modify_yaml

from experiments.repository import dvc
from monolayer.errors import InputError

LOCK = Path("dvc.lock")


def tidy() -> list[str]:
    """Delete the outs and the entries in dvc.lock of stages that dvc.yaml and params.yaml no longer make.

    Returns
    -------
    list of str
        Paths and entries that were deleted.
    """
    live = set(dvc("stage", "list", "--all", "--name-only").split())
    deleted = []
    with modify_yaml(LOCK) as lock:
        stages = lock["stages"]
        kept = {
            out["path"] for name, stage in stages.items() if name in live for out in stage.get("outs", [])
        }
        for name in [name for name in stages if name not in live]:
            outs = {out["path"] for out in stages.pop(name).get("outs", [])}
            deleted += [path for path in sorted(outs - kept) if _delete(Path(path))]
            deleted.append(f"dvc.lock: {name}")
    return deleted


def _delete(path: Path) -> bool:
    there = path.exists()
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    return there


def main() -> None:
    """Say what was deleted; errors that a user is meant to read end it with their message alone."""
    try:
        deleted = tidy()
    except InputError as error:
        sys.exit(f"tidy: {error}")
    print("\n".join([f"deleted {name}" for name in deleted] or ["everything belongs to a stage"]))


if __name__ == "__main__":
    main()
