"""Trees made of the project's contract."""

import shutil
from pathlib import Path

import pytest
from regenerated import made_once
from regeneration.documents import CONTRACT, PACKAGE, Contract, read_contract
from regeneration.tree import write_tree


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The project's contract as the regeneration reads it."""
    return read_contract(CONTRACT)


@pytest.fixture
def built(contract: Contract, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree made of the project's contract, not proven yet, for a test to spoil."""
    made = made_once(tmp_path_factory, "built", lambda folder: write_tree(contract, folder / PACKAGE))
    return shutil.copytree(made, tmp_path / "root")
