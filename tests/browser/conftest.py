"""The built page, a scripted server, and a browser that watches for what must never happen."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from mkexe.page.bundle import FIRST_LOAD, LICENSES, SERVICE_WORKER, build_page, page_key

from .fake_server import FakeServer

TEMPLATES = Path(__file__).parents[2] / "templates"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM_ARGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
# a passing test waits much less; a busy computer with two workers needs some of it
TIMEOUT_MS = 45_000
# what breaks the page's policy, whether the browser prints it or not
VIOLATION_SCRIPT = """document.addEventListener("securitypolicyviolation", (event) =>
    mkexeReportViolation(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));"""


def pytest_configure(config: pytest.Config) -> None:
    expect.set_options(timeout=TIMEOUT_MS)


@pytest.fixture(scope="session")
def built_page(request: pytest.FixtureRequest) -> Path:
    """The folder of the built page; built anew only when its sources changed."""
    assert request.config.cache is not None
    folder = request.config.cache.mkdir("page") / page_key(TEMPLATES)[:16]
    with FileLock(folder.with_suffix(".lock")):
        if not all((folder / name).is_file() for name in (*FIRST_LOAD, SERVICE_WORKER, LICENSES)):
            build_page(folder, TEMPLATES, folder.with_suffix(".log"))
    return folder


def chromium_path() -> str | None:
    """The system's Chromium; None for Playwright's own."""
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(executable_path=chromium_path(), args=CHROMIUM_ARGS)
        except PlaywrightError as error:
            reason = f"Chromium cannot be started: {error.message.splitlines()[0]}"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        yield launched
        launched.close()


@pytest.fixture
def server(built_page: Path) -> Iterator[FakeServer]:
    fake = FakeServer(built_page)
    yield fake
    fake.stop()


@contextlib.contextmanager
def watched(browser: Browser, url: str, **options: Any) -> Iterator[BrowserContext]:
    """A fresh browser profile. Fails the test on a foreign request, a broken content policy or a script error."""
    context = browser.new_context(**{"viewport": {"width": 1100, "height": 800}, "color_scheme": "light", **options})
    context.set_default_timeout(TIMEOUT_MS)
    faults: list[str] = []

    def on_request(request: Request) -> None:
        if not request.url.startswith((url, "data:")):
            faults.append(f"request to {request.url}")

    def on_console(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            faults.append(message.text)

    context.expose_function("mkexeReportViolation", lambda text: faults.append(text))
    context.add_init_script(VIOLATION_SCRIPT)

    def on_page(page: Page) -> None:
        page.on("pageerror", lambda error: faults.append(f"script error: {error.message}"))

    context.on("request", on_request)
    context.on("console", on_console)
    context.on("page", on_page)
    yield context
    context.close()
    assert faults == []


@pytest.fixture
def context(browser: Browser, server: FakeServer) -> Iterator[BrowserContext]:
    with watched(browser, server.url) as context:
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()
