"""The same command again never pays twice: after a rehearsal, without the ledger, with rows inserted or changed.

Each of these was an everyday command after which everything counted as done, was paid for again, or stopped.
"""

from pathlib import Path

import pytest
from batch_inputs import SMALL, manifest, prompts, read_lines, states, write_csv, write_jsonl
from cli_runs import KEY, Command, answering, entry, posts

from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer


def rows(folder: Path, *prompts: str) -> None:
    write_csv(folder / "rows.csv", [{"text_prompt": prompt} for prompt in prompts])


def images(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "images").glob("*.png")}


@pytest.mark.parametrize("source", [["rows.csv"], []])
def test_after_a_rehearsal_the_service_makes_every_image(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, source: list[str]
) -> None:
    rows(folder, "A cat", "An owl", "A fox")
    assert ideogram("batch", "rows.csv", "--out", "images", "--resolution", SMALL, "--mock").code == 0
    rehearsed = images(folder)
    assert all(row["rehearsal"] and row["server"] == "mock" for row in manifest(folder / "images"))
    with FaultServer(answering(entry())) as server:
        monkeypatch.setenv("IDEOGRAM_BASE_URL", server.url)
        command = ["batch", *source, "--out", "images", *(["--resolution", SMALL] if source else [])]
        run = ideogram(*command, "--dry-run")
        assert run.out.startswith("3 rows: 3 images to make, 3 rehearsed before\n")
        assert images(folder) == rehearsed
        run = ideogram(*command, "--max-cost", "0.18", "--json")
        assert (run.code, posts(server)) == (0, 3)
        assert read_lines(run.out)[-1]["total_cost_usd"] == "0.18"
        assert len(images(folder)) == 3
        assert not set(images(folder).values()) & set(rehearsed.values())
        assert {row["server"] for row in manifest(folder / "images")} == {server.url}
        assert KEY.encode() not in (folder / "images" / "ledger.sqlite3").read_bytes()
        run = ideogram(*command)
        assert (run.code, posts(server)) == (0, 3)
        run = ideogram("batch", "rows.csv", "--out", "images", "--resolution", SMALL, "--mock")
    assert (run.code, run.out) == (2, "")
    assert f"3 rows of this batch went to {server.url} and may have been billed" in run.err
    assert "Rehearse in another folder" in run.err


def test_a_rehearsal_counts_no_money(ideogram: Command, folder: Path) -> None:
    rows(folder, "A cat")
    run = ideogram("batch", "rows.csv", "--out", "images", "--resolution", SMALL, "--mock", "--json")
    end = read_lines(run.out)[-1]
    assert (end["cost_usd"], end["total_cost_usd"], end["rehearsal"]) == ("0", "0", True)
    assert [row["cost_usd"] for row in manifest(folder / "images")] == ["0"]
    assert "A rehearsal: nothing was billed." in (folder / "images" / "index.html").read_text("utf-8")


def test_what_was_not_confirmed_leaves_the_rehearsal_as_it_is(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows(folder, "A cat", "An owl")
    command = ("batch", "rows.csv", "--out", "images", "--resolution", SMALL)
    assert ideogram(*command, "--mock").code == 0
    before = images(folder)
    monkeypatch.setattr("ideogram_ai.cli.batch.CONFIRM_ABOVE", 1)
    run = ideogram(*command, "--base-url", "https://api.example")
    assert (run.code, images(folder)) == (2, before)
    assert "2 images for about 0.12 USD: confirm with --yes" in run.err
    assert ideogram(*command, "--mock").code == 0


def test_a_mock_server_of_its_own_is_a_rehearsal_too(ideogram: Command, folder: Path) -> None:
    rows(folder, "A cat")
    command = ("batch", "rows.csv", "--out", "images", "--resolution", SMALL)
    with MockServer() as server:
        assert ideogram(*command, "--base-url", server.url).code == 0
    assert [(row["server"], row["rehearsal"]) for row in manifest(folder / "images")] == [(server.url, True)]
    run = ideogram(*command, "--base-url", "https://api.example", "--dry-run")
    assert run.out.startswith("1 row: 1 image to make, 1 rehearsed before\n")
    assert "if it were not a rehearsal" not in run.out


def test_without_the_ledger_nothing_is_sent_and_the_ways_out_work(ideogram: Command, folder: Path) -> None:
    rows(folder, "A cat", "An owl")
    with FaultServer(answering(entry())) as server:
        command = ("batch", "rows.csv", "--out", "images", "--base-url", server.url)
        assert ideogram(*command).code == 0
        (folder / "images" / "ledger.sqlite3").rename(folder / "kept")
        for more in (["--dry-run"], [], ["--dry-run"], ["--ledger", "other.sqlite3"], ["--json"]):
            run = ideogram(*command, *more)
            assert run.code == 2, more
            assert "ledger" in run.err + run.out
            assert "--rebuild-ledger" in run.err + run.out
        assert not (folder / "images" / "ledger.sqlite3").exists(), "an empty ledger would be one more riddle"
        assert ideogram("batch", "--out", "images", "--base-url", server.url).code == 2, "without INPUT"
        assert posts(server) == 2
        run = ideogram(*command, "--rebuild-ledger")
        assert (run.code, posts(server)) == (0, 2)
        assert "2 rows: 2 saved" in run.out
        assert ideogram(*command, "--rebuild-ledger").code == 2, "it is there"
        assert ideogram(*command).code == 0
        (folder / "kept").replace(folder / "images" / "ledger.sqlite3")
        assert ideogram(*command).code == 0
        assert posts(server) == 2
        assert ideogram("batch", "rows.csv", "--out", "others", "--base-url", server.url).code == 0
        assert posts(server) == 4


def three_rows(folder: Path, *texts: str) -> None:
    write_jsonl(folder / "rows.jsonl", [{"id": f"r{n}", "text_prompt": text} for n, text in enumerate(texts, 1)])


def test_changed_rows_are_all_listed_and_replaced_on_purpose(ideogram: Command, folder: Path) -> None:
    three_rows(folder, "A cat", "A bad owl", "A fox", "A hen")
    with FaultServer([answering(entry()), "status_422", answering(entry()), answering(entry())]) as server:
        command = ("batch", "rows.jsonl", "--out", "images", "--in-flight", "1", "--base-url", server.url)
        assert ideogram(*command).code == 3
        before = images(folder)
        three_rows(folder, "A tabby", "A good owl", "A red fox", "A hen")
        run = ideogram(*command)
        assert (run.code, posts(server)) == (2, 4)
        assert "2 rows changed after being made" in run.err
        assert "line 1, row 'r1'" in run.err
        assert "line 3, row 'r3'" in run.err
        assert "r2" not in run.err
        run = ideogram(*command, "--dry-run")
        assert run.code == 0
        assert run.out.startswith("4 rows: 3 images to make, 1 finished, 1 changed and never billed, 2 made again")
        assert "warning: 2 rows changed after being made" in run.err
        assert "\n  line 1, row 'r1': it was " in run.err
        assert "\n  line 3, row 'r3': it was " in run.err
        events = read_lines(ideogram(*command, "--dry-run", "--json").out)
        assert [event["id"] for event in events if event["event"] == "changed_row"] == ["r1", "r3"]
        assert (images(folder), posts(server)) == (before, 4)
        run = ideogram(*command, "--replace")
        assert (run.code, posts(server)) == (0, 7)
        assert before.items() <= images(folder).items()
        kept = {row["id"]: (row["replaced_by"], row["in_input"]) for row in manifest(folder / "images")}
        assert {"r1~1": ("r1", False), "r3~1": ("r3", False)}.items() <= kept.items()
        run = ideogram(*command)
        assert (run.code, posts(server)) == (0, 7)


def test_a_new_id_leaves_no_row_that_spoils_every_later_run(ideogram: Command, folder: Path) -> None:
    three_rows(folder, "A cat", "A bad owl")
    with FaultServer([answering(entry()), "status_422", answering(entry())]) as server:
        command = ("batch", "rows.jsonl", "--out", "images", "--in-flight", "1", "--base-url", server.url)
        assert ideogram(*command).code == 3
        write_jsonl(
            folder / "rows.jsonl", [prompts(1)[0] | {"text_prompt": "A cat"}, {"id": "r9", "text_prompt": "An owl"}]
        )
        for _ in range(2):
            run = ideogram(*command)
            assert (run.code, posts(server)) == (0, 3)
            assert "1 row left alone, because the input no longer has" in run.err
        end = read_lines(ideogram(*command, "--json").out)[-1]
        assert (end["code"], end["absent"]["failed"], end["rows"]["failed"]) == (0, 1, 1)
        assert ideogram("batch", "--out", "images", "--base-url", server.url).code == 0, "without INPUT"


@pytest.mark.parametrize("source", [["rows.jsonl"], []])
def test_rows_are_made_again_on_purpose(ideogram: Command, folder: Path, source: list[str]) -> None:
    three_rows(folder, "A cat", "An owl", "A fox")
    with FaultServer(answering(entry())) as server:
        assert ideogram("batch", "rows.jsonl", "--out", "images", "--base-url", server.url).code == 0
        command = ("batch", *source, "--out", "images", "--base-url", server.url)
        run = ideogram(*command, "--redo", "r1", "--redo", "r3", "--max-cost", "0.24")
        assert (run.code, posts(server)) == (3, 4)
        assert "--redo" not in run.err.rpartition("Resume with")[2], "it would be made once more"
        assert ideogram(*command).code == 0
        assert posts(server) == 5
        assert states(folder / "images") == dict.fromkeys(["r1", "r2", "r3", "r1~1", "r3~1"], "saved")
        run = ideogram(*command, "--redo", "none")
        assert (run.code, posts(server)) == (2, 5)
        assert "There is no row 'none' that could be made again" in run.err
