"""A fresh clone of a program lacks the files of the copy that git ignores, so the command reports them.

The tests use the real git, and look into a clone.
"""

import os
import subprocess
from pathlib import Path

import pytest
from vendored_app import Command, texts


@pytest.fixture
def program(tmp_path: Path, vendor_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the program, a repository to which no rules of this machine or of our own repository apply."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    assert vendor_folder.is_relative_to(tmp_path / "app")
    git(tmp_path / "app", "init", "--quiet")
    return tmp_path / "app"


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def cloned(program: Path, place: Path) -> dict[str, bytes]:
    """What a fresh clone has of the copy, after everything is added that git takes by itself."""
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
def test_ignored_files_are_reported_with_a_cure_that_works(
    excluded: tuple[str, str, str], command: Command, program: Path
) -> None:
    file, rules, named = excluded
    (program / file).write_text(rules)
    for options in (["--dry-run"], [], ["--check"]):
        run = command(*options)
        assert run.code == 1
        assert f"{named} excludes " in run.err
        assert "so a clone of the program would lack them" in run.err
    assert cloned(program, program.parent / "lacking").keys() < command.copy.files.keys(), "it is really lost"
    *_, folder, first, second, third = run.err.splitlines()
    place = folder.partition(" or end ")[2].removesuffix(" with these lines:")
    assert place == str(program / "myapp/_vendor/.gitignore")
    with Path(place).open("a") as written:
        written.write("\n" + "\n".join(line.strip() for line in (first, second, third)) + "\n")
    assert command("--check").code == 0
    pyc = command.place / "client/__pycache__/errors.cpython-313.pyc"
    pyc.parent.mkdir()
    pyc.touch()
    assert cloned(program, program.parent / "whole") == command.copy.files


def test_an_excluded_parent_folder_has_another_cure(command: Command, program: Path) -> None:
    (program / "lib").mkdir()
    for rule, folder in (("_vendor/", "myapp/_vendor"), ("/myapp", "myapp/_vendor"), ("lib/", "lib")):
        (program / ".gitignore").write_text(rule)
        run = command(destination=program / folder)
        assert run.code == 1
        assert f"git ignores {len(command.copy.files)} files" in run.err
        place = program / folder / "ideogram_ai"
        assert run.err.splitlines()[-1] == f"commit them with `git add -f {place}`, or change that rule"
        git(program, "add", "-f", str(place))
        assert command("--check", destination=program / folder).code == 0, "tracked files are not ignored"
        git(program, "rm", "-r", "--quiet", "--cached", str(place))


def test_a_new_file_is_reported_though_the_rest_is_tracked(command: Command, program: Path) -> None:
    assert command().code == 0
    git(program, "add", ".")
    (program / ".gitignore").write_text("client/\n")
    assert command("--check").code == 0
    git(program, "rm", "--quiet", "--cached", "myapp/_vendor/ideogram_ai/client/errors.py")
    run = command("--check")
    assert run.code == 1
    assert ".gitignore:1: client/ excludes client/errors.py\n" in run.err


def test_no_false_alarm(command: Command, program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules of other programs, a rule that includes the copy, no git at all, and no repository."""
    for name in (".hgignore", ".dockerignore", ".npmignore"):
        (program / name).write_text("generated/\n")
    assert command().code == 0
    (program / ".gitignore").write_text("generated/\n!/myapp/_vendor/ideogram_ai/generated/\n")
    assert command("--check").code == 0
    (program / ".gitignore").write_text("generated/\n")
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(program / "none"))
        assert command("--check").code == 0
    (program / ".git").rename(program / "no-repository")
    assert command("--check").code == 0


def test_rules_of_the_user_hooks_and_a_broken_git(
    command: Command, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "excludes").write_text("# mine\nLICENSE\n")
    (tmp_path / "gitconfig").write_text(f"[core]\n\texcludesFile = {tmp_path / 'excludes'}\n")
    run = command()
    assert run.code == 1
    assert f"{tmp_path / 'excludes'}:2: LICENSE excludes LICENSE\n" in run.err
    (tmp_path / "gitconfig").unlink()
    with monkeypatch.context() as patched:  # git sets the repository of its hooks relative to their folder
        (program / ".gitignore").write_text("generated/\n")
        patched.setenv("GIT_DIR", ".git")
        patched.setenv("GIT_INDEX_FILE", ".git/index")
        assert command().code == 1
    (program / ".git/config").write_text("[core\n")
    run = command()
    assert run.code == 0
    assert "note: git does not say whether it takes the copy: fatal: bad config line 1" in run.out
