"""Connects the client with other libraries: a module for each, with its own extra."""
