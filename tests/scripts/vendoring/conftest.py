"""The copy that this checkout makes, and a package that it goes into."""

from collections.abc import Callable
from pathlib import Path

import pytest
import vendor
from regeneration.documents import ROOT
from vendored_app import package
from vendoring.contents import Copy, make_copy


@pytest.fixture(scope="session")
def copy() -> Copy:
    """What this checkout makes."""
    return make_copy(ROOT)


@pytest.fixture
def vendor_folder(tmp_path: Path) -> Path:
    """The folder myapp/_vendor of a program, which is a package."""
    return package(tmp_path / "app/myapp/_vendor")


@pytest.fixture
def command(copy: Copy, vendor_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Run the command on myapp/_vendor, without making the copy anew each time."""

    def run(*options: str, makes: Copy = copy, destination: Path = vendor_folder) -> int:
        monkeypatch.setattr("vendoring.contents.make_copy", lambda _: makes)
        return vendor.main([str(destination), *options])

    return run
