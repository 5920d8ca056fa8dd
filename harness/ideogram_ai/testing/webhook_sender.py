"""Announces finished jobs as the service does: a signed POST to the URL that the job was submitted with."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import logging
import secrets
import time
from base64 import urlsafe_b64encode
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, final
from urllib.parse import urlsplit

import httpx

from ideogram_ai.client.webhooks import GENERATION_ID, KEY_ID, SIGNATURE, TIMESTAMP, USER_ID, signed_message

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

RETRY_PAUSES: Final = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each further attempt. How many the service makes, and when, is not documented."""

_ATTEMPT: Final = 10.0  # seconds
_USER: Final = urlsafe_b64encode(b"mock-server-user").decode()
_LOCAL_NAMES: Final = (".localhost", ".local", ".internal", ".test")
_LOG: Final = logging.getLogger(__name__)


def signing_problem() -> str | None:
    """Return why nothing can be signed; None if it can."""
    if find_spec("cryptography") is not None:
        return None
    return "Webhooks of the mock server need cryptography: run pip install 'ideogram-ai[testing]'."


def webhook_problem(url: str) -> str | None:
    """Return what is wrong with a webhook URL; None if the mock server calls it.

    The service takes https URLs of public hosts alone. A mock server is for receivers that are being developed, so
    it also takes http URLs of this machine and of private networks.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        return f"{url!r} is no URL: {error}."
    if parts.scheme not in {"http", "https"} or not host:
        return f"{url!r} is not an https URL."
    if parts.scheme == "http" and not _is_local(host):
        return f"{url!r} is not https. The mock server takes http for this machine and private networks alone."
    return None


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_NAMES)


@final
class SigningKey:
    """An Ed25519 key that signs webhooks, made when it is first used. Needs cryptography.

    Attributes:
        kid: Its name in the key set.
    """

    def __init__(self) -> None:
        self.kid = f"mock-{secrets.token_hex(4)}"

    @cached_property
    def _key(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - few tests need it
            Ed25519PrivateKey,
        )

        return Ed25519PrivateKey.generate()

    def key_set(self) -> dict[str, Any]:
        """Return the key set that verifies its signatures (RFC 7517)."""
        x = urlsafe_b64encode(self._key.public_key().public_bytes_raw()).rstrip(b"=").decode()
        key = {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.kid, "alg": "EdDSA", "use": "sig"}
        return {"keys": [key]}

    def sign(self, generation_id: str, body: bytes, timestamp: int) -> dict[str, str]:
        """Return the headers that sign a body.

        Args:
            generation_id: The id of the job.
            body: The bytes that are sent.
            timestamp: Unix time in seconds.
        """
        message = signed_message(generation_id, _USER, str(timestamp), body)
        return {
            GENERATION_ID: generation_id,
            USER_ID: _USER,
            TIMESTAMP: str(timestamp),
            KEY_ID: self.kid,
            SIGNATURE: self._key.sign(message).hex(),
        }


async def deliver(url: str, generation_id: str, value: dict[str, Any], key: SigningKey) -> bool:
    """Post a signed body until it is acknowledged with a 2xx, and return whether it was. Each attempt is signed anew.

    Args:
        url: The webhook URL.
        generation_id: The id of the job.
        value: The body, as JSON types.
        key: Signs it.
    """
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    outcome = ""
    # Without the environment's proxies, which would not reach this machine.
    async with httpx.AsyncClient(trust_env=False, timeout=_ATTEMPT, follow_redirects=False) as client:
        for pause in (*RETRY_PAUSES, None):
            headers = {"Content-Type": "application/json", **key.sign(generation_id, body, int(time.time()))}
            try:
                response = await client.post(url, content=body, headers=headers)
            except httpx.HTTPError as error:
                outcome = f"{type(error).__name__}: {error}"
            else:
                if response.is_success:
                    return True
                outcome = f"status {response.status_code}"
            if pause is not None:
                await asyncio.sleep(pause)
    attempts = len(RETRY_PAUSES) + 1
    _LOG.warning("The webhook of job %s was dropped after %s attempts: %s", generation_id, attempts, outcome)
    return False
