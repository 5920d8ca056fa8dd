"""The command: a first copy, an update, a check, what is refused, and what it says."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import vendor
from regeneration.documents import ROOT
from vendored_app import package, texts
from vendoring.contents import Copy
from vendoring.manifest import Manifest, hash_files, read_manifest

Command = Callable[..., int]


def changed(copy: Copy, version: str = "9.0.0", *, drop: str = "", **files: bytes) -> Copy:
    """What a later checkout makes: client/NAME.py for each keyword, and without one file."""
    there = {name: data for name, data in copy.files.items() if name not in {"vendored.json", drop}}
    there |= {f"client/{name}.py": data for name, data in files.items()}
    values = json.loads(copy.files["vendored.json"]) | {"version": version, "files": hash_files(there)}
    manifest = Manifest(**values)
    return Copy(manifest, {**there, "vendored.json": manifest.to_bytes()})


@pytest.fixture
def later(copy: Copy) -> Copy:
    """Version 9.0.0: a module is new, one changed, one went."""
    return changed(copy, drop="client/sidecar.py", added=b"", judge=b"# better\n")


def spoil(place: Path, kind: str) -> None:
    """Change a copy by hand."""
    match kind:
        case "edited":
            (place / "client/core.py").write_bytes(b"# mine\n")
        case "missing":
            (place / "client/core.py").unlink()
        case "extra":
            (place / "client/mine.py").write_bytes(b"# mine\n")
        case "link":
            (place / "client/core.py").rename(place.parent / "core.py")
            (place / "client/core.py").symlink_to(place.parent / "core.py")
        case "linked folder":
            (place / "elsewhere").symlink_to(place.parent)
        case "manifest":
            (place / "vendored.json").write_bytes(
                (place / "vendored.json").read_bytes().replace(b"{", b'{"my": "note",', 1)
            )
        case _:
            raise AssertionError(kind)


SAID = {
    "edited": "edited   client/core.py",
    "missing": "missing  client/core.py",
    "extra": "extra    client/mine.py",
    "link": "edited   client/core.py",
    "linked folder": "extra    elsewhere",
    "manifest": "edited   vendored.json",
}


def test_a_first_copy(command: Command, copy: Copy, vendor_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command() == 0
    assert texts(vendor_folder / "ideogram_ai") == copy.files
    assert {path.name for path in vendor_folder.iterdir()} == {"__init__.py", "ideogram_ai"}
    assert capsys.readouterr().out.splitlines() == [
        f"wrote {len(copy.files)} files to {vendor_folder / 'ideogram_ai'}: ideogram-ai {copy.manifest.version}",
        f"  needs {', '.join(copy.manifest.dependencies)} and Python {copy.manifest.requires_python}",
        "  from myapp._vendor.ideogram_ai.client import Ideogram",
    ]


def test_a_folder_that_is_no_package_gets_a_copy_and_a_note(
    command: Command, copy: Copy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(destination=tmp_path) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[2] == "  from ideogram_ai.client import Ideogram"
    assert said[3].startswith(f"note: {tmp_path} has no __init__.py. ")
    assert texts(tmp_path / "ideogram_ai") == copy.files


def test_what_is_up_to_date_is_not_touched(
    command: Command, copy: Copy, vendor_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command()
    (vendor_folder / "ideogram_ai/client/__pycache__").mkdir()
    before = (vendor_folder / "ideogram_ai").stat().st_ino
    capsys.readouterr()
    for options in ([], ["--check"], ["--dry-run"]):
        assert command(*options) == 0
        expected = f"{vendor_folder / 'ideogram_ai'} is up to date: ideogram-ai {copy.manifest.version}\n"
        assert capsys.readouterr().out == expected
    assert (vendor_folder / "ideogram_ai").stat().st_ino == before


def test_an_update_leaves_nothing_stale(
    command: Command, copy: Copy, later: Copy, vendor_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command()
    stale = vendor_folder / "ideogram_ai/client/__pycache__/sidecar.cpython-311.pyc"
    stale.parent.mkdir()
    stale.touch()
    capsys.readouterr()
    assert command(makes=later) == 0
    assert texts(vendor_folder / "ideogram_ai") == later.files
    assert {path.name for path in vendor_folder.iterdir()} == {"__init__.py", "ideogram_ai"}
    assert capsys.readouterr().out.splitlines() == [
        f"wrote {vendor_folder / 'ideogram_ai'}: ideogram-ai 9.0.0 in the place of {copy.manifest.version}",
        "  add      client/added.py",
        "  replace  client/judge.py",
        "  remove   client/sidecar.py",
        "  replace  vendored.json",
    ]


def test_a_check_says_what_is_outdated(
    command: Command, copy: Copy, later: Copy, vendor_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command()
    capsys.readouterr()
    assert command("--check", makes=later) == 1
    assert texts(vendor_folder / "ideogram_ai") == copy.files
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"error: {vendor_folder / 'ideogram_ai'} is not what this checkout makes:"
    assert said[1:5] == [
        f"  version  {copy.manifest.version}, and this checkout has 9.0.0",
        "  outdated client/added.py",
        "  outdated client/judge.py",
        "  outdated client/sidecar.py",
    ]
    assert said[5:] == ["mend it with the same command without --check"]


def test_a_check_says_that_the_contract_is_another_or_only_what_it_asks_for(
    command: Command, copy: Copy, capsys: pytest.CaptureFixture[str]
) -> None:
    command()
    for member, value, said in (
        ("contract_sha256", "0" * 64, f"contract {copy.manifest.contract_sha256}, and this checkout has {'0' * 64}"),
        ("dependencies", ["httpx>=1"], "outdated vendored.json"),
    ):
        values = json.loads(copy.files["vendored.json"]) | {member: value}
        manifest = Manifest(**values)
        capsys.readouterr()
        assert command("--check", makes=Copy(manifest, {**copy.files, "vendored.json": manifest.to_bytes()})) == 1
        assert capsys.readouterr().err.splitlines()[1:-1] == [f"  {said}"]


@pytest.mark.parametrize("kind", SAID)
def test_a_check_says_what_was_changed_by_hand(
    kind: str, command: Command, vendor_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command()
    spoil(vendor_folder / "ideogram_ai", kind)
    capsys.readouterr()
    assert command("--check") == 1
    assert capsys.readouterr().err.splitlines()[1:-1] == [f"  {SAID[kind]}"]


@pytest.mark.parametrize("kind", [kind for kind in SAID if kind != "missing"])
def test_an_update_does_not_overwrite_what_was_changed_by_hand(
    kind: str, command: Command, later: Copy, vendor_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command()
    spoil(vendor_folder / "ideogram_ai", kind)
    before = texts(vendor_folder)
    for options in ([], ["--dry-run"]):
        capsys.readouterr()
        assert command(*options, makes=later) == 1
        assert texts(vendor_folder) == before
        said = capsys.readouterr().err.splitlines()
        assert said[0].startswith("error: this would be lost, ")
        assert f"  {SAID[kind]}" in said
        assert said[-2].endswith("--force overwrites it")
        assert said[-1] == "nothing was changed"


@pytest.mark.parametrize("kind", SAID)
def test_force_overwrites_it(kind: str, command: Command, later: Copy, vendor_folder: Path) -> None:
    command()
    spoil(vendor_folder / "ideogram_ai", kind)
    assert command("--force", makes=later) == 0
    assert texts(vendor_folder / "ideogram_ai") == later.files
    assert not (vendor_folder / "ideogram_ai/elsewhere").is_symlink()
    assert not (vendor_folder / "ideogram_ai/client/core.py").is_symlink()
    assert (vendor_folder / "__init__.py").exists(), "what a link leads to is not ours to remove"


def test_what_is_missing_comes_back_by_itself(command: Command, copy: Copy, vendor_folder: Path) -> None:
    command()
    spoil(vendor_folder / "ideogram_ai", "missing")
    assert command() == 0
    assert texts(vendor_folder / "ideogram_ai") == copy.files


def test_an_edit_that_the_update_brings_too_is_not_lost(command: Command, later: Copy, vendor_folder: Path) -> None:
    """As when a mistake was mended in the copy at once, and then where the copy came from."""
    command()
    (vendor_folder / "ideogram_ai/client/judge.py").write_bytes(b"# better\n")
    (vendor_folder / "ideogram_ai/client/added.py").write_bytes(b"")
    assert command(makes=later) == 0
    assert texts(vendor_folder / "ideogram_ai") == later.files


def test_a_dry_run_says_what_an_update_would_do(
    command: Command, copy: Copy, later: Copy, vendor_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--dry-run") == 0
    assert capsys.readouterr().out.startswith(f"would write {len(copy.files)} files to ")
    assert list(vendor_folder.iterdir()) == [vendor_folder / "__init__.py"]
    command()
    capsys.readouterr()
    assert command("--dry-run", makes=later) == 0
    assert capsys.readouterr().out.splitlines()[1:3] == ["  add      client/added.py", "  replace  client/judge.py"]
    assert texts(vendor_folder / "ideogram_ai") == copy.files


def test_what_version_control_leaves_of_a_copy_is_not_in_the_way(
    command: Command, copy: Copy, vendor_folder: Path
) -> None:
    (vendor_folder / "ideogram_ai/client/__pycache__").mkdir(parents=True)
    (vendor_folder / "ideogram_ai/client/__pycache__/core.cpython-311.pyc").touch()
    assert command("--check") == 1
    assert command() == 0
    assert texts(vendor_folder / "ideogram_ai") == copy.files


def test_a_folder_of_somebody_else_is_not_replaced_by_any_option(
    command: Command, vendor_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = vendor_folder / "ideogram_ai"
    place.mkdir()
    (place / "mine.py").touch()
    for options in ([], ["--force"], ["--check"], ["--dry-run"]):
        assert command(*options) == 1
        said = capsys.readouterr().err
        assert said.startswith(f"error: {place} holds files and no vendored.json: they are not ours to replace.")
    assert texts(place) == {"mine.py": b""}


def test_the_floors_themselves_are_not_replaced(command: Command) -> None:
    for folder in ("generated", "overrides", "harness"):
        assert command("--force", destination=ROOT / folder) == 1


@pytest.mark.parametrize("option", ["--check", "--dry-run", "--force"])
@pytest.mark.parametrize("case", ["missing", "a file", "a copy", "a file in the way", "a link"])
def test_a_folder_that_can_hold_no_copy_is_wrong_use(
    case: str, option: str, command: Command, vendor_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = vendor_folder / "ideogram_ai"
    destination, said = vendor_folder, ""
    match case:
        case "missing":
            destination = vendor_folder / "missing"
            said = f"{destination} does not exist. Make the folder, with an empty __init__.py in it"
        case "a file":
            destination = vendor_folder / "__init__.py"
            said = f"{destination} is no folder."
        case "a copy":
            command()
            destination, said = place, f"{place} is a copy. Give the folder that holds it: {vendor_folder}"
        case "a file in the way":
            place.write_text("mine")
            said = f"{place} is in the way"
        case _:
            elsewhere = package(vendor_folder.parent / "elsewhere")
            command(destination=elsewhere)
            place.symlink_to(elsewhere / "ideogram_ai")
            said = f"{place} is a link to {elsewhere / 'ideogram_ai'}."
    before = texts(vendor_folder.parent)
    capsys.readouterr()
    assert command(option, destination=destination) == 2
    assert capsys.readouterr().err.startswith(f"error: {said}")
    assert texts(vendor_folder.parent) == before


def test_a_folder_that_is_a_link_is_followed(command: Command, copy: Copy, vendor_folder: Path) -> None:
    link = vendor_folder.parent / "link"
    link.symlink_to(vendor_folder)
    assert command(destination=link) == 0
    assert texts(vendor_folder / "ideogram_ai") == copy.files


@pytest.mark.parametrize(
    "arguments", [[], ["a", "b"], ["a", "--check", "--force"], ["a", "--check", "--dry-run"], ["a", "--wrong"]]
)
def test_wrong_options_are_wrong_use(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        vendor.main(arguments)
    assert ending.value.code == 2


def test_a_check_without_a_copy_says_how_to_make_one(
    command: Command, vendor_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--check") == 1
    said = capsys.readouterr().err
    assert said.startswith(f"error: there is no copy in {vendor_folder}; make it with the same command without --check")
    assert list(vendor_folder.iterdir()) == [vendor_folder / "__init__.py"]


@pytest.mark.parametrize("damage", [b"", b"[]", b"<<<<<<< ours\n", b'{"version": "1"}', b'{"files": 7}'])
def test_a_manifest_that_is_damaged_is_none(damage: bytes, command: Command, vendor_folder: Path) -> None:
    command()
    (vendor_folder / "ideogram_ai/vendored.json").write_bytes(damage)
    assert read_manifest(damage) is None
    assert command("--check") == 1
    assert command() == 1
    assert command("--force") == 0
    assert command("--check") == 0


def test_a_missing_tool_is_named(
    vendor_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "libcst", None)
    for name in ("vendoring.contents", "vendoring.imports"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert vendor.main([str(vendor_folder)]) == 1
    assert capsys.readouterr().err.startswith("error: libcst is not installed: install it, or put `python3 ")


def test_the_copy_may_be_moved_with_what_it_lies_in(command: Command, vendor_folder: Path, tmp_path: Path) -> None:
    command()
    moved = tmp_path / "another/name"
    shutil.move(vendor_folder, moved)
    assert command("--check", destination=moved) == 0
