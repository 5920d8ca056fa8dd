"""Use two copies at once, in threads and one inside the other, and print as JSON what came of it. Argument: a URL."""

import io
import json
import logging
import sys
from importlib import import_module
from threading import Thread
from typing import Any

import httpx

URL = sys.argv[1]
one, two = (import_module(f"{name}._vendor.ideogram_ai.client") for name in ("one", "two"))
KEYS = {"one": "the-key-of-one", "two": "the-key-of-two"}
PROMPT = {"high_level_description": "a cat", "compositional_deconstruction": {"background": "a wall", "elements": []}}


def use(name: str, **options: Any) -> Any:
    with (one if name == "one" else two).Ideogram(KEYS[name], base_url=URL, **options) as ideogram:
        return ideogram.generate(text_prompt="a cat")


class Echo(httpx.BaseTransport):
    """Lets the second copy work while the first one does, and has the log hold both keys."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        use("two")
        for key in KEYS.values():
            logging.getLogger("httpx").info("echo of %s", key)
        return httpx.Response(401, json={"detail": "no"}, request=request)


def in_threads() -> None:
    threads = [Thread(target=use, args=[name]) for name in ("one", "two", "one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def who_catches(client: Any, other: Any) -> str:
    try:
        client.Ideogram("a-key", base_url=URL).generate()
    except other.IdeogramError:
        return "the other"
    except client.IdeogramError:
        return "its own"
    return "nobody"


def nested() -> str:
    try:
        use("one", http_client=httpx.Client(transport=Echo()))
    except one.AuthenticationError as error:
        return type(error).__module__
    return "nothing"


def a_model_of_the_other() -> str:
    models = import_module("one._vendor.ideogram_ai.generated.models")
    try:
        two.Ideogram("a-key", base_url=URL).generate(json_prompt=models.V4JsonPrompt.from_dict(PROMPT))
    except two.FieldValueError as error:
        return str(error.message)
    return "taken"


def main() -> None:
    log = io.StringIO()
    logging.basicConfig(stream=log, level=logging.DEBUG)
    in_threads()
    said = {
        "requests": log.getvalue().count("send_request_headers.started"),
        "keys": [key for key in KEYS.values() if key in log.getvalue()],
        "catches": [who_catches(one, two), who_catches(two, one)],
        "nested": nested(),
        "echoes": [line.partition("echo of ")[2] for line in log.getvalue().splitlines() if "echo of " in line],
        "loggers": sorted(name for name in logging.root.manager.loggerDict if name.endswith("ideogram_ai.client")),
        "model": a_model_of_the_other(),
        "shared": [name for name in one.__all__ if isinstance(getattr(one, name), type)
                   and getattr(one, name) is getattr(two, name)],
    }  # fmt: skip
    print(json.dumps(said))


if __name__ == "__main__":
    main()
