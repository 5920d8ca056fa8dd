"""ideogram call: every operation of the contract, as it is documented there, without a line for any of them."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_runs import IDEOGRAM, Command, environment, files, forked_ideogram, refuse
from PIL import Image

from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import OPERATIONS, Operation
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import answer_with
from ideogram_ai.testing.faults.wire import png

NOTHING_SENT = "Nothing was sent, nothing billed."
CAT = png()
ORANGE = [{"color_hex": "#FF8800"}]
PROMPT = ("-F", "prompt=A cat", "-F", "aspect_ratio=1x1")


def sent(service: MockServer) -> dict[str, Any]:
    """The fields of the last request."""
    return dict(service.ledger[-1].fields)


def example(operation: Operation, ids: dict[str, str]) -> list[str]:
    """The arguments of the contract's example of a request, with a file of this folder for each of its files."""
    node = read_contract()["paths"][operation.path][operation.method.lower()]
    content: dict[str, Any] = node["requestBody"]["content"][operation.media_type] if operation.media_type else {}
    value: dict[str, Any] = next((each["value"] for each in content.get("examples", {}).values()), {})
    rules = read_view(operation.operation_id).fields
    arguments: list[str] = []
    for name, given in {**value, **{name: ids[name] for name in rules if name in ids}}.items():
        for each in given if isinstance(given, list) and rules[name].item else [given]:
            text = each if isinstance(each, str) else json.dumps(each)
            arguments += ["-F", f"{name}={'@cat.png' if rules[name].takes_files else text}"]
    return arguments


@pytest.mark.slow
def test_every_operation_is_called_as_the_contract_shows(ideogram: Command, service: MockServer, folder: Path) -> None:
    (folder / "cats").mkdir()
    with Image.new("RGB", (1024, 1024), "teal") as image:
        for path in ("cat.png", *(f"cats/{number}.png" for number in range(15))):
            image.save(folder / path)
    created = ideogram("call", "datasets.create", "-F", "name=Blue pottery").json["dataset_id"]
    uploaded = ideogram("call", "datasets.upload_assets", "-F", f"dataset_id={created}", "-F", "files=@cats/")
    assert uploaded.json["success_count"] == 15
    trained = ("call", "models.train", "-F", f"dataset_id={created}", "-F", "model_name=Blue pottery")
    ids = {"dataset_id": created, "model_id": ideogram(*trained).json["model_id"]}
    submitted = ideogram("call", "submit", "-F", "text_prompt=A cat", "--no-wait", "--json").json["job"]
    ids["generation_id"] = submitted["id"]
    for operation in OPERATIONS.values():
        before = len(service.ledger)
        place = folder / operation.operation_id
        place.mkdir()
        name = operation.method_name
        arguments = example(operation, ids)
        dry = ideogram("call", name, *arguments, "--dry-run", "--json")
        assert (dry.code, dry.err, len(service.ledger)) == (0, "", before), (name, dry.out)
        assert (dry.json["would_send"]["method"], "{" in dry.json["would_send"]["url"]) == (operation.method, False)
        assert (dry.json["cost_usd"] is not None) == (operation.price is not None), name
        output = ["-o", f"{place}/"] if operation.result != "model" else []
        run = ideogram("call", name, *arguments, "--json", *output)
        assert run.code == 0, (name, run.out, run.err)
        last = json.loads(run.out.splitlines()[-1])
        if operation.result == "model":
            assert last["response"], name
        else:
            assert files(place) == sorted(Path(image["path"]).name for image in last["images"]), name
            assert last["images"], name


def test_every_operation_is_listed_with_what_it_does_and_costs(ideogram: Command) -> None:
    lines = {line.split()[0]: line for line in ideogram("call", "--list").out.splitlines()}
    listed = {entry["operation"]: entry for entry in ideogram("call", "--list", "--json").json["operations"]}
    assert list(lines) == list(listed) == [operation.method_name for operation in OPERATIONS.values()]
    for operation in OPERATIONS.values():
        line, entry = lines[operation.method_name], listed[operation.method_name]
        assert ("Deprecated" in line) == entry["deprecated"] == operation.deprecated
        assert (" free." in line) == entry["free"] == operation.is_free
        assert (" USD " in line) == (entry["price"] is not None)
        assert line.endswith(".")
        assert entry["fields"] == [field.wire_name for field in operation.fields]
        shown = " ".join(ideogram("call", operation.method_name, "--help").out.split())
        assert entry["summary"] in shown
        for field in operation.fields:
            assert f" {field.wire_name} " in shown
    shown = " ".join(ideogram("call", "v3.generate", "--help").out.replace("\xa0", " ").split())
    for words in (
        "prompt text, required.", "num_images whole number, from 1, up to 8, default 1.", "not with aspect_ratio.",
        "character_reference_images_mask files", "as many as character_reference_images", "OFF.", "EMBER",
        "An image costs 0.03 USD with FLASH", "With custom_model_uri: 0.06 USD", "either name or members",
    ):  # fmt: skip
        assert words in shown


def test_fields_are_typed_by_the_contract(ideogram: Command, service: MockServer, folder: Path, cat: Path) -> None:
    (folder / "palette.json").write_text('{"members": [{"color_hex": "#FF8800"}]}')
    for given, expected in (
        (["style_codes=AAFF5733", "style_codes=0133F2A1"], {"style_codes": ["AAFF5733", "0133F2A1"]}),
        (['style_codes=["AAFF5733", "0133F2A1"]'], {"style_codes": ["AAFF5733", "0133F2A1"]}),
        (["color_palette=@palette.json"], {"color_palette": {"members": ORANGE}}),
        (["color_palette.name=EMBER", "seed=7"], {"color_palette": {"name": "EMBER"}, "seed": 7}),
        (['color_palette.members=[{"color_hex": "#FF8800"}]'], {"color_palette": {"members": ORANGE}}),
    ):  # fmt: skip
        fields = [word for each in given for word in ("-F", each)]
        assert ideogram("call", "v3.generate", *PROMPT, *fields).code == 0
        assert sent(service) == {"prompt": "A cat", "aspect_ratio": "1x1", **expected}
    run = ideogram(
        "call", "upscale", "-F", f"image_file=@{cat.name}", "-F", "image_request.resemblance=70", "-o", "u.png"
    )
    assert (run.code, sent(service)["image_request"]) == (0, {"resemblance": 70})
    assert ideogram("call", "models.list", "-F", "status=TRAINING", "-F", "status=COMPLETED").code == 0
    assert sent(service) == {"status": ["TRAINING", "COMPLETED"]}


def test_a_folder_of_files(ideogram: Command, service: MockServer, folder: Path, cat: Path) -> None:
    pots = folder / "pots"
    (pots / "inner").mkdir(parents=True)
    for name in ("b.png", "a.png", ".hidden.png"):
        (pots / name).write_bytes(CAT)
    (pots / "a.txt").write_text("a pot")
    dataset = ideogram("call", "datasets.create", "-F", "name=Pots").json["dataset_id"]
    for source in ("pots", "pots/"):
        run = ideogram("call", "datasets.upload_assets", "-F", f"dataset_id={dataset}", "-F", f"files=@{source}")
        assert (run.code, run.json["failure_count"]) == (0, 0)
        assert [file["filename"] for file in sent(service)["files"]] == ["a.png", "a.txt", "b.png"]
    images = ("-F", "images=@pots/b.png", "-F", f"images=@{cat.name}")
    run = ideogram("call", "edit", "-F", "prompt=Both", *images, "--dry-run", "--json")
    assert [image["file"] for image in run.json["would_send"]["fields"]["images"]] == ["b.png", "cat.png"]
    assert run.json["cost_usd"] is None or run.json["cost_source"] == "price list"
    run = ideogram("call", "edit", "-F", "prompt=Both", "-F", "images=@pots/inner")
    assert (run.code, "there is no file in the folder 'pots/inner'" in run.err) == (2, True)


def test_what_is_refused_before_a_key_is_asked_for(
    ideogram: Command, service: MockServer, cat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IDEOGRAM_API_KEY")
    cases = (
        (["v3.generate"], "prompt is missing"),
        (["v3.generate", "-F", "prompt= "], "prompt is blank (-F prompt). Is a shell variable unset?"),
        (["v3.generate", *PROMPT, "-F", "resolution=1024x1024"], "resolution and aspect_ratio"),
        (["v3.generate", *PROMPT, "-F", "num_images=9"], "num_images"),
        (["v3.generate", *PROMPT, "-F", "num_images=two"], "-F num_images: 'two' is not of type integer"),
        (["v3.generate", *PROMPT, "-F", "text_prompt=a"], "Did you mean prompt?"),
        (["v3.generate", *PROMPT, "-F", "color_palette.nam=EMBER"], "color_palette has no member 'nam'. It has"),
        (["v3.generate", *PROMPT, "-F", "color_palette={}", "-F", "color_palette.name=EMBER"], "given twice"),
        (["v3.generate", *PROMPT, "-F", "color_palette.name=EMBER", "-F", "color_palette={}"], "given twice"),
        (["edit", "-F", "prompt=a"], "images"),
        (["datasets.get", "-F", "dataset_id="], "dataset_id is blank"),
        (["remove_background", "-F", "image=@nowhere.png"], "'nowhere.png' cannot be read"),
        (["remove_background", "-F", f"image=@{cat.name}", "-o", cat.name], "exists"),
    )  # fmt: skip
    refuse(ideogram, cases, "call", always=NOTHING_SENT)
    lines = (
        (["v3.genrate"], "There is no operation 'v3.genrate'. Did you mean v3.generate"),
        (["layerize-text"], "Did you mean v3.layerize_text?"),
        (["remix_v9"], "remix"),
        (["zzz"], "ideogram call --list"),
        (["--json", "upscale"], "Options go behind OPERATION"),
        (["--json"], "Give an OPERATION, or --list"),
        (["upscale", "--nope"], "No such option"),
    )  # fmt: skip
    refuse(ideogram, [*lines, ([], "")], "call")
    run = ideogram("call", "upscael", "--json")
    assert (run.code, run.err, "Did you mean upscale?" in run.error) == (2, "", True)
    for name, member in (("models.list", "response"), ("upscale", "images")):
        assert member in ideogram("call", name, "--nope", "--json").json
    assert "No API key" in ideogram("call", "models.list").err
    assert not service.ledger
    assert "keys" in ideogram("call", "webhook_keys").json, "it needs no key"


# Responses


def test_images_behind_links_are_saved_beside_the_response(ideogram: Command, service: MockServer, cat: Path) -> None:
    call = ("call", "v3.layerize_text", "-F", f"image=@{cat.name}")
    run = ideogram(*call)
    assert (run.code, run.json["base_image_url"].startswith(service.url)) == (0, True)
    assert run.err == (
        "note: base_image_url and original_image_url lead to images, and expire. To save them too, give a folder: "
        "-o DIR/.\n"
    )
    out = cat.parent / "out"
    out.mkdir()
    names = ["base_image.png", "layerize_text.json", "original_image.png"]
    run = ideogram(*call, "-o", "out")
    assert (run.code, run.err, files(out)) == (0, "", names)
    assert run.out == "".join(f"saved out/{name}\n" for name in (names[0], names[2], names[1]))
    assert set(json.loads((out / "layerize_text.json").read_text())) >= {"base_image_url", "text_blocks"}
    with Image.open(out / "base_image.png") as image:
        assert image.size == (64, 64)
    run = ideogram(*call, "-o", "out", "--json")
    assert [image["path"] for image in run.json["images"]] == ["out/base_image-2.png", "out/original_image-2.png"]
    assert run.json["path"] == "out/layerize_text-2.json"
    assert len(files(out)) == 6
    answer = {"base_image_url": "URL/nowhere.png", "seed": 1, "original_image_url": None}
    run = ideogram(*call, "-o", "out", at=answer_with(200, json.dumps(answer).replace("URL", "http://127.0.0.1:1")))
    assert (run.code, run.out) == (6, "saved out/layerize_text-3.json\n"), "the links are written down first"
    assert "http://127.0.0.1:1/nowhere.png" in run.err


def test_a_job_is_submitted_and_fetched_later(ideogram: Command, service: MockServer, folder: Path) -> None:
    submit = ("call", "submit", "-F", "text_prompt=A cat", "-F", "resolution=512x1536")
    run = ideogram(*submit, "--no-wait", "-q")
    job = run.out.strip()
    assert (run.code, run.err, len(service.ledger), files(folder)) == (0, "", 1, [])
    run = ideogram(*submit, "--no-wait")
    assert (run.code, run.out.splitlines()[1].split()) == (0, ["status", "pending"])
    assert "ideogram fetch" in run.err
    run = ideogram(*submit, "--no-wait", "--json")
    assert (run.code, run.json["job"]["status"], run.json["images"]) == (0, "pending", [])
    for options in ((), ("--no-wait",)):
        run = ideogram("call", "job", "-F", f"generation_id={job}", "-o", "cat.png", "--overwrite", *options)
        assert (run.code, run.out.splitlines()[0], run.err) == (0, "saved cat.png", "")
    run = ideogram(*submit, "-o", "waited.png", "--json")
    first, last = (json.loads(line) for line in run.out.splitlines())
    assert (run.code, first["job"]["id"]) == (0, last["job"]["id"])
    assert files(folder) == ["cat.png", "waited.png"]
    with MockServer(latency=60.0) as slow:
        job = ideogram(*submit, "--no-wait", "-q", "--base-url", slow.url).out.strip()
        run = ideogram("call", "job", "-F", f"generation_id={job}", "--no-wait", "-q", "--base-url", slow.url)
        assert (run.code, run.out) == (0, f"{job}\n")
        run = ideogram("call", "job", "-F", f"generation_id={job}", "--deadline", "0", "--base-url", slow.url)
        assert (run.code, run.out, "ideogram fetch" in run.err) == (4, "", True)


def test_ctrl_c_ends_what_is_free_at_once(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # it never answers
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        command = [*forked_ideogram(), "call", "models.list", "--base-url", url]
        process = subprocess.Popen(command, cwd=folder, env=environment(), text=True, stderr=subprocess.PIPE)
        connection, _ = server.accept()
        with connection:
            assert connection.recv(5) == b"GET /"
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "error: Interrupted. Nothing was billed.\n")


# Completion

ASKED = """
COMP_LINE=$1 COMP_POINT=${#1}
_ideogram_completion ideogram 2>&-
printf '%s\\n' "${COMPREPLY[@]}"
"""
"""What bash does with a line on Tab, and the replies."""


@pytest.fixture(scope="module")
def script() -> str:
    """What bash evaluates."""
    settings = environment(_IDEOGRAM_COMPLETE="bash_source")
    return subprocess.run(IDEOGRAM, env=settings, text=True, capture_output=True, check=True).stdout


@pytest.mark.slow
def test_bash_completes_operations_fields_values_and_files(folder: Path, cat: Path, script: str) -> None:
    """In a real bash, whose words end at = and @. COMPREPLY replaces the last of them."""
    (folder / "my cat.png").write_bytes(CAT)
    (folder / "cats").mkdir()
    path = f"{Path(sys.executable).parent}:{environment()['PATH']}"
    for line, replies in (
        ("ideogram call v3.la", ["v3.layerize_text"]),
        ("ideogram call upscale -F image_request.r", ["image_request.resemblance="]),
        ("ideogram call v3.generate -F seed=7 -F se", []),
        ("ideogram call v3.generate -F resolution=1280x7", ["1280x704", "1280x768"]),
        ("ideogram generate -F rendering_speed=q", ["QUALITY"]),
        ("ideogram call models.list -F status=t", ["TRAINING"]),
        ("ideogram call v3.generate -F enable_copyright_detection=", ["true", "false"]),
        ("ideogram call edit -F images=@c", [f"@{cat.name}", "@cats/"]),
        ("ideogram call edit -F images=@my\\ c", ["@my\\ cat.png"]),
        ("ideogram call edit -F 'images=@my c", ["images=@my cat.png"]),
        ("ideogram call edit -F prompt=@nothing", []),
    ):
        shown = subprocess.run(
            ["bash", "-c", script + ASKED, "bash", line],
            cwd=folder, env=environment(PATH=path), text=True, capture_output=True, check=False,
        )  # fmt: skip
        assert shown.stdout.splitlines() == (replies or [""]), (line, shown.stderr)


def test_zsh_adds_no_space_to_a_field(ideogram: Command) -> None:
    """A line of click's script is changed for that: has it gone?"""
    assert "-S '' -- ${(M)completions:#*[=/]}" in ideogram("completion", "zsh").out
