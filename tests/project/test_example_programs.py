"""The programs of examples/ run against the mock server, on real sockets, as their users start them."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import nbformat
import pytest
import s3_server
from nbclient import NotebookClient
from PIL import Image

from ideogram_ai.testing import FAILED_WORD, UNSAFE_WORD, WITHHELD_WORD, MockServer

EXAMPLES = Path(__file__).parents[2] / "examples"
pytestmark = pytest.mark.slow


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[MockServer]:
    """A mock server, whose address and key the programs find in their environment."""
    monkeypatch.chdir(tmp_path)
    with MockServer() as server:
        monkeypatch.setenv("IDEOGRAM_BASE_URL", server.url)
        monkeypatch.setenv("IDEOGRAM_API_KEY", "a-key")
        yield server


def billed(server: MockServer) -> int:
    return sum(exchange.billed is True for exchange in server.ledger)


@contextlib.contextmanager
def web_service(folder: Path) -> Iterator[tuple[httpx.Client, Path]]:
    """Start the service as its docstring says, on a socket of ours, and give a client of it and what it logs."""
    log = folder / "log.txt"
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        command = [sys.executable, "-m", "uvicorn", "--app-dir", str(EXAMPLES), "--fd", str(listener.fileno())]
        program = subprocess.Popen(
            [*command, "fastapi_service:app"],
            cwd=folder,
            env={**os.environ, "PUBLIC_URL": url},
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            with httpx.Client(base_url=url, timeout=60) as user:
                yield user, log
        finally:
            program.terminate()
            program.wait(30)
    assert "Traceback" not in log.read_text("utf-8")


def finished(user: httpx.Client, job_id: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while (job := user.get(f"/images/{job_id}").raise_for_status().json())["status"] == "pending":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    found: dict[str, Any] = job
    return found


def test_the_web_service_makes_gives_and_keeps_images(server: MockServer, tmp_path: Path) -> None:
    with web_service(tmp_path) as (user, log):
        ordered = user.post("/images", json={"prompt": "A photo of a cat"})
        assert ordered.status_code == 202, ordered.text
        job_id = ordered.json()["id"]
        job = finished(user, job_id)
        assert job["images"] == [f"/images/{job_id}/0"]
        deadline = time.monotonic() + 60
        while '"POST /ideogram HTTP/1.1" 204' not in log.read_text("utf-8"):
            assert time.monotonic() < deadline, log.read_text("utf-8")
            time.sleep(0.05)
        picture = user.get(job["images"][0]).raise_for_status()
        with Image.open(BytesIO(picture.content)) as image:
            assert (picture.headers["content-type"], image.format) == ("image/png", "PNG")
        assert (tmp_path / f"images/{job_id}-0.png").read_bytes() == picture.content
        server.close()  # from now on, all comes from what the service keeps
        assert user.get(f"/images/{job_id}").json() == job
        assert user.get(job["images"][0]).content == picture.content
    assert billed(server) == 1


def test_the_web_service_reports_what_went_wrong_and_what_it_cost(server: MockServer, tmp_path: Path) -> None:
    with web_service(tmp_path) as (user, _):
        refused = user.post("/images", json={"prompt": f"A {UNSAFE_WORD} cat"})
        assert (refused.status_code, refused.json()["may_have_been_billed"]) == (422, False)
        assert user.post("/images", json={"prompt": ""}).status_code == 422
        assert user.get("/images/unknown").status_code == 404
        assert user.post("/ideogram", content=b"{}").status_code == 400, "nobody signed it"
        assert billed(server) == 0
        for word, status in ((WITHHELD_WORD, "completed"), (FAILED_WORD, "failed")):
            job = finished(user, user.post("/images", json={"prompt": f"A {word} cat"}).json()["id"])
            assert (job["status"], job["images"], bool(job["failure_reason"])) == (status, [], status == "failed")
            assert user.get(f"/images/{job['id']}/0").status_code == 404


def test_images_go_to_a_bucket_and_a_job_is_continued(server: MockServer) -> None:
    program = [sys.executable, "-W", "error", str(EXAMPLES / "upload_to_s3.py")]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*program, *arguments], capture_output=True, text=True, check=False)

    with s3_server.serve_s3() as url, s3_server.connected(url):
        bucket = s3_server.client(url)
        folder = f"s3://{s3_server.BUCKET}/cats"
        failed = run("s3://no-such-bucket/cats", "A photo of a cat")
        assert failed.returncode != 0
        job_id = failed.stderr.splitlines()[0].removeprefix("job ")
        done = run(folder, "--job", job_id)
        assert (done.returncode, done.stdout) == (0, f"{folder}/{job_id}-0.png\n"), done.stderr
        assert billed(server) == 1
        keys = [entry["Key"] for entry in bucket.list_objects_v2(Bucket=s3_server.BUCKET, Prefix="cats/")["Contents"]]
        assert keys == [f"cats/{job_id}-0.png", f"cats/{job_id}-0.png.json"]
        content = bucket.get_object(Bucket=s3_server.BUCKET, Key=keys[0])["Body"].read()
        with Image.open(BytesIO(content)) as image:
            image.load()
        refused = run(folder, f"A {UNSAFE_WORD} cat")
        assert (refused.returncode, refused.stderr.startswith("error: ")) == (1, True)


def test_the_notebook_runs_without_a_key_and_shows_pictures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook: Any = nbformat.read(EXAMPLES / "notebook.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    assert not any(cell.get("outputs") for cell in notebook.cells), "it is committed without results"
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    shown = [output.data for cell in notebook.cells for output in cell.get("outputs", ()) if "data" in output]
    assert sum("data:image/" in data.get("text/html", "") for data in shown) == 4
    with Image.open(tmp_path / "poster.png") as image:
        assert image.size == (1664, 2496)
