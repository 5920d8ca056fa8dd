"""Import a copy and what is installed, and print as JSON how they differ. Arguments: the two names, in the order."""

import json
import sys
from importlib import import_module
from importlib.metadata import version

clients = {name: import_module(f"{name}.client") for name in sys.argv[1:]}
contracts = {name: import_module(f"{name}.generated.contract") for name in sys.argv[1:]}
one, two = clients.values()
said = {
    "installed": version("ideogram-ai"),
    "versions": {name: client.__version__ for name, client in clients.items()},
    "contracts": {name: contract.CONTRACT_SHA256 for name, contract in contracts.items()},
    "shared": [name for name in one.__all__ if isinstance(getattr(one, name), type) and hasattr(two, name)
               and getattr(one, name) is getattr(two, name)],
}  # fmt: skip
print(json.dumps(said))
