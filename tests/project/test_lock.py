"""requirements.lock pins everything that pyproject.toml requires."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
LOCK = (ROOT / "requirements.lock").read_text("utf-8")


def requirements() -> list[str]:
    project = SETTINGS["project"]
    every = [SETTINGS["build-system"]["requires"], project["dependencies"], *SETTINGS["dependency-groups"].values()]
    every += project["optional-dependencies"].values()
    texts = {text for texts in every for text in texts if isinstance(text, str)}  # others name a group
    return sorted(text for text in texts if Requirement(text).name != project["name"])


def test_the_lock_pins_what_the_project_requires_with_hashes_and_without_places() -> None:
    pinned: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", LOCK, flags=re.MULTILINE):
        pinned.setdefault(canonicalize_name(name), []).append(version)
    wrong: list[str] = []
    for text in requirements():
        requirement = Requirement(text)
        versions = pinned.get(canonicalize_name(requirement.name), [])
        if not versions or not all(requirement.specifier.contains(version) for version in versions):
            wrong.append(f"{text} is pinned to {versions}")
    assert not wrong, "run `nox --no-venv -s lock`"
    pins = [pin for pin in re.split(r"\n(?=[a-z])", LOCK.partition("\n")[2]) if "==" in pin]
    assert sum(len(versions) for versions in pinned.values()) == len(pins)
    assert [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin] == []
    assert not re.search(r"://|--(extra-)?index-url|--find-links|@ ", LOCK)


def test_the_build_backend_is_pinned_to_the_same_version_in_both_places() -> None:
    backend = SETTINGS["build-system"]["requires"]
    assert all(requirement in SETTINGS["dependency-groups"]["dev"] for requirement in backend)
    assert all("==" in requirement for requirement in backend)
