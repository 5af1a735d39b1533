"""Loading, errors, a program that was closed: what the person is told, and that nothing typed is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .chat_page import ChatPage
from .fake_server import Answer, FakeServer, Gate, HangUp, Refusal

pytestmark = pytest.mark.browser

FROM_END_SCRIPT = """() => {
    const { scrollHeight, scrollTop, clientHeight } = document.getElementById('scroller');
    return scrollHeight - scrollTop - clientHeight;
}"""
CONTEXT_FULL = "exceed_context_size_error"


def test_loading_state_becomes_the_chat_by_itself(page: Page, server: FakeServer) -> None:
    server.loading = True
    ChatPage(page).open(server)
    expect(page.get_by_role("heading", name="The model is loading")).to_be_visible()
    server.loading = False
    expect(page.get_by_role("heading", name="What can I help you with?")).to_be_visible()


def test_loading_shows_bytes_and_the_time_left(page: Page, server: FakeServer) -> None:
    server.loading, server.session_name = True, "tiny"
    server.progress = {
        "state": "loading",
        "fraction": 0.25,
        "bytes_done": 1.2e9,
        "bytes_total": 4.8e9,
        "seconds_left": 31.0,
    }
    ChatPage(page).open(server)
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_attribute("aria-valuenow", "25")
    expect(page.get_by_text("1.2 GB of 4.8 GB · about 31 s left")).to_be_visible()
    server.progress = server.progress | {"fraction": 0.5, "bytes_done": 2.4e9, "seconds_left": 150.0}
    expect(page.get_by_text("2.4 GB of 4.8 GB · about 3 min left")).to_be_visible()
    server.loading = False
    expect(page.get_by_role("heading", name="What can I help you with?")).to_be_visible()
    expect(bar).to_be_hidden()


def test_the_program_is_closed_from_the_page_after_a_question(page: Page, server: FakeServer) -> None:
    server.session_name, server.quit_allowed = "tiny", True
    chat = ChatPage(page).open_ready(server)
    chat.button("Close the program").click()
    chat.button("Cancel").click()
    assert not server.ended.is_set()
    chat.button("Close the program").click()
    chat.button("Close it").click()
    expect(page.get_by_role("heading", name="The program is closed")).to_be_visible()
    assert server.ended.is_set()
    server.stop()
    expect(page.get_by_text("You can close this page.")).to_be_visible()


def test_a_program_that_may_not_be_closed_shows_no_button_for_it(page: Page, server: FakeServer) -> None:
    server.session_name = "tiny"
    chat = ChatPage(page).open_ready(server)
    expect(chat.button("Close the program")).to_be_hidden()


def test_question_asked_while_loading_is_answered_when_the_model_is_ready(page: Page, server: FakeServer) -> None:
    server.loading = True
    server.answers.append(Answer(["Here I am."]))
    chat = ChatPage(page).open(server)
    chat.ask("Are you there?")
    expect(chat.answer.get_by_text("Waiting for the model …")).to_be_visible()
    assert server.chat_requests == []
    server.loading = False
    expect(chat.prose).to_have_text("Here I am.")


def test_waiting_for_the_model_can_be_stopped(page: Page, server: FakeServer) -> None:
    server.loading = True
    chat = ChatPage(page).open(server)
    chat.ask("Are you there?")
    chat.stop_button.click()
    expect(chat.answer.get_by_text("Stopped")).to_be_visible()
    expect(chat.questions).to_have_text("Are you there?")


def test_server_error_is_a_sentence_and_retry_works(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Print", Refusal(500, "out of paper"), Answer(["Better now."]))
    expect(chat.answer.get_by_text("The program could not answer: out of paper")).to_be_visible()
    expect(chat.questions).to_have_text("Print")
    chat.button("Try again").click()
    expect(chat.prose).to_have_text("Better now.")
    expect(chat.answer.locator(".failure")).to_be_hidden()
    assert server.chat_requests[0] == server.chat_requests[1]


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (Refusal(400, "too long", CONTEXT_FULL), "longer than the model can remember"),
        (Refusal(503, "Loading model", "unavailable_error"), "still loading"),
        (Refusal(502, body="<html>bad gateway</html>"), "HTTP 502"),
        (Refusal(500, body=""), "HTTP 500"),
    ],
)
def test_every_refusal_has_a_sentence(page: Page, server: FakeServer, refusal: Refusal, sentence: str) -> None:
    chat = ChatPage(page).open_and_ask(server, "Hi", refusal)
    expect(chat.answer.locator(".failure")).to_contain_text(sentence)
    expect(chat.button("Try again")).to_be_visible()


def test_full_context_offers_a_new_chat(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Hi", Refusal(400, "too long", CONTEXT_FULL))
    chat.answer.get_by_role("button", name="New chat").click()
    expect(chat.questions).to_have_count(0)


def test_error_inside_the_stream_keeps_what_came_before(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(
        server, "Hi", Answer(["Half an", {"error": {"code": 500, "message": "tripped", "type": "server_error"}}])
    )
    expect(chat.answer.locator(".failure")).to_contain_text("tripped")
    expect(chat.prose).to_have_text("Half an")


def test_broken_connection_keeps_what_came_before(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "Hi", Answer(["Half an", HangUp()]), Answer(["A whole answer."]))
    expect(chat.answer.locator(".failure")).to_contain_text("The answer broke off")
    expect(chat.prose).to_have_text("Half an")
    chat.button("Try again").click()
    expect(chat.prose).to_have_text("A whole answer.")


def test_unanswered_question_is_sent_along_with_the_next(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_and_ask(server, "One", Refusal(500, "no"), Answer(["Both."]))
    expect(chat.answer.locator(".failure")).to_be_visible()
    chat.ask("Two")
    expect(chat.prose).to_have_text("Both.")
    assert server.chat_requests[1]["messages"] == [{"role": "user", "content": "One\n\nTwo"}]


def test_closed_program_is_said_and_the_page_goes_on_when_it_is_back(page: Page, server: FakeServer) -> None:
    server.answers.append(Answer(["Back again."]))
    chat = ChatPage(page).open_ready(server).until_just_asked()
    server.stop()
    chat.ask("Hello?")
    expect(chat.answer.locator(".failure")).to_contain_text("cannot reach the program")
    expect(page.locator("#banner")).to_contain_text("The program was closed")
    chat.button("Try again").click()
    expect(chat.answer.get_by_text("Waiting for the model …")).to_be_visible()
    server.start()
    expect(chat.prose).to_have_text("Back again.")
    expect(page.locator("#banner")).to_be_hidden()


def test_closed_program_is_noticed_without_a_question(page: Page, server: FakeServer) -> None:
    ChatPage(page).open_ready(server)
    server.stop()
    expect(page.get_by_role("heading", name="The program was closed")).to_be_visible()
    server.start()
    expect(page.get_by_role("heading", name="What can I help you with?")).to_be_visible()


def test_reader_who_scrolled_up_is_left_alone(page: Page, server: FakeServer) -> None:
    gate, end = Gate(), Gate()
    long_text = "\n\n".join(f"Paragraph {number}." for number in range(60))
    chat = ChatPage(page).open_and_ask(
        server, "Tell me", Answer([long_text, gate, "\n\nMore.\n\nAnd more.", end, "\n\nThe end."])
    )
    expect(chat.prose.get_by_text("Paragraph 59.")).to_be_in_viewport()
    page.get_by_label("Conversation").hover()
    page.mouse.wheel(0, -600)
    # the browser gets there in steps
    page.wait_for_function(f"() => Math.abs(({FROM_END_SCRIPT})() - 600) < 1")
    jump = chat.button("Jump to the latest text")
    expect(jump).to_be_visible()
    top = page.locator("#scroller").evaluate("e => e.scrollTop")
    gate.open()
    expect(chat.prose).to_contain_text("And more.")
    assert page.locator("#scroller").evaluate("e => e.scrollTop") == top
    jump.click()
    expect(chat.prose.get_by_text("And more.")).to_be_in_viewport()
    end.open()
    expect(chat.prose.get_by_text("The end.")).to_be_in_viewport()
    expect(jump).to_be_hidden()
