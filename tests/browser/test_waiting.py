"""A page that was opened while the program is closed: what is written waits, and what is not known is not said."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from .chat_files import chat_file
from .chat_page import ChatPage
from .conftest import watched
from .fake_server import Answer, FakeServer
from .test_offline import open_kept, wait_until

pytestmark = pytest.mark.browser

FOLDER = "/home/ada/.local/share/mkexe/tiny/chats"
NOTES = FilePayload(name="notes.md", mimeType="text/markdown", buffer=b"# Plants\n\nWater them.\n")
ANSWERS = 60  # so many of the program's are waited for
WAITING = "The program is closed. What you write now waits in this browser"


@pytest.fixture(autouse=True)
def chats_are_kept(server: FakeServer) -> None:
    server.session_name, server.chats_folder = "tiny", FOLDER


def open_closed(page: Page, server: FakeServer) -> ChatPage:
    """Open the page while the program is closed: the service worker serves it."""
    chat = open_kept(page, server)
    server.stop()
    page.reload()
    expect(page.get_by_role("heading", name="The program was closed")).to_be_visible()
    return chat


def expect_kept(page: Page, server: FakeServer, texts: list[str]) -> dict[str, Any]:
    """Wait until the program has one chat, with these messages: the page asks often, so there are answers."""
    chats: list[dict[str, Any]] = []
    for _ in range(ANSWERS):
        chats = [json.loads(text) for text in server.chats.values()]
        if len(chats) == 1 and [message["content"] for message in chats[0]["messages"]] == texts:
            return dict(chats[0])
        page.wait_for_event("response")
    raise AssertionError(f"expected one chat with {texts}, found {chats}")


def wait_in_browser(page: Page, count: int) -> None:
    """Wait until so many chats lie in the browser."""
    condition = f"""() => new Promise((resolve) => {{
        const opening = indexedDB.open('mkexe');
        opening.onupgradeneeded = () => opening.transaction.abort();
        opening.onerror = () => resolve(false);
        opening.onsuccess = () => {{
            const asked = opening.result.transaction('waiting').objectStore('waiting').count();
            asked.onsuccess = () => {{ opening.result.close(); resolve(asked.result === {count}); }};
        }};
    }})"""
    wait_until(page, condition)


def test_a_chat_that_is_begun_while_the_program_is_closed_is_kept_when_it_is_back(
    page: Page, server: FakeServer
) -> None:
    chat = open_closed(page, server)
    server.answers.append(Answer(["Back again."]))
    chat.ask("Hello?")
    expect(chat.answer.get_by_text("Waiting for the model …")).to_be_visible()
    server.start()
    expect(chat.prose).to_have_text("Back again.")
    expect_kept(page, server, ["Hello?", "Back again."])
    expect(page.locator("#chats-kept")).to_contain_text(FOLDER)
    page.reload()
    expect(chat.questions).to_have_text("Hello?")
    expect(chat.prose).to_have_text("Back again.")
    expect(page.locator(".chat-title")).to_have_text(["Hello?"])
    wait_in_browser(page, 0)


def test_what_is_not_known_is_not_said_before_the_program_has(page: Page, server: FakeServer) -> None:
    server.quit_allowed = True
    server.chats["chat-0000"] = chat_file("chat-0000", "Roses")
    open_kept(page, server)
    server.stop()
    page.goto(f"{server.url}#chat-0000")
    page.reload()
    expect(page.get_by_role("heading", name="The program was closed")).to_be_visible()
    expect(page.locator("#chats-kept")).to_contain_text(WAITING)
    for sentence in ("No chats yet.", "This chat is no longer there.", "Chats are not kept"):
        expect(page.get_by_text(sentence)).to_have_count(0)
    page.get_by_label("Search chats").fill("roses")
    expect(page.get_by_text("No chat with these words.")).to_have_count(0)
    expect(page.get_by_role("button", name="Close the program")).to_be_hidden()
    page.get_by_label("Search chats").fill("")
    server.start()
    # all of it is known now, without a reload
    expect(page.locator(".bubble")).to_have_text("Roses")
    expect(page.locator(".chat-title")).to_have_text(["Roses"])
    expect(page.locator("#chats-kept")).to_contain_text(FOLDER)
    expect(page.get_by_role("button", name="Close the program")).to_be_visible()


def test_what_waits_outlives_a_reload_and_is_asked(page: Page, server: FakeServer) -> None:
    chat = open_closed(page, server)
    server.answers.append(Answer(["Here."]))
    chat.attach(NOTES)
    chat.ask("Still there?")
    wait_in_browser(page, 1)
    page.reload()
    expect(chat.questions).to_have_text("Still there?")
    expect(page.locator("article.question .chip")).to_contain_text("notes.md")
    expect(chat.answer.get_by_text("Waiting for the model …")).to_be_visible()
    expect(page.locator(".chat-title")).to_have_text(["Still there?"])
    server.start()
    expect(chat.prose).to_have_text("Here.")
    kept = expect_kept(page, server, ["Still there?", "Here."])
    assert kept["messages"][0]["attachments"][0]["name"] == "notes.md"
    assert len(server.chat_requests) == 1


def test_what_waits_outlives_its_tab(page: Page, server: FakeServer) -> None:
    chat = open_closed(page, server)
    chat.ask("Who takes this?")
    wait_in_browser(page, 1)
    page.close()
    server.start()
    other = page.context.new_page()
    other.goto(server.url)
    expect(other.locator(".chat-title")).to_have_text(["Who takes this?"])
    expect_kept(other, server, ["Who takes this?", ""])
    wait_in_browser(other, 0)


def test_another_tab_does_not_say_that_an_answer_broke_off_that_is_only_waiting(page: Page, server: FakeServer) -> None:
    chat = open_closed(page, server)
    chat.ask("Who asks?")
    wait_in_browser(page, 1)
    other = page.context.new_page()
    other.goto(page.url)
    seen = ChatPage(other)
    expect(seen.answer.get_by_text("Waiting for the model …")).to_be_visible()
    expect(seen.answer.locator(".failure")).to_be_hidden()
    server.answers.append(Answer(["The first tab."]))
    server.start()
    expect(chat.prose).to_have_text("The first tab.")
    expect_kept(page, server, ["Who asks?", "The first tab."])
    other.bring_to_front()
    expect(seen.prose).to_have_text("The first tab.")
    assert len(server.chat_requests) == 1


def test_a_chat_goes_on_while_the_program_is_closed_and_meets_what_others_wrote(page: Page, server: FakeServer) -> None:
    server.answers.extend([Answer(["Red."]), Answer(["Two."])])
    chat = open_kept(page, server)
    chat.ask("Roses?")
    expect(chat.prose).to_have_text("Red.")
    kept = expect_kept(page, server, ["Roses?", "Red."])
    server.stop()
    expect(page.locator("#banner")).to_be_visible()
    chat.ask("More?")
    wait_in_browser(page, 1)
    page.reload()
    expect(chat.questions).to_have_text(["Roses?", "More?"])
    # another browser wrote into it before this page is there again
    first = kept["messages"][1]["id"]
    other = {"id": "q9", "parent": first, "role": "user", "content": "Lilies?", "created": ""}
    server.chats[kept["id"]] = json.dumps(kept | {"messages": [*kept["messages"], other]})
    server.start()
    expect(chat.prose).to_have_text("Two.")
    everything = ["", "Lilies?", "More?", "Red.", "Roses?", "Two."]
    for _ in range(ANSWERS):
        if sorted(texts_of(server, kept["id"])) == everything:
            return
        page.wait_for_event("response")
    assert sorted(texts_of(server, kept["id"])) == everything


def texts_of(server: FakeServer, chat_id: str) -> list[str]:
    return [message["content"] for message in json.loads(server.chats[chat_id])["messages"]]


def test_another_start_keeps_chats_elsewhere_or_not_and_the_page_knows(page: Page, server: FakeServer) -> None:
    server.chats_folder = None
    server.answers.append(Answer(["Fine."]))
    chat = ChatPage(page).open_and_ask(server, "How are you?")
    expect(chat.prose).to_have_text("Fine.")
    expect(page.locator("#chats-kept")).to_contain_text("Chats are not kept")
    server.stop()
    expect(page.locator("#banner")).to_be_visible()
    server.chats_folder, server.quit_allowed = FOLDER, True
    server.start()
    expect(page.locator("#chats-kept")).to_contain_text(FOLDER)
    expect(page.get_by_role("button", name="Close the program")).to_be_visible()
    expect_kept(page, server, ["How are you?", "Fine."])


def test_what_the_builder_wrote_and_the_person_set_holds_for_what_waited(page: Page, server: FakeServer) -> None:
    chat = open_kept(page, server)
    chat.button("Settings").click()
    page.get_by_label("Creativity (temperature)").fill("0.3")
    page.get_by_label("Creativity (temperature)").press("Tab")
    chat.button("Done").click()
    server.stop()
    page.reload()
    expect(page.get_by_role("heading", name="The program was closed")).to_be_visible()
    server.answers.append(Answer(["Aye."]))
    chat.ask("Hello?")
    expect(chat.answer.get_by_text("Waiting for the model …")).to_be_visible()
    server.settings = {"title": "Ship", "system_prompt": "You are a pirate.", "model_name": "Tiny 2B"}
    server.start()
    expect(chat.prose).to_have_text("Aye.")
    [request] = server.chat_requests
    assert request["temperature"] == 0.3
    assert request["messages"][0] == {"role": "system", "content": "You are a pirate."}
    expect(page.get_by_role("heading", level=1)).to_have_text("Ship")
    assert expect_kept(page, server, ["Hello?", "Aye."])["model"] == "Tiny 2B"


def test_another_program_at_the_address_does_not_get_what_waits(page: Page, server: FakeServer) -> None:
    chat = open_closed(page, server)
    chat.ask("For tiny alone")
    wait_in_browser(page, 1)
    server.session_name, server.settings = "other", {"title": "Kitchen helper"}
    server.start()
    expect(page.get_by_role("heading", level=1)).to_have_text("Kitchen helper")
    expect(page.get_by_text("No chats yet.")).to_be_visible()
    assert server.chats == {}
    server.stop()
    server.session_name, server.settings = "tiny", {"title": "Garden helper"}
    server.start()
    expect(page.locator(".chat-title")).to_have_text(["For tiny alone"])
    expect_kept(page, server, ["For tiny alone", ""])


KEY = "0123456789abcdef" * 2


@contextlib.contextmanager
def two_ports(browser: Browser, server: FakeServer, other_key: str = KEY) -> Iterator[tuple[Page, FakeServer]]:
    """A tab with a chat that waits at the port of `server`, which is closed, and a program at another port."""
    server.page_key = KEY
    other = FakeServer(server.page_dir, session_name="tiny", chats_folder=FOLDER, page_key=other_key)
    try:
        with watched(browser, "http://127.0.0.1:") as context:
            tab = context.new_page()
            chat = open_closed(tab, server)
            chat.ask("Who takes this?")
            wait_in_browser(tab, 1)
            yield tab, other
    finally:
        other.stop()


def test_what_waits_comes_to_the_page_at_another_port(browser: Browser, server: FakeServer) -> None:
    with two_ports(browser, server) as (tab, other):
        tab.close()
        page = tab.context.new_page()
        page.goto(other.url)
        expect(page.locator(".chat-title")).to_have_text(["Who takes this?"])
        expect_kept(page, other, ["Who takes this?", ""])
        expect(page.locator("iframe")).to_have_count(0)
        assert tab.context.cookies() == []
        # the place from where it came has it no more
        page.goto(server.url)
        expect(page.get_by_role("heading", name="The program was closed")).to_be_visible()
        wait_in_browser(page, 0)


def test_an_open_tab_follows_to_the_other_port(browser: Browser, server: FakeServer) -> None:
    with two_ports(browser, server) as (tab, other):
        other.answers.append(Answer(["I do."]))
        tab.context.new_page().goto(other.url)
        chat = ChatPage(tab)
        tab.wait_for_url(f"{other.url}#*")
        expect(chat.questions).to_have_text("Who takes this?")
        chat.button("Try again").click()
        expect(chat.prose).to_have_text("I do.")
        expect_kept(tab, other, ["Who takes this?", "I do."])


def test_what_waits_is_given_to_no_page_that_lacks_the_key(browser: Browser, server: FakeServer) -> None:
    with two_ports(browser, server, other_key="f" * 32) as (tab, other):
        page = tab.context.new_page()
        with page.expect_event("framenavigated", lambda frame: "hand-over" in frame.url):
            page.goto(other.url)
        expect(page.locator("iframe")).to_have_count(0)
        expect(page.get_by_text("No chats yet.")).to_be_visible()
        assert other.chats == {}
        tab.reload()
        expect(tab.locator(".chat-title")).to_have_text(["Who takes this?"])


def test_a_draft_belongs_to_its_chat_with_its_files_and_outlives_a_reload(page: Page, server: FakeServer) -> None:
    server.chats["chat-0000"] = chat_file("chat-0000", "Roses")
    server.chats["chat-0001"] = chat_file("chat-0001", "Lilies", updated="2025-01-01T00:00:00Z")
    chat = ChatPage(page).open_ready(server)
    chat.attach(NOTES)
    expect(chat.chips).to_have_count(1)
    chat.message.fill("for a new chat")
    page.get_by_role("link", name="Roses").click()
    expect(chat.questions).to_have_text("Roses")
    expect(chat.message).to_have_value("")
    expect(chat.chips).to_have_count(0)
    chat.message.fill("for the roses")
    page.get_by_role("link", name="Lilies").click()
    expect(chat.message).to_have_value("")
    page.go_back()
    expect(chat.message).to_have_value("for the roses")
    page.reload()
    expect(chat.message).to_have_value("for the roses")
    expect(chat.chips).to_have_count(0)
    chat.button("New chat").first.click()
    expect(chat.message).to_have_value("for a new chat")
    expect(chat.chips).to_contain_text(["notes.md"])
    page.reload()
    expect(chat.message).to_have_value("for a new chat")
    expect(chat.chips).to_contain_text(["notes.md"])
    # a tab of its own has its own
    other = page.context.new_page()
    expect(ChatPage(other).open_ready(server).message).to_have_value("")
    # what was sent is no draft any more
    server.answers.append(Answer(["Thanks."]))
    chat.message.press("Enter")
    expect(chat.prose).to_have_text("Thanks.")
    assert "Water them." in server.chat_requests[0]["messages"][0]["content"]
    page.reload()
    expect(chat.prose).to_have_text("Thanks.")
    expect(chat.message).to_have_value("")
    expect(chat.chips).to_have_count(0)
    page.get_by_role("link", name="Roses").click()
    expect(chat.message).to_have_value("for the roses")
