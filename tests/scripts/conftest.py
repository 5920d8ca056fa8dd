"""Trees made of the project's contract."""

import shutil
from pathlib import Path

import pytest
from regeneration import steps
from regeneration.contract import Contract, read_contract
from regeneration.paths import CONTRACT


@pytest.fixture(scope="session")
def contract() -> Contract:
    """The project's contract as the regeneration reads it."""
    return read_contract(CONTRACT)


@pytest.fixture(scope="session")
def _built(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("built") / "root"
    steps.build(contract, root)
    return root


@pytest.fixture
def built(_built: Path, tmp_path: Path) -> Path:
    """A tree made of the project's contract, not proven yet, for a test to spoil."""
    return shutil.copytree(_built, tmp_path / "root")
