"""The copy that this checkout makes, and a package for it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import vendor
from vendor import Copy, make_copy
from vendored_app import package


@pytest.fixture(scope="session")
def copy() -> Copy:
    """What this checkout makes."""
    return make_copy()


@pytest.fixture
def vendor_folder(tmp_path: Path) -> Path:
    """The folder myapp/_vendor of a program, which is a package."""
    return package(tmp_path / "app/myapp/_vendor")


@pytest.fixture
def command(copy: Copy, vendor_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the command on myapp/_vendor, without making the copy each time."""

    def run(*options: str, makes: Copy = copy, destination: Path = vendor_folder) -> int:
        monkeypatch.setattr("vendor.make_copy", lambda: makes)
        return vendor.main([str(destination), *options])

    return run
