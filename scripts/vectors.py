"""Write vectors/, the scenarios of `ideogram conform client` as JSON for any language, or check them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from regeneration.documents import PACKAGE, ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOLDER: Final = ROOT / "vectors"
GENERAL: Final = "general"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code is 1 when a file differs or cannot be written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file differs")
    parser.add_argument("--out", type=Path, default=FOLDER, metavar="DIR", help="another place")
    parser.add_argument(
        "--generated", type=Path, metavar="DIR", help="another contract: what regenerate.py --out DIR made of it"
    )
    options = parser.parse_args(argv)
    if options.generated:
        if options.out == FOLDER:
            parser.error("--generated needs --out, so that the project's own vectors stay those of its contract")
        if not (options.generated / PACKAGE / "contract.json").exists():
            parser.error(f"{options.generated} holds no {PACKAGE}; regenerate.py --contract FILE --out DIR writes it")
        sys.path.insert(0, str(options.generated.resolve()))
    try:
        differences = _differences(options.out, wanted := _files())
        if not options.check:
            _write(options.out, wanted, differences)
    except NotImplementedError as error:  # a keyword that no test could keep
        print(f"error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    if options.check and differences:
        more = "" if options.out == FOLDER else f" --out {options.out}"
        more += f" --generated {options.generated}" if options.generated else ""
        lines = [f"error: {options.out} is not what the contract makes:"]
        lines += [f"  {name}: {what}" for name, what in differences.items()]
        print("\n".join([*lines, f"to update it: python scripts/vectors.py{more}"]), file=sys.stderr)
        return 1
    print(f"{len(wanted)} files in {options.out} are current, {0 if options.check else len(differences)} were written")
    return 0


def _files() -> dict[str, str]:
    """Name and text of every file."""
    # Here and below, because --generated decides where the contract is read.
    from ideogram_ai.testing.conformance.client import VERIFY_WEBHOOK, every_scenario  # noqa: PLC0415

    # A webhook is signed when it is sent, so no file can hold one.
    scenarios = {name: each for name, each in every_scenario().items() if each.operation != VERIFY_WEBHOOK}
    documents = {f"{name}.json": scenario.as_vector() for name, scenario in scenarios.items()}
    documents[f"{GENERAL}.json"] = _general()
    return {name: _text(document) for name, document in documents.items()}


def _general() -> dict[str, Any]:
    """What holds in every scenario: where requests go, and what every one of them has to keep."""
    from ideogram_ai.contract.view import read_view  # noqa: PLC0415
    from ideogram_ai.testing.conformance.client import client_requirements, client_scenarios  # noqa: PLC0415

    view, scenarios = read_view(), client_scenarios()
    fields = {name: rule.content_type or "text/plain" for name, rule in view.fields.items()}
    return {
        "method": view.operation.method,
        "path": view.operation.path,
        "media_type": view.operation.media_type,
        "key_header": view.api_key_header,
        "part_media_types": fields,
        "requirements": [
            {"id": name, "title": requirement.title, "contract_pointer": requirement.pointer}
            for name, requirement in client_requirements().items()
            if name not in scenarios
        ],
    }


def _text(document: Mapping[str, Any]) -> str:
    from ideogram_ai.generated.contract import CONTRACT_SHA256  # noqa: PLC0415

    whole = {"contract_sha256": CONTRACT_SHA256, **document}
    return json.dumps(whole, ensure_ascii=True, indent=2) + "\n"


def _differences(folder: Path, wanted: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with each file that is not as it should be."""
    present = {path.name: path.read_bytes() for path in sorted(folder.glob("*.json"))}
    found = {
        name: "differs" if name in present else "is missing"
        for name, text in wanted.items()
        if present.get(name) != text.encode()
    }
    return found | {name: "is no longer a vector" for name in present if name not in wanted}


def _write(folder: Path, wanted: Mapping[str, str], differences: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in differences:
        if name in wanted:
            (folder / name).write_bytes(wanted[name].encode())
        else:
            (folder / name).unlink()


if __name__ == "__main__":
    sys.exit(main())
