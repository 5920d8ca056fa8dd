"""Images that arrive broken, elsewhere or not at all."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from . import wire
from .exchange import Exchange, Fault, Make, ends, response_fault, sends, sends_slowly
from .response_faults import responds
from .wire import Connection, Response, halve

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOP: Final = "/hop/"
_PNG: Final = ("Content-Type", "image/png")
_PIECE_SIZE: Final = 16
_END_CHUNK: Final = 12  # bytes of a PNG's last chunk
_EXPIRED: Final = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>'


def _sends_image(image: bytes, content_type: str = "image/png") -> Make:
    return lambda exchange: exchange.image_answer(image, content_type=content_type)


def _cut_then(name: str, does: str, resume: Make, *, validators: wire.Headers | None = None) -> Fault:
    """Cut the image, and respond to a Range with `resume`."""

    def act(exchange: Exchange) -> None:
        if exchange.header("Range") is None:
            exchange.send(exchange.image_answer(wire.png(), validators=validators).half())
            exchange.connection.reset()
        else:
            exchange.answer(resume(exchange))

    return response_fault(f"cut_then_{name}", f"Resets after half of the image; {does}", act)


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


def _pieces(response: Response) -> Iterator[bytes]:
    return (response.body[at : at + _PIECE_SIZE] for at in range(0, len(response.body), _PIECE_SIZE))


def _with_wrong_crc(png: bytes) -> bytes:
    """The PNG with one bit of its pixels changed, and the old checksum."""
    place = len(png) - _END_CHUNK - 4 - 1
    return png[:place] + bytes((png[place] ^ 1,)) + png[place + 1 :]


def _pictures() -> Iterator[Fault]:
    whole = {"JPEG": wire.JPEG, "WebP": wire.WEBP, "AVIF": wire.AVIF, "GIF": wire.GIF}
    for name, image in whole.items():
        kind = name.lower()
        make = _sends_image(image, f"image/{kind}")
        yield responds(f"{kind}_image", f"Sends a whole {name}.", make, harmless=True)
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
        yield responds(name, f"Sends {what}, as if it were all.", _sends_image(image, f"image/{kind}"))


def _moved(location: str) -> Response:
    return Response(302, headers=(("Location", location),))


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
        return _moved(f"{exchange.settings.url}{_HOP}{done + 1}")

    does = f"Redirects {hops} times, and then sends the image."
    return responds(f"redirect_chain_{hops}", does, make, status=302)


def redirect_to(location: str, *, name: str = "redirect_to") -> Fault:
    """Make a fault of images: redirect to this URL.

    Args:
        location: Value of Location.
        name: Name in the ledger.
    """
    return responds(name, f"Redirects to {location}.", _moved(location))


LATE_IMAGE: Final = ("status_404", "ok")
"""A script for `image`: the image does not exist yet when it is first requested."""

_SLOW: Final = f"Sends {_PIECE_SIZE} bytes of the image each interval."
_HTML_BODY: Final = wire.html(200).body
_PLAIN: Final = ("Content-Type", "text/plain")

_FAULTS: Final = (
    *_pictures(),
    *_changed_images(),
    response_fault("slow_image", _SLOW, sends(Response.head_with_length), sends_slowly(_pieces), needs_limit=True),
    *(
        responds(f"expired_{status}", f"Responds {status} and says that the link has expired.", response)
        for status in (403, 410)
        for response in (Response(status, _EXPIRED, (("Content-Type", "application/xml"),)),)
    ),
    _cut_then("resumes", "a Range gets the rest.", Exchange.good_answer),
    _cut_then("ignores_range", "a Range gets 200 and all.", lambda e: e.image_answer(wire.png(), resumable=False)),
    _cut_then("wrong_range", "a Range gets 206 and the first half again.", _wrong_range),
    _cut_then(
        "no_content_range",
        "a Range gets 206 without Content-Range.",
        lambda e: replace(e.good_answer(), headers=(_PNG,)),
    ),
    _cut_then("changed", "a Range without If-Range gets another image.", lambda e: e.image_answer(wire.png(seed=1))),
    response_fault("always_cut", "Resets after half of each response.", sends(Response.half), ends(Connection.reset)),
    responds("truncated_image", "Sends half of the image as all.", _sends_image(halve(wire.png())[0])),
    responds("html_image", "Sends a page of HTML with status 200.", wire.html(200)),
    responds("html_labelled_png", "Sends HTML as image/png.", Response(200, _HTML_BODY, (_PNG,))),
    responds("png_labelled_text", "Sends the image as text.", Response(200, wire.png(), (_PLAIN,)), harmless=True),
    responds("empty_image", "Sends no bytes with status 200.", Response(200, headers=(_PNG,))),
    responds("status_410", "Responds 410 Gone with JSON.", wire.refusal(410)),
    *map(redirect_chain, (1, 3, 4)),
    responds("redirect_loop", "Redirects to the same URL.", lambda e: _moved(e.settings.url + e.target), status=302),
    responds("redirect_without_location", "Redirects without a Location.", Response(302)),
    redirect_to("http://image.invalid/image.png", name="redirect_to_http"),
    redirect_to("https://10.0.0.1/image.png", name="redirect_to_private"),
    redirect_to("https://[fd00::1]/image.png", name="redirect_to_private_ipv6"),
    redirect_to("https://169.254.169.254/image.png", name="redirect_to_link_local"),
    redirect_to("https://127.0.0.1:9/image.png", name="redirect_to_loopback"),
    redirect_to("file:///etc/hosts", name="redirect_to_file"),
)

IMAGE_FAULTS: Final = tuple(replace(fault, may_have_run=False, by_status=False) for fault in _FAULTS)
