"""Replace `ideogram_ai.client` and `ideogram_ai.generated` with those of a vendored copy, for the client's tests.

With tests/support/vendored on PYTHONPATH and VENDORED_COPY=myapp._vendor.ideogram_ai, every program, pytest among them,
imports the modules of the copy under the names in the tests; the other floors stay ours. Our two floors are not on the
path, and the copy itself cannot import anything by our names.
"""

import builtins
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
REPLACED = {"ideogram_ai.client": ROOT / "overrides", "ideogram_ai.generated": ROOT / "generated"}
CONTRACT = ROOT / "overrides/ideogram_ai/contract"
"""In a folder with the client, which is not on the path."""


class CopyFinder(MetaPathFinder):
    """Finds modules of the copy by our names."""

    def __init__(self, copy: str) -> None:
        self.copy = copy

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module of the two floors, and the package that is in a folder with one of them."""
        if fullname == "ideogram_ai.contract":
            return spec_from_file_location(fullname, CONTRACT / "__init__.py")
        if not any(fullname == name or fullname.startswith(f"{name}.") for name in REPLACED):
            return None
        return ModuleSpec(fullname, _ModuleOf(self.copy + fullname.removeprefix("ideogram_ai")))


class _ModuleOf(Loader):
    """Loads a module of another name under that name, once."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self.name)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Restore the spec, which the import system replaced; the module has run already."""
        module.__spec__ = self.spec


def _refuse_to(copy: str) -> None:
    """Refuse imports by our names in the copy itself, also of what was imported before."""
    original = builtins.__import__

    def guarded(name: str, globals: Any = None, *rest: Any, **named: Any) -> ModuleType:  # noqa: A002
        if name.partition(".")[0] == "ideogram_ai" and str((globals or {}).get("__name__")).startswith(f"{copy}."):
            raise ImportError(f"{globals['__name__']} imports {name}, which a program with a copy does not have")
        return original(name, globals, *rest, **named)

    builtins.__import__ = guarded


def install_from_environment() -> None:
    """Replace the two floors in this process with the copy that VENDORED_COPY names."""
    copy = os.environ["VENDORED_COPY"]
    ours = {str(folder) for folder in REPLACED.values()}
    sys.path[:] = [entry for entry in sys.path if entry not in ours]
    sys.meta_path.insert(0, CopyFinder(copy))
    _refuse_to(copy)
