"""The command line of `ideogram`: its commands, their options and their help.

It imports click alone. A command imports what it needs when it runs, so that `ideogram --help` is fast.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any, Final

import click

from .commands import (
    App,
    JsonCommand,
    Operations,
    RequestCommand,
    allow_http_option,
    complete,
    deadline_option,
    image_options,
    job_options,
    matrix_options,
    prompt_options,
    report_options,
    request_options,
    send,
    server_options,
    service_options,
    speed_and_check_options,
    text_file_options,
    together,
)


def _show_version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from ideogram_ai.client import __version__  # noqa: PLC0415 - --help needs neither
    from ideogram_ai.generated.contract import CONTRACT_SHA256  # noqa: PLC0415

    click.echo(f"ideogram-ai {__version__} (contract {CONTRACT_SHA256[:12]})")
    ctx.exit()


@click.group(cls=App, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-V", "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
def app() -> None:
    """Make images with Ideogram 4.0, or try it for free.

    An unofficial client: it never repeats a request that may have been billed, and never loses an image that was.
    """
    for needed in ("jsonschema_rs", "rich"):
        if find_spec(needed) is None:  # found out before anything is paid for
            raise ModuleNotFoundError(f"No module named {needed!r}", name=needed)


@app.command(
    cls=RequestCommand, methods=("generate", "submit", "generate_transparent"), short_help="Make an image and save it."
)
@prompt_options
@click.option("--json-prompt", metavar="FILE", help="A structured prompt instead: a JSON file, or - for stdin.")
@click.option("--resolution", metavar="SIZE", shell_complete=complete, help="Width and height, e.g. 2048x2048.")
@speed_and_check_options
@click.option("--transparent", is_flag=True, help="Make a PNG with a transparent background.")
@click.option(
    "--aspect-ratio", metavar="RATIO", shell_complete=complete, help="Shape, e.g. 16:9: the largest SIZE with it."
)
@click.option("--output-resolution", metavar="SIZE", shell_complete=complete, help="With --transparent: its size.")
@matrix_options
@request_options(image_options, job_options)
def generate(**options: Any) -> int:
    """Make an image from TEXT, a prompt in quotes (or - for stdin), and save it.

    \b
    ideogram generate "A photo of a cat" -o cat.png
    ideogram generate --json-prompt poster.json --resolution 1664x2496
    ideogram generate "A photo of a cat" --mock -o cat.png
    ideogram generate "A {colour} cat" --var colour=red,blue --variants 2

    Each image is billed. A request that may have been billed is never sent again. Before anything is sent, the command
    checks that the image can be saved.
    """  # noqa: D301 - click wants the character
    return send(**options)


@app.command(
    cls=RequestCommand, methods=("remix", "submit_remix"), short_help="Make an image from an image and a prompt."
)
@click.argument("image")
@prompt_options
@click.option("--image-weight", type=int, metavar="N", help="Likeness to IMAGE, from 1 to 100.")
@click.option("--resolution", metavar="SIZE", shell_complete=complete, help="Width and height. [default: as IMAGE]")
@speed_and_check_options
@matrix_options
@request_options(image_options, job_options)
def remix(**options: Any) -> int:
    """Make an image from IMAGE, a file (or - for stdin), and from TEXT, a prompt in quotes, and save it.

    \b
    ideogram remix cat.png "The same cat in the snow" -o snow.png
    ideogram remix cat.png "The same cat in the snow" --image-weight 80 --mock -o snow.png

    Each image is billed.
    """  # noqa: D301 - click wants the character
    return send(**options)


@app.command(
    cls=RequestCommand,
    methods=("describe",),
    member="json_prompt",
    activity="Describing the image",
    short_help="Describe an image as a structured prompt.",
)
@click.argument("image_file", metavar="IMAGE")
@click.option("--bbox/--no-bbox", "include_bbox", default=None, help="Whether to say where things are. [default: yes]")
@request_options(text_file_options)
def describe(**options: Any) -> int:
    """Print a structured prompt that describes IMAGE, a file (or - for stdin).

    \b
    ideogram describe cat.png -o cat.json
    ideogram describe cat.png | ideogram generate --json-prompt - -o again.png

    Only the JSON is written to stdout. Each description is billed.
    """  # noqa: D301 - click wants the character
    return send(**options)


@app.command(
    "magic-prompt",
    cls=RequestCommand,
    methods=("magic_prompt",),
    member="json_prompt",
    activity="Writing the prompt",
    short_help="Write a structured prompt from a plain one.",
)
@prompt_options
@click.option("--aspect-ratio", metavar="RATIO", shell_complete=complete, help="Shape of the image, e.g. 16x9.")
@request_options(text_file_options)
def magic_prompt(**options: Any) -> int:
    """Print a structured prompt for TEXT, a prompt in quotes (or - for stdin).

    \b
    ideogram magic-prompt "A poster for a jazz night" -o poster.json
    ideogram magic-prompt "A poster for a jazz night" | ideogram generate --json-prompt - -o poster.png

    Only the JSON is written to stdout. What it costs is not known.
    """  # noqa: D301 - click wants the character
    return send(**options)


@app.group(cls=App, short_help="Write, check and complete structured prompts, offline.")
def prompt() -> None:
    """Help with structured prompts, the JSON that ideogram generate --json-prompt takes. Nothing is sent.

    \b
    ideogram prompt new -o poster.json
    ideogram prompt check poster.json
    ideogram prompt schema -o prompt.schema.json
    """  # noqa: D301 - click wants the character


@prompt.command("new", short_help="Print an example to start from.")
@text_file_options
def prompt_new(**options: Any) -> int:
    """Print a structured prompt to start from."""
    from .prompt import print_document, template  # noqa: PLC0415 - reads the contract

    return print_document(template, **options)


@prompt.command("check", short_help="Check files against the contract and the model's guide.")
@click.argument("sources", nargs=-1, required=True, metavar="FILE...")
def prompt_check(sources: tuple[str, ...]) -> int:
    """Check structured prompts in FILEs, or - for stdin: what the contract refuses, and what the model's guide advises.

    The exit code is 0 even with warnings, and 2 if the contract refuses a prompt.
    """
    from .prompt import check_prompts  # noqa: PLC0415

    return check_prompts(sources)


@prompt.command("schema", short_help="Print a JSON Schema for editors.")
@text_file_options
def prompt_schema(**options: Any) -> int:
    """Print the JSON Schema of structured prompts, with which an editor completes and checks them."""
    from .prompt import print_document, prompt_schema  # noqa: PLC0415

    return print_document(prompt_schema, **options)


@app.group(cls=Operations, invoke_without_command=True, short_help="Call any operation of the API.")
@click.option("--list", "listed", is_flag=True, help="List the operations, what they do and what they cost.")
@click.option("--json", "as_json", is_flag=True, help="With --list: as one JSON object.")
@click.pass_context
def call(ctx: click.Context, *, listed: bool, as_json: bool) -> int | None:
    """Call any operation of the API by the name of the client's method.

    \b
    ideogram call --list
    ideogram call v3.generate --help
    ideogram call v3.generate -F prompt="A photo of a cat" -F num_images=4 -o cat.png
    ideogram call edit -F images=@cat.png -F images=@hat.png -F prompt="The cat wears the hat" -o out.png
    ideogram call datasets.upload_assets -F dataset_id=ID -F files=@folder/

    Save images as ideogram generate does; print any other response as JSON.
    """  # noqa: D301 - click wants the character
    if ctx.invoked_subcommand is not None:
        if listed or as_json:
            raise click.UsageError("Options go behind OPERATION, and --list needs none.")
        return None
    if not listed:
        raise click.UsageError("Give an OPERATION, or --list.")
    from .operation_help import print_operations  # noqa: PLC0415 - reads the contract

    return print_operations(ctx.make_formatter(), as_json=as_json)


@app.command(cls=RequestCommand, short_help="Save the images of jobs, by their ids.")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--no-wait", is_flag=True, help="Do not wait for jobs that are not done.")
@deadline_option
@image_options
@report_options
@server_options
def fetch(**options: Any) -> int:
    """Save the images of the jobs with these IDs, as often as you like. It costs nothing.

    \b
    ideogram fetch JOB-ID -o cat.png
    ideogram fetch -- -ID-WITH-A-DASH

    generate --async and remix --async print the id of their job. Wait for jobs that are not done. With --json, print
    a line for each job.
    """  # noqa: D301 - click wants the character
    from .request_command import fetch as run  # noqa: PLC0415 - loads httpx

    return run(**options)


@app.command(cls=JsonCommand, short_help="Make an image for each row of a file, and resume.")
@click.argument("source", required=False, metavar="[INPUT]")
@click.option("--out", required=True, metavar="DIR", help="Folder of the batch, or a URL, e.g. s3://bucket/folder.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "parquet", "xlsx"]),
    help="Format of INPUT. [default: by its suffix; jsonl for stdin]",
)
@click.option("--async", "as_jobs", is_flag=True, help="Submit jobs: a row that has an id is never unknown.")
@click.option("--in-flight", type=click.IntRange(1), metavar="N", help="Images in progress. [default: contract]")
@click.option("--downloads", type=click.IntRange(1), metavar="N", help="Downloads at a time. [default: 10]")
@click.option("--operation", metavar="NAME", help="The operation of rows without one. [default: generate]")
@click.option("--resolution", metavar="SIZE", shell_complete=complete, help="For rows without one.")
@click.option("--rendering-speed", metavar="SPEED", shell_complete=complete, help="For rows without one.")
@click.option("-F", "fields", metavar="NAME=VALUE", multiple=True, help="Any field, for rows that do not have it.")
@click.option("--extra-field", "extra", metavar="NAME", multiple=True, help="Send this undocumented column.")
@click.option("--ignore-field", "ignored", metavar="NAME", multiple=True, help="Do not send this column.")
@matrix_options
@click.option(
    "--map",
    "--column",
    "mapped",
    metavar="HEADING=FIELD",
    multiple=True,
    help="Use this column as that field, id or file_name.",
)
@click.option(
    "--csv",
    "csv_settings",
    metavar="NAME=VALUE",
    multiple=True,
    help="Encoding, delimiter, quotes, backslashes, or sheet of a workbook.",
)
@click.option("--no-check", is_flag=True, help="Do not check values against the contract.")
@click.option("--skip-invalid", is_flag=True, help="Skip invalid rows. [default: send nothing if a row is invalid]")
@click.option("--dry-run", is_flag=True, help="Check the rows and print what they would cost. Send nothing.")
@click.option(
    "--max-cost",
    metavar="USD",
    help="Stop before the batch costs more, with its earlier runs. With --shared, for each machine.",
)
@click.option("--prices", metavar="FILE", help="Read prices from FILE, a JSON document.")
@click.option("--yes", is_flag=True, help="Do not ask before more than 20 images.")
@click.option("--retry-unknown", is_flag=True, help="Send rows with an unknown outcome again; may be billed twice.")
@click.option("--retry-failed", is_flag=True, help="Send rows again that failed at no cost, and download lost images.")
@click.option("--redo", metavar="ID", multiple=True, help="Make this row again, and keep the earlier image.")
@click.option("--replace", is_flag=True, help="Make changed rows again, and keep the earlier images.")
@click.option("--rebuild-ledger", is_flag=True, help="Rebuild a lost ledger from the manifest in DIR.")
@click.option("--no-gallery", is_flag=True, help="Do not write index.html.")
@click.option("--ledger", metavar="FILE", help="File of the ledger. [default: inside DIR]")
@click.option("--shared", is_flag=True, help="Share the batch with other machines: claim rows in DIR.")
@click.option("--engine", type=click.Choice(["ray"]), help="Send from all machines of a Ray cluster; implies --shared.")
@click.option("--address", metavar="ADDRESS", help="The cluster. [default: RAY_ADDRESS, or one on this machine]")
@click.option("--json", "as_json", is_flag=True, help="Print events to stdout, one JSON object a line.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors and warnings only.")
@service_options
@click.pass_context
def batch(ctx: click.Context, /, **_options: Any) -> int:
    """Make an image for each row of INPUT: JSON, CSV, Parquet or a workbook, or - for JSON from stdin.

    \b
    ideogram batch prompts.csv --out images --dry-run
    ideogram batch prompts.csv --out images
    ideogram batch prompts.jsonl --out images --mock

    A row has fields of the contract, and optionally an id, a file_name and an operation, for example remix. The
    command checks all rows before it sends the first. Run it again to resume: it never sends a request again that may
    have run, and loses no image that was paid for. Without INPUT, it resumes the rows of DIR. With --shared, it may run
    on many machines at once: one of them makes each row.

    Exit codes, the first that applies: 2 wrong use, nothing sent; 4 rows whose outcome is unknown; 6 images made and
    not saved; 130 or 143 stopped by a signal, rows are left; 3 rows refused, or stopped by the service or by
    --max-cost; 5 images withheld; 0 every image saved.
    """  # noqa: D301 - click wants the character
    from .batch import run  # noqa: PLC0415 - loads httpx

    return run(ctx)


@app.command(short_help="Print the script for shell completion.")
@click.argument("shell", required=False, metavar="[SHELL]")
def completion(shell: str | None) -> int:
    """Print the script for completion in SHELL: bash, zsh or fish. The default is that of $SHELL.

    \b
    echo 'eval "$(ideogram completion bash)"' >> ~/.bashrc
    echo 'eval "$(ideogram completion zsh)"' >> ~/.zshrc
    ideogram completion fish > ~/.config/fish/completions/ideogram.fish
    """  # noqa: D301 - click wants the character
    from .completion import print_script  # noqa: PLC0415

    return print_script(app, shell)


@app.command(short_help="Run a mock server, for free.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on.")
@click.option("--port", default=0, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 is any free one.")
@click.option("--scenario", default="", metavar="LIST", help="Statuses of the first responses, e.g. 429,429,200.")
@click.option("--latency", default=0.0, type=float, metavar="SECONDS", help="How long an image takes. [default: 0]")
@click.option("--in-flight", type=int, metavar="N", help="Images at a time; one more gets a 429.")
@click.option("--record", metavar="FILE", help="Append each request and its verdict as a JSON line, without keys.")
def mock(**options: Any) -> int:
    """Run a mock server that answers every operation like the service, for free.

    It accepts any key, and accepts and refuses requests as the contract says. Its first line is "listening on
    http://HOST:PORT": pass that URL to IDEOGRAM_BASE_URL or --base-url. Stop it with Ctrl-C.

    A request with the header "Prefer: code=429" gets that response, whatever it contains. Jobs, datasets and models are
    forgotten when the server stops.
    """
    from .service import run_mock_server  # noqa: PLC0415 - loads the server

    return run_mock_server(**options)


_conform_options: Final = together(
    click.option("--report", metavar="DIR", help="Write report.json, .xml (JUnit) and .html to DIR, without the key."),
    click.option(
        "--expected-failures",
        "expected",
        type=click.Path(exists=True, dir_okay=False),
        metavar="FILE",
        help="Ids of requirements that may fail, one a line, with # and the reason. One that holds is a failure.",
    ),
)


@app.group(short_help="Test a server or a client against the contract.")
def conform() -> None:
    """Test a server or a client against the contract.

    Exit codes: 0 nothing failed unexpectedly, 1 a requirement failed or held unexpectedly, 2 wrong use, 3 nothing is
    known because the test itself failed or could try nothing.
    """


@conform.command("server", short_help="Test a server.")
@click.argument("url")
@click.option(
    "--operation",
    "operations",
    multiple=True,
    default=("generate",),
    metavar="NAME",
    help="What to test: a method of the client such as remix, or all; repeatable. [default: generate]",
)
@click.option("--max-images", type=click.IntRange(0), metavar="N", help="Images that may be billed. [default: 0]")
@click.option("--yes", is_flag=True, help="Do not ask before something that costs money.")
@click.option("--key-env", metavar="NAME", help="Environment variable with the API key. Loopback needs none.")
@allow_http_option
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of generated requests.")
@click.option("--timeout", type=float, default=60.0, metavar="SECONDS", help="Limit of a response. [default: 60]")
@_conform_options
def conform_server(**options: Any) -> int:
    """Test whether the server at URL keeps the contract: what it accepts, what it refuses, and how it answers.

    \b
    ideogram conform server http://127.0.0.1:4010 --report conformance
    ideogram conform server http://127.0.0.1:4010 --operation all
    ideogram conform server https://api.ideogram.ai --max-images 3 --key-env IDEOGRAM_API_KEY

    A server on loopback gets every request. Any other server gets, by default, only requests that cannot be billed:
    without a key, or without a prompt.
    """  # noqa: D301 - click wants the character
    from .conform import run_on_server  # noqa: PLC0415 - loads the kit

    return run_on_server(**options)


@conform.command(
    "client", short_help="Test a client, in any language.", context_settings={"allow_interspersed_args": False}
)
@click.option("--timeout", type=float, default=30.0, metavar="SECONDS", help="Limit of a run. [default: 30]")
@click.option("--workers", type=click.IntRange(1), default=4, metavar="N", help="Runs at a time. [default: 4]")
@click.option("--scenario", "scenarios", multiple=True, metavar="ID", help="Run this scenario only; repeatable.")
@click.option(
    "--operation",
    "operations",
    multiple=True,
    default=("generate",),
    metavar="NAME",
    help="What to test: a method of this client such as remix, verify_webhook, or all; repeatable. [default: generate]",
)
@_conform_options
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def conform_client(**options: Any) -> int:
    """Test whether a client keeps the contract: what it sends, how it reads responses, what it never repeats.

    \b
    ideogram conform client -- python examples/conformance/this_client.py
    ideogram conform client --report conformance -- node my_client.js

    COMMAND is run once for each scenario, against servers on this machine. Its environment has IDEOGRAM_BASE_URL,
    IDEOGRAM_API_KEY, IDEOGRAM_SCENARIO, IDEOGRAM_OPERATION (generate, unless --operation has others),
    IDEOGRAM_REQUEST (the request to make as JSON, also on stdin; a file is its path) and IDEOGRAM_OUTPUT_DIR. In the
    end it prints one JSON object:

    \b
    {"outcome": "image", "status": 200, "image": "PATH"}

    outcome is image, withheld, refused (not billed), unknown (perhaps billed), or unsupported; of a job also failed,
    and of an operation without images answer, with the JSON of the answer as "answer".
    """  # noqa: D301 - click wants the character
    from .conform import run_on_client  # noqa: PLC0415 - loads the kit

    return run_on_client(**options)
