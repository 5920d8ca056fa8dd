"""The command of a program that is a fork: `forked_program.py SOCKET ARGUMENT...`; see `conformance_runs.forked`.

It hands its streams, arguments and environment to the server, waits for the fork and ends as it does. When it is
killed, the fork ends too. It imports almost nothing, because that takes longer than the fork.
"""

import _socket  # type: ignore[import-not-found, unused-ignore]
import os
import sys

STREAMS = 3

connection = _socket.socket(_socket.AF_UNIX)
connection.connect(sys.argv[1])
given = [*sys.argv[2:], "", *(f"{name}={value}" for name, value in os.environ.items())]
content = "\0".join(given).encode("utf-8", "surrogateescape")
streams = b"".join(number.to_bytes(4, sys.byteorder) for number in range(STREAMS))
connection.sendmsg([len(content).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
connection.sendall(content)
sys.exit((connection.recv(1) or b"\1")[0])
