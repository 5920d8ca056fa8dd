"""Why this matters: whoever reads the key can spend the account's money, and what programs write is read by many: log
collectors, error reporters that send local variables along, bug reports, notebooks, pickles on a queue.

So after every fault that the fault server knows, and after answers that send the key back wherever HTTP has room for
it, every output channel is searched for the key.
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
import pytest
from both_clients import HURRY, KEY, SHELLS, Shell, generate, image_at, patience, run
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


def outcome_of(shell: Shell, url: str, use: Any = generate, **settings: Any) -> object:
    """What comes of a call: a result, or whatever is raised."""
    every: dict[str, Any] = {"retry": RetryPolicy(max_attempts=2), **settings}
    try:
        return run(shell, use, base_url=url, **every)
    except BaseException as error:  # noqa: BLE001 - Ctrl-C too
        return error


def check_silence(outcome: object, outputs: str) -> None:
    """Fail where the key shows."""
    for way, text in (*outcome_texts(outcome), ("log or warning", outputs)):
        if KEY in text:
            line = next(line for line in text.splitlines() if KEY in line)
            pytest.fail(f"{way}: {line[:500]}")


@pytest.fixture(autouse=True)
def _no_output(capfd: pytest.CaptureFixture[str]) -> Any:
    yield
    shown = capfd.readouterr()
    assert KEY not in shown.out + shown.err


@pytest.mark.parametrize("shell", ["sync", "asyncio"])
@pytest.mark.parametrize("fault", FAULTS)
def test_no_fault_shows_the_key(fault: str, shell: Shell) -> None:
    with FaultServer(fault, expanded_size=1 << 20) as server, all_outputs() as outputs:
        outcome = outcome_of(shell, server.url, timeout=patience(fault))
        heard = server.ledger.raw
    check_silence(outcome, outputs.text)
    assert KEY.encode() in heard or FAULTS[fault].phase is not Phase.IN_ANSWER


ECHOES = {
    "status line": f"HTTP/1.1 2OO {KEY}\r\n\r\n",
    "reason": f"HTTP/1.1 400 {KEY}\r\nContent-Length: 0\r\n\r\n",
    "header": f"HTTP/1.1 400 No\r\nX-Key: {KEY}\r\nContent-Length: 0\r\n\r\n",
    "header name": f"HTTP/1.1 400 No\r\n{KEY}: 1\r\nContent-Length: 0\r\n\r\n",
    "header line": f"HTTP/1.1 400 No\r\n{KEY}\r\nContent-Length: 0\r\n\r\n",
    "length": f"HTTP/1.1 400 No\r\nContent-Length: {KEY}\r\n\r\n",
    "transfer encoding": f"HTTP/1.1 400 No\r\nTransfer-Encoding: {KEY}\r\n\r\n",
    "content encoding": f"HTTP/1.1 200 OK\r\nContent-Encoding: {KEY}\r\nContent-Length: 2\r\n\r\n{{}}",
    "location": f"HTTP/1.1 302 Away\r\nLocation: https://{KEY}.example/{KEY}\r\nContent-Length: 0\r\n\r\n",
    "broken location": f"HTTP/1.1 302 Away\r\nLocation: https://[{KEY}/\r\nContent-Length: 0\r\n\r\n",
    "cookie": f"HTTP/1.1 400 No\r\nSet-Cookie: key={KEY}\r\nContent-Length: 0\r\n\r\n",
    "retry-after": f"HTTP/1.1 429 No\r\nRetry-After: {KEY}\r\nContent-Length: 0\r\n\r\n",
    "chunk size": f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{KEY}\r\n",
    "cut body": f"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{KEY}",
    "early hint": f"HTTP/1.1 103 Hint\r\nLink: {KEY}\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
}
BODIES: dict[str, object] = {
    "no image": {"created": KEY, "data": [{"url": None, "prompt": KEY}]},
    "an image": {
        "created": KEY,
        "data": [{"url": f"https://images.example/{KEY}.png?sig={KEY}", "prompt": KEY}],
        KEY: KEY,
    },
    "an error": {"error": f"unknown key {KEY}", "detail": KEY, "reject_reason": KEY},
    "a string": KEY,
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("echo", ECHOES)
def test_no_answer_that_sends_the_key_back_shows_it(echo: str, shell: Shell) -> None:
    with FaultServer(answer_raw(ECHOES[echo].encode())) as server, all_outputs() as outputs:
        outcome = outcome_of(shell, server.url)
    assert isinstance(outcome, Exception)
    check_silence(outcome, outputs.text)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("body", BODIES)
def test_no_body_that_sends_the_key_back_shows_it(body: str, shell: Shell) -> None:
    document = json.dumps(BODIES[body])
    faults = [answer_with(status, document) for status in (200, 400, 401, 403, 408, 422, 429, 500)]
    faults.append(answer_with(500, f"<html><title>{KEY}</title>", [("Content-Type", "text/html")]))
    for fault in faults:
        with FaultServer(fault) as server, all_outputs() as outputs:
            outcome = outcome_of(shell, server.url)
        check_silence(outcome, outputs.text)


@pytest.mark.parametrize("key", ["base64/like+key=with/more==", 'quote"and\\slash-key'])
def test_a_key_is_known_in_the_spelling_of_json_and_urls_too(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    escaped = json.dumps(key)[1:-1]
    bodies = [json.dumps({"error": key}), json.dumps({"error": key}).replace("/", "\\/")]
    monkeypatch.setattr("both_clients.KEY", key)
    for body in bodies:
        with FaultServer(answer_with(400, body)) as server:
            error = outcome_of("sync", server.url)
        assert isinstance(error, BadRequestError)
        assert key not in error.message
        assert escaped.encode() not in error.body


def interrupting(then: Any) -> Fault:
    """Read the request, interrupt the program, and say nothing."""

    def act(exchange: Any) -> None:
        exchange.read_request()
        then()
        exchange.connection.wait_for_end()

    return Fault("interrupting", "Interrupts the program.", Phase.AFTER_REQUEST, True, act)


@pytest.mark.parametrize("shell", SHELLS)
def test_ctrl_c_shows_nothing(shell: Shell) -> None:
    main = threading.main_thread().ident
    assert main is not None
    fault = interrupting(lambda: signal.pthread_kill(main, signal.SIGINT))
    with FaultServer(fault) as server, all_outputs() as outputs:
        outcome = outcome_of(shell, server.url, timeout=20)
    assert isinstance(outcome, KeyboardInterrupt)
    check_silence(outcome, outputs.text)


@pytest.mark.parametrize("shell", ["asyncio", "trio"])
def test_a_cancelled_task_shows_nothing(shell: Shell) -> None:
    cancelled: list[BaseException] = []

    async def use(client: AsyncIdeogram) -> None:
        with anyio.move_on_after(HURRY):
            try:
                await client.generate(text_prompt="A photo of a cat")
            except BaseException as error:
                cancelled.append(error)
                raise

    with FaultServer("silence") as server, all_outputs() as outputs:
        run(shell, use, base_url=server.url, timeout=20)
    assert len(cancelled) == 1
    assert "may have been made and billed" in outputs.text
    check_silence(cancelled[0], outputs.text)


@pytest.mark.parametrize("kind", [Ideogram, AsyncIdeogram])
@pytest.mark.parametrize(
    "bad",
    [f"{KEY}\n", f" {KEY}", f"Bearer {KEY}", f"Api-Key: {KEY}", f"{KEY}\u00e9", f"{KEY} {KEY}", KEY.encode(), [KEY]],
    ids=["line end", "space", "Bearer", "header", "umlaut", "two", "bytes", "list"],
)
def test_a_key_that_cannot_be_used_is_not_shown_either(kind: Any, bad: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is the one that people paste into a forum. Frames of the caller are left out: they are not ours."""
    with pytest.raises(ConfigurationError) as by_argument:
        kind(bad)
    check_silence(without_caller(by_argument.value), "")
    if isinstance(bad, str):
        monkeypatch.setenv("IDEOGRAM_API_KEY", bad)
        with pytest.raises(ConfigurationError) as by_environment:
            kind()
        check_silence(without_caller(by_environment.value), "")


def without_caller(error: BaseException) -> BaseException:
    assert error.__traceback__ is not None
    return error.with_traceback(error.__traceback__.tb_next)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "settings", [{"base_url": "http://api.example"}, {"timeout": -1}, {"base_url": "ftp://x"}], ids=str
)
def test_other_settings_that_cannot_be_used_do_not_show_the_key(shell: Shell, settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        run(shell, generate, **settings)
    check_silence(caught.value, "")


@pytest.mark.parametrize("kind", [Ideogram, AsyncIdeogram])
def test_clients_do_not_show_their_key(kind: Any) -> None:
    client = kind(KEY)
    assert "api.ideogram.ai" in repr(client)
    for text in (repr(client), str(client), f"{client}", repr(vars(client)), repr(client._key)):
        assert KEY not in text
    for thing in (client, client._key):
        with pytest.raises(TypeError, match="key"):
            pickle.dumps(thing)
        with pytest.raises(TypeError, match="key"):
            copy.deepcopy(thing)


def test_no_file_holds_the_key(tmp_path: Path) -> None:
    """The sidecar, the image with its text, and the record of the mock server, of a prompt that has the key in it."""
    record = tmp_path / "record.jsonl"
    with MockServer(record=record) as server, Ideogram(KEY, base_url=server.url) as client:
        generation = client.generate(text_prompt="A photo of a cat", resolution="512x1536")
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


@pytest.mark.parametrize("shell", SHELLS)
def test_signatures_of_links_are_not_shown(shell: Shell, tmp_path: Path) -> None:
    """A signed link opens the image to whoever reads it, a log collector say, until it expires."""
    signature = "0a" * 32
    for fault in ("ok", "status_500", "status_403", "html_image", "always_cut", "redirect_to_http"):
        with FaultServer(image=fault) as server, all_outputs() as outputs:
            image = image_at(f"{server.image_url}?exp=4102444800&sig={signature}")
            outcome = outcome_of(shell, server.url, lambda client, image=image: client.download(image, tmp_path / "a"))
            assert server.wait_idle().gets
        (tmp_path / "a").unlink(missing_ok=True)
        for text in (repr(image), repr(outcome), str(outcome), outputs.text):
            assert signature not in text
    with FaultServer(image_url=f"https://images.example/{signature}") as server, all_outputs() as outputs:
        generation = outcome_of(shell, server.url)
    assert "?..." in repr(generation)
    assert "exp=" not in repr(generation) + outputs.text


def test_other_programs_log_as_they_like() -> None:
    """Only what the client itself does is taken out of the logs of httpx."""
    import httpx

    with FaultServer() as server, all_outputs() as outputs:
        with Ideogram(KEY, base_url=server.url) as client:
            client.generate(text_prompt="A photo of a cat")
        httpx.get(f"{server.url}/a?query=kept", headers={"X-Key": KEY}).close()
    assert "query=kept" in outputs.text


def test_a_user_keeps_the_traceback_of_his_own_exception() -> None:
    def fail() -> None:
        raise LookupError(os.sep)

    with FaultServer("close_after_request") as server, Ideogram(KEY, base_url=server.url) as client:
        try:
            fail()
        except LookupError as own:
            with pytest.raises(OutcomeUnknownError):
                client.generate(text_prompt="A photo of a cat")
            frames = traceback.extract_tb(own.__traceback__)
    assert [frame.name for frame in frames] == ["test_a_user_keeps_the_traceback_of_his_own_exception", "fail"]
