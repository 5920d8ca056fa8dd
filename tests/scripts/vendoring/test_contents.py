"""What is in a copy: all of two floors, a licence, and a manifest that is true; the same bytes from anywhere."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from regeneration.documents import ROOT
from vendored_app import package, texts
from vendoring.contents import FLOORS, Copy, make_copy
from vendoring.errors import VendoringError

from ideogram_ai.client import __version__
from ideogram_ai.generated.contract import CONTRACT_SHA256

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The part of this checkout that the command needs, elsewhere."""
    folder = tmp_path / "a checkout, elsewhere"
    for name in ("scripts", *FLOORS.values()):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("LICENSE", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def test_it_holds_every_file_of_the_two_floors_and_what_makes_a_package_of_them(copy: Copy) -> None:
    expected = {"__init__.py", "py.typed", "LICENSE", "vendored.json", ".gitattributes"}
    for floor, folder in FLOORS.items():
        base = ROOT / folder / "ideogram_ai"
        files = [path for path in (base / floor).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        assert len(files) > 10
        expected |= {path.relative_to(base).as_posix() for path in files}
    assert set(copy.files) == expected


def test_the_manifest_is_true(copy: Copy) -> None:
    manifest = json.loads(copy.files["vendored.json"])
    files = manifest.pop("files")
    assert manifest == {
        "distribution": "ideogram-ai",
        "version": __version__,
        "contract_sha256": CONTRACT_SHA256,
        "license": PROJECT["license"],
        "requires_python": PROJECT["requires-python"],
        "dependencies": PROJECT["dependencies"],
    }
    others = {name: data for name, data in copy.files.items() if name != "vendored.json"}
    assert files == {name: hashlib.sha256(data).hexdigest() for name, data in others.items()}
    assert list(files) == sorted(files)


def test_the_licence_lies_beside_it_and_the_code_says_what_it_is(copy: Copy) -> None:
    assert copy.files["LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert f"A copy of ideogram-ai {__version__}" in copy.files["__init__.py"].decode()


def test_it_is_the_same_from_anywhere(checkout: Path, copy: Copy, tmp_path: Path) -> None:
    """Another place of the checkout, another folder, umask, language and order of hashes; junk beside the sources."""
    (checkout / "overrides/ideogram_ai/client/.core.py.swp").write_bytes(b"an editor's")
    (checkout / "overrides/ideogram_ai/client/__pycache__").mkdir()
    (checkout / "overrides/ideogram_ai/client/__pycache__/core.pyc").write_bytes(b"Python's")
    folder = package(tmp_path / "app/other/_vendor")
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    command = [sys.executable, str(checkout / "scripts/vendor.py"), "_vendor"]
    result = subprocess.run(
        command, cwd=folder.parent, env=environment, umask=0o077, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert texts(folder / "ideogram_ai") == copy.files
    modes = {path.stat().st_mode & 0o777 for path in (folder / "ideogram_ai").rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in (folder / "ideogram_ai").rglob("*") if path.is_dir()}
    assert (modes, folders, (folder / "ideogram_ai").stat().st_mode & 0o777) == ({0o644}, {0o755}, 0o755)


@pytest.mark.parametrize("change", ["edit", "extra"])
def test_a_generated_floor_that_was_edited_by_hand_is_refused(change: str, checkout: Path) -> None:
    package = checkout / "generated/ideogram_ai/generated"
    if change == "edit":
        (package / "contract.yaml").write_bytes((package / "contract.yaml").read_bytes() + b"# mine\n")
    else:
        (package / "mine.py").touch()
    with pytest.raises(VendoringError, match=r"generated is not as the regeneration wrote it .*regenerate\.py first"):
        make_copy(checkout)
