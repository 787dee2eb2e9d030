"""SAM's weights, as transformers publishes and writes them."""

from pathlib import Path
from typing import Any

from transformers import SamModel

from monolayer.errors import InputError

PUBLISHED = "facebook/sam-vit-base"
"""On https://huggingface.co."""


def read_sam(name: str) -> dict[str, Any] | None:
    """Return SAM's weights, or None where they cannot be had, which is said on the screen.

    Parameters
    ----------
    name
        `PUBLISHED`, which transformers keeps in its own cache, or a folder that it wrote.

    Raises
    ------
    InputError
        There is no such folder, or it does not hold the whole of a SAM.
    """
    if name != PUBLISHED:
        return _read(name)
    try:
        return SamModel.from_pretrained(name).state_dict()
    except OSError as error:
        print(
            f"weights: {name} cannot be fetched ({_first_line(error)}): training starts from random weights. "
            "Fetch the folder elsewhere, and give its path instead"
        )
        return None


def _read(folder: str) -> dict[str, Any]:
    if not Path(folder).is_dir():
        raise InputError(
            f"weights: {folder} is no folder, and not {PUBLISHED}: give that, a folder that transformers "
            "wrote, or null"
        )
    try:
        sam, read = SamModel.from_pretrained(folder, output_loading_info=True)
    except Exception as error:  # each of the formats that transformers reads has errors of its own
        raise InputError(f"weights: {folder} cannot be read ({_first_line(error)}): {_REMEDY}") from None
    if read["missing_keys"]:
        missing = sorted(read["missing_keys"])[0]
        raise InputError(f"weights: {folder} does not hold a whole SAM, such as {missing}: {_REMEDY}")
    return sam.state_dict()


_REMEDY = "give a folder that transformers' SamModel.save_pretrained wrote"


def _first_line(error: Exception) -> str:
    return str(error).split("\n")[0]
