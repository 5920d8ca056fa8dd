"""Images without a path: read into memory, opened with Pillow, written into an open file, shown in a notebook."""

import copy
import gzip
import io
import pickle
import re
import sys
from base64 import b64decode
from pathlib import Path
from typing import Any

import anyio
import fsspec
import httpx
import pytest
from canned import Service, entry, success
from driver import KEY, Driver, Kind, against, case, image_at, outcome, raised
from image_downloads import PNG, drawn, noise
from PIL import Image

from ideogram_ai.client import DownloadError, GeneratedImage, RequestError
from ideogram_ai.testing.faults import FaultServer


def read(kind: Kind, image: GeneratedImage, way: str = "read") -> Any:
    """Read an image in the way of its client."""
    if kind == "sync":
        return getattr(image, way)()
    return anyio.run(getattr(image, f"a{way}"), backend=kind)


def test_an_image_reads_itself_without_the_key_also_after_the_client_was_closed(kind: Kind) -> None:
    served = Service(success(entry(), entry(url=None, is_image_safe=False)), lambda _: httpx.Response(200, content=PNG))
    with Driver(kind, lend={"transport": served.transport()}, lend_as=("http_client", "image_client")) as client:
        made = client.ask()
        assert read(kind, made.images[0]) == PNG
        with_pillow = read(kind, made.images[0], "open")
        assert (with_pillow.format, with_pillow.size) == ("PNG", Image.open(io.BytesIO(PNG)).size)
        withheld = outcome(read, kind, made.images[1])
        assert isinstance(withheld, DownloadError)
        assert withheld.reason == "withheld"
    assert all("api-key" not in request.headers for request in served.requests[1:])
    assert KEY not in repr(vars(made.images[0].reader.read.__self__))  # type: ignore[union-attr]
    assert isinstance(outcome(read, kind, made.images[0]), RequestError)  # the caller's own HTTP client is closed
    with FaultServer(poll="ok", image=["status_503", "ok"]) as server:
        with Driver(kind, base_url=server.url) as client:
            made = client.ask()
            of_job = client.call("wait", "Z2VuLTE=")
            job = client.call("job", "Z2VuLTE=")
        for image in (made.images[0], of_job.images[0], job.generation.images[0]):
            assert read(kind, image).startswith(b"\x89PNG")


def test_the_other_way_to_read_and_an_image_without_a_client_are_refused_with_the_cure(kind: Kind) -> None:
    with against(kind) as (client, _):
        image = client.ask().images[0]
        with pytest.raises(
            RequestError, match=r"use image.read\(\) or" if kind == "sync" else r"await image.aread\(\) or"
        ):
            read("asyncio" if kind == "sync" else "sync", image)
        for other in (pickle.loads(pickle.dumps(image)), copy.deepcopy(image), image_at(image.url)):
            raised(RequestError, read, kind, other, match=r"client.download\(image, io.BytesIO\(\)\)")
        assert pickle.loads(pickle.dumps(image)) == image
        file = io.BytesIO()
        assert client.download(image, file) is None  # type: ignore[arg-type]
        assert file.getvalue() == read(kind, image)


def test_opening_says_what_is_missing_before_anything_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with Driver("sync", service=(service := Service())) as client:
        made = client.ask()
        raised(ImportError, made.images[0].open, match="pip install pillow")
        assert "pip install pillow" in made._repr_html_()
    assert len(service.requests) == 1


class Little(io.RawIOBase):
    """A file that takes a few bytes at a time."""

    def __init__(self) -> None:
        self.taken = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.taken += bytes(data[:1000])
        return min(len(data), 1000)


def test_a_download_goes_into_a_binary_file_or_a_url_when_it_is_complete(kind: Kind, tmp_path: Path) -> None:
    with against(kind, image=["status_503", "always_cut", "ok"]) as (client, server):
        image: Any = client.ask().images[0]
        url = f"memory://{kind}/cat.png"
        client.download(image, fsspec.open(url, "wb"))
        assert fsspec.filesystem("memory").cat(url) == PNG
        with (tmp_path / "cat.png").open("wb") as file:
            file.write(b"before ")
            client.download(image, file)  # type: ignore[arg-type]
            file.write(b" after")
        assert (tmp_path / "cat.png").read_bytes() == b"before " + PNG + b" after"
        client.download(image, little := Little())  # type: ignore[arg-type]
        assert little.taken == PNG
        with gzip.open(tmp_path / "cat.gz", "wb") as packed:
            client.download(image, packed)  # type: ignore[arg-type]
        assert gzip.decompress((tmp_path / "cat.gz").read_bytes()) == PNG
        closed = io.BytesIO()
        closed.close()
        for target, why in (
            (io.StringIO(), "mode 'wb'"),
            (closed, "ValueError: "),
            ("s3://bucket/cat.png", "fsspec.open("),
        ):
            with case(target), pytest.raises(DownloadError, match=re.escape(why)) as caught:
                client.download(image, target)  # type: ignore[arg-type]
            assert caught.value.reason == "unwritable"
        with pytest.raises(RequestError, match="int is not a path, nor a file"):
            client.download(image, 3)  # type: ignore[arg-type]
        assert server.wait_idle().may_have_run == 1


def previews(shown: str) -> list[Image.Image]:
    found = re.findall(r"src='data:image/(?:png|jpeg);base64,([^']+)'", shown)
    return [Image.open(io.BytesIO(b64decode(each))) for each in found]


def test_a_notebook_shows_small_previews_and_no_link(kind: Kind) -> None:
    rgba = io.BytesIO()
    Image.new("RGBA", (900, 300)).save(rgba, "PNG")
    prompt = "<script>alert('\u00e9')</script>"
    entries = [entry(prompt=prompt), entry(seed=8), entry(url=None, is_image_safe=False)]
    images = [drawn("JPEG", noise(900, 300)), rgba.getvalue()]
    service = Service(success(*entries), *(httpx.Response(200, content=data) for data in images))
    with Driver("sync", service=service) as client:
        shown = client.ask()._repr_html_()
    assert [(each.format, each.size) for each in previews(shown)] == [("JPEG", (320, 107)), ("PNG", (320, 107))]
    assert "3 images, $0.18" in shown
    assert "1024x1024, seed 7" in shown
    assert "withheld by the safety check, and billed" in shown
    for secret in ("sig=", KEY, "<script>"):
        assert secret not in shown
    with against(kind, image=["ok", "html_200"]) as (client, _):
        made = client.ask()
        assert [each.size for each in previews(made.images[0]._repr_html_())] == [Image.open(io.BytesIO(PNG)).size]
        assert "no preview: The image is not saved: what came is not an image" in made.images[0]._repr_html_()
    assert "no preview: the image was made by hand" in image_at("https://ideogram.ai/a.png")._repr_html_()


def test_a_preview_never_goes_past_an_asynchronous_image_client() -> None:
    service = Service(success(), httpx.Response(200, content=PNG))
    with Driver("asyncio", service=service) as client:
        assert "await image.aread()" in client.ask().images[0]._repr_html_()
    assert len(service.requests) == 1
