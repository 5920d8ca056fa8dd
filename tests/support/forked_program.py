"""The command of a program that is a fork: `forked_program.py SOCKET ARGUMENT...`; see `fork_server.forked`.

It hands its streams, folder, arguments and environment to the server, passes signals on to the fork and ends as that
does. When it is killed, the fork ends too. It imports almost nothing, because that takes longer than the fork.
"""

import _signal  # type: ignore[import-not-found, unused-ignore]
import _socket  # type: ignore[import-not-found, unused-ignore]
import os
import sys

STREAMS = 3

connection = _socket.socket(_socket.AF_UNIX)
connection.connect(sys.argv[1])
given = [os.getcwd(), str(len(sys.argv) - 2), *sys.argv[2:], *(f"{name}={value}" for name, value in os.environ.items())]
content = "\0".join(given).encode("utf-8", "surrogateescape")
streams = b"".join(number.to_bytes(4, sys.byteorder) for number in range(STREAMS))
connection.sendmsg([len(content).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
connection.sendall(content)
fork = int.from_bytes(connection.recv(4), sys.byteorder)
for number in (_signal.SIGHUP, _signal.SIGINT, _signal.SIGTERM):
    _signal.signal(number, lambda number, _: os.kill(fork, number))
sys.exit((connection.recv(1) or b"\1")[0])
