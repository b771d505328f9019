"""The one place where this package reads the environment."""

import os
from pathlib import Path


def data_folder() -> Path | None:
    """The folder of local datasets (Hugging Face folder format) that ``LANDBRIDGE_DATA`` names, if it is there."""
    named = os.environ.get("LANDBRIDGE_DATA", "")
    folder = Path(named)
    return folder if named and folder.is_dir() else None
