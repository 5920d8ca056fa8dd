"""Reading a document from files and URLs, on real sockets, and parsing it."""

import gzip
import http.server
import json
import re
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from drifting.document import MAX_BYTES, MAX_DEPTH, MAX_REDIRECTS, DriftError, parse_document, read_source
from provider_history import october
from regeneration.documents import RegenerationError
from small_documents import sending, serving


def refused(source: str, timeout: float = 10) -> str:
    with pytest.raises(DriftError) as caught:
        read_source(source, timeout=timeout)
    return str(caught.value)


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    file.write_bytes(b"{}")
    assert read_source(str(file), timeout=1) == b"{}"
    assert refused(str(tmp_path / "none.json")).endswith("none.json cannot be read: No such file or directory")
    assert refused(str(tmp_path)).endswith("cannot be read: Is a directory")
    assert "cannot be read" in refused("a\0b")
    with file.open("wb") as opened:
        opened.truncate(MAX_BYTES + 1)
    assert refused(str(file)) == f"{file} is larger than {MAX_BYTES} bytes"


def test_https(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    authority = trustme.CA()
    with serving(sending(b"{}"), authority.issue_cert("127.0.0.1")) as url:
        assert "certificate" in refused(url).lower()
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert read_source(url, timeout=10) == b"{}"


def test_redirects_are_followed_to_safe_addresses_alone() -> None:
    with serving(sending(b"{}")) as there, serving(sending(b"", 302, Location=there)) as here:
        assert read_source(here, timeout=10) == b"{}"
    for target in ("http://things.example/openapi.json", "ftp://127.0.0.1/x", "file://127.0.0.1/etc/passwd"):
        with serving(sending(b"", 302, Location=target)) as url:
            assert f"{target} is not read: only https addresses are" in refused(url)
    with serving(sending(b"", 302, Location="/again")) as url:
        assert refused(url).endswith(f"redirects more than {MAX_REDIRECTS} times")


def test_wrong_addresses_and_error_statuses() -> None:
    assert "only https addresses are" in refused("https:///a")
    for source in ("http://things.example/a", "ftp://things.example/a", "https://[::1/a"):
        assert source.partition("//")[0] in refused(source)
    with serving(sending(b"<html>gone</html>", 404)) as url:
        assert refused(url) == f"{url} answered with status 404, so there is no document"
        message = refused(url.replace("//", "//user:secret@") + "?token=secret")
        assert "status 404" in message
        assert "secret" not in message
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert refused(f"http://127.0.0.1:{port}/").startswith(f"http://127.0.0.1:{port}/ cannot be read: ")


def test_endless_and_truncated_bodies() -> None:
    def endless(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while True:
            handler.wfile.write(b" " * 1_000_000)

    def cut(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"{")

    unfolding = sending(gzip.compress(b" " * (MAX_BYTES + 1)), Content_Encoding="gzip")
    for respond in (endless, unfolding):
        with serving(respond) as url:
            assert refused(url) == f"{url} is larger than {MAX_BYTES} bytes"
    with serving(cut) as url:
        assert "cannot be read" in refused(url)


def test_the_time_limit_covers_everything() -> None:
    """No headers, no body, and bytes that each arrive in time."""
    done = threading.Event()

    def silent(handler: http.server.BaseHTTPRequestHandler) -> None:
        done.wait(30)

    def no_body(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")
        done.wait(30)

    def drip(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(1000):
            handler.wfile.write(b"X-%d: x\r\n" % number)
            time.sleep(0.02)

    for respond in (silent, no_body, drip):
        done.clear()
        with serving(respond) as url:
            assert refused(url, timeout=0.3) == f"{url} took longer than 0.3 seconds"
            done.set()


DOCUMENT: dict[str, Any] = {"openapi": "3.0.2", "paths": {"/é": {"get": {"responses": {"200": {"description": "ü"}}}}}}


def unparsable(source: bytes | str) -> str:
    with pytest.raises(RegenerationError) as caught:
        parse_document("it", source.encode() if isinstance(source, str) else source)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_json_and_yaml_in_every_encoding_mean_the_same() -> None:
    for text in (json.dumps(DOCUMENT, ensure_ascii=False), yaml.safe_dump(DOCUMENT)):
        for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"):
            assert parse_document("it", text.encode(encoding)).data == DOCUMENT
    document = json.loads(json.dumps(october()))  # nothing twice, which YAML would write as aliases
    for text in (json.dumps(document, indent=1), yaml.safe_dump(document, allow_unicode=True)):
        assert parse_document("it", text.encode()).data == document


def test_yaml_of_other_authors() -> None:
    text = "openapi: 3.1.0\nresponses: {200: a, no: b, 1.5: c}\nexample: 2000-01-23\nword: on\nempty:\nnumber: -1.5\n"
    assert parse_document("it", text.encode()).data == {
        "openapi": "3.1.0",
        "responses": {"200": "a", "no": "b", "1.5": "c"},
        "example": "2000-01-23",
        "word": "on",
        "empty": None,
        "number": -1.5,
    }


REFUSED: list[tuple[str | bytes, str]] = [
    ("<!DOCTYPE html><html></html>", "it is a web page"),
    ("\n <html lang=en>", "it is a web page"),
    ("", "does not hold a mapping"),
    ("[]", "does not hold a mapping"),
    ("just text", "does not hold a mapping"),
    ("{}", "not an OpenAPI 3 document: it names no version"),
    ('{"swagger": "2.0"}', 'its version is "2.0"'),
    ('{"openapi": 3.1}', "its version is 3.1"),
    ('{"openapi": "3.0.2", "a": ', "it:1:27: this is not JSON"),
    ('{"openapi": "3.0.2", "a": NaN}', "JSON has no NaN"),
    ('{"openapi": "3.0.2", "a": ' + "9" * 5000 + "}", "this is not JSON"),
    ("openapi: 3.0.2\na: [1", "it:3:1: this is neither JSON nor YAML"),
    ("openapi: 3.0.2\na: \x07", "neither JSON nor YAML"),
    ("openapi: 3.0.2\na: !!python/name:os.system x", "it:2:4: the tag "),
    ("openapi: 3.0.2\na: !x y", "the tag !x is refused"),
    ("openapi: 3.0.2\na: &a [*a]", "the anchor &a is refused"),  # a few aliases can stand for a billion nodes
    ("openapi: 3.0.2\na: *a", "the alias *a is refused; write the value out"),
    (b"\x89PNG\r\n\x1a\n\xff", "is not text"),
    ('{"a": ' + "[" * 100_000, "this is not JSON"),
]


def test_unparsable() -> None:
    for source, message in REFUSED:
        assert re.search(f"{re.escape(message)}|nested more than", unparsable(source)), message


def test_depth_is_bounded() -> None:
    for depth in (MAX_DEPTH + 1, 5_000, 200_000):
        inside = "[" * depth + "]" * depth
        assert f"nested more than {MAX_DEPTH} levels deep" in unparsable(f'{{"openapi": "3.0.2", "a": {inside}}}')
        assert f"nested more than {MAX_DEPTH} levels deep" in unparsable(f"openapi: 3.0.2\na: {inside}")
    inside = "[" * (MAX_DEPTH - 2) + "]" * (MAX_DEPTH - 2)
    parse_document("it", f'{{"openapi": "3.0.2", "a": {inside}}}'.encode())
    parse_document("it", f"openapi: 3.0.2\na: {inside}".encode())
