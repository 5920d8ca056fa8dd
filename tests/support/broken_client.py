"""A small sound client of the contract, and ways in which it breaks it: broken_client.py [FAULT]."""

import http.client
import json
import os
import secrets
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlencode, urlsplit

KEPT: list[Any] = []
FAULT = sys.argv[1] if len(sys.argv) > 1 else ""
KEY = os.environ["IDEOGRAM_API_KEY"]
BASE = os.environ["IDEOGRAM_BASE_URL"]
PATH = "/v1/ideogram-v4/generate"
PROMPTS = ("text_prompt", "json_prompt")
IMAGE_MEMBERS = {"url", "prompt", "resolution", "is_image_safe", "seed"}


class LostError(Exception):
    """The connection ended before the answer."""


def tell(outcome: str, status: int | None = None, image: Path | None = None) -> NoReturn:
    print(json.dumps({"outcome": outcome, "status": status, "image": None if image is None else str(image)}))
    sys.exit()


def text_of(value: Any) -> str:
    if isinstance(value, bool) and FAULT == "python-booleans":
        return str(value)
    if value is None:
        return "None"
    if isinstance(value, str):
        if value[:1] in {"@", "<"} and FAULT == "files-read":
            return f"the content of {value[1:]}"
        if FAULT == "quotes-escaped":
            return value.replace('"', "%22")
        return value.replace("\r\n", "\n") if FAULT == "line-ends-changed" else value
    return json.dumps(value, sort_keys=FAULT == "keys-sorted")


def encode(value: Any) -> bytes:
    return text_of(value).encode("ascii", "replace") if FAULT == "ascii-only" else text_of(value).encode()


def form_of(request: dict[str, Any]) -> tuple[str, bytes]:
    fields = {name: value for name, value in request.items() if value is not None or FAULT == "none-as-text"}
    if FAULT == "urlencoded":
        return "application/x-www-form-urlencoded", urlencode({k: text_of(v) for k, v in fields.items()}).encode()
    boundary = "+++" if FAULT == "fixed-boundary" else secrets.token_hex(16)
    body = b""
    for name, value in [*fields.items(), *(fields.items() if FAULT == "fields-twice" else ())]:
        marked = isinstance(value, dict) and FAULT != "json-as-text"
        kind = "\r\nContent-Type: application/json" if marked else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{kind}\r\n\r\n'
        body += head.encode() + encode(value) + b"\r\n"
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def give_up(*_: object) -> NoReturn:
    raise LostError


def keep(url: str) -> Any:
    """The one connection of a client that reads answers out of one buffer, whatever lies in it."""
    if not KEPT:
        parts = urlsplit(url)
        KEPT.append(socket.create_connection((parts.hostname, parts.port), 20).makefile("rwb"))
    return KEPT[0]


def ask_on_kept(url: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    stream = keep(url)
    lines = [f"POST {PATH} HTTP/1.1", "Host: kept", *(f"{name}: {value}" for name, value in headers.items())]
    stream.write("\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body)
    stream.flush()
    status = int((stream.readline() or give_up()).split()[1])
    answered = http.client.parse_headers(stream)
    content = stream.read(int(answered["Content-Length"] or 0))
    return status, {name.lower(): value for name, value in answered.items()}, content


def ask(method: str, url: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    if FAULT == "connection-kept" and method == "POST":
        return ask_on_kept(url, headers, body)
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body or None, headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise LostError from error
    finally:
        connection.close()


def post(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    kind, body = form_of(request)
    headers = {"Api-Key": KEY, "Content-Type": kind}
    if FAULT == "key-with-a-word":
        headers["Api-Key"] = f"Bearer {KEY}"
    if FAULT == "bearer":
        headers["Authorization"] = f"Bearer {headers.pop('Api-Key')}"
    url = BASE + (PATH.replace("-v4", "-v3") if FAULT == "other-path" else PATH)
    url += f"?api_key={KEY}" if FAULT == "key-in-query" else ""
    if FAULT == "sent-twice":
        ask("POST", url, headers, body)
    answer = ask("POST", url, headers, body)
    if answer[0] in {302, 307} and FAULT == "redirects-followed":
        return ask("POST", answer[1]["location"], headers, body)
    return answer


def prepare(request: dict[str, Any]) -> dict[str, Any]:
    if sum(name in request for name in PROMPTS) != 1 and FAULT != "prompt-rule-missing":
        tell("refused")
    if FAULT == "both-prompts":
        return {"text_prompt": "a cat", "json_prompt": {"high_level_description": "a cat"}} | request
    if FAULT == "field-dropped":
        return {name: value for name, value in request.items() if name != "resolution"}
    if FAULT == "key-in-form":
        return request | {"api_key": KEY}
    if FAULT == "default-added":
        return {"rendering_speed": "DEFAULT"} | request
    return request


def generate(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    answer: tuple[int, dict[str, str], bytes] | None = None
    for _ in range(3):
        try:
            answer = post(request)
        except LostError:
            if FAULT != "retry-after-reset":
                tell("unknown")
            continue
        if answer[0] == 303 and FAULT == "303-repeated":
            continue
        if answer[0] == 429 and "retry-after" in answer[1]:
            time.sleep(0 if FAULT == "429-at-once" else int(answer[1]["retry-after"]))
        elif answer[0] < 500 or FAULT != "retry-on-5xx":
            return answer
    return answer or tell("unknown")


def read(body: bytes) -> list[dict[str, Any]]:
    try:
        answer = json.loads(body)
    except ValueError:
        tell("refused" if FAULT == "bad-200-refused" else "unknown", 200)
    if FAULT == "closed-enum" and answer.get("response_type", "url") != "url":
        raise ValueError(answer["response_type"])
    if FAULT == "closed-members" and any(set(image) - IMAGE_MEMBERS for image in answer["data"]):
        raise ValueError(answer["data"])
    if FAULT == "closed-answer" and set(answer) - {"created", "data", "response_type"}:
        raise ValueError(answer)
    images: list[dict[str, Any]] = answer["data"]
    return images


def save(images: list[dict[str, Any]]) -> None:
    path = Path(os.environ["IDEOGRAM_OUTPUT_DIR"]) / "image.png"
    if FAULT in {"null-alone-withheld", "url-taken-for-granted"}:
        url = images[0]["url"] if FAULT == "url-taken-for-granted" else images[0].get("url")
        if url == "":
            tell("image", 200, path)
    if not images[0].get("url"):
        if FAULT == "withheld-as-image":
            path.write_bytes(b"")
            tell("image", 200, path)
        tell("withheld", 200)
    url, headers = images[0]["url"], {"Api-Key": KEY} if FAULT == "key-to-image-host" else {}
    status, answered, content = ask("GET", url, headers)
    if status == 302:
        headers = {"Api-Key": KEY} if FAULT == "image-redirect-with-key" else {}
        status, _, content = ask("GET", answered["location"], headers)
    path.write_bytes(content[:-1] if FAULT == "image-cut" else content)
    tell("image", 200, path)


def main() -> None:
    request = prepare(json.load(sys.stdin))
    if FAULT != "no-time-limit":  # a limit for silence, which http.client has, does not end what drips
        signal.signal(signal.SIGALRM, give_up)
        signal.setitimer(signal.ITIMER_REAL, float(os.environ["IDEOGRAM_TIMEOUT"]))
    status, _, body = generate(request)
    if status == 200:
        save(read(body))
    if FAULT == "errors-are-json":
        json.loads(body)
    if FAULT == "words-printed":
        print(body.decode(), file=sys.stderr)
    if FAULT == "words-kept":
        (Path(os.environ["IDEOGRAM_OUTPUT_DIR"]) / "answer.json").write_bytes(body)
    unknown = status >= 500 and FAULT != "5xx-refused"
    unknown = unknown or status < 200 or (status == 303 and FAULT != "303-refused")
    tell("unknown" if unknown or FAULT == "refusals-unknown" else "refused", 500 if FAULT == "status-lost" else status)


main()
