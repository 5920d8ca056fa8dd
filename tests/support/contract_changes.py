"""Changes of the contract as a maintainer makes them; the data are in contract_changes.yaml.

Two contracts have them all: one with more in it (`extend`), and one with less (`reduce`).
"""

import json
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from altered_contract import ROOT, Document, fields, post, schemas

MAGIC = "/v1/ideogram-v4/wording"
_DATA: Document = yaml.load(Path(__file__).with_suffix(".yaml").read_bytes(), yaml.CSafeLoader)
POSTER: Document = _DATA["prompt"]
RESPONSES: Document = _DATA["responses"]
WILDNESS: Document = {"description": "How wild the new part is.", "type": "integer", "minimum": 1, "maximum": 9}
"""A field of v3.inpaint, and of v3.edit, which has the same schema."""


class FieldChange:
    """One change of what a request may contain, as the YAML file describes it."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.value: Document = data["value"]
        self.broken: Document = data["broken"]
        (self.field,) = self.value
        self.argument: str = data.get("argument", self.field)
        self.complaint: str = data["complaint"]
        self.rule: str = data["rule"]
        self.typed, self.untyped = data.get("typed"), data.get("untyped")
        self.vector: str = data.get("vector", f"request.{self.field}.json")
        self.name = f"{self.field}: {self.rule}"

    @property
    def option(self) -> str | None:
        """The argument of -F; None for the structured prompt, which would come beside the text."""
        value = self.value[self.field]
        written = value if isinstance(value, str) else json.dumps(value)
        return None if self.field == "json_prompt" else f"{self.field}={written}"


FIELD_CHANGES = [FieldChange(data) for data in _DATA["changes"]]


def extend(document: Document) -> None:
    """Add all that is in the YAML file."""
    for change in deepcopy(_DATA["changes"]):
        fields(document).update(change.get("fields", {}))
        schemas(document).update(change.get("schemas", {}))
    fields(document).update(deepcopy(_DATA["other fields"]))
    every = schemas(document)
    every["GenerateImageRequestV4"]["required"] = ["project"]
    every["ResolutionV4"]["enum"].append("64x64")
    every["V4PromptBbox"]["items"]["maximum"] = 2000
    every["V4JsonPrompt"]["properties"]["framing"] = {"$ref": "#/components/schemas/V4Framing"}
    every["EditImageRequestV3"]["properties"]["wildness"] = deepcopy(WILDNESS)
    add_responses(document)
    add_operation(document)


def add_responses(document: Document) -> None:
    """Two error codes: one with a schema, and one without."""
    post(document)["responses"].update(deepcopy(RESPONSES))


def add_operation(document: Document) -> None:
    """An operation like Magic Prompt: JSON in, JSON out."""
    document["paths"][MAGIC] = {"post": deepcopy(_DATA["operation"])}
    schemas(document).update(deepcopy(_DATA["operation schemas"]))


def add_every_form(document: Document) -> None:
    """One operation of every form: every_form.yaml."""
    added: Document = yaml.load((Path(__file__).parent / "every_form.yaml").read_bytes(), yaml.CSafeLoader)
    document["x-prices"].update(added["x-prices"])
    document["paths"].update(added["paths"])
    schemas(document).update(added["components"]["schemas"])


def reduce(document: Document) -> None:
    """One field less, three schemas with other names, and the field that docs/changing-the-contract.md adds."""
    remove_field(document)
    add_field_of_page(document)
    names = {
        "GenerateImageRequestV4": "PictureRequest",
        "V4JsonPrompt": "StructuredPrompt",
        "GenerateImageResponseV4": "Images",
    }
    document["components"]["schemas"] = {names.get(name, name): schema for name, schema in schemas(document).items()}
    rename_references(document, {f"#/components/schemas/{a}": f"#/components/schemas/{b}" for a, b in names.items()})


def remove_field(document: Document) -> None:
    """One field less."""
    del fields(document)["enable_copyright_detection"]


def add_field_of_page(document: Document) -> None:
    """The field that docs/changing-the-contract.md adds."""
    fields(document).update(yaml.safe_load(page("yaml")))


def page(language: str) -> str:
    """The first example of docs/changing-the-contract.md in a language."""
    text = (ROOT / "docs/changing-the-contract.md").read_text("utf-8")
    return text.partition(f"```{language}\n")[2].partition("```")[0]


def rename_references(node: Any, names: Mapping[str, str]) -> None:
    """Let references lead to other places."""
    if isinstance(node, dict) and isinstance(node.get("$ref"), str):
        node["$ref"] = names.get(node["$ref"], node["$ref"])
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        rename_references(child, names)
