"""The command: a first copy, an update, a check, what it refuses, and what it prints."""

import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import vendor
from packaging.requirements import Requirement
from vendor import ROOT, Copy, manifest_bytes, read_manifest
from vendored_app import Command, package, texts


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


def test_a_first_copy(command: Command) -> None:
    copy, place = command.copy, command.place
    count, title = len(copy.files), f"ideogram-ai {copy.manifest['version']}"
    run = command("--dry-run")
    assert run.code == 0
    assert run.out.startswith(f"would write {count} files to {place}: {title}\n")
    assert os.listdir(command.folder) == ["__init__.py"]
    run = command()
    assert run.code == 0
    assert run.out.splitlines() == [
        f"wrote {count} files to {place}: {title}",
        f"  needs {', '.join(copy.manifest['dependencies'])} and Python {copy.manifest['requires_python']}",
        f"  verify_webhook also needs {', '.join(copy.webhooks)}",
        "  from myapp._vendor.ideogram_ai.client import Ideogram",
    ]
    assert [Requirement(text).name for text in copy.webhooks] == ["cryptography"]
    assert texts(place) == copy.files
    assert {*os.listdir(command.folder)} == {"__init__.py", "ideogram_ai"}
    (place / "client/__pycache__").mkdir()
    before = place.stat().st_ino
    for options in ([], ["--check"], ["--dry-run"]):  # an up-to-date copy is not touched
        assert command(*options) == (0, f"{place} is up to date: {title}\n", "")
    assert place.stat().st_ino == before
    moved = command.folder.rename(command.folder.parent / "another name")
    assert command("--check", destination=moved).code == 0


def test_a_folder_that_is_not_a_package_or_is_a_link(command: Command, tmp_path: Path) -> None:
    run = command(destination=tmp_path)
    assert run.code == 0
    printed = run.out.splitlines()
    assert printed[3] == "  from ideogram_ai.client import Ideogram"
    assert printed[4].startswith(f"note: {tmp_path} has no __init__.py. ")
    (tmp_path / "link").symlink_to(command.folder)
    assert command(destination=tmp_path / "link").code == 0
    assert texts(tmp_path / "ideogram_ai") == texts(command.place) == command.copy.files


def test_an_update_leaves_nothing_stale(command: Command, later: Copy) -> None:
    command()
    place, version = command.place, command.copy.manifest["version"]
    stale = place / "client/__pycache__/download.cpython-311.pyc"
    stale.parent.mkdir()
    stale.touch()
    run = command("--check", makes=later)
    assert run.code == 1
    assert run.err.splitlines() == [
        f"error: {place} differs from this checkout:",
        f"  version  {version}, and this checkout has 9.0.0",
        "  outdated client/added.py",
        "  outdated client/download.py",
        "  outdated client/retry.py",
        "fix it with the same command without --check",
    ]
    lines = ["  add      client/added.py", "  remove   client/download.py", "  replace  client/retry.py"]
    for options, verb in ((["--dry-run"], "would write"), ([], "wrote")):
        assert texts(place).keys() - {"client/__pycache__/download.cpython-311.pyc"} == command.copy.files.keys()
        run = command(*options, makes=later)
        assert run.code == 0
        first = f"{verb} {place}: ideogram-ai 9.0.0 in place of {version}"
        assert run.out.splitlines() == [first, *lines, "  replace  vendored.json"]
    assert texts(place) == later.files
    assert {*os.listdir(command.folder)} == {"__init__.py", "ideogram_ai"}


def test_a_check_reports_another_contract_or_other_dependencies(command: Command) -> None:
    command()
    ours = command.copy.manifest["contract_sha256"]
    members: tuple[tuple[str, Any, str], ...] = (
        ("contract_sha256", "0" * 64, f"contract {ours}, and this checkout has {'0' * 64}"),
        ("dependencies", ["httpx>=1"], "outdated vendored.json"),
    )
    for member, value, line in members:
        run = command("--check", makes=changed(command.copy, **{member: value}))
        assert (run.code, run.err.splitlines()[1:-1]) == (1, [f"  {line}"])


EDITS = {
    "edited": "edited   client/errors.py",
    "missing": "missing  client/errors.py",
    "extra": "extra    client/mine.py",
    "link": "edited   client/errors.py",
    "linked folder": "extra    elsewhere",
    "manifest": "edited   vendored.json",
}


def edit(place: Path, kind: str) -> None:
    """Change a copy as a user might."""
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


def test_local_edits_are_reported_kept_and_overwritten_with_force_alone(command: Command, later: Copy) -> None:
    for kind, line in EDITS.items():
        folder = package(command.folder.parent / kind / "_vendor")
        place = folder / "ideogram_ai"
        command(destination=folder)
        edit(place, kind)
        before = texts(folder)
        run = command("--check", destination=folder)
        assert (run.code, run.err.splitlines()[1:-1]) == (1, [f"  {line}"]), kind
        assert ("and with --force" in run.err) == (kind != "missing"), "the cure is one that is not refused"
        for options in ([], ["--dry-run"]) if kind != "missing" else ():
            run = command(*options, makes=later, destination=folder)
            assert run.code == 1
            assert texts(folder) == before, kind
            printed = run.err.splitlines()
            assert printed[0].startswith("error: this would be lost, ")
            assert f"  {line}" in printed
            assert printed[-2].endswith("--force overwrites it")
            assert printed[-1] == "nothing was changed"
        assert command(*([] if kind == "missing" else ["--force"]), makes=later, destination=folder).code == 0
        assert texts(place) == later.files, kind
        assert not (place / "elsewhere").is_symlink()
        assert not (place / "client/errors.py").is_symlink()
        assert (folder / "__init__.py").exists(), "the target of a link is not ours to remove"


def test_what_an_update_may_overwrite_without_force(command: Command, later: Copy) -> None:
    # What version control leaves of a removed copy:
    (command.place / "client/__pycache__").mkdir(parents=True)
    (command.place / "client/__pycache__/errors.cpython-311.pyc").touch()
    assert command("--check").code == 1
    assert command().code == 0
    assert texts(command.place) == command.copy.files
    # Edits that the update brings too, for example a fix that was made in the copy first:
    for name in ("client/retry.py", "client/added.py"):
        (command.place / name).write_bytes(later.files[name])
    assert command(makes=later).code == 0
    assert texts(command.place) == later.files


def test_a_folder_of_somebody_else_is_not_replaced_by_any_option(command: Command) -> None:
    place = command.place
    place.mkdir()
    (place / "mine.py").touch()
    for options in ([], ["--force"], ["--check"], ["--dry-run"]):
        run = command(*options)
        assert run.code == 1
        line = f"error: {place} holds files and no vendored.json: they are not ours to replace."
        assert run.err.startswith(line)
    assert texts(place) == {"mine.py": b""}
    for folder in ("generated", "overrides", "harness"):
        assert command("--force", destination=ROOT / folder).code == 1


def test_a_folder_that_cannot_hold_a_copy_is_wrong_usage(command: Command) -> None:
    folder, place, elsewhere = command.folder, command.place, package(command.folder.parent / "elsewhere")
    command(destination=elsewhere)
    missing, file, copy = folder / "missing", folder / "__init__.py", elsewhere / "ideogram_ai"

    def refused(destination: Path, message: str) -> None:
        before = texts(folder.parent)
        for option in ("--check", "--dry-run", "--force"):
            run = command(option, destination=destination)
            assert run.code == 2
            assert run.err.startswith(f"error: {message}")
            assert texts(folder.parent) == before

    refused(missing, f"{missing} does not exist. Make the folder, with an empty __init__.py in it")
    refused(file, f"{file} is not a folder.")
    refused(copy, f"{copy} is a copy. Give the folder that holds it: {elsewhere}")
    place.write_text("mine")
    refused(folder, f"{place} is in the way")
    place.unlink()
    place.symlink_to(copy)
    refused(folder, f"{place} is a link to {copy}.")


def test_wrong_options_and_a_check_without_a_copy(command: Command) -> None:
    for arguments in ([], ["a", "b"], ["a", "--check", "--force"], ["a", "--check", "--dry-run"], ["a", "--wrong"]):
        with pytest.raises(SystemExit) as ending:
            vendor.main(arguments)
        assert ending.value.code == 2
    run = command("--check")
    assert run.code == 1
    line = f"error: there is no copy in {command.folder}; make it with the same command without --check"
    assert run.err.startswith(line)
    assert os.listdir(command.folder) == ["__init__.py"]


def test_a_damaged_manifest(command: Command) -> None:
    command()
    for damage in (b"", b"[]", b"<<<<<<< ours\n", b'{"version": "1"}', b'{"files": 7}'):
        (command.place / "vendored.json").write_bytes(damage)
        assert read_manifest(damage) is None
        assert [command(*options).code for options in (["--check"], [], ["--force"], ["--check"])] == [1, 1, 0, 0]
