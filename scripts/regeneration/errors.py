"""The failures that regeneration expects and explains."""


class RegenerationError(Exception):
    """Regeneration stopped; the message says where, why and what to do."""
