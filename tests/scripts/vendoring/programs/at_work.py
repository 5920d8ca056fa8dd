"""Do what a program does that has a copy, and print as JSON what came of it. Arguments: the copy's name, a server."""

import asyncio
import hashlib
import json
import pickle
import sys
import tempfile
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

NAME, URL = sys.argv[1:]
client = import_module(f"{NAME}.client")
contract = import_module(f"{NAME}.generated.contract")
PROMPT = {"high_level_description": "a cat", "compositional_deconstruction": {"background": "a wall", "elements": []}}


def with_ideogram(folder: Path) -> Any:
    with client.Ideogram("a-key", base_url=URL) as ideogram:
        generation = ideogram.generate(text_prompt="a cat")
        return ideogram.download(generation.images[0], folder / "sync.png")


async def with_async_ideogram(folder: Path) -> Any:
    async with client.AsyncIdeogram("a-key", base_url=URL) as ideogram:
        generation = await ideogram.generate(json_prompt=PROMPT)
        return await ideogram.download(generation.images[0], folder / "async.png")


def an_error() -> Any:
    """An error that went through pickle."""
    try:
        client.Ideogram("a-key", base_url=URL).generate(text_prompt="a", json_prompt={})
    except client.PromptError as error:
        return pickle.loads(pickle.dumps(error))


def has_metadata() -> bool:
    try:
        return bool(version("ideogram-ai"))
    except PackageNotFoundError:
        return False


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        saved = [with_ideogram(Path(folder)), asyncio.run(with_async_ideogram(Path(folder)))]
        pictures = [path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n") for path in saved]
    error = an_error()
    said = {
        "pictures": pictures,
        "error": [type(error) is client.PromptError, error.case],
        "version": client.__version__,
        "metadata": has_metadata(),
        "contract": hashlib.sha256(contract.read_contract_source()).hexdigest(),
        "path": contract.read_contract()["paths"] != {},
        "file": client.__file__,
        "modules": sorted(sys.modules),
    }
    print(json.dumps(said))


if __name__ == "__main__":
    main()
