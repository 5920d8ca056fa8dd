"""JSON lines and CSV: what a row becomes, and what is said of one that cannot be read."""

import gzip
import io
import json
import tracemalloc
from pathlib import Path

import pytest

from ideogram_ai.batch.csv_files import LONGEST_CELL, LONGEST_LINE
from ideogram_ai.batch.model import InputError, Row
from ideogram_ai.batch.reading import Format, format_of, read_rows

CAT = "A photo of a cat"


def rows(path: Path, content: str | bytes, kind: Format | None = None) -> list[Row]:
    """The rows of a file with this content."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_rows(str(path), kind))


def values(path: Path, content: str | bytes) -> list[dict[str, object]]:
    """What the rows hold, all of them being sound."""
    read = rows(path, content)
    assert [row.problems for row in read] == [()] * len(read)
    return [dict(row.values) for row in read]


def complaint(row: Row) -> str:
    """The one thing that is wrong with a row."""
    (problem,) = row.problems
    assert problem.line == row.line
    return problem.message


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.jsonl", Format.JSON_LINES),
        ("a.NDJSON", Format.JSON_LINES),
        ("a.json", Format.JSON_LINES),
        ("-", Format.JSON_LINES),
        ("x/a.b.csv", Format.CSV),
        ("a.tsv", Format.CSV),
        ("a.parquet", Format.PARQUET),
        ("a.csv.gz", Format.CSV),
    ],
)
def test_the_name_tells_the_format(name: str, kind: Format) -> None:
    assert format_of(name) is kind


@pytest.mark.parametrize("name", ["prompts", "a.txt", "a.gz", "a.xlsx"])
def test_a_name_that_tells_no_format_is_refused_with_those_that_do(name: str) -> None:
    with pytest.raises(InputError, match=r"\.jsonl, .*jsonl, csv, parquet"):
        format_of(name)


def test_rows_of_json_lines_keep_types_order_and_place(tmp_path: Path) -> None:
    poster = {"high_level_description": "b", "a": {"z": 1, "b": [None]}}
    lines = [json.dumps({"json_prompt": poster, "seed": None}), "", "  ", json.dumps({"id": 7, "on": True})]
    read = rows(tmp_path / "a.jsonl", "\ufeff" + "\r\n".join(lines))
    assert [(row.number, row.line) for row in read] == [(1, 1), (2, 4)]
    assert json.dumps(dict(read[0].values)) == json.dumps({"json_prompt": poster}), "null is absent at the top alone"
    assert read[1].values == {"id": 7, "on": True}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"a": 1', "no JSON object in one line: expecting ',' delimiter, at character 8"),
        (b'{"a": NaN}', "NaN is no JSON value"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', 'the key "c" is there twice'),
        (b'"cat"', "this is a single value; a row is an object"),
        (b"[1]", "this is an array; a row is an object"),
        (b'{"a": "caf\xe9"}', "byte 11 (0xe9) is no UTF-8"),
        (b"[" * 100_000, "it nests too deep"),
        (b'{"a": ' + b"1" * 5000 + b"}", "integer string conversion"),
    ],
)
def test_a_broken_line_is_told_and_the_next_is_read(tmp_path: Path, line: bytes, words: str) -> None:
    broken, sound = rows(tmp_path / "a.jsonl", b'{"id": "1"}\n' + line + b'\n{"id": "3"}\n')[1:]
    assert words in complaint(broken)
    assert (broken.number, broken.line) == (2, 2)
    assert sound == Row(3, 3, {"id": "3"})


@pytest.mark.parametrize(
    ("lines", "last"),
    [
        (['{"items": [', '{"text_prompt": "a"},', '{"text_prompt": "b"}', "]}"], 5),
        (['[', '{"text_prompt": "b"}', "]"], 4),
        (['{"a":', '{"text_prompt": "b"}', "}"], 4),
    ],
)  # fmt: skip
def test_lines_of_a_broken_row_are_no_rows(tmp_path: Path, lines: list[str], last: int) -> None:
    first, broken, *others = rows(tmp_path / "a.jsonl", "\n".join(['{"id": "1"}', *lines, '{"id": "3"}']))
    assert first.values == {"id": "1"}
    assert complaint(broken).startswith(f"lines 2 to {last} are one JSON value")
    assert [(row.number, row.values) for row in others] == [(3, {"id": "3"})]


def test_behind_a_very_long_broken_row_nothing_is_a_row(tmp_path: Path) -> None:
    lines = ['{"a": [', json.dumps("x" * 70_000), '{"text_prompt": "c"}', '{"id": "3"}']
    (broken,) = rows(tmp_path / "a.jsonl", "\n".join(lines).replace("{", " {", 1))
    assert complaint(broken).startswith("lines 1 to 4 ")


@pytest.mark.parametrize("document", ["[\n{}\n]", '[{"text_prompt": "a"}]', '{\n  "text_prompt": "a"\n}'])
def test_a_json_document_is_told_from_lines(tmp_path: Path, document: str) -> None:
    with pytest.raises(InputError, match="looks like one JSON document"):
        rows(tmp_path / "a.jsonl", document)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04 and so on", "workbook"),
        (b"PAR1 and so on", "say that its format is parquet"),
        (gzip.compress(gzip.compress(b"a")), "unpack it once"),
        (gzip.compress(b"text_prompt" * 9)[:-9], "damaged or cut off"),
        (b"x" * (LONGEST_LINE + 1), "Line 1 is longer than"),
    ],
    ids=["workbook", "parquet", "gzip-twice", "gzip-cut", "no-lines"],
)
def test_a_file_of_another_kind_is_named(tmp_path: Path, suffix: str, content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        rows(tmp_path / f"a{suffix}", content)


def test_json_lines_in_utf_16_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="UTF-16; save it as UTF-8"):
        rows(tmp_path / "a.jsonl", "text".encode("utf-16"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv' cannot be read: No such file"):
        list(read_rows(str(tmp_path / "none.csv")))


def test_gzip_is_unpacked_whatever_the_name(tmp_path: Path) -> None:
    assert values(tmp_path / "a.csv", gzip.compress(f"text_prompt\n{CAT}\n".encode())) == [{"text_prompt": CAT}]


def test_stdin_is_json_lines_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def give(content: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))

    give(b'{"text_prompt": "a"}\n')
    assert [row.values for row in read_rows("-")] == [{"text_prompt": "a"}]
    give(b"text_prompt\nb\n")
    assert [row.values for row in read_rows("-", Format.CSV)] == [{"text_prompt": "b"}]


def test_cells_have_the_types_of_the_contract(tmp_path: Path) -> None:
    document = (
        "\ufeffid,text_prompt, json_prompt ,enable_copyright_detection,file_name\r\n"
        '1,"A cat, ""grey"",\nin two lines",,TRUE,\r\n'
        "\r\n,,,,\r\n"
        '02,true,"{""b"": [1], ""a"": null}",false ,cat.png\r\n'
    )
    read = rows(tmp_path / "a.csv", document)
    assert [(row.number, row.line, row.problems) for row in read] == [(1, 2, ()), (2, 6, ())]
    assert read[0].values == {
        "id": "1", "text_prompt": 'A cat, "grey",\nin two lines', "enable_copyright_detection": True,
    }  # fmt: skip
    assert list(read[1].values.items()) == [
        ("id", "02"), ("text_prompt", "true"), ("json_prompt", {"b": [1], "a": None}),
        ("enable_copyright_detection", False), ("file_name", "cat.png"),
    ]  # fmt: skip


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_spreadsheets_of_other_countries_are_read(tmp_path: Path, mark: str) -> None:
    content = f"text_prompt{mark}resolution\nA cat{mark}2048x2048\n"
    assert values(tmp_path / "a.csv", content) == [{"text_prompt": "A cat", "resolution": "2048x2048"}]


def test_every_cell_that_cannot_be_typed_is_told(tmp_path: Path) -> None:
    content = 'text_prompt,json_prompt,enable_copyright_detection\na,{"x":yes\n'
    (row,) = rows(tmp_path / "a.csv", content.replace('{"x":yes', '"{""x"":",yes'))
    json_problem, flag_problem = row.problems
    assert (json_problem.field, flag_problem.field) == ("json_prompt", "enable_copyright_detection")
    assert json_problem.message.startswith("json_prompt is no JSON object: expecting value")
    assert flag_problem.message.startswith('enable_copyright_detection is "yes"; write true or false')
    assert row.values == {"text_prompt": "a"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"a,b,c", "it has 3 cells, and the header has 2"),
        (b"a", "it has 1 cell, and the header has 2"),
        (b"caf\xe9,", "cell 1, byte 4 (0xe9) is no UTF-8"),
        (b"a\0b,", "cell 1 holds a NUL"),
        (b"a\rb,c", "a carriage return stands outside of quotes"),
        (b"a,C:\\", "it ends in a backslash"),
    ],
)
def test_a_broken_row_of_csv_is_told_and_the_next_is_read(tmp_path: Path, line: bytes, words: str) -> None:
    first, broken, last = rows(tmp_path / "a.csv", b"text_prompt,resolution\na,b\n" + line + b"\nc,d\n")
    assert words in complaint(broken)
    assert (first.line, broken.line, last.line) == (2, 3, 4)
    assert last.number == 3


@pytest.mark.parametrize("line", [b'"a"b,c', b'"say "hi" there', b'a, "b, c"', b'"a\nb"c"', b'say "a\nb",c'])
def test_behind_a_broken_quote_nothing_is_a_row(tmp_path: Path, line: bytes) -> None:
    """The lines that follow may stand inside of the cell: nobody can tell."""
    content = b"text_prompt,resolution\na,b\n" + line + b"\nsecond line,1024x1024\nthird,1024x1024\n"
    first, broken = rows(tmp_path / "a.csv", content)
    assert first.line == 2
    last = content.count(b"\n")
    assert complaint(broken).startswith(f"lines 3 to {last} cannot be read: ")


@pytest.mark.parametrize("size", [131_072, 131_073, 10 * 2**20])
def test_a_long_cell_is_read_whole(tmp_path: Path, size: int) -> None:
    cell = (("A cat " * 99 + "\n") * (size // 500))[:size].ljust(size, "x")
    content = f'id,text_prompt\n1,"{cell}"\n2,A fox\n'
    assert values(tmp_path / "a.csv", content) == [
        {"id": "1", "text_prompt": cell},
        {"id": "2", "text_prompt": "A fox"},
    ]


def test_a_cell_that_never_ends_is_one_bad_row(tmp_path: Path) -> None:
    content = 'id,text_prompt\n1,A cat\n2,"' + ("A fox " * 999 + "\n") * (LONGEST_CELL // 5994 + 9)
    first, broken = rows(tmp_path / "a.csv", content)
    assert first.values["id"] == "1"
    assert "a quoted cell has more than 16,777,216 characters" in complaint(broken)


@pytest.mark.parametrize("cell", ['5" tall', 'a "fine" cat', '"" and nothing', "it's"])
def test_a_quote_inside_of_a_cell_without_quotes_is_text(tmp_path: Path, cell: str) -> None:
    cell = cell if not cell.startswith('"') else f"x{cell}"
    assert values(tmp_path / "a.csv", f"id,text_prompt\n1,{cell}\n") == [{"id": "1", "text_prompt": cell}]


def test_a_quote_that_is_not_closed_is_told_with_its_lines(tmp_path: Path) -> None:
    first, broken = rows(tmp_path / "a.csv", 'text_prompt\na\n"b\nc\nd\n')
    assert first.values == {"text_prompt": "a"}
    assert complaint(broken).startswith("lines 3 to 5 cannot be read: unexpected end of data. Is a quote not closed")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no header"),
        (b"\r\na\r\n", "no header"),
        (b"text_prompt,,id\na,b,c\n", "no name for column 2"),
        (b"id,text_prompt,id\n", "has 'id' twice"),
        (b"caf\xe9\n", r"The header cannot be read: cell 1, byte 4 \(0xe9\) is no UTF-8"),
        (b'"text_prompt" x\n', "The header cannot be read"),
    ],
)
def test_a_header_that_cannot_be_used_ends_it(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        rows(tmp_path / "a.csv", content)


@pytest.mark.parametrize("kind", [Format.JSON_LINES, Format.CSV])
def test_a_large_input_does_not_fill_the_memory(tmp_path: Path, kind: Format) -> None:
    path = tmp_path / f"a.{kind}"
    with path.open("w") as file:
        file.write("text_prompt\n" if kind is Format.CSV else "")
        line = f"{CAT}\n" if kind is Format.CSV else json.dumps({"text_prompt": CAT}) + "\n"
        file.writelines(line for _ in range(20_000))
    tracemalloc.start()
    try:
        count = sum(1 for _ in read_rows(str(path)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 300_000, "a list of the rows takes ten times as much"
