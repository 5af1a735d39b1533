"""The page as a person uses it: names of what is on it, and what one does with it."""

from __future__ import annotations

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
        self.page.goto(server.url)
        return self

    def open_ready(self, server: FakeServer) -> ChatPage:
        return self.open(server).until_ready()

    def until_ready(self) -> ChatPage:
        """What is typed before its script runs stays in the field."""
        expect(self.page.get_by_role("heading", name="What can I help you with?")).to_be_visible()
        return self

    def open_and_ask(self, server: FakeServer, question: str, *answers: Answer | Refusal) -> ChatPage:
        """The server gives these answers to this question and to those that follow."""
        server.answers.extend(answers)
        self.open_ready(server)
        self.ask(question)
        return self

    def ask(self, text: str) -> None:
        """The page must have started, and have read the files. Until then, nothing can be sent."""
        self.message.fill(text)
        expect(self.page.locator("#send")).to_have_attribute("aria-disabled", "false")
        self.message.press("Enter")

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
