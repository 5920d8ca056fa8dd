"""Conformance of the client of this project: ideogram conform client -- python examples/conformance/this_client.py."""

import json
import os
import sys
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from ideogram_ai.client import (
    APIStatusError,
    DownloadError,
    GeneratedImage,
    Generation,
    Ideogram,
    IdeogramError,
    Job,
    JobFailedError,
    RequestError,
    WebhookVerificationError,
)


def report(outcome: str, status: int | None = None, **members: Any) -> None:
    print(json.dumps({"outcome": outcome, "status": status, **members}))


def save(client: Ideogram, images: Sequence[GeneratedImage]) -> None:
    safe = [image for image in images if image.url]
    if not safe:
        report("withheld", 200)
        return
    try:
        path = client.download(safe[0], os.environ["IDEOGRAM_OUTPUT_DIR"])
    except DownloadError:
        report("unknown", 200)
    else:
        report("image", 200, image=str(path))


def run(client: Ideogram, operation: str, request: dict[str, Any]) -> None:
    if operation == "verify_webhook":
        job = client.verify_webhook(request["headers"], request["body"].encode())
        report("answer", answer={"generation_id": job.id})
        return
    result: Any = attrgetter(operation)(client)(**request)
    if isinstance(result, Job):
        result = client.wait(result)
    if isinstance(result, Generation):
        save(client, result.images)
    else:
        report("answer", 200, answer=result.to_dict())


def main() -> None:
    request: dict[str, Any] = json.loads(os.environ["IDEOGRAM_REQUEST"])
    with Ideogram(timeout=float(os.environ["IDEOGRAM_TIMEOUT"])) as client:
        try:
            run(client, os.environ.get("IDEOGRAM_OPERATION", "generate"), request)
        except (RequestError, WebhookVerificationError):
            report("refused")
        except JobFailedError:
            report("failed", 200)
        except APIStatusError as error:
            print(error, file=sys.stderr)
            report("unknown" if error.may_have_been_billed else "refused", error.status_code)
        except IdeogramError as error:
            print(error, file=sys.stderr)
            report("unknown")


main()
