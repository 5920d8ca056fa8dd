"""Gathers what the templates write of each operation: from the contract, and from the models that were generated."""

from __future__ import annotations

import re
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from regeneration.checks import api_key_scheme, client_facts
from regeneration.documents import (
    branches,
    is_array,
    operations,
    properties,
    resolve,
)
from regeneration.fields import (
    fields_of_body,
    imports,
    in_the_authors_order,
    named_properties,
    or_job,
    parameter_fields,
)
from regeneration.rules import (
    NO_RULES,
    describe_money,
    describe_rules,
    find_count,
    read_prices,
    read_rules,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from regeneration.documents import Contract
    from regeneration.fields import GeneratorParameter, Model

# What operations.py and methods.py have for themselves: constants, classes, and what a method's name would hide.
_CONSTANTS: Final = frozenset({"API_KEY_HEADER", "MODEL_FIELDS", "OPERATIONS", "SERVER_URL", "TYPE_CHECKING"})
_CLASSES: Final = frozenset(
    """
    Any AsyncMethods Awaitable BinaryIO Callable Field FieldHint Final Generation Generic Image Iterable Job Literal
    Mapping Methods NamedTuple Never Operation Price PriceWhen Required Retry Sequence TypeAlias TypeVar TypedDict
    """.split()  # noqa: SIM905 - a line for each otherwise
)
_IN_METHODS: Final = frozenset(
    "builtins datetime httpx os overload property bool bytes float int object str".split()  # noqa: SIM905
)


class Endpoint(NamedTuple):
    """What the generator calls an operation and its classes; a name is empty where there is no such class."""

    name: str
    request_model: str
    response_model: str
    parameters: tuple[GeneratorParameter, ...]


def variables(contract: Contract, endpoints: Sequence[Endpoint], models: Mapping[str, Model]) -> dict[str, Any]:
    """Build the variables of the templates from the contract, and what the generator calls its operations and models.

    Raises:
        ContractError: The contract lacks something that a client needs, or two operations get the same name.
    """
    document = contract.document
    given = list(zip(operations(document), endpoints, strict=True))
    named = [raw["x-method"] for _, _, raw in operations(document) if "x-method" in raw]
    taken = {*client_facts()["taken"], *(name.partition(".")[0] for name in named)}
    facts = [_operation(contract, operation, endpoint, models, taken) for operation, endpoint in given]
    _refuse_taken_names(contract, facts)
    lines = {line for end in endpoints for each in end.parameters for line in each.imports if "Unset" not in line}
    lines |= {line for model in {end.request_model for end in endpoints} - {""} for line in imports(models[model])}
    responses = {f"from .models import {each['response']}" for each in facts if each["response"] in models}
    groups = _groups(facts)
    own = {*_CLASSES, *(f"{prefix}{group['class_name']}" for group in groups for prefix in ("", "Async"))}
    for name in sorted(line.rpartition(" ")[2] for line in lines | responses if "from .models" in line):
        if name in own:
            message = "operations.py has a class of that name; rename the schema"
            raise contract.error(("components", "schemas", name), message)
    schemas = named_properties(document)
    return {
        "imports": sorted(lines),
        "argument_types": sorted(_argument_types(facts)),
        "imports_of_methods": sorted(lines | responses),
        "operations": facts,
        "groups": groups,
        "server_url": _server_url(contract),
        "api_key_header": _api_key_header(contract),
        "model_fields": {
            name: tuple((model.fields[wire][0], wire) for wire in in_the_authors_order(schemas, name, model))
            for name, model in sorted(models.items())
        },
    }


def _argument_types(facts: Sequence[dict[str, Any]]) -> Iterator[str]:
    """The names in arguments.py."""
    described = [operation for operation in facts if operation["request_model"]]
    if any(operation["has_files"] for operation in described):
        yield "Image"
    for operation in described:
        yield operation["typed_dict"]
        yield from (field["alias"] for field in operation["fields"] if field["is_alternative"])


def _refuse_taken_names(contract: Contract, facts: Sequence[dict[str, Any]]) -> None:
    counts = Counter([*_CONSTANTS, *(operation["constant"] for operation in facts)])
    for operation in facts:
        pointer = ("paths", operation["path"], operation["method"].lower())
        if operation["own_name"] in _IN_METHODS:
            message = f"generated classes need the name {operation['own_name']}; choose another x-method or operationId"
            raise contract.error((*pointer, "x-method"), message)
        if counts[operation["constant"]] > 1:
            message = f"the name {operation['constant']} is taken; choose another operationId"
            raise contract.error((*pointer, "operationId"), message)


def _groups(facts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The groups of methods; in a class with a method called list, that name is the method's."""
    members: dict[str, list[dict[str, Any]]] = {}
    for operation in facts:
        members.setdefault(operation["group"], []).append(operation)
    for mine in members.values():
        if "list" in {operation["own_name"] for operation in mine}:
            for operation in mine:
                operation["response"] = _spell_out_list(operation["response"])
                for role in ("positional", "keywords"):
                    operation[role] = [
                        {**field, **{key: _spell_out_list(field[key]) for key in ("given", "optional", "argument")}}
                        for field in operation[role]
                    ]
    return [
        {"name": name, "class_name": f"{_camel(name)}Methods", "operations": mine}
        for name, mine in members.items()
        if name
    ]


def _spell_out_list(annotation: str) -> str:
    return re.sub(r"\blist\[", "builtins.list[", annotation)


def _operation(
    contract: Contract,
    operation: tuple[str, str, dict[str, Any]],
    endpoint: Endpoint,
    models: Mapping[str, Model],
    taken: Container[str],
) -> dict[str, Any]:
    """Gather the facts of one operation."""
    document, (path, method, raw) = contract.document, operation
    responses = {status: resolve(document, response) for status, response in raw.get("responses", {}).items()}
    billed = _billed(raw, responses)
    request = _request(contract, operation, endpoint, models)
    summary = raw.get("summary") or raw.get("description") or f"{method.upper()} {path}"
    said = ["It is deprecated: the provider announced its end."] if raw.get("deprecated") else []
    said += describe_money(billed, price=request["price"], other_prices=request["other_prices"], summary=summary)
    said += describe_rules(request, free=billed.get(400) is False) if request["fields"] else ()
    return {
        **_names(raw, endpoint, taken),
        **request,
        **_answer(document, raw, responses, endpoint.response_model),
        "summary": summary,
        "description": raw.get("description", ""),
        "rules": " ".join(said),
        "method": method.upper(),
        "path": path,
        "authenticated": any(raw.get("security", document.get("security", ()))),
        "billed": billed,
        "unknown": _unknown(raw.get("x-result"), is_free=billed.get(200) is False),
        "deprecated": raw.get("deprecated", False),
    }


def _names(raw: Mapping[str, Any], endpoint: Endpoint, taken: Container[str]) -> dict[str, str]:
    """What an operation is called; without x-method its method has the name of the operation."""
    name = raw.get("x-method") or (f"{endpoint.name}_" if endpoint.name in taken else endpoint.name)
    group, _, own_name = name.rpartition(".")
    return {
        "name": endpoint.name,
        "constant": endpoint.name.upper(),
        "typed_dict": f"{_camel(endpoint.name)}Fields",
        "group": group,
        "own_name": own_name,
        "method_name": name,
        "operation_id": raw.get("operationId", endpoint.name),
    }


def _request(
    contract: Contract, operation: tuple[str, str, dict[str, Any]], endpoint: Endpoint, models: Mapping[str, Model]
) -> dict[str, Any]:
    """The fields of an operation, their rules, and what it costs by them."""
    document, (path, method, raw) = contract.document, operation
    content: dict[str, Any] = resolve(document, raw.get("requestBody", {})).get("content", {})
    media_type = next(iter(content), "")
    media: dict[str, Any] = resolve(document, content.get(media_type, {}))
    schema = resolve(document, media.get("schema", {}))
    has_body = bool(endpoint.request_model)
    rules = read_rules(contract, path, method) if has_body else NO_RULES
    groups = rules["exactly_one_of"]
    fields: list[dict[str, Any]] = []
    if has_body:
        fields += fields_of_body(document, media_type, media, models[endpoint.request_model], models)
    fields += parameter_fields(contract, operation, endpoint.parameters, models, fields)
    for field in fields:
        end = "_" if field["python_name"].endswith("_") else ""  # of a field named fields, it would be the class
        field["alias"] = f"{_camel(endpoint.name)}{_camel(field['python_name'])}{end}"
        field["is_alternative"] = any(field["wire_name"] in group for group in groups)
    positional = [or_job(field, raw.get("x-result")) for field in fields if field["place"] == "path"]
    keywords = [field for field in fields if field["place"] != "path"]
    return {
        "media_type": media_type,
        "request_model": endpoint.request_model,
        "fields": fields,
        "positional": positional,
        "keywords": keywords,
        "has_files": any(field["is_file"] for field in fields),
        # Those that a type checker asks for although there are no overloads.
        "required": [] if groups else [field["python_name"] for field in keywords if field["required"]],
        "has_late_errors": bool(positional) or any(field["required"] for field in keywords if not groups),
        **rules,
        "has_conflicts": any(groups for name, groups in rules.items() if name != "exactly_one_of")
        or any(field["exactly_one_of"] for field in fields),
        "choices": list(product(*groups)) if groups else [],
        "field_hints": _field_hints(contract, path, method, schema),
        **read_prices(contract, path, method, schema),
        "count_path": find_count(contract, path, method) if has_body else (),
    }


def _answer(
    document: Mapping[str, Any], raw: Mapping[str, Any], responses: Mapping[str, Any], model: str
) -> dict[str, Any]:
    """What an operation returns, and what it says when it refuses a request."""
    result, rejected = raw.get("x-result", "model"), responses.get("429", {})
    members = _image_members(document, responses) if result != "model" else ()
    limit = rejected.get("x-rate-limit")
    return {
        "response_model": model,
        "result": result,
        "response": _response_type(document, responses, result, model),
        "returns": _returns(result, model, members),
        "breach": _BREACHES.get(result, "The response breaks the contract"),
        "image_members": members,
        "reject_reasons": {
            known["value"]: known["waiting_helps"]
            for media in rejected.get("content", {}).values()
            for body in branches(document, media.get("schema"))
            for member in properties(document, body).values()
            for each in branches(document, member)
            for known in each.get("x-known-values", ())
        },
        "in_flight_limit": rejected.get("x-in-flight-limit"),
        "rate_limit": (limit["requests"], limit["seconds"]) if limit else None,
    }


_RETURNS: Final = {
    "images": "The images, with the prompt and the seed that the service used.",
    "job": (
        "The job, with its id, its status, and its Generation once it has completed. wait() waits for that; the id is "
        "enough to ask again, in another process too."
    ),
}
_BREACHES: Final = {"images": "A 200 without any image", "job": "A 200 without the id of a job"}


def _unknown(result: str | None, *, is_free: bool) -> str:
    """What it means that no answer came."""
    if is_free:
        return "It was sent, and no complete response came back. Sending it again costs nothing."
    if result == "job":
        return "It was sent, and no complete response came back: a job may run, and be billed, whose id nobody has."
    return "It was sent, and no complete response came back. It may have run, and may have been billed."


def _returns(result: str, model: str, members: Container[str]) -> str:
    if result in _RETURNS:
        return _RETURNS[result] if result == "job" or "prompt" in members else "The images."
    if model:
        return "The response, as its generated model. Only the presence of its required members was checked."
    return "The response: parsed if it is JSON, its text if it is text, None if it is empty."


def _response_type(document: Mapping[str, Any], responses: Mapping[str, Any], result: str, model: str) -> str:
    if result != "model":
        return {"images": "Generation", "job": "Job"}[result]
    if model:
        return model
    said = [status for status in sorted(responses) if status[0] == "2"]
    content: dict[str, Any] = responses[said[0]].get("content", {}) if said else {}
    if not content:
        return "None"
    media_type, media = next(iter(content.items()))
    if "json" not in media_type:
        return "str"
    return "list[Any]" if is_array(document, resolve(document, media).get("schema")) else "Any"


def _image_members(document: Mapping[str, Any], responses: Mapping[str, Any]) -> tuple[str, ...]:
    """The members that the contract requires of an image in a successful answer."""
    content: dict[str, Any] = responses.get("200", {}).get("content", {})
    answer = next((resolve(document, media).get("schema") for media in content.values()), None)
    data = resolve(document, properties(document, answer).get("data", {}))
    items = branches(document, data.get("items"))
    first: Any = next((each for each in items if not {"anyOf", "oneOf"} & each.keys()), None)
    return tuple(dict.fromkeys(name for part in branches(document, first) for name in part.get("required", ())))


def _field_hints(contract: Contract, path: str, method: str, schema: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Give the hints; each is for a name that is no field, and points at one that is."""
    hints: dict[str, dict[str, str]] = schema.get("x-field-hints", {})
    declared = properties(contract.document, schema)
    for name, hint in hints.items():
        if name in declared or hint.get("use", name) not in {*declared, name}:
            message = f"x-field-hints: {name} is a field, or what it points at ({hint.get('use')}) is none"
            raise contract.error(("paths", path, method, "requestBody"), message)
    return hints


def _billed(raw: Mapping[str, Any], responses: Mapping[str, Any]) -> dict[int, bool | None]:
    said = {int(status): response.get("x-billed") for status, response in responses.items() if status.isdecimal()}
    said |= {observed["status"]: observed["billed"] for observed in raw.get("x-observed-statuses", ())}
    return {status: billed if isinstance(billed, bool) else None for status, billed in sorted(said.items())}


def _server_url(contract: Contract) -> str:
    for server in contract.document.get("servers", ())[:1]:
        url = str(server["url"])
        if urlsplit(url).scheme in {"http", "https"} and "{" not in url:
            return url.rstrip("/")
    raise contract.error(("servers", 0, "url"), "the first server needs an http or https URL without variables")


def _api_key_header(contract: Contract) -> str:
    name = api_key_scheme(contract.document)
    if name is None:
        raise contract.error(
            ("components", "securitySchemes"), "there is no security scheme of type apiKey in a header"
        )
    return str(contract.document["components"]["securitySchemes"][name]["name"])


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
