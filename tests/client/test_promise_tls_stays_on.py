"""Why this matters: whoever sits between a program and the API reads the key, and the only thing that keeps him out is
the certificate. "It works with verification off" is how keys are lost, so there is no such switch here.

A certificate that is not trusted ends the call before a byte of HTTP leaves, once and not four times. Whoever has an
authority of his own says so in the system's way, or with an HTTP client that he makes himself.
"""

import datetime as dt
import inspect
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from both_clients import SHELLS, Shell, generate, image_at, run
from image_downloads import PNG
from small_internet import Internet, answer, open_doors

from ideogram_ai.client import APIConnectionError, AsyncIdeogram, DownloadError, Ideogram, IdeogramError
from ideogram_ai.testing.faults import FaultServer
from ideogram_ai.testing.faults.wire import generation

GOOD = answer(200, generation("https://images.example/cat.png").body)

each_shell = pytest.mark.parametrize("shell", SHELLS)


def certificates(internet: Internet) -> dict[str, trustme.LeafCert]:
    """Certificates that must not be believed."""
    long_ago = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    in_a_while = dt.datetime(2999, 1, 1, tzinfo=dt.UTC)
    issue = internet.authority.issue_cert
    return {
        "of an unknown authority": trustme.CA().issue_cert("api.example"),
        "for another name": issue("api.example.evil.example"),
        "for a part of the name": issue("example"),
        "expired": issue("api.example", not_before=long_ago, not_after=long_ago + dt.timedelta(days=1)),
        "not yet valid": issue("api.example", not_before=in_a_while, not_after=in_a_while + dt.timedelta(days=1)),
    }


SWITCHES = {
    "PYTHONHTTPSVERIFY": "0",
    "CURL_CA_BUNDLE": "",
    "REQUESTS_CA_BUNDLE": "",
    "NODE_TLS_REJECT_UNAUTHORIZED": "0",
    "GIT_SSL_NO_VERIFY": "1",
    "HTTPX_VERIFY": "0",
    "SSL_VERIFY": "0",
    "IDEOGRAM_VERIFY": "0",
    "IDEOGRAM_INSECURE": "1",
}


@each_shell
def test_a_certificate_that_is_not_trusted_ends_the_call(
    shell: Shell, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever variables other programs, and people who guess, switch verification off with."""
    for name, value in SWITCHES.items():
        monkeypatch.setenv(name, value)
    for what, certificate in certificates(internet).items():
        api = internet.host("api.example", GOOD, certificate=certificate)
        with pytest.raises(APIConnectionError) as caught:
            run(shell, generate, base_url=api.url)
        assert api.settle(1) == [b""], what
        assert caught.value.transient is False
        assert caught.value.may_have_been_billed is False
        assert "CERTIFICATE_VERIFY_FAILED" in caught.value.message
        assert "Trying again will not help" in caught.value.message


@each_shell
def test_a_good_certificate_is_trusted(shell: Shell, internet: Internet) -> None:
    api = internet.host("api.example", GOOD)
    assert run(shell, generate, base_url=api.url).images
    api.settle(1)


@each_shell
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR", None])
def test_an_authority_of_the_caller(
    shell: Shell, variable: str | None, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the variables that OpenSSL reads, or by a client that is lent: then only that authority counts."""
    own = trustme.CA()
    api = internet.host("api.example", GOOD, certificate=own.issue_cert("api.example"))
    other = internet.host("other.example", GOOD)
    lend: dict[str, Any] | None = None
    monkeypatch.delenv("SSL_CERT_FILE")
    if variable is None:
        lend = {"verify": ssl.create_default_context(cadata=own.cert_pem.bytes().decode())}
    elif variable == "SSL_CERT_FILE":
        own.cert_pem.write_to_path(str(tmp_path / "own.pem"))
        monkeypatch.setenv(variable, str(tmp_path / "own.pem"))
    else:
        own.cert_pem.write_to_path(str(tmp_path / f"{subject_hash(own, tmp_path)}.0"))
        monkeypatch.setenv(variable, str(tmp_path))
    assert run(shell, generate, base_url=api.url, lend=lend).images
    with pytest.raises(APIConnectionError):
        run(shell, generate, base_url=other.url, lend=lend)
    assert other.settle(1) == [b""]


def subject_hash(authority: trustme.CA, folder: Path) -> str:
    """The name under which OpenSSL looks for an authority in a folder."""
    import subprocess

    path = folder.parent / f"{folder.name}.pem"
    authority.cert_pem.write_to_path(str(path))
    command = ["openssl", "x509", "-hash", "-noout", "-in", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("kind", [Ideogram, AsyncIdeogram])
def test_no_argument_switches_verification_off(kind: Any) -> None:
    assert set(inspect.signature(kind).parameters) == {
        "api_key", "base_url", "timeout", "retry", "http_client", "image_client", "allow_http", "timing", "in_flight",
    }  # fmt: skip
    with pytest.raises(TypeError):
        kind("a-key-of-a-test", verify=False)


@each_shell
def test_an_image_host_with_a_wrong_certificate(
    shell: Shell, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image that somebody else put there is no image that was paid for."""
    open_doors(monkeypatch)
    images = internet.host("images.example", answer(200, PNG), certificate=trustme.CA().issue_cert("images.example"))
    front = internet.host("front.example", answer(302, b"", f"Location: {images.url}/cat.png"))
    for host in (images, front):
        with pytest.raises(DownloadError) as caught:
            download(shell, f"{host.url}/cat.png", tmp_path / "cat.png")
        assert caught.value.reason == "connection"
        assert "CERTIFICATE_VERIFY_FAILED" in caught.value.message
    assert images.settle(2) == [b"", b""]
    front.settle(1)
    assert list(tmp_path.iterdir()) == []


def download(shell: Shell, url: str, path: Path) -> None:
    run(shell, lambda client: client.download(image_at(url), path))


@each_shell
def test_a_host_that_speaks_no_tls(
    shell: Shell, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy's sign-in page, or a wrong port: an error of ours, and no byte of HTTP."""
    open_doors(monkeypatch)
    for reply in (answer(200, b"<html>"), b"", b"\x15\x03\x01\x00\x02\x02\x28", b"\x16\x03\x03\xff\xff" + b"\0" * 100):
        host = internet.host("api.example", reply, tls=False)
        with pytest.raises(APIConnectionError):
            run(shell, generate, base_url=host.url)
        with pytest.raises(IdeogramError):
            download(shell, f"{host.url}/cat.png", tmp_path / "cat.png")
        for heard in host.settle(8):
            assert heard.startswith(b"\x16\x03")
            assert b"HTTP" not in heard.replace(b"http/1.1", b"")


def test_a_certificate_that_the_caller_was_refused_before_is_another_matter() -> None:
    """A program that mends its settings in an exception's handler is in the middle of that exception."""
    with FaultServer("refuse") as server, pytest.raises(APIConnectionError) as caught:
        mend_and_try_again(server.url)
    assert "after 4 attempts" in caught.value.message
    assert "CERTIFICATE" not in caught.value.message


def mend_and_try_again(url: str) -> None:
    try:
        refuse_certificate()
    except ssl.SSLError:
        run("sync", generate, base_url=url)


def refuse_certificate() -> None:
    raise ssl.SSLError("CERTIFICATE_VERIFY_FAILED")
