"""What few need is fetched when it is needed, from the program itself, once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .chat_page import ChatPage
from .fake_server import Answer, FakeServer, Gate

pytestmark = pytest.mark.browser


def lazy_parts(server: FakeServer) -> list[str]:
    """Names of the lazy parts that were fetched so far, without hashes."""
    return sorted(re.sub(r"lazy/(.+)-\w{8}\.", r"\1.", name) for name in server.page_requests if "/" in name)


def answer_with(page: Page, server: FakeServer, *steps: str | Gate) -> ChatPage:
    return ChatPage(page).open_and_ask(server, "Show me", Answer(steps))


def test_ordinary_answer_needs_no_further_part(page: Page, server: FakeServer) -> None:
    chat = answer_with(page, server, "**Bold** for $5.\n\n```python\nx = 1\n```\n\n```text\nplain\n```\n\nThe end.")
    expect(chat.prose).to_contain_text("The end.")
    expect(chat.prose.locator(".hljs-number")).to_have_text("1")
    assert lazy_parts(server) == []


def test_rarer_language_is_coloured_when_its_rules_have_come(page: Page, server: FakeServer) -> None:
    chat = answer_with(
        page, server, "```kotlin\nfun main() {}\n```\n\n- in a list:\n  ```haskell\n  x = 1\n  ```\n\nThe end."
    )
    expect(chat.prose.locator(".hljs-keyword")).to_have_text("fun")
    expect(chat.prose.locator("li .hljs-number")).to_have_text("1")
    assert lazy_parts(server) == ["languages.js"]


def test_code_that_grows_while_its_rules_come_loses_nothing(page: Page, server: FakeServer) -> None:
    gate = Gate()
    chat = answer_with(page, server, "```kotlin\nfun a() {}\n", gate, "fun b() {}\n```\n\nThe end.")
    expect(chat.prose.locator(".hljs-keyword")).to_have_text("fun")
    gate.open()
    expect(chat.prose).to_contain_text("The end.")
    expect(chat.prose.locator(".hljs-keyword")).to_have_text(["fun", "fun"])
    expect(chat.prose.locator("code")).to_have_text("fun a() {}\nfun b() {}\n")


def test_typesetter_comes_with_the_first_formula(page: Page, server: FakeServer) -> None:
    gate = Gate()
    chat = answer_with(page, server, "No formula yet. ", gate, "But $x$ and $y$.")
    expect(chat.prose).to_contain_text("No formula yet.")
    assert lazy_parts(server) == []
    gate.open()
    expect(chat.prose.locator("math")).to_have_count(2)
    assert lazy_parts(server) == ["maths.js"]


def test_part_that_cannot_be_fetched_leaves_the_answer_readable(page: Page, server: FakeServer) -> None:
    server.answers.append(Answer([r"So $\frac{a}{b}$.", "\n\n```kotlin\nfun main() {}\n```\n\nThe end."]))
    chat = ChatPage(page).open_ready(server)
    server.without = re.compile("^lazy/")
    chat.ask("Show me")
    expect(chat.prose).to_contain_text("The end.")
    expect(chat.prose).to_contain_text(r"So $\frac{a}{b}$.")
    expect(chat.prose.locator("code")).to_have_text("fun main() {}\n")


def test_parts_are_found_below_another_address(page: Page, server: FakeServer) -> None:
    server.prefix = "/deep/down/"
    chat = answer_with(page, server, "So $x$.\n\n```kotlin\nfun main() {}\n```\n")
    expect(chat.prose.locator("math")).to_have_count(1)
    expect(chat.prose.locator(".hljs-keyword")).to_have_text("fun")
