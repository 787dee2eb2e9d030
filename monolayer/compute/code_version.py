"""Which code a process runs: where an out names it, the stage that reads the out learns of every change."""

import hashlib
import sys
from pathlib import Path

SHARED = ("monolayer.", "stages.command")
"""How the names of modules begin that may run in several stages."""


def code_version() -> str:
    """Return 16 characters that change with the shared modules of this project that the process has imported.

    In a stage they are what dvc.yaml lists for it, or for a stage before it that names its code, too: code of
    other stages makes no other version. The stage's own module is not among them.
    """
    digest = hashlib.sha256()
    for name, module in sorted(sys.modules.items()):
        if name.startswith(SHARED) and module.__file__:
            digest.update(Path(module.__file__).read_bytes())
    return digest.hexdigest()[:16]


def write_code_version(out: Path) -> None:
    """Write it to ``code.txt`` in an out of this process's stage."""
    (out / "code.txt").write_text(f"{code_version()}\n", encoding="utf-8")
