"""Deliveries of webhooks that are right, and others of which each is wrong in one way. openssl makes every signature.

`python tests/support/webhook_vectors.py` writes tests/client/webhook_vectors.json. Nothing of the client is used, and
Ed25519 has no randomness, so that the file is the same each time.
"""

import base64
import json
import subprocess
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

VECTORS = Path(__file__).parents[1] / "client/webhook_vectors.json"

PKCS8 = bytes.fromhex("302e020100300506032b657004220420")  # of RFC 8410, before the 32 bytes of a private key
PREFIX = "X-Ideogram-Webhook-"
SIGNED_AT = 1_793_600_000
CURRENT, ROTATED, FOREIGN = (bytes([number]) * 32 for number in (1, 2, 3))
ID, USER = "Zf3k0pQ7TbGx-2_9aLw4Rg==", "dXNlcl8xMjM0NQ"
IMAGE = {
    "url": "https://ideogram.ai/api/images/ephemeral/x8J2.png?exp=1793686400&sig=00ff",
    "prompt": "Ein Kätzchen 🐈 im Café",
    "resolution": "2048x2048",
    "is_image_safe": True,
    "seed": 2147483647,
}
BODY = json.dumps(
    {"generation_id": ID, "created": "2026-11-02T03:33:20Z", "data": [IMAGE]}, ensure_ascii=False, separators=(",", ":")
)


def openssl(*arguments: str, data: bytes) -> bytes:
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


def sign(private: bytes, message: bytes) -> str:
    with NamedTemporaryFile() as key, NamedTemporaryFile() as signed:  # pkeyutl reads no message from a pipe
        Path(key.name).write_bytes(PKCS8 + private)
        Path(signed.name).write_bytes(message)
        what = ("pkeyutl", "-sign", "-rawin", "-inkey", key.name, "-keyform", "DER", "-in", signed.name)
        return openssl(*what, data=b"").hex()


def jwk(private: bytes, kid: str) -> dict[str, str]:
    public = openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER", data=PKCS8 + private)[-32:]
    x = base64.urlsafe_b64encode(public).decode().rstrip("=")
    return {"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "alg": "EdDSA", "use": "sig"}


def digest(body: str) -> str:
    return openssl("dgst", "-sha256", "-r", data=body.encode())[:64].decode()


def delivery(body: str = BODY, *, private: bytes = CURRENT, kid: str = "current", **signed: str) -> dict[str, Any]:
    """Sign a delivery. `message` replaces what is signed, and other keywords a line of it."""
    lines = {"Generation-Id": ID, "User-Id": USER, "Timestamp": str(SIGNED_AT)}
    lines |= {name.replace("_", "-"): value for name, value in signed.items() if name != "message"}
    message = signed.get("message", "\n".join((*lines.values(), digest(body))))
    headers = {
        **{PREFIX + name: value for name, value in lines.items()},
        PREFIX + "Key-Id": kid,
        PREFIX + "Signature": sign(private, message.encode()),
    }
    return {"headers": [["Content-Type", "application/json"], *map(list, headers.items())], "body": body}


def changed(base: dict[str, Any], name: str, value: str | None) -> dict[str, Any]:
    """Replace a header after it was signed; None removes it."""
    headers = [pair for pair in base["headers"] if pair[0] != PREFIX + name]
    return {**base, "headers": headers if value is None else [*headers, [PREFIX + name, value]]}


def right() -> dict[str, dict[str, Any]]:
    plain = delivery()
    spaced = json.dumps(json.loads(BODY), indent=2).replace("\n", "\r\n") + "\n"
    withheld = IMAGE | {"url": None, "is_image_safe": False}
    return {
        "plain": plain,
        "names in lower case": {**plain, "headers": [[name.lower(), value] for name, value in plain["headers"]]},
        "body with spaces, CRLF and escapes": delivery(spaced),
        "signed by the rotated key": delivery(private=ROTATED, kid="rotated"),
        "names the wrong key": delivery(private=ROTATED, kid="current"),
        "names no key of the set": delivery(kid="2019"),
        "names no key": changed(plain, "Key-Id", None),
        "as old as allowed": {**plain, "now": SIGNED_AT + 300},
        "as early as allowed": {**plain, "now": SIGNED_AT - 300},
        "request_id in the body": delivery(BODY.replace("generation_id", "request_id")),
        "no id in the body": delivery(json.dumps({"created": "2026-11-02T03:33:20Z", "data": [IMAGE]})),
        "image withheld": delivery(json.dumps({**json.loads(BODY), "data": [withheld]})),
    }  # fmt: skip


def wrong() -> dict[str, dict[str, Any]]:
    plain = delivery()
    signature = dict(plain["headers"])[PREFIX + "Signature"]
    lines = "\n".join((ID, USER, str(SIGNED_AT), digest(BODY)))
    arabic = {ord("0") + digit: 0x660 + digit for digit in range(10)}
    return {
        "body changed": {**plain, "body": BODY.replace("2147483647", "2147483646")},
        "body written again": {**plain, "body": json.dumps(json.loads(BODY))},
        "body empty": {**plain, "body": ""},
        "generation id changed": changed(plain, "Generation-Id", ID.replace("Zf", "Zg")),
        "user id changed": changed(plain, "User-Id", "somebody-else"),
        "timestamp changed": changed(plain, "Timestamp", str(SIGNED_AT + 1)),
        "signature changed": changed(plain, "Signature", signature[:-1] + ("0" if signature[-1] != "0" else "1")),
        "signature of zeros": changed(plain, "Signature", "0" * 128),
        "signature cut": changed(plain, "Signature", signature[:-2]),
        "signature longer": changed(plain, "Signature", signature + "00"),
        "signature not hex": changed(plain, "Signature", "g" + signature[1:]),
        "signature with spaces": changed(plain, "Signature", signature[:-2] + "  "),
        "signature in base64": changed(plain, "Signature", base64.b64encode(bytes.fromhex(signature)).decode()),
        "signed by a stranger's key": delivery(private=FOREIGN),
        "signed by a key for encryption": delivery(private=bytes([4]) * 32, kid="encryption"),
        "signed with a newline at the end": delivery(message=lines + "\n"),
        "signed with the hash in upper case": delivery(message=lines[:-64] + digest(BODY).upper()),
        "signed with spaces between": delivery(message=lines.replace("\n", " ")),
        "signed without the user": delivery(message="\n".join((ID, str(SIGNED_AT), digest(BODY)))),
        "signed body alone": delivery(message=BODY),
        "two lines in one header": delivery(Generation_Id=f"{ID}\n{USER}", User_Id=str(SIGNED_AT)),
        **{f"without {name}": changed(plain, name, None) for name in ("Generation-Id", "User-Id", "Timestamp")},
        "without Signature": changed(plain, "Signature", None),
        "two generation ids": {**plain, "headers": [*plain["headers"], [PREFIX + "Generation-Id", ID]]},
        "two signatures": {**plain, "headers": [*plain["headers"], [PREFIX + "signature", "0" * 128]]},
        "a second too old": {**plain, "now": SIGNED_AT + 301},
        "a second too early": {**plain, "now": SIGNED_AT - 301},
        "timestamp in milliseconds": delivery(Timestamp=f"{SIGNED_AT}000"),
        "timestamp with a sign": delivery(Timestamp=f"+{SIGNED_AT}"),
        "timestamp with a fraction": delivery(Timestamp=f"{SIGNED_AT}.0"),
        "timestamp in Arabic digits": delivery(Timestamp=str(SIGNED_AT).translate(arabic)),
        "timestamp empty": delivery(Timestamp=""),
        "generation id empty": delivery(BODY.replace(ID, ""), Generation_Id=""),
        "id in the body of another job": delivery(BODY.replace(ID, "another")),
    }  # fmt: skip


def vectors() -> dict[str, Any]:
    good = jwk(CURRENT, "current")
    keys = [
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "rsa", "alg": "RS256", "use": "sig"},
        {**good, "crv": "X25519", "kid": "another curve"},
        {**good, "x": good["x"][:-1], "kid": "31 bytes"},
        {**good, "x": "*" * 43, "kid": "no base64"},
        {**jwk(bytes([4]) * 32, "encryption"), "use": "enc"},
        {"kty": "OKP", "crv": "Ed25519"},
        jwk(ROTATED, "rotated"),
        {**good, "more": {"x5c": []}},
    ]
    return {
        "what": "webhook deliveries; each of `wrong` differs from a right one in a single way",
        "signed by": "openssl pkeyutl -sign -rawin",
        "now": SIGNED_AT,
        "max_age": 300,
        "generation_id": ID,
        "keys": {"keys": keys},
        "right": right(),
        "wrong": wrong(),
    }


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n", "utf-8")
