"""docs/testing.md is one test module: every test in it is run as a reader would run it, and passes."""

import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/testing.md"
PLUGIN = "ideogram_ai.testing.pytest_plugin"
# Of the examples, and of naming plugins that are loaded already.
NO_FAULTS = ["ideogram_ai.client.ResponseWarning", "pytest.PytestAssertRewriteWarning"]


def test_the_examples_of_the_page_pass(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = [token for token in MarkdownIt().parse(PAGE.read_text("utf-8")) if token.info.strip() == "python"]
    module = "\n".join(block.content for block in blocks)
    names = re.findall(r"^(?:async )?def (test_\w+)", module, flags=re.MULTILINE)
    assert len(names) > 10
    pytester.makepyfile(test_page=module)
    # The plugins that are wanted, and no other that happens to be installed here.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    wanted = ["-p", PLUGIN, "-p", "anyio.pytest_plugin", "-p", "_hypothesis_pytestplugin", "-p", "no:cacheprovider"]
    result = pytester.runpytest_subprocess("-v", *wanted, "-W", "error", *(f"-Wignore::{name}" for name in NO_FAULTS))
    ended = dict(re.findall(r"::(test_\w+)\S* (PASSED|XFAIL|\w+)", result.stdout.str()))
    assert set(ended) == set(names)
    expected_to_fail = {"test_that_fails_although_the_error_is_swallowed"}
    assert {name for name, end in ended.items() if end == "XFAIL"} == expected_to_fail
    assert {name for name, end in ended.items() if end != "PASSED"} == expected_to_fail
    assert result.ret == 0
