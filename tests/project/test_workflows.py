"""The workflows of GitHub: pinned, with least permissions, and what they run does what it says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from regeneration.documents import ROOT
from ruamel.yaml import YAML

from ideogram_ai.client import __version__

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
PINNED = re.compile(r"uses: ([\w.-]+/[\w.-]+)@([0-9a-f]{40})  # (v\d+\.\d+\.\d+)")


GRANTED = {
    "drift": {"contents": "read", "issues": "write"},
    "deploy": {"pages": "write", "id-token": "write"},
    "attest": {"id-token": "write", "attestations": "write"},
    "publish": {"id-token": "write"},
    "release": {"contents": "write"},
}
"""What a job may do; all others read the contents and nothing else."""


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(file.read_text("utf-8"))
    return found


def steps(file: Path) -> list[dict[str, Any]]:
    return [step for job in read(file)["jobs"].values() for step in job["steps"]]


def test_every_action_is_pinned_and_each_to_one_commit() -> None:
    assert [file.name for file in WORKFLOWS] == ["docs.yml", "drift.yml", "release.yml", "tests.yml"]
    pins: dict[str, set[tuple[str, str]]] = {}
    for file in WORKFLOWS:
        uses = [line for line in file.read_text("utf-8").splitlines() if "uses:" in line]
        matches = [match for line in uses if (match := PINNED.search(line))]
        assert len(matches) == len(uses) == sum("uses" in step for step in steps(file))
        for match in matches:
            pins.setdefault(match[1], set()).add((match[2], match[3]))
    assert {name for name, versions in pins.items() if len(versions) > 1} == set()
    owners = {name.partition("/")[0] for name in pins}
    assert owners == {"actions", "pypa"}, "GitHub's own, and the one that publishes"


def test_least_permissions_and_bounds() -> None:
    for file in WORKFLOWS:
        workflow = read(file)
        assert workflow["permissions"] == {"contents": "read"}
        assert workflow["concurrency"]["group"]
        granted = {name: job.get("permissions") for name, job in workflow["jobs"].items()}
        assert granted == {name: GRANTED.get(name) for name in workflow["jobs"]}
        assert all(0 < job["timeout-minutes"] <= 60 for job in workflow["jobs"].values())
        checkouts = [step for step in steps(file) if step.get("uses", "").startswith("actions/checkout@")]
        assert checkouts
        assert not [
            name
            for name, job in workflow["jobs"].items()
            if name in GRANTED
            and "id-token" in GRANTED[name]
            and any("checkout" in step.get("uses", "") for step in job["steps"])
        ], "what publishes runs no code"
        assert all(step["with"]["persist-credentials"] is False for step in checkouts)
        assert "pull_request_target" not in workflow["on"]
        assert "secrets." not in file.read_text("utf-8")


def test_commands_are_valid_and_their_files_exist() -> None:
    for script in [step["run"] for file in WORKFLOWS for step in steps(file) if "run" in step]:
        assert "${{" not in script, "an expression in a script is code that others may write"
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)
        for named in re.findall(r"(?<![\w/.])(?:scripts|\.ci)/[\w./-]+", script.replace("`", " ")):
            assert (ROOT / named).is_file(), named
            assert os.access(ROOT / named, os.X_OK) or named.endswith(".py"), named


def test_the_tests_run_on_every_python_that_is_supported() -> None:
    matrix = read(FOLDER / "tests.yml")["jobs"]["tests"]["strategy"]["matrix"]["python"]
    settings = (ROOT / "pyproject.toml").read_text("utf-8")
    assert matrix == re.findall(r'"Programming Language :: Python :: (3\.\d+)"', settings)
    readme = (ROOT / "README.md").read_text("utf-8")
    commands = [step["run"] for step in steps(FOLDER / "tests.yml") if "run" in step]
    assert commands[1:] == [".ci/run"]
    assert f"\n{commands[0]}\n" in readme


def test_the_auditor_finds_nothing() -> None:
    zizmor = shutil.which("zizmor", path=os.fspath(Path(sys.executable).parent))
    assert zizmor is not None
    ended = subprocess.run(
        [zizmor, "--offline", "--persona=pedantic", FOLDER], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
    assert "No findings" in ended.stdout


def run_drift(folder: Path, *, code: int, report: str, issue: str) -> tuple[list[str], str]:
    """Run the steps of drift.yml as the runner of GitHub does, with programs that record their arguments.

    Returns:
        The arguments of gh, and the text of the issue.
    """
    folder.mkdir()
    asked, output, body = folder / "asked", folder / "output", folder / "body.md"
    (folder / "said").write_text(report)
    for name, script in {
        "python3": f'cat "{folder}/said"; echo oh >&2; exit {code}',
        "gh": f'echo "$@" >>"{asked}"; case "$*" in "issue list"*) printf %s "{issue}";; esac',
    }.items():
        program = folder / "programs" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
    _, compare, issue_step = (step for step in steps(FOLDER / "drift.yml") if "run" in step)
    assert read(FOLDER / "drift.yml")["defaults"]["run"]["shell"] == "bash"
    env = {"PATH": f"{folder}/programs:/usr/bin:/bin", "GITHUB_OUTPUT": str(output)}
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]  # as GitHub starts it
    subprocess.run([*shell, compare["run"]], cwd=folder, env=env, check=True, capture_output=True)
    env["CODE"] = output.read_text().strip().removeprefix("code=")
    assert issue_step["env"].keys() == {"GH_TOKEN", "GH_REPO", "CODE"}
    subprocess.run([*shell, issue_step["run"]], cwd=folder, env=env, check=True, capture_output=True)
    return asked.read_text().splitlines()[1:], body.read_text() if body.exists() else ""


def test_the_issue_follows_the_check(tmp_path: Path) -> None:
    """No issue while nothing differs; then one that is opened, updated and closed."""

    def run(code: int, report: str, issue: str = "") -> tuple[list[str], str]:
        return run_drift(tmp_path / str(len(list(tmp_path.iterdir()))), code=code, report=report, issue=issue)

    assert run(0, "Nothing") == ([], "")
    assert run(0, "Nothing", "7")[0] == ["issue close 7 --comment Nothing differs any more that is not known."]
    for code, words in ((1, "has something new"), (2, "breaks with"), (3, "cannot be compared")):
        (label, create), body = run(code, "breaking  request: ü\n")
        assert label.startswith("label create drift --force")
        assert re.match(rf"issue create --title .* {words} .*--label drift --body-file body\.md$", create)
        assert "~~~~~~~~text\nbreaking  request: ü\noh\n\n~~~~~~~~\n" in body
    (edit,), _ = run(2, "breaking", "7")
    assert edit.startswith("issue edit 7 --title The provider's document breaks")
    _, body = run(2, "a" + "ü" * 100_000)
    assert len(body.encode()) < 65536
    assert body.endswith("ü\n~~~~~~~~\n")


@pytest.mark.parametrize(
    ("tag", "heading", "says"),
    [
        (f"v{__version__}", f"## [{__version__}] - 2026-12-01", ""),
        (
            "v9.9.9",
            f"## [{__version__}] - 2026-12-01",
            f"the tag is v9.9.9 and the version is {__version__}: tag v{__version__}",
        ),
        (f"v{__version__}", "## [Unreleased]", f"CHANGELOG.md has nothing below a heading '## [{__version__}] - DAY'"),
    ],
)
def test_a_release_needs_its_version_and_its_notes(tag: str, heading: str, says: str, tmp_path: Path) -> None:
    version = Path("overrides/ideogram_ai/client/__init__.py")
    (tmp_path / version).parent.mkdir(parents=True)
    shutil.copy(ROOT / version, tmp_path / version)
    notes = "\n### Added\n\n- [links](docs/a.md), and more\n"
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n{heading}\n{notes}\n## [0.0.1]\n\n- older\n", "utf-8")
    (check,) = (step for step in steps(FOLDER / "release.yml") if "version" in step.get("name", ""))
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", check["run"]]  # as GitHub starts it
    env = {"PATH": "/usr/bin:/bin", "TAG": tag}
    ended = subprocess.run(shell, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert ended.stderr == (f"error: {says}\n" if says else "")
    assert ended.returncode == bool(says)
    if not says:
        assert (tmp_path / "dist/notes.md").read_text("utf-8").strip() == notes.strip()


def test_forms_of_issues_ask_for_no_secret() -> None:
    folder = ROOT / ".github" / "ISSUE_TEMPLATE"
    links = read(folder / "config.yml")["contact_links"]
    assert all(link["url"].startswith("https://") for link in links)
    forms = [read(file) for file in sorted(folder.glob("*.yml")) if file.name != "config.yml"]
    assert len(forms) == 3
    for form in forms:
        assert {"name", "description", "labels", "body"} == form.keys()
        ids = [field["id"] for field in form["body"] if "id" in field]
        assert len(ids) == len(set(ids))
        pasted = [field for field in form["body"] if field["type"] == "textarea"]
        boxes = [field for field in form["body"] if field["type"] == "checkboxes"]
        assert len(pasted) < 2 or boxes or form["labels"] == ["idea"]
