"""The command `ideogram`: one module in `commands` for each of its commands, and beside them what they are made of."""
