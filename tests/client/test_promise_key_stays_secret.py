"""Whoever reads the key can spend the account's money, and what programs write is read by many.

Log collectors, error reporters that send local variables along, bug reports, notebooks, pickles on a queue: after every
fault that the fault server knows, and after responses that send the key back, each is searched for the key.
"""

import base64
import copy
import io
import json
import logging
import os
import pickle
import signal
import threading
import traceback
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from attrs import evolve
from canned import Service, entry, success
from client_internals import limit_body
from driver import (
    HURRY,
    KEY,
    KINDS,
    PROMPT,
    Driver,
    Kind,
    against,
    case,
    generate,
    image_at,
    patience,
    raised,
    taking_turns,
)

from ideogram_ai.client import (
    AsyncIdeogram,
    BadRequestError,
    ConfigurationError,
    Generation,
    Ideogram,
    OutcomeUnknownError,
    RetryPolicy,
    save_sidecar,
)
from ideogram_ai.client.redaction import PLACEHOLDER, ApiKey
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FAULTS, Fault, FaultServer, Phase, answer_raw, answer_with

CLIENTS: tuple[Any, Any] = (Ideogram, AsyncIdeogram)


# The search


class Outputs:
    """Log records of every logger at every level, and warnings, as text."""

    def __init__(self) -> None:
        self.log = io.StringIO()
        self.warnings: list[warnings.WarningMessage] = []

    @property
    def text(self) -> str:
        return self.log.getvalue() + "".join(str(warning.message) for warning in self.warnings)


@contextmanager
def all_outputs() -> Iterator[Outputs]:
    """Collect what is logged and warned of in this block."""
    outputs = Outputs()
    root = logging.getLogger()
    handler, level = logging.StreamHandler(outputs.log), root.level
    root.addHandler(handler)
    root.setLevel(1)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield outputs
            outputs.warnings = caught
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def outcome_texts(outcome: object) -> Iterator[tuple[str, str]]:
    """Every text that people and tools make of a result or an exception, with the name of the way."""
    yield "repr", repr(outcome)
    yield "str", str(outcome)
    yield "format", f"{outcome}"
    yield "attributes", "\n".join(reachable(outcome, set()))
    try:
        pickled = pickle.dumps(outcome)
        copied = copy.deepcopy(outcome)
    except TypeError:  # it says that it cannot be pickled
        pass
    else:
        yield "pickle", pickled.decode("latin-1")
        yield "copy", repr(vars(copied) if hasattr(copied, "__dict__") else copied)
    if isinstance(outcome, BaseException):
        shown = traceback.TracebackException.from_exception(outcome, capture_locals=True, max_group_depth=99)
        yield "traceback with local variables", "".join(shown.format())


OPAQUE = (types.FrameType, types.TracebackType, types.ModuleType, types.FunctionType, types.MethodType, type)


def reachable(thing: object, seen: set[int]) -> Iterator[str]:
    """Every text and bytes that can be reached from a thing by its attributes and items, frames left out."""
    if id(thing) in seen or isinstance(thing, OPAQUE):
        return
    seen.add(id(thing))
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, (bytes, bytearray)):
        yield thing.decode("latin-1")
    else:
        for part in parts(thing):
            yield from reachable(part, seen)


def parts(thing: Any) -> Iterator[object]:
    if isinstance(thing, dict):
        yield from (*thing.keys(), *thing.values())
    elif isinstance(thing, (list, tuple, set, frozenset)):
        yield from thing
    slots = (name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ()))
    names = {*getattr(thing, "__dict__", ()), *slots}
    names |= {"args", "__cause__", "__context__"} if isinstance(thing, BaseException) else set()
    yield from (getattr(thing, name) for name in names if hasattr(thing, name))


def check_silence(outcome: object, outputs: str = "") -> None:
    for way, text in (*outcome_texts(outcome), ("log or warning", outputs)):
        if KEY in text:
            line = next(line for line in text.splitlines() if KEY in line)
            pytest.fail(f"{way}: {line[:500]}")


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


@pytest.fixture(autouse=True)
def _no_output(capfd: pytest.CaptureFixture[str]) -> Any:
    yield
    shown = capfd.readouterr()
    assert KEY not in shown.out + shown.err


@pytest.fixture(autouse=True)
def _small_bodies(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endless bodies and bombs end at a megabyte; test_promise_any_bytes_end_in_our_errors is about them."""
    limit_body(1 << 20, monkeypatch)


# What a server does


@pytest.mark.parametrize("kind", KINDS[:2])
def test_no_fault_shows_the_key(kind: Kind) -> None:
    """The two kinds take turns: the words of an error are made where they share all code."""
    for number, (name, fault) in enumerate(FAULTS.items()):
        if number % 2 == KINDS.index(kind):
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


def test_no_response_that_sends_the_key_back_shows_it(kind: Kind) -> None:
    for place, echo in ECHOES.items():
        with case(place):
            outcome, _ = check_secret(kind, answer_raw(echo.encode()))
            assert isinstance(outcome, Exception)
            if place == "header":
                assert getattr(outcome, "headers", {})["x-key"] == PLACEHOLDER
    for content, body in BODIES.items():
        for status in (200, 400, 401, 403, 408, 422, 429, 500):
            with case((content, status)):
                check_secret(kind, answer_with(status, json.dumps(body)))
    check_secret(kind, answer_with(500, f"<html><title>{KEY}</title>", [("Content-Type", "text/html")]))


SPELLED = "sentinel-3f9c/2b7d+51e84a06"
SPELLINGS = {
    "plain": SPELLED,
    "one escaped": SPELLED.replace("-", "\\u002d"),
    "one escaped in capitals": SPELLED.replace("/", "\\u002F"),
    "escaped twice": SPELLED.replace("-", "\\\\u002d"),
    "all escaped": "".join(f"\\u{ord(character):04x}" for character in SPELLED),
    "a slash as JSON may have it": SPELLED.replace("/", "\\/"),
    "HTML, decimal": SPELLED.replace("-", "&#45;"),
    "HTML, hexadecimal": SPELLED.replace("-", "&#x2D;").replace("+", "&#x02b;"),
    "a URL": SPELLED.replace("/", "%2F").replace("+", "%2b"),
    "base64": base64.b64encode(SPELLED.encode()).decode().rstrip("="),
}
QUOTED = 'quote"and\\slash-key'


def test_the_key_is_redacted_in_every_spelling_and_encoding() -> None:
    for kind, (name, spelling) in taking_turns(SPELLINGS.items()):
        text, redacted = (f'{{"error": "no {word} here"}}' for word in (spelling, PLACEHOLDER))
        assert ApiKey(SPELLED).scrub(text) == redacted, name
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32-be"):
            assert ApiKey(SPELLED).scrub_bytes(text.encode(encoding)).decode(encoding) == redacted, (name, encoding)
        refused = Service(httpx.Response(400, content=f'{{"error": "unknown key {spelling}"}}'.encode()))
        error = raised(BadRequestError, generate, kind, refused, {"api_key": SPELLED}, text_prompt="a")
        for secret in (SPELLED, spelling):
            assert secret not in error.message, name
            assert secret.encode() not in error.body, name
    refused = Service(httpx.Response(400, json={"error": QUOTED}))
    error = raised(BadRequestError, generate, "sync", refused, {"api_key": QUOTED}, text_prompt="a")
    assert QUOTED not in error.message
    assert json.dumps(QUOTED)[1:-1].encode() not in error.body
    assert repr(ApiKey(KEY)) == PLACEHOLDER
    raised(TypeError, pickle.dumps, ApiKey(KEY), match="an API key is not pickled")
    # Data that only looks like another encoding is unchanged.
    for data in (b"\xff\xfe\xfd", b"\xff\xfea", "nothing".encode("utf-16")):
        assert ApiKey(KEY).scrub_bytes(data) == data


def made(response: httpx.Response, key: str) -> Generation:
    """The generation of a client with this key."""
    return generate("sync", Service(response), {"api_key": key}, text_prompt="a")


def test_a_short_or_common_key_is_redacted_and_changes_no_link() -> None:
    link = "https://ideogram.ai/api/images.example/ephemeral/one.png?exp=4102444800&sig=0a"
    for key in ("ideogram", "ephemeral", "4102444800", "png", "https", "images.example"):
        generation = made(success(entry(url=link, prompt=f"a {key}")), key)
        assert generation.images[0].url == link, key
        assert json.loads(generation.raw)["data"][0]["url"] == link, key
    # A key that is a name of the response would remove its images.
    assert [image.url for image in made(success(entry()), "is_image_safe").images] == [entry()["url"]]
    withheld = entry(url=None, is_image_safe=False)
    body = success(entry(url="https://a.example/1", prompt="a wordlikekey"), withheld, said="wordlikekey")
    generation = made(body, "wordlikekey")
    assert [image.url for image in generation.images] == ["https://a.example/1", None]
    assert generation.images[0].prompt == f"a {PLACEHOLDER}"
    assert generation.additional_properties["said"] == PLACEHOLDER
    assert b"wordlikekey" not in generation.raw
    with httpx.Client(transport=Service(httpx.Response(200, json={"said": "wordlikekey"})).transport()) as http:
        send = Ideogram("wordlikekey", http_client=http)._send
        operation = evolve(POST_GENERATE_IMAGE_V4, answer_model="", result="model")
        assert send(operation, {"text_prompt": "a"}, extra_fields=None, timeout=None) == {"said": PLACEHOLDER}
    # A key can break the JSON of a response.
    broken = b'{"created": "2026-10-07T12:00:00Z", "data": [{"url": "https://i.example/1", "prompt": "x"x"x"xx", '
    broken += b'"resolution": "1x1", "is_image_safe": true, "seed": 1}]}'
    assert [image.prompt for image in made(httpx.Response(200, content=broken), 'x"x"x"xx').images] == [PLACEHOLDER]


# What a program does


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


@pytest.mark.parametrize("make", CLIENTS)
def test_settings_that_cannot_be_used_do_not_show_the_key(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is the one that people paste into a forum. Frames of the caller are left out: they are not ours."""

    def check(*arguments: Any, variable: str = "", **settings: Any) -> None:
        with monkeypatch.context() as patch:
            patch.setenv("IDEOGRAM_API_KEY", variable)
            error = raised(ConfigurationError, make, *arguments, **settings)
            assert error.__traceback__ is not None
            check_silence(error.with_traceback(error.__traceback__.tb_next))  # while a frame could show the variable

    for bad in (*UNUSABLE, KEY.encode(), [KEY]):
        check(bad)
    for bad in UNUSABLE:
        check(variable=bad)
    for settings in ({"base_url": "http://api.example"}, {"timeout": -1}, {"base_url": "ftp://x"}):
        check(variable=KEY, **settings)


@pytest.mark.parametrize("make", CLIENTS)
def test_clients_do_not_show_their_key(make: Any) -> None:
    client = make(KEY)
    assert "api.ideogram.ai" in repr(client)
    for text in (repr(client), str(client), f"{client}", repr(vars(client)), *map(repr, vars(client).values())):
        assert KEY not in text
    for take_apart in (pickle.dumps, copy.deepcopy):
        raised(TypeError, take_apart, client, match="key")


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


# What is kept


def test_other_programs_log_as_they_like() -> None:
    """Only what the client itself does is redacted in the logs of httpx."""
    with FaultServer() as server, all_outputs() as outputs:
        Driver("sync", base_url=server.url).ask()
        httpx.get(f"{server.url}/a?query=kept", headers={"X-Key": KEY}).close()
    assert "query=kept" in outputs.text


def test_a_user_keeps_the_traceback_of_their_own_exception() -> None:
    def fail() -> None:
        raise LookupError(os.sep)

    with against("sync", "close_after_request") as (client, _):
        try:
            fail()
        except LookupError as own:
            raised(OutcomeUnknownError, client.ask)
            frames = traceback.extract_tb(own.__traceback__)
    assert [frame.name for frame in frames] == ["test_a_user_keeps_the_traceback_of_their_own_exception", "fail"]


class Mine(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """A transport of a caller's, with a bug."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._divide(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._divide(request)

    def _divide(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200 // (len(request.url.host) * 0))


def test_an_error_of_the_callers_own_code_keeps_its_traceback_and_gets_a_note_on_cost(kind: Kind) -> None:
    with Driver(kind, lend={"transport": Mine()}) as client:
        error = raised(ZeroDivisionError, client.ask)
    assert any("may have been made and billed" in note for note in error.__notes__)
    frames = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert frames[-2:] == [f"handle_{'' if kind == 'sync' else 'async_'}request", "_divide"]
    assert not {"send", "_send_single_request"} & set(frames)
