"""Says why a part of a package could not be loaded when it was first asked for.

Python takes an AttributeError that comes out of a package's `__getattr__` for "there is no such name", and drops its
words. They say what is really wrong: a file httpx.py beside the program hides the library, for example.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import NoReturn


def raise_cause(error: AttributeError | ImportError, module: str) -> NoReturn:
    """Raise an error that keeps its words on the way through `from ... import`, and names the file that is to blame.

    Args:
        error: Why the module could not be loaded.
        module: The full name of the module.

    Raises:
        ImportError: Always.
    """
    if isinstance(error, AttributeError):
        found = error.obj if isinstance(error.obj, ModuleType) else None
    else:
        found = sys.modules.get((error.name or "").partition(".")[0])
    file = getattr(found, "__file__", None)
    if isinstance(error, ImportError) and (file is None or file in str(error)):
        raise error
    message = f"{module} cannot be loaded: {error}"
    if found is not None and file is not None:
        message += (
            f". {found.__name__} is {file}: if that file is yours, rename it, because it hides the library of that "
            "name; if it is the library, install the version that is needed"
        )
    raise ImportError(message, name=module, path=file) from error
