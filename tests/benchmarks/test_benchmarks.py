"""Every benchmark can be loaded, and the smallest one runs: `nox -s bench` runs all of them."""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NAMES = sorted(
    path.stem for path in (ROOT / "benchmarks").glob("*.py") if "\ndef measure(scale: Scale)" in path.read_text("utf-8")
)


def benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def test_a_run_is_printed_and_written(tmp_path: Path) -> None:
    run = benchmarks("--quick", "--out", str(tmp_path), "help")
    assert run.returncode == 0, run.stderr
    rows = json.loads((tmp_path / "bench.json").read_text("utf-8"))["rows"]
    assert {next(iter(row["cases"])) for row in rows} == {"ideogram --help"}
    page = (tmp_path / "bench.md").read_text("utf-8")
    for row in rows:
        assert row["what"] in run.stdout
        assert page.count(f"| {row['what']} |") == sum(other["what"] == row["what"] for other in rows)
        assert all(samples and min(samples) >= 0 for samples in row["cases"].values())
        check_verdict(row)


def check_verdict(row: dict[str, object]) -> None:
    """Check that the verdict is that of the median of ours."""
    target, cases = row["target"], row["cases"]
    assert isinstance(cases, dict)
    if target is None:
        assert row["verdict"] == ""
        return
    ours = median(next(iter(cases.values())))
    kind, limit = str(target).rsplit(" ", 1)
    held = ours <= float(limit) if kind == "at most" else ours >= float(limit)
    assert row["verdict"] == ("met" if held else "missed")


def test_all_are_listed_can_be_loaded_and_no_other_name_is_accepted() -> None:
    run = benchmarks("--help")
    assert all(name in run.stdout for name in NAMES)
    load = "import importlib, sys; [importlib.import_module(f'benchmarks.{name}').measure for name in sys.argv[1:]]"
    subprocess.run([sys.executable, "-c", load, *NAMES], cwd=ROOT, check=True, timeout=120)
    run = benchmarks("one_generat")
    assert run.returncode == 2
    assert "'one_generat' is not a benchmark; there are one_generate, imports, " in run.stderr
