"""The failures that vendoring expects and explains."""


class VendoringError(Exception):
    """The copy cannot be made or judged; the message says why and what to do. Nothing was changed."""


class DestinationError(VendoringError):
    """The folder that was given can hold no copy."""
