"""Whoever reads the key can spend the account's money, and what programs write is read by many.

Log collectors, error reporters that send local variables along, bug reports, notebooks, pickles on a queue: after every
fault that the fault server knows, and after responses that send the key back, each is searched for the key.
"""

import copy
import json
import os
import pickle
import signal
import threading
import traceback
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from client_internals import limit_body
from driver import HURRY, KEY, KINDS, PROMPT, Driver, Kind, case, each_kind, image_at, patience
from secret_search import all_outputs, outcome_texts

from ideogram_ai.client import (
    AsyncIdeogram,
    BadRequestError,
    ConfigurationError,
    Ideogram,
    OutcomeUnknownError,
    RetryPolicy,
    save_sidecar,
)
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FAULTS, Fault, FaultServer, Phase, answer_raw, answer_with


def ended(driver: Driver, *download: Any) -> object:
    """What comes of a call: a result, or whatever is raised."""
    try:
        return driver.download(*download) if download else driver.ask()
    except BaseException as error:  # noqa: BLE001 - Ctrl-C too
        return error


def check_secret(kind: Kind, fault: str | Fault, **settings: Any) -> tuple[object, FaultServer]:
    """Fail where the key shows after a call that meets this fault."""
    every: dict[str, Any] = {"retry": RetryPolicy(max_attempts=2), **settings}
    with FaultServer(fault, expanded_size=1 << 20) as server, all_outputs() as outputs:
        outcome = ended(Driver(kind, base_url=server.url, **every))
    check_silence(outcome, outputs.text)
    return outcome, server


def check_silence(outcome: object, outputs: str = "") -> None:
    for way, text in (*outcome_texts(outcome), ("log or warning", outputs)):
        if KEY in text:
            line = next(line for line in text.splitlines() if KEY in line)
            pytest.fail(f"{way}: {line[:500]}")


@pytest.fixture(autouse=True)
def _no_output(capfd: pytest.CaptureFixture[str]) -> Any:
    yield
    shown = capfd.readouterr()
    assert KEY not in shown.out + shown.err


@pytest.fixture(autouse=True)
def _small_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endless bodies and bombs end at a megabyte; test_promise_bounded_memory is about them."""
    limit_body(1 << 20, monkeypatch)


@pytest.mark.parametrize("kind", KINDS[:2])
def test_no_fault_shows_the_key(kind: Kind) -> None:
    for name, fault in FAULTS.items():
        with case(name):
            _, server = check_secret(kind, name, timeout=patience(name))
            assert KEY.encode() in server.ledger.raw or fault.phase is not Phase.IN_ANSWER


EMPTY = "Content-Length: 0\r\n\r\n"
ECHOES = {
    "status line": f"HTTP/1.1 2OO {KEY}\r\n\r\n",
    "reason": f"HTTP/1.1 400 {KEY}\r\n{EMPTY}",
    "header": f"HTTP/1.1 400 No\r\nX-Key: {KEY}\r\n{EMPTY}",
    "header name": f"HTTP/1.1 400 No\r\n{KEY}: 1\r\n{EMPTY}",
    "header line": f"HTTP/1.1 400 No\r\n{KEY}\r\n{EMPTY}",
    "length": f"HTTP/1.1 400 No\r\nContent-Length: {KEY}\r\n\r\n",
    "transfer encoding": f"HTTP/1.1 400 No\r\nTransfer-Encoding: {KEY}\r\n\r\n",
    "content encoding": f"HTTP/1.1 200 OK\r\nContent-Encoding: {KEY}\r\nContent-Length: 2\r\n\r\n{{}}",
    "location": f"HTTP/1.1 302 Away\r\nLocation: https://{KEY}.example/{KEY}\r\n{EMPTY}",
    "broken location": f"HTTP/1.1 302 Away\r\nLocation: https://[{KEY}/\r\n{EMPTY}",
    "cookie": f"HTTP/1.1 400 No\r\nSet-Cookie: key={KEY}\r\n{EMPTY}",
    "retry-after": f"HTTP/1.1 429 No\r\nRetry-After: {KEY}\r\n{EMPTY}",
    "chunk size": f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{KEY}\r\n",
    "cut body": f"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{KEY}",
    "early hint": f"HTTP/1.1 103 Hint\r\nLink: {KEY}\r\n\r\nHTTP/1.1 500 No\r\n{EMPTY}",
}
LINK = f"https://images.example/{KEY}.png?sig={KEY}"
BODIES: dict[str, object] = {
    "no image": {"created": KEY, "data": [{"url": None, "prompt": KEY}]},
    "an image": {"created": KEY, "data": [{"url": LINK, "prompt": KEY}], KEY: KEY},
    "an error": {"error": f"unknown key {KEY}", "detail": KEY, "reject_reason": KEY},
    "a string": KEY,
}


@each_kind
def test_no_response_that_sends_the_key_back_shows_it(kind: Kind) -> None:
    for place, echo in ECHOES.items():
        with case(place):
            outcome, _ = check_secret(kind, answer_raw(echo.encode()))
            assert isinstance(outcome, Exception)
    for content, body in BODIES.items():
        for status in (200, 400, 401, 403, 408, 422, 429, 500):
            with case((content, status)):
                check_secret(kind, answer_with(status, json.dumps(body)))
    check_secret(kind, answer_with(500, f"<html><title>{KEY}</title>", [("Content-Type", "text/html")]))


@pytest.mark.parametrize("key", ["base64/like+key=with/more==", 'quote"and\\slash-key'])
def test_a_key_is_recognized_in_the_spelling_of_json_and_urls_too(key: str) -> None:
    escaped = json.dumps(key)[1:-1]
    for body in (json.dumps({"error": key}), json.dumps({"error": key}).replace("/", "\\/")):
        with (
            FaultServer(answer_with(400, body)) as server,
            Driver("sync", base_url=server.url, api_key=key) as client,
            pytest.raises(BadRequestError) as caught,
        ):
            client.ask()
        assert key not in caught.value.message
        assert escaped.encode() not in caught.value.body


@each_kind
def test_ctrl_c_shows_nothing(kind: Kind) -> None:
    def act(exchange: Any) -> None:
        exchange.read_request()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        exchange.connection.wait_for_end()

    fault = Fault("interrupting", "Interrupts the program.", Phase.AFTER_REQUEST, True, act)
    outcome, _ = check_secret(kind, fault, timeout=20)
    assert isinstance(outcome, KeyboardInterrupt)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_cancelled_task_shows_nothing(kind: Kind) -> None:
    cancelled: list[BaseException] = []

    async def use(client: AsyncIdeogram) -> None:
        with anyio.move_on_after(HURRY):
            try:
                await client.generate(text_prompt=PROMPT)
            except BaseException as error:
                cancelled.append(error)
                raise

    with FaultServer("silence") as server, all_outputs() as outputs:
        Driver(kind, base_url=server.url, timeout=20).run(use)
    assert "may have been made and billed" in outputs.text
    (error,) = cancelled
    check_silence(error, outputs.text)


UNUSABLE = [f"{KEY}\n", f" {KEY}", f"Bearer {KEY}", f"Api-Key: {KEY}", f"{KEY}\u00e9", f"{KEY} {KEY}"]


@pytest.mark.parametrize("make", [Ideogram, AsyncIdeogram])
def test_a_key_that_cannot_be_used_is_not_shown_either(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is the one that people paste into a forum. Frames of the caller are left out: they are not ours."""
    for bad in (*UNUSABLE, KEY.encode(), [KEY]):
        with pytest.raises(ConfigurationError) as by_argument:
            make(bad)
        check_silence(without_caller(by_argument.value))
    for bad in UNUSABLE:
        monkeypatch.setenv("IDEOGRAM_API_KEY", bad)
        with pytest.raises(ConfigurationError) as by_environment:
            make()
        check_silence(without_caller(by_environment.value))


def without_caller(error: BaseException) -> BaseException:
    assert error.__traceback__ is not None
    return error.with_traceback(error.__traceback__.tb_next)


@each_kind
def test_other_settings_that_cannot_be_used_do_not_show_the_key(kind: Kind) -> None:
    for settings in ({"base_url": "http://api.example"}, {"timeout": -1}, {"base_url": "ftp://x"}):
        with pytest.raises(ConfigurationError) as caught:
            Driver(kind, **settings)
        check_silence(caught.value)


@pytest.mark.parametrize("make", [Ideogram, AsyncIdeogram])
def test_clients_do_not_show_their_key(make: Any) -> None:
    client = make(KEY)
    assert "api.ideogram.ai" in repr(client)
    for text in (repr(client), str(client), f"{client}", repr(vars(client)), *map(repr, vars(client).values())):
        assert KEY not in text
    for take_apart in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError, match="key"):
            take_apart(client)


def test_no_file_holds_the_key(tmp_path: Path) -> None:
    """The sidecar, the image with its text, and the record of the mock server, of a prompt that has the key in it."""
    record = tmp_path / "record.jsonl"
    with MockServer(record=record) as server, Driver("sync", base_url=server.url) as client:
        generation = client.generate(text_prompt=PROMPT, resolution="512x1536")
        path = client.download(generation.images[0], tmp_path / "cat.png")
        save_sidecar(generation, generation.images[0], path, embed=True)
        client.generate(text_prompt=f"my key is {KEY}", extra_fields={"colour": KEY})
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["cat.png", "cat.png.json", "record.jsonl"]
    for file in files:
        assert KEY.encode() not in file.read_bytes()
    for file in files[:2]:
        assert b"sig=" not in file.read_bytes()
    assert len(record.read_text().splitlines()) == 3


@each_kind
def test_signatures_of_links_are_not_shown(kind: Kind, tmp_path: Path) -> None:
    """A signed link opens the image to whoever reads it, for example a log collector, until it expires."""
    signature = "0a" * 32
    for fault in ("ok", "status_500", "status_403", "html_image", "always_cut", "redirect_to_http"):
        with case(fault), FaultServer(image=fault) as server, all_outputs() as outputs:
            image = image_at(f"{server.image_url}?exp=4102444800&sig={signature}")
            retry = RetryPolicy(max_attempts=2)
            outcome = ended(Driver(kind, base_url=server.url, retry=retry), image, tmp_path / fault)
            assert server.wait_idle().gets
        for text in (repr(image), repr(outcome), str(outcome), outputs.text):
            assert signature not in text
    with FaultServer(image_url=f"https://images.example/{signature}") as server, all_outputs() as outputs:
        generation = Driver(kind, base_url=server.url).ask()
    assert "?..." in repr(generation)
    assert "exp=" not in repr(generation) + outputs.text


def test_other_programs_log_as_they_like() -> None:
    """Only what the client itself does is redacted in the logs of httpx."""
    with FaultServer() as server, all_outputs() as outputs:
        Driver("sync", base_url=server.url).ask()
        httpx.get(f"{server.url}/a?query=kept", headers={"X-Key": KEY}).close()
    assert "query=kept" in outputs.text


def test_a_user_keeps_the_traceback_of_their_own_exception() -> None:
    def fail() -> None:
        raise LookupError(os.sep)

    with FaultServer("close_after_request") as server, Driver("sync", base_url=server.url) as client:
        try:
            fail()
        except LookupError as own:
            with pytest.raises(OutcomeUnknownError):
                client.ask()
            frames = traceback.extract_tb(own.__traceback__)
    assert [frame.name for frame in frames] == ["test_a_user_keeps_the_traceback_of_their_own_exception", "fail"]
