"""Let `ideogram_ai.client` and `ideogram_ai.generated` be those of a vendored copy, to try the client's tests on it.

With tests/support/vendored on PYTHONPATH and VENDORED_COPY=myapp._vendor.ideogram_ai, every program, pytest among them,
has the modules of the copy under the names that the tests know; `ideogram_ai.contract` and `ideogram_ai.testing` stay
ours. The copy itself may import nothing by our names.
"""

import builtins
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
REPLACED = {"ideogram_ai.client": ROOT / "overrides", "ideogram_ai.generated": ROOT / "generated"}


class CopyFinder(MetaPathFinder):
    """Finds modules of the copy by our names."""

    def __init__(self, copy: str) -> None:
        self.copy = copy

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module of the client, of the generated package, or the package of the contract."""
        if fullname == "ideogram_ai.contract":  # its folder is that of the client, which is not on the path
            return PathFinder.find_spec(fullname, [str(ROOT / "overrides/ideogram_ai")])
        if not any(fullname == name or fullname.startswith(f"{name}.") for name in REPLACED):
            return None
        return ModuleSpec(fullname, _ModuleOf(self.copy + fullname.removeprefix("ideogram_ai")))


class _ModuleOf(Loader):
    """Loads a module that has another name, once, under that one."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self.name)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """It has run already; the import system has given it the other name's spec."""
        module.__spec__ = self.spec


def _refuse_to(copy: str) -> None:
    """Refuse the copy itself what it imports by our names, where they were imported before too."""
    original = builtins.__import__

    def guarded(name: str, globals: Any = None, *rest: Any, **named: Any) -> ModuleType:  # noqa: A002
        if name.partition(".")[0] == "ideogram_ai" and str((globals or {}).get("__name__")).startswith(f"{copy}."):
            raise ImportError(f"{globals['__name__']} imports {name}, which is not there where it is vendored")
        return original(name, globals, *rest, **named)

    builtins.__import__ = guarded


def install_from_environment() -> None:
    """Give this process the copy that VENDORED_COPY names."""
    copy = os.environ["VENDORED_COPY"]
    ours = {str(folder) for folder in REPLACED.values()}
    sys.path[:] = [entry for entry in sys.path if entry not in ours]
    sys.meta_path.insert(0, CopyFinder(copy))
    _refuse_to(copy)
