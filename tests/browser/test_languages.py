"""The page in every language: chosen by the browser or the person, complete, and inside a small screen."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from .chat_page import ChatPage
from .conftest import TEMPLATES, watched
from .fake_server import Answer, FakeServer, Gate

pytestmark = pytest.mark.browser

TABLES = (TEMPLATES / "webui/src/prefs/strings").glob("*.json")
STRINGS = {path.stem: json.loads(path.read_text("utf-8")) for path in TABLES}
LOCALES = {"de": "de-AT", "fr": "fr-FR", "es": "es-MX", "pt": "pt-BR", "zh": "zh-CN", "ja": "ja-JP", "ar": "ar-EG"}
# every text and every name on the page, also of what is hidden; options of a choice are texts too
TEXTS_SCRIPT = """() => {
    const texts = [];
    for (const element of document.body.querySelectorAll('*')) {
        for (const name of ['aria-label', 'title', 'placeholder']) texts.push(element.getAttribute(name));
        for (const node of element.childNodes) if (node.nodeType === 3) texts.push(node.data);
    }
    return texts.filter(Boolean).map((text) => text.trim());
}"""
# the parts that leave the screen to the left or right
OUTSIDE_SCRIPT = """() => [...document.querySelectorAll('body *')].filter((element) => {
    const box = element.getBoundingClientRect();
    return element.checkVisibility() && !element.closest('.visually-hidden, .skip, .prose')
        && box.width > 0 && (box.left < -0.5 || box.right > innerWidth + 0.5);
}).map((element) => element.outerHTML.slice(0, 120))"""


def english_left(page: Page, language: str) -> set[str]:
    """English texts on the page that are others in `language`."""
    english, own = STRINGS["en"], set(STRINGS[language].values())
    translated = {text.strip() for text in english.values() if text not in own}
    return translated & set(page.evaluate(TEXTS_SCRIPT))


@pytest.mark.parametrize("language", LOCALES)
def test_language_is_complete_and_fits_into_360_pixels(browser: Browser, server: FakeServer, language: str) -> None:
    texts = STRINGS[language]
    with watched(browser, server.url, locale=LOCALES[language], viewport={"width": 360, "height": 640}) as context:
        page = context.new_page()
        chat = ChatPage(page).open(server)
        expect(page.get_by_role("heading", name=texts["welcome_title"])).to_be_visible()
        expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
        assert str(page.locator("html").get_attribute("lang")).startswith(language)
        assert english_left(page, language) == set()
        assert page.evaluate(OUTSIDE_SCRIPT) == []
        chat.button(texts["settings_open"]).click()
        page.get_by_text(texts["settings_advanced"], exact=True).click()
        assert page.evaluate(OUTSIDE_SCRIPT) == []
        assert page.get_by_role("dialog").evaluate("e => e.scrollWidth <= e.clientWidth")
        chat.button(texts["settings_done"]).click()
        chat.button(texts["about_open"]).click()
        assert page.evaluate(OUTSIDE_SCRIPT) == []
        chat.button(texts["close"]).click()
        server.answers.append(Answer(["Text\n\n```py\n1\n```\n\n|a|\n|-|\n|b|"], finish_reason="length"))
        page.get_by_label(texts["composer_label"], exact=True).fill("?")
        page.get_by_role("button", name=texts["send"], exact=True).click()
        expect(page.get_by_text(texts["cut_off"])).to_be_visible()
        assert english_left(page, language) == set()
        assert page.evaluate(OUTSIDE_SCRIPT) == []


def test_english_loads_no_other_language(page: Page, server: FakeServer) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    ChatPage(page).open_ready(server)
    assert [url for url in asked if "/strings/" in url] == []


def test_chosen_language_applies_at_once_also_to_the_chat_and_is_kept(page: Page, server: FakeServer) -> None:
    gate = Gate()
    chat = ChatPage(page).open_and_ask(server, "Hi", Answer(["Hel", gate, "lo."]))
    expect(chat.prose).to_have_text("Hel")
    page.get_by_label("Your message").fill("not sent yet")
    chat.button("Settings").click()
    page.get_by_label("Language of this page").focus()
    page.get_by_label("Language of this page").select_option("ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.get_by_label(STRINGS["ar"]["setting_language"])).to_be_focused()
    assert english_left(page, "ar") == set()
    chat.button(STRINGS["ar"]["settings_done"]).click()
    gate.open()
    expect(chat.prose).to_have_text("Hello.")
    expect(chat.button(STRINGS["ar"]["copy_answer"])).to_be_visible()
    expect(page.locator("#message")).to_have_value("not sent yet")
    page.reload()
    expect(page.get_by_role("heading", name=STRINGS["ar"]["welcome_title"])).to_be_visible()
    chat.button(STRINGS["ar"]["settings_open"]).click()
    page.locator("#setting-language").select_option("")
    expect(page.locator("html")).to_have_attribute("dir", "ltr")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()


def test_builder_can_choose_the_language(page: Page, server: FakeServer) -> None:
    server.settings = {"title": "Helfer", "language": "de"}
    ChatPage(page).open(server)
    expect(page.get_by_role("heading", name=STRINGS["de"]["welcome_title"])).to_be_visible()


def test_language_that_cannot_be_fetched_leaves_the_page_in_english(page: Page, server: FakeServer) -> None:
    server.settings = {"title": "Helfer", "language": "de"}
    server.without = re.compile("^strings/")
    ChatPage(page).open_ready(server)


def test_sides_follow_the_direction_of_writing(browser: Browser, server: FakeServer) -> None:
    def centre(page: Page, selector: str) -> float:
        box: Any = page.locator(selector).bounding_box()
        return float(box["x"] + box["width"] / 2)

    with watched(browser, server.url, locale="ar-EG") as context:
        page = context.new_page()
        ChatPage(page).open(server)
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        expect(page.locator("#starters")).to_be_visible()
        assert centre(page, "#new-chat") < centre(page, "#title")
        assert centre(page, "#send") < centre(page, "#message") < centre(page, "#attach")


def test_answers_have_the_direction_of_their_own_language(page: Page, server: FakeServer) -> None:
    server.settings = {"title": "Helper", "language": "ar"}
    server.answers.append(Answer(["English words.\n\nكيف تعتني بها.\n\n```py\nx\n```"]))
    ChatPage(page).open(server)
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.locator("#message").fill("Hi")
    page.locator("#message").press("Enter")
    expect(page.locator(".code-block code")).to_have_text("x")
    # how far from the left the first line of the text begins, in a paragraph as wide as the column
    script = """(element) => {
        const range = document.createRange();
        range.selectNodeContents(element);
        return range.getBoundingClientRect().left - element.getBoundingClientRect().left;
    }"""
    english, arabic = page.locator(".prose > p").all()
    assert english.evaluate(script) < 2
    assert arabic.evaluate(script) > 100
    assert page.locator(".code-block pre").evaluate("e => getComputedStyle(e).direction") == "ltr"
