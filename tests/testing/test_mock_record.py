"""The ledger and the record file: everything that arrived and how it was judged, and never the key."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from mock_requests import KEY, fields, get, json_prompt, part, post, send, wait_until

from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import Exchange, MockServer
from ideogram_ai.testing.recording import ExchangeLog, Recorder, redact_headers


def read_record(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_ledger_has_every_generate_request_in_order_of_arrival() -> None:
    with MockServer() as server:
        post(server.url, fields(text_prompt="a cat", resolution="1024x1024", enable_copyright_detection=True))
        get(server.url)
        get(server.url + OPERATION.path)
        post(server.url, fields(prompt="a dog"))
        first, second = server.ledger
    assert (first.method, first.path) == (OPERATION.method, OPERATION.path)
    assert first.fields == (
        ("text_prompt", "a cat"), ("resolution", "1024x1024"), ("enable_copyright_detection", True)
    )  # fmt: skip
    assert (first.status, first.why, first.billed, first.remarks) == (200, "generated", True, ())
    assert first.answered_at is not None
    assert first.received_at <= first.answered_at
    assert (second.status, second.billed) == (400, False)
    assert "none was" in second.why
    assert "use text_prompt" in second.remarks[0]
    assert first.number < second.number


def test_the_verdict_is_entered_before_the_answer_is_heard() -> None:
    with MockServer() as server:
        for count in range(1, 30):
            status = post(server.url, fields(text_prompt="a cat")).status_code
            assert len(server.ledger) == count
            assert server.ledger[-1].status == status


def test_a_request_in_progress_stands_in_the_ledger_without_a_verdict() -> None:
    with ThreadPoolExecutor(1) as pool, MockServer(latency=600) as server:
        future = pool.submit(post, server.url, fields(text_prompt="a cat"))
        wait_until(lambda: bool(server.ledger))
        assert (server.ledger[0].status, server.ledger[0].billed, server.ledger[0].answered_at) == (None, False, None)
        server.close()
        assert future.result().status_code == 503
    assert server.ledger[0].status == 503


def test_the_record_has_a_line_for_every_request_of_any_path(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    record.write_text('{"kept": true}\n')
    with MockServer(record=record) as server:
        url = post(server.url, [part("text_prompt", "a “cat” 🐈"), part("resolution", "512x1536")]).json()["data"][0][
            "url"
        ]
        assert len(read_record(record)) == 2  # written when it was answered, not at the end
        get(url)
        get(url.replace("sig=", "sig=0"))
        send("POST", server.url + "/v1/ideogram-v3/generate?api_key=" + KEY, headers={"Api-Key": KEY})
    kept, *lines = read_record(record)
    assert kept == {"kept": True}
    assert [line["status"] for line in lines] == [200, 200, 403, 404]
    assert [line["billed"] for line in lines] == [True, False, False, False]
    assert lines[0]["fields"] == [["text_prompt", "a “cat” 🐈"], ["resolution", "512x1536"]]
    assert "🐈" in record.read_text(encoding="utf-8")
    assert KEY not in record.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "headers",
    [
        [("Api-Key", KEY)],
        [("api-key", KEY), ("API-KEY", "another-" + KEY)],
        [("Authorization", f"Bearer {KEY}")],
        [("Proxy-Authorization", f"Basic {KEY}"), ("Cookie", f"session={KEY}")],
        [("Api-Key", KEY), ("X-Note", f"it is {KEY}")],
    ],
)
def test_the_key_is_nowhere(tmp_path: Path, headers: list[tuple[str, str]]) -> None:
    record = tmp_path / "record.jsonl"
    form = [part("text_prompt", f"my key is {KEY}"), part(KEY, KEY), part("json_prompt", {KEY: KEY})]
    with MockServer(record=record) as server:
        send("POST", server.url + OPERATION.path, files=form, headers=headers)
        send("POST", server.url + OPERATION.path, content=KEY, headers=[*headers, ("content-type", "text/plain")])
        assert all(KEY not in value for exchange in server.ledger for value in exchange.headers.values())
    text = record.read_text(encoding="utf-8")
    assert text.count("\n") == 2
    assert KEY not in text
    assert "[redacted]" in text


def test_headers_are_redacted_whatever_their_case_and_repeated_ones_joined() -> None:
    pairs = [("x-key", "abcdefgh12"), ("accept", "a"), ("accept", "b"), ("authorization", "Bearer 12345678")]
    safe, secrets = redact_headers(pairs, "X-Key")
    assert safe == {"x-key": "[redacted]", "accept": "a, b", "authorization": "[redacted]"}
    assert secrets == {"abcdefgh12", "Bearer 12345678", "12345678"}


def test_a_short_key_is_not_cut_out_of_words(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    with MockServer(record=record) as server:
        send("POST", server.url + OPERATION.path, files=fields(text_prompt="a test"), headers={"Api-Key": "test"})
    (line,) = read_record(record)
    assert line["headers"]["api-key"] == "[redacted]"
    assert line["fields"] == [["text_prompt", "a test"]]


def test_what_cannot_be_decoded_is_recorded_all_the_same(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    prompt = json.dumps(json_prompt(note="\ud800"))
    with MockServer(record=record) as server:
        assert post(server.url, [part("json_prompt", prompt)]).status_code == 400
        assert post(server.url, [part("text_prompt", b"\xff\xfe")]).status_code == 400
    assert [line["fields"] for line in read_record(record)] == [
        [["json_prompt", prompt]],
        [["text_prompt", r"\xff\xfe"]],
    ]


def test_a_recorder_that_is_not_open_says_so(tmp_path: Path) -> None:
    with MockServer() as server:
        post(server.url, fields(text_prompt="a cat"))
    with pytest.raises(RuntimeError, match="not open"):
        Recorder(tmp_path / "record").write(server.ledger[0], ())


def test_half_a_surrogate_pair_is_written_as_json_writes_it(tmp_path: Path) -> None:
    from attrs import evolve

    with MockServer() as server:
        post(server.url, fields(text_prompt="a cat"))
    exchange: Exchange = evolve(server.ledger[0], why="\ud800")
    with Recorder(tmp_path / "record") as recorder:
        recorder.write(exchange, ())
    assert read_record(tmp_path / "record")[0]["why"] == "\ud800"


def test_a_bounded_ledger_keeps_the_latest() -> None:
    from attrs import evolve

    with MockServer() as server:
        post(server.url, fields(text_prompt="a cat"))
    ledger = ExchangeLog(most=2)
    for number in (1, 2, 3):
        ledger.put(evolve(server.ledger[0], number=number, status=None))
        ledger.put(evolve(server.ledger[0], number=number))
    assert [(exchange.number, exchange.status) for exchange in ledger.exchanges()] == [(2, 200), (3, 200)]
