"""What the environment says of proxies and certificates is checked before anything is sent, and named when it is wrong.

A variable that names a file which is gone was found out when the request was made: too late for a program that had
begun to pay, and told as a request that may have been billed.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from both_clients import SHELLS, Shell, run
from small_internet import Internet, answer, open_doors

from ideogram_ai.client import (
    APIConnectionError,
    AsyncIdeogram,
    ConfigurationError,
    Ideogram,
    ResponseValidationError,
)
from ideogram_ai.testing import MockServer

KEY = "sentinel-3f9c2b7d51e84a06"
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
def values(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "empty.pem").touch()
    (tmp_path / "text.pem").write_text("-----BEGIN CERTIFICATE-----\nnot base64\n-----END CERTIFICATE-----\n")
    return {"empty": str(tmp_path / "empty.pem"), "text": str(tmp_path / "text.pem")}


@pytest.mark.parametrize("kind", CLIENTS)
@pytest.mark.parametrize("name", BROKEN)
def test_a_variable_that_cannot_be_used_is_named_when_a_client_is_made(
    name: str, kind: Any, values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for value in BROKEN[name]:
        with monkeypatch.context() as patch:
            if name == "SSL_CERT_DIR":
                patch.delenv("SSL_CERT_FILE")
            patch.setenv(name, value.format(**values))
            with pytest.raises(ConfigurationError) as caught:
                kind(KEY)
        assert caught.value.message.startswith(f"{name}="), caught.value.message
        assert caught.value.message.endswith("Correct or unset it. Nothing was sent, nothing billed.")
        assert not caught.value.may_have_been_billed


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", BROKEN)
def test_nothing_of_it_matters_for_a_server_of_this_machine_over_http(
    name: str, shell: Shell, values: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with MockServer() as server:
        for value in BROKEN[name]:
            monkeypatch.setenv(name, value.format(**values))
            assert run(shell, lambda client: client.generate(text_prompt="a"), base_url=server.url).images


def test_a_rehearsal_on_the_command_line_needs_no_certificates(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ideogram_ai.cli", "generate", "A cat", "-o", str(tmp_path / "cat.png")]
    env = {**os.environ, "SSL_CERT_FILE": "/gone.pem"}
    done = subprocess.run([*command, "--mock"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    env["IDEOGRAM_API_KEY"] = KEY
    done = subprocess.run([*command, "--overwrite"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: SSL_CERT_FILE='/gone.pem' cannot be used: No such file or directory.")


def test_a_password_in_a_proxy_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "ftp://me:secret@proxy.example")
    with pytest.raises(ConfigurationError) as caught:
        Ideogram(KEY)
    assert "secret" not in caught.value.message
    assert "HTTPS_PROXY='...@proxy.example'" in caught.value.message


def test_settings_of_the_system_have_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """As macOS and Windows have them."""
    monkeypatch.setattr("ideogram_ai.client.transport.getproxies", lambda: {"https": "ftp://proxy.example"})
    with pytest.raises(ConfigurationError, match=r"^the system's proxy for https='ftp://proxy\.example' cannot be"):
        Ideogram(KEY)


def test_certificates_that_are_gone_although_no_variable_says_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")

    def fail(**_: Any) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr("httpx.create_ssl_context", fail)
    with pytest.raises(ConfigurationError, match=r"^The certificate authorities cannot be read: No such file"):
        Ideogram(KEY)


def test_who_lends_both_clients_is_asked_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx

    with httpx.Client() as http:
        monkeypatch.setenv("SSL_CERT_FILE", "/gone.pem")
        Ideogram(KEY, http_client=http, image_client=http).close()
        with pytest.raises(ConfigurationError, match="SSL_CERT_FILE"):
            Ideogram(KEY, http_client=http)  # the image host is reached by a client of its own


@pytest.mark.parametrize("shell", SHELLS)
def test_a_certificate_that_is_refused_names_what_it_was_held_against(
    shell: Shell, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    import trustme

    open_doors(monkeypatch)
    host = internet.host("api.example", answer(200), certificate=trustme.CA().issue_cert("api.example"))
    with pytest.raises(APIConnectionError, match=r"SSL_CERT_FILE is set, so only the authorities of '.*authority.pem'"):
        run(shell, lambda client: client.generate(text_prompt="a"), base_url=host.url)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_certificate_that_is_over_makes_one_ask_for_the_clock(
    shell: Shell, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import UTC, datetime, timedelta

    open_doors(monkeypatch)
    over = internet.authority.issue_cert("api.example", not_after=datetime.now(UTC) - timedelta(days=1))
    host = internet.host("api.example", answer(200), certificate=over)
    with pytest.raises(
        APIConnectionError, match=r"This machine's clock says 2\d\d\d-\d\d-\d\d \d\d:\d\d.*: is that right"
    ):
        run(shell, lambda client: client.generate(text_prompt="a"), base_url=host.url)


@pytest.mark.parametrize("kind", CLIENTS)
def test_a_name_of_this_machine_that_leads_elsewhere_is_not_given_the_key(
    kind: Any, internet: Internet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any name server may say what x.localhost is; over http, the key would be readable on the way."""
    from small_internet import PUBLIC

    host = internet.host("x.localhost", answer(200), tls=False)
    monkeypatch.setattr(
        "ideogram_ai.client.config.is_loopback", lambda name: name.endswith("localhost") and name != PUBLIC
    )
    shell: Shell = "sync" if kind is Ideogram else "asyncio"
    url = host.url.replace("https:", "http:")
    with pytest.raises(ConfigurationError, match=rf"x\.localhost is {PUBLIC} here, which is another machine"):
        run(shell, lambda client: client.generate(text_prompt="a"), base_url=url)
    assert not any(host.settle(1))
    with pytest.raises(ResponseValidationError):  # what answers there names no image
        run(shell, lambda client: client.generate(text_prompt="a"), base_url=url, allow_http=True)
