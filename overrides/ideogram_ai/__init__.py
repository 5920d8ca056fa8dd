"""Every name of `ideogram_ai.client`, to write `from ideogram_ai import Ideogram`.

This file lies in each folder with packages of ideogram_ai, for Python and type checkers to look in all of them.
"""

from importlib import import_module
from pkgutil import extend_path
from typing import TYPE_CHECKING, Any

__path__[:] = extend_path(__path__, __name__)

if TYPE_CHECKING:
    from ideogram_ai.client import *  # noqa: F403
else:

    def __getattr__(name: str) -> Any:
        client = import_module(f"{__name__}.client")
        if name not in client.__all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(client, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *import_module(f"{__name__}.client").__all__})
