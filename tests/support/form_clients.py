"""Clients on other HTTP libraries for `ideogram conform client`: form_clients.py requests, aiohttp or chromium."""

import asyncio
import json
import os
import shutil
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

BASE = os.environ["IDEOGRAM_BASE_URL"]
KEY = os.environ["IDEOGRAM_API_KEY"]
REQUEST: dict[str, Any] = json.loads(os.environ["IDEOGRAM_REQUEST"])
if change := os.environ.get("FORM_CLIENT_CHANGE"):
    REQUEST = {name: eval(change, {"value": value}) for name, value in REQUEST.items()}
PATH = "/v1/ideogram-v4/generate"

Answer = tuple[int, str]


def with_requests() -> Answer:
    import requests

    files: dict[str, Any] = {
        name: (None, value) if isinstance(value, str) else (None, json.dumps(value), "application/json")
        for name, value in REQUEST.items()
    }
    answer = requests.post(BASE + PATH, files=files, headers={"Api-Key": KEY}, timeout=20)
    return answer.status_code, answer.text


async def with_aiohttp() -> Answer:
    import aiohttp

    form = aiohttp.FormData(default_to_multipart=True)
    for name, value in REQUEST.items():
        if isinstance(value, str):
            form.add_field(name, value)
        else:
            form.add_field(name, json.dumps(value), content_type="application/json")
    async with (
        aiohttp.ClientSession() as session,
        session.post(BASE + PATH, data=form, headers={"Api-Key": KEY}) as answer,
    ):
        return answer.status, await answer.text()


IN_A_PAGE = """async ([path, key, request]) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(request))
        form.append(name, typeof value === "string" ? value
            : new Blob([JSON.stringify(value)], {type: "application/json"}));
    const answer = await fetch(path, {method: "POST", headers: {"Api-Key": key}, body: form});
    return [answer.status, await answer.text()];
}"""


def with_chromium() -> Answer:
    from browser import ARGUMENTS
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        page = context.new_page()
        page.goto(BASE + "/")  # a page of the same origin, whatever it shows
        status, text = page.evaluate(IN_A_PAGE, [PATH, KEY, REQUEST])
        context.close()
        return status, text


def main() -> None:
    ways = {"requests": with_requests, "aiohttp": lambda: asyncio.run(with_aiohttp()), "chromium": with_chromium}
    tell(*ways[sys.argv[1]]())


def tell(status: int, text: str) -> None:
    if status != 200:
        print(json.dumps({"outcome": "refused", "status": status}))
        return
    path = Path(os.environ["IDEOGRAM_OUTPUT_DIR"]) / "image.png"
    with urllib.request.urlopen(json.loads(text)["data"][0]["url"]) as image:
        path.write_bytes(image.read())
    print(json.dumps({"outcome": "image", "status": status, "image": str(path)}))


main()
