"""Python imports this at its start when this folder is on PYTHONPATH: so programs that the tests run are guarded too."""

from network_guard import install

install()
