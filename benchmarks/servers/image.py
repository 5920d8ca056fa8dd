"""Sends one image of so many bytes to whoever asks: `python -m benchmarks.servers.image BYTES`."""

import os
import socketserver
import struct
import sys
import tempfile
import zlib


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


_HEAD = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", bytes([0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0]))
_END = _chunk(b"IEND", b"")
_LARGEST_CHUNK = 1 << 20


class Handler(socketserver.BaseRequestHandler):
    """One connection. The image goes from the file to the socket without passing through this process."""

    def handle(self) -> None:
        """Answer one request after the other."""
        read = b""
        while piece := self.request.recv(65536):
            read += piece
            if not read.endswith(b"\r\n\r\n"):
                continue
            read = b""
            size = os.fstat(IMAGE.fileno()).st_size
            head = f"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: {size}\r\n\r\n"
            self.request.sendall(head.encode())
            sent = 0
            while sent < size:
                sent += os.sendfile(self.request.fileno(), IMAGE.fileno(), sent, size - sent)


class Server(socketserver.ThreadingTCPServer):
    """A thread for each connection."""

    daemon_threads = True


if __name__ == "__main__":
    with tempfile.TemporaryFile() as IMAGE, Server(("127.0.0.1", 0), Handler) as server:
        filler = os.urandom(_LARGEST_CHUNK)
        IMAGE.write(_HEAD)
        left = int(sys.argv[1]) - len(_HEAD) - len(_END)
        while left > 0:
            chunk = _chunk(b"IDAT", filler[: max(0, left - 12)])
            IMAGE.write(chunk)
            left -= len(chunk)
        IMAGE.write(_END)
        IMAGE.flush()
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        server.serve_forever()
