"""Stores behind a URL: how a user reaches them, and what is said when that fails."""

import errno
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import fsspec
import pytest
import s3_server
import s3fs

from ideogram_ai.batch.model import StoreError
from ideogram_ai.batch.store import Store, open_store

PROGRAM = """
import sys
from ideogram_ai.batch.store import open_store
with open_store(sys.argv[1]) as store, store.write("index.html") as file:
    file.write("a page")
"""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3_server.serve_s3() as url, s3_server.connected(url):
        yield url


@pytest.fixture
def place(server: str, tmp_path: Path) -> str:
    return f"s3://{s3_server.BUCKET}/{tmp_path.name}"


def add(store: Store, name: str, data: bytes) -> str:
    with store.part() as part:
        part.write_bytes(data)
        return store.add(part, name)


def test_the_environment_leads_a_program_to_a_server_of_ones_own(server: str, place: str) -> None:
    """With the variable of fsspec, which any of its drivers has."""
    own = s3_server.settings(server)
    own["FSSPEC_S3_ENDPOINT_URL"] = own.pop("AWS_ENDPOINT_URL")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | own
    command = [sys.executable, "-W", "error", "-c", PROGRAM, place]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    found = s3_server.client(server).get_object(Bucket=s3_server.BUCKET, Key=f"{place.rpartition('/')[2]}/index.html")
    assert found["Body"].read() == b"a page"
    assert found["ContentType"] == "text/html"  # a browser shows it, and does not download it


def test_an_image_is_served_as_one(server: str, place: str) -> None:
    with open_store(place) as store:
        add(store, "cat.png", b"one")
    found = s3_server.client(server).head_object(Bucket=s3_server.BUCKET, Key=f"{place.rpartition('/')[2]}/cat.png")
    assert found["ContentType"] == "image/png"


def test_a_large_file_goes_up_in_parts_and_replaces_none(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3fs.core, "calculate_chunksize", lambda size, chunksize: 5 << 20)  # the smallest of S3
    data = os.urandom(1 << 20) * 11
    with open_store(place) as store:
        assert [add(store, "cat.png", each) for each in (b"one", data, data)] == ["cat.png", "cat-2.png", "cat-2.png"]
        with store.open("cat-2.png") as file:
            assert file.read() == data


def test_the_service_itself_refuses_to_replace_a_file(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What another machine writes between the look and the upload is not lost."""
    files, _ = fsspec.url_to_fs(place)
    with open_store(place) as store:
        add(store, "cat.png", b"one")
        monkeypatch.setattr(files, "exists", lambda path: False)
        assert add(store, "cat.png", b"two") == "cat-2.png"
        with store.open("cat.png") as file:
            assert file.read() == b"one"


def test_a_service_without_that_is_asked_first(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files, _ = fsspec.url_to_fs(place)
    upload = files.put_file

    def put_file(lpath: str, rpath: str, mode: str = "overwrite", **options: Any) -> None:
        if mode == "create":
            raise OSError(errno.ENOSYS, "A header you provided implies functionality that is not implemented")
        upload(lpath, rpath, **options)

    monkeypatch.setattr(files, "put_file", put_file)
    with open_store(place) as store:
        assert [add(store, "cat.png", data) for data in (b"one", b"two")] == ["cat.png", "cat-2.png"]


def test_a_driver_that_looks_and_then_writes_is_kept_from_replacing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = fsspec.filesystem("memory")
    exists = files.exists

    def look(path: str) -> bool:
        found = exists(path)
        time.sleep(0.02)
        return bool(found)

    monkeypatch.setattr(files, "exists", look)
    with open_store(f"memory://{tmp_path.name}") as store, ThreadPoolExecutor(4) as pool:
        names = set(pool.map(lambda number: add(store, "cat.png", bytes([number])), range(4)))
    files.rm(f"/{tmp_path.name}", recursive=True)
    assert len(names) == 4


def test_a_missing_bucket_is_not_made(server: str) -> None:
    with pytest.raises(StoreError, match=r"'s3://no-such-bucket/out': .* Make it first\."):
        open_store("s3://no-such-bucket/out")
    assert [each["Name"] for each in s3_server.client(server).list_buckets()["Buckets"]] == [s3_server.BUCKET]


def test_wrong_credentials_are_told_and_the_secret_is_not(server: str, place: str) -> None:
    with (
        s3_server.asking_for_credentials(server),
        s3_server.connected(server, AWS_ACCESS_KEY_ID="AKIAWRONG", AWS_SECRET_ACCESS_KEY="a-wrong-secret"),
        pytest.raises(StoreError, match="Check the credentials") as caught,
    ):
        open_store(place)
    assert "a-wrong-secret" not in caught.value.message


def test_missing_credentials_are_told(server: str, place: str) -> None:
    with (
        s3_server.connected(server, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY=""),
        pytest.raises(StoreError, match="Check the credentials"),
    ):
        open_store(place)


def test_credentials_that_end_while_it_runs_lose_no_file(server: str, place: str) -> None:
    with open_store(place) as store, store.part() as part:
        part.write_bytes(b"paid for")
        with s3_server.asking_for_credentials(server):
            with pytest.raises(StoreError, match=r"'cat\.png' cannot be written: .* Check the credentials"):
                store.add(part, "cat.png")
            assert part.read_bytes() == b"paid for"
        assert store.add(part, "cat.png") == "cat.png"


def test_a_driver_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(StoreError, match=r"'gs://bucket/out' needs a driver that is not installed: .*gcsfs"):
        open_store("gs://bucket/out")


def test_without_fsspec_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib, "import_module", lambda name: (_ for _ in ()).throw(ImportError(name)))
    with pytest.raises(StoreError, match=r"pip install 'ideogram-ai\[batch\]'"):
        open_store("s3://bucket/out")


@pytest.mark.parametrize(
    ("location", "complaint"),
    [
        ("nonsense://x/out", "'nonsense://x/out' cannot be opened: Protocol not known: nonsense"),
        ("http://127.0.0.1:9/out", "no file can be written there"),
        ("s3://", "'s3://'"),
        ("", "has no name"),
        (" ", "has no name"),
    ],
)
def test_what_no_file_can_be_written_to_is_refused(server: str, location: str, complaint: str) -> None:
    with pytest.raises(StoreError, match=complaint):
        open_store(location)


def test_a_password_in_a_url_is_not_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError) as caught:
        open_store("sftp://somebody:a-password@127.0.0.1:9/out")
    assert "a-password" not in caught.value.message
