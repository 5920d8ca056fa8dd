"""Runs a Python program as forks of a process that has imported what it needs: `fork_server.py SOCKET PROGRAM CODE`."""

import os
import runpy
import signal
import socket
import sys
import threading
from typing import NoReturn


def serve(path: str, program: str, preload: str) -> NoReturn:
    """Fork for each connection until the process is killed."""
    exec(preload)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no child is waited for
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(100)
    print("ready", flush=True)
    while True:
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            run(connection, program)
        connection.close()


def run(connection: socket.socket, program: str) -> NoReturn:
    """Run the program with the streams, arguments and environment of the command; end when the command is killed."""
    size, streams, _, _ = socket.recv_fds(connection, 4, 3)
    given = connection.recv(int.from_bytes(size), socket.MSG_WAITALL).decode("utf-8", "surrogateescape")
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    arguments, _, variables = f"\0{given}".partition("\0\0")
    sys.argv = [program, *arguments.split("\0")[1:]]
    os.environ.clear()
    os.environ.update(variable.partition("=")[::2] for variable in variables.split("\0"))
    threading.Thread(target=lambda: connection.recv(1) or os._exit(1), daemon=True).start()
    code = 1
    try:
        runpy.run_path(program, run_name="__main__")
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001 - as the interpreter does
        sys.excepthook(*sys.exc_info())
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(bytes([code]))
    os._exit(code)


if __name__ == "__main__":
    serve(*sys.argv[1:])
