"""Headings and dialects of a spreadsheet, told once and cured by an option; what is odd about rows has an end."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from batch_inputs import SMALL, prompts, read_lines, write_jsonl
from cli_runs import POSTER, Run

from ideogram_ai.testing import MockServer

Command = Callable[..., Run]
SHEET = "Nr;Prompt;Size;Note\r\n" + "".join(f'{n};"A cat; number {n}";512X1536;x\r\n' for n in range(1, 61))
MAPPED = ("--map", "Nr=id", "--map", "Prompt=text_prompt", "--map", "Size=resolution", "--ignore-field", "Note")


def test_headings_that_are_no_fields_are_told_once_each(ideogram: Command, folder: Path) -> None:
    (folder / "rows.csv").write_text(SHEET)
    run = ideogram("batch", "rows.csv", "--out", "images", "--dry-run")
    assert (run.code, run.out) == (2, "")
    first, *headings, note = run.err.splitlines()
    assert first.startswith("error: 60 of 60 rows cannot be sent.")
    assert headings == [
        '  line 1  "Nr" is no field of this operation.',
        '  line 1  "Prompt" is no field of this operation; use text_prompt. --map Prompt=text_prompt takes it so.',
        '  line 1  "Size" is no field of this operation. Did you mean resolution? --map Size=resolution takes it so.',
        '  line 1  "Note" is no field of this operation.',
    ]
    assert note.startswith("note: --map HEADING=FIELD takes a column for a field, --ignore-field NAME leaves it out")


def test_headings_are_taken_for_fields_and_the_command_that_goes_on_has_them(
    ideogram: Command, service: MockServer, folder: Path
) -> None:
    (folder / "rows.csv").write_text(SHEET)
    run = ideogram("batch", "rows.csv", "--out", "images", *MAPPED, "--max-cost", "0.12", "--no-gallery")
    assert run.code == 3
    assert min(dict(exchange.fields)["text_prompt"] for exchange in service.ledger).startswith("A cat; number ")
    assert {dict(exchange.fields)["resolution"] for exchange in service.ledger} == {SMALL}
    assert "--map Nr=id --map Prompt=text_prompt --map Size=resolution" in run.err
    remarks = [line for line in run.err.splitlines() if "is taken as" in line or "remark" in line or "more" in line]
    assert remarks == [
        "warning: 60 remarks on rows that can be sent all the same:",
        *(f'  line {line}  resolution: "512X1536" is taken as {SMALL}.' for line in range(2, 7)),
        "  and 55 more; all in all resolution: 60",
    ]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--map", "Prompt"], "write HEADING=FIELD, as in --map Prompt=text_prompt"),
        (["--map", "=id"], "write HEADING=FIELD"),
        (["--map", "Prompt=text_promt"], "'text_promt' is no field. Did you mean text_prompt?"),
        (["--map", "Prompt=x"], "There are text_prompt, json_prompt, resolution"),
        (["--map", "Prompt=text_prompt", "--map", "Text=text_prompt"], "the heading or the field is given twice"),
        (["--map", "Promt=text_prompt"], "no column 'Promt' to be renamed. It has 'Nr', 'Prompt', 'Size', 'Note'."),
        (["--csv", "encoding=klingon"], "--csv encoding=klingon: there is no such encoding"),
        (["--csv", "cp1252"], "write NAME=VALUE, as in --csv encoding=cp1252"),
    ],
)
def test_options_that_cannot_be(ideogram: Command, folder: Path, options: list[str], says: str) -> None:
    (folder / "rows.csv").write_text(SHEET)
    run = ideogram("batch", "rows.csv", "--out", "images", *options)
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert says in run.err


def test_a_column_that_is_sent_although_undocumented_may_have_another_heading(
    ideogram: Command, service: MockServer, folder: Path
) -> None:
    (folder / "rows.csv").write_text(f"text_prompt,resolution,Model\nA cat,{SMALL},model/cats\n")
    run = ideogram(
        "batch", "rows.csv", "--out", "images", "--map", "Model=custom_model_uri", "--extra-field", "custom_model_uri"
    )
    assert run.code == 0
    assert dict(service.ledger[0].fields)["custom_model_uri"] == "model/cats"


def test_another_encoding_is_said(ideogram: Command, service: MockServer, folder: Path) -> None:
    (folder / "rows.csv").write_bytes(f"text_prompt;resolution\nFüchse;{SMALL}\nBären;{SMALL}\n".encode("cp1252"))
    run = ideogram("batch", "rows.csv", "--out", "images")
    assert run.code == 2
    assert "--csv encoding=cp1252" in run.err
    assert ideogram("batch", "rows.csv", "--out", "images", "--csv", "encoding=cp1252").code == 0
    assert sorted(dict(exchange.fields)["text_prompt"] for exchange in service.ledger) == ["Bären", "Füchse"]


def test_a_fault_of_all_rows_is_told_once(ideogram: Command, folder: Path) -> None:
    (folder / "rows.csv").write_text("id,text_prompt\n" + "".join(f"{n},A cat, asleep\n" for n in range(60)))
    run = ideogram("batch", "rows.csv", "--out", "images")
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert run.err.startswith("error: Each row has 3 cells, and the header in line 1 has 2, with a comma between them.")


def test_odd_prompts_are_told_to_programs_with_an_end(ideogram: Command, service: MockServer, folder: Path) -> None:
    odd: dict[str, object] = {**POSTER, "tagz": []}
    write_jsonl(folder / "rows.jsonl", [{"json_prompt": odd, "resolution": SMALL, "id": str(n)} for n in range(40)])
    run = ideogram("batch", "rows.jsonl", "--out", "images", "--dry-run", "--json")
    events = read_lines(run.out)
    told = [event for event in events if event["event"] == "odd_row"]
    assert len(told) == 5
    assert (told[0]["line"], told[0]["field"]) == (1, "json_prompt")
    assert told[0]["message"].startswith("#/json_prompt/tagz: ")
    assert told[0]["message"].endswith("Did you mean tags?")
    checked = next(event for event in events if event["event"] == "checked")
    assert checked == {"event": "checked", "rows": 40, "bad": 0, "skipped": False, "remarks": 40}
    assert events[-1]["code"] == 0


def test_quiet_says_nothing_of_what_is_sent(ideogram: Command, service: MockServer, folder: Path) -> None:
    write_jsonl(folder / "rows.jsonl", [json.dumps(row | {"resolution": "512X1536"}) for row in prompts(2)])
    run = ideogram("batch", "rows.jsonl", "--out", "images", "-q", "--no-gallery")
    assert (run.code, run.out, run.err) == (0, "", "")
    assert len(service.ledger) == 2


def test_defaults_are_put_right_too(ideogram: Command, service: MockServer, folder: Path) -> None:
    write_jsonl(folder / "rows.jsonl", prompts(1))
    run = ideogram("batch", "rows.jsonl", "--out", "images", "--resolution", "512 x 1536", "--rendering-speed", "turbo")
    assert run.code == 0
    assert dict(service.ledger[0].fields)["rendering_speed"] == "TURBO"
    assert run.err.startswith(
        "note: resolution: '512 x 1536' is taken as 512x1536.\nnote: rendering_speed: 'turbo' is taken as TURBO.\n"
    )
    assert "remark" not in run.err
