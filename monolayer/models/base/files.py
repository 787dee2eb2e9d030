"""A trained model on disk: ``weights.pt`` and ``model.json``, which rebuild it without params.yaml."""

import hashlib
import json
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

from monolayer.errors import InputError
from monolayer.models.base.model import Model, build_model
from monolayer.models.base.settings import ModelSettings
from monolayer.parameters import validate
from monolayer.plugins import load_plugin


def write_model(
    folder: Path, settings: ModelSettings, weights: dict[str, torch.Tensor], provenance: dict[str, Any]
) -> None:
    """Write the weights and all settings of a model into a folder, and what it was made from."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(weights, folder / "weights.pt")
    content = {"settings": settings.model_dump(), "provenance": provenance}
    (folder / "model.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_model(folder: Path) -> Model:
    """Rebuild a trained model, in evaluation mode on the CPU.

    Raises
    ------
    InputError
        A file is missing or damaged, or was written for an architecture that this version does not build.
    """
    settings = _read_settings(folder / "model.json")
    model = build_model(settings)
    _load(model, folder, f"the {settings.architecture} that this version builds", "train the model again")
    return model.eval()


def initialise(model: Model, folder: Path) -> None:
    """Give a model the weights of a trained one.

    Raises
    ------
    InputError
        They are missing or damaged, or are those of another net.
    """
    remedy = f"give the entry the architecture's settings that stand in {folder / 'model.json'}"
    _load(model, folder, "the model that is to start from it (initialise_from)", remedy)


def weights_digest(folder: Path) -> str:
    """Return a digest of a trained model's weights, or raise an `InputError` where there are none."""
    try:
        return hashlib.sha256((folder / "weights.pt").read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(
            f"initialise_from: {folder / 'weights.pt'} cannot be read ({error.strerror}): name the folder of "
            "a trained model, and not the model's own, which is emptied before the training"
        ) from None


def _load(model: Model, folder: Path, description: str, remedy: str) -> None:
    path = folder / "weights.pt"
    try:
        model.load_state_dict(_read_weights(path))
    except RuntimeError as error:
        raise InputError(f"{path} does not fit {description} ({_first_lines(error)}): {remedy}") from None


def _read_settings(path: Path) -> ModelSettings:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))["settings"]
        module = load_plugin("monolayer.models", values["architecture"], "architecture", "settings")
        settings: ModelSettings = validate(values, "settings", module.Settings)
        return settings
    except FileNotFoundError:
        raise InputError(f"{path} not found: train the model first") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is not a model description ({error!r}): train the model again") from None
    except InputError as error:
        raise InputError(f"{path} is of another version ({error}): train the model again") from None


def _read_weights(path: Path) -> dict[str, Any]:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise InputError(f"{path} not found: train the model first") from None
    except (RuntimeError, UnpicklingError, EOFError) as error:
        raise InputError(f"{path} is damaged ({_first_lines(error)}): train the model again") from None


def _first_lines(error: Exception) -> str:
    return " ".join(str(error).split("\n")[:2])
