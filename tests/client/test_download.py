"""Saving an image: where it goes, how it is named, and that nothing is overwritten or half-written."""

from pathlib import Path

import httpx
import pytest
from canned import Service
from driver import KEY, Driver, Kind, case, download, each_kind
from image_downloads import drawn

from ideogram_ai.client import DownloadError, DownloadReason, GeneratedImage, IdeogramError, RequestError
from ideogram_ai.client.url_policy import follow
from ideogram_ai.generated.types import UNSET
from ideogram_ai.testing.faults import FaultServer

PNG = drawn("PNG", (3, 2))
LINK = "https://ideogram.ai/api/images/ephemeral/xtdZ-iq_1.png?exp=4102444800&sig=0a0b"


def host(content: bytes = PNG, status: int = 200) -> Service:
    return Service(lambda _: httpx.Response(status, content=content, headers={"content-type": "image/png"}))


def made(**changes: object) -> GeneratedImage:
    fields = {"url": LINK, "prompt": "p", "resolution": "3x2", "seed": 1, "is_image_safe": True} | changes
    return GeneratedImage(**fields)  # type: ignore[arg-type]


def refused(
    kind: Kind, images: Service, path: str | Path, image: GeneratedImage | None = None, **options: object
) -> DownloadError:
    """The error of a download that must fail."""
    with pytest.raises(DownloadError) as caught:
        download(kind, images, image or made(), path, **options)
    assert isinstance(caught.value, IdeogramError)
    return caught.value


@each_kind
def test_an_image_is_saved_at_the_path_or_named_after_its_link_and_format(kind: Kind, tmp_path: Path) -> None:
    images = host()
    path = tmp_path / "cat.png"
    assert download(kind, images, made(), path) == path
    assert path.read_bytes() == PNG
    assert list(tmp_path.iterdir()) == [path]
    (request,) = images.requests
    assert (request.method, str(request.url)) == ("GET", LINK)
    assert "api-key" not in request.headers
    assert KEY not in f"{request.headers!r}"
    assert download(kind, host(), made(), f"{tmp_path}/text.png") == tmp_path / "text.png"
    formats = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp", "GIF": ".gif", "AVIF": ".avif"}
    for format_, suffix in formats.items():
        content = drawn(format_, (3, 2))
        saved = download(kind, host(content), made(), tmp_path)
        assert (saved, saved.read_bytes()) == (tmp_path / f"xtdZ-iq_1{suffix}", content)


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


@each_kind
def test_a_file_that_exists_is_kept_without_overwrite(kind: Kind, tmp_path: Path) -> None:
    for number, name in enumerate(("cat.png", "")):
        folder = tmp_path / str(number)
        folder.mkdir()
        path, images = folder / (name or "xtdZ-iq_1.png"), host()
        path.write_bytes(b"mine")
        error = refused(kind, images, folder / name)
        assert error.reason is DownloadReason.EXISTS
        assert str(error.reason) == "exists"
        assert "pass overwrite=True" in error.message
        assert (path.read_bytes(), len(images.requests)) == (b"mine", 0 if name else 1)
        assert download(kind, images, made(), folder / name, overwrite=True) == path
        assert path.read_bytes() == PNG
        assert list(folder.iterdir()) == [path]
    dangling = tmp_path / "dog.png"
    dangling.symlink_to(tmp_path / "elsewhere.png")
    assert refused(kind, host(), dangling).reason is DownloadReason.EXISTS
    assert not (tmp_path / "elsewhere.png").exists()


@each_kind
def test_a_path_that_cannot_be_written_is_refused(kind: Kind, tmp_path: Path) -> None:
    (tmp_path / "file.txt").touch()
    for name in ("missing/cat.png", "missing/", "file.txt/cat.png", "a\0b.png", "n" * 300 + ".png"):
        error = refused(kind, host(), f"{tmp_path}/{name}")
        assert error.reason is DownloadReason.UNWRITABLE, name
        assert "Downloading again costs nothing." in error.message or "make it first" in error.message, name
        assert [file.name for file in tmp_path.iterdir()] == ["file.txt"], name


@each_kind
def test_what_the_host_sends_in_place_of_an_image_is_not_saved(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    for content in (b"<!DOCTYPE html>", b"", b'{"error": "gone"}', b"\x89PNG"):
        assert refused(kind, host(content), path).reason is DownloadReason.NOT_AN_IMAGE, content
    assert refused(kind, host(), path, max_bytes=len(PNG) - 1).reason is DownloadReason.TOO_LARGE
    for status in (204, 400, 403, 404, 410, 429, 500, 503):
        error = refused(kind, host(b"", status), path)
        assert (error.reason, error.status_code, error.url) == (DownloadReason.STATUS, status, LINK)
        assert "Downloading again costs nothing." in error.message
        assert "0a0b" not in f"{error!r} {error}"
    assert list(tmp_path.iterdir()) == []
    assert download(kind, host(), made(), path, max_bytes=len(PNG)).exists()


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
        with pytest.raises(DownloadError, match="this is no URL") as caught:
            follow(LINK, location)
        assert caught.value.reason is DownloadReason.FORBIDDEN_ADDRESS


@each_kind
def test_a_link_is_downloaded_as_an_image_is(kind: Kind, tmp_path: Path) -> None:
    """Some answers have links without images, for example that of v3.layerize_text."""
    with FaultServer(image=["status_503", "ok"]) as server, Driver(kind, base_url=server.url) as client:
        path = client.run(lambda each: each.download(server.image_url, tmp_path))
        assert path.name == "image.png"
        others: list[object] = [None, "", UNSET, 7, Path("a.png"), b"https://a.example/a.png"]
        for value in others:
            with (
                case(value),
                pytest.raises(RequestError, match="Give an image of a Generation"),
            ):
                client.run(lambda each: each.download(value, tmp_path))  # noqa: B023 - called at once
        with pytest.raises(DownloadError) as caught:
            client.run(lambda each: each.download("http://10.0.0.1/a.png", tmp_path))
        assert caught.value.reason is DownloadReason.FORBIDDEN_ADDRESS
        assert caught.value.url == "http://10.0.0.1/a.png"
        assert len(server.wait_idle().gets) == 2
