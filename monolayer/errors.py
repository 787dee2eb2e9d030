"""The one exception that a user is meant to read, and which of the others mean a disk without room."""

import errno
import re


class InputError(Exception):
    """Something given to Monolayer is wrong: a parameter, a file, an image, a server's answer.

    The message names the file, key or image, says what was expected and what arrived, and what to do.
    Stages print it without a traceback and stop.
    """


def shortage(error: BaseException) -> str | None:
    """Say what a failed write ran out of, or return None where it failed otherwise.

    Numpy's ``tofile`` (tifffile writes by it) and torch's ``save`` give no error number.

    >>> shortage(OSError(errno.EDQUOT, "Disk quota exceeded"))
    'the disk quota is used up'
    >>> shortage(OSError("4000000 requested and 1048320 written"))
    'the disk is full'
    """
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EDQUOT:
        return "the disk quota is used up"
    of_numpy = isinstance(error, OSError) and re.fullmatch(r"\d+ requested and \d+ written", str(error))
    of_torch = isinstance(error, RuntimeError) and "enforce fail at inline_container.cc" in str(error)
    return "the disk is full" if number == errno.ENOSPC or of_numpy or of_torch else None
