"""Names of cell types, which become names of files and of rows."""

from monolayer.errors import InputError

_LONGEST = 100  # characters; a file's name holds 255 bytes


def require_name(cell_type: str, where: str) -> None:
    r"""Make sure that a cell type is a name and no path.

    Parameters
    ----------
    cell_type
        As the user gives it; an empty one is none.
    where
        File, key or image that it came from; begins the error.

    Raises
    ------
    InputError
        It holds ``/``, ``\`` or characters that cannot be printed, is ``.`` or ``..``, begins or ends with
        a space, or is longer than 100 characters.
    """
    is_path = cell_type in (".", "..") or "/" in cell_type or "\\" in cell_type
    if is_path or not cell_type.isprintable() or cell_type != cell_type.strip() or len(cell_type) > _LONGEST:
        raise InputError(
            f"{where}: cell_type {cell_type!r} is no name: give one without / and \\, spaces at its ends and "
            f"characters that cannot be printed, of at most {_LONGEST} characters, such as BV2"
        )
