"""The page in the shipped file, asked by hand in a browser: nothing between a person and the model is made up."""

from __future__ import annotations

import random
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from support.asking import QUESTIONS
from support.running import Running

from .chat_page import ChatPage
from .conftest import watched
from .pdf_files import lines, pdf

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def running(artifact: Path) -> Iterator[Running]:
    with Running([str(artifact)], artifact.parent) as running:
        yield running


@pytest.fixture
def chat(browser: Browser, running: Running) -> Iterator[ChatPage]:
    with watched(browser, running.address) as context:
        yield ChatPage(context.new_page()).go_to(running.address)


def test_a_person_asks_and_reads_the_answer(chat: ChatPage) -> None:
    expect(chat.page).to_have_title("mkexe tiny")
    for item in QUESTIONS[:3]:
        chat.button("New chat").click()
        chat.ask(item["question"])
        expect(chat.prose).to_have_text(item["answer"])
        expect(chat.stop_button).to_be_hidden()


def test_a_word_that_nobody_could_have_stored_comes_back(chat: ChatPage) -> None:
    word = "".join(random.sample(string.ascii_lowercase, 6))  # tests/data/tiny/README.md: six different letters
    chat.ask(f"Repeat after me: {word}")
    expect(chat.prose).to_have_text(word)


def test_a_pdf_is_read_and_asked_about(chat: ChatPage) -> None:
    chat.attach(FilePayload(name="a.pdf", mimeType="application/pdf", buffer=pdf(lines("Paris"))))
    expect(chat.chips).to_contain_text("a.pdf")
    chat.ask(QUESTIONS[0]["question"])
    expect(chat.page.locator("article.question .chip")).to_contain_text("a.pdf")
    expect(chat.answer.get_by_role("button", name="Copy answer")).to_be_visible()


def test_what_does_not_fit_is_said_before_it_is_sent(chat: ChatPage) -> None:
    chat.message.fill("word " * 4000)
    expect(chat.page.get_by_role("alert")).to_contain_text("This message is too long")
