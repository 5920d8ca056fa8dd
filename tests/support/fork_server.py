"""Runs a Python program as forks of a process that has imported what it needs: `fork_server.py SOCKET PROGRAM CODE`."""

import contextlib
import gc
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn


@contextlib.contextmanager
def forked(program: Path, preload: str) -> Iterator[tuple[str, ...]]:
    """Give the command that runs a Python program as a fork of a process that has imported what it needs.

    Args:
        program: The program.
        preload: Statements that import it.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/socket"
        command = [sys.executable, __file__, path, str(program), preload]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                assert server.stdout.readline() == "ready\n"
                yield (sys.executable, "-S", "-E", str(Path(__file__).with_name("forked_program.py")), path)
            finally:
                server.kill()


def serve(path: str, program: str, preload: str) -> NoReturn:
    """Fork for each connection until stdin ends, at the latest with the process that started this one."""
    exec(preload)
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no child is waited for
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(100)
    print("ready", flush=True)
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            run(connection, program)
        connection.close()
    os._exit(0)


def run(connection: socket.socket, program: str) -> NoReturn:
    """Run the program with the streams, folder, arguments and environment of the command; end when that is killed."""
    connection.sendall(os.getpid().to_bytes(4, sys.byteorder))
    size, streams, _, _ = socket.recv_fds(connection, 4, 3)
    given = connection.recv(int.from_bytes(size), socket.MSG_WAITALL).decode("utf-8", "surrogateescape")
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdout.reconfigure(line_buffering=sys.stdout.isatty())  # type: ignore[union-attr]
    folder, count, *rest = given.split("\0")
    sys.argv = [program, *rest[: int(count)]]
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variable.partition("=")[::2] for variable in rest[int(count) :])
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
