"""Programs from npm: Prism and Steady, which serve any contract, and a TypeScript client made of ours."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from conformance_runs import ROOT, names
from mock_requests import json_prompt
from node_servers import serving

from ideogram_ai.client import (
    AsyncIdeogram,
    AuthenticationError,
    BadRequestError,
    Ideogram,
    PromptError,
    RateLimitError,
    RetryPolicy,
    UnprocessableEntityError,
)
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import OPERATIONS, Operation
from ideogram_ai.testing import Exchange, MockServer
from ideogram_ai.testing.conformance import Verdict
from ideogram_ai.testing.conformance.server import ServerOptions, run_server

ONCE = RetryPolicy(max_attempts=1)
IMAGES = read_view().responses[200].examples[0]["data"]

PROGRAMS = "CONFORMANCE_TYPESCRIPT"
"""The environment variable with the folder of npm's programs; `nox -s conformance` installs them and sets it."""
SOURCES = Path(__file__).parent / "typescript"

Results = list[dict[str, Any]]


@pytest.fixture(scope="module")
def prism() -> Iterator[str]:
    with serving("prism") as url:
        yield url


@pytest.fixture(scope="module")
def steady() -> Iterator[str]:
    with serving("steady") as url:
        yield url


def test_the_kit_finds_that_prism_refuses_a_json_prompt(prism: str) -> None:
    report = run_server(ServerOptions(prism))
    failed = names(report, Verdict.FAILED)
    assert {"request.json_prompt.accepted", "request.json_prompt.part-type", "request.examples"} <= failed
    assert "answer.refusal-status" in failed  # a 422 that is not about safety
    assert not any(name.startswith(("auth.", "answer.200", "answer.422", "request.prompt-rule")) for name in failed)
    assert "request.refused.V4PromptBbox.minItems" in names(report, Verdict.NOT_TRIED)
    assert {"request.text_prompt.accepted", "answer.429.body", "answer.422.error"} <= names(report, Verdict.HELD)
    assert not report.of(Verdict.HARNESS_FAULT)


def test_the_kit_finds_that_steady_needs_no_prompt_and_no_key(steady: str) -> None:
    report = run_server(ServerOptions(steady))
    failed = names(report, Verdict.FAILED)
    assert {"request.prompt-rule.neither-refused", "request.prompt-rule.both-refused", "auth.key-missing"} <= failed
    assert {"request.refused.V4PromptBbox.minItems", "request.refused.V4ColorPalette.items.pattern"} <= failed
    held = names(report, Verdict.HELD)
    assert {"request.json_prompt.accepted", "request.text_prompt.accepted", "answer.200.body"} <= held
    assert "answer.422.error" in names(report, Verdict.NOT_TRIED)
    assert not report.of(Verdict.HARNESS_FAULT)


def test_our_clients_get_an_image_of_a_plain_prompt(prism: str, steady: str) -> None:
    async def generate(url: str) -> int:
        async with AsyncIdeogram("any-key", base_url=url, retry=ONCE) as client:
            return len((await client.generate(text_prompt="A cat", enable_copyright_detection=True)).images)

    for url in (prism, steady):
        with Ideogram("any-key", base_url=url, retry=ONCE) as client:
            images = client.generate(text_prompt="A photo of a cat", resolution="2048x2048").images
        assert [(each.url, each.seed) for each in images] == [(each["url"], each["seed"]) for each in IMAGES]
        for backend in ("asyncio", "trio"):
            assert anyio.run(generate, url, backend=backend) == len(IMAGES)


def test_our_client_reports_what_prism_refuses_and_refuses_what_steady_would_take(prism: str, steady: str) -> None:
    with Ideogram("any-key", base_url=steady, retry=ONCE) as client:
        assert client.generate(json_prompt=json_prompt()).images
        with pytest.raises(PromptError):
            client.generate(resolution="2048x2048")  # type: ignore[call-overload]
    with Ideogram("any-key", base_url=prism, retry=ONCE) as client, pytest.raises(UnprocessableEntityError):
        client.generate(json_prompt=json_prompt())


def test_our_client_understands_every_documented_refusal(prism: str) -> None:
    errors = {400: BadRequestError, 401: AuthenticationError, 422: UnprocessableEntityError, 429: RateLimitError}
    assert set(read_view().responses) == {200, *errors}
    for status, error in errors.items():
        with (
            httpx.Client(headers={"Prefer": f"code={status}"}) as http_client,
            Ideogram("any-key", base_url=prism, retry=ONCE, http_client=http_client) as client,
            pytest.raises(error) as raised,
        ):
            client.generate(text_prompt="A photo of a cat")
        assert raised.value.status_code == status
        assert not raised.value.may_have_been_billed


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> tuple[Results, list[Exchange]]:
    """What the program printed, and the ledger of the mock server that it called.

    The program is compiled by the strict compiler, together with a client that is generated for it.
    """
    programs = os.environ.get(PROGRAMS)
    if programs is None or shutil.which("node") is None:
        pytest.skip("nox -s conformance installs the generator from npm")
    folder = shutil.copytree(SOURCES, tmp_path_factory.mktemp("typescript") / "program")
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(Path(programs).parent)

    def run(*command: str) -> str:
        env = {**os.environ, "CONTRACT": str(ROOT / "openapi/ideogram-v1.yaml")}
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(f"{programs}/openapi-ts", "--no-log-file")
    run(f"{programs}/tsc", "--project", ".", "--outDir", "out")
    with MockServer() as server:
        printed = run("node", "out/every_operation.js", server.url, "a-key")
    return [json.loads(line) for line in printed.splitlines()], list(server.ledger)


def is_of(operation: Operation, exchange: Exchange) -> bool:
    path = re.sub(r"\{\w+\}", "[^/]+", operation.path)
    return exchange.method == operation.method and re.fullmatch(path, exchange.path) is not None


def test_it_calls_every_operation_and_understands_the_answers(session: tuple[Results, list[Exchange]]) -> None:
    every, ledger = session
    results = {result["operation"]: result for result in every if "refused" not in result}
    for operation in OPERATIONS.values():
        assert [each.status for each in ledger if is_of(operation, each)][:1] == [200], operation.operation_id
    images = {name: result["image"] for name, result in results.items() if "image" in result}
    assert {(image["png"], image["safe"]) for image in images.values()} == {("PNG", True)}
    assert len(images) == 20, "seventeen operations, and the jobs of three"
    assert images["post_generate_image_v4"]["resolution"] == "1024x1024"
    width, height = map(int, images["post_generate_image_v4_transparent"]["resolution"].split("x"))
    assert width < height, "the aspect ratio is 2x3"
    assert results["post_magic_prompt_v4"]["aspect_ratio"] == "16x9"
    for name in ("post_magic_prompt_v4", "post_describe_v4"):
        assert {"high_level_description", "compositional_deconstruction"} <= results[name]["json_prompt"].keys()
    assert results["post_layerize_text_v3"]["below"] == "image/png"
    assert results["post_layerize_text_v3"]["texts"]
    assert results["post_describe"]["words"]
    files = [f"vase-{number}.png" for number in range(15)]
    assert results["get_dataset"] == {"operation": "get_dataset", "uploaded": 15, "files": files, "listed": True}
    assert results["get_custom_model"] == {"operation": "get_custom_model", "same": True, "listed": True}
    refused = [(result["operation"], result["refused"]) for result in every if "refused" in result]
    assert refused == [("get_generation", 404), ("post_magic_prompt_v4", 401)]


def test_it_polls_jobs_and_verifies_their_webhooks_with_the_key_set(session: tuple[Results, list[Exchange]]) -> None:
    jobs = [result for result in session[0] if "job" in result]
    assert [job["job"] for job in jobs] == ["completed"] * 3
    for job in jobs:
        assert job["webhook"] == {"same_job": True, "image": job["image"], "genuine": True}


def test_its_requests_differ_from_the_contract_in_the_type_of_a_part_alone(
    session: tuple[Results, list[Exchange]],
) -> None:
    # The generator pays no attention to `encoding`, and writes an object as the text of its JSON.
    odd = "{} came without Content-Type: application/json of its own; it was read as JSON."
    parts = ("json_prompt", "color_palette", "image_request")
    assert {remark for exchange in session[1] for remark in exchange.remarks} == set(map(odd.format, parts))
