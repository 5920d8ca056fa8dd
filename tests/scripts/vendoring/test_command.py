"""The command: a first copy, an update, a check, what it refuses, and what it prints."""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import vendor
from vendor import ROOT, Copy, manifest_bytes, read_manifest
from vendored_app import package, texts

Command = Callable[..., int]
Captured = pytest.CaptureFixture[str]


def changed(copy: Copy, *, drop: str = "", files: dict[str, bytes] | None = None, **members: Any) -> Copy:
    """What another checkout makes: with these files, without one, and with other members of the manifest."""
    there = {name: data for name, data in copy.files.items() if name not in {"vendored.json", drop}} | (files or {})
    hashes = {name: sha256(there[name]).hexdigest() for name in sorted(there)}
    manifest = copy.manifest | members | {"files": hashes}
    return Copy(manifest, {**there, "vendored.json": manifest_bytes(manifest)})


@pytest.fixture
def later(copy: Copy) -> Copy:
    """Version 9.0.0: one module is new, one changed, one is gone."""
    files = {"client/added.py": b"", "client/retry.py": b"# better\n"}
    return changed(copy, drop="client/download.py", files=files, version="9.0.0")


EDITS = {
    "edited": "edited   client/errors.py",
    "missing": "missing  client/errors.py",
    "extra": "extra    client/mine.py",
    "link": "edited   client/errors.py",
    "linked folder": "extra    elsewhere",
    "manifest": "edited   vendored.json",
}


def edit(place: Path, kind: str) -> None:
    """Change a copy as somebody might."""
    core, manifest = place / "client/errors.py", place / "vendored.json"
    match kind:
        case "edited":
            core.write_bytes(b"# mine\n")
        case "missing":
            core.unlink()
        case "extra":
            (place / "client/mine.py").write_bytes(b"# mine\n")
        case "link":
            core.rename(place.parent / "errors.py")
            core.symlink_to(place.parent / "errors.py")
        case "linked folder":
            (place / "elsewhere").symlink_to(place.parent)
        case _:
            manifest.write_bytes(manifest.read_bytes().replace(b"{", b'{"my": "note",', 1))


def test_a_first_copy(command: Command, copy: Copy, vendor_folder: Path, capsys: Captured) -> None:
    place = vendor_folder / "ideogram_ai"
    count, title = len(copy.files), f"ideogram-ai {copy.manifest['version']}"
    assert command("--dry-run") == 0
    assert capsys.readouterr().out.startswith(f"would write {count} files to {place}: {title}\n")
    assert list(vendor_folder.iterdir()) == [vendor_folder / "__init__.py"]
    assert command() == 0
    assert texts(place) == copy.files
    assert {path.name for path in vendor_folder.iterdir()} == {"__init__.py", "ideogram_ai"}
    assert capsys.readouterr().out.splitlines() == [
        f"wrote {count} files to {place}: {title}",
        f"  needs {', '.join(copy.manifest['dependencies'])} and Python {copy.manifest['requires_python']}",
        "  from myapp._vendor.ideogram_ai.client import Ideogram",
    ]
    (place / "client/__pycache__").mkdir()
    before = place.stat().st_ino
    for options in ([], ["--check"], ["--dry-run"]):  # an up-to-date copy is not touched
        assert command(*options) == 0
        assert capsys.readouterr().out == f"{place} is up to date: {title}\n"
    assert place.stat().st_ino == before
    moved = vendor_folder.parent / "another name"
    vendor_folder.rename(moved)
    assert command("--check", destination=moved) == 0


def test_a_folder_that_is_no_package_or_a_link(
    command: Command, copy: Copy, vendor_folder: Path, tmp_path: Path, capsys: Captured
) -> None:
    assert command(destination=tmp_path) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[2] == "  from ideogram_ai.client import Ideogram"
    assert printed[3].startswith(f"note: {tmp_path} has no __init__.py. ")
    (tmp_path / "link").symlink_to(vendor_folder)
    assert command(destination=tmp_path / "link") == 0
    assert texts(tmp_path / "ideogram_ai") == texts(vendor_folder / "ideogram_ai") == copy.files


def test_an_update_leaves_nothing_stale(
    command: Command, copy: Copy, later: Copy, vendor_folder: Path, capsys: Captured
) -> None:
    command()
    place, version = vendor_folder / "ideogram_ai", copy.manifest["version"]
    stale = place / "client/__pycache__/download.cpython-311.pyc"
    stale.parent.mkdir()
    stale.touch()
    capsys.readouterr()
    assert command("--check", makes=later) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"error: {place} differs from this checkout:",
        f"  version  {version}, and this checkout has 9.0.0",
        "  outdated client/added.py",
        "  outdated client/download.py",
        "  outdated client/retry.py",
        "fix it with the same command without --check",
    ]
    lines = ["  add      client/added.py", "  remove   client/download.py", "  replace  client/retry.py"]
    for options, verb in ((["--dry-run"], "would write"), ([], "wrote")):
        assert texts(place).keys() - {"client/__pycache__/download.cpython-311.pyc"} == copy.files.keys()
        assert command(*options, makes=later) == 0
        first = f"{verb} {place}: ideogram-ai 9.0.0 in place of {version}"
        assert capsys.readouterr().out.splitlines() == [first, *lines, "  replace  vendored.json"]
    assert texts(place) == later.files
    assert {path.name for path in vendor_folder.iterdir()} == {"__init__.py", "ideogram_ai"}


def test_a_check_reports_another_contract_or_other_dependencies(command: Command, copy: Copy, capsys: Captured) -> None:
    command()
    members: tuple[tuple[str, Any, str], ...] = (
        ("contract_sha256", "0" * 64, f"contract {copy.manifest['contract_sha256']}, and this checkout has {'0' * 64}"),
        ("dependencies", ["httpx>=1"], "outdated vendored.json"),
    )
    for member, value, line in members:
        capsys.readouterr()
        assert command("--check", makes=changed(copy, **{member: value})) == 1
        assert capsys.readouterr().err.splitlines()[1:-1] == [f"  {line}"]


@pytest.mark.parametrize("kind", EDITS)
def test_local_edits_are_reported_kept_and_overwritten_with_force_alone(
    kind: str, command: Command, later: Copy, vendor_folder: Path, capsys: Captured
) -> None:
    command()
    place = vendor_folder / "ideogram_ai"
    edit(place, kind)
    before = texts(vendor_folder)
    capsys.readouterr()
    assert command("--check") == 1
    assert capsys.readouterr().err.splitlines()[1:-1] == [f"  {EDITS[kind]}"]
    for options in ([], ["--dry-run"]) if kind != "missing" else ():
        assert command(*options, makes=later) == 1
        assert texts(vendor_folder) == before
        printed = capsys.readouterr().err.splitlines()
        assert printed[0].startswith("error: this would be lost, ")
        assert f"  {EDITS[kind]}" in printed
        assert printed[-2].endswith("--force overwrites it")
        assert printed[-1] == "nothing was changed"
    assert command(*([] if kind == "missing" else ["--force"]), makes=later) == 0
    assert texts(place) == later.files
    assert not (place / "elsewhere").is_symlink()
    assert not (place / "client/errors.py").is_symlink()
    assert (vendor_folder / "__init__.py").exists(), "the target of a link is not ours to remove"


def test_an_edit_that_the_update_brings_too_is_not_lost(command: Command, later: Copy, vendor_folder: Path) -> None:
    """For example when a fault was fixed in the copy at once, and then where the copy came from."""
    command()
    for name in ("client/retry.py", "client/added.py"):
        (vendor_folder / "ideogram_ai" / name).write_bytes(later.files[name])
    assert command(makes=later) == 0
    assert texts(vendor_folder / "ideogram_ai") == later.files


def test_what_version_control_leaves_of_a_copy_is_not_in_the_way(
    command: Command, copy: Copy, vendor_folder: Path
) -> None:
    (vendor_folder / "ideogram_ai/client/__pycache__").mkdir(parents=True)
    (vendor_folder / "ideogram_ai/client/__pycache__/errors.cpython-311.pyc").touch()
    assert command("--check") == 1
    assert command() == 0
    assert texts(vendor_folder / "ideogram_ai") == copy.files


def test_a_folder_of_somebody_else_is_not_replaced_by_any_option(
    command: Command, vendor_folder: Path, capsys: Captured
) -> None:
    place = vendor_folder / "ideogram_ai"
    place.mkdir()
    (place / "mine.py").touch()
    for options in ([], ["--force"], ["--check"], ["--dry-run"]):
        assert command(*options) == 1
        line = f"error: {place} holds files and no vendored.json: they are not ours to replace."
        assert capsys.readouterr().err.startswith(line)
    assert texts(place) == {"mine.py": b""}
    for folder in ("generated", "overrides", "harness"):
        assert command("--force", destination=ROOT / folder) == 1


def test_a_folder_that_cannot_hold_a_copy_is_wrong_usage(
    command: Command, vendor_folder: Path, capsys: Captured
) -> None:
    place, elsewhere = vendor_folder / "ideogram_ai", package(vendor_folder.parent / "elsewhere")
    command(destination=elsewhere)
    missing, file, copy = vendor_folder / "missing", vendor_folder / "__init__.py", elsewhere / "ideogram_ai"

    def refused(destination: Path, message: str) -> None:
        before = texts(vendor_folder.parent)
        for option in ("--check", "--dry-run", "--force"):
            capsys.readouterr()
            assert command(option, destination=destination) == 2
            assert capsys.readouterr().err.startswith(f"error: {message}")
            assert texts(vendor_folder.parent) == before

    refused(missing, f"{missing} does not exist. Make the folder, with an empty __init__.py in it")
    refused(file, f"{file} is not a folder.")
    refused(copy, f"{copy} is a copy. Give the folder that holds it: {elsewhere}")
    place.write_text("mine")
    refused(vendor_folder, f"{place} is in the way")
    place.unlink()
    place.symlink_to(copy)
    refused(vendor_folder, f"{place} is a link to {copy}.")


def test_wrong_options_and_a_check_without_a_copy(command: Command, vendor_folder: Path, capsys: Captured) -> None:
    for arguments in ([], ["a", "b"], ["a", "--check", "--force"], ["a", "--check", "--dry-run"], ["a", "--wrong"]):
        with pytest.raises(SystemExit) as ending:
            vendor.main(arguments)
        assert ending.value.code == 2
    capsys.readouterr()
    assert command("--check") == 1
    line = f"error: there is no copy in {vendor_folder}; make it with the same command without --check"
    assert capsys.readouterr().err.startswith(line)
    assert os.listdir(vendor_folder) == ["__init__.py"]


def test_a_damaged_manifest(command: Command, vendor_folder: Path) -> None:
    command()
    for damage in (b"", b"[]", b"<<<<<<< ours\n", b'{"version": "1"}', b'{"files": 7}'):
        (vendor_folder / "ideogram_ai/vendored.json").write_bytes(damage)
        assert read_manifest(damage) is None
        assert command("--check") == 1
        assert command() == 1
        assert command("--force") == 0
        assert command("--check") == 0
