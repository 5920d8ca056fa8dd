"""Import a copy, and print as JSON what that loaded, before and after a name of it was used. Argument: its name."""

import sys
from importlib import import_module

client = import_module(f"{sys.argv[1]}.client")
before = sorted(sys.modules)
assert client.Ideogram is not None
after = sorted(sys.modules)

import json  # noqa: E402 - it is not to be among them

print(json.dumps([before, after]))
