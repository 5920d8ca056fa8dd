"""The folders of the repository, found from this file, so that the commands work from any folder."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
CONTRACT: Final = ROOT / "openapi" / "ideogram-v4.yaml"
CONFIGURATION: Final = ROOT / "overrides" / "generator"
OUT: Final = ROOT / "generated"
PACKAGE: Final = Path("ideogram_ai", "generated")
"""The generated package below the folder that it is written into."""
