"""Saving an image: where it goes, how it is named, and what the errors say."""

import errno
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from canned import Service
from driver import KEY, Kind, against, case, download, raised
from image_downloads import drawn, noise

from ideogram_ai.client import DownloadError, DownloadReason, GeneratedImage, IdeogramError, RequestError
from ideogram_ai.client.url_policy import follow
from ideogram_ai.generated.types import UNSET

PNG = drawn("PNG", noise(3, 2))
LINK = "https://ideogram.ai/api/images/ephemeral/xtdZ-iq_1.png?exp=4102444800&sig=0a0b"


def host(content: bytes = PNG, status: int = 200) -> Service:
    return Service(lambda _: httpx.Response(status, content=content, headers={"content-type": "image/png"}))


def made(**changes: object) -> GeneratedImage:
    fields: dict[str, Any] = {"url": LINK, "prompt": "p", "resolution": "3x2", "seed": 1, "is_image_safe": True}
    return GeneratedImage(**fields | changes)


def refused(kind: Kind, images: Service, path: str | Path, image: GeneratedImage | None = None) -> DownloadError:
    """The error of a download that must fail."""
    error = raised(DownloadError, download, kind, images, image or made(), path)
    assert isinstance(error, IdeogramError)
    return error


def test_an_image_is_saved_at_the_path_or_named_after_its_link_and_format(kind: Kind, tmp_path: Path) -> None:
    images = host()
    path = tmp_path / "cat.png"
    assert download(kind, images, made(), path) == path
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (PNG, [path])
    (request,) = images.requests
    assert (request.method, str(request.url)) == ("GET", LINK)
    assert "api-key" not in request.headers
    assert KEY not in f"{request.headers!r}"
    assert download(kind, host(), made(), f"{tmp_path}/text.png") == tmp_path / "text.png"
    assert download(kind, host(drawn("WEBP", noise(3, 2))), made(), tmp_path) == tmp_path / "xtdZ-iq_1.webp"


NAMES = {
    "https://i.example/": "image.png",
    "https://i.example/..%2f..%2fetc.png": "etc.png",
    "https://i.example/%2e%2e/x": "x.png",
    "https://i.example/.png": "image.png",
    "https://i.example/a%20b.c.png": "ab.png",
    "https://i.example/\u00e9t\u00e9.png": "t.png",
    f"https://i.example/{'a' * 300}.png": f"{'a' * 100}.png",
}


def test_a_link_cannot_name_a_file_outside_the_folder(tmp_path: Path) -> None:
    for number, (url, name) in enumerate(NAMES.items()):
        folder = tmp_path / f"{number}/folder"
        folder.mkdir(parents=True)
        assert download("sync", host(), made(url=url), folder) == folder / name, url
        assert [file for file in folder.parent.rglob("*") if file.is_file()] == [folder / name], url


def test_a_file_that_exists_is_kept_without_overwrite(kind: Kind, tmp_path: Path) -> None:
    for number, name in enumerate(("cat.png", "")):
        folder = tmp_path / str(number)
        folder.mkdir()
        path, images = folder / (name or "xtdZ-iq_1.png"), host()
        path.write_bytes(b"mine")
        error = refused(kind, images, folder / name)
        assert (error.reason, str(error.reason)) == (DownloadReason.EXISTS, "exists")
        assert "pass overwrite=True" in error.message
        assert (path.read_bytes(), len(images.requests)) == (b"mine", 0 if name else 1)
        assert download(kind, images, made(), folder / name, overwrite=True) == path
        assert (path.read_bytes(), list(folder.iterdir())) == (PNG, [path])
    dangling = tmp_path / "dog.png"
    dangling.symlink_to(tmp_path / "elsewhere.png")
    assert refused(kind, host(), dangling).reason is DownloadReason.EXISTS
    assert not (tmp_path / "elsewhere.png").exists()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "stdout").symlink_to("pipe")
    for name in ("pipe", "stdout"):  # /dev/stdout is a link to a device
        images, before = host(), (tmp_path / name).lstat()
        error = raised(DownloadError, download, kind, images, made(), tmp_path / name, overwrite=True)
        assert (error.reason, images.requests) == (DownloadReason.UNWRITABLE, [])
        assert (tmp_path / name).lstat() == before


def test_a_path_that_cannot_be_written_is_refused_before_anything_is_fetched(kind: Kind, tmp_path: Path) -> None:
    """The link may be good for one fetch."""
    (tmp_path / "file.txt").touch()
    names = ("missing/cat.png", "missing/", "file.txt/cat.png", "a\0b.png", "n" * 300 + ".png")
    for path in (*(f"{tmp_path}/{name}" for name in names), "/proc/cat.png", "/dev/null/cat.png"):
        images = host()
        error = refused(kind, images, path)
        assert (error.reason, images.requests) == (DownloadReason.UNWRITABLE, []), path
        assert "Downloading again costs nothing." in error.message or "create it first" in error.message, path
        assert [file.name for file in tmp_path.iterdir()] == ["file.txt"], path


def test_a_read_only_disk_is_a_download_error(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    images = host()
    for name in ("open", "unlink"):  # it refuses to remove what is not there
        monkeypatch.setattr(Path, name, refuse)
    error = refused(kind, images, tmp_path / "cat.png")
    assert (error.reason, images.requests) == (DownloadReason.UNWRITABLE, [])
    assert "Read-only file system" in error.message


def test_what_the_host_sends_in_place_of_an_image_is_not_saved(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    for content in (b"<!DOCTYPE html>", b"\x89PNG"):
        assert refused(kind, host(content), path).reason is DownloadReason.NOT_AN_IMAGE, content
    for status in (204, 400, 404, 429, 503):
        error = refused(kind, host(b"", status), path)
        assert (error.reason, error.status_code, error.url) == (DownloadReason.STATUS, status, LINK)
        assert "Downloading again costs nothing." in error.message
        assert "0a0b" not in f"{error!r} {error}"
    assert list(tmp_path.iterdir()) == []


def test_an_error_says_how_long_the_link_works_or_that_a_withheld_image_was_billed(tmp_path: Path) -> None:
    for url in (None, ""):
        images = host()
        error = refused("sync", images, tmp_path, made(url=url, is_image_safe=False))
        assert (error.reason, images.requests) == (DownloadReason.WITHHELD, [])
        assert "still billed" in error.message
        assert error.may_have_been_billed is True
    message = refused("sync", host(b"", 404), tmp_path).message
    assert "It may be asked again as long as it lives, until 2100-01-01T00:00:00+00:00: https://ideogram.ai/" in message
    endless = made(url="https://i.example/1.png")
    message = refused("sync", host(b"", 404), tmp_path, endless).message
    assert message.endswith("as long as it lives: https://i.example/1.png")


def test_a_redirect_to_what_is_no_url_is_refused() -> None:
    """httpx refuses it itself, in today's version."""
    for location in ("https://[::1", "https://i.example:port/"):
        error = raised(DownloadError, follow, LINK, location, match="this is no URL")
        assert error.reason is DownloadReason.FORBIDDEN_ADDRESS


def test_a_link_is_downloaded_as_an_image_is(kind: Kind, tmp_path: Path) -> None:
    """Some answers have links without images, for example that of v3.layerize_text."""
    with against(kind, image=["status_503", "ok"]) as (client, server):
        assert client.call("download", f"{server.image_url}\n", tmp_path).name == "image.png"  # a line of a file
        others: list[object] = [None, "", UNSET, 7, Path("a.png"), b"https://a.example/a.png"]
        for value in others:
            with case(value), pytest.raises(RequestError, match="Give an image of a Generation"):
                client.call("download", value, tmp_path)
        forbidden = "http://10.0.0.1/a.png"
        error = raised(DownloadError, client.call, "download", forbidden, tmp_path)
        assert (error.reason, error.url) == (DownloadReason.FORBIDDEN_ADDRESS, forbidden)
        assert len(server.wait_idle().gets) == 2
