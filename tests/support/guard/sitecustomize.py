"""Python imports this at its start when this folder is on PYTHONPATH, so that programs of the tests are guarded too."""

from network_guard import install

install()
