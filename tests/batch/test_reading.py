"""Reading an input: JSON, CSV in every dialect, and Parquet. Each row is read, or clearly refused."""

import csv
import gzip
import io
import json
import os
import re
import sqlite3
import sys
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ideogram_ai.batch.csv_files import CsvOptions
from ideogram_ai.batch.csv_records import LONGEST_CELL, LONGEST_LINE
from ideogram_ai.batch.model import InputError, Row
from ideogram_ai.batch.reading import Format, format_of, read_rows

arrow: Any = import_module("pyarrow")
parquet: Any = import_module("pyarrow.parquet")

PROMPT = 'A cat, "grey"\nasleep; 5" tall'
BACKSLASHES = r"C:\fox\ back\slash"
CAT: dict[str, Any] = {"id": "cat", "text_prompt": PROMPT, "resolution": "1024x1024"}
FOX: dict[str, Any] = {"id": "fox", "text_prompt": BACKSLASHES, "enable_copyright_detection": True}
NAMES = ("id", "text_prompt", "enable_copyright_detection", "resolution")
HEAD = ",".join(NAMES)

PLAIN = f"{HEAD}\n".encode()
QUOTED = b'"id","text_prompt","enable_copyright_detection","resolution"\n'
TABBED = PLAIN.replace(b",", b"\t")

# CAT and FOX as programs wrote them, byte for byte.
WRITTEN = {
    "pandas 3.1 to_csv, with the index": (
        b',id,text_prompt,enable_copyright_detection,resolution\n0,cat,"A cat, ""grey""\nasleep; 5"" tall",,1024x1024\n'
        b"1,fox,C:\\fox\\ back\\slash,True,\n"
    ),
    "pandas 3.1, QUOTE_ALL": (
        QUOTED + b'"cat","A cat, ""grey""\nasleep; 5"" tall","","1024x1024"\n"fox","C:\\fox\\ back\\slash","True",""\n'
    ),
    "pandas 3.1, QUOTE_NONNUMERIC with an escapechar": (
        QUOTED + b'"cat","A cat, \\"grey\\"\nasleep; 5\\" tall","",'
        b'"1024x1024"\n"fox","C:\\\\fox\\\\ back\\\\slash",True,""\n'
    ),
    "pandas 3.1, QUOTE_NONE with an escapechar": (
        PLAIN + b'cat,A cat\\, \\"grey\\"\\\nasleep; 5\\" tall,,1024x1024\nfox,C:\\\\fox\\\\ back\\\\slash,True,\n'
    ),
    "pandas 3.1, tabs, QUOTE_NONE with an escapechar": (
        TABBED + b'cat\tA cat, \\"grey\\"\\\nasleep; 5\\" tall\t\t1024x1024\nfox\tC:\\\\fox\\\\ back\\\\slash\tTrue\t\n'
    ),
    "PostgreSQL 15, FORMAT csv, FORCE_QUOTE *": (
        PLAIN + b'"cat","A cat, ""grey""\nasleep; 5"" tall",,"1024x1024"\n"fox","C:\\fox\\ back\\slash","t",\n'
    ),
    "PostgreSQL 15, FORMAT csv, ESCAPE backslash": (
        PLAIN + b'cat,"A cat, \\"grey\\"\nasleep; 5\\" tall",,1024x1024\nfox,C:\\fox\\ back\\slash,t,\n'
    ),
    "PostgreSQL 15, FORMAT csv, NULL and semicolons": (
        PLAIN.replace(b",", b";") + b'cat;"A cat, ""grey""\nasleep; 5"" tall";NULL;1024x1024\n'
        b"fox;C:\\fox\\ back\\slash;t;NULL\n"
    ),
    "PostgreSQL 15, FORMAT text, HEADER": (
        TABBED + b'cat\tA cat, "grey"\\nasleep; 5" tall\t\\N\t1024x1024\nfox\tC:\\\\fox\\\\ back\\\\slash\tt\t\\N\n'
    ),
    "SQLite 3.40, .mode csv": (
        PLAIN.replace(b"\n", b"\r\n") + b'cat,"A cat, ""grey""\nasleep; 5"" tall",,1024x1024\r\n'
        b'fox,"C:\\fox\\ back\\slash",1,\r\n'
    ),
}
# The formats of programs that are not available here.
COMMA = f'{HEAD}\r\ncat,"A cat, ""grey""\nasleep; 5"" tall",,1024x1024\r\nfox,{BACKSLASHES},TRUE,\r\n'
SEMICOLON = (
    f'{HEAD.replace(",", ";")}\r\ncat;"A cat, ""grey""\nasleep; 5"" tall";;1024x1024\r\nfox;{BACKSLASHES};TRUE;\r\n'
)
TABS = COMMA.replace("cat, ", "cat@ ").replace(",", "\t").replace("@", ",")
FORMS = {
    "Excel, CSV UTF-8": COMMA.encode("utf-8-sig"),
    "Excel, CSV UTF-8, German": SEMICOLON.encode("utf-8-sig"),
    "Excel, Unicode text": TABS.encode("utf-16"),
    "Excel, Unicode text, big-endian": b"\xfe\xff" + TABS.encode("utf-16-be"),
    "Excel, sep=": b"sep=;\r\n" + SEMICOLON.encode(),
    "Excel, sep= with a mark and in quotes": b'\xef\xbb\xbf"SEP=;"\r\n' + SEMICOLON.encode(),
    "Excel for the old Mac": COMMA.replace("\r\n", "\r").encode(),
    "Google Sheets": COMMA.removesuffix("\r\n").encode(),
    "Numbers": SEMICOLON.replace("\r\n", "\n").encode(),
    "LibreOffice, all text quoted": (
        QUOTED + b'"cat","A cat, ""grey""\nasleep; 5"" tall",,"1024x1024"\n"fox","C:\\fox\\ back\\slash",TRUE,\n'
    ),
    "R, write.csv": (
        b'"",' + QUOTED + b'"1","cat","A cat, ""grey""\nasleep; 5"" tall",'
        b'NA,"1024x1024"\n"2","fox","C:\\fox\\ back\\slash",TRUE,NA\n'
    ),
    "R, write.csv2, row.names = FALSE": (
        b'"id";"text_prompt";"enable_copyright_detection";"resolution"\n"cat";"A cat, ""grey""\nasleep; 5"" tall";NA;'
        b'"1024x1024"\n"fox";"C:\\fox\\ back\\slash";TRUE;NA\n'
    ),
    "MySQL, INTO OUTFILE with a header joined": (
        TABBED + b'cat\tA cat, "grey"\\\nasleep; 5" tall\t\\N\t1024x1024\nfox\tC:\\\\fox\\\\ back\\\\slash\t1\t\\N\n'
    ),
    "MySQL, INTO OUTFILE, commas and quotes": (
        QUOTED + b'"cat","A cat, \\"grey\\"\\\nasleep; 5\\" tall",\\N,'
        b'"1024x1024"\n"fox","C:\\\\fox\\\\ back\\\\slash","1",\\N\n'
    ),
    "MySQL Workbench": (
        PLAIN + b'cat,"A cat, ""grey""\nasleep; 5"" tall",NULL,1024x1024\nfox,C:\\fox\\ back\\slash,1,NULL\n'
    ),
    "MySQL, engine CSV": (
        QUOTED + b'"cat","A cat, \\"grey\\"\nasleep; 5\\" tall","",'
        b'"1024x1024"\n"fox","C:\\\\fox\\\\ back\\\\slash","1",""\n'
    ),
    "BigQuery": (PLAIN + b'cat,"A cat, ""grey""\nasleep; 5"" tall",,1024x1024\nfox,C:\\fox\\ back\\slash,true,\n'),
    "a delimiter behind each line": (
        b'id,text_prompt,enable_copyright_detection,resolution,\ncat,"A cat, ""grey""\nasleep; 5"" tall",,1024x1024,\n'
        b"fox,C:\\fox\\ back\\slash,true,,\n"
    ),
    "a delimiter behind each line but the header": (
        PLAIN + b'cat,"A cat, ""grey""\nasleep; 5"" tall",,1024x1024,\nfox,C:\\fox\\ back\\slash,true,,\n'
    ),
    "empty lines, and lines of delimiters at the end": COMMA.encode() + b"\r\n\r\n,,,\r\n,,,,,,\r\n \r\n",
    "pipes": COMMA.replace("A cat, ", "A cat@ ").replace(",", "|").replace("@", ",").encode(),
    "blanks behind a quoted cell": COMMA.replace('tall",', 'tall" ,').encode(),
}


def rows(path: Path, content: str | bytes, **settings: str) -> list[Row]:
    """The rows of a file with this content."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_rows(str(path), csv=CsvOptions.of(settings)))


def values(read: Sequence[Row]) -> list[dict[str, Any]]:
    """The values of rows without problems."""
    assert [row.problems for row in read] == [()] * len(read)
    return [dict(row.values) for row in read]


def problem(row: Row) -> str:
    """The one problem of a row."""
    (found,) = row.problems
    assert found.line == row.line
    return found.message


def refused(path: Path, content: str | bytes, words: str, **settings: str) -> None:
    """Check that the whole input is refused."""
    with pytest.raises(InputError, match=words):
        rows(path, content, **settings)


def test_the_name_tells_the_format() -> None:
    names = {
        Format.JSON_LINES: ["a.jsonl", "a.NDJSON", "a.json", "-"],
        Format.CSV: ["x/a.b.csv", "a.tsv", "a.csv.gz"],
        Format.PARQUET: ["a.parquet", "a.pq"],
        Format.WORKBOOK: ["a.xlsx"],
    }
    for kind, known in names.items():
        assert {format_of(name) for name in known} == {kind}
    for name in ("a.txt", "a.gz", "a.xls", "prompts"):
        words = r"--format jsonl\|csv\|parquet.*\.jsonl, " if "." in name else "'prompts': there is no such file"
        with pytest.raises(InputError, match=words):
            format_of(name)


def test_json_lines_keep_types_order_and_place(tmp_path: Path) -> None:
    poster = {"high_level_description": "b", "a": {"z": 1, "b": [None]}}
    lines = [json.dumps({"json_prompt": poster, "seed": None}), "", "  ", json.dumps({"id": 7, "on": True})]
    read = rows(tmp_path / "a.jsonl", "\ufeff" + "\r\n".join(lines))
    assert [(row.number, row.line) for row in read] == [(1, 1), (2, 4)]
    assert json.dumps(dict(read[0].values)) == json.dumps({"json_prompt": poster}), "null is absent at the top only"
    assert read[1].values == {"id": 7, "on": True}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"a": 1', "a JSON object in one line: expecting ',' delimiter, at character 8"),
        (b'{"a": NaN}', "NaN is not a JSON value"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', 'the key "c" is there twice'),
        (b'"cat"', "this is a single value; a row is an object"),
        (b"[1]", "this is an array; a row is an object"),
        (b'{"a": "caf\xe9"}', "byte 11 (0xe9) is not UTF-8"),
        (b"[" * 100_000, "it nests too deep"),
        (b'{"a": ' + b"1" * 5000 + b"}", "integer string conversion"),
    ],
)
def test_a_broken_line_is_reported_and_the_next_is_read(tmp_path: Path, line: bytes, words: str) -> None:
    broken, good = rows(tmp_path / "a.jsonl", b'{"id": "1"}\n' + line + b'\n{"id": "3"}\n')[1:]
    assert words in problem(broken)
    assert (broken.number, broken.line) == (2, 2)
    assert good == Row(3, 3, {"id": "3"})


def test_an_array_is_read_item_by_item(tmp_path: Path) -> None:
    items = ['{"id": "1", "a": "[{,\\""}', '{"a": 1,\n "a": 2}', "3", '{"a":\n\n{"b": [1, 2]}}', '{"n": 1e400}', "[]"]
    for between, before in ((",", "["), (" ,\n", "\n[\n"), (",\n\n  ", "[ ")):
        text = f"{before}{between.join(items)}{between.strip(', ')}]\n \n"
        read = rows(tmp_path / "a.json", text.encode())
        assert [row.number for row in read] == [1, 2, 3, 4, 5, 6]
        assert [row.line for row in read] == [text[: text.index(item)].count("\n") + 1 for item in items]
        assert [dict(row.values) for row in (read[0], read[3])] == [{"id": "1", "a": '[{,"'}, {"a": {"b": [1, 2]}}]
        assert 'the key "a" is there twice' in problem(read[1])
        assert ("this is a single value" in problem(read[2]), "an array" in problem(read[5])) == (True, True)
    assert rows(tmp_path / "a.json", "[ ]\n") == []
    long = [{"text_prompt": "ä" * length} for length in (1, 70_000, 200_000, 3, 65_536)]
    for indent in (None, 2):  # at every place of what is read at a time
        assert values(rows(tmp_path / "a.json", json.dumps(long, indent=indent, ensure_ascii=False))) == long
    monkey = [{"id": str(number)} for number in range(20_000)]
    assert values(rows(tmp_path / "a.jsonl", json.dumps(monkey))) == monkey, "whatever it is called"


def test_a_cell_that_names_a_json_file(tmp_path: Path) -> None:
    poster = {"b": 1, "a": [{"z": 2}]}
    (tmp_path / "poster.json").write_text("\ufeff" + json.dumps(poster))
    (tmp_path / "twice.json").write_text('{"a": 1, "a": 2}')
    (tmp_path / "latin.json").write_bytes(b'{"a": "caf\xe9"}')
    for name, template in (("a.csv", "json_prompt\n{}\n"), ("a.jsonl", '{{"json_prompt": "{}"}}\n')):
        for cell in ("poster.json", "@poster.json", str(tmp_path / "poster.json")):
            (row,) = rows(tmp_path / name, template.format(cell))
            assert json.dumps(dict(row.values)) == json.dumps({"json_prompt": poster}), "in the author's order"
        for cell, words in (
            ("none.json", "cannot be read: No such file"),
            ("~no-user/a.json", "cannot be read: No such file"),
            ("twice.json", 'the key "a" is there twice'),
            ("latin.json", "cannot be used as JSON"),
        ):
            (row,) = rows(tmp_path / name, template.format(cell))
            assert words in problem(row)
    (row,) = rows(tmp_path / "a.csv", "text_prompt\nposter.json\n")
    assert row.values == {"text_prompt": "poster.json"}, "which is refused later, as no prompt"


def test_lines_of_a_broken_row_are_no_rows(tmp_path: Path) -> None:
    for lines, last in (
        (['{"items": [', '{"text_prompt": "a"},', '{"text_prompt": "b"}', "]}"], 5),
        (["[", '{"text_prompt": "b"}', "]"], 4),
        (['{"a":', '{"text_prompt": "b"}', "}"], 4),
    ):
        first, broken, *others = rows(tmp_path / "a.jsonl", "\n".join(['{"id": "1"}', *lines, '{"id": "3"}']))
        assert first.values == {"id": "1"}
        assert problem(broken).startswith(f"lines 2 to {last} are one JSON value")
        assert [(row.number, row.values) for row in others] == [(3, {"id": "3"})]
    lines = [' {"a": [', json.dumps("x" * 70_000), '{"text_prompt": "c"}', '{"id": "3"}']
    (broken,) = rows(tmp_path / "a.jsonl", "\n".join(lines))
    assert problem(broken).startswith("lines 1 to 4 "), "nothing behind a very long broken row is a row"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.json", b"[", "Line 1: the array cannot be read any further: expecting value"),
        ("a.json", b'[\n{"a": 1},\n\n', "Line 4: the array cannot be read any further: expecting value"),
        ("a.json", b'[{"a": "b', "Line 1: the array cannot be read any further: unterminated string"),
        ("a.json", b'[{"a": 1}\n{"a": 2}]', "Line 2: ',' is missing here"),
        ("a.json", b'[{"a": 1},]', "expecting value"),
        ("a.json", b'[{"a": x}]', "expecting value"),
        ("a.json", b'[{"a": 1}]\n[{"a": 2}]', "Line 2: something follows the array"),
        ("a.json", b'[{"a": "caf\xe9"}]', "not UTF-8"),
        ("a.json", b'[{"a": "' + b"x" * (LONGEST_LINE + 1), "Line 1 is longer than"),
        ("a.json", b'[\n{"a": "' + b"x" * (LONGEST_LINE + 1), "an item of the array is longer than"),
        ("a.json", b"[" * 100_000, "Line 1: an item of the array nests too deep"),
        ("a.jsonl", b'{\n  "text_prompt": "a"\n}', "looks like one JSON document"),
        ("a.jsonl", "text".encode("utf-16"), "UTF-16; save it as UTF-8"),
        *(
            (f"a{suffix}", content, words)
            for suffix in (".jsonl", ".csv")
            for content, words in (
                (b"PK\x03\x04 and so on", "workbook"),
                (b"PAR1 and so on", "say that its format is parquet"),
                (gzip.compress(gzip.compress(b"a")), "unpack it once"),
                (gzip.compress(b"text_prompt" * 9)[:-9], "damaged or cut off"),
                (b"x" * (LONGEST_LINE + 1), "Line 1 is longer than"),
            )
        ),
        ("a.csv", b"", "first line of the CSV file is empty"),
        ("a.csv", b"\r\na\r\n", "first line of the CSV file is empty"),
        ("a.csv", b"text_prompt,,id\na,b,c\n", "no name for column 2, and line 2 has something there"),
        ("a.csv", b"id,text_prompt,id\n", "has 'id' twice"),
        ("a.csv", b"caf\xe9\n", r"The header cannot be read: cell 1, byte 4 \(0xe9\) is not UTF-8"),
        ("a.csv", b'"text_prompt" x\n', "The header cannot be read"),
        ("a.csv", b'"id,text_prompt\n1,a\n', "header cannot be read: unexpected end"),
        ("a.csv", b"id,text_prompt\n1,A cat, asleep\n2,A fox, red\n", "Each row has 3 cells, and the header in line 1"),
        ("a.csv", "id,text_prompt\n1,ä\n".encode("utf-16-le"), "cannot be read|first line"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else "",
)
def test_an_input_of_another_kind_is_refused(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    refused(tmp_path / name, content, words)


def test_a_file_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv' cannot be read: No such file"):
        list(read_rows(str(tmp_path / "none.csv")))


def test_gzip_stdin_and_pipes_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert values(rows(tmp_path / "a.csv", gzip.compress(b"text_prompt\na\n"))) == [{"text_prompt": "a"}]
    for content, kind in ((b'{"text_prompt": "a"}\n', None), (b"text_prompt\na\n", Format.CSV)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))
        assert values(list(read_rows("-", kind))) == [{"text_prompt": "a"}]
    ours, theirs = os.pipe()
    try:
        os.write(theirs, FORMS["R, write.csv"])
        os.close(theirs)
        assert values(list(read_rows(f"/dev/fd/{ours}", Format.CSV))) == [CAT, FOX]
    finally:
        os.close(ours)


def test_cells_have_the_types_of_the_contract(tmp_path: Path) -> None:
    document = (
        "\ufeffid,text_prompt, json_prompt ,enable_copyright_detection,file_name\r\n"
        '1,"A cat, ""grey"",\nin two lines",,TRUE,\r\n\r\n,,,,\r\n'
        '02,true,"{""b"": [1], ""a"": null}",false ,cat.png\r\n'
    )
    read = rows(tmp_path / "a.csv", document)
    assert [(row.number, row.line, row.problems) for row in read] == [(1, 2, ()), (2, 6, ())]
    prompt = 'A cat, "grey",\nin two lines'
    assert read[0].values == {"id": "1", "text_prompt": prompt, "enable_copyright_detection": True}
    assert list(read[1].values.items()) == [
        ("id", "02"), ("text_prompt", "true"), ("json_prompt", {"b": [1], "a": None}),
        ("enable_copyright_detection", False), ("file_name", "cat.png"),
    ]  # fmt: skip
    content = 'text_prompt,json_prompt,enable_copyright_detection\na,"{""x"":",yes\n'
    (row,) = rows(tmp_path / "a.csv", content)
    assert [each.field for each in row.problems] == ["json_prompt", "enable_copyright_detection"]
    assert row.problems[0].message.startswith("json_prompt is not a JSON object: expecting value")
    assert row.problems[1].message.startswith('enable_copyright_detection is "yes"; write true or false')
    assert row.values == {"text_prompt": "a"}


def test_a_broken_row_of_csv_is_reported_and_the_next_is_read(tmp_path: Path) -> None:
    for line, words in (
        (b"a,b,c", "it has 3 cells, and the header has 2"),
        (b"a", "it has 1 cell, and the header has 2"),
        (b"caf\xe9,", "cell 1, byte 4 (0xe9) is not UTF-8"),
        (b"a\0b,", "cell 1 holds a NUL"),
        (b"a\rb,c", "a carriage return is outside quotes"),
        (b"a,C:\\", "it ends in a backslash"),
    ):
        first, broken, last = rows(tmp_path / "a.csv", b"text_prompt,resolution\na,b\n" + line + b"\nc,d\n")
        assert words in problem(broken)
        assert (first.line, broken.line, last.line, last.number) == (2, 3, 4, 3), line
    content = "id,text_prompt\n1,Füchse\n2,F?chse\n3,A cat\n4,A d?g\n".encode().replace(b"?", b"\xfc")
    assert [bool(row.problems) for row in rows(tmp_path / "a.csv", content)] == [False, True, False, True]


def test_behind_a_broken_quote_nothing_is_a_row(tmp_path: Path) -> None:
    """The lines that follow may be part of the cell: nobody can tell."""
    for line in (b'"a"b,c', b'"say "hi" there', b'a, "b, c"', b'"a\nb"c"', b'say "a\nb",c'):
        content = b"text_prompt,resolution\na,b\n" + line + b"\nsecond line,1024x1024\nthird,1024x1024\n"
        first, broken = rows(tmp_path / "a.csv", content)
        assert first.line == 2
        last = content.count(b"\n")
        assert problem(broken).startswith(f"lines 3 to {last} cannot be read: "), line
    first, broken = rows(tmp_path / "a.csv", 'text_prompt\na\n"b\nc\nd\n')
    assert first.values == {"text_prompt": "a"}
    assert problem(broken).startswith("lines 3 to 5 cannot be read: unexpected end of data. Is a quote not closed")


def test_a_long_cell_is_read_whole_and_one_that_never_ends_is_a_bad_row(tmp_path: Path) -> None:
    for size in (131_072, 131_073, 10 * 2**20):
        cell = (("A cat " * 99 + "\n") * (size // 500))[:size].ljust(size, "x")
        read = values(rows(tmp_path / "a.csv", f'id,text_prompt\n1,"{cell}"\n2,A fox\n'))
        assert read == [{"id": "1", "text_prompt": cell}, {"id": "2", "text_prompt": "A fox"}], size
    content = 'id,text_prompt\n1,A cat\n2,"' + ("A fox " * 999 + "\n") * (LONGEST_CELL // 5994 + 9)
    first, broken = rows(tmp_path / "a.csv", content)
    assert first.values["id"] == "1"
    assert "a quoted cell has more than 16,777,216 characters" in problem(broken)


def test_a_quote_inside_of_a_cell_without_quotes_is_text(tmp_path: Path) -> None:
    for cell in ('5" tall', 'a "fine" cat', 'x"" and nothing', "it's"):
        assert values(rows(tmp_path / "a.csv", f"id,text_prompt\n1,{cell}\n")) == [{"id": "1", "text_prompt": cell}]


@pytest.mark.parametrize("form", [*WRITTEN, *FORMS])
def test_every_program_writes_the_same_rows(tmp_path: Path, form: str) -> None:
    assert values(rows(tmp_path / "a.csv", (WRITTEN | FORMS)[form])) == [CAT, FOX]


def test_what_pythons_csv_module_writes(tmp_path: Path) -> None:
    database = sqlite3.connect(":memory:")
    answer = database.execute(
        "SELECT 'cat', ?, NULL, '1024x1024' UNION ALL SELECT 'fox', ?, 1, NULL", [PROMPT, BACKSLASHES]
    )
    records = [NAMES, *answer]
    database.close()
    for dialect in csv.list_dialects():
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC):
            file = io.StringIO(newline="")
            csv.writer(file, dialect, quoting=quoting).writerows(records)
            assert values(rows(tmp_path / "a.csv", file.getvalue())) == [CAT, FOX], (dialect, quoting)


def test_an_escaped_line_end_of_any_kind_is_a_part_of_its_cell(tmp_path: Path) -> None:
    """As Python's csv module writes it since 3.13, also where the file itself has another kind of line end."""
    for end in ("\n", "\r\n", "\r"):
        for text in ("a\nb", "a\rb", "a\r\nb", 'a\\b, "c"\r'):
            escaped = re.sub(r'[\\,"\r\n]', r"\\\g<0>", text)
            lines = ["text_prompt,id", f"{escaped},1", "A fox,2", ""]
            for settings in ({}, {"backslashes": "yes"}):
                read = values(rows(tmp_path / "a.csv", end.join(lines), **settings))
                assert read == [{"text_prompt": text, "id": "1"}, {"text_prompt": "A fox", "id": "2"}], (end, text)
    (broken,) = rows(tmp_path / "a.csv", "text_prompt,id\ra\nb,1\r")
    assert "a line feed is outside quotes" in problem(broken)


def test_where_a_file_can_be_read_in_two_ways_its_user_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    content = b'id\ttext_prompt\tresolution\ncat\t"A cat"\\nasleep\t1024x1024\nfox\tA fox\tNULL\n'
    refused(path, content, r"Line 2 has a backslash before a letter.*backslashes=yes.*backslashes=no")
    cat, fox = values(rows(path, content, backslashes="yes"))
    assert cat["text_prompt"] == '"A cat"\nasleep'
    assert "resolution" not in fox
    assert values(rows(path, content, backslashes="no"))[0]["text_prompt"] == '"A cat"\\nasleep'
    structured = b'id\tjson_prompt\ncat\t{"high_level_description": "a\\nb"}\n'
    assert values(rows(path, structured))[0]["json_prompt"] == {"high_level_description": "a\nb"}, (
        "JSON is not asked about"
    )
    prompts = ["Grüne Füchse", "Ein Bär", "A cat"]
    lines = [f"{number};{text}\r\n" for number, text in enumerate(prompts)]
    content = "".join(["id;text_prompt\r\n", *lines]).encode("cp1252")
    refused(path, content, r'not in UTF-8. Line 2, cell 2, byte 3 \(0xfc\).*"Grüne Füchse".*cp1252')
    assert [row["text_prompt"] for row in values(rows(path, content, encoding="cp1252"))] == prompts
    content = b'text_prompt:id\n"a":"1"\n'
    assert values(rows(path, content, delimiter=":")) == [{"text_prompt": "a", "id": "1"}]
    assert values(rows(path, content, delimiter=":", quotes="no"))[0]["text_prompt"] == '"a"'


def test_invalid_settings_are_refused() -> None:
    for settings, words in (
        ({"encoding": "cp1256a"}, "no such encoding"),
        ({"quotes": "maybe"}, "write quotes=yes or quotes=no"),
        ({"delimiter": "::"}, "give one character, or tab"),
        ({"sep": ","}, "the settings are encoding, delimiter, quotes, backslashes and sheet"),
    ):
        with pytest.raises(InputError, match=words):
            CsvOptions.of(settings)


def test_columns_are_renamed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('Nr;"My\nPrompt";Size\n1;"A cat; asleep, still";1024x1024\n')
    renamed = {"Nr": "id", "My Prompt": "text_prompt", "Size": "resolution"}
    assert values(list(read_rows(str(path), renamed=renamed))) == [
        {"id": "1", "text_prompt": "A cat; asleep, still", "resolution": "1024x1024"}
    ]
    with pytest.raises(InputError, match=r"no column 'Titel' to be renamed\. It has 'Nr', 'My Prompt', 'Size'"):
        list(read_rows(str(path), renamed={"Titel": "id"}))
    with pytest.raises(InputError, match="has 'id' twice"):
        list(read_rows(str(path), renamed={"Nr": "id", "Size": "id"}))
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "a"}\n{"text_prompt": "b"}\n{"prompt": "c", "text_prompt": "d"}\n')
    first, second, both = read_rows(str(path), renamed={"prompt": "text_prompt"})
    assert (first.values, second.values) == ({"text_prompt": "a"}, {"text_prompt": "b"})
    assert "has text_prompt twice" in both.problems[0].message
    with pytest.raises(InputError, match="no column 'Prompt'"):
        list(read_rows(str(path), renamed={"Prompt": "text_prompt"}))


def test_a_large_input_does_not_fill_the_memory(tmp_path: Path) -> None:
    for kind, first, line in (
        (Format.CSV, "text_prompt\n", "A cat\n"),
        (Format.JSON_LINES, "", '{"text_prompt": "A"}\n'),
        (Format.JSON_LINES, "[", '{"text_prompt": "A"},\n'),
    ):
        path = tmp_path / f"a.{kind}"
        for size in (2, 4_000):  # the small one loads what is needed
            text = first + line * size
            path.write_text(text[:-2] + "]\n" if first == "[" else text)
            tracemalloc.start()
            try:
                count = sum(1 for _ in read_rows(str(path)))
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
            assert count == size
        assert peak < 800_000, "a list of the rows takes 1.6 MB"


def write_parquet(path: Path, records: Sequence[object]) -> Path:
    parquet.write_table(arrow.Table.from_pylist(records), path)
    return path


def test_parquet_has_structs_text_and_types_that_json_does_not_have(tmp_path: Path) -> None:
    elements = [{"type": "obj", "desc": "a"}, {"type": "text", "text": "B", "desc": "b", "bbox": [1, 2, 3, 4]}]
    prompt = {"high_level_description": "x", "compositional_deconstruction": {"background": "y", "elements": elements}}
    records = [{"id": 1, "json_prompt": prompt, "text_prompt": None}, {"id": 2, "text_prompt": "a"}]
    first, second = read_rows(str(write_parquet(tmp_path / "a.parquet", records)))
    assert first == Row(1, 1, {"id": 1, "json_prompt": prompt}), "a struct without its nulls"
    assert second == Row(2, 2, {"id": 2, "text_prompt": "a"})
    texts = [{"json_prompt": '{"b": 1, "a": 2}', "text_prompt": "{1}"}, {"json_prompt": "{", "text_prompt": None}]
    good, bad = read_rows(str(write_parquet(tmp_path / "a.pq", texts)))
    assert good.values == {"json_prompt": {"b": 1, "a": 2}, "text_prompt": "{1}"}
    assert "json_prompt is not a JSON object" in problem(bad)
    dated = [{"when": datetime(2026, 1, 1, tzinfo=UTC), "id": "a"}, {"id": "b"}]
    row, other = read_rows(str(write_parquet(tmp_path / "a.parquet", dated)))
    assert row.problems[0].field == "when"
    assert problem(row) == "when holds datetime, which JSON has no type for; make text of it."
    assert other == Row(2, 2, {"id": "b"})


def test_a_damaged_parquet_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.parquet"
    refused(path, "text_prompt\na\n", "After row 0 the Parquet file cannot be read")
    content = write_parquet(path, [{"text_prompt": f"a long prompt {number}"} for number in range(5000)]).read_bytes()
    half = len(content) // 2
    refused(path, content[:half] + b"\xff" * 64 + content[half + 64 :], "the Parquet file cannot be read")
    table = arrow.Table.from_arrays([arrow.array(["a"]), arrow.array(["b"])], names=["text_prompt", "text_prompt"])
    parquet.write_table(table, path)
    refused(path, path.read_bytes(), "has 'text_prompt' twice")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    refused(path, path.read_bytes(), r"pip install 'ideogram-ai\[batch\]'")


def test_parquet_is_read_from_pipes_and_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    path = write_parquet(tmp_path / "a.parquet", [{"text_prompt": str(number)} for number in range(10)])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(Pipe(path.read_bytes()))))
    assert len(values(list(read_rows("-", Format.PARQUET)))) == 10
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
