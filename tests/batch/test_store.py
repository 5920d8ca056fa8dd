"""What every store keeps to: a local folder, a file URL, memory, and S3 on a real server."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import pytest
import s3_server

from ideogram_ai.batch.model import StoreError
from ideogram_ai.batch.store import Store, open_store


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with s3_server.serve_s3() as url, s3_server.connected(url):
        yield url


@pytest.fixture(params=["folder", "file", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A location of each kind that nobody has used."""
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
def store(place: str, tmp_path: Path) -> Iterator[Store]:
    with open_store(place, workspace=tmp_path / "work" if "://" in place else None) as store:
        yield store


@pytest.fixture
def put(store: Store) -> Callable[[str, bytes], str]:
    def put(name: str, data: bytes) -> str:
        with store.part() as part:
            part.write_bytes(data)
            return store.add(part, name)

    return put


def read(store: Store, name: str) -> bytes:
    with store.open(name) as file:
        return file.read()


def leftovers(store: Store) -> list[str]:
    return sorted(path.name for path in store.workspace.iterdir())


def test_a_file_is_moved_in_and_read_back(store: Store, put: Callable[[str, bytes], str]) -> None:
    assert not store.exists("قطة #1.png")
    assert put("قطة #1.png", b"one") == "قطة #1.png"
    assert store.exists("قطة #1.png")
    assert read(store, "قطة #1.png") == b"one"
    assert leftovers(store) == []


def test_no_other_file_is_replaced(store: Store, put: Callable[[str, bytes], str]) -> None:
    names = [put("cat.png", data) for data in (b"one", b"two", b"six", b"three")]
    assert names == ["cat.png", "cat-2.png", "cat-3.png", "cat-4.png"]
    assert [read(store, name) for name in names] == [b"one", b"two", b"six", b"three"]


def test_a_file_that_a_killed_run_had_put_there_is_the_file(store: Store, put: Callable[[str, bytes], str]) -> None:
    assert [put("cat.png", b"one"), put("cat.png", b"one")] == ["cat.png", "cat.png"]
    assert not store.exists("cat-2.png")


def test_files_of_one_name_at_the_same_moment_are_all_kept(store: Store, put: Callable[[str, bytes], str]) -> None:
    contents = [f"content {number}".encode() for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        names = list(pool.map(lambda data: put("cat.png", data), contents))
    assert len(set(names)) == len(contents)
    assert [read(store, name) for name in names] == contents


def test_a_file_is_replaced_where_that_is_asked_for(store: Store) -> None:
    for data in (b"one", b"longer"):
        with store.part() as part:
            part.write_bytes(data)
            store.replace(part, "thumbnails/a.webp")
        assert read(store, "thumbnails/a.webp") == data


def test_a_text_is_written_whole_or_not_at_all(store: Store) -> None:
    with store.write("manifest.jsonl") as file:
        file.write("猫\n")
    with pytest.raises(ZeroDivisionError), store.write("manifest.jsonl") as file:
        file.writelines("half of it" * 1000 if number < 100 else f"{1 / 0}" for number in range(101))
    assert read(store, "manifest.jsonl").decode() == "猫\n"
    assert leftovers(store) == []


def test_a_file_is_removed_once_or_twice(store: Store, put: Callable[[str, bytes], str]) -> None:
    put("cat.png", b"one")
    store.remove("cat.png")
    store.remove("cat.png")
    assert not store.exists("cat.png")


def test_what_a_killed_run_left_unfinished_is_removed_when_asked(store: Store) -> None:
    (store.workspace / "half").write_bytes(b"half")
    store.tidy()
    assert leftovers(store) == []


def test_a_store_is_opened_a_second_time_as_it_is(store: Store, place: str, put: Callable[[str, bytes], str]) -> None:
    put("cat.png", b"one")
    with open_store(place) as again:
        assert read(again, "cat.png") == b"one"
        assert again.title == store.title
    assert store.title in {"out", "an out"}


def test_a_missing_file_is_told(store: Store) -> None:
    with pytest.raises(StoreError, match=re.escape("'cat.png' cannot be read")):
        store.open("cat.png")


def test_opening_leaves_nothing_behind(place: str) -> None:
    with open_store(place) as store:
        files, root = fsspec.url_to_fs(place)
        found = files.find(root) if files.exists(root) else []
        assert [name for name in found if not name.endswith(store.workspace.name)] == []
