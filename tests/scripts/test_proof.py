"""What was generated is proven before it is accepted: the generator's exit code says nothing, and neither do files."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from altered_contract import Document, fields, post, put, schemas, write_altered
from regeneration import steps
from regeneration.audit import audit
from regeneration.contract import Contract
from regeneration.errors import RegenerationError
from regeneration.paths import PACKAGE
from regeneration.proof import prove, prove_running

MODEL = "models/generate_image_request_v4.py"
ENDPOINT = "api/generate/post_generate_image_v4.py"


def spoil(root: Path, file: str, old: str, new: str) -> None:
    """Replace something in a generated file."""
    path = root / PACKAGE / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def prompt_rule_as_any_of(document: Document) -> None:
    request = schemas(document)["GenerateImageRequestV4"]
    request["anyOf"] = request["oneOf"]


def two_media_types(document: Document) -> None:
    content = post(document)["requestBody"]["content"]
    content["application/json"] = {"schema": dict(content["multipart/form-data"]["schema"])}


def two_media_types_of_a_shared_body(document: Document) -> None:
    two_media_types(document)
    document["components"]["requestBodies"] = {"Body": post(document)["requestBody"]}
    post(document)["requestBody"] = {"$ref": "#/components/requestBodies/Body"}


def an_operation_behind_a_reference(document: Document) -> None:
    operation = {"operationId": "list_things", "responses": {"200": {"description": "Things."}}}
    document["components"]["pathItems"] = {"Things": {"get": operation}}
    document["paths"]["/things"] = {"$ref": "#/components/pathItems/Things"}


@pytest.mark.parametrize(
    ("change", "pointer", "message"),
    [
        (prompt_rule_as_any_of, "requestBody/content", "dropped this request body: it would never be sent. An anyOf"),
        (two_media_types, "requestBody/content", "2 media types share the schema #/components/schemas/Generate"),
        (two_media_types_of_a_shared_body, "", "2 media types share the schema #/components/schemas/Generate"),
        (an_operation_behind_a_reference, "~1things", "the generator left this operation out"),
        (put(fields, **{'a"b': {"type": "string"}}), '/properties/a"b', 'the field a"b was sent as'),
    ],
)
def test_what_the_generator_loses_in_silence_is_refused(
    change: Callable[[Document], None], pointer: str, message: str, tmp_path: Path
) -> None:
    path = write_altered(tmp_path / "contract.yaml", change)
    changed = steps.read(path)
    steps.build(changed, tmp_path / "root")  # without a complaint
    with pytest.raises(RegenerationError, match=re.escape(message)) as caught:
        prove_running(changed, tmp_path / "root")
    assert re.match(rf"{re.escape(str(path))}:\d+:\d+: /(paths|components/schemas)/\S*{pointer}: ", str(caught.value))


def test_what_the_generator_makes_of_the_contract_is_accepted(
    built: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    prove(contract, built)
    assert not list(built.rglob("__pycache__"))


def an_operation_with_parameters(document: Document) -> None:
    def parameter(name: str, place: str, kind: str, **more: object) -> Document:
        return {"name": name, "in": place, "schema": {"type": kind}, **more}

    operation = {
        "operationId": "getThing",
        "parameters": [parameter("page", "query", "integer"), parameter("X-Trace", "header", "string")],
        "responses": {"200": {"description": "A thing."}},
    }
    shared = [parameter("thing-id", "path", "string", required=True)]
    document["paths"]["/things/{thing-id}"] = {"parameters": shared, "get": operation}


@pytest.mark.parametrize(
    ("message", "old", "new"),
    [
        (None, "", ""),
        ("arrived as GET /things/X", 'quote(str(thing_id), safe="")', '"X"'),
        ("the query parameter page was sent as 7 and arrived as None", 'params["page"] = page', ""),
        ("the header X-Trace was sent as 'plain' and arrived as None", 'headers["X-Trace"] = x_trace', "pass"),
    ],
)
def test_an_operation_with_parameters(message: str | None, old: str, new: str, tmp_path: Path) -> None:
    changed = steps.read(write_altered(tmp_path / "contract.yaml", an_operation_with_parameters))
    steps.build(changed, tmp_path / "root")
    spoil(tmp_path / "root", "api/default/get_thing.py", old, new)
    if message is None:
        prove(changed, tmp_path / "root")
    else:
        with pytest.raises(RegenerationError, match=re.escape(message)):
            prove_running(changed, tmp_path / "root")


SEND_RESOLUTION = 'files.append(("resolution", (None, str(self.resolution).encode(), "text/plain")))'
KEY = 'f"{self.prefix} {self.token}" if self.prefix else self.token'
PROMPT = "str(self.text_prompt).encode()"
NOTHING = "from ..types import UNSET, Unset, nothing"


@pytest.mark.parametrize(
    ("message", "spoiling"),
    [
        ("the field resolution was sent as '2048x2048' and arrived as None", (MODEL, SEND_RESOLUTION, "pass")),
        ("the field text_prompt was sent as", (MODEL, PROMPT, "str(self.text_prompt)[1:].encode()")),
        ("the field json_prompt was sent as", ("models/v4_text_prompt_element.py", '"text": text,\n', "")),
        ("fails with ValueError", (ENDPOINT, '_kwargs["files"] = body.to_multipart()', "")),
        ("arrived as POST /v1/generate", (ENDPOINT, '"/v1/ideogram-v4/generate"', '"/v1/generate"')),
        ("arrived as PUT", (ENDPOINT, '"method": "post"', '"method": "put"')),
        ("the key does not arrive in the header Api-Key", ("client.py", KEY, '""')),
        ("operations.py lists the fields", ("operations.py", 'wire_name="resolution"', 'wire_name="size"')),
        ("contract.json in the package does not say", ("contract.json", '"Api-Key"', '"Bearer"')),
        ("is not the one that it was generated from", ("contract.yaml", "Api-Key", "Bearer")),
        ("cannot be imported: ImportError", ("models/rejection.py", "from ..types import UNSET, Unset", NOTHING)),
    ],
)
def test_a_package_that_was_spoilt_is_refused(
    message: str, spoiling: tuple[str, str, str], built: Path, contract: Contract
) -> None:
    spoil(built, *spoiling)
    with pytest.raises(RegenerationError, match=re.escape(message)):
        prove_running(contract, built)


def test_types_that_do_not_fit_are_refused(built: Path, contract: Contract) -> None:
    spoil(built, MODEL, "text_prompt: str | Unset = UNSET", "text_prompt: str | Unset = 1")
    with pytest.raises(RegenerationError, match=r"mypy --strict refuses .*\n.*Incompatible types in assignment"):
        prove(contract, built)


@pytest.mark.parametrize(
    ("new", "message"),
    [
        ("import os\n", "import os"),
        ("from subprocess import run\n", "from subprocess import"),
        ("print(1)\n", "a bare Expr"),
        ("x = __import__\n", "__import__"),
        ("x = eval\n", "eval"),
        ("x = ().__class__\n", "the attribute __class__"),
        ("class X:\n    open('x')\n", "a bare Expr"),
        ("for x in ():\n    pass\n", "a bare For"),
        ('"""', "no valid Python"),
        ("\0", "no valid Python"),
    ],
)
def test_code_that_no_client_needs_is_refused_before_it_is_run(new: str, message: str, built: Path) -> None:
    audit(built / PACKAGE)
    spoil(built, ENDPOINT, "import httpx\n", f"import httpx\n{new}")
    with pytest.raises(RegenerationError, match=re.escape(message)) as caught:
        audit(built / PACKAGE)
    assert f"{ENDPOINT}:" in str(caught.value)


def test_the_proof_reads_before_it_runs(built: Path, contract: Contract, tmp_path: Path) -> None:
    spoil(built, ENDPOINT, "import httpx\n", f"import httpx\nopen({str(tmp_path / 'sentinel')!r}, 'w')\n")
    with pytest.raises(RegenerationError, match="which no generated client needs"):
        prove(contract, built)
    assert not (tmp_path / "sentinel").exists()
