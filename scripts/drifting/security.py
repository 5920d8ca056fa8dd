"""Reads what lets a caller in: names of security schemes say nothing, what they ask for does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regeneration.documents import is_list, is_mapping

if TYPE_CHECKING:
    from regeneration.documents import Pointer

    from drifting.references import Document


def security_of(document: Document, pointer: Pointer) -> frozenset[frozenset[str]]:
    """Read the ways to be let in.

    Args:
        document: The document.
        pointer: The place of the security requirements; empty when there are none, which lets everybody in.

    Returns:
        The ways; each is a set of what is needed at once, in words, "apiKey in header Api-Key" say.

    Raises:
        DriftError: A scheme is not declared, or something is not of the form that it should have.
    """
    ways: Any = document.at(pointer) if pointer else []
    if not is_list(ways) or not all(is_mapping(way) for way in ways):
        raise document.error(pointer, "a list of security requirements is expected here")
    return frozenset(
        frozenset(_needed(document, (*pointer, index, name), scopes) for name, scopes in way.items())
        for index, way in enumerate(ways or [{}])
    )


def _needed(document: Document, place: Pointer, scopes: Any) -> str:
    declared = document.data
    for token in ("components", "securitySchemes", place[-1]):
        if not is_mapping(declared) or token not in declared:
            raise document.error(place, f"the security scheme {place[-1]} is declared nowhere")
        declared = declared[token]
    scheme = document.at(document.follow(("components", "securitySchemes", place[-1])))
    if not is_mapping(scheme):
        raise document.error(place, f"the security scheme {place[-1]} is no mapping")
    words = [str(scheme.get("type"))]
    if "in" in scheme:
        name = str(scheme.get("name"))
        words += ["in", str(scheme["in"]), name.lower() if scheme["in"] == "header" else name]
    words += [str(scheme["scheme"]).lower()] if "scheme" in scheme else []
    words += sorted(str(scope) for scope in scopes) if is_list(scopes) else []
    return " ".join(words)
