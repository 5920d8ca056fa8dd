"""What a copy contains: two floors with relative imports, a licence and a true manifest; the same bytes everywhere."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from hashlib import sha256
from pathlib import Path

import pytest
from vendor import FLOORS, ROOT, Copy, VendoringError, make_copy, make_relative
from vendored_app import package, texts

from ideogram_ai.client import __version__
from ideogram_ai.generated.contract import CONTRACT_SHA256

FILE = "client/errors.py"
REWRITTEN = {
    "from ideogram_ai.generated.types import UNSET, Unset as U": "from ..generated.types import UNSET, Unset as U",
    "from ideogram_ai.generated import models  # why": "from ..generated import models  # why",
    "from ideogram_ai.generated.types import *": "from ..generated.types import *",
    "from ideogram_ai.client.errors import (\n    IdeogramError,  # all\n)": (
        "from ..client.errors import (\n    IdeogramError,  # all\n)"
    ),
    "if True:\n    from ideogram_ai.generated import models": "if True:\n    from ..generated import models",
    "import json; from ideogram_ai.generated import models": "import json; from ..generated import models",
}
UNTOUCHED = [
    '"""See ideogram_ai.client.\n\nfrom ideogram_ai.client import Ideogram\n"""',
    "# ideogram_ai.client",
    "from . import ideogram_ai_names",
    "from .errors import IdeogramError\r\n",
    'agent = "ideogram-ai/1.0"',
]
REFUSED = [
    "import ideogram_ai",
    "import ideogram_ai as ours",
    "import ideogram_ai.generated.types as t",
    "from ideogram_ai import *",
    "from ideogram_ai import client, testing",
    "from ideogram_ai.testing import MockServer",
    "from ideogram_ai.clients import Ideogram",
    "import_module(f'ideogram_ai.{name}')",
    "import_module('ideogram_ai.client')",
    "TABLE = {'Ideogram': 'ideogram_ai.client.sync_client'}",
    "getLogger('ideogram_ai.client')",
    "x = ideogram_ai.client.Ideogram",
    "x = (\n    'about '\n    'ideogram_ai.client'\n)",
]


def test_imports_become_relative_nothing_else_changes_or_the_line_is_refused() -> None:
    for source, expected in {**REWRITTEN, **dict(zip(UNTOUCHED, UNTOUCHED, strict=True))}.items():
        assert make_relative(source.encode(), FILE).decode() == expected
    for file, dots in (("client/__init__.py", ".."), ("generated/models/a.py", "..."), ("top.py", ".")):
        made = make_relative(b"from ideogram_ai.generated import models\n", file)
        assert made == f"from {dots}generated import models\n".encode()
    for line in REFUSED:
        source = f'"""ideogram_ai.client"""\nfrom ideogram_ai.generated import models\n\n{line}\n'
        number = 5 if "\n" in line else 4
        with pytest.raises(VendoringError, match=rf"^client/errors\.py:{number}: this names ideogram_ai"):
            make_relative(source.encode(), FILE)
    with pytest.raises(VendoringError, match=r"^client/errors\.py:2: "):
        make_relative(b"from ideogram_ai.client import a\ndef f(:\n", FILE)


def test_it_holds_two_floors_that_differ_in_imports_alone_and_what_makes_a_package(copy: Copy) -> None:
    expected = {"__init__.py", "py.typed", "LICENSE", "vendored.json", ".gitattributes"}
    rewritten = 0
    for floor, folder in FLOORS.items():
        base = ROOT / folder / "ideogram_ai"
        files = [path for path in (base / floor).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        assert len(files) > 5
        for path in files:
            name = path.relative_to(base).as_posix()
            expected.add(name)
            before = path.read_text("utf-8").splitlines()
            pyright = ["# pyright: basic"] if floor == "generated" and path.suffix == ".py" else []
            after = copy.files[name].decode().splitlines()
            assert after[: len(pyright)] == pyright, name
            for old, new in zip(before, after[len(pyright) :], strict=True):
                if old != new:
                    assert re.match(r"\s*from ideogram_ai\.(client|generated)\b", old), (name, old)
                    assert new == re.sub(r"\bideogram_ai\.", "." * (name.count("/") + 1), old), (name, old)
                    rewritten += 1
    assert rewritten > 10
    assert set(copy.files) == expected
    assert copy.files["LICENSE"] == (ROOT / "LICENSE").read_bytes()
    assert f"A copy of ideogram-ai {__version__}" in copy.files["__init__.py"].decode()


def test_the_manifest_is_true(copy: Copy) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    manifest = json.loads(copy.files["vendored.json"])
    files = manifest.pop("files")
    assert manifest == {
        "distribution": "ideogram-ai",
        "version": __version__,
        "contract_sha256": CONTRACT_SHA256,
        "license": project["license"],
        "requires_python": project["requires-python"],
        "dependencies": project["dependencies"],
    }
    others = {name: data for name, data in copy.files.items() if name != "vendored.json"}
    assert files == {name: sha256(data).hexdigest() for name, data in others.items()}
    assert list(files) == sorted(files)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The part of this checkout that the command needs, in another place."""
    folder = tmp_path / "a checkout, elsewhere"
    for name in FLOORS.values():
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "scripts").mkdir()
    for name in ("LICENSE", "pyproject.toml", "scripts/vendor.py", "scripts/swap.py"):
        shutil.copy(ROOT / name, folder / name)
    return folder


def test_it_is_the_same_from_anywhere_and_needs_no_package(checkout: Path, copy: Copy, tmp_path: Path) -> None:
    """Another checkout, folder, umask, language and order of hashes; junk beside the sources; only Python."""
    (checkout / "overrides/ideogram_ai/client/.errors.py.swp").write_bytes(b"an editor's")
    (checkout / "overrides/ideogram_ai/client/__pycache__").mkdir()
    (checkout / "overrides/ideogram_ai/client/__pycache__/errors.pyc").write_bytes(b"Python's")
    folder = package(tmp_path / "app/other/_vendor")
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    command = [sys.executable, "-S", str(checkout / "scripts/vendor.py"), "_vendor"]
    subprocess.run(command, cwd=folder.parent, env=environment, umask=0o077, check=True, capture_output=True)
    place = folder / "ideogram_ai"
    assert texts(place) == copy.files
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in [place, *place.rglob("*")]}
    assert modes == {(False, 0o644), (True, 0o755)}


def test_a_generated_floor_that_was_edited_is_refused(checkout: Path) -> None:
    generated = checkout / "generated/ideogram_ai/generated"
    for name in ("mine.py", "contract.yaml"):
        with (generated / name).open("a") as file:
            file.write("# mine\n")
        with pytest.raises(VendoringError, match=r"generated differs from what .* run scripts/regenerate\.py first"):
            make_copy(checkout)
        (generated / "mine.py").unlink(missing_ok=True)
