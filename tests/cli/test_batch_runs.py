"""`ideogram batch`: rows become images, the same command again goes on, and what cannot be sent is told before."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from batch_inputs import SMALL, manifest, prompts, read_lines, states, write_csv, write_jsonl
from cli_runs import KEY, POSTER, Run, answering, entry, files

from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer

Command = Callable[..., Run]


def give_stdin(monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content.encode()))))


def posts(server: FaultServer) -> int:
    return len(server.wait_idle().posts)


def test_each_row_becomes_an_image_that_was_asked_for(ideogram: Command, folder: Path) -> None:
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


def test_the_same_command_again_does_nothing_and_needs_no_key(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_jsonl(folder / "rows.jsonl", prompts(3))
    with FaultServer(answering(entry())) as server:
        command = ("batch", "rows.jsonl", "--out", "images", "--base-url", server.url)
        assert ideogram(*command).code == 0
        monkeypatch.delenv("IDEOGRAM_API_KEY")
        run = ideogram(*command)
        assert posts(server) == 3
    assert (run.code, run.err) == (0, "")
    assert "0.18 USD in all runs together, 0.00 USD in this one" in run.out


def test_rows_may_be_added(ideogram: Command, folder: Path) -> None:
    with FaultServer(answering(entry())) as server:
        command = ("batch", "rows.jsonl", "--out", "images", "--base-url", server.url)
        write_jsonl(folder / "rows.jsonl", prompts(2))
        assert ideogram(*command).code == 0
        write_jsonl(folder / "rows.jsonl", prompts(5))
        run = ideogram(*command)
        assert posts(server) == 5
    assert run.err == "note: 5 rows: 3 images to make for free, 10 at a time, 2 finished.\n"
    assert states(folder / "images") == dict.fromkeys(["r1", "r2", "r3", "r4", "r5"], "saved")


def test_a_row_that_changed_is_refused(ideogram: Command, folder: Path) -> None:
    with FaultServer(answering(entry())) as server:
        command = ("batch", "rows.jsonl", "--out", "images", "--base-url", server.url)
        write_jsonl(folder / "rows.jsonl", prompts(2))
        assert ideogram(*command).code == 0
        changed = [prompts(1)[0], {"id": "r2", "text_prompt": "A dog"}, {"id": "r3", "text_prompt": "A fox"}]
        write_jsonl(folder / "rows.jsonl", changed)
        run = ideogram(*command)
        assert posts(server) == 2
    assert (run.code, run.out) == (2, "")
    assert "line 2" in run.err
    assert "A photo of cat 2" in run.err
    assert "A dog" in run.err


def test_rows_from_stdin_are_gone_on_with_without_an_input(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_stdin(monkeypatch, "".join(json.dumps(row) + "\n" for row in prompts(3)))
    with FaultServer(["status_401"]) as server:
        run = ideogram("batch", "-", "--out", "images", "--resolution", SMALL, "--base-url", server.url)
    assert run.code == 3
    assert f"Go on with: ideogram batch --out images --base-url {server.url}\n" in run.err
    with FaultServer(answering(entry())) as server:
        run = ideogram("batch", "--out", "images", "--base-url", server.url)
        assert posts(server) == 3
    assert run.code == 0
    assert {row["request"]["resolution"] for row in manifest(folder / "images")} == {SMALL}


def test_every_bad_row_is_listed_and_nothing_is_sent_or_kept(ideogram: Command, folder: Path) -> None:
    rows: list[dict[str, str] | str] = [
        "{x",
        *prompts(2),
        {"prompt": "A cat"},
        {"id": "r1", "text_prompt": "A", "resolution": "9x9"},
    ]
    write_jsonl(folder / "rows.jsonl", rows)
    with FaultServer(answering(entry())) as server:
        command = ("batch", "rows.jsonl", "--out", "images", "--base-url", server.url)
        run = ideogram(*command)
        assert posts(server) == 0
        assert (run.code, run.out) == (2, "")
        lines = run.err.splitlines()
        assert lines[0].startswith(
            "error: 3 of 5 rows cannot be sent. --skip-invalid leaves them out. Nothing was sent"
        )
        assert [line.split("  ")[1] for line in lines[1:-1]] == ["line 1", "line 4", "line 5", "line 5"]
        assert "--extra-field NAME" in lines[-1]
        write_jsonl(folder / "rows.jsonl", [{"id": "r1", "text_prompt": "Another cat"}])
        assert ideogram(*command).code == 0, "the rows that were looked at are forgotten"


def test_bad_rows_can_be_left_out(ideogram: Command, folder: Path) -> None:
    write_jsonl(folder / "rows.jsonl", [{}, *prompts(2)])
    with FaultServer(answering(entry())) as server:
        run = ideogram("batch", "rows.jsonl", "--out", "images", "--skip-invalid", "--base-url", server.url)
        assert posts(server) == 2
    assert run.code == 0
    assert run.err.startswith("warning: 1 of 3 rows cannot be sent, and are left out:\n  line 1  Exactly one of")


def test_a_list_of_bad_rows_has_an_end(ideogram: Command, folder: Path) -> None:
    rows = [{"text_prompt": "a", "resolution": "9x9"}] * 500 + [{"text_prompt": "a", "rendering_speed": "x"}] * 2
    write_jsonl(folder / "rows.jsonl", rows)
    run = ideogram("batch", "rows.jsonl", "--out", "images", "--mock")
    lines = run.err.splitlines()
    assert len(lines) == 1 + 5 + 2 + 1
    assert "line 501" in lines[6]
    assert lines[8] == "  and 495 more; all in all resolution: 500, rendering_speed: 2"


def test_columns_are_sent_or_left_out_as_asked(ideogram: Command, folder: Path, service: MockServer) -> None:
    row = {"text_prompt": "A", "resolution": SMALL, "note": "for Tuesday", "steps": "5"}
    write_csv(folder / "rows.csv", [row])
    run = ideogram("batch", "rows.csv", "--out", "images", "--extra-field", "steps", "--ignore-field", "note")
    assert run.code == 0, run.err
    (exchange,) = service.ledger
    assert dict(exchange.fields) == {"text_prompt": "A", "resolution": SMALL, "steps": "5"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.csv"], "'none.csv' cannot be read: No such file or directory"),
        (["rows.txt"], "the suffix does not tell the format"),
        (["empty.csv"], "no header"),
        (["empty.jsonl"], "INPUT has no rows"),
        (["rows.jsonl", "--mock", "--base-url", "http://localhost"], "--mock and --base-url were both given"),
        (["rows.jsonl", "--json", "-q"], "--json and --quiet were both given"),
        (["rows.jsonl", "--dry-run", "--rebuild-ledger"], "--dry-run and --rebuild-ledger were both given"),
        (["rows.jsonl", "--rebuild-ledger"], "has no manifest.jsonl to make the ledger anew from"),
        (["rows.jsonl", "--max-cost", "much"], "--max-cost: 'much' is no sum of US dollars"),
        (["rows.jsonl", "--max-cost", "-1"], "--max-cost: '-1' is no sum"),
        (["rows.jsonl", "--prices", "none.json"], "'none.json' cannot be read"),
        (["rows.jsonl", "--resolution", "9x9"], '"9x9" is not in the contract'),
        (["rows.jsonl", "--rendering-speed", "FLASH"], "refused today"),
        (["rows.jsonl", "-F", "text_prompt=a"], "text_prompt is given by the rows"),
        (["rows.jsonl", "-F", "prompt=a"], '"prompt" is no field of this operation; use text_prompt'),
        (["rows.jsonl", "-F", "made_up=a"], "-F made_up: the contract has no such field"),
        (["rows.jsonl", "--extra-field", "id"], "--extra-field id: a column of that name is no extra one"),
        ([], "There is no batch in 'images' yet"),
        (["--skip-invalid"], "--skip-invalid is about the rows of INPUT"),
        (["rows.jsonl", "--in-flight", "0"], "--in-flight"),
        (["rows.jsonl", "--format", "xml"], "--format"),
        (["rows.jsonl", "--base-url", "http://example.com"], "use https"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_wrong_use_is_told_and_leaves_nothing(
    ideogram: Command, folder: Path, arguments: list[str], words: str, as_json: bool
) -> None:
    write_jsonl(folder / "rows.jsonl", prompts(2))
    (folder / "empty.csv").write_text("")
    (folder / "empty.jsonl").write_text("\n")
    as_json = as_json and "-q" not in arguments
    run = ideogram("batch", *arguments, "--out", "images", *(["--json"] if as_json else []))
    assert run.code == 2
    if as_json:
        last = read_lines(run.out)[-1]
        assert (last["event"], last["outcome"], last["code"]) == ("end", "wrong_use", 2)
        assert words in last["error"]["message"]
    elif "--json" not in arguments:
        assert run.out == ""
        assert words in run.err
    images = folder / "images"
    assert not images.exists() or files(images) == ["ledger.sqlite3"]
    assert KEY not in run.out + run.err


def test_without_a_key_nothing_is_planned(ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDEOGRAM_API_KEY")
    monkeypatch.setattr(sys, "stdin", None)
    write_jsonl(folder / "rows.jsonl", prompts(2))
    run = ideogram("batch", "rows.jsonl", "--out", "images")
    assert run.code == 2
    assert "No API key" in run.err
    write_jsonl(folder / "rows.jsonl", [{"id": "r1", "text_prompt": "Another"}])
    assert ideogram("batch", "rows.jsonl", "--out", "images", "--mock", "--resolution", SMALL).code == 0


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
    from ideogram_ai.batch.job import Job

    write_jsonl(folder / "rows.jsonl", prompts(2))
    with Job.open("images"):
        run = ideogram("batch", "rows.jsonl", "--out", "images", "--mock")
    assert (run.code, run.out) == (2, "")
    assert "ledger.sqlite3" in run.err
