"""Uses a regenerated package: `python on_changed_contract.py` with that package first on the path.

Reads the calls to make from stdin as JSON, and prints their outcomes, on real sockets, against the mock server.
"""

import inspect
import io
import json
import os
import sys
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import reduce
from pathlib import Path
from typing import Any

import anyio
from PIL import Image
from samples import sample

import ideogram_ai.generated
from ideogram_ai.cli.main import main
from ideogram_ai.client import AsyncIdeogram, Ideogram, IdeogramError, RetryPolicy
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4
from ideogram_ai.testing import MockServer, answers, broken_requests, request_rules, requests

KEY = "the-key-of-this-test"
ONCE = RetryPolicy(max_attempts=1)
Fields = dict[str, Any]


def call(server: MockServer, do: Callable[[], Any]) -> Fields:
    """Call a method; return its result or error, and what reached the server."""
    before = len(server.ledger)
    outcome: Fields = {}
    try:
        value = do()
        outcome["gave"] = value.to_dict() if hasattr(value, "to_dict") else type(value).__name__
        outcome["type"] = type(value).__name__
    except IdeogramError as error:
        outcome |= {"error": type(error).__name__, "message": error.message, "billed": error.may_have_been_billed}
        outcome["body"] = (getattr(error, "body", None) or b"").decode()
    outcome["arrived"] = [
        [exchange.path, dict(exchange.fields), exchange.status] for exchange in server.ledger[before:]
    ]
    return outcome


def method_of(client: Any, operation_id: str) -> Callable[..., Any]:
    """The method of a client for an operation."""
    method: Callable[..., Any] = reduce(getattr, OPERATIONS[operation_id].method_name.split("."), client)
    return method


def calls(asked: dict[str, Fields], operation_id: str) -> dict[str, Any]:
    """Every call with both clients."""
    with MockServer() as server, Ideogram(KEY, base_url=server.url, retry=ONCE) as client:

        async def call_async(fields: Fields) -> Any:
            async with AsyncIdeogram(KEY, base_url=server.url, retry=ONCE) as also:
                return await method_of(also, operation_id)(**fields)

        return {
            name: {
                "sync": call(server, lambda: method_of(client, operation_id)(**fields)),  # noqa: B023 - called at once
                "async": call(server, lambda: anyio.run(call_async, fields)),  # noqa: B023
            }
            for name, fields in asked.items()
        }


def statuses(asked: list[int], least: Fields) -> Fields:
    """The client's outcome for each status, and whether what is drawn for it fits its schema."""
    with MockServer(scenario=asked) as server, Ideogram(KEY, base_url=server.url, retry=ONCE) as client:
        found = {str(status): call(server, lambda: client.generate(**least)) for status in asked}
    for status in asked:
        rule, validator = read_view().responses[status], read_view().response_validator(status)
        bodies = [json.loads(answer.body) for answer in sample(answers(status), 5)]
        found[str(status)]["drawn"] = bool(bodies) and all(not rule.schema or validator.is_valid(b) for b in bodies)
    return found


def strategies() -> Fields:
    """Which names the strategies draw, and whether valid requests pass and broken ones are refused."""
    found: Fields = {}
    with MockServer() as server, Ideogram(KEY, base_url=server.url, retry=ONCE) as client:

        def send(method: Callable[..., Any], request: Fields) -> str | None:
            try:
                method(**request)
            except IdeogramError as error:
                return f"{type(error).__name__}: {request}: {error.message}"
            return None

        for name in OPERATIONS.keys() & {POST_GENERATE_IMAGE_V4.operation_id, "post_wording_v4"}:
            operation = OPERATIONS[name]
            method = method_of(client, name)
            drawn = sample(requests(operation=operation), 40)
            rules = request_rules(operation=operation)
            broken = [each for rule in rules for each in sample(broken_requests(rule, operation=operation), 2)]
            ends = {f"{each.rule}: {each.request}": send(method, each.request) for each in broken}
            found[name] = {
                "drawn": sorted({field for request in drawn for field in request}),
                "refused": [end for end in (send(method, request) for request in drawn) if end],
                "rules": rules,
                "passed": [request for request, end in ends.items() if end is None],
                "kinds": sorted({end.partition(":")[0] for end in ends.values() if end}),
            }
    return found


def command_line(options: list[str], place: Path) -> Fields:
    """One run of `ideogram generate` with these options after -F, and what reached the server."""
    arguments = [argument for option in options for argument in ("-F", option)]
    printed = io.StringIO()
    with MockServer() as server, redirect_stdout(printed), redirect_stderr(printed):
        target = ("--base-url", server.url, "-o", str(place))
        code = main(["generate", "A cat", *arguments, "--json", *target])
        arrived = [dict(exchange.fields) for exchange in server.ledger]
    return {"code": code, "said": printed.getvalue(), "arrived": arrived}


def program(text: str) -> list[Any]:
    """Run a program that reads its settings from the environment; return what reached the server."""
    with MockServer() as server:
        os.environ["IDEOGRAM_BASE_URL"] = server.url
        exec(compile(text, "program", "exec"), {"__name__": "__main__"})
        return [[dict(exchange.fields), exchange.status] for exchange in server.ledger]


def field_of_inpaint(asked: Fields, folder: Path) -> Fields:
    """What everything that knows operations does with a field of v3.inpaint: calls with values, words, a batch."""
    source: Fields = {"image": str(folder / "image.png"), "mask": str(folder / "image.png"), "prompt": "A hat"}
    Image.new("L", (64, 64)).save(folder / "image.png")
    with MockServer() as server, Ideogram(KEY, base_url=server.url, retry=ONCE) as client:
        found: Fields = {
            str(value): call(server, lambda: client.v3.inpaint(**source, **{asked["name"]: value}))  # noqa: B023
            for value in asked["values"]
        }
        found["signature"] = str(inspect.signature(client.v3.inpaint))
        found["documentation"] = inspect.getdoc(client.v3.inpaint)
    printed = io.StringIO()
    with redirect_stdout(printed):
        main(["call", "v3.inpaint", "--help"])
    found["help"] = printed.getvalue()
    rows = [["operation", *source, asked["name"]], ["v3.inpaint", *source.values(), str(asked["values"][0])]]
    (folder / "rows.csv").write_text("\n".join(map(",".join, rows)), "utf-8")
    with MockServer() as server, redirect_stdout(printed), redirect_stderr(printed):
        where = ["--out", str(folder / "out"), "--base-url", server.url]
        found["batch"] = main(["batch", str(folder / "rows.csv"), *where, "--yes"])
        found["rows"] = [dict(exchange.fields) for exchange in server.ledger]
        found["said"] = printed.getvalue()
    return found


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    os.environ["IDEOGRAM_API_KEY"] = KEY
    used = {
        "package": ideogram_ai.generated.__file__,
        "calls": calls(asked["calls"], POST_GENERATE_IMAGE_V4.operation_id),
        "statuses": statuses(asked["statuses"], asked["least"]),
        "strategies": strategies(),
        "operations": calls(asked["operations"], "post_wording_v4"),
        "program": program(asked["program"]),
        "inpaint": field_of_inpaint(asked["inpaint"], Path(asked["folder"])) if asked["inpaint"] else {},
        "cli": {
            name: command_line(options, Path(asked["folder"], f"{number}.png"))
            for number, (name, options) in enumerate(asked["cli"].items())
        },
    }
    json.dump(used, sys.stdout)
