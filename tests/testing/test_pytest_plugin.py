"""The pytest plugin: its fixtures, how they fail a test, how little it imports, and the page that teaches it."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
PLUGIN = "ideogram_ai.testing.pytest_plugin"
# Of the examples of docs/testing.md, and of naming plugins that are loaded already.
NO_FAULTS = ["ideogram_ai.client.ResponseWarning", "pytest.PytestAssertRewriteWarning"]
HEAVY = ["respx", "httpx", "hypothesis", "starlette", "uvicorn", "jsonschema_rs", "PIL", "schemathesis", "attrs"]
START = f"""
import json, sys
import pytest
before = set(sys.modules)
status = pytest.main(["--markers", "-p", "{PLUGIN}"])
json.dump([status, sorted(set(sys.modules) - before)], sys.stderr)
"""
TESTS = """
    import contextlib
    import pytest
    from ideogram_ai.client import AsyncIdeogram, Ideogram

    asyncio_and_trio = pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])

    def test_sync_passes(ideogram_mock, tmp_path):
        ideogram_mock.rate_limit(times=2).succeed()
        with Ideogram() as client:
            image = client.generate(text_prompt="A cat").images[0]
            assert client.download(image, tmp_path / "cat.png").stat().st_size > 50
        assert [exchange.status for exchange in ideogram_mock.ledger] == [429, 429, 200]

    @pytest.mark.anyio
    @asyncio_and_trio
    async def test_async_passes(ideogram_mock, anyio_backend):
        ideogram_mock.withhold()
        async with AsyncIdeogram() as client:
            assert (await client.generate(text_prompt="A cat")).images[0].withheld

    def test_server_passes(ideogram_server, tmp_path):
        with Ideogram(base_url=ideogram_server.url) as client:
            image = client.generate(text_prompt="A cat", resolution="512x1536").images[0]
            assert client.download(image, tmp_path / "cat.png").read_bytes().startswith(b"\\x89PNG")
        assert [exchange.billed for exchange in ideogram_server.ledger] == [True]
        assert ideogram_server.url.startswith("http://127.0.0.1:")

    def test_swallowed_fails(ideogram_mock):
        with Ideogram() as client, contextlib.suppress(Exception):
            client.generate(text_prompt="A cat", resolution="1x1")

    @pytest.fixture
    def indirect(request):
        return request.getfixturevalue("ideogram_mock")

    def test_swallowed_through_a_fixture_fails(indirect):
        with Ideogram() as client, contextlib.suppress(Exception):
            client.generate(text_prompt="A cat", resolution="1x1")

    @pytest.mark.anyio
    @asyncio_and_trio
    async def test_swallowed_async_fails(ideogram_mock, anyio_backend):
        async with AsyncIdeogram() as client:
            with contextlib.suppress(Exception):
                await client.generate(text_prompt="A cat", resolution="1x1")

    def test_unused_plan_fails(ideogram_mock):
        ideogram_mock.rate_limit(times=2)

    def test_unused_plan_that_is_allowed_passes(ideogram_mock):
        ideogram_mock.rate_limit(times=2)
        ideogram_mock.strict = False

    def test_own_failure_fails(ideogram_mock):
        ideogram_mock.rate_limit(times=7)
        with Ideogram() as client, contextlib.suppress(AssertionError):
            client.generate(text_prompt="A cat", resolution="1x1")
        assert 1 == 2

    def test_skip_skipped(ideogram_mock):
        ideogram_mock.rate_limit()
        pytest.skip("not today")
"""


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Run pytest with the plugin and anyio's, and no other that happens to be installed."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("IDEOGRAM_API_KEY", "a-key-for-tests")
    return pytester


def output(run: pytest.Pytester, tests: str) -> str:
    run.makepyfile(tests)
    plugins = ["-p", PLUGIN, "-p", "anyio.pytest_plugin", "-p", "no:cacheprovider"]
    return run.runpytest_subprocess("-v", *plugins, "-W", "error").stdout.str()


def test_each_test_ends_as_its_name_says(run: pytest.Pytester) -> None:
    """A failure is one of the test, and not an error of its teardown."""
    shown = output(run, TESTS)
    ended = re.findall(r"::test_\w+?_(passes|fails|skipped)\S* (\w+)", shown)
    assert len(ended) == 12
    expected = {"passes": "PASSED", "fails": "FAILED", "skipped": "SKIPPED"}
    assert [(name, end) for name, end in ended if end != expected[name]] == [], shown
    assert " error" not in shown.splitlines()[-1]
    assert shown.count('ContractBrokenError: The service would refuse this request: resolution: "1x1" is not one') >= 4
    assert "Planned responses were not requested: rate_limit, 2 more." in shown
    own = shown.split("_ test_own_failure_fails _")[1]
    assert own.index("assert 1 == 2") < own.index("The service would refuse this request: resolution")


def test_nothing_heavy_is_imported_before_a_test_needs_it(tmp_path: Path) -> None:
    env = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-c", START]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=env, cwd=tmp_path)
    status, loaded = json.loads(result.stderr.splitlines()[-1])
    assert status == 0
    assert [name for name in loaded if name.startswith("ideogram_ai.")] == ["ideogram_ai.testing", PLUGIN]
    assert [name for name in loaded if name.partition(".")[0] in HEAVY] == []


def test_pytest_rewrites_no_module_of_the_client(run: pytest.Pytester) -> None:
    """It would, because it marks each package that brings a plugin; without the plugin it does."""
    run.makeconftest("import pytest\n\npytest.register_assert_rewrite('ideogram_ai')")
    run.makepyfile("""
        from ideogram_ai.client import client

        def test_the_loader():
            assert "Rewriting" not in type(client.__loader__).__name__
    """)
    for plugin, end in (("no:cacheprovider", "1 failed"), (PLUGIN, "1 passed")):
        assert end in run.runpytest_subprocess("-p", plugin, "-p", "no:cacheprovider").stdout.str()


def test_without_the_extra_a_fixture_names_the_command_to_run(run: pytest.Pytester) -> None:
    run.makeconftest("import sys; sys.modules['respx'] = sys.modules['uvicorn'] = None")
    shown = output(run, "def test_mock(ideogram_mock): pass\n\ndef test_server(ideogram_server): pass")
    assert "2 errors" in shown.splitlines()[-1]
    for name in ("respx", "uvicorn"):
        assert f"{name} is missing: pip install 'ideogram-ai[testing]' brings it." in shown


def test_pytest_finds_it_once_the_package_is_installed() -> None:
    points = distribution("ideogram-ai").entry_points.select(group="pytest11", name="ideogram_ai")
    assert [point.value for point in points] == [PLUGIN]


def test_the_page_about_testing_is_a_module_whose_tests_pass(
    run: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IDEOGRAM_API_KEY")  # a reader has none
    page = (ROOT / "docs/testing.md").read_text("utf-8")
    blocks = [token for token in MarkdownIt().parse(page) if token.info.strip() == "python"]
    module = "\n".join(block.content for block in blocks)
    names = re.findall(r"^(?:async )?def (test_\w+)", module, flags=re.MULTILINE)
    assert len(names) > 10
    run.makepyfile(test_page=module)
    wanted = ["-p", PLUGIN, "-p", "anyio.pytest_plugin", "-p", "_hypothesis_pytestplugin", "-p", "no:cacheprovider"]
    result = run.runpytest_subprocess("-v", *wanted, "-W", "error", *(f"-Wignore::{name}" for name in NO_FAULTS))
    ended = dict(re.findall(r"::(test_\w+)\S* (PASSED|XFAIL|\w+)", result.stdout.str()))
    assert set(ended) == set(names)
    expected_to_fail = {"test_that_fails_although_the_error_is_swallowed"}
    assert {name for name, end in ended.items() if end == "XFAIL"} == expected_to_fail
    assert {name for name, end in ended.items() if end != "PASSED"} == expected_to_fail
    assert result.ret == 0
