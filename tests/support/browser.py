"""Debian's Chromium without a window, driven by playwright, for tests of pages that people look at."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

expect.set_options(timeout=30_000)  # milliseconds: machines that run tests are shared, and slow now and then

# It runs as root in containers, has no graphics card there, and calls home unless it is told not to.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextlib.contextmanager
def open_browser(profile: Path) -> Iterator[BrowserContext]:
    """Start a browser with a profile of its own, and end it with the context.

    Args:
        profile: An empty folder.
    """
    program = shutil.which("chromium")
    if program is None:
        complaint = "there is no chromium on PATH (Debian's package of that name)"
        if os.environ.get("CI"):
            pytest.fail(complaint)
        pytest.skip(complaint)
    with (
        sync_playwright() as playwright,
        contextlib.closing(
            playwright.chromium.launch_persistent_context(profile, executable_path=program, args=ARGUMENTS)
        ) as context,
    ):
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        yield context


@contextlib.contextmanager
def open_page(context: BrowserContext, path: Path | str, fragment: str = "") -> Iterator[Page]:
    """Open a page from the disk or a server. What it complains of, or fetches from elsewhere, fails the test.

    Args:
        context: The browser.
        path: The page's file, or its URL.
        fragment: What follows the hash sign of its address.
    """
    page, address = context.new_page(), path if isinstance(path, str) else path.as_uri()
    origin = "/".join(address.split("/")[:3])
    complaints: list[str] = []
    reports = {"error", "warning", "assert"}
    page.on("console", lambda each: complaints.extend([each.text] if each.type in reports else []))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
    page.on(
        "request", lambda request: complaints.extend([] if request.url.startswith((origin, "data:")) else [request.url])
    )
    try:
        page.goto(address + (f"#{fragment}" if fragment else ""))
        yield page
        assert not complaints, complaints
    finally:
        page.close()
