"""A TypeScript client that another tool generates from the contract compiles, and calls every operation."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ideogram_ai.generated.operations import OPERATIONS, Operation
from ideogram_ai.testing import Exchange, MockServer

PROGRAMS = "CONFORMANCE_TYPESCRIPT"
"""The environment variable with the folder of npm's programs; `nox -s conformance` installs them and sets it."""
SOURCES = Path(__file__).parent / "typescript"
CONTRACT = Path(__file__).parents[3] / "openapi/ideogram-v1.yaml"

Results = list[dict[str, Any]]


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
        env = {**os.environ, "CONTRACT": str(CONTRACT)}
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
