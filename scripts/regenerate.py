"""Writes generated/ from the contract."""

import argparse
import shutil
import tempfile
from pathlib import Path

from regeneration.contract import read_contract
from regeneration.tree import write_tree

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contract", type=Path, default=ROOT / "openapi" / "ideogram-v4.yaml")
    parser.add_argument("--out", type=Path, default=ROOT / "generated")
    arguments = parser.parse_args()
    target = arguments.out / "ideogram_ai" / "generated"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        fresh = Path(folder) / "generated"
        write_tree(read_contract(arguments.contract), fresh)
        if target.exists():
            shutil.rmtree(target)
        fresh.rename(target)


if __name__ == "__main__":
    main()
