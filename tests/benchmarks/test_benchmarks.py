"""Every benchmark runs, on so little that its numbers mean nothing: `nox -s bench` is what measures."""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parents[2]
NAMES = sorted(
    path.stem for path in (ROOT / "benchmarks").glob("*.py") if "\ndef measure(scale: Scale)" in path.read_text("utf-8")
)
OURS = {
    "batch_efficiency": {"run_batch"},
    "batch_memory": {"run_batch"},
    "download": {"Ideogram"},
    "help": {"ideogram --help"},
    "imports": {"import ideogram_ai.client"},
    "mock_server": {"ideogram mock"},
    "one_generate": {"Ideogram", "AsyncIdeogram"},
}


def benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_writes_down_what_it_told(name: str, tmp_path: Path) -> None:
    run = benchmarks("--quick", "--out", str(tmp_path), name)
    assert run.returncode == 0, run.stderr
    document = json.loads((tmp_path / "bench.json").read_text("utf-8"))
    rows = document["rows"]
    assert {next(iter(row["cases"])) for row in rows} == OURS[name]
    page = (tmp_path / "bench.md").read_text("utf-8")
    for row in rows:
        assert row["what"] in run.stdout
        assert page.count(f"| {row['what']} |") == sum(other["what"] == row["what"] for other in rows)
        assert all(samples and min(samples) >= 0 for samples in row["cases"].values())
        check_verdict(row)


def check_verdict(row: dict[str, object]) -> None:
    """The verdict is that of the median of ours."""
    target, cases = row["target"], row["cases"]
    assert isinstance(cases, dict)
    if target is None:
        assert row["verdict"] == ""
        return
    ours = median(next(iter(cases.values())))
    kind, limit = str(target).rsplit(" ", 1)
    held = ours <= float(limit) if kind == "at most" else ours >= float(limit)
    assert row["verdict"] == ("met" if held else "missed")


def test_the_list_of_them_is_whole() -> None:
    run = benchmarks("--help")
    assert all(name in run.stdout for name in NAMES)
    assert sorted(OURS) == NAMES


def test_another_name_is_refused_with_those_that_there_are() -> None:
    run = benchmarks("one_generat")
    assert run.returncode == 2
    assert "'one_generat' is no benchmark; there are one_generate, imports, " in run.stderr
