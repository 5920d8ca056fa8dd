"""What a program does with a copy. Arguments: a function of this module, and its arguments; prints its result as JSON.

The functions import what they need of the copy, and httpx, so that a test sees what that loads.
"""

import asyncio
import hashlib
import io
import json
import logging
import pickle
import sys
import tempfile
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Thread
from typing import Any

PROMPT = {"high_level_description": "a cat", "compositional_deconstruction": {"background": "a wall", "elements": []}}
KEYS = {"one": "the-key-of-one", "two": "the-key-of-two"}


def imported(name: str) -> list[list[str]]:
    """Import a copy; return the loaded modules before and after the first use of a name."""
    client = import_module(f"{name}.client")
    before = sorted(sys.modules)
    assert client.Ideogram is not None
    return [before, sorted(sys.modules)]


def at_work(name: str, url: str) -> dict[str, Any]:
    """Do all that a program does that has a copy."""
    client = import_module(f"{name}.client")
    contract = import_module(f"{name}.generated.contract")

    def with_ideogram(folder: Path) -> Any:
        with client.Ideogram("a-key", base_url=url) as ideogram:
            generation = ideogram.generate(text_prompt="a cat")
            return ideogram.download(generation.images[0], folder / "sync.png")

    async def with_async_ideogram(folder: Path) -> Any:
        async with client.AsyncIdeogram("a-key", base_url=url) as ideogram:
            generation = await ideogram.generate(json_prompt=PROMPT)
            return await ideogram.download(generation.images[0], folder / "async.png")

    with tempfile.TemporaryDirectory() as folder:
        saved = [with_ideogram(Path(folder)), asyncio.run(with_async_ideogram(Path(folder)))]
        pictures = [path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n") for path in saved]
        jobs = asyncio.run(as_jobs(client, url, saved[0]))
    try:
        client.Ideogram("a-key", base_url=url).generate(text_prompt="a", json_prompt={})
    except client.PromptError as raised:
        error = pickle.loads(pickle.dumps(raised))
    try:
        metadata = bool(version("ideogram-ai"))
    except PackageNotFoundError:
        metadata = False
    return {
        "pictures": pictures,
        "jobs": jobs,
        "error": [type(error) is client.PromptError, error.case],
        "version": client.__version__,
        "metadata": metadata,
        "contract": hashlib.sha256(contract.read_contract_source()).hexdigest(),
        "path": contract.read_contract()["paths"] != {},
        "file": client.__file__,
        "modules": sorted(sys.modules),
    }


async def as_jobs(client: Any, url: str, picture: Path) -> list[Any]:
    """Submit jobs, send files, and wait, with both clients."""
    with client.Ideogram("a-key", base_url=url) as ideogram:
        described = ideogram.describe(image_file=picture)
        first = ideogram.wait(ideogram.submit(json_prompt=described.json_prompt))
        remixed = ideogram.remix(image=first.images[0], text_prompt="a dog")
    async with client.AsyncIdeogram("a-key", base_url=url) as ideogram:
        job = await ideogram.submit_remix(image=picture, text_prompt="a horse")
        last = await ideogram.wait(job.id)
        keys = await ideogram.webhook_keys()
    return [type(job) is client.Job, len(keys.keys) > 0, *(len(each.images) for each in (first, remixed, last))]


def verified(name: str, delivery: str) -> dict[str, Any]:
    """Verify a webhook with a copy, or say which package that needs."""
    client = import_module(f"{name}.client")
    said = json.loads(delivery)
    headers = [(name, value) for name, value in said["headers"]]
    before = "cryptography" in sys.modules
    try:
        job = client.verify_webhook(headers, said["body"].encode(), said["keys"], max_age=1e12)
    except ImportError as error:
        return {"before": before, "needs": error.name}
    return {"before": before, "job": [job.id, job.status]}


def shared_classes(one: Any, two: Any) -> list[str]:
    """The names under which two clients have the same class."""
    classes = [name for name in one.__all__ if isinstance(getattr(one, name), type)]
    return [name for name in classes if getattr(one, name) is getattr(two, name, None)]


def beside(*names: str) -> dict[str, Any]:
    """Import a copy and what is installed, in the order of the names, and compare them."""
    clients = {name: import_module(f"{name}.client") for name in names}
    contracts = {name: import_module(f"{name}.generated.contract") for name in names}
    return {
        "installed": version("ideogram-ai"),
        "versions": {name: client.__version__ for name, client in clients.items()},
        "contracts": {name: contract.CONTRACT_SHA256 for name, contract in contracts.items()},
        "shared": shared_classes(*clients.values()),
    }


def who_catches(client: Any, other: Any, url: str) -> str:
    """Whose base class catches the error of a client."""
    try:
        client.Ideogram("a-key", base_url=url).generate()
    except other.IdeogramError:
        return "the other"
    except client.IdeogramError:
        return "its own"
    return "nobody"


def two_copies(url: str) -> dict[str, Any]:
    """Use two copies at once, in threads and one inside the other."""
    import httpx

    clients = {name: import_module(f"{name}._vendor.ideogram_ai.client") for name in KEYS}
    one, two = clients.values()

    def use(name: str, **options: Any) -> Any:
        with clients[name].Ideogram(KEYS[name], base_url=url, **options) as ideogram:
            return ideogram.generate(text_prompt="a cat")

    class Echo(httpx.BaseTransport):
        """Lets the second copy work while the first one does, and has the log hold both keys."""

        def handle_request(self, request: httpx.Request) -> httpx.Response:
            use("two")
            for key in KEYS.values():
                logging.getLogger("httpx").info("echo of %s", key)
            return httpx.Response(401, json={"detail": "no"}, request=request)

    log = io.StringIO()
    logging.basicConfig(stream=log, level=logging.DEBUG)
    threads = [Thread(target=use, args=[name]) for name in ("one", "two", "one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    said: dict[str, Any] = {
        "requests": log.getvalue().count("send_request_headers.started"),
        "keys": [key for key in KEYS.values() if key in log.getvalue()],
        "catches": [who_catches(one, two, url), who_catches(two, one, url)],
        "shared": shared_classes(one, two),
    }
    try:
        use("one", http_client=httpx.Client(transport=Echo()))
    except one.AuthenticationError as error:
        said["nested"] = type(error).__module__
    models = import_module("one._vendor.ideogram_ai.generated.models")
    try:
        two.Ideogram("a-key", base_url=url).generate(json_prompt=models.V4JsonPrompt.from_dict(PROMPT))
    except two.FieldValueError as error:
        said["model"] = str(error.message)
    said["echoes"] = [line.partition("echo of ")[2] for line in log.getvalue().splitlines() if "echo of " in line]
    said["loggers"] = sorted(name for name in logging.root.manager.loggerDict if name.endswith("ideogram_ai.client"))
    return said


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))
