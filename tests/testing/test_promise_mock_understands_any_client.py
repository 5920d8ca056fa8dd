"""Why this matters: a rehearsal proves only what it has in common with the real thing, and most programs are not ours.

HTTP libraries of other languages offer another protocol, ask before they send a body, send it in pieces, or use an old
version. A server may ignore an offer (RFC 9110, 7.8), but it must not lose the body. A program in a web page can only
read a response that allows it. The requests here come from curl, from Java's and Node's own clients, from bare
sockets, and from a real browser, in pages of another origin and in a file, whose origin is null.
"""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from browser import open_browser
from driver import case
from mock_requests import HEADERS, KEY, encode, fields, post, send
from raw_http import connect, listen, talk

from ideogram_ai.generated.operations import API_KEY_HEADER
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import UNSAFE_WORD, MockServer
from ideogram_ai.testing.app import LARGEST_BODY

JAVA = """
import java.net.URI;
import java.net.http.*;
import java.net.http.HttpRequest.*;

public class Program {
    public static void main(String[] arguments) throws Exception {
        var body = "--b\\r\\nContent-Disposition: form-data; name=\\"text_prompt\\"\\r\\n\\r\\na cat\\r\\n--b--\\r\\n";
        var whole = BodyPublishers.ofString(body);
        var chunked = BodyPublishers.fromPublisher(whole);
        var request = HttpRequest.newBuilder(URI.create(arguments[0])).header(arguments[1], arguments[2])
            .header("Content-Type", "multipart/form-data; boundary=b");
        var client = HttpClient.newHttpClient();
        for (var each : new HttpRequest[] {
            request.copy().POST(whole).build(),
            request.copy().POST(whole).version(HttpClient.Version.HTTP_1_1).build(),
            request.copy().POST(whole).build(),
            request.copy().POST(chunked).build(),
            request.copy().POST(chunked).expectContinue(true).build(),
        })
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

PROGRAM = """
async ([url, path, header, unsafe]) => {
  const ask = async (text, headers, more) => {
    const form = new FormData();
    form.append("text_prompt", text);
    form.append("style_reference_images", new Blob([new Uint8Array([137, 80, 78, 71])]), "a.png");
    const response = await fetch(url + path, { method: "POST", body: form, headers, ...more });
    const seen = { status: response.status, retryAfter: response.headers.get("retry-after") };
    return { ...seen, body: await response.json() };
  };
  const key = { [header]: "any-key" };
  const made = await ask("a cat", key);
  const link = made.body.data[0].url;
  const image = await fetch(link);
  const blob = await image.blob();
  const bitmap = await createImageBitmap(blob);
  const part = await fetch(link, { headers: { Range: "bytes=0-7" } });
  const drawn = new Image();
  drawn.crossOrigin = "anonymous";
  drawn.src = link;
  await drawn.decode();
  const canvas = document.createElement("canvas");
  canvas.getContext("2d").drawImage(drawn, 0, 0);
  canvas.toDataURL();  // throws where the image may not be read
  return {
    origin: self.origin,
    made,
    image: [image.status, blob.type, bitmap.width],
    part: [part.status, part.headers.get("content-range")],
    stale: (await fetch(link + "0")).status,
    noKey: await ask("a cat", {}),
    unsafe: await ask(unsafe, key),
    credentials: (await ask("a cat", key, { credentials: "include" })).status,
    demanded: await ask("a cat", { ...key, Prefer: "code=429" }),
    nowhere: (await fetch(url + "/nowhere", { method: "PUT", headers: { ...key, "X-Any": "1" } })).status,
  };
}
"""


def run(name: str, *arguments: str) -> str:
    """What a program writes; the test is skipped if it is not installed."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    done = subprocess.run([found, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def curl(server: MockServer, *options: str, form: str = "text_prompt=a cat", show: str = "%{http_code} ") -> list[str]:
    """The options with which curl sends a form."""
    key = f"{API_KEY_HEADER}: {KEY}"
    return [*options, "-sS", "-F", form, "-H", key, "-o", "/dev/null", "-w", show, server.url + OPERATION.path]


def requested(server: MockServer) -> list[tuple[int | None, str]]:
    """Status and prompt of each request since the last call."""
    seen = [(exchange.status, dict(exchange.fields).get("text_prompt", "")) for exchange in server.ledger]
    server.clear_ledger()
    return seen


def test_curl(server: MockServer, tmp_path: Path) -> None:
    # The line of the provider's page; curl adds the boundary to the Content-Type that it sets.
    line = ["-X", "POST", server.url + "/v1/ideogram-v4/generate", "-H", "Api-Key: <apiKey>"]
    line += ["-H", "Content-Type: multipart/form-data", "-F", "text_prompt=A photo of a cat"]
    assert '"prompt":"A photo of a cat"' in run("curl", "-sS", *line)
    assert requested(server) == [(200, "A photo of a cat")]
    upgrade = ["-H", "Connection: Upgrade", "-H"]
    for options in [
        ["--http2"],
        ["--http2", "-H", "Transfer-Encoding: chunked"],
        ["--http2", "-H", "Expect: 100-continue"],
        ["--http1.0"],
        ["-H", "Transfer-Encoding: chunked"],
        ["-H", "Expect: 100-continue"],
        [*upgrade, "Upgrade: TLS/1.0"],
        [*upgrade, "Upgrade: websocket"],
        ["-H", "connection: keep-alive, UPGRADE", "-H", "upgrade: h2c, websocket"],
    ]:
        assert run("curl", *curl(server, *options)) == "200 ", options
        assert requested(server) == [(200, "a cat")], options
    each = [curl(server, version, show="%{http_code}/%{num_connects} ") for version in ("--http1.1", "--http2")]
    line = [*each[0], "--next", *each[1], "--next", *each[0]]
    assert run("curl", *line).split() == ["200/1", "200/0", "200/0"], "an offer on a connection that is in use"
    assert requested(server) == [(200, "a cat")] * 3
    long = tmp_path / "prompt.txt"
    long.write_text("x" * 1_100_000)  # from a megabyte on, curl sends Expect: 100-continue
    for options in ([], ["--http2"]):
        log = run("curl", *curl(server, "-v", *options, form=f"text_prompt=<{long}"))
        assert "> Expect: 100-continue" in log
        assert "< HTTP/1.1 100 Continue" in log
        assert requested(server) == [(200, "x" * 1_100_000)]
    long.write_bytes(b"x" * (LARGEST_BODY + 1))
    assert run("curl", *curl(server, "--http2", form=f"resolution=<{long}")) == "413 "


def test_curl_with_files(server: MockServer, tmp_path: Path) -> None:
    picture, prompt = tmp_path / "a.png", tmp_path / "prompt.txt"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(5 << 20))
    prompt.write_text("a cat")
    files = ["-F", f"style_reference_images=@{picture}", "-F", f"style_reference_images=@{picture}"]
    assert run("curl", *curl(server, *files, "-F", "note=@/dev/null")) == "200 "
    assert all('"a.png"' in remark for remark in server.ledger[0].remarks[:2]), "the contract has no such file"
    assert requested(server) == [(200, "a cat")]
    assert run("curl", *curl(server, form=f"text_prompt=@{prompt}")) == "200 "
    assert requested(server) == [(200, "a cat")]


def test_java(server: MockServer, tmp_path: Path) -> None:
    source = tmp_path / "Program.java"
    source.write_text(JAVA)
    quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    said = run("java", *quick, str(source), server.url + OPERATION.path, API_KEY_HEADER, KEY)
    assert said.split() == ["200"] * 5
    assert requested(server) == [(200, "a cat")] * 5


def test_node(server: MockServer) -> None:
    said = run("node", "-e", NODE, server.url + OPERATION.path, API_KEY_HEADER, KEY)
    assert said.split() == ["200"] * 4
    assert requested(server) == [(200, "a cat")] * 4


def test_request_targets(server: MockServer) -> None:
    """Programs that use the server as a proxy send a whole URL, whose host counts (RFC 9112, 3.2.2)."""
    for scheme in ("http", "HTTP", "https"):
        for host in (server.url.removeprefix("http://"), "studio.example", "STUDIO.example:8080"):
            with case((scheme, host)):
                heard = talk(server.url, request(f"{scheme}://{host}{OPERATION.path}"))
                assert heard.status == 200
                assert f'"url":"http://{host}/'.encode() in heard.body
                assert [exchange.path for exchange in server.ledger] == [OPERATION.path]
                server.clear_ledger()
    for target in (OPERATION.path.replace("g", "%67"), OPERATION.path.replace("-", "%2d") + "?a=%2F"):
        assert talk(server.url, request(target)).status == 200, target
    server.clear_ledger()
    for target in ("http://[bad/x", "ftp://studio.example/x", "http://", "*", "x", "http:/v1"):
        assert talk(server.url, request(target)).status == 404, target
        assert server.ledger == [], target


def test_bare_sockets(server: MockServer) -> None:
    texts = [f"cat {number}" for number in range(5)]
    offers = [request(text=text, connection="Upgrade, HTTP2-Settings") for text in texts[:-1]]
    heard = talk(server.url, b"".join([*offers, request(text=texts[-1])]))
    assert re.findall(r'"prompt":"(.*?)"', heard.data.decode()) == texts, "a pipeline is answered in its order"
    assert requested(server) == [(200, text) for text in texts]
    with connect(server.url) as peer:
        for byte in request(connection="upgrade, close"):
            peer.sendall(bytes([byte]))
        assert listen(peer).status == 200
    for method in ("post", "OPTIONS", "HEAD", "BREW"):  # methods are case-sensitive (RFC 9110, 9.1)
        heard = talk(server.url, request().replace(b"POST", method.encode(), 1).replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        assert (heard.status, heard.header("allow")) == (405, OPERATION.method), method
        said = f"{method} {OPERATION.path} is not served".encode() in heard.body
        assert said == (method != "HEAD"), method
    for nonsense in (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\r\n\r\n", b"hello\r\n\r\n"):
        assert talk(server.url, nonsense, limit=12).data.startswith(b"HTTP/1.1 40"), nonsense
    assert talk(server.url, request()).status == 200


def request(target: str = OPERATION.path, text: str = "a cat", connection: str = "close") -> bytes:
    """The bytes of a request for an image, which offers HTTP/2."""
    content_type, body = encode(fields(text_prompt=text))
    lines = [f"POST {target} HTTP/1.1", "Host: header.example", f"Content-Type: {content_type}"]
    lines += [f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in HEADERS.items())]
    lines += [f"Connection: {connection}", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_a_program_in_a_page_reads_every_response(server: MockServer, tmp_path: Path) -> None:
    page_file = tmp_path / "page.html"
    page_file.write_text("<!doctype html><meta charset=utf-8><title>A program</title>")
    with open_browser(tmp_path / "profile") as browser, MockServer() as other:
        for origin, url in ((other.url, f"{other.url}/page.html"), ("null", page_file.as_uri())):  # the first is a 404
            page = browser.new_page()
            page.goto(url)
            seen: dict[str, Any] = page.evaluate(PROGRAM, [server.url, OPERATION.path, API_KEY_HEADER, UNSAFE_WORD])
            with case(origin):
                assert seen["origin"] == origin
                assert seen["made"]["status"] == 200
                width = int(seen["made"]["body"]["data"][0]["resolution"].partition("x")[0])
                assert seen["image"] == [200, "image/png", width]
                assert seen["part"][0] == 206
                assert seen["part"][1].startswith("bytes 0-7/")
                assert (seen["stale"], seen["nowhere"], seen["credentials"]) == (403, 404, 200)
                assert (seen["noKey"]["status"], seen["unsafe"]["status"]) == (401, 422)
                assert seen["noKey"]["body"]["status"] == 401
                assert (seen["demanded"]["status"], seen["demanded"]["retryAfter"] is not None) == (429, True)
                sent = [status for status, _ in requested(server)]
                assert sent == [200, 401, 422, 200, 429], "preflight requests are not requests for an image"


def test_preflight_requests(mock_url: str) -> None:
    for origin in ("http://studio.example", "https://studio.example:8443", "null", "app://x"):
        wanted = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "api-key,content-type,x-any",
            "Access-Control-Request-Private-Network": "true",
        }
        for path in (OPERATION.path, "/nowhere", "/api/images/ephemeral/x.png"):
            response = send("OPTIONS", mock_url + path, headers=wanted)
            with case((origin, path)):
                assert response.is_success
                assert response.headers["access-control-allow-origin"] == origin
                assert response.headers["access-control-allow-headers"] == "api-key,content-type,x-any"
                assert "POST" in response.headers["access-control-allow-methods"]
                assert response.headers["access-control-allow-private-network"] == "true"
    response = post(mock_url, fields(text_prompt="a cat"))
    assert not [name for name in response.headers if name.startswith("access-control")], "for pages only"
    assert send("OPTIONS", mock_url + OPERATION.path, headers=HEADERS).status_code == 405
