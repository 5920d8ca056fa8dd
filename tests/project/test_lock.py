"""requirements.lock pins everything that pyproject.toml asks for, and every set-up installs from it."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCK = (ROOT / "requirements.lock").read_text("utf-8")


def asked_for() -> list[str]:
    project = SETTINGS["project"]
    every = [SETTINGS["build-system"]["requires"], project["dependencies"], SETTINGS["dependency-groups"]["dev"]]
    every += project["optional-dependencies"].values()
    return sorted({text for texts in every for text in texts if Requirement(text).name != project["name"]})


@pytest.fixture(scope="module")
def pinned() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", LOCK, flags=re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


def test_what_the_project_asks_for_is_pinned_as_it_asks(pinned: dict[str, list[str]]) -> None:
    wrong: list[str] = []
    for text in asked_for():
        requirement = Requirement(text)
        versions = pinned.get(canonicalize_name(requirement.name), [])
        if not versions or not all(requirement.specifier.contains(version) for version in versions):
            wrong.append(f"{text} is pinned to {versions}")
    assert not wrong, "run `nox --no-venv -s lock`"


def test_every_pin_has_hashes_and_names_no_place(pinned: dict[str, list[str]]) -> None:
    pins = re.split(r"\n(?=[a-z])", LOCK.partition("\n")[2])
    assert sum(len(versions) for versions in pinned.values()) == len([pin for pin in pins if "==" in pin])
    assert [pin.splitlines()[0] for pin in pins if "==" in pin and "--hash=sha256:" not in pin] == []
    assert not re.search(r"://|--(extra-)?index-url|--find-links|@ ", LOCK)


def test_the_build_backend_is_pinned_to_the_same_version_in_both_places() -> None:
    backend = SETTINGS["build-system"]["requires"]
    assert set(backend) <= set(SETTINGS["dependency-groups"]["dev"])
    assert all("==" in requirement for requirement in backend)
