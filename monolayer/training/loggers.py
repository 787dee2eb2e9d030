"""Where a training's scores are logged: DVCLive always, others by the names that params.yaml has for them."""

from importlib.util import find_spec
from pathlib import Path

from dvclive.lightning import DVCLiveLogger
from lightning.pytorch.loggers import Logger, TensorBoardLogger, WandbLogger

from monolayer.errors import InputError
from monolayer.training.settings import LoggerName


def build_loggers(names: list[LoggerName], scratch: Path, tracking: Path) -> list[Logger]:
    """Return the loggers; DVCLive is the first.

    Parameters
    ----------
    names
        Of those beside DVCLive; each needs the Python package of that name.
    scratch
        Folder of this very training, whose name tells it from others. DVCLive writes to ``live`` in it.
    tracking
        Folder of the model, whose name they show; they write there.

    Raises
    ------
    InputError
        A package is not installed.
    """
    live = DVCLiveLogger(dir=str(scratch / "live"), save_dvc_exp=False, dvcyaml=None, report=None)
    return [live, *(_build(name, scratch.name, tracking) for name in names)]


def _build(name: LoggerName, training: str, folder: Path) -> Logger:
    if find_spec(name) is None:
        raise InputError(
            f"params.yaml: train.loggers: {name} needs the package {name}, which is not installed: "
            f"run `pip install {name}`, or take it off the list"
        )
    folder.mkdir(parents=True, exist_ok=True)
    if name == "tensorboard":
        return TensorBoardLogger(folder, name=None, version=training)
    return WandbLogger(project="monolayer", name=folder.name, id=training, save_dir=folder, resume="allow")
