"""remix, describe, magic-prompt and generate --transparent: what they send, print and save, and what they cost."""

import json
import shutil
import signal
import subprocess
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cli_runs import IDEOGRAM, KEY, POSTER, SMALL, Command, acting, environment, files, forked_ideogram, refuse
from PIL import Image
from small_internet import Internet

from ideogram_ai.testing import UNSAFE_WORD, MockServer
from ideogram_ai.testing.faults import FaultServer, answer_with
from ideogram_ai.testing.faults.exchange import Exchange
from ideogram_ai.testing.faults.wire import Response, png

SQUARE = "1024x1024"
CAT = png()
"""It is square: a weight and a resolution of another shape are refused."""
JSON = (("Content-Type", "application/json"),)
NOTHING_SENT = "Nothing was sent, nothing billed."


def sent(service: MockServer) -> dict[str, Any]:
    """The fields of the last request that has some."""
    return dict(next(exchange.fields for exchange in reversed(service.ledger) if exchange.method == "POST"))


def described(**members: Any) -> str:
    """The response of describe."""
    return json.dumps({"json_prompt": POSTER | members})


# remix


def test_a_remix_sends_the_file_and_saves_the_image(
    ideogram: Command, service: MockServer, folder: Path, cat: Path, stdin: Callable[[bytes], None]
) -> None:
    for source in (cat.name, "-"):
        stdin(CAT)
        run = ideogram(
            "remix", source, "In the snow", "--image-weight", 80, "--resolution", SQUARE, "--rendering-speed", "turbo",
            "--copyright-detection", "-o", "snow.png", "--overwrite", "--sidecar",
        )  # fmt: skip
        assert (run.code, run.out.splitlines()[0]) == (0, "saved snow.png")
        fields = sent(service)
        assert fields.pop("image")["sha256"] == sha256(CAT).hexdigest()
        assert fields == {
            "text_prompt": "In the snow", "image_weight": 80, "resolution": SQUARE, "rendering_speed": "TURBO",
            "enable_copyright_detection": True,
        }  # fmt: skip
    with Image.open(folder / "snow.png") as image:
        assert image.size == (1024, 1024)
    assert json.loads((folder / "snow.png.json").read_text())["request"]["image_weight"] == 80


def test_a_remix_that_is_refused(
    ideogram: Command, service: MockServer, cat: Path, stdin: Callable[[bytes], None]
) -> None:
    (cat.parent / "empty.png").write_bytes(b"")
    for arguments, says in (
        (["nowhere.png", "a"], "IMAGE: 'nowhere.png' cannot be read: No such file"),
        ([".", "a"], "IMAGE: '.' cannot be read: Is a directory"),
        (["empty.png", "a"], "empty"),
        (["https://example.com/cat.png", "a"], "download it, and give the file"),
        (["-", "-"], "IMAGE and TEXT both read stdin"),
        (["cat.png"], "There is no prompt. Give TEXT in quotes."),
        (["cat.png", " "], "blank (TEXT)"),
        (["cat.png", "in", "snow"], "quotes"),
        (["cat.png", '{"a": 1}'], "This operation takes plain text alone."),
        (["cat.png", "a", "--image-weight", "101"], "image_weight"),
        (["cat.png", "a", "-F", "strength=5"], "Did you mean image_weight?"),
        (["cat.png", "a", "-F", "image=@cat.png"], "image was given twice, by IMAGE and by -F image"),
        (["cat.png", "a", "--deadline", "5"], "add --async"),
    ):
        stdin(CAT)
        refuse(ideogram, [(arguments, says)], "remix", always=NOTHING_SENT)
    assert not service.ledger
    run = ideogram("remix", "cat.png", UNSAFE_WORD, "--json")
    assert (run.code, run.json["outcome"], run.json["error"]["status_code"]) == (3, "refused", 422)


# generate --transparent


def test_a_transparent_image_has_an_alpha_channel(ideogram: Command, service: MockServer, folder: Path) -> None:
    run = ideogram("generate", "A cat", "--transparent", "--aspect-ratio", "2x1", "-o", "cat.png")
    assert run.code == 0
    assert sent(service) == {"text_prompt": "A cat", "aspect_ratio": "2x1"}
    with Image.open(folder / "cat.png") as image:
        assert image.mode == "RGBA"
        lowest, _ = image.getchannel("A").getextrema()
        assert lowest == 0
        assert image.width == pytest.approx(2 * image.height, rel=0.05)


def test_fields_of_the_other_operation_are_refused(ideogram: Command, service: MockServer) -> None:
    cases = (
        (["--transparent", *SMALL], "Did you mean output_resolution?"),
        (["--output-resolution", "1K"], "--output-resolution is for a transparent image: add --transparent"),
        (["-F", "aspect_ratio=1x1"], "Did you mean resolution?"),
    )
    refuse(ideogram, cases, "generate", "A cat")
    assert not service.ledger


# describe and magic-prompt


def test_a_description_is_all_that_is_on_stdout(
    ideogram: Command, service: MockServer, cat: Path, stdin: Callable[[bytes], None]
) -> None:
    run = ideogram("describe", cat.name)
    assert (run.code, run.err) == (0, "")
    prompt = run.json
    assert set(prompt) >= {"high_level_description", "compositional_deconstruction"}
    assert '"bbox": [' in run.out, "people edit it"
    assert [line for line in run.out.splitlines() if line.strip().removesuffix(",").isdecimal()] == []
    stdin(run.out.encode())
    again = ideogram("generate", "--json-prompt", "-", *SMALL, "-o", "again.png")
    assert (again.code, again.err) == (0, ""), "not even a warning"
    assert sent(service) == {"json_prompt": prompt, "resolution": "512x1536"}
    stdin(CAT)
    run = ideogram("describe", "-", "--no-bbox")
    assert sent(service)["include_bbox"] is False
    assert "bbox" not in run.out


def test_a_description_in_a_file(ideogram: Command, service: MockServer, folder: Path, cat: Path) -> None:
    run = ideogram("describe", cat.name, "-o", "cat.json")
    assert (run.code, run.out, run.err) == (0, "saved cat.json\n", "")
    first = (folder / "cat.json").read_text("utf-8")
    assert "high_level_description" in json.loads(first)
    before = len(service.ledger)
    cases = (
        (["cat.json"], "'cat.json' exists. Choose another path, or use --overwrite"),
        (["nowhere/cat.json"], "there is no folder 'nowhere'"),
        (["."], "not a regular file"),
        ([""], "-o is empty"),
    )
    refuse(ideogram, cases, "describe", cat.name, "-o")
    assert len(service.ledger) == before
    (folder / "cat.json").write_text("old")
    run = ideogram("describe", cat.name, "-o", "cat.json", "--overwrite", "-q")
    assert (run.code, run.out) == (0, "cat.json\n")
    assert (folder / "cat.json").read_text("utf-8") == first
    assert files(folder) == ["cat.json", "cat.png"]
    assert ideogram("describe", cat.name, "-o", "-").out == first


def test_the_whole_response_in_json(ideogram: Command, service: MockServer, cat: Path) -> None:
    members = ["outcome", "response", "path", "error", "answer_file", "cost_usd", "cost_source", "would_send"]
    run = ideogram("describe", cat.name, "--json")
    assert (run.code, run.err, run.out.count("\n"), list(run.json)) == (0, "", 1, members)
    assert set(run.json["response"]) == {"json_prompt"}
    run = ideogram("magic-prompt", "A cat", "--aspect-ratio", "16X9", "--json")
    assert sent(service) == {"text_prompt": "A cat", "aspect_ratio": "16x9"}
    assert run.json["response"]["aspect_ratio"] == "16x9"
    for arguments in (["describe", cat.name, "--nope"], ["describe", "nowhere.png"], ["magic-prompt"]):
        run = ideogram(*arguments, "--json")
        assert (run.code, list(run.json), run.json["outcome"]) == (2, members, "wrong_use"), arguments
        assert run.json["response"] is None


def test_a_magic_prompt_goes_into_generate(
    ideogram: Command, service: MockServer, stdin: Callable[[bytes], None]
) -> None:
    run = ideogram("magic-prompt", "A red fox in the snow")
    assert (run.code, run.err.startswith("note: aspect_ratio: ")) == (0, True)
    stdin(run.out.encode())
    assert ideogram("generate", "--json-prompt", "-", *SMALL).code == 0
    assert sent(service)["json_prompt"] == run.json
    cases = (
        (["poster.json"], "use --text-prompt"),
        (["A cat", "-F", "resolution=512x1536"], "Did you mean aspect_ratio?"),
    )
    refuse(ideogram, cases, "magic-prompt")


@pytest.mark.usefixtures("service")
def test_the_commands_of_a_pipe(folder: Path) -> None:
    """As in a shell, with a stdout that is no UTF-8."""
    command = " ".join(IDEOGRAM)
    generate = f"{command} generate --json-prompt - {' '.join(SMALL)} -o again.png --sidecar"
    run = subprocess.run(
        ["sh", "-c", f"{command} magic-prompt 'Ein Füchschen' -q | {generate}"],
        cwd=folder, env=environment(PYTHONIOENCODING="latin-1"), text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stderr, run.stdout.splitlines()[0]) == (0, "", "saved again.png")
    assert "Füchschen" in str(json.loads((folder / "again.png.json").read_text())["request"]["json_prompt"])


def test_what_could_harm_a_terminal_is_escaped_and_still_json(
    ideogram: Command, cat: Path, stdin: Callable[[bytes], None]
) -> None:
    odd = "Füchschen 🦊 \u009b2J \u202e \u2028 \x1b[2J"
    run = ideogram("describe", cat.name, at=answer_with(200, described(high_level_description=odd), JSON))
    assert run.code == 0
    assert "Füchschen 🦊" in run.out
    assert not {"\u009b", "\u202e", "\u2028", "\x1b"} & set(run.out)
    assert run.json["high_level_description"] == odd


# What was paid for outlives what fails after it


@pytest.mark.parametrize("odd", ['"cut in a letter \\ud83d"', "NaN", "1e999", "[" * 600 + "]" * 600])
def test_what_no_request_could_hold_is_printed_all_the_same(ideogram: Command, cat: Path, odd: str) -> None:
    body = described(more="ODD").replace('"ODD"', odd)
    run = ideogram("describe", cat.name, at=answer_with(200, body, JSON))
    assert run.code == 0, run.err
    assert repr(run.json["more"]) == repr(json.loads(odd))


def test_a_description_that_cannot_be_written_is_printed(ideogram: Command, folder: Path, cat: Path) -> None:
    place = folder / "place"
    place.mkdir()

    def act(exchange: Exchange) -> None:
        exchange.read_request()
        shutil.rmtree(place)
        exchange.answer(Response(200, described().encode(), JSON))

    with FaultServer(acting(act)) as server:
        run = ideogram("describe", cat.name, "-o", "place/cat.json", "--base-url", server.url)
        assert (run.code, run.json) == (6, POSTER)
        assert "'place/cat.json' was not written: No such file or directory." in run.err
        assert "paid for" in run.err
        place.mkdir()
        run = ideogram("describe", cat.name, "-o", "place/cat.json", "--json", "--base-url", server.url)
    assert (run.code, run.json["outcome"], run.json["path"]) == (6, "download_failed", None)
    assert run.json["response"]["json_prompt"] == POSTER
    assert run.json["error"]["may_have_been_billed"] is True


def test_a_file_that_appeared_in_the_meantime_is_left_alone(ideogram: Command, folder: Path, cat: Path) -> None:
    def act(exchange: Exchange) -> None:
        exchange.read_request()
        (folder / "cat.json").write_text("somebody else's")
        exchange.answer(Response(200, described().encode(), JSON))

    run = ideogram("describe", cat.name, "-o", "cat.json", at=acting(act))
    assert (run.code, run.out) == (0, "saved cat-2.json\n")
    assert (folder / "cat.json").read_text() == "somebody else's"
    assert json.loads((folder / "cat-2.json").read_text()) == POSTER


def test_a_response_that_cannot_be_read_is_kept(ideogram: Command, folder: Path, cat: Path) -> None:
    run = ideogram("describe", cat.name, at=answer_with(200, '{"json_pr', JSON))
    assert (run.code, run.out) == (4, "")
    assert (folder / "ideogram.answer.txt").read_text() == '{"json_pr'
    assert "The complete response is in 'ideogram.answer.txt'." in run.err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_stdout_that_is_full(folder: Path, cat: Path) -> None:
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [*IDEOGRAM, "describe", cat.name, "--mock"],
            cwd=folder, env=environment(), text=True, stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    notice, _, text = run.stderr.partition("\n")
    assert "its output follows here" in notice
    assert "high_level_description" in json.loads(text)


def test_ctrl_c_waits_for_the_description(folder: Path, cat: Path) -> None:
    with MockServer(latency=1.0) as server:
        command = [*forked_ideogram(), "describe", cat.name, "--base-url", server.url]
        process = subprocess.Popen(
            command, cwd=folder, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        while not server.ledger and process.poll() is None:
            pass
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, len(server.ledger)) == (0, 1)
    assert err == "note: Waiting for the response, which may already be paid for. Press Ctrl-C again to stop waiting.\n"
    assert "high_level_description" in json.loads(out)


# What it costs


def test_what_it_would_cost(ideogram: Command, service: MockServer, cat: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDEOGRAM_API_KEY")
    monkeypatch.delenv("IDEOGRAM_BASE_URL")
    before = files(cat.parent)
    for arguments, path, cost in (
        (["generate", "A cat"], "generate", "0.06 USD"),
        (["generate", "A cat", "--rendering-speed", "TURBO", "--async"], "async/generate", "0.03 USD"),
        (["generate", "A cat", "--transparent"], "generate-transparent", "unknown"),
        (["remix", "cat.png", "A cat", "--rendering-speed", "QUALITY"], "remix", "0.10 USD"),
        (["describe", "cat.png", "-o", "cat.json"], "describe", "0.01 USD"),
        (["magic-prompt", "A cat"], "magic-prompt", "unknown"),
    ):
        run = ideogram(*arguments, "--dry-run")
        assert (run.code, run.err) == (0, ""), arguments
        first, *rows = run.out.splitlines()
        assert first == f"would send POST https://api.ideogram.ai/v1/ideogram-v4/{path}"
        assert rows[-1].split(maxsplit=1)[1].startswith(cost), rows
        document = ideogram(*arguments, "--dry-run", "--json").json
        assert document["would_send"]["url"].endswith(f"/{path}")
        assert document["cost_usd"] == (None if cost == "unknown" else cost.split()[0])
        assert "if it were not a rehearsal" not in run.out
        assert ideogram(*arguments, "--dry-run", "-q").out == ""
    hook = "https://example.com/hook"
    run = ideogram("generate", "A cat", "--async", "-F", f"webhook_url={hook}", "--dry-run", "--json")
    assert run.json["would_send"]["fields"] == {"webhook_url": hook, "text_prompt": "A cat"}
    run = ideogram("remix", "cat.png", "A cat", "--dry-run", "--json")
    assert run.json["would_send"]["fields"]["image"]["sha256"] == sha256(CAT).hexdigest()
    run = ideogram("generate", "A cat", "--dry-run", "--mock")
    assert run.out.endswith("0.06 USD (price list of 2026-11-16), if it were not a rehearsal\n")
    run = ideogram("generate", "A cat", "--dry-run", "-o", "cat.png")
    assert (run.code, "'cat.png' exists" in run.err) == (2, True), "all that can be checked is checked"
    assert (files(cat.parent), service.ledger) == (before, [])


def test_what_it_cost(
    ideogram: Command, cat: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A server of another machine bills; one of this machine does not."""
    monkeypatch.setenv("IDEOGRAM_ALLOW_HTTP", "1")
    with Internet(monkeypatch, tmp_path_factory.mktemp("authority")) as internet, MockServer("0.0.0.0") as server:
        internet.name("service", "127.0.0.1")
        remote = ("--base-url", f"http://service:{server.url.rpartition(':')[2]}")
        local = ("--base-url", f"http://127.0.0.1:{server.url.rpartition(':')[2]}")
        for arguments, cost in (
            (["generate", "A cat", *SMALL, "--rendering-speed", "TURBO"], "0.03"),
            (["remix", "cat.png", "A cat", *SMALL], "0.06"),
            (["describe", "cat.png"], "0.01"),
            (["magic-prompt", "A cat"], None),
        ):
            run = ideogram(*arguments, *remote, "--json")
            source = None if cost is None else "price list"
            assert (run.code, run.json["cost_usd"], run.json["cost_source"]) == (0, cost, source), arguments
            run = ideogram(*arguments, *remote)
            assert (f"{cost} USD (price list of " in run.out + run.err) == (cost is not None), arguments
            run = ideogram(*arguments, *local, "--json")
            assert (run.code, run.json["cost_usd"], run.json["cost_source"]) == (0, None, None), arguments
            run = ideogram(*arguments, *local)
            assert "USD" not in run.out + run.err


def test_the_key_is_not_needed_before_the_request_is_checked(
    ideogram: Command, cat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IDEOGRAM_API_KEY")
    run = ideogram("describe", cat.name, "-F", "image=x")
    assert "Did you mean image_file?" in run.err
    assert "No API key" in ideogram("describe", cat.name).err
    assert KEY not in ideogram("describe", cat.name, "--mock").out
