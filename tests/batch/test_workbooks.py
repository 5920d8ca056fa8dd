"""Reading a workbook: as CSV, and nothing that a spreadsheet shows otherwise is guessed."""

import datetime as dt
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

from ideogram_ai.batch.csv_files import CsvOptions
from ideogram_ai.batch.model import InputError, Row
from ideogram_ai.batch.reading import read_rows


def book(path: Path, *sheets: tuple[str, list[list[object]]]) -> str:
    """Write a workbook."""
    workbook = import_module("openpyxl").Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets:
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(row)
    workbook.save(path)
    return str(path)


def test_values_are_those_that_csv_would_have(tmp_path: Path) -> None:
    path = book(
        tmp_path / "a.xlsx",
        ("Prompts", [
            [],
            ["id", " text_prompt ", "enable_copyright_detection", "image_weight", "When", "file_name"],
            [1, "A cat\nasleep", True, 70, dt.datetime(2026, 11, 28, 9, 30)  # noqa: DTZ001 - a spreadsheet has no time zones
            ],
            [],
            [2.0, 42, None, 70.0, dt.date(2026, 11, 28), "NULL"],
            [0.5, "NA"],
        ]),
        ("Empty", [[], [None, None]]),
    )  # fmt: skip
    first, second, third = read_rows(path, renamed={"When": "style_type"})
    assert (first.number, first.line, second.number, second.line, third.line) == (1, 3, 2, 5, 6)
    assert first.values == {
        "id": "1", "text_prompt": "A cat\nasleep", "enable_copyright_detection": True, "image_weight": 70,
        "style_type": "2026-11-28T09:30:00",
    }  # fmt: skip
    assert second.values == {
        "id": "2",
        "text_prompt": "42",
        "image_weight": 70,
        "style_type": "2026-11-28T00:00:00",
        "file_name": "NULL",
    }
    assert third.values == {"id": "0.5", "text_prompt": "NA"}


def test_formulas_have_the_value_that_was_stored_or_none(tmp_path: Path) -> None:
    path = str(tmp_path / "a.xlsx")
    with import_module("xlsxwriter").Workbook(path, {"constant_memory": True}) as workbook:
        sheet = workbook.add_worksheet()
        for row, values in enumerate([["id", "text_prompt", "resolution"], ["1"], ["2", "b"], ["3"]]):
            sheet.write_row(row, 0, values)
            if row == 1:
                sheet.write_formula(row, 1, "=A1", None, "A calculated cat")
            elif row > 1:
                sheet.write_formula(row, 4 - row, "=C9", None, "" if row == 2 else "#N/A")
    good, bad, wrong = read_rows(path)
    assert (good.values, good.problems) == ({"id": "1", "text_prompt": "A calculated cat"}, ())
    assert [problem.message for problem in (*bad.problems, *wrong.problems)] == [
        "resolution is a formula that was never calculated; save the workbook in a spreadsheet program.",
        "text_prompt is the error #N/A.",
    ]


def test_one_sheet_is_read(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ("one", [["text_prompt"], ["a"]]), ("two", [["text_prompt"], ["b"]]))
    with pytest.raises(InputError, match=r"has 2 sheets: 'one', 'two'. Say which one: --csv sheet=NAME"):
        list(read_rows(path))
    assert [dict(row.values) for row in read_rows(path, csv=CsvOptions.of({"sheet": "two"}))] == [{"text_prompt": "b"}]
    with pytest.raises(InputError, match="no sheet 'three'"):
        list(read_rows(path, csv=CsvOptions(sheet="three")))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "The sheet 'a' is empty"),
        ([["id", "text_prompt", "id"]], "has 'id' twice"),
        ([["id", None], ["1", "b"]], "Row 2 has something in column 2, and the header has no name for it"),
        ([["id"], ["1", "b"]], "Row 2 has something in column 2"),
        ([["id"], ["1", "=A1"]], "Row 2 has something in column 2"),
        ([["Prompt"], ["a"]], "no column 'Text' to be renamed. It has 'Prompt'"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, rows: list[list[object]], words: str) -> None:
    path = book(tmp_path / "a.xlsx", ("a", rows))
    with pytest.raises(InputError, match=words):
        list(read_rows(path, renamed={"Text": "text_prompt"} if "Text" in words else None))


def test_the_first_column_may_have_numbers_without_a_heading(tmp_path: Path) -> None:
    path = book(tmp_path / "a.xlsx", ("a", [[None, "text_prompt"], [0, "a"], [1, "b"]]))
    assert [dict(row.values) for row in read_rows(path)] == [{"text_prompt": "a"}, {"text_prompt": "b"}]


def test_broken_files_are_refused(tmp_path: Path) -> None:
    rows: list[list[object]] = [["text_prompt"]] * 500
    whole = Path(book(tmp_path / "whole.xlsx", ("a", rows))).read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 3 : len(whole) // 2] = bytes(len(whole) // 2 - len(whole) // 3)
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)  # .xls, or a password
    for content in (b"", b"text_prompt\na\n", whole[:-100], bytes(damaged), old):
        (tmp_path / "a.xlsx").write_bytes(content)
        with pytest.raises(InputError, match="cannot be read as a workbook"):
            list(read_rows(str(tmp_path / "a.xlsx")))


def test_a_wrong_size_of_the_sheet_hides_no_row(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book(path, ("a", [["text_prompt"], ["a"], ["b"]]))
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    name = "xl/worksheets/sheet1.xml"
    assert b'<dimension ref="A1:A3"' in parts[name]
    parts[name] = parts[name].replace(b"A1:A3", b"A1")
    with zipfile.ZipFile(path, "w") as file:
        for each, content in parts.items():
            file.writestr(each, content)
    assert list(read_rows(str(path))) == [Row(1, 2, {"text_prompt": "a"}), Row(2, 3, {"text_prompt": "b"})]
