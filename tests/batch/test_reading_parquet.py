"""Parquet: structs and text for structured prompts, nulls, types that JSON does not have, and memory."""

import io
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ideogram_ai.batch.model import InputError, Row
from ideogram_ai.batch.reading import Format, read_rows

arrow: Any = import_module("pyarrow")
parquet: Any = import_module("pyarrow.parquet")


def write(path: Path, records: Sequence[object]) -> Path:
    parquet.write_table(arrow.Table.from_pylist(records), path)
    return path


def rows(path: Path) -> list[Row]:
    return list(read_rows(str(path)))


def test_a_struct_is_an_object_without_its_nulls(tmp_path: Path) -> None:
    elements = [{"type": "obj", "desc": "a"}, {"type": "text", "text": "B", "desc": "b", "bbox": [1, 2, 3, 4]}]
    prompt = {"high_level_description": "x", "compositional_deconstruction": {"background": "y", "elements": elements}}
    records = [{"id": 1, "json_prompt": prompt, "text_prompt": None}, {"id": 2, "text_prompt": "a"}]
    first, second = rows(write(tmp_path / "a.parquet", records))
    assert first == Row(1, 1, {"id": 1, "json_prompt": prompt})
    assert second == Row(2, 2, {"id": 2, "text_prompt": "a"})


def test_a_structured_prompt_may_be_text(tmp_path: Path) -> None:
    records = [{"json_prompt": '{"b": 1, "a": 2}', "text_prompt": "{1}"}, {"json_prompt": "{", "text_prompt": None}]
    good, bad = rows(write(tmp_path / "a.pq", records))
    assert good.values == {"json_prompt": {"b": 1, "a": 2}, "text_prompt": "{1}"}
    (problem,) = bad.problems
    assert (problem.line, problem.field) == (2, "json_prompt")
    assert "json_prompt is no JSON object" in problem.message


def test_what_json_has_no_type_for_is_told(tmp_path: Path) -> None:
    row, other = rows(
        write(tmp_path / "a.parquet", [{"when": datetime(2026, 1, 1, tzinfo=UTC), "id": "a"}, {"id": "b"}])
    )
    (problem,) = row.problems
    assert (problem.line, problem.field) == (1, "when")
    assert problem.message == "when holds datetime, which JSON has no type for; make text of it."
    assert other == Row(2, 2, {"id": "b"})


def test_what_is_no_parquet_or_damaged_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_text("text_prompt\na\n")
    with pytest.raises(InputError, match="After row 0 the Parquet file cannot be read"):
        rows(path)
    write(path, [{"text_prompt": f"a long prompt {number}"} for number in range(5000)])
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] + b"\xff" * 64 + content[len(content) // 2 + 64 :])
    with pytest.raises(InputError, match="the Parquet file cannot be read"):
        rows(path)


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    table = arrow.Table.from_arrays([arrow.array(["a"]), arrow.array(["b"])], names=["text_prompt", "text_prompt"])
    parquet.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(InputError, match="the column 'text_prompt' twice"):
        rows(tmp_path / "a.parquet")


def test_it_comes_from_stdin_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = write(tmp_path / "a.parquet", [{"text_prompt": "a"}]).read_bytes()

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(Pipe(content))))
    assert [row.values for row in read_rows("-", Format.PARQUET)] == [{"text_prompt": "a"}]


def test_without_pyarrow_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.parquet", [{"text_prompt": "a"}])
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(InputError, match=r"pip install 'ideogram-ai\[batch\]'"):
        rows(path)


def test_batches_of_records_are_read_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.parquet", [{"text_prompt": str(number)} for number in range(10)])
    monkeypatch.setattr("ideogram_ai.batch.reading._RECORDS", 4)
    sizes: list[int] = []
    real = parquet.ParquetFile.iter_batches

    def counted(self: Any, **options: Any) -> Any:
        for batch in real(self, **options):
            sizes.append(batch.num_rows)
            yield batch

    monkeypatch.setattr(parquet.ParquetFile, "iter_batches", counted)
    stream = read_rows(str(path))
    assert next(stream).values == {"text_prompt": "0"}
    assert sizes == [4]
    assert [row.number for row in stream] == list(range(2, 11))
    assert sizes == [4, 4, 2]
