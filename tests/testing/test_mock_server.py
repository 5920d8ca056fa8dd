"""The mock server on a socket, as curl and HTTP libraries meet it: responses, limits, ledger, record and its end."""

import contextlib
import json
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from attrs import evolve
from driver import case
from mock_requests import HEADERS, KEY, fields, get, json_prompt, part, post, send, wait_until
from raw_http import connect
from starlette.applications import Starlette
from starlette.routing import Mount

from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import API_KEY_HEADER
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import UNSAFE_WORD, WITHHELD_WORD, MockServer
from ideogram_ai.testing.app import LARGEST_BODY, create_app
from ideogram_ai.testing.recording import ExchangeLog, Recorder, redact_headers

CAT = fields(text_prompt="a cat")
FOREVER = """
import sys
from ideogram_ai.testing import MockServer
MockServer(record=sys.argv[1]).serve_forever(lambda url: print(f"listening on {url}", flush=True))
print("closed", flush=True)
"""


def image(url: str, **values: Any) -> dict[str, Any]:
    """The image in the response to a form."""
    (made,) = post(url, fields(**values)).raise_for_status().json()["data"]
    return dict(made)


def test_an_image_depends_on_the_request(mock_url: str) -> None:
    made = image(mock_url, json_prompt=json_prompt({"type": "obj", "desc": "a cat"}), resolution="512x1536")
    assert (made["resolution"], made["is_image_safe"]) == ("512x1536", True)
    assert made["prompt"].startswith('{"high_level_description":"A poster"')
    assert made["url"].startswith(f"{mock_url}/api/images/ephemeral/")
    cat, again, dog = (image(mock_url, text_prompt=text) for text in ("cat", "cat", "dog"))
    assert cat["resolution"] == read_view().fields["resolution"].choices[0], "the default is the contract's first"
    assert cat["seed"] == again["seed"] != dog["seed"]
    port = mock_url.rpartition(":")[2]
    hosts = {host: f"http://{host}/api/" for host in (f"localhost:{port}", "studio.example", "[::1]:80")}
    for host, start in (hosts | {'ev"il<': f"{mock_url}/api/"}).items():
        link = post(mock_url, CAT, Host=host).json()["data"][0]["url"]
        assert link.startswith(start), f"{host}: links lead to the host that the client used"


def test_a_request_without_a_key_gets_a_401(mock_url: str) -> None:
    url = mock_url + OPERATION.path
    for headers in ({}, {API_KEY_HEADER: ""}):
        response = send("POST", url, files=CAT, headers=headers)
        assert (response.status_code, response.json()) == (401, read_view().responses[401].examples[0])
    bearer = send("POST", url, files=CAT, headers={"Authorization": f"Bearer {KEY}"})
    assert bearer.status_code == 401
    assert API_KEY_HEADER in bearer.json()["detail"]
    assert KEY not in bearer.text
    assert send("POST", url, data={"text_prompt": "a cat"}).status_code == 401, "the key is judged before the body"


def test_other_paths_methods_and_bodies_are_refused(mock_url: str) -> None:
    def refuse(status: int, *words: str, method: str = "POST", path: str = OPERATION.path, **body: Any) -> None:
        response = send(method, mock_url + path, headers=HEADERS, **body)
        with case((status, method, path)):
            assert response.status_code == response.json()["status"] == status
            assert all(word in response.json()["detail"] for word in words)
            assert response.headers.get("allow") == (OPERATION.method if status == 405 else None)

    served = f"{OPERATION.method} {OPERATION.path}"
    for path in ("/", "/v1/ideogram-v9/generate", OPERATION.path + "/", OPERATION.path + "x"):
        refuse(404, f"POST {path} ", served, path=path, files=CAT)
    refuse(405, served, method="GET")
    refuse(415, OPERATION.media_type, data={"text_prompt": "a"})
    refuse(415, OPERATION.media_type, json={"text_prompt": "a"})
    refuse(415, OPERATION.media_type, content=b"a")
    refuse(413, str(LARGEST_BODY), files=fields(text_prompt="x" * LARGEST_BODY))


def test_an_application_that_is_mounted_in_another_one_serves_the_same() -> None:
    async def ask(method: str, path: str) -> tuple[int, str | None]:
        mounted = httpx.ASGITransport(Starlette(routes=[Mount("/a b", create_app())]))
        async with httpx.AsyncClient(transport=mounted, base_url="http://mounted/a%20b") as client:
            response = await client.request(method, path, headers=HEADERS)
            return response.status_code, response.headers.get("allow")

    for method, path, found in (
        ("GET", "/datasets", (200, None)),
        ("PUT", "/datasets", (405, "GET, POST")),
        ("GET", "/v1/generations/a%2Fb", (400, None)),
        ("POST", "/api/images/ephemeral/a.png", (405, "GET, HEAD")),
        ("HEAD", "/api/images/ephemeral/a.png", (403, None)),
        ("GET", "/nowhere", (404, None)),
    ):
        assert anyio.run(ask, method, path) == found, path


def test_words_in_a_prompt_choose_the_response(server: MockServer) -> None:
    unsafe: list[dict[str, Any]] = [
        {"text_prompt": f"a {UNSAFE_WORD.upper()} cat"},
        {"json_prompt": json_prompt({"type": "text", "desc": "", "text": f"x{UNSAFE_WORD}x"})},
        {"json_prompt": json_prompt(more={UNSAFE_WORD: 1})},
    ]
    for form in unsafe:
        response = post(server.url, fields(**form))
        assert (response.status_code, response.json()) == (422, read_view().responses[422].examples[0]), form
    image(server.url, text_prompt="a cat", note=UNSAFE_WORD)
    withheld = image(server.url, text_prompt=f"a {WITHHELD_WORD} cat")
    assert (withheld["is_image_safe"], withheld["url"]) == (False, None)
    assert (server.ledger[-1].why, server.ledger[-1].billed) == ("withheld", True)


def test_requests_beyond_the_limit_get_a_429_and_do_not_run() -> None:
    limit, count = 2, 5
    with ThreadPoolExecutor(count) as pool, MockServer(in_flight=limit, latency=600) as server:
        futures = [pool.submit(post, server.url, CAT) for _ in range(count)]
        wait_until(lambda: sum(exchange.status == 429 for exchange in server.ledger) == count - limit)
        running = [exchange for exchange in server.ledger if exchange.status is None]
        assert [(exchange.billed, exchange.answered_at) for exchange in running] == [(False, None)] * limit
        server.close()  # those that run would take ten minutes more
        responses = [future.result() for future in futures]
    assert sorted(response.status_code for response in responses) == [429] * (count - limit) + [503] * limit
    assert sorted(exchange.status or 0 for exchange in server.ledger) == [429] * (count - limit) + [503] * limit
    assert not any(exchange.billed for exchange in server.ledger)
    for response in responses:
        if response.status_code == 429:
            assert response.headers["retry-after"] == read_view().responses[429].headers["Retry-After"]
            assert response.json()["reject_reason"] == "inflight_limit"
            assert response.json()["max_inflight_requests"] == limit
            assert read_view().response_validator(429).is_valid(response.json())
    with MockServer(in_flight=1, latency=0.001) as server:
        assert [post(server.url, CAT).status_code for _ in range(3)] == [200] * 3, "a place is free again"
    assert create_app().state.mock.in_flight == OPERATION.in_flight_limit
    assert create_app(in_flight=0).state.mock.in_flight == 0


def test_arguments_out_of_range() -> None:
    wrong: list[tuple[str, Any]] = [("latency", -1), ("latency", float("nan")), ("in_flight", -1)]
    for name, value in (*wrong, ("port", 70000), ("port", -1), ("link_life", float("inf")), ("scenario", [200, 99])):
        with pytest.raises(ValueError, match="'99'" if name == "scenario" else f"{name} is {value}"):
            MockServer(**{name: value})


def test_a_server_starts_once_on_loopback_and_closes_at_any_time(mock_url: str, tmp_path: Path) -> None:
    server = MockServer("::1")
    with pytest.raises(RuntimeError, match="not started"):
        _ = server.url
    server.close()
    with server.start():
        url = server.url
        assert url.startswith("http://[::1]:")
        assert post(url, CAT).status_code == 200
    server.close()
    assert server.url == url
    with pytest.raises(RuntimeError, match="once"):
        server.start()
    assert mock_url.startswith("http://127.0.0.1:")
    second = MockServer(port=int(mock_url.rpartition(":")[2]), record=tmp_path / "record")
    with pytest.raises(OSError, match="in use"):
        second.start()
    second.close()
    with pytest.raises(OSError, match="nowhere"):
        MockServer(record=tmp_path / "nowhere" / "record").start()


def test_nothing_is_left_after_closing() -> None:
    threads = set(threading.enumerate())
    with MockServer() as server:
        url = image(server.url, text_prompt="a cat", resolution="512x1536")["url"]
        assert get(url).status_code == 200, "a thread draws it"
        port = int(server.url.rpartition(":")[2])
    assert set(threading.enumerate()) <= threads
    with pytest.raises(httpx.ConnectError):
        get(url)

    def fail(url: str) -> None:
        raise BrokenPipeError(url)

    with pytest.raises(BrokenPipeError, match=str(port)):
        MockServer(port=port).serve_forever(fail)
    MockServer(port=port).start().close()


def test_clients_that_go_away(server: MockServer) -> None:
    with connect(server.url) as client:
        client.sendall(head(server.url, length=1000) + b"--b\r\n")
    wait_until(lambda: bool(server.ledger) and "went away" in server.ledger[0].why)
    assert (server.ledger[0].status, server.ledger[0].billed) == (None, False)
    with MockServer(latency=0.2) as slow:
        body = b'--b\r\nContent-Disposition: form-data; name="text_prompt"\r\n\r\na cat\r\n--b--\r\n'
        with connect(slow.url) as client:
            client.sendall(head(slow.url, length=len(body)) + body)
        wait_until(lambda: bool(slow.ledger) and slow.ledger[0].status is not None)
        assert (slow.ledger[0].status, slow.ledger[0].billed) == (200, True), "billed although nobody waited"


def test_a_client_that_does_not_finish_its_request_does_not_keep_the_server() -> None:
    with MockServer() as server, connect(server.url), connect(server.url) as halfway:  # the first sends nothing
        halfway.sendall(head(server.url, length=1000) + b"--b\r\n")
        wait_until(lambda: bool(server.ledger))
        server.close()
        assert server.ledger[0].status is None
        assert "went away" in server.ledger[0].why
        assert halfway.recv(1000) == b""


def test_it_serves_until_a_signal_and_exits_cleanly(tmp_path: Path) -> None:
    signals = (signal.SIGINT, signal.SIGTERM)
    records = [tmp_path / f"{number}.jsonl" for number in signals]
    options: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    command = [sys.executable, "-W", "error", "-c", FOREVER]
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(subprocess.Popen([*command, str(record)], **options)) for record in records]
        for process in processes:
            stack.callback(process.kill)
        for process, number in zip(processes, signals, strict=True):
            assert process.stdout is not None
            first = process.stdout.readline()
            assert first.startswith("listening on http://127.0.0.1:")
            assert post(first.split()[-1], CAT).status_code == 200
            process.send_signal(number)
            assert process.communicate() == ("closed\n", ""), number
            assert process.returncode == 0, number
    assert [record.read_text().count("\n") for record in records] == [1, 1]


def test_the_ledger_has_every_generate_request_in_order_of_arrival(server: MockServer) -> None:
    post(server.url, fields(text_prompt="a cat", resolution="1024x1024", enable_copyright_detection=True))
    get(server.url)
    get(server.url + OPERATION.path)
    post(server.url, fields(prompt="a dog"))
    first, second = server.ledger
    assert (first.method, first.path) == (OPERATION.method, OPERATION.path)
    assert dict(first.fields) == {"text_prompt": "a cat", "resolution": "1024x1024", "enable_copyright_detection": True}
    assert (first.status, first.why, first.billed, first.remarks) == (200, "generated", True, ())
    assert first.answered_at is not None
    assert first.received_at <= first.answered_at
    assert (second.status, second.billed) == (400, False)
    assert "none was" in second.why
    assert "use text_prompt" in second.remarks[0]
    assert first.number < second.number
    server.clear_ledger()
    for count in range(1, 20):
        assert post(server.url, CAT).status_code == 200
        assert [exchange.status for exchange in server.ledger] == [200] * count, "logged before the client has it"


def read_record(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_record_has_a_line_for_every_request(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    record.write_text('{"kept": true}\n')
    prompt = json.dumps(json_prompt(note="\ud800"))
    with MockServer(record=record) as server:
        url = image(server.url, text_prompt="a “cat” 🐈", resolution="512x1536")["url"]
        assert len(read_record(record)) == 2, "written with the response, not at the end"
        get(url)
        get(url.replace("sig=", "sig=0"))
        send("POST", server.url + "/v1/ideogram-v9/generate?api_key=" + KEY, headers={"Api-Key": KEY})
        post(server.url, [part("json_prompt", prompt)])
        post(server.url, [part("text_prompt", b"\xff\xfe")])
        send("POST", server.url + OPERATION.path, files=fields(text_prompt="a test"), headers={"Api-Key": "test"})
    kept, *lines = read_record(record)
    assert kept == {"kept": True}
    assert [line["status"] for line in lines] == [200, 200, 403, 404, 400, 400, 200]
    assert [line["billed"] for line in lines] == [True, *[False] * 5, True]
    assert lines[0]["fields"] == [["text_prompt", "a “cat” 🐈"], ["resolution", "512x1536"]]
    assert "🐈" in record.read_text(encoding="utf-8")
    assert KEY not in record.read_text(encoding="utf-8")
    undecodable = [[["json_prompt", prompt]], [["text_prompt", r"\xff\xfe"]]]
    assert [line["fields"] for line in lines[4:6]] == undecodable
    assert lines[6]["headers"]["api-key"] == "[redacted]"
    assert lines[6]["fields"] == [["text_prompt", "a test"]], "a short key is not removed from words"


def test_the_key_is_nowhere(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    form = [part("text_prompt", f"my key is {KEY}"), part(KEY, KEY), part("json_prompt", {KEY: KEY})]
    with MockServer(record=record) as server:
        for headers in [
            [("Api-Key", KEY)],
            [("api-key", KEY), ("API-KEY", "another-" + KEY)],
            [("Authorization", f"Bearer {KEY}")],
            [("Proxy-Authorization", f"Basic {KEY}"), ("Cookie", f"session={KEY}")],
            [("Api-Key", KEY), ("X-Note", f"it is {KEY}")],
        ]:
            send("POST", server.url + OPERATION.path, files=form, headers=headers)
            send("POST", server.url + OPERATION.path, content=KEY, headers=[*headers, ("content-type", "text/plain")])
            assert all(KEY not in value for exchange in server.ledger for value in exchange.headers.values()), headers
    for line in (lines := record.read_text(encoding="utf-8").splitlines()):
        assert KEY not in line
        assert "[redacted]" in line
    assert len(lines) == 10
    pairs = [("x-key", "abcdefgh12"), ("accept", "a"), ("accept", "b"), ("authorization", "Bearer 12345678")]
    safe, secrets = redact_headers(pairs, "X-Key")
    assert safe == {"x-key": "[redacted]", "accept": "a, b", "authorization": "[redacted]"}
    assert secrets == {"abcdefgh12", "Bearer 12345678", "12345678"}


def test_the_ledger_and_the_recorder_themselves(server: MockServer, tmp_path: Path) -> None:
    post(server.url, CAT)
    ledger = ExchangeLog(most=2)
    for number in (1, 2, 3):
        ledger.put(evolve(server.ledger[0], number=number, status=None))
        ledger.put(evolve(server.ledger[0], number=number))
    assert [(exchange.number, exchange.status) for exchange in ledger.exchanges()] == [(2, 200), (3, 200)]
    recorder = Recorder(tmp_path / "record")
    with pytest.raises(RuntimeError, match="not open"):
        recorder.write(server.ledger[0], ())
    with recorder:
        recorder.write(evolve(server.ledger[0], why="\ud800"), ())
    assert read_record(tmp_path / "record")[0]["why"] == "\ud800", "written as JSON escapes it"


def head(url: str, length: int) -> bytes:
    """The head of a form of this many bytes."""
    lines = [f"POST {OPERATION.path} HTTP/1.1", f"Host: {url.removeprefix('http://')}", f"{API_KEY_HEADER}: {KEY}"]
    lines += ["Content-Type: multipart/form-data; boundary=b", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode()
