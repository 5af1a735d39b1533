"""A page that was opened while the program is closed: what is written waits, and what is not known is not said."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from .chat_files import chat_file
from .chat_page import ChatPage
from .conftest import watched
from .fake_server import Answer, FakeServer, Refusal
from .test_offline import open_kept, wait_until

pytestmark = pytest.mark.browser

FOLDER = "/home/ada/.local/share/mkexe/tiny/chats"
NOTES = FilePayload(name="notes.md", mimeType="text/markdown", buffer=b"# Plants\n\nWater them.\n")
ANSWERS = 60  # so many of the program's are waited for
WAITING = "The program is closed. This browser keeps what you write"


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
    for sentence in ("No chats yet.", "This chat no longer exists.", "Chats are not saved"):
        expect(page.get_by_text(sentence)).to_have_count(0)
    page.get_by_label("Search chats").fill("roses")
    expect(page.get_by_text("No chat contains these words.")).to_have_count(0)
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
    texts_kept(page, server, kept["id"], ["", "Lilies?", "More?", "Red.", "Roses?", "Two."])


def texts_of(server: FakeServer, chat_id: str) -> list[str]:
    return [message["content"] for message in json.loads(server.chats[chat_id])["messages"]]


def test_another_start_keeps_chats_elsewhere_or_not_and_the_page_knows(page: Page, server: FakeServer) -> None:
    server.chats_folder = None
    server.answers.append(Answer(["Fine."]))
    chat = ChatPage(page).open_and_ask(server, "How are you?")
    expect(chat.prose).to_have_text("Fine.")
    expect(page.locator("#chats-kept")).to_contain_text("Chats are not saved")
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
def other_port(server: FakeServer, key: str = KEY) -> Iterator[FakeServer]:
    """The program of `server` at another port."""
    other = FakeServer(server.page_dir, session_name="tiny", chats_folder=FOLDER, page_key=key)
    try:
        yield other
    finally:
        other.stop()


@contextlib.contextmanager
def two_ports(browser: Browser, server: FakeServer, other_key: str = KEY) -> Iterator[tuple[Page, FakeServer]]:
    """A tab with a chat that waits at the port of `server`, which is closed, and a program at another port."""
    server.page_key = KEY
    with other_port(server, other_key) as other, watched(browser, "http://127.0.0.1:") as context:
        tab = context.new_page()
        chat = open_closed(tab, server)
        chat.ask("Who takes this?")
        wait_in_browser(tab, 1)
        yield tab, other


def test_what_waits_comes_to_the_page_at_another_port(browser: Browser, server: FakeServer) -> None:
    with two_ports(browser, server) as (tab, other):
        tab.close()
        page = tab.context.new_page()
        page.goto(other.url)
        expect(page.locator(".chat-title")).to_have_text(["Who takes this?"])
        expect_kept(page, other, ["Who takes this?", ""])
        expect(page.locator("iframe")).to_have_count(0)
        page.wait_for_function("() => document.cookie === ''")
        assert tab.context.cookies() == []
        # the place from where it came has it no more
        page.goto(server.url)
        expect(page.get_by_role("heading", name="The program was closed")).to_be_visible()
        wait_in_browser(page, 0)


def test_an_open_tab_follows_to_the_other_port_with_its_drafts_and_asks(browser: Browser, server: FakeServer) -> None:
    with two_ports(browser, server) as (tab, other):
        other.answers.append(Answer(["I do."]))
        chat = ChatPage(tab)
        chat.attach(NOTES)
        expect(chat.chips).to_have_count(1)
        chat.message.fill("and this later")
        tab.context.new_page().goto(other.url)
        tab.wait_for_url(f"{other.url}#*")
        expect(chat.questions).to_have_text("Who takes this?")
        # asked by itself, once, as at the same port
        expect(chat.prose).to_have_text("I do.")
        expect_kept(tab, other, ["Who takes this?", "I do."])
        assert len(other.chat_requests) == 1
        expect(chat.message).to_have_value("and this later")
        expect(chat.chips).to_contain_text("notes.md")
        # these are its drafts now, and are no longer where they were
        tab.reload()
        expect(chat.message).to_have_value("and this later")
        expect(chat.chips).to_contain_text("notes.md")
        tab.goto(server.url)
        expect(tab.get_by_role("heading", name="The program was closed")).to_be_visible()
        expect(chat.message).to_have_value("")
        expect(chat.chips).to_have_count(0)


def test_a_tab_in_which_nothing_was_sent_follows_with_its_draft(browser: Browser, server: FakeServer) -> None:
    server.page_key = KEY
    with other_port(server) as other, watched(browser, "http://127.0.0.1:") as context:
        tab = context.new_page()
        chat = open_closed(tab, server)
        chat.message.fill("not sent yet")
        page = context.new_page()
        page.goto(other.url)
        tab.wait_for_url(other.url)
        expect(chat.message).to_have_value("not sent yet")
        expect(page.locator("iframe")).to_have_count(0)
        page.wait_for_function("() => document.cookie === ''")
        assert context.cookies() == []


def test_a_tab_does_not_go_while_a_title_or_a_question_is_being_changed(browser: Browser, server: FakeServer) -> None:
    with two_ports(browser, server) as (tab, other):
        tab.get_by_role("button", name="Actions for “Who takes this?”").click()
        tab.get_by_role("menuitem", name="Rename").click()
        title = tab.get_by_label("Title of the chat")
        title.fill("Who, then?")
        page = tab.context.new_page()
        page.goto(other.url)
        expect(page.locator(".chat-title")).to_have_text(["Who takes this?"])
        expect(page.locator("iframe")).to_have_count(0)
        other.answers.append(Answer(["I do."]))
        title.press("Enter")
        tab.wait_for_url(f"{other.url}#*")
        expect(tab.locator(".chat-title")).to_have_text(["Who, then?"])
        expect(ChatPage(tab).prose).to_have_text("I do.")


def test_neither_chats_nor_tabs_go_to_another_program_of_the_same_user(browser: Browser, server: FakeServer) -> None:
    with two_ports(browser, server) as (tab, other):
        other.session_name = "other"
        page = tab.context.new_page()
        with page.expect_event("framenavigated", lambda frame: "hand-over" in frame.url):
            page.goto(other.url)
        expect(page.get_by_text("No chats yet.")).to_be_visible()
        expect(page.locator("iframe")).to_have_count(0)
        assert other.chats == {}
        assert tab.url.startswith(server.url)
        tab.reload()
        expect(tab.locator(".chat-title")).to_have_text(["Who takes this?"])


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


ASK_WITHOUT_PROOF = """async (address) => {
    const frame = document.createElement('iframe');
    const heard = (kind) => new Promise((resolve) => addEventListener('message', function listen({ data }) {
        if (data.kind !== kind) return;
        removeEventListener('message', listen);
        resolve(data);
    }));
    const hello = heard('hello');
    frame.src = `${address}hand-over`;
    document.body.append(frame);
    await hello;
    const given = heard('give');
    frame.contentWindow.postMessage({ kind: 'take', nonce: 'n', proof: 'none', name: 'tiny', tab: true }, '*');
    const { chats, begun } = await given;
    frame.contentWindow.postMessage({ kind: 'taken', ids: [], path: '/', name: 'tiny', begun: true }, '*');
    const once_more = heard('give');
    frame.contentWindow.postMessage({ kind: 'take', nonce: 'n', proof: 'none' }, '*');
    await once_more;
    return [chats ?? null, begun ?? null];
}"""
LISTEN = """() => {
    window.heard = [];
    new BroadcastChannel('mkexe.moved').onmessage = ({ data }) => window.heard.push(data.name);
}"""


def test_a_page_that_proves_nothing_gets_nothing_and_leads_no_tab_away(browser: Browser, server: FakeServer) -> None:
    with two_ports(browser, server, other_key="f" * 32) as (tab, other):
        tab.evaluate(LISTEN)
        page = tab.context.new_page()
        page.goto(f"{other.url}nothing-here")
        assert page.evaluate(ASK_WITHOUT_PROOF, server.url) == [None, None]
        beside = tab.context.new_page()
        beside.goto(server.url)
        beside.evaluate("new BroadcastChannel('mkexe.moved').postMessage({ name: 'the end', address: location.href })")
        tab.wait_for_function("() => window.heard.includes('the end')")
        assert tab.evaluate("window.heard") == ["the end"]


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


def texts_kept(page: Page, server: FakeServer, chat_id: str, texts: list[str]) -> None:
    """Wait until the program has these messages in the chat, in whatever order."""
    for _ in range(ANSWERS):
        if chat_id in server.chats and sorted(texts_of(server, chat_id)) == sorted(texts):
            return
        page.wait_for_event("response")
    assert sorted(texts_of(server, chat_id)) == sorted(texts)


def test_two_tabs_that_ask_in_one_chat_while_closed_lose_nothing(page: Page, server: FakeServer) -> None:
    """One of them is shut before the program is back: what it wrote waits beside what the other writes later."""
    server.chats["chat-0000"] = chat_file("chat-0000", "Roses")
    open_kept(page, server)
    other = page.context.new_page()
    chats = [ChatPage(tab) for tab in (page, other)]
    for chat in chats:
        chat.page.goto(f"{server.url}#chat-0000")
        expect(chat.prose).to_have_text("About: Roses")
    server.stop()
    for chat, question in zip(chats, ("From the first?", "From the second?"), strict=True):
        expect(chat.page.locator("#banner")).to_be_visible()
        chat.page.bring_to_front()
        chat.ask(question)
        stands_in_browser(chat.page, question)
    page.close()
    stands_in_browser(other, "From the first?")
    server.answers.append(Answer(["Aye."]))
    server.start()
    expect(chats[1].prose).to_have_text("Aye.")
    texts_kept(other, server, "chat-0000", ["Roses", "About: Roses", "From the first?", "", "From the second?", "Aye."])


def stands_in_browser(page: Page, text: str) -> None:
    """Wait until a chat with this text waits in the browser."""
    condition = f"""() => new Promise((resolve) => {{
        const opening = indexedDB.open('mkexe');
        opening.onsuccess = () => {{
            const asked = opening.result.transaction('waiting').objectStore('waiting').getAll();
            asked.onsuccess = () => {{
                opening.result.close();
                resolve(asked.result.some((record) => record.text.includes({json.dumps(text)})));
            }};
        }};
    }})"""
    wait_until(page, condition)


def open_roses(page: Page, server: FakeServer) -> ChatPage:
    """Open a chat that the program keeps."""
    server.chats["chat-0000"] = chat_file("chat-0000", "Roses")
    open_kept(page, server)
    page.goto(f"{server.url}#chat-0000")
    chat = ChatPage(page)
    expect(chat.prose).to_have_text("About: Roses")
    return chat


def test_a_title_that_is_changed_while_the_program_is_closed_is_kept(page: Page, server: FakeServer) -> None:
    chat = open_roses(page, server)
    chat.button("Actions for “Roses”").click()
    page.get_by_role("menuitem", name="Rename").click()
    server.stop()
    expect(page.locator("#banner")).to_be_visible()
    page.get_by_label("Title of the chat").fill("Lilies")
    page.get_by_label("Title of the chat").press("Enter")
    expect(page.locator(".chat-title")).to_have_text(["Lilies"])
    chat.button("Actions for “Lilies”").click()
    page.get_by_role("menuitem", name="Pin to the top").click()
    expect(page.locator(".chat-link .icon-pin")).to_be_visible()
    page.reload()
    expect(page.locator(".chat-title")).to_have_text(["Lilies"])
    server.start()
    for _ in range(ANSWERS):
        kept = json.loads(server.chats["chat-0000"])
        if (kept["title"], kept["pinned"]) == ("Lilies", True):
            return
        page.wait_for_event("response")
    raise AssertionError(server.chats)


def test_a_chat_of_the_program_s_is_not_said_to_be_deleted_while_it_is_closed(page: Page, server: FakeServer) -> None:
    chat = open_roses(page, server)
    server.stop()
    expect(page.locator("#banner")).to_be_visible()
    chat.ask("More?")
    stands_in_browser(page, "More?")
    page.reload()
    expect(chat.questions).to_have_text(["Roses", "More?"])
    chat.button("Actions for “Roses”").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.locator("#toast")).to_contain_text("The chat could not be deleted.")
    server.start()
    texts_kept(page, server, "chat-0000", ["Roses", "About: Roses", "More?", ""])


def test_a_chat_that_is_imported_while_the_program_is_closed_is_beside_the_one_that_is_there(
    page: Page, server: FakeServer, tmp_path: Path
) -> None:
    file = tmp_path / "roses.json"
    file.write_text(chat_file("chat-0000", "Roses, as they were", updated="2026-02-01T00:00:00Z"), "utf-8")
    server.chats["chat-0000"] = chat_file("chat-0000", "Roses")
    open_closed(page, server)
    page.get_by_role("button", name="Actions for all chats").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("menuitem", name="Import chats").click()
    chooser.value.set_files([file])
    expect(page.locator("#toast")).to_contain_text("Chats imported: 1")
    server.start()
    expect(page.locator(".chat-title")).to_have_text(["Roses, as they were", "Roses"])
    wait_in_browser(page, 0)
    assert json.loads(server.chats["chat-0000"])["title"] == "Roses"


NO_ROOM = """(() => {
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function (...given) {
        const asked = put.apply(this, given);
        this.transaction.abort();
        return asked;
    };
})()"""
NO_STORAGE = "Object.defineProperty(window, 'indexedDB', { value: undefined })"


@pytest.mark.parametrize("script", [NO_ROOM, NO_STORAGE])
def test_a_browser_that_keeps_nothing_is_not_said_to_keep_it(page: Page, server: FakeServer, script: str) -> None:
    """A full disk, a private window."""
    page.add_init_script(script)
    chat = open_closed(page, server)
    chat.ask("Who keeps this?")
    place = page.locator("#chats-kept")
    expect(place).to_contain_text("this browser cannot keep chats")
    expect(page.get_by_text(WAITING)).to_have_count(0)
    server.answers.append(Answer(["The folder."]))
    server.start()
    expect(chat.prose).to_have_text("The folder.")
    expect_kept(page, server, ["Who keeps this?", "The folder."])
    expect(place).to_contain_text(FOLDER)


def test_a_folder_that_takes_no_chats_is_named_with_the_reason_and_they_wait(page: Page, server: FakeServer) -> None:
    problem = "/home/ada/.local/share: Read-only file system"
    server.chats["chat-0000"] = chat_file("chat-0000", "Roses")
    server.chats_problem = problem
    server.chat_refusal = Refusal(500, f"{FOLDER}/x.json: Read-only file system", "not_written")
    chat = ChatPage(page).open_ready(server)
    place = page.locator("#chats-kept")
    expect(place).to_have_text(f"The program cannot save chats in \u2066{FOLDER}\u2069 now: \u2066{problem}\u2069")
    # what is in it can be read
    expect(page.locator(".chat-title")).to_have_text(["Roses"])
    server.answers.append(Answer(["Here."]))
    chat.ask("Where?")
    expect(chat.prose).to_have_text("Here.")
    note = page.get_by_role("alert").filter(has_text="cannot save the chat")
    expect(note).to_contain_text("x.json: Read-only file system")
    page.reload()
    expect(chat.prose).to_have_text("Here.")
    expect(note).to_be_visible()
    server.chats_problem, server.chat_refusal = "", None
    expect(note).to_be_hidden()
    expect(place).to_have_text(f"Chats are saved on this computer, in \u2066{FOLDER}\u2069")
    assert sorted(json.loads(text)["title"] for text in server.chats.values()) == ["Roses", "Where?"]


def test_a_chat_that_is_there_and_cannot_be_read_is_not_said_to_be_gone(page: Page, server: FakeServer) -> None:
    server.unreadable["chat-0000"] = Refusal(
        413, f"{FOLDER}/chat-0000.json: a chat can have at most 64 MiB", "too_large"
    )
    page.goto(f"{server.url}#chat-0000")
    expect(page.locator("#toast")).to_contain_text("The page cannot open the chat: ")
    expect(page.locator("#toast")).to_contain_text("a chat can have at most 64 MiB")


def test_an_answer_goes_on_in_the_chat_as_another_tab_has_left_it(page: Page, server: FakeServer) -> None:
    """The button was drawn before the chat was read anew."""
    answer = {"id": "a", "parent": "q", "role": "assistant", "content": "One,", "created": "", "stopped": True}
    text = chat_file("chat-0000", "Count", {"id": "q", "parent": None, "role": "user", "content": "Count"}, answer)
    server.chats["chat-0000"] = text
    page.goto(f"{server.url}#chat-0000")
    chat = ChatPage(page)
    expect(chat.prose).to_have_text("One,")
    server.chats["chat-0000"] = json.dumps(json.loads(text) | {"title": "Counting"})
    expect(page.locator(".chat-title")).to_have_text(["Counting"])
    page.wait_for_function("() => performance.getEntriesByName(location.origin + '/mkexe/chats/chat-0000').length > 1")
    server.answers.append(Answer([" two."]))
    chat.button("Continue writing").click()
    expect(chat.prose).to_have_text("One, two.")
    texts_kept(page, server, "chat-0000", ["Count", "One, two."])
