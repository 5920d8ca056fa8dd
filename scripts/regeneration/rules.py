"""Reads what a contract says over several fields of a request: which go together, how many images, what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

from regeneration.documents import (
    at,
    branches,
    holds_names,
    is_array,
    is_mapping,
    is_object,
    mappings,
    operations,
    properties,
    resolve,
    resolve_place,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from regeneration.documents import Contract, Pointer

Groups: TypeAlias = tuple[tuple[str, ...], ...]
NO_RULES: Final[dict[str, Groups]] = dict.fromkeys(
    ("exactly_one_of", "at_least_one_of", "exclusive", "same_length"), ()
)
"""The rules of a request without any, by the attribute of an Operation that has them."""


def check_rules(contract: Contract) -> None:
    """Refuse rules, counts and prices of requests that name what is not there, or have a form that the client lacks."""
    for pointer, node in mappings((), contract.document):
        whole = holds_names(pointer[:-1]) or pointer[-1:] in {("schema",), ("items",)}  # and no part of an allOf
        for name in node.get("required", ()) if whole and "properties" in node else ():
            if name not in properties(contract.document, node):
                message = f"{name} is required, and there is no such property; correct it, or take it out"
                raise contract.error((*pointer, "required"), message)
    for path, method, raw in operations(contract.document):
        schema: Any = None
        if "requestBody" in raw:
            _, schema = resolve_place(contract.document, _body_place(contract.document, path, method))
            read_rules(contract, path, method)
            find_count(contract, path, method)
        read_prices(contract, path, method, schema)


def groups_of(schema: Mapping[str, Any], keyword: str) -> tuple[str, ...]:
    """The fields of a oneOf or an anyOf that says which of them are given: `[{required: [a]}, {required: [b]}]`."""
    alternatives = [each if is_mapping(each) else {} for each in schema.get(keyword, ())]
    if all(set(each) == {"required"} and len(each["required"]) == 1 for each in alternatives):
        return tuple(each["required"][0] for each in alternatives)
    return ()


def is_rule(schema: Any) -> bool:
    """Whether a part of an allOf says nothing but which fields are given together."""
    words = {"not", *(keyword for keyword in ("oneOf", "anyOf") if is_mapping(schema) and groups_of(schema, keyword))}
    return is_mapping(schema) and bool(schema) and schema.keys() <= words


def read_rules(contract: Contract, path: str, method: str) -> dict[str, Groups]:
    """Read the rules of a request's body: the attributes of an Operation that name groups of fields."""
    document = contract.document
    place = _body_place(document, path, method)
    declared = properties(document, resolve_place(document, place)[1])
    found: dict[str, list[tuple[str, ...]]] = {name: [] for name in NO_RULES}
    for where, name, group in _stated(contract, place):
        for field in group:
            if field not in declared:
                message = f"the rule is about {field}, which the request does not have; correct it, or take it out"
                raise contract.error(where, message)
            if name == "same_length" and not is_array(document, declared[field]):
                raise contract.error(where, f"{field} is not a list and has no length; name two lists, or take it out")
        found[name].append(group)
    return {name: tuple(dict.fromkeys(groups)) for name, groups in found.items()}


def _body_place(document: Any, path: str, method: str) -> Pointer:
    place = (*resolve_place(document, ("paths", path))[0], method, "requestBody")
    content, found = resolve_place(document, (*resolve_place(document, place)[0], "content"))
    media, _ = resolve_place(document, (*content, next(iter(found))))
    return resolve_place(document, (*media, "schema"))[0]


def _stated(contract: Contract, place: Pointer) -> Iterator[tuple[Pointer, str, tuple[str, ...]]]:
    """Yield the place of every rule, the attribute that it is for, and the fields that it is about."""
    _, schema = resolve_place(contract.document, place)
    parts = [(*place, "allOf", number) for number in range(len(schema.get("allOf", ())))]
    for where, part in ((place, schema), *(resolve_place(contract.document, each) for each in parts)):
        if not is_mapping(part):
            continue
        for keyword, name in (("oneOf", "exactly_one_of"), ("anyOf", "at_least_one_of")):
            if group := groups_of(part, keyword):
                yield (*where, keyword), name, group
        if "not" in part:
            pair: Any = part["not"].get("required", ()) if is_mapping(part["not"]) else ()
            if len(pair) != 2 or len(part["not"]) != 1:
                message = "the client enforces not for pairs alone, as {not: {required: [a, b]}}; write one for each"
                raise contract.error((*where, "not"), message)
            yield (*where, "not"), "exclusive", tuple(pair)
        yield from (((*where, "x-same-length"), "same_length", tuple(pair)) for pair in part.get("x-same-length", ()))


def members_of_choice(document: Mapping[str, Any], schema: Any) -> tuple[str, ...]:
    """The members of which an object has exactly one, as a oneOf of objects with one required member each has it."""
    meant = resolve(document, schema)
    choices = [resolve(document, each) for each in meant.get("oneOf", ())] if is_mapping(meant) else []
    choices = [each for each in choices if each != {"type": "null"}]
    if len(choices) < 2 or not all(is_object(document, each) for each in choices):
        return ()
    known = [properties(document, each) for each in choices]
    own = [
        [name for name in each.get("required", ()) if not any(name in other for other in known if other is not mine)]
        for each, mine in zip(choices, known, strict=True)
    ]
    return tuple(names[0] for names in own) if all(len(names) == 1 for names in own) else ()


def find_count(contract: Contract, path: str, method: str) -> tuple[str, ...]:
    """Find the field that says how many images are asked for: its name, after those of the objects that hold it."""
    place = _body_place(contract.document, path, method)
    found = list(_counts(contract.document, place, ()))
    for where, names in found[1:]:
        raise contract.error(where, f"{'.'.join(names)} is the second count of images; take one x-image-count out")
    for where, names in found:
        parts = branches(contract.document, at(contract.document, where))
        if not any(part.get("type") == "integer" for part in parts) or any(
            part.get("default", 1) != 1 for part in parts
        ):
            message = "has to be an integer, and an absent count means one image; take x-image-count or the default out"
            raise contract.error(where, f"{'.'.join(names)} {message}")
    return found[0][1] if found else ()


def _counts(document: Any, place: Pointer, names: tuple[str, ...]) -> Iterator[tuple[Pointer, tuple[str, ...]]]:
    where, schema = resolve_place(document, place)
    for number in range(len(schema.get("allOf", ())) if is_mapping(schema) else 0):
        yield from _counts(document, (*where, "allOf", number), names)
    for name, each in schema.get("properties", {}).items() if is_mapping(schema) else ():
        here = (*where, "properties", name)
        parts = branches(document, each)
        if any(part.get("x-image-count") for part in parts) or (is_mapping(each) and each.get("x-image-count")):
            yield here, (*names, name)
        elif is_object(document, each):
            yield from _counts(document, here, (*names, name))


def read_prices(contract: Contract, path: str, method: str, schema: Any) -> dict[str, Any]:
    """Read what a request costs: the attributes price and other_prices of an Operation."""
    place = (*resolve_place(contract.document, ("paths", path))[0], method)
    raw: dict[str, Any] = resolve_place(contract.document, place)[1]
    price = None
    if "x-price" in raw:
        price = _price(contract, (*place, "x-price"), raw["x-price"], schema)
    others: list[dict[str, Any]] = []
    declared = properties(contract.document, schema)
    for number, case in enumerate(raw.get("x-price-when", ())):
        where, field = (*place, "x-price-when", number), case["field"]
        if field not in declared:
            message = f"the price depends on {field}, which the operation does not have; correct it, or take it out"
            raise contract.error((*where, "field"), message)
        choices = [value for part in branches(contract.document, declared[field]) for value in part.get("enum", ())]
        if "value" in case and choices and case["value"] not in choices:
            message = f"{case['value']} is not a value of {field}; write one of {', '.join(map(str, choices))}"
            raise contract.error((*where, "value"), message)
        stated = _price(contract, (*where, "price"), case["price"], schema)
        others.append({"field": field, "value": case.get("value"), "price": stated})
    return {"price": price, "other_prices": others}


def _price(contract: Contract, pointer: Pointer, name: str, schema: Any) -> dict[str, Any]:
    """The price of a name, with the default of the field that sets it."""
    stated = contract.document.get("x-prices", {}).get(name)
    if stated is None:
        raise contract.error(pointer, f"x-prices states no price {name}; add it there, or take {pointer[-1]} out")
    by = stated.get("by")
    field = resolve(contract.document, properties(contract.document, schema).get(by))
    if by is not None and not is_mapping(field):
        raise contract.error(pointer, f"the price is set by the field {by}, which the operation does not have")
    return {
        "usd": {"": stated["usd"]} if by is None else dict(stated["usd"]),
        "by": by,
        "default": field.get("default") if is_mapping(field) else None,
        **{key: stated[key] for key in ("per", "as_of", "source")},
    }


def describe_money(
    billed: Mapping[int, bool | None],
    *,
    price: Mapping[str, Any] | None,
    other_prices: Sequence[Mapping[str, Any]],
    summary: str,
) -> Iterator[str]:
    """Say what a successful request costs."""
    cases = [("", price)] if price else []
    for other in other_prices:
        value = "" if other["value"] is None else f" {other['value']}"
        cases.append((f"with {other['field']}{value}", other["price"]))
    sentences, first = list[str](), ""
    for case, stated in cases:
        by = f", by {stated['by']}" if stated["by"] else ""
        kind = f"the price of each {stated['per']}{by}"
        words = [case] if kind == first else [kind, case]
        sentences.append(f"{' '.join(filter(None, words))}: {_amounts(stated)}")
        first = first or kind
    if sentences:
        yield f"T{'; '.join(sentences)[1:]}, as of {cases[0][1]['as_of']}."
    elif 200 in billed and "costs" not in summary:
        yield {
            True: "It is billed, and no price is known.",
            False: "It costs nothing.",
            None: "Whether it is billed is not known.",
        }[billed[200]]


def _amounts(price: Mapping[str, Any]) -> str:
    usd = [f"{amount} USD{f' ({value})' if value else ''}" for value, amount in price["usd"].items()]
    return f"{', '.join(usd[:-1])} or {usd[-1]}" if len(usd) > 1 else usd[0]


def describe_rules(rules: Mapping[str, Groups], *, free: bool) -> Iterator[str]:
    """Say which fields are given together, and who checks their values."""
    end = ", for free" if free else ""
    yield f"Values are not checked against the contract: the service refuses what it does not take{end}."
    yield "None counts as absent; an empty text or mapping counts as given."
    yield from (f"Exactly one of {' and '.join(group)} is given." for group in rules["exactly_one_of"])
    yield from (f"At least one of {' and '.join(group)} is given." for group in rules["at_least_one_of"])
    yield from (f"At most one of {' and '.join(group)} is given." for group in rules["exclusive"])
    yield from (f"{other} has as many items as {first}." for first, other in rules["same_length"])
