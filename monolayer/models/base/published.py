"""Weights that others have published: fetched before a training, or read from a file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.hub import load_state_dict_from_url

from monolayer.errors import InputError

RANDOM = "random weights"
"""What a training starts from without published weights."""


def read_published(name: str, urls: dict[str, str]) -> dict[str, Any] | None:
    """Return published weights, or None where they cannot be had, which is said on the screen.

    Parameters
    ----------
    name
        A key of `urls`, or the path of a file with weights.
    urls
        Where they are published, by name. Torch keeps a fetched file in its own cache.

    Raises
    ------
    InputError
        There is neither such a name nor such a file, or it holds no weights.
    """
    if name in urls:
        return _fetched(name, urls[name])
    path = Path(name)
    if not path.is_file():
        known = ", ".join(urls)
        raise InputError(
            f"weights: {name} is no file, and none of {known}: give one of them, a file, or null"
        )
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # torch has many ways to say that a file is none of its own, all at length
        raise InputError(f"weights: {path} holds none: give a file of tensors that torch saved") from None
    if not isinstance(weights, dict):
        raise InputError(f"weights: {path} holds a {type(weights).__name__}: give a file of a net's weights")
    return weights


def _fetched(name: str, url: str) -> dict[str, Any] | None:
    try:
        return load_state_dict_from_url(url, map_location="cpu", check_hash=True)
    except OSError as error:
        print(
            f"weights: {name} cannot be fetched from {url} ({error}): training starts from random weights. "
            "Fetch the file elsewhere, and give its path instead"
        )
        return None


def take_published(net: nn.Module, name: str | None, read: Callable[[str], dict[str, Any] | None]) -> str:
    """Give a net published weights, and say what a training starts from.

    Parameters
    ----------
    net
        What takes them.
    name
        Of the weights; None for none.
    read
        Returns the weights of a name as the net has them, or None where they cannot be had.

    Raises
    ------
    InputError
        The weights are those of another net.
    """
    weights = None if name is None else read(name)
    if name is None or weights is None:
        return RANDOM
    try:
        net.load_state_dict(weights)
    except RuntimeError as error:
        first = " ".join(str(error).split("\n")[:2])
        raise InputError(f"weights: {name} does not fit the net ({first}): give other weights") from None
    return name
