"""CSV as spreadsheets, statistics programs and databases write it: the same rows out of each, or one clear error."""

import csv
import io
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ideogram_ai.batch.csv_files import CsvOptions
from ideogram_ai.batch.model import InputError, Row
from ideogram_ai.batch.reading import Format, read_rows

PROMPT = 'A cat, "grey"\nasleep; 5" tall'
BACKSLASHES = r"C:\fox\ back\slash"
CAT: dict[str, Any] = {"id": "cat", "text_prompt": PROMPT, "resolution": "1024x1024"}
FOX: dict[str, Any] = {"id": "fox", "text_prompt": BACKSLASHES, "enable_copyright_detection": True}
NAMES = ("id", "text_prompt", "enable_copyright_detection", "resolution")
HEAD = ",".join(NAMES)

PLAIN = f"{HEAD}\n".encode()
QUOTED = b'"id","text_prompt","enable_copyright_detection","resolution"\n'
TABBED = PLAIN.replace(b",", b"\t")

# What programs wrote of CAT and FOX, byte for byte.
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
# The form of programs that are not at hand.
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


def rows(path: Path, content: bytes, **settings: str) -> list[Row]:
    """The rows of a CSV file."""
    path.write_bytes(content)
    return list(read_rows(str(path), Format.CSV, csv=CsvOptions.of(settings)))


def values(read: list[Row]) -> list[dict[str, Any]]:
    """What they hold, all being sound."""
    assert [row.problems for row in read] == [()] * len(read)
    return [dict(row.values) for row in read]


@pytest.mark.parametrize("form", [*WRITTEN, *FORMS])
def test_the_same_rows_come_out_of_every_form(tmp_path: Path, form: str) -> None:
    assert values(rows(tmp_path / "a.csv", (WRITTEN | FORMS)[form])) == [CAT, FOX]


@pytest.mark.parametrize("dialect", csv.list_dialects())
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
def test_what_the_csv_module_of_python_writes(tmp_path: Path, dialect: str, quoting: Any) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, dialect, quoting=quoting)
    writer.writerow(NAMES)
    writer.writerow(["cat", PROMPT, "", "1024x1024"])
    writer.writerow(["fox", BACKSLASHES, "true", ""])
    assert values(rows(tmp_path / "a.csv", file.getvalue().encode())) == [CAT, FOX]


def test_what_comes_out_of_a_database_of_this_machine(tmp_path: Path) -> None:
    database = sqlite3.connect(":memory:")
    answer = database.execute(
        "SELECT 'cat', ?, NULL, '1024x1024' UNION ALL SELECT 'fox', ?, 1, NULL", [PROMPT, BACKSLASHES]
    )
    with (tmp_path / "b.csv").open("w", newline="") as file:
        csv.writer(file).writerows([NAMES, *answer])
    assert values(rows(tmp_path / "a.csv", (tmp_path / "b.csv").read_bytes())) == [CAT, FOX]


def test_mysql_in_batch_mode_says_nothing_of_nulls_and_is_asked_about(tmp_path: Path) -> None:
    content = b'id\ttext_prompt\tresolution\ncat\t"A cat"\\nasleep\t1024x1024\nfox\tA fox\tNULL\n'
    with pytest.raises(InputError, match=r"Line 2 has a backslash before a letter.*backslashes=yes.*backslashes=no"):
        rows(tmp_path / "a.csv", content)
    cat, fox = values(rows(tmp_path / "a.csv", content, backslashes="yes"))
    assert cat["text_prompt"] == '"A cat"\nasleep'
    assert "resolution" not in fox
    cat, _ = values(rows(tmp_path / "a.csv", content, backslashes="no"))
    assert cat["text_prompt"] == '"A cat"\\nasleep'


def test_structured_prompts_in_tabs_keep_their_backslashes(tmp_path: Path) -> None:
    content = b'id\tjson_prompt\ncat\t{"high_level_description": "a\\nb"}\n'
    assert values(rows(tmp_path / "a.csv", content))[0]["json_prompt"] == {"high_level_description": "a\nb"}


def test_windows_1252_is_named_and_read_when_told(tmp_path: Path) -> None:
    content = "id;text_prompt\r\n1;Grüne Füchse\r\n2;Ein Bär\r\n3;A cat\r\n".encode("cp1252")
    with pytest.raises(InputError, match=r'not in UTF-8. Line 2, cell 2, byte 3 \(0xfc\).*"Grüne Füchse".*cp1252'):
        rows(tmp_path / "a.csv", content)
    assert [row["text_prompt"] for row in values(rows(tmp_path / "a.csv", content, encoding="cp1252"))] == [
        "Grüne Füchse", "Ein Bär", "A cat",
    ]  # fmt: skip


def test_one_damaged_byte_in_utf_8_costs_its_row_alone(tmp_path: Path) -> None:
    content = "id,text_prompt\n1,Füchse\n2,F?chse\n3,A cat\n4,A d?g\n".encode().replace(b"?", b"\xfc")
    read = rows(tmp_path / "a.csv", content)
    assert [bool(row.problems) for row in read] == [False, True, False, True]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"encoding": "cp1256a"}, "no such encoding"),
        ({"quotes": "maybe"}, "write quotes=yes or quotes=no"),
        ({"delimiter": "::"}, "give one character, or tab"),
        ({"sep": ","}, "the settings are encoding, delimiter, quotes and backslashes"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        CsvOptions.of(settings)


def test_what_is_told_counts(tmp_path: Path) -> None:
    content = b'text_prompt:id\n"a":"1"\n'
    assert values(rows(tmp_path / "a.csv", content, delimiter=":")) == [{"text_prompt": "a", "id": "1"}]
    assert values(rows(tmp_path / "a.csv", content, delimiter=":", quotes="no"))[0]["text_prompt"] == '"a"'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"id,text_prompt\n1,A cat, asleep\n2,A fox, red\n", "Each row has 3 cells, and the header in line 1 has 2"),
        (b"id,,text_prompt\n1,x,a\n", "no name for column 2, and line 2 has something there"),
        (b"text_prompt,id,text_prompt\n", "has 'text_prompt' twice"),
        (b'"id,text_prompt\n1,a\n', "header cannot be read: unexpected end"),
        ("id,text_prompt\n1,ä\n".encode("utf-16-le"), "cannot be read|no header"),
    ],
    ids=["commas", "unnamed", "twice", "unclosed", "utf-16-without-mark"],
)
def test_a_fault_of_the_header_is_one_error(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        rows(tmp_path / "a.csv", content)


def test_headings_are_read_for_fields_and_give_the_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('Nr;My\nPrompt;Size\n1;"A cat; asleep, still";1024x1024\n'.replace("My\nPrompt", '"My\nPrompt"'))
    renamed = {"Nr": "id", "My Prompt": "text_prompt", "Size": "resolution"}
    assert values(list(read_rows(str(path), renamed=renamed))) == [
        {"id": "1", "text_prompt": "A cat; asleep, still", "resolution": "1024x1024"}
    ]
    with pytest.raises(InputError, match=r"no column 'Titel' to be renamed\. It has 'Nr', 'My Prompt', 'Size'"):
        list(read_rows(str(path), renamed={"Titel": "id"}))
    with pytest.raises(InputError, match="has 'id' twice"):
        list(read_rows(str(path), renamed={"Nr": "id", "Size": "id"}))


def test_members_of_json_lines_are_renamed_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "a"}\n{"text_prompt": "b"}\n{"prompt": "c", "text_prompt": "d"}\n')
    first, second, both = read_rows(str(path), renamed={"prompt": "text_prompt"})
    assert (first.values, second.values) == ({"text_prompt": "a"}, {"text_prompt": "b"})
    assert "has text_prompt twice" in both.problems[0].message
    with pytest.raises(InputError, match="no column 'Prompt'"):
        list(read_rows(str(path), renamed={"Prompt": "text_prompt"}))


def test_what_cannot_be_wound_back_is_read_too() -> None:
    ours, theirs = os.pipe()
    try:
        os.write(theirs, FORMS["R, write.csv"])
        os.close(theirs)
        assert values(list(read_rows(f"/dev/fd/{ours}", Format.CSV))) == [CAT, FOX]
    finally:
        os.close(ours)
