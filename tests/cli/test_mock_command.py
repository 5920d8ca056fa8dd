"""`ideogram mock` is run by other programs: its first line, its end and its complaints are what they count on."""

import json
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from cli_runs import IDEOGRAM, KEY, Run, environment

from ideogram_ai.client import Ideogram, RateLimitError, RetryPolicy
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION

Command = Callable[..., Run]


@contextmanager
def serving(*arguments: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command, and give its process and the URL of its first line."""
    command = [*IDEOGRAM, "mock", *map(str, arguments)]
    with subprocess.Popen(
        command, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("listening on http://"), process.communicate()
            yield process, line.removeprefix("listening on ").removesuffix("\n")
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_told_to_end(tmp_path: Path, number: signal.Signals) -> None:
    record = tmp_path / "record.jsonl"
    options = ("--scenario", "429, 200", "--latency", "0.01", "--in-flight", "1", "--record", record)
    with serving(*options) as (process, url):
        assert url.startswith("http://127.0.0.1:")
        with Ideogram(KEY, base_url=url, retry=RetryPolicy(max_attempts=1)) as client:
            with pytest.raises(RateLimitError):
                client.generate(text_prompt="a")
            generation = client.generate(text_prompt="a", resolution="512x1536")
            client.download(generation.images[0], tmp_path / "a.png")
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert [line["status"] for line in lines] == [429, 200, 200]
    assert KEY not in record.read_text()


def test_it_ends_while_a_request_is_in_progress() -> None:
    with serving("--latency", "600", "--record", "/dev/stderr") as (process, url):
        with httpx.Client(trust_env=False, timeout=20) as client:
            request = client.build_request("POST", url + OPERATION.path, headers={"Api-Key": KEY}, data={"a": "b"})
            # The head alone: the server waits for the body.
            host, _, port = url.removeprefix("http://").partition(":")
            with socket.create_connection((host, int(port))) as connection:
                head = f"POST {OPERATION.path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 9\r\n\r\n"
                connection.sendall(head.encode())
                assert client.get(url).status_code == 404, "it answers others meanwhile"
                process.send_signal(signal.SIGTERM)
                _, err = process.communicate(timeout=20)
        assert request.method == "POST"
    assert process.returncode == 0
    assert "Traceback" not in err


def test_a_port_of_ones_own() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with serving("--port", port, "--host", "localhost") as (_, url):
        assert url == f"http://localhost:{port}"
        second = subprocess.run(
            [*IDEOGRAM, "mock", "--port", str(port)], env=environment(), text=True, capture_output=True, check=False
        )
    assert (second.returncode, second.stdout) == (2, "")
    assert (
        second.stderr
        == f"error: --port: port {port} of 127.0.0.1 is in use. Choose another one, or 0 for any that is free.\n"
    )


def test_other_machines_are_let_in_only_when_told_and_with_a_warning() -> None:
    with serving("--host", "0.0.0.0") as (process, url):
        assert url.startswith("http://0.0.0.0:")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 0
    assert err == "warning: 0.0.0.0 can be reached from other machines: whoever reaches it may use this server.\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--scenario", "429,abc"], "'abc'; a status is a number from 200 to 599"),
        (["--scenario", "100"], "'100'"),
        (["--latency", "-1"], "latency is -1.0"),
        (["--latency", "nan"], "latency is nan"),
        (["--in-flight", "-1"], "in_flight is -1"),
        (["--in-flight", "x"], "'x' is not a valid integer"),
        (["--port", "70000"], "70000"),
        (["--host", "203.0.113.1"], "'203.0.113.1' is no address of this machine"),
        (["--record", "nowhere/record"], "--record: 'nowhere/record' cannot be written: No such file or directory"),
        (["--record", "."], "--record: '.' cannot be written: Is a directory"),
        (["extra"], "extra"),
    ],
)
def test_wrong_use(ideogram: Command, arguments: list[str], says: str) -> None:
    run = ideogram("mock", *arguments)
    assert (run.code, run.out) == (2, "")
    assert "error: " in run.err
    assert says in run.err


def test_a_host_that_no_name_server_knows(ideogram: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.create_server", fail)
    run = ideogram("mock", "--host", "nowhere.invalid")
    assert run.code == 2
    assert "--host: 'nowhere.invalid' is no address of this machine" in run.err
