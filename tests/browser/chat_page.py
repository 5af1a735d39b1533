"""The page as a person uses it: names of what is on it, and what one does with it."""

from __future__ import annotations

import re

from playwright.sync_api import FilePayload, Locator, Page, expect

from .fake_server import Answer, FakeServer, Refusal


class ChatPage:
    """Wraps a browser tab that shows the page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.message = page.get_by_label("Your message")
        self.send_button = page.get_by_role("button", name="Send", exact=True)
        self.stop_button = page.get_by_role("button", name="Stop", exact=True)
        self.questions = page.locator(".bubble")
        self.answers = page.locator("article.answer")
        self.announcer = page.get_by_role("status")

    def open(self, server: FakeServer) -> ChatPage:
        return self.go_to(server.url)

    def go_to(self, address: str) -> ChatPage:
        """Load the page, and wait until its script has started: a click or a key press before that does nothing."""
        self.page.goto(address)
        return self.until_started()

    def reload(self) -> ChatPage:
        """As `go_to`."""
        self.page.reload()
        return self.until_started()

    def until_started(self) -> ChatPage:
        """Wait for the script, which starts some time after the browser's load event."""
        expect(self.page.locator("body")).to_have_attribute("data-connection", re.compile(r"\w"))
        return self

    def open_ready(self, server: FakeServer) -> ChatPage:
        return self.open(server).until_ready()

    def until_ready(self) -> ChatPage:
        """Wait until the program has said that its model is loaded."""
        expect(self.page.get_by_role("heading", name="What can I help you with?")).to_be_visible()
        return self

    def open_and_ask(self, server: FakeServer, question: str, *answers: Answer | Refusal) -> ChatPage:
        """The server gives these answers to this question and to those that follow."""
        server.answers.extend(answers)
        self.open_ready(server)
        self.ask(question)
        return self

    def ask(self, text: str) -> None:
        """
        Type and send. Nothing can be sent before the page has started, has read the files, and has the whole answer to
        the question before: the button is another one while the model writes.
        """
        self.message.fill(text)
        expect(self.send_button).to_have_attribute("aria-disabled", "false")
        self.message.press("Enter")

    def until_just_asked(self) -> ChatPage:
        """Wait until the page has asked whether the program is there: for some seconds, it does not notice if not."""
        with self.page.expect_response("**/health"):
            pass
        return self

    def attach(self, *files: FilePayload) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.button("Attach files").click()
        chooser.value.set_files(files)

    @property
    def chips(self) -> Locator:
        """The files that will go with the next message."""
        return self.page.locator("#composer .chip:not(.reading)")

    @property
    def answer(self) -> Locator:
        """The newest answer."""
        return self.answers.last

    @property
    def prose(self) -> Locator:
        """The text of the newest answer."""
        return self.answer.locator(".prose")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def has_sideways_scrolling(self) -> bool:
        script = """() => [document.documentElement, document.body, document.getElementById('scroller')]
            .some((element) => element.scrollWidth > element.clientWidth)"""
        return bool(self.page.evaluate(script))
