"""Complete responses that a client may not expect, and images that arrive broken, elsewhere or not at all."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from ideogram_ai.generated.operations import API_KEY_HEADER, OPERATIONS

from . import wire
from .exchange import Exchange, Fault, Phase, response_fault, send_slowly, status_may_have_run
from .wire import HTML, JSON, Response, halve, reason_phrase

Make = Callable[[Exchange], Response]

_EARLY_HINTS: Final = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
_SWITCHING: Final = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
_GARBAGE: Final = b"\xde\xad\xbe\xef" * 64


def _responds(
    name: str, does: str, make: Make, *, status: int = 200, harmless: bool = False, image: bool = False
) -> Fault:
    """A fault that sends a complete response; one to a GET of the image is never billed."""
    runs = not image and status_may_have_run(status)
    return response_fault(
        name, does, _answer(make), may_have_run=runs, status=status, harmless=harmless, by_status=not image
    )


def _answer(make: Make) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.answer(make(exchange))


def _sends(name: str, does: str, response: Response, *, harmless: bool = False, image: bool = False) -> Fault:
    """A fault that always sends the same response."""
    return _responds(name, does, lambda _: response, status=response.status, harmless=harmless, image=image)


def _redirect(status: int, exchange: Exchange) -> Response:
    return Response(status, headers=(("Location", exchange.settings.location),))


def _refusal(status: int, exchange: Exchange) -> Response:
    return wire.refusal(status, exchange.operation)


def _status_faults() -> Iterator[Fault]:
    known = {status for operation in OPERATIONS.values() for status in operation.billed}
    for status in sorted(known - {200} | {408, 500, 502, 504}):
        does = f"Responds {status} {reason_phrase(status)} with JSON."
        yield _responds(f"status_{status}", does, partial(_refusal, status), status=status)
    for status in (403, 429, 500, 502, 503, 504, 520):
        does = f"Responds {status} {reason_phrase(status)} with a page of HTML, as a proxy or CDN does."
        yield _sends(f"html_{status}", does, wire.html(status))
    for status in (301, 302, 303, 307, 308):
        does = f"Responds {status} {reason_phrase(status)} with the `location` of the server."
        yield _responds(f"redirect_{status}", does, partial(_redirect, status), status=status)


def _early_413(exchange: Exchange) -> None:
    exchange.read_half()
    exchange.send(wire.refusal(413).with_header("Connection", "close").whole())
    exchange.connection.finish()


def _continue_100(exchange: Exchange) -> None:
    exchange.read_head()
    exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    exchange.read_request()
    exchange.answer(exchange.good_answer())


def _early_hints_103(exchange: Exchange) -> None:
    exchange.send(_EARLY_HINTS)
    exchange.answer(exchange.good_answer())


def _switching_101(exchange: Exchange) -> None:
    exchange.send(_SWITCHING)
    exchange.connection.finish()


def _not_utf8(exchange: Exchange) -> Response:
    response = exchange.good_answer()
    return response.with_body(response.body.replace(b'"prompt": "', b'"prompt": "\xff\xfe'))


_EARLY_413: Final = "Responds 413 after half of the body, does not read the rest, and closes."
_CONTINUE_100: Final = "Sends 100 Continue before it reads the body, and then a good response."

_STATUSES: Final = (
    *_status_faults(),
    Fault("early_413", _EARLY_413, Phase.DURING_REQUEST, False, _early_413, 413),
    Fault("continue_100", _CONTINUE_100, Phase.IN_ANSWER, True, _continue_100, 200, harmless=True),
    response_fault("early_hints_103", "Sends 103 Early Hints before a good response.", _early_hints_103, harmless=True),
    response_fault("switching_101", "Responds 101 without an Upgrade, and closes.", _switching_101, status=101),
    _sends("no_content_204", "Responds 204 without a body.", Response(204)),
    _sends("empty_200", "Responds 200 with an empty body.", Response(200, headers=(JSON,))),
    _sends("html_200", "Responds 200 with a page of HTML.", wire.html(200)),
    _responds("not_utf8_200", "Responds 200 with JSON that is not UTF-8.", _not_utf8),
)

_MARK: Final = "THE-KEY-STANDS-HERE"
_WORDS: Final = f"There is no key {_MARK} in use."
_HTML_SPELLING: Final = "html_"


def _one_escape(key: str) -> str:
    """The key with one character escaped: the first that is not a letter or digit, or the one in the middle."""
    place = next((at for at, character in enumerate(key) if not character.isalnum()), len(key) // 2)
    return "".join(f"\\u{ord(char):04x}" if at == place else json.dumps(char)[1:-1] for at, char in enumerate(key))


def _each(form: str) -> Callable[[str], str]:
    return lambda key: "".join(form % ord(character) for character in key)


def _plain(key: str) -> str:
    return json.dumps(key)[1:-1]


_SPELLINGS: Final[Mapping[str, tuple[str, Callable[[str], str]]]] = {
    "plain": ("as it is", _plain),
    "json_one": ("with one character escaped for JSON", _one_escape),
    "json_all": ("with every character escaped for JSON", _each("\\u%04x")),
    "json_upper": ("with every character escaped for JSON, in upper-case digits", _each("\\u%04X")),
    "html_decimal": ("with every character as a decimal entity of HTML", _each("&#%d;")),
    "html_hex": ("with every character as a hexadecimal entity of HTML", _each("&#x%x;")),
    "percent": ("with every character percent-encoded", _each("%%%02X")),
    "base64": ("in base64", lambda key: base64.b64encode(key.encode()).decode()),
    "header": ("in two headers", str),
    "utf16": ("in JSON that is encoded as UTF-16, as its charset says", _plain),
    "gzip": ("in a body that is compressed with gzip", _plain),
}

SPELLINGS: Final = tuple(_SPELLINGS)
"""Ways to spell a key: in JSON, in a page of HTML (`html_`), in a header, in UTF-16, or in a compressed body."""


def spell(spelling: str, key: str) -> str:
    """The key in a spelling."""
    return _SPELLINGS[spelling][1](key)


def echo_key(spelling: str, status: int = 400) -> Fault:
    """Make a fault that sends the request's key back, in a spelling that a search for the key may not find.

    Args:
        spelling: A name in SPELLINGS.
        status: Status of the response. A 200 is a good response with the key in its prompt.
    """
    if spelling not in _SPELLINGS:
        raise ValueError(f"spelling: there is no {spelling!r}; known are {', '.join(SPELLINGS)}")
    return _responds(
        f"echo_{status}_{spelling}",
        f"Responds {status} with the request's key in its text, {_SPELLINGS[spelling][0]}.",
        lambda exchange: _echo(exchange, spelling, status),
        status=status,
        harmless=status == 200 and not spelling.startswith((_HTML_SPELLING, "utf16")),
    )


def _echo(exchange: Exchange, spelling: str, status: int) -> Response:
    response = exchange.good_answer() if status == 200 else wire.refusal(status)
    if status == 200 and exchange.method != "POST":
        return response  # an image contains no text
    spelt = spell(spelling, exchange.header(API_KEY_HEADER) or "")
    if spelling == "header":
        words = _WORDS.replace(_MARK, spelt)
        return response.with_header("X-Reason", words).with_header("WWW-Authenticate", f'ApiKey realm="{words}"')
    if spelling.startswith(_HTML_SPELLING):
        page = f"<!DOCTYPE html>\n<html><body><h1>{_WORDS}</h1></body></html>\n"
        return Response(status, page.replace(_MARK, spelt).encode(), (HTML,))
    document = json.loads(response.body)
    if status == 200 and "data" in document:
        document["data"] = [entry | {"prompt": _WORDS} for entry in document["data"]]
    else:
        document |= {"detail": _WORDS, "error": _WORDS}
    text = json.dumps(document).replace(_MARK, spelt)
    if spelling == "utf16":
        rest = tuple(header for header in response.headers if header != JSON)
        return Response(status, text.encode("utf-16"), (("Content-Type", "application/json; charset=utf-16"), *rest))
    if spelling == "gzip":
        return response.with_header("Content-Encoding", "gzip").with_body(_gzip(text.encode()))
    return response.with_body(text.encode())


_ECHOES: Final = (
    *map(echo_key, SPELLINGS),
    *(echo_key("json_one", status) for status in (401, 422, 429, 500)),
    echo_key("plain", 200),
    echo_key("json_one", 200),
)


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def _members(body: bytes) -> bytes:
    first, rest = halve(body)
    return _gzip(first) + _gzip(b"") + _gzip(rest)


def _coded(name: str, does: str, coding: str, encode: Callable[[bytes], bytes], *, harmless: bool = False) -> Fault:
    """A fault that encodes the body of a good response, and names a content coding."""

    def make(exchange: Exchange) -> Response:
        response = exchange.good_answer()
        return response.with_header("Content-Encoding", coding).with_body(encode(response.body))

    return _responds(name, does, make, harmless=harmless)


def _bomb(name: str, does: str, coding: str, encode: Callable[[bytes], bytes] = bytes) -> Fault:
    def act(exchange: Exchange) -> None:
        response = exchange.good_answer()
        body = encode(wire.gzip_with_spaces(response.body, exchange.settings.expanded_size))
        exchange.answer(response.with_header("Content-Encoding", coding).with_body(body))

    return response_fault(name, does, act, needs_limit=True)


_ENCODINGS: Final = (
    _coded("gzip", "Sends the body as gzip.", "gzip", _gzip, harmless=True),
    _coded("gzip_twice", "Sends the body as gzip of gzip.", "gzip, gzip", lambda b: _gzip(_gzip(b)), harmless=True),
    _coded("gzip_members", "Sends gzip of three members, the second one empty.", "gzip", _members, harmless=True),
    _coded("deflate", "Sends the body as deflate.", "deflate", zlib.compress, harmless=True),
    _bomb("gzip_bomb", "Sends gzip that expands a thousandfold.", "gzip"),
    _bomb("gzip_twice_bomb", "Sends gzip of gzip that expands a hundred-thousandfold.", "gzip, gzip", _gzip),
    _coded("gzip_cut", "Sends half of a gzip stream, with its true length.", "gzip", lambda b: halve(_gzip(b))[0]),
    _coded(
        "gzip_members_cut",
        "Sends gzip of two members, the second one cut.",
        "gzip",
        lambda b: _gzip(halve(b)[0]) + halve(_gzip(halve(b)[1]))[0],
    ),
    _coded("gzip_garbage", "Says gzip and sends garbage.", "gzip", lambda _: _GARBAGE),
    _coded("gzip_plain", "Says gzip and sends the body as it is.", "gzip", bytes),
    _coded("br_garbage", "Says br and sends garbage.", "br", lambda _: _GARBAGE),
    _coded("zstd_garbage", "Says zstd and sends garbage.", "zstd", lambda _: _GARBAGE),
    _coded("unknown_coding", "Names an unknown content coding, and sends garbage.", "x-none", lambda _: _GARBAGE),
)

RESPONSE_FAULTS: Final = (*_STATUSES, *_ECHOES, *_ENCODINGS)


_HOP: Final = "/hop/"
_PNG: Final = ("Content-Type", "image/png")
_PIECE_SIZE: Final = 16
_END_CHUNK: Final = 12  # bytes of a PNG's last chunk
_EXPIRED: Final = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>'


def _sends_image(image: bytes, content_type: str = "image/png") -> Make:
    return lambda exchange: exchange.image_answer(image, content_type=content_type)


def _cut(exchange: Exchange, response: Response) -> None:
    exchange.send(response.head_with_length() + halve(response.body)[0])
    exchange.connection.reset()


def _cut_then(name: str, does: str, resume: Make, *, validators: wire.Headers | None = None) -> Fault:
    """Cut the image, and respond to a Range with `resume`."""

    def act(exchange: Exchange) -> None:
        if exchange.header("Range") is None:
            _cut(exchange, exchange.image_answer(wire.png(), validators=validators))
        else:
            exchange.answer(resume(exchange))

    return response_fault(f"cut_then_{name}", f"Resets after half of the image; {does}", act, may_have_run=False)


def _always_cut(exchange: Exchange) -> None:
    _cut(exchange, exchange.good_answer())


def _no_content_range(exchange: Exchange) -> Response:
    return Response(206, exchange.good_answer().body, (_PNG,))


def _wrong_range(_exchange: Exchange) -> Response:
    """The first half again, with a true Content-Range."""
    image = wire.png()
    first, _ = halve(image)
    return Response(206, first, (_PNG, ("Content-Range", f"bytes 0-{len(first) - 1}/{len(image)}")))


def _changed_images() -> Iterator[Fault]:
    """Images that changed during the download, from a host that sends a range of the new one."""
    dates = tuple(("Last-Modified", f"Mon, 05 Oct 2026 10:00:0{second} GMT") for second in (0, 9))
    weak = (("ETag", 'W/"one"'),)
    cases: tuple[tuple[str, str, wire.Headers, wire.Headers], ...] = (
        ("other_etag", "with another ETag, and ignores If-Range", (("ETag", '"one"'),), (("ETag", '"other"'),)),
        ("no_etag", "without the ETag that the first had", (("ETag", '"one"'),), ()),
        ("weak_etag", "with the same weak ETag", weak, weak),
        ("other_date", "with another Last-Modified and no ETag", dates[:1], dates[1:]),
        ("no_validator", "and neither has an ETag or a date", (), ()),
    )
    for name, words, before, after in cases:
        resume = partial(Exchange.image_answer, image=wire.png(seed=1), validators=after)
        yield _cut_then(name, f"a Range gets 206 and the rest of another image, {words}.", resume, validators=before)


def _slow_image(exchange: Exchange) -> None:
    response = exchange.good_answer()
    exchange.send(response.head_with_length())
    send_slowly(exchange, (response.body[at : at + _PIECE_SIZE] for at in range(0, len(response.body), _PIECE_SIZE)))


def _with_wrong_crc(png: bytes) -> bytes:
    """The PNG with one bit of its pixels changed, and the old checksum."""
    place = len(png) - _END_CHUNK - 4 - 1
    return png[:place] + bytes((png[place] ^ 1,)) + png[place + 1 :]


def _pictures() -> Iterator[Fault]:
    whole = {"JPEG": wire.JPEG, "WebP": wire.WEBP, "AVIF": wire.AVIF, "GIF": wire.GIF}
    for name, image in whole.items():
        kind = name.lower()
        make = _sends_image(image, f"image/{kind}")
        yield _responds(f"{kind}_image", f"Sends a whole {name}.", make, harmless=True, image=True)
    png, jpeg, avif = wire.png(), wire.JPEG, wire.AVIF
    thumbnail_end = jpeg.index(b"\xff\xd9") + 2
    in_scan = (jpeg.rindex(b"\xff\xda") + len(jpeg)) // 2
    cut = (
        ("jpeg_cut_behind_thumbnail", "a JPEG that is cut at the end of its thumbnail", jpeg[:thumbnail_end]),
        ("jpeg_cut_in_scan", "a JPEG that is cut in the middle of its pixels", jpeg[:in_scan]),
        ("png_cut_between_chunks", "a PNG without its last chunk", png[:-_END_CHUNK]),
        ("png_wrong_crc", "a PNG with one bit of its pixels changed on the way", _with_wrong_crc(png)),
        ("avif_cut_in_meta", "an AVIF that is cut in its description", avif[: avif.index(b"meta") + 20]),
        ("avif_cut_in_mdat", "an AVIF that is cut in its pixels", avif[: avif.index(b"mdat") + 20]),
        ("webp_cut", "the first half of a WebP", halve(wire.WEBP)[0]),
        ("gif_cut", "the first half of a GIF", halve(wire.GIF)[0]),
    )
    for name, what, image in cut:
        kind = name.partition("_")[0]
        yield _responds(name, f"Sends {what}, as if it were all.", _sends_image(image, f"image/{kind}"), image=True)


def redirect_chain(hops: int) -> Fault:
    """Make a fault of images: redirect on the same server, and then send the image.

    Args:
        hops: How many redirects, from 1.
    """

    def make(exchange: Exchange) -> Response:
        place = exchange.target.rpartition(_HOP)[2]
        done = int(place) if _HOP in exchange.target and place.isdigit() else 0
        if done >= hops:
            return exchange.good_answer()
        return Response(302, headers=(("Location", f"{exchange.settings.url}{_HOP}{done + 1}"),))

    does = f"Redirects {hops} times, and then sends the image."
    return _responds(f"redirect_chain_{hops}", does, make, status=302, image=True)


def redirect_to(location: str, *, name: str = "redirect_to") -> Fault:
    """Make a fault of images: redirect to this URL.

    Args:
        location: Value of Location.
        name: Name in the ledger.
    """
    return _sends(name, f"Redirects to {location}.", Response(302, headers=(("Location", location),)), image=True)


def _redirect_loop(exchange: Exchange) -> Response:
    return Response(302, headers=(("Location", exchange.settings.url + exchange.target),))


LATE_IMAGE: Final = ("status_404", "ok")
"""A script for `image`: the image does not exist yet when it is first requested."""

_SLOW: Final = f"Sends {_PIECE_SIZE} bytes of the image each interval."
_HTML_BODY: Final = wire.html(200).body
_PLAIN: Final = ("Content-Type", "text/plain")

DOWNLOAD_FAULTS: Final = (
    *_pictures(),
    *_changed_images(),
    response_fault("slow_image", _SLOW, _slow_image, may_have_run=False, needs_limit=True),
    *(
        _sends(f"expired_{status}", f"Responds {status} and says that the link has expired.", response, image=True)
        for status in (403, 410)
        for response in (Response(status, _EXPIRED, (("Content-Type", "application/xml"),)),)
    ),
    _cut_then("resumes", "a Range gets the rest.", Exchange.good_answer),
    _cut_then("ignores_range", "a Range gets 200 and all.", lambda e: e.image_answer(wire.png(), resumable=False)),
    _cut_then("wrong_range", "a Range gets 206 and the first half again.", _wrong_range),
    _cut_then("no_content_range", "a Range gets 206 without Content-Range.", _no_content_range),
    _cut_then("changed", "a Range without If-Range gets another image.", lambda e: e.image_answer(wire.png(seed=1))),
    response_fault("always_cut", "Resets after half of each response.", _always_cut, may_have_run=False),
    _responds("truncated_image", "Sends half of the image as all.", _sends_image(halve(wire.png())[0]), image=True),
    _sends("html_image", "Sends a page of HTML with status 200.", wire.html(200), image=True),
    _sends("html_labelled_png", "Sends HTML as image/png.", Response(200, _HTML_BODY, (_PNG,)), image=True),
    _sends(
        "png_labelled_text", "Sends the image as text.", Response(200, wire.png(), (_PLAIN,)), harmless=True, image=True
    ),
    _sends("empty_image", "Sends no bytes with status 200.", Response(200, headers=(_PNG,)), image=True),
    _sends("status_410", "Responds 410 Gone with JSON.", wire.refusal(410), image=True),
    *map(redirect_chain, (1, 3, 4)),
    _responds("redirect_loop", "Redirects to the same URL.", _redirect_loop, status=302, image=True),
    _sends("redirect_without_location", "Redirects without a Location.", Response(302), image=True),
    redirect_to("http://image.invalid/image.png", name="redirect_to_http"),
    redirect_to("https://10.0.0.1/image.png", name="redirect_to_private"),
    redirect_to("https://[fd00::1]/image.png", name="redirect_to_private_ipv6"),
    redirect_to("https://169.254.169.254/image.png", name="redirect_to_link_local"),
    redirect_to("https://127.0.0.1:9/image.png", name="redirect_to_loopback"),
    redirect_to("file:///etc/hosts", name="redirect_to_file"),
)
