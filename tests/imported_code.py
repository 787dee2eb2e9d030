"""Which code a stage may run, found by reading import statements."""

import ast
import hashlib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]

# The stages load these by the name that a parameter gives, so their own imports do not show them. Each model
# depends on the folders of its own architecture, head and decoder alone.
ARCHITECTURE = "monolayer/models/${item.architecture}"
HEAD = "monolayer/heads/${item.head.method}"
DECODER = "monolayer/decoders/${item.head.method}"
PLUGINS = {
    "train": [ARCHITECTURE, HEAD, DECODER],
    "predict": [ARCHITECTURE, HEAD, DECODER],
}


def files_run(name: str, model: dict[str, Any]) -> set[Path]:
    """Every file of this project whose code a stage may run for an entry of ``models:``."""
    files = imported_files(ROOT / "stages" / f"{name}.py")
    for file in plugin_files(name, model):
        files |= imported_files(file)
    return files


def expected_code_version(name: str, model: dict[str, Any]) -> str:
    """What `code_version` has to be in a stage: of all code that it may run, but its own module."""
    files = files_run(name, model) - {ROOT / "stages" / f"{name}.py"}
    files |= {folder / "__init__.py" for file in files for folder in file.parents if ROOT in folder.parents}
    files -= {ROOT / "stages" / "__init__.py", ROOT / "monolayer" / "__init__.py"}
    modules = {".".join(_without_init(file).relative_to(ROOT).with_suffix("").parts): file for file in files}
    content = b"".join(modules[module].read_bytes() for module in sorted(modules))
    return hashlib.sha256(content).hexdigest()[:16]


def _without_init(file: Path) -> Path:
    return file.parent if file.name == "__init__.py" else file


def plugin_files(name: str, model: dict[str, Any]) -> list[Path]:
    """The modules that a stage loads by name for a model; of the data sets it may load any."""
    chosen = {"${item.architecture}": model["architecture"], "${item.head.method}": model["head"]["method"]}
    folders = [f"{Path(dep).parent}/{chosen[Path(dep).name]}" for dep in PLUGINS.get(name, [])]
    sources = [ROOT / "monolayer/datasets"] if name == "download" else []
    return [
        file for folder in [*(ROOT / own for own in folders), *sources] for file in folder.glob("[a-z]*.py")
    ]


def imported_files(path: Path) -> set[Path]:
    """Every file of this project that a file imports, directly or not."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += _imports(current)
    return found


def _imports(path: Path) -> list[Path]:
    names = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    files = []
    for name in names:
        if name.split(".")[0] in ("monolayer", "stages"):
            base = ROOT.joinpath(*name.split("."))
            files += [place for place in (base.with_suffix(".py"), base / "__init__.py") if place.exists()]
    return files
