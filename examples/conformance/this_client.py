"""Conformance of the client of this project: ideogram conform client -- python examples/conformance/this_client.py."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from ideogram_ai.client import (
    APIStatusError,
    DownloadError,
    GeneratedImage,
    Ideogram,
    IdeogramError,
    RequestError,
)


def report(outcome: str, status: int | None = None, image: Path | None = None) -> None:
    print(json.dumps({"outcome": outcome, "status": status, "image": image and str(image)}))


def save(client: Ideogram, images: list[GeneratedImage]) -> None:
    safe = [image for image in images if image.url]
    if not safe:
        report("withheld", 200)
        return
    try:
        path = client.download(safe[0], os.environ["IDEOGRAM_OUTPUT_DIR"])
    except DownloadError:
        report("unknown", 200)
    else:
        report("image", 200, path)


def main() -> None:
    request: dict[str, Any] = json.loads(os.environ["IDEOGRAM_REQUEST"])
    with Ideogram(timeout=float(os.environ["IDEOGRAM_TIMEOUT"])) as client:
        try:
            generation = client.generate(**request)
        except RequestError:
            report("refused")
        except APIStatusError as error:
            print(error, file=sys.stderr)
            report("unknown" if error.may_have_been_billed else "refused", error.status_code)
        except IdeogramError as error:
            print(error, file=sys.stderr)
            report("unknown")
        else:
            save(client, list(generation.images))


main()
