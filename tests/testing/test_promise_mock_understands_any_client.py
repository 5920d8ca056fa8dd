"""Why this matters: a rehearsal is worth what it has in common with the real thing, and most programs are not ours.

HTTP libraries of other languages offer another protocol, ask before they send a body, send it in pieces, or use an old
version. A server may ignore an offer (RFC 9110, 7.8); it may not lose the body over it. The requests here are made by
curl, by Java's and Node's own clients, and on bare sockets.
"""

import shutil
import socket
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from mock_requests import HEADERS, KEY, encode, fields

from ideogram_ai.generated.operations import API_KEY_HEADER
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.app import LARGEST_BODY

JAVA = """
import java.net.URI;
import java.net.http.*;
import java.net.http.HttpRequest.*;

public class Program {
    static HttpRequest.Builder request(String[] arguments) {
        return HttpRequest.newBuilder(URI.create(arguments[0])).header(arguments[1], arguments[2])
            .header("Content-Type", "multipart/form-data; boundary=b");
    }

    public static void main(String[] arguments) throws Exception {
        var body = "--b\\r\\nContent-Disposition: form-data; name=\\"text_prompt\\"\\r\\n\\r\\na cat\\r\\n--b--\\r\\n";
        var chunked = BodyPublishers.fromPublisher(BodyPublishers.ofString(body));
        var requests = new HttpRequest[] {
            request(arguments).POST(BodyPublishers.ofString(body)).build(),
            request(arguments).POST(BodyPublishers.ofString(body)).version(HttpClient.Version.HTTP_1_1).build(),
            request(arguments).POST(BodyPublishers.ofString(body)).build(),
            request(arguments).POST(chunked).build(),
            request(arguments).POST(chunked).expectContinue(true).build(),
        };
        var client = HttpClient.newHttpClient();
        for (var each : requests)
            System.out.println(client.send(each, HttpResponse.BodyHandlers.ofString()).statusCode());
    }
}
"""

NODE = """
const http = require("http");
const [url, name, key] = process.argv.slice(1);
const form = new FormData();
form.append("text_prompt", "a cat");
const piece = '--b\\r\\nContent-Disposition: form-data; name="text_prompt"\\r\\n\\r\\na cat\\r\\n--b--\\r\\n';
const headers = { [name]: key, "Content-Type": "multipart/form-data; boundary=b" };
const old = (more) => new Promise((done, failed) => {
  const request = http.request(url, { method: "POST", headers: { ...headers, ...more } }, (response) => {
    response.resume();
    response.on("end", () => done(response.statusCode));
  });
  request.on("error", failed);
  request.write(piece.slice(0, 10));
  setTimeout(() => request.end(piece.slice(10)), 20);
});
(async () => {
  console.log((await fetch(url, { method: "POST", body: form, headers: { [name]: key } })).status);
  const stream = new ReadableStream({ start(into) { into.enqueue(Buffer.from(piece)); into.close(); } });
  console.log((await fetch(url, { method: "POST", body: stream, duplex: "half", headers })).status);
  console.log(await old({}));
  console.log(await old({ Expect: "100-continue" }));
})();
"""


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def run(*command: str) -> list[str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def curl(server: MockServer, *options: str) -> str:
    """The status that curl gets for a form with one field."""
    form = ["-F", "text_prompt=a cat", "-H", f"{API_KEY_HEADER}: {KEY}", "-w", "%{http_code} "]
    return " ".join(run(program("curl"), "-sS", "-o", "/dev/null", *form, *options, server.url + OPERATION.path))


def asked(server: MockServer) -> list[tuple[int | None, str]]:
    """Status and prompt of each request that the server had."""
    return [(exchange.status, dict(exchange.fields).get("text_prompt", "")) for exchange in server.ledger]


@pytest.mark.parametrize(
    "options",
    [
        ["--http2"],
        ["--http2", "-H", "Transfer-Encoding: chunked"],
        ["--http2", "-H", "Expect: 100-continue"],
        ["--http1.0"],
        ["-H", "Transfer-Encoding: chunked"],
        ["-H", "Expect: 100-continue"],
        ["-H", "Connection: Upgrade", "-H", "Upgrade: TLS/1.0"],
        ["-H", "Connection: Upgrade", "-H", "Upgrade: websocket"],
        ["-H", "connection: keep-alive, UPGRADE", "-H", "upgrade: h2c, websocket"],
    ],
    ids=" ".join,
)
def test_curl_gets_its_picture(options: list[str]) -> None:
    with MockServer() as server:
        assert curl(server, *options) == "200"
        assert asked(server) == [(200, "a cat")]


def test_curl_sends_a_file_along_that_the_contract_does_not_have(tmp_path: Path) -> None:
    picture, prompt = tmp_path / "a.png", tmp_path / "prompt.txt"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5 << 20))
    prompt.write_text("a cat")
    with MockServer() as server:
        files = ["-F", f"style_reference_images=@{picture}", "-F", f"style_reference_images=@{picture}"]
        assert curl(server, *files, "-F", "note=@/dev/null") == "200"
        assert asked(server) == [(200, "a cat")]
        assert all('"a.png"' in remark for remark in server.ledger[0].remarks[:2])
        url, key = server.url + OPERATION.path, f"{API_KEY_HEADER}: {KEY}"
        line = ["-sS", "-F", f"text_prompt=@{prompt}", "-H", key, "-o", "/dev/null", "-w", "%{http_code}", url]
        assert run(program("curl"), *line) == ["200"]
        assert asked(server)[1] == (200, "a cat")


def test_a_connection_on_which_another_protocol_is_offered_later_is_used_on() -> None:
    with MockServer() as server:
        url = server.url + OPERATION.path
        each = ["-F", "text_prompt=a cat", "-H", f"{API_KEY_HEADER}: {KEY}", "-sS", "-o", "/dev/null"]
        each += ["-w", "%{http_code}/%{num_connects} "]
        line = [*each, "--http1.1", url, "--next", *each, "--http2", url, "--next", *each, "--http1.1", url]
        assert run(program("curl"), *line) == ["200/1", "200/0", "200/0"]
        assert asked(server) == [(200, "a cat")] * 3


@pytest.mark.parametrize("offer", [[], ["--http2"]], ids=["plain", "http2"])
def test_a_body_that_curl_asks_leave_for_is_let_come(offer: list[str], tmp_path: Path) -> None:
    long = tmp_path / "prompt.txt"
    long.write_text("x" * 1_100_000)  # from a megabyte on, curl sends Expect: 100-continue
    url, key = "", f"{API_KEY_HEADER}: {KEY}"
    with MockServer() as server:
        url = server.url + OPERATION.path
        line = [*offer, "-F", f"text_prompt=<{long}", "-H", key, "-sS", "-v", "-o", "/dev/null", url]
        done = subprocess.run([program("curl"), *line], capture_output=True, text=True, timeout=120, check=True)
        assert "> Expect: 100-continue" in done.stderr
        assert "< HTTP/1.1 100 Continue" in done.stderr
        assert asked(server) == [(200, "x" * 1_100_000)]


def test_javas_own_client_gets_its_pictures(tmp_path: Path) -> None:
    source = tmp_path / "Program.java"
    source.write_text(JAVA)
    with MockServer() as server:
        url = server.url + OPERATION.path
        assert run(program("java"), str(source), url, API_KEY_HEADER, KEY) == ["200"] * 5
        assert asked(server) == [(200, "a cat")] * 5


def test_nodes_own_clients_get_their_pictures() -> None:
    with MockServer() as server:
        assert run(program("node"), "-e", NODE, server.url + OPERATION.path, API_KEY_HEADER, KEY) == ["200"] * 4
        assert asked(server) == [(200, "a cat")] * 4


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "studio.example", "STUDIO.example:8080"])
@pytest.mark.parametrize("scheme", ["http", "HTTP", "https"])
def test_a_target_that_is_a_whole_url_is_understood(scheme: str, host: str) -> None:
    """As programs send it that take the server for a proxy. RFC 9112, 3.2.2: the URL's host counts, not the header."""
    with MockServer() as server:
        host = host.format(port=server.url.rpartition(":")[2])
        (answer,) = converse(server, request(f"{scheme}://{host}{OPERATION.path}", "HTTP/1.1"), count=1)
        assert answer.startswith("HTTP/1.1 200 ")
        assert f'"url":"http://{host}/' in answer
        assert [exchange.path for exchange in server.ledger] == [OPERATION.path]


@pytest.mark.parametrize("target", ["http://[bad/x", "ftp://studio.example/x", "http://", "*", "x", "http:/v1"])
def test_a_target_that_is_nothing_of_the_kind_gets_a_404(target: str) -> None:
    with MockServer() as server:
        (answer,) = converse(server, request(target, "HTTP/1.1"), count=1)
        assert answer.startswith("HTTP/1.1 404 ")
        assert server.ledger == []


def test_requests_in_a_pipeline_are_answered_in_their_order() -> None:
    with MockServer() as server:
        texts = [f"cat {number}" for number in range(5)]
        offer = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
        data = b"".join(request(OPERATION.path, "HTTP/1.1", text, offer) for text in texts)
        answers = converse(server, data, count=len(texts))
        assert all(f'"prompt":"{text}"' in answer for text, answer in zip(texts, answers, strict=True))
        assert asked(server) == [(200, text) for text in texts]


def test_a_request_that_arrives_byte_by_byte_is_understood() -> None:
    with MockServer() as server, connect(server) as peer:
        for byte in request(OPERATION.path, "HTTP/1.1", more="Upgrade: h2c\r\nConnection: upgrade\r\n"):
            peer.sendall(bytes([byte]))
        assert read_answer(peer).startswith("HTTP/1.1 200 ")


@pytest.mark.parametrize(("method", "status"), [("post", 405), ("OPTIONS", 405), ("HEAD", 405), ("BREW", 405)])
def test_another_method_is_refused_by_its_name(method: str, status: int) -> None:
    """Methods have upper and lower case (RFC 9110, 9.1)."""
    with MockServer() as server, connect(server) as peer:
        peer.sendall(request(OPERATION.path, "HTTP/1.0").replace(b"POST", method.encode(), 1))
        answer = b"".join(iter(lambda: peer.recv(65536), b"")).decode()
        assert answer.startswith(f"HTTP/1.1 {status} ")
        assert f"allow: {OPERATION.method}" in answer
        assert (f"{method} {OPERATION.path} is not served" in answer) == (method != "HEAD")


def test_what_is_no_http_is_refused_and_the_server_lives_on() -> None:
    with MockServer() as server:
        for nonsense in (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"hello\r\n\r\n"):
            with connect(server) as peer:
                peer.sendall(nonsense)
                assert peer.recv(65536).startswith(b"HTTP/1.1 40")
        (answer,) = converse(server, request(OPERATION.path, "HTTP/1.1"), count=1)
        assert answer.startswith("HTTP/1.1 200 ")


def test_a_body_over_the_limit_is_heard_of_by_who_offers_another_protocol(tmp_path: Path) -> None:
    long = tmp_path / "prompt.txt"
    long.write_bytes(b"x" * (LARGEST_BODY + 1))
    with MockServer() as server:
        assert curl(server, "--http2", "-F", f"resolution=<{long}") == "413"


def request(target: str, version: str, text: str = "a cat", more: str = "") -> bytes:
    content_type, body = encode(fields(text_prompt=text))
    lines = [f"POST {target} {version}", "Host: header.example", f"Content-Type: {content_type}"]
    lines += [f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in HEADERS.items())]
    return "\r\n".join([*lines, more + "\r\n"]).encode() + body


def connect(server: MockServer) -> socket.socket:
    parts = urlsplit(server.url)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30)


def converse(server: MockServer, data: bytes, *, count: int) -> list[str]:
    """Send all at once, and read so many answers."""
    with connect(server) as peer:
        peer.sendall(data)
        return [read_answer(peer) for _ in range(count)]


def read_answer(peer: socket.socket) -> str:
    """Head and body of one answer, and nothing behind it."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = peer.recv(1)
        assert byte, head
        head += byte
    size = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    body = b""
    while len(body) < size:
        body += peer.recv(size - len(body))
    return (head + body).decode()
