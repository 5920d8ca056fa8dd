"""A file argument: what can be given, what is refused before anything is sent, and what arrives.

What is on the wire is read by Werkzeug's form parser, which shares no code with what wrote it.
"""

import base64
import hashlib
import io
import os
import tempfile
from email.message import Message
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import evolve
from canned import Service, refused, success
from driver import PLAIN, PROMPT, Driver, Kind, against, case, image_at, raised
from image_downloads import drawn, noise
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.formparser import parse_form_data

from ideogram_ai.client import DownloadError, FieldValueError, RequestError, UploadProgress, uploads
from ideogram_ai.client.base_client import ONE_PIECE
from ideogram_ai.client.request import encode_request
from ideogram_ai.client.uploads import Upload, make_upload
from ideogram_ai.generated.operations import POST_DESCRIBE_V4, POST_REMIX_IMAGE_V4
from ideogram_ai.testing.faults import FaultServer, answer_with

FIELD = POST_REMIX_IMAGE_V4.fields[0]
MANY = evolve(POST_DESCRIBE_V4, answer_model="", fields=(evolve(FIELD, is_array=True),))


PNG, JPEG, WEBP, GIF = (drawn(kind, noise(9, 7)) for kind in ("PNG", "JPEG", "WEBP", "GIF"))


def files_in(raw: bytes) -> list[FileStorage]:
    """The files of a raw HTTP request."""
    head, _, body = raw.partition(b"\r\n\r\n")
    headers = dict(line.decode("latin-1").split(": ", 1) for line in head.split(b"\r\n")[1:])
    names = {name.lower(): value for name, value in headers.items()}
    environ = {
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": names["content-length"],
        "CONTENT_TYPE": names["content-type"],
        "REQUEST_METHOD": "POST",
    }
    _, _, files = parse_form_data(environ, stream_factory=lambda *_, **__: io.BytesIO())
    return [file for name in files for file in files.getlist(name)]


def upload(value: Any, kind: Kind = "sync") -> FileStorage:
    """What arrives of a file that is given to remix."""
    with against(kind, "ok") as (client, server):
        client.call("remix", image=value, text_prompt=PROMPT)
        (post,) = server.wait_idle().posts
    (file,) = files_in(post.raw)
    assert file.name == "image"
    return file


def refusal(value: Any, kind: Kind = "sync") -> FieldValueError:
    """The error of a file that is not sent."""
    error = refused(FieldValueError, {"image": value, "text_prompt": PROMPT}, kind, "remix")
    assert (error.field, error.pointer) == ("image", "/image")
    assert error.message.startswith("image: ")
    assert error.message.isprintable()
    return error


# What can be given.


def test_a_path_bytes_or_an_open_file_arrive_alike(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "a cat.png"
    path.write_bytes(PNG)
    half_read = io.BytesIO(PNG)
    half_read.read(10)
    with path.open("rb") as file, path.open("rb", buffering=0) as raw, tempfile.TemporaryFile() as nameless:
        nameless.write(PNG)
        for value, name in (
            (path, "a cat.png"),
            (str(path), "a cat.png"),
            (_BytesPath(path), "a cat.png"),
            (PNG, "image.png"),
            (bytearray(PNG), "image.png"),
            (memoryview(PNG), "image.png"),
            (file, "a cat.png"),
            (raw, "a cat.png"),
            (half_read, "image.png"),
            (nameless, "image.png"),
            (_Reader(PNG), "image.png"),
            (Upload("other.png", "image/png", PNG), "other.png"),
        ):
            with case(value):
                arrived = upload(value, kind)
                assert (arrived.read(), arrived.filename, arrived.content_type) == (PNG, name, "image/png")


class _BytesPath:
    """A path of bytes, as os.scandir gives them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __fspath__(self) -> bytes:
        return os.fsencode(self._path)


class _Reader:
    """Reads, and cannot do more: the body of an HTTP response, for example."""

    def __init__(self, data: object) -> None:
        self._data = data

    def read(self) -> Any:
        if isinstance(self._data, Exception):
            raise self._data
        return self._data


def test_every_attempt_sends_the_same_bytes(kind: Kind, tmp_path: Path) -> None:
    """Although the file is gone, or the stream read, when the second one is sent."""
    path = tmp_path / "cat.jpg"
    path.write_bytes(JPEG)

    def replace(_: float) -> None:
        path.write_bytes(b"another file")

    for value in (path, io.BytesIO(JPEG), _Reader(JPEG)):
        with against(kind, ["status_429", "status_429", "ok"], timing={"sleep": replace}) as (client, server):
            made = client.call("remix", image=value, text_prompt=PROMPT)
            posts = server.wait_idle().posts
        assert [files_in(post.raw)[0].read() for post in posts] == [JPEG] * 3
        assert made.request["image"]["sha256"] == hashlib.sha256(JPEG).hexdigest()


def test_an_image_of_ours_is_fetched_first_and_for_free(kind: Kind) -> None:
    with against(kind, image=["status_503", "ok"]) as (client, server):
        image = client.ask().images[0]
        made = client.call("remix", image=image, text_prompt=PROMPT)
        ledger = server.wait_idle()
    assert (len(ledger.posts), len(ledger.gets), ledger.may_have_run) == (2, 2, 2)
    (file,) = files_in(ledger.posts[1].raw)
    data = file.read()
    assert (file.filename, file.content_type) == ("image.png", "image/png")
    assert made.request["image"] == {
        "file": "image.png",
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    assert len(data) > 60


def test_an_image_that_cannot_be_fetched_sends_nothing(kind: Kind) -> None:
    withheld = image_at(None, safe=False)
    for image, why in ((withheld, "withheld"), (image_at("http://10.0.0.1/a.png"), "is not fetched")):
        service = Service()
        with Driver(kind, service=service) as client, pytest.raises(DownloadError, match=why) as caught:
            client.call("remix", image=image, text_prompt=PROMPT)
        assert service.requests == []
        assert caught.value.may_have_been_billed is False
        assert caught.value.message.startswith("image: ")
        assert caught.value.message.endswith("Nothing was sent, nothing billed.")
        assert caught.value.url == image.url
    with FaultServer() as server, Driver(kind, base_url=server.url) as client:  # names are checked before it is fetched
        raised(RequestError, client.call, "remix", image=image_at(server.image_url), match="text_prompt is missing")
        assert server.wait_idle().requests == ()


def test_several_files_are_repeated_parts(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "b.gif"
    path.write_bytes(GIF)
    embedded = image_at("data:image/webp;base64," + base64.b64encode(WEBP).decode())
    with against(kind, answer_with(200, "[]")) as (client, server):
        files = {"image": [PNG, path, embedded]}
        assert client.run(lambda each: each._send(MANY, files, extra_fields=None, timeout=None)) == []
        (post,) = server.wait_idle().posts
    assert [file.read() for file in files_in(post.raw)] == [PNG, GIF, WEBP]
    assert [file.name for file in files_in(post.raw)] == ["image"] * 3
    for value, count in (((JPEG,), 1), (JPEG, 1), (path, 1), ([path, JPEG], 2)):
        body = encode_request(MANY, {"image": value})
        assert (len(body.parts), len(body.fields["image"])) == (count, count)
        assert all(record["bytes"] in {len(GIF), len(JPEG)} for record in body.fields["image"])


def test_a_file_alone_is_multipart_and_its_record_is_small() -> None:
    two = evolve(FIELD, python_name="mask", wire_name="mask", required=False)
    body = encode_request(
        evolve(MANY, fields=(FIELD, two, *POST_REMIX_IMAGE_V4.fields[1:2])),
        {"image": PNG, "mask": GIF, "text_prompt": "a"},
    )
    assert [(name, part[0]) for name, part in body.parts] == [
        ("image", "image.png"),
        ("mask", "mask.gif"),
        ("text_prompt", None),
    ]
    assert list(body.fields) == ["image", "mask", "text_prompt"]
    with against("sync") as (client, server):
        client.call("describe", image_file=PNG)
        (post,) = server.wait_idle().posts
    (file,) = files_in(post.raw)
    assert (file.name, file.filename) == ("image_file", "image_file.png")
    body = encode_request(POST_DESCRIBE_V4, {"image_file": PNG})
    assert len(repr(body)) < 400
    assert body.fields == {
        "image_file": {"file": "image_file.png", "bytes": len(PNG), "sha256": hashlib.sha256(PNG).hexdigest()}
    }


def test_a_large_file_has_more_time_to_be_written(kind: Kind) -> None:
    service = Service(lambda _: success())
    with Driver(kind, service=service, timeout=3.0) as client:
        client.call("remix", image=PNG + bytes(20 * 65536), text_prompt=PROMPT)
        client.ask()
    sent = [request.extensions["timeout"] for request in service.requests]
    assert 23.0 < sent[0].pop("write") < 23.1
    assert sent[1].pop("write") == 3.0
    assert sent == [{"connect": 3.0, "read": 3.0, "pool": 3.0}] * 2


# What is refused.


def test_what_is_no_file_is_refused_before_anything_is_sent(kind: Kind, tmp_path: Path) -> None:
    empty = tmp_path / "empty.png"
    empty.touch()
    closed = io.BytesIO(PNG)
    closed.close()
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    async def read_later() -> bytes:
        return PNG

    refused: list[tuple[Any, str]] = [
        (tmp_path / "none.png", "No such file"),
        (str(tmp_path / "none.png"), "Give the path of a file, or its content as bytes"),
        (empty, "it is empty"),
        (b"", "it is empty"),
        (io.BytesIO(), "it is empty"),
        (tmp_path, "it is a folder"),
        (fifo, "it is a device or a pipe"),
        ("/dev/zero", "it is a device or a pipe"),
        ("https://example.com/cat.png", "it is a link"),
        ("data:image/png;base64,AAAA", "it is a link"),
        ("A" * 10_000, "File name too long"),
        ("a\0b", "embedded null"),
        ("a\ud800b", "cannot be sent"),
        ("", "No such file"),
        (io.StringIO("text"), "it is opened as text"),
        (closed, "it is closed"),
        (_Reader("text"), "its read() returns str"),
        (_Reader(None), "its read() returns NoneType"),
        (_Reader(read_later()), "its read() returns coroutine"),
        (_Reader(OSError("gone\nwith the wind")), "reading it fails: OSError: gone"),
        (_Reader(MemoryError()), "it does not fit into memory"),
        (7, "int is not a file"),
        ([PNG], "list is not a file"),
        (Image.new("L", (1, 1)), "Image is not a file. Give a path, bytes, a file opened with mode 'rb'"),
    ]
    for value, why in refused:
        with case(value):
            assert why in refusal(value, kind).message


def test_a_file_that_may_not_be_read_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(PNG)
    real = open

    def refuse(name: Any, *args: Any) -> Any:
        if name == str(path):
            raise PermissionError(13, "Permission denied", name)
        return real(name, *args)

    monkeypatch.setattr(uploads, "open", refuse, raising=False)
    error = refusal(path)
    assert "Permission denied" in error.message
    assert isinstance(error.__cause__, PermissionError)
    with (tmp_path / "out").open("wb") as file:
        assert "reading it fails: UnsupportedOperation" in refusal(file).message


def test_no_file_of_several_is_left_out() -> None:
    for value, pointer in (([], "/image"), ([PNG, b""], "/image/1"), ([[PNG]], "/image/0")):
        error = raised(FieldValueError, encode_request, MANY, {"image": value})
        assert error.pointer == pointer


# Names and types.


def test_the_first_bytes_tell_the_type_and_the_suffix() -> None:
    known = {
        b"\0\1\0\0\0\x0d": "ttf font/ttf", b"true\0\x0d": "ttf font/ttf", b"OTTO": "otf font/otf",
        b"wOFF": "woff font/woff", b"wOF2": "woff2 font/woff2",
        b"PK\3\4": "zip application/zip", b"PK\5\6": "zip application/zip",
        PNG: "png image/png", JPEG: "jpg image/jpeg", WEBP: "webp image/webp", GIF: "gif image/gif",
    }  # fmt: skip
    for data, (suffix, kind) in {data: words.split() for data, words in known.items()}.items():
        for name, expected in (
            ("", f"field.{suffix}"),
            (f"a.{suffix}", f"a.{suffix}"),
            ("a.b", f"a.b.{suffix}"),
            ("noname", f"noname.{suffix}"),
            ("wrong.tiff", f"wrong.{suffix}"),
            (".hidden", f".hidden.{suffix}"),
        ):
            made = make_upload(data, name=name, stem="field")
            assert (made.name, made.content_type) == (expected, kind)
    for suffix in ("jpeg", "JPG", "jfif"):
        assert make_upload(JPEG, name=f"a.{suffix}", stem="f").name == f"a.{suffix}"
    for name, expected in (("a.md", "a.md"), ("a.png", "a.png"), ("", "field")):
        made = make_upload(b"a caption", name=name, stem="field")
        assert (made.name, made.content_type) == (expected, "application/octet-stream")
    assert make_upload(b"<svg xmlns='a'/>", name="", stem="f").content_type == "image/svg+xml"


def test_a_caption_keeps_its_name_whatever_it_begins_with() -> None:
    """It belongs to the image of that name."""
    beginnings = (
        b"true love",
        b"OTTO at sea",
        b"wOFF",
        b"BM",
        b"<svg/>",
        b"GIF89a is a format",
        b"II*",
        "größe".encode(),
    )
    for beginning in beginnings:
        for name, kind in (("pot.txt", "text/plain"), ("Pot 7.TXT", "text/plain"), ("pot.json", "application/json")):
            for text in (beginning, beginning + b" a" * 5000 + "é".encode()):
                made = make_upload(text, name=name, stem="field")
                assert (made.name, made.content_type, made.data) == (name, kind, text)
    for picture, suffix in ((PNG, ".png"), (JPEG, ".jpg"), (WEBP, ".webp"), (b"PK\3\4\0\xff", ".zip")):
        assert make_upload(picture, name="pot.txt", stem="field").name == f"pot.txt{suffix}", "it is no caption"
    for name, image, caption in (("it's; 5%.png", "it_s_ 5_.png", "it_s_ 5_.txt"), ("a.2024", "a.2024.png", "a.txt")):
        assert make_upload(PNG, name=name, stem="f").name == image
        assert make_upload(b"words", name=f"{Path(name).stem}.txt", stem="f").name == caption


def test_a_dataset_takes_images_captions_and_archives_of_any_iterable(kind: Kind, tmp_path: Path) -> None:
    archive, caption = io.BytesIO(b"PK\3\4 and more"), io.BytesIO(b"A vase")
    archive.name, caption.name = "more.zip", "vase.txt"
    (tmp_path / "vase.png").write_bytes(PNG)
    (tmp_path / "pot.png").write_bytes(PNG)
    (tmp_path / "pot.txt").write_bytes("Ein großer Topf".encode())
    for given in (sorted(tmp_path.iterdir()), (path for path in sorted(tmp_path.iterdir()))):
        files = chain(given, [archive, caption, PNG, PNG])
        with against(kind, answer_with(200, UPLOADED)) as (client, server):
            done = client.call("datasets.upload_assets", "d1", files=files)
            (post,) = server.wait_idle().posts
        assert (done.total_count, repr(done.failed_assets)) == (2, "UNSET")
        assert [(file.name, file.filename, file.content_type) for file in files_in(post.raw)] == [
            ("files", "pot.png", "image/png"),
            ("files", "pot.txt", "text/plain"),
            ("files", "vase.png", "image/png"),
            ("files", "more.zip", "application/zip"),
            ("files", "vase.txt", "text/plain"),
            ("files", "files-6.png", "image/png"),
            ("files", "files-7.png", "image/png"),
        ]


UPLOADED = '{"total_count": 2, "success_count": 2, "failure_count": 0}'


def test_images_of_ours_have_the_names_in_their_links(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    embedded = image_at("data:image/png;base64," + base64.b64encode(PNG).decode())
    with against(kind, answer_with(200, UPLOADED)) as (client, server):
        images = [image_at(f"{server.url}/image.png?a/b.gif"), embedded, image_at(server.image_url), embedded]
        client.call("datasets.upload_assets", "d1", files=images)
        post = server.wait_idle().posts[0]
    assert [file.filename for file in files_in(post.raw)] == ["image.png", "files-2.png", "image.png", "files-4.png"]
    assert "one may take the place of another: image.png" in caplog.text


def test_files_by_name_are_no_list() -> None:
    with pytest.raises(FieldValueError, match="cannot be sent: dict is not a file"), Driver("sync") as client:
        client.call("datasets.upload_assets", "d1", files={"a.png": PNG})


LARGE = PNG + os.urandom(3 * ONE_PIECE)


@pytest.mark.parametrize("lend", [False, True])
def test_large_files_arrive_whole_and_their_progress_is_reported(kind: Kind, lend: bool) -> None:
    seen: list[UploadProgress] = []
    faults = ["status_429", answer_with(200, UPLOADED), "ok"]
    with against(kind, faults, on_upload=seen.append, lend=PLAIN if lend else None) as (client, server):
        client.call("datasets.upload_assets", "d1", files=[LARGE, PNG, LARGE])
        client.ask()
        posts = server.wait_idle().posts
    assert [[file.read() for file in files_in(post.raw)] for post in posts[:2]] == [[LARGE, PNG, LARGE]] * 2
    total = 2 * len(LARGE) + len(PNG)
    assert {(each.method, each.total) for each in seen} == {("datasets.upload_assets", total)}, "a small one is not"
    sent = [each.sent for each in seen]
    second = sent.index(0, 1)
    for attempt in (sent[:second], sent[second:]):
        assert attempt[0] == 0
        assert attempt[-1] == total
        assert attempt == sorted(attempt)
        assert len(attempt) > 50
        # One piece would be a second copy, of which httpcore copies what is left after each write.
        assert max(after - before for before, after in pairwise(attempt)) <= 64 * 1024


def test_a_report_that_fails_ends_no_upload_and_one_that_interrupts_does(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[UploadProgress] = []

    def fail(progress: UploadProgress) -> None:
        calls.append(progress)
        raise OSError("the terminal is gone")

    def interrupt(progress: UploadProgress) -> None:
        if progress.sent:
            raise KeyboardInterrupt

    answer = answer_with(200, UPLOADED)
    with FaultServer([answer, answer]) as server:
        with Driver("sync", base_url=server.url, on_upload=fail) as client:
            assert client.call("datasets.upload_assets", "d1", files=LARGE).total_count == 2
        assert len(calls) == 1
        assert "on_upload failed, and is not called again: OSError: the terminal is gone" in caplog.text
        with Driver("sync", base_url=server.url, on_upload=interrupt) as client:
            error = raised(KeyboardInterrupt, client.call, "datasets.upload_assets", "d1", files=LARGE)
            assert getattr(error, "may_have_been_billed", False) is True
        assert server.wait_idle().may_have_run <= 2


def test_a_file_that_is_read_twice_in_an_attempt_is_not_counted_twice(kind: Kind) -> None:
    """An `auth` of a lent client sends the request again after a 401."""
    seen: list[UploadProgress] = []
    challenge = answer_with(401, "{}", [("WWW-Authenticate", 'Digest realm="a", nonce="b", qop="auth"')])
    lent = PLAIN | {"auth": httpx.DigestAuth("name", "word")}
    with against(kind, [challenge, answer_with(200, UPLOADED)], lend=lent, on_upload=seen.append) as (client, server):
        client.call("datasets.upload_assets", "d1", files=[LARGE, LARGE])
        posts = server.wait_idle().posts
    assert [[file.read() for file in files_in(post.raw)] for post in posts] == [[LARGE, LARGE]] * 2
    assert seen[-1].sent == max(each.sent for each in seen) == seen[-1].total == 2 * len(LARGE)


HOSTILE = (
    'a"; filename="b.png', "a\r\nX-Evil: 1.png", "..\\..\\a.png", "/etc/../a.png",
    "a\0.png", "\u202egpj.png", "a\\", '"',
    "naïve café 猫.png", "a\udcff.png", "..", " ", "a" * 5000 + ".png", "a;b=c.png", "%22.png",
)  # fmt: skip


def test_a_name_on_the_wire_is_safe() -> None:
    for hostile in HOSTILE:
        with case(hostile):
            file = io.BytesIO(PNG)
            file.name = hostile
            arrived = upload(file)
            name = arrived.filename or ""
            assert arrived.read() == PNG
            assert name.endswith(".png")
            assert name.isprintable()
            assert not set(name) & set('/\\"\r\n\0')
            assert 4 < len(name) <= 104
            assert len(arrived.headers) == 2
            message = Message()
            message["Content-Disposition"] = arrived.headers["Content-Disposition"]
            assert message.get_filename() is not None
    file = io.BytesIO(PNG)
    file.name = "naïve café 猫.png"
    assert upload(file).filename == file.name
    file.name = "<stdin>"
    assert upload(file).filename == "image.png"
