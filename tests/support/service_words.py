"""How the client quotes what the service said."""


def as_told(words: str) -> str:
    """The words as they stand in a message: on one line, as far as they can be printed, their beginning at least."""
    line = " ".join(words.split())[:400].rstrip(".")
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)
