"""Looks for a response that the client cannot parse: `nox -s fuzz -- -max_total_time=600`.

The first line of an input is the status, the second the content encoding, the third a Retry-After; the rest is the
body. Inputs that once failed are in corpus/, and every run starts with them.
"""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ideogram_ai.client"]):
    import httpx

    from ideogram_ai.client import Generation, IdeogramError
    from ideogram_ai.client.bodies import ResponseBuffer
    from ideogram_ai.client.response import parse_response
    from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

CORPUS = Path(__file__).with_name("corpus")


def try_response(data: bytes) -> None:
    """Collect and parse one response, as the client does."""
    status, encoding, retry_after, body = [*data.split(b"\n", 3), b"", b"", b""][:4]
    headers = httpx.Headers([(b"content-encoding", encoding), (b"retry-after", retry_after)])
    number = int(status) if status.isdigit() and len(status) == 3 else 200
    buffer = ResponseBuffer()
    buffer.start(number, headers, decoded=False)
    for start in range(0, len(body), 7):
        if not buffer.feed(body[start : start + 7]):
            break
    outcome = parse_response(
        POST_GENERATE_IMAGE_V4,
        status=number,
        headers=headers,
        body=buffer.body,
        now=0.0,
        complete=buffer.complete,
    )
    if not isinstance(outcome, Generation | IdeogramError):
        raise TypeError(outcome)
    if isinstance(outcome, Generation) and not outcome.images:
        raise ValueError("a Generation without an image")


if __name__ == "__main__":
    atheris.Setup([*sys.argv, str(CORPUS)], try_response)
    atheris.Fuzz()
