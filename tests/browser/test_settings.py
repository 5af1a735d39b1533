"""Settings: what the person chooses, what the builder presets and locks, and the key of a guarded program."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from .chat_page import ChatPage
from .conftest import TEMPLATES
from .fake_server import Answer, FakeServer

pytestmark = pytest.mark.browser

TABLE: list[dict[str, Any]] = json.loads((TEMPLATES / "webui/src/prefs/settings-table.json").read_text("utf-8"))


def open_settings(page: Page, advanced: bool = False) -> Locator:
    page.get_by_role("button", name="Settings", exact=True).click()
    dialog = page.get_by_role("dialog")
    if advanced:
        dialog.get_by_text("Advanced", exact=True).click()
    return dialog


def open_locked(page: Page, server: FakeServer) -> ChatPage:
    """The page of a program that has a key asks for it before it starts."""
    page.goto(server.url)
    return ChatPage(page)


def set_build(server: FakeServer, **members: Any) -> None:
    server.settings = {"title": "Helper", "system_prompt": "Be brief.", "model_name": "Tiny 1B", **members}


def test_every_row_of_the_table_has_a_named_and_described_control(page: Page, server: FakeServer) -> None:
    ChatPage(page).open_ready(server)
    open_settings(page, advanced=True)
    for row in TABLE:
        control = page.locator(f"#setting-{row['name']}")
        expect(control).to_be_visible()
        assert control.evaluate("e => e.labels[0].textContent.length") > 2
        expect(control).to_have_accessible_description(re.compile(r"\w{2}"))


def test_untouched_settings_add_nothing_to_a_request(page: Page, server: FakeServer) -> None:
    ChatPage(page).open_and_ask(server, "Hi", Answer(["Hello."]))
    expect(ChatPage(page).prose).to_have_text("Hello.")
    assert set(server.chat_requests[0]) == {"messages", "stream", "return_progress"}


def test_choices_are_sent_and_kept_and_can_be_reset(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_ready(server)
    dialog = open_settings(page, advanced=True)
    dialog.get_by_label("Creativity (temperature)").fill("0.3")
    dialog.get_by_label("Instructions for the model").fill("Answer in rhymes.")
    dialog.get_by_label("Think before answering").uncheck()
    chat.button("Done").click()
    chat.reload().until_ready()
    server.answers.extend([Answer(["One."]), Answer(["Two."])])
    chat.ask("Hi")
    expect(chat.prose).to_have_text("One.")
    request = server.chat_requests[0]
    assert request["temperature"] == 0.3
    assert request["chat_template_kwargs"] == {"enable_thinking": False}
    assert request["messages"][0] == {"role": "system", "content": "Answer in rhymes."}
    open_settings(page)
    chat.button("Reset all").click()
    chat.button("Done").click()
    chat.ask("And?")
    expect(chat.prose).to_have_text("Two.")
    assert set(server.chat_requests[1]) == {"messages", "stream", "return_progress"}
    assert server.chat_requests[1]["messages"][0]["role"] == "user"


def test_a_number_out_of_range_is_refused_with_the_range(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_ready(server)
    field = open_settings(page).get_by_label("Creativity (temperature)")
    field.fill("7")
    field.blur()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("Please enter a number from 0 to 2.")).to_be_visible()
    chat.button("Done").click()
    server.answers.append(Answer(["Hello."]))
    chat.ask("Hi")
    expect(chat.prose).to_have_text("Hello.")
    assert "temperature" not in server.chat_requests[0]


def test_presets_are_sent_and_can_be_changed_unless_they_are_locked(page: Page, server: FakeServer) -> None:
    set_build(
        server,
        settings={
            "temperature": {"value": 0.7, "locked": True},
            "top_k": {"value": 5},
            "min_p": {"value": "much"},
            "theme": {"value": "dark", "locked": True},
        },
    )
    chat = ChatPage(page).open_ready(server)
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("#theme")).to_be_hidden()
    dialog = open_settings(page, advanced=True)
    locked = dialog.get_by_label("Creativity (temperature)")
    expect(locked).to_be_disabled()
    expect(locked).to_have_value("0.7")
    expect(dialog.get_by_text("This program does not let you change this setting.").first).to_be_visible()
    # whoever lifts the lock with the browser's tools meets it again behind the field
    locked.evaluate("e => { e.disabled = false; e.value = '1.5'; e.dispatchEvent(new Event('change')); }")
    dialog.get_by_label("Top K").fill("9")
    chat.button("Done").click()
    server.answers.append(Answer(["Hello."]))
    chat.ask("Hi")
    expect(chat.prose).to_have_text("Hello.")
    request = server.chat_requests[0]
    assert (request["temperature"], request["top_k"]) == (0.7, 9)
    assert "min_p" not in request


def test_artifacts_that_share_an_address_keep_their_settings_apart(page: Page, server: FakeServer) -> None:
    server.session_name = "first"
    chat = ChatPage(page).open_ready(server)
    open_settings(page).get_by_label("Creativity (temperature)").fill("0.3")
    chat.button("Done").click()
    server.session_name = "second"
    chat.open_ready(server)
    expect(open_settings(page).get_by_label("Creativity (temperature)")).to_have_value("")
    server.session_name = "first"
    chat.open_ready(server)
    expect(open_settings(page).get_by_label("Creativity (temperature)")).to_have_value("0.3")


def test_theme_and_text_size_change_the_page_at_once(page: Page, server: FakeServer) -> None:
    ChatPage(page).open_ready(server)
    size = "parseFloat(getComputedStyle(document.getElementById('message')).fontSize)"
    before = page.evaluate(size)
    dialog = open_settings(page)
    dialog.get_by_label("Colours").select_option("dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    dialog.get_by_label("Text size").select_option("large")
    assert page.evaluate(size) > before * 1.1


def test_enter_starts_a_new_line_where_it_is_set_so(page: Page, server: FakeServer) -> None:
    server.answers.append(Answer(["Hello."]))
    chat = ChatPage(page).open_ready(server)
    open_settings(page, advanced=True).get_by_label("Enter sends the message").uncheck()
    chat.button("Done").click()
    chat.message.fill("one")
    chat.message.press("Enter")
    chat.message.press_sequentially("two")
    expect(chat.message).to_have_value("one\ntwo")
    expect(page.locator("#composer-hint")).to_have_text("Ctrl + Enter sends, Enter starts a new line")
    chat.message.press("Control+Enter")
    expect(chat.prose).to_have_text("Hello.")


def test_speed_is_shown_where_it_is_asked_for(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Hi", Answer(["Hello."], tokens_per_second=12.0))
    expect(chat.prose).to_have_text("Hello.")
    expect(page.locator(".speed").first).to_be_hidden()
    open_settings(page, advanced=True).get_by_label("Show the speed").check()
    chat.button("Done").click()
    expect(page.locator(".speed")).to_have_text(["12 tokens/s", "123 of 4,096 tokens used"])
    expect(page.locator(".speed").first).to_be_visible()


def test_key_is_asked_for_until_it_is_right_and_then_kept(page: Page, server: FakeServer) -> None:
    server.api_key = "open sesame"
    chat = open_locked(page, server)
    for key in ("wrong", "open sesame"):
        page.get_by_label("Key", exact=True).fill(key)
        chat.button("Continue").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("heading", name="What can I help you with?")).to_be_visible()
    server.answers.extend([Answer(["Come in."]), Answer(["Again."])])
    chat.ask("Hi")
    expect(chat.prose).to_have_text("Come in.")
    chat.open_ready(server)
    chat.ask("Hi")
    expect(chat.prose).to_have_text("Again.")


def test_without_the_key_the_page_says_what_is_missing(page: Page, server: FakeServer) -> None:
    server.api_key = "open sesame"
    chat = open_locked(page, server)
    chat.button("Without a key").click()
    expect(page.get_by_role("heading", name="What can I help you with?")).to_be_visible()
    chat.ask("Hi")
    chat.button("Without a key").click()
    expect(chat.answer.get_by_text("This program needs a key, and this page has none.")).to_be_visible()
