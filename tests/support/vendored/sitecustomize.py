"""Python imports this at its start when this folder is on PYTHONPATH: programs of the tests get the copy too."""

import copy_finder
from network_guard import install

install()
copy_finder.install_from_environment()
