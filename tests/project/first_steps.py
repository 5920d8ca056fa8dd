"""What a user does who has installed the wheel and nothing else: make an image and save it.

Run by a Python in which nothing but the wheel and its dependencies is installed. Prints, as JSON, the packages outside
the standard library that were loaded beside those that httpx and attrs load by themselves.
"""

import sys

import attr  # noqa: F401
import attrs  # noqa: F401
import httpx

httpx.Client().close()  # loads httpcore, and the event loops that it finds
BEFORE = set(sys.modules)

import json  # noqa: E402
import tempfile  # noqa: E402
import threading  # noqa: E402
import zlib  # noqa: E402
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer  # noqa: E402
from pathlib import Path  # noqa: E402

from ideogram_ai import Ideogram  # noqa: E402
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4  # noqa: E402


def chunk(kind: bytes, data: bytes) -> bytes:
    """Frame a part of a PNG file."""
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


HEADER = chunk(b"IHDR", bytes([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]))
PNG = b"\x89PNG\r\n\x1a\n" + HEADER + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


class Service(BaseHTTPRequestHandler):
    """The smallest stand-in for the service."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == POST_GENERATE_IMAGE_V4.path
        assert self.headers["Api-Key"] == "a-key"
        assert b'name="text_prompt"\r\n\r\nA photo of a cat\r\n' in body
        image = {"prompt": "p", "resolution": "1x1", "is_image_safe": True, "seed": 1}
        link = f"http://{self.headers['Host']}/cat.png"
        answer = {"created": "2026-10-07T12:00:00Z", "data": [{**image, "url": link}]}
        self.answer("application/json", json.dumps(answer).encode())

    def do_GET(self) -> None:
        assert "Api-Key" not in self.headers
        self.answer("image/png", PNG)

    def answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def main() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server, tempfile.TemporaryDirectory() as folder:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with Ideogram("a-key", base_url=f"http://127.0.0.1:{server.server_address[1]}") as client:
            generation = client.generate(text_prompt="A photo of a cat")
            saved = client.download(generation.images[0], Path(folder) / "cat.png")
            assert saved.read_bytes() == PNG
        server.shutdown()
    packages = {name.partition(".")[0] for name in set(sys.modules) - BEFORE}
    print(json.dumps(sorted(packages - set(sys.stdlib_module_names))))


if __name__ == "__main__":
    main()
