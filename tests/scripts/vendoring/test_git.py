"""A fresh clone of a program lacks what git ignores of the copy, so the command reports it.

The tests use the real git, and look into a clone.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from vendor import Copy
from vendored_app import texts

Command = Callable[..., int]


@pytest.fixture(autouse=True)
def nobody_else_s_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules of this machine and of the repository around the tests are not those of the program."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))


@pytest.fixture
def program(tmp_path: Path, vendor_folder: Path) -> Path:
    """The folder of the program, a repository."""
    git(tmp_path / "app", "init", "--quiet")
    assert vendor_folder.is_relative_to(tmp_path / "app")
    return tmp_path / "app"


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    return subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def cloned(program: Path, place: Path) -> dict[str, bytes]:
    """What a fresh clone has of the copy, when everything is added that git takes by itself or has taken."""
    git(program, "add", ".")
    git(program, "commit", "--quiet", "--allow-empty", "-m", "all")
    git(program, "clone", "--quiet", str(program), str(place))
    copy = place / "myapp/_vendor/ideogram_ai"
    return texts(copy) if copy.is_dir() else {}


EXCLUDED = [
    (".gitignore", "*.pyc\ngenerated/\n", ".gitignore:2: generated/"),
    ("myapp/.gitignore", "vendored.json", "myapp/.gitignore:1: vendored.json"),
    (".gitignore", "ideogram_ai", ".gitignore:1: ideogram_ai"),
    ("myapp/_vendor/.gitignore", "*\n!*.py\n!.gitignore", "myapp/_vendor/.gitignore:1: *"),
    (".git/info/exclude", "client/", ".git/info/exclude:1: client/"),
]


@pytest.mark.parametrize("excluded", EXCLUDED)
def test_what_git_ignores_is_reported_with_a_cure_that_works(
    excluded: tuple[str, str, str], command: Command, copy: Copy, program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, rules, named = excluded
    (program / file).write_text(rules)
    for options in (["--dry-run"], [], ["--check"]):
        assert command(*options) == 1
        printed = capsys.readouterr().err
        assert f"{named} excludes " in printed
        assert "so a clone of the program would lack them" in printed
    assert cloned(program, program.parent / "lacking").keys() < copy.files.keys(), "it is really lost"
    *_, folder, first, second, third = printed.splitlines()
    place = folder.partition(" or end ")[2].removesuffix(" with these lines:")
    assert place == str(program / "myapp/_vendor/.gitignore")
    with Path(place).open("a") as written:
        written.write("\n" + "\n".join(line.strip() for line in (first, second, third)) + "\n")
    assert command("--check") == 0
    pyc = program / "myapp/_vendor/ideogram_ai/client/__pycache__/errors.cpython-313.pyc"
    pyc.parent.mkdir()
    pyc.touch()
    assert cloned(program, program.parent / "whole") == copy.files


def test_a_folder_above_that_is_excluded_has_another_cure(
    command: Command, copy: Copy, program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (program / "lib").mkdir()
    for rule, folder in (("_vendor/", "myapp/_vendor"), ("/myapp", "myapp/_vendor"), ("lib/", "lib")):
        (program / ".gitignore").write_text(rule)
        assert command(destination=program / folder) == 1
        lines = capsys.readouterr().err.splitlines()
        assert any(f"git ignores {len(copy.files)} files" in line for line in lines)
        place = program / folder / "ideogram_ai"
        assert lines[-1] == f"commit them with `git add -f {place}`, or change that rule"
        git(program, "add", "-f", str(place))
        assert command("--check", destination=program / folder) == 0, "tracked files are not ignored"
        git(program, "rm", "-r", "--quiet", "--cached", str(place))


def test_the_rules_of_a_user_count_too(
    command: Command, program: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "excludes").write_text("# mine\nLICENSE\n")
    (tmp_path / "gitconfig").write_text(f"[core]\n\texcludesFile = {tmp_path / 'excludes'}\n")
    assert command() == 1
    assert f"{tmp_path / 'excludes'}:2: LICENSE excludes LICENSE\n" in capsys.readouterr().err
    assert program.is_dir()


def test_a_file_that_is_new_in_an_update_is_reported_though_the_rest_is_tracked(
    command: Command, copy: Copy, program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command() == 0
    git(program, "add", ".")
    (program / ".gitignore").write_text("client/\n")
    assert command("--check") == 0
    git(program, "rm", "--quiet", "--cached", "myapp/_vendor/ideogram_ai/client/errors.py")
    assert command("--check") == 1
    assert ".gitignore:1: client/ excludes client/errors.py\n" in capsys.readouterr().err
    assert "client/errors.py" in copy.files


def test_what_is_no_fault(command: Command, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules of other programs, a rule that includes the copy, and no git at all."""
    for name in (".hgignore", ".dockerignore", ".npmignore"):
        (program / name).write_text("generated/\n")
    assert command() == 0
    (program / ".gitignore").write_text("generated/\n!/myapp/_vendor/ideogram_ai/generated/\n")
    assert command("--check") == 0
    (program / ".gitignore").write_text("generated/\n")
    monkeypatch.setenv("PATH", str(program / "none"))
    assert command("--check") == 0


def test_without_a_repository_nothing_is_ignored(command: Command, vendor_folder: Path) -> None:
    (vendor_folder / ".gitignore").write_text("generated/\n")
    assert command() == 0
    assert command("--check") == 0


def test_in_a_hook_the_repository_of_the_folder_is_asked(
    command: Command, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git sets the repository of its hooks relative to their folder."""
    (program / ".gitignore").write_text("generated/\n")
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert command() == 1
    assert tmp_path.is_dir()


def test_a_git_that_cannot_tell_is_quoted(command: Command, program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (program / ".git/config").write_text("[core\n")
    assert command() == 0
    assert "note: git does not say whether it takes the copy: fatal: bad config line 1" in capsys.readouterr().out
