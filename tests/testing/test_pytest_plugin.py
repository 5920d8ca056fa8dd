"""The pytest plugin: its fixtures, how they fail a test, and how little it loads."""

import json
import os
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

PLUGIN = "ideogram_ai.testing.pytest_plugin"
HEAVY = ["respx", "httpx", "hypothesis", "starlette", "uvicorn", "jsonschema_rs", "PIL", "schemathesis", "attrs"]
START = f"""
import json, sys
import pytest
before = set(sys.modules)
status = pytest.main(["--markers", "-p", "{PLUGIN}"])
json.dump([status, sorted(set(sys.modules) - before)], sys.stderr)
"""
HEADER = """
    import contextlib
    import httpx
    import pytest
    from ideogram_ai.client import AsyncIdeogram, Ideogram
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Only the plugin under test, and the one for async tests: the others would be tested with it."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("IDEOGRAM_API_KEY", "a-key-for-tests")
    return pytester


def outcomes(run: pytest.Pytester, test: str) -> tuple[dict[str, int], str]:
    run.makepyfile(HEADER + test)
    result = run.runpytest_subprocess(
        "-p", PLUGIN, "-p", "anyio.pytest_plugin", "-p", "no:cacheprovider", "-W", "error"
    )
    return result.parseoutcomes(), result.stdout.str()


def test_both_fixtures_serve_both_clients(run: pytest.Pytester) -> None:
    counted, shown = outcomes(
        run,
        """
    def test_sync(ideogram_mock, tmp_path):
        ideogram_mock.rate_limit(times=2).succeed()
        with Ideogram() as client:
            image = client.generate(text_prompt="A cat").images[0]
            assert client.download(image, tmp_path / "cat.png").stat().st_size > 50
        assert [exchange.status for exchange in ideogram_mock.ledger] == [429, 429, 200]

    @pytest.mark.anyio
    @pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
    async def test_async(ideogram_mock, anyio_backend):
        ideogram_mock.withhold()
        async with AsyncIdeogram() as client:
            assert (await client.generate(text_prompt="A cat")).images[0].withheld

    def test_server(ideogram_server, tmp_path):
        with Ideogram(base_url=ideogram_server.url) as client:
            image = client.generate(text_prompt="A cat", resolution="512x1536").images[0]
            assert client.download(image, tmp_path / "cat.png").read_bytes().startswith(b"\\x89PNG")
        assert [exchange.billed for exchange in ideogram_server.ledger] == [True]
        assert ideogram_server.url.startswith("http://127.0.0.1:")
    """,
    )
    assert counted == {"passed": 4}, shown


def test_a_swallowed_break_of_the_contract_fails_the_test_and_not_its_teardown(run: pytest.Pytester) -> None:
    counted, shown = outcomes(
        run,
        """
    def test_swallows(ideogram_mock):
        with Ideogram() as client, contextlib.suppress(Exception):
            client.generate(text_prompt="A cat", resolution="1x1")

    @pytest.fixture
    def indirect(request):
        return request.getfixturevalue("ideogram_mock")

    def test_swallows_through_a_fixture(indirect):
        with Ideogram() as client, contextlib.suppress(Exception):
            client.generate(text_prompt="A cat", resolution="1x1")

    @pytest.mark.anyio
    @pytest.mark.parametrize("anyio_backend", ["asyncio"])
    async def test_swallows_async(ideogram_mock, anyio_backend):
        async with AsyncIdeogram() as client:
            with contextlib.suppress(Exception):
                await client.generate(text_prompt="A cat", resolution="1x1")
    """,
    )
    assert counted == {"failed": 3}, shown
    assert shown.count('ContractBrokenError: The service would refuse this request: resolution: "1x1" is not one') >= 3


def test_a_plan_that_did_not_happen_fails_the_test_unless_it_may(run: pytest.Pytester) -> None:
    counted, shown = outcomes(
        run,
        """
    def test_plans_too_much(ideogram_mock):
        ideogram_mock.rate_limit(times=2)

    def test_may(ideogram_mock):
        ideogram_mock.rate_limit(times=2)
        ideogram_mock.strict = False
    """,
    )
    assert counted == {"failed": 1, "passed": 1}, shown
    assert "Planned responses were not requested: rate_limit, 2 more." in shown


def test_a_test_that_fails_by_itself_fails_once_and_with_a_note(run: pytest.Pytester) -> None:
    counted, shown = outcomes(
        run,
        """
    def test_fails(ideogram_mock):
        ideogram_mock.rate_limit(times=7)
        with Ideogram() as client, contextlib.suppress(AssertionError):
            client.generate(text_prompt="A cat", resolution="1x1")
        assert 1 == 2

    def test_is_skipped(ideogram_mock):
        ideogram_mock.rate_limit()
        pytest.skip("not today")
    """,
    )
    assert counted == {"failed": 1, "skipped": 1}, shown
    assert "assert 1 == 2" in shown
    assert "The service would refuse this request: resolution" in shown


def test_nothing_heavy_is_loaded_before_a_test_asks_for_it(tmp_path: Path) -> None:
    env = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-c", START]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=env, cwd=tmp_path)
    status, loaded = json.loads(result.stderr.splitlines()[-1])
    assert status == 0
    assert PLUGIN in loaded
    assert [name for name in loaded if name.partition(".")[0] in HEAVY] == []
    assert [
        name for name in loaded if name.startswith("ideogram_ai.") and name not in {PLUGIN, "ideogram_ai.testing"}
    ] == []


def test_without_the_extra_a_fixture_says_what_to_install(run: pytest.Pytester) -> None:
    run.makeconftest("import sys; sys.modules['respx'] = sys.modules['uvicorn'] = None")
    counted, shown = outcomes(
        run,
        """
    def test_mock(ideogram_mock):
        pass

    def test_server(ideogram_server):
        pass
    """,
    )
    assert counted == {"errors": 2}, shown
    for name in ("respx", "uvicorn"):
        assert f"{name} is missing: pip install 'ideogram-ai[testing]' brings it." in shown


def test_pytest_finds_it_once_the_package_is_installed() -> None:
    points = distribution("ideogram-ai").entry_points.select(group="pytest11", name="ideogram_ai")
    assert [point.value for point in points] == [PLUGIN]


def test_it_needs_no_naming(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("--fixtures", "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["*fixtures defined from ideogram_ai.testing.pytest_plugin*"])
    result.stdout.fnmatch_lines(["ideogram_mock*"])
    result.stdout.fnmatch_lines(["ideogram_server*"])
