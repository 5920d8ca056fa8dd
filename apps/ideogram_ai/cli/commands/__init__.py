"""One module for each command of `ideogram`, named like it, with a click command called `command`.

A module imports click and nothing else at its top, and what it works with inside the command, so that `ideogram --help`
loads no more than it shows.
"""
