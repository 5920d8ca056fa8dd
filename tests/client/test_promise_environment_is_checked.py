"""What the environment says of proxies and certificates is checked before anything is sent, and named when it is wrong.

A program that finds out with its first request has perhaps begun to pay, and reads that the request may have been
billed.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from client_internals import only_names_are_loopback, system_proxies
from driver import KEY, Driver, Kind, raised
from small_internet import PUBLIC, Internet, answer, foreign_authority

from ideogram_ai.client import APIConnectionError, AsyncIdeogram, ConfigurationError, Ideogram, ResponseValidationError
from ideogram_ai.testing import MockServer

CLIENTS: list[Any] = [Ideogram, AsyncIdeogram]
BROKEN = {
    "SSL_CERT_FILE": ["/gone.pem", "/", "{empty}", "{text}"],
    "SSL_CERT_DIR": ["/gone"],
    "SSLKEYLOGFILE": ["/gone/keys.log"],
    "HTTPS_PROXY": ["ftp://proxy.example", "http://proxy.example:port", "socks9://a", "http://[::1"],
    "https_proxy": ["ftp://proxy.example"],
    "HTTP_PROXY": ["ftp://proxy.example"],
    "ALL_PROXY": ["gopher://proxy.example"],
    "NO_PROXY": ["http://[::1"],
}
"""Values that httpx or ssl cannot use, by the variable that they read."""


@pytest.fixture
def broken(tmp_path: Path) -> list[tuple[str, str]]:
    """Each variable with each value."""
    empty, text = tmp_path / "empty.pem", tmp_path / "text.pem"
    empty.touch()
    text.write_text("-----BEGIN CERTIFICATE-----\nnot base64\n-----END CERTIFICATE-----\n")
    return [(name, value.format(empty=empty, text=text)) for name, values in BROKEN.items() for value in values]


def test_a_variable_that_cannot_be_used_is_named_when_a_client_is_made(
    broken: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in broken:
        for client in CLIENTS:
            with monkeypatch.context() as patch:
                if name == "SSL_CERT_DIR":
                    patch.delenv("SSL_CERT_FILE")
                patch.setenv(name, value)
                error = raised(ConfigurationError, client, KEY)
            assert error.message.startswith(f"{name}="), error.message
            assert error.message.endswith("Correct or unset it. Nothing was sent, nothing billed.")
            assert not error.may_have_been_billed


def test_nothing_of_it_matters_for_a_server_of_this_machine_over_http(
    kind: Kind, broken: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with MockServer() as server:
        for name, value in broken:
            with monkeypatch.context() as patch:
                patch.setenv(name, value)
                with Driver(kind, base_url=server.url) as client:
                    assert client.ask().images, name


def test_a_password_in_a_proxy_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "ftp://me:secret@proxy.example")
    error = raised(ConfigurationError, Ideogram, KEY)
    assert "secret" not in error.message
    assert "HTTPS_PROXY='...@proxy.example'" in error.message


def test_a_proxy_of_the_system_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    system_proxies(monkeypatch, https="ftp://proxy.example")
    raised(ConfigurationError, Ideogram, KEY, match=r"^the system's proxy for https='ftp://proxy\.example' cannot be")


def test_missing_certificates_that_no_variable_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")

    def fail(**_: Any) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr("httpx.create_ssl_context", fail)
    raised(ConfigurationError, Ideogram, KEY, match=r"^The certificate authorities cannot be read: No such file")


def test_nothing_is_checked_for_who_lends_both_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    with httpx.Client() as http:
        monkeypatch.setenv("SSL_CERT_FILE", "/gone.pem")
        Ideogram(KEY, http_client=http, image_client=http).close()
        with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
            Ideogram(KEY, http_client=http)  # the image host is reached by a client of its own


def test_a_certificate_that_is_refused_names_what_may_be_the_cause(kind: Kind, internet: Internet) -> None:
    """The variable that says which authorities count, and the clock where the certificate has expired."""
    internet.open_doors()
    expired = internet.authority.issue_cert("api.example", not_after=datetime.now(UTC) - timedelta(days=1))
    for certificate, cause in (
        (foreign_authority().issue_cert("api.example"), r"SSL_CERT_FILE is set, so only the authorities of '.*y\.pem'"),
        (expired, r"This machine's clock says 2\d\d\d-\d\d-\d\d \d\d:\d\d.*: is that right"),
    ):
        host = internet.host("api.example", answer(200), certificate=certificate)
        with Driver(kind, base_url=host.url) as client, pytest.raises(APIConnectionError, match=cause):
            client.ask()


@pytest.mark.parametrize("kind", ["sync", "asyncio"])
def test_a_name_of_this_machine_that_leads_elsewhere_is_not_given_the_key(
    kind: Kind, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any name server may say what x.localhost is; over http, the key would be readable on the way."""
    host = internet.host("x.localhost", answer(200), tls=False)
    only_names_are_loopback(monkeypatch, PUBLIC)
    url = host.url.replace("https:", "http:")
    another = rf"x\.localhost is {PUBLIC} here, which is another machine"
    with Driver(kind, base_url=url) as client, pytest.raises(ConfigurationError, match=another):
        client.ask()
    assert not any(host.settle(1))
    with Driver(kind, base_url=url, allow_http=True) as client, pytest.raises(ResponseValidationError):
        client.ask()  # the response names no image
