"""A folder of image files: where each lies."""

from collections import defaultdict
from pathlib import Path

from monolayer.errors import InputError
from monolayer.images.decoding import IMAGE_ENDINGS


class ImageFolder:
    """Finds the files of a folder that holds images in any sub-folders.

    LIVECell's copies differ: flat, one folder per split, one per cell type. An annotation file names the
    bare file, so the whole folder is indexed once, by bare name and by path below it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._paths: dict[str, list[Path]] = defaultdict(list)
        for path in sorted(root.rglob("*")):
            if path.suffix.lower() in IMAGE_ENDINGS:
                relative = path.relative_to(root)
                for key in {path.name, relative.as_posix()}:
                    self._paths[key].append(path)

    def find(self, file_name: str, split: str) -> Path | None:
        """Return the path of a file of a split, or None where there is none.

        A path below the folder means that file. Of several files of one bare name, the one in a folder named
        after the split is meant (``livecell_test_images``, ``livecell_train_val_images``).

        Raises
        ------
        InputError
            Several files have the name, and no folder name tells which one is meant.
        """
        paths = self._paths.get(file_name, [])
        if self.root / file_name in paths:
            return self.root / file_name
        if len(paths) > 1:
            named = [path for path in paths if split in path.relative_to(self.root).parent.as_posix()]
            if len(named) != 1:
                places = ", ".join(str(path) for path in paths)
                raise InputError(f"{file_name} of split {split} is ambiguous: {places}. Keep one of them.")
            paths = named
        return paths[0] if paths else None

    def path(self, file_name: str, split: str) -> Path:
        """Return the path of a file of a split, as `find`, but a missing file is an `InputError`."""
        path = self.find(file_name, split)
        if path is None:
            raise InputError(f"{file_name} of split {split} is not below {self.root}")
        return path
