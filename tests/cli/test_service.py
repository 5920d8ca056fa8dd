"""Which server a command talks to, and with which key: the service, another base URL, or a mock server."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from cli_runs import IDEOGRAM, KEY, SMALL, Command, environment, files, refuse
from small_internet import Internet

import ideogram_ai.testing
from ideogram_ai.client import Ideogram, RateLimitError, RetryPolicy
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer

# The key


def test_a_file_holds_the_key(ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDEOGRAM_API_KEY", "another")
    for content in (KEY, f"{KEY}\n", f"\ufeff {KEY}\r\n"):
        (folder / "key").write_text(content)
        with FaultServer() as server:
            run = ideogram("generate", "a", "-o", ".", "--api-key-file", "key", "--base-url", server.url)
            (post,) = server.wait_idle().posts
            gets = server.ledger.gets
        assert (run.code, post.header("Api-Key")) == (0, KEY)
        assert gets
        assert not [request for request in gets if KEY.encode() in request.raw]


def test_a_key_that_cannot_be_used(ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDEOGRAM_API_KEY")
    with FaultServer() as server:
        for content, says in (
            (None, "cannot be read: No such file"),
            ("", "--api-key-file 'key': the API key is blank."),
            (" \n", "is blank"),
            ("x" * 5000, "too large for a key"),
            (f"{KEY} {KEY}", "white space"),
            (f"Bearer {KEY}", "--api-key-file 'key': give the API key alone, without Bearer"),
        ):
            (folder / "key").unlink(missing_ok=True)
            if content is not None:
                (folder / "key").write_text(content)
            refuse(ideogram, [(["--base-url", server.url], says)], "generate", "a", "--api-key-file", "key")
        assert not server.wait_idle().requests
    run = ideogram("generate", "a")
    assert run.code == 2
    assert "No API key: set IDEOGRAM_API_KEY, or give --api-key-file FILE." in run.err
    assert "--mock" in run.err
    assert "--mock" not in ideogram("fetch", "a").err, "it has no such option"
    monkeypatch.setenv("IDEOGRAM_API_KEY", " ")
    assert "IDEOGRAM_API_KEY: the API key is blank" in ideogram("generate", "a").err


# --allow-http


def test_http_to_another_machine_is_allowed_by_name_with_a_warning(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A mock server in another container."""
    (folder / "rows.jsonl").write_text('{"text_prompt": "a cat"}\n')
    with Internet(monkeypatch, tmp_path_factory.mktemp("authority")) as internet, MockServer("0.0.0.0") as server:
        internet.name("mock", "127.0.0.1")
        url = f"http://mock:{server.url.rpartition(':')[2]}"
        commands = [
            ("generate", "a cat", "-o", "cat.png", "--overwrite", "--base-url", url),
            ("batch", "rows.jsonl", "--out", "images", "--yes", "--base-url", url),
            ("conform", "server", url),
        ]
        for command in commands:
            run = ideogram(*command)
            assert (run.code, "--allow-http" in run.err) == (2, True)
        assert not (folder / "cat.png").exists()
        for command in commands:
            run = ideogram(*command, "--allow-http")
            assert run.code == 0, run
            (warning,) = [line for line in run.err.splitlines() if "is reached over http" in line]
            assert "mock:" in warning
            assert "can read the API key" in warning
        assert (folder / "cat.png").read_bytes().startswith(b"\x89PNG")
        assert len(list((folder / "images").rglob("*.png"))) == 1
        monkeypatch.setenv("IDEOGRAM_ALLOW_HTTP", "1")
        assert [ideogram(*command).code for command in commands] == [0, 0, 0]
        monkeypatch.setenv("IDEOGRAM_BASE_URL", url)
        run = ideogram("generate", "a dog", "-o", "dog.png", "--quiet")
        assert (run.code, run.err) == (0, "")


def test_there_is_no_warning_on_loopback(ideogram: Command, service: MockServer) -> None:
    run = ideogram("generate", "a cat", "-o", "cat.png", "--allow-http", *SMALL)
    assert (run.code, run.err, len(service.ledger)) == (0, "", 1)


# --mock


def test_the_readme_command_needs_nothing_of_the_environment(folder: Path) -> None:
    run = subprocess.run(
        [*IDEOGRAM, "generate", "A photo of a cat", "--mock", "-o", "cat.png"],
        cwd=folder, env={"PYTHONPATH": environment()["PYTHONPATH"]}, text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("saved cat.png\n")
    assert files(folder) == ["cat.png"]
    head = (folder / "cat.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(head[16:20]), int.from_bytes(head[20:24])) == (2048, 2048)


def test_a_rehearsal_ignores_key_base_url_and_proxies(ideogram: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer() as server:
        for name in ("IDEOGRAM_BASE_URL", "HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, server.url)
        monkeypatch.setenv("SSL_CERT_FILE", "/gone.pem")
        run = ideogram("generate", "a", "--mock", "-o", "a.png", "--api-key-file", "nowhere", *SMALL)
        assert server.ledger.connections == 0
    assert run.code == 0


@pytest.mark.parametrize("missing", ["uvicorn", "PIL"])
def test_without_its_extra_the_mock_server_says_what_to_install(
    ideogram: Command, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setattr("ideogram_ai.testing", ideogram_ai.testing)  # so that the present one is put back
    for name in [
        name for name in sys.modules if name.split(".")[0] == missing or name.startswith("ideogram_ai.testing")
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    says = f"error: The mock server needs {missing}: run pip install 'ideogram-ai[testing]'."
    refuse(ideogram, [(["generate", "a", "--mock"], says), (["mock"], says)])


def test_a_machine_without_sockets(ideogram: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("socket.create_server", refuse)
    run = ideogram("generate", "a", "--mock")
    assert run.code == 2
    assert "this machine cannot start a server: Operation not permitted" in run.err


def test_warnings_of_the_mock_server_are_printed(ideogram: Command) -> None:
    from ideogram_ai.testing.drawing.lettering import forget_fonts

    for quiet in ([], ["--quiet"]):
        forget_fonts()
        run = ideogram("generate", "CAFÉ \U00012000", "--mock", "-o", "cat.png", "--overwrite", *quiet)
        assert run.code == 0
        assert ("\U00012000 (Cuneiform)" in run.err) == (not quiet)
        assert "É" not in run.err


# ideogram mock


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


def test_it_serves_until_sigint(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    options = ("--scenario", "429, 200", "--latency", "0.01", "--in-flight", "1", "--record", record)
    with serving(*options) as (process, url):
        assert url.startswith("http://127.0.0.1:")
        with Ideogram(KEY, base_url=url, retry=RetryPolicy(max_attempts=1)) as client:
            with pytest.raises(RateLimitError):
                client.generate(text_prompt="a")
            generation = client.generate(text_prompt="a", resolution="512x1536")
            client.download(generation.images[0], tmp_path / "a.png")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err) == (0, "", "")
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert [line["status"] for line in lines] == [429, 200, 200]
    assert KEY not in record.read_text()


def test_sigterm_ends_it_while_a_request_is_in_progress() -> None:
    """Other machines can reach it, and it warns about that."""
    with serving("--latency", "600", "--host", "0.0.0.0") as (process, url):
        port = url.rpartition(":")[2]
        with socket.create_connection(("127.0.0.1", int(port))) as connection:
            # The head alone: the server waits for the body.
            connection.sendall(f"POST {OPERATION.path} HTTP/1.1\r\nHost: here\r\nContent-Length: 9\r\n\r\n".encode())
            with httpx.Client(trust_env=False, timeout=20) as client:
                assert client.get(f"http://127.0.0.1:{port}").status_code == 404, "it answers others meanwhile"
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=20)
    assert process.returncode == 0
    warning = "warning: 0.0.0.0 can be reached from other machines, and anyone who reaches it can use this server.\n"
    assert err == warning


def test_options_that_the_mock_server_cannot_use(ideogram: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        cases = (
            (["--port", port], f"--port: port {port} of 127.0.0.1 is in use. Choose another one, or 0"),
            (["--scenario", "429,abc"], "'abc'"),
            (["--scenario", "100"], "'100'"),
            (["--latency", "-1"], "latency is -1.0"),
            (["--latency", "nan"], "latency is nan"),
            (["--in-flight", "-1"], "in_flight is -1"),
            (["--in-flight", "x"], "'x' is not a valid integer"),
            (["--port", "70000"], "70000"),
            (["--host", "203.0.113.1"], "--host: '203.0.113.1' is not an address of this machine"),
            (["--record", "nowhere/record"], "--record: 'nowhere/record' cannot be written: No such file or directory"),
            (["--record", "."], "--record: '.' cannot be written: Is a directory"),
            (["extra"], "extra"),
        )
        refuse(ideogram, cases, "mock")

    def fail(*_arguments: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.create_server", fail)
    refuse(ideogram, [(["nowhere.invalid"], "--host: 'nowhere.invalid' is not an address of")], "mock", "--host")
