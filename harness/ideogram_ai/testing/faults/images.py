"""Images that arrive broken, elsewhere or not at all: what a GET of the image can meet beside the general faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from . import content, pictures
from .fault import Fault, Phase
from .wire import Answer, halve, in_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .exchange import Exchange
    from .wire import Headers

_HOP: Final = "/hop/"
_SLOW_PIECE: Final = 16


def _image_fault(
    name: str,
    does: str,
    act: Callable[[Exchange], None],
    *,
    status: int = 200,
    needs_limit: bool = False,
    harmless: bool = False,
) -> Fault:
    """A fault that reads the request and then acts. A GET is never billed."""

    def read_and_act(exchange: Exchange) -> None:
        exchange.read_request()
        act(exchange)

    return Fault(
        name, does, Phase.IN_ANSWER, False, read_and_act, status=status, needs_limit=needs_limit, harmless=harmless
    )


def _cut(exchange: Exchange, answer: Answer) -> None:
    exchange.send(answer.head_with_length() + halve(answer.body)[0])
    exchange.connection.reset()


def _first_half_then(resume: Callable[[Exchange], Answer]) -> Callable[[Exchange], None]:
    """Cut what is asked for without Range, and give `resume` to a Range."""

    def act(exchange: Exchange) -> None:
        if exchange.header("Range") is None:
            _cut(exchange, exchange.image_answer(content.png()))
        else:
            exchange.answer(resume(exchange))

    return act


def _always_cut(exchange: Exchange) -> None:
    _cut(exchange, exchange.good_answer())


def _ignore_range(exchange: Exchange) -> Answer:
    return exchange.image_answer(content.png(), resumable=False)


def _wrong_range(_exchange: Exchange) -> Answer:
    """The first half once more, as Content-Range truly says, and not what was asked for."""
    image = content.png()
    first, _ = halve(image)
    headers = (("Content-Type", "image/png"), ("Content-Range", f"bytes 0-{len(first) - 1}/{len(image)}"))
    return Answer(206, first, headers)


def _no_content_range(exchange: Exchange) -> Answer:
    return Answer(206, exchange.good_answer().body, (("Content-Type", "image/png"),))


def _changed(exchange: Exchange) -> Answer:
    """The range of another image of the same size; all of it to a client that names the first one in If-Range."""
    return exchange.image_answer(content.png(seed=1))


def _other_image(first: Headers, then: Headers) -> Callable[[Exchange], None]:
    """Cut an image that has the validators `first`; give the rest of another one, with the validators `then`."""

    def act(exchange: Exchange) -> None:
        if exchange.header("Range") is None:
            _cut(exchange, exchange.image_answer(content.png(), validators=first))
        else:
            exchange.answer(exchange.image_answer(content.png(seed=1), validators=then))

    return act


def _picture(image: bytes, kind: str) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.answer(exchange.image_answer(image, content_type=f"image/{kind}"))


def _slow(exchange: Exchange) -> None:
    answer = exchange.good_answer()
    exchange.send(answer.head_with_length())
    for piece in in_pieces(answer.body, _SLOW_PIECE):
        exchange.send(piece)
        exchange.connection.pause(exchange.settings.interval)


def _link_expired(status: int) -> Callable[[Exchange], None]:
    body = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>'
    return lambda exchange: exchange.answer(Answer(status, body, (("Content-Type", "application/xml"),)))


def _truncated(exchange: Exchange) -> None:
    first, _ = halve(content.png())
    exchange.answer(exchange.image_answer(first))


def _html(exchange: Exchange) -> None:
    exchange.answer(content.html(200))


def _html_labelled_png(exchange: Exchange) -> None:
    exchange.answer(Answer(200, content.html(200).body, (("Content-Type", "image/png"),)))


def _mislabelled(exchange: Exchange) -> None:
    exchange.answer(Answer(200, content.png(), (("Content-Type", "text/plain"),)))


def _gone(exchange: Exchange) -> None:
    exchange.answer(content.refusal(410))


def _empty(exchange: Exchange) -> None:
    exchange.answer(Answer(200, headers=(("Content-Type", "image/png"),)))


def _chain(hops: int) -> Callable[[Exchange], None]:
    def act(exchange: Exchange) -> None:
        place = exchange.target.rpartition(_HOP)[2]
        done = int(place) if _HOP in exchange.target and place.isdigit() else 0
        if done >= hops:
            exchange.answer(exchange.good_answer())
        else:
            exchange.answer(Answer(302, headers=(("Location", f"{exchange.settings.url}{_HOP}{done + 1}"),)))

    return act


def _redirect(location: str) -> Callable[[Exchange], None]:
    return lambda exchange: exchange.answer(Answer(302, headers=(("Location", location),)))


def _no_location(exchange: Exchange) -> None:
    exchange.answer(Answer(302))


def _loop(exchange: Exchange) -> None:
    exchange.answer(Answer(302, headers=(("Location", exchange.settings.url + exchange.target),)))


def redirect_chain(hops: int) -> Fault:
    """Make a behaviour of images: redirect on the same server, and then answer well.

    Args:
        hops: How many redirects, from 1.
    """
    return _image_fault(
        f"redirect_chain_{hops}", f"Redirects {hops} times, and then answers well.", _chain(hops), status=302
    )


def redirect_to(location: str, *, name: str = "redirect_to") -> Fault:
    """Make a behaviour of images: redirect to this address.

    Args:
        location: Value of Location.
        name: Name in the ledger.
    """
    return _image_fault(name, f"Redirects to {location}.", _redirect(location), status=302)


_ENDS_CRC: Final = 16
"""Bytes behind the data of a PNG's last chunk but one: its checksum, and the last chunk."""
_END_CHUNK: Final = 12


def _with_wrong_crc(png: bytes) -> bytes:
    """The PNG with one bit of its pixels changed, and the checksum of before."""
    place = len(png) - _ENDS_CRC - 1
    return png[:place] + bytes((png[place] ^ 1,)) + png[place + 1 :]


def _pictures() -> Iterator[Fault]:
    whole = {"jpeg": pictures.JPEG, "webp": pictures.WEBP, "avif": pictures.AVIF, "gif": pictures.GIF}
    for kind, image in whole.items():
        name = kind.upper().replace("WEBP", "WebP")
        yield _image_fault(f"{kind}_image", f"Sends a whole {name}.", _picture(image, kind), harmless=True)
    png, jpeg = content.png(), pictures.JPEG
    cut: tuple[tuple[str, str, bytes], ...] = (
        (
            "jpeg_cut_behind_thumbnail",
            "a JPEG that is cut where the thumbnail in it ends",
            jpeg[: pictures.JPEG_BEHIND_THUMBNAIL],
        ),
        ("jpeg_cut_in_scan", "a JPEG that is cut in the middle of its pixels", jpeg[: pictures.JPEG_IN_SCAN]),
        ("png_cut_between_chunks", "a PNG without its last chunk", png[:-_END_CHUNK]),
        ("png_wrong_crc", "a PNG one bit of whose pixels was changed on the way", _with_wrong_crc(png)),
        ("avif_cut_in_meta", "an AVIF that is cut in its description", pictures.AVIF[: pictures.AVIF_IN_META]),
        ("avif_cut_in_mdat", "an AVIF that is cut in its pixels", pictures.AVIF[: pictures.AVIF_IN_MDAT]),
        ("webp_cut", "the first half of a WebP", halve(pictures.WEBP)[0]),
        ("gif_cut", "the first half of a GIF", halve(pictures.GIF)[0]),
    )
    for name, what, image in cut:
        kind = name.partition("_")[0]
        yield _image_fault(name, f"Sends {what}, as if it were all.", _picture(image, kind))


def _versions() -> Iterator[Fault]:
    """Images that changed while they were fetched, though the host gives a range of the new one."""
    one, other, weak = '"one"', '"other"', 'W/"one"'
    dates = tuple(("Last-Modified", f"Mon, 05 Oct 2026 10:00:0{second} GMT") for second in (0, 9))
    cases: tuple[tuple[str, str, Headers, Headers], ...] = (
        ("other_etag", "with another ETag, whatever If-Range asks for", (("ETag", one),), (("ETag", other),)),
        ("no_etag", "without the ETag that the first had", (("ETag", one),), ()),
        ("weak_etag", "with the same weak ETag", (("ETag", weak),), (("ETag", weak),)),
        ("other_date", "with another Last-Modified and no ETag", dates[:1], dates[1:]),
        ("no_validator", "and neither has an ETag or a date", (), ()),
    )
    for name, words, first, then in cases:
        does = f"Resets after half of the image; a Range is answered 206 with the rest of another image, {words}."
        yield _image_fault(f"cut_then_{name}", does, _other_image(first, then))


LATE_IMAGE: Final = ("status_404", "ok")
"""A script for `image`: the image is not there when it is first asked for."""

IMAGES: Final = (
    *_pictures(),
    *_versions(),
    _image_fault(
        "slow_image",
        f"Sends the image slower than any network, {_SLOW_PIECE} bytes each interval.",
        _slow,
        needs_limit=True,
    ),
    _image_fault("expired_403", "Answers 403 with words that the link has expired.", _link_expired(403), status=403),
    _image_fault("expired_410", "Answers 410 with words that the link has expired.", _link_expired(410), status=410),
    _image_fault(
        "cut_then_resumes",
        "Resets after half of the image; a Range gets the rest.",
        _first_half_then(lambda exchange: exchange.good_answer()),
    ),
    _image_fault(
        "cut_then_ignores_range",
        "Resets after half of the image; a Range is answered 200 with the whole image.",
        _first_half_then(_ignore_range),
    ),
    _image_fault(
        "cut_then_wrong_range",
        "Resets after half of the image; a Range is answered 206 with the first half again.",
        _first_half_then(_wrong_range),
    ),
    _image_fault(
        "cut_then_no_content_range",
        "Resets after half of the image; a Range is answered 206 without Content-Range.",
        _first_half_then(_no_content_range),
    ),
    _image_fault(
        "cut_then_changed",
        "Resets after half of the image; a Range gets the rest of another image, unless If-Range asks for this one.",
        _first_half_then(_changed),
    ),
    _image_fault("always_cut", "Resets after half of whatever is asked for.", _always_cut),
    _image_fault("truncated_image", "Sends the first half of the image as if it were all.", _truncated),
    _image_fault("html_image", "Sends a page of HTML with status 200.", _html),
    _image_fault("html_labelled_png", "Sends a page of HTML as image/png.", _html_labelled_png),
    _image_fault("png_labelled_text", "Sends the image as text/plain.", _mislabelled, harmless=True),
    _image_fault("empty_image", "Sends no byte with status 200.", _empty),
    _image_fault("status_410", "Answers 410 Gone with JSON.", _gone, status=410),
    redirect_chain(1),
    redirect_chain(3),
    redirect_chain(4),
    _image_fault("redirect_loop", "Redirects to where it was asked.", _loop, status=302),
    _image_fault("redirect_without_location", "Redirects to nowhere.", _no_location, status=302),
    redirect_to("http://image.invalid/image.png", name="redirect_to_http"),
    redirect_to("https://10.0.0.1/image.png", name="redirect_to_private"),
    redirect_to("https://[fd00::1]/image.png", name="redirect_to_private_ipv6"),
    redirect_to("https://169.254.169.254/image.png", name="redirect_to_link_local"),
    redirect_to("https://127.0.0.1:9/image.png", name="redirect_to_loopback"),
    redirect_to("file:///etc/hosts", name="redirect_to_file"),
)
