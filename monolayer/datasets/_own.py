"""What every source of a user's own data has in common."""

from monolayer.datasets._description import Description
from monolayer.datasets._settings import DatasetSettings
from monolayer.datasets._splits import DEFAULT_FRACTIONS, Fractions


class OwnDataSettings(DatasetSettings):
    """How a user's data are divided, and what they are."""

    split: Fractions = DEFAULT_FRACTIONS
    """Fractions of the images, drawn image by image: where fields of view or wells recur, images of one may
    come into two splits; then make the splits yourself."""
    seed: int = 0
    """Seeds the draw."""
    cell_type: str = ""
    """Cell type of images that have none of their own."""
    name: str = "own data"
    """For dataset.json, as are the two below."""
    licence: str = "unknown"
    citation: str = ""

    def description(self, source: str, crowd_regions_left_out: int = 0) -> Description:
        """Return what dataset.json is to say of the data that came from `source`."""
        return Description(
            self.name, self.licence, self.citation, source, crowd_regions_left_out=crowd_regions_left_out
        )
