"""A client of jobs, files and webhooks, written with httpx alone, that breaks the contract in the way that it is told.

broken_jobs_client.py FAULT, or `none`.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from ideogram_ai.client.webhooks import SIGNATURE
from ideogram_ai.generated.operations import OPERATIONS, Operation

FAULT = sys.argv[1]
BASE, KEY = os.environ["IDEOGRAM_BASE_URL"], os.environ["IDEOGRAM_API_KEY"]
HTTP = httpx.Client(trust_env=False, headers={"Connection": "close"})


def report(outcome: str, status: int | None = None, **members: Any) -> None:
    print(json.dumps({"outcome": outcome, "status": status, **members}))
    sys.exit()


def submit(operation: Operation, request: dict[str, Any]) -> httpx.Response:
    parts: list[Any] = []
    for field in operation.fields:
        value = request.get(field.wire_name)
        if value is None:
            continue
        if field.is_file:
            data = b"" if FAULT == "empties files" else Path(value).read_bytes()
            parts.append((field.wire_name, (Path(value).name, data, "image/png")))
        else:
            text = value if isinstance(value, str) else json.dumps(value)
            parts.append((field.wire_name, (None, text, field.content_type)))
    body: dict[str, Any] = {"files": parts} if operation.media_type != "application/json" else {"json": request}
    return HTTP.request(operation.method, BASE + operation.path, headers={"Api-Key": KEY}, **body)


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
    if operation.result == "model":
        report("answer", 200, answer={} if FAULT == "loses the answer" else found)
    save(found)


main()
