"""The file of an image: it never overwrites, works on every file system, and is removed when something fails."""

import errno
import io
import os
import resource
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from driver import case
from image_downloads import drawn

from ideogram_ai.client import DownloadError, DownloadReason
from ideogram_ai.client.files import ImageFile

each_file_system = pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])


def failing(code: int) -> object:
    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def opened(path: Path, *, stem: str = "", overwrite: bool = False) -> ImageFile:
    file = ImageFile(path, stem=stem, overwrite=overwrite)
    file.open()
    return file


def save(path: Path, content: bytes = b"image", *, overwrite: bool = False) -> Path:
    with opened(path, stem="stem", overwrite=overwrite) as file:
        file.write(content)
        return file.finish(".png")


def refused(reason: DownloadReason, match: str | None = None) -> AbstractContextManager[object]:
    return pytest.raises(DownloadError, match=match, check=lambda error: error.reason is reason)


@each_file_system
def test_a_file_is_saved_and_one_that_appeared_meanwhile_is_kept(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without hard links as on FAT or a network share; the other file is seen before the name is claimed, or not."""
    if not links:
        monkeypatch.setattr(os, "link", failing(errno.EPERM))
    path = tmp_path / "cat.png"
    for overwrite in (False, True):
        assert save(path, overwrite=overwrite) == path
        assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"image", [path])
        path.unlink()
    assert save(tmp_path).name == "stem.png"
    (tmp_path / "other").touch()
    assert (tmp_path / "stem.png").stat().st_mode == (tmp_path / "other").stat().st_mode
    for seen in (True, False):
        with case(f"seen: {seen}"), monkeypatch.context() as patch:
            folder = tmp_path / f"{seen}"
            folder.mkdir()
            with opened(folder / "cat.png") as file:
                (folder / "cat.png").write_bytes(b"theirs")
                if not seen:
                    patch.setattr(os, "lstat", failing(errno.ENOENT))
                with refused(DownloadReason.EXISTS):
                    file.finish(".png")
            assert [each.read_bytes() for each in folder.iterdir()] == [b"theirs"]


class FullFile(io.FileIO):
    """A file for which there is no room."""

    def write(self, _: object, /) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full: dict[str, tuple[object, str, object]] = {
        "from the start": (Path, "open", failing(errno.ENOSPC)),
        "at the end": (os, "fsync", failing(errno.ENOSPC)),
        "in between": (Path, "open", lambda path, _: FullFile(path, "x+")),
    }
    for name, patched in full.items():
        with case(name), monkeypatch.context() as patch:
            patch.setattr(*patched)
            with refused(DownloadReason.UNWRITABLE, "No space left on device"):
                save(tmp_path / "cat.png")
        assert list(tmp_path.iterdir()) == [], name


def write_without_room(path: Path, then: Callable[[ImageFile], object]) -> None:
    """Write while the system lets this process put nothing into any file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with opened(path) as file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
        try:
            file.write(b"image")
            then(file)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)


def break_off(path: Path) -> None:
    with opened(path, overwrite=True) as file:
        file.write(b"half")
        raise KeyboardInterrupt


def test_a_failure_after_writing_to_memory_leaves_nothing_behind(tmp_path: Path) -> None:
    for then in (ImageFile.restart, lambda file: file.find_fault(".png")):
        with refused(DownloadReason.UNWRITABLE, "File too large"):
            write_without_room(tmp_path / "cat.png", then)
        assert list(tmp_path.iterdir()) == []
    with pytest.raises(KeyboardInterrupt):
        break_off(tmp_path / "cat.png")
    assert list(tmp_path.iterdir()) == []


def test_an_image_is_checked_continued_and_restarted(tmp_path: Path) -> None:
    png = drawn("PNG")
    with opened(tmp_path / "cat.png") as file:
        file.write(b"a long wrong beginning")
        file.restart()
        file.write(png[:-5])
        assert file.size == len(png) - 5
        assert file.find_fault(".png") == f"it ends after {file.size} bytes, in the middle"
        file.write(png[-5:])
        assert file.find_fault(".png") is None
        assert file.finish("").read_bytes() == png
    with opened(tmp_path / "dog.png") as file:
        file.write(b"a long wrong beginning")
        file.restart()
        file.write(b"image")
        assert (file.size, file.finish("").read_bytes()) == (5, b"image")


def test_a_large_image_is_sent_to_the_disk_before_it_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    advised: list[int] = []
    monkeypatch.setattr(os, "posix_fadvise", lambda _file, start, _length, _advice: advised.append(start))
    megabyte = b"i" * (1 << 20)
    with opened(tmp_path / "cat.png") as file:
        for _ in range(9):
            file.write(megabyte)
        assert advised == [0, 4 << 20]
        file.restart()
        for _ in range(4):
            file.write(megabyte)
        assert advised == [0, 4 << 20, 0]
        assert file.finish("").read_bytes() == megabyte * 4


def test_what_a_system_does_not_support_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows opens no folder, nor do some file systems; some systems take no advice about a file."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", failing(errno.EACCES))
        assert save(tmp_path / "1.png").read_bytes() == b"image"
    monkeypatch.setattr(os, "posix_fadvise", failing(errno.ESPIPE))
    assert save(tmp_path / "2.png", b"i" * (5 << 20)).stat().st_size == 5 << 20
    monkeypatch.delattr(os, "posix_fadvise")
    assert save(tmp_path / "3.png", b"i" * (5 << 20)).stat().st_size == 5 << 20
