"""The rows of `ideogram batch`: what is sent, what is refused before anything is sent, and the cure."""

import io
import json
import sys
from pathlib import Path

import pytest
from batch_inputs import SMALL, manifest, prompts, read_lines, states, write_csv, write_jsonl
from cli_runs import KEY, POSTER, Command, answering, entry, files, posts

from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer

BATCH = ("batch", "rows.jsonl", "--out", "images")
SHEET = "Nr;Prompt;Size;Note\r\n" + "".join(f'{n};"A cat; number {n}";512X1536;x\r\n' for n in range(1, 61))


def test_each_row_becomes_the_image_that_it_asks_for(ideogram: Command, folder: Path) -> None:
    rows = [
        {"id": "cat", "text_prompt": "A cat", "json_prompt": "", "resolution": "", "file_name": "my cat.png"},
        {"id": "", "text_prompt": "", "json_prompt": json.dumps(POSTER), "resolution": "896x1120", "file_name": ""},
    ]
    write_csv(folder / "rows.csv", rows)
    run = ideogram("batch", "rows.csv", "--out", "images", "--resolution", SMALL, "--mock")
    assert (run.code, run.err) == (0, "note: 2 rows: 2 images to make for free, 10 at a time.\n")
    first, second = manifest(folder / "images")
    assert first["request"] == {"text_prompt": "A cat", "resolution": SMALL}
    assert second["request"] == {"json_prompt": POSTER, "resolution": "896x1120"}
    assert (first["id"], first["file"], first["line"]) == ("cat", "my cat.png", 2)
    assert (second["id"], second["resolution"], second["line"]) == ("000002", "896x1120", 3)
    assert (folder / "images" / second["file"]).read_bytes().startswith(b"\x89PNG")
    assert run.out == (
        "2 rows: 2 saved\n"
        "  images    images\n"
        "  gallery   images/index.html\n"
        "  manifest  images/manifest.jsonl\n"
        "  cost      0.12 USD, had it not been a rehearsal\n"
    )


def test_the_same_command_again_makes_what_is_new(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer(answering(entry())) as server:
        command = (*BATCH, "--base-url", server.url)
        write_jsonl(folder / "rows.jsonl", prompts(2))
        assert ideogram(*command).code == 0
        write_jsonl(folder / "rows.jsonl", prompts(5))
        run = ideogram(*command)
        assert (run.code, posts(server)) == (0, 5)
        assert run.err == "note: 5 rows: 3 images to make for free, 10 at a time, 2 finished.\n"
        assert states(folder / "images") == dict.fromkeys(["r1", "r2", "r3", "r4", "r5"], "saved")
        monkeypatch.delenv("IDEOGRAM_API_KEY")
        run = ideogram(*command)
        assert (run.code, run.err, posts(server)) == (0, "", 5), "without a key"
    assert "0.30 USD in all runs together, 0.00 USD in this one" in run.out


def test_rows_from_stdin_are_resumed_without_an_input(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "".join(json.dumps(row) + "\n" for row in prompts(3))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(lines.encode()))))
    with FaultServer(["status_401"]) as server:
        run = ideogram("batch", "-", "--out", "images", "--resolution", SMALL, "--base-url", server.url)
    assert run.code == 3
    assert f"Resume with: ideogram batch --out images --base-url {server.url}\n" in run.err
    with FaultServer(answering(entry())) as server:
        run = ideogram("batch", "--out", "images", "--base-url", server.url)
        assert (run.code, posts(server)) == (0, 3)
    assert {row["request"]["resolution"] for row in manifest(folder / "images")} == {SMALL}


def test_every_bad_row_is_listed_and_nothing_is_sent_or_kept(ideogram: Command, folder: Path) -> None:
    rows: list[dict[str, str] | str] = [
        "{x", *prompts(2), {"caption": "A cat"}, {"id": "r1", "text_prompt": "A", "resolution": "9x9"},
    ]  # fmt: skip
    write_jsonl(folder / "rows.jsonl", rows)
    with FaultServer(answering(entry())) as server:
        command = (*BATCH, "--base-url", server.url)
        run = ideogram(*command)
        assert (run.code, run.out, posts(server)) == (2, "", 0)
        first, *lines, note = run.err.splitlines()
        assert first.startswith(
            "error: 3 of 5 rows cannot be sent. To make the others, use --skip-invalid. Nothing was"
        )
        assert [line.split("  ")[1] for line in lines] == ["line 1", "line 4", "line 5", "line 5"]
        assert note.startswith(
            "note: The first line of a table names its columns. To use a column as a field, give --map "
        )
        write_jsonl(folder / "rows.jsonl", [{}, {"id": "r1", "text_prompt": "Another cat"}])
        run = ideogram(*command, "--skip-invalid")
        assert (run.code, posts(server)) == (0, 1), "the rows that were checked are forgotten"
        assert run.err.startswith("warning: 1 of 2 rows cannot be sent and are skipped:\n  line 1  ")
    many = [{"text_prompt": "a", "resolution": "9x9"}] * 500 + [{"text_prompt": "a", "rendering_speed": "x"}] * 2
    write_jsonl(folder / "rows.jsonl", many)
    lines = ideogram("batch", "rows.jsonl", "--out", "others", "--mock").err.splitlines()
    assert len(lines) == 1 + 5 + 2 + 1, "the list has an end"
    assert "line 501" in lines[6]
    assert lines[8] == "  and 495 more; in total resolution: 500, rendering_speed: 2"


def test_an_error_of_the_whole_input_is_reported_once(ideogram: Command, folder: Path) -> None:
    (folder / "rows.csv").write_text("id,text_prompt\n" + "".join(f"{n},A cat, asleep\n" for n in range(60)))
    run = ideogram("batch", "rows.csv", "--out", "images")
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert "3 cells" in run.err
    for depth in (250, 700, 5000):
        deep = "[" * depth + "]" * depth
        write_jsonl(folder / "rows.jsonl", [json.dumps({"text_prompt": "A cat"})[:-1] + f', "x": {deep}}}'])
        run = ideogram(*BATCH, "--mock", "--extra-field", "x")
        assert (run.code, run.out, "line 1" in run.err, "nest" in run.err) == (2, "", True, True)


def test_headings_become_fields_and_the_command_to_resume_has_them(
    ideogram: Command, service: MockServer, folder: Path
) -> None:
    (folder / "rows.csv").write_text(SHEET)
    run = ideogram("batch", "rows.csv", "--out", "images", "--dry-run")
    assert (run.code, run.out) == (2, "")
    first, *headings, _note = run.err.splitlines()
    assert first.startswith("error: 60 of 60 rows cannot be sent. Nothing was sent")
    assert [line.split()[2] for line in headings] == ['"Nr"', '"Prompt"', '"Size"', '"Note"'], "once each"
    assert "--map Prompt=text_prompt" in headings[1]
    assert "--map Size=resolution" in headings[2]
    mapped = ("--map", "Nr=id", "--map", "Prompt=text_prompt", "--map", "Size=resolution", "--ignore-field", "Note")
    run = ideogram("batch", "rows.csv", "--out", "images", *mapped, "--max-cost", "0.12", "--no-gallery")
    assert run.code == 3
    assert min(dict(exchange.fields)["text_prompt"] for exchange in service.ledger).startswith("A cat; number ")
    assert {dict(exchange.fields)["resolution"] for exchange in service.ledger} == {SMALL}
    assert " ".join(mapped[:6]) in run.err
    remarks = run.err.splitlines()
    assert remarks[0] == "warning: 60 remarks on rows that are sent anyway:"
    assert all(f"line {line}" in text and SMALL in text for line, text in enumerate(remarks[1:6], start=2))
    assert remarks[6] == "  and 55 more; in total resolution: 60"


def test_columns_are_sent_or_left_out_as_asked(ideogram: Command, folder: Path, service: MockServer) -> None:
    (folder / "rows.csv").write_text(f"text_prompt,resolution,note,steps,Model\nA,{SMALL},for Tuesday,5,model/cats\n")
    options = ("--ignore-field", "note", "--extra-field", "steps", "--map", "Model=uri", "--extra-field", "uri")
    run = ideogram("batch", "rows.csv", "--out", "images", *options)
    assert run.code == 0, run.err
    (exchange,) = service.ledger
    assert dict(exchange.fields) == {"text_prompt": "A", "resolution": SMALL, "steps": "5", "uri": "model/cats"}


def test_an_encoding_that_is_not_clear_is_given(ideogram: Command, service: MockServer, folder: Path) -> None:
    (folder / "rows.csv").write_bytes(f"text_prompt;resolution\nFüchse;{SMALL}\nBären;{SMALL}\n".encode("cp1252"))
    run = ideogram("batch", "rows.csv", "--out", "images")
    assert (run.code, "--csv encoding=cp1252" in run.err) == (2, True)
    assert ideogram("batch", "rows.csv", "--out", "images", "--csv", "encoding=cp1252").code == 0
    assert sorted(dict(exchange.fields)["text_prompt"] for exchange in service.ledger) == ["Bären", "Füchse"]


def test_values_are_corrected_and_odd_prompts_reported(ideogram: Command, service: MockServer, folder: Path) -> None:
    write_jsonl(folder / "rows.jsonl", prompts(1))
    run = ideogram(*BATCH, "--resolution", "512 x 1536", "--rendering-speed", "turbo")
    assert run.code == 0
    assert dict(service.ledger[0].fields)["rendering_speed"] == "TURBO"
    assert run.err.startswith(
        "note: resolution: sending 512x1536 for '512 x 1536'.\nnote: rendering_speed: sending TURBO for 'turbo'.\n"
    )
    write_jsonl(folder / "rows.jsonl", [row | {"resolution": "512X1536"} for row in prompts(2)])
    run = ideogram("batch", "rows.jsonl", "--out", "quiet", "-q", "--no-gallery")
    assert (run.code, run.out, run.err, len(service.ledger)) == (0, "", "", 3)
    odd: dict[str, object] = {**POSTER, "tagz": []}
    write_jsonl(folder / "rows.jsonl", [{"json_prompt": odd, "resolution": SMALL, "id": str(n)} for n in range(40)])
    events = read_lines(ideogram("batch", "rows.jsonl", "--out", "odd", "--dry-run", "--json").out)
    remarks = [event for event in events if event["event"] == "odd_row"]
    assert len(remarks) == 5
    assert (remarks[0]["line"], remarks[0]["field"]) == (1, "json_prompt")
    assert remarks[0]["message"].startswith("#/json_prompt/tagz: ")
    checked = next(event for event in events if event["event"] == "checked")
    assert checked == {"event": "checked", "rows": 40, "bad": 0, "skipped": False, "remarks": 40}
    assert events[-1]["code"] == 0


def test_wrong_use_is_reported_and_leaves_nothing(ideogram: Command, folder: Path) -> None:
    write_jsonl(folder / "rows.jsonl", prompts(2))
    (folder / "empty.csv").write_text("")
    (folder / "empty.jsonl").write_text("\n")
    (folder / "rows.csv").write_text(SHEET)
    cases = (
        ("none.csv", "'none.csv' cannot be read: No such file or directory"),
        ("rows.txt", "suffix"),
        ("empty.csv", "first line of the CSV file is empty"),
        ("empty.jsonl", "INPUT has no rows"),
        ("rows.jsonl --mock --base-url http://localhost", "--mock and --base-url cannot be used together"),
        ("rows.jsonl --json -q", "--json and --quiet cannot be used together"),
        ("rows.jsonl --dry-run --rebuild-ledger", "--dry-run and --rebuild-ledger cannot be used together"),
        ("rows.jsonl --rebuild-ledger", "manifest.jsonl"),
        ("rows.jsonl --max-cost much", "--max-cost: 'much' is not an amount of US dollars. Write it as 12.50."),
        ("rows.jsonl --max-cost -1", "--max-cost: '-1' is not an amount"),
        ("rows.jsonl --prices none.json", "'none.json' cannot be read"),
        ("rows.jsonl --resolution 9x9", '"9x9"'),
        ("rows.jsonl --rendering-speed WARP", '"WARP"'),
        ("rows.jsonl -F image_weight=5", '"image_weight" is not a field of this operation'),
        ("rows.jsonl --operation describe", "--operation is 'describe'; give one of generate, remix, "),
        ("rows.jsonl -F text_prompt=a", "text_prompt"),
        ("rows.jsonl -F prompt=a", '"prompt" is not a field of this operation; use text_prompt'),
        ("rows.jsonl -F made_up=a", "-F made_up: the contract has no such field"),
        ("rows.jsonl --extra-field id", "--extra-field id: a column of this name is known"),
        ("", "There is no batch in 'images-19' yet"),
        ("--skip-invalid", "--skip-invalid is about the rows of INPUT"),
        ("rows.jsonl --in-flight 0", "--in-flight"),
        ("rows.jsonl --format xml", "--format"),
        ("rows.jsonl --base-url http://example.com", "use https"),
        ("rows.csv --map Prompt", "write HEADING=FIELD, for example --map Prompt=text_prompt"),
        ("rows.csv --map =id", "write HEADING=FIELD"),
        ("rows.csv --map Prompt=text_promt", "'text_promt' is not a field. Did you mean text_prompt?"),
        ("rows.csv --map Prompt=x", "The fields are text_prompt, json_prompt, resolution"),
        ("rows.csv --map Prompt=text_prompt --map Text=text_prompt", "the heading or the field was given twice"),
        ("rows.csv --map Promt=text_prompt", "'Promt'"),
        ("rows.csv --csv encoding=klingon", "--csv encoding=klingon: "),
        ("rows.csv --csv cp1252", "write NAME=VALUE, for example --csv encoding=cp1252"),
    )
    for number, (text, says) in enumerate(cases):
        arguments = [*text.split(), "--out", f"images-{number}"]
        for as_json in ([], ["--json"]) if "-q" not in arguments else ([],):
            run = ideogram("batch", *arguments, *as_json)
            assert run.code == 2, text
            if as_json or "--json" in arguments:
                last = read_lines(run.out)[-1]
                assert (last["event"], last["outcome"], last["code"]) == ("end", "wrong_use", 2)
                assert says in last["error"]["message"], (text, last)
            else:
                assert run.out == ""
                assert says in run.err, (text, run.err)
            images = folder / f"images-{number}"
            assert not images.exists(), text
            assert KEY not in run.out + run.err


def test_without_a_key_nothing_is_planned(ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDEOGRAM_API_KEY")
    monkeypatch.setattr(sys, "stdin", None)
    write_jsonl(folder / "rows.jsonl", prompts(2))
    run = ideogram(*BATCH)
    assert (run.code, "No API key" in run.err) == (2, True)
    write_jsonl(folder / "rows.jsonl", [{"id": "r1", "text_prompt": "Another"}])
    assert ideogram(*BATCH, "--mock", "--resolution", SMALL).code == 0


def test_images_may_go_to_a_url_with_the_ledger_in_the_users_own_folder(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fsspec

    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
    write_jsonl(folder / "rows.jsonl", prompts(2))
    with FaultServer(answering(entry())) as server:
        command = ("batch", "rows.jsonl", "--out", f"memory://{folder.name}-images/", "--base-url", server.url)
        run = ideogram(*command)
        assert f"\n  manifest  memory://{folder.name}-images/manifest.jsonl\n" in run.out
        assert ideogram(*command).code == ideogram("batch", *command[2:]).code == run.code == 0
        assert posts(server) == 2
    names = {name.rpartition("/")[2] for name in fsspec.filesystem("memory").find(f"/{folder.name}-images")}
    assert {"manifest.jsonl", "index.html"} <= names
    assert len([name for name in names if name.endswith(".png")]) == 2
    assert "ledger.sqlite3" not in names
    assert files(folder) == ["rows.jsonl", "state"]


def test_a_batch_that_another_process_runs_is_left_alone(ideogram: Command, folder: Path) -> None:
    from ideogram_ai.batch import Job

    write_jsonl(folder / "rows.jsonl", prompts(2))
    with Job.open("images"):
        run = ideogram(*BATCH, "--mock")
    assert (run.code, run.out) == (2, "")
    assert "ledger.sqlite3" in run.err


def test_what_an_extra_brings_is_named_before_anything_is_sent(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_jsonl(folder / "rows.jsonl", prompts(1))
    for name in ("PIL", "fsspec", "platformdirs", "pyarrow"):
        for loaded in [name, *(each for each in sys.modules if each.startswith(f"{name}."))]:
            monkeypatch.setitem(sys.modules, loaded, None)
    with FaultServer(answering(entry())) as server:
        run = ideogram("batch", "rows.jsonl", "--out", "memory://images", "--base-url", server.url)
        assert (run.code, posts(server)) == (2, 0)
        assert "run pip install 'ideogram-ai[batch]'. Nothing was sent, nothing billed." in run.err
        assert ideogram(*BATCH, "--base-url", server.url).code == 0, "a folder and JSON lines need none"
    assert set(states(folder / "images").values()) == {"saved"}


def test_a_batch_of_another_operation(ideogram: Command, folder: Path) -> None:
    (folder / "rows.csv").write_text("operation,prompt,num_images,text_prompt\n,A cat,3,\ngenerate,,,An owl\n")
    command = ("batch", "rows.csv", "--out", "images", "--operation", "V3.generate")
    lines = ideogram(*command, "--dry-run").out.splitlines()
    assert lines[:3] == [
        "2 rows: 4 images to make",
        "  v3.generate DEFAULT         3  at 0.06 USD        0.18 USD",
        "  DEFAULT                     1  at 0.06 USD        0.06 USD",
    ]
    assert lines[5] == (
        "Prices: the provider's pricing page, seen 2026-07-09; the provider's price guide, seen 2026-11-16. "
        "--prices FILE uses others for generate and remix. Withheld images cost the same."
    )
    for more in ([], ["--dry-run"], ["--mock"]):
        run = ideogram(*command, "--async", *more)
        assert run.code == 2
        assert "--async: the contract has no jobs for what some rows ask for (line 2: v3.generate)." in run.err
        assert not (folder / "images").exists()
    held = entry(url=None, is_image_safe=False)
    with FaultServer(answering(entry(), held, held)) as server:
        run = ideogram(*command, "--base-url", server.url, "--json")
    end = read_lines(run.out)[-1]
    assert (run.code, end["outcome"], end["rows"]["saved"]) == (5, "withheld", 2)
    assert (end["withheld_images_of_saved_rows"], end["cost_usd"]) == (4, "0.36")
    assert "4 images of saved rows withheld by the safety check" in ideogram(*command, "--base-url", server.url).err
