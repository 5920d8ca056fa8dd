"""Saving an image: where it goes, how it is named, and that nothing is overwritten or half-written."""

import io
from pathlib import Path

import httpx
import pytest
from canned import Service
from driver import KEY, KINDS, FakeTiming, Kind, download
from PIL import Image

from ideogram_ai.client import DownloadError, DownloadReason, GeneratedImage, IdeogramError
from ideogram_ai.client.download import follow


def drawn(kind: str) -> bytes:
    """A small image in a format."""
    file = io.BytesIO()
    Image.new("RGB", (3, 2), "teal").save(file, kind)
    return file.getvalue()


PNG = drawn("PNG")
LINK = "https://ideogram.ai/api/images/ephemeral/xtdZ-iq_1.png?exp=4102444800&sig=0a0b"


def host(content: bytes = PNG, status: int = 200, kind: str = "image/png") -> Service:
    return Service(lambda _: httpx.Response(status, content=content, headers={"content-type": kind}))


def made(**changes: object) -> GeneratedImage:
    fields = {"url": LINK, "prompt": "p", "resolution": "3x2", "seed": 1, "is_image_safe": True} | changes
    return GeneratedImage(**fields)  # type: ignore[arg-type]


def refused(
    client_kind: Kind, images: Service, path: str | Path, image: GeneratedImage | None = None, **options: object
) -> DownloadError:
    with pytest.raises(DownloadError) as caught:
        download(client_kind, images, image or made(), path, **options)
    assert isinstance(caught.value, IdeogramError)
    return caught.value


@pytest.mark.parametrize("client_kind", KINDS)
def test_an_image_is_saved_whole_under_the_name_that_was_asked_for(client_kind: Kind, tmp_path: Path) -> None:
    images = host()
    path = download(client_kind, images, made(), tmp_path / "cat.png")
    assert path == tmp_path / "cat.png"
    assert path.read_bytes() == PNG
    assert list(tmp_path.iterdir()) == [path]
    (request,) = images.requests
    assert (request.method, str(request.url)) == ("GET", LINK)
    assert "api-key" not in request.headers
    assert KEY not in f"{request.headers!r}"


@pytest.mark.parametrize("client_kind", KINDS)
def test_the_path_may_be_a_text(client_kind: Kind, tmp_path: Path) -> None:
    assert download(client_kind, host(), made(), f"{tmp_path}/cat.png") == tmp_path / "cat.png"


@pytest.mark.parametrize("client_kind", KINDS)
@pytest.mark.parametrize(
    ("kind", "suffix"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp"), ("GIF", ".gif"), ("AVIF", ".avif")]
)
def test_in_a_folder_the_file_is_named_after_the_link_with_the_suffix_of_its_format(
    client_kind: Kind, kind: str, suffix: str, tmp_path: Path
) -> None:
    content = drawn(kind)
    path = download(client_kind, host(content), made(), tmp_path)
    assert path == tmp_path / f"xtdZ-iq_1{suffix}"
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://i.example/", "image.png"),
        ("https://i.example/..%2f..%2fetc.png", "etc.png"),
        ("https://i.example/%2e%2e/x", "x.png"),
        ("https://i.example/.png", "image.png"),
        ("https://i.example/a%20b.c.png", "ab.png"),
        ("https://i.example/\u00e9t\u00e9.png", "t.png"),
        (f"https://i.example/{'a' * 300}.png", f"{'a' * 100}.png"),
    ],
)
def test_a_link_names_no_file_outside_of_the_folder(url: str, name: str, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    path = download("sync", host(), made(url=url), folder)
    assert path.parent == folder
    assert path.name == name
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == [name]


@pytest.mark.parametrize("client_kind", KINDS)
def test_a_file_that_exists_is_left_alone_unless_told(client_kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(b"mine")
    images = host()
    error = refused(client_kind, images, path)
    assert error.reason is DownloadReason.EXISTS
    assert str(error.reason) == "exists"
    assert "pass overwrite=True" in error.message
    assert path.read_bytes() == b"mine"
    assert images.requests == []
    assert download(client_kind, images, made(), path, overwrite=True).read_bytes() == PNG
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_of_that_name_in_a_folder_is_left_alone_unless_told(tmp_path: Path) -> None:
    path = tmp_path / "xtdZ-iq_1.png"
    path.write_bytes(b"mine")
    assert refused("sync", host(), tmp_path).reason is DownloadReason.EXISTS
    assert path.read_bytes() == b"mine"
    assert download("sync", host(), made(), tmp_path, overwrite=True) == path
    assert path.read_bytes() == PNG
    assert list(tmp_path.iterdir()) == [path]


def test_a_dangling_link_of_the_file_system_counts_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    path.symlink_to(tmp_path / "elsewhere.png")
    assert refused("sync", host(), path).reason is DownloadReason.EXISTS
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("client_kind", KINDS)
@pytest.mark.parametrize("name", ["missing/cat.png", "missing/", "file.txt/cat.png", "a\0b.png", "n" * 300 + ".png"])
def test_a_place_that_cannot_be_written_to_is_refused(client_kind: Kind, name: str, tmp_path: Path) -> None:
    (tmp_path / "file.txt").touch()
    error = refused(client_kind, host(), f"{tmp_path}/{name}")
    assert error.reason is DownloadReason.UNWRITABLE
    assert "Downloading again costs nothing." in error.message or "make it first" in error.message
    assert [file.name for file in tmp_path.iterdir()] == ["file.txt"]


@pytest.mark.parametrize("client_kind", KINDS)
@pytest.mark.parametrize("changes", [{"url": None}, {"url": ""}, {"url": None, "is_image_safe": False}])
def test_a_withheld_image_has_its_own_reason(client_kind: Kind, changes: dict[str, object], tmp_path: Path) -> None:
    images = host()
    error = refused(client_kind, images, tmp_path, made(**changes))
    assert (error.reason, images.requests) == (DownloadReason.WITHHELD, [])
    assert "still billed" in error.message
    assert error.may_have_been_billed is True


@pytest.mark.parametrize("client_kind", KINDS)
@pytest.mark.parametrize("status", [403, 410])
def test_a_link_past_its_end_that_the_host_refuses_has_its_own_reason(
    client_kind: Kind, status: int, tmp_path: Path
) -> None:
    now = int(FakeTiming().of("sync").wall())
    image = made(url=f"https://i.example/1.png?exp={now}&sig=0a0b")
    images = host(b"", status)
    error = refused(client_kind, images, tmp_path, image)
    assert (error.reason, error.status_code, len(images.requests)) == (DownloadReason.EXPIRED, status, 1)
    assert "0a0b" not in error.message
    assert error.url == image.url
    for other in (402, 451, 500):
        assert refused(client_kind, host(b"", other), tmp_path, image).reason is DownloadReason.STATUS


@pytest.mark.parametrize("client_kind", KINDS)
@pytest.mark.parametrize("content", [b"<!DOCTYPE html>", b"", b'{"error": "gone"}', b"\x89PNG"])
def test_what_is_no_image_is_not_saved(client_kind: Kind, content: bytes, tmp_path: Path) -> None:
    error = refused(client_kind, host(content), tmp_path / "cat.png")
    assert error.reason is DownloadReason.NOT_AN_IMAGE
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("client_kind", KINDS)
def test_an_image_larger_than_allowed_is_not_saved(client_kind: Kind, tmp_path: Path) -> None:
    error = refused(client_kind, host(), tmp_path / "cat.png", max_bytes=len(PNG) - 1)
    assert error.reason is DownloadReason.TOO_LARGE
    assert list(tmp_path.iterdir()) == []
    assert download(client_kind, host(), made(), tmp_path / "cat.png", max_bytes=len(PNG)).exists()


@pytest.mark.parametrize("client_kind", KINDS)
@pytest.mark.parametrize("status", [204, 400, 403, 404, 410, 429, 500, 503])
def test_a_status_of_the_image_host_is_in_the_error(client_kind: Kind, status: int, tmp_path: Path) -> None:
    error = refused(client_kind, host(b"", status), tmp_path / "cat.png")
    assert (error.reason, error.status_code) == (DownloadReason.STATUS, status)
    assert "Downloading again costs nothing." in error.message
    assert error.url == LINK
    assert "0a0b" not in f"{error!r} {error}"
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_says_how_long_the_link_may_be_asked_again(tmp_path: Path) -> None:
    message = refused("sync", host(b"", 404), tmp_path).message
    assert "It may be asked again as long as it lives, until 2100-01-01T00:00:00+00:00: https://ideogram.ai/" in message
    endless = made(url="https://i.example/1.png")
    message = refused("sync", host(b"", 404), tmp_path, endless).message
    assert message.endswith("as long as it lives: https://i.example/1.png")


@pytest.mark.parametrize(
    "url",
    ["http://i.example/1.png", "ftp://i.example/1", "//i.example/1", "https://[::1", "https://10.0.0.1/1.png",
     "https://me@i.example/1", "https://\ud800/", "1.png"],
)  # fmt: skip
def test_a_link_that_may_not_be_fetched_is_refused(url: str, tmp_path: Path) -> None:
    images = host()
    error = refused("sync", images, tmp_path, made(url=url))
    assert (error.reason, images.requests) == (DownloadReason.FORBIDDEN_ADDRESS, [])
    assert error.message.isprintable()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("location", ["https://[::1", "https://i.example:port/"])
def test_a_redirect_to_what_is_no_url_is_refused(location: str) -> None:
    """httpx refuses it before, in the version of today."""
    with pytest.raises(DownloadError, match="this is no URL") as caught:
        follow(LINK, location)
    assert caught.value.reason is DownloadReason.FORBIDDEN_ADDRESS
