"""From keyword arguments to the bytes on the wire, read back by a parser that is not ours."""

import json
from typing import Any

import httpx
import jsonschema_rs
import pytest
from canned import KEY, SHELLS, FakeTiming, Service, Shell, generate
from hypothesis import example, given
from hypothesis import strategies as st
from json_prompts import arguments, json_prompts, texts
from multipart_reader import Part, boundary_of, read_parts

from ideogram_ai.client import Ideogram, ResponseValidationError, RetryPolicy
from ideogram_ai.generated import models
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import API_KEY_HEADER, MODEL_FIELDS, POST_GENERATE_IMAGE_V4, SERVER_URL

CONTRACT = read_contract()
REQUEST = jsonschema_rs.validator_for(
    {"components": CONTRACT["components"], "$ref": "#/components/schemas/GenerateImageRequestV4"}
)
ORDER = list(CONTRACT["components"]["schemas"]["GenerateImageRequestV4"]["properties"])
INJECTION = '\r\n--{}\r\nContent-Disposition: form-data; name="rendering_speed"\r\n\r\nQUALITY\r\n--{}--\r\n'
NASTY = [
    "\0",
    "\r",
    "\n",
    "\r\n",
    "\ufeff\ufeff",
    "\u202e\u05d0",
    "\U0001f408",
    "\x85\u2028\u2029",
    '"\\/',
    "--",
    " \t ",
]


def decode(parts: list[Part]) -> dict[str, Any]:
    """The fields as a server reads them: JSON where the part says so or the contract wants no string."""
    fields = {}
    for part in parts:
        text = part.data.decode()
        as_json = part.content_type == "application/json" or part.name == "enable_copyright_detection"
        fields[part.name] = json.loads(text) if as_json else text
    assert len(fields) == len(parts), "a field came twice"
    return fields


def send(shell: Shell, **fields: Any) -> list[Part]:
    service = Service()
    generate(shell, service, **fields)
    return read_parts(service.requests[0])


@given(fields=arguments)
def test_what_is_given_is_what_arrives_and_keeps_the_contract(fields: dict[str, Any]) -> None:
    given = {name: value for name, value in fields.items() if value is not None}
    bodies = []
    for shell in SHELLS:
        service = Service()
        generate(shell, service, **fields)
        request = service.requests[0]
        decoded = decode(read_parts(request))
        assert decoded == given
        assert list(decoded) == [name for name in ORDER if name in given]
        REQUEST.validate(decoded)
        assert request.headers["content-length"] == str(len(request.content))
        bodies.append(request.content.replace(boundary_of(request), b"BOUNDARY"))
    assert bodies[0] == bodies[1] == bodies[2]


@given(prompt=json_prompts)
def test_the_authors_key_order_is_kept_and_the_text_is_utf_8(prompt: dict[str, Any]) -> None:
    (part,) = send("sync", json_prompt=prompt)
    assert part.data == json.dumps(prompt, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("shell", SHELLS)
def test_the_head_of_the_request(shell: Shell) -> None:
    service = Service()
    generate(shell, service, text_prompt="a")
    (request,) = service.requests
    assert (request.method, str(request.url)) == ("POST", SERVER_URL + POST_GENERATE_IMAGE_V4.path)
    assert request.headers[API_KEY_HEADER] == KEY
    assert "authorization" not in request.headers
    assert request.headers["accept"] == "application/json"


def test_json_prompt_is_a_json_part_and_the_others_are_plain_text() -> None:
    (prompt,) = send("sync", json_prompt={"a": 1})
    assert prompt.headers == {
        "content-disposition": 'form-data; name="json_prompt"',
        "content-type": "application/json",
    }
    for part in send("sync", text_prompt="a", resolution="1024x1024", enable_copyright_detection=True):
        assert part.headers == {"content-disposition": f'form-data; name="{part.name}"'}


@given(fields=arguments)
def test_no_part_is_a_file(fields: dict[str, Any]) -> None:
    assert all("filename" not in part.options for part in send("sync", **fields))


@pytest.mark.parametrize(("value", "written"), [(True, b"true"), (False, b"false")])
def test_booleans_are_written_as_json_has_them(value: bool, written: bytes) -> None:
    sent = {part.name: part.data for part in send("sync", text_prompt="a", enable_copyright_detection=value)}
    assert sent == {"text_prompt": b"a", "enable_copyright_detection": written}


def test_none_is_absent() -> None:
    names = [part.name for part in send("sync", text_prompt="a", json_prompt=None, resolution=None)]
    assert names == ["text_prompt"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("text", [*NASTY, "".join(NASTY), "a" + "\n".join(NASTY) + "b"])
def test_any_text_arrives_as_it_was(shell: Shell, text: str) -> None:
    assert decode(send(shell, text_prompt=text)) == {"text_prompt": text}
    assert decode(send(shell, json_prompt={text: [text]})) == {"json_prompt": {text: [text]}}


@given(boundary=st.just("+++") | st.from_regex(r"[0-9a-f]{32}", fullmatch=True), before=texts)
@example(boundary="+++", before="a cat")
def test_a_prompt_injects_no_field(boundary: str, before: str) -> None:
    text = before + INJECTION.format(boundary, boundary)
    assert decode(send("sync", text_prompt=text, rendering_speed="TURBO")) == {
        "text_prompt": text,
        "rendering_speed": "TURBO",
    }


def test_the_boundary_of_the_last_request_is_of_no_use_in_the_next() -> None:
    service = Service()
    generate("sync", service, text_prompt="a")
    boundary = boundary_of(service.requests[0]).decode()
    text = INJECTION.format(boundary, boundary)
    generate("sync", service, text_prompt=text)
    assert decode(read_parts(service.requests[1])) == {"text_prompt": text}


def test_boundaries_are_random_and_long() -> None:
    service = Service()
    for _ in range(50):
        generate("sync", service, text_prompt="a")
    boundaries = {boundary_of(request) for request in service.requests}
    assert len(boundaries) == 50
    assert min(map(len, boundaries)) >= 32


@pytest.mark.parametrize("preset", ["application/json", "multipart/form-data", "multipart/form-data; boundary=+++"])
def test_a_content_type_that_an_http_client_brings_along_does_no_harm(preset: str) -> None:
    service = Service()
    text = INJECTION.format("+++", "+++")
    with httpx.Client(transport=service.transport(), headers={"Content-Type": preset}) as http:
        Ideogram(KEY, http_client=http, image_client=http).generate(text_prompt=text)
    assert decode(read_parts(service.requests[0])) == {"text_prompt": text}
    assert boundary_of(service.requests[0]) != b"+++"


def test_every_attempt_sends_the_same_fields() -> None:
    service = Service(lambda _: httpx.Response(429), lambda _: httpx.Response(429), lambda _: httpx.Response(200))
    settings = {"retry": RetryPolicy(max_attempts=3), "timing": FakeTiming().of("sync")}
    with pytest.raises(ResponseValidationError):
        generate("sync", service, settings, json_prompt={"b": 1, "a": [2]}, resolution="1024x1024")
    first, second, third = (decode(read_parts(request)) for request in service.requests)
    assert first == second == third


def test_a_generated_model_is_written_in_the_contracts_order() -> None:
    element = models.V4TextPromptElement(type_="text", text="t", desc="d", bbox=[1, 2, 3, 4])
    element["x"] = None
    prompt = models.V4JsonPrompt(
        tags=[],
        compositional_deconstruction=models.V4CompositionalDeconstruction(elements=[element], background="b"),
        style_description=models.V4StyleDescription(medium="m", aesthetics="a"),
        high_level_description="ü",
    )
    (part,) = send("sync", json_prompt=prompt)
    assert part.data.decode() == (
        '{"high_level_description":"ü","style_description":{"aesthetics":"a","medium":"m"},'
        '"compositional_deconstruction":{"background":"b","elements":'
        '[{"type":"text","bbox":[1,2,3,4],"text":"t","desc":"d","x":null}]},"tags":[]}'
    )


@given(prompt=json_prompts)
def test_a_model_says_the_same_as_the_mapping_it_was_made_of(prompt: dict[str, Any]) -> None:
    (part,) = send("sync", json_prompt=models.V4JsonPrompt.from_dict(prompt))
    assert json.loads(part.data) == prompt


def test_the_order_of_every_model_is_the_contracts() -> None:
    for name, fields in MODEL_FIELDS.items():
        schema = CONTRACT["components"]["schemas"].get(name, {})
        assert [wire for _, wire in fields] == list(schema.get("properties", {})), name
