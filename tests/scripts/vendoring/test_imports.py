"""Imports by our name become relative; what cannot be rewritten with certainty is refused, with its line."""

import re
from pathlib import Path

import pytest
from vendoring.contents import FLOORS, Copy
from vendoring.errors import VendoringError
from vendoring.imports import make_relative

FILE = "client/core.py"
REWRITTEN = {
    "from ideogram_ai.generated.types import UNSET, Unset as U": "from ..generated.types import UNSET, Unset as U",
    "from ideogram_ai.generated import models  # why": "from ..generated import models  # why",
    "from ideogram_ai import generated, client": "from .. import generated, client",
    "from ideogram_ai.generated.types import *": "from ..generated.types import *",
    "from ideogram_ai.client.errors import (\n    IdeogramError,  # all\n)": (
        "from ..client.errors import (\n    IdeogramError,  # all\n)"
    ),
    "if True:\n    from ideogram_ai.generated import models": "if True:\n    from ..generated import models",
    "import ideogram_ai.generated.types as t": "from ..generated import types as t",
    "import ideogram_ai.generated as g": "from .. import generated as g",
    "import json, ideogram_ai.generated as g": "import json; from .. import generated as g",
    "import ideogram_ai.generated as g, json": "import json; from .. import generated as g",
    "import ideogram_ai.generated\nx = ideogram_ai.generated.types.UNSET": (
        "from .. import generated as _ideogram_ai_generated\nx = _ideogram_ai_generated.types.UNSET"
    ),
    "import ideogram_ai.generated, ideogram_ai.generated.types\nx = ideogram_ai.generated.types.UNSET": (
        "from .. import generated as _ideogram_ai_generated; "
        "from ..generated import types as _ideogram_ai_generated_types\nx = _ideogram_ai_generated_types.UNSET"
    ),
    'm = importlib.import_module("ideogram_ai.generated.models")': (
        'm = importlib.import_module("..generated.models", __package__)'
    ),
    "m = import_module('ideogram_ai.client')": 'm = import_module("..client", __package__)',
    '"""See ideogram_ai.client."""': '"""See ideogram_ai.client."""',
    "# ideogram_ai.client": "# ideogram_ai.client",
    "from . import ideogram_ai_names": "from . import ideogram_ai_names",
    "from .errors import IdeogramError\r\n": "from .errors import IdeogramError\r\n",
    'agent = "ideogram-ai/1.0"': 'agent = "ideogram-ai/1.0"',
}
REFUSED = [
    "import ideogram_ai",
    "import ideogram_ai as ours",
    "from ideogram_ai import *",
    "from ideogram_ai import client, testing",
    "from ideogram_ai.testing import MockServer",
    "import ideogram_ai.testing as t",
    "import_module(f'ideogram_ai.{name}')",
    "import_module('ideogram_ai.testing')",
    "import_module('ideogram_ai.client', 'x')",
    "load('ideogram_ai.client')",
    "__import__('ideogram_ai.client')",
    "find_spec('ideogram_ai.generated')",
    "TABLE = {'Ideogram': 'ideogram_ai.client.client'}",
    "getLogger('ideogram_ai.client')",
    "x = ideogram_ai.client.Ideogram",
    "x = (\n    'about '\n    'ideogram_ai.client'\n)",
]


@pytest.mark.parametrize("source", REWRITTEN)
def test_an_import_becomes_relative(source: str) -> None:
    assert make_relative(source.encode(), FILE, FLOORS).decode() == REWRITTEN[source]


@pytest.mark.parametrize(
    ("file", "dots"), [("client/__init__.py", ".."), ("generated/api/generate/a.py", "...."), ("top.py", ".")]
)
def test_the_dots_lead_up_from_where_the_module_lies(file: str, dots: str) -> None:
    source = b"from ideogram_ai.generated import models\n"
    assert make_relative(source, file, FLOORS) == f"from {dots}generated import models\n".encode()


@pytest.mark.parametrize("line", REFUSED)
def test_what_cannot_be_rewritten_is_refused_with_its_line(line: str) -> None:
    source = f'"""ideogram_ai.client"""\nfrom ideogram_ai.generated import models\n\n{line}\n'
    expected = 6 if "\n" in line else 4
    with pytest.raises(VendoringError, match=rf"^client/core\.py:{expected}: this names ideogram_ai"):
        make_relative(source.encode(), FILE, FLOORS)


def test_a_module_that_does_not_parse_is_refused_with_its_line() -> None:
    with pytest.raises(VendoringError, match=r"^client/core\.py:2: "):
        make_relative(b"import ideogram_ai.client\ndef f(:\n", FILE, FLOORS)


def test_nothing_but_imports_changes(copy: Copy) -> None:
    """Line by line: the copy has as many, and differs in lines that import from our floors alone."""
    root = Path(__file__).parents[3]
    rewritten = 0
    for name, data in copy.files.items():
        floor = name.partition("/")[0]
        if not name.endswith(".py") or floor not in FLOORS:
            continue
        before = (root / FLOORS[floor] / "ideogram_ai" / name).read_text("utf-8").splitlines()
        after = data.decode().splitlines()
        after = after[1:] if floor == "generated" else after  # the line for pyright
        assert len(before) == len(after)
        for old, new in zip(before, after, strict=True):
            if old != new:
                assert re.match(r"\s*from ideogram_ai\.(client|generated)\b", old), (name, old)
                assert new == re.sub(r"\bideogram_ai\.", "..", old), (name, old)
                rewritten += 1
    assert rewritten > 10
