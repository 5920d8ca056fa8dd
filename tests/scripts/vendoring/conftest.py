"""The copy that this checkout makes, and the command on a package for it."""

from pathlib import Path

import pytest
from vendor import Copy, make_copy
from vendored_app import Command, package


@pytest.fixture(scope="session")
def copy() -> Copy:
    """What this checkout makes."""
    return make_copy()


@pytest.fixture
def vendor_folder(tmp_path: Path) -> Path:
    """The folder myapp/_vendor of a program, which is a package."""
    return package(tmp_path / "app/myapp/_vendor")


@pytest.fixture
def command(
    copy: Copy, vendor_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command on myapp/_vendor."""
    return Command(copy, vendor_folder, monkeypatch, capsys)
