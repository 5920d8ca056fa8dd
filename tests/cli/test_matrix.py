"""`--variants` and `--var`: what is sent and what it costs, first; and that nothing is lost when it stops half-way."""

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from batch_inputs import manifest, write_jsonl
from cli_runs import SMALL, Command, answering, entry, files, posts
from terminals import Terminal

from ideogram_ai.testing import UNSAFE_WORD, WITHHELD_WORD, MockServer
from ideogram_ai.testing.faults import FaultServer


def prompts_of(service: MockServer) -> list[str]:
    """The prompts that a service got."""
    return [dict(exchange.fields)["text_prompt"] for exchange in service.ledger if exchange.method == "POST"]


def test_each_combination_is_sent_as_often_as_asked(ideogram: Command, folder: Path, service: MockServer) -> None:
    run = ideogram(
        "generate", "A {size} {colour} cat in {braces}", "--var", "size=big,small",
        "--var", 'colour="red, or blue",grey',
        "--variants", "2", *SMALL,
    )  # fmt: skip
    sizes, colours = ("big", "small"), ("red, or blue", "grey")
    wanted = [f"A {size} {colour} cat in {{braces}}" for size in sizes for colour in colours for _ in range(2)]
    assert (run.code, prompts_of(service)) == (0, wanted)
    assert run.out.endswith("8 of 8 requests done\n")
    assert run.err.count("warning: text_prompt: {braces} stays as it is. To fill it, add --var braces=A,B.\n") == 1
    assert files(folder) == [
        "a-big-grey-cat-in-braces-2.png", "a-big-grey-cat-in-braces.png",
        "a-big-red-or-blue-cat-in-braces-2.png", "a-big-red-or-blue-cat-in-braces.png",
        "a-small-grey-cat-in-braces-2.png", "a-small-grey-cat-in-braces.png",
        "a-small-red-or-blue-cat-in-braces-2.png", "a-small-red-or-blue-cat-in-braces.png",
    ]  # fmt: skip


def test_any_field_can_have_a_variable(ideogram: Command, folder: Path, service: MockServer) -> None:
    prompt = {"high_level_description": "a", "compositional_deconstruction": {"background": "{c}", "elements": []}}
    (folder / "p.json").write_text(json.dumps(prompt))
    run = ideogram(
        "generate", "--json-prompt", "p.json", "--var", "c=red,blue", "--resolution", "{size}",
        "--var", "size=512x1536,1280x800", "-o", "cat.png", "--json",
    )  # fmt: skip
    found = [dict(exchange.fields) for exchange in service.ledger if exchange.method == "POST"]
    assert [
        (each["json_prompt"]["compositional_deconstruction"]["background"], each["resolution"]) for each in found
    ] == [("red", "512x1536"), ("red", "1280x800"), ("blue", "512x1536"), ("blue", "1280x800")]
    paths = [json.loads(line)["images"][0]["path"] for line in run.out.splitlines()]
    assert paths == ["cat.png", "cat-2.png", "cat-3.png", "cat-4.png"]


def test_what_cannot_be_a_matrix_is_refused_as_a_whole(ideogram: Command, service: MockServer, folder: Path) -> None:
    for arguments, says in (
        (["--var", "colour"], "write NAME=A,B"),
        (["--var", "a b=c"], "write NAME=A,B"),
        (["--var", "colour="], "there is no list of values"),
        (["--var", 'colour="red'], "there is no list of values"),
        (["--var", "colour=red,red"], "'red' was given twice. For more of the same, use --variants."),
        (["--var", "colour=red", "--var", "colour=blue"], "'colour' was given twice"),
        (["--var", "size=big"], "{size} is in no field"),
        (["--var", "colour=red,blue", "-F", "resolution={colour}"], "is not one of the 38"),
        (["--variants", "0"], "0 is not in the range"),
        (["--variants", "9" * 20], f"{'9' * 20} is not in the range"),
    ):
        row = {"text_prompt": "A {colour} cat"} | ({"resolution": "{colour}"} if "-F" in arguments else {})
        write_jsonl(folder / "rows.jsonl", [row])
        own = arguments[: arguments.index("-F")] if "-F" in arguments else arguments
        for command in (["generate", "A {colour} cat", *arguments], ["batch", "rows.jsonl", "--out", "images", *own]):
            run = ideogram(*command)
            assert (run.code, run.out, service.ledger) == (2, "", [])
            assert says in run.err or "is not in the contract" in run.err
    run = ideogram("generate", "{c}", "--var", "c=a cat,")
    assert (run.code, "text_prompt is blank" in run.err, service.ledger) == (2, True, [])


def test_the_price_comes_first(
    ideogram: Command, start: Callable[..., Terminal], monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    """The service's own address: nothing may be sent, which the network guard would report."""
    train = ("call", "models.train", "-F", "dataset_id=d", "-F", "model_name=a model")
    dear: list[tuple[tuple[str, ...], str]] = [
        (("generate", "A {c} cat", "--var", "c=red,blue", "--variants", "11"), "22 images for 1.32 USD"),
        (train, "1 request for 40.00 USD"),
    ]
    for command, what in dear:
        for option in ([], ["--json"]):
            run = ideogram(*command, *option)
            message = f"{what}: confirm with --yes. Nothing was sent, nothing billed."
            assert (run.code, message in run.err + run.out) == (2, True)
    for answer, code, says in (("\n", 2, "Not confirmed."), ("\x04", 130, "Interrupted.")):
        asked = start(*train, TERM="dumb")
        asked.read_until(r"Send 1 request for 40\.00 USD\? \[y/N\]:")
        asked.type(answer)
        assert asked.finish() == code
        assert says in asked.plain
    assert files(folder) == []
    # What is confirmed, and what is cheap, gets as far as the key.
    monkeypatch.delenv("IDEOGRAM_API_KEY")
    cheap: list[tuple[tuple[str, ...], str]] = [
        ((*train, "--yes"), "1 request for 40.00 USD."),
        (("generate", "a", "--variants", "20", "--rendering-speed", "TURBO"), "20 images for 0.60 USD."),
        (("generate", "a", "--transparent"), "1 image for an unknown price."),
        (("generate", "a"), "1 image for 0.06 USD."),
    ]
    for command, what in cheap:
        run = ideogram(*command)
        assert (run.code, run.err.splitlines()[0]) == (2, f"note: {what}")
        assert "No API key" in run.err
    run = ideogram("call", "models.list")
    assert (run.code, "note:" in run.err) == (2, False), "it is free"


def test_a_dry_run_has_the_price_of_all(ideogram: Command) -> None:
    run = ideogram("generate", "a {c}", "--var", "c=x,y", "--dry-run", "--rendering-speed", "TURBO", "--variants", "30")
    assert (run.code, run.err, run.out.count("would send")) == (0, "", 60)
    assert run.out.endswith("\n60 of 60 requests checked, 1.80 USD in all\n")


@pytest.mark.parametrize(
    ("answers", "code", "counts"),
    [
        (["status_422", "ok", "ok"], 3, (3, 2)),  # of one request
        (["ok", "status_402", "ok"], 3, (2, 1)),  # of all of them
        (["ok", "close_after_request", "ok"], 4, (2, 1)),  # nothing follows what is unknown
        (["ok", "ok", "ok"], 6, (1, 0)),  # no more is paid for while nothing can be saved
    ],
)
def test_a_failure_stops_the_rest_if_they_would_meet_it(
    ideogram: Command, folder: Path, answers: list[str], code: int, counts: tuple[int, int]
) -> None:
    sent, saved = counts
    faults = [answering(entry()) if answer == "ok" else answer for answer in answers]
    with FaultServer(faults, image=["status_403" if code == 6 else "ok"] * 9) as server:
        run = ideogram("generate", "a", "--variants", "3", "-o", "cat.png", "--base-url", server.url)
        assert (run.code, posts(server), len(files(folder))) == (code, sent, saved)
    assert (f"{3 - sent} of 3 requests not sent, and not billed." in run.err) == (sent < 3)
    assert run.out.endswith(f"{saved} of 3 requests done\n")


def test_withheld_and_refused_prompts_stop_no_other(ideogram: Command, service: MockServer, folder: Path) -> None:
    words = f"{UNSAFE_WORD},{WITHHELD_WORD},nice"
    run = ideogram("generate", "a {w}", "--var", f"w={words}", "--json", *SMALL)
    assert [json.loads(line)["outcome"] for line in run.out.splitlines()] == ["refused", "withheld", "done"]
    assert (run.code, len(service.ledger), files(folder)) == (3, 3, ["a-nice.png"])


def test_ctrl_c_saves_what_is_made_and_sends_no_more(start: Callable[..., Terminal], folder: Path) -> None:
    with MockServer(latency=0.7) as server:
        terminal = start("generate", "a cat", "--variants", "5", *SMALL, "--base-url", server.url, COLUMNS="120")
        terminal.read_until("saved a-cat.png")
        terminal.read_until("2 of 5")
        while sum(exchange.method == "POST" for exchange in server.ledger) < 2:
            time.sleep(0.01)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.finish() == 130
        assert files(folder) == ["a-cat-2.png", "a-cat.png"]
        assert len(prompts_of(server)) == 2
    assert "3 of 5 requests not sent, and not billed." in terminal.plain


def test_rows_of_a_batch(ideogram: Command, folder: Path, service: MockServer) -> None:
    write_jsonl(
        folder / "rows.jsonl",
        [
            {"id": "cat", "file_name": "cat.png", "text_prompt": "A {c} cat"},
            {"id": "{c}-owl", "text_prompt": "A {c} owl"},
            {"id": "fox", "text_prompt": "A fox"},
            {"text_prompt": "{c} fog"},
        ],
    )
    command = ("batch", "rows.jsonl", "--out", "images", "--var", "c=red,blue", *SMALL)
    assert ideogram(*command, "--dry-run").out.startswith("7 rows: 7 images to make\n")
    assert ideogram(*command).code == 0
    names = {
        "cat-red": "cat-red.png", "cat-blue": "cat-blue.png", "red-owl": "red-owl-a-red-owl.png",
        "blue-owl": "blue-owl-a-blue-owl.png", "fox": "fox-a-fox.png",
        "000006": "000006-red-fog.png", "000007": "000007-blue-fog.png",
    }  # fmt: skip
    assert {row["id"]: row["file"] for row in manifest(folder / "images")} == names
    run = ideogram(*command, "--variants", "2")
    assert run.err.startswith("note: 14 rows: 7 images to make for free, 10 at a time, 7 finished.\n")
    assert {"cat-red-2", "cat-blue-2", "red-owl-2", "fox-2"} < {row["id"] for row in manifest(folder / "images")}
    assert len(prompts_of(service)) == 14
    write_jsonl(folder / "rows.jsonl", [{"text_prompt": "A {c} {size} cat"}, {"text_prompt": "{size} {size}"}])
    for options, remarks in (([], 0), (["--var", "c=red,blue"], 2), (["--var", "size=small"], 1)):
        run = ideogram("batch", "rows.jsonl", "--out", "other", *options, "--dry-run")
        assert (run.code, run.err.count(" stays as it is. ")) == (0, remarks)
