"""A contract of import-linter, to be imported before it looks for modules: `ideogram_ai` then knows all its folders."""

from importlinter.contracts.layers import LayersContract

import ideogram_ai  # noqa: F401


class FloorsContract(LayersContract):
    """Packages import only those below them."""
