"""Webhooks: checks that the service signed a delivery, and reads its job.

Needs cryptography, which is in the extra `webhooks`. Verifying costs nothing and sends nothing; a client also fetches
the keys, which is free and needs no API key.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol, TypeAlias, cast, runtime_checkable

from attrs import frozen

from .errors import IdeogramError, ResponseValidationError, WebhookVerificationError
from .jobs import read_job
from .request import is_array, is_mapping, is_object
from .transport import InFlight

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ideogram_ai.generated.models import WebhookSigningJwk, WebhookSigningJwks

    from .errors import WebhookReason
    from .jobs import Job

GENERATION_ID: Final = "X-Ideogram-Webhook-Generation-Id"
USER_ID: Final = "X-Ideogram-Webhook-User-Id"
TIMESTAMP: Final = "X-Ideogram-Webhook-Timestamp"
KEY_ID: Final = "X-Ideogram-Webhook-Key-Id"
SIGNATURE: Final = "X-Ideogram-Webhook-Signature"

KEYS_LIFETIME: Final = 24 * 3600.0
"""Seconds for which the service allows its keys to be cached."""
FETCH_PAUSE: Final = 60.0
"""Seconds between two fetches for deliveries that no key verified, because anybody can send those."""
PAUSE_AFTER_FAILURE: Final = 5.0
"""The same after a fetch that failed: the next one may bring what genuine deliveries wait for."""
FETCH_TIMEOUT: Final = 10.0
"""Seconds that a fetch of the keys may take for each of its phases: a delivery waits for it."""

Text: TypeAlias = str | bytes


@runtime_checkable
class HasItems(Protocol):
    """Headers as a mapping, or as an object like the headers of http.server."""

    def items(self) -> Iterable[tuple[Any, Any]]:
        """Yield pairs of a name and a value."""
        ...


Headers: TypeAlias = HasItems | Iterable[tuple[Text, Text]]
Keys: TypeAlias = "WebhookSigningJwks | Mapping[str, Any] | Iterable[WebhookSigningJwk | Mapping[str, Any]]"


def verify_webhook(
    headers: Headers,
    body: bytes | bytearray | memoryview,
    keys: Keys,
    *,
    max_age: float = 300.0,
    now: Callable[[], float] = time.time,
) -> Job:
    """Check that a delivery comes from the service, and read its job.

    The service may deliver a job more than once, and may fail to deliver it: process each `Job.id` once, and ask for
    jobs that you wait for too long. Every customer can have jobs delivered to your address: use only ids that you
    submitted. Nothing is sent and nothing billed.

    Args:
        headers: The headers of the request: a mapping of any framework, or pairs of str or bytes. Case does not matter.
        body: The raw bytes of the request's body, as they arrived; JSON that was parsed and written again differs.
        keys: The service's keys: the result of `client.webhook_keys()`, the same as JSON, or a list of keys. Keys of
            other kinds are skipped.
        max_age: Seconds that the delivery's timestamp may lie before or after now. The service documents no limit;
            a longer one lets a delivery that somebody recorded be replayed for longer.
        now: Returns Unix seconds, for tests.

    Returns:
        The job, as from a poll.

    Raises:
        WebhookVerificationError: The delivery is forged, changed, too old or incomplete. The message is always the
            same.
        ImportError: cryptography is not installed.
    """
    delivery = read_delivery(headers, body)
    if not delivery.is_signed_by(read_keys(keys)):
        refuse("signature")
    return delivery.job(max_age=max_age, now=now())


def signed_message(generation_id: str, user_id: str, timestamp: str, body: bytes) -> bytes:
    """Return what the service signs with Ed25519: four lines without a newline at their end.

    Args:
        generation_id: The header X-Ideogram-Webhook-Generation-Id.
        user_id: The header X-Ideogram-Webhook-User-Id.
        timestamp: The header X-Ideogram-Webhook-Timestamp: Unix seconds.
        body: The raw bytes of the body.
    """
    return "\n".join((generation_id, user_id, timestamp, hashlib.sha256(body).hexdigest())).encode()


def refuse(reason: WebhookReason) -> NoReturn:
    """Raise the one error of every check."""
    raise WebhookVerificationError(reason=reason)


@frozen
class PublicKey:
    """A public key of the service."""

    kid: str
    raw: bytes


@frozen
class Delivery:
    """A delivery whose headers are complete and well-formed; its sender is not known yet."""

    generation_id: str
    user_id: str
    timestamp: str
    key_id: str
    signature: bytes
    body: bytes

    def is_signed_by(self, keys: Iterable[PublicKey]) -> bool:
        """Whether any of the keys made the signature. The key that the delivery names is tried first."""
        try:
            from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra, needed only here
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
        except ModuleNotFoundError as error:
            raise ImportError(
                "Webhooks are verified with cryptography: run pip install cryptography (it is in the extra webhooks).",
                name=error.name,
            ) from None
        message = signed_message(self.generation_id, self.user_id, self.timestamp, self.body)
        for key in sorted(keys, key=lambda key: key.kid != self.key_id):
            try:
                Ed25519PublicKey.from_public_bytes(key.raw).verify(self.signature, message)
            except InvalidSignature:
                continue
            return True
        return False

    def job(self, *, max_age: float, now: float) -> Job:
        """The job of a delivery whose signature is right."""
        if not max_age > 0:
            raise ValueError(f"max_age is {max_age!r}: give seconds, more than 0.")
        if not abs(now - int(self.timestamp)) <= max_age:
            refuse("age")
        # The signature binds the header's id to this body, so a body that does not repeat it still has one.
        job = read_job(self.body, job_id=self.generation_id)
        if isinstance(job, IdeogramError):
            refuse("body")
        return job


def read_delivery(headers: Headers, body: bytes | bytearray | memoryview) -> Delivery:
    """Take from a request what is signed.

    Raises:
        WebhookVerificationError: A header is missing, there twice, or not of its form.
        TypeError: The body is not bytes.
    """
    raw = _raw(body)
    pairs: Iterable[tuple[Any, Any]] = headers.items() if isinstance(headers, HasItems) else headers
    values: dict[str, list[object]] = {}
    for name, value in pairs:
        values.setdefault(_text(name).lower(), []).append(_text(value))

    def take(name: str, pattern: str) -> str:
        given = values.get(name.lower(), [])
        value = given[0] if len(given) == 1 else None
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            refuse("headers")
        return value

    return Delivery(
        generation_id=take(GENERATION_ID, "[!-~]{1,512}"),
        user_id=take(USER_ID, "[!-~]{1,512}"),
        timestamp=take(TIMESTAMP, "[0-9]{1,15}"),
        key_id=str(next(iter(values.get(KEY_ID.lower(), [])), "")),  # a hint, and not signed
        signature=bytes.fromhex(take(SIGNATURE, "[0-9a-fA-F]{128}")),
        body=raw,
    )


def _raw(body: object) -> bytes:
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(cast("bytes", body))
    raise TypeError(
        f"body is {type(body).__name__}: give the raw bytes of the request's body, as they arrived. The signature does "
        "not match text or JSON that was decoded."
    )


def _text(value: Any) -> Any:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def read_keys(keys: Keys) -> tuple[PublicKey, ...]:
    """Read the keys that can verify a webhook. Others, and those that cannot be read, are skipped."""
    document = _plain(keys)
    found: object = document.get("keys") if is_mapping(document) else document
    entries = cast("Iterable[object]", found) if isinstance(found, Iterable) else ()
    return tuple(key for entry in entries if (key := _read_key(_plain(entry))))


def _plain(model: Any) -> Any:
    """A generated model as JSON; JSON as it is."""
    return model.to_dict() if hasattr(model, "to_dict") else model


def _read_key(entry: object) -> PublicKey | None:
    if not is_mapping(entry):
        return None
    kind = (entry.get("kty"), entry.get("crv"), entry.get("use", "sig"), entry.get("alg", "EdDSA"))
    # RFC 9864 calls the algorithm Ed25519.
    if kind not in (("OKP", "Ed25519", "sig", "EdDSA"), ("OKP", "Ed25519", "sig", "Ed25519")):
        return None
    match = re.fullmatch(r"([A-Za-z0-9_-]{43})=?", str(entry.get("x")))
    return PublicKey(str(entry.get("kid")), urlsafe_b64decode(f"{match[1]}=")) if match else None


class KeyCache:
    """The service's keys as a client knows them, shared by its threads, event loops and copies.

    Keys are kept for 24 hours, and fetched once more when none made a signature. Anybody can send wrong signatures, so
    that a minute passes between two such fetches, and a few seconds after one that failed.

    Attributes:
        turn: Held during a fetch, so that many deliveries wait for one.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.turn = InFlight(1)
        self._monotonic = monotonic
        self._keys: tuple[PublicKey, ...] = ()
        self._expire_at = -math.inf
        self._fetch_after = -math.inf
        self._failure: IdeogramError | None = None

    def verify(self, delivery: Delivery, *, max_age: float, now: float) -> Job:
        """Read the job of a delivery that the keys verify."""
        if not delivery.is_signed_by(self._keys):
            refuse("signature")
        return delivery.job(max_age=max_age, now=now)

    def needs_fetch(self, delivery: Delivery) -> bool:
        """Whether a delivery can only be judged with keys that are yet to be fetched.

        Raises:
            IdeogramError: The last fetch failed a moment ago.
        """
        now = self._monotonic()
        if now < self._expire_at and delivery.is_signed_by(self._keys):
            return False
        if now >= self._fetch_after:
            return True
        if self._failure:
            raise copy(self._failure)
        return False

    @contextmanager
    def fetch(self) -> Generator[Callable[[Keys], None]]:
        """Yield a function that takes the fetched keys; errors of the block are remembered."""
        try:
            yield self._keep
        except IdeogramError as error:
            # The body of a set that breaks the contract may still have keys that can be used.
            if isinstance(error, ResponseValidationError) and (keys := _keys_of_body(error.body)):
                self._keep(keys)
                return
            self._failure = error
            self._fetch_after = self._monotonic() + PAUSE_AFTER_FAILURE
            raise

    def _keep(self, keys: Keys) -> None:
        now = self._monotonic()
        # Only a fetch that a delivery caused starts the pause: keys can be rotated just after the first fetch.
        self._fetch_after = now + FETCH_PAUSE if now < self._expire_at else now
        self._keys, self._failure, self._expire_at = read_keys(keys), None, now + KEYS_LIFETIME


def _keys_of_body(body: bytes) -> list[Any]:
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return []
    keys = document.get("keys") if is_object(document) else None
    return keys if is_array(keys) and read_keys(keys) else []
