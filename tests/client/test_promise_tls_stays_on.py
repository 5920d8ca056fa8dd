"""Whoever sits between a program and the API can read the key, and the certificate alone keeps them out.

So there is no switch to turn verification off. A certificate that is not trusted ends the call before a byte of HTTP
leaves, and who has an authority of their own says so in the system's way, or with an HTTP client that they lend.
"""

import inspect
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from canned import entry, success
from driver import Driver, Kind, against, raised
from image_downloads import PNG
from small_internet import Internet, answer, foreign_authority

from ideogram_ai.client import APIConnectionError, AsyncIdeogram, DownloadError, Ideogram, IdeogramError

GOOD = answer(200, success(entry(url="https://images.example/cat.png")).content)


def untrusted(internet: Internet) -> dict[str, trustme.LeafCert]:
    """Certificates that must not be trusted."""
    long_ago, in_a_while = datetime(2020, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
    issue = internet.authority.issue_cert
    return {
        "of an unknown authority": foreign_authority().issue_cert("api.example"),
        "for another name": issue("api.example.evil.example"),
        "for a part of the name": issue("example"),
        "expired": issue("api.example", not_before=long_ago, not_after=long_ago + timedelta(days=1)),
        "not yet valid": issue("api.example", not_before=in_a_while, not_after=in_a_while + timedelta(days=1)),
    }


SWITCHES = {
    "PYTHONHTTPSVERIFY": "0", "CURL_CA_BUNDLE": "", "REQUESTS_CA_BUNDLE": "", "NODE_TLS_REJECT_UNAUTHORIZED": "0",
    "GIT_SSL_NO_VERIFY": "1", "HTTPX_VERIFY": "0", "SSL_VERIFY": "0", "IDEOGRAM_VERIFY": "0", "IDEOGRAM_INSECURE": "1",
}  # fmt: skip


def test_a_certificate_that_is_not_trusted_ends_the_call(
    kind: Kind, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever variables other programs, and people who guess, turn verification off with."""
    for name, value in SWITCHES.items():
        monkeypatch.setenv(name, value)
    for what, certificate in untrusted(internet).items():
        api = internet.host("api.example", GOOD, certificate=certificate)
        with Driver(kind, base_url=api.url) as client, pytest.raises(APIConnectionError) as caught:
            client.ask()
        assert api.settle(1) == [b""], what
        assert caught.value.transient is False
        assert caught.value.may_have_been_billed is False
        assert "CERTIFICATE_VERIFY_FAILED" in caught.value.message
        assert "Trying again will not help" in caught.value.message
    api = internet.host("api.example", GOOD)
    with Driver(kind, base_url=api.url) as client:
        assert client.ask().images


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR", None])
def test_an_authority_of_the_caller(
    kind: Kind, variable: str | None, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the variables that OpenSSL reads, or by a client that is lent: then only that authority counts."""
    own = foreign_authority()
    api = internet.host("api.example", GOOD, certificate=own.issue_cert("api.example"))
    other = internet.host("other.example", GOOD)
    lend: dict[str, Any] | None = None
    monkeypatch.delenv("SSL_CERT_FILE")
    if variable is None:
        lend = {"verify": ssl.create_default_context(cadata=own.cert_pem.bytes().decode())}
    else:
        file = tmp_path / (f"{subject_hash(own, tmp_path)}.0" if variable == "SSL_CERT_DIR" else "own.pem")
        own.cert_pem.write_to_path(str(file))
        monkeypatch.setenv(variable, str(tmp_path if variable == "SSL_CERT_DIR" else file))
    with Driver(kind, base_url=api.url, lend=lend) as client:
        assert client.ask().images
    with Driver(kind, base_url=other.url, lend=lend) as client, pytest.raises(APIConnectionError):
        client.ask()
    assert other.settle(1) == [b""]


def subject_hash(authority: trustme.CA, folder: Path) -> str:
    """The name under which OpenSSL looks for an authority in a folder."""
    path = folder.parent / f"{folder.name}.pem"
    authority.cert_pem.write_to_path(str(path))
    command = ["openssl", "x509", "-hash", "-noout", "-in", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("client", [Ideogram, AsyncIdeogram])
def test_no_argument_turns_verification_off(client: Any) -> None:
    assert set(inspect.signature(client).parameters) == {
        "api_key", "base_url", "timeout", "retry", "http_client", "image_client", "allow_http", "timing", "in_flight",
        "on_upload", "extra_headers", "on_event",
    }  # fmt: skip
    raised(TypeError, client, "a-key-of-a-test", verify=False)


def test_an_image_host_with_a_wrong_certificate(kind: Kind, internet: Internet, tmp_path: Path) -> None:
    """An image that somebody else put there is not the one that was paid for."""
    internet.open_doors()
    wrong = foreign_authority().issue_cert("images.example")
    images = internet.host("images.example", answer(200, PNG), certificate=wrong)
    front = internet.host("front.example", answer(302, b"", f"Location: {images.url}/cat.png"))
    with Driver(kind) as client:
        for host in (images, front):
            with pytest.raises(DownloadError, match="CERTIFICATE_VERIFY_FAILED") as caught:
                client.download(f"{host.url}/cat.png", tmp_path / "cat.png")
            assert caught.value.reason == "connection"
    assert images.settle(2) == [b"", b""]
    front.settle(1)
    assert list(tmp_path.iterdir()) == []


def test_a_host_that_speaks_no_tls(kind: Kind, internet: Internet, tmp_path: Path) -> None:
    """A proxy's sign-in page, or a wrong port: an error of ours, and no byte of HTTP."""
    internet.open_doors()
    for reply in (answer(200, b"<html>"), b"", b"\x15\x03\x01\x00\x02\x02\x28", b"\x16\x03\x03\xff\xff" + b"\0" * 100):
        host = internet.host("api.example", reply, tls=False)
        with Driver(kind, base_url=host.url) as client:
            raised(APIConnectionError, client.ask)
            raised(IdeogramError, client.download, f"{host.url}/cat.png", tmp_path / "cat.png")
        for heard in host.settle(8):
            assert heard.startswith(b"\x16\x03")
            assert b"HTTP" not in heard.replace(b"http/1.1", b"")


def test_an_earlier_certificate_error_of_the_program_is_another_matter() -> None:
    """A program that corrects its settings in an exception's handler is in the middle of that exception."""
    with against("sync", "refuse") as (client, _):
        try:
            refuse_certificate()
        except ssl.SSLError:
            error = raised(APIConnectionError, client.ask, match="after 4 attempts")
    assert "CERTIFICATE" not in error.message


def refuse_certificate() -> None:
    raise ssl.SSLError("CERTIFICATE_VERIFY_FAILED")
