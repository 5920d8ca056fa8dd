"""A copy works without the project: from a zip, twice in one process, beside another version, moved and renamed.

Each test runs a Python that sees the program, httpx, attrs and their dependencies, and no metadata of ours.
"""

import json
import re
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from dependencies import link_dependencies
from mock_pictures import small_pictures
from vendor import FLOORS, Copy
from vendored_app import run_alone, vendored

from ideogram_ai.client import __version__
from ideogram_ai.generated.contract import CONTRACT_SHA256
from ideogram_ai.testing import MockServer

ROOT = Path(__file__).parents[3]
PROGRAMS = Path(__file__).with_name("programs.py")
NAME = "myapp._vendor.ideogram_ai"


@pytest.fixture(scope="module")
def dependencies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with httpx, attrs and what these need."""
    folder = tmp_path_factory.mktemp("dependencies")
    link_dependencies(folder)
    return folder


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    """One mock server for all."""
    with small_pictures(), MockServer() as server:
        yield server


@pytest.fixture
def app(tmp_path: Path, copy: Copy) -> Path:
    """The folder of a program with a copy in myapp/_vendor."""
    vendored(copy, tmp_path / "app/myapp/_vendor")
    return tmp_path / "app"


def check_at_work(name: str, server: MockServer, *path: Path, metadata: bool = False) -> Path:
    """Use all of a copy, and check the results; the last folder has the dependencies."""
    said = run_alone(PROGRAMS, "at_work", name, server.url, path=path)
    file, modules = Path(said.pop("file")), {module.partition(".")[0] for module in said.pop("modules")}
    assert said == {
        "pictures": [True, True],
        "jobs": [True, True, 1, 1, 1],
        "error": [True, "both"],
        "version": __version__,
        "metadata": metadata,
        "contract": CONTRACT_SHA256,
        "path": True,
    }
    foreign = modules - sys.stdlib_module_names - {entry.name.removesuffix(".py") for entry in path[-1].iterdir()}
    assert foreign == {"__main__", name.partition(".")[0]}
    return file


def test_it_works_with_httpx_and_attrs_alone_and_loads_them_when_used(
    app: Path, dependencies: Path, server: MockServer
) -> None:
    assert check_at_work(NAME, server, app, dependencies).is_relative_to(app)
    before, after = run_alone(PROGRAMS, "imported", NAME, path=(app, dependencies))
    assert {name for name in before if name.startswith(NAME)} == {NAME, f"{NAME}.client"}
    assert "httpx" not in before
    assert {"httpx", f"{NAME}.generated.operations"} <= set(after)


def test_webhooks_need_cryptography_and_nothing_else_loads_it(app: Path, dependencies: Path, tmp_path: Path) -> None:
    vectors = json.loads((ROOT / "tests/client/webhook_vectors.json").read_text("utf-8"))
    delivery = json.dumps({**vectors["right"]["plain"], "keys": vectors["keys"]})
    arguments = (PROGRAMS, "verified", NAME, delivery)
    assert run_alone(*arguments, path=(app, dependencies)) == {"before": False, "needs": "cryptography"}
    (tmp_path / "more").mkdir()
    link_dependencies(tmp_path / "more", "cryptography")
    said = run_alone(*arguments, path=(app, tmp_path / "more"))
    assert said == {"before": False, "job": [vectors["generation_id"], "completed"]}


@pytest.mark.slow
def test_it_works_on_the_path_itself_and_moved_renamed_and_zipped(
    app: Path, dependencies: Path, server: MockServer
) -> None:
    """Neither its own name nor one above it is in it. In the zip, it is in a namespace package."""
    check_at_work("ideogram_ai", server, app / "myapp/_vendor", dependencies)
    (app / "other").mkdir()
    (app / "myapp/_vendor/ideogram_ai").rename(app / "other/pictures")
    archive = app.parent / "app.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in (app / "other").rglob("*"):
            if path.is_dir() or path.suffix != ".pyc":
                file.write(path, path.relative_to(app))
        file.mkdir("other")  # namespace packages need entries for folders in a zip
    shutil.rmtree(app)
    assert check_at_work("other.pictures", server, archive, dependencies).is_relative_to(archive)


def test_it_works_beside_another_version(tmp_path: Path, app: Path, dependencies: Path, server: MockServer) -> None:
    """It uses no module of the other, which is not even loaded unless it is imported too."""
    site = tmp_path / "site"
    for floor, folder in FLOORS.items():
        shutil.copytree(ROOT / folder / "ideogram_ai" / floor, site / "ideogram_ai" / floor)
    package = site / "ideogram_ai/client/__init__.py"
    package.write_text(re.sub('__version__ = ".*"', '__version__ = "99.0"', package.read_text()))
    contract = site / "ideogram_ai/generated/contract.py"
    contract.write_text(contract.read_text().replace(CONTRACT_SHA256, "0" * 64))
    metadata = site / "ideogram_ai-99.0.dist-info/METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: ideogram-ai\nVersion: 99.0\n")
    check_at_work(NAME, server, site, app, dependencies, metadata=True)
    for order in (["ideogram_ai", NAME], [NAME, "ideogram_ai"]):
        assert run_alone(PROGRAMS, "beside", *order, path=(site, app, dependencies)) == {
            "installed": "99.0",
            "versions": {"ideogram_ai": "99.0", NAME: __version__},
            "contracts": {"ideogram_ai": "0" * 64, NAME: CONTRACT_SHA256},
            "shared": [],
        }


def test_two_copies_in_one_process_share_nothing(
    tmp_path: Path, copy: Copy, dependencies: Path, server: MockServer
) -> None:
    """Classes, loggers, and what keeps keys out of the logs of httpx: each copy its own key's, and no other's."""
    vendored(copy, tmp_path / "one/_vendor", tmp_path / "two/_vendor")
    said = run_alone(PROGRAMS, "two_copies", server.url, path=(tmp_path, dependencies))
    assert "V4JsonPrompt is not a JSON type" in said.pop("model")
    assert said == {
        "requests": 4,
        "keys": [],
        "catches": ["its own", "its own"],
        "nested": "one._vendor.ideogram_ai.client.errors",
        "echoes": ["[api key]", "the-key-of-two"],
        "loggers": ["one._vendor.ideogram_ai.client", "two._vendor.ideogram_ai.client"],
        "shared": [],
    }
