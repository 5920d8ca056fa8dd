"""`ideogram prompt`: a template of a structured prompt, its check, and its JSON Schema for editors. All offline."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.contract.check import Severity, check_request
from ideogram_ai.contract.review import review_request
from ideogram_ai.contract.view import read_view

from .contract_input import JSON_PROMPT, Inputs, check_type, request_fields
from .destination import Destination
from .exit_codes import ExitCode, WrongUseError
from .report import as_json_text
from .terminal import print_error, print_warning, printable, write_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ideogram_ai.contract.view import ContractView, JsonObject

_DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"
_NOT_JSON_SCHEMA: Final = frozenset({"discriminator", "example"})
"""Keywords of OpenAPI, beside those that begin with x-."""


def print_document(make: Callable[[ContractView], JsonObject], output: str | None, *, overwrite: bool) -> ExitCode:
    """Print the template or the schema that a function below makes, or write it to a file."""
    destination = Destination.of_text(output, overwrite=overwrite)
    text = as_json_text(make(read_view()), None)
    try:
        path = destination.write_text(text)
    except OSError as error:
        raise WrongUseError(f"-o: {str(destination.path)!r} was not written: {error.strerror}.") from None
    write_out(text if path is None else f"saved {printable(str(path))}\n")
    return ExitCode.DONE


def check_prompts(sources: tuple[str, ...]) -> ExitCode:
    """Report what the contract and the guide of the model have against structured prompts."""
    inputs, code = Inputs(), ExitCode.DONE
    for source in sources:
        try:
            prompt = inputs.read_json(source, "FILE")
            check_type(request_fields()[JSON_PROMPT], prompt, f"FILE {source!r}")
        except WrongUseError as error:
            print_error(str(error))
            code = ExitCode.WRONG_USE
            continue
        request = {JSON_PROMPT: prompt}
        faults = [each for each in check_request(request) if each.severity is Severity.BREAKS_CONTRACT]
        remarks = review_request(request)
        for fault in faults:
            print_error(f"{source}: {fault.message}")
        for remark in remarks:
            print_warning(f"{source}: {remark.pointer.removeprefix(f'#/{JSON_PROMPT}') or '/'}: {remark.message}")
        code = ExitCode.WRONG_USE if faults else code
        if not (faults or remarks):
            write_out(f"{printable(source)}: no problems found\n")
    return code


def template(view: ContractView) -> JsonObject:
    """Return the contract's example of a structured prompt."""
    found = next(each[JSON_PROMPT] for each in view.request_examples if JSON_PROMPT in each)
    return copy.deepcopy(found)


def prompt_schema(view: ContractView) -> JsonObject:
    """Return the contract's schema of a structured prompt as a document of its own, for JSON Schema 2020-12."""
    definitions: JsonObject = {}

    def convert(node: Any) -> Any:
        if is_array(node):
            return [convert(each) for each in node]
        return dict(members(node)) if is_object(node) else node

    def members(node: JsonObject) -> Iterator[tuple[str, Any]]:
        for name, value in node.items():
            if name == "$ref":
                target = value.rpartition("/")[2]
                if target not in definitions:
                    definitions[target] = {}  # before its own references, which may lead back to it
                    definitions[target] = convert(view.resolve(node))
                yield name, f"#/$defs/{target}"
            elif name == "properties":
                yield name, {key: convert(each) for key, each in value.items()}
            elif name not in _NOT_JSON_SCHEMA and not name.startswith("x-"):
                yield name, convert(value)

    root = convert(view.resolve(view.schemas[JSON_PROMPT]))
    return {"$schema": _DRAFT, "title": "A structured prompt of Ideogram 4.0", **root, "$defs": definitions}
