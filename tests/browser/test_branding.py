"""What the builder can change of the page's looks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .chat_page import ChatPage
from .fake_server import Answer, FakeServer
from .test_looks_and_access import CONTRAST_SCRIPT

pytestmark = pytest.mark.browser

ACCENTED = ".button.filled, .send, .starter, .bubble, .prose a, .skip, .button.strong"


def brand(server: FakeServer, **members: Any) -> None:
    server.settings = {"title": "Rose", "model_name": "Tiny 1B", **members}


def test_texts_of_the_builder_are_shown(page: Page, server: FakeServer) -> None:
    questions = [f"What is rose number {number}?" for number in range(1, 10)]
    brand(
        server, greeting="Ask me about roses", questions=questions, footer="Rose Society", about="<b>Made</b> for you."
    )
    chat = ChatPage(page).open(server)
    expect(page.get_by_role("heading", name="Ask me about roses")).to_be_visible()
    expect(page.locator(".starter")).to_have_text(questions[:8])
    expect(page.get_by_text("Rose Society")).to_be_visible()
    chat.button("What is rose number 2?").click()
    expect(chat.message).to_have_value("What is rose number 2?")
    chat.button("About this chat").click()
    expect(page.get_by_role("dialog").get_by_text("<b>Made</b> for you.")).to_be_visible()


def test_members_of_wrong_types_are_as_if_absent(page: Page, server: FakeServer) -> None:
    brand(
        server, accent="red", greeting=7, questions="one", footer=None, icon="https://bad.example/i.png", settings=[1]
    )
    ChatPage(page).open_ready(server)
    expect(page.locator(".starter")).to_have_count(4)
    expect(page.locator(".logo")).to_have_attribute("src", re.compile(r"^favicon\.png\?v=\w+$"))


def test_icon_of_the_builder_is_shown(page: Page, server: FakeServer) -> None:
    brand(server, icon="favicon.png?v=12ab")
    ChatPage(page).open_ready(server)
    expect(page.locator(".logo")).to_have_attribute("src", "favicon.png?v=12ab")
    expect(page.locator('link[rel="icon"]')).to_have_attribute("type", "image/png")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("accent", ["#ffee00", "#000080", "#ff0000", "#ffffff", "#000000", "#808080"])
def test_accent_keeps_enough_contrast(page: Page, server: FakeServer, accent: str, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    brand(server, accent=accent)
    chat = ChatPage(page).open_and_ask(server, "Hi", Answer(["A [link](https://good.example)."]))
    expect(chat.prose).to_have_text("A link.")
    chat.button("New chat").click()
    chat.message.fill("x")
    ratios = page.evaluate(CONTRAST_SCRIPT, ACCENTED)
    page.go_back()
    expect(chat.prose).to_have_text("A link.")
    ratios += page.evaluate(CONTRAST_SCRIPT, ACCENTED)
    chat.button("Settings").click()
    ratios += page.evaluate(CONTRAST_SCRIPT, "#settings-close")
    assert len(ratios) > 7
    assert [pair for pair in ratios if pair[1] < 4.5] == []


def test_accent_that_can_be_read_is_taken_as_it_is(page: Page, server: FakeServer) -> None:
    brand(server, accent="#7a1fa2")
    ChatPage(page).open_ready(server)
    assert page.evaluate("document.documentElement.style.getPropertyValue('--accent')") == "#7a1fa2"


def test_links_that_are_off_are_text(page: Page, server: FakeServer) -> None:
    brand(server, links=False)
    chat = ChatPage(page).open_and_ask(
        server, "Hi", Answer(["A [link](https://good.example/a) and https://b.example."])
    )
    expect(chat.prose).to_have_text("A link (https://good.example/a) and https://b.example.")
    expect(chat.prose.locator("a")).to_have_count(0)
