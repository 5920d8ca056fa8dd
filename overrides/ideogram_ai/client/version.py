"""The version of the client; the build reads it from here, so that a vendored copy knows it without metadata."""

__version__ = "0.1.0"
