"""A copy that git does not take is no copy: a fresh clone of the program lacks it, and nobody learns it but its users.

Everything is asked of the real git, and what it takes is seen in a clone.
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


EXCLUDED = {
    "the name of a folder in the copy": (".gitignore", "*.pyc\ngenerated/\n", ".gitignore:2: generated/"),
    "the name of a file": ("myapp/.gitignore", "vendored.json", "myapp/.gitignore:1: vendored.json"),
    "a kind of file": (".gitignore", "*.json", ".gitignore:1: *.json"),
    "the folder of the copy": (".gitignore", "ideogram_ai", ".gitignore:1: ideogram_ai"),
    "beside the copy": ("myapp/_vendor/.gitignore", "*\n!*.py\n!.gitignore", "myapp/_vendor/.gitignore:1: *"),
    "for one checkout": (".git/info/exclude", "client/", ".git/info/exclude:1: client/"),
}


@pytest.mark.parametrize("kind", EXCLUDED)
def test_what_git_ignores_is_reported_with_a_cure_that_works(
    kind: str, command: Command, copy: Copy, program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, rules, named = EXCLUDED[kind]
    tmp_path = program.parent
    (program / file).write_text(rules)
    for options in (["--dry-run"], [], ["--check"]):
        assert command(*options) == 1
        said = capsys.readouterr().err
        assert f"{named} excludes " in said
        assert "so a clone of the program would lack them" in said
    assert cloned(program, tmp_path / "lacking").keys() < copy.files.keys(), "it is really lost"
    *_, first, second, third = said.splitlines()
    (folder,) = (line for line in said.splitlines() if "with these lines" in line)
    place = folder.partition(" or end ")[2].removesuffix(" with these lines:")
    assert place == str(program / "myapp/_vendor/.gitignore")
    with Path(place).open("a") as written:
        written.write("\n" + "\n".join(line.strip() for line in (first, second, third)) + "\n")
    assert command("--check") == 0
    pyc = program / "myapp/_vendor/ideogram_ai/client/__pycache__/core.cpython-313.pyc"
    pyc.parent.mkdir()
    pyc.touch()
    assert cloned(program, tmp_path / "whole") == copy.files


@pytest.mark.parametrize("rule", ["_vendor/", "/myapp", "lib/"])
def test_a_folder_above_that_is_excluded_has_another_cure(
    rule: str, command: Command, copy: Copy, program: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tmp_path = program.parent
    (program / ".gitignore").write_text(rule)
    folder = program / "myapp/_vendor" if rule != "lib/" else program / "lib"
    folder.mkdir(exist_ok=True)
    assert command(destination=folder) == 1
    said = capsys.readouterr().err
    assert f"git ignores {len(copy.files)} files" in said
    assert said.splitlines()[-1] == f"commit them with `git add -f {folder / 'ideogram_ai'}`, or change that rule"
    git(program, "add", "-f", str(folder / "ideogram_ai"))
    assert command("--check", destination=folder) == 0, "what is tracked is not ignored"
    if rule != "lib/":
        assert cloned(program, tmp_path / "clone") == copy.files


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
    git(program, "rm", "--quiet", "--cached", "myapp/_vendor/ideogram_ai/client/core.py")
    assert command("--check") == 1
    assert ".gitignore:1: client/ excludes client/core.py\n" in capsys.readouterr().err
    assert "client/core.py" in copy.files


def test_a_rule_that_lets_the_copy_in_is_no_fault(command: Command, program: Path) -> None:
    (program / ".gitignore").write_text("generated/\n!/myapp/_vendor/ideogram_ai/generated/\n")
    assert command() == 0
    assert command("--check") == 0


def test_rules_of_other_programs_are_not_git_s(command: Command, program: Path) -> None:
    for name in (".hgignore", ".dockerignore", ".npmignore"):
        (program / name).write_text("generated/\n")
    assert command() == 0


def test_without_a_repository_nothing_is_ignored(command: Command, vendor_folder: Path) -> None:
    (vendor_folder / ".gitignore").write_text("generated/\n")
    assert command() == 0
    assert command("--check") == 0


def test_without_git_nothing_is_ignored(command: Command, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (program / ".gitignore").write_text("generated/\n")
    monkeypatch.setenv("PATH", str(program / "none"))
    assert command() == 0


def test_in_a_hook_the_repository_of_the_folder_is_asked(
    command: Command, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git tells its hooks where its repository is, in a way that holds for their folder only."""
    (program / ".gitignore").write_text("generated/\n")
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert command() == 1
    assert tmp_path.is_dir()


def test_a_git_that_cannot_tell_is_quoted(command: Command, program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (program / ".git/config").write_text("[core\n")
    assert command() == 0
    assert "note: git does not say whether it takes the copy: fatal: bad config line 1" in capsys.readouterr().out
