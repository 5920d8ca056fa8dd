"""The file of an image: claimed without overwriting, on file systems of every kind, and gone when something fails."""

import errno
import io
import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from ideogram_ai.client import DownloadError, DownloadReason
from ideogram_ai.client.files import ImageFile


def failing(code: int) -> object:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def save(path: Path, content: bytes = b"image", *, overwrite: bool = False) -> Path:
    with ImageFile(path, stem="stem", overwrite=overwrite) as file:
        file.open()
        file.write(content)
        return file.finish(".png")


@pytest.fixture(params=["hard links", "no hard links"])
def file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file system with hard links, and one without: FAT, or a network share."""
    if request.param == "no hard links":
        monkeypatch.setattr(os, "link", failing(errno.EPERM))
    return str(request.param)


@pytest.mark.usefixtures("file_system")
@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_is_put_into_its_place(tmp_path: Path, overwrite: bool) -> None:
    path = save(tmp_path / "cat.png", overwrite=overwrite)
    assert path.read_bytes() == b"image"
    assert list(tmp_path.iterdir()) == [path]
    assert save(tmp_path).name == "stem.png"


@pytest.mark.usefixtures("file_system")
@pytest.mark.parametrize("seen", [True, False], ids=["seen before the claim", "not seen"])
def test_a_file_that_appeared_in_the_meantime_is_left_alone(
    tmp_path: Path, seen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cat.png"
    with ImageFile(path, stem="", overwrite=False) as file:
        file.open()
        path.write_bytes(b"theirs")
        if not seen:
            monkeypatch.setattr(os, "lstat", failing(errno.ENOENT))
        with pytest.raises(DownloadError) as caught:
            file.finish(".png")
    assert caught.value.reason is DownloadReason.EXISTS
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_the_rights_of_a_new_file_are_those_of_any_other(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    assert save(tmp_path / "cat.png").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_folder_that_cannot_be_opened_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows lets nobody open a folder, and some file systems do not."""
    monkeypatch.setattr(os, "open", failing(errno.EACCES))
    assert save(tmp_path / "cat.png").read_bytes() == b"image"


def test_a_disk_that_is_full_from_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "open", failing(errno.ENOSPC))
    check_full(tmp_path)


def test_a_disk_that_is_full_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", failing(errno.ENOSPC))
    check_full(tmp_path)


def test_a_disk_that_becomes_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "open", lambda path, _: FullFile(path, "x+"))
    check_full(tmp_path)


@pytest.mark.parametrize("then", [ImageFile.restart, lambda file: file.find_fault(".png")], ids=["restart", "walk"])
def test_a_disk_that_has_no_room_for_what_was_only_kept_in_memory(
    tmp_path: Path, then: Callable[[ImageFile], object]
) -> None:
    with pytest.raises(DownloadError, match="File too large") as caught:
        write_without_room(tmp_path / "cat.png", then)
    assert caught.value.reason is DownloadReason.UNWRITABLE
    assert list(tmp_path.iterdir()) == []


def write_without_room(path: Path, then: Callable[[ImageFile], object]) -> None:
    """Write while the system lets this process put nothing into any file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with ImageFile(path, stem="", overwrite=False) as file:
        file.open()
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            file.write(b"image")
            then(file)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


class FullFile(io.FileIO):
    """A file for which there is no room."""

    def write(self, _: object, /) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def check_full(folder: Path) -> None:
    with pytest.raises(DownloadError, match="No space left on device") as caught:
        save(folder / "cat.png")
    assert caught.value.reason is DownloadReason.UNWRITABLE
    assert list(folder.iterdir()) == []


def break_off(path: Path) -> None:
    with ImageFile(path, stem="", overwrite=True) as file:
        file.open()
        file.write(b"half")
        raise KeyboardInterrupt


def test_an_exception_in_between_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        break_off(tmp_path / "cat.png")
    assert list(tmp_path.iterdir()) == []


def test_what_was_written_is_walked_and_written_on_behind(tmp_path: Path) -> None:
    drawn = io.BytesIO()
    Image.new("L", (3, 2)).save(drawn, "PNG")
    with ImageFile(tmp_path / "cat.png", stem="", overwrite=False) as file:
        file.open()
        file.write(drawn.getvalue()[:-5])
        assert file.find_fault(".png") == f"it ends after {file.size} bytes, in the middle"
        file.write(drawn.getvalue()[-5:])
        assert file.find_fault(".png") is None
        assert file.finish("").read_bytes() == drawn.getvalue()


def test_beginning_anew_forgets_what_was_written(tmp_path: Path) -> None:
    with ImageFile(tmp_path / "cat.png", stem="", overwrite=False) as file:
        file.open()
        file.write(b"a long wrong beginning")
        file.restart()
        file.write(b"image")
        assert file.size == 5
        path = file.finish("")
    assert path.read_bytes() == b"image"


def test_a_large_image_is_on_its_way_to_the_disk_before_it_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[int] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda _file, start, _length, _advice: told.append(start))
    megabyte = b"i" * (1 << 20)
    with ImageFile(tmp_path / "cat.png", stem="", overwrite=False) as file:
        file.open()
        for _ in range(9):
            file.write(megabyte)
        assert told == [0, 4 << 20]
        file.restart()
        for _ in range(4):
            file.write(megabyte)
        assert told == [0, 4 << 20, 0]
        assert file.finish("").read_bytes() == megabyte * 4


@pytest.mark.parametrize("missing", [True, False])
def test_a_system_that_cannot_be_told_saves_the_image_too(
    tmp_path: Path, missing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if missing:
        monkeypatch.delattr(os, "posix_fadvise")
    else:
        monkeypatch.setattr(os, "posix_fadvise", failing(errno.ESPIPE))
    with ImageFile(tmp_path / "cat.png", stem="", overwrite=False) as file:
        file.open()
        file.write(b"i" * (5 << 20))
        assert file.finish("").stat().st_size == 5 << 20
