"""Inputs of batches, and what is read of their outputs."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

SMALL = "512x1536"
"""A size that the mock server draws quickly."""


def prompts(number: int) -> list[dict[str, str]]:
    """So many rows with an id each."""
    return [{"id": f"r{place}", "text_prompt": f"A photo of cat {place}"} for place in range(1, number + 1)]


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any] | str]) -> Path:
    """Write JSON lines; text is a line as it is."""
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), "utf-8")
    return path


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write CSV with the columns of the first row."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def read_lines(text: str) -> list[dict[str, Any]]:
    """The objects of JSON lines."""
    return [json.loads(line) for line in text.splitlines()]


def manifest(folder: Path) -> list[dict[str, Any]]:
    """The manifest of a batch."""
    return read_lines((folder / "manifest.jsonl").read_text("utf-8"))


def states(folder: Path) -> dict[str, str]:
    """What the manifest says of each row."""
    return {row["id"]: row["state"] for row in manifest(folder)}
