"""The link of an image comes from a response, so whoever can forge one chooses where the user's machine connects to.

That may be its own services, the router, or a cloud's metadata server. So only https and only public addresses are
allowed, by the address that was really connected to, with at most three redirects, and nothing identifies the user.
"""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import pytest
from driver import Driver, Kind, against, outcome
from image_downloads import PNG
from small_internet import INNER, Internet, answer

from ideogram_ai.client import DownloadError
from ideogram_ai.testing.faults import FaultServer, redirect_to


def refusals(kind: Kind, links: Sequence[str], folder: Path, *, base_url: str | None = None) -> list[DownloadError]:
    """The errors of links that must not be fetched. Nothing is left in the folder."""
    errors: list[DownloadError] = []
    with Driver(kind, base_url=base_url) as client:
        for link in links:
            error = outcome(client.download, link, folder / "cat.png")
            assert isinstance(error, DownloadError), f"{link}: {error!r}"
            errors.append(error)
    assert list(folder.iterdir()) == []
    return errors


def check_forbidden(kind: Kind, links: Sequence[str], folder: Path) -> list[DownloadError]:
    errors = refusals(kind, links, folder)
    assert [link for link, error in zip(links, errors, strict=True) if error.reason != "forbidden_address"] == []
    return errors


INNER_HOSTS = (
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "0.0.0.0", "[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[fc00::1]",
    "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]",
    "localhost", "LOCALHOST", "api.localhost",
    "127\u30020.0.1",  # looks like a name until it is written in ASCII
)  # fmt: skip


def test_inner_addresses_are_not_connected_to(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[object] = []
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **_: attempts.append(args))
    check_forbidden(kind, [f"https://{host}:9/cat.png" for host in INNER_HOSTS], tmp_path)
    assert attempts == []


NAMES = (
    "images.example", "IMAGES.example", "images.example.", "m\u00fcnchen.example", "xn--mnchen-3ya.example",
    "im%61ges.example", "localhost.", "127.1", "2130706433", "0x7f000001",
)  # fmt: skip


def test_names_that_resolve_to_an_inner_address_get_nothing(kind: Kind, internet: Internet, tmp_path: Path) -> None:
    """An attacker's name server answers as it likes, so the address behind the connection is what counts."""
    host = internet.host("inside", address=INNER, tls=False)
    for name in NAMES:
        internet.name(name.encode("idna").decode().lower(), INNER)
    check_forbidden(kind, [f"https://{name}:{host.port}/cat.png" for name in NAMES], tmp_path)
    assert host.settle(len(NAMES)) == [b""] * len(NAMES)


NO_HTTPS_URLS = (
    "http://images.example/cat.png", "ftp://images.example/cat.png", "file:///etc/hostname",
    "//images.example/cat.png", "cat.png", "https:cat.png", "https:///cat.png",
    "https://user@images.example/cat.png", "https://:word@images.example/cat.png", "https://[::1/cat.png",
    "https://images.example:99999/", "https://images.example:0/", "https://images.example:port/", "https://exam\nple/",
    "https://\ud800/", "https://images.example/\ud800.png", "https://images.example/" + "a" * 70_000,
    "javascript:alert(1)", "?", "//[",
)  # fmt: skip


def test_links_that_are_no_https_urls_are_refused(kind: Kind, internet: Internet, tmp_path: Path) -> None:
    internet.name("images.example", INNER)
    for error in check_forbidden(kind, NO_HTTPS_URLS, tmp_path):
        assert len(error.message) < 700
        assert error.message.isprintable()


def test_names_that_cannot_be_looked_up_are_an_error_of_ours(kind: Kind, internet: Internet, tmp_path: Path) -> None:
    links = [f"https://{name}/cat.png" for name in ("a..b", "a" * 64 + ".example", "xn--", "nowhere.example")]
    assert {error.reason for error in refusals(kind, links, tmp_path)} == {"connection"}


def test_a_redirect_to_another_public_host_is_followed(kind: Kind, internet: Internet, tmp_path: Path) -> None:
    internet.open_doors()
    target = internet.host("storage.example", answer(200, PNG))
    for status in (301, 302, 303, 307, 308):
        first = internet.host("images.example", answer(status, b"", f"Location: {target.url}/next"))
        with Driver(kind) as client:
            path = client.download(f"{first.url}/cat.png", tmp_path / "cat.png", overwrite=True)
        assert path.read_bytes() == PNG
        assert target.heard.pop().startswith(b"GET /next HTTP/1.1\r\n")


FORBIDDEN_TARGETS = (
    "https://127.0.0.1/a", "https://169.254.169.254/latest/meta-data/", "https://10.0.0.1/a", "https://[::1]/a",
    "https://[::ffff:127.0.0.1]/a", "https://[64:ff9b::7f00:1]/a", "https://localhost/a", "//localhost/a",
    "http://storage.example/a", "//user:word@storage.example/a", "ftp://storage.example/a",
)  # fmt: skip
NOWHERE = ("https:///a", "https://[::1", "https://a..b/", "https:a", "//[", "https://xn--/", "https://x:99999/")


def test_each_hop_is_checked(kind: Kind, internet: Internet, tmp_path: Path) -> None:
    internet.open_doors()
    storage = internet.host("storage.example", answer(200, PNG))
    forbidden, nowhere = cycle(FORBIDDEN_TARGETS), cycle(NOWHERE)
    first = internet.host("images.example", lambda _: answer(302, b"", f"Location: {next(forbidden)}"))
    check_forbidden(kind, [f"{first.url}/cat.png"] * len(FORBIDDEN_TARGETS), tmp_path)
    first.settle(len(FORBIDDEN_TARGETS))
    second = internet.host("images.example", lambda _: answer(302, b"", f"Location: {next(nowhere)}"))
    refusals(kind, [f"{second.url}/cat.png"] * len(NOWHERE), tmp_path)
    storage.settle(0)


def test_a_hop_to_a_name_with_an_inner_address_sends_nothing(kind: Kind, internet: Internet, tmp_path: Path) -> None:
    internet.open_doors()
    inside = internet.host("inside.example", address=INNER, tls=False)
    first = internet.host("images.example", answer(302, b"", f"Location: {inside.url}/next"))
    check_forbidden(kind, [f"{first.url}/cat.png"], tmp_path)
    assert inside.settle(1) == [b""]


def test_at_most_three_redirects_are_followed(kind: Kind, tmp_path: Path) -> None:
    for hops in (1, 3, 4):
        with against(kind, image=f"redirect_chain_{hops}") as (client, server):
            ended = outcome(client.download, server.image_url, tmp_path / f"{hops}.png")
            assert len(server.wait_idle().gets) == min(hops, 3) + 1
    assert isinstance(ended, DownloadError)
    assert (ended.reason, ended.status_code) == ("status", 302)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.png", "3.png"]


def test_a_redirect_into_a_link_that_carries_an_image_is_refused(kind: Kind, tmp_path: Path) -> None:
    """An image may be in the response of the API itself, and nowhere else. Today's httpx refuses it before."""
    with FaultServer(image=redirect_to("data:image/png;base64,AAAA")) as server:
        (error,) = refusals(kind, [server.image_url], tmp_path, base_url=server.url)
    assert error.reason in {"connection", "forbidden_address"}


def test_no_cookie_and_no_referrer_goes_along(kind: Kind, internet: Internet, tmp_path: Path) -> None:
    """An image host could otherwise follow a user from image to image."""
    internet.open_doors()
    cookie = "Set-Cookie: who=you; Path=/; Max-Age=86400"

    def reply(request: bytes) -> bytes:
        if request.startswith(b"GET /next"):
            return answer(200, PNG, cookie)
        return answer(302, b"", "Location: /next", cookie)

    host = internet.host("images.example", reply)
    with Driver(kind) as client:
        for name in ("one.png", "two.png"):
            client.download(f"{host.url}/cat.png", tmp_path / name)
    for request in host.settle(4):
        names = {line.partition(b":")[0].lower() for line in request.split(b"\r\n")[1:] if line}
        assert names == {b"host", b"accept", b"accept-encoding", b"cache-control", b"connection", b"user-agent"}


def test_a_loopback_service_may_keep_its_images_on_loopback(kind: Kind, tmp_path: Path) -> None:
    """The rules would make the mock server and every local stand-in useless otherwise."""
    with FaultServer() as server, Driver(kind, base_url=server.url.replace("127.0.0.1", "localhost")) as client:
        assert client.download(server.image_url, tmp_path / "cat.png").exists()
