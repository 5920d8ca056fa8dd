"""What users rely on, read from the code itself: names, signatures, options, exit codes, faults, requirements, vectors.

`python tests/support/public_surface.py` writes it to tests/project/public_surface.json: run it when something is added
on purpose, and read the difference. What is there is never renamed or taken away without a major version.
"""

import argparse
import importlib
import inspect
import json
import sys
from contextlib import chdir, redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import click

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "tests/project/public_surface.json"

PACKAGES = (
    "ideogram_ai.client",
    "ideogram_ai.batch",
    "ideogram_ai.testing",
    "ideogram_ai.testing.faults",
    "ideogram_ai.testing.conformance",
    "ideogram_ai.testing.conformance.client",
    "ideogram_ai.testing.conformance.server",
    "ideogram_ai.generated.models",
)
# What the documents import from a module of its own.
DOCUMENTED = {
    "ideogram_ai.batch.checking": ("Checker", "Rules"),
    "ideogram_ai.batch.prices": ("read_prices",),
    "ideogram_ai.batch.reading": ("read_rows",),
    "ideogram_ai.batch.store": ("open_store",),
    "ideogram_ai.integrations.opentelemetry": ("trace_calls",),
    "ideogram_ai.integrations.pydantic_ai": ("IdeogramImageGenerationModel", "IdeogramImageGenerationSettings"),
    "ideogram_ai.generated.operations": ("POST_GENERATE_IMAGE_V4", "POST_REMIX_IMAGE_V4"),
}


def surface() -> dict[str, Any]:
    """Give all of it as plain JSON values."""
    names = {package: sorted(importlib.import_module(package).__all__) for package in PACKAGES}
    return {
        "python": {
            package: {name: describe(getattr(importlib.import_module(package), name)) for name in members}
            for package, members in {**names, **DOCUMENTED}.items()
        },
        "commands": commands(),
        "exit codes": {code.name: int(code) for code in importlib.import_module("ideogram_ai.cli.exit_codes").ExitCode},
        "scripts": {name: script_options(name) for name in ("regenerate", "drift", "vendor")},
        "faults": faults(),
        "requirements": requirements(),
        "json": json_members(),
        "vectors": sorted(path.name for path in (ROOT / "vectors").glob("*.json")),
    }


def describe(thing: object) -> Any:
    """Give the parameters of a function; of a class its bases, its construction and its public members."""
    if inspect.isclass(thing):
        members = {
            name: describe(member) if callable(member) and not inspect.isclass(member) else type(member).__name__
            for name, member in inspect.getmembers(thing)
            if not name.startswith("_") and not _inherited(thing, name)
        }
        fields = {field.name: "field" for field in getattr(thing, "__attrs_attrs__", ())}
        return {
            "bases": [base.__name__ for base in thing.__mro__[1:] if issubclass(base, BaseException)],
            "init": _parameters(thing),
            "members": {name: "attribute" if _is_slot(kind) else kind for name, kind in {**members, **fields}.items()},
        }
    return _parameters(thing) if callable(thing) else type(thing).__name__


def _is_slot(kind: Any) -> bool:
    return kind in ("member_descriptor", "field", "property", "cached_property", "_Member")


def _inherited(thing: type, name: str) -> bool:
    """Tell whether a member comes from Python itself."""
    return any(name in vars(base) for base in thing.__mro__ if base.__module__ == "builtins") and name not in vars(
        thing
    )


def _parameters(thing: Any) -> Any:
    try:
        signature = inspect.signature(thing)
    except (TypeError, ValueError):
        return "callable"
    return [
        f"{parameter.kind.name.lower()} {name}" + ("" if parameter.default is parameter.empty else " = ...")
        for name, parameter in signature.parameters.items()
    ]


def commands() -> dict[str, list[str]]:
    """Give every command of `ideogram`, with its options and arguments."""
    found: dict[str, list[str]] = {}

    def walk(command: click.Command, path: str) -> None:
        context = click.Context(command, info_name=path)
        # Not get_params(), whose help option has other names once the command has run in this process.
        declared = (" ".join([*parameter.opts, *parameter.secondary_opts]) for parameter in command.params)
        found[path] = sorted([*declared, "--help"])
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                walk(command.get_command(context, name), f"{path} {name}")  # type: ignore[arg-type]

    walk(importlib.import_module("ideogram_ai.cli.app").app, "ideogram")
    return found


def script_options(name: str) -> list[str]:
    """Give the options and arguments of a script."""
    found: list[str] = []
    add = argparse._ActionsContainer.add_argument

    def record(container: Any, *flags: str, **options: Any) -> Any:
        found.append(" ".join(flags))
        return add(container, *flags, **options)

    module = importlib.import_module(name)
    with (
        patch.object(argparse._ActionsContainer, "add_argument", record),
        redirect_stdout(StringIO()),
        suppress(SystemExit),
    ):
        module.main(["--help"])
    return sorted(found)


def faults() -> dict[str, list[str]]:
    """Give the names of every fault."""
    tables = importlib.import_module("ideogram_ai.testing.faults")
    return {"requests": sorted(tables.FAULTS), "images": sorted(tables.IMAGE_FAULTS)}


def requirements() -> dict[str, list[str]]:
    """Give the ids of what conformance asks of a server and of a client, and of the scenarios."""
    server = importlib.import_module("ideogram_ai.testing.conformance.server")
    client = importlib.import_module("ideogram_ai.testing.conformance.client")
    return {
        "server": sorted(server.server_requirements()),
        "client": sorted(client.client_requirements()),
        "scenarios": sorted(client.client_scenarios()),
    }


def json_members() -> dict[str, list[str]]:
    """Give the members of what `--json` prints, and of a line of a batch's manifest."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in.csv").write_text("id,text_prompt\n1,a cat\n", "utf-8")
        submitted, generated = _run(folder, "generate", "a cat", "--async", "--mock", "--json", "-o", "cat.png")
        (described,) = _run(folder, "describe", "cat.png", "--mock", "--json")
        events = _run(folder, "batch", "in.csv", "--out", "out", "--mock", "--json")
        (line,) = (folder / "out/manifest.jsonl").read_text("utf-8").splitlines()
    return {
        "generate": sorted(generated),
        "image of generate": sorted(generated["images"][0]),
        "generate --async, before it waits": sorted(submitted),
        "job of generate --async": sorted(submitted["job"]),
        "describe": sorted(described),
        **{f"batch, {event['event']}": sorted(event) for event in events},
        "rows of the end of a batch": sorted(events[-1]["rows"]),
        "manifest": sorted(json.loads(line)),
    }


def _run(folder: Path, *arguments: str) -> list[dict[str, Any]]:
    with chdir(folder), redirect_stdout(StringIO()) as printed:
        assert importlib.import_module("ideogram_ai.cli.main").main(list(arguments)) == 0
    return [json.loads(line) for line in printed.getvalue().splitlines()]


if __name__ == "__main__":
    sys.path.append(str(ROOT / "scripts"))
    RECORD.write_text(json.dumps(surface(), indent=1, ensure_ascii=False) + "\n", "utf-8")
