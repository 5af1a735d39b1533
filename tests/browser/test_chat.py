"""Asking, reading, stopping, beginning anew."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .chat_page import ChatPage
from .fake_server import Answer, FakeServer, Gate, chunk

pytestmark = pytest.mark.browser


def test_first_load_shows_the_title_of_the_artifact_and_is_ready_to_type(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_ready(server)
    expect(page).to_have_title("Garden helper")
    expect(page.get_by_role("heading", level=1)).to_have_text("Garden helper")
    expect(chat.message).to_be_focused()


def test_page_works_without_settings(page: Page, server: FakeServer) -> None:
    server.settings = None
    ChatPage(page).open_ready(server)
    expect(page).to_have_title("Chat")


def test_page_works_below_a_prefix(page: Page, server: FakeServer) -> None:
    server.prefix = "/some/prefix/"
    chat = ChatPage(page).open_and_ask(server, "Hi", Answer(["Hello."]))
    expect(chat.prose).to_have_text("Hello.")


def test_answer_appears_in_pieces(page: Page, server: FakeServer) -> None:
    first, second = Gate(), Gate()
    chat = ChatPage(page).open_and_ask(
        server, "Count", Answer(["One ", first, "two ", second, "three."], tokens_per_second=12.34)
    )
    expect(chat.questions).to_have_text("Count")
    expect(chat.message).to_have_value("")
    expect(chat.prose).to_have_text("One")
    expect(chat.stop_button).to_be_visible()
    first.open()
    expect(chat.prose).to_have_text("One two")
    second.open()
    expect(chat.prose).to_have_text("One two three.")
    expect(chat.send_button).to_be_visible()


def test_characters_cut_in_two_by_the_network_stay_whole(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Hi", Answer(["Grüße, 世界 ", "🌱"]))
    expect(chat.prose).to_have_text("Grüße, 世界 🌱")


def test_stop_keeps_the_partial_answer_and_ends_the_request(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Tell me", Answer(["The beginning", Gate(), " and the end"]))
    expect(chat.prose).to_have_text("The beginning")
    chat.stop_button.click()
    expect(chat.answer.get_by_text("Stopped")).to_be_visible()
    expect(chat.prose).to_have_text("The beginning")
    assert server.hung_up.wait(10), "the server never noticed that nobody listens"
    expect(chat.send_button).to_be_visible()


def test_text_typed_while_an_answer_is_written_stays_and_is_not_sent(page: Page, server: FakeServer) -> None:
    gate = Gate()
    chat = ChatPage(page).open_and_ask(server, "First", Answer(["Wait", gate, "ed."]))
    expect(chat.prose).to_have_text("Wait")
    chat.message.fill("Second")
    chat.message.press("Enter")
    expect(chat.message).to_have_value("Second")
    expect(chat.questions).to_have_count(1)
    gate.open()
    expect(chat.prose).to_have_text("Waited.")
    expect(chat.message).to_have_value("Second")


def test_history_and_system_prompt_are_sent(page: Page, server: FakeServer) -> None:
    assert server.settings is not None
    server.settings["system_prompt"] = "Be brief."
    chat = ChatPage(page).open_and_ask(server, "Hi", Answer(["Hello."]), Answer(["Bye."]))
    expect(chat.prose).to_have_text("Hello.")
    chat.ask("Go")
    expect(chat.prose).to_have_text("Bye.")
    assert server.chat_requests[1]["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "Go"},
    ]
    assert server.chat_requests[1]["stream"] is True


def test_no_system_message_without_a_system_prompt(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Hi", Answer(["Hello."]))
    expect(chat.prose).to_have_text("Hello.")
    assert [message["role"] for message in server.chat_requests[0]["messages"]] == ["user"]


def test_system_prompt_can_be_seen_on_demand(page: Page, server: FakeServer) -> None:
    assert server.settings is not None
    server.settings["system_prompt"] = "You are a gardener."
    chat = ChatPage(page).open_ready(server)
    prompt = page.get_by_text("You are a gardener.")
    expect(prompt).to_be_hidden()
    chat.button("About this chat").click()
    expect(page.get_by_role("dialog")).to_contain_text("Tiny 1B")
    expect(prompt).to_be_visible()
    page.keyboard.press("Escape")
    expect(prompt).to_be_hidden()


def test_reasoning_is_folded_away(page: Page, server: FakeServer) -> None:
    gate = Gate()
    server.answers.append(Answer([chunk({"reasoning_content": "Let me "}), chunk({"reasoning_content": "see."}), gate,
                                  "Done."]))  # fmt: skip
    chat = ChatPage(page).open_ready(server)
    chat.ask("Hi")
    expect(chat.answer.get_by_text("Thinking …")).to_be_visible()
    gate.open()
    expect(chat.prose).to_have_text("Done.")
    thoughts = chat.answer.locator(".thinking-text")
    expect(thoughts).to_be_hidden()
    chat.answer.locator("summary").click()
    expect(thoughts).to_have_text("Let me see.")


def test_progress_of_reading_is_shown(page: Page, server: FakeServer) -> None:
    gate = Gate()
    progress = {"total": 120, "cache": 20, "processed": 60, "time_ms": 1}
    chat = ChatPage(page).open_and_ask(
        server, "A long text", Answer([chunk({}) | {"prompt_progress": progress}, gate, "Read."])
    )
    expect(chat.answer.get_by_text("Reading … 40 %")).to_be_visible()
    gate.open()
    expect(chat.prose).to_have_text("Read.")
    expect(chat.answer.get_by_text("Reading")).to_be_hidden()


def test_new_chat_is_empty_and_the_previous_one_can_be_gone_back_to(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Old question", Answer(["Old answer."]), Answer(["New answer."]))
    expect(chat.prose).to_have_text("Old answer.")
    chat.button("New chat").click()
    expect(chat.questions).to_have_count(0)
    expect(chat.message).to_be_focused()
    page.go_back()
    expect(chat.questions).to_have_text("Old question")
    chat.button("New chat").click()
    chat.ask("New question")
    expect(chat.prose).to_have_text("New answer.")
    assert server.chat_requests[1]["messages"] == [{"role": "user", "content": "New question"}]


def test_an_answer_is_written_on_while_another_chat_is_on_the_screen(page: Page, server: FakeServer) -> None:
    gate = Gate()
    server.answers.extend([Answer(["Slow", gate, " but good."]), Answer(["Fresh."])])
    chat = ChatPage(page).open_ready(server)
    chat.ask("Take your time")
    expect(chat.prose).to_have_text("Slow")
    chat.button("New chat").click()
    chat.ask("Quick")
    expect(chat.prose).to_have_text("Fresh.")
    gate.open()
    page.get_by_role("link", name="Take your time").click()
    expect(chat.prose).to_have_text("Slow but good.")


def test_answer_can_be_asked_for_anew(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Joke", Answer(["First try."]), Answer(["Second try."]))
    expect(chat.prose).to_have_text("First try.")
    chat.button("Try again").click()
    expect(chat.prose).to_have_text("Second try.")
    assert server.chat_requests[0] == server.chat_requests[1]


def test_cut_off_answer_says_so(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Tell me", Answer(["And then"], finish_reason="length"))
    expect(chat.answer.get_by_text("fills the model's memory")).to_be_visible()


def test_draft_survives_a_reload(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_ready(server)
    chat.message.fill("Half a thought")
    page.reload()
    expect(chat.message).to_have_value("Half a thought")


def test_starter_puts_a_beginning_into_the_field(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_ready(server)
    chat.button("Give me ideas").click()
    expect(chat.message).to_be_focused()
    expect(chat.message).to_have_value("Give me five ideas for ")
    assert server.chat_requests == []
