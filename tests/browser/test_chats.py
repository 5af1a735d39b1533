"""The list of chats, and the tree of messages in each: all that is done is found again in the chat's file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FilePayload, Locator, Page, expect

from .chat_files import answer, chat_file, long_chat, question
from .chat_page import ChatPage
from .fake_server import Answer, Cut, FakeServer, Gate, HangUp, Refusal

pytestmark = pytest.mark.browser

FOLDER = "/home/ada/.local/share/mkexe/tiny/chats"


@pytest.fixture(autouse=True)
def chats_are_kept(server: FakeServer) -> None:
    server.session_name, server.chats_folder = "tiny", FOLDER


def put(server: FakeServer, *titles: str) -> None:
    """Chats with these titles, the first one the newest."""
    for index, title in enumerate(titles):
        name = f"chat-{index:04}"
        server.chats[name] = chat_file(name, title, updated=f"2026-01-{28 - index:02}T00:00:00Z")


def stored(server: FakeServer, title: str) -> dict[str, Any]:
    """The file of the chat with this title."""
    found = [chat for chat in map(json.loads, server.chats.values()) if chat["title"] == title]
    assert len(found) == 1, list(server.chats.values())
    return dict(found[0])


def contents(server: FakeServer, title: str) -> list[str]:
    return [message["content"] for message in stored(server, title)["messages"]]


def title_is(server: FakeServer, title: str) -> bool:
    return any(json.loads(text)["title"] == title for text in server.chats.values())


def titles(page: Page) -> Locator:
    return page.locator(".chat-title")


def choose(chat: ChatPage, title: str, action: str) -> None:
    """Open the menu of the chat with this title, and choose `action`."""
    chat.button(f"Actions for “{title}”").click()
    chat.page.get_by_role("menuitem", name=action).click()


def expect_stored(page: Page, server: FakeServer, title: str, texts: list[str]) -> None:
    """Wait for the chat's file."""
    until(page, lambda: title_is(server, title) and contents(server, title) == texts)


def until(page: Page, condition: Callable[[], bool]) -> None:
    """Wait; the page asks for the list every few seconds, so there are answers after which to look again."""
    while not condition():
        page.wait_for_event("response")


def test_a_chat_is_in_the_list_with_its_first_question_and_in_its_file(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "What is a rose?\nPlease be brief.", Answer(["A flower."]))
    expect(titles(page)).to_have_text(["What is a rose?"])
    expect(chat.prose).to_have_text("A flower.")
    expect_stored(page, server, "What is a rose?", ["What is a rose?\nPlease be brief.", "A flower."])
    # an answer that is being written is stored too, with all of its text shortly before its end
    until(page, lambda: "written_from" not in stored(server, "What is a rose?")["messages"][1])
    found = stored(server, "What is a rose?")
    assert found["format"] == 1
    assert found["model"] == "Tiny 1B"
    assert [message["parent"] for message in found["messages"]] == [None, found["messages"][0]["id"]]
    assert found["current"] == found["messages"][1]["id"]
    assert "written_from" not in found["messages"][1]
    expect(page).to_have_url(f"{server.url}#{found['id']}")


def test_a_question_is_stored_before_its_answer_is_there(page: Page, server: FakeServer) -> None:
    gate = Gate()
    chat = ChatPage(page).open_and_ask(server, "Slow?", Answer(["Begun", gate, " and done."]))
    expect(chat.prose).to_have_text("Begun")
    expect_stored(page, server, "Slow?", ["Slow?", "Begun"])
    assert stored(server, "Slow?")["messages"][1]["written_from"] == 0
    gate.open()
    expect_stored(page, server, "Slow?", ["Slow?", "Begun and done."])


def test_a_chat_of_the_list_is_opened_and_gone_on_with(page: Page, server: FakeServer) -> None:
    put(server, "Tax return", "Packing list")
    server.answers.append(Answer(["A tent."]))
    chat = ChatPage(page).open_ready(server)
    expect(titles(page)).to_have_text(["Tax return", "Packing list"])
    page.get_by_role("link", name="Packing list").click()
    expect(chat.prose).to_have_text("About: Packing list")
    expect(page.get_by_role("link", name="Packing list")).to_have_attribute("aria-current", "page")
    chat.ask("And what else?")
    expect(chat.prose).to_have_text("A tent.")
    assert [message["content"] for message in server.chat_requests[0]["messages"]] == [
        "Packing list", "About: Packing list", "And what else?",
    ]  # fmt: skip
    # what was written last stands first
    expect(titles(page)).to_have_text(["Packing list", "Tax return"])


def test_a_reloaded_page_shows_the_same_chat(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Hi", Answer(["Hello."]))
    expect(chat.prose).to_have_text("Hello.")
    expect_stored(page, server, "Hi", ["Hi", "Hello."])
    page.reload()
    expect(chat.questions).to_have_text("Hi")
    expect(chat.prose).to_have_text("Hello.")


def test_an_address_of_a_chat_that_is_gone_says_so_and_shows_a_new_one(page: Page, server: FakeServer) -> None:
    page.goto(f"{server.url}#0123456789abcdef")
    expect(page.locator("#toast")).to_contain_text("This chat no longer exists.")
    expect(page.get_by_role("heading", name="What can I help you with?")).to_be_visible()
    expect(page).to_have_url(server.url)


def test_chats_are_found_by_a_word_in_them(page: Page, server: FakeServer) -> None:
    put(server, "Tax return", "Packing list")
    chat = ChatPage(page).open_ready(server)
    page.get_by_label("Search chats").fill("PACK")
    expect(titles(page)).to_have_text(["Packing list"])
    expect(chat.announcer).to_have_text("Chats found: 1")
    page.get_by_label("Search chats").fill("nonsense")
    expect(page.get_by_text("No chat contains these words.")).to_be_visible()
    page.get_by_label("Search chats").fill("")
    expect(titles(page)).to_have_count(2)


def test_a_chat_is_renamed(page: Page, server: FakeServer) -> None:
    put(server, "Tax return", "Packing list")
    chat = ChatPage(page).open_ready(server)
    choose(chat, "Packing list", "Rename")
    field = page.get_by_label("Title of the chat")
    expect(field).to_be_focused()
    field.fill("Holidays")
    field.press("Escape")
    expect(titles(page)).to_have_text(["Tax return", "Packing list"])
    choose(chat, "Packing list", "Rename")
    field.fill("Holidays")
    field.press("Enter")
    expect(titles(page)).to_have_text(["Tax return", "Holidays"])
    assert json.loads(server.chats["chat-0001"])["title"] == "Holidays"
    # a new name is no news of the chat: it keeps its place
    assert json.loads(server.chats["chat-0001"])["updated"].startswith("2026-01-27")


def test_the_list_may_change_while_a_menu_is_open_or_the_mouse_is_pressed(page: Page, server: FakeServer) -> None:
    put(server, "Tax return", "Packing list")
    chat = ChatPage(page).open_ready(server)
    chat.button("Actions for “Packing list”").click()
    server.chats["chat-0009"] = chat_file("chat-0009", "From another tab", updated="2026-02-01T00:00:00Z")
    expect(titles(page)).to_have_text(["From another tab", "Tax return", "Packing list"])
    page.keyboard.press("Escape")
    expect(chat.button("Actions for “Packing list”")).to_be_focused()
    page.keyboard.press("Enter")
    server.chats["chat-0009"] = chat_file("chat-0009", "From another tab", updated="2025-12-31T00:00:00Z")
    expect(titles(page)).to_have_text(["Tax return", "Packing list", "From another tab"])
    page.get_by_role("menuitem", name="Rename").click()
    expect(page.get_by_label("Title of the chat")).to_be_focused()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Tax return").hover()
    page.mouse.down()
    server.chats["chat-0009"] = chat_file("chat-0009", "With another title", updated="2025-12-31T00:00:00Z")
    expect(titles(page)).to_have_text(["Tax return", "Packing list", "With another title"])
    page.mouse.up()
    expect(chat.prose).to_have_text("About: Tax return")


def test_a_menu_stays_open_while_an_answer_is_written(page: Page, server: FakeServer) -> None:
    put(server, "Tax return")
    gate = Gate()
    chat = ChatPage(page).open_and_ask(server, "Long?", Answer(["Begun", gate, "\n\nline" * 200]))
    expect(chat.prose).to_have_text("Begun")
    chat.button("Actions for “Tax return”").click()
    gate.open()
    expect(chat.prose.locator("p").last).to_be_in_viewport()
    expect(chat.send_button).to_be_visible()
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()


def test_a_pinned_chat_stands_on_top(page: Page, server: FakeServer) -> None:
    put(server, "Tax return", "Packing list")
    chat = ChatPage(page).open_ready(server)
    choose(chat, "Packing list", "Pin to the top")
    expect(titles(page)).to_have_text(["Packing list", "Tax return"])
    assert json.loads(server.chats["chat-0001"])["pinned"] is True
    choose(chat, "Packing list", "Unpin")
    expect(titles(page)).to_have_text(["Tax return", "Packing list"])


def test_chats_stand_under_the_day_or_the_month_in_which_they_were(page: Page, server: FakeServer) -> None:
    days = {"Now": "11-27T08:00", "Before": "11-26T22:00", "This month": "11-02T12:00", "Last year": "2025-12-24T12:00"}
    for index, (title, day) in enumerate(days.items()):
        when = day if day.startswith("2025") else f"2026-{day}"
        server.chats[f"chat-{index:04}"] = chat_file(f"chat-{index:04}", title, updated=f"{when}:00Z")
    server.chats["chat-0009"] = chat_file("chat-0009", "On top", pinned=True)
    page.clock.set_fixed_time("2026-11-27T12:00:00Z")
    chat = ChatPage(page).open_ready(server)
    side = page.get_by_role("navigation", name="Chats")
    headings = ["Pinned", "Today", "Yesterday", "November 2026", "December 2025"]
    expect(side.get_by_role("heading", level=3)).to_have_text(headings)
    for heading, title in zip(headings, ["On top", *days], strict=True):
        expect(side.get_by_role("list", name=heading).get_by_role("link")).to_have_text(title)
    chat.button("Settings").click()
    page.get_by_label("Language of this page").select_option("de")
    expect(side.locator("h3")).to_have_text(["Angeheftet", "Heute", "Gestern", "November 2026", "Dezember 2025"])


def test_a_deleted_chat_comes_back_by_undo(page: Page, server: FakeServer) -> None:
    put(server, "Tax return", "Packing list")
    before = dict(server.chats)
    chat = ChatPage(page).open_ready(server)
    page.get_by_role("link", name="Tax return").click()
    expect(chat.prose).to_be_visible()
    choose(chat, "Tax return", "Delete")
    expect(titles(page)).to_have_text(["Packing list"])
    expect(chat.questions).to_have_count(0)
    assert list(server.chats) == ["chat-0001"]
    chat.button("Undo").click()
    expect(titles(page)).to_have_text(["Tax return", "Packing list"])
    assert server.chats == before


def test_a_chat_can_be_deleted_while_its_answer_is_written(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Endless", Answer(["On and on", Gate()]))
    expect(chat.prose).to_have_text("On and on")
    expect(titles(page)).to_have_text(["Endless"])
    choose(chat, "Endless", "Delete")
    expect(page.locator("#toast")).to_contain_text("“Endless” was deleted.")
    assert server.hung_up.wait(10)
    expect(titles(page)).to_have_count(0)
    page.reload()
    expect(page.get_by_text("No chats yet.")).to_be_visible()
    assert server.chats == {}


def test_an_earlier_answer_is_kept_beside_the_new_one(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Joke", Answer(["First."]), Answer(["Second."]), Answer(["Thanks."]))
    expect(chat.prose).to_have_text("First.")
    chat.button("Try again").click()
    expect(chat.prose).to_have_text("Second.")
    versions = chat.answer.get_by_role("group", name="Versions")
    expect(versions).to_have_text("2 / 2")
    expect(chat.button("Later version")).to_be_disabled()
    chat.button("Earlier version").click()
    expect(chat.prose).to_have_text("First.")
    expect(chat.button("Later version")).to_be_focused()
    # what is asked now follows the answer on the screen
    chat.ask("Good one")
    expect(chat.prose).to_have_text("Thanks.")
    sent = [message["content"] for message in server.chat_requests[2]["messages"]]
    assert sent == ["Joke", "First.", "Good one"]
    expect_stored(page, server, "Joke", ["Joke", "First.", "Second.", "Good one", "Thanks."])
    chat.button("Later version").click()
    expect(chat.questions).to_have_text(["Joke"])
    expect(chat.prose).to_have_text("Second.")
    chat.button("Earlier version").click()
    expect(chat.questions).to_have_text(["Joke", "Good one"])


def test_a_question_is_asked_in_other_words(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Rosas?", Answer(["?"]), Answer(["Flowers."]), Answer(["Thorns."]))
    expect(chat.prose).to_have_text("?")
    chat.questions.hover()
    chat.button("Edit the question").click()
    field = page.get_by_label("Your question")
    expect(field).to_have_value("Rosas?")
    field.fill("Roses?")
    field.press("Escape")
    expect(chat.questions).to_have_text("Rosas?")
    chat.button("Edit the question").click()
    field.fill("Roses?")
    field.press("Enter")
    expect(chat.prose).to_have_text("Flowers.")
    expect(chat.questions).to_have_text("Roses?")
    assert [message["content"] for message in server.chat_requests[1]["messages"]] == ["Roses?"]
    page.locator("article.question").get_by_role("button", name="Earlier version").click()
    expect(chat.questions).to_have_text("Rosas?")
    expect(chat.prose).to_have_text("?")


def test_a_question_that_is_changed_while_the_model_writes_stays_in_its_field(page: Page, server: FakeServer) -> None:
    gate = Gate()
    answers = [Answer(["?"]), Answer(["Begun", gate, " and done."]), Answer(["Flowers."])]
    chat = ChatPage(page).open_and_ask(server, "Rosas?", *answers)
    expect(chat.prose).to_have_text("?")
    chat.questions.hover()
    chat.button("Edit the question").click()
    field = page.get_by_label("Your question")
    field.fill("Roses?")
    chat.message.fill("And lilies?")
    chat.message.press("Enter")
    expect(chat.prose).to_have_text("Begun")
    field.press("Enter")
    expect(field).to_have_value("Roses?")
    expect(field).to_be_focused()
    gate.open()
    expect(page.locator("body")).not_to_have_attribute("data-running", "")
    field.press("Enter")
    expect(chat.prose).to_have_text("Flowers.")
    expect(chat.questions).to_have_text(["Roses?"])


def test_a_changed_question_keeps_its_files(page: Page, server: FakeServer) -> None:
    server.answers.extend([Answer(["One."]), Answer(["Two."])])
    chat = ChatPage(page).open_ready(server)
    chat.attach(FilePayload(name="a.txt", mimeType="text/plain", buffer=b"roses"))
    expect(chat.chips).to_have_count(1)
    chat.ask("What is this?")
    expect(chat.prose).to_have_text("One.")
    chat.button("Edit the question").click()
    page.get_by_label("Your question").fill("What is that?")
    page.get_by_label("Your question").press("Enter")
    expect(chat.prose).to_have_text("Two.")
    assert "roses" in server.chat_requests[1]["messages"][0]["content"]
    expect_stored(page, server, "What is this?", ["What is this?", "One.", "What is that?", "Two."])
    page.reload()
    expect(page.locator("article.question .chip")).to_contain_text("a.txt")


def test_a_branch_is_a_chat_of_its_own(page: Page, server: FakeServer) -> None:
    server.chats["chat-0000"] = chat_file(
        "chat-0000", "Roses", question("q1", None, "Roses"), answer("a1", "q1", "Red."),
        question("q2", "a1", "More"), answer("a2", "q2", "White."),
    )  # fmt: skip
    server.answers.append(Answer(["Yellow."]))
    chat = ChatPage(page).go_to(f"{server.url}#chat-0000")
    expect(chat.answers).to_have_count(2)
    chat.answers.first.hover()
    chat.answers.first.get_by_role("button", name="Continue from here in a new chat").click()
    expect(chat.answers).to_have_count(1)
    chat.ask("Others?")
    expect(chat.prose).to_have_text("Yellow.")
    sent = [message["content"] for message in server.chat_requests[0]["messages"]]
    assert sent == ["Roses", "Red.", "Others?"]
    until(page, lambda: len(server.chats) == 2)
    assert len(json.loads(server.chats["chat-0000"])["messages"]) == 4


def test_a_stopped_answer_goes_on(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Count", Answer(["One, ", Gate()]), Answer(["two, three."]))
    expect(chat.prose).to_have_text("One,")
    chat.stop_button.click()
    expect(chat.answer.get_by_text("Stopped")).to_be_visible()
    chat.button("Continue writing").click()
    expect(chat.prose).to_have_text("One, two, three.")
    assert server.chat_requests[1]["messages"][-1] == {"role": "assistant", "content": "One, "}
    expect(chat.answer.get_by_text("Stopped")).to_be_hidden()
    expect_stored(page, server, "Count", ["Count", "One, two, three."])
    until(page, lambda: server.ended_streams != [])
    assert server.ended_streams == [stored(server, "Count")["messages"][1]["id"]]


def test_a_cut_connection_goes_on_where_it_was(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Tell me", Answer(["Once upon ", Cut(), "a time ", "🌱."]))
    expect(chat.prose).to_have_text("Once upon a time 🌱.")
    expect(chat.answer.locator(".failure")).to_be_hidden()
    assert len(server.chat_requests) == 1


def test_a_connection_that_was_away_for_a_moment_only_costs_nothing(page: Page, server: FakeServer) -> None:
    # the first request for the rest is lost too, and the program is there again when the page asks whether it is
    server.lost_replays = 1
    chat = ChatPage(page).open_and_ask(server, "Tell me", Answer(["Once upon ", Cut(), "a time."]))
    expect(chat.prose).to_have_text("Once upon a time.")
    expect(chat.answer.locator(".failure")).to_be_hidden()
    assert (server.lost_replays, len(server.chat_requests)) == (0, 1)


def test_a_page_that_is_loaded_anew_sees_the_answer_to_its_end(page: Page, server: FakeServer) -> None:
    gate = Gate()
    chat = ChatPage(page).open_and_ask(server, "Tell me", Answer(["Once upon ", Cut(), gate, "a time."]))
    expect(chat.prose).to_have_text("Once upon")
    expect_stored(page, server, "Tell me", ["Tell me", "Once upon "])
    page.reload()
    expect(chat.prose).to_have_text("Once upon")
    expect(chat.stop_button).to_be_visible()
    gate.open()
    expect(chat.prose).to_have_text("Once upon a time.")
    expect_stored(page, server, "Tell me", ["Tell me", "Once upon a time."])


def test_an_answer_that_broke_off_goes_on_after_a_restart(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Tell me", Answer(["Once upon ", HangUp()]), Answer(["a time."]))
    expect(chat.answer.locator(".failure")).to_contain_text("The answer broke off")
    expect_stored(page, server, "Tell me", ["Tell me", "Once upon "])
    page.reload()
    expect(chat.prose).to_have_text("Once upon")
    chat.button("Continue writing").click()
    expect(chat.prose).to_have_text("Once upon a time.")


def test_two_tabs_see_the_same_list_and_the_same_chat(context: BrowserContext, server: FakeServer) -> None:
    one = ChatPage(context.new_page()).open_ready(server)
    two = ChatPage(context.new_page()).open_ready(server)
    server.answers.extend([Answer(["Hello."]), Answer(["Bye."])])
    one.page.bring_to_front()
    one.ask("Hi")
    expect(one.prose).to_have_text("Hello.")
    two.page.bring_to_front()
    two.page.get_by_role("link", name="Hi").click()
    expect(two.prose).to_have_text("Hello.")
    two.ask("Go")
    expect(two.prose).to_have_text("Bye.")
    one.page.bring_to_front()
    expect(one.questions).to_have_text(["Hi", "Go"])
    expect(one.prose).to_have_text("Bye.")


def test_what_two_tabs_write_at_once_is_all_kept(page: Page, server: FakeServer) -> None:
    gate = Gate()
    chat = ChatPage(page).open_and_ask(server, "Mine", Answer(["Part", gate, " and whole."]))
    expect(chat.prose).to_have_text("Part")
    expect_stored(page, server, "Mine", ["Mine", "Part"])
    # another page writes the chat's file, with a question of its own and another title
    other = stored(server, "Mine")
    other["title"] = "Ours"
    other["messages"] += [question("q9", None, "Theirs"), answer("a9", "q9", "Yes.")]
    server.chats[other["id"]] = json.dumps(other)
    gate.open()
    expect(chat.prose).to_have_text("Part and whole.")
    expect_stored(page, server, "Ours", ["Mine", "Part and whole.", "Theirs", "Yes."])
    expect(page.locator("article.question").get_by_role("group", name="Versions")).to_have_text("1 / 2")


def test_members_that_the_page_does_not_know_stay_in_the_file(page: Page, server: FakeServer) -> None:
    tool = {"id": "t", "parent": "q", "role": "tool", "content": "42"}
    server.chats["chat-0000"] = chat_file(
        "chat-0000", "Sum", question("q", None, "Sum") | {"mood": "good"}, tool, answer("a", "q", "42", x=1),
        colour="red",
    )  # fmt: skip
    chat = ChatPage(page).open_ready(server)
    choose(chat, "Sum", "Pin to the top")
    expect(page.locator(".chat-link .icon-pin")).to_be_visible()
    found = stored(server, "Sum")
    assert found["colour"] == "red"
    assert next(message for message in found["messages"] if message["id"] == "q")["mood"] == "good"
    assert next(message for message in found["messages"] if message["id"] == "a")["x"] == 1
    assert tool in found["messages"]


def test_a_full_disk_is_said_and_nothing_is_lost(page: Page, server: FakeServer) -> None:
    server.chat_refusal = Refusal(507, "/home/ada: no space left", "disk_full")
    chat = ChatPage(page).open_and_ask(server, "Hi", Answer(["Hello."]))
    expect(chat.prose).to_have_text("Hello.")
    note = page.get_by_role("alert").filter(has_text="cannot save the chat")
    expect(note).to_contain_text("/home/ada: no space left")
    server.chat_refusal = None
    # not `click`, which waits for a button that may be gone: the page tries by itself too
    page.get_by_text("Try to save again").dispatch_event("click")
    expect(note).to_be_hidden()
    expect_stored(page, server, "Hi", ["Hi", "Hello."])


def test_what_is_written_while_the_program_is_closed_is_saved_when_it_is_back(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Hi", Answer(["Hello."]), Answer(["Again."]))
    expect(chat.prose).to_have_text("Hello.")
    expect_stored(page, server, "Hi", ["Hi", "Hello."])
    chat.until_just_asked()
    server.stop()
    chat.ask("Still there?")
    expect(chat.answer.locator(".failure")).to_contain_text("cannot reach the program")
    server.start()
    expect_stored(page, server, "Hi", ["Hi", "Hello.", "Still there?", ""])


def test_chats_that_are_not_kept_are_listed_while_the_page_is_open(page: Page, server: FakeServer) -> None:
    server.chats_folder = None
    chat = ChatPage(page).open_and_ask(server, "Secret", Answer(["Hush."]))
    expect(page.get_by_text("Chats are not saved. You lose them when you close this page.")).to_be_visible()
    chat.button("New chat").click()
    page.get_by_role("link", name="Secret").click()
    expect(chat.prose).to_have_text("Hush.")
    assert server.chats == {}


@pytest.mark.parametrize("kind", ["Download as text (Markdown)", "Download with everything (JSON)"])
def test_a_chat_goes_into_a_file_and_comes_back(page: Page, server: FakeServer, tmp_path: Path, kind: str) -> None:
    tricky = "# Not a title\n\n## You\n\n```\ncode\n```"
    server.chats["chat-0000"] = chat_file(
        "chat-0000", "Roses: red?", question("q", None, "Roses?\n\n* a"), answer("a", "q", tricky)
    )
    chat = ChatPage(page).open_ready(server)
    with page.expect_download() as download:
        choose(chat, "Roses: red?", kind)
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert file.stem == "Roses red"
    server.chats.clear()
    import_files(chat, file)
    expect(page.locator("#toast")).to_contain_text("Chats imported: 1")
    assert contents(server, "Roses: red?") == ["Roses?\n\n* a", tricky]
    page.get_by_role("link", name="Roses: red?").click()
    expect(chat.questions).to_have_count(1)
    # once more: the same chat under another name, not over it
    import_files(chat, file)
    expect(titles(page)).to_have_text(["Roses: red?", "Roses: red?"])


def import_files(chat: ChatPage, *files: Path) -> None:
    chat.button("Actions for all chats").click()
    with chat.page.expect_file_chooser() as chooser:
        chat.page.get_by_role("menuitem", name="Import chats").click()
    chooser.value.set_files(files)


def test_all_chats_go_into_one_file_and_come_back(page: Page, server: FakeServer, tmp_path: Path) -> None:
    put(server, "Tax return", "Packing list")
    before = {name: json.loads(text)["messages"] for name, text in server.chats.items()}
    chat = ChatPage(page).open_ready(server)
    expect(titles(page)).to_have_count(2)
    with page.expect_download() as download:
        chat.button("Actions for all chats").click()
        page.get_by_role("menuitem", name="Download all chats").click()
    download.value.save_as(tmp_path / "all.json")
    server.chats.clear()
    import_files(chat, tmp_path / "all.json")
    expect(page.locator("#toast")).to_contain_text("Chats imported: 2")
    expect(titles(page)).to_have_text(["Tax return", "Packing list"])
    assert {name: json.loads(text)["messages"] for name, text in server.chats.items()} == before


@pytest.mark.parametrize("text", ["{}", "[1]", "# Notes\n\nno chat", '{"chats": [1]}', "\x00\x01"])
def test_a_file_that_is_no_chat_is_refused(page: Page, server: FakeServer, tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.json"
    file.write_text(text, "utf-8")
    chat = ChatPage(page).open_ready(server)
    import_files(chat, file)
    expect(page.locator("#toast")).to_contain_text("x.json contains no chat.")
    assert server.chats == {}


def test_the_list_and_its_menu_are_used_by_keyboard(page: Page, server: FakeServer) -> None:
    put(server, "Tax return", "Packing list")
    chat = ChatPage(page).open_ready(server)
    expect(titles(page)).to_have_count(2)
    page.get_by_label("Search chats").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Tax return")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem", name="Delete")).to_be_focused()
    page.keyboard.press("Escape")
    expect(chat.button("Actions for “Tax return”")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(chat.prose).to_have_text("About: Tax return")


def test_the_list_is_closed_and_stays_closed(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_ready(server)
    chat.button("Close the list").click()
    expect(page.get_by_label("Search chats")).to_be_hidden()
    expect(page.locator("#chats-open")).to_be_focused()
    page.reload()
    expect(page.locator("#chats-open")).to_have_attribute("aria-expanded", "false")
    page.locator("#chats-open").click()
    expect(page.get_by_label("Search chats")).to_be_focused()


def test_on_a_narrow_screen_the_list_is_drawn_over_the_chat(page: Page, server: FakeServer) -> None:
    page.set_viewport_size({"width": 360, "height": 640})
    put(server, "Tax return", "W" * 200)
    chat = ChatPage(page).open_ready(server)
    expect(page.get_by_label("Search chats")).to_be_hidden()
    page.locator("#chats-open").click()
    assert not chat.has_sideways_scrolling()
    # the chat behind it cannot be reached
    expect(page.locator(".main")).to_have_attribute("inert", "")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Search chats")).to_be_hidden()
    page.locator("#chats-open").click()
    page.get_by_role("link", name="Tax return").click()
    expect(chat.prose).to_have_text("About: Tax return")
    expect(page.get_by_label("Search chats")).to_be_hidden()
    expect(page.locator(".main")).not_to_have_attribute("inert", re.compile(".*"))


def test_a_thousand_messages_are_opened_scrolled_and_gone_on_with(page: Page, server: FakeServer) -> None:
    server.chats["chat-long"] = long_chat("chat-long", 1000)
    server.answers.append(Answer([f"word{index} " for index in range(200)]))
    server.props["default_generation_settings"] = {"n_ctx": 32768}
    chat = ChatPage(page).go_to(f"{server.url}#chat-long")
    expect(chat.prose.locator("strong")).to_have_text("499")
    expect(chat.prose).to_be_in_viewport()
    # what is far away is not on the page before it is needed
    expect(chat.answers).to_have_count(20)
    chat.ask("And now?")
    expect(chat.prose).to_contain_text("word199")
    assert len(server.chat_requests[0]["messages"]) == 1001
    # scrolling up brings what was before, and leaves what is read in its place
    read = page.get_by_text("Question 484", exact=True)
    read.scroll_into_view_if_needed()
    expect(chat.answers).to_have_count(40)
    expect(read).to_be_in_viewport()
    page.get_by_label("Conversation").focus()
    page.keyboard.press("Home")
    expect(chat.answers).to_have_count(501)
    expect(chat.questions.first).to_be_in_viewport()
    expect(chat.answers.first.locator("strong")).to_have_text("0")


def test_all_messages_are_there_for_a_search_in_the_page(page: Page, server: FakeServer) -> None:
    messages: list[dict[str, Any]] = [question("q0", None, "Question 0"), answer("a0", "q0", "Answer 0")]
    for index in range(1, 60):
        messages.append(question(f"q{index}", f"a{index - 1}", f"Question {index}"))
        messages.append(answer(f"a{index}", f"q{index}", f"Answer {index}"))
    server.chats["chat-long"] = chat_file("chat-long", "Long", *messages)
    chat = ChatPage(page).go_to(f"{server.url}#chat-long")
    expect(chat.prose).to_have_text("Answer 59")
    chat.message.press("Control+f")
    expect(chat.answers).to_have_count(60)
