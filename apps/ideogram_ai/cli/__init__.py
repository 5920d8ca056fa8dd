"""The command `ideogram`: `app` declares its options, and a module of each command's name runs it."""
