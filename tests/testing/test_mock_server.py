"""The mock server on a socket, as curl and HTTP libraries meet it."""

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from mock_requests import HEADERS, KEY, fields, get, json_prompt, post, send, wait_until

from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import API_KEY_HEADER
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import UNSAFE_WORD, WITHHELD_WORD, MockServer
from ideogram_ai.testing.app import LARGEST_BODY

FOREVER = """
import sys
from ideogram_ai.testing import MockServer
MockServer(record=sys.argv[1]).serve_forever(lambda url: print(f"listening on {url}", flush=True))
print("closed", flush=True)
"""


def test_the_curl_line_of_the_providers_page_gets_a_picture(mock_url: str) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed")
    # Word for word, but for the host. curl adds the boundary to the Content-Type although it was set by hand.
    line = [curl, "-X", "POST", mock_url + "/v1/ideogram-v4/generate", "-H", "Api-Key: <apiKey>"]
    line += ["-H", "Content-Type: multipart/form-data", "-F", "text_prompt=A photo of a cat"]
    done = subprocess.run([*line, "-sS", "-w", "\n%{http_code}"], capture_output=True, text=True, check=True)
    body, status = done.stdout.rsplit("\n", 1)
    assert status == "200"
    assert '"prompt":"A photo of a cat"' in body


def test_a_json_prompt_gets_a_picture(mock_url: str) -> None:
    answer = post(mock_url, fields(json_prompt=json_prompt({"type": "obj", "desc": "a cat"}), resolution="512x1536"))
    assert answer.status_code == 200
    (image,) = answer.json()["data"]
    assert (image["resolution"], image["is_image_safe"]) == ("512x1536", True)
    assert image["prompt"].startswith('{"high_level_description":"A poster"')
    assert image["url"].startswith(f"{mock_url}/api/images/ephemeral/")


def test_the_size_is_the_first_of_the_contract_when_none_is_asked_for(mock_url: str) -> None:
    image = post(mock_url, fields(text_prompt="a cat")).json()["data"][0]
    assert image["resolution"] == read_view().fields["resolution"].choices[0]


def test_the_same_request_gets_the_same_seed_and_another_one_another(mock_url: str) -> None:
    seeds = [post(mock_url, fields(text_prompt=text)).json()["data"][0]["seed"] for text in ("cat", "cat", "dog")]
    assert seeds[0] == seeds[1] != seeds[2]


def test_links_lead_to_the_host_that_the_client_used(mock_url: str) -> None:
    port = mock_url.rpartition(":")[2]
    links = [
        post(mock_url, fields(text_prompt="a cat"), Host=host).json()["data"][0]["url"]
        for host in (f"localhost:{port}", "studio.example", "[::1]:80", 'ev"il<')
    ]
    assert links[0].startswith(f"http://localhost:{port}/api/")
    assert links[1].startswith("http://studio.example/api/")
    assert links[2].startswith("http://[::1]:80/api/")
    assert links[3].startswith(f"{mock_url}/api/")


@pytest.mark.parametrize("headers", [{}, {API_KEY_HEADER: ""}])
def test_a_request_without_a_key_gets_the_contracts_401(mock_url: str, headers: dict[str, str]) -> None:
    answer = send("POST", mock_url + OPERATION.path, files=fields(text_prompt="a cat"), headers=headers)
    assert answer.status_code == 401
    assert answer.json() == read_view().responses[401].examples[0]


def test_a_bearer_token_gets_a_401_that_names_the_header(mock_url: str) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}
    answer = send("POST", mock_url + OPERATION.path, files=fields(text_prompt="a cat"), headers=headers)
    assert answer.status_code == 401
    assert API_KEY_HEADER in answer.json()["detail"]
    assert KEY not in answer.text


def test_the_key_is_looked_at_before_the_body(mock_url: str) -> None:
    assert send("POST", mock_url + OPERATION.path, data={"text_prompt": "a cat"}).status_code == 401


@pytest.mark.parametrize("path", ["/", "/v1/ideogram-v3/generate", OPERATION.path + "/", OPERATION.path + "x"])
def test_another_path_gets_a_404_that_names_the_right_one(mock_url: str, path: str) -> None:
    answer = send("POST", mock_url + path, files=fields(text_prompt="a cat"), headers=HEADERS)
    assert answer.status_code == answer.json()["status"] == 404
    assert f"POST {path} " in answer.json()["detail"]
    assert f"{OPERATION.method} {OPERATION.path}" in answer.json()["detail"]


def test_another_method_gets_a_405(mock_url: str) -> None:
    answer = send("GET", mock_url + OPERATION.path, headers=HEADERS)
    assert answer.status_code == answer.json()["status"] == 405
    assert answer.headers["allow"] == OPERATION.method


@pytest.mark.parametrize("form", [{"data": {"text_prompt": "a"}}, {"json": {"text_prompt": "a"}}, {"content": b"a"}])
def test_anything_but_multipart_gets_a_415(mock_url: str, form: dict[str, dict[str, str]]) -> None:
    answer = send("POST", mock_url + OPERATION.path, headers=HEADERS, **form)
    assert answer.status_code == answer.json()["status"] == 415
    assert OPERATION.media_type in answer.json()["detail"]


def test_a_body_over_the_limit_gets_a_413(mock_url: str) -> None:
    answer = post(mock_url, fields(text_prompt="x" * LARGEST_BODY))
    assert answer.status_code == answer.json()["status"] == 413
    assert str(LARGEST_BODY) in answer.json()["detail"]


@pytest.mark.parametrize(
    "form",
    [
        {"text_prompt": f"a {UNSAFE_WORD.upper()} cat"},
        {"json_prompt": json_prompt({"type": "text", "desc": "", "text": f"x{UNSAFE_WORD}x"})},
        {"json_prompt": json_prompt(more={UNSAFE_WORD: 1})},
    ],
)
def test_a_prompt_with_the_unsafe_word_gets_the_contracts_422(mock_url: str, form: dict[str, object]) -> None:
    answer = post(mock_url, fields(**form))
    assert answer.status_code == 422
    assert answer.json() == read_view().responses[422].examples[0]


def test_the_unsafe_word_outside_a_prompt_is_a_word(mock_url: str) -> None:
    assert post(mock_url, fields(text_prompt="a cat", note=UNSAFE_WORD)).status_code == 200


def test_a_withheld_image_is_a_200_without_a_link_and_billed() -> None:
    with MockServer() as server:
        answer = post(server.url, fields(text_prompt=f"a {WITHHELD_WORD} cat"))
        assert answer.status_code == 200
        (image,) = answer.json()["data"]
        assert (image["is_image_safe"], image["url"]) == (False, None)
        assert (server.ledger[0].why, server.ledger[0].billed) == ("withheld", True)


def test_more_requests_than_may_be_in_progress_get_a_429_and_do_not_run() -> None:
    limit, count = 2, 5
    with ThreadPoolExecutor(count) as pool, MockServer(in_flight=limit, latency=600) as server:
        futures = [pool.submit(post, server.url, fields(text_prompt="a cat")) for _ in range(count)]
        wait_until(lambda: sum(exchange.status == 429 for exchange in server.ledger) == count - limit)
        server.close()  # those that run would take ten minutes more
        answers = [future.result() for future in futures]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == count - limit
    for answer in refused:
        assert answer.headers["retry-after"] == read_view().responses[429].headers["Retry-After"]
        assert answer.json()["reject_reason"] == "inflight_limit"
        assert answer.json()["max_inflight_requests"] == limit
        assert read_view().response_validator(429).is_valid(answer.json())
    assert sorted(answer.status_code for answer in answers if answer not in refused) == [503] * limit
    assert not any(exchange.billed for exchange in server.ledger)


def test_a_place_is_free_again_after_the_answer() -> None:
    with MockServer(in_flight=1, latency=0.001) as server:
        assert [post(server.url, fields(text_prompt="a cat")).status_code for _ in range(3)] == [200] * 3


def test_the_limit_is_the_contracts_unless_told_otherwise() -> None:
    from ideogram_ai.testing.app import create_app

    assert create_app().state.mock.in_flight == OPERATION.in_flight_limit
    assert create_app(in_flight=0).state.mock.in_flight == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"latency": -1}, "latency is -1"),
        ({"latency": float("nan")}, "latency is nan"),
        ({"in_flight": -1}, "in_flight is -1"),
        ({"scenario": [200, 99]}, "'99'"),
        ({"port": 70000}, "port is 70000"),
        ({"port": -1}, "port is -1"),
        ({"link_life": float("inf")}, "link_life is inf"),
    ],
)
def test_an_argument_out_of_range_is_refused(arguments: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        MockServer(**arguments)  # type: ignore[arg-type]


def test_it_listens_on_loopback_only_unless_told_otherwise() -> None:
    with MockServer() as server:
        assert server.url.startswith("http://127.0.0.1:")
    with MockServer("::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert post(server.url, fields(text_prompt="a cat")).status_code == 200


def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open(tmp_path: Path) -> None:
    with MockServer() as server:
        second = MockServer(port=int(server.url.rpartition(":")[2]), record=tmp_path / "record")
        with pytest.raises(OSError, match="in use"):
            second.start()
        second.close()


def test_a_record_file_that_cannot_be_opened_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        MockServer(record=tmp_path / "nowhere" / "record").start()


def test_a_server_that_tests_share_forgets_what_came_before() -> None:
    with MockServer(scenario=[401]) as server:
        post(server.url, fields(text_prompt="a cat"))
        server.clear_ledger()
        assert server.ledger == []
        post(server.url, fields(text_prompt="a dog"))
        (exchange,) = server.ledger
        assert (exchange.status, exchange.fields[0]) == (200, ("text_prompt", "a dog"))


def test_it_can_be_started_once_and_closed_often() -> None:
    server = MockServer()
    with pytest.raises(RuntimeError, match="not started"):
        _ = server.url
    server.close()
    with server.start():
        url = server.url
    server.close()
    assert server.url == url
    with pytest.raises(RuntimeError, match="once"):
        server.start()


def test_nothing_is_left_after_closing() -> None:
    threads = set(threading.enumerate())
    with MockServer() as server:
        url = post(server.url, fields(text_prompt="a cat", resolution="512x1536")).json()["data"][0]["url"]
        assert get(url).status_code == 200  # drawing has a thread of its own
        port = int(server.url.rpartition(":")[2])
    assert set(threading.enumerate()) <= threads
    with pytest.raises(httpx.ConnectError):
        get(url)
    MockServer(port=port).start().close()


def test_a_client_that_does_not_finish_its_request_does_not_keep_the_server() -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(MockServer())
        silent, halfway = (_connect(stack, server.url) for _ in range(2))
        silent.sendall(b"")
        halfway.sendall(_head(server.url, length=1000) + b"--b\r\n")
        wait_until(lambda: bool(server.ledger))
        server.close()
        assert server.ledger[0].status is None
        assert "went away" in server.ledger[0].why
        assert halfway.recv(1000) == b""


def test_a_client_that_goes_away_is_entered_as_such() -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(MockServer())
        with _connect(stack, server.url) as client:
            client.sendall(_head(server.url, length=1000) + b"--b\r\n")
        wait_until(lambda: bool(server.ledger) and "went away" in server.ledger[0].why)
        assert (server.ledger[0].status, server.ledger[0].billed) == (None, False)


def test_a_client_that_does_not_wait_is_billed_all_the_same() -> None:
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(MockServer(latency=0.2))
        body = b'--b\r\nContent-Disposition: form-data; name="text_prompt"\r\n\r\na cat\r\n--b--\r\n'
        with _connect(stack, server.url) as client:
            client.sendall(_head(server.url, length=len(body)) + body)
        wait_until(lambda: bool(server.ledger) and server.ledger[0].status is not None)
        assert (server.ledger[0].status, server.ledger[0].billed) == (200, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_a_signal_and_ends_cleanly(number: signal.Signals, tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    command = [sys.executable, "-W", "error", "-c", FOREVER, str(record)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        assert first.startswith("listening on http://127.0.0.1:")
        assert post(first.split()[-1], fields(text_prompt="a cat")).status_code == 200
        process.send_signal(number)
        assert process.stdout.read() == "closed\n"
        assert process.stderr.read() == ""
        assert process.wait() == 0
    assert record.read_text().count("\n") == 1


def test_an_error_of_the_one_who_is_told_that_it_listens_closes_the_server() -> None:
    def fail(url: str) -> None:
        urls.append(url)
        raise BrokenPipeError(url)

    urls: list[str] = []
    with pytest.raises(BrokenPipeError):
        MockServer().serve_forever(fail)
    MockServer(port=int(urls[0].rpartition(":")[2])).start().close()


def _connect(stack: contextlib.ExitStack, url: str) -> socket.socket:
    host, _, port = url.removeprefix("http://").rpartition(":")
    return stack.enter_context(socket.create_connection((host, int(port)), timeout=10))


def _head(url: str, length: int) -> bytes:
    lines = [
        f"POST {OPERATION.path} HTTP/1.1",
        f"Host: {url.removeprefix('http://')}",
        f"{API_KEY_HEADER}: {KEY}",
        "Content-Type: multipart/form-data; boundary=b",
        f"Content-Length: {length}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()
