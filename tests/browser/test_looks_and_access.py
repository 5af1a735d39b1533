"""Colours, keyboard, screen readers, small screens."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from .chat_page import ChatPage
from .fake_server import Answer, FakeServer, Gate, Refusal

pytestmark = pytest.mark.browser

WIDE = """
```text
{line}
```

| {cells} |
| {rules} |
| {cells} |

{word} `{word}`
""".format(line="x" * 300, cells=" | ".join(["column"] * 20), rules=" | ".join(["---"] * 20), word="y" * 200)

# the pieces of a text, and over how many lines each one goes
LINES_SCRIPT = """(element) => [...element.childNodes].filter((node) => node instanceof Text).map((node) => {
    const range = document.createRange();
    range.selectNodeContents(node);
    return [node.data, range.getClientRects().length];
})"""

CONTRAST_SCRIPT = """(selector) => {
    const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const luminance = (rgb) => rgb.slice(0, 3).map((value) => value / 255)
        .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
        .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
    const ground = (element) => {
        for (let node = element; node; node = node.parentElement) {
            const rgb = channels(getComputedStyle(node).backgroundColor);
            if (rgb.length === 3 || rgb[3] === 1) return rgb;
        }
        return [255, 255, 255];
    };
    return [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility()).map((element) => {
        const pair = [luminance(channels(getComputedStyle(element).color)), luminance(ground(element))];
        const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
        return [element.className + ' ' + element.textContent.slice(0, 20), ratio];
    });
}"""
# the properties that animations change
MOTION_SCRIPT = """() => document.getAnimations()
    .flatMap((animation) => animation.effect.getKeyframes()).flatMap(Object.keys)
    .filter((name) => !['offset', 'computedOffset', 'easing', 'composite'].includes(name))"""
TRANSITION_SCRIPT = """() => [...document.querySelectorAll('*')]
    .map((element) => getComputedStyle(element).transitionDuration)"""
TEXTS = ".prose *, .bubble, .failure p, .fact, .small span, .button, h1, .code-head span, #banner"


def ground(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system(page: Page, server: FakeServer, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    ChatPage(page).open_ready(server)
    expect(page.locator("html")).to_have_attribute("data-theme", scheme)
    other = "light" if scheme == "dark" else "dark"
    before = ground(page)
    page.emulate_media(color_scheme="light" if scheme == "dark" else "dark")
    expect(page.locator("html")).to_have_attribute("data-theme", other)
    assert ground(page) != before


def test_chosen_colours_are_remembered_and_there_before_the_first_paint(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_ready(server)
    chat.button("Switch to dark colours").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    # the theme must stand when the parser has come no further than the head
    page.add_init_script("""
        new MutationObserver(() => {
            if (document.body && window.themeAtBody === undefined)
                window.themeAtBody = document.documentElement.dataset.theme;
        }).observe(document, { childList: true, subtree: true });
    """)
    page.reload()
    expect(chat.button("Switch to light colours")).to_be_visible()
    assert page.evaluate("window.themeAtBody") == "dark"
    chat.button("Switch to light colours").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_enough_contrast(page: Page, server: FakeServer, scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")
    code = '```python\nfrom a import b  # note\n@wrap\ndef f(x: int = 2) -> None:\n    print(f"{x}", True)\n```'
    server.answers.extend([Answer([f"Text [link](https://good.example) `code`\n\n> quote\n\n{code}\n\n|a|\n|-|\n|b|"],
                                  tokens_per_second=9.0), Refusal(500, "no")])  # fmt: skip
    server.settings = {"title": "Garden helper", "settings": {"show_speed": {"value": True}}}
    chat = ChatPage(page).open_ready(server)
    chat.ask("Hi")
    expect(chat.answer.locator(".fact").first).to_be_visible()
    chat.ask("And?")
    expect(chat.answer.locator(".failure")).to_be_visible()
    ratios = page.evaluate(CONTRAST_SCRIPT, TEXTS)
    assert len(ratios) > 20
    assert [pair for pair in ratios if pair[1] < 4.5] == []


@pytest.mark.parametrize("wish", ["reduce", "no-preference"])
def test_nothing_moves_where_motion_is_not_wanted(
    page: Page, server: FakeServer, wish: Literal["reduce", "no-preference"]
) -> None:
    page.emulate_media(reduced_motion=wish)
    server.loading = True
    chat = ChatPage(page).open(server)
    expect(page.get_by_role("heading", name="The model is loading")).to_be_visible()
    if wish == "no-preference":
        page.wait_for_function(f"() => ({MOTION_SCRIPT})().includes('transform')")
    changed = set(page.evaluate(MOTION_SCRIPT))
    server.loading = False
    server.answers.append(Answer(["Begin", gate := Gate()]))
    expect(page.get_by_role("heading", name="What can I help you with?")).to_be_visible()
    chat.ask("Hi")
    expect(chat.prose).to_have_text("Begin")
    changed |= set(page.evaluate(MOTION_SCRIPT))
    gate.open()
    seconds = set(page.evaluate(TRANSITION_SCRIPT))
    if wish == "reduce":
        assert (changed, seconds) == ({"opacity"}, {"0s"})
    else:
        assert "transform" in changed
        assert len(seconds) > 1


def test_whole_chat_by_keyboard_alone(page: Page, server: FakeServer) -> None:
    server.answers.extend([Answer(["Begin", Gate()]), Answer(["Done."])])
    chat = ChatPage(page).open_ready(server)
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    expect(chat.message).to_have_value("one\ntwo")
    page.keyboard.press("Enter")
    expect(chat.questions).to_have_text("one\ntwo")
    expect(chat.prose).to_have_text("Begin")
    page.keyboard.press("Escape")
    expect(chat.answer.get_by_text("Stopped")).to_be_visible()
    expect(chat.message).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(chat.button("Attach files")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(chat.button("Continue from here in a new chat")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(chat.button("Try again")).to_be_focused()
    page.keyboard.press("Enter")
    expect(chat.prose).to_have_text("Done.")


def test_every_control_is_reached_by_tab_and_shows_its_focus(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_ready(server)
    chat.message.fill("x")
    seen: list[str] = []
    script = """() => {
        const element = document.activeElement;
        const style = getComputedStyle(element), frame = getComputedStyle(element.closest('form') ?? element);
        const visible = style.outlineStyle !== 'none' || frame.boxShadow !== 'none';
        const name = element.ariaLabel ?? element.labels?.[0]?.textContent ?? element.textContent;
        return [name.trim(), visible];
    }"""
    page.get_by_role("link", name="Skip to the message field").focus()
    for _ in range(20):
        name, visible = page.evaluate(script)
        seen.append(name)
        assert visible, name
        if name == "Send":
            break
        page.keyboard.press("Tab")
    assert seen[:5] == [
        "Skip to the message field", "Actions for all chats", "Close the list", "Search chats", "Chats",
    ]  # fmt: skip
    assert seen[5:8] == ["About this chat", "Settings", "Switch to dark colours"]
    assert seen[-2:] == ["Your message", "Send"]


def test_enter_that_ends_a_composition_does_not_send(page: Page, server: FakeServer) -> None:
    chat = ChatPage(page).open_ready(server)
    chat.message.fill("にほん")
    chat.message.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    expect(chat.message).to_have_value("にほん")
    expect(chat.questions).to_have_count(0)


def test_screen_reader_hears_the_answer_once(page: Page, server: FakeServer) -> None:
    gate = Gate()
    server.answers.append(Answer(["One ", "two ", gate, "three."]))
    chat = ChatPage(page).open_ready(server)
    chat.ask("Count")
    expect(chat.prose).to_have_text("One two")
    expect(chat.announcer).to_have_text("The model is writing the answer")
    gate.open()
    expect(chat.announcer).to_have_text("One two three.")
    expect(page.locator("#transcript [aria-live], #transcript[aria-live], #transcript [role=log]")).to_have_count(0)


def test_every_control_has_a_name(page: Page, server: FakeServer) -> None:
    server.answers.append(Answer(["```js\n1\n```"]))
    chat = ChatPage(page).open_ready(server)
    chat.ask("Hi")
    expect(chat.answer.get_by_role("button", name="Copy answer")).to_be_visible()
    for control in page.locator("button:visible, textarea:visible, [tabindex]:visible").all():
        expect(control).to_have_accessible_name(re.compile(r"\w"))


@pytest.fixture
def narrow_page(context: BrowserContext) -> Page:
    page = context.new_page()
    page.set_viewport_size({"width": 360, "height": 640})
    return page


def test_360_pixels_have_no_sideways_scrolling(narrow_page: Page, server: FakeServer) -> None:
    server.settings = {"title": "A very long title " * 5, "system_prompt": "z" * 300, "model_name": "m" * 200,
                       "settings": {"show_speed": {"value": True}}}  # fmt: skip
    server.answers.extend([Answer([WIDE], tokens_per_second=5.0), Refusal(500, "w" * 300)])
    chat = ChatPage(narrow_page).open_ready(server)
    assert not chat.has_sideways_scrolling()
    chat.ask("q" * 300)
    expect(chat.answer.locator(".fact").first).to_be_visible()
    for wide in chat.prose.locator("pre, .table-frame").all():
        assert wide.evaluate("e => { e.scrollLeft = 10_000; return e.scrollLeft; }") > 0, "its end cannot be reached"
    chat.ask("again")
    expect(chat.answer.locator(".failure")).to_be_visible()
    assert not chat.has_sideways_scrolling()
    chat.button("About this chat").click()
    dialog = narrow_page.get_by_role("dialog")
    assert dialog.evaluate("e => e.scrollWidth <= e.clientWidth && e.getBoundingClientRect().width <= 360")


def test_path_of_the_chats_breaks_between_folders(page: Page, server: FakeServer) -> None:
    server.session_name, server.chats_folder = "tiny", "/home/somebody/.local/share/mkexe/a-long-name/chats"
    ChatPage(page).open_ready(server)
    expect(page.locator("#chats-kept")).to_contain_text(server.chats_folder)
    lines = page.locator("#chats-kept").evaluate(LINES_SCRIPT)
    assert len(lines) > 6
    assert {piece: count for piece, count in lines if count > 1 and " " not in piece} == {}
    assert page.locator("#chats-kept").evaluate("(element) => element.getClientRects()[0].height") > 30, "one line only"


def test_field_grows_with_its_text_and_leaves_room(narrow_page: Page, server: FakeServer) -> None:
    chat = ChatPage(narrow_page).open_ready(server)
    before = chat.message.bounding_box()
    chat.message.fill("line\n" * 80)
    after = chat.message.bounding_box()
    assert before is not None
    assert after is not None
    assert before["height"] < after["height"] <= 640 * 0.36
    expect(chat.send_button).to_be_in_viewport()


def test_page_says_so_where_scripts_are_off(browser: Browser, server: FakeServer) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(server.url)
    expect(page.get_by_text("This page needs JavaScript.")).to_be_visible()
    context.close()
