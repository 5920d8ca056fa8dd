"""The floors: who may import whom, and how little the client loads."""

import importlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import ideogram_ai.client

ROOT = Path(__file__).parents[2]

# What httpx and attrs load by themselves does not count: httpcore and its event loops when a client is
# made, and even click and rich where they happen to be installed.
LOADED = """
import json, sys
import httpx, attr, attrs
httpx.Client().close()
before = set(sys.modules)
from ideogram_ai.{floor} import *
after = {{name.partition('.')[0] for name in set(sys.modules) - before}}
floors = {{'.'.join(name.split('.')[:2]) for name in sys.modules if name.startswith('ideogram_ai.')}}
print(json.dumps([sorted(after - set(sys.stdlib_module_names)), sorted(floors)]))
"""


def loaded_by(floor: str) -> tuple[list[str], list[str]]:
    program = LOADED.format(floor=floor)
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    foreign, floors = json.loads(result.stdout)
    return foreign, floors


def test_the_client_loads_httpx_attrs_and_the_standard_library_only_and_generated_stands_alone() -> None:
    assert loaded_by("client") == (["ideogram_ai"], ["ideogram_ai.client", "ideogram_ai.generated"])
    assert loaded_by("generated") == (["ideogram_ai"], ["ideogram_ai.generated"])


def test_every_package_has_its_place_among_the_floors() -> None:
    """import-linter, a part of `nox -s lint`, checks that none imports from above."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    packages = {f"ideogram_ai.{path.parent.name}" for path in ROOT.glob("*/ideogram_ai/*/__init__.py")}
    assert packages == set(settings["tool"]["importlinter"]["contracts"][0]["layers"])


def test_the_floors_are_typed_and_share_one_namespace() -> None:
    folders = ("generated", "overrides", "harness", "apps")
    assert {path.parts[-3] for path in ROOT.glob("*/ideogram_ai/__init__.py")} == set(folders)
    doors = {(ROOT / folder / "ideogram_ai/__init__.py").read_text("utf-8") for folder in folders}
    assert len(doors) == 1, "Python runs the first one on its path, and each has to find the others"
    for folder in folders:
        packages = [path.parent for path in (ROOT / folder).glob("ideogram_ai/*/__init__.py")]
        assert packages
        assert [package.name for package in packages if not (package / "py.typed").is_file()] == []


def test_the_client_can_be_imported_from_the_namespace_itself() -> None:
    package = importlib.import_module("ideogram_ai")
    for name in ideogram_ai.client.__all__:
        assert getattr(package, name) is getattr(ideogram_ai.client, name)
        assert name in dir(package)
    with pytest.raises(AttributeError, match=r"^module 'ideogram_ai' has no attribute 'Ideograms'$"):
        _ = package.Ideograms
