"""Every scenario, and every requirement on a client."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from ideogram_ai.contract.view import read_view

from ..requirement import Requirement, follow, join_pointer
from ..server.catalogue import places
from .answers import answer_scenarios
from .money import money_scenarios
from .requests import request_scenarios

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .scenario import Scenario

OPERATION: Final = "wire.operation"
KEY: Final = "wire.key"
BEARER: Final = "wire.no-authorization"
KEY_ELSEWHERE: Final = "wire.key-nowhere-else"
FORM: Final = "wire.form"
BOUNDARY: Final = "wire.boundary"
ONCE: Final = "billing.once"
IMAGE_BYTES: Final = "image.bytes"
IMAGE_KEY: Final = "image.no-key"
OUTPUT: Final = "program.output"
KEY_SHOWN: Final = "program.no-key"


@cache
def client_scenarios() -> Mapping[str, Scenario]:
    """Every scenario by its id, in the order in which they are run."""
    every = [*request_scenarios(), *answer_scenarios(), *money_scenarios()]
    by_id = {scenario.id: scenario for scenario in every}
    if len(by_id) != len(every):
        raise AssertionError("two scenarios have one id")
    return by_id


@cache
def client_requirements() -> Mapping[str, Requirement]:
    """Every requirement on a client by its id: first what every scenario looks at, then one for each scenario."""
    general = {requirement.id: requirement for requirement in _general()}
    return general | {name: scenario.requirement for name, scenario in client_scenarios().items()}


def part_type_id(name: str) -> str:
    """The id of the requirement on the media type of a field's part."""
    return f"wire.{name}.part-type"


def _general() -> Iterator[Requirement]:
    where, view = places(), read_view()
    operation, header = view.operation, view.api_key_header
    key = "#/components/securitySchemes/ApiKey"
    yield Requirement(OPERATION, f"Requests go to {operation.method} {operation.path}.", where.operation)
    yield Requirement(KEY, f"The key comes in the header {header}, as it is.", f"{key}/name")
    yield Requirement(BEARER, "There is no Authorization header.", f"{key}/description")
    yield Requirement(KEY_ELSEWHERE, "The key stands neither in the query nor in the body.", f"{key}/in")
    content = join_pointer(where.operation, "requestBody", "content")
    yield Requirement(FORM, f"The body is {operation.media_type} that can be read, each field once.", content)
    title = "The boundary of the form is another one each time, so that no prompt can hold it."
    yield Requirement(BOUNDARY, title, where.form)
    for name, rule in view.fields.items():
        if rule.content_type:
            title = f"The part {name} is marked as {rule.content_type}."
            yield Requirement(part_type_id(name), title, where.part_type(name))
    description = join_pointer(where.operation, "description")
    yield Requirement(ONCE, "One image that is asked for is never paid twice.", description)
    image = follow(join_pointer(follow(where.answer(200)), "properties", "data", "items"))
    url = join_pointer(image, "properties", "url")
    yield Requirement(IMAGE_BYTES, "The image is saved byte for byte.", url)
    yield Requirement(IMAGE_KEY, "The key is sent to no host but the service's.", join_pointer(url, "description"))
    yield Requirement(OUTPUT, "The program ends in time, and its last line on stdout says what became of it.", "#")
    title = (
        "The key is neither printed nor written into a file, also where an answer sends it back in another spelling."
    )
    yield Requirement(KEY_SHOWN, title, f"{key}/in")
