"""Stores: a local folder, a file URL, memory, and S3 on a real server. A file is there completely or not at all."""

import contextlib
import errno
import importlib
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import fsspec
import pytest
import s3_server

from ideogram_ai.batch.model import StoreError
from ideogram_ai.batch.store import Store, open_store

PROGRAM = """
import sys
from ideogram_ai.batch.store import open_store
with open_store(sys.argv[1]) as store, store.write("index.html") as file:
    file.write("a page")
assert sys.argv[1].startswith("s3:") or not {'fsspec', 'PIL', 'aiohttp'} & set(sys.modules)
"""


@pytest.fixture(params=["folder", "file", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An unused location of each kind."""
    match request.param:
        case "s3":
            request.getfixturevalue("s3")
            yield f"s3://{s3_server.BUCKET}/{tmp_path.name}/out"
        case "memory":
            yield f"memory://{tmp_path.name}/out"
            fsspec.filesystem("memory").rm(f"/{tmp_path.name}", recursive=True)
        case "file":
            yield f"{tmp_path.as_uri()}/an%20out"
        case _:
            yield str(tmp_path / "in" / "out")


@pytest.fixture
def bucket(s3: str, tmp_path: Path) -> str:
    return f"s3://{s3_server.BUCKET}/{tmp_path.name}"


@pytest.fixture
def store(place: str, tmp_path: Path) -> Iterator[Store]:
    with open_store(place, workspace=tmp_path / "work" if "://" in place else None) as store:
        yield store


@pytest.fixture(params=["folder", "s3"])
def claims(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An unused store where several machines can create files."""
    place = tmp_path / "out" if request.param == "folder" else request.getfixturevalue("bucket")
    with open_store(place) as store:
        yield store


def put(store: Store, data: bytes, name: str = "cat.png") -> str:
    with store.part() as part:
        part.write_bytes(data)
        return store.add(part, name)


def read(store: Store, name: str = "cat.png") -> bytes:
    with store.open(name) as file:
        return file.read()


def leftovers(store: Store) -> list[str]:
    return sorted(path.name for path in store.workspace.iterdir())


def test_files_are_moved_in_read_and_removed(store: Store, place: str) -> None:
    assert not store.exists("قطة #1.png")
    assert put(store, b"one", "قطة #1.png") == "قطة #1.png"
    assert store.exists("قطة #1.png")
    assert read(store, "قطة #1.png") == b"one"
    (store.workspace / "half").write_bytes(b"half")
    store.tidy()
    assert leftovers(store) == []
    with open_store(place) as again:
        assert read(again, "قطة #1.png") == b"one"
        assert again.title == store.title
    assert store.title in {"out", "an out"}
    for _ in range(2):
        store.remove("قطة #1.png")
    assert not store.exists("قطة #1.png")
    with pytest.raises(StoreError, match=re.escape("'cat.png' cannot be read")), store.open("cat.png"):
        pass


def test_no_other_file_is_replaced(store: Store) -> None:
    names = [put(store, data) for data in (b"one", b"two", b"six", b"three", b"one")]
    assert names == ["cat.png", "cat-2.png", "cat-3.png", "cat-4.png", "cat.png"], "the same content is the same file"
    assert [read(store, name) for name in names] == [b"one", b"two", b"six", b"three", b"one"]
    contents = [f"content {number}".encode() for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        names = list(pool.map(lambda data: put(store, data, "owl.png"), contents))
    assert len(set(names)) == len(contents)
    assert [read(store, name) for name in names] == contents


def test_files_are_replaced_completely_or_not_at_all(store: Store) -> None:
    for data in (b"one", b"longer"):
        with store.part() as part:
            part.write_bytes(data)
            store.replace(part, "thumbnails/a.webp")
        assert read(store, "thumbnails/a.webp") == data
    with store.write("manifest.jsonl") as file:
        file.write("猫\n")
    with pytest.raises(ZeroDivisionError), store.write("manifest.jsonl") as file:
        file.writelines("half of it" * 1000 if number < 100 else f"{1 / 0}" for number in range(101))
    assert read(store, "manifest.jsonl").decode() == "猫\n"
    assert leftovers(store) == []


def test_opening_leaves_nothing_behind(place: str) -> None:
    with open_store(place) as store:
        files, root = fsspec.url_to_fs(place)
        found = files.find(root) if files.exists(root) else []
        assert [name for name in found if store.workspace.name not in name] == []


@contextlib.contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Have the system refuse larger files, as a full disk does."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def test_a_file_that_does_not_fit_leaves_the_earlier_one(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with store.write("manifest.jsonl") as file:
            file.write("earlier")
        with (
            files_no_larger_than(10_000),
            pytest.raises(StoreError, match=r"'manifest\.jsonl' cannot be written: File too large.*run the same again"),
            store.write("manifest.jsonl") as file,
        ):
            file.write("x" * 20_000)
        assert (tmp_path / "manifest.jsonl").read_text() == "earlier"
        assert leftovers(store) == []


def without_links(*_: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


def test_a_file_system_without_links_replaces_none_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", without_links)
    with open_store(tmp_path) as store:
        assert [put(store, data) for data in (b"one", b"two")] == ["cat.png", "cat-2.png"]
        monkeypatch.setattr(Path, "replace", without_links)
        with store.part() as part:
            part.write_bytes(b"paid for")
            with pytest.raises(StoreError, match="Operation not permitted"):
                store.add(part, "owl.png")
            assert part.read_bytes() == b"paid for"
        assert not (tmp_path / "owl.png").exists(), "a claimed name is given back"


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("a-file", "'a-file' is a file. Choose a folder."),
        ("a-file/out", r"it cannot be written to: (File exists|Not a directory)"),
        ("x" * 300, "it cannot be written to: File name too long"),
        ("file://server/share", "names the machine 'server'"),
        ("nonsense://x/out", "'nonsense://x/out' cannot be opened: Protocol not known: nonsense"),
        ("http://127.0.0.1:9/out", "no file can be written there"),
        ("s3://", "'s3://'"),
        ("", "has no name"),
        (" ", "has no name"),
        ("s3://no-such-bucket/out", r"'s3://no-such-bucket/out': .* Create it first\."),
        ("sftp://somebody:a-password@127.0.0.1:9/out", "sftp"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_refused(
    s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a-file").write_bytes(b"x")
    with pytest.raises(StoreError, match=words) as caught:
        open_store(location)
    assert "a-password" not in caught.value.message
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]
    assert [each["Name"] for each in s3_server.client(s3).list_buckets()["Buckets"]] == [s3_server.BUCKET]


def test_a_drive_of_windows_is_not_a_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_store("C:out") as store:
        assert store.location == "C:out"


def test_a_program_needs_no_fsspec_for_a_folder_and_finds_its_s3_by_the_environment(
    s3: str, bucket: str, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path / "out")], check=True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["index.html"]
    own = s3_server.settings(s3)
    own["FSSPEC_S3_ENDPOINT_URL"] = own.pop("AWS_ENDPOINT_URL")  # as any driver of fsspec has it
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | own
    command = [sys.executable, "-W", "error", "-c", PROGRAM, bucket]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    with open_store(bucket) as store:
        put(store, b"one")
    for name, kind in (("index.html", "text/html"), ("cat.png", "image/png")):
        key = f"{bucket.rpartition('/')[2]}/{name}"
        found = s3_server.client(s3).head_object(Bucket=s3_server.BUCKET, Key=key)
        assert found["ContentType"] == kind, "a browser shows it, and does not download it"


def test_a_large_file_is_uploaded_in_parts_and_replaces_none(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("s3fs.core.calculate_chunksize", lambda size, chunksize: 5 << 20)  # the smallest of S3
    data = os.urandom(1 << 20) * 11
    with open_store(bucket) as store:
        assert [put(store, each) for each in (b"one", data, data)] == ["cat.png", "cat-2.png", "cat-2.png"]
        assert read(store, "cat-2.png") == data


def test_the_service_itself_refuses_to_replace_a_file(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that another machine writes between the check and the upload is not lost."""
    files, _ = fsspec.url_to_fs(bucket)
    with open_store(bucket) as store:
        put(store, b"one")
        monkeypatch.setattr(files, "exists", lambda path: False)
        assert put(store, b"two") == "cat-2.png"
        assert read(store) == b"one"


def test_a_service_that_cannot_refuse_is_asked_first(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    files, _ = fsspec.url_to_fs(bucket)
    upload = files.put_file

    def put_file(lpath: str, rpath: str, mode: str = "overwrite", **options: Any) -> None:
        if mode == "create":
            raise OSError(errno.ENOSYS, "A header you provided implies functionality that is not implemented")
        upload(lpath, rpath, **options)

    monkeypatch.setattr(files, "put_file", put_file)
    with open_store(bucket) as store:
        assert [put(store, data) for data in (b"one", b"two")] == ["cat.png", "cat-2.png"]


def test_a_driver_that_checks_and_then_writes_replaces_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = fsspec.filesystem("memory")
    exists = files.exists

    def look(path: str) -> bool:
        found = exists(path)
        time.sleep(0.02)
        return bool(found)

    monkeypatch.setattr(files, "exists", look)
    with open_store(f"memory://{tmp_path.name}") as store, ThreadPoolExecutor(4) as pool:
        names = set(pool.map(lambda number: put(store, bytes([number])), range(4)))
    files.rm(f"/{tmp_path.name}", recursive=True)
    assert len(names) == 4


def test_wrong_missing_and_expired_credentials_lose_no_file(s3: str, bucket: str) -> None:
    with (
        s3_server.asking_for_credentials(s3),
        s3_server.connected(s3, AWS_ACCESS_KEY_ID="AKIAWRONG", AWS_SECRET_ACCESS_KEY="a-wrong-secret"),
        pytest.raises(StoreError, match="Check the credentials") as caught,
    ):
        open_store(bucket)
    assert "a-wrong-secret" not in caught.value.message
    with (
        s3_server.connected(s3, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY=""),
        pytest.raises(StoreError, match="Check the credentials"),
    ):
        open_store(bucket)
    with open_store(bucket) as store, store.part() as part:
        part.write_bytes(b"paid for")
        with s3_server.asking_for_credentials(s3):
            with pytest.raises(StoreError, match=r"'cat\.png' cannot be written: .* Check the credentials"):
                store.add(part, "cat.png")
            assert part.read_bytes() == b"paid for"
        assert store.add(part, "cat.png") == "cat.png"


def test_what_has_to_be_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "gcsfs", None)
        with pytest.raises(StoreError, match=r"'gs://bucket/out' needs a driver that is not installed: .*gcsfs"):
            open_store("gs://bucket/out")
    monkeypatch.setattr(importlib, "import_module", lambda name: (_ for _ in ()).throw(ImportError(name)))
    with pytest.raises(StoreError, match=r"pip install 'ideogram-ai\[batch\]'"):
        open_store("s3://bucket/out")


def test_small_files_are_created_once_replaced_listed_and_dated(claims: Store) -> None:
    names = [f"claims/{number % 3:02}/قطة {number}.sent.json" for number in range(7)]
    assert list(claims.names("claims")) == []
    assert [claims.create(name, name.encode()) for name in names] == [True] * 7
    assert [claims.create(name, b"another") for name in names] == [False] * 7
    assert claims.create(names[0], names[0].encode()), "the same content is the same claim: its first response was lost"
    assert claims.create("owners/a.json", b"a")
    assert claims.create("claims-of-another/a", b"a")
    assert sorted(claims.names("claims")) == sorted(names)
    assert sorted(claims.names("claims/00")) == sorted(names[::3])
    assert [claims.read(name) for name in names] == [name.encode() for name in names]
    before = claims.modified(names[0])
    assert before is not None
    assert abs(before - datetime.now(UTC)) < timedelta(minutes=1)
    for data in (b"one", b"longer", b""):
        claims.put("owners/a.json", data)
        assert claims.read("owners/a.json") == data
    claims.remove(names[0])
    assert claims.read(names[0]) is None
    assert claims.modified(names[0]) is None
    assert sorted(claims.names("")) == sorted([*names[1:], "owners/a.json", "claims-of-another/a"])
    assert leftovers(claims) == []
    claims.check_exclusive()
    assert len(list(claims.names(""))) == 8


def test_of_many_that_create_one_name_one_gets_it(claims: Store) -> None:
    with ThreadPoolExecutor(50) as pool:
        for name in ("claims/a", "claims/b"):
            won = list(pool.map(lambda number: claims.create(name, b"%d" % number), range(50)))  # noqa: B023
            assert sum(won) == 1
            assert claims.read(name) == b"%d" % won.index(True)


@pytest.fixture
def relay(s3: str) -> Iterator[s3_server.Relay]:
    """Between this process and the server of S3."""
    with s3_server.Relay(s3) as relay, s3_server.connected(relay.url):
        yield relay


def error(status: str, code: str) -> bytes:
    """A response of S3."""
    body = f"<Error><Code>{code}</Code><Message>No.</Message></Error>"
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\nConnection: close"
    return f"{head}\r\n\r\n{body}".encode()


LOST = b""
CONFLICT = error("409 Conflict", "ConditionalRequestConflict")


@pytest.mark.parametrize("failures", [[LOST], [LOST, LOST], [CONFLICT], [CONFLICT, CONFLICT, LOST], [LOST, CONFLICT]])
def test_a_claim_whose_response_is_lost_is_known_by_its_content(
    bucket: str, relay: s3_server.Relay, failures: list[bytes]
) -> None:
    with open_store(bucket) as store:
        left = list(failures)
        relay.fail = lambda line: left.pop(0) if left and line.startswith("PUT") else None
        assert store.create("claims/a", b"ours"), "the driver repeats the request, and S3 refuses the second one"
        assert left == []
        left[:] = failures
        assert not store.create("claims/a", b"theirs")
        assert left == [] or failures[0] == CONFLICT
        assert store.read("claims/a") == b"ours"


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (error("403 Forbidden", "AccessDenied"), r"'claims/a' cannot be created: .*Check the credentials"),
        (error("501 Not Implemented", "NotImplemented"), r"cannot create a file only once.*Use one machine"),
    ],
)
def test_a_claim_that_is_refused_is_not_taken(bucket: str, relay: s3_server.Relay, response: bytes, words: str) -> None:
    with open_store(bucket) as store:
        relay.fail = lambda line: response if line.startswith("PUT") else None
        with pytest.raises(StoreError, match=words):
            store.create("claims/a", b"ours")
        relay.fail = lambda line: None
        assert store.read("claims/a") is None
        assert store.create("claims/a", b"theirs")


def test_each_operation_on_a_claim_is_one_request(bucket: str, relay: s3_server.Relay) -> None:
    """A million rows pay for each one."""
    with open_store(bucket) as store:

        def asked(call: Callable[[], object]) -> list[str]:
            before = len(relay.requests)
            call()
            return [line.partition(" ")[0] for line in relay.requests[before:]]

        assert asked(lambda: store.create("claims/a", b"ours")) == ["PUT"]
        assert asked(lambda: store.create("claims/a", b"theirs")) == ["PUT", "GET"]
        assert asked(lambda: store.read("claims/a")) == ["GET"]
        assert asked(lambda: store.put("claims/b", b"1")) == ["PUT"]
        assert asked(lambda: list(store.names("claims"))) == ["GET"]
        assert asked(lambda: list(store.names("nothing"))) == ["GET"]
        assert asked(lambda: store.modified("claims/a")) == ["HEAD"]
        assert asked(lambda: store.remove("claims/a")) == ["DELETE"]
        assert asked(lambda: put(store, b"an image")) == ["PUT"]


@pytest.mark.parametrize("place", ["memory://{}/out", "{}/out"])
def test_a_place_that_cannot_create_a_file_once_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.chdir(tmp_path.parent)
    monkeypatch.setattr(os, "link", without_links)
    with open_store(place.format(tmp_path.name)) as store:
        for call in (store.check_exclusive, lambda: store.create("claims/a", b"ours")):
            with pytest.raises(StoreError, match=r"cannot create a file only once, so two machines could pay"):
                call()


def test_a_service_that_replaces_a_file_is_refused(bucket: str, relay: s3_server.Relay) -> None:
    """Some services that speak like S3 ignore the condition."""
    client = s3_server.client(relay.url)

    def replace(line: str) -> bytes | None:
        if line.startswith("PUT") and "trial-" in line:
            return b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        return None

    with open_store(bucket) as store:
        store.check_exclusive()
        relay.fail = replace
        with pytest.raises(StoreError, match="cannot create a file only once"):
            store.check_exclusive()
    found = client.list_objects_v2(Bucket=s3_server.BUCKET, Prefix=bucket.rpartition("/")[2])
    assert found["KeyCount"] == 0
