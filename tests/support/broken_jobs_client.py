"""A client of every operation, written with httpx alone, that breaks the contract in the way that it is told.

broken_jobs_client.py FAULT, or `none`.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from ideogram_ai.client.request import JSON
from ideogram_ai.client.webhooks import SIGNATURE
from ideogram_ai.contract.check import check_request
from ideogram_ai.generated.operations import OPERATIONS, Operation

FAULT = sys.argv[1]
BASE, KEY = os.environ["IDEOGRAM_BASE_URL"], os.environ["IDEOGRAM_API_KEY"]
HTTP = httpx.Client(trust_env=False, headers={"Connection": "close"})


def report(outcome: str, status: int | None = None, **members: Any) -> None:
    print(json.dumps({"outcome": outcome, "status": status, **members}))
    sys.exit()


def submit(operation: Operation, request: dict[str, Any]) -> httpx.Response:
    path, query, parts, content = operation.path, list[tuple[str, Any]](), list[Any](), dict[str, Any]()
    for field in operation.fields:
        name, value = field.wire_name, request.get(field.wire_name)
        if value is None:
            continue
        items = value if field.is_array else [value]
        if FAULT == "first of a list":
            items = items[:1]
        if field.place == "path":
            path = path.replace(f"{{{name}}}", "another" if FAULT == "another id" else value)
        elif field.place == "query":
            query += [(name, item) for item in items if FAULT != "no query"]
        elif operation.media_type == JSON:
            content[name] = value
        elif field.is_file:
            for item in items:
                data = b"" if FAULT == "empties files" else Path(item).read_bytes()
                parts.append((name, ("blob" if FAULT == "no names" else Path(item).name, data, "image/png")))
        else:
            for item in items:
                text = item if isinstance(item, str) else json.dumps(item)
                parts.append((name, (None, text, None if FAULT == "plain parts" else field.content_type)))
    body: dict[str, Any] = {"json": content} if operation.media_type == JSON else {"files": parts} if parts else {}
    headers = {"Api-Key": KEY} if operation.authenticated else {}
    return HTTP.request(operation.method, BASE + path, params=query, headers=headers, **body)


def wait(job_id: str, operation: Operation, request: dict[str, Any]) -> dict[str, Any]:
    pause = 0.05
    while True:
        headers = {} if FAULT == "polls without a key" else {"Api-Key": KEY}
        try:
            answer = HTTP.get(f"{BASE}/v1/generations/{job_id}", headers=headers)
            if answer.status_code != 200 and FAULT == "gives up at once":
                report("unknown", answer.status_code)
            pause = float(answer.headers.get("retry-after", 0.05))
            found: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
        except httpx.HTTPError:
            found = {}
            if FAULT == "submits again":
                submit(operation, request)
        if FAULT == "knows three statuses" and found.get("status") not in {None, "pending", "completed", "failed"}:
            report("unknown", 200)
        if found.get("generation_id") == job_id or FAULT == "takes any job":
            if found.get("status") == "failed":
                report("failed", 200)
            if found.get("status") == "completed":
                return found
        time.sleep(pause)


def save(found: dict[str, Any]) -> None:
    links = [each["url"] for each in found["data"] if each.get("url")]
    if not links:
        report("withheld", 200)
    path = Path(os.environ["IDEOGRAM_OUTPUT_DIR"], "image.png")
    path.write_bytes(HTTP.get(links[0]).content)
    report("image", 200, image=str(path))


def main() -> None:
    name, request = os.environ["IDEOGRAM_OPERATION"], json.loads(os.environ["IDEOGRAM_REQUEST"])
    if name == "verify_webhook":
        trusted = FAULT == "trusts a signature" and SIGNATURE in request["headers"]
        report(
            "answer" if trusted else "unsupported",
            answer={"generation_id": json.loads(request["body"])["generation_id"]},
        )
    (operation,) = (each for each in OPERATIONS.values() if each.method_name == name)
    if FAULT != "checks nothing" and check_request(request, operation=operation):
        report("refused")
    try:
        answer = submit(operation, request)
        if FAULT == "sends twice":
            answer = submit(operation, request)
    except httpx.HTTPError:
        report("unknown")
    if answer.status_code != 200:
        unknown = operation.billed.get(answer.status_code) is not False
        report("unknown" if unknown else "refused", answer.status_code)
    found = answer.json()
    if operation.result == "job":
        found = wait(found["generation_id"], operation, request)
    if FAULT == "needs a seed" and operation.result == "images":
        found["data"][0]["seed"]  # raises an exception after the image was paid for
    if operation.result == "model":
        report("answer", 200, answer={} if FAULT == "loses the answer" else found)
    save(found)


main()
