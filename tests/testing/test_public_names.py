"""Every public name of ideogram_ai.testing is there, whatever was imported before, and loads nothing else."""

import json
import subprocess
import sys
import types

import pytest

import ideogram_ai.testing

NAMES = ideogram_ai.testing.__all__
MODULES_FIRST = """
import sys
import ideogram_ai.testing.app
import ideogram_ai.testing.mock_responses
import ideogram_ai.testing.strategies
from ideogram_ai.testing import answers
from ideogram_ai.testing import *
assert callable(answers), answers
assert callable(sys.modules["ideogram_ai.testing"].answers)
"""


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_the_same_thing_every_time_and_no_module(name: str) -> None:
    first = getattr(ideogram_ai.testing, name)
    assert not isinstance(first, types.ModuleType)
    assert getattr(ideogram_ai.testing, name) is first


def test_the_order_of_imports_does_not_matter() -> None:
    subprocess.run([sys.executable, "-c", MODULES_FIRST], check=True)


def test_importing_the_package_loads_nothing_but_itself() -> None:
    program = "import json, sys; import ideogram_ai.testing; print(json.dumps(sorted(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    loaded = [name for name in json.loads(result.stdout) if name.startswith("ideogram_ai.")]
    assert loaded == ["ideogram_ai.testing"]


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = ideogram_ai.testing.nothing
