"""Why this matters: the link of an image comes out of an answer, so whoever can forge an answer, or a redirect, chooses
where the machine of the user connects to: its own services, the router, a cloud's metadata server.

So only https and only public addresses are asked, at most three redirects are followed, and what counts is the address
that was really connected to. Nothing that names the user goes along.
"""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, cast

import pytest
from both_clients import SHELLS, Shell, download_errors, image_at, run
from small_internet import INNER, Host, Internet, answer, open_doors

from ideogram_ai.client import DownloadError, Ideogram
from ideogram_ai.testing.faults import FaultServer, redirect_to
from ideogram_ai.testing.faults.wire import png

PNG = png()

pytestmark = pytest.mark.parametrize("shell", SHELLS)


def refusals(shell: Shell, links: Sequence[str], folder: Path, *, base_url: str | None = None) -> list[DownloadError]:
    """The errors of links that must not be fetched. Nothing is left in the folder."""
    errors = download_errors(shell, links, folder / "cat.png", base_url=base_url)
    assert list(folder.iterdir()) == []
    assert {type(error) for error in errors} == {DownloadError}, errors
    return cast("list[DownloadError]", errors)


INNER_HOSTS = (
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "0.0.0.0", "[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[fc00::1]",
    "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::ffff:a9fe:a9fe]", "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.1]",
    "localhost", "LOCALHOST", "api.localhost",
    "127\u30020.0.1",  # looks like a name until it is written in ASCII
)  # fmt: skip


def test_inner_addresses_are_not_connected_to(shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts: list[object] = []
    monkeypatch.setattr("socket.getaddrinfo", lambda *args, **_: attempts.append(args))
    errors = refusals(shell, [f"https://{host}:9/cat.png" for host in INNER_HOSTS], tmp_path)
    assert {error.reason for error in errors} == {"forbidden_address"}
    assert attempts == []


NAMES = (
    "images.example", "IMAGES.example", "images.example.", "m\u00fcnchen.example", "xn--mnchen-3ya.example",
    "im%61ges.example", "localhost.", "127.1", "2130706433", "0x7f000001",
)  # fmt: skip


def test_names_that_resolve_to_an_inner_address_are_told_nothing(
    shell: Shell, internet: Internet, tmp_path: Path
) -> None:
    """A name server of the attacker's answers as it likes, so the address behind the connection is what counts."""
    host = internet.host("inside", address=INNER, tls=False)
    for name in NAMES:
        internet.name(name.encode("idna").decode().lower(), INNER)
    errors = refusals(shell, [f"https://{name}:{host.port}/cat.png" for name in NAMES], tmp_path)
    assert [error.reason for error in errors] == ["forbidden_address"] * len(NAMES)
    assert host.settle(len(NAMES)) == [b""] * len(NAMES)


NO_HTTPS_URLS = (
    "http://images.example/cat.png", "ftp://images.example/cat.png", "file:///etc/hostname",
    "//images.example/cat.png", "cat.png", "https:cat.png", "https:///cat.png",
    "https://user@images.example/cat.png", "https://:word@images.example/cat.png", "https://[::1/cat.png",
    "https://images.example:99999/", "https://images.example:0/", "https://images.example:port/", "https://exam\nple/",
    "https://\ud800/", "https://images.example/\ud800.png", "https://images.example/" + "a" * 70_000,
    "javascript:alert(1)", "?", "//[",
)  # fmt: skip


def test_links_that_are_no_https_urls_are_refused(shell: Shell, internet: Internet, tmp_path: Path) -> None:
    internet.name("images.example", INNER)
    errors = refusals(shell, NO_HTTPS_URLS, tmp_path)
    assert [error.reason for error in errors] == ["forbidden_address"] * len(NO_HTTPS_URLS)
    for error in errors:
        assert len(error.message) < 700
        error.message.encode()


def test_names_that_no_resolver_takes_are_an_error_of_ours(shell: Shell, internet: Internet, tmp_path: Path) -> None:
    links = [f"https://{name}/cat.png" for name in ("a..b", "a" * 64 + ".example", "xn--", "nowhere.example")]
    assert {error.reason for error in refusals(shell, links, tmp_path)} == {"connection"}


def redirecting(internet: Internet, target: str | Host, status: int = 302) -> Host:
    """A public host that redirects everything."""
    url = target if isinstance(target, str) else f"{target.url}/next"
    return internet.host("images.example", answer(status, b"", f"Location: {url}"))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_public_host_is_followed(
    shell: Shell, status: int, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_doors(monkeypatch)
    target = internet.host("storage.example", answer(200, PNG))
    first = redirecting(internet, target, status)
    saved = run(shell, lambda client: client.download(image_at(f"{first.url}/cat.png"), tmp_path / "cat.png"))
    assert saved.read_bytes() == PNG
    assert target.heard[0].startswith(b"GET /next HTTP/1.1\r\n")


FORBIDDEN_TARGETS = (
    "https://127.0.0.1/a", "https://169.254.169.254/latest/meta-data/", "https://10.0.0.1/a", "https://[::1]/a",
    "https://[::ffff:127.0.0.1]/a", "https://[64:ff9b::7f00:1]/a", "https://localhost/a", "//localhost/a",
    "http://storage.example/a", "//user:word@storage.example/a", "ftp://storage.example/a",
)  # fmt: skip


def redirected_errors(shell: Shell, targets: Sequence[str], internet: Internet, folder: Path) -> list[DownloadError]:
    """The errors of a link that redirects to these targets, one after the other."""
    script = cycle(targets)
    first = internet.host("images.example", lambda _: answer(302, b"", f"Location: {next(script)}"))
    errors = refusals(shell, [f"{first.url}/cat.png"] * len(targets), folder)
    first.settle(len(targets))
    return errors


def test_each_hop_is_checked(shell: Shell, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_doors(monkeypatch)
    storage = internet.host("storage.example", answer(200, PNG))
    errors = redirected_errors(shell, FORBIDDEN_TARGETS, internet, tmp_path)
    assert [error.reason for error in errors] == ["forbidden_address"] * len(FORBIDDEN_TARGETS)
    storage.settle(0)


NOWHERE = ("https:///a", "https://[::1", "https://a..b/", "https:a", "//[", "https://xn--/", "https://x:99999/")


def test_a_redirect_to_nowhere_is_an_error_of_ours(
    shell: Shell, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_doors(monkeypatch)
    script = cycle(NOWHERE)
    first = internet.host("images.example", lambda _: answer(302, b"", f"Location: {next(script)}"))
    refusals(shell, [f"{first.url}/cat.png"] * len(NOWHERE), tmp_path)


def test_a_hop_to_a_name_with_an_inner_address_is_told_nothing(
    shell: Shell, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_doors(monkeypatch)
    inside = internet.host("inside.example", address=INNER, tls=False)
    first = redirecting(internet, inside)
    (error,) = refusals(shell, [f"{first.url}/cat.png"], tmp_path)
    assert error.reason == "forbidden_address"
    assert inside.settle(1) == [b""]


@pytest.mark.parametrize(("hops", "saved"), [(1, True), (3, True), (4, False)])
def test_at_most_three_redirects_are_followed(shell: Shell, hops: int, saved: bool, tmp_path: Path) -> None:
    with FaultServer(image=f"redirect_chain_{hops}") as server:
        if saved:
            image = image_at(server.image_url)
            run(shell, lambda client: client.download(image, tmp_path / "cat.png"), base_url=server.url)
        else:
            (error,) = refusals(shell, [server.image_url], tmp_path, base_url=server.url)
            assert (error.reason, error.status_code) == ("status", 302)
        assert len(server.wait_idle().gets) == min(hops, 3) + 1


def test_a_redirect_into_a_link_that_carries_an_image_is_refused(shell: Shell, tmp_path: Path) -> None:
    """An image may be in the answer of the API itself, and nowhere else. Today's httpx refuses it before."""
    with FaultServer(image=redirect_to("data:image/png;base64,AAAA")) as server:
        (error,) = refusals(shell, [server.image_url], tmp_path, base_url=server.url)
    assert error.reason in {"connection", "forbidden_address"}


def test_no_cookie_and_no_referrer_goes_along(
    shell: Shell, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image host could otherwise follow a user from image to image."""
    open_doors(monkeypatch)
    cookie = "Set-Cookie: who=you; Path=/; Max-Age=86400"

    def reply(request: bytes) -> bytes:
        if request.startswith(b"GET /next"):
            return answer(200, PNG, cookie)
        return answer(302, b"", "Location: /next", cookie)

    host = internet.host("images.example", reply)

    def twice(client: Any) -> Any:
        if isinstance(client, Ideogram):
            client.download(image_at(f"{host.url}/cat.png"), tmp_path / "one.png")
            return client.download(image_at(f"{host.url}/cat.png"), tmp_path / "two.png")
        return twice_async(client)

    async def twice_async(client: Any) -> Any:
        await client.download(image_at(f"{host.url}/cat.png"), tmp_path / "one.png")
        return await client.download(image_at(f"{host.url}/cat.png"), tmp_path / "two.png")

    run(shell, twice)
    for request in host.settle(4):
        names = {line.partition(b":")[0].lower() for line in request.split(b"\r\n")[1:] if line}
        assert names == {b"host", b"accept", b"accept-encoding", b"connection", b"user-agent"}


def test_a_loopback_service_may_keep_its_images_on_loopback(shell: Shell, tmp_path: Path) -> None:
    """The rules would make the mock server and every local stand-in useless otherwise."""
    with FaultServer() as server:
        image = image_at(server.image_url)
        base_url = server.url.replace("127.0.0.1", "localhost")
        run(shell, lambda client: client.download(image, tmp_path / "cat.png"), base_url=base_url)
    assert (tmp_path / "cat.png").exists()
