"""A small sound client of every operation, and ways in which it breaks the contract: broken_client.py [FAULT]."""

import http.client
import json
import os
import secrets
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlencode, urlsplit

from ideogram_ai.client.webhooks import SIGNATURE
from ideogram_ai.contract.check import check_request
from ideogram_ai.generated.operations import OPERATIONS, Field, Operation

KEPT: list[Any] = []
FAULT = sys.argv[1] if len(sys.argv) > 1 else ""
KEY = os.environ["IDEOGRAM_API_KEY"]
BASE = os.environ["IDEOGRAM_BASE_URL"]
FOLDER = Path(os.environ["IDEOGRAM_OUTPUT_DIR"])
JSON = "application/json"
IMAGE_MEMBERS = {"url", "prompt", "resolution", "is_image_safe", "seed"}

Answered = tuple[int, dict[str, str], bytes]


class LostError(Exception):
    """The connection ended before the answer."""


def tell(outcome: str, status: int | None = None, **members: Any) -> NoReturn:
    print(json.dumps({"outcome": outcome, "status": status, "image": None, **members}))
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


def part_of(field: Field, value: Any) -> tuple[str, bytes]:
    """What follows the name in the head of a part, and its bytes."""
    if field.is_file:
        name = "blob" if FAULT == "no-names" else Path(value).name
        content = b"" if FAULT == "empties-files" else Path(value).read_bytes()
        return f'; filename="{name}"\r\nContent-Type: image/png', content
    if FAULT.startswith("charset="):  # as HttpMime of Apache and others write a text
        return f"\r\nContent-Type: text/plain; {FAULT}", encode(value)
    marked = field.content_type and FAULT != "json-as-text"
    return f"\r\nContent-Type: {field.content_type}" if marked else "", encode(value)


def form_of(pairs: list[tuple[Field, Any]]) -> tuple[str, bytes]:
    if FAULT == "urlencoded":
        texts = {field.wire_name: text_of(value) for field, value in pairs}
        return "application/x-www-form-urlencoded", urlencode(texts).encode()
    boundary = "+++" if FAULT == "fixed-boundary" else secrets.token_hex(16)
    body = b""
    for field, value in [*pairs, *(pairs if FAULT == "fields-twice" else ())]:
        more, content = part_of(field, value)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{field.wire_name}"{more}\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    return f"multipart/form-data; boundary={boundary}", body + f"--{boundary}--\r\n".encode()


def values_of(operation: Operation, request: dict[str, Any]) -> Iterator[tuple[Field, Any]]:
    """The fields with their values, one for each item of a list."""
    fields = {field.wire_name: field for field in operation.fields}
    for name, value in request.items():
        field = fields.get(name) or Field(name, name)
        items = value if field.is_array else [value]
        for item in items[:1] if FAULT == "first-of-a-list" else items:
            if item is not None or FAULT == "none-as-text":
                yield field, item


def target_and_body(operation: Operation, request: dict[str, Any]) -> tuple[str, str | None, bytes]:
    """The URL, the media type of the body, and the body."""
    values = list(values_of(operation, request))
    path = operation.path.replace("-v4", "-v3") if FAULT == "other-path" else operation.path
    for field, value in values:
        path = path.replace(f"{{{field.wire_name}}}", "another" if FAULT == "another-id" else str(value))
    query = [(field.wire_name, value) for field, value in values if field.place == "query" and FAULT != "no-query"]
    query += [("api_key", KEY)] if FAULT == "key-in-query" else []
    url = BASE + path + (f"?{urlencode(query)}" if query else "")
    body = [(field, value) for field, value in values if field.place == "body"]
    if operation.media_type == JSON:
        names = {field.wire_name for field, _ in body}
        return url, JSON, json.dumps({name: value for name, value in request.items() if name in names}).encode()
    return (url, *form_of(body)) if operation.media_type else (url, None, b"")


def lose(*_: object) -> NoReturn:
    raise LostError


def keep(url: str) -> Any:
    """The one connection of a client that reads answers out of one buffer, whatever lies in it."""
    if not KEPT:
        parts = urlsplit(url)
        KEPT.append(socket.create_connection((parts.hostname, parts.port), 20).makefile("rwb"))
    return KEPT[0]


def ask_on_kept(url: str, headers: dict[str, str], body: bytes) -> Answered:
    stream, path = keep(url), urlsplit(url).path
    lines = [f"POST {path} HTTP/1.1", "Host: kept", *(f"{name}: {value}" for name, value in headers.items())]
    stream.write("\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body)
    stream.flush()
    status = int((stream.readline() or lose()).split()[1])
    answered = http.client.parse_headers(stream)
    content = stream.read(int(answered["Content-Length"] or 0))
    return status, {name.lower(): value for name, value in answered.items()}, content


def ask(method: str, url: str, headers: dict[str, str], body: bytes = b"") -> Answered:
    if FAULT == "connection-kept" and method == "POST":
        return ask_on_kept(url, headers, body)
    parts = urlsplit(url)
    patience = 0.4 * float(os.environ["IDEOGRAM_TIMEOUT"]) if FAULT == "retry-after-timeout" else 20
    connection = http.client.HTTPConnection(parts.netloc, timeout=patience)
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body or None, headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise LostError from error
    finally:
        connection.close()


def send(operation: Operation, request: dict[str, Any]) -> Answered:
    """Send the request once."""
    url, kind, body = target_and_body(operation, request)
    headers = {"Api-Key": KEY} if operation.authenticated else {}
    headers |= {"Content-Type": kind} if kind else {}
    if FAULT == "key-with-a-word":
        headers["Api-Key"] = f"Bearer {KEY}"
    if FAULT == "bearer":
        headers["Authorization"] = f"Bearer {headers.pop('Api-Key')}"
    if FAULT == "sent-twice":
        ask(operation.method, url, headers, body)
    answer = ask(operation.method, url, headers, body)
    if answer[0] in {302, 307} and FAULT == "redirects-followed":
        return ask("POST", answer[1]["location"], headers, body)
    return answer


def prepare(operation: Operation, request: dict[str, Any]) -> dict[str, Any]:
    if FAULT != "checks-nothing" and check_request(request, operation=operation):
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


def call(operation: Operation, request: dict[str, Any]) -> Answered:
    """Send the request until it has an answer."""
    answer: Answered | None = None
    for _ in range(3):
        try:
            answer = send(operation, request)
        except LostError:
            if FAULT not in {"retry-after-reset", "retry-after-timeout"}:
                tell("unknown")
            continue
        if answer[0] == 303 and FAULT == "303-repeated":
            continue
        if answer[0] == 429 and "retry-after" in answer[1]:
            time.sleep(0 if FAULT == "429-at-once" else int(answer[1]["retry-after"]))
        elif answer[0] < 500 or FAULT != "retry-on-5xx":
            return answer
    return answer or tell("unknown")


def read(body: bytes) -> Any:
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
    if FAULT == "needs-a-seed":
        answer["data"][0]["seed"]  # raises an exception after the image was paid for
    return answer


def wait(job_id: str, operation: Operation, request: dict[str, Any]) -> dict[str, Any]:
    """Ask for a job until it is completed."""
    pause = 0.05
    while True:
        status, found = 0, dict[str, Any]()
        try:
            key = {} if FAULT == "polls-without-a-key" else {"Api-Key": KEY}
            status, headers, body = ask("GET", f"{BASE}/v1/generations/{job_id}", key)
            pause = float(headers.get("retry-after", 0.05))
            found = json.loads(body) if status == 200 else {}
        except LostError:
            if FAULT == "submits-again":
                send(operation, request)
        if status not in {0, 200} and FAULT == "gives-up-at-once":
            tell("unknown", status)
        if FAULT == "knows-three-statuses" and found.get("status") not in {None, "pending", "completed", "failed"}:
            tell("unknown", 200)
        if found.get("generation_id") == job_id or FAULT == "takes-any-job":
            if found.get("status") == "failed":
                tell("failed", 200)
            if found.get("status") == "completed":
                return found
        time.sleep(pause)


def save(images: list[dict[str, Any]]) -> NoReturn:
    path = FOLDER / "image.png"
    image = next((each for each in images if each.get("url")), images[0])
    if FAULT in {"null-alone-withheld", "url-taken-for-granted"}:
        url = image["url"] if FAULT == "url-taken-for-granted" else image.get("url")
        if url == "":
            tell("image", 200, image=str(path))
    if not image.get("url"):
        if FAULT == "withheld-as-image":
            path.write_bytes(b"")
            tell("image", 200, image=str(path))
        tell("withheld", 200)
    url, headers = image["url"], {"Api-Key": KEY} if FAULT == "key-to-image-host" else {}
    status, answered, content = ask("GET", url, headers)
    if status == 302:
        headers = {"Api-Key": KEY} if FAULT == "image-redirect-with-key" else {}
        status, _, content = ask("GET", answered["location"], headers)
    path.write_bytes(content[:-1] if FAULT == "image-cut" else content)
    tell("image", 200, image=str(path))


def refuse(operation: Operation, status: int, body: bytes) -> NoReturn:
    if FAULT == "errors-are-json":
        json.loads(body)
    if FAULT == "words-printed":
        print(body.decode(), file=sys.stderr)
    if FAULT == "words-kept":
        (FOLDER / "answer.json").write_bytes(body)
    unknown = operation.billed.get(status) is not False or FAULT == "refusals-unknown"
    unknown = (
        unknown and not (status >= 500 and FAULT == "5xx-refused") and not (status == 303 and FAULT == "303-refused")
    )
    tell("unknown" if unknown else "refused", 500 if FAULT == "status-lost" else status)


def main() -> None:
    name, request = os.environ["IDEOGRAM_OPERATION"], json.load(sys.stdin)
    if name == "verify_webhook":
        trusted = FAULT == "trusts-a-signature" and SIGNATURE in request["headers"]
        members = {"generation_id": json.loads(request["body"])["generation_id"]}
        tell("answer" if trusted else "unsupported", answer=members)
    if FAULT != "no-time-limit":  # a limit for silence, which http.client has, does not end what drips
        signal.signal(signal.SIGALRM, lambda *_: tell("unknown"))
        signal.setitimer(signal.ITIMER_REAL, float(os.environ["IDEOGRAM_TIMEOUT"]))
    (operation,) = (each for each in OPERATIONS.values() if each.method_name == name)
    request = prepare(operation, request)
    status, _, body = call(operation, request)
    if status != 200:
        refuse(operation, status, body)
    found = read(body)
    if operation.result == "model":
        tell("answer", 200, answer={} if FAULT == "loses-the-answer" else found)
    if operation.result == "job":
        found = wait(found["generation_id"], operation, request)
    save(found["data"])


main()
