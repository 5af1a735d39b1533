"""The page opens while the program is restarted, and never hides what another program shows at the same address."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .chat_page import ChatPage
from .conftest import TIMEOUT_MS, watched
from .fake_server import Answer, FakeServer

pytestmark = pytest.mark.browser

CACHES_SCRIPT = """async () => {
    const kept = {};
    for (const name of await caches.keys())
        kept[name] = (await (await caches.open(name)).keys()).map(({ url }) => url.split('/').slice(3).join('/'));
    return kept;
}"""


def wait_until(page: Page, condition: str) -> None:
    """Wait for an asynchronous function to return true: Playwright's own waiting takes its promise for true."""
    script = f"""async () => {{
        const end = performance.now() + {TIMEOUT_MS};
        while (!(await ({condition})())) {{
            if (performance.now() > end) throw new Error('timeout');
            await new Promise(requestAnimationFrame);
        }}
    }}"""
    page.evaluate(script)


def open_kept(page: Page, server: FakeServer) -> ChatPage:
    """Open the page, and wait until it is kept: the service worker has taken over."""
    chat = ChatPage(page).open_ready(server)
    wait_until(page, "async () => navigator.serviceWorker.controller?.state === 'activated'")
    return chat


def kept_settings(page: Page, server: FakeServer, title: str) -> None:
    """Load the page of an artifact with this title, and wait until that is kept, as all that was asked for before."""
    server.settings = {"title": title, "system_prompt": "", "model_name": ""}
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    wait_until(page, f"async () => (await (await caches.match('build.json')).json()).title === '{title}'")


def other_version(built_page: Path, folder: Path, title: str) -> Path:
    """The page as a later version of mkexe might build it, under `title`."""
    shutil.copytree(built_page, folder)
    index = folder / "index.html"
    text = re.sub(r"\?v=\w+", "?v=0123456789ab", index.read_text("utf-8"))
    index.write_text(text.replace("What", title).replace("<body>", f'<body data-version="{title}">'), "utf-8")
    return folder


def test_page_opens_while_the_program_is_restarted(page: Page, server: FakeServer) -> None:
    open_kept(page, server)
    server.stop()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Garden helper")
    expect(page.get_by_role("heading", name="The program was closed")).to_be_visible()
    chat = ChatPage(page)
    server.answers.append(Answer(["Back again."]))
    chat.ask("Hello?")
    expect(chat.answer.get_by_text("Waiting for the model …")).to_be_visible()
    server.start()
    expect(chat.prose).to_have_text("Back again.")


def test_parts_that_were_used_are_there_while_the_program_is_closed(page: Page, server: FakeServer) -> None:
    chat = open_kept(page, server)
    server.answers.append(Answer(["So $x$."]))
    chat.ask("Show me")
    expect(chat.prose.locator("math")).to_have_count(1)
    wait_until(
        page, f"async () => Object.values(await ({CACHES_SCRIPT})()).flat().some((name) => name.includes('maths'))"
    )
    server.stop()
    page.reload()
    expect(page.get_by_role("heading", name="The program was closed")).to_be_visible()
    name = next(name for name in server.page_requests if "maths" in name)
    assert page.evaluate("address => fetch(address).then((response) => response.ok)", name)


def test_answers_of_the_program_are_never_kept(page: Page, server: FakeServer) -> None:
    chat = open_kept(page, server)
    server.answers.append(Answer(["Secret."]))
    chat.ask("Tell me")
    expect(chat.prose).to_have_text("Secret.")
    page.evaluate("Promise.all(['health', 'props'].map((address) => fetch(address)))")
    kept_settings(page, server, "Kitchen helper")
    kept = page.evaluate(CACHES_SCRIPT)
    (names,) = kept.values()
    assert sorted(re.sub(r"\?v=\w+", "", name) for name in names) == [
        "", "app.css", "app.js", "build.json", "early.js", "favicon.png",
    ]  # fmt: skip


def test_another_artifact_at_the_same_address_shows_its_own_page(
    page: Page, server: FakeServer, built_page: Path, tmp_path: Path
) -> None:
    open_kept(page, server)
    server.stop()
    server.page_dir = other_version(built_page, tmp_path / "other", "other")
    server.settings = {"title": "Kitchen helper", "system_prompt": "", "model_name": ""}
    server.start()
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-version", "other")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kitchen helper")
    # its own worker has replaced the first one's, and with it what was kept
    wait_until(page, "async () => (await caches.keys()).map((name) => name.slice(-12)).join() === '0123456789ab'")
    server.stop()
    page.reload()
    expect(page.locator("body")).to_have_attribute("data-version", "other")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kitchen helper")


def test_artifact_with_the_same_page_shows_its_own_settings_also_while_it_is_closed(
    page: Page, server: FakeServer
) -> None:
    open_kept(page, server)
    kept_settings(page, server, "Kitchen helper")
    server.stop()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kitchen helper")


def test_other_program_at_the_same_address_is_not_hidden(page: Page, server: FakeServer, tmp_path: Path) -> None:
    open_kept(page, server)
    (tmp_path / "index.html").write_text("<!doctype html><title>Other</title><h1>Another program</h1>", "utf-8")
    server.page_dir = tmp_path
    page.reload()
    expect(page.get_by_role("heading")).to_have_text("Another program")
    page.goto(f"{server.url}nothing-here")
    expect(page.get_by_text("not found")).to_be_visible()


def test_page_works_where_service_workers_are_forbidden(browser: Browser, server: FakeServer) -> None:
    with watched(browser, server.url) as context:
        page = context.new_page()
        page.add_init_script("delete Navigator.prototype.serviceWorker")
        server.answers.append(Answer(["Fine."]))
        chat = ChatPage(page).open_ready(server)
        chat.ask("How are you?")
        expect(chat.prose).to_have_text("Fine.")
